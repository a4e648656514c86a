"""Counterexample-guided search for a rank and for helpful predicates, given an invariant and a rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checker.regimes.regime import UnderRegime
from checker.symbolic.asking import Budget
from checker.symbolic.features import Feature, conditions, features, literals
from checker.symbolic.help_search import Help, find_help, uncovered
from checker.symbolic.helpful import Unit
from checker.symbolic.known_steps import KnownSteps
from checker.symbolic.rank_refutation import NotDecided, Refutation
from checker.symbolic.rank_search import next_level, rank_of
from checker.system.expression import Expression
from checker.system.proof import Helpful, Proof
from checker.system.run import State

__all__ = ["NoProof", "synthesize"]

_MOST_ROUNDS = 150
"""Proposals that are refuted before a degree of richness is given up."""

_RICHEST = 2

_MOST_LEVELS = 6


@dataclass(frozen=True, slots=True)
class NoProof:
    """Why no rank was found.

    Parameters
    ----------
    reason : str
    state : State or None
        An example of a state in which nothing is known to help.
    """

    reason: str
    state: State | None = None


def synthesize(
    under: UnderRegime,
    goal: Expression,
    invariant: tuple[Expression, ...],
    rest: Expression,
    units: Sequence[Unit],
    known: KnownSteps,
    budget: Budget | None = None,
    progress: Callable[[str], None] | None = None,
) -> Proof | NoProof:
    """Ranks and helpful predicates that no step refutes, as far as Z3 can tell.

    Parameters
    ----------
    under : UnderRegime
    goal : Expression
    invariant : tuple of Expression
    rest : Expression
    units : sequence of Unit
    known : KnownSteps
        Grows with every refutation.
    budget : Budget, optional
    progress : callable, optional
        Told in words what is going on.
    """
    search = _Search(under, goal, invariant, rest, units, known, budget)
    outcome: Proof | NoProof = NoProof("no rank was found")
    for richness in range(_RICHEST + 1):
        if progress is not None:
            progress(f"ranks, features of degree {richness}")
        try:
            outcome = search.run(features(under.system, goal, richness))
        except NotDecided as why:
            return NoProof(f"Z3 did not decide whether a proposed rank is one ({why})")
        if isinstance(outcome, Proof) or (budget is not None and budget.spent):
            break
    return outcome


class _Search:
    def __init__(
        self,
        under: UnderRegime,
        goal: Expression,
        invariant: tuple[Expression, ...],
        rest: Expression,
        units: Sequence[Unit],
        known: KnownSteps,
        budget: Budget | None,
    ) -> None:
        self.under = under
        self.invariant = invariant
        self.rest = rest
        self.units = units
        self.unit = {(unit.group, unit.arguments): unit for unit in units}
        self.known = known
        self.budget = budget
        self.conditions = (*literals(under.system), *conditions(under.system, goal))
        self.refutation = Refutation(under, invariant, rest, budget)

    def run(self, offered: Sequence[Feature]) -> Proof | NoProof:
        """Propose and refute until one or the other comes to an end."""
        failed: str | None = "too many proposals were refuted"
        for _ in range(_MOST_ROUNDS):
            if self.budget is not None and self.budget.spent:
                return NoProof("the time is up while ranks were being proposed")
            proposal = self.propose(offered)
            if isinstance(proposal, NoProof):
                return proposal
            ranks, helpful = proposal
            size = (len(self.known.columns), len(self.known.table))
            failed = self.refutation.refute(ranks, helpful, self.unit, self.known)
            if failed is None:
                return Proof(self.invariant, self.rest, ranks, helpful)
            if size == (len(self.known.columns), len(self.known.table)):
                break
        return NoProof(f"no rank was found: {failed}")

    def propose(
        self, offered: Sequence[Feature]
    ) -> tuple[tuple[Expression, ...], tuple[Helpful, ...]] | NoProof:
        """Ranks and helpful predicates that the known steps do not refute."""
        outside = np.logical_not(self.known.columns(self.rest))
        table = self.known.table
        table = table[outside[table[:, 0]] & outside[table[:, 1]]]
        falls = self._falls(offered, table)
        weights = [feature.weight for feature in offered]
        left = np.arange(len(table))
        ranks: list[Expression] = []
        while True:
            help = Help(outside, table[left])
            bare = uncovered(self.known, self.units, help)
            if not bare.size:
                helpful = find_help(self.known, self.units, help, self.conditions)
                if helpful is not None:
                    return tuple(ranks), helpful
            level = None
            if left.size and len(ranks) < _MOST_LEVELS:
                level = next_level(falls[left], weights)
            if level is None:
                if bare.size:
                    return NoProof("nothing is known to help", self.known.columns.state(int(bare[0])))
                return NoProof("no conditions say where which action helps")
            ranks.append(rank_of(level, offered))
            numbers, coefficients = zip(*level.terms, strict=True)
            fall = falls[np.ix_(left, np.array(numbers))] @ np.array(coefficients, dtype=np.float64)
            left = left[fall == 0]

    def _falls(
        self, offered: Sequence[Feature], table: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float64]:
        """By how much each step lowers each feature, shape (steps, features)."""
        source, target = table[:, 0], table[:, 1]
        falls = np.empty((len(table), len(offered)))
        for place, feature in enumerate(offered):
            values = self.known.columns(feature.value)
            falls[:, place] = values[source] - values[target]
        return falls
