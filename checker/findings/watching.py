"""What of a property can be seen along a random run, and where in a watch it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from checker.explicit.watch import Watch
from checker.system.expression import FALSE, TRUE, Expression, conj, disj, neg
from checker.system.transition_system import Property

__all__ = ["Sight", "WatchList"]

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Sight:
    """Where a property is in a watch: positions in its tuples, None where there is nothing to see.

    Parameters
    ----------
    claim : Property
    bad : int or None
        A state that breaks it, or in which its predicate cannot be evaluated.
    change : int or None
        A step that breaks it.
    stuck, owed : int or None
        A state where nothing goes on and it is not, or not any more, as promised. It is then broken
        for good: every run may stay there for ever.
    goal, premise : int or None
        What may be reached.
    """

    claim: Property
    bad: int | None = None
    change: int | None = None
    stuck: int | None = None
    owed: int | None = None
    goal: int | None = None
    premise: int | None = None

    def events(self, watch: Watch) -> tuple[int, ...]:
        """The numbers of the events that break it."""
        before_stuck = len(watch.bad) + len(watch.changes)
        places = (
            (self.bad, 0),
            (self.change, len(watch.bad)),
            (self.stuck, before_stuck),
            (self.owed, before_stuck + len(watch.stuck)),
        )
        return tuple(start + place for place, start in places if place is not None)


@dataclass(slots=True)
class WatchList:
    """Gathers what several properties need to see in one watch."""

    bad: list[Expression] = field(default_factory=list)
    changes: list[Expression] = field(default_factory=list)
    stuck: list[Expression] = field(default_factory=list)
    owed: list[tuple[Expression, Expression]] = field(default_factory=list)
    goals: list[Expression] = field(default_factory=list)

    def add(self, claim: Property, resting: Expression | None) -> Sight:
        """Watch a property.

        Parameters
        ----------
        claim : Property
        resting : Expression or None
            For "deadlock_free": where nothing needs to happen any more.
        """
        error = disj(*(hazard.condition for hazard in claim.hazards))
        fine = neg(error)
        predicate = TRUE if claim.predicate is None else claim.predicate
        if claim.kind == "always":
            return Sight(claim, bad=_put(self.bad, disj(error, neg(predicate))))
        if claim.kind == "never":
            return Sight(claim, bad=_put(self.bad, disj(error, predicate)))
        if claim.kind == "transition":
            return Sight(claim, change=_put(self.changes, disj(error, neg(predicate))))
        if claim.kind == "deadlock_free":
            unrest = TRUE if resting is None else neg(resting)
            return Sight(claim, stuck=_put(self.stuck, unrest))
        bad = None if error is FALSE else _put(self.bad, error)
        if claim.kind == "leads_to":
            assert claim.premise is not None
            owed = _put(self.owed, (conj(fine, claim.premise), conj(fine, predicate)))
            return Sight(claim, bad, owed=owed, premise=_put(self.goals, conj(fine, claim.premise)))
        goal = conj(fine, predicate)
        if claim.kind == "reachable":
            return Sight(claim, bad, goal=_put(self.goals, goal))
        if claim.kind in ("converges", "recurs", "recoverable"):
            # Where it cannot be evaluated that is what is wrong, and no other reason is needed.
            stuck = _put(self.stuck, conj(fine, neg(predicate)))
            return Sight(claim, bad, stuck=stuck, goal=_put(self.goals, goal))
        return Sight(claim)

    def watch(self, sights: Iterable[Sight]) -> Watch:
        """All of it, for the sights that were given out."""
        watch = Watch(
            tuple(self.bad),
            tuple(self.changes),
            tuple(self.stuck),
            tuple(self.owed),
            tuple(self.goals),
        )
        joined = dict.fromkeys(sight.events(watch) for sight in sights)
        return replace(watch, joined=tuple(events for events in joined if len(events) > 1))


def _put(row: list[Item], item: Item) -> int:
    """The position of an item, which is entered if it is not there yet."""
    if item not in row:
        row.append(item)
    return row.index(item)
