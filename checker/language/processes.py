"""A generator method becomes a state machine: one action for each place where it may be suspended.

The body is executed symbolically once from its start and once from each `yield`, up to the next
one. What has to be remembered between two steps is found out, not declared: a local is part of the
state exactly where some continuation reads it before assigning it, and its domain is found by
interval analysis.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any, TypeAlias

from checker.language.assembly import Scope
from checker.language.errors import ModelError, Span
from checker.language.local_domains import annotated, annotated_domains, hull
from checker.language.recorder import Exit, Frame, Names, Recorder
from checker.language.statements import Resume, Statements
from checker.language.values import (
    Maybe,
    Namespace,
    Nothing,
    Scalar,
    Unusable,
    Value,
)
from checker.language.yield_points import START
from checker.system.bounds import bounds
from checker.system.expression import Expression, variable
from checker.system.sorts import BOOL, INT, Domain, EnumSort, Sort
from checker.system.walk import variables_of

__all__ = ["Body", "Local", "Machine", "Point", "build_machine"]

_ROUNDS = 64

# A local that is squared again and again has no bounds either, and soon too many digits to compute with.
_LARGEST = 2**31


@dataclass(frozen=True)
class Body:
    """The method that a process runs."""

    key: str
    scope: Scope
    name: str
    function: FunctionType
    definition: ast.FunctionDef
    file: str
    owner: type | None


@dataclass(frozen=True)
class Point:
    """A position: the start (None), or a `yield` in a certain pass of the loops around it."""

    resume: Resume | None

    @property
    def order(self) -> tuple[Any, ...]:
        """Where it stands in the source."""
        if self.resume is None:
            return (0, 0, ())
        node = self.resume.node
        return (node.lineno, node.col_offset, self.resume.iteration)


@dataclass(frozen=True)
class Local:
    """A local variable that lives across a `yield`."""

    name: str
    variable: str
    domain: Domain
    optional: bool
    annotated: bool

    def value(self) -> Value:
        """What it holds when the process goes on."""
        content = Scalar(variable(self.variable, self.domain.sort))
        return Maybe(variable(self.variable + "?", BOOL), content) if self.optional else content


@dataclass(frozen=True)
class Machine:
    """The state machine of a process.

    Parameters
    ----------
    points : tuple of Point
        The start first, then in the order of the source.
    labels : dict of Point to str
    live : dict of Point to tuple of str
        Names of the locals that matter there.
    steps : dict of Point to Recorder
        What the step that begins there does.
    """

    body: Body
    points: tuple[Point, ...]
    labels: dict[Point, str]
    locals: dict[str, Local]
    live: dict[Point, tuple[str, ...]]
    steps: dict[Point, Recorder]


_Kind: TypeAlias = tuple[Sort, bool]


def build_machine(body: Body, domains: Mapping[str, Domain], names: Names) -> Machine:
    """Find the positions of a process, its live locals, their domains, and its steps.

    Raises
    ------
    ModelError
        For a local that has no fixed kind, or whose bounds cannot be found.
    """
    return _Builder(body, domains, names).build()


class _Builder:
    def __init__(self, body: Body, domains: Mapping[str, Domain], names: Names) -> None:
        self.body = body
        self.outside = domains
        self.names = names
        self.kinds: dict[str, _Kind] = {}
        self.bound: dict[Point, frozenset[str]] = {}
        self.steps: dict[Point, Recorder] = {}
        self.declared = annotated_domains(body)
        self.sometimes_none: set[str] = set()

    def build(self) -> Machine:
        while not self._discover():
            self.bound, self.steps = {}, {}
        points = tuple(sorted(self.steps, key=lambda point: point.order))
        live = self._live()
        domains = self._domains(live)
        local = {
            name: Local(
                name, self._variable(name), domains[name], self.kinds[name][1], name in self.declared
            )
            for name in sorted({name for names in live.values() for name in names})
        }
        known = {**self.outside, **{one.variable: one.domain for one in local.values()}}
        # What does not matter may still be mentioned: `x == x`, or a value that nobody uses.
        mentioned = {
            point: {name: self._anonymous(name) for name in self.bound[point]} for point in points
        }
        kept = {point: {name: local[name].value() for name in live[point]} for point in points}
        steps = {point: self._run(point, mentioned[point] | kept[point], known) for point in points}
        order = {point: tuple(sorted(live[point])) for point in points}
        return Machine(self.body, points, _labels(points), local, order, steps)

    def _variable(self, name: str) -> str:
        return f"{self.body.key}.{name}"

    # ------------------------------------------------------------ positions

    def _discover(self) -> bool:
        """Execute from every position that can be reached, until what is known of locals is stable.

        Returns False where a local turned out to be None sometimes: what was executed before that
        was known is void.
        """
        start = Point(None)
        self.bound[start] = frozenset()
        waiting = [start]
        while waiting:
            point = waiting.pop(0)
            known = {name: self._anonymous(name) for name in self.bound[point]}
            # Domains of locals are not known yet: what depends on them stays unchecked until later.
            self.steps[point] = self._run(point, known, self.outside)
            for exit in self.steps[point].exits:
                target = Point(exit.target)
                here = frozenset(self._storable(exit))
                before = self.bound.get(target)
                after = here if before is None else before & here
                if after != before:
                    self.bound[target] = after
                    if target not in waiting:
                        waiting.append(target)
        again = {name for name in self.sometimes_none if self.kinds.get(name, (INT, True))[1] is False}
        for name in again:
            self.kinds[name] = (self.kinds[name][0], True)
        return not again

    def _anonymous(self, name: str) -> Value:
        sort, optional = self.kinds[name]
        content = Scalar(variable(self._variable(name), sort))
        return Maybe(variable(self._variable(name) + "?", BOOL), content) if optional else content

    def _storable(self, exit: Exit) -> Iterator[str]:
        for name, value in exit.locals.items():
            kind = self._kind(name, value)
            if kind is None:
                continue
            known = self.kinds.setdefault(name, kind)
            if known[0] != kind[0]:
                continue
            if kind[1] and not known[1]:
                self.sometimes_none.add(name)
            yield name

    def _kind(self, name: str, value: Value) -> _Kind | None:
        declared = self.declared.get(name)
        if declared is not None:
            return declared[0].sort, declared[1]
        if isinstance(value, Scalar):
            known = self.kinds.get(name)
            return value.expression.sort, known is not None and known[1]
        if isinstance(value, Maybe) and isinstance(value.content, Scalar):
            return value.content.expression.sort, True
        if isinstance(value, Nothing):
            self.sometimes_none.add(name)
            return self.kinds.get(name)
        return None

    def _run(self, point: Point, locals: dict[str, Value], domains: Mapping[str, Domain]) -> Recorder:
        """Execute from a position up to the next ones."""
        recorder = Recorder(domains, self.names)
        me = next(iter(self.body.definition.args.args)).arg
        receiver = Namespace(self.body.scope)
        # Every other local that the body assigns exists, but nothing can be said of it here.
        lost = Unusable(
            "not kept across a `yield`: only numbers, truth values and labels are",
            "make it a field with volatile=True; a label needs an annotation: phase: Enum(…) = …",
        )
        names = {me: receiver, **dict.fromkeys(_assigned(self.body.definition), lost), **locals}
        if point.resume is None:
            names = {me: receiver}
        frame = Frame(self.body.name, self.body.file, self.body.function, receiver, names)
        frame.owner = self.body.owner
        statements = Statements(recorder, frame, is_process=True)
        statements.resume = point.resume
        statements.block(self.body.definition.body)
        recorder.exits = [self._typed(exit) for exit in recorder.exits]
        return recorder

    def _typed(self, exit: Exit) -> Exit:
        """Locals as their annotations have them."""
        typed = dict(exit.locals)
        for name, (domain, optional) in self.declared.items():
            if name in typed:
                typed[name] = annotated(name, typed[name], domain, optional, _where(self.body, name))
        return Exit(exit.condition, exit.target, typed, exit.node)

    # ------------------------------------------------------------ locals

    def _live(self) -> dict[Point, frozenset[str]]:
        """Which locals some continuation reads, by a fixed point over what steps read."""
        reads = {point: variables_of(_roots(step)) for point, step in self.steps.items()}
        live: dict[Point, frozenset[str]] = dict.fromkeys(self.steps, frozenset())
        changed = True
        while changed:
            changed = False
            for point, step in self.steps.items():
                needed = set(reads[point])
                for exit in step.exits:
                    for name in live[Point(exit.target)]:
                        needed |= variables_of(_parts(exit.locals[name]))
                found = frozenset(
                    name
                    for name in self.bound[point]
                    if self._variable(name) in needed or self._variable(name) + "?" in needed
                )
                if found != live[point]:
                    live[point] = found
                    changed = True
        return live

    def _domains(self, live: dict[Point, frozenset[str]]) -> dict[str, Domain]:
        """Domains of the live locals: declared, or the least intervals closed under every step."""
        found: dict[str, Domain] = {}
        wanted = {name for names in live.values() for name in names}
        for name in wanted & set(self.declared):
            found[name] = self.declared[name][0]
        for name in wanted - set(self.declared):
            sort = self.kinds[name][0]
            if sort != INT:
                top = len(sort.labels) - 1 if isinstance(sort, EnumSort) else 1
                found[name] = Domain(sort, 0, top)
        growing: set[str] = set()
        # A number that follows a parameter grows for ever: its domain has no end then.
        endless = bool(self.names.symbols)
        for turn in range(2 * _ROUNDS if endless else _ROUNDS):
            known = {**self.outside, **{self._variable(name): d for name, d in found.items()}}
            growing = set()
            for step in self.steps.values():
                for exit in step.exits:
                    for name in live[Point(exit.target)] - set(self.declared):
                        if self.kinds[name][0] != INT:
                            continue
                        if self._grow(name, exit, known, found, turn >= _ROUNDS):
                            growing.add(name)
            if not growing:
                # What is left is kept only where no step ever leads.
                return {**dict.fromkeys(wanted, Domain(INT, 0, 0)), **found}
        name = min(growing)
        raise ModelError(
            f"no bounds can be found for `{name}`, which is kept across a `yield`",
            _where(self.body, name),
            help=f"annotate it: {name}: Int(0, 10) = …",
        )

    def _grow(
        self,
        name: str,
        exit: Exit,
        known: Mapping[str, Domain],
        found: dict[str, Domain],
        widen: bool,
    ) -> bool:
        expression = next((part for part in _parts(exit.locals[name]) if part.sort == INT), None)
        if expression is None:
            return False
        pending = {
            read
            for read in variables_of([expression, exit.condition])
            if read not in known and not read.endswith("?")
        }
        if pending:
            return False  # nothing has reached the step that this value comes from yet
        low, high = bounds(expression, known, exit.condition)
        if low > high:
            return False
        if max(-low, high) > _LARGEST and not self.names.symbols:
            raise ModelError(
                f"no bounds can be found for `{name}`, which is kept across a `yield`",
                _where(self.body, name),
                help=f"annotate it: {name}: Int(0, 10) = …",
            )
        after = hull(found.get(name), (low, high), widen, _LARGEST)
        if after == found.get(name):
            return False
        found[name] = after
        return True


def _roots(step: Recorder) -> Iterator[Expression]:
    """Everything a step reads, apart from what it keeps in locals."""
    yield step.disabled
    yield from step.reached.values()
    for name, value in step.state.items():
        if not (value.operator == "variable" and value.payload == name):
            yield value
    for hazard in step.hazards:
        yield hazard.condition
    for decision in step.decisions:
        yield decision.reached
    for exit in step.exits:
        yield exit.condition
    for effect in step.effects:
        yield effect.condition
    yield from step.writes.values()


def _parts(value: Value) -> list[Expression]:
    if isinstance(value, Scalar):
        return [value.expression]
    if isinstance(value, Maybe) and isinstance(value.content, Scalar):
        return [value.present, value.content.expression]
    return []


def _labels(points: tuple[Point, ...]) -> dict[Point, str]:
    """Names of the positions: as the author wrote them, otherwise numbered in order."""
    labels: dict[Point, str] = {}
    taken: set[str] = set()
    numbers: dict[ast.Yield, int] = {}
    for point in points:
        if point.resume is None:
            label = START
        else:
            node = point.resume.node
            numbers.setdefault(node, len(numbers) + 1)
            label = f"yield {numbers[node]}"
            if isinstance(node.value, ast.Constant):
                label = str(node.value.value)
            if point.resume.iteration:
                label += "".join(f"[{i}]" for i in point.resume.iteration)
        stem, count = label, 1
        while label in taken:
            count += 1
            label = f"{stem} ({count})"
        taken.add(label)
        labels[point] = label
    return labels


def _assigned(definition: ast.FunctionDef) -> set[str]:
    return {
        node.id
        for node in ast.walk(definition)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _where(body: Body, name: str) -> Span | None:
    for node in ast.walk(body.definition):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store):
            return Span.of(node, body.file)
    return None
