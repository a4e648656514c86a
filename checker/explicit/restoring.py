"""From a run of a reduced system to a run of the given one that takes the same steps.

A reduction that forgets values (`checker.reductions.live_variables`) keeps which steps are possible,
not what is in the variables that nobody reads. The same steps, executed by the reference interpreter
from a matching initial state, give a real run, which CPython can repeat.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from checker.explicit.outcomes import outcomes, values_of
from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.run import Run, State, Step
from checker.system.sorts import Scalar
from checker.system.transition_system import Action, Fairness, Hazard, TransitionSystem
from checker.system.walk import variables_of

__all__ = ["Unrestorable", "restored"]

_MOST_ROUNDS = 10_000
"""How often a loop is run through, at most, until forgotten values repeat too."""


class Unrestorable(ValueError):
    """The run is not one of the given system: the systems do not belong together, or its loop is too long."""


def restored(original: TransitionSystem, reduced: TransitionSystem, run: Run) -> Run:
    """The run of the original system that takes the same steps.

    Parameters
    ----------
    original : TransitionSystem
    reduced : TransitionSystem
        What `without_dead_values` made of it.
    run : Run
        Of the reduced system: finite, a lasso, or one that ends in a hazard.

    Returns
    -------
    Run
        With the same actions, arguments and choices. A loop may have to be repeated until the
        forgotten values are the same again. If it is fair in the reduced system it is so in the
        original one: whenever a unit of fairness that was left out can change something, it is
        put in, each in its turn.

    Raises
    ------
    Unrestorable
        If a step is not possible in the original system, which refutes the reduction; or if
        thousands of repetitions do not bring the forgotten values back.
    """
    walk = _Walk(original, _start(original, reduced, run.states[0]))
    if run.loop is None:
        for step in run.steps:
            walk.take(step)
        if walk.hazard is None:
            return Run(tuple(walk.states), tuple(walk.steps), hazard=run.hazard)
        return Run(tuple(walk.states), tuple(walk.steps), hazard=walk.hazard)
    for step in run.steps[: run.loop]:
        walk.take(step)
    loop = _repeat(walk, run.steps[run.loop :], _left_out(original, reduced))
    return Run(tuple(walk.states), tuple(walk.steps), loop)


# ---------------------------------------------------------------- the beginning


def _start(original: TransitionSystem, reduced: TransitionSystem, first: State) -> State:
    """An initial state of the original system that becomes the given one of the reduced system."""
    state = dict(first)
    computed: list[str] = []
    for before, after in zip(original.variables, reduced.variables, strict=True):
        if before.initial == after.initial:
            continue
        if isinstance(before.initial, Expression):
            computed.append(before.name)
        elif before.initial is not None and state[before.name] not in before.initial:
            state[before.name] = before.initial[0]
    while computed:
        # Initial values depend on each other in no circle: one of them only on what is known.
        name = next(name for name in computed if not _needs(original, name) & set(computed))
        initial = original.variable[name].initial
        assert isinstance(initial, Expression)
        state[name] = evaluate(initial, state)
        computed.remove(name)
    if not evaluate(original.wellformed, state):
        raise Unrestorable("the run does not begin in an initial state of the original system")
    return state


def _needs(system: TransitionSystem, name: str) -> frozenset[str]:
    initial = system.variable[name].initial
    return variables_of([initial]) if isinstance(initial, Expression) else frozenset()


# ---------------------------------------------------------------- the way


@dataclass
class _Walk:
    """A run of the original system that is being made."""

    system: TransitionSystem
    first: State
    states: list[State] = field(init=False)
    steps: list[Step | None] = field(default_factory=list)
    hazard: Hazard | None = None

    def __post_init__(self) -> None:
        self.states = [self.first]

    def take(self, step: Step | None) -> None:
        """Do what a step of the reduced system does."""
        here = self.states[-1]
        self.steps.append(step)
        if step is None:
            self.states.append(here)
            return
        for choices, result in outcomes(self.system.action[step.action], step.arguments, here):
            if choices == step.choices:
                if isinstance(result, Hazard):
                    self.hazard = result
                else:
                    self.states.append(result)
                return
        raise Unrestorable(f"`{step.action}` is not possible where the run takes it")


def _repeat(walk: _Walk, loop: Sequence[Step | None], left_out: list[_Unit]) -> int:
    """Run through a loop until it closes; returns the position that it comes back to."""
    waiting = list(left_out)
    seen: dict[tuple[object, ...], int] = {}
    for _ in range(_MOST_ROUNDS):
        here = (*walk.states[-1].values(), *(unit.name for unit in waiting))
        position = len(walk.steps)
        if here in seen:
            return seen[here]
        seen[here] = position
        taken: list[_Unit] = []
        for step in loop:
            _put_in(walk, waiting, taken)
            if step is not None:
                walk.take(step)
        _put_in(walk, waiting, taken)
        # Who has had a turn stands at the end of the queue: nobody is passed over for ever.
        waiting += taken
        if len(walk.steps) == position:
            walk.take(None)
    raise Unrestorable(f"its loop does not close in {_MOST_ROUNDS:,} rounds")


def _put_in(walk: _Walk, waiting: list[_Unit], taken: list[_Unit]) -> None:
    """Let units that were left out act, each once in a round, while they can change something."""
    while True:
        for unit in waiting:
            step = unit.moves(walk.states[-1])
            if step is not None:
                walk.take(step)
                waiting.remove(unit)
                taken.append(unit)
                break
        else:
            return


# ---------------------------------------------------------------- what was left out


@dataclass(frozen=True)
class _Unit:
    """A unit of fairness: instances of actions that share a group and their arguments."""

    name: tuple[str, tuple[Scalar, ...]]
    actions: tuple[Action, ...]

    def moves(self, state: State) -> Step | None:
        """A step of it that changes the state."""
        _, arguments = self.name
        for action in self.actions:
            for choices, result in outcomes(action, arguments, state):
                if not isinstance(result, Hazard) and result != state:
                    return Step(action.name, arguments, choices)
        return None


def _left_out(original: TransitionSystem, reduced: TransitionSystem) -> list[_Unit]:
    """The units of fairness of the actions that the reduced system does not have."""
    found: dict[tuple[str, tuple[Scalar, ...]], list[Action]] = {}
    for action in original.actions:
        if action.name in reduced.action or action.fairness is Fairness.NONE:
            continue
        for arguments in _arguments(action):
            found.setdefault((action.group, arguments), []).append(action)
    return [_Unit(name, tuple(actions)) for name, actions in found.items()]


def _arguments(action: Action) -> Iterator[tuple[Scalar, ...]]:
    return product(*(values_of(symbol) for symbol in action.parameters))
