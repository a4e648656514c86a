"""How far an exploration or a simulation is, on stderr, for whatever takes more than two seconds."""

from __future__ import annotations

import sys
import time
from types import TracebackType

__all__ = ["Progress", "RunProgress"]

_PATIENCE = 2.0
_OFTEN = 0.2
_SELDOM = 10.0


class _Line:
    """A line that is rewritten on a terminal, and an occasional plain line elsewhere.

    Parameters
    ----------
    name : str
        What is explored.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.begun = time.monotonic()
        self.next = self.begun + _PATIENCE
        self.is_terminal = sys.stderr is not None and sys.stderr.isatty()
        self.drawn = 0

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.drawn:
            self._write("\r" + " " * self.drawn + "\r")
            self.drawn = 0

    def _due(self) -> float:
        """Seconds since it began if it is time for a line, else 0."""
        now = time.monotonic()
        if now < self.next:
            return 0.0
        self.next = now + (_OFTEN if self.is_terminal else _SELDOM)
        return max(now - self.begun, 1e-9)

    def _tell(self, line: str) -> None:
        if self.is_terminal:
            self._write("\r" + line.ljust(self.drawn))
            self.drawn = max(self.drawn, len(line))
        else:
            self._write(line + "\n")

    def _write(self, text: str) -> None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except (OSError, ValueError):
            self.next = float("inf")  # nobody to tell


class Progress(_Line):
    """Called with the states, steps and frontier so far."""

    def __enter__(self) -> Progress:
        return self

    def __call__(self, states: int, steps: int, frontier: int) -> None:
        seconds = self._due()
        if seconds:
            counts = f"{states:,} states, {steps:,} steps, {frontier:,} waiting"
            self._tell(f"{self.name}: {counts}, {states / seconds:,.0f} states/s")

    def stage(self, what: str) -> None:
        """Called when something else begins that may take a while."""
        if time.monotonic() - self.begun >= _PATIENCE:
            self._tell(f"{self.name}: {what}")


class RunProgress(_Line):
    """Called with the runs so far, the runs in all, and the steps so far."""

    def __enter__(self) -> RunProgress:
        return self

    def __call__(self, runs: int, wanted: int, steps: int) -> None:
        seconds = self._due()
        if seconds:
            counts = f"{runs:,} of {wanted:,} runs, {steps:,} steps"
            self._tell(f"{self.name}: {counts}, {steps / seconds:,.0f} steps/s")
