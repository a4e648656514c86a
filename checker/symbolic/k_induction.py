"""k-induction: what holds for k steps from the start, and after any k steps in which it held, holds.

References
----------
M. Sheeran, S. Singh, G. Stålmarck, "Checking safety properties using induction and a SAT-solver",
FMCAD 2000.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import z3

from checker.regimes.regime import UnderRegime
from checker.symbolic.asking import Budget, ask, seeded, why_unknown
from checker.symbolic.bmc import bmc_safety, own_wrong
from checker.symbolic.numbers import Integers, Term
from checker.symbolic.proof_scope import proof_scope
from checker.symbolic.relation import Move, Relation
from checker.symbolic.terms import Reader
from checker.symbolic.units import NotWritable, some_outcome
from checker.symbolic.unrolling import Unrolling
from checker.system.expression import TRUE, Expression, disj, neg
from checker.system.run import Judgement, Scope, Verdict
from checker.system.transition_system import Property

__all__ = ["KINDS", "k_induction"]

KINDS = ("always", "never", "transition", "assert", "domain")
"""Kinds of property that can be proved by induction on the steps."""


def k_induction(
    under: UnderRegime,
    claim: Property,
    *,
    lemmas: Sequence[Expression] = (),
    most_k: int = 4,
    budget: Budget | None = None,
    rlimit: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Judgement:
    """Prove a safety property by induction, over unbounded integers.

    Parameters
    ----------
    under : UnderRegime
    claim : Property
        Of one of `KINDS`.
    lemmas : sequence of Expression
        Invariants. The caller guarantees that they hold in every reachable state.
    most_k : int
        Greatest k that is tried, from 1 on.
    budget : Budget, optional
        Time for everything together.
    rlimit : int, optional
        Z3's resources for each question; unlike time they are the same on every machine.
    progress : callable, optional
        Told every k before it is tried.

    Returns
    -------
    Judgement
        HOLDS with the metric `k`, VIOLATED with a shortest run, or UNKNOWN. Where k is 1 the lemmas
        and the predicate together are inductive. Where `wellformed` or the domains were used besides,
        that they are inductive was proved first; metrics `assumed` names them.

    Raises
    ------
    ValueError
        If the property is of another kind.
    KeyboardInterrupt

    Notes
    -----
    Let a state be bad if it (or for "transition" a step from it) violates the property, or, unless
    the claim is itself about the model's errors, if a step goes wrong in it: nothing is said to hold
    of a model that goes wrong. The base: no run of less than k steps ends in a bad state. The step:
    there is no chain s₀ → … → s_k of k steps with s_k bad, all others not, and *no two equal*.

    That they differ may be assumed, in systems with infinitely many states too: if a bad state were
    reachable at all, take a shortest run to one, which is finite. No state occurs twice in it, or it
    could be cut shorter; only its last state is bad, or it would have ended before; by the base it
    has at least k steps. So its last k + 1 states are such a chain. For the same reason only steps
    that change the state need to be looked at. The state after a bad step is not one of the chain.
    """
    if claim.kind not in KINDS:
        raise ValueError(f"{claim.name} is of kind {claim.kind}, which is not proved here")
    return _Proving(under, claim, tuple(lemmas), budget, rlimit).judge(most_k, progress)


class _Proving:
    """One property, with more and more steps."""

    def __init__(
        self,
        under: UnderRegime,
        claim: Property,
        lemmas: tuple[Expression, ...],
        budget: Budget | None,
        rlimit: int | None,
    ) -> None:
        self.under = under
        self.claim = claim
        self.lemmas = lemmas
        self.budget = budget
        self.rlimit = rlimit
        self.relation = Relation(under.system, Integers())
        self.about_errors = claim.kind in ("assert", "domain")
        self.assumed: tuple[str, ...] = ()

    def judge(self, most_k: int, progress: Callable[[int], None] | None) -> Judgement:
        """Try k = 1, 2, …"""
        known = self._known()
        solver = self._solver()
        unrolling = Unrolling(self.relation, solver)
        unrolling.begin()
        solver.add(unrolling.at(known, 0))
        reason = "no k was tried"
        for k in range(1, most_k + 1):
            if progress is not None:
                progress(k)
            base = self._base(k)
            if base is not None:
                return base
            # State k - 1 is not bad, and a step leads on from it to one that is none of the others.
            solver.add(self._fine(unrolling, k - 1))
            unrolling.extend()
            solver.add(self._fine_step(unrolling, k - 1))
            solver.add(unrolling.at(known, k))
            solver.add(*(z3.Not(unrolling.same(i, k)) for i in range(k)))
            answer = self._any_bad(solver, unrolling, k)
            if answer == z3.unsat:
                return self._judgement(Verdict.HOLDS, proof_scope(self.under.system), "", k)
            if answer == z3.unknown:
                reason = f"{why_unknown(solver, self.budget)}: not proved by {k}-induction"
                if self.budget is not None and self.budget.spent:
                    return self._judgement(Verdict.UNKNOWN, Scope("bounded", k - 1), reason, k)
                continue
            reason = f"not proved by {k}-induction, and no counterexample within {k - 1} steps"
        return self._judgement(Verdict.UNKNOWN, Scope("bounded", max(0, most_k - 1)), reason, most_k)

    # ------------------------------------------------------------ the base

    def _base(self, k: int) -> Judgement | None:
        """No run of less than k steps ends in a bad state; a judgement if that is not so."""
        # Bit-vectors are wide enough for the domains: not for what might be outside of them.
        numbers = None if "domains" in self.assumed else Integers()
        limits: dict[str, Any] = {"budget": self.budget, "rlimit": self.rlimit, "numbers": numbers}
        # A bad step, or a step that goes wrong, is one step more than there are to the state before it.
        longer = k if self.claim.kind in ("transition", "assert", "domain") else k - 1
        found = bmc_safety(self.under, self.claim, longer, **limits)
        if found.verdict is Verdict.VIOLATED:
            return found
        if found.scope.bound != longer or not found.reason.startswith("no counterexample"):
            return found
        if self.about_errors:
            return None
        for error in self._errors():
            wrong = bmc_safety(self.under, error, k, **limits)
            if wrong.verdict is Verdict.VIOLATED:
                reason = f"the model itself goes wrong: {wrong.reason}"
                return self._judgement(Verdict.UNKNOWN, Scope("bounded", k - 1), reason, k)
            if wrong.scope.bound != k or not wrong.reason.startswith("no counterexample"):
                return self._judgement(Verdict.UNKNOWN, wrong.scope, wrong.reason, k)
        return None

    def _errors(self) -> list[Property]:
        sites = {
            (hazard.name, hazard.location)
            for action in self.under.system.actions
            for hazard in action.hazards
            if hazard.kind == "assert"
        }
        asserted = [Property(name, "assert", location=place) for name, place in sorted(sites, key=str)]
        return [*asserted, Property("well_defined", "domain")]

    # ------------------------------------------------------------ the step

    def _any_bad(self, solver: Any, unrolling: Unrolling, k: int) -> z3.CheckSatResult:
        """Whether state k can be bad."""
        relation = self.relation
        wrong = [unrolling.besides(term, k) for _, term in self._wrong()]
        if self.claim.kind == "transition":
            # The step from state k, with an unrolling of its own: it may lead to a state of the chain.
            follows = [
                z3.And(
                    unrolling.besides(z3.And(move.possible, move.changes), k),
                    self._breaks(move, unrolling, k),
                )
                for move in relation.moves
            ]
            bad = z3.Or(*wrong, *follows)
        elif self.about_errors:
            bad = z3.Or(*wrong)
        else:
            bad = z3.Or(*wrong, unrolling.at(relation.read(self._violated()), k))
        here = z3.Bool(f"bad@{k}")
        solver.add(z3.Implies(here, bad))
        return ask(solver, here, budget=self.budget)

    def _breaks(self, move: Move, unrolling: Unrolling, k: int) -> Term:
        """A step of a move from state k violates the claim."""
        relation = self.relation
        after = {name: move.updates.get(name, before) for name, before in relation.before.items()}
        read = Reader(relation.numbers, relation.before, after)
        return unrolling.besides(read(self._violated()), k)

    def _fine(self, unrolling: Unrolling, k: int) -> Term:
        """State k, of which step k follows, is not bad; as much of that as can be said.

        To say less is sound: what is assumed of the chain only grows weaker.
        """
        relation = self.relation
        parts: list[Term] = []
        if self.claim.kind in ("always", "never"):
            parts.append(unrolling.at(z3.Not(relation.read(self._violated())), k))
        wrong = self._wrong()
        terms = {move.action.name: term for move, term in wrong}
        try:
            somewhere = some_outcome(
                relation, (move for move, _ in wrong), lambda move: terms[move.action.name]
            )
            parts.append(unrolling.at(z3.Not(somewhere), k))
        except NotWritable:
            pass
        return z3.And(*parts)

    def _fine_step(self, unrolling: Unrolling, k: int) -> Term:
        """Step k does not violate the claim."""
        if self.claim.kind != "transition":
            return z3.BoolVal(True)
        read = Reader(self.relation.numbers, self.relation.before, self.relation.after)
        return unrolling.during(z3.Not(read(self._violated())), k)

    def _wrong(self) -> list[tuple[Move, Term]]:
        if self.about_errors:
            return own_wrong(self.relation, self.claim)
        return [(move, move.wrong) for move in self.relation.moves if move.hazards]

    def _violated(self) -> Expression:
        predicate = TRUE if self.claim.predicate is None else self.claim.predicate
        sought = predicate if self.claim.kind == "never" else neg(predicate)
        return disj(sought, *(one.condition for one in self.claim.hazards))

    # ------------------------------------------------------------ what may be assumed

    def _known(self) -> Term:
        """The lemmas, and the domains and `wellformed` where these are inductive together."""
        relation = self.relation
        lemmas = z3.And(*(relation.read(one) for one in self.lemmas))
        wellformed = relation.read(self.under.system.wellformed)
        for names, term in (
            (("domains", "wellformed"), z3.And(relation.domains, wellformed)),
            (("domains",), relation.domains),
        ):
            if self._is_inductive(z3.And(term, lemmas), term):
                self.assumed = names
                return z3.And(term, lemmas)
        return lemmas

    def _is_inductive(self, before: Term, after: Term) -> bool:
        """Initially and after every step from where `before` holds, `after` does."""
        relation = self.relation
        later = [(old, relation.after[name]) for name, old in relation.before.items()]
        steps = z3.Or(*(relation.step(move) for move in relation.moves))
        first, following = self._solver(), self._solver()
        first.add(relation.initial, z3.Not(after))
        following.add(before, steps, z3.Not(z3.substitute(after, *later)))
        return all(ask(one, budget=self.budget) == z3.unsat for one in (first, following))

    def _solver(self) -> Any:
        solver = seeded(z3.Solver())
        if self.rlimit is not None:
            solver.set("rlimit", self.rlimit)
        return solver

    def _judgement(self, verdict: Verdict, scope: Scope, reason: str, k: int) -> Judgement:
        metrics = {"k": k, "lemmas": len(self.lemmas), "assumed": self.assumed, "numbers": "integers"}
        return Judgement(
            self.claim.name,
            self.claim.kind,
            verdict,
            scope,
            str(self.under.regime),
            reason=reason,
            metrics=metrics,
        )
