"""Exploration by machine code, from where generated Python has come to."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from checker.explicit import key_kernels
from checker.explicit import search_kernels as kernels
from checker.explicit.generated_python import IllFormedSystem
from checker.explicit.growing import Growing
from checker.explicit.interruption import Interruption
from checker.explicit.labels import Mishap, label_type
from checker.explicit.machine_predicates import MachinePredicate
from checker.explicit.packed_states import PackedStates
from checker.explicit.packing import WORD, Packing
from checker.explicit.positions import FULLEST, Positions
from checker.explicit.python_search import MOST_STATES, distinct, piece
from checker.explicit.snapshot import Snapshot
from checker.explicit.state_graph import StateGraph

if TYPE_CHECKING:
    from checker.explicit.machine_successors import Successors

__all__ = ["NativeSearch"]

_CHUNK_GUARDS = 6_000_000
"""Guards tested between two looks at Ctrl-C and at the memory: some tens of milliseconds."""


class NativeSearch:
    """The growing graph in flat arrays.

    Parameters
    ----------
    successors : Successors
    packing : Packing
    names : sequence of str
        Of the instances.
    before : Snapshot
        What is explored already.
    keep_edges : bool
    max_states : int, optional
    enough : callable
        As in `PythonSearch`.
    spare : callable
        Raises `MemoryLimit` if so many more bytes are too many.
    found : MachinePredicate, optional
        What is looked for.

    Attributes
    ----------
    keeps_runs : bool
        Whether every run of the system up to some length is there.
    numbers_needed : bool
        Whether the table has to tell which state one is, and not only that it is known.
    """

    keeps_runs = True
    numbers_needed = False

    def __init__(
        self,
        successors: Successors,
        packing: Packing,
        names: tuple[str, ...],
        before: Snapshot,
        *,
        keep_edges: bool,
        max_states: int | None,
        enough: Callable[[int, int, int], str],
        spare: Callable[[int], None],
        found: MachinePredicate | None = None,
    ) -> None:
        self.successors = successors
        self.packing = packing
        self.names = names
        self.keep_edges = keep_edges
        self.numbers_needed = self.numbers_needed or keep_edges
        self.max_states = MOST_STATES if max_states is None else min(max_states, MOST_STATES)
        self.enough = enough
        self.spare = spare
        self.found = found
        self.width = packing.words
        self.reason = ""
        self.mishaps: list[Mishap] = list(before.mishaps)
        self.initial = before.initial
        self.initial_all = before.initial_all
        self.values_beyond = before.values_beyond
        self._arrays(before)
        self._scratch()
        self.at = np.zeros(kernels.AT, dtype=np.int64)
        self.at[kernels.EXPANDED] = before.expanded
        self.at[kernels.KNOWN] = before.known
        self.at[kernels.EDGES] = len(before.targets)
        self.at[kernels.STEPS] = before.steps
        self.at[kernels.MOST_STATES] = self.max_states
        self.bits = 16
        self.table = Growing(np.uint32, scattered=True)
        self._rebuild(before.known)

    def _arrays(self, before: Snapshot) -> None:
        label = label_type(len(self.names))
        self.words = Growing(np.uint64, scattered=True)
        self.parents, self.parent_labels = Growing(np.int32), Growing(label)
        self.targets, self.labels, self.offsets = Growing(np.int32), Growing(label), Growing(np.int64)
        self.fired = before.fired.copy()
        for name in ("words", "parents", "parent_labels", "targets", "labels", "offsets"):
            values = getattr(before, name)
            getattr(self, name).replace(values)
            if isinstance(values, np.memmap) and hasattr(mmap, "MADV_DONTNEED"):
                # What is copied from a file need not be in memory twice.
                values._mmap.madvise(mmap.MADV_DONTNEED)  # type: ignore[attr-defined]

    def _scratch(self) -> None:
        self.reach = max(kernels.BATCH, min(4096, kernels.BATCH * self.successors.most))
        self.reach = max(self.reach, self.successors.most)
        self.out = np.zeros(self.reach * self.width, dtype=np.uint64)
        self.out_labels = np.zeros(self.reach, dtype=np.int32)
        self.failed = np.zeros(self.reach, dtype=np.int32)
        self.hashes = np.zeros(self.reach, dtype=np.uint64)
        self.counts = np.zeros(2 * kernels.BATCH, dtype=np.int64)
        # One more: where an update leaves its domain, that is noted after the last mishap.
        self.unfortunate = Growing(np.int64, 2 * (self.reach + 1))

    # ------------------------------------------------------------ how far it is

    @property
    def known(self) -> int:
        """States so far."""
        return int(self.at[kernels.KNOWN])

    @property
    def expanded(self) -> int:
        """States with all their steps."""
        return int(self.at[kernels.EXPANDED])

    @property
    def steps(self) -> int:
        """Steps so far."""
        return int(self.at[kernels.STEPS])

    @property
    def edges(self) -> int:
        """Edges so far; 0 if they are not kept."""
        return int(self.at[kernels.EDGES])

    leap = 0
    """Bytes that the next piece of work may need all at once; its table says so itself."""

    # ------------------------------------------------------------ searching

    def start(self, initial: Iterator[list[int]], interruption: Interruption) -> None:
        """Enter the initial states that are left, all different from those known."""
        for batch in initial:
            before, count = self.known, self.known + len(batch)
            self._make_room(len(batch))
            self.words.array[before * self.width : count * self.width] = self.packing.matrix(
                batch
            ).reshape(-1)
            self.parents.array[before:count] = -1
            self.parent_labels.array[before:count] = -1
            self.at[kernels.KNOWN] = self.initial = count
            if not self._enter_from(before, count):
                self._rebuild(count, self.bits + 1)
            if count > self.max_states:
                self.reason = f"more than {self.max_states} states"
            self._look_up(interruption, before, at_end=True)
            if self.reason:
                return
        self.initial_all = True

    def run(self, interruption: Interruption) -> None:
        """Expand states until there are none left, or there is a reason to stop.

        Raises
        ------
        IllFormedSystem
            If an update leaves its domain where no hazard says so.
        """
        before, stop = self.known, self.expanded
        while self.expanded < self.known and not self.reason:
            if self.expanded >= stop:
                before, stop = self.known, self._end_of_piece()
            self.at[kernels.STOP] = stop
            self._make_room()
            result = self._expand()
            self._gather_mishaps(result)
            if result == key_kernels.CROWDED:
                self._rebuild(self.known, self.bits + 1)
            if result == kernels.FULL and self.max_states < MOST_STATES:
                self.reason = f"more than {self.max_states} states"
            elif result == kernels.FULL:
                self.reason = f"more than {MOST_STATES} states"
            self._look_up(interruption, before, self.expanded >= stop)

    def _end_of_piece(self) -> int:
        if self.found is None:
            return self.expanded + max(
                16, min(1 << 20, _CHUNK_GUARDS // (self.successors.most * self.width))
            )
        # Where generated Python would look: what comes out must not tell which of the two it was.
        return min(self.expanded + piece(self.successors.most), self.known)

    def _expand(self) -> int:
        if self._keys:
            return self._expand_by_keys()
        return int(
            kernels.expand(
                self.successors,
                self.successors.most,
                self.width,
                int(self.keep_edges),
                self.words.array,
                self.table.array,
                self.bits,
                self.parents.array,
                self.parent_labels.array,
                self.targets.array,
                self.labels.array,
                self.offsets.array,
                self.unfortunate.array,
                self.fired,
                self.out,
                self.out_labels,
                self.failed,
                self.hashes,
                self.counts,
                self.at,
            )
        )

    def _expand_by_keys(self) -> int:
        return int(
            key_kernels.expand_keys(
                self.successors,
                self.successors.most,
                self._size,
                self.words.array,
                self.table.array,
                self.bits,
                self.parents.array,
                self.parent_labels.array,
                self.unfortunate.array,
                self.fired,
                self.out,
                self.out_labels,
                self.failed,
                self.hashes,
                self.counts,
                self.at,
            )
        )

    def _look_up(self, interruption: Interruption, before: int, at_end: bool = True) -> None:
        """Is there a reason to stop? What is wanted is looked for at the end of a piece of work."""
        enough = self.enough(self.known, self.steps, self.known - self.expanded)
        if interruption.requested:
            self.reason = "interrupted"
        elif self.reason:
            return
        elif at_end and self.found is not None and self.found.in_states(self.matrix()[before:]).any():
            self.reason = "a wanted state was found"
        elif enough:
            self.reason = enough

    def _gather_mishaps(self, result: int) -> None:
        count = int(self.at[kernels.MISHAPS])
        rows = self.unfortunate.array[: 2 * (count + 1)].reshape(-1, 2)
        if result == kernels.LEAVING:
            state, number = (int(value) for value in rows[count])
            label, variable = self.successors.leaving[-1 - number]
            raise IllFormedSystem(self.names[label], variable, state)
        pairs = ((int(state), int(number)) for state, number in rows[:count])
        self.mishaps.extend(distinct(pairs, self.successors.failures))
        self.at[kernels.MISHAPS] = 0

    def stop(self, reason: str) -> None:
        """Stop where it is: between two pieces of work everything is consistent."""
        self.reason = reason

    # ------------------------------------------------------------ room

    def _make_room(self, more: int = 0) -> None:
        """Room for that many states and one more batch; raises MemoryError where there is none."""
        states = self.known + more + self.reach + 1
        self.words.reserve(states * self.width)
        for row in (self.parents, self.parent_labels):
            row.reserve(states)
        room = [len(self.words) // self.width, len(self.parents), len(self.parent_labels)]
        if self.keep_edges:
            self.offsets.reserve(states + 1)
            room.append(len(self.offsets) - 1)
            for row in (self.targets, self.labels):
                row.reserve(self.edges + self.reach)
            self.at[kernels.EDGE_ROOM] = min(len(self.targets), len(self.labels))
        self.at[kernels.MISHAP_ROOM] = len(self.unfortunate) // 2 - 1
        if states > FULLEST * (1 << self.bits):
            self._rebuild(states)
        self.at[kernels.STATE_ROOM] = min(*room, int(FULLEST * (1 << self.bits)))

    def _rebuild(self, states: int, bits: int = 0) -> None:
        """A larger table, of 2^bits entries or more; the old one is given back before there is a new one."""
        bits = max(bits, self.bits)
        while states > FULLEST * (1 << bits):
            bits += 1
        while True:
            self.spare((4 << bits) - self.table.array.nbytes)
            self.bits = bits
            self.table.clear(1 << bits)
            if self._enter_from(0, self.known):
                return
            bits += 1

    @property
    def _size(self) -> int:
        """Bits of a key: those of a state, and no less than those of a place in the table."""
        return max(self.packing.bits, self.bits)

    @property
    def _keys(self) -> bool:
        """Whether the table holds the states themselves, and no numbers."""
        return not self.numbers_needed and self._size <= min(WORD, self.bits + key_kernels.MOST_LEFT)

    def _enter_from(self, first: int, count: int) -> bool:
        """Enter states first … count-1; whether there is room for all of them."""
        if self._keys:
            done = key_kernels.enter_keys(
                self.words.array, self._size, first, count, self.table.array, self.bits
            )
            return bool(done == kernels.DONE)
        kernels.enter_all(self.words.array, self.width, first, count, self.table.array, self.bits)
        return True

    # ------------------------------------------------------------ the result

    def graph(self, **fields: Any) -> StateGraph:
        """The graph with these fields."""
        graph = StateGraph(**fields)
        graph.__dict__["positions"] = Positions(self.states)
        return graph

    def snapshot(self) -> Snapshot:
        """What is explored so far; it shares the memory, so it is good until the next piece of work."""
        return Snapshot(
            words=self.words.array[: self.known * self.width],
            parents=self.parents.array[: self.known],
            parent_labels=self.parent_labels.array[: self.known],
            targets=self.targets.array[: self.edges],
            labels=self.labels.array[: self.edges],
            offsets=self.offsets.array[: self.expanded + 1 if self.keep_edges else 1],
            fired=self.fired,
            mishaps=tuple(self.mishaps),
            initial=self.initial,
            expanded=self.expanded,
            steps=self.steps,
            initial_all=self.initial_all,
            values_beyond=self.values_beyond,
        )

    def matrix(self) -> npt.NDArray[np.uint64]:
        """The states, one row of words each."""
        return self.words.array[: self.known * self.width].reshape(-1, self.width)

    @property
    def states(self) -> PackedStates:
        """The states as integers."""
        return PackedStates(self.matrix())

    def rows(self) -> dict[str, npt.NDArray[Any]]:
        """Parents, labels, edges and offsets."""
        if self.keep_edges:
            self.offsets.reserve(self.known + 1)
            self.offsets.array[self.expanded + 1 : self.known + 1] = self.edges
            offsets = self.offsets.array[: self.known + 1]
        else:
            offsets = np.zeros(self.known + 1, dtype=np.int64)
        rows = {
            "offsets": offsets,
            "targets": self.targets.array[: self.edges],
            "labels": self.labels.array[: self.edges],
            "parents": self.parents.array[: self.known],
            "parent_labels": self.parent_labels.array[: self.known],
        }
        for row in rows.values():
            row.flags.writeable = False
        return rows
