"""What `--reduce` does: for each kind of property the reductions that are sound for it.

============================================  ================================================
properties                                    explored
============================================  ================================================
always, never, reachable, deadlock_free,      classes under symmetry, sets of actions that
errors of the model                           suffice, dead values forgotten; no edges
converges, recurs, leads_to, recoverable,     dead values forgotten, every step kept
transition
idempotent                                    everything
============================================  ================================================

The condition of each reduction stands with it (`checker.reductions`), that of their combination in
`checker.explicit.reduced_search`. They are told everything that will be evaluated: the predicates,
where evaluating these goes wrong, and the goal outside which a deadlock is one, which properties
give that need not be asked for.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from checker.findings.reduction_text import dead_lines, group, order_refused, symmetry_refused
from checker.regimes.regime import Regime, UnderRegime
from checker.system.expression import Expression
from checker.system.run import Judgement
from checker.system.transition_system import Property

if TYPE_CHECKING:
    from checker.explicit.state_graph import StateGraph
    from checker.findings.checking import Progress
    from checker.findings.limits import Limits
    from checker.reductions.live_variables import LiveVariables

__all__ = ["NotExplored", "ReducedSpace", "Reducing", "way_of"]

_STATES = ("always", "never", "reachable", "deadlock_free")
_RUNS = ("converges", "recurs", "leads_to", "recoverable", "transition")

_Key = tuple[str, str]


class NotExplored(ValueError):
    """There is nothing to judge on; the message says why."""


def way_of(claim: Property | None) -> str:
    """Which of the three rows a claim is in, "states", "runs" or "everything"; None: errors."""
    if claim is None or claim.kind in _STATES:
        return "states"
    return "runs" if claim.kind in _RUNS else "everything"


@dataclass
class ReducedSpace:
    """A reduced exploration, and how what it finds is told of the system itself.

    Parameters
    ----------
    under : UnderRegime
        The system itself.
    live : LiveVariables
    graph : StateGraph
    seconds : float
    told : tuple of str
        What was done and saved, and what was not done and why.
    """

    under: UnderRegime
    live: LiveVariables
    graph: StateGraph
    seconds: float
    told: tuple[str, ...]

    def real(self, judgement: Judgement, claim: Property | None) -> Judgement:
        """A judgement on the reduced system as one on the system itself.

        The verdict is the same; the run is made a run of the system, and figures that the
        reduction does not keep are left out.

        Raises
        ------
        LoopTooLong
            If the system's own run, in which forgotten values have to come back, is too long.
        """
        if self.live.system is self.under.system:
            return judgement
        from checker.explicit.restoring import restored

        run = judgement.run
        if run is not None:
            run = restored(self.under.system, self.live.system, run)
        metrics = dict(judgement.metrics)
        for name in self.live.unmeasured(claim) if claim is not None else ():
            metrics.pop(name, None)
        if "self_stabilising" in metrics:
            metrics["self_stabilising"] = "not judged: reduced"
        return replace(judgement, run=run, metrics=metrics)


@dataclass
class Reducing:
    """Explores what is needed for all claims of one way and regime at once, and keeps it.

    Parameters
    ----------
    claims : sequence of Property
        What will be judged.
    regimes : mapping of str to Regime
        Under which regime each claim is.
    goal : Expression, optional
        Where a deadlock is none, as all properties of the model say, judged or not.
    limits : Limits
    progress : callable, optional

    Attributes
    ----------
    endless : list of str
        Claims whose counterexample on the reduced system could not be made one of the system: they
        are to be judged on everything.
    """

    claims: Sequence[Property]
    regimes: Mapping[str, Regime]
    goal: Expression | None
    limits: Limits
    progress: Progress | None
    spaces: dict[_Key, ReducedSpace] = field(default_factory=dict)
    failed: dict[_Key, str] = field(default_factory=dict)
    endless: list[str] = field(default_factory=list)

    def known(self, under: UnderRegime, way: str) -> bool:
        """Whether there is nothing more to explore for the claims of one way under this regime."""
        key = (str(under.regime), way)
        return key in self.spaces or key in self.failed

    def space(self, under: UnderRegime, way: str) -> ReducedSpace:
        """The reduced exploration for the claims of one way that are judged under this regime.

        Parameters
        ----------
        under : UnderRegime
        way : str
            "states" or "runs".

        Raises
        ------
        NotExplored
            If the system cannot be enumerated.
        """
        from checker.explicit.instances import TooManyOutcomes
        from checker.explicit.packing import NotEnumerable

        key = (str(under.regime), way)
        if not self.known(under, way):
            try:
                self.spaces[key] = self._explored(under, way)
            except (NotEnumerable, TooManyOutcomes) as limit:
                self.failed[key] = str(limit)
        if key in self.failed:
            raise NotExplored(self.failed[key])
        return self.spaces[key]

    def real(
        self, space: ReducedSpace, judged: Sequence[Judgement], claim: Property | None
    ) -> list[Judgement] | None:
        """What is to be said of the system itself; None if the claim has to be judged on everything."""
        from checker.explicit.restoring import LoopTooLong

        try:
            return [space.real(one, claim) for one in judged]
        except LoopTooLong:
            assert claim is not None  # errors are met on the way, not in a loop
            self.endless.append(claim.name)
            return None

    def told(self) -> tuple[str, ...]:
        """What was explored less and what that saved, and what was not possible, in lines."""
        lines = [line for space in self.spaces.values() for line in space.told]
        for name in self.endless:
            lines.append(f"`{name}` judged on everything: forgotten values are too long in coming back")
        whole = [claim.name for claim in self.claims if way_of(claim) == "everything"]
        if whole:
            lines += group(whole, [], ["what single passes write has to be compared in every state"])
        return tuple(lines)

    def _explored(self, under: UnderRegime, way: str) -> ReducedSpace:
        from checker.reductions.live_variables import Keeping, read_by, without_dead_values

        begun = time.perf_counter()
        regime = str(under.regime)
        here = [
            claim
            for claim in self.claims
            if way_of(claim) == way and str(self.regimes[claim.name]) == regime
        ]
        predicates = dict(read_by(here))
        deadlocks = any(claim.kind == "deadlock_free" for claim in here)
        goal = {}
        if deadlocks and self.goal is not None:
            goal = {"the goal of deadlock_free": self.goal}
        # Steps that change nothing any more would change how many it takes to converge, and what is
        # a deadlock.
        keeping = Keeping.STEPS if way == "runs" or deadlocks else Keeping.STATES
        live = without_dead_values(under.system, predicates | goal, keeping=keeping)
        smaller = replace(under, system=live.system)
        saved, refused = dead_lines(live)
        if way == "runs":
            refused.append("no symmetry or partial order: fairness, and the steps of each part, matter")
            graph = self.limits.explore(smaller, progress=self.progress)
        else:
            graph, more, less = self._few_states(smaller, predicates, goal, deadlocks)
            saved += more
            refused += less
        if not saved and not refused:
            refused.append("nothing is saved by it")
        names = [claim.name for claim in here]
        told = tuple(group(names, saved, refused))
        return ReducedSpace(under, live, graph, time.perf_counter() - begun, told)

    def _few_states(
        self,
        under: UnderRegime,
        predicates: dict[str, Expression],
        goal: dict[str, Expression],
        deadlocks: bool,
    ) -> tuple[StateGraph, list[str], list[str]]:
        """The graph, what that saved, and what was refused."""
        from checker.explicit.packing import NotCompilable
        from checker.explicit.reduced_search import ReducedGraph, Reduction
        from checker.reductions.partial_order import partial_order_of
        from checker.reductions.symmetry import symmetry_of

        symmetry = symmetry_of(under.system, predicates | goal)
        # The deadlocks that it finds are all there are, so the goal may be asked for afterwards.
        order = partial_order_of(under.system, predicates, deadlocks=deadlocks)
        refused = [*symmetry_refused(symmetry), *order_refused(order)]
        reduction = Reduction(symmetry, order)
        if reduction:
            try:
                graph = self.limits.explore(
                    under, keep_edges=False, progress=self.progress, reduction=reduction
                )
            except NotCompilable as problem:
                refused = [f"no symmetry or partial order: {problem}"]
            else:
                # It is no such graph if not even the initial states were all there.
                saved = graph.told() if isinstance(graph, ReducedGraph) else []
                return graph, saved, refused
        # Without a reduction that notes where it is so, edges tell what is a deadlock.
        return self.limits.explore(under, keep_edges=deadlocks, progress=self.progress), [], refused
