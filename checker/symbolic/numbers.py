"""What integers become in Z3: mathematical integers, or bit-vectors too wide to overflow.

Python's `//` rounds towards minus infinity and its `%` has the sign of the divisor; SMT-LIB's integer
`div` and `mod` have a remainder that is never negative, and `bvsdiv` rounds towards zero. All three
agree only where nothing is negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import z3

from checker.system.bounds import Bounds
from checker.system.expression import Expression
from checker.system.sorts import BoolSort, Domain, IntSort, Sort
from checker.system.walk import topological

__all__ = ["BitVectors", "Integers", "NotFinite", "Numbers", "width_for"]

Term = Any
"""A Z3 expression. (Its stubs do not tell the sorts apart.)"""


class NotFinite(ValueError):
    """A number has no least or no greatest value, so that no bit-vector is wide enough for it."""


class Numbers(Protocol):
    """A theory in which integers and labels are written; truth values are Z3's own."""

    def symbol(self, name: str, sort: Sort) -> Term:
        """A constant of a sort."""

    def literal(self, value: int) -> Term:
        """A number."""

    def less(self, left: Term, right: Term) -> Term:
        """left < right."""

    def at_most(self, left: Term, right: Term) -> Term:
        """left <= right."""

    def floordiv(self, left: Term, right: Term) -> Term:
        """Python's `//`; 0 where the divisor is 0."""

    def modulo(self, left: Term, right: Term) -> Term:
        """Python's `%`; 0 where the divisor is 0."""

    def value(self, term: Term) -> int:
        """The number that a literal stands for."""


class Integers:
    """Mathematical integers: nothing overflows, and nothing needs a greatest value."""

    def symbol(self, name: str, sort: Sort) -> Term:
        """A constant of a sort."""
        return z3.Bool(name) if isinstance(sort, BoolSort) else z3.Int(name)

    def literal(self, value: int) -> Term:
        """A number."""
        return z3.IntVal(value)

    def less(self, left: Term, right: Term) -> Term:
        """left < right."""
        return left < right

    def at_most(self, left: Term, right: Term) -> Term:
        """left <= right."""
        return left <= right

    def floordiv(self, left: Term, right: Term) -> Term:
        """Python's `//`; 0 where the divisor is 0."""
        # SMT-LIB's `div` rounds down where the divisor is positive.
        if z3.is_int_value(right):
            divisor = right.as_long()
            if divisor == 0:
                return z3.IntVal(0)
            return left / right if divisor > 0 else (-left) / z3.IntVal(-divisor)
        down = z3.If(right > 0, left / right, (-left) / (-right))
        return z3.If(right == 0, z3.IntVal(0), down)

    def modulo(self, left: Term, right: Term) -> Term:
        """Python's `%`; 0 where the divisor is 0."""
        if z3.is_int_value(right):
            divisor = right.as_long()
            if divisor == 0:
                return z3.IntVal(0)
            return left % right if divisor > 0 else -((-left) % z3.IntVal(-divisor))
        rest = z3.If(right > 0, left % right, -((-left) % (-right)))
        return z3.If(right == 0, z3.IntVal(0), rest)

    def value(self, term: Term) -> int:
        """The number that a literal stands for."""
        return int(term.as_long())


class BitVectors:
    """Signed bit-vectors of one width, which has to be enough for every value that can occur.

    Parameters
    ----------
    width : int
        In bits, the sign included; see `width_for`.
    """

    def __init__(self, width: int) -> None:
        self.width = width

    def symbol(self, name: str, sort: Sort) -> Term:
        """A constant of a sort."""
        return z3.Bool(name) if isinstance(sort, BoolSort) else z3.BitVec(name, self.width)

    def literal(self, value: int) -> Term:
        """A number."""
        return z3.BitVecVal(value, self.width)

    def less(self, left: Term, right: Term) -> Term:
        """left < right."""
        return left < right

    def at_most(self, left: Term, right: Term) -> Term:
        """left <= right."""
        return left <= right

    def floordiv(self, left: Term, right: Term) -> Term:
        """Python's `//`; 0 where the divisor is 0."""
        zero = self.literal(0)
        rest = z3.SRem(left, right)
        # `bvsdiv` rounds towards zero: one too much where the signs differ and something is left.
        uneven = z3.And(rest != zero, (rest < zero) != (right < zero))
        down = left / right - z3.If(uneven, self.literal(1), zero)
        return z3.If(right == zero, zero, down)

    def modulo(self, left: Term, right: Term) -> Term:
        """Python's `%`; 0 where the divisor is 0."""
        zero = self.literal(0)
        # `bvsmod` has the sign of the divisor, as Python has it; Z3's `%` on bit-vectors is that.
        return z3.If(right == zero, zero, left % right)

    def value(self, term: Term) -> int:
        """The number that a literal stands for."""
        return int(term.as_signed_long())


def width_for(roots: Iterable[Expression], domains: Mapping[str, Domain]) -> int:
    """Bits, the sign included, in which no value of any node below the roots overflows.

    Parameters
    ----------
    roots : iterable of Expression
        Without quantifiers.
    domains : mapping of str to Domain
        Of the variables that occur.

    Raises
    ------
    NotFinite
        If some number can be arbitrarily large.
    """
    analysis = Bounds(domains)
    widest = 1
    for node in topological(roots):
        if node.operator == "array":
            # An index is compared with every position, also one that it cannot be.
            widest = max(widest, (len(node.operands) - 1).bit_length())
            continue
        if isinstance(node.sort, BoolSort):
            continue
        low, high = analysis.of(node)
        if not (abs(low) < float("inf") and abs(high) < float("inf")):
            what = "an integer" if isinstance(node.sort, IntSort) else "a label"
            raise NotFinite(f"{what} in the model has no greatest or no least value")
        if low <= high:
            widest = max(widest, int(high).bit_length(), int(-low - 1).bit_length() if low < 0 else 0)
    # One for the sign, and one so that the negation and the quotient of the least value fit, too.
    return widest + 2
