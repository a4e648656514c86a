"""The steps of parts as steps of counters: one for each way in which the parts it names can be chosen.

An action instance names some parts (its indices), which may be the same one or different ones, and each
of them holds something. For every case the action is read with these parts standing (`part_reading`);
its guard then asks for as many parts of each content as it names, and its updates take each part that
gets another content from one counter to another one. An action may change all other parts, too, in a
way that depends on what each of them holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod

from checker.reductions.part_families import Family, facets, faults_of, group_of
from checker.reductions.part_flows import Flow, flows_from, only_exchange
from checker.reductions.part_reading import NOBODY, Local, PartReader, Standing
from checker.reductions.part_rows import NotUniform, Parts
from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    add,
    conj,
    constant,
    disj,
    eq,
    ite,
    ne,
    sub,
)
from checker.system.sorts import Scalar
from checker.system.transition_system import Action, Symbol, TransitionSystem
from checker.system.walk import substitute

__all__ = ["CountedMove", "Key", "counted_moves"]

_MOST_VALUES = 64
"""Combinations of parameters and choices that are written out."""

_MOST_CASES = 20_000


Key = tuple[str, tuple[int, ...], tuple[Scalar, ...], tuple[object, ...]]


@dataclass(frozen=True)
class CountedMove:
    """A step of counters.

    Parameters
    ----------
    action : Action
        Over counters; its fairness and group are still those of the original.
    origin : str
        Name of the original action (of one member of a family).
    unit : tuple of (str, tuple, tuple, tuple)
        What tells units of fairness apart, but for the parts that the instance names: the group,
        which of the indices are the same part, the values of the other parameters, and which
        parameters are indices.
    holders : tuple of Local
        Contents of the parts that tell units of fairness apart.
    flows : tuple of Flow
    changes : Expression
        Whether the state is another one afterwards, given the guard.
    exchanges : bool
        Parts may change places, so that the state changes and no counter tells.
    counted : bool
        All parameters and choices are written out.
    """

    action: Action
    origin: str
    unit: Key
    holders: tuple[Local, ...]
    flows: tuple[Flow, ...]
    changes: Expression
    exchanges: bool
    counted: bool


@dataclass(frozen=True)
class _Reading:
    """An action, read with some parts standing; `others` is empty where all others stay as they are."""

    guard: Expression
    hazards: tuple[Expression, ...]
    shared: tuple[tuple[str, Expression], ...]
    named: tuple[tuple[Expression, ...], ...]
    others: tuple[tuple[Expression, ...], ...]


def counted_moves(
    system: TransitionSystem, family: Family, reader: PartReader, fresh: Collection[Local]
) -> Iterator[CountedMove]:
    """Every step of counters that an action (or a family of actions) makes.

    Parameters
    ----------
    system : TransitionSystem
    family : Family
    reader : PartReader
        It knows all contents that parts can have.
    fresh : collection of Local
        Of the steps in which parts are named only those where one of them holds one of these.

    Raises
    ------
    NotUniform
        If the action tells one part from another.
    """
    yield from _Counting(system, family, reader, frozenset(fresh)).moves()


class _Counting:
    def __init__(
        self,
        system: TransitionSystem,
        family: Family,
        reader: PartReader,
        fresh: frozenset[Local],
    ) -> None:
        self.fresh = fresh
        self.system = system
        self.family = family
        self.reader = reader
        self.parts: Parts = reader.parts
        first = family.members[0]
        self.own = len(family.members) > 1
        for other in family.members[1:]:
            if facets(other) != facets(first):
                raise NotUniform(f"`{other.name}` is of another kind than `{first.name}`")
        self.group, own_unit = group_of(family)
        indices = [one for one in first.parameters if self._is_index(one)]
        picked = [one for one in first.choices if self._is_index(one)]
        # Whether it tells units apart: the part whose action it is, parameters, choices.
        self.tells = [own_unit] * self.own + [True] * len(indices) + [False] * len(picked)
        self.plain = [s for s in (*first.parameters, *first.choices) if not self._is_index(s)]
        # Beyond the bound of an unbounded domain there are other values, too.
        sizes = [None if s.domain.high is None else s.domain.size for s in self.plain]
        self.counted = None not in sizes and prod(size or 0 for size in sizes) <= _MOST_VALUES

    def moves(self) -> Iterator[CountedMove]:
        """Every case."""
        contents = tuple(self.reader.counters)
        values = [symbol.domain.values() for symbol in self.plain] if self.counted else []
        for pattern in _patterns(len(self.tells)):
            blocks = max(pattern, default=-1) + 1
            if len(contents) ** blocks > _MOST_CASES:
                raise NotUniform(f"`{self.family.title}` has too many cases")
            for arguments in product(*values):
                members = [
                    self._filled(member, number, arguments)
                    for number, member in enumerate(self.family.members)
                ]
                for held in product(contents, repeat=blocks):
                    if blocks and self.fresh.isdisjoint(held):
                        continue
                    move = self._move(members, pattern, arguments, held)
                    if move is not None:
                        yield move

    def _is_index(self, symbol: Symbol) -> bool:
        return self.parts.is_index(symbol.node)

    def _filled(self, member: Action, number: int, arguments: Sequence[Scalar]) -> _Template:
        """The expressions of a member, with the values of what is not an index."""
        plain = [s for s in (*member.parameters, *member.choices) if not self._is_index(s)]
        # What is not written out is called alike in all members.
        values: Sequence[Expression] = [one.node for one in self.plain]
        if self.counted:
            values = [constant(v, s.node.sort) for s, v in zip(plain, arguments, strict=True)]
        image = substitute(
            [member.guard, *(h.condition for h in member.hazards), *(v for _, v in member.updates)],
            {symbol.node: value for symbol, value in zip(plain, values, strict=True)},
        )
        indices = tuple(s.node for s in (*member.parameters, *member.choices) if self._is_index(s))
        updates = {name: image[value] for name, value in member.updates}
        return _Template(
            image[member.guard],
            tuple(image[hazard.condition] for hazard in member.hazards),
            updates,
            indices,
            self._keeps_others(updates, indices, number if self.own else None),
        )

    def _keeps_others(
        self, updates: Mapping[str, Expression], indices: Sequence[Expression], own: int | None
    ) -> bool:
        """Whether no part changes but those that are named, as far as can be told at once."""
        for row in self.parts.rows:
            for number, name in enumerate(row):
                if name not in updates or number == own:
                    continue
                elsewhere = {eq(index, constant(number)): FALSE for index in indices}
                kept = substitute([updates[name]], elsewhere)[updates[name]]
                if kept is not self.system.variable[name].node:
                    return False
        return True

    # ------------------------------------------------------------ one case

    def _move(
        self,
        members: Sequence[_Template],
        pattern: tuple[int, ...],
        arguments: tuple[Scalar, ...],
        held: tuple[Local, ...],
    ) -> CountedMove | None:
        standing = Standing(held, {}, {})
        for member in members:
            for symbol, block in zip(member.indices, pattern[self.own :], strict=True):
                standing = standing.called(symbol, block)
        if self.own:
            readings = [
                self._reading(member, standing.numbered(number, pattern[0]))
                for number, member in enumerate(members)
            ]
        else:
            readings = [self._reading(members[0], standing)]
        reading = readings[0]
        for number, other in enumerate(readings):
            if other != reading:
                raise NotUniform(
                    f"`{self.family.members[number].name}` does something else than "
                    f"`{self.family.members[0].name}`"
                )
        if reading is None:
            return None
        enough = [
            self.reader.others_at_least(content, held.count(content), NOBODY)
            for content in dict.fromkeys(held)
        ]
        return self._counted(reading, conj(*enough, reading.guard), pattern, arguments, standing)

    def _reading(self, member: _Template, standing: Standing) -> _Reading | None:
        """None where the action is not enabled."""
        guard = self.reader(member.guard, standing)
        if guard is FALSE:
            return None
        home = self.parts.home
        shared = []
        for name, value in member.updates.items():
            if name not in home:
                shared.append((name, self.reader(value, standing)))
        named = tuple(self._afterwards(member, part, standing) for part in range(len(standing.contents)))
        others = tuple(
            self._afterwards(member, len(standing.contents), standing.another(content))
            for content in (() if member.keeps_others else self.reader.counters)
        )
        hazards = tuple(self.reader(condition, standing) for condition in member.hazards)
        return _Reading(guard, hazards, tuple(sorted(shared)), named, others)

    def _afterwards(self, member: _Template, part: int, standing: Standing) -> tuple[Expression, ...]:
        """What a part holds after the step."""
        content = standing.contents[part]
        values = []
        for place, (row, domain) in enumerate(zip(self.parts.rows, self.parts.domains, strict=True)):
            if not any(name in member.updates for name in row):
                values.append(constant(content[place], domain.sort))
                continue
            versions = [member.updates.get(name, self.system.variable[name].node) for name in row]
            values.append(self.reader.everywhere(versions, part, standing))
        return tuple(values)

    def _counted(
        self,
        reading: _Reading,
        guard: Expression,
        pattern: tuple[int, ...],
        arguments: tuple[Scalar, ...],
        standing: Standing,
    ) -> CountedMove | None:
        first = self.family.members[0]
        held = standing.contents
        flows = [
            flow
            for content, values in zip(held, reading.named, strict=True)
            for flow in flows_from(content, values, self.parts.domains, named=True)
        ]
        flows += [
            flow
            for content, values in zip(self.reader.counters, reading.others, strict=bool(reading.others))
            for flow in flows_from(content, values, self.parts.domains, named=False)
        ]
        shared = [
            (name, value)
            for name, value in reading.shared
            if value is not self.system.variable[name].node
        ]
        hazards = tuple(
            replace(one, condition=conj(guard, condition), message=self._unnumbered(one.message))
            for one, condition in zip(first.hazards, reading.hazards, strict=True)
            if condition is not FALSE
        )
        if not (flows or shared or hazards):
            return None
        changes = disj(
            *(self._happens(flow, standing) for flow in flows),
            *(ne(self.system.variable[name].node, value) for name, value in shared),
        )
        updates = [*self._updates(flows, standing), *shared]
        unit_blocks = [b for b, tells in zip(pattern, self.tells, strict=True) if tells]
        order = {block: place for place, block in enumerate(dict.fromkeys(unit_blocks))}
        kept = () if self.counted else self.plain
        fixed = zip(self.plain, arguments, strict=True) if self.counted else ()
        given = tuple(value for symbol, value in fixed if symbol in first.parameters)
        action = Action(
            name=self._name(first, pattern, arguments, held),
            label=self._name(first, pattern, arguments, held),
            agent=first.agent,
            kind=first.kind,
            fairness=first.fairness,
            group=self.group,
            guard=guard,
            updates=tuple(updates),
            choices=tuple(kept),
            hazards=hazards,
            faults=faults_of(self.family),
            location=first.location,
        )
        return CountedMove(
            action,
            first.name,
            (
                self.group,
                tuple(order[block] for block in unit_blocks),
                given,
                ("own",) * self.own + tuple(map(self._is_index, first.parameters)),
            ),
            tuple(held[block] for block in order),
            tuple(flows),
            changes,
            only_exchange(flows),
            self.counted,
        )

    def _unnumbered(self, message: str) -> str:
        return message.replace("[0]", "") if self.own else message

    def _happens(self, flow: Flow, standing: Standing) -> Expression:
        if flow.named:
            return flow.when
        return conj(flow.when, self.reader.others_at_least(flow.source, 1, standing))

    def _updates(self, flows: Sequence[Flow], standing: Standing) -> Iterator[tuple[str, Expression]]:
        """New values of counters; `target` may be a content that has no counter yet."""
        numbers: dict[Local, int] = {}
        parts: dict[Local, list[tuple[bool, Expression]]] = {}
        for flow in flows:
            if flow.named and flow.when is TRUE:
                numbers[flow.source] = numbers.get(flow.source, 0) - 1
                numbers[flow.target] = numbers.get(flow.target, 0) + 1
                continue
            amount = constant(1) if flow.named else self.reader.others(flow.source, standing)
            moved = ite(flow.when, amount, constant(0))
            parts.setdefault(flow.source, []).append((False, moved))
            parts.setdefault(flow.target, []).append((True, moved))
        for content, counter in self.reader.counters.items():
            number = numbers.get(content, 0)
            if not number and content not in parts:
                continue
            value = add(counter, constant(number))
            for arrives, moved in parts.get(content, ()):
                value = add(value, moved) if arrives else sub(value, moved)
            if value is not counter:
                yield counter.payload, value

    def _name(
        self,
        first: Action,
        pattern: Sequence[int],
        arguments: Sequence[Scalar],
        held: Sequence[Local],
    ) -> str:
        """`start(absent, failed)`; `hand_over(busy | idle; 2)`."""
        title = self.family.title if self.own else first.name
        shown = " | ".join(self.parts.show(held[block]) for block in pattern)
        if arguments:
            values = zip(self.plain, arguments, strict=True)
            rest = ", ".join(symbol.domain.show(value) for symbol, value in values)
            shown = f"{shown}; {rest}"
        if len(pattern) > 1 and len(set(pattern)) < len(pattern):
            # The same contents again, but some of the parts are one and the same.
            shown += "; " + "=".join(str(block) for block in pattern)
        return f"{title}({shown})" if shown else title


@dataclass(frozen=True)
class _Template:
    """The expressions of an action, where only its indices are still symbols."""

    guard: Expression
    hazards: tuple[Expression, ...]
    updates: Mapping[str, Expression]
    indices: tuple[Expression, ...]
    keeps_others: bool


def _patterns(count: int) -> Iterator[tuple[int, ...]]:
    """All ways in which so many indices can be the same or different parts."""
    if count == 0:
        yield ()
        return
    for before in _patterns(count - 1):
        for block in range(max(before, default=-1) + 2):
            yield (*before, block)
