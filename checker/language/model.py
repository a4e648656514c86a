"""`Model`: the class a controller's author writes; a component is a model inside another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from checker.language.class_body import refuse_misuse
from checker.language.declarations import Assigned, Declaration, declaration_of
from checker.language.errors import ModelError, nearest
from checker.language.parameters import Param, ParamExpression
from checker.language.types import FieldReference, FieldType, Input

if TYPE_CHECKING:
    from checker.language.execution import Running

__all__ = ["Model", "declarations", "members"]


class Model:
    """A controller and its world, as a state-transition system in plain Python.

    An instance gives parameters their values (`Taxi(street=20)`); inside another class body it is
    a component, and positional arguments connect its inputs (`Stale(pods)`). While CPython runs
    the model, `self` is an instance of the very same class whose fields hold a state.

    Raises
    ------
    ModelError
        For a parameter that the model does not have, or an input left open.
    """

    reads_as: ClassVar[str | None] = None
    """The field whose value stands for a component where its name is read (`Stale`: its view)."""

    violates: ClassVar[tuple[str, ...]] = ()
    """Names of what is documented to fail: assertions, "well_defined", and inherited properties.

    A class that sets it speaks for all that it inherits: `violates = ()` in a fix says that every
    property of the bug holds now. What the class declares itself says it with `expect=`.
    """

    _running: Running | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        refuse_misuse(cls)

    def __init__(self, *inputs: Any, **parameters: Any) -> None:
        known = members(type(self))
        declared = {name: one for name, one in known.items() if isinstance(one, Param)}
        wanted = [name for name, one in known.items() if isinstance(one, Input)]
        model = type(self).__name__
        for name, value in parameters.items():
            if name not in declared:
                has = ", ".join(declared) or "none"
                raise ModelError(
                    f"{model} has no parameter `{name}`; it has {has}",
                    help=nearest(name, declared)
                    or "a parameter is declared in the class body: size = Param(3)",
                )
            if not isinstance(value, ParamExpression):
                declared[name].validate(value)
        if len(inputs) != len(wanted):
            names = ", ".join(wanted) or "none"
            raise ModelError(
                f"{model} is connected to {len(inputs)} fields; its inputs are {names}",
                help=f"connect each to a field: {model}({', '.join(wanted)})",
            )
        for name, source in zip(wanted, inputs, strict=True):
            if not isinstance(source, FieldType | FieldReference | Model):
                raise ModelError(
                    f"{model}: input `{name}` needs a field of the model, not {source!r}",
                    help="name a field that is declared above it in the class body",
                )
        self._given: dict[str, Any] = parameters
        self._sources: dict[str, Any] = dict(zip(wanted, inputs, strict=True))
        self._name = ""

    # As a component in a class body, a model is a data descriptor: reading it from a running
    # model gives the running component, or the value it stands for.

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = self._name or name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        if instance._running is None:
            return FieldReference(instance, self._name)
        return instance._running.component(self._name)

    def __set__(self, instance: Any, value: Any) -> None:
        raise AttributeError(f"component `{self._name}` cannot be assigned")

    # What descriptors of parameters and fields ask for.

    def _parameter(self, name: str) -> Any:
        if self._running is not None:
            return self._running.parameters[name]
        if name in self._given:
            return self._given[name]
        return members(type(self))[name].default

    def _read(self, name: str) -> Any:
        return FieldReference(self, name) if self._running is None else self._running.read(name)

    def _write(self, name: str, value: Any) -> None:
        if self._running is None:
            raise AttributeError(f"field `{name}` has a value only while the model runs")
        self._running.write(name, value)

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self._given.items())
        return f"{type(self).__name__}({given})"


def members(model: type) -> dict[str, Any]:
    """Everything a model's class declares, inherited first, in order; `name = None` removes."""
    found: dict[str, Any] = {}
    for owner in reversed(model.__mro__):
        if owner in (object, Model):
            continue
        for name, member in vars(owner).items():
            if name.startswith("__"):
                continue
            if member is None:
                found.pop(name, None)
            else:
                found[name] = member
    return found


def declarations(model: type) -> dict[str, Declaration | Assigned]:
    """Actions, processes and properties of a model by name, in order.

    A subclass that overrides a declared method without a decorator keeps the declaration.
    """
    result: dict[str, Declaration | Assigned] = {}
    for name, member in members(model).items():
        if isinstance(member, Assigned):
            result[name] = member
            continue
        if not callable(member):
            continue
        for owner in model.__mro__:
            declared = declaration_of(vars(owner).get(name))
            if declared is not None:
                result[name] = declared
                break
    return result
