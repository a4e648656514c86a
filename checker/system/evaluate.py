"""The reference interpreter of expressions: slow, plain, and independent of the generated code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from checker.system.expression import Expression
from checker.system.sorts import Scalar
from checker.system.walk import topological

__all__ = ["evaluate"]

_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "eq": lambda a, b: a == b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "floordiv": lambda a, b: a // b if b else 0,
    "mod": lambda a, b: a % b if b else 0,
    "min": min,
    "max": max,
}


def evaluate(
    expression: Expression,
    state: Mapping[str, Scalar],
    after: Mapping[str, Scalar] | None = None,
    symbols: Mapping[Expression, Scalar] | None = None,
) -> Scalar:
    """The value of an expression in a state.

    Parameters
    ----------
    expression : Expression
        What to evaluate.
    state : mapping of str to bool or int
        Every state variable's value (labels as their index).
    after : mapping, optional
        The state after the step, where the expression reads `next` variables.
    symbols : mapping of Expression to bool or int, optional
        Values of the bound symbols (action parameters and choices) that occur free.

    Raises
    ------
    KeyError
        If a variable or a free symbol has no value.
    """
    known: dict[Expression, Any] = dict(symbols or {})
    inside = _quantified(expression)
    for node in topological([expression]):
        # What lies under a quantifier is evaluated by the quantifier, once per value.
        if node in known or node in inside:
            continue
        known[node] = _apply(node, known, state, after)
    value: Scalar = known[expression]
    return value


def _quantified(expression: Expression) -> set[Expression]:
    """Nodes that depend on a quantifier's symbol."""
    nodes = list(topological([expression]))
    symbols = {node.operands[0] for node in nodes if node.operator in ("any", "all", "sum")}
    free: dict[Expression, frozenset[Expression]] = {}
    for node in nodes:
        below = frozenset().union(*(free[operand] for operand in node.operands))
        if node in symbols:
            below = frozenset((node,))
        if node.operator in ("any", "all", "sum"):
            below -= {node.operands[0]}
        free[node] = below
    return {node for node in nodes if free[node]}


def _apply(
    node: Expression,
    known: dict[Expression, Any],
    state: Mapping[str, Scalar],
    after: Mapping[str, Scalar] | None,
) -> Any:
    operator = node.operator
    if operator == "const":
        return node.payload
    if operator == "variable":
        return state[node.payload]
    if operator == "next":
        if after is None:
            raise KeyError(f"{node.payload} after the step")
        return after[node.payload]
    if operator == "bound":
        raise KeyError(f"the symbol {node.payload[0]} has no value")
    if operator in ("any", "all", "sum"):
        symbol, body = node.operands
        _, low, high = symbol.payload
        outer = {key: value for key, value in known.items() if key.operator == "bound"}
        values = [
            evaluate(body, state, after, {**outer, symbol: value}) for value in range(low, high + 1)
        ]
        if operator == "sum":
            return sum(values)
        return any(values) if operator == "any" else all(values)
    operands = [known[operand] for operand in node.operands]
    if operator == "not":
        return not operands[0]
    if operator == "and":
        return all(operands)
    if operator == "or":
        return any(operands)
    if operator == "ite":
        return operands[1] if operands[0] else operands[2]
    if operator == "array":
        return operands
    if operator == "select":
        row, index = operands
        return row[index if 0 <= index < len(row) else 0]
    return _BINARY[operator](*operands)
