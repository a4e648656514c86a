"""How the scalar variables of a system make up the fields that a model's author declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from checker.system.sorts import Domain, Scalar

__all__ = [
    "ArrayShape",
    "OptionalShape",
    "RecordShape",
    "ScalarShape",
    "SetShape",
    "Shape",
    "decode",
    "encode",
    "leaves",
]


@dataclass(frozen=True, slots=True)
class ScalarShape:
    """One variable."""

    variable: str
    domain: Domain


@dataclass(frozen=True, slots=True)
class ArrayShape:
    """A row of like-shaped elements."""

    elements: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class SetShape:
    """A subset of range(len(members)): one truth value for each possible member."""

    members: tuple[ScalarShape, ...]


@dataclass(frozen=True, slots=True)
class OptionalShape:
    """A truth value (is there one?) and a content that has its default value while there is none."""

    present: ScalarShape
    content: Shape
    default: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class RecordShape:
    """Named parts."""

    parts: tuple[tuple[str, Shape], ...]


Shape = ScalarShape | ArrayShape | SetShape | OptionalShape | RecordShape


def leaves(shape: Shape) -> Iterator[ScalarShape]:
    """Yield the variables of a shape in a fixed order."""
    if isinstance(shape, ScalarShape):
        yield shape
    elif isinstance(shape, ArrayShape):
        for element in shape.elements:
            yield from leaves(element)
    elif isinstance(shape, SetShape):
        yield from shape.members
    elif isinstance(shape, OptionalShape):
        yield shape.present
        yield from leaves(shape.content)
    else:
        for _, part in shape.parts:
            yield from leaves(part)


def decode(shape: Shape, state: Mapping[str, Scalar]) -> Any:
    """The Python value of a field in a state.

    Returns
    -------
    bool, int, str, None, list, frozenset or dict
        For a scalar, optional, array, set and record respectively, nested as declared.
    """
    if isinstance(shape, ScalarShape):
        return shape.domain.decode(state[shape.variable])
    if isinstance(shape, ArrayShape):
        return [decode(element, state) for element in shape.elements]
    if isinstance(shape, SetShape):
        return frozenset(i for i, member in enumerate(shape.members) if state[member.variable])
    if isinstance(shape, OptionalShape):
        return decode(shape.content, state) if state[shape.present.variable] else None
    return {name: decode(part, state) for name, part in shape.parts}


def encode(shape: Shape, value: Any) -> dict[str, Scalar]:
    """The inverse of `decode`: what each variable of the shape holds.

    Raises
    ------
    ValueError
        If the value does not have this shape, or a part is outside its domain.
    """
    if isinstance(shape, ScalarShape):
        return {shape.variable: shape.domain.encode(value)}
    if isinstance(shape, OptionalShape):
        if value is None:
            held = zip(leaves(shape.content), shape.default, strict=True)
            return {shape.present.variable: False, **{leaf.variable: v for leaf, v in held}}
        return {shape.present.variable: True, **encode(shape.content, value)}
    if isinstance(shape, SetShape):
        members = set(value)
        if not members <= set(range(len(shape.members))):
            raise ValueError(f"{value!r} has members outside range({len(shape.members)})")
        return {member.variable: i in members for i, member in enumerate(shape.members)}
    result: dict[str, Scalar] = {}
    if isinstance(shape, ArrayShape):
        if not isinstance(value, list | tuple) or len(value) != len(shape.elements):
            raise ValueError(f"{value!r} is not a list of {len(shape.elements)} elements")
        for element, held in zip(shape.elements, value, strict=True):
            result |= encode(element, held)
        return result
    if not isinstance(value, Mapping) or set(value) != {name for name, _ in shape.parts}:
        raise ValueError(f"{value!r} does not have the parts {[name for name, _ in shape.parts]}")
    for name, part in shape.parts:
        result |= encode(part, value[name])
    return result
