"""Re-check of a lasso by the reference interpreter alone: no graph, no generated code."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import product

from checker.explicit.outcomes import outcomes, values_of
from checker.system.run import Run, State, Step
from checker.system.sorts import Scalar
from checker.system.transition_system import Action, Fairness, Hazard, TransitionSystem

__all__ = ["is_fair_lasso"]

_Unit = tuple[str, tuple[Scalar, ...]]


def is_fair_lasso(system: TransitionSystem, run: Run, recurring: Collection[str]) -> list[str]:
    """What is wrong with a lasso that is claimed to be a fair run; nothing if it is one.

    Parameters
    ----------
    system : TransitionSystem
        Under its regime.
    run : Run
    recurring : collection of str
        Names of the actions that may happen for ever.

    Returns
    -------
    list of str
        Complaints: a step that is no outcome of its action, a loop that does not close, an action
        in it that may not recur, a fair unit that the loop puts off for ever.
    """
    if run.loop is None or not 0 <= run.loop < len(run.steps):
        return ["it has no loop"]
    if len(run.states) != len(run.steps) + 1:
        return ["it does not have one state more than steps"]
    complaints = []
    for number, step in enumerate(run.steps):
        before, after = run.states[number], run.states[number + 1]
        if step is None:
            if before != after:
                complaints.append(f"step {number} stutters, but the state changes")
        elif not _leads(system, step, before, after):
            complaints.append(f"step {number} is no outcome of {step.action}")
    if run.states[-1] != run.states[run.loop]:
        complaints.append("the loop does not close")
    steps = run.steps[run.loop :]
    complaints += [
        f"{name} may not happen for ever"
        for name in sorted({step.action for step in steps if step is not None} - set(recurring))
    ]
    return complaints + _unfair(system, run.states[run.loop : -1], run)


def _leads(system: TransitionSystem, step: Step, before: State, after: State) -> bool:
    action = system.action.get(step.action)
    return action is not None and any(
        choices == step.choices and result == after
        for choices, result in outcomes(action, step.arguments, before)
    )


def _unfair(system: TransitionSystem, visited: Iterable[State], run: Run) -> list[str]:
    """Fair units that the loop does not take, though it may not put them off."""
    assert run.loop is not None
    taken = set()
    for number in range(run.loop, len(run.steps)):
        step = run.steps[number]
        if step is not None and run.states[number] != run.states[number + 1]:
            action = system.action.get(step.action)
            if action is not None and action.fairness is not Fairness.NONE:
                taken.add((action.group, step.arguments))
    visited = list(visited)
    complaints = []
    for unit, actions in _units(system).items():
        if unit in taken:
            continue
        enabled = [any(_enabled(action, unit[1], state) for action in actions) for state in visited]
        name = f"{unit[0]}{unit[1] or ''}"
        if any(action.fairness is Fairness.STRONG for action in actions):
            if any(enabled):
                complaints.append(f"{name} is enabled again and again and never taken (strong)")
        elif all(enabled):
            complaints.append(f"{name} is enabled for ever and never taken (weak)")
    return complaints


def _units(system: TransitionSystem) -> dict[_Unit, list[Action]]:
    units: dict[_Unit, list[Action]] = {}
    for action in system.actions:
        if action.fairness is not Fairness.NONE:
            for arguments in product(*(values_of(symbol) for symbol in action.parameters)):
                units.setdefault((action.group, arguments), []).append(action)
    return units


def _enabled(action: Action, arguments: tuple[Scalar, ...], state: State) -> bool:
    """Whether an outcome changes the state; one that goes wrong does."""
    return any(
        isinstance(result, Hazard) or result != state for _, result in outcomes(action, arguments, state)
    )
