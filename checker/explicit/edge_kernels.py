"""One look at every edge: which units are enabled where, what is stuck, shortest ways."""

from __future__ import annotations

from checker.native.intrinsics import Row
from checker.native.kernel import kernel

__all__ = ["enable", "shortest", "unstick"]


@kernel
def enable(
    offsets: Row,
    targets: Row,
    labels: Row,
    nodes: int,
    column_of: Row,
    bit_of: Row,
    columns: int,
    enabled: Row,
) -> None:
    """Set the bit of a label's unit in each state that the label changes.

    Parameters
    ----------
    column_of : int32, bit_of : uint64, for each label
        Column -1 where it belongs to no unit.
    enabled : uint64, `columns` for each state
    """
    for node in range(nodes):
        for edge in range(offsets[node], offsets[node + 1]):
            label = labels[edge]
            if targets[edge] != node and column_of[label] >= 0:
                place = node * columns + column_of[label]
                enabled[place] = enabled[place] | bit_of[label]


@kernel
def unstick(offsets: Row, targets: Row, labels: Row, nodes: int, own: Row, stuck: Row) -> None:
    """Take the mark from every state in which a label that counts changes something."""
    for node in range(nodes):
        for edge in range(offsets[node], offsets[node + 1]):
            if targets[edge] != node and own[labels[edge]] != 0:
                stuck[node] = 0
                break


@kernel
def shortest(
    offsets: Row,
    targets: Row,
    inside: Row,
    start: Row,
    sources: Row,
    count: int,
    queue: Row,
    depth: Row,
    arrival: Row,
) -> None:
    """Breadth-first search from sources that join at their own distances, ascending.

    Parameters
    ----------
    inside : uint8 for each node
    start : for each node, its head start
    sources : int64, `count` of them, ascending by head start
    queue : int32 for each node; scratch
    depth : int32 for each node, -1; arrival : int64 for each node, -1
    """
    head = 0
    tail = 0
    joined = 0
    level = 0
    while head < tail or joined < count:
        if head == tail:
            level = start[sources[joined]]
        # Those that begin at this distance come after those that arrive at it.
        while joined < count and start[sources[joined]] <= level:
            node = sources[joined]
            joined += 1
            if depth[node] < 0:
                depth[node] = level
                queue[tail] = node
                tail += 1
        end = tail
        while head < end:
            node = queue[head]
            head += 1
            for edge in range(offsets[node], offsets[node + 1]):
                target = targets[edge]
                if inside[target] != 0 and depth[target] < 0:
                    depth[target] = level + 1
                    arrival[target] = edge
                    queue[tail] = target
                    tail += 1
        level += 1
