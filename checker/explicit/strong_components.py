"""Strongly connected components of a graph in CSR form, numbered the same way every time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["Ints", "gather", "in_order_of_appearance", "strong_components"]

Ints = npt.NDArray[np.integer]

_SMALL = 20_000
"""Edges up to which plain Python is faster than compiling."""


def strong_components(offsets: Ints, targets: Ints) -> npt.NDArray[np.int32]:
    """The strongly connected component of every node.

    Parameters
    ----------
    offsets : ndarray of int, shape (nodes + 1,)
        The edges of node i are at positions offsets[i] to offsets[i + 1] of `targets`.
    targets : ndarray of int, shape (edges,)

    Returns
    -------
    ndarray of int32, shape (nodes,)
        Numbers from 0 on, ascending with the smallest node of the component.

    Examples
    --------
    >>> strong_components(np.array([0, 1, 2, 4]), np.array([1, 0, 0, 2])).tolist()
    [0, 0, 1]

    References
    ----------
    R. E. Tarjan, Depth-first search and linear graph algorithms, SIAM J. Comput. 1 (1972).
    """
    if not len(targets):
        return np.arange(len(offsets) - 1, dtype=np.int32)
    if len(targets) > _SMALL:
        from checker.explicit import components

        if components.machine_code_works():
            labels = components.ranks(np.ascontiguousarray(offsets), np.ascontiguousarray(targets))
            components.in_order(labels)
            return labels
    return in_order_of_appearance(_tarjan(offsets.tolist(), targets.tolist()))


def in_order_of_appearance(labels: Ints) -> npt.NDArray[np.int32]:
    """Rename labels to 0, 1, … in the order in which they first occur; negative ones stay.

    Examples
    --------
    >>> in_order_of_appearance(np.array([7, 2, -1, 7, 0])).tolist()
    [0, 1, -1, 0, 2]
    """
    known = np.flatnonzero(labels >= 0)
    if not known.size:
        return labels.astype(np.int32)
    values = labels[known]
    first = np.full(int(values.max()) + 1, len(labels), dtype=np.int64)
    # Of repeated indices the last assignment stays, so going backwards leaves the first occurrence.
    first[values[::-1]] = known[::-1]
    rank = np.empty(len(first), dtype=np.int32)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first), dtype=np.int32)
    renamed = np.full(len(labels), -1, dtype=np.int32)
    renamed[known] = rank[values]
    return renamed


def gather(offsets: Ints, nodes: Ints) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Positions of the edges that leave the given nodes, node by node, and how many each has."""
    begin = offsets[nodes].astype(np.int64)
    counts = offsets[nodes + 1].astype(np.int64) - begin
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(begin - (ends - counts), counts), counts


def _tarjan(offsets: list[int], targets: list[int]) -> npt.NDArray[np.int32]:
    """Tarjan's algorithm with an explicit stack: a long chain of states must not overflow it."""
    nodes = len(offsets) - 1
    unvisited = -1
    number = [unvisited] * nodes
    low = [0] * nodes
    label = [-1] * nodes
    position = offsets[:nodes]
    open_nodes: list[int] = []
    count = components = 0
    for root in range(nodes):
        if number[root] != unvisited:
            continue
        path = [root]
        while path:
            node = path[-1]
            if number[node] == unvisited:
                number[node] = low[node] = count
                count += 1
                open_nodes.append(node)
            if position[node] < offsets[node + 1]:
                target = targets[position[node]]
                position[node] += 1
                if number[target] == unvisited:
                    path.append(target)
                elif label[target] < 0 and number[target] < low[node]:
                    low[node] = number[target]
                continue
            path.pop()
            if path and low[node] < low[path[-1]]:
                low[path[-1]] = low[node]
            if low[node] == number[node]:
                while True:
                    member = open_nodes.pop()
                    label[member] = components
                    if member == node:
                        break
                components += 1
    return np.array(label, dtype=np.int32)
