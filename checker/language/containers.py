"""Arrays, sets and records while CPython runs a model: they refuse what their type does not allow.

A container is one object for the whole run: assigning a field copies into it, so that a local name
for `self.pods[i]` keeps meaning that element.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

from checker.system.shape import (
    ArrayShape,
    OptionalShape,
    RecordShape,
    ScalarShape,
    SetShape,
    Shape,
)
from checker.system.sorts import BoolSort, EnumSort

__all__ = ["DomainViolation", "box", "store", "unbox"]


class DomainViolation(Exception):
    """A value outside its domain was assigned."""


def box(shape: Shape, value: Any) -> Any:
    """The object that a field of this shape holds at run time.

    Raises
    ------
    DomainViolation
        If the value, or a part of it, is outside its domain.
    TypeError
        If it is None where there is always a value.
    """
    return store(shape, None, value)


def store(shape: Shape, old: Any, value: Any) -> Any:
    """Assign: containers are filled in place, everything else is replaced."""
    if value is None and not isinstance(shape, OptionalShape):
        raise TypeError("None is not a value of this field")
    if isinstance(shape, ScalarShape):
        if isinstance(value, bool) and not isinstance(shape.domain.sort, BoolSort):
            value = int(value)
        if isinstance(shape.domain.sort, EnumSort):
            if value not in shape.domain.sort.labels:
                raise DomainViolation(f"{shape.variable} := {value!r}, not in {shape.domain}")
        elif value not in shape.domain:
            raise DomainViolation(f"{shape.variable} := {value!r}, not in {shape.domain}")
        return value
    if isinstance(shape, OptionalShape):
        return None if value is None else store(shape.content, None, unbox(value))
    # The right-hand side may read the very container that is being filled.
    plain = unbox(value)
    if isinstance(shape, ArrayShape):
        row = old if isinstance(old, ArrayValue) else ArrayValue(shape)
        row._fill(plain)
        return row
    if isinstance(shape, SetShape):
        members = old if isinstance(old, SetValue) else SetValue(shape)
        members._fill(plain)
        return members
    record = old if isinstance(old, RecordValue) else RecordValue(shape)
    record._fill(plain)
    return record


def unbox(value: Any) -> Any:
    """Plain lists, frozensets and dicts, as `checker.system.shape.decode` gives them."""
    if isinstance(value, ArrayValue):
        return [unbox(element) for element in value]
    if isinstance(value, SetValue):
        return frozenset(value)
    if isinstance(value, RecordValue):
        return {name: unbox(getattr(value, name)) for name, _ in value._shape.parts}
    return value


class ArrayValue:
    """A row of fixed length; an index outside it is an error, a negative one too."""

    __slots__ = ("_elements", "_shape")

    def __init__(self, shape: ArrayShape) -> None:
        self._shape = shape
        self._elements: list[Any] = [None] * len(shape.elements)

    def _fill(self, values: Iterable[Any]) -> None:
        values = list(values)
        if len(values) != len(self._elements):
            raise DomainViolation(f"{len(values)} values for {len(self._elements)} elements")
        for i, value in enumerate(values):
            self._elements[i] = store(self._shape.elements[i], self._elements[i], value)

    def _position(self, index: Any) -> int:
        if not isinstance(index, int):
            raise TypeError(f"an index is a whole number, not {index!r}")
        if not 0 <= index < len(self._elements):
            raise IndexError(f"index {index} is outside 0..{len(self._elements) - 1}")
        return index

    def __getitem__(self, index: Any) -> Any:
        return self._elements[self._position(index)]

    def __setitem__(self, index: Any, value: Any) -> None:
        i = self._position(index)
        self._elements[i] = store(self._shape.elements[i], self._elements[i], value)

    def __len__(self) -> int:
        return len(self._elements)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._elements)

    def __contains__(self, value: object) -> bool:
        return any(unbox(element) == unbox(value) for element in self._elements)

    def __eq__(self, other: object) -> bool:
        other = unbox(other)
        return isinstance(other, list | tuple) and unbox(self) == [unbox(one) for one in other]

    def count(self, value: object) -> int:
        """How many elements equal a value."""
        return sum(1 for element in self._elements if unbox(element) == unbox(value))

    __hash__ = None  # type: ignore[assignment]


# Patterns of `match` take a sequence apart only if it is registered as one.
Sequence.register(ArrayValue)


class SetValue:
    """A subset of range(n)."""

    __slots__ = ("_held", "_shape")

    def __init__(self, shape: SetShape) -> None:
        self._shape = shape
        self._held: set[int] = set()

    def _choices(self) -> tuple[int, ...]:
        return tuple(range(len(self._shape.members)))

    def _member(self, value: Any) -> int:
        _whole(value)
        if not isinstance(value, int) or not 0 <= value < len(self._shape.members):
            raise DomainViolation(f"{value!r} cannot be a member of range({len(self._shape.members)})")
        return int(value)

    def _fill(self, values: Iterable[Any]) -> None:
        self._held = {self._member(value) for value in values}

    def add(self, value: int) -> None:
        """Make a value a member."""
        self._held.add(self._member(value))

    def discard(self, value: int) -> None:
        """Make a value no member, whether it was one or not."""
        self._held.discard(_whole(value))

    def remove(self, value: int) -> None:
        """Take a member out; an error if it is none."""
        if _whole(value) not in self._held:
            raise IndexError(f"{value!r} is not a member")
        self._held.remove(value)

    def clear(self) -> None:
        """Make it empty."""
        self._held.clear()

    def __contains__(self, value: object) -> bool:
        return value in self._held

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._held))

    def __len__(self) -> int:
        return len(self._held)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, set | frozenset | SetValue) and self._held == set(other)

    def __or__(self, other: Any) -> frozenset[int]:
        return frozenset(self._held | set(other))

    def __and__(self, other: Any) -> frozenset[int]:
        return frozenset(self._held & set(other))

    def __sub__(self, other: Any) -> frozenset[int]:
        return frozenset(self._held - set(other))

    def __ror__(self, other: Any) -> frozenset[int]:
        return frozenset(set(other) | self._held)

    def __rand__(self, other: Any) -> frozenset[int]:
        return frozenset(set(other) & self._held)

    def __rsub__(self, other: Any) -> frozenset[int]:
        return frozenset(set(other) - self._held)

    def __le__(self, other: Any) -> bool:
        return self._held <= set(other)

    def __ge__(self, other: Any) -> bool:
        return self._held >= set(other)

    def __lt__(self, other: Any) -> bool:
        return self._held < set(other)

    def __gt__(self, other: Any) -> bool:
        return self._held > set(other)

    __hash__ = None  # type: ignore[assignment]


def _whole(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError(f"a member is a whole number, not {value!r}")
    return value


class RecordValue:
    """Named parts."""

    __slots__ = ("_parts", "_shape")

    def __init__(self, shape: RecordShape) -> None:
        object.__setattr__(self, "_shape", shape)
        object.__setattr__(self, "_parts", {name: None for name, _ in shape.parts})

    def _fill(self, values: Any) -> None:
        if not isinstance(values, Mapping) or set(values) != set(self._parts):
            raise DomainViolation(f"{values!r} does not have the parts {', '.join(self._parts)}")
        for name, value in values.items():
            setattr(self, name, value)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._parts[name]
        except KeyError:
            self._unknown(name)

    def __setattr__(self, name: str, value: Any) -> None:
        for part, shape in self._shape.parts:
            if part == name:
                self._parts[name] = store(shape, self._parts[name], value)
                return
        self._unknown(name)

    def _unknown(self, name: str) -> NoReturn:
        raise AttributeError(f"no part `{name}`; there are {', '.join(self._parts)}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RecordValue | Mapping) and unbox(self) == unbox(other)

    __hash__ = None  # type: ignore[assignment]
