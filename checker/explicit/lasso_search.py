"""Short fair lassos: one closed walk that keeps every fairness promise, not a whole component."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checker.explicit.components import machine_code_works
from checker.explicit.fair_cycles import Bools, FairComponents, FairGraph, Induced
from checker.explicit.strong_components import Ints, gather

__all__ = ["Loop", "distances", "shortest_lasso"]

_MANY = 20_000
"""Edges from which on it is worth compiling."""

_COMPONENTS = 12
"""Components tried, nearest first."""

_BUDGET = 60_000
"""Nodes visited in the search for an exactly shortest loop before the best one so far is taken."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A fair loop: where a run enters it, and its edges (positions in the graph; none: stutter)."""

    entry: int
    edges: tuple[int, ...]

    def __len__(self) -> int:
        """Number of steps; a stutter is one."""
        return max(1, len(self.edges))


def shortest_lasso(
    graph: FairGraph, components: FairComponents, visit: Bools, depth: Ints
) -> Loop | None:
    """The fair loop through a state of `visit` that makes the shortest lasso found.

    Parameters
    ----------
    graph : FairGraph
    components : FairComponents
        Of this graph, or of the part of it in which the loop has to stay.
    visit : ndarray of bool, shape (states,)
        The loop passes one of these states.
    depth : ndarray of int, shape (states,)
        Length of the shortest prefix to each state; negative where there is none.

    Returns
    -------
    Loop or None
        None iff no component meets `visit`.

    Notes
    -----
    From an entry state, breadth-first search over (state, what fairness still asks for) gives the
    shortest fair loop. It is tried from the nearest entry on, as long as it can still be an
    improvement and the budget lasts; a greedy walk through the nearest witnesses gives the first
    bound and the fallback.
    """
    best: Loop | None = None
    total = 0
    budget = _BUDGET
    for number in components.meeting(visit)[:_COMPONENTS]:
        members = components.members(int(number))
        members = members[np.argsort(depth[members], kind="stable")]
        walk = _Walk(graph, members, visit)
        for start in dict.fromkeys((0, int(np.argmax(visit[members])))):
            loop = walk.greedy(start)
            length = int(depth[loop.entry]) + len(loop)
            if best is None or length < total:
                best, total = loop, length
        for start in range(len(members)):
            reach = total - int(depth[members[start]]) - 1
            if reach < 1 or budget <= 0:
                break
            shorter, spent = walk.shortest(start, reach, budget)
            budget -= spent
            if shorter is not None:
                best, total = shorter, int(depth[shorter.entry]) + len(shorter)
    return best


def distances(
    offsets: Ints, targets: Ints, start: Ints, inside: Bools
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Shortest ways from states with a head start, through the states inside.

    Parameters
    ----------
    start : ndarray of int, shape (states,)
        How far away a source is to begin with; negative where a state is none.
    inside : ndarray of bool, shape (states,)
        States on the way, the first and the last included.

    Returns
    -------
    depth : ndarray of int32
        Distance of every state, -1 where there is no way.
    arrival : ndarray of int64
        Position of the edge by which the shortest way arrives; -1 for a source.
    """
    depth = np.full(len(start), -1, dtype=np.int32)
    arrival = np.full(len(start), -1, dtype=np.int64)
    sources = np.flatnonzero((start >= 0) & inside)
    sources = sources[np.argsort(start[sources], kind="stable")]
    if len(targets) > _MANY and machine_code_works():
        from checker.explicit.edge_kernels import shortest

        rows = (offsets, targets, inside.view(np.uint8), start, sources.astype(np.int64))
        shortest(*rows, len(sources), np.empty(len(start), dtype=np.int32), depth, arrival)
        return depth, arrival
    frontier: Ints = np.zeros(0, dtype=np.int64)
    level = used = 0
    while frontier.size or used < len(sources):
        if not frontier.size:
            level = int(start[sources[used]])
        joining = used + int(np.searchsorted(start[sources[used:]], level, side="right"))
        fresh = sources[used:joining]
        used = joining
        fresh = fresh[depth[fresh] < 0]
        depth[fresh] = level
        frontier = np.concatenate((frontier, fresh))
        edges, _ = gather(offsets, frontier)
        ends = targets[edges]
        open_ends = inside[ends] & (depth[ends] < 0)
        edges, ends = edges[open_ends], ends[open_ends]
        # Backwards, so that of several edges to one state the first one stays.
        arrival[ends[::-1]] = edges[::-1]
        depth[ends] = level + 1
        frontier = ends[arrival[ends] == edges]
        level += 1
    return depth, arrival


@dataclass(slots=True)
class _Owed:
    """What a walk has to do yet before it may be closed.

    `weak` has a bit for each weakly fair unit neither taken nor seen disabled, and one more for
    the visit; `strong` one for each strongly fair unit seen enabled and not taken.
    """

    weak: int
    strong: int
    taken: int


class _Walk:
    """Closed walks in one fair component, whose states are numbered from the nearest on."""

    def __init__(self, graph: FairGraph, members: Ints, visit: Bools) -> None:
        self.graph = graph
        self.members = members
        self.visit = visit[members]
        self.part: Induced = graph.induced(members)
        self.units = graph.units_of(self.part.edges)
        self.weak = int.from_bytes(graph.weak.tobytes(), "little")
        self.strong = int.from_bytes(graph.strong.tobytes(), "little")
        self.visited = 1 << (8 * len(graph.weak))
        self.enabled: dict[int, int] = {}
        self.outgoing: dict[int, list[tuple[int, int, int]]] = {}

    # ---------------------------------------------------------------- what fairness asks for

    def begin(self, node: int) -> _Owed:
        return self.arrive(_Owed(self.weak | self.visited, 0, 0), node)

    def arrive(self, owed: _Owed, node: int, unit: int = -1) -> _Owed:
        enabled = self.enabled.get(node)
        if enabled is None:
            row = self.graph.enabled[self.members[node]]
            enabled = self.enabled[node] = int.from_bytes(row.tobytes(), "little")
        weak = owed.weak & (enabled | self.visited)
        if self.visit[node]:
            weak &= ~self.visited
        taken = owed.taken
        if unit >= 0:
            weak &= ~(1 << unit)
            taken |= (1 << unit) & self.strong
        return _Owed(weak, (owed.strong | enabled & self.strong) & ~taken, taken)

    def out(self, node: int) -> list[tuple[int, int, int]]:
        """Edges of a node: (position in the part, target, unit)."""
        known = self.outgoing.get(node)
        if known is None:
            begin, end = int(self.part.offsets[node]), int(self.part.offsets[node + 1])
            targets = self.part.targets[begin:end].tolist()
            units = self.units[begin:end].tolist()
            known = list(zip(range(begin, end), targets, units, strict=True))
            self.outgoing[node] = known
        return known

    def loop(self, start: int, edges: list[int]) -> Loop:
        return Loop(int(self.members[start]), tuple(int(self.part.edges[edge]) for edge in edges))

    # ---------------------------------------------------------------- exact, within a budget

    def shortest(self, start: int, reach: int, budget: int) -> tuple[Loop | None, int]:
        """The shortest fair loop at a state with at most `reach` steps, and what it cost to look."""
        first = self.begin(start)
        if not first.weak and not first.strong:
            return self.loop(start, []), 1
        # A node is (state, weak owed, strong owed, strong taken); its value the way it was reached.
        origin = (start, first.weak, first.strong, first.taken)
        reached: dict[tuple[int, int, int, int], tuple[tuple[int, int, int, int], int] | None]
        reached = {origin: None}
        level = [origin]
        for _ in range(reach):
            below = []
            for key in level:
                node, *rest = key
                for edge, target, unit in self.out(node):
                    owed = self.arrive(_Owed(*rest), target, unit)
                    if target == start and not owed.weak and not owed.strong:
                        return self.loop(start, [*self._way(reached, key), edge]), len(reached)
                    found = (target, owed.weak, owed.strong, owed.taken)
                    if found not in reached:
                        reached[found] = (key, edge)
                        below.append(found)
                if len(reached) > budget:
                    return None, len(reached)
            level = below
            if not level:
                break
        return None, len(reached)

    @staticmethod
    def _way(
        reached: dict[tuple[int, int, int, int], tuple[tuple[int, int, int, int], int] | None],
        key: tuple[int, int, int, int],
    ) -> Iterator[int]:
        edges = []
        while (step := reached[key]) is not None:
            key, edge = step
            edges.append(edge)
        return reversed(edges)

    # ---------------------------------------------------------------- greedy, for any size

    def greedy(self, start: int) -> Loop:
        """A fair loop at a state: always on to the nearest witness that is still missing."""
        node, owed, edges = start, self.begin(start), []

        def follow(way: list[int]) -> None:
            nonlocal node, owed
            for edge in way:
                node = int(self.part.targets[edge])
                owed = self.arrive(owed, node, int(self.units[edge]))
                edges.append(edge)

        while True:
            while owed.weak or owed.strong:
                by_state, by_edge = self._witnesses(owed)
                wanted = by_state.copy()
                wanted[self.part.sources[by_edge]] = True
                follow(self._path(node, wanted))
                if not by_state[node]:
                    begin, end = self.part.offsets[node], self.part.offsets[node + 1]
                    follow([int(begin + np.argmax(by_edge[begin:end]))])
            # The way back may pass a state that enables one more strongly fair unit.
            home = np.zeros(len(self.members), dtype=np.bool_)
            home[start] = True
            follow(self._path(node, home))
            if not owed.weak and not owed.strong:
                return self.loop(start, edges)

    def _witnesses(self, owed: _Owed) -> tuple[Bools, Bools]:
        """States whose visit, and edges whose step, discharge something that is owed."""
        width = len(self.graph.weak)
        bits = (owed.weak & ~self.visited | owed.strong).to_bytes(width, "little")
        chosen = np.unpackbits(np.frombuffer(bits, dtype=np.uint8), bitorder="little").astype(np.bool_)
        by_edge = (self.units >= 0) & chosen[self.units]
        weak = np.frombuffer((owed.weak & ~self.visited).to_bytes(width, "little"), dtype=np.uint8)
        disabled = ~self.graph.enabled[self.members] & weak
        by_state = np.not_equal(disabled, 0).any(axis=1)
        if owed.weak & self.visited:
            by_state |= self.visit
        return by_state, by_edge

    def _path(self, node: int, goals: Bools) -> list[int]:
        """A shortest path in the component to the nearest goal, as positions in the part."""
        if goals[node]:
            return []
        arrival = np.full(len(self.members), -1, dtype=np.int64)
        seen = np.zeros(len(self.members), dtype=np.bool_)
        seen[node] = True
        frontier = np.array([node])
        while frontier.size:
            edges, _ = gather(self.part.offsets, frontier)
            ends = self.part.targets[edges]
            fresh = ~seen[ends]
            edges, ends = edges[fresh], ends[fresh]
            arrival[ends[::-1]] = edges[::-1]
            seen[ends] = True
            frontier = ends[arrival[ends] == edges]
            hit = np.flatnonzero(goals[frontier])
            if hit.size:
                way, last = [], int(frontier[hit[0]])
                while last != node:
                    way.append(int(arrival[last]))
                    last = int(self.part.sources[way[-1]])
                return way[::-1]
        raise AssertionError("a component is strongly connected")
