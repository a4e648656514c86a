"""Fair cycles decided the slow and obvious way, to hold the fast algorithm against.

Nothing is shared with it: no arrays, no component refinement, no special case for stuttering.
A fair cycle is looked for in a product of the graph with a counter that waits for one promise
after the other (generalised Büchi, degeneralised); strong fairness is decided by trying every
set of units that are "from some point on never enabled again"; a stutter is just one more edge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations


@dataclass(frozen=True)
class Edge:
    """A step of a labelled graph; `unit` is None for an action without fairness."""

    source: int
    target: int
    unit: int | None = None
    recurring: bool = True


@dataclass(frozen=True)
class Labelled:
    """A graph whose edges belong to units; `fairness[u]` is "weak", "strong" or "none".

    `wrong` holds (state, unit) where an outcome of the unit goes wrong: enabled, but no edge.
    """

    states: int
    edges: tuple[Edge, ...]
    fairness: tuple[str, ...] = ()
    wrong: frozenset[tuple[int, int]] = field(default_factory=frozenset)

    def enabled(self, state: int, unit: int) -> bool:
        """Whether the unit can change the state, or go wrong in it."""
        return (state, unit) in self.wrong or any(
            e.source == state and e.unit == unit and e.target != state for e in self.edges
        )


def fair_cycle_states(graph: Labelled, inside: Iterable[int] | None = None) -> set[int]:
    """States that some fair loop (within `inside`) visits."""
    allowed = set(range(graph.states)) if inside is None else set(inside)
    strong = [u for u, kind in enumerate(graph.fairness) if kind == "strong"]
    found: set[int] = set()
    for never in _subsets(strong):
        calm = {s for s in allowed if not any(graph.enabled(s, u) for u in never)}
        found |= {s for s in calm if s not in found and _revisits(graph, calm, set(never), s)}
    return found


def _subsets(items: list[int]) -> Iterator[tuple[int, ...]]:
    for size in range(len(items) + 1):
        yield from combinations(items, size)


def _revisits(graph: Labelled, calm: set[int], never: set[int], start: int) -> bool:
    """Whether a loop through `start` inside `calm` meets every promise except those in `never`."""
    promises = [u for u, kind in enumerate(graph.fairness) if kind != "none" and u not in never]
    moves: dict[int, list[tuple[int, int | None]]] = {s: [(s, None)] for s in calm}
    for edge in graph.edges:
        if edge.recurring and edge.source in calm and edge.target in calm:
            moves[edge.source].append((edge.target, edge.unit if edge.source != edge.target else None))

    def met(promise: int, state: int, unit: int | None) -> bool:
        if unit == promise:
            return True
        return graph.fairness[promise] == "weak" and not graph.enabled(state, promise)

    # (state, which promise it waits for); back at the start with none left is a fair loop.
    todo, seen = [(start, 0)], {(start, 0)}
    while todo:
        state, waiting = todo.pop()
        for target, unit in moves[state]:
            after = waiting
            while after < len(promises) and met(promises[after], state, unit):
                after += 1
            if target == start and after == len(promises):
                return True
            if (target, after) not in seen:
                seen.add((target, after))
                todo.append((target, after))
    return False
