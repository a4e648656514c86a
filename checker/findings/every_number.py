"""The counter system of a model whose parameter is the number of its like parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.language.model import Model, members
from checker.language.parameters import Param
from checker.regimes.regime import Regime, UnderRegime
from checker.system.transition_system import Property

if TYPE_CHECKING:
    from checker.language.all_sizes import AllSizes
    from checker.reductions.counter_abstraction import CounterAbstraction

__all__ = ["counted", "under_counters"]

_COMPARED = (3, 4)
"""Sizes from which the counter system is read off."""


def counted(model: Model, sizes: AllSizes, parameter: str, regime: Regime) -> CounterAbstraction | str:
    """The counter system for every number of parts, or why there is none.

    Parameters
    ----------
    model : Model
        An instance.
    sizes : AllSizes
        Of the model: what of its parameters is free, and stays so.
    parameter : str
        One that has to be a number.
    regime : Regime

    Notes
    -----
    That two sizes tell about all others rests on the text: it uses the parameter for nothing but the
    number of parts (`checker.language.size_parameter`); see `checker.reductions.counter_abstraction`.
    """
    from checker.language.elaborate import elaborate
    from checker.language.errors import ModelError
    from checker.language.size_parameter import uses_besides_size
    from checker.reductions.counter_abstraction import Instance, Refusal, counter_abstraction

    declared = members(type(model))[parameter]
    assert isinstance(declared, Param)
    if declared.min is None or declared.min < 1:
        return f"{parameter}=0 is an instance, too, which has no parts: Param(…, min=1) excludes it"
    others = uses_besides_size(model, parameter)
    if others:
        return others[0]
    values = dict(sizes.fixed)
    instances = []
    for number in _COMPARED:
        try:
            one = elaborate(type(model)(**{**values, parameter: number}), free=sizes.free)
        except ModelError as problem:
            return f"there is no instance with {parameter}={number}: {problem.message}"
        instances.append(Instance(regime.apply(one.system), one.properties))
    result = counter_abstraction(instances, parameter, least=declared.min)
    return result.reason if isinstance(result, Refusal) else result


def under_counters(
    counters: CounterAbstraction, claim: Property, regime: Regime
) -> tuple[UnderRegime, Property] | None:
    """The counter system under the regime, and the claim about it; None if it was not translated."""
    own = next((one for one in counters.properties if one.name == claim.name), None)
    return None if own is None else (UnderRegime(counters.system, counters.recurring, regime), own)
