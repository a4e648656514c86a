"""Which variables are given to a system from outside: its setpoint."""

from __future__ import annotations

from checker.system.shape import leaves
from checker.system.transition_system import Kind, Role, TransitionSystem

__all__ = ["inputs"]


def inputs(system: TransitionSystem, setpoint: tuple[str, ...]) -> tuple[str, ...]:
    """The variables of the setpoint.

    Parameters
    ----------
    system : TransitionSystem
    setpoint : tuple of str
        Declared fields; if there are none, the fields that no step changes take their place.
    """
    if setpoint:
        shapes = {field.name: field.shape for field in system.fields}
        return tuple(leaf.variable for name in setpoint for leaf in leaves(shapes[name]))
    steps = [action for action in system.actions if action.kind is Kind.STEP]
    changed = {name for action in steps for name, _ in action.updates}
    fields = [variable for variable in system.variables if variable.role is Role.FIELD]
    return tuple(variable.name for variable in fields if variable.name not in changed)
