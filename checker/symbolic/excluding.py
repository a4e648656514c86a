"""Lemmas to try next: what excludes a state that stands in the way, and no state that was sampled."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from checker.symbolic.evaluation import Row, row_function
from checker.symbolic.vocabulary import Vocabulary
from checker.system.expression import Expression, disj

__all__ = ["Exclusions"]

_Truth = npt.NDArray[np.bool_]

_MOST_ATOMS = 600
_ALONE, _OF_TWO, _OF_THREE = 12, 24, 12
"""How many clauses of one, two and three atoms are tried against one state."""


class Exclusions:
    """Clauses over the vocabulary of a system.

    Parameters
    ----------
    words : Vocabulary

    Notes
    -----
    A clause of atoms that are all false in the state excludes it. It holds in every sample if each of
    them satisfies one of the atoms: a covering of the samples, and the smaller the better.
    """

    def __init__(self, words: Vocabulary) -> None:
        atoms = dict.fromkeys((*words.literals, *words.conditions, *words.comparisons))
        self.atoms: list[Expression] = [one for one in atoms if words.truth(one).any()][:_MOST_ATOMS]
        self.table: _Truth = words.table(self.atoms)
        self.values = row_function(words.system, self.atoms)

    def clauses(self, row: Row) -> tuple[Expression, ...]:
        """Clauses that are false in a state and true in every sample, the simplest first."""
        truths = self.values(row)
        places = [place for place, truth in enumerate(truths) if not truth]
        if not places:
            return ()
        found: dict[Expression, None] = {}
        for clause in self._covers(self.table[places]):
            one = disj(*(self.atoms[places[place]] for place in clause))
            if not one.is_constant:
                found[one] = None
        return tuple(found)

    def _covers(self, table: _Truth) -> Iterator[tuple[int, ...]]:
        """Small sets of rows of which each column has one that is true."""
        missing = (~table).astype(np.float32)
        common = missing @ missing.T
        alone = np.flatnonzero(np.diagonal(common) == 0)
        yield from ((int(place),) for place in alone[:_ALONE])
        useful = np.flatnonzero(np.diagonal(common) > 0)
        pairs = np.argwhere(np.triu(common[np.ix_(useful, useful)] == 0, 1))
        # What stands far ahead in the vocabulary is simpler than what stands behind.
        order = np.argsort(pairs.sum(axis=1), kind="stable")[:_OF_TWO]
        yield from ((int(useful[one]), int(useful[two])) for one, two in pairs[order])
        yield from self._greedy(~table, [int(place) for place in useful])

    def _greedy(self, missing: _Truth, useful: list[int]) -> Iterator[tuple[int, ...]]:
        """From each of the first rows on the two that cover most of what it leaves out."""
        if len(useful) < 3:
            return
        for first in useful[:_OF_THREE]:
            rest = missing[first]
            second = useful[int((missing[useful] & rest).sum(axis=1).argmin())]
            rest = rest & missing[second]
            third = useful[int((missing[useful] & rest).sum(axis=1).argmin())]
            if rest.any() and not (rest & missing[third]).any():
                yield (first, second, third)
