"""Calls that take long, and that Ctrl-C can leave.

Python answers a signal between two steps of its own, in its main thread: not while machine code runs
there. So another thread runs it, and the main one waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["interruptible"]

Result = TypeVar("Result")

_OFTEN = 0.1


def interruptible(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call a function that does not hold the interpreter's lock.

    Raises
    ------
    KeyboardInterrupt
        At Ctrl-C. The call itself cannot be stopped: it goes on in the background until it is done
        or the process ends. So it must not write to anything that others use.

    Notes
    -----
    What it works on lives as long as it does, also while the interpreter ends.
    """
    if threading.current_thread() is not threading.main_thread():
        return function(*arguments)  # signals are none of this thread's business
    results: list[Result] = []
    problems: list[BaseException] = []
    done = threading.Event()

    def work() -> None:
        try:
            results.append(function(*arguments))
        except BaseException as problem:
            problems.append(problem)
        finally:
            done.set()

    try:
        threading.Thread(target=work, daemon=True).start()
    except RuntimeError:
        return function(*arguments)  # no more threads, or no room for one
    # A signal may have woken another thread, of which this one is only told when it runs.
    while not done.wait(_OFTEN):
        pass
    if problems:
        raise problems[0]
    return results[0]
