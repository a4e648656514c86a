"""Linear equations that hold in every sample: sums that a model keeps without saying so.

M. Karr, "Affine relationships among variables of a program", Acta Informatica 6 (1976); here they are
read off samples, by elimination over the rationals, instead of being propagated.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm

import numpy as np
import numpy.typing as npt

from checker.system.expression import Expression, add, constant, eq, mul

__all__ = ["equations", "sides"]

_MOST_TERMS = 5
"""Terms of an equation, the number by itself not counted."""

_LARGEST = 4
"""Coefficients beyond it make no equation that one would recognise."""


def equations(terms: Sequence[Expression], columns: npt.NDArray[np.int64]) -> tuple[Expression, ...]:
    """A basis of the linear equations that hold in every row, as far as they are small.

    Parameters
    ----------
    terms : sequence of Expression
        Whole numbers.
    columns : ndarray of int64, shape (terms, samples)
        Their values.

    Returns
    -------
    tuple of Expression
        Each is an equality of two sums with whole coefficients.
    """
    count, samples = columns.shape
    if not samples or not count:
        return ()
    if np.abs(columns).max() > 2**40:
        return ()
    # The number by itself comes last, so that it is never the unknown that is eliminated.
    table = np.vstack([columns, np.ones((1, samples), dtype=np.int64)])
    chosen = [0]
    while True:
        basis = _null_space([[int(value) for value in table[:, place]] for place in chosen])
        if not basis:
            return ()
        if max(abs(number) for vector in basis for number in vector) > 2**16:
            return ()
        broken = (np.array(basis, dtype=np.int64) @ table != 0).any(axis=0)
        if not broken.any():
            break
        chosen.append(int(broken.argmax()))
    found = []
    for vector in basis:
        support = [number for number in vector[:-1] if number]
        if 1 <= len(support) <= _MOST_TERMS and max(map(abs, support)) <= _LARGEST:
            found.append(_equation(terms, vector))
    return tuple(found)


def _null_space(rows: list[list[int]]) -> list[list[int]]:
    """A basis of the vectors at right angles to all rows, in lowest whole numbers."""
    width = len(rows[0])
    reduced: list[list[Fraction]] = []
    pivots: list[int] = []
    for row in rows:
        rest = [Fraction(value) for value in row]
        for pivot, known in zip(pivots, reduced, strict=True):
            if rest[pivot]:
                factor = rest[pivot]
                rest = [a - factor * b for a, b in zip(rest, known, strict=True)]
        lead = next((place for place, value in enumerate(rest) if value), None)
        if lead is None:
            continue
        rest = [value / rest[lead] for value in rest]
        for number, known in enumerate(reduced):
            if known[lead]:
                factor = known[lead]
                reduced[number] = [a - factor * b for a, b in zip(known, rest, strict=True)]
        reduced.append(rest)
        pivots.append(lead)
    basis = []
    for free in range(width):
        if free in pivots:
            continue
        vector = [Fraction(0)] * width
        vector[free] = Fraction(1)
        for pivot, known in zip(pivots, reduced, strict=True):
            vector[pivot] = -known[free]
        scale = lcm(*(value.denominator for value in vector))
        whole = [int(value * scale) for value in vector]
        divisor = gcd(*whole)
        basis.append([value // divisor for value in whole])
    return basis


def sides(
    terms: Sequence[Expression], weights: Sequence[int]
) -> tuple[Expression | None, Expression | None]:
    """The terms with positive weights, added up, and those with negative ones; None for no terms."""
    found: list[Expression | None] = [None, None]
    for term, weight in zip(terms, weights, strict=True):
        if weight:
            side = 0 if weight > 0 else 1
            part = mul(term, constant(abs(weight)))
            known = found[side]
            found[side] = part if known is None else add(known, part)
    return found[0], found[1]


def _equation(terms: Sequence[Expression], vector: Sequence[int]) -> Expression:
    """Positive coefficients on one side, negative ones on the other."""
    scaled = [number if sum(vector[:-1]) >= 0 else -number for number in vector]
    left, right = sides(terms, scaled[:-1])
    number = -scaled[-1]
    if left is None:
        assert right is not None
        return eq(right, constant(-number))
    if right is None:
        return eq(left, constant(number))
    if number >= 0:
        return eq(left, add(right, constant(number)))
    return eq(add(left, constant(-number)), right)
