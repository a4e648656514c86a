"""Reachability and shortest paths without weights, as networkx has them, on the edges as arrays.

Paths, and the order of dictionaries, are those of networkx: where there are several shortest paths
it is the same one. A function called `when_…` says with which arguments another is meant.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from checker.explicit.graph_kernels import breadth_first, meet
from checker.explicit.networkx_adjacency import Adjacency, Nodes, numbers, state_of

if TYPE_CHECKING:
    from checker.explicit.networkx_view import NetworkxView

__all__ = [
    "ancestors",
    "bfs_edges",
    "bfs_layers",
    "bidirectional_shortest_path",
    "descendants",
    "descendants_at_distance",
    "has_path",
    "shortest_path",
    "shortest_path_length",
    "single_source_shortest_path",
    "single_source_shortest_path_length",
    "single_target_shortest_path",
    "single_target_shortest_path_length",
    "when_distance_is_whole",
    "when_ends_are_given",
    "when_limited_by_number",
    "when_neighbors_are_not_sorted",
    "when_source_is_one",
    "when_unweighted",
]

# ---------------------------------------------------------------- what can be reached


def descendants(G: NetworkxView, source: int) -> set[int]:
    """All states that can be reached from one, without itself."""
    return _reached(G.adjacency_rows, source)


def ancestors(G: NetworkxView, source: int) -> set[int]:
    """All states from which one can be reached, without itself."""
    return _reached(G.adjacency_rows.backwards, source)


def descendants_at_distance(G: NetworkxView, source: int, distance: int) -> set[int]:
    """All states whose shortest path from one has this length."""
    start = state_of(len(G), source)
    if start is None:
        _not_in_graph(source)
    if not 0 <= distance < len(G):
        return set()
    search = _Search(G.adjacency_rows, start, deepest=int(distance))
    return set(search.level(int(distance)))


def bfs_edges(
    G: NetworkxView,
    source: int,
    reverse: bool = False,
    depth_limit: float | None = None,
    sort_neighbors: None = None,
) -> Iterator[tuple[int, int]]:
    """Yield the edges of a breadth-first search."""
    start = state_of(len(G), source)
    if start is None:
        _not_in_digraph(source)
    rows = G.adjacency_rows.backwards if reverse else G.adjacency_rows
    search = _Search(rows, start, deepest=_deepest(rows, depth_limit))
    for node in search.found[1:]:
        yield int(search.before[node]), node


def bfs_layers(G: NetworkxView, sources: int) -> Iterator[list[int]]:
    """Yield the states at each distance from one."""
    start = state_of(len(G), sources)
    assert start is not None
    search = _Search(G.adjacency_rows, start)
    for distance in range(search.levels):
        yield search.level(distance)


# ---------------------------------------------------------------- from one state to another


def has_path(G: NetworkxView, source: int, target: int) -> bool:
    """Whether one state can be reached from another."""
    return _distance(G, *_both(G, source, target)) is not None


def bidirectional_shortest_path(G: NetworkxView, source: int, target: int) -> list[int]:
    """The states along a shortest path, with both ends."""
    start, goal = _both(G, source, target)
    rows = G.adjacency_rows
    before, after = rows.row(-1), rows.row(-1)
    back = rows.backwards.rows
    middle = rows.run(meet, *back, start, goal, before, after, rows.row(), rows.row())
    if middle < 0:
        _no_path(source, target)
    first, second = [middle], []
    while first[-1] != start:
        first.append(int(before[first[-1]]))
    while middle != goal:
        middle = int(after[middle])
        second.append(middle)
    return first[::-1] + second


def shortest_path(
    G: NetworkxView,
    source: int | None = None,
    target: int | None = None,
    weight: None = None,
    method: str = "dijkstra",
) -> list[int] | dict[int, list[int]]:
    """A shortest path; from or to every state, as a dictionary, where only one end is given."""
    _known_method(method)
    if source is None:
        assert target is not None
        start = _found(G, target, "Source {} not in G")
        back = _Search(G.adjacency_rows.backwards, start)
        return {node: path[::-1] for node, path in back.paths().items()}
    if target is None:
        return single_source_shortest_path(G, source)
    return bidirectional_shortest_path(G, source, target)


def shortest_path_length(
    G: NetworkxView,
    source: int | None = None,
    target: int | None = None,
    weight: None = None,
    method: str = "dijkstra",
) -> int | dict[int, int]:
    """How many steps it is; from or to every state, as a dictionary, where only one end is given."""
    _known_method(method)
    if source is None:
        assert target is not None
        start = _found(G, target, "Source {} is not in G")
        return _Search(G.adjacency_rows.backwards, start).lengths()
    if target is None:
        return single_source_shortest_path_length(G, source)
    distance = _distance(G, *_both(G, source, target))
    if distance is None:
        _no_path(source, target)
    return distance


# ---------------------------------------------------------------- from one state to all


def single_source_shortest_path(
    G: NetworkxView, source: int, cutoff: float | None = None
) -> dict[int, list[int]]:
    """A shortest path to every state that can be reached, the nearest first."""
    start = _found(G, source, "Source {} not in G")
    rows = G.adjacency_rows
    return _Search(rows, start, deepest=_deepest(rows, cutoff)).paths()


def single_target_shortest_path(
    G: NetworkxView, target: int, cutoff: float | None = None
) -> dict[int, list[int]]:
    """A shortest path from every state that can reach one, the nearest first."""
    start = _found(G, target, "Target {} not in G")
    rows = G.adjacency_rows.backwards
    search = _Search(rows, start, deepest=_deepest(rows, cutoff))
    return {node: path[::-1] for node, path in search.paths().items()}


def single_source_shortest_path_length(
    G: NetworkxView, source: int, cutoff: float | None = None
) -> dict[int, int]:
    """How many steps it is to every state that can be reached, the nearest first."""
    start = _found(G, source, "Source {} is not in G")
    rows = G.adjacency_rows
    return _Search(rows, start, deepest=_deepest(rows, cutoff)).lengths()


def single_target_shortest_path_length(
    G: NetworkxView, target: int, cutoff: float | None = None
) -> dict[int, int]:
    """How many steps it is from every state that can reach one, the nearest first."""
    start = _found(G, target, "Target {} is not in G")
    rows = G.adjacency_rows.backwards
    return _Search(rows, start, deepest=_deepest(rows, cutoff)).lengths()


# ---------------------------------------------------------------- with which arguments


def when_unweighted(
    G: object, source: object = None, target: object = None, weight: object = None, method: object = ""
) -> bool:
    """From all states to all it is networkx's iterator; weights are attributes, which arrays lack."""
    return weight is None and not (source is None and target is None)


def when_ends_are_given(G: object, source: object, target: object) -> bool:
    """None is no state, but for networkx it means any."""
    return source is not None and target is not None


def when_limited_by_number(
    G: object, source: object = None, cutoff: object = None, *, target: object = None
) -> bool:
    """A limit that can be rounded."""
    return _is_limit(cutoff)


def when_neighbors_are_not_sorted(
    G: object,
    source: object,
    reverse: object = False,
    depth_limit: object = None,
    sort_neighbors: object = None,
) -> bool:
    """The order of edges is the graph's."""
    return sort_neighbors is None and _is_limit(depth_limit)


def when_distance_is_whole(G: object, source: object, distance: object) -> bool:
    """As distances are."""
    return isinstance(distance, int | np.integer)


def when_source_is_one(G: NetworkxView, sources: object) -> bool:
    """One state, not several."""
    return state_of(len(G), sources) is not None


def _is_limit(value: object) -> bool:
    return value is None or isinstance(value, int | float | np.integer | np.floating)


# ---------------------------------------------------------------- searching


class _Search:
    """What a breadth-first search from one state found."""

    def __init__(
        self, rows: Adjacency, source: int, *, wanted: int = -1, deepest: int | None = None
    ) -> None:
        self.before: Nodes = rows.row(-1)
        self._queue, self._ends = rows.row(), rows.row()
        limit = rows.nodes if deepest is None else deepest
        self.levels: int = rows.run(
            breadth_first, source, wanted, limit, self.before, self._queue, self._ends
        )

    @property
    def found(self) -> list[int]:
        """The states, the nearest first."""
        return numbers(self._queue, 0, int(self._ends[self.levels - 1]))

    def level(self, distance: int) -> list[int]:
        """The states at a distance."""
        if distance >= self.levels:
            return []
        first = int(self._ends[distance - 1]) if distance else 0
        return numbers(self._queue, first, int(self._ends[distance]))

    def lengths(self) -> dict[int, int]:
        """The distance of every state."""
        result: dict[int, int] = {}
        for distance in range(self.levels):
            result.update(dict.fromkeys(self.level(distance), distance))
        return result

    def paths(self) -> dict[int, list[int]]:
        """A path to every state."""
        found = self.found
        result = {found[0]: [found[0]]}
        for node in found[1:]:
            result[node] = [*result[int(self.before[node])], node]
        return result


def _reached(rows: Adjacency, source: object) -> set[int]:
    start = state_of(rows.nodes, source)
    if start is None:
        _not_in_digraph(source)
    found: Iterable[int] = _Search(rows, start).found
    result = set(found)
    result.discard(start)
    return result


def _distance(graph: NetworkxView, source: int, target: int) -> int | None:
    search = _Search(graph.adjacency_rows, source, wanted=target)
    return search.levels - 1 if search.before[target] >= 0 else None


def _deepest(rows: Adjacency, limit: Any) -> int:
    """The largest distance d with d - 1 < limit: networkx goes on as long as that holds."""
    if limit is None or limit >= rows.nodes:
        return rows.nodes
    # Not a number is no less than anything.
    return math.ceil(limit) if limit > 0 else 0


# ---------------------------------------------------------------- mistakes, in networkx's words


def _found(graph: NetworkxView, node: object, otherwise: str) -> int:
    start = state_of(len(graph), node)
    if start is None:
        import networkx

        raise networkx.NodeNotFound(otherwise.format(node))
    return start


def _both(graph: NetworkxView, source: object, target: object) -> tuple[int, int]:
    return _found(graph, source, "Source {} is not in G"), _found(graph, target, "Target {} is not in G")


def _known_method(method: object) -> None:
    if method not in ("dijkstra", "bellman-ford"):
        raise ValueError(f"method not supported: {method}")


def _no_path(source: object, target: object) -> NoReturn:
    import networkx

    raise networkx.NetworkXNoPath(f"No path between {source} and {target}.")


def _not_in_graph(node: object) -> NoReturn:
    import networkx

    raise networkx.NetworkXError(f"The node {node} is not in the graph.")


def _not_in_digraph(node: object) -> NoReturn:
    import networkx

    raise networkx.NetworkXError(f"The node {node} is not in the digraph.")
