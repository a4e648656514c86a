"""From decorated predicates to the properties of a system."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import FunctionType
from typing import Any

from checker.language.assembly import Scope
from checker.language.declarations import Assigned, Declaration
from checker.language.errors import ModelError, Span, nearest
from checker.language.recorder import Frame, Names, Recorder
from checker.language.source import function_node, member_span
from checker.language.statements import Statements
from checker.language.values import Namespace, Value
from checker.system.expression import FALSE, Expression
from checker.system.sorts import Domain
from checker.system.transition_system import Hazard, Property, TransitionSystem

__all__ = ["stated_properties"]

_PREDICATES = (
    "always",
    "never",
    "transition",
    "converges",
    "recurs",
    "leads_to",
    "recoverable",
    "reachable",
)


def stated_properties(
    scope: Scope, system: TransitionSystem, domains: Mapping[str, Domain], names: Names
) -> Iterator[Property]:
    """Yield the properties of a model and its components, in the order of their declaration.

    Raises
    ------
    ModelError
        If a predicate is not one, or names a field or process that does not exist.
    """
    for inner in scope.walk():
        for name, declared in inner.declared.items():
            if isinstance(declared, Assigned):
                yield _assigned(inner, name, declared, system, scope)
            elif declared.role in _PREDICATES:
                yield _stated(inner, name, declared, domains, names, system)


def _stated(
    scope: Scope,
    name: str,
    declared: Declaration,
    domains: Mapping[str, Domain],
    names: Names,
    system: TransitionSystem,
) -> Property:
    function = scope.members[name]
    options = declared.options
    wanted = 2 if declared.role == "transition" else 1
    predicate, hazards, span = _predicate(
        scope, function, domains, names, wanted, member_span(scope.model, name)
    )
    premise: Expression | None = None
    if declared.role == "leads_to":
        premise, more = _premise(scope, options["premise"], domains, names, span)
        hazards = (*hazards, *more)
    for side in ("setpoint", "output"):
        for field in options.get(side, ()):
            _known_field(scope, field, system, span)
    document = (function.__doc__ or "").strip().splitlines()
    return Property(
        name=scope.prefix + name,
        kind=declared.role,
        predicate=predicate,
        premise=premise,
        hazards=hazards,
        regime=_regime(options.get("regime")),
        expected=options.get("expect", "holds"),
        by=options.get("by"),
        to=options.get("to"),
        setpoint=tuple(scope.prefix + field for field in options.get("setpoint", ())),
        output=tuple(scope.prefix + field for field in options.get("output", ())),
        description=document[0] if document else "",
        location=span.location,
    )


def _regime(given: object) -> str | None:
    return None if given is None else str(given)


def _known_field(scope: Scope, name: str, system: TransitionSystem, span: Span | None) -> None:
    known = [field.name for field in system.fields]
    if scope.prefix + name not in known:
        raise ModelError(
            f"`{name}` is not a field of the model",
            span,
            help=nearest(name, known) or f"the fields are {', '.join(known)}",
        )


def _predicate(
    scope: Scope,
    function: Any,
    domains: Mapping[str, Domain],
    names: Names,
    wanted: int,
    at: Span | None,
) -> tuple[Expression, tuple[Hazard, ...], Span]:
    if not isinstance(function, FunctionType):
        raise ModelError(
            f"a property is a plain method that returns a condition, not {function!r}",
            at,
            help="write def holds(self): return …",
        )
    definition, file = function_node(function)
    span = Span.of(definition, file)
    arguments = definition.args.args
    if len(arguments) != wanted:
        expected = "(self, after)" if wanted == 2 else "(self)"
        raise ModelError(
            f"`{function.__name__}` takes {expected}",
            span,
            f"it has {len(arguments) or 'no'} parameter{'' if len(arguments) == 1 else 's'}",
            "`after` is the state that a step leads to"
            if wanted == 2
            else "a state property reads one state",
        )
    receiver = Namespace(scope)
    given: dict[str, Value] = {arguments[0].arg: receiver}
    if wanted == 2:
        given[arguments[1].arg] = Namespace(scope, after=True)
    recorder = Recorder(domains, names, writable=False)
    frame = Frame(function.__name__, file, function, receiver, given)
    frame.owner = next(
        (one for one in scope.model.__mro__ if vars(one).get(function.__name__) is function), None
    )
    statements = Statements(recorder, frame)
    if isinstance(definition, ast.Lambda):
        value: Value | None = statements.value(definition.body)
        body: ast.AST = definition.body
    else:
        statements.block(definition.body)
        value, body = statements.returned(), definition
        if frame.result is None or frame.flow["return"] is FALSE:
            raise ModelError(
                f"`{function.__name__}` returns nothing",
                span,
                help="return the condition: return self.x == …",
            )
    truth = statements.truth_of(value, body)  # type: ignore[arg-type]
    return truth, tuple(recorder.hazards), span


def _premise(
    scope: Scope, premise: Any, domains: Mapping[str, Domain], names: Names, span: Span
) -> tuple[Expression, tuple[Hazard, ...]]:
    if isinstance(premise, str):
        function = scope.members.get(premise)
        if function is None:
            raise ModelError(
                f"the premise `{premise}` is not a method of the model",
                span,
                help=nearest(premise, scope.members) or "a premise is a method that returns a condition",
            )
        if not isinstance(function, FunctionType):
            raise ModelError(
                f"the premise `{premise}` is not a method of the model",
                span,
                help=f"write a lambda: @leads_to(lambda self: self.{premise}), or a method",
            )
        premise = function
    expression, hazards, _ = _predicate(scope, premise, domains, names, 1, span)
    return expression, hazards


def _assigned(
    scope: Scope, name: str, declared: Assigned, system: TransitionSystem, root: Scope
) -> Property:
    options = declared.options
    expect = options.get("expect", "holds")
    levels = tuple(sorted(expect.items())) if isinstance(expect, dict) else ()
    claim = Property(
        name=scope.prefix + name,
        kind=declared.role,
        regime=_regime(options.get("regime")),
        expected=expect if isinstance(expect, str) else "holds",
        expected_levels=levels,
        by=options.get("by"),
        to=options.get("to"),
        location=declared.span.location if declared.span is not None else None,
    )
    if declared.role != "idempotent":
        return claim
    process = scope.prefix + options["process"]
    known = [*(p.key for p in system.processes), *(action.name for action in system.actions)]
    if process not in known:
        if f"{process}[0]" in known:
            process = f"{process}[0]"
        else:
            raise ModelError(
                f"`{options['process']}` is not a process or action of the model",
                declared.span,
                help=nearest(process, known) or f"there are {', '.join(known) or 'none'}",
            )
    for field in options["world"]:
        _known_field(scope, field, system, declared.span)
    goal = options["goal"]
    if goal is not None and goal not in root.declared:
        raise ModelError(
            f"the goal `{goal}` is not a property of the model",
            declared.span,
            help=nearest(goal, root.declared) or "name a @converges method",
        )
    return replace(
        claim,
        process=process,
        world=tuple(scope.prefix + field for field in options["world"]),
        levels=options["levels"],
        goal=goal,
    )
