"""Components of a graph as networkx has them: strong, weak and attracting ones, and the condensation.

Components come in the order of their smallest states. networkx promises no order for strong and
attracting ones; for weak ones this is the order in which it finds them too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from checker.explicit.graph_kernels import join_ends
from checker.explicit.networkx_adjacency import Adjacency, piecewise
from checker.explicit.strong_components import in_order_of_appearance, strong_components

if TYPE_CHECKING:
    import networkx

    from checker.explicit.networkx_view import NetworkxView

__all__ = [
    "attracting_components",
    "condensation",
    "is_attracting_component",
    "is_strongly_connected",
    "is_weakly_connected",
    "number_attracting_components",
    "number_strongly_connected_components",
    "number_weakly_connected_components",
    "strongly_connected_components",
    "weakly_connected_components",
]

_Labels = npt.NDArray[np.int32]

_PIECE = 1 << 16
"""Edges of which the components of both ends are held at once."""

# ---------------------------------------------------------------- strong


def strongly_connected_components(G: NetworkxView) -> Iterator[set[int]]:
    """Yield the strongly connected components as sets of states."""
    return _sets(_strong(G))


def number_strongly_connected_components(G: NetworkxView) -> int:
    """How many strongly connected components there are."""
    return _count(_strong(G))


def is_strongly_connected(G: NetworkxView) -> bool:
    """Whether every state can reach every other.

    Raises
    ------
    networkx.NetworkXPointlessConcept
        If there are no states.
    """
    _not_empty(G)
    return number_strongly_connected_components(G) == 1


def attracting_components(G: NetworkxView) -> Iterator[set[int]]:
    """Yield the strongly connected components that no edge leaves."""
    labels = _strong(G)
    left = _left(G.adjacency_rows, labels)
    labels[left[labels]] = -1
    return _sets(labels)


def number_attracting_components(G: NetworkxView) -> int:
    """How many strongly connected components no edge leaves."""
    return int(np.count_nonzero(~_left(G.adjacency_rows, _strong(G))))


def is_attracting_component(G: NetworkxView) -> bool:
    """Whether the graph is one strongly connected component; it is not if there are no states."""
    return number_strongly_connected_components(G) == 1


def condensation(G: NetworkxView, scc: Iterable[Iterable[int]] | None = None) -> networkx.DiGraph[int]:
    """The graph of the strongly connected components.

    Parameters
    ----------
    scc : iterable of sets of states, optional
        The components, each as often as it is to be a node; otherwise they are numbered in the
        order of `strongly_connected_components`.

    Returns
    -------
    networkx.DiGraph
        Nodes are numbers of components, with the states in them as `members`. The number of every
        state's component is in its attribute `mapping`.
    """
    import networkx

    result: networkx.DiGraph[int] = networkx.DiGraph()
    mapping: dict[int, int] = {}
    result.graph["mapping"] = mapping
    if not len(G):
        return result
    labels = None
    if scc is None:
        labels = _strong(G)
        scc = _sets(labels)
    for number, component in enumerate(scc):
        result.add_node(number, members=component)
        mapping.update(dict.fromkeys(component, number))
    if labels is None:
        labels = np.fromiter((mapping[node] for node in range(len(G))), np.int32, len(G))
    sources, targets = _edges_between(G.adjacency_rows, labels)
    result.add_edges_from(zip(piecewise(sources), piecewise(targets), strict=True))
    return result


# ---------------------------------------------------------------- weak


def weakly_connected_components(G: NetworkxView) -> Iterator[set[int]]:
    """Yield the components of the graph without the direction of its edges, as sets of states."""
    return _sets(in_order_of_appearance(_weak(G)[1]))


def number_weakly_connected_components(G: NetworkxView) -> int:
    """How many components the graph has without the direction of its edges."""
    return _weak(G)[0]


def is_weakly_connected(G: NetworkxView) -> bool:
    """Whether the graph is connected without the direction of its edges.

    Raises
    ------
    networkx.NetworkXPointlessConcept
        If there are no states.
    """
    _not_empty(G)
    return number_weakly_connected_components(G) == 1


# ---------------------------------------------------------------- from labels


def _strong(graph: NetworkxView) -> _Labels:
    rows = graph.adjacency_rows
    return strong_components(rows.offsets, rows.targets)


def _weak(graph: NetworkxView) -> tuple[int, _Labels]:
    rows = graph.adjacency_rows
    root = np.arange(rows.nodes, dtype=np.int32)
    if not rows.is_small:
        return int(rows.run(join_ends, rows.nodes, root)), root
    roots = root.tolist()
    return rows.run(join_ends, rows.nodes, roots), np.array(roots, dtype=np.int32)


def _count(labels: _Labels) -> int:
    return int(labels.max(initial=-1)) + 1


def _sets(labels: _Labels) -> Iterator[set[int]]:
    """Yield the nodes with the same label, in the order of labels; negative ones are left out."""
    order = np.argsort(labels, kind="stable")
    sizes = np.bincount(labels[labels >= 0], minlength=_count(labels))
    first = len(labels) - int(sizes.sum())
    for size in piecewise(sizes):
        if size:
            yield set(order[first : first + size].tolist())
            first += size


def _left(rows: Adjacency, labels: _Labels) -> npt.NDArray[np.bool_]:
    """Which components an edge leaves."""
    left = np.zeros(_count(labels), dtype=np.bool_)
    for sources, _ in _crossing(rows, labels):
        left[sources] = True
    return left


def _edges_between(
    rows: Adjacency, labels: _Labels
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Both ends of the edges between components, each once, in the order of the graph's edges."""
    width = max(1, _count(labels))
    pairs = [np.zeros(0, dtype=np.int64)]
    for sources, targets in _crossing(rows, labels):
        pairs.append(_first_ones(sources.astype(np.int64) * width + targets))
    sources, targets = np.divmod(_first_ones(np.concatenate(pairs)), width)
    return sources, targets


def _first_ones(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Every value where it first occurs."""
    order = np.argsort(values, kind="stable")
    ascending = values[order]
    fresh = np.ones(len(values), dtype=np.bool_)
    np.not_equal(ascending[1:], ascending[:-1], out=fresh[1:])
    return values[np.sort(order[fresh])]


def _crossing(rows: Adjacency, labels: _Labels) -> Iterator[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    """Yield the components of both ends of the edges that leave one, in pieces, in order."""
    offsets, targets = rows.offsets, rows.targets
    cuts = np.arange(0, len(targets), _PIECE)
    # Whole rows: a piece ends with the row in which it is full.
    nodes = [*np.unique(np.searchsorted(offsets, cuts)).tolist(), rows.nodes]
    for first, last in pairwise(nodes):
        edges = slice(int(offsets[first]), int(offsets[last]))
        sources = np.repeat(labels[first:last], np.diff(offsets[first : last + 1]))
        into = labels[targets[edges]]
        crosses = np.flatnonzero(sources != into)
        if len(crosses):
            yield sources[crosses], into[crosses]


def _not_empty(graph: NetworkxView) -> None:
    if not len(graph):
        import networkx

        raise networkx.NetworkXPointlessConcept("Connectivity is undefined for the null graph.")
