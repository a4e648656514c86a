"""networkx functions called on a StateGraph, through the entry points as they are installed."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from small_systems import action, fleet, integer, system, under

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


@pytest.fixture
def run(tmp_path: Path) -> Callable[[str], str]:
    """Run a program where the entry points of pyproject.toml are installed; what it prints."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    installed = tmp_path / "reconverge-0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: reconverge\nVersion: 0\n")
    groups = project["entry-points"].items()
    lines = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in one.items()) for group, one in groups]
    (installed / "entry_points.txt").write_text("\n".join(lines))
    path = [tmp_path, Path(__file__).parent, ROOT]

    def run(program: str) -> str:
        ran = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(BEGINNING) + textwrap.dedent(program)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    return run


BEGINNING = """
    import sys
    import warnings
    warnings.simplefilter("error")
    import networkx as nx
    from small_systems import fleet, under
    from checker.explicit import networkx_backend
    from checker.explicit.explore import explore

    space = explore(under(fleet(2, 2)))
    last = len(space) - 1
    plain = nx.MultiDiGraph(explore(under(fleet(2, 2))).networkx())
    assert "reconverge" in nx.utils.backends.backends

    def refused(call, *args, **kwargs):
        try:
            call(*args, **kwargs)
        except (NotImplementedError, TypeError) as error:
            return str(error)
        raise AssertionError("not refused")
"""


def test_native_functions_are_dispatched(run: Callable[[str], str]) -> None:
    """networkx functions take a StateGraph directly; those that are native do not convert it."""
    program = """
        answers = []
        for graph in (space, plain):
            answers.append([
                nx.number_strongly_connected_components(graph),
                sorted(map(sorted, nx.strongly_connected_components(graph))),
                nx.is_strongly_connected(graph),
                nx.condensation(graph).number_of_edges(),
                nx.number_attracting_components(graph),
                nx.number_weakly_connected_components(graph),
                list(nx.weakly_connected_components(graph)),
                nx.is_weakly_connected(graph),
                nx.is_directed_acyclic_graph(graph),
                nx.has_path(graph, 0, last),
                nx.shortest_path(graph, 0, last),
                nx.shortest_path(graph, source=0),
                nx.shortest_path(graph, target=last),
                nx.shortest_path_length(graph, 0, last),
                nx.bidirectional_shortest_path(graph, 0, last),
                nx.single_source_shortest_path_length(graph, 0, cutoff=3),
                nx.descendants(graph, 0),
                nx.ancestors(G=graph, source=last),
                nx.descendants_at_distance(graph, 0, 3),
                list(nx.bfs_edges(graph, 0)),
                list(nx.degree(graph)),
            ])
        assert answers[0] == answers[1]
        assert space._converted is None
        assert "llvmlite" not in sys.modules and "scipy" not in sys.modules
        assert len(nx.shortest_path(space, 0, last)) - 1 == space.depths[last]
        # The native function answered, and not networkx's.
        called = []
        networkx_backend.backend.is_strongly_connected = lambda G: called.append(G) or False
        assert nx.is_strongly_connected(space) is False and called == [space]
        print("dispatched")
    """
    assert run(program) == "dispatched\n"


def test_other_functions_work_by_conversion(run: Callable[[str], str]) -> None:
    """Every other function is networkx's own; the graph is converted once."""
    program = """
        assert nx.pagerank(space) == nx.pagerank(plain)
        converted = space._converted
        assert nx.shortest_path(space, 0, last, weight="cost") == nx.shortest_path(plain, 0, last, "cost")
        assert sorted(nx.simple_cycles(space, 2)) == sorted(nx.simple_cycles(plain, 2))
        assert nx.is_isomorphic(plain, space, backend="reconverge")
        assert nx.utils.graphs_equal(nx.compose_all([space, space]), plain)
        assert set(nx.relabel_nodes(space, {0: "start"})) == {"start", *range(1, last + 1)}
        assert list(nx.selfloop_edges(space)) == list(nx.selfloop_edges(plain))
        assert nx.is_path(space, [0, 1]) == nx.is_path(plain, [0, 1])
        assert space.networkx() is converted
        print("converted")
    """
    assert run(program) == "converted\n"


def test_what_would_change_the_graph_is_refused(run: Callable[[str], str]) -> None:
    """Neither the StateGraph nor the graph it is converted to can be changed by a function."""
    program = """
        # Before 3.5 networkx does not dispatch this one.
        message = refused(nx.set_node_attributes, space, 1, "mark")
        assert "will mutate" in message or "cannot be changed" in message
        assert "will mutate" in refused(nx.relabel_nodes, space, {0: 1}, copy=False)
        assert "will mutate" in refused(nx.relabel_nodes, space, {0: 1}, False)
        assert "mark" not in space.networkx().nodes[0]
        print("refused")
    """
    assert run(program) == "refused\n"


def test_a_backend_by_name(run: Callable[[str], str]) -> None:
    """`backend=` takes either for every graph: native, or networkx's own after conversion."""
    program = """
        nx.config.warnings_to_ignore.add("cache")
        count = nx.number_strongly_connected_components(plain)
        assert nx.number_strongly_connected_components(space, backend="reconverge") == count
        assert space._converted is None
        assert nx.number_strongly_connected_components(space, backend="networkx") == count
        assert space._converted is not None
        assert nx.number_strongly_connected_components(plain, backend="networkx") == count
        assert nx.number_strongly_connected_components(plain, backend="reconverge") == count
        assert nx.pagerank(plain, backend="reconverge") == nx.pagerank(plain)
        assert nx.shortest_path(plain, 0, last, backend="reconverge")[-1] == last
        print(count > 1)
    """
    assert run(program) == "True\n"


def test_a_backend_by_priority(run: Callable[[str], str]) -> None:
    """With priorities set, graphs of networkx stay with networkx, and a StateGraph is native."""
    program = """
        count = nx.number_strongly_connected_components(plain)
        asked = []
        run_by = networkx_backend.backend.__class__.__getattr__
        networkx_backend.backend.__class__.__getattr__ = (
            lambda self, name: asked.append(name) or run_by(self, name)
        )
        nx.config.warnings_to_ignore.add("cache")
        nx.config.backend_priority = ["reconverge"]
        for fallback in (False, True):
            nx.config.fallback_to_nx = fallback
            assert nx.number_strongly_connected_components(space) == count
            assert nx.has_path(space, 0, last) and not nx.has_path(space, last, 0)
            assert space._converted is None
            nx.config.backend_priority.algos = ["networkx", "reconverge"]
            assert nx.descendants(space, 0) == set(range(1, last + 1))
            assert space._converted is None
            nx.config.backend_priority.algos = ["reconverge"]
        assert nx.pagerank(space) == nx.pagerank(plain)
        networkx_backend.backend.number_strongly_connected_components = None
        assert nx.number_strongly_connected_components(plain) == count
        nx.config.backend_priority.generators = ["reconverge"]
        assert nx.path_graph(3).number_of_edges() == 2
        assert nx.is_isomorphic(plain, space)
        print("has_path" in asked)
    """
    assert run(program) == "True\n"


def test_large_graphs_are_not_converted(run: Callable[[str], str]) -> None:
    """More edges than CPython counts: compiled kernels answer, through networkx's dispatcher."""
    program = """
        large = explore(under(fleet(3, 6)))
        end = len(large) - 1
        assert len(large.targets) > 20_000
        assert nx.number_strongly_connected_components(large) == 5494
        assert nx.number_weakly_connected_components(large) == 1
        assert nx.has_path(large, 0, end)
        assert nx.shortest_path_length(large, 0, end) == large.depths[end]
        assert len(nx.descendants(large, 0)) == end
        assert large._converted is None
        print("native")
    """
    assert run(program) == "native\n"


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
