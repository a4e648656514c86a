"""Expressions as SMT-LIB 2 text, which any solver reads: written from the nodes, by no solver's help.

This is the second of two encoders, and shares nothing with the one in `checker.symbolic`: what a
certificate says does not depend on the solver that found the proof, nor on how that one was asked.

References
----------
C. Barrett, P. Fontaine, C. Tinelli, "The SMT-LIB Standard: Version 2.6" (2017): §3.1 for symbols,
theory `Ints` for `div` and `mod`, whose remainder is never negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from checker.system.expression import Expression
from checker.system.sorts import BoolSort
from checker.system.walk import expand_quantifiers, topological

__all__ = ["Assertion", "plain_text", "script"]

_LINE = 160
"""Characters beyond which a term gets a name, also if it is used once: depth and lines stay short."""

_WRITABLE = "".join(map(chr, range(0x20, 0x7F))).translate({ord(sign): None for sign in "%|\\"})

_FUNCTIONS = {
    "min": "(define-fun |python min| ((a Int) (b Int)) Int (ite (<= a b) a b))",
    "max": "(define-fun |python max| ((a Int) (b Int)) Int (ite (<= b a) a b))",
    "floordiv": (
        "(define-fun |python //| ((a Int) (b Int)) Int"
        " (ite (= b 0) 0 (ite (< 0 b) (div a b) (div (- a) (- b)))))"
    ),
    "mod": (
        "(define-fun |python %| ((a Int) (b Int)) Int"
        " (ite (= b 0) 0 (ite (< 0 b) (mod a b) (- (mod (- a) (- b))))))"
    ),
}

_OPERATORS = {
    "not": "not",
    "and": "and",
    "or": "or",
    "ite": "ite",
    "eq": "=",
    "lt": "<",
    "le": "<=",
    "add": "+",
    "sub": "-",
    "mul": "*",
    "min": "|python min|",
    "max": "|python max|",
}


@dataclass(frozen=True, slots=True)
class Assertion:
    """Something that is claimed to be true in a script.

    Parameters
    ----------
    says : str
        In words, for the reader of the file.
    body : Expression
        Bool; over variables before and after a step, and over symbols.
    every : tuple of Expression
        Symbols for all whose values it is claimed, not only for those in its payload's range.
    """

    says: str
    body: Expression
    every: tuple[Expression, ...] = ()


def plain_text(text: str) -> str:
    """A name in printable ASCII, as it may stand in a quoted symbol; others are written %C3%A9.

    Examples
    --------
    >>> plain_text("café[0]")
    'caf%C3%A9[0]'
    """
    return quote(text, safe=_WRITABLE)


def script(heading: Sequence[str], assertions: Sequence[Assertion]) -> str:
    """A complete SMT-LIB 2 file that asks whether the assertions can be true together.

    Parameters
    ----------
    heading : sequence of str
        Comment lines at its top.
    assertions : sequence of Assertion

    Returns
    -------
    str
        ASCII; the same for the same arguments. `x` before the step is called |x now|, after it
        |x after|, a symbol |i chosen|. Labels are written as their index.

    Notes
    -----
    Quantifiers and arrays are written out; division by zero is 0 and an index outside its array
    reads the first element, as everywhere (see `checker.system.expression`). What is used several
    times is defined once. The logic is the least of QF_LIA, QF_NIA, LIA and NIA that the standard
    allows the terms in; `div` and `mod` are nonlinear there, also by a number.

    Raises
    ------
    ValueError
        If an assertion reads a symbol that another one claims something of all values of.
    """
    return _Script(assertions).text(heading)


class _Script:
    def __init__(self, assertions: Sequence[Assertion]) -> None:
        written = expand_quantifiers([one.body for one in assertions])
        self.assertions = [(one, written[one.body]) for one in assertions]
        bodies = [body for _, body in self.assertions]
        self.nodes = [node for node in topological(bodies) if node.operator != "array"]
        every = {symbol for one in assertions for symbol in one.every}
        self.inner = _depending(bodies, every)
        for one, body in self.assertions:
            if not every.intersection(topological([body])) <= set(one.every):
                raise ValueError(f"a symbol is free in {one.says!r} and bound elsewhere")
        self.uses = _uses(self.nodes, bodies)
        self.names = _names([*self.nodes, *every])
        self.terms: dict[Expression, str] = {}
        self.local: dict[Expression, str] = {}
        self.functions: dict[str, None] = {}
        self.nonlinear = False
        self.definitions: list[str] = []
        for node in self.nodes:
            self._write(node)

    def _write(self, node: Expression) -> None:
        term = self._term(node)
        if node.operands and (self.uses[node] > 1 or len(term) > _LINE):
            name = f"?{len(self.definitions) + len(self.local) + 1}"
            if node in self.inner:
                self.local[node] = term
            else:
                self.definitions.append(f"(define-fun {name} () {_sort(node)} {term})")
            term = name
        self.terms[node] = term

    def _term(self, node: Expression) -> str:
        operator = node.operator
        if operator == "const":
            return _literal(node.payload)
        if operator in ("variable", "next", "bound"):
            return self.names[node]
        if operator == "select":
            return self._selected(node)
        operands = [self.terms[operand] for operand in node.operands]
        if operator in ("floordiv", "mod"):
            self.nonlinear = True
            return self._divided(operator, operands, node.operands[1])
        if operator == "mul" and not any(operand.is_constant for operand in node.operands):
            self.nonlinear = True
        if operator in _FUNCTIONS:
            self.functions[operator] = None
        return f"({_OPERATORS[operator]} {' '.join(operands)})"

    def _divided(self, operator: str, operands: list[str], divisor: Expression) -> str:
        left, right = operands
        if not divisor.is_constant:
            self.functions[operator] = None
            return f"(|python {'//' if operator == 'floordiv' else '%'}| {left} {right})"
        by = int(divisor.payload)
        if by == 0:
            return "0"
        if by > 0:
            return f"({'div' if operator == 'floordiv' else 'mod'} {left} {by})"
        return f"(div (- {left}) {-by})" if operator == "floordiv" else f"(- (mod (- {left}) {-by}))"

    def _selected(self, node: Expression) -> str:
        row = [self.terms[element] for element in node.operands[0].operands]
        index = self.terms[node.operands[1]]
        # The first element is also what is read outside.
        tests = "".join(f"(ite (= {index} {place}) {row[place]} " for place in range(1, len(row)))
        return tests + row[0] + ")" * (len(row) - 1)

    def text(self, heading: Sequence[str]) -> str:
        logic = ("NIA" if self.nonlinear else "LIA") if self.inner else ""
        logic = logic or ("QF_NIA" if self.nonlinear else "QF_LIA")
        lines = [f"; {plain_text(line)}".rstrip() for line in heading]
        lines.append(f"(set-logic {logic})")
        bound = {symbol for one, _ in self.assertions for symbol in one.every}
        lines += [
            f"(declare-const {name} {_sort(leaf)})"
            for leaf, name in self.names.items()
            if leaf not in bound
        ]
        lines += [_FUNCTIONS[name] for name in sorted(self.functions)]
        lines += self.definitions
        for one, body in self.assertions:
            lines.append(f"; {plain_text(one.says)}")
            lines.append(f"(assert {self._asserted(one, body)})")
        return "\n".join([*lines, "(check-sat)", ""])

    def _asserted(self, one: Assertion, body: Expression) -> str:
        term = self.terms[body]
        if body not in self.inner:
            return term
        # Innermost last: what a definition reads has to be bound around it.
        needed = [node for node in topological([body]) if node in self.local]
        opened = "".join(f"(let (({self.terms[node]} {self.local[node]})) " for node in needed)
        symbols = " ".join(f"({self.names[symbol]} {_sort(symbol)})" for symbol in one.every)
        return f"(forall ({symbols}) {opened}{term}{')' * len(needed)})"


def _depending(roots: Iterable[Expression], symbols: set[Expression]) -> set[Expression]:
    """The nodes that read one of the symbols."""
    found: set[Expression] = set()
    for node in topological(roots):
        if node in symbols or not found.isdisjoint(node.operands):
            found.add(node)
    return found


def _uses(nodes: Iterable[Expression], roots: Iterable[Expression]) -> dict[Expression, int]:
    """How often the text of each node is mentioned by others."""
    uses: dict[Expression, int] = {}

    def count(node: Expression, times: int = 1) -> None:
        uses[node] = uses.get(node, 0) + times

    for root in roots:
        count(root)
    for node in nodes:
        if node.operator == "select":
            row, index = node.operands
            count(index, len(row.operands) - 1)
            for element in row.operands:
                count(element)
        else:
            for operand in node.operands:
                count(operand)
    return uses


def _names(leaves: Iterable[Expression]) -> dict[Expression, str]:
    """A symbol for each variable and bound symbol; with a space in it, so that no theory has it."""
    names: dict[Expression, str] = {}
    taken: dict[str, int] = {}
    for leaf in leaves:
        if leaf in names or leaf.operator not in ("variable", "next", "bound"):
            continue
        if leaf.operator == "bound":
            name = plain_text(leaf.payload[0]) + " chosen"
        else:
            name = plain_text(leaf.payload) + (" now" if leaf.operator == "variable" else " after")
        # Symbols that are called the same and range differently are different symbols.
        taken[name] = taken.get(name, 0) + 1
        if taken[name] > 1:
            if leaf.operator != "bound":
                raise ValueError(f"{leaf.payload} is read as values of different sorts")
            name += f" {taken[name]}"
        names[leaf] = f"|{name}|"
    return names


def _sort(node: Expression) -> str:
    return "Bool" if isinstance(node.sort, BoolSort) else "Int"


def _literal(value: bool | int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if value >= 0 else f"(- {-value})"
