"""What lemmas about a system are made of: literals, conditions, comparisons, and their truth in samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from checker.symbolic.columns import Column, Columns
from checker.symbolic.mining import Mined, mined
from checker.symbolic.samples import Samples
from checker.system.bounds import Bounds
from checker.system.expression import Expression, add, constant, eq, le, lt, neg, sub
from checker.system.sorts import BoolSort, EnumSort, IntSort
from checker.system.transition_system import Role, TransitionSystem
from checker.system.walk import variables_of

__all__ = ["Vocabulary", "at_most_by"]

_Truth = npt.NDArray[np.bool_]

_MOST_NUMBERS = 14
"""Numbers up to which every pair is compared; of more only those that the model brings together."""

_MOST_PAIRS = 300


class Vocabulary:
    """What lemmas about a system are made of, and the truth of it in every sample.

    Parameters
    ----------
    system : TransitionSystem
    samples : Samples
    extra : sequence of Expression

    Attributes
    ----------
    literals : tuple of Expression
        Labels, program counters, truth values, and their negations.
    conditions : tuple of Expression
        What the model compares, and the negations.
    comparisons : tuple of Expression
        Of numbers like each other, and of numbers with constants.
    """

    def __init__(
        self, system: TransitionSystem, samples: Samples, extra: Sequence[Expression] = ()
    ) -> None:
        self.system = system
        self.samples = samples
        self.columns = Columns(system)
        for state in samples.states:
            self.columns.add(state)
        self.bounds = Bounds({one.name: one.domain for one in system.variables})
        self.mined: Mined = mined(system, extra)
        self.frozen = frozenset(one.name for one in system.variables if one.role is Role.PARAMETER)
        self.literals = tuple(self._readable(_literals(system, self.columns)))
        both = (part for atom in self.mined.atoms for part in (atom, neg(atom)))
        self.conditions = tuple(self._readable(one for one in both if one not in self.literals))
        self.numbers = self._numbers()
        self.pairs = self._pairs()
        self.comparisons = tuple(self._readable(dict.fromkeys(self._comparisons())))

    def column(self, expression: Expression) -> Column | None:
        """The values in every sample; None where they do not fit a machine's numbers."""
        try:
            return self.columns(expression)
        except OverflowError:
            return None

    def truth(self, condition: Expression) -> _Truth:
        """In which samples a condition holds."""
        values: _Truth = self.columns(condition)
        return values

    def is_always(self, condition: Expression) -> bool:
        """Whether it holds in every sample."""
        values = self.column(condition)
        return values is not None and bool(values.all())

    def table(self, conditions: Sequence[Expression]) -> _Truth:
        """Truth of several conditions, shape (conditions, samples)."""
        if not conditions:
            return np.zeros((0, len(self.columns)), dtype=np.bool_)
        return np.stack([self.truth(one) for one in conditions])

    def _readable(self, several: Iterable[Expression]) -> Iterator[Expression]:
        return (one for one in several if not one.is_constant and self.column(one) is not None)

    # ------------------------------------------------------------ numbers

    def _numbers(self) -> tuple[Expression, ...]:
        """Integer variables and the sums that the model computes, whose values fit."""
        plain = [one.node for one in self.system.variables if isinstance(one.domain.sort, IntSort)]
        # What is a variable and a number more is compared as that variable.
        sums = [
            one
            for one in self.mined.terms
            if not (one.operator == "add" and one.operands[1].is_constant)
        ]
        return tuple(self._readable(dict.fromkeys([*plain, *sums])))

    def _pairs(self) -> list[tuple[Expression, Expression]]:
        """Numbers that could be compared, those first that the model brings together."""
        close = self._together()
        plain = [one for one in self.numbers if one.operator == "variable"]
        computed = [one for one in self.numbers if one.operator != "variable"]
        ranked: list[tuple[int, Expression, Expression]] = []
        for one, other in [*combinations(plain, 2), *((a, b) for a in computed for b in plain)]:
            reads = variables_of([one]) | variables_of([other])
            if reads <= self.frozen or variables_of([other]) <= variables_of([one]):
                continue
            near = any(reads <= group for group in close)
            if near or len(self.numbers) <= _MOST_NUMBERS:
                ranked.append((0 if near else 1, one, other))
        ranked.sort(key=lambda entry: entry[0])
        return [pair for _, *pair in ranked[:_MOST_PAIRS]]  # type: ignore[misc]

    def _together(self) -> list[frozenset[str]]:
        """Sets of variables that one comparison, or one action, reads or sets."""
        groups = [variables_of([atom]) for atom in self.mined.atoms]
        for action in self.system.actions:
            roots = [action.guard, *(value for _, value in action.updates)]
            groups.append(variables_of(roots) | {name for name, _ in action.updates})
        return groups

    def _comparisons(self) -> Iterator[Expression]:
        for one, other in self.pairs:
            for left, right in ((one, other), (other, one)):
                yield lt(left, right)
                yield le(left, right)
                yield at_most_by(left, right, 1)
        limits = sorted({0, 1, *self.mined.constants}, key=lambda number: (abs(number), number))
        for number in self.numbers:
            for limit in limits[:8]:
                yield le(number, constant(limit))
                yield lt(constant(limit), number)
                yield lt(number, constant(limit))
                yield le(constant(limit), number)

    def is_trivial(self, left: Expression, right: Expression, gap: int) -> bool:
        """Whether left <= right + gap follows from the domains."""
        return self.bounds.of(sub(left, right))[1] <= gap


def _literals(system: TransitionSystem, columns: Columns) -> list[Expression]:
    """What a label, a program counter or a truth value is, or is not; numbers of few values as well."""
    found: list[Expression] = []
    negative: list[Expression] = []
    for one in system.variables:
        if isinstance(one.domain.sort, BoolSort):
            found += [one.node, neg(one.node)]
        elif isinstance(one.domain.sort, EnumSort):
            here = [
                eq(one.node, constant(k, one.domain.sort))
                for k in range(one.domain.low, one.domain.low + (one.domain.size or 0))
            ]
            found += here
            negative += map(neg, here) if len(here) > 2 else ()
    same: dict[EnumSort, list[Expression]] = {}
    for one in system.variables:
        if isinstance(one.domain.sort, EnumSort):
            same.setdefault(one.domain.sort, []).append(one.node)
    for nodes in same.values():
        for left, right in list(combinations(nodes, 2))[:40]:
            negative += [eq(left, right), neg(eq(left, right))]
    return [*found, *negative]


def at_most_by(left: Expression, right: Expression, gap: int) -> Expression:
    """left <= right + gap, as one would write it."""
    if gap == -1:
        return lt(left, right)
    if right.is_constant:
        return le(left, add(right, constant(gap)))
    return le(left, add(right, constant(gap))) if gap >= 0 else le(add(left, constant(-gap)), right)
