"""A few hundred reachable states and the steps between them, at small sizes: what guesses are held against.

Nothing is ever proved by a sample. It says which guesses are not worth a solver's time, and a run that
was found in it is real: each of its steps is one of the system's.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product

from checker.regimes.regime import UnderRegime
from checker.symbolic.evaluation import Row, Stepper, stepper
from checker.symbolic.starts import Starts, symbol_values
from checker.system.run import Run, State, Step
from checker.system.sorts import Scalar
from checker.system.transition_system import Hazard, TransitionSystem

__all__ = ["SampledStep", "Samples", "sampled"]

_MOST_OUTCOMES = 256
"""Combinations of parameters and choices that are tried of one action in one state."""

_MOST_CALLS = 400_000
"""Outcomes that are tried in all; a bound on time that is the same on every machine."""

_WALK = 60
"""Steps of one random walk."""


@dataclass(frozen=True, slots=True)
class SampledStep:
    """One outcome in one sampled state.

    Parameters
    ----------
    source : int
        Index of the state.
    action : int
        Index of the action in the system.
    arguments, choices : tuple of bool or int
        Values of the action's parameters and choices.
    target : int
        Index of the state it leads to; -1 where it goes wrong.
    hazard : int
        Index of the hazard among the action's; -1 where nothing goes wrong.
    """

    source: int
    action: int
    arguments: tuple[Scalar, ...]
    choices: tuple[Scalar, ...]
    target: int
    hazard: int = -1


@dataclass(frozen=True)
class Samples:
    """Reachable states, under all actions of a regime, and steps between them.

    Parameters
    ----------
    system : TransitionSystem
        As the regime lets it run.
    rows : tuple of tuple
        Of each state its values in the order of the variables.
    steps : tuple of SampledStep
        All that were tried from the states that were expanded.
    found_by : tuple of int
        Of each state the step that led to it first; -1 for an initial one.
    expanded : tuple of bool
        Whether a state's steps were tried.
    complete : bool
        Whether these are all reachable states and all steps.
    """

    system: TransitionSystem
    rows: tuple[Row, ...]
    steps: tuple[SampledStep, ...]
    found_by: tuple[int, ...]
    expanded: tuple[bool, ...]
    complete: bool

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def states(self) -> tuple[State, ...]:
        """Each state as a mapping from the variables' names."""
        return tuple(self.state(index) for index in range(len(self.rows)))

    def state(self, index: int) -> State:
        """One state as a mapping from the variables' names."""
        names = (one.name for one in self.system.variables)
        return dict(zip(names, self.rows[index], strict=True))

    def run_to(self, index: int) -> Run:
        """A run from an initial state to this one."""
        path: list[SampledStep] = []
        place = index
        while self.found_by[place] >= 0:
            path.append(self.steps[self.found_by[place]])
            place = path[-1].source
        path.reverse()
        return Run(
            (self.state(place), *(self.state(step.target) for step in path)),
            tuple(self.taken(step) for step in path),
        )

    def run_along(self, number: int) -> Run:
        """A run from an initial state whose last step is this one; into its hazard, if it has one."""
        step = self.steps[number]
        before = self.run_to(step.source)
        hazard: Hazard | None = None
        states = before.states
        if step.hazard >= 0:
            hazard = self.system.actions[step.action].hazards[step.hazard]
        else:
            states = (*states, self.state(step.target))
        return Run(states, (*before.steps, self.taken(step)), hazard=hazard)

    def taken(self, step: SampledStep) -> Step:
        """The step by its action's name."""
        return Step(self.system.actions[step.action].name, step.arguments, step.choices)


def sampled(
    under: UnderRegime, *, most_states: int = 1500, most_size: int = 4, seed: int = 0
) -> Samples:
    """Explore a system a little: every small size in turn, breadth first, then along random walks.

    Parameters
    ----------
    under : UnderRegime
        Its system's variables may be unbounded, and may have the role of a parameter.
    most_states : int
        How many states about; shared out evenly among the values of the parameters.
    most_size : int
        How many of the least values of each parameter, and of each initial value without bound, are
        tried.
    seed : int
        Of the random walks, and of what is tried where there is too much of it.

    Returns
    -------
    Samples
        The same for the same arguments.

    Notes
    -----
    Half of the states of each size are found breadth first, so that counterexamples are short; the
    other half by walks, so that what happens late is seen as well.
    """
    search = _Search(under.system, seed)
    starts = Starts(under.system, most_size, seed)
    instances = list(starts.instances())
    left = most_states
    for number, instance in enumerate(instances):
        share = left // (len(instances) - number)
        known = len(search.rows)
        roots = [search.found(row, -1) for row in starts.rows(instance, max(1, share // 3))]
        search.explore(roots, known, known + share)
        left -= len(search.rows) - known
    return Samples(
        under.system,
        tuple(search.rows),
        tuple(search.steps),
        tuple(search.found_by),
        tuple(search.expanded),
        search.everything and not starts.trimmed and all(search.expanded),
    )


class _Search:
    """States and steps found so far."""

    def __init__(self, system: TransitionSystem, seed: int) -> None:
        self.system = system
        self.random = random.Random(seed)
        self.steppers: list[Stepper] = [stepper(system, action) for action in system.actions]
        self.rows: list[Row] = []
        self.index: dict[Row, int] = {}
        self.steps: list[SampledStep] = []
        self.found_by: list[int] = []
        self.expanded: list[bool] = []
        self.everything = True
        self.calls = 0
        # Symbols whose values are the same in every state are asked for once.
        self.pools = [
            [symbol_values(system, one) for one in (*action.parameters, *action.choices)]
            for action in system.actions
        ]

    def found(self, row: Row, step: int) -> int:
        """The index of a state, entered if it is new."""
        index = self.index.setdefault(row, len(self.rows))
        if index == len(self.rows):
            self.rows.append(row)
            self.found_by.append(step)
            self.expanded.append(False)
        return index

    def explore(self, roots: Sequence[int], known: int, most: int) -> None:
        """Expand states until there are so many: half of them breadth first."""
        queue = deque(index for index in dict.fromkeys(roots) if index >= known)
        half = (known + most) // 2
        while queue and len(self.rows) < half and self.calls < _MOST_CALLS:
            fresh = len(self.rows)
            self.expand(queue.popleft())
            queue.extend(range(fresh, len(self.rows)))
        waiting = list(queue)
        while len(self.rows) < most and self.calls < _MOST_CALLS:
            waiting = [index for index in waiting if not self.expanded[index]]
            if not waiting:
                return
            self._walk(waiting, most)

    def _walk(self, waiting: list[int], most: int) -> None:
        """One random walk from a state that is not yet expanded; what it leaves aside is appended."""
        place = self.random.choice(waiting)
        for _ in range(_WALK):
            if len(self.rows) >= most:
                return
            fresh = len(self.rows)
            following = self.expand(place)
            waiting.extend(range(fresh, len(self.rows)))
            unseen = [index for index in following if not self.expanded[index]]
            if not unseen:
                return
            place = self.random.choice(unseen)

    def expand(self, index: int) -> list[int]:
        """Try every step from a state; what they lead to."""
        row = self.rows[index]
        self.expanded[index] = True
        following: dict[int, None] = {}
        for number, action in enumerate(self.system.actions):
            step = self.steppers[number]
            split = len(action.parameters)
            for values in self._outcomes(number, row):
                self.calls += 1
                after = step(row, values)
                if after is None:
                    continue
                target, hazard = -1, -1
                if isinstance(after, int):
                    hazard = after
                else:
                    target = self.found(after, len(self.steps))
                    following[target] = None
                arguments, choices = values[:split], values[split:]
                self.steps.append(SampledStep(index, number, arguments, choices, target, hazard))
        return list(following)

    def _outcomes(self, number: int, row: Row) -> Iterator[Row]:
        """Values of an action's symbols, first the parameters', then the choices'."""
        pools = [pool(row) for pool in self.pools[number]]
        if any(trimmed for _, trimmed in pools):
            self.everything = False
        values = [several for several, _ in pools]
        count = 1
        for several in values:
            count *= len(several)
        if count <= _MOST_OUTCOMES:
            yield from product(*values)
            return
        self.everything = False
        yield from islice(product(*values), _MOST_OUTCOMES // 4)
        for _ in range(3 * _MOST_OUTCOMES // 4):
            yield tuple(self.random.choice(several) for several in values)
