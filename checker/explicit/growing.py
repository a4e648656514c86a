"""Arrays that grow in place: the system moves pages, so no two copies are ever held at once."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Growing"]

_LEAST = 1 << 16

_LARGE_PAGE = 1 << 21


class Growing:
    """An array of numbers whose end can be moved.

    Memory is only used for what was written: room that is reserved and not used costs nothing.

    Parameters
    ----------
    dtype : numpy dtype
    room : int
        Elements to begin with.
    scattered : bool
        It is read at random: larger pages make that faster.

    Attributes
    ----------
    array : ndarray
        All the room there is; zero where nothing was written.
    """

    def __init__(self, dtype: npt.DTypeLike, room: int = 0, *, scattered: bool = False) -> None:
        self.dtype = np.dtype(dtype)
        self.scattered = scattered
        self._map: mmap.mmap | None = None
        self.array: npt.NDArray[Any] = np.empty(0, dtype=self.dtype)
        self.reserve(max(1, room))

    def __len__(self) -> int:
        """How many elements there is room for."""
        return len(self.array)

    def reserve(self, room: int) -> None:
        """Make room for so many elements, and at least half as many again as before.

        Raises
        ------
        MemoryError
            If the system has no more addresses to give.
        """
        if room <= len(self.array):
            return
        room = max(room, len(self.array) + len(self.array) // 2)
        page = _LARGE_PAGE if self.scattered and room * self.dtype.itemsize > _LEAST else mmap.PAGESIZE
        size = -(-max(_LEAST, room * self.dtype.itemsize) // page) * page
        try:
            self._resize(size)
        except (OSError, ValueError) as problem:
            raise MemoryError(f"no room for {size:,} bytes: {problem}") from None

    def _resize(self, size: int) -> None:
        if self._map is None or not _MOVES:
            before = self.array
            self._map = _fresh(size, self.scattered)
            self.array = np.frombuffer(self._map, dtype=self.dtype)
            self.array[: len(before)] = before
            return
        # A map that is looked into cannot be moved: the view goes first.
        self.array = np.empty(0, dtype=self.dtype)
        try:
            self._map.resize(size)
            _advise(self._map, self.scattered)
        finally:
            self.array = np.frombuffer(self._map, dtype=self.dtype)

    def clear(self, room: int) -> None:
        """Forget everything, and begin again with zeros; what was held before is given back first."""
        self.array = np.empty(0, dtype=self.dtype)
        self._map = None
        self.reserve(room)

    def replace(self, values: npt.NDArray[Any]) -> None:
        """Hold these values."""
        self.reserve(len(values))
        self.array[: len(values)] = values


def _fresh(size: int, scattered: bool) -> mmap.mmap:
    if not _MOVES:
        return mmap.mmap(-1, size)
    # Not shared with child processes, which is what makes it movable; and not set aside in advance.
    new = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NORESERVE)
    _advise(new, scattered)
    return new


def _advise(memory: mmap.mmap, scattered: bool) -> None:
    if scattered and hasattr(mmap, "MADV_HUGEPAGE"):
        try:
            memory.madvise(mmap.MADV_HUGEPAGE)
        except OSError:
            return  # only advice


def _moves() -> bool:
    """Whether the system can move an anonymous map (Linux can)."""
    if not hasattr(mmap, "MAP_PRIVATE"):
        return False
    try:
        probe = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        probe[0] = 1
        probe.resize(2 * mmap.PAGESIZE)
        return probe[0] == 1 and probe[2 * mmap.PAGESIZE - 1] == 0
    except (OSError, ValueError, SystemError):
        return False


_NORESERVE = getattr(mmap, "MAP_NORESERVE", 0x4000 if hasattr(mmap, "MADV_HUGEPAGE") else 0)
_MOVES = _moves()
