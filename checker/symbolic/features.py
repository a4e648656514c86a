"""What a rank may be made of: expressions that are never negative, mined from the model itself.

Distances between numbers that the model compares, naturals, indicators of labels, program counters and
conditions, and one gated by another. All of them are at least 0 where every variable is inside its
domain, which is part of any invariant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from checker.system.bounds import Bounds
from checker.system.domain_ends import most
from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    as_integer,
    constant,
    eq,
    ite,
    le,
    maximum,
    neg,
    sub,
)
from checker.system.sorts import BoolSort, EnumSort, IntSort
from checker.system.transition_system import Role, TransitionSystem, Variable
from checker.system.walk import expand_quantifiers, topological

__all__ = ["Feature", "comparisons", "conditions", "distances", "features", "literals"]

_MOST_VARIABLES = 10
"""Integer variables up to which every pair is compared, also where the model does not."""

_MOST_LABELS = 12
"""Values of a number up to which each is a label of its own."""

_ZERO = constant(0)


@dataclass(frozen=True, slots=True)
class Feature:
    """A whole number that is not negative.

    Parameters
    ----------
    value : Expression
    weight : int
        How much less welcome it is in a rank than a plain distance, which weighs 1.
    """

    value: Expression
    weight: int


def features(system: TransitionSystem, goal: Expression, richness: int) -> tuple[Feature, ...]:
    """The features of one degree of richness; each degree contains the one before.

    Parameters
    ----------
    system : TransitionSystem
    goal : Expression
        What is to be reached: its comparisons are those that matter most.
    richness : int
        0: distances, and labels and truth values as 0 or 1. 1: also conditions of the model, and
        distances where a label or truth value holds. 2: also distances where a condition holds, and
        two labels or conditions at once.
    """
    plain = distances(system, goal)
    marks = literals(system)
    found: dict[Expression, int] = {}

    def put(value: Expression, weight: int) -> None:
        if not value.is_constant:
            found.setdefault(value, weight)

    for distance in plain:
        put(distance, 2)
    for mark in marks:
        put(as_integer(mark), 2)
    if richness >= 1:
        tests = conditions(system, goal)
        for test in tests:
            put(as_integer(test), 3)
        for mark in marks:
            for distance in plain:
                put(ite(mark, distance, _ZERO), 6)
    if richness >= 2:
        for test in tests:
            for distance in plain:
                put(ite(test, distance, _ZERO), 9)
        for mark in marks:
            for other in (*marks, *tests):
                if other is not mark and neg(other) is not mark:
                    put(ite(mark, as_integer(other), _ZERO), 7)
        for one, other in combinations(tests, 2):
            if neg(other) is not one:
                put(ite(one, as_integer(other), _ZERO), 12)
    return tuple(Feature(value, weight) for value, weight in found.items())


def distances(system: TransitionSystem, goal: Expression) -> tuple[Expression, ...]:
    """How far numbers are from their ends, and max(0, a - b) for what is or could be compared."""
    found: dict[Expression, None] = {}
    bounds = Bounds({one.name: one.domain for one in system.variables})

    def put(difference: Expression) -> None:
        low, high = bounds.of(difference)
        if high > 0:
            found[difference if low >= 0 else maximum(difference, _ZERO)] = None

    numbers = [one for one in system.variables if _is_number(one)]
    for left, right in _compared(system, [goal, *_roots(system)]):
        put(sub(left, right))
        put(sub(right, left))
    fixed = _fixed(system)
    if len(numbers) <= _MOST_VARIABLES:
        for one, other in combinations(numbers, 2):
            if not (one.name in fixed and other.name in fixed):
                put(sub(one.node, other.node))
                put(sub(other.node, one.node))
    for one in numbers:
        if one.name in fixed:
            continue
        if not one.domain.below:
            put(sub(one.node, constant(one.domain.low)))
        if one.domain.high is not None:
            put(sub(constant(one.domain.high), one.node))
        if one.domain.most is not None:
            put(sub(one.domain.most, one.node))
    return tuple(one for one in found if not one.is_constant)


def literals(system: TransitionSystem) -> tuple[Expression, ...]:
    """What a label, a truth value or a program counter can be: each a condition."""
    found: dict[Expression, None] = {}
    fixed = _fixed(system)
    for one in system.variables:
        if one.name in fixed and one.domain.high is None:
            continue
        if isinstance(one.domain.sort, BoolSort):
            found[one.node] = None
            found[neg(one.node)] = None
        elif isinstance(one.domain.sort, EnumSort) or (
            one.role is Role.POSITION and (one.domain.size or _MOST_LABELS + 1) <= _MOST_LABELS
        ):
            for value in one.domain.values():
                found[eq(one.node, constant(value, one.domain.sort))] = None
    return tuple(found)


def conditions(system: TransitionSystem, goal: Expression) -> tuple[Expression, ...]:
    """The comparisons that the model makes, each with its opposite."""
    known = set(literals(system))
    found: dict[Expression, None] = {}
    for root in [goal, *_roots(system)]:
        for node in _ground(root):
            if node.operator in ("eq", "lt", "le"):
                for part in (node, neg(node)):
                    if part not in known:
                        found[part] = None
    return tuple(one for one in found if one is not TRUE and one is not FALSE)


def comparisons(system: TransitionSystem, goal: Expression) -> tuple[Expression, ...]:
    """What may hold of a state at rest: labels, conditions of the model, and how numbers compare."""
    found = dict.fromkeys((*literals(system), *conditions(system, goal)))
    numbers = [one for one in system.variables if _is_number(one)]
    if len(numbers) <= _MOST_VARIABLES:
        for one, other in combinations(numbers, 2):
            found[eq(one.node, other.node)] = None
            found[le(one.node, other.node)] = None
            found[le(other.node, one.node)] = None
    for one in numbers:
        if not one.domain.below:
            found[eq(one.node, constant(one.domain.low))] = None
        end = most(one.domain)
        if end is not None:
            found[eq(one.node, end)] = None
    return tuple(one for one in found if not one.is_constant)


# ---------------------------------------------------------------- what the model compares


def _is_number(one: Variable) -> bool:
    return isinstance(one.domain.sort, IntSort) and one.role is not Role.POSITION


def _fixed(system: TransitionSystem) -> frozenset[str]:
    """Names of the variables that no action changes."""
    updated = {name for action in system.actions for name, _ in action.updates}
    return frozenset(one.name for one in system.variables if one.name not in updated)


def _roots(system: TransitionSystem) -> Iterator[Expression]:
    for action in system.actions:
        yield action.guard
        for _, value in action.updates:
            yield value


def _ground(root: Expression) -> Iterator[Expression]:
    """Nodes below a root that read state variables only; quantifiers written out."""
    written = expand_quantifiers([root])[root]
    bound: set[Expression] = set()
    for node in topological([written]):
        if node.operator in ("bound", "next") or any(one in bound for one in node.operands):
            bound.add(node)
        else:
            yield node


def _compared(
    system: TransitionSystem, roots: Iterable[Expression]
) -> Iterator[tuple[Expression, Expression]]:
    """Pairs of numbers that are compared, in a fixed order, program counters left out."""
    positions = {one.node for one in system.variables if one.role is Role.POSITION}
    for root in roots:
        for node in _ground(root):
            if node.operator in ("eq", "lt", "le") and isinstance(node.operands[0].sort, IntSort):
                left, right = node.operands
                if left not in positions and right not in positions:
                    yield left, right
