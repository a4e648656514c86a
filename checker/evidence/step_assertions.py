"""A step of an action as assertions: what is assumed of it, and how to speak of the state after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod

from checker.evidence.smtlib import Assertion
from checker.system.domain_ends import inside
from checker.system.expression import (
    TRUE,
    Expression,
    conj,
    constant,
    disj,
    eq,
    le,
    ne,
    neg,
    next_variable,
    variable,
)
from checker.system.proof import Helpful
from checker.system.sorts import BoolSort, Scalar
from checker.system.transition_system import Action, Fairness, Symbol
from checker.system.walk import substitute, topological

__all__ = ["Step", "belongs", "blocked", "called", "instance"]

_MOST_CHOICES = 64
"""Combinations of choices up to which "some choice" is written out; beyond it stays a quantifier."""


@dataclass(frozen=True)
class Step:
    """A step of an action: what is assumed of it, and how to speak of the state after it."""

    action: Action

    @property
    def tried(self) -> list[Assertion]:
        """The action is enabled; it may still go wrong."""
        ranges = [
            Assertion(f"{one.name}, in its domain", inside(one.node, one.domain))
            for one in (*self.action.parameters, *self.action.choices)
        ]
        guard = Assertion(f"{self.action.name} is enabled", self.action.guard)
        return [*(one for one in ranges if one.body is not TRUE), guard]

    @property
    def taken(self) -> list[Assertion]:
        """The action leads from the state to the state after it."""
        fine = neg(disj(*(hazard.condition for hazard in self.action.hazards)))
        values = [
            Assertion(f"what {name} becomes", eq(next_variable(name, value.sort), value))
            for name, value in self.action.updates
        ]
        return [*self.tried, Assertion("nothing goes wrong in it", fine), *values]

    @cached_property
    def changes(self) -> Assertion:
        """The state after it is another one."""
        changed = disj(*(ne(later, now) for now, later in self._renamed.items()))
        return Assertion("the state changes", changed)

    @cached_property
    def _renamed(self) -> dict[Expression, Expression]:
        after = (next_variable(name, value.sort) for name, value in self.action.updates)
        return {_now(one): one for one in after}

    def after(self, expression: Expression) -> Expression:
        """An expression over one state, in the state after the step."""
        return substitute([expression], self._renamed)[expression]

    def between(self, expression: Expression) -> Expression:
        """An expression over both states, where what does not change is read before the step."""
        changed = set(self._renamed.values())
        kept = {
            node: _now(node)
            for node in topological([expression])
            if node.operator == "next" and node not in changed
        }
        return substitute([expression], kept)[expression]


def _now(later: Expression) -> Expression:
    """The variable before the step that is the one after it."""
    return variable(later.payload, later.sort)


# ---------------------------------------------------------------- units of fairness


def called(one: Helpful) -> str:
    """The unit as it is called in a sentence."""
    return f"{one.group}({', '.join(map(str, one.arguments))})" if one.arguments else one.group


def belongs(action: Action, one: Helpful) -> bool:
    """Whether a fair action has an instance that belongs to the unit."""
    return (
        action.group == one.group
        and action.fairness is not Fairness.NONE
        and len(action.parameters) == len(one.arguments)
        and all(map(_fits, action.parameters, one.arguments))
    )


def _fits(symbol: Symbol, value: Scalar) -> bool:
    # As elsewhere, 1 and True name the same unit.
    if isinstance(symbol.domain.sort, BoolSort):
        return value in (0, 1)
    return int(value) in symbol.domain


def instance(action: Action, one: Helpful) -> list[Assertion]:
    """The parameters have the values of the unit."""
    return [
        Assertion(f"{symbol.name} of the unit", eq(symbol.node, constant(value, symbol.node.sort)))
        for symbol, value in zip(action.parameters, one.arguments, strict=True)
    ]


def blocked(action: Action, one: Helpful) -> Iterator[Assertion]:
    """No choice makes the instance of an action lead to another state."""
    values = {
        symbol.node: constant(value, symbol.node.sort)
        for symbol, value in zip(action.parameters, one.arguments, strict=True)
    }
    changed = (ne(_now(next_variable(name, value.sort)), value) for name, value in action.updates)
    possible = conj(
        *(inside(symbol.node, symbol.domain) for symbol in (*action.parameters, *action.choices)),
        *(_up_to_its_bound(symbol) for symbol in action.choices),
        action.guard,
        neg(disj(*(hazard.condition for hazard in action.hazards))),
        disj(*changed),
    )
    possible = substitute([possible], values)[possible]
    sizes = [symbol.domain.size for symbol in action.choices]
    symbols = tuple(symbol.node for symbol in action.choices)
    if any(size is None for size in sizes) or prod(size or 0 for size in sizes) > _MOST_CHOICES:
        yield Assertion(f"no choice of {action.name} leads elsewhere", neg(possible), symbols)
        return
    for chosen in product(*(symbol.domain.values() for symbol in action.choices)):
        pairs = zip(symbols, chosen, strict=True)
        outcome = {symbol: constant(value, symbol.sort) for symbol, value in pairs}
        shown = f" with {', '.join(map(str, chosen))}" if chosen else ""
        without = neg(substitute([possible], outcome)[possible])
        yield Assertion(f"{action.name}{shown} does not lead elsewhere", without)


def _up_to_its_bound(symbol: Symbol) -> Expression:
    """An enumeration offers no choice beyond the domain's stated bound, so none is counted on."""
    top = symbol.domain.top
    is_truth = isinstance(symbol.domain.sort, BoolSort)
    return TRUE if top is None or is_truth else le(symbol.node, constant(top, symbol.node.sort))
