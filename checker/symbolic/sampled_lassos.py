"""Fair lassos among the sampled steps: where a run can stay for ever without coming to rest.

Enabledness is asked in the state itself, for every value that a parameter or a choice can have there: an
outcome that was not sampled counts, too. Where values have no end nothing is claimed. What is found is
checked once more by the reference interpreter.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from math import prod
from typing import Any

from checker.regimes.regime import UnderRegime
from checker.symbolic.evaluation import stepper
from checker.symbolic.replay import outcome, replayed
from checker.symbolic.samples import Samples
from checker.system.domain_ends import least, most
from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.run import Run, State, Step
from checker.system.sorts import BoolSort, Scalar
from checker.system.transition_system import Action, Fairness, Hazard, Kind, Symbol

__all__ = ["fair_lasso", "loop_in_words"]

_Unit = tuple[str, tuple[Scalar, ...]]

_MOST_OUTCOMES = 2000
"""Combinations of parameters and choices that are looked at of one action in one state."""


class _TooMany(Exception):
    """Whether a unit is enabled cannot be told by trying."""


def fair_lasso(under: UnderRegime, goal: Expression, samples: Samples) -> Run | None:
    """A fair run that is outside the goal again and again, if the samples contain one.

    Returns
    -------
    Run or None
        A lasso; each of its steps was replayed by the reference interpreter. None does not mean that
        there is none.

    Notes
    -----
    A loop is fair iff every weakly fair unit is taken in it or disabled in one of its states, and
    every strongly fair one is taken in it or enabled in none. "Taken" and "enabled" speak of steps that
    change the state, or go wrong. Components are decomposed as in Emerson and Lei (1987).
    """
    search = _Search(under, goal, samples)
    try:
        found = search.loop()
    except _TooMany:
        return None
    if found is None:
        return None
    place, numbers = found
    before = samples.run_to(place)
    steps = [samples.steps[number] for number in numbers]
    # Without a step the run stutters.
    states = [samples.state(step.target) for step in steps] or [samples.state(place)]
    taken: list[Step | None] = [samples.taken(step) for step in steps]
    taken = taken or [None]
    run = Run((*before.states, *states), (*before.steps, *taken), loop=len(before.steps))
    if not _is_fair(under, run):
        raise AssertionError("compiled steps and the reference interpreter disagree")
    return replayed(under.system, run)


def loop_in_words(under: UnderRegime, run: Run) -> str:
    """What happens for ever in a lasso, or why nothing does, as a sentence."""
    assert run.loop is not None
    steps = [step.action for step in run.steps[run.loop :] if step is not None]
    if steps:
        return f"{_names(steps)} {'repeats' if len(set(steps)) == 1 else 'repeat'} for ever"
    here = run.states[-1]
    try:
        offered = [one for one in under.system.actions if any(True for _ in _changes(under, one, here))]
    except _TooMany:
        return "deadlock: nothing that is promised to happen is possible any more"
    possible = [one.name for one in offered if one.kind is Kind.STEP]
    if possible:
        return f"only {_names(possible)} could go on, and nothing promises that"
    if offered:
        others = _names([one.name for one in offered])
        return f"deadlock: no step is possible any more, only {others}"
    return "deadlock: nothing is possible any more"


def _names(items: Sequence[str]) -> str:
    """The different items in their order, in words: "`a`, `b` and `c`"."""
    shown = [f"`{item}`" for item in dict.fromkeys(items)]
    return " and ".join(part for part in (", ".join(shown[:-1]), shown[-1]) if part)


def _changes(under: UnderRegime, action: Action, here: State) -> Iterator[tuple[Scalar, ...]]:
    """Arguments with which an outcome of an action changes a state or goes wrong, one by one.

    Raises
    ------
    _TooMany
        If values have no end.
    """
    several = (*action.parameters, *action.choices)
    split = len(action.parameters)
    for values in product(*(_values(one, here) for one in several)):
        after = outcome(under.system, Step(action.name, values[:split], values[split:]), here)
        if isinstance(after, Hazard) or (after is not None and after != here):
            yield values[:split]


def _is_fair(under: UnderRegime, run: Run) -> bool:
    """Whether the loop puts off no fair unit, by the reference interpreter alone."""
    assert run.loop is not None
    system = under.system
    fair = [one for one in system.actions if one.fairness is not Fairness.NONE]
    strong = {one.group for one in fair if one.fairness is Fairness.STRONG}
    inside = run.states[run.loop : -1]
    taken = set()
    for place in range(run.loop, len(run.steps)):
        step = run.steps[place]
        if step is not None:
            action = system.action[step.action]
            if action.name not in under.recurring:
                return False
            if action in fair and run.states[place] != run.states[place + 1]:
                taken.add((action.group, step.arguments))
    enabled: list[set[_Unit]] = []
    for state in inside:
        enabled.append(
            {
                (action.group, arguments)
                for action in fair
                for arguments in _changes(under, action, state)
            }
        )
    for unit in set().union(*enabled) - taken:
        if unit[0] in strong or all(unit in here for here in enabled):
            return False
    return True


class _Search:
    def __init__(self, under: UnderRegime, goal: Expression, samples: Samples) -> None:
        import networkx as nx

        self.system = under.system
        self.samples = samples
        self.outside = [not evaluate(goal, state) for state in samples.states]
        self.fair = [one for one in under.system.actions if one.fairness is not Fairness.NONE]
        self.strong = {one.group for one in self.fair if one.fairness is Fairness.STRONG}
        self.busy: set[int] = set()
        self.graph = nx.MultiDiGraph()
        self.graph.add_nodes_from(range(len(samples)))
        for number, step in enumerate(samples.steps):
            recurs = under.system.actions[step.action].name in under.recurring
            if recurs and step.target not in (-1, step.source):
                self.graph.add_edge(step.source, step.target, number)
            if step.target != step.source and self.unit(number) is not None:
                self.busy.add(step.source)
        self._enabled: dict[int, frozenset[_Unit]] = {}
        self._steppers = [stepper(under.system, action) for action in self.fair]

    def loop(self) -> tuple[int, list[int]] | None:
        """Where a fair loop begins, and the numbers of its steps: none for a stutter."""
        from networkx import strongly_connected_components

        waiting = [self.graph]
        while waiting:
            graph = waiting.pop()
            for component in sorted(map(sorted, strongly_connected_components(graph))):
                start = next((state for state in component if self.outside[state]), None)
                if start is None:
                    continue
                part = graph.subgraph(component)
                if start in self.busy and not part.number_of_edges():
                    continue
                taken = {self.unit(number) for _, _, number in part.edges(keys=True)}
                enabled = {state: self.enabled(state) for state in component}
                every = frozenset.intersection(*enabled.values())
                some = frozenset.union(*enabled.values())
                if any(unit[0] not in self.strong for unit in every - taken):
                    continue
                missing = {unit for unit in some - taken if unit[0] in self.strong}
                if missing:
                    left = [state for state in component if not enabled[state] & missing]
                    waiting.append(graph.subgraph(left))
                    continue
                return start, self._walk(part, start, enabled, taken)
        return None

    def _walk(
        self,
        part: Any,
        start: int,
        enabled: Mapping[int, frozenset[_Unit]],
        taken: Collection[_Unit | None],
    ) -> list[int]:
        """A closed walk through a fair component that does justice to every unit."""
        numbers: list[int] = []
        if not part.number_of_edges():
            return numbers
        place = start
        for unit in sorted(frozenset.union(*enabled.values()), key=str):
            visited = [start, *(self.samples.steps[number].target for number in numbers)]
            if any(self.unit(number) == unit for number in numbers):
                continue
            if unit in taken:
                way = _way(part, place, partial(self._takes, unit))
            elif all(unit in enabled[state] for state in visited):
                way = _way(part, place, partial(self._ends_without, unit))
            else:
                continue
            numbers += way
            place = self.samples.steps[numbers[-1]].target
        if place != start or not numbers:
            numbers += _way(part, place, partial(self._ends_in, start))
        return numbers

    def _takes(self, unit: _Unit, number: int) -> bool:
        return self.unit(number) == unit

    def _ends_in(self, state: int, number: int) -> bool:
        return self.samples.steps[number].target == state

    def _ends_without(self, unit: _Unit, number: int) -> bool:
        return unit not in self.enabled(self.samples.steps[number].target)

    def unit(self, number: int) -> _Unit | None:
        """The unit that a sampled step takes."""
        step = self.samples.steps[number]
        action = self.system.actions[step.action]
        return None if action.fairness is Fairness.NONE else (action.group, step.arguments)

    def enabled(self, state: int) -> frozenset[_Unit]:
        """The fair units of which an outcome changes a state or goes wrong."""
        known = self._enabled.get(state)
        if known is None:
            known = self._enabled[state] = frozenset(self._units(state))
        return known

    def _units(self, number: int) -> Iterator[_Unit]:
        row, state = self.samples.rows[number], self.samples.state(number)
        for action, step in zip(self.fair, self._steppers, strict=True):
            ranges = [_values(one, state) for one in (*action.parameters, *action.choices)]
            if prod(map(len, ranges)) > _MOST_OUTCOMES:
                raise _TooMany
            split = len(action.parameters)
            for values in product(*ranges):
                after = step(row, values)
                if after is not None and after != row:
                    yield action.group, values[:split]


def _way(part: Any, place: int, wanted: Callable[[int], bool]) -> list[int]:
    """The shortest way inside a component whose last step is a wanted one."""
    came: dict[int, list[int]] = {place: []}
    queue = deque([place])
    while queue:
        here = queue.popleft()
        for _, target, number in sorted(part.out_edges(here, keys=True)):
            if wanted(number):
                return [*came[here], number]
            if target not in came:
                came[target] = [*came[here], number]
                queue.append(target)
    raise AssertionError("a component is strongly connected")


def _values(symbol: Symbol, here: State) -> Sequence[Scalar]:
    """The values that a parameter or choice can have in a state.

    Raises
    ------
    _TooMany
        If they have no end.
    """
    if isinstance(symbol.domain.sort, BoolSort):
        return (False, True)
    low, high = least(symbol.domain), most(symbol.domain)
    if low is None or high is None:
        raise _TooMany
    return range(int(evaluate(low, here)), int(evaluate(high, here)) + 1)
