"""What an expression of a model stands for while it is translated: values, places, and names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, Union

from checker.language.assembly import Scope
from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    array,
    as_integer,
    conj,
    constant,
    disj,
    eq,
    implies,
    ite,
    neg,
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
from checker.system.sorts import BOOL, BoolSort, EnumSort, IntSort

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
    "Struct",
    "TypeName",
    "Unusable",
    "Value",
    "either",
    "equal",
    "load",
    "merge",
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


Value: TypeAlias = Union[
    Scalar,
    Label,
    LabelChoice,
    Nothing,
    Maybe,
    Members,
    Row,
    Struct,
    Place,
    Namespace,
    Method,
    Builtin,
    SetMethod,
    TypeName,
    Unusable,
]


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
        return list(elements(place))[index.payload]
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


# ---------------------------------------------------------------- joining two branches


def merge(condition: Expression, then: Value, otherwise: Value) -> Value:
    """The value after `if condition`: of both branches where that has a meaning, else `Unusable`."""
    if then == otherwise:
        return then
    if condition is TRUE:
        return then
    if condition is FALSE:
        return otherwise
    if isinstance(then, Unusable):
        return then
    if isinstance(otherwise, Unusable):
        return otherwise
    if isinstance(then, Place) and isinstance(otherwise, Place):
        return either(condition, then, otherwise)
    if isinstance(then, Scalar) and isinstance(otherwise, Scalar):
        return _merge_scalars(condition, then.expression, otherwise.expression)
    if isinstance(then, Label | LabelChoice) and isinstance(otherwise, Label | LabelChoice):
        return LabelChoice(condition, then, otherwise)
    if isinstance(then, Label | LabelChoice) and isinstance(otherwise, Scalar):
        typed = as_label(then, otherwise.expression.sort)
        return Unusable("a label on one path only") if typed is None else merge(condition, Scalar(typed), otherwise)
    if isinstance(otherwise, Label | LabelChoice) and isinstance(then, Scalar):
        return merge(neg(condition), otherwise, then)
    if isinstance(then, Nothing | Maybe) or isinstance(otherwise, Nothing | Maybe):
        return _merge_optional(condition, then, otherwise)
    if isinstance(then, Members) and isinstance(otherwise, Members):
        pairs = padded(then, otherwise)
        return Members(tuple(ite(condition, a, b) for a, b in pairs))
    if isinstance(then, Row) and isinstance(otherwise, Row):
        if then.kind == otherwise.kind and len(then.elements) == len(otherwise.elements):
            both = zip(then.elements, otherwise.elements, strict=True)
            return Row(tuple(merge(condition, a, b) for a, b in both), then.kind)
    if isinstance(then, Struct) and isinstance(otherwise, Struct):
        names = [name for name, _ in then.parts]
        if names == [name for name, _ in otherwise.parts]:
            other = dict(otherwise.parts)
            return Struct(tuple((name, merge(condition, v, other[name])) for name, v in then.parts))
    return Unusable("different kinds of values on different paths")


def either(condition: Expression, then: Place, otherwise: Place) -> Place | Unusable:
    """One of two containers: still a place, so that it is read and written through either name."""
    if then.indices != otherwise.indices or _form(then.shapes[0]) != _form(otherwise.shapes[0]):
        return Unusable("containers of different forms on different paths")
    which = ite(condition, constant(0), constant(1))
    return Place((*then.shapes, *otherwise.shapes), ((which, 2), *then.indices), then.name)


def _form(shape: Shape) -> Any:
    """What two containers must have in common to be used under one name."""
    if isinstance(shape, ScalarShape):
        return shape.domain.sort
    if isinstance(shape, ArrayShape):
        return ["array", *map(_form, shape.elements)]
    if isinstance(shape, SetShape):
        return ["set", len(shape.members)]
    if isinstance(shape, OptionalShape):
        return ["optional", _form(shape.content), shape.default]
    return ["record", *((name, _form(part)) for name, part in shape.parts)]


def _merge_scalars(condition: Expression, then: Expression, otherwise: Expression) -> Value:
    if then.sort == otherwise.sort:
        return Scalar(ite(condition, then, otherwise))
    if isinstance(then.sort, EnumSort) or isinstance(otherwise.sort, EnumSort):
        return Unusable("labels of different enums on different paths")
    return Scalar(ite(condition, as_integer(then), as_integer(otherwise)))


def _merge_optional(condition: Expression, then: Value, otherwise: Value) -> Value:
    def split(value: Value) -> tuple[Expression, Value | None]:
        if isinstance(value, Nothing):
            return FALSE, None
        if isinstance(value, Maybe):
            return value.present, value.content
        return TRUE, value

    here, a = split(then)
    there, b = split(otherwise)
    content = merge(condition, a, b) if a is not None and b is not None else a if a is not None else b
    if content is None or isinstance(content, Unusable):
        return content or Nothing()
    return Maybe(ite(condition, here, there), content)


def padded(left: Members, right: Members) -> Iterator[tuple[Expression, Expression]]:
    """Yield the bits of two sets pairwise, the shorter one continued with absence."""
    for i in range(max(len(left.bits), len(right.bits))):
        yield (
            left.bits[i] if i < len(left.bits) else FALSE,
            right.bits[i] if i < len(right.bits) else FALSE,
        )


# ---------------------------------------------------------------- labels and equality


def labels_of(value: Label | LabelChoice) -> Iterator[str]:
    """Yield every label that the value may be."""
    if isinstance(value, Label):
        yield value.text
    else:
        yield from labels_of(value.then)
        yield from labels_of(value.otherwise)


def as_label(value: Label | LabelChoice, sort: Any) -> Expression | None:
    """The value typed as a label of an enum; None if the enum does not have it."""
    if not isinstance(sort, EnumSort):
        return None
    if isinstance(value, Label):
        return constant(sort.labels.index(value.text), sort) if value.text in sort.labels else None
    then, otherwise = as_label(value.then, sort), as_label(value.otherwise, sort)
    return None if then is None or otherwise is None else ite(value.condition, then, otherwise)


def equal(left: Value, right: Value) -> Expression | None:
    """Python's `==` of two values; None where the question makes no sense."""
    if isinstance(right, Nothing | Maybe) and not isinstance(left, Nothing | Maybe):
        left, right = right, left
    if isinstance(left, Nothing):
        if isinstance(right, Nothing):
            return TRUE
        return neg(right.present) if isinstance(right, Maybe) else FALSE
    if isinstance(left, Maybe):
        if isinstance(right, Nothing):
            return neg(left.present)
        if isinstance(right, Maybe):
            same = equal(left.content, right.content)
            if same is None:
                return None
            both = conj(left.present, right.present, same)
            return disj(both, conj(neg(left.present), neg(right.present)))
        same = equal(left.content, right)
        return None if same is None else conj(left.present, same)
    if isinstance(left, Scalar) and isinstance(right, Scalar):
        a, b = left.expression, right.expression
        if a.sort == b.sort:
            return eq(a, b)
        if isinstance(a.sort, EnumSort) or isinstance(b.sort, EnumSort):
            return _equal_labels(a, b)
        return eq(as_integer(a), as_integer(b))
    if isinstance(left, Label | LabelChoice) and isinstance(right, Label | LabelChoice):
        return _equal_texts(left, right)
    if isinstance(left, Label | LabelChoice):
        left, right = right, left
    if isinstance(left, Scalar) and isinstance(right, Label | LabelChoice):
        typed = as_label(right, left.expression.sort)
        return None if typed is None else eq(left.expression, typed)
    if isinstance(left, Members) and isinstance(right, Members):
        return conj(*(eq(a, b) for a, b in padded(left, right)))
    if isinstance(left, Row) and isinstance(right, Row):
        # A tuple never equals a list; an array of the state equals either.
        kinds = {left.kind, right.kind}
        alike = len(kinds) == 1 or ("array" in kinds and kinds <= {"array", "list", "tuple"})
        if not alike or len(left.elements) != len(right.elements):
            return FALSE
        return _all_equal(list(zip(left.elements, right.elements, strict=True)))
    if isinstance(left, Struct) and isinstance(right, Struct):
        other: Mapping[str, Value] = dict(right.parts)
        if [name for name, _ in left.parts] != list(other):
            return None
        return _all_equal([(value, other[name]) for name, value in left.parts])
    return None


def _all_equal(pairs: list[tuple[Value, Value]]) -> Expression | None:
    parts = [equal(a, b) for a, b in pairs]
    return None if any(part is None for part in parts) else conj(*(p for p in parts if p is not None))


def _equal_texts(left: Label | LabelChoice, right: Label | LabelChoice) -> Expression:
    if isinstance(left, LabelChoice):
        return disj(
            conj(left.condition, _equal_texts(left.then, right)),
            conj(neg(left.condition), _equal_texts(left.otherwise, right)),
        )
    if isinstance(right, LabelChoice):
        return _equal_texts(right, left)
    return TRUE if left.text == right.text else FALSE


def _equal_labels(left: Expression, right: Expression) -> Expression | None:
    """Labels of different enums are equal iff they are spelt the same, as CPython compares them."""
    if not (isinstance(left.sort, EnumSort) and isinstance(right.sort, EnumSort)):
        return None
    shared = set(left.sort.labels) & set(right.sort.labels)
    if not shared:
        return None
    return disj(
        *(
            conj(
                eq(left, constant(left.sort.labels.index(label), left.sort)),
                eq(right, constant(right.sort.labels.index(label), right.sort)),
            )
            for label in sorted(shared)
        )
    )


def subset(left: Members, right: Members) -> Expression:
    """left <= right for sets."""
    return conj(*(implies(a, b) for a, b in padded(left, right)))


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


def truth_constant(flag: bool) -> Scalar:
    """True or False."""
    return Scalar(constant(flag, BOOL))
