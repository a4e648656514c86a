"""Random systems of like parts that can be drawn at any size, and every verdict in parts and in counters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from random import Random

from agreement_with_reduction import judge
from symmetric_systems import Claimed, Symmetric
from walkers import Walkers, as_processes

from checker.explicit.explore import explore
from checker.explicit.safety import hazard_judgements
from checker.explicit.state_graph import StateGraph
from checker.reductions.counter_abstraction import (
    CounterAbstraction,
    Instance,
    Refusal,
    counter_abstraction,
)
from checker.regimes.regime import Regime, UnderRegime
from checker.system import expression as e
from checker.system.expression import Expression
from checker.system.run import Verdict
from checker.system.sorts import BOOL, INT, Sort
from checker.system.transition_system import Property, TransitionSystem

SAFE = ("always", "never", "reachable", "recoverable", "deadlock_free")
FAIR = ("converges", "recurs", "leads_to")
_MOST = 1_500


class OfSize(Symmetric):
    """One family of parts; from one seed the same system at every size."""

    def __init__(self, random: Random, length: int) -> None:
        self.random = random
        self.fresh = 0
        self.shared = [self.variable(name) for name in ("g", "h")[: random.randint(0, 2)]]
        self.families = [self.family("ab"[: random.randint(1, 2)], length)]

    def loop(self, known: Sequence[Expression], depth: int) -> Expression:
        """A loop is written out, and so says something else in each size."""
        return self.number(known, depth)

    def quantified(
        self, make: Callable, sort: Sort, known: Sequence[Expression], depth: int
    ) -> Expression:
        """A sum of ones is the size, which must not be folded into a number that hides it."""
        found = super().quantified(make, sort, known, depth)
        return self.leaf(INT, known[:1]) if make is e.sum_of and found.is_constant else found

    def claimed(self) -> Claimed:
        """A whole system, with its variables always in the same order."""
        rows = (one for row in self.families[0].arrays for one in row)
        actions = tuple(self.action(f"act{number}") for number in range(self.random.randint(1, 4)))
        known = [one.node for one in self.shared]
        predicates = {f"claim{number}": self.any(BOOL, known, 3) for number in range(2)}
        system = TransitionSystem(
            "Random",
            (("size", self.families[0].length),),
            (*self.shared, *rows),
            actions,
        )
        return Claimed(system, predicates)


def claims_of(claimed: Claimed) -> tuple[Property, ...]:
    """Properties of every kind that can be counted."""
    first, second = claimed.predicates.values()
    claims = [Property(f"{kind}{k}", kind, p) for kind in SAFE for k, p in enumerate((first, second))]
    claims += [
        Property(f"{kind}{k}", kind, p, second) for kind in FAIR for k, p in enumerate((first, second))
    ]
    return tuple(claims)


def drawn(seed: int, size: int) -> tuple[TransitionSystem, tuple[Property, ...]]:
    """The system of a seed and its properties, at a size."""
    claimed = OfSize(Random(seed), size).claimed()
    return claimed.system, claims_of(claimed)


def walking(seed: int, size: int) -> tuple[TransitionSystem, tuple[Property, ...]]:
    """A system whose verdicts depend on fairness, at a size."""
    return Walkers(seed, size).drawn()


def processing(seed: int, size: int) -> tuple[TransitionSystem, tuple[Property, ...]]:
    """The same, where each part has its own actions and its own unit of fairness."""
    system, claims = walking(seed, size)
    return as_processes(system, size), claims


def disagreements(
    draw: Callable[[int], tuple[TransitionSystem, tuple[Property, ...]]],
    regime: Regime,
    sizes: tuple[int, ...],
    statistics: Counter[str],
) -> Iterator[str]:
    """What is different in counters, in words; nothing if the abstraction is right.

    `draw` gives the system of a size and its properties.
    """
    instances = []
    for size in (4, 5):
        system, claims = draw(size)
        instances.append(Instance(regime.apply(system), claims))
    abstraction = counter_abstraction(instances, "size", least=1)
    if isinstance(abstraction, Refusal):
        statistics[f"refused: {abstraction.reason}"] += 1
        return
    statistics["counted"] += 1
    statistics["notes"] += bool(abstraction.notes)
    for _, reason in abstraction.refused:
        statistics[f"not translated: {reason}"] += 1
    for size in sizes:
        system, claims = draw(size)
        parts = explore(regime.apply(system), max_states=_MOST)
        if not parts.complete:
            statistics["too many states"] += 1
            continue
        for problem in compared(abstraction, parts, claims, regime, size, statistics):
            yield f"size {size}: {problem}"


def compared(
    abstraction: CounterAbstraction,
    parts: StateGraph,
    claims: tuple[Property, ...],
    regime: Regime,
    size: int,
    statistics: Counter[str],
) -> Iterator[str]:
    """Differences between the array model and the counter system at one size."""
    system, counted = abstraction.at(size)
    counters = explore(UnderRegime(system, abstraction.recurring, regime))
    classes = {
        tuple(sorted(abstraction.counted(parts.state(index)).items())) for index in range(len(parts))
    }
    reached = {tuple(sorted(counters.state(index).items())) for index in range(len(counters))}
    if classes != reached:
        yield f"{len(classes)} classes of states, {len(reached)} states of counters"
    wrong = [
        {one.name for one in hazard_judgements(graph) if one.verdict is Verdict.VIOLATED}
        for graph in (parts, counters)
    ]
    if wrong[0] != wrong[1]:
        yield "other errors are met"
    known = {claim.name: claim for claim in claims}
    for claim in counted:
        before = judge(parts, known[claim.name]).verdict
        after = judge(counters, claim).verdict
        statistics[f"{claim.kind}: {before.value}, counted {after.value}"] += 1
        if before is after:
            continue
        if abstraction.refutes(claim) or after is Verdict.HOLDS:
            yield f"{claim.name}: {before.value}, counted {after.value}"
