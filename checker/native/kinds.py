"""Types of values in a kernel, and how they lie in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["BOOL", "CODE", "FLOAT", "INT", "LITERAL", "NOTHING", "WORD", "Element", "Kind", "element_of"]


@dataclass(frozen=True, slots=True)
class Element:
    """How the elements of an array are stored: `code` is numpy's, as in "i4" or "u8"."""

    code: str

    @property
    def bits(self) -> int:
        """Size in bits."""
        return int(self.code[1:]) * 8

    @property
    def kind(self) -> Kind:
        """The type of a loaded element."""
        if self.code[0] == "f":
            return FLOAT
        if self.code[0] == "b":
            return BOOL
        return WORD if self.code == "u8" else INT


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of a value: `element` is set for arrays only, `number` for what is known beforehand."""

    name: str
    element: Element | None = None
    number: int | None = None

    def __str__(self) -> str:
        return self.name if self.element is None else f"array of {self.element.code}"


INT = Kind("int")
"""64 bits with a sign."""

WORD = Kind("Word")
"""64 bits without a sign."""

FLOAT = Kind("float")
BOOL = Kind("bool")
CODE = Kind("Code")
NOTHING = Kind("None")
LITERAL = Kind("literal")
"""A whole number in the source, which becomes what it is combined with."""

_STORED = frozenset(["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f8"])


def element_of(array: np.ndarray[Any, Any]) -> Element:
    """How an array's elements are stored.

    Raises
    ------
    TypeError
        If kernels cannot read them: of another type, byte order, not at addresses that are multiples
        of their size, or with gaps between them.
    """
    code = array.dtype.str[1:]
    lies_well = array.flags.c_contiguous and array.flags.aligned
    if code not in _STORED or array.dtype.str[0] == ">" or not lies_well:
        raise TypeError(f"a kernel cannot read an array of {array.dtype}, strides {array.strides}")
    return Element(code)
