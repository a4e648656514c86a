"""`simulate`: many random runs of a model, and what they show; every counterexample replayed by CPython."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from checker.evidence.replay import replay
from checker.evidence.trace import Trace, trace_of
from checker.findings.documented import documented, provenance_of
from checker.findings.finding import Finding
from checker.findings.findings import Findings
from checker.findings.judging import resting_place
from checker.findings.sample import Sample, Walks
from checker.findings.selection import regime_of, select
from checker.findings.translating import translated
from checker.findings.watching import Sight, WatchList
from checker.regimes.regime import FINITELY_MANY, Regime, RegimeError, UnderRegime
from checker.system.digest import content_hash
from checker.system.run import Judgement, Run, Scope, Verdict
from checker.system.transition_system import Property

if TYPE_CHECKING:
    from checker.explicit.sampling import Sampled
    from checker.language.elaborate import Elaborated
    from checker.language.model import Model

__all__ = ["Progress", "simulate"]

Progress = Callable[[int, int, int], None]
"""Called now and then with the runs so far, the runs in all, and the steps so far."""


def simulate(
    model: Model | type[Model],
    *,
    runs: int = 10_000,
    steps: int = 100,
    seed: int | None = None,
    properties: Iterable[str] | None = None,
    regime: str | Regime | None = None,
    confidence: float = 0.99,
    threads: int = 1,
    progress: Progress | None = None,
) -> Sample:
    """Many random runs of a model: how often a property is violated, how many steps it takes.

    For models too large to be explored, and for how things usually go. The runs are made at random
    by a scheduler that is chosen here, see `checker.explicit.sampling.sample`; shares of runs are
    not probabilities in anybody's world.

    Parameters
    ----------
    model : Model or its class
        An instance (`Taxi(street=20)`), or the class for its default parameters.
    runs, steps : int
        How many runs (under each regime), of how many steps at most.
    seed : int, optional
        The same seed gives the same runs; a new one each time if not given.
    properties : iterable of str, optional
        Only these, as for `check`.
    regime : str or Regime, optional
        Judge everything under this regime instead of the one that each property states.
    confidence : float
        Of each interval by itself: with many properties more of them are wrong.
    threads : int
        They change nothing but the time it takes.
    progress : callable, optional

    Returns
    -------
    Sample
        Interrupted by Ctrl-C it has the runs that were complete.

    Raises
    ------
    ModelError
        If the model cannot be translated.
    RegimeError, UnknownProperty
        If there is no such regime, fault or property.
    NoInitialState
        If a run has nowhere to begin.
    ReplayMismatch
        If CPython disagrees with an engine: an internal error.
    """
    begun = time.perf_counter()
    if runs < 1 or steps < 0 or threads < 1:
        raise ValueError("at least one run of no less than 0 steps, in at least one thread")
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is not between 0 and 1")
    asked = Regime.parse(regime) if isinstance(regime, str) else regime
    seed = secrets.randbelow(2**32) if seed is None else seed
    wanted = None if properties is None else tuple(properties)
    sampling = _Sampling(translated(model), asked, runs, steps, seed, confidence, threads, progress)
    return sampling.run(wanted, begun)


@dataclass
class _Group:
    """Properties under regimes that let the same steps happen."""

    under: UnderRegime
    regimes: dict[str, None] = field(default_factory=dict)
    watched: WatchList = field(default_factory=WatchList)
    sights: dict[str, Sight] = field(default_factory=dict)
    sampled: Sampled | None = None


@dataclass
class _Sampling:
    """One call of `simulate`."""

    elaborated: Elaborated
    asked: Regime | None
    runs: int
    steps: int
    seed: int
    confidence: float
    threads: int
    progress: Progress | None
    groups: list[_Group] = field(default_factory=list)

    def run(self, wanted: tuple[str, ...] | None, begun: float) -> Sample:
        from checker.findings.sample_judging import error_names

        everything = self.elaborated.properties
        claims = select(everything, wanted, error_names(self.elaborated.system))
        resting = resting_place(everything)
        place: dict[str, tuple[_Group, Regime]] = {}
        for claim in claims:
            regime = regime_of(claim, self.asked)
            group = self._group(regime, claim)
            group.sights[claim.name] = group.watched.add(claim, resting)
            place[claim.name] = group, regime
        own: _Group | None = None
        if wanted is None or any(name not in place for name in wanted):
            own = self._group(self.asked or FINITELY_MANY, None)
        interrupted = self._walk()
        findings = [
            self._finding(self._judged(*place[claim.name], claim), claim, place[claim.name][0].under)
            for claim in claims
        ]
        if own is not None:
            judged = self._errors(own, wanted)
            findings += [self._finding(one, None, own.under) for one in judged]
        return Sample(
            findings=Findings(
                model=self.elaborated.system.name,
                parameters=self.elaborated.system.parameters,
                findings=tuple(findings),
                seconds=time.perf_counter() - begun,
                system=self.elaborated.system,
                claims=tuple(everything),
            ),
            walks=tuple(_walks(group) for group in self.groups),
            seed=self.seed,
            runs=self.runs,
            steps=self.steps,
            confidence=self.confidence,
            interrupted=interrupted,
            seconds=time.perf_counter() - begun,
        )

    # ------------------------------------------------------------ walking

    def _group(self, regime: Regime, claim: Property | None) -> _Group:
        """Where a property is looked at; a mistake in a regime that it states itself names it."""
        try:
            under = regime.apply(self.elaborated.system)
        except RegimeError as problem:
            if self.asked is not None or claim is None:
                raise
            where = "" if claim.location is None else f" ({claim.location})"
            raise RegimeError(f"{problem}, says `{claim.name}`{where}") from None
        for group in self.groups:
            if group.under.system is under.system or group.under.regime == regime:
                break
        else:
            group = _Group(under)
            self.groups.append(group)
        group.regimes[str(regime)] = None
        return group

    def _walk(self) -> bool:
        """Make the runs of every group; whether that was interrupted."""
        from checker.explicit.sampling import sample

        done = made = 0

        def tell(runs: int, steps: int) -> None:
            if self.progress is not None:
                self.progress(done + runs, self.runs * len(self.groups), made + steps)

        for group in self.groups:
            group.sampled = sample(
                group.under,
                group.watched.watch(group.sights.values()),
                runs=self.runs,
                steps=self.steps,
                seed=self.seed,
                threads=self.threads,
                progress=tell,
            )
            done, made = done + group.sampled.tally.runs, made + group.sampled.tally.steps
            if group.sampled.interrupted:
                return True
        return False

    # ------------------------------------------------------------ judging

    def _judged(self, group: _Group, regime: Regime, claim: Property) -> Judgement:
        from checker.findings.sample_judging import SampleJudge

        if group.sampled is None:
            return self._not_reached(claim.name, claim.kind, str(regime))
        judge = SampleJudge(group.sampled, str(regime), self.steps, self.confidence)
        return judge.property(group.sights[claim.name])

    def _errors(self, group: _Group, wanted: tuple[str, ...] | None) -> Iterator[Judgement]:
        from checker.findings.sample_judging import SampleJudge

        regime = str(self.asked or FINITELY_MANY)
        if group.sampled is None:
            yield self._not_reached("well_defined", "assert", regime)
            return
        for judgement in SampleJudge(group.sampled, regime, self.steps, self.confidence).errors():
            if wanted is None or judgement.name in wanted:
                yield judgement

    def _not_reached(self, name: str, kind: str, regime: str) -> Judgement:
        reason = "interrupted before its runs began"
        scope = Scope("sampled", 0, self.confidence)
        return Judgement(name, kind, Verdict.UNKNOWN, scope, regime, reason=reason)

    def _finding(self, judgement: Judgement, claim: Property | None, under: UnderRegime) -> Finding:
        system = self.elaborated.system
        trace = None
        if judgement.run is not None:
            trace = self._replayed(judgement, judgement.run, claim, under)
        violated = judgement.verdict is Verdict.VIOLATED
        return Finding(
            property=judgement.name,
            kind=judgement.kind,
            regime=judgement.regime,
            verdict=judgement.verdict,
            scope=judgement.scope,
            evidence=trace if violated else None,
            model=system.name,
            parameters=system.parameters,
            provenance=provenance_of(system, self._hash, claim, "random runs"),
            reason=judgement.reason,
            metrics=judgement.metrics,
            expected=documented(self.elaborated.model, judgement.name, judgement.kind, claim),
            witness=None if violated else trace,
        )

    def _replayed(
        self, judgement: Judgement, run: Run, claim: Property | None, under: UnderRegime
    ) -> Trace:
        from checker.language.execution import Execution

        trace = trace_of(
            self.elaborated.system,
            run,
            claim=judgement.name,
            kind=judgement.kind,
            regime=judgement.regime,
        )
        replay(Execution(self.elaborated), under, trace, claim, run)
        return trace

    @cached_property
    def _hash(self) -> str:
        return content_hash(self.elaborated.system)


def _walks(group: _Group) -> Walks:
    """How the runs of a group went."""
    from checker.explicit import walk_kernels as kernels

    if group.sampled is None:
        return Walks(tuple(group.regimes), 0, 0, 0, 0, 0, 0, 0, ())
    tally = group.sampled.tally
    actions = group.under.system.actions
    idle = [action.name for action, taken in zip(actions, tally.taken, strict=True) if not taken]
    return Walks(
        regimes=tuple(group.regimes),
        runs=tally.runs,
        steps=tally.steps,
        longest=tally.longest,
        ended=tally.ends[kernels.ENDED],
        wrong=tally.ends[kernels.WRONG],
        beyond=tally.ends[kernels.BEYOND],
        cut=tally.ends[kernels.CUT],
        never_taken=tuple(idle),
    )
