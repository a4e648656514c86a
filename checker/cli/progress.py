"""How far an exploration is, on stderr, for whatever takes more than two seconds."""

from __future__ import annotations

import sys
import time
from types import TracebackType

__all__ = ["Progress"]

_PATIENCE = 2.0
_OFTEN = 0.2
_SELDOM = 10.0


class Progress:
    """Called with the states, steps and frontier so far; a line that is rewritten on a terminal,
    and an occasional plain line elsewhere.

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

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.drawn:
            self._write("\r" + " " * self.drawn + "\r")
            self.drawn = 0

    def __call__(self, states: int, steps: int, frontier: int) -> None:
        now = time.monotonic()
        if now < self.next:
            return
        self.next = now + (_OFTEN if self.is_terminal else _SELDOM)
        rate = states / max(now - self.begun, 1e-9)
        line = f"{self.name}: {states:,} states, {steps:,} steps, {frontier:,} waiting, {rate:,.0f} states/s"
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
