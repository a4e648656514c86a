"""networkx functions work on a `StateGraph` directly: many natively, the rest by conversion.

Registered under the entry points `networkx.backends` and `networkx.backend_info` as `reconverge`:
networkx asks `backend` for a function of the name that is called. It has all of them, because
networkx does not fall back to its own unless it is configured to. A native function that is called
with arguments it does not know is networkx's own, too. What networkx does not dispatch asks the graph
itself; layouts and drawings look only at graphs of networkx's own class: give them `networkx()`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from checker.explicit import networkx_components as components
from checker.explicit import networkx_order as order
from checker.explicit import networkx_paths as paths
from checker.explicit.state_graph import StateGraph

if TYPE_CHECKING:
    import networkx

__all__ = ["Native", "backend", "convert", "convert_from_nx", "convert_to_nx", "info"]


def info() -> dict[str, Any]:
    """What networkx shows of this backend."""
    return {
        "backend_name": "reconverge",
        "project": "reconverge",
        "package": "checker",
        "short_summary": "Graphs of reachable states; components and shortest paths natively.",
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
    result.add_nodes_from(graph.nodes(data=True))
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


# ---------------------------------------------------------------- what is native


@dataclass(frozen=True, slots=True)
class Native:
    """A function that reads the arrays of a StateGraph.

    Parameters
    ----------
    function : callable
        With the parameters of networkx's function.
    when : callable, optional
        With the same parameters: whether `function` knows these arguments.
    """

    function: Callable[..., Any]
    when: Callable[..., bool] | None = None

    def knows(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Whether `function` is to be called, also to complain about what no such function takes."""
        if self.when is None:
            return True
        try:
            return self.when(*args, **kwargs)
        except TypeError:
            return True


def _at_least_3_5(*args: Any, **kwargs: Any) -> bool:
    """Before, networkx gave an iterator, with a warning."""
    import networkx

    return tuple(map(int, networkx.__version__.split(".")[:2])) >= (3, 5)


def _target_length_is_known(*args: Any, **kwargs: Any) -> bool:
    return _at_least_3_5() and paths.when_limited_by_number(*args, **kwargs)


_NATIVE: Mapping[str, Native] = {
    one.function.__name__: one
    for one in (
        Native(components.attracting_components),
        Native(components.condensation),
        Native(components.is_attracting_component),
        Native(components.is_strongly_connected),
        Native(components.is_weakly_connected),
        Native(components.number_attracting_components),
        Native(components.number_strongly_connected_components),
        Native(components.number_weakly_connected_components),
        Native(components.strongly_connected_components),
        Native(components.weakly_connected_components),
        Native(order.has_cycle),
        Native(order.is_directed_acyclic_graph),
        Native(order.topological_generations),
        Native(order.topological_sort),
        Native(paths.ancestors),
        Native(paths.bfs_edges, paths.when_neighbors_are_not_sorted),
        Native(paths.bfs_layers, paths.when_source_is_one),
        Native(paths.bidirectional_shortest_path),
        Native(paths.descendants),
        Native(paths.descendants_at_distance, paths.when_distance_is_whole),
        Native(paths.has_path, paths.when_ends_are_given),
        Native(paths.shortest_path, paths.when_unweighted),
        Native(paths.shortest_path_length, paths.when_unweighted),
        Native(paths.single_source_shortest_path, paths.when_limited_by_number),
        Native(paths.single_source_shortest_path_length, paths.when_limited_by_number),
        Native(paths.single_target_shortest_path, paths.when_limited_by_number),
        Native(paths.single_target_shortest_path_length, _target_length_is_known),
    )
}


# ---------------------------------------------------------------- what networkx asks for


class _Backend:
    """What the entry point names: a function for every one that networkx dispatches."""

    def __init__(self) -> None:
        self.convert_to_nx = convert_to_nx
        self.convert_from_nx = convert_from_nx

    def can_run(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool | str:
        """Whether a function can be called with these arguments; otherwise why not."""
        algorithm = _algorithm(name)
        if algorithm is not None and _changes(algorithm.mutates_input, args, kwargs):
            return "a StateGraph cannot be changed; change a copy of its networkx()"
        return True

    def should_run(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool | str:
        """Whether there is a StateGraph among the arguments; graphs of networkx stay with it."""
        if any(map(_is_ours, (*args, *kwargs.values()))):
            return True
        return "networkx does the same with graphs of its own"

    def __getattr__(self, name: str) -> Callable[..., Any]:
        algorithm = _algorithm(name)
        if algorithm is None:
            raise AttributeError(name)
        native = _NATIVE.get(name)

        def run(*args: Any, **kwargs: Any) -> Any:
            graph = args[0] if args else kwargs.get("G")
            if native is not None and isinstance(graph, StateGraph) and native.knows(args, kwargs):
                # Now, although some functions would only notice when they are iterated.
                graph.need_edges()
                return native.function(*args, **kwargs)
            # What is decorated is the dispatcher; what it would run by itself is inside.
            return algorithm.orig_func(
                *map(_plain, args), **{key: _plain(value) for key, value in kwargs.items()}
            )

        return run


def _algorithm(name: str) -> Any:
    """networkx's dispatcher of this name; None if there is none."""
    from networkx.utils import backends

    return getattr(backends, "_registered_algorithms", {}).get(name)


def _changes(mutates: bool | Mapping[str, int], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a call changes its graph: always, never, or as an argument says, by name and position.

    "not copy" stands for an argument `copy` that is true unless it is given; others are None.
    """
    if isinstance(mutates, bool):
        return mutates
    for name, position in mutates.items():
        negated = name.startswith("not ")
        value = kwargs.get(name.removeprefix("not "), True if negated else None)
        if position < len(args):
            value = args[position]
        if (not value) if negated else (value is not None):
            return True
    return False


def _is_ours(argument: Any) -> bool:
    if isinstance(argument, list | tuple):
        return any(map(_is_ours, argument))
    return isinstance(argument, StateGraph)


def _plain(argument: Any) -> Any:
    if isinstance(argument, list):
        return [_plain(part) for part in argument]
    return argument.networkx() if isinstance(argument, StateGraph) else argument


backend = _Backend()
