"""What is looked at along a random walk: a few truth values of every state and every step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checker.system.expression import Expression, add, constant, ite

__all__ = ["MOST_BITS", "Watch"]

MOST_BITS = 60
"""Truth values that fit one number of the machine's."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Expressions whose first moment, or first and last, is noted in every run.

    An *event* is noted when it first happens. Events are numbered in the order of `bad`, `changes`,
    `stuck`, `owed`. A *goal* is noted when it first holds, and since when it has held at the end.

    Parameters
    ----------
    bad : tuple of Expression
        Of a state.
    changes : tuple of Expression
        Of a step, over `next` variables too.
    stuck : tuple of Expression
        Of a state in which no step (fault and intent do not count) can change anything.
    owed : tuple of (Expression, Expression)
        Premise and conclusion: in such a state the first has held, and since then not the second.
    goals : tuple of Expression
        Of a state.
    joined : tuple of tuple of int
        Numbers of events of which it is also counted in how many runs any of them happens.
    """

    bad: tuple[Expression, ...] = ()
    changes: tuple[Expression, ...] = ()
    stuck: tuple[Expression, ...] = ()
    owed: tuple[tuple[Expression, Expression], ...] = ()
    goals: tuple[Expression, ...] = ()
    joined: tuple[tuple[int, ...], ...] = ()

    @property
    def events(self) -> int:
        """How many events there are."""
        return len(self.bad) + len(self.changes) + len(self.stuck) + len(self.owed)

    @property
    def fits(self) -> bool:
        """Whether all of it fits one number."""
        halves = len(self.goals) + len(self.stuck) + 2 * len(self.owed)
        return max(len(self.bad) + halves, self.events) <= MOST_BITS

    def of_state(self) -> Expression:
        """A number with one bit each for `bad`, `goals`, `stuck`, the premises, the conclusions."""
        premises = (premise for premise, _ in self.owed)
        conclusions = (conclusion for _, conclusion in self.owed)
        return _number([*self.bad, *self.goals, *self.stuck, *premises, *conclusions])

    def of_step(self) -> Expression:
        """A number with one bit each for `changes`."""
        return _number(self.changes)


def _number(bits: Sequence[Expression]) -> Expression:
    """Halved again and again: a sum of many is not one deep chain."""
    zero = constant(0)
    parts = [ite(bit, constant(1 << place), zero) for place, bit in enumerate(bits)] or [zero]
    while len(parts) > 1:
        parts = [
            add(parts[i], parts[i + 1]) if i + 1 < len(parts) else parts[i]
            for i in range(0, len(parts), 2)
        ]
    return parts[0]
