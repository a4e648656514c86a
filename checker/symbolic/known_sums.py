"""Sums of a model's numbers, and what limits them in samples of several sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checker.symbolic.affine import sides
from checker.symbolic.counting import counts
from checker.symbolic.vocabulary import Vocabulary
from checker.system.bounds import Interval
from checker.system.expression import Expression, add, constant, le
from checker.system.sorts import IntSort
from checker.system.walk import variables_of

__all__ = ["KnownSums", "Table", "inequality", "numbers_of"]

_Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Table:
    """Numbers that could be added up, and their values in every sample.

    Parameters
    ----------
    terms : tuple of Expression
        Integer variables, and how many elements of a row have a label.
    values : ndarray of int64, shape (samples, terms)
    sizes : ndarray of int, shape (samples,)
        Which values of the parameters a sample has, numbered from 0.
    frozen : ndarray of bool, shape (terms,)
        Whether a term is a parameter.
    reach : tuple of Interval
        Least and greatest value of each term by the domains.
    """

    terms: tuple[Expression, ...]
    values: _Numbers
    sizes: npt.NDArray[np.intp]
    frozen: npt.NDArray[np.bool_]
    reach: tuple[Interval, ...]

    def counts(self, weights: _Numbers) -> bool:
        """Whether a weighted sum counts something."""
        return any(self.terms[place].operator != "variable" for place in np.flatnonzero(weights))


def numbers_of(words: Vocabulary, most: int, counted: bool = False) -> Table | None:
    """The numbers of a model as a table; None if there are none, too many, or too large ones to add up.

    Parameters
    ----------
    words : Vocabulary
    most : int
        How many numbers at most.
    counted : bool
        Whether the labels in rows of like variables are counted, too.
    """
    terms = [one.node for one in words.system.variables if isinstance(one.domain.sort, IntSort)]
    terms += counts(words.system) if counted else ()
    if not terms or len(terms) > most or not len(words.samples):
        return None
    columns = [words.column(one) for one in terms]
    known = [column for column in columns if column is not None]
    if len(known) < len(columns):
        return None
    values = np.stack(known, axis=1).astype(np.int64)
    if np.abs(values).max() > 2**40:
        return None
    frozen = np.array([variables_of([one]) <= words.frozen for one in terms])
    _, sizes = np.unique(values[:, frozen], axis=0, return_inverse=True)
    reach = tuple(words.bounds.of(one) for one in terms)
    return Table(tuple(terms), values, sizes.reshape(-1), frozen, reach)


class KnownSums:
    """Sums with their limits that are taken already: at first what the domains say.

    Parameters
    ----------
    table : Table
    where : ndarray of bool, shape (samples,), optional
        The samples that count; some do.
    """

    def __init__(self, table: Table, where: npt.NDArray[np.bool_] | None = None) -> None:
        self.values = table.values if where is None else table.values[where]
        sizes = table.sizes if where is None else table.sizes[where]
        _, numbered = np.unique(sizes, return_inverse=True)
        self.sizes = numbered.reshape(-1)
        self.count = int(self.sizes.max()) + 1
        self.limits: dict[bytes, int] = {}
        self.taken: list[tuple[_Numbers, int]] = []
        for place, (low, high) in enumerate(table.reach):
            unit = np.zeros(len(table.terms), dtype=np.int64)
            unit[place] = 1
            if low > -float("inf"):
                self.admit(-unit, -int(low))
            if high < float("inf"):
                self.admit(unit, int(high))

    def admit(self, weights: _Numbers, limit: int) -> None:
        """Take a sum."""
        self.limits[weights.tobytes()] = limit
        self.taken.append((weights, limit))

    def limit(self, weights: _Numbers) -> int | None:
        """The greatest value of a sum, if it is the same for every size."""
        sums = self.values @ weights
        highest = np.full(self.count, np.iinfo(np.int64).min)
        np.maximum.at(highest, self.sizes, sums)
        return int(highest[0]) if (highest == highest[0]).all() else None

    def follows(self, weights: _Numbers, limit: int) -> bool:
        """Whether it is the sum of two that are taken."""
        for other, bound in self.taken:
            rest = self.limits.get((weights - other).tobytes())
            if rest is not None and rest + bound <= limit:
                return True
        return False


def inequality(terms: Sequence[Expression], weights: _Numbers, limit: int) -> Expression:
    """The weighted sum is at most a number, without negative terms on either side."""
    left, right = sides(terms, [int(weight) for weight in weights])
    if right is None:
        assert left is not None
        return le(left, constant(limit))
    if left is None:
        return le(constant(-limit), right)
    if limit < 0:
        return le(add(left, constant(-limit)), right)
    return le(left, add(right, constant(limit)))
