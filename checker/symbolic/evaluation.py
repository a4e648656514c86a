"""Expressions as compiled Python over rows of values, for the many evaluations of a sample.

A row holds the values of the variables in the system's order. `checker.system.evaluate` stays the
reference; what is generated here is held against it by the tests, and whatever a verdict rests on is
evaluated by the reference again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from checker.system.expression import Expression
from checker.system.sorts import Scalar
from checker.system.transition_system import Action, TransitionSystem
from checker.system.walk import expand_quantifiers, topological

__all__ = ["Row", "Stepper", "row_function", "stepper"]

Row = tuple[Scalar, ...]
"""One value for each variable, in the system's order."""

Stepper = Callable[[Row, Row], "Row | int | None"]
"""From a row and the values of the symbols (parameters, then choices): the row after the step, the
number of the hazard that holds, or None where the guard does not."""

# Python's parser gives up at about a hundred nested parentheses.
_DEEPEST = 12

# The compiler's time grows faster than a function's length.
_PART = 400

_INFIX = {"eq": "==", "lt": "<", "le": "<=", "add": "+", "sub": "-", "mul": "*"}


def row_function(
    system: TransitionSystem, roots: Sequence[Expression]
) -> Callable[[Row], tuple[Scalar, ...]]:
    """The values of many expressions over one state, as one function of a row.

    Parameters
    ----------
    system : TransitionSystem
    roots : sequence of Expression
        Over state variables only.

    Raises
    ------
    KeyError
        If an expression reads anything else.
    """
    parts = [_part(system, roots[at : at + _PART]) for at in range(0, len(roots), _PART)]
    if len(parts) == 1:
        return parts[0]

    def together(row: Row) -> tuple[Scalar, ...]:
        return tuple(value for part in parts for value in part(row))

    return together


def _part(system: TransitionSystem, roots: Sequence[Expression]) -> Callable[[Row], tuple[Scalar, ...]]:
    written = expand_quantifiers(roots)
    text = _Text(_positions(system), {}, [written[root] for root in roots])
    texts = [text(written[root]) for root in roots]
    values = ", ".join(texts) + ("," if texts else "")
    function: Callable[[Row], tuple[Scalar, ...]]
    function = _compiled("values(s)", [*text.lines, f"return ({values})"])
    return function


def stepper(system: TransitionSystem, action: Action) -> Stepper:
    """One action as a function of a row and the values of its parameters and choices.

    Raises
    ------
    KeyError
        If the action reads a symbol that is not its own.
    """
    roots = [
        action.guard,
        *(hazard.condition for hazard in action.hazards),
        *(value for _, value in action.updates),
    ]
    written = expand_quantifiers(roots)
    symbols = {
        one.node: f"p[{place}]" for place, one in enumerate((*action.parameters, *action.choices))
    }
    text = _Text(_positions(system), symbols, [written[root] for root in roots])
    truth = text(written[action.guard])
    text.lines.append(f"if not {truth}: return None")
    for number, hazard in enumerate(action.hazards):
        truth = text(written[hazard.condition])
        text.lines.append(f"if {truth}: return {number}")
    new = {name: text(written[value]) for name, value in action.updates}
    values = [new.get(one.name, f"s[{place}]") for place, one in enumerate(system.variables)]
    result = f"({', '.join(values)}{',' if values else ''})" if new else "s"
    function: Stepper = _compiled("step(s, p)", [*text.lines, f"return {result}"])
    return function


def _positions(system: TransitionSystem) -> dict[str, int]:
    return {one.name: place for place, one in enumerate(system.variables)}


def _compiled(head: str, lines: Sequence[str]) -> Any:
    source = "\n".join([f"def {head}:", *(" " + line for line in lines), ""])
    found: dict[str, Any] = {}
    exec(compile(source, "<rows>", "exec"), found)
    return found[head.split("(")[0]]


class _Text:
    """Writes expressions as Python; what is used twice or nests too deeply becomes a local first.

    All expressions are total, so it does no harm that a local is computed where a test would have
    spared it.
    """

    def __init__(
        self,
        positions: Mapping[str, int],
        symbols: Mapping[Expression, str],
        roots: Sequence[Expression],
    ) -> None:
        self.positions = positions
        self.lines: list[str] = []
        self.known: dict[Expression, tuple[str, int]] = {node: (t, 0) for node, t in symbols.items()}
        uses = Counter(roots)
        for node in topological(roots):
            uses.update(node.operands)
        self.uses = uses

    def __call__(self, root: Expression) -> str:
        """The text of an expression; lines that have to come before it are appended to `lines`."""
        for node in topological([root]):
            if node not in self.known:
                text, depth = self._text(node)
                if (
                    node.operands
                    and node.operator != "array"
                    and (self.uses[node] > 1 or depth > _DEEPEST)
                ):
                    text, depth = self._named(text), 0
                self.known[node] = text, depth
        return self.known[root][0]

    def _named(self, text: str) -> str:
        if text.isidentifier():
            return text
        name = f"t{len(self.lines)}"
        self.lines.append(f"{name} = {text}")
        return name

    def _text(self, node: Expression) -> tuple[str, int]:
        operator = node.operator
        if operator == "const":
            return (f"({node.payload})" if node.payload < 0 else repr(node.payload)), 0
        if operator == "variable":
            return f"s[{self.positions[node.payload]}]", 0
        if operator in ("next", "bound"):
            raise KeyError(node.payload)
        if operator == "array":
            return "", 0
        if operator == "select":
            return self._selected(node)
        texts = [self.known[operand][0] for operand in node.operands]
        depth = 1 + max(self.known[operand][1] for operand in node.operands)
        if operator == "not":
            return f"(not {texts[0]})", depth
        if operator in ("and", "or"):
            return "(" + f" {operator} ".join(texts) + ")", depth
        if operator == "ite":
            return f"({texts[1]} if {texts[0]} else {texts[2]})", depth
        if operator in _INFIX:
            return f"({texts[0]} {_INFIX[operator]} {texts[1]})", depth
        if operator in ("min", "max"):
            return f"{operator}({texts[0]}, {texts[1]})", depth
        sign = {"floordiv": "//", "mod": "%"}[operator]
        if node.operands[1].is_constant and node.operands[1].payload:
            return f"({texts[0]} {sign} {texts[1]})", depth
        divisor = self._named(texts[1])
        return f"({texts[0]} {sign} {divisor} if {divisor} else 0)", depth

    def _selected(self, node: Expression) -> tuple[str, int]:
        row, index = node.operands
        at = self._named(self.known[index][0])
        count = len(row.operands)
        places = [
            self.positions[element.payload] if element.operator == "variable" else -1
            for element in row.operands
        ]
        if places == list(range(places[0], places[0] + count)) and places[0] >= 0:
            return f"(s[{places[0]} + {at}] if 0 <= {at} < {count} else s[{places[0]}])", 1
        texts = [self.known[element][0] for element in row.operands]
        depth = 2 + max(self.known[element][1] for element in row.operands)
        first = texts[0] if row.operands[0].operator in ("const", "variable") else self._named(texts[0])
        elements = ", ".join([first, *texts[1:]])
        return f"(({elements},)[{at}] if 0 <= {at} < {count} else {first})", depth
