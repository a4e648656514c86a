"""From an instance of a model to the tree of its scopes: parameters, shapes, inputs, components."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from checker.language.declarations import Assigned, Declaration
from checker.language.errors import ModelError
from checker.language.model import Model, declarations, members
from checker.language.parameters import Number, Param, Setting, value_of
from checker.language.source import class_span, member_span
from checker.language.symbols import Symbols
from checker.language.types import FieldReference, FieldType, Initial, Input
from checker.system.expression import variable
from checker.system.shape import Shape

__all__ = ["Scope", "assemble"]


@dataclass(eq=False)
class Scope:
    """One model or component of an elaborated instance.

    Parameters
    ----------
    model : type
        Its class.
    path : tuple of str
        Names of the components from the outside in; empty for the model itself.
    shapes, volatile
        Its own fields, by name.
    inputs : dict
        Input name → (scope, field name) it is connected to, followed to the end.
    """

    model: type[Model]
    path: tuple[str, ...]
    parameters: Setting
    shapes: dict[str, Shape] = field(default_factory=dict)
    initial: dict[str, Initial] = field(default_factory=dict)
    volatile: dict[str, bool | str] = field(default_factory=dict)
    inputs: dict[str, tuple[Scope, str]] = field(default_factory=dict)
    components: dict[str, Scope] = field(default_factory=dict)
    members: dict[str, Any] = field(default_factory=dict)
    declared: dict[str, Declaration | Assigned] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """What the names of its fields begin with."""
        return "".join(part + "." for part in self.path)

    @property
    def agent(self) -> str:
        """The name of the agent that it is."""
        return ".".join(self.path) or _snake(self.model.__name__)

    def field_name(self, name: str) -> str:
        """A field's name in the whole system; a component's own value has the component's name."""
        if self.path and name == self.model.reads_as:
            return ".".join(self.path)
        return self.prefix + name

    def walk(self) -> Iterator[Scope]:
        """Itself and every component below it, outermost first."""
        yield self
        for component in self.components.values():
            yield from component.walk()

    def at(self, path: tuple[str, ...]) -> Scope:
        """The scope at a path below this one."""
        scope = self
        for part in path:
            scope = scope.components[part]
        return scope


def _snake(name: str) -> str:
    return "".join(
        ("_" if i and c.isupper() and not name[i - 1].isupper() else "") + c.lower()
        for i, c in enumerate(name)
    )


def assemble(model: Model, symbols: Symbols | None = None) -> Scope:
    """Give every parameter its value and every field its shape.

    Parameters
    ----------
    model : Model
    symbols : Symbols, optional
        The parameters that remain symbols: each is read as the variable of its name.

    Raises
    ------
    ModelError
        If a domain is empty, an initial value outside it, or an input not connected.
    NeedsNumber
        If a symbol stands where a number is needed.
    """
    symbols = Symbols() if symbols is None else symbols
    wanted = [name for name, one in members(type(model)).items() if isinstance(one, Input)]
    if wanted:
        raise ModelError(
            f"{type(model).__name__} is a component: it has inputs ({', '.join(wanted)})",
            class_span(type(model)),
            help="check a model that contains it",
        )
    return _assemble(model, (), Setting({}, {}, symbols), {})


def _assemble(
    model: Model, path: tuple[str, ...], outer: Setting, inputs: dict[str, tuple[Scope, str]]
) -> Scope:
    cls = type(model)
    known = members(cls)
    values: dict[str, Number] = {}
    symbols = outer.symbols
    for name, one in known.items():
        if isinstance(one, Param) and not path and name in symbols.domains:
            values[name] = variable(name, symbols.domains[name].sort)
        elif isinstance(one, Param):
            values[name] = value_of(model._given.get(name, one.default), outer)
            one.admit(values[name], symbols)
    connected = {
        name: (scope.field_name(source), scope.shapes[source])
        for name, (scope, source) in inputs.items()
    }
    scope = Scope(cls, path, Setting(values, connected, symbols), inputs=inputs, members=known)
    scope.declared = declarations(cls)
    for name, one in known.items():
        try:
            if isinstance(one, Input):
                continue
            if isinstance(one, FieldType):
                built = one.build(scope.field_name(name), scope.parameters)
                scope.shapes[name] = built.shape
                scope.initial |= built.initial
                scope.volatile[name] = one.volatile
            elif isinstance(one, Model):
                connections = {
                    target: _connection(scope, source) for target, source in one._sources.items()
                }
                scope.components[name] = _assemble(one, (*path, name), scope.parameters, connections)
        except ModelError as error:
            if error.span is None:
                error.span = member_span(cls, name)
            raise
    return scope


def _connection(scope: Scope, source: Any) -> tuple[Scope, str]:
    if isinstance(source, FieldReference):
        # `Stale(api.pods)`: a field of a component declared above.
        inner = scope.components.get(source.component._name)
        if inner is None:
            raise ModelError(
                f"component `{source.component._name}` is not declared above",
                help="move its declaration up",
            )
        return _follow(inner, source.name)
    if isinstance(source, Model):
        inner = scope.components.get(source._name)
        if inner is None or source.reads_as is None:
            raise ModelError(
                f"`{source._name}` has no value that could be an input",
                help=f"name one of its fields: {source._name}.…",
            )
        return _follow(inner, source.reads_as)
    return _follow(scope, source.name)


def _follow(scope: Scope, name: str) -> tuple[Scope, str]:
    if name in scope.inputs:
        return scope.inputs[name]
    if name not in scope.shapes:
        raise ModelError(
            f"the input is connected to `{name}`, which is not a field declared above",
            help=f"declare `{name}` in this class, above the component",
        )
    return scope, name
