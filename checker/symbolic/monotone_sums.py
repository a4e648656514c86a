"""Sums and differences that no sampled step raises: each is bounded by what it is initially.

An equation that every step keeps is the special case of a Petri net's place invariant; what is lost on
the way (a request, a server) leaves an inequality.

References
----------
T. Murata, "Petri nets: properties, analysis and applications", Proceedings of the IEEE 77 (1989),
section VII, for place invariants and subinvariants.
"""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import numpy.typing as npt

from checker.symbolic.known_sums import KnownSums, inequality, numbers_of
from checker.symbolic.samples import Samples
from checker.symbolic.vocabulary import Vocabulary
from checker.system.expression import Expression

__all__ = ["monotone_sums"]

_Numbers = npt.NDArray[np.int64]

_MOST_NUMBERS = 16
"""More numbers are not combined."""

_FEW_NUMBERS = 9
"""Of so many up to five are combined at a time, otherwise four."""

_LARGEST = 8
"""Bounds beyond it are taken for accidents of the sample."""


def monotone_sums(
    words: Vocabulary, most: int = 120, *, counted: bool = False
) -> tuple[Expression, ...]:
    """Inequalities `sum <= other sum + number` that hold because no sampled step raises the difference.

    Parameters
    ----------
    words : Vocabulary
    most : int
        How many at most, those of few terms first.
    counted : bool
        Whether the numbers are also how many elements of a row have a label; of these sums at most
        three numbers are combined, and those that count nothing are left out.

    Returns
    -------
    tuple of Expression
        The number is the same for every size that was sampled. None is the sum of two others, or of
        another and of what the domains say.
    """
    table = numbers_of(words, _MOST_NUMBERS, counted)
    if table is None:
        return ()
    known = KnownSums(table)
    changes = _changes(words.samples, table.values)
    found: list[Expression] = []
    largest = 3 if counted else 5 if len(table.terms) <= _FEW_NUMBERS else 4
    for size in range(1 if counted else 2, largest + 1):
        for weights in _never_raised(changes, table.frozen, size):
            limit = known.limit(weights)
            if limit is None or abs(limit) > _LARGEST or known.follows(weights, limit):
                continue
            known.admit(weights, limit)
            if not counted or table.counts(weights):
                found.append(inequality(table.terms, weights, limit))
            if len(found) >= most:
                return tuple(found)
    return tuple(found)


def _changes(samples: Samples, values: _Numbers) -> _Numbers:
    """By how much steps change the numbers, each difference once."""
    taken = [(step.source, step.target) for step in samples.steps if step.target >= 0]
    if not taken:
        return np.zeros((0, values.shape[1]), dtype=np.int64)
    sources, targets = np.array(taken).T
    changes: _Numbers = np.unique(values[targets] - values[sources], axis=0)
    return changes


def _never_raised(changes: _Numbers, frozen: npt.NDArray[np.bool_], size: int) -> list[_Numbers]:
    """Weights 1 and -1 of so many numbers whose sum no change raises, not all of them frozen."""
    width = changes.shape[1]
    signs = np.array(list(product((1, -1), repeat=size)), dtype=np.int64)
    kept = []
    for chosen in combinations(range(width), size):
        if frozen[list(chosen)].all():
            continue
        raised = changes[:, chosen] @ signs.T
        for row in np.flatnonzero((raised <= 0).all(axis=0)):
            weights = np.zeros(width, dtype=np.int64)
            weights[list(chosen)] = signs[row]
            kept.append(weights)
    return kept
