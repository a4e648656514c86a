"""Proofs read off an explored graph, state by state: what a prover would find if it saw everything."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from checker.explicit.explore import evaluate_all
from checker.explicit.state_graph import StateGraph
from checker.system import expression as e
from checker.system.proof import Helpful, Proof
from checker.system.sorts import Scalar
from checker.system.transition_system import Fairness

Unit = tuple[str, tuple[Scalar, ...]]


@dataclass(frozen=True)
class Found:
    """A proof, and whether the rule covers every reachable state."""

    proof: Proof
    covers: bool


def proof_of(
    graph: StateGraph, goal: e.Expression, filled: Callable[[int], Unit] | None = None
) -> Found:
    """The proof that `goal` is reached and kept, by weak fairness alone.

    From the rest outwards: a set of states from which every recurring step stays in it or goes where
    the rank is known, and from which every step of one unit, enabled all over it, does the latter.
    States that are left over make no proof; `filled` names a unit for each of them all the same.
    """
    count = len(graph)
    steps: list[list[tuple[int, Unit | None]]] = [[] for _ in range(count)]
    for source, target, label in zip(graph.sources, graph.targets, graph.labels, strict=True):
        instance = graph.instances[int(label)]
        if source == target or instance.action.name not in graph.under.recurring:
            continue
        fair = instance.action.fairness is not Fairness.NONE
        unit = (instance.action.group, instance.arguments) if fair else None
        steps[int(source)].append((int(target), unit))
    units = sorted({unit for row in steps for _, unit in row if unit is not None}, key=repr)

    holds = evaluate_all(graph, goal)
    inside = {state for state in range(count) if holds[state]}
    rest = shrunk(inside, lambda state, kept: all(target in kept for target, _ in steps[state]))
    ranks: dict[int, int] = {}
    helpful: dict[int, Unit] = {}
    done = set(rest)

    def brings_on(unit: Unit, state: int, kept: set[int]) -> bool:
        return any(by == unit for _, by in steps[state]) and all(
            target in done or (target in kept and by != unit) for target, by in steps[state]
        )

    progress = True
    while progress:
        progress = False
        for unit in units:
            more = shrunk(set(range(count)) - done, partial(brings_on, unit))
            if more:
                progress = True
                ranks |= dict.fromkeys(more, 1 + max(ranks.values(), default=0))
                helpful |= dict.fromkeys(more, unit)
                done |= more
    left = sorted(set(range(count)) - done)
    for state in left if filled is not None else ():
        assert filled is not None
        ranks[state], helpful[state] = state % 3 + 1, filled(state)
    wheres = [
        Helpful(*unit, any_of(graph, [state for state, by in helpful.items() if by == unit]))
        for unit in sorted(set(helpful.values()), key=repr)
    ]
    rank = e.constant(0)
    for level in sorted(set(ranks.values())):
        where = any_of(graph, [state for state, known in ranks.items() if known == level])
        rank = e.ite(where, e.constant(level), rank)
    proof = Proof((any_of(graph, range(count)),), any_of(graph, rest), (rank,), tuple(wheres))
    return Found(proof, not left)


def shrunk(states: set[int], stays: Callable[[int, set[int]], bool]) -> set[int]:
    """The largest subset in which every state satisfies a condition on the subset."""
    kept = set(states)
    while True:
        smaller = {state for state in kept if stays(state, kept)}
        if smaller == kept:
            return kept
        kept = smaller


def any_of(graph: StateGraph, states: Iterable[int]) -> e.Expression:
    """The state is one of these."""
    variables = graph.system.variables
    return e.disj(
        *(
            e.conj(*(e.eq(one.node, e.constant(values[one.name], one.domain.sort)) for one in variables))
            for values in map(graph.state, sorted(states))
        )
    )
