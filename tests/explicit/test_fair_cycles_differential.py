"""The fast fair-cycle algorithm against the naive one, on random graphs."""

from __future__ import annotations

import networkx as nx
import numpy as np
from graphs import complaints, fair_graph_of, labelled_graphs
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_reference import Edge, Labelled, fair_cycle_states

from checker.explicit.fair_cycles import fair_components
from checker.explicit.lasso_search import shortest_lasso
from checker.explicit.strong_components import strong_components


@settings(max_examples=max(1500, settings.default.max_examples), deadline=None)
@given(labelled_graphs(), st.data())
def test_same_fair_states_and_fair_lassos(graph: Labelled, data: st.DataObject) -> None:
    """Both find the same states on fair loops, and every lasso keeps every promise."""
    everywhere = st.sets(st.integers(0, graph.states - 1))
    inside = np.zeros(graph.states, dtype=np.bool_)
    inside[sorted(data.draw(everywhere | st.just(set(range(graph.states)))))] = True
    fast = fair_graph_of(graph)
    components = fair_components(fast, inside)
    naive = fair_cycle_states(graph, np.flatnonzero(inside).tolist())
    assert set(np.flatnonzero(components.labels >= 0).tolist()) == naive
    for goal in (inside, ~inside, np.arange(graph.states) % 2 == 0):
        loop = shortest_lasso(fast, components, goal, np.zeros(graph.states, dtype=np.int32))
        wanted = set(np.flatnonzero(goal).tolist())
        assert (loop is None) == (not naive & wanted)
        assert loop is None or complaints(graph, loop, wanted) == []


@settings(max_examples=max(300, settings.default.max_examples), deadline=None)
@given(labelled_graphs(most=12))
def test_one_component_is_one_loop(graph: Labelled) -> None:
    """Some single fair loop can visit all states of a component: the components are not too large."""
    fast = fair_graph_of(graph)
    components = fair_components(fast)
    nothing = np.zeros(graph.states, dtype=np.int32)
    for number in range(components.count):
        members = components.members(number)
        for state in members:
            visit = np.arange(graph.states) == state
            loop = shortest_lasso(fast, components, visit, nothing)
            assert loop is not None and complaints(graph, loop, {int(state)}) == []


@settings(max_examples=max(300, settings.default.max_examples), deadline=None)
@given(st.integers(1, 40), st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39)), max_size=120))
def test_strong_components_are_those_of_networkx(states: int, pairs: list[tuple[int, int]]) -> None:
    """Tarjan and scipy give the components of networkx, in the order of their smallest node."""
    from checker.explicit import strong_components as module

    edges = sorted((a % states, b % states) for a, b in pairs)
    counts = np.bincount([a for a, _ in edges], minlength=states)
    offsets = np.concatenate(([0], np.cumsum(counts)))
    targets = np.array([b for _, b in edges], dtype=np.int32)
    plain = nx.DiGraph(edges)
    plain.add_nodes_from(range(states))
    expected = np.empty(states, dtype=np.int32)
    for number, members in enumerate(sorted(nx.strongly_connected_components(plain), key=min)):
        expected[list(members)] = number
    assert strong_components(offsets, targets).tolist() == expected.tolist()
    small = module._SMALL
    try:
        # scipy sums edges that are there twice in place: the caller's must stay as they are.
        module._SMALL = -1
        assert strong_components(offsets, targets).tolist() == expected.tolist()
        assert targets.tolist() == [b for _, b in edges]
    finally:
        module._SMALL = small


def test_greedy_walk_is_fair_too() -> None:
    """Without a budget for the exact search the lasso is longer at most, never unfair."""
    from checker.explicit.lasso_search import _Walk

    ring = [Edge(i, (i + 1) % 6, i % 3) for i in range(6)]
    graph = Labelled(6, (*ring, Edge(0, 3), Edge(3, 0)), ("strong", "weak", "strong"))
    visit = np.arange(6) == 5
    loop = _Walk(fair_graph_of(graph), np.arange(6), visit).greedy(0)
    assert complaints(graph, loop, {5}) == []
