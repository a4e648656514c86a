"""From Z3 back to expressions: what a solver found, in the terms of the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import z3

from checker.symbolic.numbers import Term
from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    add,
    as_integer,
    conj,
    constant,
    disj,
    eq,
    floordiv,
    implies,
    ite,
    le,
    lt,
    modulo,
    mul,
    ne,
    neg,
    sub,
)
from checker.system.sorts import BoolSort, EnumSort

__all__ = ["Unreadable", "z3_to_expression"]


class Unreadable(ValueError):
    """The solver's answer uses something that expressions cannot say."""


def z3_to_expression(term: Term, names: Mapping[str, Expression]) -> Expression:
    """The expression of a term over integers and truth values.

    Parameters
    ----------
    term : Term
        Of `and or not => xor ite = distinct < <= > >= + - *`, and `div` and `mod` by a number.
    names : mapping of str to Expression
        What each constant of the term stands for. A label stands for its index.

    Raises
    ------
    Unreadable
        If something else occurs in it.

    Notes
    -----
    Comparisons are brought to a form without subtraction, and those of a label with a number to a
    choice of labels. Meaning is kept for all integers; but whoever relies on the result should prove
    that it does what he needs, and not that it is the same as the term.
    """
    return _Reading(names).truth(term)


@dataclass(frozen=True)
class _Linear:
    """A sum of products of a number and something that is no sum."""

    parts: Mapping[Expression, int]
    rest: int = 0

    def plus(self, other: _Linear, times: int = 1) -> _Linear:
        parts = dict(self.parts)
        for atom, factor in other.parts.items():
            parts[atom] = parts.get(atom, 0) + times * factor
        kept = {atom: factor for atom, factor in parts.items() if factor}
        return _Linear(kept, self.rest + times * other.rest)

    def sides(self) -> tuple[Expression, Expression]:
        """Two expressions without subtraction whose difference it is."""
        left, right = constant(0), constant(0)
        for atom, factor in self.parts.items():
            product = mul(_number(atom), constant(abs(factor)))
            if factor > 0:
                left = add(left, product)
            else:
                right = add(right, product)
        if not self.parts or all(factor < 0 for factor in self.parts.values()):
            return add(left, constant(self.rest)), right
        return left, add(right, constant(-self.rest))

    def expression(self) -> Expression:
        total = constant(0)
        for atom, factor in sorted(self.parts.items(), key=lambda part: part[1] < 0):
            product = mul(_number(atom), constant(abs(factor)))
            total = add(total, product) if factor > 0 else sub(total, product)
        return add(total, constant(self.rest))


def _number(atom: Expression) -> Expression:
    """What stands for a number: a label's index, written out, because labels do not add up."""
    if isinstance(atom.sort, EnumSort):
        index = constant(len(atom.sort.labels) - 1)
        for place in range(len(atom.sort.labels) - 2, -1, -1):
            index = ite(eq(atom, constant(place, atom.sort)), constant(place), index)
        return index
    return as_integer(atom)


class _Reading:
    def __init__(self, names: Mapping[str, Expression]) -> None:
        self.names = names
        self.truths: dict[int, Expression] = {}
        self.numbers: dict[int, _Linear] = {}

    # ------------------------------------------------------------ truth values

    def truth(self, term: Term) -> Expression:
        key = term.get_id()
        if key not in self.truths:
            self.truths[key] = self._truth(term)
        return self.truths[key]

    def _truth(self, term: Term) -> Expression:
        if not z3.is_app(term):
            raise Unreadable("a quantifier")
        kind = term.decl().kind()
        if kind == z3.Z3_OP_UNINTERPRETED:
            return self._named(term)
        if kind in (z3.Z3_OP_EQ, z3.Z3_OP_DISTINCT):
            return self._equality(term, kind == z3.Z3_OP_EQ)
        if kind in _COMPARISONS:
            left, right = (self.number(child) for child in term.children())
            return _COMPARISONS[kind](left.plus(right, -1))
        if kind == z3.Z3_OP_NOT and term.arg(0).decl().kind() in _COMPARISONS:
            left, right = (self.number(child) for child in term.arg(0).children())
            return _COMPARISONS[_OPPOSITE[term.arg(0).decl().kind()]](left.plus(right, -1))
        if kind == z3.Z3_OP_OR:
            return disj(*self._choice(term.children()))
        children = [self.truth(child) for child in term.children()]
        if kind in _CONNECTIVES:
            return _CONNECTIVES[kind](children)
        raise Unreadable(f"`{term.decl().name()}`")

    def _equality(self, term: Term, positive: bool) -> Expression:
        children = term.children()
        if len(children) != 2:
            raise Unreadable(f"`{term.decl().name()}` of {len(children)} operands")
        if z3.is_bool(children[0]):
            same = _same(self.truth(children[0]), self.truth(children[1]))
            return same if positive else neg(same)
        left, right = (self.number(child) for child in children)
        same = _is_zero(left.plus(right, -1))
        return same if positive else neg(same)

    def _choice(self, terms: list[Term]) -> Iterator[Expression]:
        """The operands of a disjunction; "not at most or not at least" is written as "different"."""
        sides: dict[tuple[int, int], set[int]] = {}
        keys: list[tuple[int, int] | None] = []
        for term in terms:
            key = None
            if z3.is_not(term) and term.arg(0).decl().kind() in (z3.Z3_OP_LE, z3.Z3_OP_GE):
                left, right = term.arg(0).children()
                key = (left.get_id(), right.get_id())
                sides.setdefault(key, set()).add(term.arg(0).decl().kind())
            keys.append(key)
        for term, key in zip(terms, keys, strict=True):
            if key is not None and len(sides[key]) == 2:
                left, right = (self.number(child) for child in term.arg(0).children())
                yield neg(_is_zero(left.plus(right, -1)))
            else:
                yield self.truth(term)

    def _named(self, term: Term) -> Expression:
        name = term.decl().name()
        if term.num_args() or name not in self.names:
            raise Unreadable(f"`{name}`")
        return self.names[name]

    # ------------------------------------------------------------ integers

    def number(self, term: Term) -> _Linear:
        key = term.get_id()
        if key not in self.numbers:
            self.numbers[key] = self._number(term)
        return self.numbers[key]

    def _number(self, term: Term) -> _Linear:
        if z3.is_int_value(term):
            return _Linear({}, term.as_long())
        if not z3.is_app(term) or not z3.is_int(term):
            raise Unreadable("a number that is no integer")
        kind = term.decl().kind()
        if kind == z3.Z3_OP_UNINTERPRETED:
            return _Linear({self._named(term): 1})
        if kind == z3.Z3_OP_ITE:
            test, then, otherwise = term.children()
            branches = self.number(then).expression(), self.number(otherwise).expression()
            return _atom(ite(self.truth(test), *branches))
        children = [self.number(child) for child in term.children()]
        if kind == z3.Z3_OP_UMINUS:
            return _Linear({}).plus(children[0], -1)
        if kind in (z3.Z3_OP_ADD, z3.Z3_OP_SUB):
            total = children[0]
            for child in children[1:]:
                total = total.plus(child, 1 if kind == z3.Z3_OP_ADD else -1)
            return total
        if kind == z3.Z3_OP_MUL:
            product = children[0]
            for child in children[1:]:
                product = _product(product, child)
            return product
        if kind in (z3.Z3_OP_IDIV, z3.Z3_OP_MOD) and not children[1].parts and children[1].rest:
            dividend, divisor = children[0].expression(), children[1].rest
            # SMT-LIB's remainder is never negative: it is Python's, by the divisor's magnitude.
            magnitude = constant(abs(divisor))
            if kind == z3.Z3_OP_MOD:
                return _atom(modulo(dividend, magnitude))
            quotient = _atom(floordiv(dividend, magnitude))
            return quotient if divisor > 0 else _Linear({}).plus(quotient, -1)
        raise Unreadable(f"`{term.decl().name()}`")


def _atom(expression: Expression) -> _Linear:
    if expression.is_constant:
        return _Linear({}, int(expression.payload))
    return _Linear({expression: 1})


def _product(left: _Linear, right: _Linear) -> _Linear:
    if not left.parts:
        return _Linear({}).plus(right, left.rest)
    if not right.parts:
        return _Linear({}).plus(left, right.rest)
    return _atom(mul(left.expression(), right.expression()))


# ---------------------------------------------------------------- comparisons


def _of_label(one: _Linear, admits: Callable[[int], bool]) -> Expression | None:
    """A comparison of nothing but a label with a number: which labels it admits."""
    if len(one.parts) != 1:
        return None
    ((atom, factor),) = one.parts.items()
    if not isinstance(atom.sort, EnumSort):
        return None
    places = range(len(atom.sort.labels))
    good = [eq(atom, constant(k, atom.sort)) for k in places if admits(factor * k + one.rest)]
    bad = [eq(atom, constant(k, atom.sort)) for k in places if not admits(factor * k + one.rest)]
    return disj(*good) if len(good) <= len(bad) else conj(*(neg(label) for label in bad))


def _is_zero(one: _Linear) -> Expression:
    by_label = _of_label(one, lambda value: value == 0)
    if by_label is not None:
        return by_label
    if len(one.parts) == 2 and not one.rest and not sum(one.parts.values()):
        left, right = one.parts
        if isinstance(left.sort, EnumSort) and left.sort == right.sort:
            return eq(left, right)
    return eq(*one.sides())


def _at_most_zero(one: _Linear) -> Expression:
    by_label = _of_label(one, lambda value: value <= 0)
    if by_label is not None:
        return by_label
    if one.rest == 1 and len(one.parts) > 1:
        return lt(*_Linear(one.parts).sides())
    return le(*one.sides())


def _below_zero(one: _Linear) -> Expression:
    return _at_most_zero(_Linear(one.parts, one.rest + 1))


def _negative(one: _Linear) -> _Linear:
    return _Linear({}).plus(one, -1)


_COMPARISONS: dict[int, Callable[[_Linear], Expression]] = {
    z3.Z3_OP_LE: _at_most_zero,
    z3.Z3_OP_LT: _below_zero,
    z3.Z3_OP_GE: lambda one: _at_most_zero(_negative(one)),
    z3.Z3_OP_GT: lambda one: _below_zero(_negative(one)),
}


_OPPOSITE = {
    z3.Z3_OP_LE: z3.Z3_OP_GT,
    z3.Z3_OP_LT: z3.Z3_OP_GE,
    z3.Z3_OP_GE: z3.Z3_OP_LT,
    z3.Z3_OP_GT: z3.Z3_OP_LE,
}


def _same(left: Expression, right: Expression) -> Expression:
    if not isinstance(left.sort, BoolSort) or not isinstance(right.sort, BoolSort):
        raise Unreadable("an equality of different sorts")
    return eq(left, right)


_CONNECTIVES: dict[int, Callable[[list[Any]], Expression]] = {
    z3.Z3_OP_TRUE: lambda operands: TRUE,
    z3.Z3_OP_FALSE: lambda operands: FALSE,
    z3.Z3_OP_AND: lambda operands: conj(*operands),
    z3.Z3_OP_NOT: lambda operands: neg(operands[0]),
    z3.Z3_OP_IMPLIES: lambda operands: implies(*operands),
    z3.Z3_OP_XOR: lambda operands: ne(*operands),
    z3.Z3_OP_ITE: lambda operands: ite(*operands),
}
