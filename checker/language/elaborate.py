"""From an instance of a model to its transition system and the properties stated of it."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

from checker.language.assembly import Scope, assemble
from checker.language.at_rest import optional_form
from checker.language.declarations import Declaration
from checker.language.errors import ModelError, Span
from checker.language.loose_ends import refuse_pointless_volatile, refuse_unknown_watches
from checker.language.model import Model, members
from checker.language.parameters import Number, resolve
from checker.language.process_actions import ProcessPart, process_part
from checker.language.processes import Body, build_machine
from checker.language.properties import stated_properties
from checker.language.recorder import Frame, Names, Recorder
from checker.language.source import function_node, member_span
from checker.language.statements import Statements
from checker.language.steps import Template, actions_of
from checker.language.symbols import Symbols
from checker.language.types import optional_parts
from checker.language.values import Namespace, Scalar, Value
from checker.language.yield_points import YieldPoints
from checker.system.domain_ends import inside
from checker.system.expression import TRUE, Expression, conj, disj, neg, variable
from checker.system.expression import eq as equal_to
from checker.system.shape import ScalarShape, leaves
from checker.system.sorts import Domain
from checker.system.transition_system import (
    Action,
    Call,
    Fairness,
    Field,
    Kind,
    Property,
    Role,
    Symbol,
    TransitionSystem,
    Variable,
)
from checker.system.walk import variables_of

__all__ = ["Elaborated", "elaborate"]


@dataclass(frozen=True, eq=False)
class Elaborated:
    """A model's instance with everything that is known of it.

    Parameters
    ----------
    model : Model
        The instance.
    scope : Scope
        The tree of its components, for CPython's execution.
    system : TransitionSystem
    properties : tuple of Property
    points, volatile : dict
        By (path, method, instance) of a process: where it yields, what it forgets in a crash.
    """

    model: Model
    scope: Scope
    system: TransitionSystem
    properties: tuple[Property, ...]
    points: dict[tuple[tuple[str, ...], str, int | None], YieldPoints]
    volatile: dict[tuple[tuple[str, ...], str, int | None], tuple[Any, ...]]


def elaborate(model: Model | type[Model], *, free: Collection[str] = ()) -> Elaborated:
    """Translate an instance of a model (or a class, with its default parameters).

    Parameters
    ----------
    model : Model
    free : collection of str
        Parameters that do not get the instance's value: each becomes a variable that no step
        changes. See `checker.language.all_sizes`, which finds out for which this is possible.

    Raises
    ------
    ModelError
        If the model says something that has no meaning, with the line and what to do.
    NeedsNumber
        If a parameter that is to be free stands where a number is needed.
    """
    instance = model() if isinstance(model, type) else model
    with _deep_recursion():
        return _Elaboration(instance, free).run()


@contextmanager
def _deep_recursion() -> Iterator[None]:
    # Early returns nest the statements behind them; Python-to-Python calls cost no C stack.
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 20_000))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


class _Elaboration:
    def __init__(self, model: Model, free: Collection[str]) -> None:
        known = members(type(model))
        self.model = model
        self.symbols = Symbols({name: one.domain for name, one in known.items() if name in free})
        self.scope = assemble(model, self.symbols)
        self.names = Names(self.symbols)
        self.domains: dict[str, Domain] = dict(self.symbols.domains)
        self.initial: dict[str, Any] = {}
        self.variables: list[Variable] = [
            Variable(name, domain, None, Role.PARAMETER) for name, domain in self.domains.items()
        ]
        self.fields: list[Field] = [
            Field(name, ScalarShape(name, domain), Role.PARAMETER)
            for name, domain in self.domains.items()
        ]
        self.actions: list[Action] = []
        self.parts: list[ProcessPart] = []
        self.points: dict[Any, YieldPoints] = {}
        self.volatile: dict[Any, tuple[Any, ...]] = {}
        self.wellformed: list[Any] = []

    def run(self) -> Elaborated:
        for scope in self.scope.walk():
            self._fields(scope)
        for scope in self.scope.walk():
            refuse_unknown_watches(scope)
        for scope in self.scope.walk():
            self._movers(scope)
        for part in self.parts:
            self.variables.extend(part.variables)
            self.fields.extend(part.fields)
            self.wellformed.append(part.wellformed)
        for scope in self.scope.walk():
            refuse_pointless_volatile(scope)
        system = TransitionSystem(
            name=type(self.model).__name__,
            parameters=tuple(_numbers(self.scope.parameters)),
            variables=tuple(self.variables),
            actions=tuple(self.actions),
            fields=tuple(self.fields),
            processes=tuple(part.process for part in self.parts),
            wellformed=conj(*self.wellformed),
        )
        system = replace(system, reads=tuple(_reads(system)))
        properties = tuple(stated_properties(self.scope, system, self.domains, self.names))
        # Properties, too, may say something that has a meaning for some parameters only.
        system = replace(system, wellformed=conj(*self._instance_exists(), system.wellformed))
        return Elaborated(self.model, self.scope, system, properties, self.points, self.volatile)

    def _instance_exists(self) -> Iterator[Expression]:
        """For which values of the free parameters there is an instance."""
        for name, domain in self.symbols.domains.items():
            yield inside(variable(name, domain.sort), domain)
        yield from self.symbols.conditions

    # ------------------------------------------------------------ fields

    def _fields(self, scope: Scope) -> None:
        owner = scope.agent if scope.path else ""
        for name, shape in scope.shapes.items():
            self.fields.append(Field(scope.field_name(name), shape, Role.FIELD, owner))
            for leaf in leaves(shape):
                self.domains[leaf.variable] = leaf.domain
                self.initial[leaf.variable] = scope.initial[leaf.variable]
                self.variables.append(
                    Variable(leaf.variable, leaf.domain, scope.initial[leaf.variable], Role.FIELD, owner)
                )
            self.wellformed.extend(optional_form(part) for part in optional_parts(shape))

    # ------------------------------------------------------------ who moves

    def _movers(self, scope: Scope) -> None:
        for name, declared in scope.declared.items():
            if not isinstance(declared, Declaration):
                continue
            if declared.role in ("action", "fault", "intent"):
                self.actions.extend(self._action(scope, name, declared))
            elif declared.role == "process":
                self._process(scope, name, declared)

    def _definition(
        self, scope: Scope, name: str
    ) -> tuple[FunctionType, ast.FunctionDef, str, type | None]:
        function = scope.members[name]
        if not isinstance(function, FunctionType):
            raise ModelError(
                f"`{name}` is a {type(function).__name__}, not a plain method",
                member_span(scope.model, name),
                help=f"write def {name}(self) without further decorators",
            )
        definition, file = function_node(function)
        if isinstance(definition, ast.Lambda):
            raise ModelError(
                f"`{name}` is a lambda",
                Span.of(definition, file),
                help=f"write it as a method: def {name}(self): …",
            )
        arguments = definition.args
        if not arguments.args:
            raise ModelError(
                f"`{name}` has no `self`",
                Span.of(definition, file),
                "a method's first parameter is the model",
                f"write def {name}(self)",
            )
        if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.defaults:
            raise ModelError(
                f"`{name}` takes plain parameters only",
                Span.of(definition, file),
                help="an action's parameter is given with its domain: def move(self, to: Int(0, 3))",
            )
        owner = next((one for one in scope.model.__mro__ if vars(one).get(name) is function), None)
        return function, definition, file, owner

    def _action(self, scope: Scope, name: str, declared: Declaration) -> Iterator[Action]:
        function, definition, file, owner = self._definition(scope, name)
        if inspect.isgeneratorfunction(function):
            place = next(
                node for node in ast.walk(definition) if isinstance(node, ast.Yield | ast.YieldFrom)
            )
            raise ModelError(
                "`yield` is only possible in a @process",
                Span.of(place, file),
                f"an @{declared.role} is one atomic step",
                f"decorate `{name}` with @process",
            )
        parameters = tuple(self._parameters(scope, function, definition, file))
        me = definition.args.args[0].arg
        receiver = Namespace(scope)
        values: dict[str, Value] = {me: receiver}
        for symbol in parameters:
            values[symbol.name] = Scalar(symbol.node)
        recorder = Recorder(self.domains, self.names)
        frame = Frame(name, file, function, receiver, values)
        frame.owner = owner
        Statements(recorder, frame).block(definition.body)
        self._react(recorder)
        kind = {"action": Kind.STEP, "fault": Kind.FAULT, "intent": Kind.INTENT}[declared.role]
        fair = declared.options.get("fair") if kind is Kind.STEP else None
        full = scope.prefix + name
        template = Template(
            Action(
                name=full,
                label=name if not scope.path else full,
                agent=declared.options.get("agent") or scope.agent,
                kind=kind,
                fairness=Fairness(fair or "none"),
                group=full,
                guard=TRUE,
                updates=(),
                parameters=parameters,
                faults=() if kind is Kind.STEP else (full,),
                call=Call(scope.path, name),
                location=Span.of(definition, file).location,
            ),
            prefix=scope.prefix,
        )
        try:
            yield from actions_of(recorder, template)
        except ModelError as error:
            error.span = error.span or Span.of(definition, file)
            raise

    def _parameters(
        self, scope: Scope, function: FunctionType, definition: ast.FunctionDef, file: str
    ) -> Iterator[Symbol]:
        for argument in definition.args.args[1:]:
            span = Span.of(argument, file)
            annotation = function.__annotations__.get(argument.arg)
            if isinstance(annotation, str):
                # Under `from __future__ import annotations` Python kept the text only.
                try:
                    annotation = eval(annotation, {**function.__globals__, **scope.members})
                except Exception as error:
                    raise ModelError(
                        f"this annotation has no value: {error}",
                        span,
                        help="a domain is written with numbers and parameters: Int(0, size - 1)",
                    ) from None
            if annotation is None:
                raise ModelError(
                    f"parameter `{argument.arg}` has no domain",
                    span,
                    "an action is taken for every value of its parameters",
                    f"annotate it: {argument.arg}: Int(0, 3)",
                )
            if not hasattr(annotation, "domain"):
                raise ModelError(
                    f"parameter `{argument.arg}` needs a domain of single values",
                    span,
                    help="Bool(), Int(low, high) or Enum(…); for None as well write an action of its own",
                )
            try:
                domain = annotation.listed(scope.parameters)
            except ModelError as error:
                error.span = error.span or span
                raise
            if domain.top is None and not domain.is_symbolic:
                raise ModelError(
                    f"parameter `{argument.arg}` needs a greatest value", span, help="write Int(0, …)"
                )
            yield self.names.symbol(argument.arg, domain)

    def _process(self, scope: Scope, name: str, declared: Declaration) -> None:
        function, definition, file, owner = self._definition(scope, name)
        if len(definition.args.args) > 1:
            raise ModelError(
                f"process `{name}` takes no parameters",
                Span.of(definition.args.args[1], file),
                help="what it works on is a field, or choose(…) in its first step",
            )
        many = f"the number of instances of `{name}`"
        count = resolve(declared.options["instances"], scope.parameters, many)
        if count < 1:
            raise ModelError(
                f"`{name}` has {count} instances", Span.of(definition, file), help="at least 1 runs"
            )
        instances: list[int | None] = list(range(count)) if count > 1 else [None]
        for instance in instances:
            key = scope.prefix + name + ("" if instance is None else f"[{instance}]")
            body = Body(key, scope, name, function, definition, file, owner)
            machine = build_machine(body, self.domains, self.names)
            self.domains |= {one.variable: one.domain for one in machine.locals.values()}
            part = process_part(
                machine, declared.options, instance, self.initial, self._react, self.domains, self.names
            )
            self.parts.append(part)
            self.actions.extend(part.actions)
            self.points[(scope.path, name, instance)] = part.points
            self.volatile[(scope.path, name, instance)] = part.volatile

    def _react(self, recorder: Recorder) -> None:
        """Run the `on_change` hooks whose inputs this step changed, in CPython's order."""
        before = {name: variable(name, domain.sort) for name, domain in self.domains.items()}
        for scope in self.scope.walk():
            for name, declared in scope.declared.items():
                if not (isinstance(declared, Declaration) and declared.role == "on_change"):
                    continue
                changes = []
                for watched in declared.options["inputs"]:
                    home, field = scope.inputs.get(watched, (scope, watched))
                    for leaf in leaves(home.shapes[field]):
                        now = recorder.state.get(leaf.variable, before[leaf.variable])
                        changes.append(neg(equal_to(now, before[leaf.variable])))
                changed = disj(*changes)
                if changed is not TRUE and not changes:
                    continue
                self._hook(recorder, scope, name, changed)

    def _hook(self, recorder: Recorder, scope: Scope, name: str, changed: Any) -> None:
        function, definition, file, owner = self._definition(scope, name)
        receiver = Namespace(scope)
        frame = Frame(name, file, function, receiver, {definition.args.args[0].arg: receiver})
        frame.owner = owner
        recorder.branch(frame, changed, lambda: Statements(recorder, frame).block(definition.body))


def _numbers(parameters: Mapping[str, Number]) -> Iterator[tuple[str, int]]:
    yield from ((name, one) for name, one in parameters.items() if not isinstance(one, Expression))


def _reads(system: TransitionSystem) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Which agent reads which field: models lie where a controller reads the world directly."""
    home = {leaf.variable: field.name for field in system.fields for leaf in leaves(field.shape)}
    seen: dict[str, dict[str, None]] = {}
    for action in system.actions:
        if action.kind is not Kind.STEP:
            continue
        mine = seen.setdefault(action.agent, {})
        names = variables_of([action.guard, *(value for _, value in action.updates)])
        for field in system.fields:
            if field.role is Role.FIELD and any(home.get(name) == field.name for name in names):
                mine[field.name] = None
    yield from ((agent, tuple(fields)) for agent, fields in seen.items())
