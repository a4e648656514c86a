"""Searches of a graph in compressed sparse rows, as kernels: forwards, from both ends, by generations.

In all of them the edges of node i are ``targets[offsets[i]:offsets[i + 1]]``. Nodes are taken in the
order in which they are met, and edges in theirs, so that of several answers the first is given.
Parallel edges and loops are edges like others.
"""

from __future__ import annotations

from checker.native.intrinsics import Row
from checker.native.kernel import kernel

__all__ = ["breadth_first", "count_incoming", "join_ends", "meet", "peel", "transpose"]


@kernel
def breadth_first(
    offsets: Row,
    targets: Row,
    source: int,
    wanted: int,
    deepest: int,
    before: Row,
    queue: Row,
    ends: Row,
) -> int:
    """Nodes by their distance from one of them, as far as `deepest`, or until one is found.

    Parameters
    ----------
    wanted : int
        The node at which to stop; -1 for none.
    before : int32 for each node, -1
        Afterwards the node from which each was first reached, of the source itself.
    queue : int32 for each node
        Afterwards the nodes that were reached, in that order.
    ends : int32 for each node
        Afterwards, for each distance, how many nodes are at most so far away.

    Returns
    -------
    int
        How many distances there are: one more than the largest.
    """
    before[source] = source
    queue[0] = source
    ends[0] = 1
    levels = 1
    first = 0
    known = 1
    while first < known and levels <= deepest and source != wanted:
        last = known
        for i in range(first, last):
            node = queue[i]
            for edge in range(offsets[node], offsets[node + 1]):
                target = targets[edge]
                if before[target] < 0:
                    before[target] = node
                    queue[known] = target
                    known += 1
                    if target == wanted:
                        ends[levels] = known
                        return levels + 1
        if known > last:
            ends[levels] = known
            levels += 1
        first = last
    return levels


@kernel
def meet(
    offsets: Row,
    targets: Row,
    back_offsets: Row,
    back_targets: Row,
    source: int,
    goal: int,
    before: Row,
    after: Row,
    ahead: Row,
    behind: Row,
) -> int:
    """Search from two nodes towards each other, always on from the fewer nodes.

    Parameters
    ----------
    back_offsets, back_targets : the same edges, turned round
    before, after : int32 for each node, -1
        Afterwards the node before each on the way from the source, and after it on the way to the
        goal; source and goal have themselves.
    ahead, behind : int32 for each node, scratch

    Returns
    -------
    int
        A node on a shortest path, for which both are known; -1 if there is no path.

    References
    ----------
    I. Pohl, "Bi-directional search", Machine Intelligence 6 (1971). The order in which nodes are
    visited is that of `networkx.bidirectional_shortest_path`, so that it is the same path.
    """
    before[source] = source
    after[goal] = goal
    if source == goal:
        return source
    ahead[0] = source
    behind[0] = goal
    first_ahead = 0
    last_ahead = 1
    first_behind = 0
    last_behind = 1
    while first_ahead < last_ahead and first_behind < last_behind:
        if last_ahead - first_ahead <= last_behind - first_behind:
            known = last_ahead
            for i in range(first_ahead, last_ahead):
                node = ahead[i]
                for edge in range(offsets[node], offsets[node + 1]):
                    target = targets[edge]
                    if before[target] < 0:
                        before[target] = node
                        ahead[known] = target
                        known += 1
                    if after[target] >= 0:
                        return int(target)
            first_ahead = last_ahead
            last_ahead = known
        else:
            known = last_behind
            for i in range(first_behind, last_behind):
                node = behind[i]
                for edge in range(back_offsets[node], back_offsets[node + 1]):
                    target = back_targets[edge]
                    if after[target] < 0:
                        after[target] = node
                        behind[known] = target
                        known += 1
                    if before[target] >= 0:
                        return int(target)
            first_behind = last_behind
            last_behind = known
    return -1


@kernel
def peel(offsets: Row, targets: Row, nodes: int, waiting: Row, order: Row, ends: Row) -> int:
    """Take away the nodes without incoming edges, again and again.

    Parameters
    ----------
    waiting : int64 for each node
        How many edges lead to it; used up.
    order : int32 for each node
        Afterwards the nodes in the order in which they were taken away.
    ends : int32 for each node
        Afterwards, for each time, how many are gone.

    Returns
    -------
    int
        How often. If then nodes are left, there is a cycle among them.

    References
    ----------
    A. B. Kahn, "Topological sorting of large networks", Commun. ACM 5 (1962).
    """
    known = 0
    for node in range(nodes):
        if waiting[node] == 0:
            order[known] = node
            known += 1
    first = 0
    times = 0
    while first < known:
        last = known
        ends[times] = last
        times += 1
        for i in range(first, last):
            node = order[i]
            for edge in range(offsets[node], offsets[node + 1]):
                waiting[targets[edge]] -= 1
            # A second time, so that parallel edges do not change the order.
            for edge in range(offsets[node], offsets[node + 1]):
                target = targets[edge]
                if waiting[target] == 0:
                    waiting[target] = -1
                    order[known] = target
                    known += 1
        first = last
    return times


@kernel
def join_ends(offsets: Row, targets: Row, nodes: int, root: Row) -> int:
    """Which nodes are connected, whatever the direction of the edges.

    Parameters
    ----------
    root : int32 for each node
        The node itself; afterwards the smallest node that it is connected to.

    Returns
    -------
    int
        How many components there are.

    References
    ----------
    R. E. Tarjan and J. van Leeuwen, "Worst-case analysis of set union algorithms", J. ACM 31 (1984):
    linking by index with path halving.
    """
    components = nodes
    for node in range(nodes):
        mine = node
        while root[mine] != mine:
            root[mine] = root[root[mine]]
            mine = root[mine]
        for edge in range(offsets[node], offsets[node + 1]):
            theirs = targets[edge]
            while root[theirs] != theirs:
                root[theirs] = root[root[theirs]]
                theirs = root[theirs]
            if mine < theirs:
                root[theirs] = mine
                components -= 1
            elif theirs < mine:
                root[mine] = theirs
                mine = theirs
                components -= 1
    # Roots are the smallest of their component, so they are final before they are asked for.
    for node in range(nodes):
        root[node] = root[root[node]]
    return components


@kernel
def count_incoming(offsets: Row, targets: Row, nodes: int, counts: Row) -> None:
    """Add to each node's count how many edges lead to it."""
    for edge in range(offsets[nodes]):
        counts[targets[edge]] += 1


@kernel
def transpose(offsets: Row, targets: Row, nodes: int, back_offsets: Row, back_targets: Row) -> None:
    """The edges turned round; those of one node are in the order of the nodes they lead to.

    Parameters
    ----------
    back_offsets : int64 for each node and one more, zero
    back_targets : int32 for each edge
    """
    for edge in range(offsets[nodes]):
        back_offsets[targets[edge] + 1] += 1
    for node in range(nodes):
        back_offsets[node + 1] += back_offsets[node]
    for node in range(nodes):
        for edge in range(offsets[node], offsets[node + 1]):
            target = targets[edge]
            place = back_offsets[target]
            back_targets[place] = node
            back_offsets[target] = place + 1
    # Each row's beginning has moved to its end, which is where the next one begins.
    for i in range(nodes):
        back_offsets[nodes - i] = back_offsets[nodes - i - 1]
    back_offsets[0] = 0
