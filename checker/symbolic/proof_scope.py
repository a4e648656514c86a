"""How far a proof reaches: all states of one instance, or instances of every size."""

from __future__ import annotations

from checker.system.run import Scope
from checker.system.sorts import Domain
from checker.system.transition_system import Role, TransitionSystem

__all__ = ["is_bounded", "proof_scope"]


def proof_scope(system: TransitionSystem) -> Scope:
    """The scope of what has been proved of a system's states without visiting them.

    "all sizes" if a parameter is a symbol or some variable has no bound, otherwise "exhaustive".
    """
    sized = all(one.role is not Role.PARAMETER and is_bounded(one.domain) for one in system.variables)
    return Scope("exhaustive" if sized else "all sizes")


def is_bounded(domain: Domain) -> bool:
    """Whether the domain has finitely many values, and they are known."""
    return domain.high is not None and not domain.is_symbolic and not domain.below
