"""Types of fields: `Bool`, `Int`, `Nat`, `Enum`, `Array`, `Set`, `Optional`, `Record`, `Like`.

A type is declared with numbers or parameters; `shape` turns it into the scalar variables that
make up a field once an instance has given every parameter its value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from checker.language.ends import begins, integers
from checker.language.errors import ModelError, nearest
from checker.language.parameters import Constant, Setting, resolve, value_of
from checker.language.symbols import NeedsNumber
from checker.system.expression import Expression, variable
from checker.system.shape import (
    ArrayShape,
    OptionalShape,
    RecordShape,
    ScalarShape,
    SetShape,
    Shape,
    leaves,
)
from checker.system.sorts import BOOL, INT, Domain, EnumSort, Scalar

__all__ = [
    "ANY",
    "Array",
    "Bool",
    "Built",
    "Enum",
    "FieldReference",
    "FieldType",
    "Input",
    "Int",
    "Like",
    "Nat",
    "Optional",
    "Record",
    "Set",
]


class _Any:
    """Every value of the domain."""

    def __repr__(self) -> str:
        return "ANY"


ANY = _Any()
_UNSET: Any = type("_Unset", (), {"__repr__": lambda self: "default"})()

Initial = tuple[Scalar, ...] | Expression | None


@dataclass
class Built:
    """A shape with the initial values of its variables (None: any) and its well-formedness."""

    shape: Shape
    initial: dict[str, Initial] = field(default_factory=dict)


@dataclass(frozen=True)
class FieldReference:
    """A field of a component, named while the surrounding class is being defined."""

    component: Any
    name: str


class FieldType:
    """What a field may hold; assigned in a class body it declares the field.

    Parameters
    ----------
    init : value, ANY, or several values
        Where a run may begin; the type's least value if not given.
    volatile : bool or str
        Lost when its agent crashes; a process's name where the model has several.
    """

    def __init__(self, *, init: Any = _UNSET, volatile: bool | str = False, **unknown: Any) -> None:
        for option in unknown:
            raise ModelError(
                f"{type(self).__name__} has no option `{option}`",
                help=nearest(option, ("init", "volatile")) or "the options are init=… and volatile=True",
            )
        self.init = init
        self.volatile = volatile
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        if not self.name:
            self.name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else instance._read(self.name)

    def __set__(self, instance: Any, value: Any) -> None:
        instance._write(self.name, value)

    def build(self, name: str, parameters: Setting, init: Any = _UNSET) -> Built:
        """The variables that make up a field called `name`, in an instance.

        Raises
        ------
        ModelError
            If a bound or an initial value makes no sense.
        """
        raise TypeError(f"{type(self).__name__} is not a complete type")

    def _chosen(self, init: Any) -> Any:
        return self.init if init is _UNSET else init


class _ScalarType(FieldType):
    # A domain of constants can be used as Python uses a range: `x in Int(0, 3)`, `for x in …`.

    def __contains__(self, value: object) -> bool:
        domain = self.domain(Setting({}, {}))
        if isinstance(domain.sort, EnumSort):
            return value in domain.sort.labels
        return (
            isinstance(value, int)
            and domain.low <= value
            and (domain.high is None or value <= domain.high)
        )

    def __iter__(self) -> Iterator[bool | int | str]:
        domain = self.domain(Setting({}, {}))
        return (domain.decode(value) for value in domain.values())

    def domain(self, parameters: Setting) -> Domain:
        raise TypeError

    def listed(self, parameters: Setting) -> Domain:
        """The domain, where every value of it is tried."""
        return self.domain(parameters)

    def build(self, name: str, parameters: Setting, init: Any = _UNSET) -> Built:
        domain = self.domain(parameters)
        init = self._chosen(init)
        values: Initial
        if init is ANY:
            domain = self.listed(parameters)
            if domain.size is None and not domain.is_symbolic:
                raise ModelError(
                    f"`{name}` cannot begin anywhere: {domain} has no greatest value",
                    help="name the values: init=(0, 1)",
                )
            values = None
        elif init is _UNSET:
            values = (domain.default(),) if domain.least is None else domain.least
        else:
            several = init if isinstance(init, list | tuple | set | frozenset | range) else (init,)
            values = begins(name, domain, several, parameters)
            if not values:
                raise ModelError(f"`{name}` has no initial value", help="init=…, or init=ANY for all")
        return Built(ScalarShape(name, domain), {name: values})


class Bool(_ScalarType):
    """A truth value."""

    def domain(self, parameters: Setting) -> Domain:
        return Domain(BOOL, 0, 1)


class Int(_ScalarType):
    """A whole number from `low` to `high`, both included; either may be a parameter expression."""

    def __init__(
        self, low: Constant | Expression, high: Constant | Expression = _UNSET, **options: Any
    ) -> None:
        super().__init__(**options)
        if high is _UNSET:
            raise ModelError("Int needs a least and a greatest value", help="for example Int(0, 3)")
        self.low = low
        self.high = high

    def domain(self, parameters: Setting) -> Domain:
        return integers(self.low, self.high, parameters)


class Nat(_ScalarType):
    """A natural number without a greatest value: for proofs, or explored up to `explore_to`."""

    def __init__(self, *, explore_to: Constant | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.explore_to = explore_to

    def domain(self, parameters: Setting) -> Domain:
        # Where an exploration stops means nothing where nobody explores: it may depend on a symbol.
        bound = None if self.explore_to is None else value_of(self.explore_to, parameters)
        return Domain(INT, 0, None, None if isinstance(bound, Expression) else bound)

    def listed(self, parameters: Setting) -> Domain:
        if self.explore_to is not None:
            resolve(self.explore_to, parameters, "how far the values of Nat(explore_to=…) are tried")
        return self.domain(parameters)


class Enum(_ScalarType):
    """One of several labels."""

    def __init__(self, *labels: str, **options: Any) -> None:
        super().__init__(**options)
        if not labels or not all(isinstance(label, str) for label in labels):
            raise ModelError("Enum needs labels", help="for example Enum('idle', 'busy')")
        if len(set(labels)) < len(labels):
            twice = next(label for label in labels if labels.count(label) > 1)
            raise ModelError(f"the label {twice!r} is there twice", help="remove one of them")
        self.labels = labels

    def domain(self, parameters: Setting) -> Domain:
        return Domain(EnumSort(self.labels), 0, len(self.labels) - 1)


def _element(of: Any, what: str) -> FieldType:
    if not isinstance(of, FieldType):
        given = of.__name__ if isinstance(of, type) else repr(of)
        raise ModelError(f"{what} needs a type, not {given}", help="for example Int(0, 3) or Bool()")
    return of


class Array(FieldType):
    """`n` elements of one type, indexed 0..n-1."""

    def __init__(self, n: Constant, of: FieldType, **options: Any) -> None:
        super().__init__(**options)
        self.n = n
        self.of = _element(of, "Array(n, of)")

    def build(self, name: str, parameters: Setting, init: Any = _UNSET) -> Built:
        count = resolve(self.n, parameters, f"the length of `{name}`")
        if count < 0:
            raise ModelError(f"`{name}` would have {count} elements", help="a length is 0 or more")
        init = self._chosen(init)
        each: Iterable[Any] = [init] * count
        if isinstance(init, list | tuple):
            if len(init) != count:
                raise ModelError(
                    f"`{name}` has {count} elements, its `init` {len(init)}",
                    help="one value for each element, or a single one for all",
                )
            each = init
        built = [self.of.build(f"{name}[{i}]", parameters, one) for i, one in enumerate(each)]
        return Built(ArrayShape(tuple(part.shape for part in built)), _joined(built))


class Set(FieldType):
    """A subset of range(n)."""

    def __init__(self, n: Constant, **options: Any) -> None:
        super().__init__(**options)
        self.n = n

    def build(self, name: str, parameters: Setting, init: Any = _UNSET) -> Built:
        count = resolve(self.n, parameters, f"the size of `{name}`")
        init = self._chosen(init)
        domain = Domain(BOOL, 0, 1)
        members = tuple(ScalarShape(f"{name}{{{i}}}", domain) for i in range(count))
        initial: dict[str, Initial]
        if init is ANY:
            initial = {member.variable: None for member in members}
        else:
            held = set() if init is _UNSET else set(init)
            if not held <= set(range(count)):
                raise ModelError(
                    f"`{name}` cannot begin as {init!r}: it is a set of numbers below {count}",
                    help="for example init={0, 1}, or ANY",
                )
            initial = {member.variable: (i in held,) for i, member in enumerate(members)}
        return Built(SetShape(members), initial)


class Optional(FieldType):
    """A value of another type, or None."""

    def __init__(self, of: FieldType, **options: Any) -> None:
        super().__init__(**options)
        self.of = _element(of, "Optional(of)")

    def build(self, name: str, parameters: Setting, init: Any = _UNSET) -> Built:
        init = self._chosen(init)
        init = None if init is _UNSET else init
        present = ScalarShape(f"{name}?", Domain(BOOL, 0, 1))
        several = init if isinstance(init, list | tuple | set | range) else (init,)
        some = [one for one in several if one is not None]
        if init is ANY:
            content = self.of.build(name, parameters, ANY)
            held: Initial = None
        elif isinstance(self.of, _ScalarType) and some:
            content = self.of.build(name, parameters, tuple(some))
            held = (True,) if len(some) == len(several) else (False, True)
        else:
            content = self.of.build(name, parameters, some[0] if some else _UNSET)
            held = (True,) if some else (False,)
        # While there is no value, its variables have their first initial one, so that a state has
        # one form only; this also makes "None or 3" a product of independent initial values.
        default = tuple(_first(content.initial, leaf, parameters) for leaf in leaves(content.shape))
        if held == (False,):
            content.initial.update(
                {leaf.variable: (v,) for leaf, v in zip(leaves(content.shape), default, strict=True)}
            )
        shape = OptionalShape(present, content.shape, default)
        return Built(shape, {present.variable: held, **content.initial})


def _first(initial: Mapping[str, Initial], leaf: ScalarShape, parameters: Setting) -> Scalar:
    values = initial[leaf.variable]
    if isinstance(values, tuple):
        return values[0]
    depends = parameters.symbols.among(values, leaf.domain.least)
    if depends:
        raise NeedsNumber(depends, f"what `{leaf.variable}` holds while it is None")
    return leaf.domain.default()


class Record(FieldType):
    """Named parts: `Record(phase=Enum("new", "ready"), node=Int(0, 2))`."""

    def __init__(self, *, init: Any = _UNSET, volatile: bool | str = False, **parts: FieldType) -> None:
        super().__init__(init=init, volatile=volatile)
        self.parts = {part: _element(of, f"Record({part}=…)") for part, of in parts.items()}
        if not parts:
            raise ModelError("Record needs parts", help="for example Record(ready=Bool())")

    def build(self, name: str, parameters: Setting, init: Any = _UNSET) -> Built:
        init = self._chosen(init)
        given = init if isinstance(init, Mapping) else {}
        if init is not _UNSET and init is not ANY and not isinstance(init, Mapping):
            raise ModelError(
                f"`{name}` cannot begin as {init!r}", help="init= a dict of its parts, or ANY"
            )
        for part in given:
            if part not in self.parts:
                raise ModelError(
                    f"`{name}` has no part `{part}`",
                    help=nearest(part, self.parts) or f"it has {', '.join(self.parts)}",
                )
        built = [
            of.build(f"{name}.{part}", parameters, ANY if init is ANY else given.get(part, _UNSET))
            for part, of in self.parts.items()
        ]
        shapes = tuple((part, one.shape) for part, one in zip(self.parts, built, strict=True))
        return Built(RecordShape(shapes), _joined(built))


def _joined(parts: Iterable[Built]) -> dict[str, Initial]:
    return {name: values for part in parts for name, values in part.initial.items()}


class Input(FieldType):
    """A component's window on a field of the model that contains it: reads and writes pass through."""


class Like(FieldType):
    """The type of an input, beginning with the input's own initial value."""

    def __init__(self, source: Input, **options: Any) -> None:
        super().__init__(**options)
        if not isinstance(source, Input):
            raise ModelError(
                "Like(…) needs an Input of the same component", help="source = Input(); Like(source)"
            )
        self.source = source

    def build(self, name: str, parameters: Setting, init: Any = _UNSET) -> Built:
        root, source = parameters.inputs[self.source.name]
        shape = renamed(source, lambda variable: name + variable.removeprefix(root))
        initial: dict[str, Initial] = {
            mine.variable: variable(theirs.variable, theirs.domain.sort)
            for mine, theirs in zip(leaves(shape), leaves(source), strict=True)
        }
        return Built(shape, initial)


def renamed(shape: Shape, rename: Callable[[str], str]) -> Shape:
    """The same shape over other variables."""
    if isinstance(shape, ScalarShape):
        return ScalarShape(rename(shape.variable), shape.domain)
    if isinstance(shape, ArrayShape):
        return ArrayShape(tuple(renamed(element, rename) for element in shape.elements))
    if isinstance(shape, SetShape):
        return SetShape(
            tuple(ScalarShape(rename(member.variable), member.domain) for member in shape.members)
        )
    if isinstance(shape, OptionalShape):
        present = ScalarShape(rename(shape.present.variable), shape.present.domain)
        return OptionalShape(present, renamed(shape.content, rename), shape.default)
    return RecordShape(tuple((name, renamed(part, rename)) for name, part in shape.parts))


def optional_parts(shape: Shape) -> Iterator[OptionalShape]:
    """Yield every optional part of a shape: each makes a condition of well-formedness."""
    if isinstance(shape, OptionalShape):
        yield shape
        yield from optional_parts(shape.content)
    elif isinstance(shape, ArrayShape):
        for element in shape.elements:
            yield from optional_parts(element)
    elif isinstance(shape, RecordShape):
        for _, part in shape.parts:
            yield from optional_parts(part)
