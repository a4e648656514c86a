"""Arithmetic, `and`, `or`, `not`, and conditional expressions."""

from __future__ import annotations

import ast
from collections.abc import Callable

from checker.language.attributes import Attributes
from checker.language.equality import padded
from checker.language.merging import either
from checker.language.values import (
    Members,
    Place,
    Row,
    Scalar,
    Unusable,
    Value,
    sort_name,
)
from checker.system.expression import (
    Expression,
    add,
    conj,
    constant,
    disj,
    eq,
    floordiv,
    modulo,
    mul,
    neg,
    sub,
)
from checker.system.sorts import BoolSort

__all__ = ["Operators"]


_SIGNS: dict[type[ast.operator], str] = {
    ast.Div: "/",
    ast.Pow: "**",
    ast.BitOr: "|",
    ast.BitAnd: "&",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.Add: "+",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}


class Operators(Attributes):
    """Translates operators on numbers, truth values, sets and lists."""

    def _BoolOp(self, node: ast.BoolOp) -> Value:
        return self._junction(node, list(node.values))

    def _junction(self, node: ast.BoolOp, operands: list[ast.expr]) -> Value:
        first = self.value(operands[0])
        if len(operands) == 1:
            return first
        condition = self.truth_of(first, operands[0])
        wanted = condition if isinstance(node.op, ast.And) else neg(condition)
        kept: Value = first

        def rest() -> Value:
            return self._junction(node, operands[1:])

        # The right operand is evaluated, with all that can go wrong in it, only where it matters.
        found = self.recorder.branch(self.frame, wanted, rest, lambda: kept)
        assert found is not None
        if isinstance(first, Scalar) and isinstance(first.expression.sort, BoolSort):
            return found
        if isinstance(found, Unusable):
            raise self.refuse(
                f"`{ast.unparse(node)}` mixes kinds of values",
                node,
                help="compare each side: a > 0 and b > 0",
            )
        return found

    def _UnaryOp(self, node: ast.UnaryOp) -> Value:
        if isinstance(node.op, ast.Not):
            return Scalar(neg(self.truth(node.operand)))
        if isinstance(node.op, ast.USub):
            return Scalar(sub(constant(0), self.integer(node.operand)))
        if isinstance(node.op, ast.UAdd):
            return Scalar(self.integer(node.operand))
        raise self.refuse("`~` is not supported", node, help="write `not` for a truth value")

    def _BinOp(self, node: ast.BinOp) -> Value:
        return self.binary(node.op, self.value(node.left), self.value(node.right), node)

    def binary(self, operator: ast.operator, left: Value, right: Value, node: ast.AST) -> Value:
        """`left operator right`, also for `x += y`."""
        left, right = self.plain(left, node), self.plain(right, node)
        if isinstance(left, Members) or isinstance(right, Members):
            return self._set_operation(operator, left, right, node)
        if isinstance(operator, ast.Add | ast.Mult) and (
            isinstance(left, Row) or isinstance(right, Row)
        ):
            return self._row_operation(operator, left, right, node)
        a, b = self.integer_of(left, _side(node, "left")), self.integer_of(right, _side(node, "right"))
        if isinstance(operator, ast.FloorDiv | ast.Mod):
            low, high = self.recorder.bounds(b)
            if b.is_constant and b.payload == 0:
                raise self.refuse(
                    "division by zero", _side(node, "right"), help="divide by something else"
                )
            if low <= 0 <= high:
                self.recorder.hazard(
                    "division",
                    eq(b, constant(0)),
                    f"`{ast.unparse(node)}` divides by zero",
                    "well_defined",
                    self.span(node),
                )
            return Scalar(floordiv(a, b) if isinstance(operator, ast.FloorDiv) else modulo(a, b))
        build: dict[type, Callable[[Expression, Expression], Expression]] = {
            ast.Add: add,
            ast.Sub: sub,
            ast.Mult: mul,
        }
        if type(operator) not in build:
            sign = _SIGNS.get(type(operator), "@")
            help = {
                "/": "whole numbers only: use `//`",
                "|": "`or` for conditions; numbers know + - * // %",
                "&": "`and` for conditions; numbers know + - * // %",
            }.get(sign, "numbers know + - * // %")
            raise self.refuse(f"`{sign}` is not supported on numbers", node, help=help)
        return Scalar(build[type(operator)](a, b))

    def _set_operation(self, operator: ast.operator, left: Value, right: Value, node: ast.AST) -> Value:
        if not (isinstance(left, Members) and isinstance(right, Members)):
            other = sort_name(right if isinstance(left, Members) else left)
            raise self.refuse(f"a set is combined with {other}", node, help="write it as a set: {…}")
        pairs = list(padded(left, right))
        if isinstance(operator, ast.BitOr):
            return Members(tuple(disj(a, b) for a, b in pairs))
        if isinstance(operator, ast.BitAnd):
            return Members(tuple(conj(a, b) for a, b in pairs))
        if isinstance(operator, ast.Sub):
            return Members(tuple(conj(a, neg(b)) for a, b in pairs))
        sign = _SIGNS.get(type(operator), "@")
        raise self.refuse(f"`{sign}` is not supported on sets", node, help="sets know `|`, `&` and `-`")

    def _row_operation(self, operator: ast.operator, left: Value, right: Value, node: ast.AST) -> Value:
        if isinstance(operator, ast.Add) and isinstance(left, Row) and isinstance(right, Row):
            return Row(left.elements + right.elements, left.kind)
        if isinstance(operator, ast.Mult):
            row, count = (left, right) if isinstance(left, Row) else (right, left)
            times = self.integer_of(count, node)
            if isinstance(row, Row) and times.is_constant:
                return Row(row.elements * times.payload, row.kind)
            self.must_be_number(times, f"the length of `{ast.unparse(node)}`", node)
        raise self.refuse(
            "a list is combined with something that is none",
            node,
            help="lists know list + list and list * number",
        )

    def _IfExp(self, node: ast.IfExp) -> Value:
        condition = self.truth(node.test)
        places: list[Place] = []

        def branch(side: ast.expr) -> Value:
            value = self.value(side)
            if isinstance(value, Place):
                places.append(value)
            return self.plain(value, side)

        found = self.recorder.branch(
            self.frame, condition, lambda: branch(node.body), lambda: branch(node.orelse)
        )
        if len(places) == 2:
            found = either(condition, *places)
        elif places and not condition.is_constant:
            self.snapshots.add(node)
        if found is None or isinstance(found, Unusable):
            raise self.refuse(
                "the two branches are different kinds of values",
                node,
                help="both numbers, or both labels",
            )
        return found


def _side(node: ast.AST, side: str) -> ast.AST:
    if isinstance(node, ast.BinOp):
        return node.left if side == "left" else node.right
    if isinstance(node, ast.AugAssign):
        return node.target if side == "left" else node.value
    return node
