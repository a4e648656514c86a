"""From a run of a reduced system to a run of the given one that takes the same steps.

A reduction that forgets values (`checker.reductions.live_variables`) keeps which steps are possible,
not what is in the variables that nobody reads. The same steps, executed by the reference interpreter
from a matching initial state, give a real run, which CPython can repeat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

from checker.explicit.outcomes import outcomes, values_of
from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.run import Run, State, Step
from checker.system.sorts import Scalar
from checker.system.transition_system import Action, Fairness, Hazard, TransitionSystem
from checker.system.walk import variables_of

__all__ = ["LoopTooLong", "Unrestorable", "restored"]

_MOST_ROUNDS = 10_000
"""How often a loop is run through, at most, until forgotten values repeat too."""


class Unrestorable(ValueError):
    """The run is not one of the given system: the systems do not belong together."""


class LoopTooLong(ValueError):
    """It takes too many repetitions of a loop until the forgotten values are the same again."""


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
        If a step is not possible in the original system, which refutes the reduction.
    LoopTooLong
        If thousands of repetitions do not bring the forgotten values back.
    """
    first = _start(original, reduced, run.states[0])
    if run.loop is None:
        walk = _Walk(original, first)
        for step in run.steps:
            walk.take(step)
        hazard = run.hazard if walk.hazard is None else walk.hazard
        return Run(tuple(walk.states), tuple(walk.steps), hazard=hazard)
    units = _units(original, reduced)
    late: list[_Unit] = []
    while True:
        walk = _Walk(original, first)
        for step in run.steps[: run.loop]:
            walk.take(step)
        loop = _repeat(walk, run, late)
        missing = [unit for unit in units if unit not in late and unit.wronged(walk, loop)]
        if not missing:
            return Run(tuple(walk.states), tuple(walk.steps), loop)
        late += missing


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


def _repeat(walk: _Walk, run: Run, units: Sequence[_Unit]) -> int:
    """Run through the loop until it closes; returns the position that it comes back to."""
    assert run.loop is not None
    waiting = list(units)
    seen: dict[tuple[object, ...], int] = {}
    for _ in range(_MOST_ROUNDS):
        position = len(walk.steps)
        here = (*walk.states[-1].values(), *(unit.name for unit in waiting))
        if here in seen:
            return seen[here]
        seen[here] = position
        taken: list[_Unit] = []
        for step, before in zip(run.steps[run.loop :], run.states[run.loop :], strict=False):
            _put_in(walk, before, waiting, taken)
            if step is not None:
                walk.take(step)
        # Who has had a turn stands at the end of the queue: nobody is passed over for ever.
        waiting += taken
        if len(walk.steps) == position:
            walk.take(None)
    raise LoopTooLong(f"its loop does not close in {_MOST_ROUNDS:,} rounds")


def _put_in(walk: _Walk, reduced: State, waiting: list[_Unit], taken: list[_Unit]) -> None:
    """Let units act whose steps the reduced system does not see here, each once in a round."""
    while True:
        for unit in waiting:
            step = unit.unseen(walk.states[-1], reduced)
            if step is not None:
                walk.take(step)
                waiting.remove(unit)
                taken.append(unit)
                break
        else:
            return


# ---------------------------------------------------------------- fairness


@dataclass(frozen=True)
class _Unit:
    """A unit of fairness: instances of actions that share a group and their arguments."""

    name: tuple[str, tuple[Scalar, ...]]
    strong: bool
    actions: tuple[Action, ...]
    reduced: tuple[Action, ...]

    def wronged(self, walk: _Walk, loop: int) -> bool:
        """Whether the unit could act in the loop as its promise says, and never does."""
        actions = {action.name for action in self.actions}
        _, arguments = self.name
        for step in walk.steps[loop:]:
            if step is not None and step.action in actions and step.arguments == arguments:
                return False
        able = (_changes(self.actions, arguments, state) is not None for state in walk.states[loop:])
        return any(able) if self.strong else all(able)

    def unseen(self, state: State, reduced: State) -> Step | None:
        """A step that changes the original state, where none changes the reduced one."""
        _, arguments = self.name
        if _changes(self.reduced, arguments, reduced) is not None:
            return None
        step = _changes(self.actions, arguments, state)
        return step if isinstance(step, Step) else None


def _changes(
    actions: Sequence[Action], arguments: tuple[Scalar, ...], state: State
) -> Step | Hazard | None:
    """How some outcome of the actions changes a state, or goes wrong."""
    for action in actions:
        for choices, result in outcomes(action, arguments, state):
            if isinstance(result, Hazard):
                return result
            if result != state:
                return Step(action.name, arguments, choices)
    return None


def _units(original: TransitionSystem, reduced: TransitionSystem) -> list[_Unit]:
    """The units of fairness of the original system."""
    found: dict[tuple[str, tuple[Scalar, ...]], list[Action]] = {}
    for action in original.actions:
        if action.fairness is not Fairness.NONE:
            for arguments in product(*(values_of(symbol) for symbol in action.parameters)):
                found.setdefault((action.group, arguments), []).append(action)
    return [
        _Unit(
            name,
            any(action.fairness is Fairness.STRONG for action in actions),
            tuple(actions),
            tuple(reduced.action[one.name] for one in actions if one.name in reduced.action),
        )
        for name, actions in found.items()
    ]
