"""From the tally of random runs to verdicts: a run is proof of what it shows, and of nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from checker.explicit.sampling import Sampled
from checker.explicit.walk_tally import Durations, Occurrence
from checker.findings.confidence import Share, percentage, share_of
from checker.findings.watching import Sight
from checker.system.evaluate import evaluate
from checker.system.run import Judgement, Run, Scope, Verdict
from checker.system.transition_system import Hazard, Location, Property, TransitionSystem

__all__ = ["SampleJudge", "error_names"]

_QUANTILES = (("median", 0.5), ("p90", 0.9), ("p99", 0.99))

_SHORT_OF = {
    "converges": "outside the goal",
    "recurs": "where it does not hold",
    "recoverable": "where it does not hold",
    "leads_to": "with the conclusion due",
}
"""Of the kinds that a finite run breaks only where nothing goes on."""

_HALT = "no step can change anything any more"


@dataclass(frozen=True, slots=True)
class SampleJudge:
    """Judges properties by the same runs.

    Parameters
    ----------
    sampled : Sampled
    regime : str
    steps : int
        Of a run at most.
    confidence : float
    """

    sampled: Sampled
    regime: str
    steps: int
    confidence: float

    # ------------------------------------------------------------ properties

    def property(self, sight: Sight) -> Judgement:
        """Judge a property by what was seen of it.

        Notes
        -----
        A run that breaks it is a violation, whatever else there is; one that reaches what is said
        to be reachable is proof of that. No number of runs proves anything else.
        """
        tally, claim = self.sampled.tally, sight.claim
        numbers = sight.events(tally.watch)
        if not numbers and sight.goal is None:
            reason = "a run of finitely many steps shows nothing of it; `check` judges it"
            return self._judgement(claim, Verdict.UNKNOWN, reason, {})
        metrics = self._measured(sight)
        # Of what happens at the same time the first counts: that a predicate cannot be evaluated
        # goes before all that depends on it.
        seen = [number for number in numbers if tally.events[number].runs]
        if seen:
            number = min(seen, key=lambda n: (tally.events[n].steps, tally.events[n].run))
            run, reason = self._broken(claim, tally.events[number])
            if number >= len(tally.watch.bad) + len(tally.watch.changes):
                run, reason = _halted(claim, run)
            return self._judgement(claim, Verdict.VIOLATED, reason, metrics, run)
        if claim.kind == "reachable" and sight.goal is not None and tally.reached[sight.goal].runs:
            first = tally.reached[sight.goal]
            witness = self.sampled.walks.retrace(first.run, first.steps)
            return self._judgement(claim, Verdict.HOLDS, "", metrics, witness)
        return self._judgement(claim, Verdict.UNKNOWN, self._unseen(claim, metrics), metrics)

    def _broken(self, claim: Property, seen: Occurrence) -> tuple[Run, str]:
        """The shortest run that breaks it, up to where it does, and what is wrong there."""
        run = self.sampled.walks.retrace(seen.run, seen.steps)
        hazard = _goes_wrong(claim, run)
        if hazard is not None:
            return replace(run, hazard=hazard), hazard.message
        if claim.kind == "transition":
            last = run.steps[-1]
            assert last is not None
            shown = f"({', '.join(map(str, last.arguments))})" if last.arguments else ""
            return run, f"{last.action}{shown} breaks it"
        return run, "it holds" if claim.kind == "never" else "it does not hold"

    # ------------------------------------------------------------ the model itself

    def errors(self) -> Iterator[Judgement]:
        """Yield a judgement for every assertion in the source, and one for all other errors together.

        They are named as `check` names them.
        """
        tally = self.sampled.tally
        seen: dict[_Site | None, Occurrence] = {}
        first: dict[_Site | None, Hazard] = {}
        for number, one in sorted(tally.failures.items()):
            hazard = self.sampled.failures[number].hazard
            assert hazard is not None
            site = _site(hazard)
            total = seen.setdefault(site, Occurrence())
            total.add(one.runs, one.steps, one.run)
            if (total.steps, total.run) == (one.steps, one.run):
                first[site] = hazard
        for site in [*_assertions(self.sampled.ground.under.system), None]:
            claim = Property("well_defined", "domain")
            if site is not None:
                claim = Property(site[0], "assert", location=site[1])
            total = seen.get(site, Occurrence())
            total.unknown = tally.beyond
            metrics = {"violating": self._share(total).as_json()}
            if site in first:
                run = self.sampled.walks.retrace(total.run, total.steps)
                reason = first[site].message
                yield self._judgement(claim, Verdict.VIOLATED, reason, metrics, run)
            else:
                yield self._judgement(claim, Verdict.UNKNOWN, self._unseen(claim, metrics), metrics)

    # ------------------------------------------------------------ numbers

    def _measured(self, sight: Sight) -> dict[str, Any]:
        tally = self.sampled.tally
        metrics: dict[str, Any] = {}
        numbers = sight.events(tally.watch)
        if numbers:
            any_of = tally.joined[numbers] if len(numbers) > 1 else tally.events[numbers[0]]
            metrics["violating"] = self._share(any_of).as_json()
        if sight.goal is not None:
            metrics["reached"] = self._share(tally.reached[sight.goal]).as_json()
            metrics["steps_to_reach"] = self._durations(tally.until_reached[sight.goal])
        if sight.goal is not None and sight.claim.kind == "converges":
            metrics["settled"] = self._share(tally.settled[sight.goal]).as_json()
            metrics["steps_to_settle"] = self._durations(tally.until_settled[sight.goal])
        if sight.premise is not None and sight.owed is not None:
            metrics["premise"] = self._share(tally.reached[sight.premise]).as_json()
            unanswered = Occurrence(tally.owed[sight.owed])
            metrics["unanswered"] = self._share(unanswered).as_json()
        return metrics

    def _share(self, seen: Occurrence) -> Share:
        return share_of(seen.runs, self.sampled.tally.runs, self.confidence, seen.unknown)

    def _durations(self, durations: Durations) -> dict[str, Any]:
        runs = self.sampled.tally.runs
        found: dict[str, Any] = {name: durations.quantile(q, runs) for name, q in _QUANTILES}
        return {"mean": durations.mean, **found}

    def _unseen(self, claim: Property, metrics: dict[str, Any]) -> str:
        """Why it is not known, and how rare a violation must be."""
        runs = self.sampled.tally.runs
        if not runs:
            return "interrupted before the first run was complete"
        shown = f"{runs:,} run{'' if runs == 1 else 's'}"
        if claim.kind == "reachable":
            high = percentage(metrics["reached"]["high"], 1)
            return f"not reached in {shown}: in at most {high} of all such runs"
        high = percentage(metrics["violating"]["high"], 1)
        if claim.kind in _SHORT_OF:
            ends = f"none of {shown} came to a standstill {_SHORT_OF[claim.kind]} (at most {high} do)"
            return f"finite runs cannot show it; {ends}"
        return f"not violated in {shown}: in at most {high} of all such runs"

    def _judgement(
        self,
        claim: Property,
        verdict: Verdict,
        reason: str,
        metrics: dict[str, Any],
        run: Run | None = None,
    ) -> Judgement:
        scope = Scope("sampled", self.sampled.tally.runs, self.confidence)
        return Judgement(claim.name, claim.kind, verdict, scope, self.regime, run, reason, metrics)


def error_names(system: TransitionSystem) -> list[str]:
    """What can be asked of a model's own steps: each assertion, and whether nothing else fails."""
    return list(dict.fromkeys([*(name for name, _ in _assertions(system)), "well_defined"]))


def _goes_wrong(claim: Property, run: Run) -> Hazard | None:
    """What goes wrong in evaluating the predicate at the end of a run."""
    before, after = run.states[-1], None
    if claim.kind == "transition":
        before, after = run.states[-2], run.states[-1]
    hazards = (one for one in claim.hazards if evaluate(one.condition, before, after))
    return next(hazards, None)


def _halted(claim: Property, run: Run) -> tuple[Run, str]:
    """Nothing goes on: a run may stay in its last state for ever."""
    if claim.kind == "deadlock_free":
        return run, "deadlock: no step can change anything"
    if claim.kind == "recoverable":
        return run, f"from here it cannot be reached any more: {_HALT}"
    how = {
        "converges": "stops outside the goal",
        "recurs": "from some point on never again",
        "leads_to": "the premise holds and the conclusion never follows",
    }
    states, steps = (*run.states, run.states[-1]), (*run.steps, None)
    return Run(states, steps, loop=len(run.steps)), f"{how[claim.kind]}: {_HALT}"


_Site = tuple[str, Location | None]


def _site(hazard: Hazard) -> _Site | None:
    return (hazard.name, hazard.location) if hazard.kind == "assert" else None


def _assertions(system: TransitionSystem) -> list[_Site]:
    """The assertions in the source, in order of first appearance."""
    hazards = (hazard for action in system.actions for hazard in action.hazards)
    sites = (_site(hazard) for hazard in hazards)
    return list(dict.fromkeys(site for site in sites if site is not None))
