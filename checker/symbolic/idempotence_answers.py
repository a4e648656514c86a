"""What is said of a level of idempotence: of reachable states, or of every state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import z3

from checker.regimes.regime import UnderRegime
from checker.symbolic.pass_queries import Found, PassQueries
from checker.symbolic.passes import Passes
from checker.symbolic.proof_scope import is_bounded, proof_scope
from checker.symbolic.replay import WrongRun
from checker.symbolic.spacer import spacer
from checker.system.expression import Expression, any_of, conj, constant, eq
from checker.system.printer import show_expression
from checker.system.run import Judgement, Run, State, Verdict
from checker.system.shape import decode
from checker.system.transition_system import Property
from checker.system.value_text import show_value
from checker.system.walk import topological

__all__ = ["FROM_EVERY_STATE", "Answers", "Shown"]

FROM_EVERY_STATE = " from every state"
"""What the kind of a judgement ends with that speaks of unreachable states, too."""

_EFFORTS = (3_000_000, 20_000_000)
"""Z3's own count of work for one try of Spacer."""

Shown = Callable[[Found], tuple[Run, str]]
"""From what Z3 found to a run that the interpreter confirms, and what it shows."""


class Answers:
    """Judgements of one claim.

    Parameters
    ----------
    under : UnderRegime
    claim : Property
    every_state : bool
        Whether unreachable states are spoken of, too.
    reachable : bool
        Whether it is asked of the states that break something if they are reachable.
    """

    def __init__(
        self, under: UnderRegime, claim: Property, every_state: bool, reachable: bool = False
    ) -> None:
        self.under = under
        self.claim = claim
        self.every_state = every_state
        self.reachable = reachable
        self.invariant: tuple[Expression, ...] = ()

    def counterexample(
        self, level: str, queries: PassQueries, bad: Expression, shown: Shown
    ) -> Judgement | None:
        """What follows from a state where something bad is possible; None if there is none."""
        answer, found = queries.find(bad)
        if answer == z3.unsat:
            return None
        if found is None:
            return self.unknown(level, queries.reason)
        if self.every_state:
            return self._from(level, Verdict.VIOLATED, found, shown, "")
        initially, initial = queries.find(bad, initially=True)
        if initially == z3.sat and initial is not None:
            return self._from(level, Verdict.VIOLATED, initial, shown, "")
        reached = self._reached(queries, bad)
        if reached is not None and reached.verdict is Verdict.HOLDS:
            return None
        if reached is not None and reached.run is not None:
            return self._after(level, reached.run, queries, bad, shown)
        return self._from(level, Verdict.UNKNOWN, found, shown, "not for every state: ")

    def _reached(self, queries: PassQueries, bad: Expression) -> Judgement | None:
        """Whether such a state is reachable: HOLDS if none is, VIOLATED with a run if one is."""
        if not self.reachable:
            return None
        used = [node for node in topological([bad]) if node in queries.domains]
        if not all(is_bounded(queries.domains[symbol]) for symbol in used):
            return None
        for symbol in used:
            bad = any_of(symbol, bad)
        claim = Property(self.claim.name, "never", bad)
        judgement, proof = spacer(
            self.under, claim, budget=queries.budget, lemmas=queries.ground, efforts=_EFFORTS
        )
        if proof is not None:
            self.invariant = proof.invariant
        return judgement

    def _after(
        self, level: str, run: Run, queries: PassQueries, bad: Expression, shown: Shown
    ) -> Judgement:
        """The run to a state, and then the passes that begin in it."""
        here = [
            eq(one.node, constant(run.states[-1][one.name], one.domain.sort))
            for one in self.under.system.variables
        ]
        answer, found = queries.find(conj(bad, *here))
        if found is None:
            raise WrongRun(f"the state that a run leads to is no answer: {answer}")
        rest, what = shown(found)
        whole = Run((*run.states, *rest.states[1:]), (*run.steps, *rest.steps), None, rest.hazard)
        metrics = {"state": self.under.system.decode(dict(found.state)), "initial": False}
        return self._judgement(level, Verdict.VIOLATED, what, metrics, whole)

    def _from(self, level: str, verdict: Verdict, found: Found, shown: Shown, so: str) -> Judgement:
        run, what = shown(found)
        metrics = {"state": self.under.system.decode(dict(found.state)), "initial": not so}
        if self.every_state:
            metrics["initial"] = None
            what = f"from a state that need not be reachable, {what}"
        return self._judgement(level, verdict, f"{so}{what}", metrics, run)

    def violated(self, level: str, found: Found, shown: Shown) -> Judgement:
        """VIOLATED, as a statement about every state."""
        return self._from(level, Verdict.VIOLATED, found, shown, "")

    def not_shown(
        self, level: str, found: Found, shown: Shown, queries: PassQueries, bad: Expression
    ) -> Judgement | None:
        """UNKNOWN, because of a state that breaks what would be enough; None if none is reachable."""
        reached = None if self.every_state else self._reached(queries, bad)
        if reached is not None and reached.verdict is Verdict.HOLDS:
            return None
        return self._from(level, Verdict.UNKNOWN, found, shown, "not for every state: ")

    def held(self, level: str, queries: PassQueries, **more: Any) -> Judgement:
        """HOLDS, of every state that the lemmas allow."""
        metrics = {"queries": queries.asked, "lemmas": len(queries.ground), **more}
        if self.invariant:
            metrics["reachable"] = tuple(show_expression(one) for one in self.invariant)
        return self._judgement(level, Verdict.HOLDS, "", metrics)

    def determined(self, level: str, undetermined: dict[str, str], lemmas: int) -> Judgement:
        """HOLDS where every visible field is determined, otherwise UNKNOWN with those that are not."""
        verdict = Verdict.UNKNOWN if undetermined else Verdict.HOLDS
        reason = "; ".join(undetermined.values())
        return self._judgement(level, verdict, reason, {"undetermined": undetermined, "lemmas": lemmas})

    def unknown(self, level: str, reason: str) -> Judgement:
        """UNKNOWN, with the reason."""
        return self._judgement(level, Verdict.UNKNOWN, reason, {})

    def world(self, passes: Passes, state: State) -> str:
        """The visible fields of a state in words."""
        shapes = {one.name: one.shape for one in self.under.system.fields}
        return ", ".join(
            f"{name} = {show_value(decode(shapes[name], dict(state)))}" for name in passes.fields
        )

    def _judgement(
        self, level: str, verdict: Verdict, reason: str, metrics: dict[str, Any], run: Run | None = None
    ) -> Judgement:
        return Judgement(
            self.claim.name,
            level + FROM_EVERY_STATE if self.every_state else level,
            verdict,
            proof_scope(self.under.system),
            str(self.under.regime),
            run=run,
            reason=reason,
            metrics={"engine": "query", **metrics},
        )
