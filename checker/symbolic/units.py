"""Where a step could be taken, with its parameters and choices written out; the units of fairness."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

import z3

from checker.symbolic.numbers import Term
from checker.symbolic.relation import Move, Relation
from checker.system.run import Step
from checker.system.sorts import BoolSort, Domain, Scalar
from checker.system.transition_system import Action, Fairness, Symbol

__all__ = ["MOST_OUTCOMES", "NotWritable", "Unit", "enabled", "some_outcome", "steps_of", "units_of"]

MOST_OUTCOMES = 4096
"""Combinations of parameters and choices that are written out for one system."""


class NotWritable(ValueError):
    """The parameters and choices of the actions have too many combinations to be written out."""


@dataclass(frozen=True)
class Unit:
    """A unit of fairness: some actions of one group with the same values of their parameters.

    Parameters
    ----------
    name : str
        The group, with the arguments in parentheses if there are any.
    strong : bool
        Whether any of the actions is strongly fair; otherwise the unit is weakly fair.
    enabled : Term
        Over `before`: some outcome of it changes the state or goes wrong.
    taken : tuple of (int, Term)
        Positions of the actions, and for each the condition on its symbols under which a step of
        it is one of this unit.
    """

    name: str
    strong: bool
    enabled: Term
    taken: tuple[tuple[int, Term], ...]


def units_of(relation: Relation) -> tuple[Unit, ...]:
    """The units of fairness of a system, in the order of its actions.

    Raises
    ------
    NotWritable
        If a fair action has too many combinations of parameters and choices, or unboundedly many:
        that a unit is *not* enabled speaks of all of them.
    """
    fair = [move for move in relation.moves if move.action.fairness is not Fairness.NONE]
    _need_few(move.action for move in fair)
    members: dict[tuple[str, tuple[Scalar, ...]], list[tuple[int, Move]]] = {}
    for position, move in enumerate(relation.moves):
        if move.action.fairness is not Fairness.NONE:
            for arguments in _values(move.action.parameters):
                members.setdefault((move.action.group, arguments), []).append((position, move))
    return tuple(_unit(relation, *key, moves) for key, moves in members.items())


def some_outcome(relation: Relation, moves: Iterable[Move], what: Callable[[Move], Term]) -> Term:
    """A condition holds for some values of a move's parameters and choices, over `before` alone.

    Parameters
    ----------
    relation : Relation
    moves : iterable of Move
    what : callable
        The condition, over the move's symbols.

    Raises
    ------
    NotWritable
    """
    moves = tuple(moves)
    _need_few(move.action for move in moves)
    return z3.Or(
        *(
            outcome
            for move in moves
            for arguments in _values(move.action.parameters)
            for outcome in _each(relation, move, what(move), arguments)
        )
    )


def steps_of(action: Action) -> Iterator[Step]:
    """Every outcome of an action, possible or not: arguments first, then choices.

    Raises
    ------
    NotWritable
        If there are too many.
    """
    _need_few([action])
    return (
        Step(action.name, arguments, choices)
        for arguments in _values(action.parameters)
        for choices in _values(action.choices)
    )


def enabled(move: Move) -> Term:
    """An outcome changes the state; one that goes wrong does."""
    return z3.Or(move.wrong, z3.And(move.possible, move.changes))


def _unit(
    relation: Relation, group: str, arguments: tuple[Scalar, ...], moves: list[tuple[int, Move]]
) -> Unit:
    shown = (
        symbol.domain.show(value)
        for symbol, value in zip(moves[0][1].action.parameters, arguments, strict=True)
    )
    outcomes = (out for _, move in moves for out in _each(relation, move, enabled(move), arguments))
    return Unit(
        f"{group}({', '.join(shown)})" if arguments else group,
        any(move.action.fairness is Fairness.STRONG for _, move in moves),
        z3.simplify(z3.Or(*outcomes)),
        tuple((position, _given(relation, move, arguments)) for position, move in moves),
    )


def _given(relation: Relation, move: Move, arguments: tuple[Scalar, ...]) -> Term:
    return z3.And(
        *(
            move.symbols[symbol.node] == relation.literal(value, symbol.domain)
            for symbol, value in zip(move.action.parameters, arguments, strict=True)
        )
    )


def _each(relation: Relation, move: Move, term: Term, arguments: tuple[Scalar, ...]) -> Iterator[Term]:
    """A term over a move's symbols for given arguments, and every combination of the choices."""
    several = (*move.action.parameters, *move.action.choices)
    for choices in _values(move.action.choices):
        values = [
            (move.symbols[symbol.node], relation.literal(value, symbol.domain))
            for symbol, value in zip(several, (*arguments, *choices), strict=True)
        ]
        yield z3.simplify(z3.substitute(term, *values) if values else term)


def _need_few(actions: Iterable[Action]) -> None:
    total = 0
    for action in actions:
        sizes = [_size(one.domain) for one in (*action.parameters, *action.choices)]
        if None in sizes:
            raise NotWritable(f"a parameter or choice of {action.name} has no fixed number of values")
        total += prod(size for size in sizes if size is not None)
        if total > MOST_OUTCOMES:
            raise NotWritable(
                f"with {action.name} the actions have {total:,} combinations of parameters and "
                f"choices; at most {MOST_OUTCOMES:,} are written out"
            )


def _size(domain: Domain) -> int | None:
    # A bound of an enumeration is not the end of what can be chosen.
    return None if domain.high is None else domain.size


def _values(symbols: tuple[Symbol, ...]) -> Iterator[tuple[Scalar, ...]]:
    return product(*(_range(symbol.domain) for symbol in symbols))


def _range(domain: Domain) -> Iterable[Scalar]:
    if isinstance(domain.sort, BoolSort):
        return (False, True)
    assert domain.high is not None
    return range(domain.low, domain.high + 1)
