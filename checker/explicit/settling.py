"""Where a world comes to rest once faults have stopped: what every agent's fair steps make of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from checker.explicit.fair_cycles import fair_components, fair_graph
from checker.explicit.longest_way import can_reach
from checker.explicit.state_graph import StateGraph
from checker.system.transition_system import Kind

__all__ = ["Settling", "settling", "way_to_rest"]

_MOST_WORLDS = 4_096


class Settling:
    """For each state the worlds that fault-free fair runs from it can come to rest in.

    Parameters
    ----------
    reach : dict
        Final world (packed, masked) → ndarray of bool, shape (states,): can it be the end from here?
    ends : dict
        Final world → the states in which a run may stay with it for ever.
    rests : ndarray of bool, shape (states,)
        True where every fault-free fair run from the state comes to rest in some world.
    """

    def __init__(
        self,
        reach: dict[int, npt.NDArray[np.bool_]],
        ends: dict[int, list[int]],
        rests: npt.NDArray[np.bool_],
    ) -> None:
        self.reach = reach
        self.ends = ends
        self.rests = rests

    def worlds(self, state: int) -> frozenset[int]:
        """The final worlds of a state."""
        return frozenset(world for world, where in self.reach.items() if where[state])


def way_to_rest(graph: StateGraph, start: int, ends: Collection[int]) -> tuple[list[int], list[int]]:
    """A shortest fault-free way into one of some states: states from the start, and labels."""
    own = [one.action.kind is Kind.STEP for one in graph.instances]
    wanted = set(ends)
    arrival: dict[int, tuple[int, int]] = {start: (-1, -1)}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        if here in wanted:
            states, labels = [here], []
            while arrival[here][0] >= 0:
                here, label = arrival[here]
                states.append(here)
                labels.append(label)
            return states[::-1], labels[::-1]
        first, last = int(graph.offsets[here]), int(graph.offsets[here + 1])
        for edge in range(first, last):
            target, label = int(graph.targets[edge]), int(graph.labels[edge])
            if own[label] and target not in arrival:
                arrival[target] = (here, label)
                waiting.append(target)
    raise ValueError("no fault-free way leads there")


def settling(graph: StateGraph, world_mask: int) -> Settling | None:
    """Final worlds of every state; None where the graph does not tell, or there are too many.

    It does not tell where it is incomplete, or where the model goes wrong in it.

    Notes
    -----
    f* of the definition: where a controller needs several rounds, its outcome is where the loop of
    everybody's steps comes to rest. A fair run ends in one fair component; the world is at rest
    there iff all states of the component show the same world.
    """
    if not graph.complete or graph.mishaps:
        return None
    # Outcomes are free of faults by definition, also where the regime lets these go on for ever.
    steps = frozenset(action.name for action in graph.system.actions if action.kind is Kind.STEP)
    graph = replace(graph, under=replace(graph.under, recurring=steps))
    own = np.array([one.action.kind is Kind.STEP for one in graph.instances], dtype=np.bool_)
    kept = own[graph.labels] & graph.changing
    sources = graph.sources[kept].astype(np.int64)
    targets = graph.targets[kept].astype(np.int64)
    components = fair_components(fair_graph(graph))
    labels = components.labels
    ends: dict[int, list[int]] = {}
    first: dict[int, int] = {}
    restless: set[int] = set()
    for state in np.flatnonzero(labels >= 0).tolist():
        component, world = int(labels[state]), graph.states[state] & world_mask
        if first.setdefault(component, world) != world:
            restless.add(component)
    for state in np.flatnonzero(labels >= 0).tolist():
        component = int(labels[state])
        if component not in restless:
            ends.setdefault(first[component], []).append(state)
    if len(ends) > _MOST_WORLDS:
        return None

    def into(states: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        return can_reach(len(graph), sources, targets, states)

    reach = {}
    for world, states in ends.items():
        here = np.zeros(len(graph), dtype=np.bool_)
        here[states] = True
        reach[world] = into(here)
    moving = np.isin(labels, sorted(restless)) & (labels >= 0)
    return Settling(reach, ends, ~into(moving))
