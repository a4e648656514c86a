"""What is promised about steps of counters, given what is promised to each part.

A unit of fairness of the array model is an action A of one part i (or of several): if from some moment
on A(i) can always change something, it is taken again and again. In counters no part has a name: a
class may be occupied for ever while parts come and go, each leaving before its own A is due. To copy
the fairness of A to the counters would assume more than is promised, and prove what is false.

What does follow
----------------
Let S be a set of contents such that A(i) can change something whenever part i has a content in S and a
condition r over the rest of the state holds. Suppose that from some moment on

    some part has a content in S, r holds, no part leaves S, and A is taken by no part in S.

Then a part that is in S stays there for ever; its own A can always be taken and never is: the run is
unfair. So every fair run of the array model satisfies, for every such S,

    (S is occupied and r holds) for ever  ⇒  again and again A is taken in S, or a part leaves S.

This is weak fairness of a unit that is enabled where S is occupied and r holds, and taken by A in S and
by *every* step with which a part leaves S. If A names several parts, S is a content for each of them
(two parts may have the same one). If it names none, nothing changes. Strong fairness implies the weak
one, and is not used beyond it. The implication is in this direction only: a run of the counters that is
fair to these units need not come from a fair run of parts, so they prove liveness and refute none.

How it is written down
----------------------
A group of actions is one unit, and an action is in one group. A step that has to be in a second group,
or whose guard is weaker than r, is repeated there with r in its guard: it does the same from the same
states, so nothing is reachable that was not; and a run that takes it infinitely often may be read as
taking each copy infinitely often, while r holds. Repeated steps are never enabled where the unit they
repeat it for is not.

Which sets S are taken: each content alone, and each set of contents with the same r in which a part can
go round without A (what a part does that stays in S for ever: in the end it repeats some such set). Of
units with the same S of which the first one implies the second one, the first one is kept.

Nothing is promised where the argument fails: steps in which parts only change places (no counter tells
that somebody left), leaving S by faults that may happen for ever, choices that are too many to be
written out.

References
----------
A. Pnueli, J. Xu, L. Zuck, "Liveness with (0,1,∞)-counter abstraction", CAV 2002, LNCS 2404, 107-122: for
saturating counters; there, too, fairness of the abstract system is derived, not copied.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from checker.reductions.counted_moves import CountedMove, Key
from checker.reductions.part_flows import Flow
from checker.reductions.part_reading import Local
from checker.reductions.part_rows import NotUniform, Parts
from checker.reductions.transitions import conjuncts
from checker.system.expression import FALSE, TRUE, Expression, conj, constant, disj, le
from checker.system.transition_system import Action, Fairness, Kind

__all__ = ["fair_actions"]

_MOST_TOGETHER = 6
"""Contents of which every set that a part can go round in is looked at."""

_MOST_ACTIONS = 3_000


@dataclass(frozen=True)
class _Unit:
    """A promise.

    Parameters
    ----------
    title : str
        Name of the group.
    contents : frozenset of Local
        The set S; empty if the unit names no part.
    members : tuple of CountedMove
    condition : Expression
        r.
    several : bool
        It names several parts: each of them has to keep its content.
    """

    title: str
    contents: frozenset[Local]
    members: tuple[CountedMove, ...]
    condition: Expression
    several: bool = False

    @property
    def always_leaves(self) -> bool:
        """Every member takes a part out of S."""
        return bool(self.contents) and all(
            any(flow.named and flow.when is TRUE and self._is_out(flow) for flow in move.flows)
            for move in self.members
        )

    def _is_out(self, flow: Flow) -> bool:
        if flow.source not in self.contents:
            return False
        return self.several or flow.target not in self.contents

    def leaving(self, move: CountedMove) -> Expression:
        """When a part may leave S in a step."""
        return disj(*(flow.when for flow in move.flows if self._is_out(flow)))

    def implies(self, other: _Unit) -> bool:
        """Whether this promise makes the other one superfluous."""
        same = (self.contents, self.several) == (other.contents, other.several)
        weaker = set(conjuncts(self.condition)) <= set(conjuncts(other.condition))
        return same and self.always_leaves and weaker


def fair_actions(
    moves: Sequence[CountedMove],
    counters: Mapping[Local, Expression],
    parts: Parts,
    recurring: Collection[str] | None = None,
) -> tuple[tuple[tuple[Action, str], ...], tuple[str, ...]]:
    """The actions of the counters with their fairness.

    Parameters
    ----------
    moves : sequence of CountedMove
        All of them.
    counters : mapping of Local to Expression
    parts : Parts
    recurring : collection of str, optional
        Names of the original actions that may happen for ever; all of them if None.

    Returns
    -------
    (actions, notes)
        With each action the name of the original one. Notes say which promises are not carried over, and why.
    """
    lasting = [move for move in moves if recurring is None or move.origin in recurring]
    notes: dict[str, None] = {}
    units: list[_Unit] = []
    titles: set[str] = set()
    for unit in _units(moves, lasting, counters, parts, notes):
        if unit.title in titles:
            # Two groups of one name would be one promise, which is another one.
            raise NotUniform(f"two units of fairness are called `{unit.title}`")
        titles.add(unit.title)
        reason = _broken(unit, lasting)
        if reason:
            notes[f"`{unit.title}`: {reason}"] = None
        elif not any(known.implies(unit) for known in units):
            units = [known for known in units if not unit.implies(known)]
            units.append(unit)
    return _written(moves, lasting, units, counters, notes), tuple(notes)


# ---------------------------------------------------------------- units


def _units(
    moves: Sequence[CountedMove],
    lasting: Sequence[CountedMove],
    counters: Mapping[Local, Expression],
    parts: Parts,
    notes: dict[str, None],
) -> Iterator[_Unit]:
    """Every promise that may follow."""
    signatures: dict[str, set[tuple[object, ...]]] = {}
    families: dict[Key, list[CountedMove]] = {}
    for move in moves:
        if move.action.fairness is not Fairness.NONE:
            signatures.setdefault(move.unit[0], set()).add(move.unit[3])
            families.setdefault(move.unit, []).append(move)
            if move.action.fairness is Fairness.STRONG:
                notes[f"`{move.unit[0]}`: strong fairness is weakened to weak fairness"] = None
    for (group, pattern, arguments, _), members in families.items():
        title = group
        if arguments:
            title += f"({', '.join(map(str, arguments))})"
        if len(signatures[group]) > 1:
            notes[f"`{title}`: its actions have parameters of different kinds"] = None
        elif not all(move.counted for move in members):
            notes[f"`{title}`: its parameters and choices are too many to be written out"] = None
        elif any(move.exchanges for move in members):
            notes[f"`{title}`: parts may change places, which no counter tells"] = None
        else:
            if len(set(pattern)) < len(pattern):
                title += f"[{'='.join(map(str, pattern))}]"
            by_contents: dict[tuple[Local, ...], list[CountedMove]] = {}
            for move in members:
                by_contents.setdefault(move.holders, []).append(move)
            if len(next(iter(by_contents))) == 1:
                single = {held[0]: tuple(found) for held, found in by_contents.items()}
                yield from _units_of_one(title, single, lasting, counters, parts)
                continue
            for held, found in by_contents.items():
                shown = f" of {' | '.join(map(parts.show, held))}" if held else ""
                active = disj(*map(_active, found))
                yield _Unit(title + shown, frozenset(held), tuple(found), active, len(held) > 1)


def _units_of_one(
    title: str,
    members: Mapping[Local, tuple[CountedMove, ...]],
    lasting: Sequence[CountedMove],
    counters: Mapping[Local, Expression],
    parts: Parts,
) -> Iterator[_Unit]:
    """The promises that follow from one that is made to one part."""
    own = {move.action.name for found in members.values() for move in found}
    alike: dict[Expression, list[Local]] = {}
    for content, found in members.items():
        occupied = le(constant(1), counters[content])
        condition = disj(*(_without(occupied, _active(move)) for move in found))
        alike.setdefault(condition, []).append(content)
    for condition, contents in alike.items():
        if condition is FALSE:
            continue
        onward: dict[Local, set[Local]] = {content: set() for content in contents}
        for move in lasting:
            for flow in move.flows:
                inside = flow.source in onward and flow.target in onward
                if inside and move.action.name not in own:
                    onward[flow.source].add(flow.target)
        for together in _rounds(onward):
            found = tuple(move for content in together for move in members[content])
            shown = " / ".join(map(parts.show, together))
            yield _Unit(f"{title} of {shown}", frozenset(together), found, condition)


def _rounds(onward: Mapping[Local, set[Local]]) -> Iterator[tuple[Local, ...]]:
    """Sets of contents in which a part can go round, larger ones first; and each content alone."""
    reach = {content: _reachable(content, onward, set(onward)) for content in onward}
    done: set[Local] = set()
    for content in onward:
        if content in done:
            continue
        component = [other for other in onward if other in reach[content] and content in reach[other]]
        done.update(component)
        sizes: Iterable[int] = range(len(component), 1, -1)
        if len(component) > _MOST_TOGETHER:
            sizes = (len(component),)
        for size in sizes:
            for chosen in combinations(component, size):
                inside = set(chosen)
                if all(_reachable(one, onward, inside) >= inside for one in chosen):
                    yield chosen
    for content in onward:
        yield (content,)


def _reachable(start: Local, onward: Mapping[Local, set[Local]], inside: set[Local]) -> set[Local]:
    """Contents that can be reached in one step or more."""
    seen: set[Local] = set()
    stack = [start]
    while stack:
        fresh = (onward[stack.pop()] & inside) - seen
        seen |= fresh
        stack.extend(sorted(fresh))
    return seen


def _active(move: CountedMove) -> Expression:
    """A step changes something, or goes wrong."""
    return disj(
        conj(move.action.guard, move.changes), *(hazard.condition for hazard in move.action.hazards)
    )


def _without(part: Expression, condition: Expression) -> Expression:
    """What is left to ask where a part of the condition is known to hold."""
    return conj(*(one for one in conjuncts(condition) if one is not part))


def _broken(unit: _Unit, lasting: Sequence[CountedMove]) -> str:
    """Why a promise does not follow."""
    own = {move.action.name for move in unit.members}
    for move in lasting:
        if move.action.name in own or unit.leaving(move) is FALSE:
            continue
        if move.exchanges:
            return f"by `{move.origin}` parts may change places, which no counter tells"
        if move.action.kind is not Kind.STEP:
            return f"a part may be interrupted by `{move.origin}` again and again"
    return ""


# ---------------------------------------------------------------- actions


def _written(
    moves: Sequence[CountedMove],
    lasting: Sequence[CountedMove],
    units: Sequence[_Unit],
    counters: Mapping[Local, Expression],
    notes: dict[str, None],
) -> tuple[tuple[Action, str], ...]:
    """Each step once, in the group of a unit if it can be, and again for every other unit."""
    home: dict[str, str] = {}
    repeated: list[tuple[Action, str]] = []

    def join(unit: _Unit, move: CountedMove, extra: Expression) -> None:
        if extra is TRUE and home.setdefault(move.action.name, unit.title) == unit.title:
            return
        hazards = tuple(
            replace(hazard, condition=conj(hazard.condition, extra)) for hazard in move.action.hazards
        )
        action = replace(
            move.action,
            name=f"{move.action.name} [{unit.title}]",
            guard=conj(move.action.guard, extra),
            hazards=hazards,
        )
        repeated.append((_fair(action, unit.title), move.origin))

    for unit in units:
        for move in unit.members:
            join(unit, move, TRUE)
    for unit in units:
        own = {move.action.name for move in unit.members}
        for move in lasting:
            when = unit.leaving(move)
            if move.action.name in own or when is FALSE:
                continue
            if len(moves) + len(repeated) > _MOST_ACTIONS:
                notes["too many steps have to be repeated: nothing is promised"] = None
                return tuple((_unfair(one.action), one.origin) for one in moves)
            known = set(conjuncts(move.action.guard))
            missing = [one for one in conjuncts(unit.condition) if one not in known]
            missing += _occupied(unit, move, counters)
            join(unit, move, conj(when, *missing))
    base = []
    for move in moves:
        group = home.get(move.action.name)
        action = _unfair(move.action) if group is None else _fair(move.action, group)
        base.append((action, move.origin))
    return (*base, *repeated)


def _unfair(action: Action) -> Action:
    return replace(action, fairness=Fairness.NONE, group=action.name)


def _fair(action: Action, group: str) -> Action:
    return replace(action, fairness=Fairness.WEAK, group=group)


def _occupied(
    unit: _Unit, move: CountedMove, counters: Mapping[Local, Expression]
) -> tuple[Expression, ...]:
    """What a step has to ask in addition, so that it is only enabled where S is occupied."""
    leaving = [flow for flow in move.flows if flow.source in unit.contents]
    if any(flow.named for flow in leaving):
        return ()
    return (disj(*(le(constant(1), counters[flow.source]) for flow in leaving)),)
