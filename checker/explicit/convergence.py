"""`converges`: every fair run reaches the goal and stays there (eventually always), and how fast."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from checker.explicit.components import machine_code_works, ways_pass
from checker.explicit.explore import evaluate_all, explore
from checker.explicit.fair_cycles import (
    Bools,
    FairComponents,
    FairGraph,
    expanded,
    fair_components,
    fair_graph,
)
from checker.explicit.inputs import inputs
from checker.explicit.judging import goes_wrong, held, violated
from checker.explicit.lasso_run import lasso_run, names, tell_loop
from checker.explicit.lasso_search import distances, shortest_lasso
from checker.explicit.longest_way import can_reach, longest_way
from checker.explicit.state_graph import StateGraph
from checker.explicit.strong_components import gather, strong_components
from checker.regimes.regime import NONE, UnderRegime
from checker.system.expression import Expression, conj
from checker.system.run import Judgement, Verdict
from checker.system.transition_system import Kind, Property, Role, TransitionSystem
from checker.system.walk import topological

__all__ = ["judge_converges", "violating_components"]

_MANY = 20_000
"""Edges from which on it is worth compiling."""

_MOST_WELLFORMED = 50_000
"""States up to which "from every state" is judged by visiting them all."""


def judge_converges(graph: StateGraph, claim: Property) -> Judgement:
    """Whether every fair run reaches the goal and stays there, once faults have stopped.

    Parameters
    ----------
    graph : StateGraph
        Explored with edges under the regime of the claim.
    claim : Property
        Of kind "converges".

    Returns
    -------
    Judgement
        VIOLATED with a fair lasso: one that never reaches the goal if there is one, otherwise one
        that leaves it again and again. Metrics: `reached` (every fair run reaches the goal),
        `stable` (none leaves it again and again); both None where an incomplete graph does not
        tell. Where it holds also `steps` and `rounds`, the worst case after the last fault (None,
        and `unbounded` says why, if there is none), `self_stabilising` and `confluent` (True,
        False, or why it was not judged).

    Notes
    -----
    A run violates ◇□G iff it visits ¬G infinitely often, that is, iff it ends in a fair component
    with a state in ¬G. That run avoids the goal altogether from some point on iff there is a fair
    component of the subgraph of ¬G.
    """
    assert claim.predicate is not None
    wrong = goes_wrong(graph, claim)
    if wrong is not None:
        return wrong
    goal = evaluate_all(graph, claim.predicate)
    fair = fair_graph(graph)
    known = expanded(graph)
    every = fair_components(fair, known)
    outside = every.meeting(~goal)
    leaving = np.intersect1d(every.meeting(goal), outside)
    # A fair loop that avoids the goal lies in a component that meets the rest.
    avoiding = fair_components(fair, ~goal & known) if outside.size else FairComponents(every.labels, 0)
    metrics: dict[str, Any] = {
        "reached": avoiding.count == 0,
        "stable": leaving.size == 0,
    }
    if avoiding.count or leaving.size:
        violating = avoiding if avoiding.count else every
        return _violated(graph, claim, fair, violating, goal, metrics)
    judgement = held(graph, claim)
    if judgement.verdict is Verdict.UNKNOWN:
        # What was explored says nothing about all runs: neither would figures about it.
        return replace(judgement, metrics={"states": len(graph)})
    metrics |= _worst_case(graph, goal)
    metrics["self_stabilising"] = _self_stabilising(graph, claim.predicate)
    metrics |= _confluence(graph, every, claim.setpoint)
    # `steps` here is how many it takes to converge, not how many were explored.
    return replace(judgement, metrics={**judgement.metrics, **metrics})


def violating_components(graph: StateGraph, goal: Expression) -> list[npt.NDArray[np.int64]]:
    """The states of every fair component in which the goal fails, nearest component first.

    Raises
    ------
    IncompleteGraph
        If it was explored without keeping edges.
    """
    outside = ~evaluate_all(graph, goal)
    components = fair_components(fair_graph(graph), expanded(graph))
    return [components.members(int(number)) for number in components.meeting(outside)]


def _violated(
    graph: StateGraph,
    claim: Property,
    fair: FairGraph,
    components: FairComponents,
    goal: Bools,
    metrics: dict[str, Any],
) -> Judgement:
    loop = shortest_lasso(fair, components, ~goal, graph.depths)
    assert loop is not None
    states, labels = graph.path_to(loop.entry)
    if metrics["reached"]:
        how = "reaches the goal and leaves it again and again"
    elif not loop.edges:
        how = "stops outside the goal"
    elif goal[states].any():
        how = "leaves the goal and never comes back"
    else:
        how = "never reaches the goal"
    run = lasso_run(graph, states, labels, loop)
    if not graph.complete:
        # That one of the two fails is seen; that the other one does not would need all states.
        metrics = {name: None if value else value for name, value in metrics.items()}
    reason = f"{how}: {tell_loop(graph, loop)}"
    return violated(graph, claim, run, reason, {**metrics, "steps": None, "rounds": None})


# ---------------------------------------------------------------- how long it takes


def _worst_case(graph: StateGraph, goal: Bools) -> dict[str, Any]:
    """Steps and rounds from the worst state until the goal holds for good."""
    has_passes = any(one.action.process is not None for one in graph.instances)
    if len(graph.targets) > _MANY and machine_code_works():
        return _worst_case_by_machine_code(graph, goal, has_passes)
    moving = graph.recurring & graph.changing
    sources, targets, labels = graph.sources[moving], graph.targets[moving], graph.labels[moving]
    offsets = np.concatenate(([0], np.cumsum(moving)))[graph.offsets]
    region = can_reach(len(graph), sources, targets, ~goal)
    steps = longest_way(region, offsets, sources, targets, np.ones(len(sources), dtype=np.int64))
    metrics: dict[str, Any] = {"steps": steps, "rounds": None}
    if has_passes:
        passes = _completing(graph)[moving].astype(np.int64)
        metrics["rounds"] = longest_way(region, offsets, sources, targets, passes)
    if steps is None:
        # Only steps inside the region: from outside it no cycle leads back in.
        inner = region[sources] & region[targets]
        counts = np.bincount(sources[inner], minlength=len(graph))
        within = np.concatenate(([0], np.cumsum(counts)))
        component = strong_components(within, targets[inner])
        cyclic = component[sources[inner]] == component[targets[inner]]
        first = component[sources[inner]][cyclic].min()
        which = cyclic & (component[sources[inner]] == first)
        metrics["unbounded"] = _unbounded(graph, set(labels[inner][which].tolist()))
    return metrics


def _worst_case_by_machine_code(graph: StateGraph, goal: Bools, has_passes: bool) -> dict[str, Any]:
    """The same in one pass over the edges for each figure."""
    rows = (graph.offsets, graph.targets, graph.labels, graph.recurring_labels, goal)
    ways = ways_pass(*rows, weighted=1)
    metrics: dict[str, Any] = {"steps": ways.longest, "rounds": None}
    if has_passes:
        marks, row_of, at_target = _completing_marks(graph)
        metrics["rounds"] = ways_pass(*rows, 2, marks.reshape(-1), row_of, at_target).longest
    if ways.loop is not None:
        edges, counts = gather(graph.offsets, ways.loop)
        sources = np.repeat(ways.loop, counts)
        targets, labels = graph.targets[edges], graph.labels[edges]
        inner = np.isin(targets, ways.loop) & (targets != sources) & graph.recurring_labels[labels]
        metrics["unbounded"] = _unbounded(graph, set(labels[inner].tolist()))
    return metrics


def _unbounded(graph: StateGraph, labels: set[int]) -> str:
    repeated = names([graph.instances[label].name for label in sorted(labels)])
    return f"without a bound: first {repeated} may be repeated any number of times"


def _completing_marks(
    graph: StateGraph,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Which edges end a pass of a process.

    Returns
    -------
    marks : ndarray of uint8, shape (rows, states)
    row_of : ndarray of int32, shape (labels,)
        The row that tells for the edges with this label; -1 if they end no pass.
    at_target : ndarray of uint8, shape (labels,)
        1 if it is the state after the step that tells, 0 for the one before.
    """
    row_of = np.full(len(graph.instances), -1, dtype=np.int32)
    at_target = np.zeros(len(graph.instances), dtype=np.uint8)
    marks: list[Bools] = []
    of_action: dict[str, int] = {}
    for label, instance in enumerate(graph.instances):
        action = instance.action
        if action.process is None or action.kind is not Kind.STEP:
            continue
        # Where it depends on a choice, edges do not tell; that the process is back at the start of
        # its body says the same.
        by_arrival = any(node.operator == "bound" for node in topological([action.completes]))
        if action.name not in of_action:
            of_action[action.name] = len(marks)
            if by_arrival:
                position = graph.system.variable[graph.system.process[action.process].position]
                marks.append(evaluate_all(graph, position.node) == 0)
            else:
                marks.append(evaluate_all(graph, action.completes))
        row_of[label] = of_action[action.name]
        at_target[label] = by_arrival
    joint = np.array(marks, dtype=np.uint8).reshape(len(marks), len(graph))
    return joint, row_of, at_target


def _completing(graph: StateGraph) -> Bools:
    """The edges that end a pass of a process, shape (edges,)."""
    marks, row_of, at_target = _completing_marks(graph)
    rows = row_of[graph.labels]
    ends = np.where(at_target[graph.labels] != 0, graph.targets, graph.sources)
    result: Bools = np.zeros(len(rows), dtype=np.bool_)
    told = rows >= 0
    result[told] = marks[rows[told], ends[told]] != 0
    return result


# ---------------------------------------------------------------- from where, and whereto


def _self_stabilising(graph: StateGraph, goal: Expression) -> bool | str:
    """Whether it converges from every state that could be written down, without any fault."""
    system = graph.system
    domains = [variable.domain for variable in system.variables if variable.role is not Role.GHOST]
    if any(domain.high is None for domain in domains):
        return "not judged: unbounded"
    total = prod(domain.size or 0 for domain in domains)
    if total > _MOST_WELLFORMED:
        return f"not judged: {total:,} states are too many"
    anywhere = explore(_from_anywhere(system))
    if not anywhere.complete:
        return f"not judged: {anywhere.reason}"
    start = np.full(len(anywhere), -1)
    start[: anywhere.initial] = 0
    start[~evaluate_all(anywhere, system.wellformed)] = -1
    everywhere = np.ones(len(anywhere), dtype=np.bool_)
    depth, _ = distances(anywhere.offsets, anywhere.targets, start, everywhere)
    inside = depth >= 0
    if any(inside[mishap.state] for mishap in anywhere.mishaps):
        return False
    components = fair_components(fair_graph(anywhere), inside)
    return not components.meeting(~evaluate_all(anywhere, goal)).size


def _from_anywhere(system: TransitionSystem) -> UnderRegime:
    """The system without faults, begun in any state; where that is not well-formed, it stands still."""
    variables = tuple(
        variable if variable.role is Role.GHOST else replace(variable, initial=None)
        for variable in system.variables
    )
    sense = system.wellformed
    actions = tuple(
        replace(
            action,
            guard=conj(action.guard, sense),
            hazards=tuple(replace(one, condition=conj(one.condition, sense)) for one in action.hazards),
        )
        for action in system.actions
    )
    return NONE.apply(replace(system, variables=variables, actions=actions))


def _confluence(
    graph: StateGraph, components: FairComponents, setpoint: tuple[str, ...]
) -> dict[str, Any]:
    """Whether the fields end in one valuation for each setpoint; two different ends if not.

    Where no setpoint is declared the inputs take its place: the fields that no step changes.
    """
    system, packing = graph.system, graph.packing
    slots = {slot.name: slot.mask << slot.offset for slot in packing.slots}
    fields = [variable.name for variable in system.variables if variable.role is Role.FIELD]
    key_mask = sum(slots[name] for name in inputs(system, setpoint))
    end_mask = sum(slots[name] for name in fields)
    states = np.flatnonzero(components.labels >= 0)
    words = graph.words[states]
    masks = packing.matrix([key_mask, end_mask])
    keys, ends = words & masks[0], words & masks[1]
    _, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    # With each state the first one of the same setpoint.
    partner = first[group.reshape(-1)]
    differs = (ends != ends[partner]).any(axis=1)
    if differs.any():
        here = int(differs.argmax())
        pair = (int(states[partner[here]]), int(states[here]))
        return {"confluent": False, "different_ends": [_fields(graph, one, fields) for one in pair]}
    return {"confluent": True}


def _fields(graph: StateGraph, index: int, fields: list[str]) -> dict[str, Any]:
    state, variable = graph.state(index), graph.system.variable
    return {name: variable[name].domain.decode(state[name]) for name in fields}
