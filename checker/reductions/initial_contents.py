"""What a part can hold in the beginning, and which of it is well-formed."""

from __future__ import annotations

from itertools import product
from math import prod

from checker.reductions.part_reading import NOBODY, Local, PartReader, Standing
from checker.reductions.part_rows import NotUniform, Parts
from checker.reductions.transitions import conjuncts
from checker.system.expression import FALSE, TRUE, Expression, conj, eq
from checker.system.expression import constant as constant_of
from checker.system.sorts import Scalar
from checker.system.transition_system import TransitionSystem
from checker.system.walk import variables_of

__all__ = ["initial_contents", "wellformed_beside"]

_MOST = 4_096


def initial_contents(system: TransitionSystem, parts: Parts) -> tuple[Local, ...]:
    """Every content that a part may begin with, in ascending order.

    Each part begins with any of them, whatever the others begin with.

    Raises
    ------
    NotUniform
        If parts begin differently, or what one begins with depends on more than the part.
    """
    possible = [_candidates(system, parts, row) for row in range(len(parts.rows))]
    if prod(map(len, possible)) > _MOST:
        raise NotUniform("a part can begin with too many different contents")
    reader = PartReader(parts, {})
    own = [_own_conditions(system, parts, number) for number in range(parts.count)]
    found = []
    for content in product(*possible):
        standing = Standing((content,), {}, {})
        answers = set()
        for number in range(parts.count):
            here = standing.numbered(number, 0)
            answer = conj(
                *(reader(condition, here) for condition in own[number]),
                *(
                    eq(reader(begins, here), constant_of(value, begins.sort))
                    for begins, value in _computed(system, parts, number, content)
                ),
            )
            answers.add(answer)
        if len(answers) > 1:
            raise NotUniform("not all parts begin with the same contents")
        answer = answers.pop()
        if answer not in (TRUE, FALSE):
            raise NotUniform("what a part begins with depends on more than the part")
        if answer is TRUE:
            found.append(content)
    return tuple(found)


def wellformed_beside(system: TransitionSystem, parts: Parts, reader: PartReader) -> Expression:
    """What is well-formed, without what is said of each part alone: that holds in every content."""
    home = parts.home
    rest = []
    for condition in conjuncts(system.wellformed):
        if len({home[name][1] for name in variables_of([condition]) if name in home}) != 1:
            rest.append(reader(condition, NOBODY))
        elif any(name not in home for name in variables_of([condition])):
            raise NotUniform("what is well-formed in a part depends on more than the part")
    return conj(*rest)


def _own_conditions(system: TransitionSystem, parts: Parts, number: int) -> list[Expression]:
    """Conjuncts of what is well-formed that speak of one part alone."""
    home = parts.home
    return [
        condition
        for condition in conjuncts(system.wellformed)
        if {home[name][1] for name in variables_of([condition]) if name in home} == {number}
    ]


def _candidates(system: TransitionSystem, parts: Parts, row: int) -> tuple[Scalar, ...]:
    """The values that a local variable may begin with; all, where they are computed."""
    domain = parts.domains[row]
    values = set()
    for name in parts.rows[row]:
        initial = system.variable[name].initial
        given = domain.values() if initial is None or isinstance(initial, Expression) else initial
        values.add(tuple(sorted(set(given))))
    if len(values) > 1:
        raise NotUniform(f"not all elements of `{parts.titles[row]}` begin alike")
    return values.pop()


def _computed(
    system: TransitionSystem, parts: Parts, number: int, content: Local
) -> list[tuple[Expression, Scalar]]:
    """Initial values that are computed, and what they are supposed to be."""
    found = []
    for row, value in zip(parts.rows, content, strict=True):
        initial = system.variable[row[number]].initial
        if isinstance(initial, Expression):
            found.append((initial, value))
    return found
