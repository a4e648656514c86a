"""What an invariant has to exclude, so that a property holds: the states and steps that would break it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

import z3

from checker.symbolic.numbers import Term
from checker.symbolic.relation import Move, Relation
from checker.symbolic.terms import Reader
from checker.system.expression import TRUE, Expression, constant, disj, neg
from checker.system.sorts import BoolSort
from checker.system.transition_system import (
    Action,
    Hazard,
    Location,
    Property,
    Symbol,
    TransitionSystem,
)
from checker.system.walk import substitute

__all__ = ["KINDS", "Obligation", "error_claims", "goals_of", "is_own", "obligations"]

KINDS = ("always", "never", "transition", "assert", "domain")
"""Kinds of property that an inductive invariant proves."""

_INSTANCES = 16
"""An error that depends on an action's symbols is written out for at most so many of their values."""


@dataclass(frozen=True, slots=True)
class Obligation:
    """Something that must not be possible where the invariant holds.

    Parameters
    ----------
    what : str
        What it would be, in one sentence.
    bad : Term
        Over `before`, and the symbols of a move.
    """

    what: str
    bad: Term


def error_claims(system: TransitionSystem) -> tuple[Property, ...]:
    """What the model's own steps must not do, as properties.

    Returns
    -------
    tuple of Property
        One of kind "assert" for each assertion in the source, in order of first appearance, and last
        one named "well_defined", of kind "domain", for all other errors together.
    """
    sites: dict[tuple[str, Location | None], None] = {}
    for action in system.actions:
        for hazard in action.hazards:
            if hazard.kind == "assert":
                sites[(hazard.name, hazard.location)] = None
    claims = [Property(name, "assert", location=place) for name, place in sites]
    return (*claims, Property("well_defined", "domain"))


def is_own(claim: Property, hazard: Hazard) -> bool:
    """Whether an error of the model is one that the claim excludes.

    A claim about the model's errors excludes only those that it is about; any other claim needs that
    nothing at all goes wrong, because what would come after an error is not known. An assertion that is
    named without a place is meant wherever it stands.
    """
    if claim.kind == "assert":
        here = claim.location is None or claim.location == hazard.location
        return hazard.kind == "assert" and hazard.name == claim.name and here
    return claim.kind != "domain" or hazard.kind != "assert"


def obligations(relation: Relation, claim: Property) -> tuple[Obligation, ...]:
    """Everything that an inductive invariant has to exclude, so that the claim holds.

    Parameters
    ----------
    relation : Relation
    claim : Property
        Of one of `KINDS`.

    Notes
    -----
    Sufficient, with an invariant that holds initially and that every action keeps: every reachable
    state satisfies it. `always`: no state without the predicate. `never`: none with it. `transition`:
    no step that changes the state and breaks the predicate. All three: the predicate can be evaluated
    there, and no step goes wrong.
    """
    return tuple(_obligations(relation, claim))


def _obligations(relation: Relation, claim: Property) -> Iterator[Obligation]:
    predicate = TRUE if claim.predicate is None else claim.predicate
    if claim.kind == "transition":
        for move in relation.moves:
            read = Reader(relation.numbers, relation.before, {**relation.before, **move.updates})
            step = z3.And(move.possible, move.changes)
            yield Obligation(f"{move.action.name} breaks it", z3.And(step, z3.Not(read(predicate))))
            for hazard in claim.hazards:
                yield Obligation(hazard.message, z3.And(step, read(hazard.condition)))
    elif claim.kind in ("always", "never"):
        good = predicate if claim.kind == "always" else neg(predicate)
        told = "it does not hold" if claim.kind == "always" else "it holds"
        yield Obligation(told, relation.read(neg(good)))
        for hazard in claim.hazards:
            yield Obligation(hazard.message, relation.read(hazard.condition))
    for move in relation.moves:
        yield from _errors(move, lambda hazard: is_own(claim, hazard))


def _errors(move: Move, matters: Callable[[Hazard], bool]) -> Iterator[Obligation]:
    for hazard, where in move.hazards:
        if matters(hazard):
            yield Obligation(hazard.message, z3.And(move.inside, move.guard, where))


def goals_of(system: TransitionSystem, claim: Property) -> tuple[Expression, ...]:
    """The same as predicates over one state, as far as they can be written so: the first lemmas to try."""
    found: list[Expression] = []
    if claim.predicate is not None and claim.kind in ("always", "never"):
        found.append(claim.predicate if claim.kind == "always" else neg(claim.predicate))
    if claim.kind != "transition":
        found += [neg(hazard.condition) for hazard in claim.hazards]
    for action in system.actions:
        for hazard in action.hazards:
            if is_own(claim, hazard):
                found += _never(action, hazard)
    return tuple(dict.fromkeys(one for one in found if one is not TRUE))


def _never(action: Action, hazard: Hazard) -> list[Expression]:
    """An error does not occur, whatever the values of the action's symbols."""
    symbols = (*action.parameters, *action.choices)
    condition = hazard.condition
    if not symbols:
        return [neg(condition)]
    sizes = [_size(one) for one in symbols]
    if any(size is None for size in sizes) or prod(size or 0 for size in sizes) > _INSTANCES:
        return []
    instances = []
    for values in product(*(one.domain.values() for one in symbols)):
        given = {
            one.node: constant(value, one.node.sort) for one, value in zip(symbols, values, strict=True)
        }
        instances.append(substitute([condition], given)[condition])
    return [neg(disj(*instances))] if instances else []


def _size(symbol: Symbol) -> int | None:
    return 2 if isinstance(symbol.domain.sort, BoolSort) else symbol.domain.size
