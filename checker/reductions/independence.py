"""Which steps do not disturb each other, shown from their expressions where some variables are known.

What is known (`Facts`) holds before the steps in question; a step's own guard adds to it. A step
is put after another by substituting the updates of the one into the expressions of the other, so
that "it does not matter" is an equality of expressions: by structure, else by trying every value.

References
----------
A. Valmari, H. Hansen, "Stubborn set intuition explained", Transactions on Petri Nets and Other
Models of Concurrency XII (2017): conditions D1 and D2 and key transitions, for which these are
sufficient; E. M. Clarke, O. Grumberg, D. Peled, Model Checking (1999), §10.1: independence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from checker.reductions.implication import Implications
from checker.reductions.transitions import Facts, Transition, about, joined
from checker.system.expression import FALSE, Expression, eq, neg
from checker.system.sorts import Domain
from checker.system.walk import substitute, variables_of

__all__ = ["Independence"]


@dataclass(frozen=True, eq=False)
class _Taken:
    """A transition that is taken where something is known.

    Parameters
    ----------
    known : mapping of Expression to Expression
        Variables and their values, before.
    updates : mapping of Expression to Expression
        Variables and what they become, as far as that is something else; in terms of before.
    enabled, safe : tuple of Expression
        What holds if it is enabled, and if it does not go wrong.
    """

    known: Mapping[Expression, Expression]
    updates: Mapping[Expression, Expression]
    enabled: tuple[Expression, ...]
    safe: tuple[Expression, ...]

    @property
    def works(self) -> tuple[Expression, ...]:
        """What holds where it has a successor."""
        return self.enabled + self.safe

    @cached_property
    def result(self) -> Mapping[Expression, Expression]:
        """What is known of the variables afterwards."""
        return {**self.known, **self.updates}

    def before(self, expression: Expression) -> Expression:
        """The expression where the transition has not been taken yet."""
        return substitute([expression], self.known)[expression]

    def after(self, expression: Expression) -> Expression:
        """The expression where it has just been taken, in terms of before."""
        return substitute([expression], self.result)[expression]


class Independence:
    """Answers questions about the transitions of one system.

    Parameters
    ----------
    domains : mapping of str to Domain
        Of every variable.
    """

    def __init__(self, domains: Mapping[str, Domain]) -> None:
        self.follows = Implications(domains).follows
        self.read: dict[Expression, frozenset[str]] = {}
        self.taken: dict[tuple[Transition, Facts], _Taken] = {}
        self.answers: dict[tuple[str, object, object, Facts], bool] = {}

    # ------------------------------------------------------------ of one transition

    def possible(self, transition: Transition, facts: Facts) -> bool:
        """Whether it may be enabled where the facts hold; False only if it cannot."""
        facts = about(facts, transition.touches)
        question = ("possible", transition, None, facts)
        if question not in self.answers:
            known = joined(facts, transition.facts)
            self.answers[question] = known is not None and not self.follows(
                self._taken(transition, known).enabled, FALSE
            )
        return self.answers[question]

    def keeps(self, transition: Transition, facts: Facts) -> bool:
        """Whether the facts still hold after it, if they held before."""
        facts = about(facts, transition.touches)
        known = joined(facts, transition.facts)
        if known is None:
            return True
        taken = self._taken(transition, known)
        return all(
            self.follows(taken.works, eq(taken.after(node), value))
            for node, value in facts
            if node in taken.updates
        )

    def moves(self, transition: Transition, facts: Facts) -> bool:
        """Whether it may change anything where the facts hold; False only if it cannot."""
        known = joined(about(facts, transition.touches), transition.facts)
        return known is not None and bool(self._taken(transition, known).updates)

    def unseen(self, transition: Transition, predicate: Expression, facts: Facts) -> bool:
        """Whether the predicate has the same value after it as before, where the facts hold."""
        if predicate not in self.read:
            self.read[predicate] = variables_of([predicate])
        read = self.read[predicate]
        if transition.writes.isdisjoint(read):
            return True
        facts = about(facts, transition.touches | read)
        # Mostly the facts are not even needed.
        return self._unseen(transition, predicate, ()) or self._unseen(transition, predicate, facts)

    def _unseen(self, transition: Transition, predicate: Expression, facts: Facts) -> bool:
        question = ("unseen", transition, predicate, facts)
        if question not in self.answers:
            known = joined(facts, transition.facts)
            if known is None:
                return True
            taken = self._taken(transition, known)
            same = eq(taken.before(predicate), taken.after(predicate))
            self.answers[question] = self.follows(taken.works, same)
        return self.answers[question]

    # ------------------------------------------------------------ of two

    def commutes(self, member: Transition, outsider: Transition, facts: Facts) -> bool:
        """Whether a member that can be taken after an outsider can as well be taken before it.

        In every state in which the facts hold and the outsider has a successor: if the member is
        enabled after the outsider, it already is before, and goes wrong in the same way or not at
        all; and if it does not go wrong, the outsider can follow it, to the same state.
        """
        if not member.meets(outsider):
            return True
        facts = about(facts, member.touches | outsider.touches)
        question = ("commutes", member, outsider, facts)
        if question not in self.answers:
            self.answers[question] = self._commutes(member, outsider, facts)
        return self.answers[question]

    def _commutes(self, member: Transition, outsider: Transition, facts: Facts) -> bool:
        known = joined(facts, outsider.facts)
        if known is None:
            return True
        first = self._taken(outsider, known)
        after = first.after(member.guard)
        if after is FALSE:
            return True
        if not self.follows((*first.works, after), first.before(member.guard)):
            return False
        premise = (*first.works, after, first.before(member.guard))
        if not all(
            self.follows(premise, eq(first.before(hazard), first.after(hazard)))
            for hazard in member.hazards
        ):
            return False
        both = joined(known, member.facts)
        if both is None:
            return True
        first, other = self._taken(outsider, both), self._taken(member, both)
        premise = (*first.works, *other.works, first.after(member.guard))
        return self.follows(premise, other.after(outsider.guard)) and all(
            self.follows(premise, goal)
            for goal in (
                *(neg(other.after(hazard)) for hazard in outsider.hazards),
                *(
                    eq(other.after(outsider.value(node)), first.after(member.value(node)))
                    for node in {**outsider.updates, **member.updates}
                ),
            )
        )

    def lasts(self, key: Transition, outsider: Transition, facts: Facts) -> bool:
        """Whether an outsider leaves a key as it is, and the key leaves the outsider's errors.

        In every state in which the facts hold and the key has a successor: it also has one after
        the outsider; and where the outsider is enabled it also is after the key, and goes wrong
        there in the same way or not at all.
        """
        if not key.meets(outsider):
            return True
        facts = about(facts, key.touches | outsider.touches)
        question = ("lasts", key, outsider, facts)
        if question not in self.answers:
            self.answers[question] = self._lasts(key, outsider, facts)
        return self.answers[question]

    def _lasts(self, key: Transition, outsider: Transition, facts: Facts) -> bool:
        known = joined(facts, outsider.facts)
        known = None if known is None else joined(known, key.facts)
        if known is None:
            return True
        first, other = self._taken(outsider, known), self._taken(key, known)
        premise = first.works + other.works
        lasting = (key.guard, *map(neg, key.hazards))
        if not all(self.follows(premise, first.after(condition)) for condition in lasting):
            return False
        premise = other.works + first.enabled
        return self.follows(premise, other.after(outsider.guard)) and all(
            self.follows(premise, eq(other.before(hazard), other.after(hazard)))
            for hazard in outsider.hazards
        )

    # ------------------------------------------------------------ expressions

    def _taken(self, transition: Transition, facts: Facts) -> _Taken:
        entry = (transition, facts)
        if entry not in self.taken:
            known = dict(facts)
            roots = [transition.guard, *transition.hazards, *transition.updates.values()]
            image = substitute(roots, known)
            self.taken[entry] = _Taken(
                known,
                {
                    node: image[value]
                    for node, value in transition.updates.items()
                    if image[value] is not known.get(node, node)
                },
                (image[transition.guard],),
                tuple(neg(image[hazard]) for hazard in transition.hazards),
            )
        return self.taken[entry]
