"""What networkx asks of a graph object: nodes, degrees and neighbours, without a converted graph."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import networkx as nx
import pytest
from plain_graphs import graph_with, random_edges
from small_systems import fleet, under

from checker.explicit import networkx_adjacency
from checker.explicit.explore import explore
from checker.explicit.state_graph import IncompleteGraph, StateGraph

SEEDS = range(60)

DEGREES = ("degree", "in_degree", "out_degree")


@pytest.fixture(params=["interpreted", "compiled"], autouse=True)
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small graphs are counted and turned round in CPython; once more as if they were large."""
    if request.param == "compiled":
        monkeypatch.setattr(networkx_adjacency, "_SMALL", -1)


def pairs() -> Iterator[tuple[StateGraph, nx.MultiDiGraph]]:
    """Random graphs, and what they are converted to."""
    for seed in SEEDS:
        states, edges = random_edges(seed)
        yield graph_with(states, edges), graph_with(states, edges).networkx()


def outcome(question: Any, graph: Any) -> Any:
    """The answer, or the complaint."""
    try:
        answer = question(graph)
    except (KeyError, nx.NetworkXError) as error:
        return type(error), str(error)
    return answer


def same(question: Any, space: StateGraph, plain: nx.MultiDiGraph) -> None:
    """Assert that both answer the same, and that the space was not converted for it."""
    assert outcome(question, space) == outcome(question, plain)
    assert space._converted is None


def test_nodes_are_states() -> None:
    """Length, membership and iteration are about the states' numbers."""
    for space, plain in pairs():
        same(lambda graph: (len(graph), graph.order(), graph.number_of_nodes()), space, plain)
        same(list, space, plain)
        for node in (*range(len(plain)), -1, len(plain), 0.0, True, 0.5, "0", None, (0,), [0]):
            same(lambda graph, node=node: (node in graph, graph.has_node(node)), space, plain)


def test_nodes_have_values() -> None:
    """Attributes are the values as the model writes them, decoded when they are asked for."""
    space = explore(under(fleet(2, 1)))
    plain = explore(under(fleet(2, 1))).networkx()
    for question in (
        lambda graph: list(graph.nodes),
        lambda graph: len(graph.nodes),
        lambda graph: graph.nodes[3],
        lambda graph: graph.nodes[3.0]["state[0]"],
        lambda graph: graph.nodes[999],
        lambda graph: graph.nodes["budget"],
        lambda graph: (5 in graph.nodes, 999 in graph.nodes),
        lambda graph: list(graph.nodes(data=True)),
        lambda graph: list(graph.nodes.data("budget")),
        lambda graph: dict(graph.nodes.items()),
        lambda graph: graph.nodes & {1, 2, 999},
        lambda graph: repr(graph.nodes),
        lambda graph: (graph.name, graph.graph),
    ):
        same(question, space, plain)


ABOUT_DEGREES = (
    lambda view, last: (len(view), list(view), dict(view), str(view)),
    lambda view, last: [view[node] for node in range(last + 1)],
    lambda view, last: [view(node) for node in range(last + 1)],
    lambda view, last: type(view[0]),
    lambda view, last: view[last + 1],
    lambda view, last: list(view([0, last, 0, 99, "x"])),
    lambda view, last: (list(view([0])([last])), view([0])(0), list(view([])(last))),
    lambda view, last: list(view([last])()),
    lambda view, last: list(view({0})),
    lambda view, last: list(view(last + 1)),
    lambda view, last: list(view("no")),
    lambda view, last: list(view([[]])),
    lambda view, last: view([0, last])[last],
    lambda view, last: view(0.0),
)


def test_degrees() -> None:
    """Degree views answer as networkx's do, for all states, for one, and for several."""
    for space, plain in pairs():
        for which in DEGREES:
            for ask in ABOUT_DEGREES:
                same(
                    lambda graph, which=which, ask=ask: ask(getattr(graph, which), len(graph) - 1),
                    space,
                    plain,
                )
        assert sum(degree for _, degree in space.in_degree()) == len(space.targets)


def test_weighted_degrees_are_those_of_the_converted_graph() -> None:
    """An attribute that edges lack counts one, as networkx has it."""
    space = graph_with(2, [(0, 1), (0, 1), (1, 1)])
    assert dict(space.degree(weight="cost")) == {0: 2, 1: 4}
    assert space.size("cost") == 3.0 and isinstance(space.size("cost"), float)
    assert space._converted is not None


def test_edges_and_neighbours() -> None:
    """Parallel edges are counted; a neighbour is named once, in networkx's order."""
    for space, plain in pairs():
        same(lambda graph: (graph.size(), graph.number_of_edges()), space, plain)
        nodes = (*range(len(plain)), -1, len(plain), 0.0, "0")
        for u in nodes:
            for question in (
                lambda graph, u=u: list(graph.successors(u)),
                lambda graph, u=u: list(graph.neighbors(u)),
                lambda graph, u=u: list(graph.predecessors(u)),
            ):
                same(question, space, plain)
            for v in nodes:
                for question in (
                    lambda graph, u=u, v=v: graph.number_of_edges(u, v),
                    lambda graph, u=u, v=v: graph.has_edge(u, v),
                    lambda graph, u=u, v=v: [graph.has_edge(u, v, key) for key in (0, 1, 2, "0")],
                    lambda graph, u=u, v=v: graph.has_successor(u, v),
                    lambda graph, u=u, v=v: graph.has_predecessor(u, v),
                ):
                    same(question, space, plain)


def test_bunches_of_nodes() -> None:
    """One node, several, all, or a complaint in networkx's words."""
    space = graph_with(3, [(0, 1)])
    plain = graph_with(3, [(0, 1)]).networkx()
    for bunch in (None, 1, 1.0, [2, 0, 7], {1}, [], 7, "ab", [[1]], object):
        same(lambda graph, bunch=bunch: list(graph.nbunch_iter(bunch)), space, plain)


def test_functions_that_are_not_dispatched() -> None:
    """What networkx asks the graph itself for is answered from the arrays where that is enough."""
    space = explore(under(fleet(2, 1)))
    plain = explore(under(fleet(2, 1))).networkx()
    for question in (
        nx.density,
        nx.degree_histogram,
        nx.number_of_edges,
        nx.number_of_nodes,
        nx.is_directed,
        lambda graph: list(nx.nodes(graph)),
        lambda graph: list(nx.degree(graph)),
        lambda graph: list(nx.neighbors(graph, 3)),
        lambda graph: set(nx.all_neighbors(graph, 3)),
        lambda graph: graph.is_multigraph(),
    ):
        same(question, space, plain)


def test_without_edges() -> None:
    """Nodes are still there; every question about edges is refused."""
    space = explore(under(fleet(2, 1)), keep_edges=False)
    full = explore(under(fleet(2, 1)))
    assert list(space) == list(full) and 0 in space and space.number_of_nodes() == len(full)
    assert list(space.nodes(data=True)) == list(full.nodes(data=True))
    for question in (
        lambda: space.size(),
        lambda: space.number_of_edges(),
        lambda: space.has_edge(0, 1),
        lambda: space.successors(0),
        lambda: space.predecessors(0),
        lambda: space.degree[0],
        lambda: list(space.in_degree),
        lambda: list(space.out_degree([0])),
        lambda: space.edges,
        lambda: space[0],
    ):
        with pytest.raises(IncompleteGraph):
            question()


def test_attributes_cannot_be_changed() -> None:
    """Writing into attributes is refused: nobody would see it. Copies of them are dictionaries."""
    space = graph_with(2, [(0, 1)])
    for attributes in (space.nodes[0], space.graph, dict(space.nodes(data=True))[1]):
        with pytest.raises(TypeError, match="cannot be changed"):
            attributes["mark"] = 1
        with pytest.raises(TypeError, match="cannot be changed"):
            attributes.update(mark=1)
        copy = attributes.copy()
        copy["mark"] = 1
        assert isinstance(attributes, dict) and "mark" not in attributes
        assert pickle.loads(pickle.dumps(attributes)) == deepcopy(attributes) == attributes
    assert space.nodes[0] == {"x": 0} and space.graph == {"name": "Small"}
    with pytest.raises((TypeError, NotImplementedError)):
        nx.set_node_attributes(space, 1, "mark")
