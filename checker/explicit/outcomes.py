"""What one action does in one state, by the reference interpreter: slow, and easily believed.

The generated code is tested against this; traces use it to recover the choices of a step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from checker.explicit.packing import NotEnumerable
from checker.system.evaluate import evaluate
from checker.system.run import State
from checker.system.sorts import BoolSort, Scalar
from checker.system.transition_system import Action, Hazard, Symbol

__all__ = ["outcomes", "values_of"]


def outcomes(
    action: Action, arguments: Sequence[Scalar], state: State
) -> Iterator[tuple[tuple[Scalar, ...], State | Hazard]]:
    """Yield the choices and the result of every outcome of an action instance whose guard holds.

    Parameters
    ----------
    action : Action
    arguments : sequence of bool or int
        Values of its parameters.
    state : State
        Before the step.

    Yields
    ------
    (choices, result)
        In the order of the choices; the result is the state after the step (values are not
        checked against an enumeration's bound), or the hazard that holds.
    """
    symbols = {symbol.node: value for symbol, value in zip(action.parameters, arguments, strict=True)}
    for choices in product(*(values_of(symbol) for symbol in action.choices)):
        known = symbols | {
            symbol.node: value for symbol, value in zip(action.choices, choices, strict=True)
        }
        if not evaluate(action.guard, state, symbols=known):
            continue
        for hazard in action.hazards:
            if evaluate(hazard.condition, state, symbols=known):
                yield choices, hazard
                break
        else:
            after = dict(state)
            for name, value in action.updates:
                after[name] = evaluate(value, state, symbols=known)
            yield choices, after


def values_of(symbol: Symbol) -> Sequence[Scalar]:
    """The values of a parameter or choice, in ascending order.

    Raises
    ------
    NotEnumerable
        If its domain is unbounded and states no bound.
    """
    top = symbol.domain.top
    if top is None:
        raise NotEnumerable(symbol.name)
    if isinstance(symbol.domain.sort, BoolSort):
        return (False, True)
    return range(symbol.domain.low, top + 1)
