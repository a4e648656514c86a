"""Expressions, actions and whole systems as readable text (`reconverge show`)."""

from __future__ import annotations

from collections.abc import Iterator

from checker.system.expression import TRUE, Expression
from checker.system.sorts import BoolSort, EnumSort
from checker.system.transition_system import (
    Action,
    Fairness,
    Kind,
    Role,
    TransitionSystem,
    Variable,
)
from checker.system.walk import topological

__all__ = ["show_action", "show_expression", "show_system"]

# Binding strength, weakest first; a child weaker than its parent is put in parentheses.
_STRENGTH = {
    "ite": 1,
    "or": 2,
    "and": 3,
    "not": 4,
    "eq": 5,
    "lt": 5,
    "le": 5,
    "add": 6,
    "sub": 6,
    "mul": 7,
    "floordiv": 7,
    "mod": 7,
}
_INFIX = {"eq": "==", "lt": "<", "le": "<=", "add": "+", "sub": "-", "mul": "*"} | {
    "floordiv": "//",
    "mod": "%",
}
_ATOM = 9


def show_expression(expression: Expression, limit: int = 2000) -> str:
    """An expression in Python's notation; cut with an ellipsis beyond `limit` characters."""
    text: dict[Expression, tuple[str, int]] = {}
    for node in topological([expression]):
        shown, strength = _show(node, text)
        if len(shown) > limit:
            shown = shown[: limit - 1] + "…"
        text[node] = (shown, strength)
    return text[expression][0]


def _show(node: Expression, text: dict[Expression, tuple[str, int]]) -> tuple[str, int]:
    operator, operands = node.operator, node.operands
    strength = _STRENGTH.get(operator, _ATOM)

    def at(position: int, needed: int) -> str:
        shown, has = text[operands[position]]
        return shown if has >= needed else f"({shown})"

    if operator == "const":
        if isinstance(node.sort, EnumSort):
            return repr(node.sort.labels[node.payload]), _ATOM
        return str(node.payload), _ATOM if node.payload >= 0 else 6
    if operator == "variable":
        return node.payload, _ATOM
    if operator == "next":
        return node.payload + "′", _ATOM
    if operator == "bound":
        return node.payload[0].split("#")[0], _ATOM
    if operator == "not":
        inner = operands[0]
        if inner.operator in ("eq", "lt", "le"):
            left, right = inner.operands
            opposite = {"eq": "!=", "lt": ">=", "le": ">"}[inner.operator]
            pair = [
                text[part][0] if text[part][1] >= 6 else f"({text[part][0]})" for part in (left, right)
            ]
            return f"{pair[0]} {opposite} {pair[1]}", 5
        return f"not {at(0, 4)}", strength
    if operator in ("and", "or"):
        return f" {operator} ".join(at(i, strength + 1) for i in range(len(operands))), strength
    if operator == "ite":
        return f"{at(1, 2)} if {at(0, 2)} else {at(2, 1)}", strength
    if operator == "add" and operands[1].is_constant and operands[1].payload < 0:
        return f"{at(0, 6)} - {-operands[1].payload}", strength
    if operator in _INFIX:
        # Comparisons would chain in Python, so neither side may be a bare one.
        first = at(0, strength + 1 if strength == _STRENGTH["eq"] else strength)
        return f"{first} {_INFIX[operator]} {at(1, strength + 1)}", strength
    if operator == "array":
        return "[" + ", ".join(at(i, 1) for i in range(len(operands))) + "]", _ATOM
    if operator == "select":
        return f"{_row_name(operands[0], at(0, _ATOM))}[{at(1, 1)}]", _ATOM
    if operator in ("any", "all", "sum"):
        name, low, high = operands[0].payload
        return f"{operator}({at(1, 2)} for {name.split('#')[0]} in {low}..{high})", _ATOM
    return f"{operator}({', '.join(at(i, 1) for i in range(len(operands)))})", _ATOM


def _row_name(row: Expression, otherwise: str) -> str:
    """`slots` for [slots[0], slots[1], …]: an unchanged array is shown by its name."""
    names = [node.payload for node in row.operands if node.operator == "variable"]
    if len(names) == len(row.operands) and names[0].endswith("[0]"):
        stem = names[0][:-3]
        if names == [f"{stem}[{i}]" for i in range(len(names))]:
            return str(stem)
    return otherwise


def show_action(action: Action) -> str:
    """An action with its guard, updates and hazards, over several lines."""
    return "\n".join(_action_lines(action))


def _action_lines(action: Action) -> Iterator[str]:
    given = ", ".join(f"{symbol.name}: {symbol.domain}" for symbol in action.parameters)
    fairness = "" if action.fairness is Fairness.NONE else f", {action.fairness.value}ly fair"
    kind = action.kind.value if action.kind is not Kind.STEP else f"step{fairness}"
    yield f"{action.name}({given})    [{action.agent}: {kind}]"
    for choice in action.choices:
        yield f"    choose  {choice.node.payload[0].split('#')[0]} in {choice.domain}"
    if action.guard is not TRUE:
        yield f"    when    {show_expression(action.guard)}"
    for name, value in action.updates:
        yield f"    {name} := {show_expression(value)}"
    for hazard in action.hazards:
        yield f"    error   {hazard.message}, if {show_expression(hazard.condition)}"


def show_system(system: TransitionSystem) -> str:
    """Variables, actions with guards and updates, and which agent reads which variable."""
    return "\n".join(_system_lines(system))


def _system_lines(system: TransitionSystem) -> Iterator[str]:
    given = "  ".join(f"{name}={value}" for name, value in system.parameters)
    yield f"{system.name}  {given}".rstrip()
    yield ""
    yield f"variables ({len(system.variables)})"
    width = max((len(variable.name) for variable in system.variables), default=0)
    for variable in system.variables:
        yield f"    {variable.name:<{width}}  {variable.domain}  {_initial(variable)}"
    yield ""
    yield f"actions ({len(system.actions)})"
    for action in system.actions:
        for line in _action_lines(action):
            yield "    " + line
        yield ""
    if system.reads:
        yield "who reads what"
        width = max(len(agent) for agent, _ in system.reads)
        for agent, names in system.reads:
            yield f"    {agent:<{width}}  {', '.join(names) or '–'}"


def _initial(variable: Variable) -> str:
    if variable.initial is None:
        return "initially any"
    if isinstance(variable.initial, Expression):
        return f"initially {show_expression(variable.initial)}"
    values = [variable.domain.show(value) for value in variable.initial]
    note = "" if variable.role is not Role.LOCAL else "  (local)"
    if isinstance(variable.domain.sort, BoolSort) and len(values) == 2:
        return "initially any" + note
    return "initially " + " or ".join(values) + note
