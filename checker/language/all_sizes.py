"""A model for all sizes: its parameters as symbols, wherever no number is needed to build the system.

A parameter that is a symbol is a variable of `Role.PARAMETER`: it begins with any value that `Param`
allows and never changes. So one system stands for every instance at once, and a proof about it is a
proof about each of them. What cannot be built without a number (the length of an array, the range of a
loop, the number of processes) keeps the instance's value, and the reason is told.
"""

from __future__ import annotations

from dataclasses import dataclass

from checker.language.elaborate import Elaborated, elaborate
from checker.language.errors import ModelError
from checker.language.model import Model, members
from checker.language.parameters import Param
from checker.language.symbols import NeedsNumber
from checker.system.run import State
from checker.system.sorts import BoolSort, Scalar

__all__ = ["AllSizes", "all_sizes", "instance_of"]


@dataclass(frozen=True, eq=False)
class AllSizes:
    """A model whose parameters are symbols as far as possible.

    Parameters
    ----------
    elaborated : Elaborated
        Its system has a variable of the same name for each free parameter. The system's `wellformed`
        says for which of their values there is an instance at all: within `min` and `max`, no domain
        empty, and every initial value in its domain. CPython cannot execute it: a state of it belongs
        to an instance, see `instance_of`.
    free : tuple of str
        The parameters that are symbols.
    fixed : tuple of (str, int)
        Those that keep the instance's value.
    reasons : tuple of (str, str)
        Why each of `fixed` does.
    """

    elaborated: Elaborated
    free: tuple[str, ...]
    fixed: tuple[tuple[str, int], ...]
    reasons: tuple[tuple[str, str], ...]


def all_sizes(model: Model | type[Model]) -> AllSizes:
    """Elaborate a model with every parameter as a symbol that is not needed as a number.

    Parameters
    ----------
    model : Model
        An instance, whose values those parameters keep that must be numbers; or a class, with its
        default values.

    Raises
    ------
    ModelError
        If the instance itself has no meaning.
    """
    instance = model() if isinstance(model, type) else model
    # What the author got wrong is told of the instance, not of a system that nobody wrote.
    ordinary = elaborate(instance)
    values = dict(ordinary.system.parameters)
    known = members(type(instance))
    free = [name for name, one in known.items() if isinstance(one, Param)]
    reasons: dict[str, str] = {}
    elaborated = ordinary
    while free:
        try:
            elaborated = elaborate(instance, free=free)
            break
        except NeedsNumber as needed:
            refused, reason = needed.names & set(free), needed.reason
        except ModelError as error:
            # Said of code that this instance never reaches: it has no meaning for all sizes.
            refused, reason = _responsible(instance, free), error.message
        refused = refused or frozenset(free)
        reasons |= dict.fromkeys(sorted(refused), reason)
        free = [name for name in free if name not in refused]
    else:
        elaborated = ordinary
    fixed = tuple((name, int(value)) for name, value in values.items() if name not in free)
    return AllSizes(
        elaborated,
        tuple(free),
        fixed,
        tuple((name, reasons[name]) for name, _ in fixed),
    )


def _responsible(instance: Model, free: list[str]) -> frozenset[str]:
    """One parameter without which being a symbol the model has a meaning; none if there is no such one."""
    for name in reversed(free):
        try:
            elaborate(instance, free=[one for one in free if one != name])
        except NeedsNumber:
            pass
        except ModelError:
            continue
        return frozenset((name,))
    return frozenset()


def instance_of(sizes: AllSizes, state: State) -> dict[str, Scalar]:
    """The parameters of the instance that a state belongs to, as the model's class takes them.

    Parameters
    ----------
    sizes : AllSizes
    state : State
        Of the system with symbols: at least its variables that stand for parameters.

    Returns
    -------
    dict of str to bool or int
        `type(model)(**instance_of(sizes, state))` is the instance that has this state, without those
        variables, as one of its own.
    """
    system = sizes.elaborated.system
    values: dict[str, Scalar] = dict(system.parameters)
    for name in sizes.free:
        is_truth = isinstance(system.variable[name].domain.sort, BoolSort)
        values[name] = bool(state[name]) if is_truth else int(state[name])
    return values
