"""Many random walks of a system, in several threads if wanted: the same result for the same seed."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from checker.explicit.generated_python import Failure
from checker.explicit.interruption import Interruption
from checker.explicit.native_walks import NativeWalks
from checker.explicit.packing import NotCompilable
from checker.explicit.python_walks import PythonWalks
from checker.explicit.walk_ground import Ground, ground_of
from checker.explicit.walk_tally import Tally
from checker.explicit.watch import Watch
from checker.regimes.regime import UnderRegime

__all__ = ["Progress", "Sampled", "Tier", "sample"]

Tier = Literal["auto", "python", "native"]
"""How to walk; "auto" is right, the others are for comparing."""

Progress = Callable[[int, int], None]
"""Called now and then with the runs and steps so far."""

_FEW = 20_000
"""Steps that generated Python makes in the time that compiling takes."""

_PIECE = 0.03
"""Seconds of work between two looks at Ctrl-C, about."""

_MOST_RUNS = 8192
"""Runs of one piece of work at most: their rows are held in memory."""

_LOOK = 0.1


class _Walks(Protocol):
    failures: tuple[Failure, ...]

    def rows(
        self, first: int, count: int, stop: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]: ...


@dataclass(frozen=True)
class Sampled:
    """Random walks that were made.

    Parameters
    ----------
    ground : Ground
    tally : Tally
    failures : tuple of Failure
        What the numbers of failures in the tally mean.
    interrupted : bool
        Whether there are fewer runs than wanted: the first of them, all of which are complete.
    """

    ground: Ground
    tally: Tally
    failures: tuple[Failure, ...]
    interrupted: bool

    @cached_property
    def walks(self) -> PythonWalks:
        """To retrace single runs."""
        return PythonWalks(self.ground)


def sample(
    under: UnderRegime,
    watch: Watch,
    *,
    runs: int,
    steps: int,
    seed: int,
    threads: int = 1,
    progress: Progress | None = None,
    tier: Tier = "auto",
) -> Sampled:
    """Walk at random, many times.

    A run begins in an initial state, each equally likely, and takes only steps that change something
    or go wrong. Where both can happen, a fault or an intent is taken with probability 1/5; then every
    action that can is equally likely, and then every outcome of it (its instances and choices). A run
    ends where nothing can happen, where something goes wrong, or after so many steps.

    Parameters
    ----------
    under : UnderRegime
    watch : Watch
        What is noted of every run.
    runs, steps : int
        How many runs, of how many steps at most.
    seed : int
        The same seed gives the same runs, with any number of threads, on any machine; fewer runs are
        the first of many.
    threads : int
    progress : callable, optional
    tier : str
        "auto", or "python" or "native" for one of the two.

    Raises
    ------
    TooManyOutcomes, NotEnumerable, BadInitialValue, NoInitialState
        If the system cannot be walked.
    IllFormedSystem
        If an update leaves its domain where no hazard says so.
    NotCompilable
        If `tier` is "native" and there is something that machine code cannot do.
    KeyboardInterrupt
        If Ctrl-C is pressed twice. Pressed once it ends the sample after the runs under way.

    Notes
    -----
    Runs that are under way when it is interrupted are finished: to drop them would leave out the
    long ones.
    """
    ground = ground_of(under, watch, steps, seed)
    walks: _Walks | None = None
    if tier == "native" or (tier == "auto" and runs * steps > _FEW):
        try:
            walks = NativeWalks(ground)
        except NotCompilable:
            if tier == "native":
                raise
    if walks is None:
        # One after the other: threads of Python only get in each other's way.
        walks, threads = PythonWalks(ground), 1
    tally = Tally(watch, np.zeros(len(ground.system.actions), dtype=np.int64))
    interrupted = _Team(walks, runs, threads).work(tally, progress)
    return Sampled(ground, tally, walks.failures, interrupted)


class _Team:
    """Threads that each take the next few runs, until there are none left.

    They also do so if there is only one of them: the main thread is free to notice Ctrl-C.
    """

    def __init__(self, walks: _Walks, runs: int, threads: int) -> None:
        self.walks = walks
        self.runs = runs
        self.next = 0
        self.piece = 1
        self.stop = np.zeros(1, dtype=np.int64)
        self.lock = threading.Lock()
        self.done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.threads = [threading.Thread(target=self._walk, daemon=True) for _ in range(threads)]

    def work(self, tally: Tally, progress: Progress | None) -> bool:
        """Make the runs; whether it was interrupted."""
        problem: BaseException | None = None
        with Interruption() as interruption:
            for thread in self.threads:
                thread.start()
            working = len(self.threads)
            try:
                while working:
                    try:
                        result = self.done.get(timeout=_LOOK)
                    except queue.Empty:
                        result = ()
                    if result is None:
                        working -= 1
                    elif isinstance(result, BaseException):
                        problem = problem or result
                        self._enough()
                    elif result:
                        tally.add(*result)
                    if interruption.requested:
                        self._enough()
                    if progress is not None:
                        progress(tally.runs, tally.steps)
            except BaseException:
                self._enough()
                self.stop[0] = 2
                raise
            finally:
                for thread in self.threads:
                    thread.join()
        if problem is not None:
            raise problem
        return tally.runs < self.runs

    def _enough(self) -> None:
        """No further runs; those that are under way are finished."""
        with self.lock:
            self.next = self.runs

    def _walk(self) -> None:
        try:
            while True:
                with self.lock:
                    first = self.next
                    count = min(self.piece, self.runs - first)
                    self.next += count
                if not count:
                    return
                begun = time.perf_counter()
                rows, taken = self.walks.rows(first, count, self.stop)
                self._adapt(count, time.perf_counter() - begun)
                self.done.put((first, rows, taken))
        except BaseException as problem:
            self.done.put(problem)
        finally:
            self.done.put(None)

    def _adapt(self, count: int, seconds: float) -> None:
        """How many runs make a piece of work: it changes nothing but how soon Ctrl-C is noticed."""
        wanted = count * _PIECE / max(seconds, 1e-6)
        self.piece = int(max(1, min(wanted, 4 * count, _MOST_RUNS)))
