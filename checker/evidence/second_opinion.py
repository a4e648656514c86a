"""Each condition of a proof, put to a solver that had no part in finding it.

cvc5 and Z3 share no code, and cvc5 reads text that a second encoder wrote: an error in one solver
or in one encoder is no error of the other.

References
----------
H. Barbosa et al., "cvc5: A Versatile and Industrial-Strength SMT Solver", TACAS 2022.
"""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from checker.evidence.conditions import Condition

__all__ = ["Opinion", "Solver", "second_opinion"]

_SECONDS = 30.0
"""Time for one condition, unless said otherwise."""

_STEPS = 100_000_000
"""Resources for one condition, as the solver counts them."""

_SLACK = 5.0
"""Seconds beyond its time after which a solver that does not stop by itself is ended."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a solver says of one condition.

    Parameters
    ----------
    condition : str
        Its name.
    solver : str
    verdict : str
        "unsat": the condition is met. "sat": it is not. "unknown".
    seconds : float
    reason : str
        Why it is unknown.
    """

    condition: str
    solver: str
    verdict: str
    seconds: float
    reason: str = ""


def second_opinion(
    conditions: Iterable[Condition],
    *,
    solver: str = "cvc5",
    seconds: float | None = None,
    progress: Callable[[int, str], None] | None = None,
    until_refuted: bool = False,
) -> tuple[Opinion, ...]:
    """Ask a solver about each condition, in their order.

    Parameters
    ----------
    conditions : iterable of Condition
    solver : str
        "cvc5", or "z3" for comparison.
    seconds : float, optional
        For each condition; 30 by default. What takes longer is unknown.
    progress : callable, optional
        Called with how many are answered and the name of the next, before each is asked.
    until_refuted : bool
        Ask no more once the solver has said "sat".

    Raises
    ------
    ValueError
        If there is no such solver.
    KeyboardInterrupt
        On Ctrl-C, also in the middle of a question; the solver's process is ended.
    """
    answers: list[Opinion] = []
    with Solver(solver) as asked:
        for one in conditions:
            if progress is not None:
                progress(len(answers), one.name)
            answers.append(asked.ask(one, _SECONDS if seconds is None else seconds))
            if until_refuted and answers[-1].verdict == "sat":
                break
    return tuple(answers)


class Solver:
    """A solver in a process of its own, started with the first question and again if it dies.

    Parameters
    ----------
    name : str
        "cvc5" or "z3".
    """

    def __init__(self, name: str = "cvc5") -> None:
        if name not in ("cvc5", "z3"):
            raise ValueError(f"there is no solver {name!r}: cvc5 or z3")
        self.name = name
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def __enter__(self) -> Solver:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def ask(self, condition: Condition, seconds: float = _SECONDS) -> Opinion:
        """What it says of a condition, after so many seconds at most."""
        begun = time.perf_counter()
        request = {
            "solver": self.name,
            "text": condition.text,
            "milliseconds": max(1, round(seconds * 1000)),
            "steps": _STEPS,
        }
        verdict, reason = self._answered(json.dumps(request) + "\n", seconds + _SLACK)
        if verdict not in ("sat", "unsat"):
            verdict, reason = "unknown", reason or verdict
        return Opinion(condition.name, self.name, verdict, time.perf_counter() - begun, reason)

    def end(self) -> None:
        """End the process, whatever it is doing."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # what it has not read any more is lost
                if stream is not None:
                    stream.close()

    def _answered(self, request: str, patience: float) -> tuple[str, str]:
        process = self._process or self._start()
        assert process.stdin is not None
        try:
            process.stdin.write(request)
            process.stdin.flush()
            line = self._lines.get(timeout=patience)
        except queue.Empty:
            self.end()
            return "unknown", f"no answer after {patience:g} seconds"
        except BrokenPipeError:
            line = ""
        except BaseException:
            self.end()
            raise
        if not line:
            code = process.wait()
            self.end()
            return "unknown", f"{self.name} ended without an answer (code {code})"
        verdict, reason = json.loads(line)
        return str(verdict), str(reason)

    def _start(self) -> subprocess.Popen[str]:
        script = Path(__file__).with_name("solver_process.py")
        # `-P`: the modules beside the script are not to be mistaken for Python's own.
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="ascii",
        )
        self._lines = queue.SimpleQueue()
        assert self._process.stdout is not None
        # A thread reads, because the main one has to listen to Ctrl-C and to the clock.
        arguments = (self._process.stdout, self._lines)
        threading.Thread(target=_read, args=arguments, daemon=True).start()
        return self._process


def _read(stream: IO[str], lines: queue.SimpleQueue[str]) -> None:
    try:
        for line in stream:
            lines.put(line)
    except (OSError, ValueError):
        pass  # closed, because the process was ended
    lines.put("")
