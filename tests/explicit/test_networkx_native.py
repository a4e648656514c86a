"""What is native says the same as networkx does about the converted graph."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Mapping
from typing import Any

import networkx as nx
import numpy as np
import pytest
from plain_graphs import graph_with, random_edges
from small_systems import fleet, under

from checker.explicit import networkx_adjacency
from checker.explicit.explore import explore
from checker.explicit.networkx_backend import _NATIVE, backend
from checker.explicit.state_graph import IncompleteGraph, StateGraph

SEEDS = range(100)
FEW_SEEDS = range(16)

STRONG = ["strongly_connected_components", "attracting_components"]
"""Functions whose results networkx gives in an order of its own, which it does not promise."""

OF_THE_GRAPH = [
    "has_cycle",
    "is_attracting_component",
    "is_directed_acyclic_graph",
    "is_strongly_connected",
    "is_weakly_connected",
    "number_attracting_components",
    "number_strongly_connected_components",
    "number_weakly_connected_components",
    "topological_generations",
    "topological_sort",
    "weakly_connected_components",
]

OF_A_STATE = [
    "ancestors",
    "bfs_edges",
    "bfs_layers",
    "descendants",
    "single_source_shortest_path",
    "single_source_shortest_path_length",
    "single_target_shortest_path",
]
if tuple(map(int, nx.__version__.split(".")[:2])) >= (3, 5):
    # Before, it gave an iterator and a warning, and is left to networkx.
    OF_A_STATE.append("single_target_shortest_path_length")

OF_TWO_STATES = ["bidirectional_shortest_path", "has_path", "shortest_path", "shortest_path_length"]

LIMITED = [name for name in OF_A_STATE if name.startswith("single")]

NO_STATES = (-1, 99, "0", None, 0.5, (0, 1), [0])


@pytest.fixture(params=["interpreted", "compiled"])
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Small graphs are searched in CPython; once more as if they were large."""
    if request.param == "compiled":
        monkeypatch.setattr(networkx_adjacency, "_SMALL", -1)
    return str(request.param)


def outcome(function: Any, *args: Any, **kwargs: Any) -> Any:
    """What a call gives, in order, as far as it gets; or what it complains about."""
    given: list[Any] = []
    try:
        result = function(*args, **kwargs)
        if isinstance(result, Iterator):
            given.append("one after the other")
            given.extend(result)
        elif isinstance(result, Mapping):
            given += [type(result), list(result.items())]
        else:
            given += [type(result), result]
    except (nx.NetworkXException, ValueError, TypeError) as error:
        given += [type(error), str(error)]
    return given


def same(name: str, space: StateGraph, *args: Any, **kwargs: Any) -> None:
    """Assert that the native function and networkx's own do the same."""
    native = outcome(getattr(backend, name), space, *args, **kwargs)
    assert space._converted is None, name
    plain = graph_of(space)
    assert native == outcome(getattr(nx, name, None) or nx.dag.has_cycle, plain, *args, **kwargs)


def graph_of(space: StateGraph) -> nx.MultiDiGraph:
    """The converted graph, of which the space keeps nothing."""
    graph = space.networkx()
    space._converted = None
    return graph


def test_functions_of_the_graph(mode: str) -> None:
    """Weak components, cycles, topological order: all in the same order, with the same complaints."""
    for seed in SEEDS:
        space = graph_with(*random_edges(seed))
        for name in OF_THE_GRAPH:
            same(name, space)


def test_components_as_sets(mode: str) -> None:
    """Strong and attracting components are the same sets."""
    for seed in SEEDS:
        space = graph_with(*random_edges(seed))
        for name in STRONG:
            native = list(getattr(backend, name)(space))
            assert [min(part) for part in native] == sorted(min(part) for part in native)
            expected = getattr(nx, name)(graph_of(space))
            assert sorted(map(sorted, native)) == sorted(map(sorted, expected))


def test_condensation(mode: str) -> None:
    """Its nodes are numbered as the components are; everything else is networkx's."""
    for seed in SEEDS:
        space = graph_with(*random_edges(seed))
        components = list(backend.strongly_connected_components(space))
        plain = graph_of(space)
        expected = nx.condensation(plain, components)
        theirs = list(nx.strongly_connected_components(plain))
        for native, wanted in (
            (backend.condensation(space), expected),
            (backend.condensation(space, components), expected),
            (backend.condensation(space, iter(theirs)), nx.condensation(plain, theirs)),
        ):
            assert type(native) is nx.DiGraph
            assert list(native.nodes(data=True)) == list(wanted.nodes(data=True))
            assert list(native.edges(data=True)) == list(wanted.edges(data=True))
            assert native.graph == wanted.graph
        assert space._converted is None


def test_functions_of_one_state(mode: str) -> None:
    """Searches from every state give the same, in the same order; so do limits, of every kind."""
    for seed in FEW_SEEDS:
        space = graph_with(*random_edges(seed))
        for node in range(len(space)):
            for name in OF_A_STATE:
                same(name, space, node)
            same("bfs_edges", space, node, reverse=True)
            for limit in (-1, 0, 1, 1.5, 2, float("inf"), float("nan"), np.int64(2)):
                same("bfs_edges", space, node, depth_limit=limit)
                for name in LIMITED:
                    same(name, space, node, cutoff=limit)
            for distance in (-1, 0, 1, 2, 3, 99):
                same("descendants_at_distance", space, node, distance)


def test_functions_of_two_states(mode: str) -> None:
    """Between every two states it is the same one of several shortest paths."""
    for seed in FEW_SEEDS:
        space = graph_with(*random_edges(seed))
        for source in range(len(space)):
            for target in range(len(space)):
                for name in OF_TWO_STATES:
                    same(name, space, source, target)


def test_shortest_paths_with_one_end(mode: str) -> None:
    """With only a source or only a target there is a path, or a length, for every other state."""
    for seed in FEW_SEEDS:
        space = graph_with(*random_edges(seed))
        for node in range(len(space)):
            for name in ("shortest_path", "shortest_path_length"):
                same(name, space, node)
                same(name, space, source=node, method="bellman-ford")
                same(name, space, target=node)


@pytest.mark.parametrize("node", NO_STATES, ids=repr)
def test_nodes_that_are_not_there(node: Any) -> None:
    """Complaints about a node are networkx's, word for word."""
    space = graph_with(3, [(0, 1), (1, 2), (2, 2)])
    for name in LIMITED:
        same(name, space, node)
    if node is None:
        return  # elsewhere networkx takes it for any node
    for name in OF_TWO_STATES:
        same(name, space, node, 0)
        same(name, space, 0, node)
    if isinstance(node, list):
        return  # networkx puts it into a set
    same("descendants_at_distance", space, node, 1)
    for name in ("ancestors", "descendants", "bfs_edges", "shortest_path", "shortest_path_length"):
        same(name, space, node)


def test_nodes_that_equal_a_number() -> None:
    """As in a dictionary, 1.0, True and numpy's integers are the node 1."""
    space = graph_with(3, [(0, 1), (1, 2), (2, 2)])
    for node in (1.0, True, np.int32(1), np.float64(1)):
        for name in OF_A_STATE:
            if name != "bfs_edges":
                same(name, space, node)
        same("has_path", space, node, 2)
        assert node in space


def test_mistakes_in_calls() -> None:
    """A wrong method, a missing or an unknown argument: the complaint names networkx's function."""
    space = graph_with(2, [(0, 1)])
    for name in ("shortest_path", "shortest_path_length"):
        same(name, space, 0, 1, method="guess")
        same(name, space, 0, 1, wait=1)
    same("has_path", space, 0)
    same("single_source_shortest_path", space, 0, cut=1)


def test_other_arguments_are_left_to_networkx() -> None:
    """Weights, all pairs and several sources go through the converted graph."""
    edges = [(0, 1), (1, 2), (0, 2), (2, 0)]
    for name, args, kwargs in (
        ("shortest_path", (0, 2), {"weight": "cost"}),
        ("shortest_path", (0, 2), {"weight": lambda u, v, d: 1 + 9 * (v == 2 and u == 0)}),
        ("shortest_path_length", (0,), {"weight": "cost"}),
        ("bfs_layers", ([0, 1],), {}),
        ("bfs_edges", (0,), {"sort_neighbors": lambda nodes: sorted(nodes, reverse=True)}),
        ("descendants_at_distance", (0, 1.0), {}),
        ("has_path", (None, 1), {}),
        ("all_pairs_shortest_path_length", (), {}),
    ):
        space = graph_with(3, edges)
        native = outcome(getattr(backend, name), space, *args, **kwargs)
        assert space._converted is not None, name
        assert native == outcome(getattr(nx, name), space._converted, *args, **kwargs)


def test_no_states_at_all(mode: str) -> None:
    """A graph without nodes is treated as networkx treats one."""
    space = graph_with(0, [])
    assert len(space) == 0
    for name in (*OF_THE_GRAPH, *STRONG):
        same(name, space)
    assert backend.condensation(space).graph == {"mapping": {}}
    same("shortest_path", space, 0, 0)


def test_all_native_functions_are_tested() -> None:
    """Every function that is declared native is in one of the lists above."""
    listed = {*STRONG, *OF_THE_GRAPH, *OF_A_STATE, *OF_TWO_STATES}
    others = {"condensation", "descendants_at_distance", "single_target_shortest_path_length"}
    assert set(_NATIVE) == listed | others


def test_unfinished_explorations(mode: str) -> None:
    """States that were not expanded have no edges, natively and converted."""
    space = explore(under(fleet(2, 2)), max_states=100)
    assert not space.complete and space.expanded < len(space)
    for name in OF_THE_GRAPH:
        same(name, space)
    for node in (0, space.expanded, len(space) - 1):
        for name in OF_A_STATE:
            same(name, space, node)
        for name in OF_TWO_STATES:
            same(name, space, 0, node)


def test_long_chains() -> None:
    """Depth is no recursion: a chain of many states is searched, ordered and condensed."""
    length = 30_000
    space = graph_with(length, [(node, node + 1) for node in range(length - 1)])
    assert backend.shortest_path(space, 0, length - 1) == list(range(length))
    assert backend.shortest_path_length(space, target=length - 1)[0] == length - 1
    assert list(backend.topological_sort(space)) == list(range(length))
    assert backend.number_strongly_connected_components(space) == length
    assert backend.is_weakly_connected(space) and not backend.has_cycle(space)
    assert len(backend.ancestors(space, length - 1)) == length - 1


def test_edges_are_needed() -> None:
    """Without the edges there is no answer, at once also where one would come bit by bit."""
    space = explore(under(fleet(2, 1)), keep_edges=False)
    for name in OF_THE_GRAPH + STRONG + ["condensation"]:
        with pytest.raises(IncompleteGraph):
            getattr(backend, name)(space)
    for name in OF_A_STATE:
        with pytest.raises(IncompleteGraph):
            getattr(backend, name)(space, 0)
    with pytest.raises(IncompleteGraph):
        backend.has_path(space, 0, 1)


def test_the_graph_is_left_alone() -> None:
    """What is computed in place is not the graph's."""
    space = explore(under(fleet(3, 6)))
    before = space.offsets.copy(), space.targets.copy()
    assert len(space.targets) > 20_000
    for name in OF_THE_GRAPH:
        outcome(getattr(backend, name), space)
    backend.condensation(space)
    backend.shortest_path(space, 0, len(space) - 1)
    assert (space.offsets == before[0]).all() and (space.targets == before[1]).all()


def test_large_graphs_make_no_objects() -> None:
    """Questions with a short answer need a few bytes for each edge, and no object."""
    space = explore(under(fleet(4, 6)))
    last, edges = len(space) - 1, len(space.targets)
    assert edges == 819_048
    depths = space.depths
    backend.has_path(space, 0, last)  # what is compiled once, and imported, is not counted
    for ask, expected in (
        (lambda: backend.number_strongly_connected_components(space), 49_994),
        (lambda: backend.number_weakly_connected_components(space), 1),
        (lambda: backend.number_attracting_components(space), 1),
        (lambda: backend.is_strongly_connected(space), False),
        (lambda: backend.is_directed_acyclic_graph(space), False),
        (lambda: backend.has_path(space, last, 0), False),
        (lambda: backend.shortest_path_length(space, 0, last), depths[last]),
        (lambda: len(backend.shortest_path(space, 0, last)), depths[last] + 1),
        (lambda: len(backend.descendants_at_distance(space, 0, 9)), np.count_nonzero(depths == 9)),
        (lambda: sum(degree for _, degree in space.out_degree), edges),
        (lambda: space.number_of_edges(), edges),
    ):
        ask()
        tracemalloc.start()
        try:
            answer = ask()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert answer == expected
        assert peak < 8 * edges, f"{peak / edges:.1f} bytes for each edge"
    assert len(backend.descendants(space, 0)) == last
    assert space._converted is None
