"""From a path in a quotient back to a run of the system itself, found step by step.

Where the classes of a quotient are those of a bisimulation (symmetry, dead values), each of its
paths is a run of the system: if a class has a step into another, every state of the first class
has one into some state of the second. So a run is found by taking, from a real state, any
real step whose successor is in the class that comes next; it never needs to go back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

from checker.explicit.initial_states import InitialStates
from checker.explicit.outcomes import outcomes, values_of
from checker.explicit.packing import packing_of
from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.run import Run, State, Step
from checker.system.transition_system import Action, Hazard, TransitionSystem

__all__ = ["NoSuchRun", "unfold"]


class NoSuchRun(AssertionError):
    """A path of the quotient is no run of the system: a mistake of the reduction, not of the user."""


def unfold(
    system: TransitionSystem,
    canonical: Callable[[State], Any],
    path_states: Sequence[State],
    actions: Sequence[str],
    hazard: Hazard | None = None,
) -> Run:
    """The run of a system that a path of its quotient stands for.

    Parameters
    ----------
    system : TransitionSystem
        What was explored: under its regime.
    canonical : function of State
        What states of one class have in common, and states of different classes do not: the
        state that stands for the class, or a key. Compared with `==`.
    path_states : sequence of State
        States of the classes that the path visits, the first one initial.
    actions : sequence of str
        Names of the actions that lead from each to the next; with a hazard one more, the one that
        goes wrong in the last state. Another action of the same kind is taken where a like part
        has to act instead.
    hazard : Hazard, optional
        What goes wrong.

    Returns
    -------
    Run
        From an initial state on, each step an outcome by the reference interpreter; the i-th
        state is in the class of path_states[i]. Its hazard is the one that was met.

    Raises
    ------
    NoSuchRun
        If there is none.
    """
    classes = [canonical(state) for state in path_states]
    state = _beginning(system, canonical, path_states[0], classes[0])
    states: list[State] = [state]
    steps: list[Step] = []
    moves = actions if hazard is None else actions[:-1]
    for name, wanted in zip(moves, classes[1:], strict=True):
        step, state = _step_into(system, name, state, canonical, wanted)
        states.append(state)
        steps.append(step)
    if hazard is None:
        return Run(tuple(states), tuple(steps))
    for step, met in _ways(system, actions[-1], state):
        if isinstance(met, Hazard) and _alike(met, hazard):
            return Run(tuple(states), (*steps, step), hazard=met)
    raise NoSuchRun(f"{actions[-1]} does not go wrong at the end of the run: {hazard.message}")


def _beginning(
    system: TransitionSystem, canonical: Callable[[State], Any], first: State, wanted: Any
) -> State:
    """An initial state of the first class; usually the one that stands for it."""
    if _is_initial(system, first):
        return dict(first)
    packing = packing_of(system.variables)
    for batch in InitialStates(system, packing).batches():
        for packed in batch:
            state = packing.unpack(packed)
            if canonical(state) == wanted:
                return state
    raise NoSuchRun("no initial state is like the first state of the path")


def _is_initial(system: TransitionSystem, state: State) -> bool:
    for variable in system.variables:
        initial, value = variable.initial, state[variable.name]
        if isinstance(initial, Expression):
            if evaluate(initial, state) != value:
                return False
        elif initial is not None and value not in initial:
            return False
    return bool(evaluate(system.wellformed, state))


def _step_into(
    system: TransitionSystem, name: str, state: State, canonical: Callable[[State], Any], wanted: Any
) -> tuple[Step, State]:
    for step, after in _ways(system, name, state):
        if not isinstance(after, Hazard) and canonical(after) == wanted:
            return step, after
    raise NoSuchRun(f"{name} does not lead from {dict(state)} into the next class of the path")


def _ways(system: TransitionSystem, name: str, state: State) -> Iterator[tuple[Step, State | Hazard]]:
    """Every outcome in a state of the named action, then of those of its kind."""
    wanted = system.action[name]

    def unlike(action: Action) -> tuple[bool, bool]:
        # Like processes and components run the same lines.
        return action is not wanted, action.location != wanted.location

    for action in sorted((one for one in system.actions if one.kind is wanted.kind), key=unlike):
        for arguments in product(*map(values_of, action.parameters)):
            for choices, result in outcomes(action, arguments, state):
                yield Step(action.name, arguments, choices), result


def _alike(hazard: Hazard, other: Hazard) -> bool:
    """Whether two errors are one to a report: an assertion by its place, others by their kind."""
    if (hazard.kind, hazard.name) != (other.kind, other.name):
        return False
    return hazard.kind != "assert" or hazard.location == other.location
