"""What networkx asks of a graph object itself, answered from the converted graph, made once.

Functions that networkx dispatches to backends never come here. The others call methods of the
graph (`nodes`, `adj`, `number_of_edges`); a `StateGraph` has them by this base class, read-only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import networkx

__all__ = ["NetworkxView"]

_READ_ONLY = frozenset(
    [
        "adj",
        "adjacency",
        "copy",
        "degree",
        "edge_subgraph",
        "edges",
        "get_edge_data",
        "graph",
        "has_edge",
        "has_node",
        "has_predecessor",
        "has_successor",
        "in_degree",
        "in_edges",
        "name",
        "nbunch_iter",
        "neighbors",
        "nodes",
        "number_of_edges",
        "order",
        "out_degree",
        "out_edges",
        "pred",
        "predecessors",
        "reverse",
        "size",
        "subgraph",
        "succ",
        "successors",
        "to_directed",
        "to_directed_class",
        "to_undirected",
        "to_undirected_class",
    ]
)


class NetworkxView:
    """The reading half of `networkx.MultiDiGraph`; what would change the graph is not there."""

    def networkx(self) -> networkx.MultiDiGraph[int]:
        """The converted graph."""
        raise AssertionError("provided by the graph")

    def __getattr__(self, name: str) -> Any:
        if name in _READ_ONLY:
            return getattr(self.networkx(), name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __iter__(self) -> Iterator[int]:
        return iter(self.networkx())

    def __contains__(self, node: object) -> bool:
        return node in self.networkx()

    def __getitem__(self, node: int) -> Any:
        return self.networkx()[node]
