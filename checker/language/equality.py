"""Python's `==` of two values, labels typed by the enum that they meet, and subsets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from checker.language.values import (
    Label,
    LabelChoice,
    Maybe,
    Members,
    Nothing,
    Row,
    Scalar,
    Struct,
    Value,
)
from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    as_integer,
    conj,
    constant,
    disj,
    eq,
    implies,
    ite,
    neg,
)
from checker.system.sorts import EnumSort

__all__ = ["as_label", "equal", "padded", "subset"]


def padded(left: Members, right: Members) -> Iterator[tuple[Expression, Expression]]:
    """Yield the bits of two sets pairwise, the shorter one continued with absence."""
    for i in range(max(len(left.bits), len(right.bits))):
        yield (
            left.bits[i] if i < len(left.bits) else FALSE,
            right.bits[i] if i < len(right.bits) else FALSE,
        )


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
