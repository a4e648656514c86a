"""`converges`: every fair run reaches the goal and stays there (eventually always), and how fast."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

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
from checker.explicit.strong_components import strong_components
from checker.regimes.regime import NONE, UnderRegime
from checker.system.expression import Expression, conj
from checker.system.run import Judgement, Verdict
from checker.system.transition_system import Kind, Property, Role, TransitionSystem
from checker.system.walk import topological

__all__ = ["judge_converges", "violating_components"]

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
    avoiding = fair_components(fair, ~goal & known)
    every = fair_components(fair, known)
    leaving = np.intersect1d(every.meeting(goal), every.meeting(~goal))
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
    moving = graph.recurring & graph.changing
    sources, targets, labels = graph.sources[moving], graph.targets[moving], graph.labels[moving]
    offsets = np.concatenate(([0], np.cumsum(moving)))[graph.offsets]
    region = can_reach(len(graph), sources, targets, ~goal)
    steps = longest_way(region, offsets, sources, targets, np.ones(len(sources), dtype=np.int64))
    metrics: dict[str, Any] = {"steps": steps}
    if any(one.action.process is not None for one in graph.instances):
        passes = _completing(graph)[moving].astype(np.int64)
        metrics["rounds"] = longest_way(region, offsets, sources, targets, passes)
    else:
        metrics["rounds"] = None
    if steps is None:
        # Only steps inside the region: from outside it no cycle leads back in.
        inner = region[sources] & region[targets]
        counts = np.bincount(sources[inner], minlength=len(graph))
        within = np.concatenate(([0], np.cumsum(counts)))
        component = strong_components(within, targets[inner])
        cyclic = component[sources[inner]] == component[targets[inner]]
        first = component[sources[inner]][cyclic].min()
        which = cyclic & (component[sources[inner]] == first)
        found = sorted(set(labels[inner][which].tolist()))
        repeated = names([graph.instances[label].name for label in found])
        metrics["unbounded"] = f"without a bound: first {repeated} may be repeated any number of times"
    return metrics


def _completing(graph: StateGraph) -> Bools:
    """The edges that end a pass of a process, shape (edges,)."""
    ends = np.zeros(len(graph.targets), dtype=np.bool_)
    of_action: dict[str, Bools] = {}
    for label, instance in enumerate(graph.instances):
        action = instance.action
        if action.process is None or action.kind is not Kind.STEP:
            continue
        if action.name not in of_action:
            condition = action.completes
            if any(node.operator == "bound" for node in topological([condition])):
                # It depends on a choice, which edges do not tell; that the process is back at the
                # start of its body says the same.
                position = graph.system.variable[graph.system.process[action.process].position]
                arrived = evaluate_all(graph, position.node) == 0
                of_action[action.name] = arrived[graph.targets]
            else:
                of_action[action.name] = evaluate_all(graph, condition)[graph.sources]
        ends |= of_action[action.name] & (graph.labels == label)
    return ends


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
    ends: dict[int, int] = {}
    for index in np.flatnonzero(components.labels >= 0).tolist():
        packed = graph.states[index]
        first = ends.setdefault(packed & key_mask, index)
        if (graph.states[first] ^ packed) & end_mask:
            examples = [_fields(graph, first, fields), _fields(graph, index, fields)]
            return {"confluent": False, "different_ends": examples}
    return {"confluent": True}


def _fields(graph: StateGraph, index: int, fields: list[str]) -> dict[str, Any]:
    state, variable = graph.state(index), graph.system.variable
    return {name: variable[name].domain.decode(state[name]) for name in fields}
