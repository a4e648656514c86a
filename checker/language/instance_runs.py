"""A run of a system with symbols, told as a run of the one instance that it belongs to.

The two systems name the same variables and take the same steps, but not everything about them is
the same: in the instance a branch may be gone that its parameters never take, with the choices in it,
and a local that nothing depends on may hold another number. What both have in common is what a step
decides when CPython asks, so a run is carried over decision by decision, and compared on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.run import Run, State, Step
from checker.system.sorts import Scalar
from checker.system.transition_system import Action, Hazard, Role, TransitionSystem

__all__ = ["NotOfTheInstance", "run_of_instance"]


class NotOfTheInstance(ValueError):
    """The instance has no such run: one of the two systems was translated wrongly."""


def run_of_instance(run: Run, symbolic: TransitionSystem, instance: TransitionSystem) -> Run:
    """The same run of an instance.

    Parameters
    ----------
    run : Run
        Of the system with symbols, in which its parameters never change.
    symbolic : TransitionSystem
        That system, see `checker.language.all_sizes`, under a regime.
    instance : TransitionSystem
        The ordinary system of `instance_of(sizes, run.states[0])`, under the same regime.

    Raises
    ------
    NotOfTheInstance
        If the instance cannot do the same.
    """
    state: dict[str, Scalar] = {
        one.name: _begin(one.initial)
        if one.role is Role.LOCAL and isinstance(one.initial, tuple)
        else run.states[0][one.name]
        for one in instance.variables
    }
    if not evaluate(instance.wellformed, state):
        raise NotOfTheInstance("the run begins in a state that the instance does not have")
    states, steps, hazard = [state], list[Step | None](), None
    for position, step in enumerate(run.steps):
        if step is None:
            steps.append(None)
        else:
            here = run.states[position]
            followed = _followed(step, here, symbolic, state, instance)
            steps.append(followed)
            after = _after(instance.action[followed.action], followed, state)
            if isinstance(after, Hazard):
                hazard = after
                break
            state = after
        if position + 1 < len(run.states):
            _compare(run.states[position + 1], state, instance)
            states.append(state)
    if (hazard is None) != (run.hazard is None):
        raise NotOfTheInstance("the run goes wrong in one of the two systems only")
    if run.loop is not None and states[-1] != states[run.loop]:
        raise NotOfTheInstance("the loop does not close")
    return Run(tuple(states), tuple(steps), run.loop, hazard)


def _begin(initial: Sequence[Scalar]) -> Scalar:
    return initial[0]


def _followed(
    step: Step, here: State, symbolic: TransitionSystem, state: State, instance: TransitionSystem
) -> Step:
    """The step of the instance that decides as a step of the system with symbols does."""
    action = symbolic.action[step.action]
    wanted = _decided(action, step, here)
    for one in instance.actions:
        # Variants of one step are told apart by what they decide; their names may be counted.
        if (one.call, one.kind, one.faults) != (action.call, action.kind, action.faults):
            continue
        given = zip(one.parameters, step.arguments, strict=True)
        if not all(value in parameter.domain for parameter, value in given):
            continue
        for choices in _choices(one):
            found = Step(one.name, step.arguments, choices)
            enabled = evaluate(one.guard, state, symbols=_symbols(one, found))
            if enabled and _decided(one, found, state) == wanted:
                return found
    raise NotOfTheInstance(f"the instance cannot take {step.action} as the system with symbols does")


def _choices(action: Action) -> Iterator[tuple[Scalar, ...]]:
    yield from product(*(symbol.domain.values() for symbol in action.choices))


def _symbols(action: Action, step: Step) -> dict[Expression, Scalar]:
    symbols = (*action.parameters, *action.choices)
    values = (*step.arguments, *step.choices)
    return {symbol.node: value for symbol, value in zip(symbols, values, strict=True)}


def _decided(action: Action, step: Step, state: State) -> list[Scalar]:
    symbols = _symbols(action, step)
    return [
        evaluate(decision.value, state, symbols=symbols)
        for decision in action.decisions
        if evaluate(decision.reached, state, symbols=symbols)
    ]


def _after(action: Action, step: Step, state: State) -> dict[str, Scalar] | Hazard:
    symbols = _symbols(action, step)
    for hazard in action.hazards:
        if evaluate(hazard.condition, state, symbols=symbols):
            return hazard
    updates = {name: evaluate(value, state, symbols=symbols) for name, value in action.updates}
    return {**state, **updates}


def _compare(theirs: Mapping[str, Scalar], ours: State, instance: TransitionSystem) -> None:
    for one in instance.variables:
        if ours[one.name] not in one.domain:
            raise NotOfTheInstance(f"{one.name} leaves its domain unnoticed")
        # A local may hold anything where nothing depends on it; where something does, it shows.
        if one.role is not Role.LOCAL and theirs[one.name] != ours[one.name]:
            raise NotOfTheInstance(
                f"{one.name} is {theirs[one.name]} in one system, {ours[one.name]} in the other"
            )
