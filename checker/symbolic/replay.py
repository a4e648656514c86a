"""A run that Z3 found, run again by the reference interpreter before anyone hears of it."""

from __future__ import annotations

from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.run import Run, State, Step
from checker.system.sorts import Scalar
from checker.system.transition_system import Hazard, TransitionSystem

__all__ = ["WrongRun", "outcome", "replayed"]


class WrongRun(AssertionError):
    """Z3 found a run that the interpreter does not find: the encoding is wrong, or Z3 is."""


def replayed(system: TransitionSystem, run: Run) -> Run:
    """The run itself, if it is one of the system.

    Parameters
    ----------
    system : TransitionSystem
        Under its regime.
    run : Run

    Raises
    ------
    WrongRun
        If it does not begin initially, if a step is not possible or leads elsewhere, if a loop does
        not close, or if the last step does not go wrong as it is said to.
    """
    if not starts(system, run.states[0]):
        raise WrongRun(f"{system.name} does not begin in {dict(run.states[0])}")
    for number, step in enumerate(run.steps):
        before = run.states[number]
        result: State | Hazard | None = before if step is None else outcome(system, step, before)
        after = run.states[number + 1] if number + 1 < len(run.states) else run.hazard
        if result != after:
            raise WrongRun(f"step {number}, {step}, does not lead from {dict(before)} to {after}")
    if run.loop is not None and run.states[-1] != run.states[run.loop]:
        raise WrongRun("the loop does not close")
    return run


def starts(system: TransitionSystem, state: State) -> bool:
    """Whether a state is initial."""
    if not evaluate(system.wellformed, state):
        return False
    for one in system.variables:
        value = state[one.name]
        if isinstance(one.initial, Expression):
            if value != evaluate(one.initial, state):
                return False
        elif one.initial is not None:
            if value not in one.initial:
                return False
        elif value not in one.domain:
            return False
    return True


def outcome(system: TransitionSystem, step: Step, before: State) -> State | Hazard | None:
    """What a step leads to: a state, something that goes wrong, or nothing where it is not possible."""
    action = system.action[step.action]
    known: dict[Expression, Scalar] = {}
    for symbols, values in ((action.parameters, step.arguments), (action.choices, step.choices)):
        for symbol, value in zip(symbols, values, strict=True):
            if value not in symbol.domain:
                return None
            known[symbol.node] = value
    if not evaluate(action.guard, before, symbols=known):
        return None
    for hazard in action.hazards:
        if evaluate(hazard.condition, before, symbols=known):
            return hazard
    after = dict(before)
    for name, update in action.updates:
        after[name] = evaluate(update, before, symbols=known)
    return after
