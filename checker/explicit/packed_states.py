"""Packed states in one array, read as if they were a list of integers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

__all__ = ["PackedStates"]

_CHUNK = 1 << 14


class PackedStates(Sequence[int]):
    """States as rows of 64-bit words, least significant first.

    Parameters
    ----------
    words : ndarray of uint64, shape (states, words)

    Examples
    --------
    >>> states = PackedStates(np.array([[5, 0], [1, 2]], dtype=np.uint64))
    >>> list(states), states[-1] == 1 + (2 << 64)
    ([5, 36893488147419103233], True)
    """

    __slots__ = ("words",)

    def __init__(self, words: npt.NDArray[np.uint64]) -> None:
        self.words = words

    def __len__(self) -> int:
        return len(self.words)

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> list[int]: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return _integers(self.words[index])
        if self.words.shape[1] == 1:
            return int(self.words[index, 0])
        return _integer(self.words[index])

    def __iter__(self) -> Iterator[int]:
        for start in range(0, len(self), _CHUNK):
            yield from _integers(self.words[start : start + _CHUNK])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(self) != len(other):
            return NotImplemented if not isinstance(other, Sequence) else False
        return all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self):,} packed states of {self.words.shape[1] * 64} bits>"


def _integers(rows: npt.NDArray[np.uint64]) -> list[int]:
    if rows.shape[1] == 1:
        plain: list[int] = rows[:, 0].tolist()
        return plain
    return [_integer(row) for row in rows]


def _integer(row: npt.NDArray[np.uint64]) -> int:
    return int.from_bytes(row.astype("<u8", copy=False).tobytes(), "little")
