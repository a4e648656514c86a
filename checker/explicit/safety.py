"""What must never happen, what must stay possible: judged on the explored graph.

Every function takes a `StateGraph` and a `Property` and returns a `Judgement`. A violation comes
with a shortest run. On an incomplete graph a violation that was found is real; anything else is
UNKNOWN. Where the model itself goes wrong, nothing is said to hold: what would have come after
the error is not in the graph.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from checker.explicit.components import machine_code_works, ways_pass
from checker.explicit.explore import evaluate_all, evaluate_edges
from checker.explicit.judging import goes_wrong, held, predicate_of, unless_unsure, violated
from checker.explicit.state_graph import Mishap, StateGraph
from checker.explicit.strong_components import gather
from checker.system.expression import FALSE, Expression
from checker.system.run import Judgement
from checker.system.transition_system import Hazard, Kind, Location, Property

__all__ = [
    "always",
    "deadlock_free",
    "deadlocks",
    "hazard_judgements",
    "judge_safety",
    "never",
    "reachable",
    "recoverable",
    "transition",
]

_Mask = npt.NDArray[np.bool_]

_MANY = 20_000
"""Edges from which on it is worth compiling."""


def judge_safety(graph: StateGraph, claim: Property, goal: Expression | None = None) -> Judgement:
    """Judge a property of kind always, never, transition, deadlock_free, reachable or recoverable.

    Parameters
    ----------
    graph : StateGraph
        With edges, unless the kind is always, never or reachable, or it is deadlock_free and the
        graph knows where something moves.
    claim : Property
    goal : Expression, optional
        For "deadlock_free": where nothing needs to happen any more.

    Raises
    ------
    ValueError
        If the property is of another kind.
    """
    if claim.kind == "deadlock_free":
        return deadlock_free(graph, claim, goal)
    judges: dict[str, Callable[[StateGraph, Property], Judgement]] = {
        "always": always,
        "never": never,
        "transition": transition,
        "reachable": reachable,
        "recoverable": recoverable,
    }
    if claim.kind not in judges:
        raise ValueError(f"{claim.name} is of kind {claim.kind}, which is not judged here")
    return judges[claim.kind](graph, claim)


# ---------------------------------------------------------------- of states and steps


def always(graph: StateGraph, claim: Property) -> Judgement:
    """The predicate holds in every reachable state."""
    return _invariant(graph, claim, ~evaluate_all(graph, predicate_of(claim)), "does not hold")


def never(graph: StateGraph, claim: Property) -> Judgement:
    """The predicate holds in no reachable state."""
    return _invariant(graph, claim, evaluate_all(graph, predicate_of(claim)), "holds")


def transition(graph: StateGraph, claim: Property) -> Judgement:
    """The predicate holds of every reachable step that changes the state.

    Raises
    ------
    IncompleteGraph
        If edges were not kept.
    """
    errors = [(hazard, evaluate_edges(graph, hazard.condition)) for hazard in claim.hazards]
    bad = ~evaluate_edges(graph, predicate_of(claim))
    for _, where in errors:
        bad |= where
    bad &= graph.changing
    if not bad.any():
        return held(graph, claim)
    # Edges are in the order of their sources, hence of their distance.
    edge = int(bad.argmax())
    states, labels = graph.path_to(int(graph.sources[edge]))
    target, label = int(graph.targets[edge]), int(graph.labels[edge])
    run = graph.run_along([*states, target], [*labels, label])
    hazard = next((hazard for hazard, where in errors if where[edge]), None)
    reason = hazard.message if hazard else f"{graph.instances[label].name} breaks it"
    return violated(graph, claim, replace(run, hazard=hazard), reason)


def reachable(graph: StateGraph, claim: Property) -> Judgement:
    """The predicate holds in some reachable state; the run is the witness."""
    wrong = goes_wrong(graph, claim)
    if wrong is not None:
        return wrong
    holds = evaluate_all(graph, predicate_of(claim))
    if holds.any():
        # One run is enough: whatever else is missing or goes wrong, this one exists.
        return held(graph, claim, witness=graph.run_to(int(holds.argmax())))
    # Here the violation speaks of all states, so it is this one that needs the whole graph.
    return unless_unsure(graph, violated(graph, claim, None, "it holds in no reachable state"))


# ---------------------------------------------------------------- of what can still happen


def deadlock_free(graph: StateGraph, claim: Property, goal: Expression | None = None) -> Judgement:
    """Outside the goal some step can always change something (faults and intents do not count).

    Raises
    ------
    IncompleteGraph
        If neither edges were kept nor where something moves.
    """
    stuck = deadlocks(graph)
    if goal is not None and goal is not FALSE:
        stuck &= ~evaluate_all(graph, goal)
    return _invariant(graph, claim, stuck, "deadlock: no step can change anything")


def deadlocks(graph: StateGraph) -> _Mask:
    """The expanded states in which no action of kind step changes anything, shape (states,).

    A step that goes wrong is not a deadlock but a violation of its own.
    """
    stuck = np.zeros(len(graph), dtype=np.bool_)
    stuck[: graph.expanded] = True
    if not graph.expanded:
        return stuck
    own = _own_labels(graph)
    if graph.moving is not None:
        stuck &= graph.moving == 0
    elif len(graph.targets) > _MANY and machine_code_works():
        from checker.explicit.edge_kernels import unstick

        rows = (graph.offsets, graph.targets, graph.labels)
        unstick(*rows, len(graph), own.view(np.uint8), stuck.view(np.uint8))
    else:
        stuck[graph.sources[graph.changing & own[graph.labels]]] = False
    for mishap in graph.mishaps:
        if own[mishap.label]:
            stuck[mishap.state] = False
    return stuck


def recoverable(graph: StateGraph, claim: Property) -> Judgement:
    """From every reachable state some run without further faults and intents gets there (AG EF).

    The run of a violation leads to a nearest state from which there is no way.

    Raises
    ------
    IncompleteGraph
        If edges were not kept.
    """
    wrong = goes_wrong(graph, claim)
    if wrong is not None:
        return wrong
    possible = evaluate_all(graph, predicate_of(claim))
    own = _own_labels(graph) & graph.recurring_labels
    # What lies beyond an unexpanded state or a bound might well be a way out.
    possible[graph.expanded :] = True
    for mishap in graph.mishaps:
        if mishap.hazard is None and own[mishap.label]:
            possible[mishap.state] = True
    lost = ~_backward(graph, possible, own)
    return _invariant(graph, claim, lost, "from here it cannot be reached any more")


def _own_labels(graph: StateGraph) -> _Mask:
    """True for the labels of what agents do by themselves."""
    kinds = [instance.action.kind is Kind.STEP for instance in graph.instances]
    return np.array(kinds, dtype=np.bool_)


def _backward(graph: StateGraph, goal: _Mask, usable_labels: _Mask) -> _Mask:
    """States with a path along edges with these labels into the goal."""
    if len(graph.targets) > _MANY and machine_code_works():
        rows = (graph.offsets, graph.targets, graph.labels)
        reaching: _Mask = np.greater_equal(ways_pass(*rows, usable_labels, ~goal).best, 0)
        return reaching
    usable = usable_labels[graph.labels] & graph.changing
    sources, targets = graph.sources[usable], graph.targets[usable]
    incoming = sources[np.argsort(targets, kind="stable")]
    counts = np.bincount(targets, minlength=len(graph))
    offsets = np.concatenate(([0], np.cumsum(counts)))
    reached = goal.copy()
    frontier = np.flatnonzero(goal)
    while len(frontier):
        positions, _ = gather(offsets, frontier)
        fresh = np.zeros(len(graph), dtype=np.bool_)
        fresh[incoming[positions]] = True
        fresh &= ~reached
        reached |= fresh
        frontier = np.flatnonzero(fresh)
    return reached


# ---------------------------------------------------------------- of the model itself


def hazard_judgements(graph: StateGraph) -> list[Judgement]:
    """What goes wrong in the model's own steps.

    Returns
    -------
    list of Judgement
        One of kind "assert" for each assertion in the source, in order of first appearance, and
        last one named "well_defined", of kind "domain", for all other errors together: values
        outside their domain, indices outside their array, divisions by zero, missing values.
    """
    sites: dict[tuple[str, Location | None], None] = {}
    for action in graph.system.actions:
        for hazard in action.hazards:
            if hazard.kind == "assert":
                sites[_site(hazard)] = None
    first: dict[tuple[str, Location | None] | None, Mishap] = {}
    for mishap in graph.mishaps:
        if mishap.hazard is not None:
            site = _site(mishap.hazard) if mishap.hazard.kind == "assert" else None
            first.setdefault(site, mishap)
    claims = [(Property(name, "assert", location=place), (name, place)) for name, place in sites]
    judged = [_hazard_judgement(graph, claim, first.get(site)) for claim, site in claims]
    well_defined = Property("well_defined", "domain")
    return [*judged, _hazard_judgement(graph, well_defined, first.get(None))]


def _site(hazard: Hazard) -> tuple[str, Location | None]:
    return hazard.name, hazard.location


def _hazard_judgement(graph: StateGraph, claim: Property, mishap: Mishap | None) -> Judgement:
    if mishap is None:
        return held(graph, claim, despite_errors=True)
    assert mishap.hazard is not None
    return violated(graph, claim, graph.run_into(mishap), mishap.hazard.message)


def _invariant(graph: StateGraph, claim: Property, bad: _Mask, reason: str) -> Judgement:
    """No state is bad, and the predicate itself goes wrong in none."""
    errors = [(hazard, evaluate_all(graph, hazard.condition)) for hazard in claim.hazards]
    for _, where in errors:
        bad = bad | where
    if not bad.any():
        return held(graph, claim)
    # States are in the order of their distance.
    state = int(bad.argmax())
    hazard = next((hazard for hazard, where in errors if where[state]), None)
    run = replace(graph.run_to(state), hazard=hazard)
    return violated(graph, claim, run, hazard.message if hazard else reason)
