"""Actions with their parameters fixed, as what they read and write: what independence speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod

from checker.system.expression import FALSE, TRUE, Expression, bound, conj, constant, lt
from checker.system.sorts import Scalar
from checker.system.transition_system import Action, Kind, Symbol, TransitionSystem
from checker.system.walk import expand_quantifiers, substitute, variables_of

__all__ = [
    "Facts",
    "NotStatic",
    "Transition",
    "about",
    "conjuncts",
    "joined",
    "never_changed",
    "transitions_of",
]

_MOST_TRANSITIONS = 1_000
"""Beyond this, to compare them with each other takes longer than the reduction would save."""

Facts = tuple[tuple[Expression, Expression], ...]
"""Variables and the values they are known to have, in the order of the variables' names."""


class NotStatic(ValueError):
    """The actions of a system cannot be written out one by one, and why."""


@dataclass(frozen=True, eq=False)
class Transition:
    """An instance of an action: its choices are free symbols that no other instance has.

    Parameters
    ----------
    key : (str, tuple of bool or int)
        The action's name and its arguments.
    kind : Kind
    guard : Expression
    hazards : tuple of Expression
        Where it is enabled and one of them holds, it goes wrong: a hazard of the action, or a value
        beyond the stated bound of an unbounded variable.
    updates : mapping of Expression to Expression
        Variables and their new values; only those that may change.
    facts : Facts
        What the guard says of variables.
    touches, writes : frozenset of str
        Variables that occur in it at all, and those that it may change.
    """

    key: tuple[str, tuple[Scalar, ...]]
    kind: Kind
    guard: Expression
    hazards: tuple[Expression, ...]
    updates: Mapping[Expression, Expression]
    facts: Facts
    touches: frozenset[str]
    writes: frozenset[str]

    def value(self, node: Expression) -> Expression:
        """What a variable becomes, in terms of the state before."""
        return self.updates.get(node, node)

    def meets(self, other: Transition) -> bool:
        """Whether one of the two may change a variable that occurs in the other."""
        return not (self.writes.isdisjoint(other.touches) and other.writes.isdisjoint(self.touches))


def transitions_of(
    system: TransitionSystem, constants: Mapping[Expression, Expression]
) -> tuple[Transition, ...]:
    """Every instance of every action that may be enabled at all.

    Parameters
    ----------
    system : TransitionSystem
    constants : mapping of Expression to Expression
        Variables that have one and the same value in every reachable state.

    Raises
    ------
    NotStatic
        If there are too many, or infinitely many.
    """
    found: list[Transition] = []
    seen = 0
    for action in system.actions:
        for symbol in (*action.parameters, *action.choices):
            if symbol.domain.size is None:
                raise NotStatic(f"{symbol.name} of {action.name} is unbounded")
        seen += prod(symbol.domain.size or 0 for symbol in action.parameters)
        if seen > _MOST_TRANSITIONS:
            raise NotStatic(
                f"with {action.name} there are {seen:,} actions with their arguments; at most "
                f"{_MOST_TRANSITIONS:,} are compared with each other"
            )
        found.extend(_instances(system, action, constants, len(found)))
    return tuple(found)


def never_changed(system: TransitionSystem) -> dict[Expression, Expression]:
    """Variables that start with one value and that no action changes, with that value."""
    changed = {
        name
        for action in system.actions
        for name, value in action.updates
        if not (value.operator == "variable" and value.payload == name)
    }
    return {
        variable.node: constant(variable.initial[0], variable.domain.sort)
        for variable in system.variables
        if variable.name not in changed
        and isinstance(variable.initial, tuple)
        and len(set(variable.initial)) == 1
    }


def conjuncts(expression: Expression) -> Iterator[Expression]:
    """Yield the parts that all have to hold for an expression to hold."""
    stack = [expression]
    while stack:
        node = stack.pop()
        if node.operator == "and":
            stack.extend(reversed(node.operands))
        elif node is not TRUE:
            yield node


def joined(facts: Facts, more: Facts) -> Facts | None:
    """Both together; None if they contradict each other."""
    if not more:
        return facts
    known = dict(facts)
    for node, value in more:
        if known.setdefault(node, value) is not value:
            return None
    return tuple(sorted(known.items(), key=lambda fact: str(fact[0].payload)))


def about(facts: Facts, names: frozenset[str]) -> Facts:
    """The facts about some variables."""
    return tuple(fact for fact in facts if fact[0].payload in names)


def _instances(
    system: TransitionSystem,
    action: Action,
    constants: Mapping[Expression, Expression],
    number: int,
) -> Iterator[Transition]:
    hazards = [hazard.condition for hazard in action.hazards]
    updates = {system.variable[name].node: value for name, value in action.updates}
    roots = [action.guard, *hazards, *updates.values()]
    written = expand_quantifiers(roots)
    for arguments in product(*(_values(symbol) for symbol in action.parameters)):
        number += 1
        filled = dict(constants) | {
            symbol.node: constant(value, symbol.node.sort)
            for symbol, value in zip(action.parameters, arguments, strict=True)
        }
        # Two instances of one action decide for themselves.
        filled |= {symbol.node: _own(symbol, number) for symbol in action.choices}
        image = substitute([written[root] for root in roots], filled)
        guard = image[written[action.guard]]
        if guard is FALSE:
            continue
        known = dict.fromkeys(conjuncts(guard), TRUE)
        changes = {
            node: image[written[value]]
            for node, value in updates.items()
            if image[written[value]] is not node
        }
        errors = [
            # A hazard implies the guard, whose parts need not be looked at twice.
            *(_without(image[written[hazard]], known) for hazard in hazards),
            *_beyond(system, changes),
        ]
        read = variables_of([guard, *errors, *changes.values()])
        writes = frozenset(str(node.payload) for node in changes)
        yield Transition(
            (action.name, arguments),
            action.kind,
            guard,
            tuple(error for error in errors if error is not FALSE),
            changes,
            _facts(known),
            read | writes,
            writes,
        )


def _values(symbol: Symbol) -> Iterable[Scalar]:
    return symbol.domain.values()


def _own(symbol: Symbol, number: int) -> Expression:
    name, low, high = symbol.node.payload
    return bound(f"{name}#{number}", low, high, symbol.node.sort)


def _without(hazard: Expression, known: Mapping[Expression, Expression]) -> Expression:
    return conj(*(part for part in conjuncts(hazard) if part not in known))


def _beyond(system: TransitionSystem, changes: Mapping[Expression, Expression]) -> Iterator[Expression]:
    for node, value in changes.items():
        domain = system.variable[node.payload].domain
        if domain.high is None and domain.bound is not None:
            yield lt(constant(domain.bound), value)


def _facts(guard: Iterable[Expression]) -> Facts:
    """What the parts of a guard say of single variables."""
    known: dict[Expression, Expression] = {}
    for part in guard:
        if part.operator == "variable":
            known[part] = TRUE
        elif part.operator == "not" and part.operands[0].operator == "variable":
            known[part.operands[0]] = FALSE
        elif part.operator == "eq":
            left, right = part.operands
            if left.operator == "variable" and right.is_constant:
                known.setdefault(left, right)
    return tuple(sorted(known.items(), key=lambda fact: str(fact[0].payload)))
