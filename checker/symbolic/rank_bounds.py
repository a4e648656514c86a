"""What a rank says in numbers: how many steps to the rest, and how much work each fault adds.

Nothing is claimed that is not proved here: each figure is the answer to queries of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import z3

from checker.regimes.regime import UnderRegime
from checker.symbolic.asking import Budget, ask
from checker.symbolic.houdini import fresh_solver
from checker.symbolic.numbers import Term
from checker.symbolic.rank_checking import lower, successor
from checker.symbolic.rank_text import rank_text
from checker.symbolic.relation import Move, Relation
from checker.system.expression import Expression, add, constant, mul
from checker.system.proof import Proof
from checker.system.sorts import IntSort

__all__ = ["measured", "step_bound"]

_LARGEST_GAIN = 8


def measured(under: UnderRegime, proof: Proof, budget: Budget | None = None) -> dict[str, Any]:
    """`bound` on steps and `gain` of each fault, as text; empty where nothing of it is proved.

    Parameters
    ----------
    under : UnderRegime
    proof : Proof
        Whose obligations are confirmed; its invariant may have more lemmas than they need.
    budget : Budget, optional

    Notes
    -----
    Let V be the only rank. If every recurring step outside the rest that changes the state lowers it,
    unless it leads into the rest, then at most V(s) steps lead from s into the rest where V is positive
    outside it, and at most V(s) + 1 in any case. If moreover steps into the rest lower V too, V is
    nowhere negative, no recurring step inside the rest raises it, and a fault f raises it by at most
    κ_f, then a run takes at most V(s₀) + Σ κ_f·n_f steps outside the rest, for whatever numbers n_f of
    faults: a discrete input-to-state bound.
    """
    bound = step_bound(under, proof, budget)
    if bound is None:
        return {}
    figures: dict[str, Any] = {"bound": rank_text(bound)}
    question = _Question(under, proof, budget)
    if question.counts_work():
        gains = {move.action.name: question.gain(move) for move in question.faults()}
        if gains:
            figures["gain"] = {
                name: "no bound" if gain is None else rank_text(gain) for name, gain in gains.items()
            }
    return figures


def step_bound(under: UnderRegime, proof: Proof, budget: Budget | None = None) -> Expression | None:
    """How many steps that change the state lead into the rest at most, once faults have stopped.

    Parameters
    ----------
    under : UnderRegime
    proof : Proof
    budget : Budget, optional

    Returns
    -------
    Expression or None
        Over the state after the last fault; None where the rank does not say.
    """
    if len(proof.ranks) > 1:
        return None
    question = _Question(under, proof, budget)
    if not question.always_falls():
        return None
    rank = question.rank
    sharp = question.is_at_least(1, question.outside) or (
        question.is_at_least(0) and question.always_falls(also_into_the_rest=True)
    )
    return rank if sharp else add(rank, constant(1))


class _Question:
    def __init__(self, under: UnderRegime, proof: Proof, budget: Budget | None) -> None:
        self.under = under
        self.proof = proof
        # Without a rank every step leads into the rest, or some may go on for ever.
        self.rank = proof.ranks[0] if proof.ranks else constant(0)
        self.budget = budget
        self.relation = Relation(under.system)
        self.invariant = z3.And(*(self.relation.read(lemma) for lemma in proof.invariant))
        self.outside = z3.Not(self.relation.read(proof.rest))

    def always_falls(self, *, also_into_the_rest: bool = False) -> bool:
        """Every step outside the rest lowers the rank, unless it leads into it."""
        return all(
            self.impossible(
                self.outside,
                move.possible,
                move.changes,
                z3.BoolVal(True) if also_into_the_rest else z3.Not(self._arrives(move)),
                z3.Not(lower(self.relation, move, (self.rank,))),
            )
            for move in self.recurring()
        )

    def is_at_least(self, number: int, *where: Term) -> bool:
        """The rank is at least so much."""
        return self.impossible(*where, self.relation.read(self.rank) < number)

    def counts_work(self) -> bool:
        """The rank pays for every step outside the rest, and steps inside do not raise it."""
        return (
            self.is_at_least(0)
            and self.always_falls(also_into_the_rest=True)
            and all(self.adds_at_most(move, constant(0)) for move in self.recurring())
        )

    def _arrives(self, move: Move) -> Term:
        return successor(self.relation, move)(self.proof.rest)

    def gain(self, move: Move) -> Expression | None:
        """By how much a fault raises the rank at most: a small number, or one that a size bounds."""
        for gain in self.gains():
            if self.adds_at_most(move, gain):
                return gain
        return None

    def gains(self) -> Iterator[Expression]:
        """Gains to try, the smallest first."""
        for number in range(_LARGEST_GAIN + 1):
            yield constant(number)
        changed = {name for action in self.under.system.actions for name, _ in action.updates}
        for one in self.under.system.variables:
            if isinstance(one.domain.sort, IntSort) and one.name not in changed:
                for factor in (1, 2):
                    yield mul(one.node, constant(factor))

    def adds_at_most(self, move: Move, gain: Expression) -> bool:
        """A move raises the rank by at most so much."""
        after = successor(self.relation, move)(self.rank)
        limit = self.relation.read(add(self.rank, gain))
        return self.impossible(move.possible, after > limit)

    def recurring(self) -> Sequence[Move]:
        """Moves that may happen for ever."""
        return [one for one in self.relation.moves if one.action.name in self.under.recurring]

    def faults(self) -> Sequence[Move]:
        """Moves that stop."""
        return [one for one in self.relation.moves if one.action.name not in self.under.recurring]

    def impossible(self, *terms: Term) -> bool:
        """Z3 shows that these exclude each other, given the invariant."""
        solver = fresh_solver()
        solver.add(self.invariant, *terms)
        return bool(ask(solver, budget=self.budget) == z3.unsat)
