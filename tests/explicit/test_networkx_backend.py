"""networkx functions called on a StateGraph, through the entry points as they are installed."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from small_systems import action, fleet, integer, system, under

from checker.explicit import networkx_backend
from checker.explicit.explore import explore
from checker.explicit.state_graph import IncompleteGraph
from checker.system import expression as e

ROOT = Path(__file__).parents[2]


def test_graph_has_values_and_labels() -> None:
    """Nodes carry the state as its author writes it; every edge the name of its action instance."""
    space = explore(under(fleet(2, 1)))
    graph = space.networkx()
    assert isinstance(graph, nx.MultiDiGraph)
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (len(space), space.steps)
    assert graph.nodes[0] == {
        "state[0]": "absent",
        "state[1]": "absent",
        "view[0]": "absent",
        "view[1]": "absent",
        "budget": 1,
    }
    labels = [(target, data["label"]) for _, target, data in graph.out_edges(0, data=True)]
    assert labels == [(1, "start(0)"), (2, "start(1)")]
    assert space.networkx() is graph


def test_without_edges_there_is_no_graph() -> None:
    """A graph without its edges would be a wrong answer to every question."""
    with pytest.raises(IncompleteGraph):
        explore(under(fleet(2, 1)), keep_edges=False).networkx()


def test_native_components_are_those_of_networkx() -> None:
    """The native functions return what networkx computes on the converted graph."""
    for chosen in (fleet(2, 2), fleet(3, 4), system([integer("x", 0, 1)])):
        space = explore(under(chosen))
        expected = {frozenset(part) for part in nx.strongly_connected_components(space.networkx())}
        native = networkx_backend.strongly_connected_components(space)
        assert {frozenset(part) for part in native} == expected
        assert networkx_backend.number_strongly_connected_components(space) == len(expected)
        assert networkx_backend.is_strongly_connected(space) == (len(expected) == 1)


def test_no_states_at_all() -> None:
    """A graph without nodes is treated as networkx treats one."""
    space = explore(under(system([integer("x", 0, 1, ())])))
    assert len(space) == 0
    assert list(networkx_backend.strongly_connected_components(space)) == []
    assert networkx_backend.number_strongly_connected_components(space) == 0
    with pytest.raises(nx.NetworkXPointlessConcept):
        networkx_backend.is_strongly_connected(space)


def test_native_functions_leave_the_graph_alone() -> None:
    """Sparse matrix routines sort in place; the edges must stay in their order."""
    space = explore(under(fleet(3, 6)))
    before = space.targets.copy()
    assert len(before) > 20_000
    networkx_backend.number_strongly_connected_components(space)
    assert (space.targets == before).all()


def test_dispatch_through_installed_entry_points(tmp_path: Path) -> None:
    """With the entry points of pyproject.toml, networkx functions take a StateGraph directly."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    installed = tmp_path / "reconverge-0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: reconverge\nVersion: 0\n")
    groups = project["entry-points"].items()
    lines = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in one.items()) for group, one in groups]
    (installed / "entry_points.txt").write_text("\n".join(lines))
    program = """
        import warnings
        warnings.simplefilter("error")
        import networkx as nx
        from small_systems import fleet, under
        from checker.explicit.explore import explore

        space = explore(under(fleet(2, 2)))
        graph = space.networkx()
        plain = nx.MultiDiGraph(graph)
        assert "reconverge" in nx.utils.backends.backends

        count = nx.number_strongly_connected_components(space)
        assert count == nx.number_strongly_connected_components(plain) > 1
        # The native function answered, not one of networkx on the converted graph.
        called = []
        from checker.explicit import networkx_backend
        networkx_backend.backend.is_strongly_connected = lambda G: called.append(G) or False
        assert nx.is_strongly_connected(space) is False and called == [space]

        last = len(space) - 1
        assert nx.shortest_path(space, 0, last) == nx.shortest_path(plain, 0, last)
        assert len(nx.shortest_path(space, 0, last)) - 1 == space.depths[last]
        assert nx.descendants(space, 0) == set(range(1, len(space)))
        assert nx.is_directed_acyclic_graph(space) is False
        assert nx.condensation(space).number_of_nodes() == count
        assert nx.pagerank(space) == nx.pagerank(plain)
        assert sorted(nx.weakly_connected_components(space)) == [set(range(len(space)))]
        assert set(nx.ancestors(space, last)) == nx.ancestors(plain, last)
        assert nx.number_strongly_connected_components(plain, backend="networkx") == count
        assert nx.path_graph(3).number_of_edges() == 2
        assert nx.is_isomorphic(plain, space, backend="reconverge")
        try:
            nx.set_node_attributes(space, 1, "mark")
            raise SystemExit("changed")
        except NotImplementedError as error:
            assert "will mutate" in str(error)
        assert "mark" not in space.networkx().nodes[0]
        print("dispatched")
    """
    path = [tmp_path, Path(__file__).parent, ROOT]
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
        capture_output=True,
        text=True,
    )
    assert ran.stdout == "dispatched\n", ran.stderr


def test_parallel_edges_are_kept() -> None:
    """Two actions with the same effect are two edges."""
    x = integer("x", 0, 1)
    one = {"x": e.constant(1)}
    space = explore(under(system([x], action("a", e.TRUE, one), action("b", e.TRUE, one))))
    assert space.networkx().number_of_edges(0, 1) == 2


@pytest.mark.parametrize(
    "function",
    [
        nx.density,
        nx.number_of_edges,
        nx.degree_histogram,
        nx.node_link_data,
        nx.to_dict_of_lists,
    ],
)
def test_functions_that_ask_the_graph_itself(function: Any) -> None:
    """What networkx does not dispatch reads the graph's own methods, and says the same of a copy."""
    graph = explore(under(fleet(2, 1)))
    assert function(graph) == function(graph.networkx())


def test_reads_like_a_graph_and_cannot_be_changed() -> None:
    """Nodes, edges and neighbours are there; adding and removing is not."""
    graph = explore(under(fleet(2, 1)))
    copy = graph.networkx()
    assert list(graph) == list(copy) and 0 in graph and list(graph[0]) == list(copy[0])
    assert graph.number_of_edges() == copy.number_of_edges() == len(graph.targets)
    assert nx.utils.graphs_equal(nx.MultiDiGraph(graph), nx.MultiDiGraph(copy))
    assert set(graph.subgraph([0, 1]).nodes) == {0, 1}
    with pytest.raises(AttributeError):
        graph.add_node(99)
