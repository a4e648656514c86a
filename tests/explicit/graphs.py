"""Labelled graphs for tests: from plain edges to what the fast algorithm reads, and back."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from naive_reference import Edge, Labelled

from checker.explicit.fair_cycles import FairGraph
from checker.explicit.lasso_search import Loop
from checker.explicit.state_graph import StateGraph


def fair_graph_of(graph: Labelled) -> FairGraph:
    """The arrays of a labelled graph."""
    edges = sorted(graph.edges, key=lambda edge: edge.source)
    counts = np.bincount([edge.source for edge in edges], minlength=graph.states)
    units = len(graph.fairness)
    width = 8 * max(1, -(-units // 64))
    enabled = np.zeros((graph.states, width * 8), dtype=np.bool_)
    for state in range(graph.states):
        for unit in range(units):
            enabled[state, unit] = graph.enabled(state, unit)

    def packed(kind: str) -> np.ndarray:
        bits = [fairness == kind for fairness in graph.fairness] + [False] * (width * 8 - units)
        return np.packbits(np.array(bits, dtype=np.bool_), bitorder="little")

    return FairGraph(
        np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        np.array([edge.target for edge in edges], dtype=np.int32),
        np.arange(len(edges), dtype=np.int32),
        np.array([edge.recurring for edge in edges], dtype=np.bool_),
        np.array([-1 if edge.unit is None else edge.unit for edge in edges], dtype=np.int32),
        np.packbits(enabled, axis=1, bitorder="little"),
        packed("weak"),
        packed("strong"),
    )


def complaints(graph: Labelled, loop: Loop, visit: set[int]) -> list[str]:
    """What is wrong with a loop, judged on the plain edges."""
    edges = [sorted(graph.edges, key=lambda edge: edge.source)[position] for position in loop.edges]
    wrong = []
    states, here = [loop.entry], loop.entry
    for edge in edges:
        if edge.source != here or not edge.recurring or edge.target == here:
            wrong.append(f"{edge} is no recurring step from {here}")
        here = edge.target
        states.append(here)
    if here != loop.entry:
        wrong.append("does not close")
    if not visit & set(states):
        wrong.append("does not visit")
    taken = {edge.unit for edge in edges}
    for unit, kind in enumerate(graph.fairness):
        where = [graph.enabled(state, unit) for state in states]
        if kind == "weak" and all(where) and unit not in taken:
            wrong.append(f"weak {unit}")
        if kind == "strong" and any(where) and unit not in taken:
            wrong.append(f"strong {unit}")
    return wrong


@st.composite
def labelled_graphs(draw: st.DrawFn, most: int = 8) -> Labelled:
    """Random graphs with weakly, strongly and not fair units, faults, stutters and mishaps."""
    states = draw(st.integers(1, most))
    state = st.integers(0, states - 1)
    fairness = tuple(draw(st.lists(st.sampled_from(("weak", "strong", "none")), max_size=4)))
    units = st.none() if not fairness else st.none() | st.integers(0, len(fairness) - 1)
    edge = st.builds(Edge, state, state, units, st.sampled_from((True, True, True, False)))
    edges = tuple(draw(st.lists(edge, max_size=2 * states + 4)))
    # What recurs for ever only by a fault is no fair step: faults have no unit.
    edges = tuple(e if e.recurring else Edge(e.source, e.target, None, False) for e in edges)
    wrong: frozenset[tuple[int, int]] = frozenset()
    if fairness:
        pair = st.tuples(state, st.integers(0, len(fairness) - 1))
        wrong = draw(st.frozensets(pair, max_size=1))
    return Labelled(states, edges, fairness, wrong)


def labelled_of(graph: StateGraph) -> Labelled:
    """An explored graph as plain edges."""
    unit = [None if one.unit < 0 else one.unit for one in graph.instances]
    recurring = [one.action.name in graph.under.recurring for one in graph.instances]
    edges = tuple(
        Edge(source, target, unit[label], recurring[label])
        for source, label, target in graph.labelled_edges()
    )
    wrong = {(mishap.state, unit[mishap.label]) for mishap in graph.mishaps}
    return Labelled(
        len(graph),
        edges,
        tuple(one.fairness.value for one in graph.units),
        frozenset((state, which) for state, which in wrong if which is not None),
    )
