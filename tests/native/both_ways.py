"""A kernel as machine code and in CPython: what it returns, and what it leaves in its arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checker.native import code_cache
from checker.native.kernel import Kernel


class Cells:
    """An array as a kernel sees it: elements are numbers of Python's, what does not fit is cut off."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            assert index.start >= 0 and index.stop is None and index.step is None
            return Cells(self.array[index.start :])
        assert 0 <= index < len(self.array)
        return self.array[index].item()

    def __setitem__(self, index: int, value: Any) -> None:
        assert 0 <= index < len(self.array)
        if self.array.dtype.kind in "iu":
            bits = 8 * self.array.dtype.itemsize
            value = int(value) & ((1 << bits) - 1)
            if self.array.dtype.kind == "i" and value >> (bits - 1):
                value -= 1 << bits
        self.array[index] = value


class Callback:
    """A function of Python's that a kernel can call by its address."""

    def __init__(self, function: Callable[..., int], *kinds: Any) -> None:
        self.function = function
        self.kept = ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(function)

    @property
    def address(self) -> int:
        """Where machine code finds it."""
        return int(ctypes.cast(self.kept, ctypes.c_void_p).value or 0)

    def __call__(self, *arguments: Any) -> int:
        return self.function(*arguments)


def both_ways(kernel: Kernel, *arguments: Any) -> Any:
    """What a kernel returns, after comparing that and all arrays with CPython."""
    for_machine = [one.copy() if isinstance(one, np.ndarray) else one for one in arguments]
    for_python = [one.copy() if isinstance(one, np.ndarray) else one for one in arguments]
    compiled = kernel(*for_machine)
    wrapped = [Cells(one) if isinstance(one, np.ndarray) else one for one in for_python]
    interpreted = kernel.interpreted(*wrapped)
    assert (type(compiled), compiled) == (type(interpreted), interpreted)
    for machine, python in zip(for_machine, for_python, strict=True):
        if isinstance(machine, np.ndarray):
            is_float = machine.dtype.kind == "f"
            assert np.array_equal(machine, python, equal_nan=is_float), (machine, python)
    for given, python in zip(arguments, for_python, strict=True):
        if isinstance(given, np.ndarray):
            given[:] = python
    return compiled


@contextmanager
def code_kept_in(folder: Path | None) -> Iterator[None]:
    """Keep compiled code there, and nowhere else: in the form of a file, not as LLVM has it in memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(code_cache, "folder", lambda: folder)
        yield
