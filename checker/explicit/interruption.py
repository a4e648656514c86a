"""Ctrl-C as a question asked between two pieces of work, so that it never leaves one half done."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any

__all__ = ["Interruption"]

TOGETHER = 0.5
"""Seconds within which several signals count as one Ctrl-C."""


class Interruption:
    """Within this context the first SIGINT only sets `requested`; a later one raises.

    Signals that arrive together are one: `timeout` and some terminals send them to the process
    and to its group.

    In threads other than the main one, and where SIGINT is ignored, nothing is changed.
    """

    def __init__(self) -> None:
        self.requested = False
        self._noticed = 0.0
        self._installed = False
        self._previous: Any = None

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            previous = signal.getsignal(signal.SIGINT)
            # None: installed by something that is not Python, and cannot be put back.
            if previous not in (None, signal.SIG_IGN):
                self._previous = previous
                self._installed = True
                signal.signal(signal.SIGINT, self._notice)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, self._previous)

    def _notice(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.requested and now - self._noticed > TOGETHER:
            raise KeyboardInterrupt
        if not self.requested:
            self._noticed = now
        self.requested = True
