"""Inequalities between sums of few variables that hold wherever some condition does.

Octahedra with unit coefficients (R. Clarisó, J. Cortadella, "The octahedron abstract domain", SAS 2004),
one for each condition, as far as samples of several sizes tell them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product

import numpy as np
import numpy.typing as npt

from checker.symbolic.known_sums import KnownSums, inequality, numbers_of
from checker.symbolic.vocabulary import Vocabulary
from checker.system.expression import Expression, implies

__all__ = ["conditional_sums"]

_Numbers = npt.NDArray[np.int64]

_MOST_NUMBERS = 8
_MOST_TERMS = 4
_LARGEST = 2
"""Bounds beyond it are taken for accidents of the sample."""

_FOR_EACH = 40
"""Inequalities under one condition."""


def conditional_sums(words: Vocabulary, most: int = 500) -> tuple[Expression, ...]:
    """Lemmas `condition implies sum <= other sum + number` that hold in every sample.

    Parameters
    ----------
    words : Vocabulary
    most : int
        How many at most.

    Returns
    -------
    tuple of Expression
        The numbers are the same for every size that was sampled. Nothing where there are too many
        numbers for all their sums.
    """
    table = numbers_of(words, _MOST_NUMBERS)
    if table is None:
        return ()
    weights = list(_weights([bool(one) for one in table.frozen]))
    if not weights:
        return ()
    sums = table.values @ np.stack(weights).T
    found: dict[Expression, None] = {}
    for premise in _premises(words):
        where = words.truth(premise)
        if where.all() or not where.any():
            continue
        known = KnownSums(table, where)
        highest = sums[where].max(axis=0)
        count = 0
        for place in np.flatnonzero(np.abs(highest) <= _LARGEST):
            limit = known.limit(weights[place])
            if limit is None or known.follows(weights[place], limit):
                continue
            known.admit(weights[place], limit)
            lemma = inequality(table.terms, weights[place], limit)
            if sums[:, place].max() > limit:
                found[implies(premise, lemma)] = None
                count += 1
            if count >= _FOR_EACH or len(found) >= most:
                break
    return tuple(one for one in found if not one.is_constant)[:most]


def _premises(words: Vocabulary) -> Iterator[Expression]:
    yield from words.literals[:24]
    yield from words.conditions[:24]


def _weights(frozen: list[bool]) -> Iterator[_Numbers]:
    """Weights 1 and -1 of two, three or four numbers, not all of them frozen."""
    for size in range(2, _MOST_TERMS + 1):
        for chosen in combinations(range(len(frozen)), size):
            if all(frozen[place] for place in chosen):
                continue
            for signs in product((1, -1), repeat=size):
                weights = np.zeros(len(frozen), dtype=np.int64)
                weights[list(chosen)] = signs
                yield weights
