"""A transition system in Z3: what is initial, and one relation for each action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import z3

from checker.symbolic.numbers import BitVectors, Integers, Numbers, Term, width_for
from checker.symbolic.terms import Frame, Reader
from checker.system.domain_ends import least, most
from checker.system.expression import Expression
from checker.system.run import State, Step
from checker.system.sorts import BoolSort, Domain, Scalar
from checker.system.transition_system import Action, Hazard, Symbol, TransitionSystem
from checker.system.walk import expand_quantifiers

__all__ = ["Move", "Relation", "bit_vectors_for"]


@dataclass(frozen=True)
class Move:
    """One action: a relation between two moments, over symbols for its parameters and choices.

    Parameters
    ----------
    action : Action
    symbols : mapping of Expression to Term
        A constant for each parameter and each choice.
    inside : Term
        Every symbol is in its domain.
    guard : Term
    hazards : tuple of (Hazard, Term)
        What can go wrong, and where it does; there is no successor then.
    updates : mapping of str to Term
        New values of the variables that change.
    changes : Term
        Whether a step of it would change the state.
    """

    action: Action
    symbols: Mapping[Expression, Term]
    inside: Term
    guard: Term
    hazards: tuple[tuple[Hazard, Term], ...]
    updates: Mapping[str, Term]
    changes: Term

    @property
    def wrong(self) -> Term:
        """Something goes wrong (only where the guard holds)."""
        return z3.And(self.inside, self.guard, z3.Or(*(where for _, where in self.hazards)))

    @property
    def possible(self) -> Term:
        """It is enabled and leads to a successor."""
        return z3.And(self.inside, self.guard, z3.Not(z3.Or(*(where for _, where in self.hazards))))


class Relation:
    """A system over one theory of numbers.

    Parameters
    ----------
    system : TransitionSystem
    numbers : Numbers

    Attributes
    ----------
    before, after : Frame
        Constants `x` and `x'` for every variable.
    """

    def __init__(self, system: TransitionSystem, numbers: Numbers | None = None) -> None:
        self.system = system
        self.numbers: Numbers = Integers() if numbers is None else numbers
        self.before: Frame = self.frame(lambda name: name)
        self.after: Frame = self.frame(lambda name: name + "'")
        self.read = Reader(self.numbers, self.before)

    def frame(self, named: Callable[[str], str]) -> dict[str, Term]:
        """A constant for every variable, called as the function says."""
        return {
            one.name: self.numbers.symbol(named(one.name), one.domain.sort)
            for one in self.system.variables
        }

    # ------------------------------------------------------------ the system

    @cached_property
    def initial(self) -> Term:
        """A state is initial."""
        parts = [self.read(self.system.wellformed)]
        for one in self.system.variables:
            here = self.before[one.name]
            if isinstance(one.initial, Expression):
                parts.append(here == self.read(one.initial))
            elif one.initial is None:
                parts.append(self.inside(here, one.domain))
            else:
                parts.append(z3.Or(*(here == self.literal(value, one.domain) for value in one.initial)))
        return z3.And(*parts)

    @cached_property
    def domains(self) -> Term:
        """Every variable is inside its domain: an obligation of every step, not an assumption."""
        return z3.And(*(self.inside(self.before[one.name], one.domain) for one in self.system.variables))

    @cached_property
    def moves(self) -> tuple[Move, ...]:
        """One relation for each action, in the system's order."""
        return tuple(self._move(action) for action in self.system.actions)

    def _move(self, action: Action) -> Move:
        symbols = {
            one.node: self.numbers.symbol(f"{action.name}.{one.node.payload[0]}", one.domain.sort)
            for one in (*action.parameters, *action.choices)
        }
        read = Reader(self.numbers, self.before, symbols=symbols)
        updates = {name: read(value) for name, value in action.updates}
        return Move(
            action,
            symbols,
            z3.And(
                *(
                    self.inside(symbols[one.node], one.domain)
                    for one in (*action.parameters, *action.choices)
                )
            ),
            read(action.guard),
            tuple((hazard, read(hazard.condition)) for hazard in action.hazards),
            updates,
            z3.Or(*(self.before[name] != value for name, value in updates.items())),
        )

    def step(self, move: Move) -> Term:
        """The move leads from `before` to `after`."""
        same = (
            self.after[one.name] == move.updates.get(one.name, self.before[one.name])
            for one in self.system.variables
        )
        return z3.And(move.possible, *same)

    # ------------------------------------------------------------ values

    def literal(self, value: Scalar, domain: Domain) -> Term:
        """A value of a domain."""
        if isinstance(domain.sort, BoolSort):
            return z3.BoolVal(bool(value))
        return self.numbers.literal(int(value))

    def inside(self, term: Term, domain: Domain) -> Term:
        """A term is a value of a domain.

        An end that depends on parameters is read in `before`; no step changes them.
        """
        if isinstance(domain.sort, BoolSort):
            return z3.BoolVal(True)
        parts = []
        low, high = least(domain), most(domain)
        if low is not None:
            parts.append(self.numbers.at_most(self.read(low), term))
        if high is not None:
            parts.append(self.numbers.at_most(term, self.read(high)))
        return z3.And(*parts)

    def scalar(self, model: Any, term: Term, domain: Domain) -> Scalar:
        """The value of a term in a Z3 model; where the model leaves it open, one of its domain."""
        value = model.eval(term, model_completion=False)
        if isinstance(domain.sort, BoolSort):
            return bool(z3.is_true(value))
        if z3.is_int_value(value) or z3.is_bv_value(value):
            return self.numbers.value(value)
        return domain.default()

    def state(self, model: Any, frame: Frame) -> State:
        """The state that a Z3 model has at a moment."""
        return {
            one.name: self.scalar(model, frame[one.name], one.domain) for one in self.system.variables
        }

    def taken(self, model: Any, move: Move, symbols: Mapping[Expression, Term] | None = None) -> Step:
        """The step that a Z3 model takes by a move."""
        terms = move.symbols if symbols is None else symbols

        def values(several: tuple[Symbol, ...]) -> tuple[Scalar, ...]:
            return tuple(self.scalar(model, terms[one.node], one.domain) for one in several)

        return Step(move.action.name, values(move.action.parameters), values(move.action.choices))


def bit_vectors_for(system: TransitionSystem, *more: Expression) -> BitVectors:
    """Bit-vectors in which nothing that the system or the expressions compute overflows.

    Raises
    ------
    NotFinite
        If some number can be arbitrarily large.
    """
    roots = [system.wellformed, *more, *(one.node for one in system.variables)]
    roots += [one.initial for one in system.variables if isinstance(one.initial, Expression)]
    ranges = [one.domain for one in system.variables]
    for action in system.actions:
        symbols = (*action.parameters, *action.choices)
        roots += [*action.roots(), *(one.node for one in symbols)]
        ranges += [one.domain for one in symbols]
    roots += [end for domain in ranges for end in (least(domain), most(domain)) if end is not None]
    written = expand_quantifiers(roots)
    domains = {one.name: one.domain for one in system.variables}
    return BitVectors(width_for([written[root] for root in roots], domains))
