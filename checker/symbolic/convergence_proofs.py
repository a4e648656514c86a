"""`converges` for every state and size at once: an invariant, a place of rest and a rank, or why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from checker.regimes.regime import UnderRegime
from checker.symbolic.asking import Budget
from checker.symbolic.convergence_lemmas import Lemmas
from checker.symbolic.helpful import units_of
from checker.symbolic.houdini import Inductiveness
from checker.symbolic.known_steps import KnownSteps
from checker.symbolic.place_of_rest import places_of_rest
from checker.symbolic.proof_scope import proof_scope
from checker.symbolic.rank_bounds import measured
from checker.symbolic.rank_checking import first_failure
from checker.symbolic.rank_synthesis import NoProof, synthesize
from checker.symbolic.rank_text import rank_text
from checker.symbolic.readable_proofs import with_few_lemmas, with_short_conditions
from checker.symbolic.sampled_lassos import fair_lasso, loop_in_words
from checker.symbolic.samples import Samples, sampled
from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.proof import Proof
from checker.system.run import Judgement, Run, Scope, State, Verdict
from checker.system.transition_system import Property, TransitionSystem

__all__ = ["prove_convergence"]

_ROUNDS = 6
"""How often the invariant is made stronger by what excludes a state in the way."""

_MOST_SHOWN = 8
"""Variables of a state that a reason names."""


def prove_convergence(
    under: UnderRegime,
    claim: Property,
    *,
    lemmas: Sequence[Expression] = (),
    samples: Samples | None = None,
    budget: Budget | None = None,
    progress: Callable[[str], None] | None = None,
) -> tuple[Judgement, Proof | None]:
    """Whether every fair run reaches the goal and stays there, in every state and of every size.

    Parameters
    ----------
    under : UnderRegime
        The system under the regime of the claim; its variables may be unbounded, and some may be
        parameters that no action changes.
    claim : Property
        Of kind "converges".
    lemmas : sequence of Expression
        Further guesses at an invariant.
    samples : Samples, optional
        Of the system under the regime, if there are some already.
    budget : Budget, optional
        When it is spent the answer is UNKNOWN.
    progress : callable, optional
        Told in words what is going on.

    Returns
    -------
    (Judgement, Proof or None)
        HOLDS with a proof; every obligation of it was confirmed by Z3 in a fresh solver, from the proof
        alone. VIOLATED with a fair lasso, or a run to a state in which the goal cannot be evaluated,
        both replayed by the reference interpreter. Otherwise UNKNOWN, and why. Metrics of HOLDS: `rank`
        in words; `bound` on the steps to the rest and `gain` of each fault where they are proved.

    Notes
    -----
    Sound by `checker.symbolic.rank_checking.obligations`; incomplete, as every search for ranks is.
    Moreover the rule itself asks for a place of rest that no recurring action leaves: where nobody
    promises a step that leaves the goal, and it happens finitely often only, there may be none.
    """
    assert claim.kind == "converges" and claim.predicate is not None
    tell = progress if progress is not None else _silent
    tell("samples")
    attempt = _Attempt(under, claim, claim.predicate, budget, tell)
    return attempt.judge(sampled(under) if samples is None else samples, lemmas)


def _silent(what: str) -> None:
    pass


class _Attempt:
    """One attempt at a proof."""

    def __init__(
        self,
        under: UnderRegime,
        claim: Property,
        goal: Expression,
        budget: Budget | None,
        tell: Callable[[str], None],
    ) -> None:
        self.under = under
        self.claim = claim
        self.goal = goal
        self.budget = budget
        self.tell = tell

    def judge(self, samples: Samples, more: Sequence[Expression]) -> tuple[Judgement, Proof | None]:
        """Samples first: they show most violations, and what a proof may be made of."""
        refuted = self._refuted(samples)
        if refuted is not None:
            return refuted, None
        goes_wrong = next((step for step in samples.steps if step.hazard >= 0), None)
        if goes_wrong is not None:
            hazard = self.under.system.actions[goes_wrong.action].hazards[goes_wrong.hazard]
            return self._unknown(f"the model itself goes wrong: {hazard.message}"), None
        self.tell("invariants")
        lemmas = Lemmas(self.under, self.claim, samples, self.budget, more)
        found = self._attempted(lemmas, samples)
        for _ in range(_ROUNDS):
            if isinstance(found, Proof) or found.state is None or self._is_spent:
                break
            self.tell("invariants that exclude what is in the way")
            if not lemmas.exclude(found.state):
                break
            found = self._attempted(lemmas, samples)
        if isinstance(found, Proof):
            return self._confirmed(found, lemmas.steps)
        reason = self._told(found)
        return self._unknown(f"the time is up; so far {reason}" if self._is_spent else reason), None

    def _attempted(self, lemmas: Lemmas, samples: Samples) -> Proof | NoProof:
        """A proof over these lemmas, not yet confirmed; or what is in its way."""
        wrong = lemmas.may_go_wrong()
        if wrong is not None:
            return NoProof(*wrong)
        self.tell("place of rest")
        units = units_of(self.under)
        known = KnownSteps(self.under, units, samples)
        places = places_of_rest(self.under, self.goal, lemmas.invariant, known, self.budget)
        failed = NoProof("no part of the goal was found that no action leaves")
        for rest in places:
            found = synthesize(
                self.under, self.goal, lemmas.invariant, rest, units, known, self.budget, self.tell
            )
            if isinstance(found, Proof):
                return found
            failed = found if failed.state is None else failed
        return failed

    @property
    def _is_spent(self) -> bool:
        return self.budget is not None and self.budget.spent

    def _confirmed(self, proof: Proof, steps: Inductiveness) -> tuple[Judgement, Proof | None]:
        """HOLDS, if every obligation of the proof is confirmed once more."""
        self.tell("obligations")
        whole = with_short_conditions(self.under, self.claim, proof, self.budget)
        proof = with_few_lemmas(self.under, self.claim, whole, steps, self.budget)
        failure = first_failure(self.under, self.claim, proof, self.budget)
        if failure is not None:
            reason = f"a rank was found, but an obligation is not confirmed: {failure}"
            return self._unknown(reason), None
        metrics = {
            "rank": ", then ".join(map(rank_text, proof.ranks)) or "0",
            # Figures may rest on lemmas that the rank itself does not need.
            **measured(self.under, whole, self.budget),
        }
        judgement = self._judgement(Verdict.HOLDS, proof_scope(self.under.system), metrics=metrics)
        return judgement, proof

    def _refuted(self, samples: Samples) -> Judgement | None:
        for index, state in enumerate(samples.states):
            for hazard in self.claim.hazards:
                if evaluate(hazard.condition, state):
                    run = replace(samples.run_to(index), hazard=hazard)
                    return self._violated(run, hazard.message)
        lasso = fair_lasso(self.under, self.goal, samples)
        return None if lasso is None else self._violated(lasso, loop_in_words(self.under, lasso))

    def _told(self, found: NoProof) -> str:
        if found.state is None:
            return found.reason
        return f"{found.reason} in {_state_in_words(self.under.system, found.state)}"

    def _unknown(self, reason: str) -> Judgement:
        return self._judgement(Verdict.UNKNOWN, proof_scope(self.under.system), reason=reason)

    def _violated(self, run: Run, reason: str) -> Judgement:
        return self._judgement(Verdict.VIOLATED, Scope("bounded", len(run)), run=run, reason=reason)

    def _judgement(
        self,
        verdict: Verdict,
        scope: Scope,
        *,
        run: Run | None = None,
        reason: str = "",
        metrics: Mapping[str, Any] | None = None,
    ) -> Judgement:
        regime = str(self.under.regime)
        return Judgement(
            self.claim.name, self.claim.kind, verdict, scope, regime, run, reason, metrics or {}
        )


def _state_in_words(system: TransitionSystem, state: State) -> str:
    shown = [f"{one.name}={one.domain.show(state[one.name])}" for one in system.variables]
    if len(shown) > _MOST_SHOWN:
        shown = [*shown[:_MOST_SHOWN], "…"]
    return ", ".join(shown)
