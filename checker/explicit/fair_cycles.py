"""Fair cycles: where a run that keeps every fairness promise can stay for ever.

A *loop* is a closed walk over the recurring steps that change the state, or the stutter in one
state. It is fair iff every weakly fair unit is taken in it or disabled in one of its states, and
every strongly fair unit is taken in it or enabled in none of them. Enabledness is a fact of the
state, not of the loop: it counts every outcome, also one that leaves the loop or goes wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from checker.explicit.state_graph import StateGraph
from checker.explicit.strong_components import Ints, gather, in_order_of_appearance, strong_components
from checker.system.transition_system import Fairness

__all__ = [
    "Bools",
    "FairComponents",
    "FairGraph",
    "Induced",
    "expanded",
    "fair_components",
    "fair_graph",
]

Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

_MANY = 20_000
"""Edges from which on it is worth compiling."""


@dataclass(frozen=True)
class FairGraph:
    """A graph with what fairness needs to know of it.

    Parameters
    ----------
    offsets, targets : ndarray of int
        Edges in CSR form, all that the regime allows (a self-loop is a stutter).
    labels : ndarray of int, shape (edges,)
        What each edge is; the two that follow say something of each label.
    recurring : ndarray of bool, shape (labels,)
        Which edges may occur in a cycle. (Faults are taken away here, without a copy of the edges.)
    unit : ndarray of int, shape (labels,)
        The fairness unit that an edge takes; -1 for none.
    enabled : ndarray of uint8, shape (states, bytes)
        Bit u of row s: an outcome of unit u changes state s or goes wrong (`packbits`, little).
        The number of bytes is a multiple of 8.
    weak, strong : ndarray of uint8, shape (bytes,)
        Which units are weakly and strongly fair, packed in the same way.
    """

    offsets: Ints
    targets: Ints
    labels: Ints
    recurring: Bools
    unit: Ints
    enabled: Bytes
    weak: Bytes
    strong: Bytes

    @property
    def states(self) -> int:
        """How many states there are."""
        return len(self.offsets) - 1

    @cached_property
    def fair_units(self) -> list[int]:
        """The units that promise something, in ascending order."""
        return [
            int(u) for u in np.flatnonzero(np.unpackbits(self.weak | self.strong, bitorder="little"))
        ]

    def units_of(self, edges: Ints) -> Ints:
        """The fairness unit of each of the given edges."""
        return self.unit[self.labels[edges]]

    def induced(self, nodes: Ints) -> Induced:
        """The recurring steps between the given states that change the state."""
        positions, counts = gather(self.offsets, nodes)
        source = np.repeat(np.arange(len(nodes), dtype=np.int32), counts)
        local = np.full(self.states, -1, dtype=np.int32)
        local[nodes] = np.arange(len(nodes), dtype=np.int32)
        target = local[self.targets[positions]]
        kept = (target >= 0) & (target != source) & self.recurring[self.labels[positions]]
        positions, source, target = positions[kept], source[kept], target[kept]
        offsets = np.concatenate(([0], np.cumsum(np.bincount(source, minlength=len(nodes)))))
        return Induced(nodes, offsets, source, target, positions)


@dataclass(frozen=True, slots=True)
class Induced:
    """A subgraph with its own numbers: `nodes` and `edges` say which states and edges they are."""

    nodes: Ints
    offsets: Ints
    sources: Ints
    targets: Ints
    edges: Ints


@dataclass(frozen=True, slots=True)
class FairComponents:
    """The maximal sets of states that one fair loop can visit.

    Parameters
    ----------
    labels : ndarray of int32, shape (states,)
        The component of each state, numbered by smallest state; -1 where no fair loop passes.
    count : int
    """

    labels: npt.NDArray[np.int32]
    count: int

    def meeting(self, states: Bools) -> npt.NDArray[np.int64]:
        """Numbers of the components with at least one of the given states, ascending."""
        met = np.zeros(self.count, dtype=np.bool_)
        met[self.labels[states & (self.labels >= 0)]] = True
        return np.flatnonzero(met)

    def members(self, component: int) -> npt.NDArray[np.int64]:
        """The states of a component, ascending."""
        return np.flatnonzero(self.labels == component)


def fair_components(graph: FairGraph, inside: Bools | None = None) -> FairComponents:
    """Every maximal fair component: strongly connected, or one state in which a run may stop.

    Parameters
    ----------
    graph : FairGraph
    inside : ndarray of bool, shape (states,), optional
        Only loops through these states.

    Returns
    -------
    FairComponents
        Every fair loop lies in one of them, and every one of them is the set of states of one.

    Notes
    -----
    A weakly fair unit that is enabled everywhere in a component and never taken in it rules out
    every loop inside, smaller ones too. A strongly fair unit that is enabled somewhere and never
    taken in it rules out the loops through the states that enable it: these are removed and the
    rest is decomposed again (Emerson and Lei, 1987). A component of one state stands for the
    stutter in it, which takes nothing: it is fair iff no fair unit is enabled there. No promise
    is made about unfair actions, so a run may stop where only they are possible.

    References
    ----------
    E. A. Emerson and C.-L. Lei, Modalities for model checking: branching time logic strikes back,
    Sci. Comput. Program. 8 (1987).
    """
    if len(graph.targets) > _MANY:
        from checker.explicit import components

        if components.machine_code_works():
            return _by_machine_code(graph, inside)
    found = np.full(graph.states, -1, dtype=np.int64)
    total = 0
    nodes: Ints = np.arange(graph.states) if inside is None else np.flatnonzero(inside)
    while nodes.size:
        part = graph.induced(nodes)
        component = strong_components(part.offsets, part.targets)
        count = int(component.max()) + 1
        every, some = _enabled(graph.enabled[nodes], component, count)
        taken = _taken(graph, part, component, count)
        weakly_fair: Bools = np.logical_not((every & graph.weak & ~taken).any(axis=1))
        missing = some & graph.strong & ~taken
        fair: Bools = weakly_fair & ~missing.any(axis=1)
        accepted = fair[component]
        found[nodes[accepted]] = component[accepted].astype(np.int64) + total
        total += count
        # A single state has nothing left once it is removed; the mask below sees to that.
        again = (weakly_fair & ~fair)[component]
        candidates = np.flatnonzero(again)
        enables = (graph.enabled[nodes[candidates]] & missing[component[candidates]]).any(axis=1)
        nodes = nodes[candidates[~enables]]
    labels = in_order_of_appearance(found)
    return FairComponents(labels, int(labels.max(initial=-1)) + 1)


def fair_graph(graph: StateGraph) -> FairGraph:
    """What fairness needs to know of an explored graph.

    Raises
    ------
    IncompleteGraph
        If it was explored without keeping edges.
    """
    graph.need_edges()
    units = len(graph.units)
    columns = max(1, -(-units // 64))
    if units:
        enabled = graph.enabled_units.astype("<u8", copy=False).view(np.uint8)
    else:
        enabled = np.zeros((len(graph), 8), dtype=np.uint8)

    def packed(fairness: Fairness) -> Bytes:
        bits = np.zeros(columns * 64, dtype=np.bool_)
        bits[:units] = [unit.fairness is fairness for unit in graph.units]
        return np.packbits(bits, bitorder="little")

    return FairGraph(
        graph.offsets,
        graph.targets,
        graph.labels,
        graph.recurring_labels,
        graph.unit_of_label,
        enabled,
        packed(Fairness.WEAK),
        packed(Fairness.STRONG),
    )


def expanded(graph: StateGraph) -> Bools:
    """True for the states whose steps are all known, shape (states,): only they may be in a loop."""
    return np.arange(len(graph)) < graph.expanded


def _by_machine_code(graph: FairGraph, inside: Bools | None) -> FairComponents:
    """The same in one pass over the edges, and one more over what strong fairness leaves open."""
    from checker.explicit.component_kernels import AGAIN, REJECTED
    from checker.explicit.components import fair_pass, in_order

    result: npt.NDArray[np.int32] | None = None
    total = 0
    while True:
        found = fair_pass(
            graph.offsets,
            graph.targets,
            graph.labels,
            graph.recurring,
            inside,
            graph.enabled.view("<u8"),
            graph.weak.view("<u8"),
            graph.strong.view("<u8"),
            graph.unit,
        )
        inside = found == AGAIN
        accepted = found >= 0
        found[~accepted] = REJECTED
        if result is None:
            result = found
        else:
            # Numbers of this pass must not be those of an earlier one.
            result[accepted] = in_order_of_appearance(found)[accepted] + total
        total = in_order(result)
        if not inside.any():
            return FairComponents(result, total)


def _enabled(enabled: Bytes, component: Ints, count: int) -> tuple[Bytes, Bytes]:
    """For each component: the units enabled in every state, and those enabled in some state."""
    if count == len(component):
        # All components are single states, and they are numbered in the order of the states.
        return enabled, enabled
    order = np.argsort(component, kind="stable")
    starts = np.concatenate(([0], np.cumsum(np.bincount(component, minlength=count))[:-1]))
    rows = enabled[order]
    return np.bitwise_and.reduceat(rows, starts), np.bitwise_or.reduceat(rows, starts)


def _taken(graph: FairGraph, part: Induced, component: Ints, count: int) -> Bytes:
    """For each component: the units with a step inside it."""
    width = graph.enabled.shape[1]
    taken = np.zeros((count, width), dtype=np.uint8)
    home = component[part.sources]
    inner = np.flatnonzero(home == component[part.targets])
    if not inner.size:
        return taken
    units = graph.units_of(part.edges[inner])
    fair = units >= 0
    home, units = home[inner[fair]], units[fair]
    # Most components are single states without steps: give rows only to those that have some.
    has_steps = np.zeros(count, dtype=np.bool_)
    has_steps[home] = True
    row = np.cumsum(has_steps) - 1
    bits = np.zeros((int(has_steps.sum()), width * 8), dtype=np.bool_)
    bits[row[home], units] = True
    taken[has_steps] = np.packbits(bits, axis=1, bitorder="little")
    return taken
