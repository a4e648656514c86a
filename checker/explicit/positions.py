"""The numbers of states, looked up by what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from checker.explicit import search_kernels as kernels
from checker.explicit.growing import Growing
from checker.explicit.packed_states import PackedStates

__all__ = ["FULLEST", "Positions"]

FULLEST = 0.7
"""Part of a table that may be in use: beyond it probing takes long."""


class Positions(Mapping[int, int]):
    """The number of every packed state, looked up in a table that is made on first use."""

    def __init__(self, states: PackedStates) -> None:
        self.states = states

    def __reduce__(self) -> tuple[Any, ...]:
        # The table is made again where it is wanted: memory that grows cannot be copied.
        return Positions, (self.states,)

    @cached_property
    def _table(self) -> tuple[Growing, int]:
        count, width = self.states.words.shape
        bits = 8
        while count > FULLEST * (1 << bits):
            bits += 1
        table = Growing(np.uint32, 1 << bits, scattered=True)
        kernels.enter_all(self.states.words.reshape(-1), width, 0, count, table.array, bits)
        return table, bits

    def __getitem__(self, packed: int) -> int:
        rows = self.states.words
        width = rows.shape[1]
        if packed < 0 or packed >> (64 * width):
            raise KeyError(packed)
        wanted = np.frombuffer(packed.to_bytes(8 * width, "little"), dtype="<u8").astype(np.uint64)
        table, bits = self._table
        number = int(kernels.find(rows.reshape(-1), width, table.array, bits, wanted))
        if number < 0:
            raise KeyError(packed)
        return number

    def __iter__(self) -> Iterator[int]:
        return iter(self.states)

    def __len__(self) -> int:
        return len(self.states)
