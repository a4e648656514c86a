"""Exploration by generated Python: what every model begins with, and small ones end with."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from checker.explicit.generated_python import Expander, Failure, IllFormedSystem
from checker.explicit.interruption import Interruption
from checker.explicit.labels import Mishap, fired_labels, label_type
from checker.explicit.packed_states import PackedStates
from checker.explicit.packing import Packing
from checker.explicit.snapshot import Snapshot
from checker.explicit.state_graph import StateGraph

__all__ = ["MOST_STATES", "Progress", "PythonSearch", "distinct", "piece"]

# States expanded by one call of generated code: some milliseconds between two looks at Ctrl-C.
_CHUNK = 4096

# Guards tested by one such call, where there are very many of them.
_CHUNK_GUARDS = 200_000

MOST_STATES = 2**31 - 2
"""States are numbered by 32 bits with a sign."""

Progress = Callable[[int, int, int], None]


@dataclass(slots=True)
class PythonSearch:
    """The growing graph. `expanded`, `known` and `linked` tell how much of it is consistent.

    Parameters
    ----------
    compiled : Expander
    max_states : int, optional
        Stop after the first state whose expansion makes it more than this.
    enough : callable
        ``enough(known, steps, waiting) -> reason``: why to stop between two pieces of work, if not "".
    found : callable, optional
        Truth values of what is looked for, in given states.
    """

    keeps_runs: ClassVar[bool] = True

    compiled: Expander
    max_states: int | None
    enough: Callable[[int, int, int], str]
    found: Callable[[Iterable[int]], Iterator[Any]] | None
    states: list[int] = field(default_factory=list)
    visited: dict[int, int] = field(default_factory=dict)
    parents: array[int] = field(default_factory=lambda: array("i"))
    parent_labels: array[int] = field(default_factory=lambda: array("i"))
    targets: array[int] = field(default_factory=lambda: array("i"))
    labels: array[int] = field(default_factory=lambda: array("i"))
    offsets: array[int] = field(default_factory=lambda: array("q", [0]))
    mishaps: list[Mishap] = field(default_factory=list)
    steps: int = 0
    reason: str = ""
    initial: int = 0
    values_beyond: bool = False
    initial_all: bool = False
    expanded: int = 0
    known: int = 0
    linked: int = 0
    torn: bool = False
    fired_before: npt.NDArray[np.uint8] | None = None

    # ------------------------------------------------------------ searching

    def start(
        self, initial: Iterator[list[int]], interruption: Interruption, most: float = float("inf")
    ) -> bool:
        """Enter initial states.

        Returns
        -------
        bool
            False if there may be more, and these are more than `most`.
        """
        for batch in initial:
            self.visited.update(zip(batch, range(self.known, self.known + len(batch)), strict=True))
            self.states.extend(batch)
            self.parents.extend([-1] * len(batch))
            self.parent_labels.extend([-1] * len(batch))
            self.initial = len(self.states)
            self._commit(0, [])
            if self._stopped(interruption, batch):
                return True
            if self.known > most:
                return False
        self.initial_all = True
        return True

    def run(self, interruption: Interruption, patience: float = float("inf")) -> bool:
        """Expand states until there are none left, or there is a reason to stop.

        Parameters
        ----------
        interruption : Interruption
        patience : float
            Guards tested and steps made, about, before it is worth going on with machine code.

        Returns
        -------
        bool
            False if patience has ended, and there is still something to do.
        """
        usual = piece(self.compiled.outcomes)
        while self.expanded < self.known and not self.reason:
            if self.steps + self.expanded * self.compiled.outcomes / 4 > patience:
                return False
            self._expand(min(self.expanded + usual, self.known), interruption)
        return True

    def _expand(self, stop: int, interruption: Interruption) -> None:
        """Expand states up to number `stop`, or up to the one that makes them too many."""
        start = self.expanded
        mishaps: list[tuple[int, int]] = []
        ill_formed = False
        try:
            self._append(stop, mishaps)
        except IllFormedSystem:
            # In a state that is not reached, perhaps, if there are too many before it.
            if self.max_states is None or len(self.states) <= self.max_states:
                raise
            ill_formed = True
        if self.max_states is not None and len(self.states) > self.max_states:
            # Exactly the states up to the first one that is too many are expanded, whatever the
            # size of a piece: once more, up to there.
            last = max(self.parents[self.max_states], start)
            if ill_formed or last + 1 < stop:
                self._take_back()
                mishaps.clear()
                stop = last + 1
                self._append(stop, mishaps)
        fresh = self.states[self.known :]
        self._commit(stop, mishaps)
        self._stopped(interruption, fresh)

    def _append(self, stop: int, mishaps: list[tuple[int, int]]) -> None:
        self.compiled.expand(
            self.expanded,
            stop,
            self.states,
            self.visited,
            self.parents,
            self.parent_labels,
            self.targets,
            self.labels,
            self.offsets,
            mishaps,
        )

    def _commit(self, expanded: int, mishaps: list[tuple[int, int]]) -> None:
        """Everything so far is consistent."""
        self.mishaps.extend(distinct(mishaps, self.compiled.failures))
        self.steps += len(self.targets) - self.linked + len(mishaps)
        self.expanded = expanded
        self.known = len(self.states)
        self.linked = len(self.targets)

    def _stopped(self, interruption: Interruption, fresh: list[int]) -> bool:
        enough = self.enough(self.known, self.steps, self.known - self.expanded)
        if interruption.requested:
            self.reason = "interrupted"
        elif self.max_states is not None and self.known > self.max_states:
            self.reason = f"more than {self.max_states} states"
        elif self.known > MOST_STATES // 2:
            self.reason = f"more than {MOST_STATES // 2} states"
        elif self.found is not None and any(self.found(fresh)):
            self.reason = "a wanted state was found"
        elif enough:
            self.reason = enough
        return bool(self.reason)

    @property
    def leap(self) -> int:
        """Bytes that the next piece of work may need all at once: the visited states, copied."""
        # CPython doubles a table when two thirds of it are in use.
        room = 1 << max(3, (3 * len(self.visited) // 2).bit_length())
        soon = len(self.visited) + _CHUNK_GUARDS > room * 2 // 3
        return 24 * room if soon else 0

    # ------------------------------------------------------------ going back

    def stop(self, reason: str) -> None:
        """Go back to the last consistent point, after an error in the middle of a piece of work."""
        self.reason = reason
        # It may have entries too many. It also makes room: to shorten an array takes memory.
        self.visited = {}
        self.torn = True
        self._shorten()
        self.initial = min(self.initial, self.known)

    def _take_back(self) -> None:
        """Undo the last piece of work."""
        for state in self.states[self.known :]:
            del self.visited[state]
        self._shorten()

    def _shorten(self) -> None:
        del self.states[self.known :]
        del self.parents[self.known :]
        del self.parent_labels[self.known :]
        del self.targets[self.linked :]
        del self.labels[self.linked :]
        del self.offsets[self.expanded + 1 :]

    def release(self) -> None:
        """Forget everything: another search has taken over."""
        self.states.clear()
        self.visited.clear()

    # ------------------------------------------------------------ as arrays

    def graph(self, **fields: Any) -> StateGraph:
        """The graph with these fields."""
        graph = StateGraph(**fields)
        if not self.torn:
            # Already there; otherwise it would be made anew on first use.
            graph.__dict__["positions"] = self.visited
        return graph

    def restore(self, before: Snapshot, packing: Packing) -> None:
        """Go on from an earlier search, instead of `start`."""
        self.states = list(PackedStates(before.words.reshape(-1, packing.words)))
        self.visited = {state: index for index, state in enumerate(self.states)}
        self.parents, self.parent_labels = array("i", before.parents), array("i", before.parent_labels)
        self.targets, self.labels = array("i", before.targets), array("i", before.labels)
        self.offsets = array("q", before.offsets)
        if not len(before.targets):
            self.offsets = array("q", [0] * (before.expanded + 1))
        self.mishaps, self.fired_before = list(before.mishaps), before.fired
        self.initial, self.steps, self.expanded = before.initial, before.steps, before.expanded
        self.initial_all, self.values_beyond = before.initial_all, before.values_beyond
        self.known, self.linked = len(self.states), len(self.targets)

    def snapshot(self, packing: Packing, labels: int, keep_edges: bool) -> Snapshot:
        """What is explored so far.

        Parameters
        ----------
        packing : Packing
        labels : int
            How many there are.
        keep_edges : bool
        """
        rows = self.rows()
        end = self.linked if keep_edges else 0
        label = label_type(labels)
        return Snapshot(
            words=packing.matrix(self.states).reshape(-1),
            parents=rows["parents"],
            parent_labels=rows["parent_labels"].astype(label),
            targets=rows["targets"][:end],
            labels=rows["labels"][:end].astype(label),
            offsets=rows["offsets"][: self.expanded + 1 if keep_edges else 1],
            fired=self.fired(labels),
            mishaps=tuple(self.mishaps),
            initial=self.initial,
            expanded=self.expanded,
            steps=self.steps,
            initial_all=self.initial_all,
            values_beyond=self.values_beyond,
        )

    def fired(self, labels: int) -> npt.NDArray[np.uint8]:
        """What every label has done, see `fired_labels`."""
        rows = self.rows()
        now = fired_labels(labels, rows["offsets"], rows["targets"], rows["labels"])
        return now if self.fired_before is None else now | self.fired_before

    def rows(self) -> dict[str, npt.NDArray[Any]]:
        """Parents, labels, edges and offsets; all but offsets share the memory of this search.

        It may go on afterwards, once the rows are given back.
        """
        # What is not expanded yet has no edges so far: the search's own offsets end before that.
        offsets = np.full(self.known + 1, self.linked, dtype=np.int64)
        offsets[: self.expanded + 1] = self.offsets
        offsets.flags.writeable = False
        return {
            "offsets": offsets,
            "targets": _view(self.targets, np.int32),
            "labels": _view(self.labels, np.int32),
            "parents": _view(self.parents, np.int32),
            "parent_labels": _view(self.parent_labels, np.int32),
        }


def piece(outcomes: int) -> int:
    """States between two looks at what has been found, for so many outcomes: the same in both tiers."""
    return max(1, min(_CHUNK, _CHUNK_GUARDS // max(1, outcomes)))


def distinct(mishaps: Iterable[tuple[int, int]], failures: tuple[Failure, ...]) -> Iterator[Mishap]:
    """One mishap for each state, label and hazard, the first of its choices."""
    seen = set()
    for state, number in mishaps:
        failure = failures[number]
        key = (state, failure.label, id(failure.hazard))
        if key not in seen:
            seen.add(key)
            yield Mishap(state, failure.label, failure.choices, failure.hazard)


def _view(numbers: array[int], dtype: type[np.generic]) -> npt.NDArray[Any]:
    # Shares the memory: the edges of a large graph are not held twice. Read-only, because some
    # sparse matrix methods sort the arrays that they are given in place.
    view = np.frombuffer(numbers, dtype=dtype) if numbers else np.empty(0, dtype=dtype)
    view.flags.writeable = False
    return view
