"""A deliberately plain search with ample sets: the reference for the engine's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product

from checker.explicit.outcomes import outcomes, values_of
from checker.reductions.partial_order import Ample
from checker.system.evaluate import evaluate
from checker.system.run import State
from checker.system.sorts import Scalar
from checker.system.transition_system import Action, Hazard, Kind, TransitionSystem

Instance = tuple[str, tuple[Scalar, ...]]


@dataclass
class Reduced:
    """What was followed, in the order of a breadth-first search.

    `used` is the candidate followed in each state, None where all outcomes are; `enabled` are the
    instances with an outcome in some visited state, followed or not.
    """

    states: list[dict[str, Scalar]]
    parents: list[int]
    edges: list[tuple[int, Instance, int]] = field(default_factory=list)
    mishaps: list[tuple[int, Instance, Hazard | None]] = field(default_factory=list)
    used: list[int | None] = field(default_factory=list)
    enabled: set[Instance] = field(default_factory=set)

    def deadlocks(self, system: TransitionSystem) -> Iterator[State]:
        """States without a followed step that changes them, or that goes wrong."""
        own = {action.name for action in system.actions if action.kind is Kind.STEP}
        moving = {source for source, (name, _), target in self.edges if name in own and source != target}
        moving |= {source for source, (name, _), _ in self.mishaps if name in own}
        return (state for index, state in enumerate(self.states) if index not in moving)


def explore_reduced(
    system: TransitionSystem,
    initial: Iterable[State],
    candidates: Iterable[Ample],
    *,
    proviso: bool = True,
    cautious: bool = False,
    most: int = 100_000,
) -> Reduced | None:
    """The part of the graph that suffices; None if it has too many states.

    Parameters
    ----------
    proviso : bool
        Whether a candidate must lead, by a key, to a state that is numbered after this one; without
        it must only be enabled, which is wrong.
    cautious : bool
        Whether a state in which a member goes wrong is expanded fully, which is not needed.
    """
    search = _Search(system, list(initial), list(candidates), proviso, cautious)
    index = 0
    while index < len(search.result.states):
        if len(search.result.states) > most:
            return None
        search.expand(index)
        index += 1
    return search.result


Found = list[tuple[Instance, State | Hazard | None]]


class _Search:
    def __init__(
        self,
        system: TransitionSystem,
        initial: list[State],
        candidates: list[Ample],
        proviso: bool,
        cautious: bool,
    ) -> None:
        self.candidates = candidates
        self.proviso = proviso
        self.cautious = cautious
        self.unbounded = [v for v in system.variables if v.domain.high is None]
        self.instances: list[tuple[Action, tuple[Scalar, ...]]] = [
            (action, arguments)
            for action in system.actions
            for arguments in product(*(values_of(symbol) for symbol in action.parameters))
        ]
        self.result = Reduced([dict(state) for state in initial], [-1] * len(initial))
        self.known = {_key(state): place for place, state in enumerate(initial)}

    def expand(self, index: int) -> None:
        """Follow one state's outcomes: those of the first candidate that will do, or all."""
        result, state = self.result, self.result.states[index]
        found: Found = [
            ((action.name, arguments), None if self._beyond(after) else after)
            for action, arguments in self.instances
            for _, after in outcomes(action, arguments, state)
        ]
        result.enabled |= {instance for instance, _ in found}
        used = next(
            (
                place
                for place, ample in enumerate(self.candidates)
                if evaluate(ample.condition, state) and self._will_do(index, ample, found)
            ),
            None,
        )
        result.used.append(used)
        for instance, after in found:
            if used is not None and instance not in self.candidates[used].instances:
                continue
            if after is None or isinstance(after, Hazard):
                if (index, instance, after) not in result.mishaps:
                    result.mishaps.append((index, instance, after))
                continue
            target = self.known.setdefault(_key(after), len(result.states))
            if target == len(result.states):
                result.states.append(dict(after))
                result.parents.append(index)
            result.edges.append((index, instance, target))

    def _will_do(self, index: int, ample: Ample, found: Found) -> bool:
        if self.cautious and any(
            instance in ample.instances and (after is None or isinstance(after, Hazard))
            for instance, after in found
        ):
            return False
        reached = [
            self.known.get(_key(after), len(self.result.states))
            for instance, after in found
            if instance in ample.keys and after is not None and not isinstance(after, Hazard)
        ]
        if not self.proviso:
            return any(target != index for target in reached)
        return any(target > index for target in reached)

    def _beyond(self, after: State | Hazard) -> bool:
        return not isinstance(after, Hazard) and any(
            after[variable.name] > variable.domain.top for variable in self.unbounded
        )


def _key(state: State) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((name, int(value)) for name, value in state.items()))
