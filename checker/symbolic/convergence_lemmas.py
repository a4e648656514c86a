"""The invariant under a proof of convergence, and how it grows: by what excludes a state in the way."""

from __future__ import annotations

from collections.abc import Sequence

import z3

from checker.regimes.regime import UnderRegime
from checker.symbolic.asking import Budget, ask
from checker.symbolic.candidates import candidates
from checker.symbolic.excluding import Exclusions
from checker.symbolic.houdini import Inductiveness, fresh_solver
from checker.symbolic.numbers import Term
from checker.symbolic.safety_proofs import prove_safety
from checker.symbolic.samples import Samples
from checker.symbolic.vocabulary import Vocabulary
from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.run import State
from checker.system.transition_system import Property

__all__ = ["Lemmas"]

_TRIED = 3
"""Clauses that are each made the goal of a proof of safety, to exclude one state."""


class Lemmas:
    """Guesses about the reachable states, and which of them are an invariant.

    Parameters
    ----------
    under : UnderRegime
    claim : Property
        Of kind "converges".
    samples : Samples
    budget : Budget, optional
    more : sequence of Expression
        Further guesses.

    Attributes
    ----------
    steps : Inductiveness
    invariant : tuple of Expression
        Inductive, as `checker.symbolic.houdini` confirms it.
    """

    def __init__(
        self,
        under: UnderRegime,
        claim: Property,
        samples: Samples,
        budget: Budget | None,
        more: Sequence[Expression] = (),
    ) -> None:
        assert claim.predicate is not None
        self.under = under
        self.claim = claim
        self.goal = claim.predicate
        self.samples = samples
        self.budget = budget
        self.steps = Inductiveness(under)
        self.guesses = dict.fromkeys((*more, *candidates(under.system, samples, self.goal)))
        self.invariant = self.steps.largest(tuple(self.guesses), budget)
        self._exclusions: Exclusions | None = None

    def may_go_wrong(self) -> tuple[str, State | None] | None:
        """What the invariant does not exclude from going wrong, and a state where it would."""
        for move in self.steps.moves:
            for hazard, where in move.hazards:
                state = self._meets(z3.And(move.inside, move.guard, where))
                if state is not None:
                    return f"no invariant was found that excludes: {hazard.message}", state or None
        for hazard in self.claim.hazards:
            state = self._meets(self.steps.before(hazard.condition))
            if state is not None:
                return (
                    f"no invariant was found that excludes, in the goal: {hazard.message}",
                    state or None,
                )
        return None

    def exclude(self, state: State) -> bool:
        """Find lemmas that exclude a state; whether there are such."""
        row = tuple(state[one.name] for one in self.under.system.variables)
        if row in self.samples.rows:
            return False
        if self._exclusions is None:
            words = Vocabulary(self.under.system, self.samples, (self.goal,))
            self._exclusions = Exclusions(words)
        clauses = [one for one in self._exclusions.clauses(row) if one not in self.guesses]
        if not clauses:
            return False
        self._add(clauses)
        for clause in clauses[:_TRIED]:
            if self._excludes(state):
                break
            wanted = Property(self.claim.name, "always", clause, regime=self.claim.regime)
            _, proof = prove_safety(
                self.under, wanted, lemmas=self.invariant, samples=self.samples, budget=self.budget
            )
            if proof is not None:
                self._add([*proof.invariant, clause])
        return self._excludes(state)

    def _add(self, more: Sequence[Expression]) -> None:
        self.guesses.update(dict.fromkeys(more))
        # What is an invariant already stays one; a spent budget must not lose it.
        grown = self.steps.largest(tuple(dict.fromkeys((*self.invariant, *more))), self.budget)
        self.invariant = grown or self.invariant

    def _excludes(self, state: State) -> bool:
        return any(not evaluate(lemma, state) for lemma in self.invariant)

    def _meets(self, term: Term) -> State | None:
        """A state of the invariant that satisfies a term; empty where Z3 does not say, None for none."""
        solver = fresh_solver()
        solver.add(*(self.steps.before(lemma) for lemma in self.invariant), term)
        answer = ask(solver, budget=self.budget)
        if answer == z3.unsat:
            return None
        if answer != z3.sat:
            return {}
        relation = self.steps.relation
        return relation.state(solver.model(), relation.before)
