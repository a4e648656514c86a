"""What random walks have come to so far: counts, shortest examples, and how many steps it took."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from checker.explicit import walk_kernels as kernels
from checker.explicit.watch import Watch

__all__ = ["Durations", "Occurrence", "Tally"]

_Rows = npt.NDArray[np.int64]


@dataclass(slots=True)
class Occurrence:
    """In how many runs something happened, and where it happened first.

    Parameters
    ----------
    runs : int
    steps, run : int
        The shortest example: after how many steps, in which run; of equally short ones the first.
        -1 if there is none.
    unknown : int
        Runs in which it did not happen before they left the range that can be followed.
    """

    runs: int = 0
    steps: int = -1
    run: int = -1
    unknown: int = 0

    def add(self, runs: int, steps: int, run: int) -> None:
        """More runs in which it happened, with the shortest example of these."""
        if runs and (self.runs == 0 or (steps, run) < (self.steps, self.run)):
            self.steps, self.run = steps, run
        self.runs += runs


@dataclass(slots=True)
class Durations:
    """How many steps it took, in the runs in which it happened at all.

    Parameters
    ----------
    counts : ndarray of int64
        In how many runs it took 0, 1, 2, … steps.
    """

    counts: _Rows = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def add(self, steps: _Rows) -> None:
        """More runs."""
        if len(steps):
            more = np.bincount(steps, minlength=len(self.counts))
            more[: len(self.counts)] += self.counts
            self.counts = more

    @property
    def runs(self) -> int:
        """In how many runs it happened."""
        return int(self.counts.sum())

    @property
    def mean(self) -> float | None:
        """The mean over the runs in which it happened; None if there is none."""
        total = int(np.dot(np.arange(len(self.counts)), self.counts))
        return total / self.runs if self.runs else None

    def quantile(self, share: float, runs: int) -> int | None:
        """The least number of steps within which it happened in that share of *all* runs.

        Runs in which it did not happen count as ones in which it takes longer than any number, or
        the slow ones would be left out and the quantile come out too small. None if it happened
        in fewer runs.
        """
        reached = np.cumsum(self.counts) >= share * runs
        return int(reached.argmax()) if runs and reached.any() else None


@dataclass(slots=True)
class Tally:
    """The sum over runs, whichever order they come in.

    Parameters
    ----------
    watch : Watch
    taken : ndarray of int64, shape (actions,)
        How often every action was taken.
    ends : list of int
        Runs by how they ended; see `walk_kernels`.
    events : list of Occurrence
        As numbered by the watch.
    joined : dict of tuple of int to Occurrence
        Of any of several events, as the watch asks for.
    failures : dict of int to Occurrence
        What went wrong, by its number; its steps include the one that goes wrong.
    reached, settled : list of Occurrence
        For every goal: that it held, and that it held at the end.
    until_reached, until_settled : list of Durations
        For every goal: until it first held, and until it held for the rest of the run.
    owed : list of int
        For every pair: the runs that ended while the conclusion was due.
    """

    watch: Watch
    taken: _Rows
    runs: int = 0
    steps: int = 0
    longest: int = 0
    ends: list[int] = field(default_factory=lambda: [0] * 4)
    events: list[Occurrence] = field(init=False)
    joined: dict[tuple[int, ...], Occurrence] = field(init=False)
    failures: dict[int, Occurrence] = field(default_factory=dict)
    reached: list[Occurrence] = field(init=False)
    settled: list[Occurrence] = field(init=False)
    until_reached: list[Durations] = field(init=False)
    until_settled: list[Durations] = field(init=False)
    owed: list[int] = field(init=False)

    def __post_init__(self) -> None:
        watch = self.watch
        self.events = [Occurrence() for _ in range(watch.events)]
        self.joined = {events: Occurrence() for events in watch.joined}
        self.reached = [Occurrence() for _ in watch.goals]
        self.settled = [Occurrence() for _ in watch.goals]
        self.until_reached = [Durations() for _ in watch.goals]
        self.until_settled = [Durations() for _ in watch.goals]
        self.owed = [0 for _ in watch.owed]

    @property
    def beyond(self) -> int:
        """Runs that left the range that can be followed."""
        return self.ends[kernels.BEYOND]

    def add(self, first: int, rows: _Rows, taken: _Rows) -> None:
        """Add the runs first, first+1, ….

        Parameters
        ----------
        first : int
        rows, taken : ndarray of int64
            As from `PythonWalks.rows`.
        """
        if not len(rows):
            return
        ends, lengths = rows[:, kernels.END], rows[:, kernels.LENGTH]
        beyond = ends == kernels.BEYOND
        self.runs += len(rows)
        self.steps += int(lengths.sum())
        self.longest = max(self.longest, int(lengths.max()))
        self.taken += taken
        for end, count in enumerate(np.bincount(ends, minlength=len(self.ends)).tolist()):
            self.ends[end] += count
        column = kernels.FIXED
        for event in self.events:
            _note(event, rows[:, column], first, beyond)
            column += 1
        for events, occurrence in self.joined.items():
            columns = rows[:, [kernels.FIXED + event for event in events]]
            # -1, as a number without a sign, is later than anything.
            _note(occurrence, columns.view(np.uint64).min(axis=1).view(np.int64), first, beyond)
        for goal in range(len(self.reached)):
            # Of a run that could not be followed to its end nobody knows what holds there.
            at_end = np.where(beyond, -1, rows[:, column + 1])
            _note(self.reached[goal], rows[:, column], first, beyond)
            _note(self.settled[goal], at_end, first, beyond)
            self.until_reached[goal].add(rows[:, column][rows[:, column] >= 0])
            self.until_settled[goal].add(at_end[at_end >= 0])
            column += 2
        for pair in range(len(self.owed)):
            self.owed[pair] += int((rows[:, kernels.OWED] >> pair & 1).sum())
        wrong = np.flatnonzero(ends == kernels.WRONG)
        numbers = rows[wrong, kernels.FAILURE]
        for number in sorted(set(numbers.tolist())):
            which = wrong[numbers == number]
            shortest = int(which[lengths[which].argmin()])
            occurrence = self.failures.setdefault(number, Occurrence())
            occurrence.add(len(which), int(lengths[shortest]), first + shortest)


def _note(occurrence: Occurrence, steps: _Rows, first: int, beyond: npt.NDArray[np.bool_]) -> None:
    happened = steps >= 0
    occurrence.unknown += int((beyond & ~happened).sum())
    count = int(happened.sum())
    if count:
        where = np.flatnonzero(happened)
        shortest = int(where[steps[where].argmin()])
        occurrence.add(count, int(steps[shortest]), first + shortest)
