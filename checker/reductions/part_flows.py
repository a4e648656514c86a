"""Parts that get another content: from which to which, under which condition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from checker.reductions.part_reading import Local, holds_value
from checker.reductions.part_rows import NotUniform
from checker.system.expression import FALSE, Expression, conj
from checker.system.sorts import Domain, Scalar

__all__ = ["Flow", "flows_from", "only_exchange"]

_MOST_TARGETS = 64
"""Contents that one step may lead to."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Parts that get another content.

    Parameters
    ----------
    source, target : Local
        Never the same.
    when : Expression
        Given the guard.
    named : bool
        It is a part that the action names; otherwise all the others with this content.
    """

    source: Local
    target: Local
    when: Expression
    named: bool


def flows_from(
    content: Local, values: Sequence[Expression], domains: Sequence[Domain], *, named: bool
) -> Iterator[Flow]:
    """Where a part goes, and when; the conditions exclude each other.

    Parameters
    ----------
    content : Local
        What it holds.
    values : sequence of Expression
        What it holds afterwards.
    domains : sequence of Domain
    named : bool

    Raises
    ------
    NotUniform
        If there are too many possibilities.
    """
    possible = [_possible(value, domain) for value, domain in zip(values, domains, strict=True)]
    if prod(map(len, possible)) > _MOST_TARGETS:
        raise NotUniform("a part may get too many different contents in one step")
    for target in product(*possible):
        when = conj(*map(holds_value, values, target))
        if target != content and when is not FALSE:
            yield Flow(content, target, when, named)


def only_exchange(flows: Sequence[Flow]) -> bool:
    """Whether parts may do no more than change places, so that no counter is different afterwards.

    Where the flows have no cycle, some content that is left by a part is reached by none.
    """
    onward: dict[Local, set[Local]] = {}
    for flow in flows:
        onward.setdefault(flow.source, set()).add(flow.target)
    left = set(onward)
    while True:
        # What leads nowhere that leads on is in no cycle.
        ends = {one for one in left if onward[one].isdisjoint(left)}
        if not ends:
            return bool(left)
        left -= ends


def _possible(value: Expression, domain: Domain) -> tuple[Scalar, ...]:
    """The values that an expression may have, within a domain."""
    found: set[Scalar] = set()
    stack = [value]
    while stack:
        node = stack.pop()
        if node.operator == "ite":
            stack.extend(node.operands[1:])
        elif node.is_constant:
            found.add(node.payload)
        else:
            return domain.values()
    return tuple(sorted(one for one in found if one in domain))
