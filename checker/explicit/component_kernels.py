"""Strong components of millions of edges in one pass, and what is decided as each is completed.

Components are completed in an order in which all that can be reached from one comes before it. So
fairness inside a component, whether a goal can be reached from it, and the longest way from it are
known at the moment it is completed, and nothing has to be kept for each of them.

References
----------
D. J. Pearce, A space-efficient algorithm for finding strongly connected components, Inf. Process.
Lett. 116 (2016): one number for each state while it searches, and afterwards its component.
"""

from __future__ import annotations

from checker.native.intrinsics import Row, Static, Word
from checker.native.kernel import kernel

__all__ = ["AGAIN", "FAIR", "OUTSIDE", "PLAIN", "REJECTED", "WAYS", "depth_first", "renumber"]

OUTSIDE = 0x7FFFFFFF
"""The rank of a node that is not to be visited; 0 is that of one not visited yet."""

# What to do when a component is complete.
PLAIN = 0
FAIR = 1
WAYS = 2

# What FAIR leaves in `found` besides numbers of components.
REJECTED = -1
AGAIN = -2

# Positions in the array `sums` of WAYS.
LOOPING = 0  # whether a component of the region has a cycle of positive weight
FIRST = 1  # smallest node of all such components
RANK = 2  # rank of its component


@kernel
def depth_first(
    what: Static,
    labelled: Static,
    offsets: Row,
    targets: Row,
    labels: Row,
    allowed: Row,
    nodes: int,
    rank: Row,
    stack: Row,
    way: Row,
    begun: Row,
    at: Row,
    found: Row,
    enabled: Row,
    columns: int,
    weak: Row,
    strong: Row,
    column_of: Row,
    bit_of: Row,
    goal: Row,
    weighted: Static,
    marks: Row,
    row_of: Row,
    at_target: Row,
    sums: Row,
) -> int:
    """Complete every strong component; afterwards `rank` is the same within each, and only there.

    Parameters
    ----------
    what : int
        PLAIN, FAIR or WAYS.
    labelled : int
        1 if only edges count whose label is `allowed`.
    offsets, targets, labels : edges in CSR form
    allowed : uint8 for each label
    rank : int32 for each node; 0, or `OUTSIDE` for nodes that are not there
    stack, way, begun : int32 for each node; at : int64 for each node; all scratch
    found : int32 for each node
        FAIR: the component (its rank), `REJECTED`, or `AGAIN` for nodes that have to be looked at
        once more without the others. WAYS: the greatest weight of a way from there, or -1 where no
        node outside the goal can be reached.
    enabled : uint64, `columns` for each node; weak, strong : uint64 for each column
    column_of : int32, bit_of : uint64, for each label
        The fairness unit of a label; column -1 for none.
    goal : uint8 for each node
    weighted : int
        0: no edge has weight; 1: each has 1; 2: those that are marked have 1.
    marks : uint8, for each row one for each node
    row_of : int32, at_target : uint8, for each label
        Which row says whether its edges have weight, and of which end; row -1: none has.
    sums : int64, 3; FIRST begins with a number greater than all nodes

    Returns
    -------
    int
        How many components there are.
    """
    index = 1
    component = nodes
    waiting = 0
    for root in range(nodes):
        if rank[root] != 0:
            continue
        way[0] = root
        at[0] = offsets[root]
        begun[0] = index
        rank[root] = index
        index += 1
        depth = 1
        while depth > 0:
            node = way[depth - 1]
            position = at[depth - 1]
            end = offsets[node + 1]
            mine = rank[node]
            child = -1
            while position < end:
                usable = True
                if labelled == 1:
                    usable = allowed[labels[position]] != 0
                if usable:
                    target = targets[position]
                    theirs = rank[target]
                    if theirs == 0:
                        child = target
                        break
                    if theirs < mine:
                        mine = theirs
                position += 1
            rank[node] = mine
            if child >= 0:
                at[depth - 1] = position + 1
                way[depth] = child
                at[depth] = offsets[child]
                begun[depth] = index
                rank[child] = index
                index += 1
                depth += 1
                continue
            depth -= 1
            stack[waiting] = node
            if mine < begun[depth]:
                waiting += 1
            else:
                bottom = waiting
                while bottom > 0 and rank[stack[bottom - 1]] >= mine:
                    bottom -= 1
                for i in range(bottom, waiting + 1):
                    rank[stack[i]] = component
                if what == FAIR:
                    judge_fairness(
                        offsets, targets, labels, allowed, rank, component, stack[bottom:],
                        waiting + 1 - bottom, found, enabled, columns, weak, strong, column_of, bit_of,
                    )  # fmt: skip
                if what == WAYS:
                    measure_ways(
                        offsets, targets, labels, allowed, rank, component, stack[bottom:],
                        waiting + 1 - bottom, found, goal, weighted, nodes, marks, row_of, at_target,
                        sums,
                    )  # fmt: skip
                index -= waiting + 1 - bottom
                waiting = bottom
                component -= 1
            if depth > 0 and rank[node] < rank[way[depth - 1]]:
                rank[way[depth - 1]] = rank[node]
    return nodes - component


@kernel
def judge_fairness(
    offsets: Row,
    targets: Row,
    labels: Row,
    allowed: Row,
    rank: Row,
    component: int,
    members: Row,
    count: int,
    found: Row,
    enabled: Row,
    columns: int,
    weak: Row,
    strong: Row,
    column_of: Row,
    bit_of: Row,
) -> None:
    """Whether a fair run can stay in a component; see `fair_cycles.fair_components`."""
    verdict = component
    for column in range(columns):
        every: Word = 0xFFFFFFFFFFFFFFFF
        some: Word = 0
        for i in range(count):
            here = enabled[members[i] * columns + column]
            every = every & here
            some = some | here
        if ((every & weak[column]) | (some & strong[column])) == 0:
            continue
        taken: Word = 0
        if count > 1:
            for i in range(count):
                node = members[i]
                for position in range(offsets[node], offsets[node + 1]):
                    label = labels[position]
                    target = targets[position]
                    inner = target != node and rank[target] == component
                    if inner and allowed[label] != 0 and column_of[label] == column:
                        taken = taken | bit_of[label]
        if (every & weak[column] & ~taken) != 0:
            verdict = REJECTED
            break
        if (some & strong[column] & ~taken) != 0:
            # Another column may still reject it, so nothing is written yet.
            verdict = AGAIN
    for i in range(count):
        found[members[i]] = verdict
    if verdict != AGAIN:
        return
    # Loops through states that enable what is never taken are unfair: these states are left out.
    for column in range(columns):
        some2: Word = 0
        taken2: Word = 0
        for i in range(count):
            node = members[i]
            some2 = some2 | enabled[node * columns + column]
            for position in range(offsets[node], offsets[node + 1]):
                label = labels[position]
                target = targets[position]
                inner = target != node and rank[target] == component
                if inner and allowed[label] != 0 and column_of[label] == column:
                    taken2 = taken2 | bit_of[label]
        missing = some2 & strong[column] & ~taken2
        for i in range(count):
            if (enabled[members[i] * columns + column] & missing) != 0:
                found[members[i]] = REJECTED


@kernel
def measure_ways(
    offsets: Row,
    targets: Row,
    labels: Row,
    allowed: Row,
    rank: Row,
    component: int,
    members: Row,
    count: int,
    found: Row,
    goal: Row,
    weighted: Static,
    nodes: int,
    marks: Row,
    row_of: Row,
    at_target: Row,
    sums: Row,
) -> None:
    """The longest way from a component, as long as a node outside the goal can be reached."""
    reaches = False
    looping = False
    best = 0
    first = members[0]
    for i in range(count):
        node = members[i]
        first = min(first, node)
        if goal[node] == 0:
            reaches = True
        for position in range(offsets[node], offsets[node + 1]):
            label = labels[position]
            target = targets[position]
            if allowed[label] == 0 or target == node:
                continue
            weight = 0
            if weighted == 1:
                weight = 1
            if weighted == 2:
                row = row_of[label]
                if row >= 0:
                    end = node
                    if at_target[label] != 0:
                        end = target
                    weight = int(marks[row * nodes + end])
            if rank[target] == component:
                if weight > 0:
                    looping = True
                continue
            beyond = found[target]
            if beyond >= 0:
                reaches = True
                weight += beyond
            best = max(best, weight)
    if not reaches:
        best = -1
    for i in range(count):
        found[members[i]] = best
    if reaches and looping:
        sums[LOOPING] = 1
        if first < sums[FIRST]:
            sums[FIRST] = first
            sums[RANK] = component


@kernel
def renumber(labels: Row, count: int, known: Row) -> int:
    """Rename labels to 0, 1, … in the order in which they first occur; negative ones stay.

    `known` is int32, -1 for every label; returns how many different labels there are.
    """
    following = 0
    for i in range(count):
        label = labels[i]
        if label >= 0:
            if known[label] < 0:
                known[label] = following
                following += 1
            labels[i] = known[label]
    return following
