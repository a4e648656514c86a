"""Topological order as networkx has it, and whether there is one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from checker.explicit.graph_kernels import peel
from checker.explicit.networkx_adjacency import Nodes, numbers

if TYPE_CHECKING:
    from checker.explicit.networkx_view import NetworkxView

__all__ = ["has_cycle", "is_directed_acyclic_graph", "topological_generations", "topological_sort"]


def has_cycle(G: NetworkxView) -> bool:
    """Whether there is a cycle; an edge from a state to itself is one."""
    _, ends = _peeled(G)
    return (ends[-1] if ends else 0) < len(G)


def is_directed_acyclic_graph(G: NetworkxView) -> bool:
    """Whether there is no cycle."""
    return not has_cycle(G)


def topological_generations(G: NetworkxView) -> Iterator[list[int]]:
    """Yield the states in generations: all that leads to a state is in earlier ones.

    Raises
    ------
    networkx.NetworkXUnfeasible
        If there is a cycle, after the states that none leads to.
    """
    order, ends = _peeled(G)
    for first, last in pairwise([0, *ends]):
        yield numbers(order, first, last)
    if (ends[-1] if ends else 0) < len(G):
        import networkx

        raise networkx.NetworkXUnfeasible("Graph contains a cycle or graph changed during iteration")


def topological_sort(G: NetworkxView) -> Iterator[int]:
    """Yield the states in topological order.

    Raises
    ------
    networkx.NetworkXUnfeasible
        If there is a cycle, after the states that none leads to.
    """
    for generation in topological_generations(G):
        yield from generation


def _peeled(graph: NetworkxView) -> tuple[Nodes, list[int]]:
    """The states in order, and how many there are up to the end of each generation."""
    rows = graph.adjacency_rows
    order, ends = rows.row(), rows.row()
    waiting = rows.incoming.tolist() if rows.is_small else rows.incoming.astype(np.int64)
    count = rows.run(peel, rows.nodes, waiting, order, ends)
    return order, numbers(ends, 0, count)
