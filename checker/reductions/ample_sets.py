"""The search for ample sets: which actions suffice wherever some variables have certain values.

A set of values (`Facts`) is tried; what may take the state out of it has to be in the set, and so
has whatever does not commute with a member. Where that takes in too much, one more variable is
given each of its values. It is a bounded search for something useful, complete in no sense; what
makes a set sound stands in `partial_order`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checker.reductions.independence import Independence
from checker.reductions.transitions import Facts, Transition, joined
from checker.system.expression import Expression, constant
from checker.system.transition_system import Kind, Role, TransitionSystem, Variable

__all__ = ["Cluster", "Clusters"]

_MOST_FACTS = 600
_MOST_QUESTIONS = 60_000
"""Sets of values that are tried, and the same times the number of transitions: some seconds."""

_MOST_VALUES = 8
_MOST_POSITIONS = 64
"""A variable, and a program counter, is given each of its values if there are no more of them."""

_DEEPEST = 3
"""Variables that are given a value at once."""


@dataclass(frozen=True, eq=False)
class Cluster:
    """What suffices where some variables have certain values.

    Parameters
    ----------
    facts : Facts
    members : frozenset of Transition
    keys : frozenset of Transition
        Of the members: those that nothing else disables or alters, and that nobody sees.
    possible : frozenset of Transition
        All that may be enabled there.
    """

    facts: Facts
    members: frozenset[Transition]
    keys: frozenset[Transition]
    possible: frozenset[Transition]


class Clusters:
    """The search in one system.

    Parameters
    ----------
    system : TransitionSystem
    transitions : sequence of Transition
    predicates : sequence of Expression
        What must not be changed by a key.
    steps : bool
        Whether a key must be a step.
    """

    def __init__(
        self,
        system: TransitionSystem,
        transitions: Sequence[Transition],
        predicates: Sequence[Expression],
        steps: bool,
    ) -> None:
        self.transitions = transitions
        self.predicates = predicates
        self.steps = steps
        self.independence = Independence(
            {variable.name: variable.domain for variable in system.variables}
        )
        self.order = {one: place for place, one in enumerate(transitions)}
        self.touching: dict[str, list[Transition]] = {}
        for one in transitions:
            for name in sorted(one.touches):
                self.touching.setdefault(name, []).append(one)
        used = [variable for variable in system.variables if _few_values(variable)]
        # Program counters first: they decide most.
        used.sort(key=lambda variable: variable.role is not Role.POSITION)
        self.control = {variable.name: variable for variable in used}

    def found(self) -> list[Cluster]:
        """Every cluster that is not everything, fewest members first."""
        clusters: list[Cluster] = []
        queue: deque[Facts] = deque([()])
        seen: set[Facts] = {()}
        for _ in range(min(_MOST_FACTS, _MOST_QUESTIONS // max(1, len(self.transitions)))):
            if not queue:
                break
            facts = queue.popleft()
            extend: dict[str, None] = {}
            for seed, cluster in self._tried(facts):
                if cluster is not None:
                    self._add(clusters, cluster)
                if cluster is None or len(cluster.members) > 1:
                    touched = frozenset().union(*(one.touches for one in seed))
                    extend |= dict.fromkeys(name for name in self.control if name in touched)
            if len(facts) < _DEEPEST:
                for more in self._extended(facts, extend):
                    if more not in seen:
                        seen.add(more)
                        queue.append(more)
        return sorted(clusters, key=self._rank)

    def _add(self, clusters: list[Cluster], cluster: Cluster) -> None:
        """Keep a cluster, unless one that asks for less is as good."""
        for known in clusters:
            if (
                set(known.facts) <= set(cluster.facts)
                and known.members & cluster.possible <= cluster.members
                and cluster.keys <= known.keys
            ):
                return
        clusters.append(cluster)

    def _rank(self, cluster: Cluster) -> tuple[int, int, int]:
        first = min(self.order[one] for one in cluster.members)
        return len(cluster.members), first, len(cluster.facts)

    def _extended(self, facts: Facts, names: Iterable[str]) -> Iterable[Facts]:
        known = dict(facts)
        for name in names:
            variable = self.control[name]
            if variable.node in known:
                continue
            for value in variable.domain.values():
                more = joined(facts, ((variable.node, constant(value, variable.domain.sort)),))
                assert more is not None
                yield more

    # ------------------------------------------------------------ under certain facts

    def _tried(self, facts: Facts) -> Iterable[tuple[Sequence[Transition], Cluster | None]]:
        """What the search starts from, and what comes of it."""
        possible = [one for one in self.transitions if self.independence.possible(one, facts)]
        # The facts have to last while only others act, so who may end them is a member.
        enders = [one for one in possible if not self.independence.keeps(one, facts)]
        within = frozenset(possible)
        if enders:
            return [(enders, self._cluster(enders, within, facts))]
        results: list[tuple[Sequence[Transition], Cluster | None]] = []
        covered: set[Transition] = set()
        for one in possible:
            if one not in covered:
                cluster = self._cluster([one], within, facts)
                if cluster is not None:
                    covered |= cluster.members
                results.append(([one], cluster))
        return results

    def _cluster(
        self, seed: Iterable[Transition], possible: frozenset[Transition], facts: Facts
    ) -> Cluster | None:
        """The least set with the seed that has a key; None if there is none, or it is everything."""
        members = self._closed(seed, possible, facts)
        while members < possible:
            hidden = [one for one in self._ordered(members) if self._hidden(one, facts)]
            if not hidden:
                return None
            obstacles = [(self._obstacles(one, members, possible, facts), one) for one in hidden]
            keys = frozenset(one for found, one in obstacles if not found)
            if keys:
                return Cluster(facts, members, keys, possible)
            fewest = min((found for found, _ in obstacles), key=len)
            members = self._closed([*members, *fewest], possible, facts)
        return None

    def _closed(
        self, seed: Iterable[Transition], possible: frozenset[Transition], facts: Facts
    ) -> frozenset[Transition]:
        """The seed and whatever does not commute with a member."""
        members = set(seed)
        waiting = self._ordered(members)
        while waiting and len(members) < len(possible):
            member = waiting.pop()
            for other in self._near(member):
                if (
                    other in possible
                    and other not in members
                    and not self.independence.commutes(member, other, facts)
                ):
                    members.add(other)
                    waiting.append(other)
        return frozenset(members)

    def _hidden(self, one: Transition, facts: Facts) -> bool:
        """Whether it may be relied upon, and no predicate sees it."""
        if (self.steps and one.kind is not Kind.STEP) or not self.independence.moves(one, facts):
            return False
        return all(self.independence.unseen(one, predicate, facts) for predicate in self.predicates)

    def _obstacles(
        self,
        key: Transition,
        members: frozenset[Transition],
        possible: frozenset[Transition],
        facts: Facts,
    ) -> list[Transition]:
        """Others that may disable or alter it, or the errors of which it alters."""
        return [
            other
            for other in self._near(key)
            if other in possible
            and other not in members
            and not self.independence.lasts(key, other, facts)
        ]

    def _near(self, one: Transition) -> list[Transition]:
        """Those with a variable in common, in their order."""
        return self._ordered({other for name in one.touches for other in self.touching[name]} - {one})

    def _ordered(self, transitions: Iterable[Transition]) -> list[Transition]:
        return sorted(transitions, key=self.order.__getitem__)


def _few_values(variable: Variable) -> bool:
    size = variable.domain.size
    most = _MOST_POSITIONS if variable.role is Role.POSITION else _MOST_VALUES
    return size is not None and 1 < size <= most
