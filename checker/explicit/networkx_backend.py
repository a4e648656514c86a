"""networkx functions work on a `StateGraph` directly: components natively, the rest by conversion.

Registered under the entry points `networkx.backends` and `networkx.backend_info` as `reconverge`:
networkx asks `backend` for a function of the name that is called. It has all of them, because
networkx does not fall back to its own unless it is configured to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from checker.explicit.state_graph import StateGraph
from checker.explicit.strong_components import strong_components

if TYPE_CHECKING:
    import networkx

__all__ = ["backend", "convert", "convert_from_nx", "convert_to_nx", "info"]


def info() -> dict[str, Any]:
    """What networkx shows of this backend."""
    return {
        "backend_name": "reconverge",
        "project": "reconverge",
        "package": "checker",
        "short_summary": "Graphs of reachable states; strong components natively.",
        "functions": {name: {} for name in _NATIVE},
    }


def convert(graph: StateGraph) -> networkx.MultiDiGraph[int]:
    """A new networkx graph of a StateGraph; `StateGraph.networkx` keeps it.

    Returns
    -------
    networkx.MultiDiGraph
        Nodes are state indices and carry the variables' values (labels and truth values as the
        model writes them). Each step is an edge whose `label` names the action instance.

    Raises
    ------
    IncompleteGraph
        If edges were not kept.
    """
    graph.need_edges()
    import networkx

    result: networkx.MultiDiGraph[int] = networkx.MultiDiGraph(name=graph.system.name)
    domains = [(variable.name, variable.domain) for variable in graph.system.variables]
    for index in range(len(graph)):
        state = graph.state(index)
        values = {name: domain.decode(state[name]) for name, domain in domains}
        result.add_node(index, **values)
    names = [instance.name for instance in graph.instances]
    result.add_edges_from(
        (source, target, {"label": names[label]}) for source, label, target in graph.labelled_edges()
    )
    return result


def convert_to_nx(graph: StateGraph | networkx.Graph[Any]) -> networkx.Graph[Any]:
    """The graph as networkx has it; made once for each StateGraph, and kept by it."""
    if not isinstance(graph, StateGraph):
        return graph
    return graph.networkx()


def convert_from_nx(graph: networkx.Graph[Any], **attributes: object) -> networkx.Graph[Any]:
    """Graphs that networkx makes stay what they are: a StateGraph comes from exploration only."""
    return graph


# ---------------------------------------------------------------- what networkx calls


def strongly_connected_components(G: StateGraph) -> Iterator[set[int]]:
    """Yield the strongly connected components as sets of state indices."""
    labels = _components(G)
    order = np.argsort(labels, kind="stable")
    cuts = np.flatnonzero(np.diff(labels[order])) + 1
    for members in np.split(order, cuts) if len(order) else []:
        yield set(members.tolist())


def number_strongly_connected_components(G: StateGraph) -> int:
    """How many strongly connected components there are."""
    return int(_components(G).max(initial=-1)) + 1


def is_strongly_connected(G: StateGraph) -> bool:
    """Whether every state can reach every other.

    Raises
    ------
    networkx.NetworkXPointlessConcept
        If there are no states.
    """
    if not len(G):
        import networkx

        raise networkx.NetworkXPointlessConcept("Connectivity is undefined for the null graph.")
    return number_strongly_connected_components(G) == 1


def _components(graph: StateGraph) -> npt.NDArray[np.int32]:
    graph.need_edges()
    return strong_components(graph.offsets, graph.targets)


# ---------------------------------------------------------------- all the others


class _Backend:
    """What the entry point names: native functions, and networkx's own on the converted graph."""

    def __init__(self, native: Mapping[str, Callable[..., Any]]) -> None:
        self.convert_to_nx = convert_to_nx
        self.convert_from_nx = convert_from_nx
        vars(self).update(native)

    def can_run(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool | str:
        """Whether a function can be called with these arguments; otherwise why not."""
        algorithm = _algorithm(name)
        if algorithm is not None and algorithm.mutates_input:
            return "a StateGraph cannot be changed; change a copy of its networkx()"
        if name in _NATIVE:
            return isinstance(args[0] if args else kwargs.get("G"), StateGraph)
        return True

    should_run = can_run

    def __getattr__(self, name: str) -> Callable[..., Any]:
        algorithm = _algorithm(name)
        if algorithm is None:
            raise AttributeError(name)

        def run(*args: Any, **kwargs: Any) -> Any:
            # What is decorated is the dispatcher; what it would run by itself is inside.
            return algorithm.orig_func(
                *map(_plain, args), **{key: _plain(value) for key, value in kwargs.items()}
            )

        return run


def _algorithm(name: str) -> Any:
    """networkx's dispatcher of this name; None if there is none."""
    from networkx.utils import backends

    return getattr(backends, "_registered_algorithms", {}).get(name)


def _plain(argument: Any) -> Any:
    if isinstance(argument, list):
        return [_plain(part) for part in argument]
    return argument.networkx() if isinstance(argument, StateGraph) else argument


_NATIVE = {
    "strongly_connected_components": strongly_connected_components,
    "number_strongly_connected_components": number_strongly_connected_components,
    "is_strongly_connected": is_strongly_connected,
}

backend = _Backend(_NATIVE)
