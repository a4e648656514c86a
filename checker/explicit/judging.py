"""From what was found in a graph to a verdict: never more than the graph can carry."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from checker.explicit.explore import evaluate_all
from checker.explicit.state_graph import StateGraph
from checker.system.expression import TRUE, Expression
from checker.system.run import Judgement, Run, Scope, Verdict
from checker.system.transition_system import Property

__all__ = ["goes_wrong", "held", "predicate_of", "scope_of", "unless_unsure", "violated"]


def scope_of(graph: StateGraph) -> Scope:
    """All states, or all runs of at most so many steps."""
    return Scope("exhaustive") if graph.complete else Scope("bounded", graph.covers)


def held(
    graph: StateGraph,
    claim: Property,
    *,
    witness: Run | None = None,
    despite_errors: bool = False,
    metrics: dict[str, Any] | None = None,
) -> Judgement:
    """HOLDS, or UNKNOWN if the graph does not cover everything.

    Parameters
    ----------
    graph : StateGraph
    claim : Property
    witness : Run, optional
        The property is that some run exists, and here it is: it holds on an incomplete graph too.
    despite_errors : bool
        The property is about the model's own errors, so those do not put it in doubt.
    metrics : dict, optional
        What else was measured.
    """
    judgement = Judgement(
        claim.name,
        claim.kind,
        Verdict.HOLDS,
        scope_of(graph),
        str(graph.under.regime),
        run=witness,
        metrics={"states": len(graph), "steps": graph.steps, "digest": graph.digest, **(metrics or {})},
    )
    if witness is not None:
        return judgement
    return unless_unsure(graph, judgement, despite_errors=despite_errors)


def violated(
    graph: StateGraph,
    claim: Property,
    run: Run | None,
    reason: str,
    metrics: dict[str, Any] | None = None,
) -> Judgement:
    """VIOLATED: a run that was found is real, whatever else was not explored."""
    counts = {"states": len(graph), "steps": graph.steps}
    return Judgement(
        claim.name,
        claim.kind,
        Verdict.VIOLATED,
        scope_of(graph),
        str(graph.under.regime),
        run=run,
        reason=reason,
        metrics={**counts, **(metrics or {})},
    )


def unless_unsure(graph: StateGraph, judgement: Judgement, *, despite_errors: bool = False) -> Judgement:
    """A judgement that speaks of all states and steps; UNKNOWN if they are not all there.

    They are not if exploration stopped early, or if the model goes wrong: an error has no
    successor, so what would come after it was never seen.
    """
    reason = ""
    if not graph.complete:
        waiting = len(graph) - graph.expanded
        reason = (
            f"{graph.reason}: nothing found in {len(graph):,} states and {graph.steps:,} steps, "
            f"{waiting:,} state{'' if waiting == 1 else 's'} not yet expanded"
        )
    elif not despite_errors:
        errors = (mishap.hazard for mishap in graph.mishaps if mishap.hazard is not None)
        first = next(errors, None)
        if first is not None:
            reason = f"the model itself goes wrong: {first.message}"
    if not reason:
        return judgement
    counts = {"states": len(graph), "steps": graph.steps}
    return replace(judgement, verdict=Verdict.UNKNOWN, run=None, reason=reason, metrics=counts)


def goes_wrong(graph: StateGraph, claim: Property) -> Judgement | None:
    """A violation, if evaluating the property's own predicate goes wrong in a reachable state."""
    bad = [(hazard, evaluate_all(graph, hazard.condition)) for hazard in claim.hazards]
    nearest = min((int(where.argmax()) for _, where in bad if where.any()), default=None)
    if nearest is None:
        return None
    hazard = next(hazard for hazard, where in bad if where[nearest])
    run = replace(graph.run_to(nearest), hazard=hazard)
    return violated(graph, claim, run, hazard.message)


def predicate_of(claim: Property) -> Expression:
    """The predicate; true where there is none."""
    return TRUE if claim.predicate is None else claim.predicate
