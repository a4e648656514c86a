"""The longest way through a region: the worst case of what every run completes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from checker.explicit.fair_cycles import Bools
from checker.explicit.strong_components import Ints, gather, strong_components

__all__ = ["backwards", "can_reach", "longest_way"]


def backwards(count: int, sources: Ints, targets: Ints) -> tuple[npt.NDArray[np.int64], Ints]:
    """The edges ordered by target: offsets by target, and the positions of the edges."""
    order = np.argsort(targets, kind="stable")
    counts = np.bincount(targets, minlength=count)
    return np.concatenate(([0], np.cumsum(counts))), order


def can_reach(count: int, sources: Ints, targets: Ints, goals: Bools) -> Bools:
    """The states from which a goal can be reached by the given edges, goals included."""
    offsets, order = backwards(count, sources, targets)
    reached = goals.copy()
    frontier: Ints = np.flatnonzero(goals)
    while frontier.size:
        positions, _ = gather(offsets, frontier)
        before = sources[order[positions]]
        before = before[~reached[before]]
        reached[before] = True
        # The same state may be there several times; sorting is cheaper than hashing.
        before = np.sort(before)
        frontier = before[np.flatnonzero(np.diff(before, prepend=-1))]
    return reached


def longest_way(region: Bools, offsets: Ints, sources: Ints, targets: Ints, weights: Ints) -> int | None:
    """The greatest weight that a walk can collect on edges that start in a region.

    Parameters
    ----------
    region : ndarray of bool, shape (states,)
    offsets, sources, targets : ndarray of int
        Edges in CSR form, with the source of each.
    weights : ndarray of int, shape (edges,)
        Not negative.

    Returns
    -------
    int or None
        None if there is no greatest: a cycle inside the region has weight.

    Examples
    --------
    A diamond with a tail, and a cycle without weight:

    >>> offsets, targets = np.array([0, 2, 3, 4, 5, 6]), np.array([1, 2, 3, 3, 4, 3])
    >>> sources = np.array([0, 0, 1, 2, 3, 4])
    >>> longest_way(np.ones(5, bool), offsets, sources, targets, np.array([1, 2, 1, 1, 0, 0]))
    3
    """
    nodes = np.flatnonzero(region)
    positions, _ = gather(offsets, nodes)
    local = np.full(len(region), -1, dtype=np.int64)
    local[nodes] = np.arange(len(nodes))
    start, end, weight = local[sources[positions]], local[targets[positions]], weights[positions]
    inner = end >= 0
    inner_offsets = np.concatenate(([0], np.cumsum(np.bincount(start[inner], minlength=len(nodes)))))
    component = strong_components(inner_offsets, end[inner].astype(np.int32)).astype(np.int64)
    count = int(component.max(initial=-1)) + 1
    best = np.zeros(count, dtype=np.int64)
    np.maximum.at(best, component[start[~inner]], weight[~inner])
    start, end, weight = component[start[inner]], component[end[inner]], weight[inner]
    loops = start == end
    if weight[loops].any():
        return None
    start, end, weight = start[~loops], end[~loops], weight[~loops]
    # From the ends of the region backwards, a node when all that follows it is known.
    arriving, order = backwards(count, start, end)
    waiting = np.bincount(start, minlength=count)
    frontier: Ints = np.flatnonzero(waiting == 0)
    while frontier.size:
        arrivals, _ = gather(arriving, frontier)
        edges = order[arrivals]
        before = start[edges]
        np.maximum.at(best, before, weight[edges] + best[end[edges]])
        np.subtract.at(waiting, before, 1)
        before = np.sort(before[waiting[before] == 0])
        frontier = before[np.flatnonzero(np.diff(before, prepend=-1))]
    return int(best.max(initial=0))
