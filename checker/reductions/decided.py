"""What is decided where a condition holds, and expressions simplified by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from checker.system.expression import FALSE, TRUE, Expression, constant, eq, le, lt, neg
from checker.system.sorts import BoolSort
from checker.system.walk import substitute

__all__ = ["Facts", "facts_of", "simplified", "surely_differ", "ways_of"]

Facts = Mapping[Expression, Expression]
"""Expressions with the constant that each of them is known to be."""

_MOST_LEAVES = 64
"""Leaves of nested `ite`s that are told apart; what has more is taken to be anything."""


def facts_of(condition: Expression, truth: bool = True) -> dict[Expression, Expression]:
    """What must be so where a condition is true (or false): some of it, never more.

    Returns
    -------
    dict of Expression to constant Expression
        Contradictory or not: where a condition is never true, everything follows from it.
    """
    known: dict[Expression, Expression] = {}
    stack = [(condition, truth)]
    while stack:
        node, wanted = stack.pop()
        if node.is_constant:
            continue
        if node.operator == "not":
            stack.append((node.operands[0], not wanted))
            continue
        known[node] = TRUE if wanted else FALSE
        if node.operator == ("and" if wanted else "or"):
            stack.extend((operand, wanted) for operand in node.operands)
        elif node.operator in ("lt", "le"):
            known |= _ordered(node, wanted)
        elif node.operator == "eq":
            left, right = node.operands
            known[eq(right, left)] = known[node]
            if wanted and right.is_constant:
                known[left] = right
    return known


def _ordered(node: Expression, truth: bool) -> dict[Expression, Expression]:
    """What follows from a comparison, or from its contrary."""
    less, more = node.operands if truth else reversed(node.operands)
    strict = (node.operator == "lt") == truth
    known = {le(less, more): TRUE, lt(more, less): FALSE}
    if strict:
        known |= {lt(less, more): TRUE, le(more, less): FALSE}
        known |= {eq(less, more): FALSE, eq(more, less): FALSE}
    return {fact: value for fact, value in known.items() if not fact.is_constant}


def simplified(roots: Iterable[Expression], facts: Facts) -> dict[Expression, Expression]:
    """The image of every root where the facts hold."""
    roots = list(roots)
    first = substitute(roots, facts)
    # What a first pass has put together may itself be known.
    second = substitute((first[root] for root in roots), facts)
    return {root: second[first[root]] for root in roots}


def ways_of(value: Expression) -> list[tuple[dict[Expression, Expression], Expression | None]]:
    """The constants that a value may be, each with facts that hold where it is that one.

    Returns
    -------
    list of (facts, Expression or None)
        Together they cover every case. None for a value that is not known.
    """
    if isinstance(value.sort, BoolSort) and value.operator != "ite" and not value.is_constant:
        return [(facts_of(value, True), TRUE), (facts_of(value, False), FALSE)]
    found: list[tuple[dict[Expression, Expression], Expression | None]] = []
    stack: list[tuple[dict[Expression, Expression], Expression]] = [({}, value)]
    while stack:
        facts, node = stack.pop()
        if node.operator != "ite":
            found.append((facts, node if node.is_constant else None))
        else:
            condition, then, otherwise = node.operands
            decided = facts.get(condition)
            if decided is not FALSE:
                stack.append(({**facts, **facts_of(condition, True)}, then))
            if decided is not TRUE:
                stack.append(({**facts, **facts_of(condition, False)}, otherwise))
        if len(found) + len(stack) > _MOST_LEAVES:
            return [({}, None)]
    return found


def surely_differ(left: Expression, right: Expression, facts: Facts) -> bool:
    """Whether two values are different wherever the facts hold; False where that is not seen."""
    if facts.get(eq(left, right)) is FALSE:
        return True
    image = simplified([left, right], facts)
    left, right = image[left], image[right]
    if facts.get(eq(left, right)) is FALSE or facts.get(eq(right, left)) is FALSE:
        return True
    if isinstance(left.sort, BoolSort):
        return right is neg(left)
    if _distance(left, right) or _distance(right, left):
        return True
    return all(
        a is not None and b is not None and a is not b
        for _, a in ways_of(left)
        for _, b in ways_of(right)
    )


def _distance(value: Expression, other: Expression) -> bool:
    """Whether one value is the other plus a constant that is not zero."""
    return (
        value.operator == "add"
        and value.operands[0] is other
        and value.operands[1].is_constant
        and value.operands[1] is not constant(0)
    )
