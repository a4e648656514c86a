"""The variables and actions of a process, from its state machine."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from checker.language.at_rest import defaults, nothing, optional_form
from checker.language.errors import ModelError, Span
from checker.language.processes import Local, Machine, Point
from checker.language.recorder import Exit, Names, Recorder
from checker.language.source import member_span
from checker.language.steps import Template, actions_of
from checker.language.suspension import suspension_points
from checker.language.symbols import NeedsNumber
from checker.language.types import optional_parts
from checker.language.values import Maybe, Nothing, Scalar
from checker.language.yield_points import YieldPoints
from checker.system.domain_ends import inside
from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    conj,
    constant,
    disj,
    eq,
    ite,
    ne,
    neg,
    variable,
)
from checker.system.shape import OptionalShape, ScalarShape, Shape, decode, leaves
from checker.system.sorts import BOOL, INT, Domain, EnumSort
from checker.system.sorts import Scalar as Value
from checker.system.transition_system import (
    Action,
    Call,
    Fairness,
    Field,
    Hazard,
    Kind,
    Process,
    Role,
    Variable,
)

__all__ = ["ProcessPart", "process_part"]

Volatile = tuple[Any, str, tuple[Any, ...]]


@dataclass(frozen=True)
class ProcessPart:
    """What a process adds to a system."""

    variables: tuple[Variable, ...]
    fields: tuple[Field, ...]
    actions: tuple[Action, ...]
    process: Process
    wellformed: Expression
    points: YieldPoints
    volatile: tuple[Volatile, ...]


def process_part(
    machine: Machine,
    options: dict[str, Any],
    instance: int | None,
    initial: dict[str, Any],
    react: Callable[[Recorder], None],
    domains: dict[str, Domain],
    names: Names,
) -> ProcessPart:
    """Everything that a process contributes.

    Parameters
    ----------
    machine : Machine
    options : dict
        Of the `@process` decorator.
    instance : int or None
        Which of several like processes.
    initial : dict
        Initial values of the scope's variables, for what a crash resets.
    react : function
        Runs the `on_change` hooks of components at the end of a recorded step.
    """
    return _Part(machine, options, instance, initial, react, domains, names).build()


class _Part:
    def __init__(
        self,
        machine: Machine,
        options: dict[str, Any],
        instance: int | None,
        initial: dict[str, Any],
        react: Callable[[Recorder], None],
        domains: dict[str, Domain],
        names: Names,
    ) -> None:
        self.names = names
        self.machine = machine
        self.body = machine.body
        self.key = machine.body.key
        self.options = options
        self.instance = instance
        self.initial = initial
        self.react = react
        self.domains = domains
        labels = tuple(machine.labels[point] for point in machine.points)
        self.position = Variable(
            f"{self.key}.at", Domain(EnumSort(labels), 0, len(labels) - 1), (0,), Role.POSITION, self.key
        )

    def build(self) -> ProcessPart:
        machine = self.machine
        variables = [self.position]
        fields = [
            Field(
                self.position.name,
                ScalarShape(self.position.name, self.position.domain),
                Role.POSITION,
                self.key,
            )
        ]
        for local in machine.locals.values():
            shape = self._shape(local)
            fields.append(Field(local.variable, shape, Role.LOCAL, self.key))
            for leaf, default in zip(leaves(shape), defaults(shape), strict=True):
                initial = (default.payload,) if default.is_constant else default
                variables.append(Variable(leaf.variable, leaf.domain, initial, Role.LOCAL, self.key))
        volatile = tuple(self._volatile())
        actions = [action for point in machine.points for action in self._actions(point)]
        if self.options["restarts"]:
            actions.extend(self._crash(volatile))
        memory = (
            *(one.name for one in variables[1:]),
            *(leaf.variable for scope, name, _ in volatile for leaf in leaves(scope.shapes[name])),
        )
        process = Process(self.key, self.key, self.position.name, memory, bool(self.options["restarts"]))
        return ProcessPart(
            tuple(variables),
            tuple(fields),
            tuple(actions),
            process,
            self._wellformed(),
            suspension_points(machine, self.position.name),
            volatile,
        )

    def _shape(self, local: Local) -> Shape:
        content = ScalarShape(local.variable, local.domain)
        if not local.optional:
            return content
        self._must_be_numbers(local.domain.least, f"what `{local.name}` holds while it is None")
        present = ScalarShape(local.variable + "?", Domain(BOOL, 0, 1))
        return OptionalShape(present, content, (local.domain.default(),))

    def _must_be_numbers(self, expression: Expression | None, what: str) -> None:
        depends = self.names.symbols.among(expression)
        if depends:
            raise NeedsNumber(depends, what)

    # ------------------------------------------------------------ steps

    def _at(self, point: Point) -> Expression:
        return constant(self.machine.points.index(point), self.position.domain.sort)

    def _actions(self, point: Point) -> Iterator[Action]:
        machine = self.machine
        step = machine.steps[point]
        yielded = disj(*(exit.condition for exit in step.exits))
        done = conj(neg(step.stopped), neg(yielded))
        start = machine.points[0]
        ways = [(exit.condition, Point(exit.target), exit) for exit in step.exits]
        self._check_annotations(step, ways)
        self.react(step)
        target = self._at(start)
        for condition, to, _ in ways:
            target = ite(condition, self._at(to), target)
        updates: list[tuple[str, Expression]] = []
        if target is not self._at(point):
            updates.append((self.position.name, target))
        for local in machine.locals.values():
            updates.extend(self._kept(local, ways))
        here = machine.labels[point]
        to_labels = [machine.labels[to] for _, to, _ in ways]
        if done is not FALSE:
            to_labels.append(machine.labels[start])
        arrow = f"{here} → {to_labels[0]}" if len(set(to_labels)) == 1 else here
        label = self.key if len(machine.points) == 1 else f"{self.key}: {arrow}"
        template = Template(
            Action(
                name=f"{self.key}@{here}",
                label=label,
                agent=self.key,
                kind=Kind.STEP,
                fairness=Fairness(self.options["fair"] or "none"),
                group=self.key,
                guard=TRUE,
                updates=(),
                process=self.key,
                completes=done,
                call=Call(self.body.scope.path, self.body.name, "process", self.instance),
                location=self._location(point),
            ),
            eq(self.position.node, self._at(point)),
            tuple(updates),
            self.body.scope.prefix,
        )
        try:
            yield from actions_of(step, template)
        except ModelError as error:
            error.span = error.span or Span.of(self.body.definition, self.body.file)
            raise

    def _location(self, point: Point) -> Any:
        node: ast.AST = self.body.definition if point.resume is None else point.resume.node
        return Span.of(node, self.body.file).location

    def _kept(
        self, local: Local, ways: list[tuple[Expression, Point, Exit]]
    ) -> Iterator[tuple[str, Expression]]:
        """What a local holds after the step: its value where it is alive, otherwise its default."""
        rest = nothing(local.domain)
        value, present = rest, FALSE
        for condition, to, exit in ways:
            if local.name not in self.machine.live[to]:
                continue
            held = exit.locals[local.name]
            if isinstance(held, Scalar):
                there, content = TRUE, held.expression
            elif isinstance(held, Maybe) and isinstance(held.content, Scalar):
                there = held.present
                content = ite(held.present, held.content.expression, rest)
            else:
                assert isinstance(held, Nothing)
                there, content = FALSE, rest
            value = ite(condition, content, value)
            present = ite(condition, there, present)
        if value is not variable(local.variable, local.domain.sort):
            yield local.variable, value
        if local.optional and present is not variable(local.variable + "?", BOOL):
            yield local.variable + "?", present

    def _alive_on_line(self, local: Local, point: Point) -> bool:
        """Whether a local matters in some pass through this `yield`: CPython cannot tell passes apart."""
        assert point.resume is not None
        line = point.resume.node.lineno
        return any(
            local.name in self.machine.live[one]
            for one in self.machine.points
            if one.resume is not None and one.resume.node.lineno == line
        )

    def _check_annotations(self, step: Recorder, ways: list[tuple[Expression, Point, Exit]]) -> None:
        """A value outside an annotated domain is an error when the process yields with it."""
        for condition, to, exit in ways:
            for local in self.machine.locals.values():
                if not local.annotated or not self._alive_on_line(local, to):
                    continue
                held = exit.locals[local.name]
                some = TRUE
                if isinstance(held, Maybe):
                    some, held = held.present, held.content
                if isinstance(held, Scalar) and held.expression.sort == INT:
                    fits = inside(held.expression, local.domain)
                    bad = conj(condition, some, neg(fits))
                    if bad is not FALSE:
                        message = f"`{local.name}` leaves its domain {local.domain}"
                        place = Span.of(exit.node, self.body.file).location
                        step.hazards.append(Hazard("domain", bad, message, "well_defined", place))

    # ------------------------------------------------------------ crashes

    def _volatile(self) -> Iterator[Volatile]:
        scope = self.body.scope
        for name, mark in scope.volatile.items():
            if mark is False or (isinstance(mark, str) and mark != self.body.name):
                continue
            if not self.options["restarts"]:
                continue
            parts = list(leaves(scope.shapes[name]))
            several = [part for part in parts if len(self._begins(part)) != 1]
            if several and len(parts) > 1:
                raise ModelError(
                    f"volatile field `{name}` needs one initial value",
                    member_span(scope.model, name),
                    help="after a crash it holds this value again",
                )
            values = self._begins(parts[0]) if several else (None,)
            options = []
            for value in values:
                state = {part.variable: self._begins(part)[0] for part in parts}
                if several:
                    assert value is not None
                    state[parts[0].variable] = value
                options.append(decode(scope.shapes[name], state))
            yield scope, name, tuple(options)

    def _begins(self, part: ScalarShape) -> tuple[Value, ...]:
        initial = self.initial[part.variable]
        if isinstance(initial, Expression) or initial is None:
            domain = part.domain
            for end in (initial, domain.least, domain.most):
                self._must_be_numbers(end, f"what a crash resets `{part.variable}` to")
        if initial is None:
            return part.domain.values()
        if isinstance(initial, Expression):
            raise ModelError(
                f"volatile `{part.variable}` needs an initial value of its own",
                help="Like(source) begins with another field's value: volatile=True cannot restore it",
            )
        values: tuple[Value, ...] = initial
        return values

    def _crash(self, volatile: tuple[Volatile, ...]) -> Iterator[Action]:
        """Position, locals and volatile fields are lost, wherever the process is."""
        recorder = Recorder(self.domains, self.names)
        state: dict[str, Expression] = {}
        changes: list[Expression] = [ne(self.position.node, self._at(self.machine.points[0]))]
        for scope, name, options in volatile:
            parts = list(leaves(scope.shapes[name]))
            if len(options) == 1:
                for part in parts:
                    (value,) = self._begins(part)
                    reset = constant(value, part.domain.sort)
                    state[part.variable] = reset
                    changes.append(ne(variable(part.variable, part.domain.sort), reset))
            else:
                (part,) = parts
                pick = recorder.choice(f"{self.key}.{name}", Domain(INT, 0, len(options) - 1))
                values = self._begins(part)
                chosen = constant(values[-1], part.domain.sort)
                for i in range(len(values) - 2, -1, -1):
                    chosen = ite(eq(pick, constant(i)), constant(values[i], part.domain.sort), chosen)
                state[part.variable] = chosen
                changes.append(TRUE)
        recorder.state = state
        self.react(recorder)
        locals_lost = tuple(
            (leaf.variable, default)
            for local in self.machine.locals.values()
            for leaf, default in zip(
                leaves(self._shape(local)), defaults(self._shape(local)), strict=True
            )
        )
        start = (self.position.name, self._at(self.machine.points[0]))
        template = Template(
            Action(
                name=f"{self.key}!crash",
                label=f"{self.key}: crash",
                agent="environment",
                kind=Kind.FAULT,
                fairness=Fairness.NONE,
                group=f"{self.key}!crash",
                guard=TRUE,
                updates=(),
                faults=(f"{self.body.scope.prefix}crash",),
                process=self.key,
                completes=FALSE,
                call=Call(self.body.scope.path, self.body.name, "crash", self.instance),
                location=Span.of(self.body.definition, self.body.file).location,
            ),
            disj(*changes),
            (start, *locals_lost),
        )
        for action in actions_of(recorder, template):
            # Nothing was written by an agent: a loss is no write.
            yield replace(action, writes=())

    # ------------------------------------------------------------ what else is known

    def _wellformed(self) -> Expression:
        """A local that is not alive at a position has its default value there."""
        conditions = []
        for local in self.machine.locals.values():
            alive = disj(
                *(
                    eq(self.position.node, self._at(point))
                    for point in self.machine.points
                    if local.name in self.machine.live[point]
                )
            )
            shape = self._shape(local)
            default = conj(
                *(
                    eq(variable(leaf.variable, leaf.domain.sort), value)
                    for leaf, value in zip(leaves(shape), defaults(shape), strict=True)
                )
            )
            conditions.append(disj(alive, default))
            conditions.extend(optional_form(part) for part in optional_parts(shape))
        return conj(*conditions)
