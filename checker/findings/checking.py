"""`check`: every property of a model, judged, each counterexample repeated by CPython."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from checker.evidence.replay import replay
from checker.evidence.trace import Trace, trace_of
from checker.findings.documented import documented, provenance_of
from checker.findings.finding import Certificate, Finding
from checker.findings.findings import Findings, Space
from checker.findings.judging import judge, needs_edges, resting_place
from checker.findings.limits import Limits
from checker.findings.reducing import NotExplored, ReducedSpace, Reducing, way_of
from checker.findings.selection import regime_of, select
from checker.findings.translating import translated
from checker.regimes.regime import FINITELY_MANY, Regime, RegimeError, UnderRegime
from checker.system.digest import content_hash
from checker.system.run import Judgement, Run, Scope, Verdict
from checker.system.transition_system import Property, TransitionSystem

if TYPE_CHECKING:
    from checker.explicit.state_graph import StateGraph
    from checker.explicit.vacuity import Vacuity
    from checker.language.elaborate import Elaborated
    from checker.language.model import Model

__all__ = ["Progress", "check", "judgeable"]

Progress = Callable[[int, int, int], None]
"""Called now and then with the states, steps and frontier so far. If it has a method `stage` too, that
is told in a few words what is done next."""

_WHILE_JUDGING = "interrupted while judging"


def check(
    model: Model | type[Model],
    *,
    properties: Iterable[str] | None = None,
    regime: str | Regime | None = None,
    max_states: int | None = None,
    progress: Progress | None = None,
    memory: int | None = None,
    threads: int = 1,
    save: str | Path | None = None,
    resume: bool = False,
    save_every: float | None = None,
    reduce: bool = False,
) -> Findings:
    """Judge the properties of a model; returns values, prints nothing.

    Parameters
    ----------
    model : Model or its class
        An instance (`Taxi(street=20)`), or the class for its default parameters.
    properties : iterable of str, optional
        Only these; every property, and every assertion in an action, if not given.
    regime : str or Regime, optional
        Judge everything under this regime instead of the one that each property states.
    max_states : int, optional
        Stop exploring there; what is not decided by then is UNKNOWN.
    progress : callable, optional
    memory : int, optional
        Bytes that the process may use; by default most of what is free. What is not decided within
        them is UNKNOWN.
    threads : int
        How many may work at a time; the result is the same for any number.
    save : path, optional
        A folder that keeps the explorations as they grow.
    resume : bool
        Go on from what is there.
    save_every : float, optional
        Seconds between two times that an exploration is saved.
    reduce : bool
        Explore less where it is sound, see `Findings.reductions`. Counterexamples need not be the
        shortest then, and nothing is said about what happens in vain. Not together with `save`.

    Raises
    ------
    ModelError
        If the model cannot be translated.
    RegimeError, UnknownProperty
        If there is no such regime, fault or property.
    CheckpointError
        If `save` holds something else, or cannot be written.
    ReplayMismatch
        If CPython disagrees with an engine: an internal error.
    ValueError
        If a reduced exploration is to be saved.

    Notes
    -----
    Interrupting an exploration (Ctrl-C) is not lost work: what was violated so far is found, and
    all else is UNKNOWN.
    """
    begun = time.perf_counter()
    elaborated = translated(model)
    asked = Regime.parse(regime) if isinstance(regime, str) else regime
    place = None if save is None else Path(save)
    if reduce and place is not None:
        raise ValueError("a reduced exploration cannot be saved: leave out `reduce` or `save`")
    limits = Limits(max_states, memory, threads, place, resume, save_every)
    one = _Check(elaborated, asked, limits, progress, begun)
    one.reduce = reduce
    return one.run(properties)


def judgeable(model: Model) -> tuple[str, ...]:
    """The names that `check(properties=…)` takes: properties, assertions, and "well_defined"."""
    elaborated = translated(model)
    names = [claim.name for claim in elaborated.properties]
    return tuple(dict.fromkeys([*names, *_errors(elaborated.system)]))


def _errors(system: TransitionSystem) -> list[str]:
    """What can be asked of a model's own steps: each assertion, and whether nothing else fails."""
    hazards = (hazard for action in system.actions for hazard in action.hazards)
    names = dict.fromkeys(hazard.name for hazard in hazards if hazard.kind == "assert")
    return [*names, "well_defined"]


class _Check:
    """One check: explores each distinct system once, however many properties and regimes."""

    def __init__(
        self,
        elaborated: Elaborated,
        asked: Regime | None,
        limits: Limits,
        progress: Progress | None,
        begun: float,
    ) -> None:
        self.elaborated = elaborated
        self.system: TransitionSystem = elaborated.system
        self.asked = asked
        self.limits = limits
        self.keep_edges = True
        self.reduce = False
        self.reducing: Reducing | None = None
        self.progress = progress
        self.begun = begun
        self.explored: list[_Explored] = []
        self.stopped = ""
        self.limited = ""

    def run(self, properties: Iterable[str] | None) -> Findings:
        everything = self.elaborated.properties
        wanted = None if properties is None else tuple(properties)
        claims = select(everything, wanted, _errors(self.system))
        self.keep_edges = any(map(needs_edges, claims))
        if self.reduce:
            regimes = {claim.name: self._regime(claim) for claim in claims}
            goal = resting_place(everything)
            self.reducing = Reducing(claims, regimes, goal, self.limits, self.progress)
        findings: list[Finding] = []
        for claim in claims:
            regime = self._regime(claim)
            judging = partial(judge, claim=claim, claims=everything)
            findings.extend(self._findings(claim, claim.name, claim.kind, regime, judging))
        if wanted is None or any(name not in {claim.name for claim in claims} for name in wanted):
            regime = self.asked or FINITELY_MANY
            findings.extend(
                finding
                for finding in self._findings(None, "well_defined", "assert", regime, _hazards)
                if wanted is None or finding.property in wanted
            )
        return Findings(
            model=self.system.name,
            parameters=self.system.parameters,
            findings=tuple(findings),
            vacuity=() if self.reducing else self._vacuity(everything),
            spaces=(*self._reduced_spaces(), *(one.space() for one in self.explored)),
            seconds=time.perf_counter() - self.begun,
            system=self.system,
            claims=tuple(everything),
            reductions=self._reductions(),
        )

    def _tell(self, what: str) -> None:
        stage = getattr(self.progress, "stage", None)
        if stage is not None:
            stage(what)

    def _regime(self, claim: Property) -> Regime:
        """The regime of a property; a mistake in one that it states itself names the property."""
        try:
            regime = regime_of(claim, self.asked)
            regime.apply(self.system)
        except RegimeError as problem:
            if self.asked is not None:
                raise
            where = "" if claim.location is None else f" ({claim.location})"
            raise RegimeError(f"{problem}, says `{claim.name}`{where}") from None
        return regime

    # ------------------------------------------------------------ exploring

    def _graph(self, regime: Regime) -> StateGraph | None:
        """The states under a regime, explored now or before; None once that was stopped or impossible."""
        under = regime.apply(self.system)
        for one in self.explored:
            if one.graph.under.system is under.system or one.graph.under.regime == regime:
                one.regimes[str(regime)] = None
                return one.graph.seen_under(under)
        if self.stopped or self.limited:
            return None
        from checker.explicit.instances import TooManyOutcomes
        from checker.explicit.packing import NotEnumerable

        begun = time.perf_counter()
        try:
            graph = self.limits.explore(under, keep_edges=self.keep_edges, progress=self.progress)
        except (NotEnumerable, TooManyOutcomes) as limit:
            self.limited = str(limit)
            return None
        self.explored.append(_Explored(graph, time.perf_counter() - begun, {str(regime): None}))
        if graph.reason == "interrupted":
            self.stopped = f"interrupted after {len(graph):,} states"
        return graph

    # ------------------------------------------------------------ exploring less

    def _reduced(self, claim: Property | None, regime: Regime) -> ReducedSpace | None:
        """The reduced exploration on which a claim can be judged; None if there is none."""
        if self.reducing is None or way_of(claim) == "everything":
            return None
        if claim is not None and claim.name in self.reducing.endless:
            return None
        under = regime.apply(self.system)
        if self.stopped and not self.reducing.known(under, way_of(claim)):
            raise NotExplored(self.stopped)
        space = self.reducing.space(under, way_of(claim))
        if space.graph.reason == "interrupted":
            self.stopped = f"interrupted after {len(space.graph):,} states"
        return space if claim is None or not space.live.obstacle(claim) else None

    def _reduced_spaces(self) -> Iterator[Space]:
        for one in self.reducing.spaces.values() if self.reducing else ():
            yield _Explored(one.graph, one.seconds, {str(one.under.regime): None}).space()

    def _reductions(self) -> tuple[str, ...]:
        return self.reducing.told() if self.reducing else ()

    def _vacuity(self, claims: tuple[Property, ...]) -> tuple[Vacuity, ...]:
        from checker.findings.vacuity import vacuity

        if not self.explored or self.stopped or self.limited:
            return ()
        regimes = {text: number for number, one in enumerate(self.explored) for text in one.regimes}
        place = {claim.name: str(regime_of(claim, self.asked)) for claim in claims}
        return vacuity(
            [one.graph for one in self.explored],
            claims,
            {name: regimes[regime] for name, regime in place.items() if regime in regimes},
        )

    # ------------------------------------------------------------ judging

    def _findings(
        self,
        claim: Property | None,
        name: str,
        kind: str,
        regime: Regime,
        judging: Callable[[StateGraph], list[Judgement]],
    ) -> list[Finding]:
        """What an engine says, each trace replayed; UNKNOWN where there is nothing to judge on."""
        graph = None
        try:
            if self.stopped == _WHILE_JUDGING:
                raise NotExplored(self.stopped)
            space = self._reduced(claim, regime)
            graph = self._graph(regime) if space is None else space.graph
            reason = "" if graph is not None else self.stopped or self.limited
            if graph is not None:
                self._tell(f"judging {name} on {len(graph):,} states")
                if claim is not None:
                    reason = self.limits.left_out(graph, claim)
                if not reason:
                    judged = judging(graph)
                    if space is None or self.reducing is None:
                        return [self._finding(one, claim, graph) for one in judged]
                    real = self.reducing.real(space, judged, claim)
                    if real is None:
                        return self._findings(claim, name, kind, regime, judging)
                    return [self._finding(one, claim, graph, space.under) for one in real]
        except NotExplored as limit:
            reason = str(limit)
        except KeyboardInterrupt:
            reason = self.stopped = _WHILE_JUDGING
        except MemoryError:
            reason = "out of memory while judging"
        unknown = Judgement(name, kind, Verdict.UNKNOWN, Scope("bounded", 0), str(regime), reason=reason)
        return [self._finding(unknown, claim, graph)]

    def _finding(
        self,
        judgement: Judgement,
        claim: Property | None,
        graph: StateGraph | None,
        under: UnderRegime | None = None,
    ) -> Finding:
        explored = None
        if graph is not None:
            # The digest of a space that was left early says nothing, and costs a pass over it.
            digest = graph.digest if graph.complete else ""
            explored = Certificate(len(graph), graph.steps, digest)
        trace = None
        if judgement.run is not None and graph is not None:
            trace = self._replayed(judgement, judgement.run, claim, under or graph.under)
        reason = judgement.reason
        if judgement.verdict is Verdict.UNKNOWN and graph is not None and graph.reason == "interrupted":
            reason = self.stopped
        holds = judgement.verdict is Verdict.HOLDS
        return Finding(
            property=judgement.name,
            kind=judgement.kind,
            regime=judgement.regime,
            verdict=judgement.verdict,
            scope=judgement.scope,
            evidence=self._evidence(judgement.verdict, explored, trace),
            model=self.system.name,
            parameters=self.system.parameters,
            provenance=provenance_of(self.system, self._hash, claim, "explicit"),
            explored=explored,
            reason=reason,
            metrics=judgement.metrics,
            expected=documented(self.elaborated.model, judgement.name, judgement.kind, claim),
            witness=trace if holds else None,
        )

    @staticmethod
    def _evidence(
        verdict: Verdict, explored: Certificate | None, trace: Trace | None
    ) -> Trace | Certificate | None:
        if verdict is Verdict.UNKNOWN:
            return None
        # What is violated for lack of any run (nothing is reachable) has no trace either.
        return explored if verdict is Verdict.HOLDS or trace is None else trace

    def _replayed(
        self, judgement: Judgement, run: Run, claim: Property | None, under: UnderRegime
    ) -> Trace:
        from checker.language.execution import Execution

        trace = trace_of(
            self.system, run, claim=judgement.name, kind=judgement.kind, regime=judgement.regime
        )
        replay(Execution(self.elaborated), under, trace, claim, run)
        return trace

    @cached_property
    def _hash(self) -> str:
        return content_hash(self.system)


@dataclass
class _Explored:
    """One exploration, and the regimes that it serves so far."""

    graph: StateGraph
    seconds: float
    regimes: dict[str, None]

    def space(self) -> Space:
        graph = self.graph
        return Space(
            regimes=tuple(self.regimes),
            states=len(graph),
            steps=graph.steps,
            digest=graph.digest if graph.complete else "",
            seconds=self.seconds,
            complete=graph.complete,
            reason=graph.reason,
        )


def _hazards(graph: StateGraph) -> list[Judgement]:
    from checker.explicit.safety import hazard_judgements

    return list(hazard_judgements(graph))
