"""The value of a name after two branches have gone their ways."""

from __future__ import annotations

from typing import Any

from checker.language.equality import as_label, padded
from checker.language.values import (
    Label,
    LabelChoice,
    Maybe,
    Members,
    Nothing,
    Place,
    Row,
    Scalar,
    Struct,
    Unusable,
    Value,
)
from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    as_integer,
    constant,
    ite,
    neg,
)
from checker.system.shape import (
    ArrayShape,
    OptionalShape,
    ScalarShape,
    SetShape,
    Shape,
)
from checker.system.sorts import EnumSort

__all__ = ["either", "merge"]


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
        return (
            Unusable("a label on one path only")
            if typed is None
            else merge(condition, Scalar(typed), otherwise)
        )
    if isinstance(otherwise, Label | LabelChoice) and isinstance(then, Scalar):
        return merge(neg(condition), otherwise, then)
    if isinstance(then, Nothing | Maybe) or isinstance(otherwise, Nothing | Maybe):
        return _merge_optional(condition, then, otherwise)
    if isinstance(then, Members) and isinstance(otherwise, Members):
        pairs = padded(then, otherwise)
        return Members(tuple(ite(condition, a, b) for a, b in pairs))
    if isinstance(then, Row) and isinstance(otherwise, Row):
        if then.kind != otherwise.kind or len(then.elements) != len(otherwise.elements):
            return Unusable("lists of different lengths or kinds on different paths")
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
