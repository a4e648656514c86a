"""Safety by an inductive invariant: for all states, and for all sizes where sizes are symbols.

First a handful of states is sampled: a counterexample among them decides. Then lemmas are guessed and
sifted until what is left excludes everything that would break the property; states that stand in the
way lead to further guesses, as in learning from counterexamples to induction.

References
----------
C. Flanagan, K. R. M. Leino, "Houdini, an annotation assistant for ESC/Java", FME 2001. P. Garg,
C. Löding, P. Madhusudan, D. Neider, "ICE: a robust framework for learning invariants", CAV 2014.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import z3

from checker.regimes.regime import UnderRegime
from checker.symbolic.asking import Budget, ask, why_unknown
from checker.symbolic.candidates import candidates, domain_lemmas
from checker.symbolic.conditional_sums import conditional_sums
from checker.symbolic.evaluation import Row
from checker.symbolic.excluding import Exclusions
from checker.symbolic.houdini import Inductiveness, fresh_solver
from checker.symbolic.mining import of_one_state
from checker.symbolic.monotone_sums import monotone_sums
from checker.symbolic.needed_lemmas import needed, suffices
from checker.symbolic.obligations import KINDS, Obligation, goals_of, obligations
from checker.symbolic.proof_scope import proof_scope
from checker.symbolic.sampled_violations import sampled_violation
from checker.symbolic.samples import Samples, sampled
from checker.symbolic.starts import conjuncts
from checker.symbolic.vocabulary import Vocabulary
from checker.system.expression import TRUE, Expression
from checker.system.proof import Proof
from checker.system.run import Judgement, Run, Scope, Verdict
from checker.system.transition_system import Property

__all__ = ["prove_safety"]

_ROUNDS = 10
"""How often states that stand in the way lead to further guesses."""


def prove_safety(
    under: UnderRegime,
    claim: Property,
    *,
    lemmas: Sequence[Expression] = (),
    samples: Samples | None = None,
    budget: Budget | None = None,
) -> tuple[Judgement, Proof | None]:
    """Judge a property of kind always, never or transition, or the model's own errors.

    Parameters
    ----------
    under : UnderRegime
    claim : Property
        Of kind "always", "never", "transition"; "assert" for one assertion of the model, known by its
        name and location, or "domain" for all other errors together, see `error_claims`.
    lemmas : sequence of Expression
        Further guesses, from wherever.
    samples : Samples, optional
        Of the same system under the same regime, if there are some already.
    budget : Budget, optional

    Returns
    -------
    judgement : Judgement
        HOLDS for every reachable state of every size; VIOLATED with a run that was found by sampling
        and repeated by the reference interpreter; otherwise UNKNOWN, with the reason.
    proof : Proof or None
        With HOLDS: lemmas, none of which could be left out (if they are few), and the predicate.

    Raises
    ------
    ValueError
        If the property is of another kind.

    Notes
    -----
    HOLDS is said only if fresh solvers answer `unsat` to all of these: the lemmas fail in some initial
    state; an action leads from where all hold to where one fails; where all hold something is possible
    that the property excludes (`obligations`). Then every reachable state satisfies the lemmas, by
    induction. Unless the claim is about the model's errors itself, nothing may go wrong in the model
    at all.
    """
    if claim.kind not in KINDS:
        raise ValueError(f"{claim.name} is of kind {claim.kind}, which is not judged here")
    seen = sampled(under) if samples is None else samples
    return _Prover(under, claim, seen, budget).judged(lemmas)


@dataclass(frozen=True, slots=True)
class _Open:
    """An obligation that lemmas do not meet: a state where it is broken, or why Z3 has found none."""

    obligation: Obligation
    row: Row | None
    why: str = ""


class _Prover:
    """One property of one system."""

    def __init__(
        self, under: UnderRegime, claim: Property, samples: Samples, budget: Budget | None
    ) -> None:
        self.under = under
        self.system = under.system
        self.claim = claim
        self.samples = samples
        self.budget = budget
        self.tried = 0

    def judged(self, lemmas: Sequence[Expression]) -> tuple[Judgement, Proof | None]:
        """What is known of the property."""
        found = sampled_violation(self.claim, self.samples)
        if found is not None:
            return self._violated(*found), None
        if self.claim.kind not in ("assert", "domain"):
            for step in self.samples.steps:
                if step.hazard >= 0:
                    hazard = self.system.actions[step.action].hazards[step.hazard]
                    return self._unknown(f"the model itself goes wrong: {hazard.message}"), None
        self.steps = Inductiveness(self.under)
        self.obligations = obligations(self.steps.relation, self.claim)
        self.goals = goals_of(self.system, self.claim)
        invariant = self._invariant(lemmas)
        if isinstance(invariant, str):
            return self._unknown(invariant), None
        bad = [one.bad for one in self.obligations]
        few = needed(self.steps, invariant, bad, self.budget)
        if not suffices(self.steps, few, bad, self.budget):
            few = invariant
            if not suffices(self.steps, few, bad, self.budget):
                late = "out of time: " if self._is_spent else ""
                return self._unknown(f"{late}lemmas were found, but Z3 did not confirm them"), None
        rest = TRUE if self.claim.predicate is None else self.claim.predicate
        judgement = Judgement(
            self.claim.name,
            self.claim.kind,
            Verdict.HOLDS,
            proof_scope(self.system),
            str(self.under.regime),
            metrics={"lemmas": len(few), "candidates": self.tried},
        )
        return judgement, Proof(few, rest)

    # ------------------------------------------------------------ lemmas

    def _invariant(self, lemmas: Sequence[Expression]) -> tuple[Expression, ...] | str:
        """Lemmas that are inductive and meet every obligation; or why there are none."""
        goals = [part for one in self.goals for part in dict.fromkeys((*conjuncts(one), one))]
        simple = [*domain_lemmas(self.system), *conjuncts(self.system.wellformed), *goals, *lemmas]
        pool = dict.fromkeys(one for one in simple if one is not TRUE and of_one_state(one))
        kept = self._sifted(pool)
        open_ = self._open(kept)
        if open_ is None:
            return kept
        predicate = () if self.claim.predicate is None else (self.claim.predicate,)
        extra = (*predicate, *self.goals)
        words = Vocabulary(self.system, self.samples, extra)
        counted = monotone_sums(words, counted=True)
        if counted:
            # Counting together with all else is too hard for Z3, so it is tried by itself.
            kept = self._sifted(dict.fromkeys((*pool, *counted)))
            if self._open(kept) is None:
                return kept
        guessed = candidates(self.system, self.samples, *extra)
        # What needs no premise is tried first: it is quick, and such proofs are the readable ones.
        tiers: list[Callable[[], Iterable[Expression]]] = [
            lambda: (one for one in guessed if one.operator != "or"),
            lambda: guessed,
            lambda: conditional_sums(words),
        ]
        for tier in tiers:
            fresh = [one for one in tier() if one not in pool]
            if not fresh:
                continue
            pool.update(dict.fromkeys(fresh))
            kept = self._sifted(pool)
            open_ = self._open(kept)
            if open_ is None:
                return kept
        return self._strengthened(kept, open_, words)

    def _strengthened(
        self, kept: tuple[Expression, ...], open_: _Open, words: Vocabulary
    ) -> tuple[Expression, ...] | str:
        """Exclude the states that stand in the way, one after the other."""
        exclusions = Exclusions(words)
        wanted = dict.fromkeys(one for one in self.goals if of_one_state(one))
        further: dict[Expression, None] = {}
        for _ in range(_ROUNDS):
            if self._is_spent:
                break
            row = self._in_the_way([*kept, *wanted])
            row = open_.row if row is None else row
            clauses = () if row is None else exclusions.clauses(row)
            fresh = [one for one in clauses if one not in further]
            if not fresh:
                break
            further.update(dict.fromkeys(fresh))
            wanted[fresh[0]] = None
            kept = self._sifted(dict.fromkeys((*kept, *wanted, *further)))
            still = self._open(kept)
            if still is None:
                return kept
            open_ = still
        return self._told(open_)

    def _told(self, open_: _Open) -> str:
        found = f"no inductive invariant was found that excludes this: {open_.obligation.what}"
        return f"{open_.why}: {found}" if open_.why else found

    def _sifted(self, pool: dict[Expression, None]) -> tuple[Expression, ...]:
        self.tried = max(self.tried, len(pool))
        return self.steps.largest(tuple(pool), self.budget)

    @property
    def _is_spent(self) -> bool:
        return self.budget is not None and self.budget.spent

    # ------------------------------------------------------------ questions

    def _open(self, lemmas: Sequence[Expression]) -> _Open | None:
        """The first obligation that the lemmas do not meet."""
        solver = fresh_solver()
        solver.add(*(self.steps.before(one) for one in lemmas))
        for one in self.obligations:
            solver.push()
            solver.add(one.bad)
            answer = ask(solver, budget=self.budget)
            if answer != z3.unsat:
                if answer == z3.sat:
                    return _Open(one, self.steps.row(solver.model()))
                return _Open(one, None, why_unknown(solver, self.budget))
            solver.pop()
        return None

    def _in_the_way(self, lemmas: Sequence[Expression]) -> Row | None:
        """A state where all of these hold, and from which a step leads to where one does not."""
        given = [self.steps.before(one) for one in lemmas]
        for number, move in enumerate(self.steps.moves):
            goals = [self.steps.after(number, one) for one in lemmas if self.steps.touches(number, one)]
            if goals:
                solver = fresh_solver()
                solver.add(*given, move.possible, z3.Not(z3.And(*goals)))
                if ask(solver, budget=self.budget) == z3.sat:
                    return self.steps.row(solver.model())
        return None

    def _violated(self, run: Run, reason: str) -> Judgement:
        return Judgement(
            self.claim.name,
            self.claim.kind,
            Verdict.VIOLATED,
            Scope("bounded", len(run)),
            str(self.under.regime),
            run=run,
            reason=reason,
        )

    def _unknown(self, reason: str) -> Judgement:
        return Judgement(
            self.claim.name,
            self.claim.kind,
            Verdict.UNKNOWN,
            Scope("bounded", 0),
            str(self.under.regime),
            reason=reason,
            metrics={"candidates": self.tried},
        )
