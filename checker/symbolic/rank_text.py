"""A rank as one would write it on paper, and as a SymPy expression to compute with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from checker.system.expression import Expression, constant, ite, maximum, neg, sub
from checker.system.printer import show_expression
from checker.system.sorts import BoolSort, EnumSort
from checker.system.walk import expand_quantifiers, topological

__all__ = ["rank_text", "sympy_of"]


def rank_text(rank: Expression) -> str:
    """A sum of multiples in mathematical notation; [p] is 1 where p holds and 0 elsewhere.

    Examples
    --------
    >>> from checker.system.expression import absolute, eq, ite, sub, variable
    >>> from checker.system.sorts import INT, EnumSort
    >>> x, y = variable("x", INT), variable("y", INT)
    >>> rank_text(absolute(sub(x, y)))
    '|x - y|'
    >>> at = EnumSort(("rest", "act"))
    >>> rank_text(ite(eq(variable("at", at), constant(1, at)), constant(3), constant(0)))
    '3·[at = act]'
    """
    parts: dict[Expression, int] = {}
    fixed = _sum(rank, 1, parts)
    shown: list[tuple[int, str]] = []
    for part, factor in _with_magnitudes(parts):
        text = part if isinstance(part, str) else _factor(part)
        shown.append((factor, text if abs(factor) == 1 else f"{abs(factor)}·{text}"))
    if fixed or not shown:
        shown.append((fixed, str(abs(fixed))))
    # What is subtracted last.
    shown.sort(key=lambda one: one[0] < 0)
    first = f"-{shown[0][1]}" if shown[0][0] < 0 else shown[0][1]
    return first + "".join(f" {'-' if sign < 0 else '+'} {text}" for sign, text in shown[1:])


def sympy_of(expression: Expression) -> Any:
    """The same function as a SymPy expression.

    Variables are integer symbols; labels are symbols of their own; a truth value among numbers is a
    `Piecewise` of 1 and 0.
    """
    import sympy

    known: dict[Expression, Any] = {}
    written = expand_quantifiers([expression])[expression]
    for node in topological([written]):
        if node.operator != "array":
            known[node] = _sympy_node(sympy, node, known)
    return known[written]


# ---------------------------------------------------------------- text


def _sum(node: Expression, factor: int, parts: dict[Expression, int]) -> int:
    """Collect the terms of a sum with their factors; returns what is constant."""
    if node.is_constant:
        return factor * int(node.payload)
    if node.operator in ("add", "sub"):
        left, right = node.operands
        sign = -factor if node.operator == "sub" else factor
        return _sum(left, factor, parts) + _sum(right, sign, parts)
    if node.operator == "mul" and node.operands[1].is_constant:
        return _sum(node.operands[0], factor * int(node.operands[1].payload), parts)
    if node.operator == "ite" and all(one.is_constant for one in node.operands[1:]):
        # a if p else b is b + (a - b)·[p].
        then, otherwise = (int(one.payload) for one in node.operands[1:])
        if otherwise == 0 or then != 0:
            indicator = _indicator(node.operands[0])
            parts[indicator] = parts.get(indicator, 0) + factor * (then - otherwise)
            return factor * otherwise
    parts[node] = parts.get(node, 0) + factor
    return 0


def _indicator(condition: Expression) -> Expression:
    return ite(condition, constant(1), constant(0))


def _with_magnitudes(parts: dict[Expression, int]) -> list[tuple[Expression | str, int]]:
    """Terms with their factors; max(a - b, 0) and max(b - a, 0) with one factor become |a - b|."""
    left = {part: factor for part, factor in parts.items() if factor}
    shown: list[tuple[Expression | str, int]] = []
    for part, factor in list(left.items()):
        if part not in left:
            continue
        opposite = _opposite(part)
        if opposite is not None and left.get(opposite) == factor:
            del left[opposite]
            shown.append((f"|{show_expression(part.operands[0])}|", factor))
        else:
            shown.append((part, factor))
        del left[part]
    return shown


def _opposite(part: Expression) -> Expression | None:
    """max(b - a, 0) for max(a - b, 0)."""
    if part.operator == "max" and part.operands[0].operator == "sub":
        a, b = part.operands[0].operands
        return maximum(sub(b, a), part.operands[1])
    return None


def _factor(node: Expression) -> str:
    """One factor of a product."""
    if node.operator == "max":
        inner = node.operands[0]
        if inner.operator == "sub" and node.operands[1] is sub(constant(0), inner):
            return f"|{show_expression(inner)}|"
        if node.operands[1].operator == "sub" and node.operands[1].operands[1] is inner:
            return f"|{show_expression(inner)}|"
        return f"max({show_expression(node.operands[0])}, {show_expression(node.operands[1])})"
    if node.operator == "ite":
        condition, then, otherwise = node.operands
        if otherwise.is_constant and otherwise.payload == 0:
            gated = "" if then.is_constant and then.payload == 1 else f"·{_gated(then)}"
            return f"[{_condition(condition)}]{gated}"
        if then.is_constant and then.payload == 0:
            gated = "" if otherwise.is_constant and otherwise.payload == 1 else f"·{_gated(otherwise)}"
            return f"[{_condition(neg(condition))}]{gated}"
    if not node.operands:
        return show_expression(node)
    return f"({show_expression(node)})"


def _gated(node: Expression) -> str:
    return f"({rank_text(node)})" if node.operator in ("add", "sub") else rank_text(node)


def _condition(node: Expression) -> str:
    """A condition without quotation marks, with one sign for equality."""
    if node.operator == "eq" and isinstance(node.operands[1].sort, EnumSort):
        return " = ".join(show_expression(one).strip("'") for one in node.operands)
    if node.operator == "not" and node.operands[0].operator == "eq":
        return _condition(node.operands[0]).replace(" = ", " ≠ ")
    return show_expression(node).replace("==", "=").replace("!=", "≠")


# ---------------------------------------------------------------- SymPy


def _sympy_node(sympy: Any, node: Expression, known: dict[Expression, Any]) -> Any:
    operator = node.operator
    if operator == "const":
        if isinstance(node.sort, EnumSort):
            return sympy.Symbol(node.sort.labels[node.payload])
        if isinstance(node.sort, BoolSort):
            return sympy.true if node.payload else sympy.false
        return sympy.Integer(node.payload)
    if operator == "variable":
        if isinstance(node.sort, BoolSort | EnumSort):
            return sympy.Symbol(node.payload)
        return sympy.Symbol(node.payload, integer=True)
    if operator == "select":
        row, index = node.operands
        pairs = [
            (known[element], sympy.Eq(known[index], place))
            for place, element in enumerate(row.operands)
            if place
        ]
        return sympy.Piecewise(*pairs, (known[row.operands[0]], True))
    if operator not in ("bound", "next"):
        return _SYMPY[operator](sympy, *(known[operand] for operand in node.operands))
    raise KeyError(f"{node.payload} stands for nothing in one state")


_SYMPY: dict[str, Callable[..., Any]] = {
    "not": lambda sympy, a: sympy.Not(a),
    "and": lambda sympy, *several: sympy.And(*several),
    "or": lambda sympy, *several: sympy.Or(*several),
    "ite": lambda sympy, test, then, otherwise: sympy.Piecewise((then, test), (otherwise, True)),
    "eq": lambda sympy, a, b: sympy.Eq(a, b),
    "lt": lambda sympy, a, b: sympy.Lt(a, b),
    "le": lambda sympy, a, b: sympy.Le(a, b),
    "add": lambda sympy, a, b: a + b,
    "sub": lambda sympy, a, b: a - b,
    "mul": lambda sympy, a, b: a * b,
    "floordiv": lambda sympy, a, b: sympy.floor(a / b),
    "mod": lambda sympy, a, b: sympy.Mod(a, b),
    "min": lambda sympy, a, b: sympy.Min(a, b),
    "max": lambda sympy, a, b: sympy.Max(a, b),
}
