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
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from checker.findings.judging import resting_place
from checker.regimes.regime import Regime, UnderRegime
from checker.system.expression import Expression
from checker.system.run import Judgement
from checker.system.transition_system import Property

if TYPE_CHECKING:
    from checker.explicit.state_graph import StateGraph
    from checker.findings.checking import Progress
    from checker.findings.limits import Limits
    from checker.reductions.live_variables import LiveVariables

__all__ = ["ReducedSpace", "Reducing", "way_of"]

_STATES = ("always", "never", "reachable", "deadlock_free")
_RUNS = ("converges", "recurs", "leads_to", "recoverable", "transition")


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
        """
        from checker.explicit.restoring import restored

        run = judgement.run
        if run is not None and self.live.system is not self.under.system:
            run = restored(self.under.system, self.live.system, run)
        metrics = dict(judgement.metrics)
        if claim is not None:
            for name in self.live.unmeasured(claim):
                metrics.pop(name, None)
        if "self_stabilising" in metrics:
            metrics["self_stabilising"] = "not judged: reduced"
        return replace(judgement, run=run, metrics=metrics)


@dataclass
class Reducing:
    """Explores what is needed for all claims of one way and regime at once, and keeps it."""

    claims: Sequence[Property]
    limits: Limits
    progress: Progress | None
    spaces: dict[tuple[str, str], ReducedSpace] = field(default_factory=dict)

    def space(self, under: UnderRegime, way: str, regimes: dict[str, Regime]) -> ReducedSpace:
        """The reduced exploration for the claims of one way that are judged under this regime.

        Parameters
        ----------
        under : UnderRegime
        way : str
            "states" or "runs".
        regimes : dict of str to Regime
            Under which regime each claim is judged.
        """
        key = (str(under.regime), way)
        if key not in self.spaces:
            here = [
                claim
                for claim in self.claims
                if way_of(claim) == way and str(regimes[claim.name]) == str(under.regime)
            ]
            self.spaces[key] = self._explored(under, way, here)
        return self.spaces[key]

    def _explored(self, under: UnderRegime, way: str, here: Sequence[Property]) -> ReducedSpace:
        from checker.reductions.live_variables import Keeping, read_by, without_dead_values

        begun = time.perf_counter()
        predicates = dict(read_by(here))
        goal = resting_place(self.claims)
        deadlocks = any(claim.kind == "deadlock_free" for claim in here)
        if deadlocks and goal is not None:
            predicates["the goal of deadlock_free"] = goal
        # Steps that change nothing any more would change how many it takes to converge, and what is
        # a deadlock.
        keeping = Keeping.STEPS if way == "runs" or deadlocks else Keeping.STATES
        live = without_dead_values(under.system, predicates, keeping=keeping)
        smaller = replace(under, system=live.system)
        told = [f"dead values: forgotten {', '.join(live.resets)}"] if live.resets else []
        told += [f"dead values: kept {'; '.join(live.refused)}"] if live.refused else []
        if way == "runs":
            names = ", ".join(f"`{claim.name}`" for claim in here)
            told.append(
                f"symmetry, partial order: not for {names}: fairness and steps of each part matter"
            )
            graph = self.limits.explore(smaller, progress=self.progress)
        else:
            graph, more = self._few_states(smaller, predicates, deadlocks)
            told += more
        about = ", ".join(f"`{claim.name}`" for claim in here) or "errors"
        told = [f"for {about}", *(f"  {line}" for line in told)] if told else []
        return ReducedSpace(under, live, graph, time.perf_counter() - begun, tuple(told))

    def _few_states(
        self, under: UnderRegime, predicates: dict[str, Expression], deadlocks: bool
    ) -> tuple[StateGraph, list[str]]:
        from checker.explicit.packing import NotCompilable
        from checker.explicit.reduced_search import ReducedGraph, Reduction
        from checker.reductions.partial_order import partial_order_of
        from checker.reductions.symmetry import symmetry_of

        symmetry = symmetry_of(under.system, predicates)
        order = partial_order_of(under.system, predicates, deadlocks=deadlocks)
        refused = [f"symmetry: not by {reason}" for reason in symmetry.refused]
        refused += [f"partial order: not by {reason}" for reason in order.refused]
        reduction = Reduction(symmetry, order)
        if reduction:
            try:
                graph = self.limits.explore(
                    under, keep_edges=False, progress=self.progress, reduction=reduction
                )
                assert isinstance(graph, ReducedGraph)
                return graph, [*graph.told(), *refused]
            except NotCompilable as problem:
                refused.append(f"not reduced: {problem}")
        elif not symmetry.refused:
            refused.append("symmetry: no like parts")
        return self.limits.explore(under, keep_edges=False, progress=self.progress), refused
