"""Regimes: how much failure a property is judged under, as functions system → system.

=================  ==================================================================
`none`             faults and intents do not occur
`at_most(k)`       at most k in total; `at_most(crash=1, stale=2)` per fault, where a
                   fault that is not named does not occur; `at_most(3, crash=1)` both:
                   three in total, at most one of them a crash
`finitely_many`    any number, and then they stop: explored with them, cycles judged
                   without them
`unbounded`        for ever
=================  ==================================================================
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from checker.system.expression import FALSE, add, conj, constant, le
from checker.system.regime_text import parse_regime
from checker.system.sorts import INT, Domain
from checker.system.transition_system import Action, Kind, Role, TransitionSystem, Variable

__all__ = ["FINITELY_MANY", "NONE", "UNBOUNDED", "Regime", "RegimeError", "UnderRegime", "at_most"]


class RegimeError(ValueError):
    """The text is not a regime, or names a fault that the system does not have."""


@dataclass(frozen=True, slots=True)
class UnderRegime:
    """A system under a regime.

    Parameters
    ----------
    system : TransitionSystem
        What may happen at all.
    recurring : frozenset of str
        Names of the actions that may happen for ever: those a liveness check may use in a cycle.
    regime : Regime
    """

    system: TransitionSystem
    recurring: frozenset[str]
    regime: Regime


@dataclass(frozen=True, slots=True)
class Regime:
    """One regime; apply it to a system.

    Parameters
    ----------
    kind : str
        "none", "at_most", "finitely_many" or "unbounded".
    total : int or None
        For "at_most": how many faults and intents in all.
    each : tuple of (str, int)
        For "at_most": how many of each named fault.

    Examples
    --------
    >>> str(Regime.parse("at_most(2)")), str(Regime.parse(" at_most(crash=1, lost = 2)"))
    ('at_most(2)', 'at_most(crash=1, lost=2)')
    """

    kind: str
    total: int | None = None
    each: tuple[tuple[str, int], ...] = ()

    def __str__(self) -> str:
        if self.kind != "at_most":
            return self.kind
        parts = [] if self.total is None else [str(self.total)]
        return f"at_most({', '.join(parts + [f'{name}={k}' for name, k in self.each])})"

    @staticmethod
    def parse(text: str) -> Regime:
        """Read a regime as written on the command line or in a property.

        Raises
        ------
        RegimeError
            If the text is none of the forms above.
        """
        try:
            return Regime(*parse_regime(text))
        except ValueError as problem:
            raise RegimeError(str(problem)) from None

    def apply(self, system: TransitionSystem) -> UnderRegime:
        """The system as this regime lets it run.

        Raises
        ------
        RegimeError
            If a named fault does not exist in the system.
        """
        steps = frozenset(action.name for action in system.actions if action.kind is Kind.STEP)
        if self.kind == "unbounded":
            return UnderRegime(system, frozenset(action.name for action in system.actions), self)
        if self.kind == "finitely_many":
            return UnderRegime(system, steps, self)
        if self.kind == "none":
            kept = tuple(action for action in system.actions if action.kind is Kind.STEP)
            return UnderRegime(replace(system, actions=kept), steps, self)
        return UnderRegime(self._budgeted(system), steps, self)

    def _budgeted(self, system: TransitionSystem) -> TransitionSystem:
        offered = sorted({name for action in system.actions for name in action.faults})
        for name, _ in self.each:
            if not any(_names(name, fault) for fault in offered):
                raise RegimeError(
                    f"{self}: this model has no fault {name!r}; it has {', '.join(offered) or 'none'}"
                )
        # Counters go up from 0, so that the budget is not part of a variable's initial value.
        budgets = [("$faults", None, self.total)] if self.total is not None else []
        named = [(f"${name}", name, k) for name, k in self.each]
        counters = tuple(
            Variable(name, Domain(INT, 0, k), (0,), Role.GHOST)
            for name, _, k in [*budgets, *named]
            if k is not None
        )
        actions = []
        for action in system.actions:
            if action.kind is Kind.STEP:
                actions.append(action)
            elif self._allowed(action):
                costs = [(name, k, _cost(action, fault)) for name, fault, k in [*budgets, *named]]
                actions.append(_charged(action, [c for c in costs if c[1] is not None and c[2]]))
        return replace(system, variables=system.variables + counters, actions=tuple(actions))

    def _allowed(self, action: Action) -> bool:
        if self.total is not None:
            return True
        return all(any(_names(name, fault) for name, _ in self.each) for fault in action.faults)


def _names(name: str, fault: str) -> bool:
    """Whether `crash` names the fault `crash` of any component, and `api.crash` just that one."""
    return fault == name or fault.endswith("." + name)


def _cost(action: Action, fault: str | None) -> int:
    return sum(1 for struck in action.faults if fault is None or _names(fault, struck))


def _charged(action: Action, costs: list[tuple[str, int | None, int]]) -> Action:
    guard, updates, hazards = action.guard, list(action.updates), action.hazards
    for name, budget, cost in costs:
        assert budget is not None
        if cost > budget:
            return replace(action, guard=FALSE, updates=(), hazards=())
        counter = Variable(name, Domain(INT, 0, budget), (0,), Role.GHOST).node
        affordable = le(counter, constant(budget - cost))
        guard = conj(guard, affordable)
        updates.append((name, add(counter, constant(cost))))
        hazards = tuple(
            replace(hazard, condition=conj(hazard.condition, affordable)) for hazard in hazards
        )
    return replace(action, guard=guard, updates=tuple(updates), hazards=hazards)


NONE = Regime("none")
FINITELY_MANY = Regime("finitely_many")
UNBOUNDED = Regime("unbounded")


def at_most(total: int | None = None, **each: int) -> Regime:
    """At most so many faults and intents, in all or of each kind."""
    return Regime("at_most", total, tuple(each.items()))
