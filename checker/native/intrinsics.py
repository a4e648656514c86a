"""What a kernel may call besides other kernels; in CPython these do the same, one thread at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

__all__ = [
    "Code",
    "Row",
    "Static",
    "Word",
    "add_atomic",
    "compare_and_swap",
    "load_atomic",
    "popcount",
    "prefetch",
    "store_atomic",
    "trailing_zeros",
    "word",
]

Row: TypeAlias = Any
"""A numpy array of any number type; a kernel is compiled for the types it is called with."""

Word: TypeAlias = int
"""64 bits without a sign; arithmetic wraps. (In CPython it does not: mask where that matters.)"""

Static: TypeAlias = int
"""A number that a kernel is compiled for: loops of that length have no loop left."""

Code: TypeAlias = Callable[..., int]
"""A function of which a kernel knows the address only: it gets rows and integers, and returns one."""

_MASK = (1 << 64) - 1


def word(value: int) -> Word:
    """A number's low 64 bits, without a sign."""
    return int(value) & _MASK


def popcount(value: Word) -> int:
    """How many bits are set."""
    return int(value).bit_count()


def trailing_zeros(value: Word) -> int:
    """Position of the lowest bit that is set; 64 if none is."""
    number = int(value)
    return (number & -number).bit_length() - 1 if number else 64


def prefetch(row: Row, position: int) -> None:
    """Tell the processor that an element will be read soon."""


def compare_and_swap(row: Row, position: int, expected: int, value: int) -> int:
    """Replace an element if it is what is expected, at once for all threads; what was there before."""
    before = int(row[position])
    if before == expected:
        row[position] = value
    return before


def load_atomic(row: Row, position: int) -> int:
    """An element that another thread may be writing (acquire)."""
    return int(row[position])


def store_atomic(row: Row, position: int, value: int) -> None:
    """Write an element that another thread may be reading (release)."""
    row[position] = value


def add_atomic(row: Row, position: int, value: int) -> int:
    """Add to an element, at once for all threads; what was there before."""
    before = int(row[position])
    row[position] = before + value
    return before
