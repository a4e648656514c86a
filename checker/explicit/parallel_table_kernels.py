"""The table that several threads share: entering many states at once, and taking claims back."""

from __future__ import annotations

from checker.explicit.parallel_kernels import (
    CLAIMED,
    FIRST,
    NEXT,
    PIECE,
    PIECES,
    ROOM,
    SIZE,
    STOP,
)
from checker.explicit.search_kernels import hash_of
from checker.native.intrinsics import Row, Static, add_atomic, compare_and_swap, prefetch
from checker.native.kernel import kernel

__all__ = ["enter_some", "take_back"]


@kernel
def take_back(table: Row, places: Row, pieces: Row, plan: Row) -> None:
    """Forget all claims.

    The places taken since the last commit become free, all of them. Those taken before are found as
    they were then, when these were free.
    """
    for piece in range(plan[PIECES]):
        first = piece * plan[ROOM]
        for i in range(first, first + pieces[piece * PIECE + CLAIMED]):
            table[places[i]] = 0


@kernel
def enter_some(words: Row, width: Static, table: Row, bits: int, plan: Row) -> None:
    """Enter states, all different, into a table, piece by piece until none is left."""
    shift = 64 - bits
    mask = (1 << bits) - 1
    piece = add_atomic(plan, NEXT, 1)
    while piece < plan[PIECES]:
        start = plan[FIRST] + piece * plan[SIZE]
        end = min(start + plan[SIZE], plan[STOP])
        while start < end:
            stop = min(start + 32, end)
            for i in range(start, stop):
                prefetch(table, int(hash_of(words, i * width, width) >> shift))
            for i in range(start, stop):
                hashed = hash_of(words, i * width, width)
                slot = int(hashed >> shift)
                entry = ((int(hashed & 0xFFFFFFFF) >> bits) << bits) | (i + 1)
                while compare_and_swap(table, slot, 0, entry) != 0:
                    slot = (slot + 1) & mask
            start = stop
        piece = add_atomic(plan, NEXT, 1)
