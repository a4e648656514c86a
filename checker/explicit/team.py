"""Threads that do the same work at once, each its share, until all of it is done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType

__all__ = ["Team"]

_Share = Callable[[int], None]


class Team:
    """The calling thread and some others, which wait for work within this context and end with it.

    Parameters
    ----------
    size : int
        How many there are to be, the caller included. There are fewer, down to the caller alone, if
        the system does not give more.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._others: list[threading.Thread] = []
        self._work: SimpleQueue[tuple[_Share, int] | None] = SimpleQueue()
        self._done: SimpleQueue[BaseException | None] = SimpleQueue()

    def __enter__(self) -> Team:
        for number in range(1, self.size):
            one = threading.Thread(target=self._wait, name=f"explore {number}", daemon=True)
            try:
                one.start()
            except RuntimeError:
                break  # no more to be had
            self._others.append(one)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for _ in self._others:
            self._work.put(None)
        for one in self._others:
            one.join()
        self._others.clear()

    def together(self, share: _Share) -> None:
        """Call ``share(number)`` in every thread, number 0 in this one; return when all have.

        Shares are taken from something common until nothing is left of it, so that it does not
        matter how many threads there are.

        Raises
        ------
        BaseException
            What one of them has raised, or Ctrl-C. Others may still be at work then: until the
            context is left.
        """
        for number in range(1, len(self._others) + 1):
            self._work.put((share, number))
        share(0)
        for _ in self._others:
            problem = self._done.get()
            if problem is not None:
                raise problem

    def _wait(self) -> None:
        while (task := self._work.get()) is not None:
            problem: BaseException | None = None
            try:
                task[0](task[1])
            except BaseException as raised:
                problem = raised
            self._done.put(problem)
