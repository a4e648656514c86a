"""What an expression of a model stands for while it is translated: values, places, and names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from checker.language.assembly import Scope
from checker.system.expression import (
    TRUE,
    Expression,
    array,
    conj,
    constant,
    eq,
    select,
)
from checker.system.shape import (
    ArrayShape,
    OptionalShape,
    RecordShape,
    ScalarShape,
    SetShape,
    Shape,
)
from checker.system.sorts import BoolSort, IntSort

__all__ = [
    "Builtin",
    "Label",
    "LabelChoice",
    "Maybe",
    "Members",
    "Method",
    "Namespace",
    "Nothing",
    "Place",
    "Row",
    "Scalar",
    "SetMethod",
    "Struct",
    "TypeName",
    "Unusable",
    "Value",
    "alternatives",
    "element",
    "elements",
    "labels_of",
    "load",
    "number",
    "part",
    "sort_name",
]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A truth value, a number, or a label whose enum is known."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class Label:
    """A string in the source: a label of whichever enum it meets."""

    text: str


@dataclass(frozen=True, slots=True)
class LabelChoice:
    """One of two labels, by a condition; typed like `Label` when it meets an enum."""

    condition: Expression
    then: Label | LabelChoice
    otherwise: Label | LabelChoice


@dataclass(frozen=True, slots=True)
class Nothing:
    """None."""


@dataclass(frozen=True, slots=True)
class Maybe:
    """A value where `present` holds, None elsewhere."""

    present: Expression
    content: Value


@dataclass(frozen=True, slots=True)
class Members:
    """A set of small numbers: bits[i] says whether i is a member."""

    bits: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A sequence of a length known in advance: "tuple", "list", "range", "iterator", or the
    elements of an "array" of the state."""

    elements: tuple[Value, ...]
    kind: str = "tuple"


@dataclass(frozen=True, slots=True)
class Struct:
    """A record's value."""

    parts: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """An array, set or record inside the state: what is read and written through it.

    `shapes` lists the alternatives that computed indices select, row-major over `indices`, each
    index with its range; a place without computed indices has one shape.
    """

    shapes: tuple[Shape, ...]
    indices: tuple[tuple[Expression, int], ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Namespace:
    """`self`, a component, or the `after` of a step invariant."""

    scope: Scope
    after: bool = False


@dataclass(frozen=True, slots=True)
class Method:
    """A function to be inlined, with the object that it is bound to."""

    function: Any
    receiver: Namespace | None
    name: str


@dataclass(frozen=True, slots=True)
class Builtin:
    """A function that the translator knows by itself."""

    function: Any
    name: str


@dataclass(frozen=True, slots=True)
class SetMethod:
    """`self.free.add` and its like, not yet called."""

    place: Place
    name: str


@dataclass(frozen=True, slots=True)
class TypeName:
    """A type used as a domain: `choose(Int(0, 3))`, `x in Int(0, 3)`."""

    type: Any


@dataclass(frozen=True, slots=True)
class Unusable:
    """A name that has no single meaning here, and why; reading it is an error."""

    reason: str
    help: str = "give it a value of one kind on every path"


Value: TypeAlias = (
    Scalar
    | Label
    | LabelChoice
    | Nothing
    | Maybe
    | Members
    | Row
    | Struct
    | Place
    | Namespace
    | Method
    | Builtin
    | SetMethod
    | TypeName
    | Unusable
)


def number(value: int | bool) -> Scalar:
    """A literal."""
    return Scalar(constant(value))


# ---------------------------------------------------------------- reading the state


def load(place: Place, read: Callable[[ScalarShape], Expression]) -> Value:
    """The value that a place has now.

    Parameters
    ----------
    place : Place
    read : function
        The current expression of a variable.
    """
    shape = place.shapes[0]
    if isinstance(shape, ScalarShape):
        return Scalar(_selected(place, [read(s) for s in place.shapes]))  # type: ignore[arg-type]
    if isinstance(shape, OptionalShape):
        present = _selected(place, [read(s.present) for s in place.shapes])  # type: ignore[union-attr]
        content = Place(tuple(s.content for s in place.shapes), place.indices, place.name)  # type: ignore[union-attr]
        return Maybe(present, load(content, read))
    if isinstance(shape, SetShape):
        members = [
            Place(tuple(s.members[i] for s in place.shapes), place.indices)  # type: ignore[union-attr]
            for i in range(len(shape.members))
        ]
        return Members(tuple(_expression(load(member, read)) for member in members))
    if isinstance(shape, ArrayShape):
        return Row(tuple(load(element, read) for element in elements(place)), "array")
    return Struct(tuple((name, load(part(place, name), read)) for name, _ in shape.parts))


def _expression(value: Value) -> Expression:
    assert isinstance(value, Scalar)
    return value.expression


def _selected(place: Place, alternatives: list[Expression]) -> Expression:
    for index, count in reversed(place.indices):
        alternatives = [
            select(array(alternatives[start : start + count]), index)
            for start in range(0, len(alternatives), count)
        ]
    return alternatives[0]


def elements(place: Place) -> Iterator[Place]:
    """Yield the places of an array's elements."""
    shape = place.shapes[0]
    assert isinstance(shape, ArrayShape)
    for i in range(len(shape.elements)):
        shapes = tuple(s.elements[i] for s in place.shapes)  # type: ignore[union-attr]
        yield Place(shapes, place.indices, f"{place.name}[{i}]")


def element(place: Place, index: Expression) -> Place:
    """The place of an array's element at a computed index."""
    shape = place.shapes[0]
    assert isinstance(shape, ArrayShape)
    if index.is_constant:
        position: int = index.payload
        return list(elements(place))[position]
    shapes = tuple(one for s in place.shapes for one in s.elements)  # type: ignore[union-attr]
    return Place(shapes, (*place.indices, (index, len(shape.elements))), f"{place.name}[…]")


def part(place: Place, name: str) -> Place:
    """The place of a record's part."""
    shapes = tuple(dict(s.parts)[name] for s in place.shapes)  # type: ignore[union-attr]
    return Place(shapes, place.indices, f"{place.name}.{name}")


def alternatives(place: Place) -> Iterator[tuple[Expression, Shape]]:
    """Yield (condition, shape) for each variable group that a write through a place may hit."""
    for position, shape in enumerate(place.shapes):
        condition = TRUE
        rest = position
        for index, count in reversed(place.indices):
            rest, at = divmod(rest, count)
            condition = conj(eq(index, constant(at)), condition)
        yield condition, shape


# ---------------------------------------------------------------- in words


def labels_of(value: Label | LabelChoice) -> Iterator[str]:
    """Yield every label that the value may be."""
    if isinstance(value, Label):
        yield value.text
    else:
        yield from labels_of(value.then)
        yield from labels_of(value.otherwise)


def sort_name(value: Value) -> str:
    """What a value is, in the author's words."""
    if isinstance(value, Scalar):
        sort = value.expression.sort
        if isinstance(sort, BoolSort):
            return "a truth value"
        return "a number" if isinstance(sort, IntSort) else f"a label of {sort}"
    if isinstance(value, Label | LabelChoice):
        return f"the label {next(labels_of(value))!r}"
    if isinstance(value, Place):
        kinds = {ArrayShape: "an array", SetShape: "a set", RecordShape: "a record"}
        return kinds.get(type(value.shapes[0]), "a field")
    names: dict[type, str] = {
        Nothing: "None",
        Maybe: "an Optional value",
        Members: "a set",
        Row: "a list or tuple",
        Struct: "a record",
        Namespace: "a component",
        Method: "a method",
        Builtin: "a function",
        SetMethod: "a method",
        TypeName: "a type",
    }
    return names.get(type(value), "something else")
