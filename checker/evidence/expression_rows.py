"""Expressions as plain data and back: rows of JSON that refer to earlier rows by number.

What is read back was written by somebody else: every row is checked before it becomes a node, and
nothing in it is ever executed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from checker.system.expression import Expression
from checker.system.node import intern
from checker.system.sorts import BOOL, INT, BoolSort, EnumSort, IntSort, Sort
from checker.system.walk import topological

__all__ = ["BadExpression", "expressions_of", "rows_of"]

_MOST_INSTANCES = 100_000
"""Bodies that the quantifiers of one expression may be written out to."""


class BadExpression(ValueError):
    """The data are no expression; the message says which row and why."""


def rows_of(roots: Iterable[Expression]) -> tuple[list[list[Any]], list[int]]:
    """Rows for every node below the roots, and the row of each root.

    Returns
    -------
    rows : list
        [operator, rows of the operands, payload, sort]; operands come before their users. A sort
        is "Bool", "Int" or the list of an enum's labels; a symbol's payload is [name, low, high].
    numbers : list of int
    """
    given = list(roots)
    rows: list[list[Any]] = []
    numbers: dict[Expression, int] = {}
    for node in topological(given):
        payload = list(node.payload) if node.operator == "bound" else node.payload
        sort = list(node.sort.labels) if isinstance(node.sort, EnumSort) else str(node.sort)
        numbers[node] = len(rows)
        rows.append([node.operator, [numbers[one] for one in node.operands], payload, sort])
    return rows, [numbers[root] for root in given]


def expressions_of(rows: Any) -> list[Expression]:
    """The node of every row.

    Raises
    ------
    BadExpression
        If a row is not one that `rows_of` writes: an unknown operator, operands that are missing,
        of the wrong sort or not before it, a payload that does not fit; or if a quantifier would be
        written out to too much.
    """
    if not isinstance(rows, list):
        raise BadExpression("the expressions are no list of rows")
    nodes: list[Expression] = []
    sizes: list[int] = []
    for number, row in enumerate(rows):
        try:
            node, operands = _node(row, nodes)
            sizes.append(_instances(node, [sizes[place] for place in operands]))
        except BadExpression as problem:
            raise BadExpression(f"row {number}: {problem}") from None
        nodes.append(node)
    return nodes


def _node(row: Any, nodes: Sequence[Expression]) -> tuple[Expression, list[int]]:
    if not isinstance(row, list) or len(row) != 4:
        raise BadExpression("not [operator, operands, payload, sort]")
    operator, places, payload, named = row
    if not isinstance(operator, str):
        raise BadExpression(f"no operator {operator!r}")
    if not isinstance(places, list) or not all(map(_is_number, places)):
        raise BadExpression("the operands are no list of numbers")
    if not all(0 <= place < len(nodes) for place in places):
        raise BadExpression("an operand does not stand before it")
    operands = tuple(nodes[place] for place in places)
    sort = _sort(named)
    if operator in _LEAVES:
        if operands:
            raise BadExpression(f"{operator} with operands")
        return intern(operator, (), _LEAVES[operator](payload, sort), sort), places
    if operator not in _COMPOUNDS or payload is not None:
        raise BadExpression(f"no operator {operator!r}" if payload is None else "an unexpected payload")
    if not _COMPOUNDS[operator](operands, sort):
        raise BadExpression(f"operands that do not fit {operator}")
    return intern(operator, operands, None, sort), places


def _sort(named: Any) -> Sort:
    if named == "Bool":
        return BOOL
    if named == "Int":
        return INT
    if isinstance(named, list) and named and all(isinstance(label, str) for label in named):
        return EnumSort(tuple(named))
    raise BadExpression(f"no sort {named!r}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _instances(node: Expression, below: list[int]) -> int:
    size = max(below, default=1)
    if node.operator in ("any", "all", "sum"):
        _, low, high = node.operands[0].payload
        size *= high - low + 1
        if size > _MOST_INSTANCES:
            raise BadExpression(f"a quantifier over {size:,} instances")
    return size


# ---------------------------------------------------------------- what fits


def _constant(payload: Any, sort: Sort) -> bool | int:
    if isinstance(sort, BoolSort):
        fits = isinstance(payload, bool)
    elif isinstance(sort, EnumSort):
        fits = _is_number(payload) and 0 <= payload < len(sort.labels)
    else:
        fits = _is_number(payload)
    if not fits:
        raise BadExpression(f"{payload!r} is no constant of {sort}")
    value: bool | int = payload
    return value


def _name(payload: Any, sort: Sort) -> str:
    if not isinstance(payload, str):
        raise BadExpression(f"{payload!r} is no name")
    return payload


def _symbol(payload: Any, sort: Sort) -> tuple[str, int | None, int | None]:
    if not isinstance(payload, list) or len(payload) != 3 or not isinstance(payload[0], str):
        raise BadExpression(f"{payload!r} is no symbol")
    name, low, high = payload
    if not all(end is None or _is_number(end) for end in (low, high)):
        raise BadExpression(f"{payload!r} has ends that are no numbers")
    return name, low, high


_LEAVES: dict[str, Any] = {"const": _constant, "variable": _name, "next": _name, "bound": _symbol}


def _all(operands: Sequence[Expression], sort: Sort, count: int | None = None) -> bool:
    enough = len(operands) >= 1 if count is None else len(operands) == count
    return enough and all(one.sort == sort and one.operator != "array" for one in operands)


def _quantified(operands: Sequence[Expression], sort: Sort) -> bool:
    if len(operands) != 2 or operands[0].operator != "bound" or operands[1].operator == "array":
        return False
    _, low, high = operands[0].payload
    return low is not None and high is not None and low <= high and operands[1].sort == sort


def _chosen(operands: Sequence[Expression], sort: Sort) -> bool:
    if len(operands) != 2 or operands[0].operator != "array":
        return False
    return operands[0].sort == sort and _all(operands[1:], INT, 1)


def _alike(operands: Sequence[Expression]) -> bool:
    return _all(operands, operands[0].sort, 2) if operands else False


_ARITHMETIC = ("add", "sub", "mul", "floordiv", "mod", "min", "max")

_COMPOUNDS: dict[str, Any] = {
    "not": lambda operands, sort: sort == BOOL and _all(operands, BOOL, 1),
    "and": lambda operands, sort: sort == BOOL and _all(operands, BOOL),
    "or": lambda operands, sort: sort == BOOL and _all(operands, BOOL),
    "ite": lambda operands, sort: _all(operands[:1], BOOL, 1) and _all(operands[1:], sort, 2),
    "eq": lambda operands, sort: sort == BOOL and _alike(operands),
    "lt": lambda operands, sort: sort == BOOL and _ordered(operands),
    "le": lambda operands, sort: sort == BOOL and _ordered(operands),
    "array": lambda operands, sort: _all(operands, sort),
    "select": _chosen,
    "any": lambda operands, sort: sort == BOOL and _quantified(operands, BOOL),
    "all": lambda operands, sort: sort == BOOL and _quantified(operands, BOOL),
    "sum": lambda operands, sort: sort == INT and _quantified(operands, INT),
    **dict.fromkeys(_ARITHMETIC, lambda operands, sort: sort == INT and _all(operands, INT, 2)),
}


def _ordered(operands: Sequence[Expression]) -> bool:
    # The bounds of a label's domain compare indices.
    return len(operands) == 2 and all(
        isinstance(one.sort, IntSort | EnumSort) and one.operator != "array" for one in operands
    )
