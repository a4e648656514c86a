"""Partial order reduction: where it suffices to follow some of the actions that are enabled.

Actions of processes that have nothing to do with each other lead to the same states in any order,
so one order is enough. Found here, once and for all states, are conditions under which a set of
action instances (its *members*) suffices; a search follows only these in a state if

    the condition holds in it, and some outcome of a *key* (some of the members are keys) leads to a
    state that does not have its number yet, or has a greater one than this state

and otherwise follows every outcome. Any numbering will do; that of a breadth-first search, where
the second half says "not expanded yet", is the one that holds most often. Outcomes that go wrong
are recorded for everything that is followed.

What is shown of them
---------------------
Let x be a state in which the condition holds, let an outsider (not a member) be taken in x, without
going wrong, to y. Then

S.  the condition holds in y too;
D1. if a member's outcome is enabled in y, it is enabled in x, and goes wrong in both or in neither,
    in the same way; if it does not go wrong, the outsider can be taken after it, and both orders
    lead to the same state;
D2. if a key's outcome can be taken in x it can be taken in y.

And wherever the condition holds and a key's outcome can be taken,

E.  an outsider that is enabled is enabled after the key too, and goes wrong both before and after
    it or neither, in the same way;
V.  the key leaves the value of every predicate as it is.

For deadlocks besides, every key is a step.

Claim: let a word of outcomes w lead from a visited state s to t, all in the full graph. Let an event
be observed in t: a predicate is true (or false); something goes wrong in a certain way; something is
enabled; no step changes t, or goes wrong in it (a deadlock). Then it is observed in a visited state.

Proof by induction on the length of w, and for equal length on the number of s, from the greatest
down. If s is fully expanded, follow the first letter. If only members are followed and w contains
one, the first of them can be moved to the front by S and D1, and the rest still leads to t; it is
one letter shorter. (A letter that changes nothing is dropped.) If w contains none, S holds all
along. If the event is that a member is enabled or goes wrong, it is or does so in s, by D1. Else
take the key that leads to a greater number: by D2 it stays possible, by D1 it commutes with w, so
that w leads from its target to where the key leads from t. By V and E the same event is observed
there; and if it is a deadlock that is t itself, because a step does not change it. All this holds
for an empty w as well, where the event is not observed in s anyway. ∎

It follows that in the reduced search the same predicates hold somewhere, the same things go wrong
and the same instances are enabled somewhere, and (with `deadlocks`) the deadlocks are the very same
states. The members' instances, as labels, and shortest runs are not the same; nor does an
unfinished reduced search cover all runs of a certain length, so its scope is no `bounded(k)`.

Of the conditions of the literature C0 (not empty) is part of the rule above; D1 and D2 are Valmari's
weak stubborn sets, of which C1 (persistence) is the special case with every member a key; V is C2
(invisibility), needed of keys only as long as states and not runs are judged. C3 (the cycle
proviso) is here "at least one key leads on": with "all of them", fewer sets would be used and nothing
more be shown; "all" is what liveness asks for. It is on keys, not on any member.

Properties of steps or of runs (`transition`, `converges`, `recurs`, `leads_to`, `recoverable`,
idempotence) must be judged without: a step that is left out is not seen; what may happen from one
state on (AG EF) is not kept; and fairness speaks of when an action is enabled, which changes when
others are put off.

References
----------
A. Valmari, H. Hansen, "Stubborn set intuition explained", Transactions on Petri Nets and Other
Models of Concurrency XII (2017): weak stubborn sets, key transitions, deadlocks.
P. Godefroid, Partial-Order Methods for the Verification of Concurrent Systems, LNCS 1032 (1996).
E. M. Clarke, O. Grumberg, D. Peled, Model Checking (1999), ch. 10; C. Baier, J.-P. Katoen, Principles
of Model Checking (2008), ch. 8: ample sets, conditions C0 to C3.
D. Bošnački, G. Holzmann, "Improving Spin's partial-order reduction for breadth-first search", SPIN
2005; D. Bošnački, S. Leue, A. Lluch Lafuente, "Partial-order reduction for general state exploring
algorithms", STTT 11 (2009): the proviso by what is not expanded yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from checker.reductions.ample_sets import Cluster, Clusters
from checker.reductions.transitions import NotStatic, Transition, never_changed, transitions_of
from checker.system.expression import Expression, conj, disj, eq
from checker.system.sorts import Scalar
from checker.system.transition_system import Kind, TransitionSystem
from checker.system.walk import expand_quantifiers, substitute, topological, variables_of

__all__ = ["Ample", "PartialOrder", "partial_order_of"]

_MOST_CANDIDATES = 64
"""Each is looked at in each state, so more of them would take longer than they save."""

Instance = tuple[str, tuple[Scalar, ...]]


@dataclass(frozen=True, slots=True)
class Ample:
    """A set of action instances that suffices in some states.

    Parameters
    ----------
    condition : Expression
        Over the state, without quantifiers: where it may be used.
    instances : frozenset of (str, tuple of bool or int)
        The members: names of actions, and their arguments.
    keys : frozenset of (str, tuple of bool or int)
        Those of the members by one of which the search has to get on, for the set to be used.
    """

    condition: Expression
    instances: frozenset[Instance]
    keys: frozenset[Instance]


@dataclass(frozen=True, slots=True)
class PartialOrder:
    """What can be left out of the search for some predicates.

    Parameters
    ----------
    candidates : tuple of Ample
        In order of preference: the first that may be used in a state is to be used.
    refused : tuple of str
        Why nothing can be put off for the sake of certain actions.
    """

    candidates: tuple[Ample, ...]
    refused: tuple[str, ...]


def partial_order_of(
    system: TransitionSystem, predicates: Mapping[str, Expression], *, deadlocks: bool
) -> PartialOrder:
    """The sets of actions that suffice to judge predicates of states, errors, and deadlocks.

    Parameters
    ----------
    system : TransitionSystem
        Under its regime.
    predicates : mapping of str to Expression
        All that is evaluated in the states found, by the name of the property: predicates, and the
        conditions under which they go wrong themselves. A goal outside which a deadlock matters
        need not be among them.
    deadlocks : bool
        Whether states in which no step changes anything are to be found. Faults and intents do not
        count, so they cannot be keys then.

    Returns
    -------
    PartialOrder
        Without candidates if there is nothing to be gained, or if it is not seen.
    """
    constants = never_changed(system)
    written = expand_quantifiers(predicates.values())
    image = substitute((written[root] for root in predicates.values()), constants)
    judged = {name: image[written[root]] for name, root in predicates.items()}
    for name, predicate in judged.items():
        if any(node.operator == "next" for node in topological([predicate])):
            return PartialOrder((), (f"{name} is about steps, some of which would be left out",))
    try:
        transitions = transitions_of(system, constants)
    except NotStatic as problem:
        return PartialOrder((), (str(problem),))
    clusters = Clusters(system, transitions, list(judged.values()), deadlocks)
    merged = _merged(clusters.found())
    candidates = tuple(map(_ample, merged[:_MOST_CANDIDATES]))
    return PartialOrder(candidates, tuple(_refusals(clusters, judged, candidates)))


def _merged(clusters: Sequence[Cluster]) -> list[list[Cluster]]:
    """Clusters that can be made one, because each only adds to others what is not possible there."""
    groups: list[list[Cluster]] = []
    for cluster in clusters:
        for group in groups:
            if len(group[0].members) == len(cluster.members) and all(
                _adds_nothing(cluster, one) and _adds_nothing(one, cluster) for one in group
            ):
                group.append(cluster)
                break
        else:
            groups.append([cluster])
    return groups


def _adds_nothing(one: Cluster, other: Cluster) -> bool:
    """Whether to add the members and keys of one to another makes no difference where that is used."""
    return (one.members - other.members).isdisjoint(other.possible) and (
        one.keys & other.members <= other.keys
    )


def _ample(group: Sequence[Cluster]) -> Ample:
    return Ample(
        disj(*(conj(*(eq(node, value) for node, value in one.facts)) for one in group)),
        frozenset(one.key for cluster in group for one in cluster.members),
        frozenset(one.key for cluster in group for one in cluster.keys),
    )


# ---------------------------------------------------------------- what was not found, and why


def _refusals(
    clusters: Clusters, predicates: Mapping[str, Expression], candidates: Sequence[Ample]
) -> Iterator[str]:
    """Yield a sentence for all actions, no instance of which is ever a key, for the same reason."""
    relied = {name for ample in candidates for name, _ in ample.keys}
    reasons: dict[str, list[str]] = {}
    named = set()
    for one in clusters.transitions:
        name = one.key[0]
        if name not in relied and name not in named:
            named.add(name)
            reasons.setdefault(_reason(clusters, predicates, one), []).append(name)
    for reason, names in reasons.items():
        yield f"{', '.join(names)}: {reason}"


def _reason(clusters: Clusters, predicates: Mapping[str, Expression], one: Transition) -> str:
    if clusters.steps and one.kind is not Kind.STEP:
        return "faults and intents do not end a deadlock, so steps cannot wait for them"
    independence = clusters.independence
    for name, predicate in predicates.items():
        if not independence.unseen(one, predicate, ()):
            read = _listed(one.writes & variables_of([predicate]))
            return f"changes {read}, which {name} reads"
    for other in clusters.transitions:
        if (
            other is not one
            and one.meets(other)
            and not (independence.commutes(one, other, ()) and independence.lasts(one, other, ()))
        ):
            shared = (one.writes & other.touches) | (other.writes & one.touches)
            return (
                f"the order matters with {other.key[0]} and what that depends on, by {_listed(shared)}"
            )
    return "it is all that can happen, or changes nothing"


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
