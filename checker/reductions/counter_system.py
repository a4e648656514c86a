"""The counter system of one instance: its variables, its steps, its initial states and its properties."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from checker.reductions.counted_fairness import fair_actions
from checker.reductions.counted_moves import CountedMove, counted_moves
from checker.reductions.initial_contents import initial_contents, wellformed_beside
from checker.reductions.part_families import Family, families_of
from checker.reductions.part_reading import NOBODY, Local, PartReader
from checker.reductions.part_rows import NotUniform, Parts
from checker.regimes.regime import UnderRegime
from checker.system.expression import Expression, add, conj, constant, eq, le, variable
from checker.system.shape import RecordShape, ScalarShape, leaves
from checker.system.sorts import INT, Domain, Scalar
from checker.system.transition_system import Field, Property, Role, TransitionSystem, Variable

__all__ = ["EXACT", "ONE_WAY", "CounterSystem", "Instance"]

EXACT = ("always", "never", "reachable", "recoverable", "deadlock_free")
"""Kinds of properties that have the same verdict in parts and in counters."""

ONE_WAY = ("converges", "recurs", "leads_to")
"""Kinds that hold in parts if they hold in counters."""

_MOST_CONTENTS = 200
_MOST_MOVES = 5_000


@dataclass(frozen=True, slots=True)
class Instance:
    """One size of a model.

    Parameters
    ----------
    under : UnderRegime or TransitionSystem
        A system without a regime is treated as if everything in it could happen for ever.
    properties : tuple of Property
    """

    under: UnderRegime | TransitionSystem
    properties: tuple[Property, ...] = ()

    @property
    def system(self) -> TransitionSystem:
        """What may happen at all."""
        return self.under.system if isinstance(self.under, UnderRegime) else self.under


class CounterSystem:
    """What an instance is in counters.

    Parameters
    ----------
    instance : Instance
    parts : Parts
    parameter : str
        The variable that stands for the size.
    least : int
        Its least value.

    Attributes
    ----------
    system : TransitionSystem
    recurring : frozenset of str
        Names of the actions that may happen for ever.
    counters : dict of tuple to Expression
        The counter of each content.
    claims, refused : dict
        Properties by name; and the reasons, where one could not be translated.
    notes : tuple of str
        Promises of fairness that are not carried over.

    Raises
    ------
    NotUniform
        If the system tells one part from another.
    """

    def __init__(self, instance: Instance, parts: Parts, parameter: str, least: int) -> None:
        self.instance = instance
        self.parts = parts
        self.least = least
        self.source = instance.system
        home = parts.home
        self.shared = [one for one in self.source.variables if one.name not in home]
        if any(one.name == parameter for one in self.shared):
            raise NotUniform(f"`{parameter}` is a variable already")
        self.size = variable(parameter, INT)
        self.starts = initial_contents(self.source, parts)
        self.counters: dict[Local, Expression] = {}
        moves = self._moves()
        recurring = None
        if isinstance(instance.under, UnderRegime):
            recurring = instance.under.recurring
        actions, self.notes = fair_actions(moves, self.counters, parts, recurring)
        self.recurring = frozenset(
            action.name for action, origin in actions if recurring is None or origin in recurring
        )
        self.reader = PartReader(parts, self.counters)
        total: Expression = constant(0)
        for counter in self.counters.values():
            total = add(total, counter)
        self.system = TransitionSystem(
            self.source.name,
            tuple(pair for pair in self.source.parameters if pair[0] != parameter),
            tuple(self._variables(parameter)),
            tuple(action for action, _ in actions),
            tuple(self._fields(parameter)),
            wellformed=conj(
                le(constant(least), self.size),
                eq(total, self.size),
                wellformed_beside(self.source, parts, self.reader),
            ),
        )
        self.exchanges = any(move.exchanges for move in moves)
        self.claims: dict[str, Property] = {}
        self.refused: dict[str, str] = {}
        for claim in instance.properties:
            try:
                self.claims[claim.name] = self._claim(claim)
            except NotUniform as problem:
                self.refused[claim.name] = str(problem)

    def _moves(self) -> list[CountedMove]:
        """All steps, among all contents that parts can reach."""
        families = families_of(self.source, self.parts)
        known = dict.fromkeys(self.starts)
        fresh = set(known)
        while True:
            if len(known) > _MOST_CONTENTS:
                raise NotUniform(f"a part can hold more than {_MOST_CONTENTS} different contents")
            moves = self._moves_among(families, sorted(known), fresh)
            targets = {flow.target for move in moves for flow in move.flows}
            complete = len(fresh) == len(known)
            fresh = targets - known.keys()
            known.update(dict.fromkeys(fresh))
            if not fresh:
                if complete:
                    return moves
                # What is new may have made a step possible that names none of it.
                fresh = set(known)

    def _moves_among(
        self, families: Sequence[Family], known: Sequence[Local], fresh: set[Local]
    ) -> list[CountedMove]:
        self.counters = {content: self._counter(content) for content in known}
        reader = PartReader(self.parts, self.counters)
        moves: list[CountedMove] = []
        for family in families:
            try:
                moves.extend(counted_moves(self.source, family, reader, fresh))
            except NotUniform as problem:
                action = family.members[0]
                place = "" if action.location is None else f" ({action.location})"
                raise NotUniform(f"in `{action.name}`{place} {problem}") from None
            if len(moves) > _MOST_MOVES:
                raise NotUniform(f"there are more than {_MOST_MOVES:,} steps of counters")
        return moves

    def _counter(self, content: Local) -> Expression:
        return variable(f"#({self.parts.show(content)})", INT)

    def _variables(self, parameter: str) -> Iterator[Variable]:
        yield Variable(parameter, Domain(INT, self.least, None), None, Role.PARAMETER)
        for content, counter in self.counters.items():
            initial: tuple[Scalar, ...] | Expression | None = (0,)
            if content in self.starts:
                # Several: any numbers, the sum of which is the size.
                initial = self.size if len(self.starts) == 1 else None
            yield Variable(counter.payload, Domain(INT, 0, None), initial)
        for one in self.shared:
            if isinstance(one.initial, Expression):
                yield replace(one, initial=self.reader(one.initial, NOBODY))
            else:
                yield one

    def _fields(self, parameter: str) -> Iterator[Field]:
        yield Field(parameter, ScalarShape(parameter, Domain(INT, self.least, None)), Role.PARAMETER)
        kinds = tuple(
            (self.parts.show(content), ScalarShape(counter.payload, Domain(INT, 0, None)))
            for content, counter in self.counters.items()
        )
        yield Field(f"number of ({', '.join(self.parts.titles)})", RecordShape(kinds))
        home = self.parts.home
        for field in self.source.fields:
            if not any(leaf.variable in home for leaf in leaves(field.shape)):
                yield field

    def _claim(self, claim: Property) -> Property:
        if claim.kind not in EXACT + ONE_WAY:
            raise NotUniform(f"`{claim.kind}` speaks of single parts across steps")
        if claim.kind == "deadlock_free" and self.exchanges:
            raise NotUniform("parts may change places, which is a step that no counter tells")
        known = {field.name for field in self.system.fields}

        def read(root: Expression | None) -> Expression | None:
            return None if root is None else self.reader(root, NOBODY)

        return replace(
            claim,
            predicate=read(claim.predicate),
            premise=read(claim.premise),
            hazards=tuple(
                replace(one, condition=self.reader(one.condition, NOBODY)) for one in claim.hazards
            ),
            setpoint=tuple(name for name in claim.setpoint if name in known),
            output=tuple(name for name in claim.output if name in known),
        )
