"""The one expression type: small frozen nodes, hash-consed, built only by the functions below.

Two structurally equal expressions are the same object, so equality is identity, a system is a
DAG as large as its source, and every walker can memoise on nodes. The constructors fold constants
and the identities that keep the DAG small; they never change the meaning of a total expression.

Division and indexing are *total* here: a division by zero is 0 and an index outside its array
reads the first element. The language layer guards both with an explicit error condition, so a
model that relies on this is reported, never silently evaluated.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from checker.system.node import Expression, intern
from checker.system.sorts import BOOL, INT, BoolSort, EnumSort, IntSort, Scalar, Sort

__all__ = [
    "FALSE",
    "TRUE",
    "Expression",
    "absolute",
    "add",
    "all_of",
    "any_of",
    "array",
    "as_integer",
    "bound",
    "conj",
    "constant",
    "disj",
    "eq",
    "floordiv",
    "implies",
    "ite",
    "le",
    "lt",
    "maximum",
    "minimum",
    "modulo",
    "mul",
    "ne",
    "neg",
    "next_variable",
    "rebuild",
    "select",
    "sub",
    "sum_of",
    "variable",
]


# ---------------------------------------------------------------- leaves


def constant(value: Scalar, sort: Sort | None = None) -> Expression:
    """A literal. For an enum the value is the index of the label and `sort` must be given."""
    if sort is None:
        sort = BOOL if isinstance(value, bool) else INT
    value = bool(value) if isinstance(sort, BoolSort) else int(value)
    return intern("const", (), value, sort)


TRUE = constant(True)
FALSE = constant(False)
_ZERO = constant(0)
_ONE = constant(1)


def variable(name: str, sort: Sort) -> Expression:
    """The value of a state variable before the step."""
    return intern("variable", (), name, sort)


def next_variable(name: str, sort: Sort) -> Expression:
    """The value of a state variable after the step (step invariants only)."""
    return intern("next", (), name, sort)


def bound(name: str, low: int | None, high: int | None, sort: Sort = INT) -> Expression:
    """A symbol that ranges over low..high: an action's parameter, a choice, a quantifier's index.

    None stands for an end that is no number, never in a quantifier's index. Names are unique within
    a system, so substitution cannot capture.
    """
    return intern("bound", (), (name, low, high), sort)


# ---------------------------------------------------------------- truth values


def neg(operand: Expression) -> Expression:
    """Negation."""
    if operand.is_constant:
        return constant(not operand.payload)
    if operand.operator == "not":
        return operand.operands[0]
    return intern("not", (operand,), None, BOOL)


def conj(*operands: Expression) -> Expression:
    """Conjunction of any number of operands; nested conjunctions are not flattened across sharing."""
    return _junction("and", TRUE, FALSE, operands)


def disj(*operands: Expression) -> Expression:
    """Disjunction of any number of operands."""
    return _junction("or", FALSE, TRUE, operands)


def _junction(
    operator: str, unit: Expression, zero: Expression, operands: Iterable[Expression]
) -> Expression:
    kept: dict[Expression, None] = {}
    for operand in operands:
        if operand is zero:
            return zero
        if operand is not unit:
            kept[operand] = None
    for operand in kept:
        if operand.operator == "not" and operand.operands[0] in kept:
            return zero
    if not kept:
        return unit
    if len(kept) == 1:
        return next(iter(kept))
    return intern(operator, tuple(kept), None, BOOL)


def implies(premise: Expression, conclusion: Expression) -> Expression:
    """Material implication."""
    return disj(neg(premise), conclusion)


def ite(condition: Expression, then: Expression, otherwise: Expression) -> Expression:
    """`then` where the condition holds, otherwise `otherwise`; both of one sort."""
    if then.sort != otherwise.sort:
        raise TypeError(f"branches of different sorts: {then.sort} and {otherwise.sort}")
    if condition is TRUE or then is otherwise:
        return then
    if condition is FALSE:
        return otherwise
    if condition.operator == "not":
        return ite(condition.operands[0], otherwise, then)
    if isinstance(then.sort, BoolSort):
        then, otherwise = _decided(then, condition, TRUE), _decided(otherwise, condition, FALSE)
        if then is otherwise:
            return then
        if then is TRUE:
            return disj(condition, otherwise)
        if then is FALSE:
            return conj(neg(condition), otherwise)
        if otherwise is TRUE:
            return disj(neg(condition), then)
        if otherwise is FALSE:
            return conj(condition, then)
    # A repeated test inside a branch is decided by the outer one.
    if then.operator == "ite" and then.operands[0] is condition:
        return ite(condition, then.operands[1], otherwise)
    if otherwise.operator == "ite" and otherwise.operands[0] is condition:
        return ite(condition, then, otherwise.operands[2])
    return intern("ite", (condition, then, otherwise), None, then.sort)


def _decided(operand: Expression, condition: Expression, value: Expression) -> Expression:
    """A truth value inside a branch where the branch's own condition is known."""
    if operand is condition:
        return value
    if operand.operator == "not" and operand.operands[0] is condition:
        return neg(value)
    if operand.operator in ("and", "or") and condition in operand.operands:
        rest = (value if part is condition else part for part in operand.operands)
        return conj(*rest) if operand.operator == "and" else disj(*rest)
    return operand


# ---------------------------------------------------------------- comparisons


def eq(left: Expression, right: Expression) -> Expression:
    """Equality of two expressions of one sort."""
    if left.sort != right.sort:
        raise TypeError(f"comparison of different sorts: {left.sort} and {right.sort}")
    if left is right:
        return TRUE
    if left.is_constant and right.is_constant:
        return constant(left.payload == right.payload)
    if left.is_constant:
        left, right = right, left
    if isinstance(left.sort, BoolSort) and right.is_constant:
        return left if right.payload else neg(left)
    return intern("eq", (left, right), None, BOOL)


def ne(left: Expression, right: Expression) -> Expression:
    """Inequality."""
    return neg(eq(left, right))


def lt(left: Expression, right: Expression) -> Expression:
    """left < right."""
    if left is right:
        return FALSE
    if left.is_constant and right.is_constant:
        return constant(left.payload < right.payload)
    return intern("lt", (left, right), None, BOOL)


def le(left: Expression, right: Expression) -> Expression:
    """left <= right."""
    if left is right:
        return TRUE
    if left.is_constant and right.is_constant:
        return constant(left.payload <= right.payload)
    return intern("le", (left, right), None, BOOL)


# ---------------------------------------------------------------- integers


def as_integer(operand: Expression) -> Expression:
    """A truth value as 0 or 1, as Python counts it."""
    if isinstance(operand.sort, IntSort):
        return operand
    return ite(operand, _ONE, _ZERO)


def add(left: Expression, right: Expression) -> Expression:
    """left + right."""
    if left.is_constant and right.is_constant:
        return constant(left.payload + right.payload)
    if left is _ZERO:
        return right
    if right is _ZERO:
        return left
    # (x + 1) + 1 is x + 2: chains of increments stay one node deep.
    if right.is_constant and left.operator == "add" and left.operands[1].is_constant:
        return add(left.operands[0], constant(left.operands[1].payload + right.payload))
    if left.is_constant:
        left, right = right, left
    return intern("add", (left, right), None, INT)


def sub(left: Expression, right: Expression) -> Expression:
    """left - right."""
    if left is right:
        return _ZERO
    if right.is_constant:
        return add(left, constant(-right.payload))
    return intern("sub", (left, right), None, INT)


def mul(left: Expression, right: Expression) -> Expression:
    """left * right."""
    if left.is_constant and right.is_constant:
        return constant(left.payload * right.payload)
    if left.is_constant:
        left, right = right, left
    if right is _ZERO:
        return _ZERO
    if right is _ONE:
        return left
    return intern("mul", (left, right), None, INT)


def floordiv(left: Expression, right: Expression) -> Expression:
    """Python's `//`, rounding towards minus infinity; 0 where the divisor is 0."""
    if right is _ONE:
        return left
    if left.is_constant and right.is_constant:
        return constant(left.payload // right.payload if right.payload else 0)
    return intern("floordiv", (left, right), None, INT)


def modulo(left: Expression, right: Expression) -> Expression:
    """Python's `%`, with the sign of the divisor; 0 where the divisor is 0."""
    if right is _ONE:
        return _ZERO
    if left.is_constant and right.is_constant:
        return constant(left.payload % right.payload if right.payload else 0)
    return intern("mod", (left, right), None, INT)


def minimum(left: Expression, right: Expression) -> Expression:
    """The lesser of two integers."""
    if left is right:
        return left
    if left.is_constant and right.is_constant:
        return constant(min(left.payload, right.payload))
    return intern("min", (left, right), None, INT)


def maximum(left: Expression, right: Expression) -> Expression:
    """The greater of two integers."""
    if left is right:
        return left
    if left.is_constant and right.is_constant:
        return constant(max(left.payload, right.payload))
    return intern("max", (left, right), None, INT)


def absolute(operand: Expression) -> Expression:
    """The magnitude of an integer."""
    return maximum(operand, sub(_ZERO, operand))


# ---------------------------------------------------------------- arrays and quantifiers


def array(elements: Iterable[Expression]) -> Expression:
    """A row of expressions of one sort, to be read by `select`."""
    row = tuple(elements)
    if not row or any(element.sort != row[0].sort for element in row):
        raise TypeError("an array needs elements of one sort")
    return intern("array", row, None, row[0].sort)


def select(row: Expression, index: Expression) -> Expression:
    """The element of an `array` node at a computed index; the first one when out of range."""
    if index.is_constant:
        position = index.payload
        return row.operands[position if 0 <= position < len(row.operands) else 0]
    if all(element is row.operands[0] for element in row.operands):
        return row.operands[0]
    return intern("select", (row, index), None, row.sort)


def any_of(symbol: Expression, body: Expression) -> Expression:
    """True iff the body holds for some value of the bound symbol."""
    return _quantifier("any", symbol, body)


def all_of(symbol: Expression, body: Expression) -> Expression:
    """True iff the body holds for every value of the bound symbol."""
    return _quantifier("all", symbol, body)


def sum_of(symbol: Expression, body: Expression) -> Expression:
    """The sum of the body over every value of the bound symbol."""
    if isinstance(body.sort, EnumSort):
        raise TypeError("labels cannot be added")
    return _quantifier("sum", symbol, as_integer(body))


def _quantifier(operator: str, symbol: Expression, body: Expression) -> Expression:
    _, low, high = symbol.payload
    if low > high:
        return {"any": FALSE, "all": TRUE, "sum": _ZERO}[operator]
    if body.is_constant:
        return constant(body.payload * (high - low + 1)) if operator == "sum" else body
    return intern(operator, (symbol, body), None, body.sort)


_CONSTRUCTORS: dict[str, Any] = {
    "not": neg,
    "and": conj,
    "or": disj,
    "ite": ite,
    "eq": eq,
    "lt": lt,
    "le": le,
    "add": add,
    "sub": sub,
    "mul": mul,
    "floordiv": floordiv,
    "mod": modulo,
    "min": minimum,
    "max": maximum,
    "select": select,
    "any": any_of,
    "all": all_of,
    "sum": sum_of,
}


def rebuild(node: Expression, operands: tuple[Expression, ...]) -> Expression:
    """The same operator over other operands, simplified again."""
    if operands == node.operands:
        return node
    if node.operator == "array":
        return array(operands)
    built: Expression = _CONSTRUCTORS[node.operator](*operands)
    return built
