"""Questions to Z3 that Ctrl-C and a time limit can end.

Python answers a signal between two steps of its own, in its main thread, and Z3 works in one long
step. So another thread asks, the main one waits, and interrupts Z3 where it is told to.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import z3

__all__ = ["Budget", "ask", "seeded", "why_unknown"]

_OFTEN = 0.05
"""Seconds between two looks at the budget."""


@dataclass(frozen=True)
class Budget:
    """How long a search may take; it begins when it is made.

    Parameters
    ----------
    seconds : float, optional
        None: for ever.
    stop : callable, optional
        Asked now and then whether to give up.
    """

    seconds: float | None = None
    stop: Callable[[], bool] | None = None
    begun: float = field(default_factory=time.monotonic, compare=False)

    def left(self) -> float | None:
        """Seconds that are left, never negative; None for ever."""
        if self.seconds is None:
            return None
        return max(0.0, self.begun + self.seconds - time.monotonic())

    @property
    def spent(self) -> bool:
        """Whether to give up."""
        return self.left() == 0.0 or (self.stop is not None and self.stop())


def ask(solver: Any, *assumptions: Any, budget: Budget | None = None) -> z3.CheckSatResult:
    """Check what a solver has been given.

    Parameters
    ----------
    solver : z3.Solver or z3.Optimize
        Anything with a `check`. Nobody else may use its context meanwhile.
    *assumptions : Term
        What is assumed in this check only.
    budget : Budget, optional
        Where it is spent the answer is `unknown`.

    Returns
    -------
    z3.sat, z3.unsat or z3.unknown
        Also `unknown` where Z3 gives up by itself; `solver.reason_unknown()` says why.

    Raises
    ------
    KeyboardInterrupt
        At Ctrl-C, as soon as Z3 has left its work. The solver can be used again.
    """
    # Otherwise Z3 takes the signal for itself: the answer is `unknown`, and Python never hears of it.
    solver.set("ctrl_c", False)
    if budget is None and threading.current_thread() is not threading.main_thread():
        return solver.check(*assumptions)  # nothing that could end it early
    if budget is not None and budget.spent:
        return z3.unknown
    # While the question is worked on the collector may let go of terms, in this thread or another.
    z3.Z3_enable_concurrent_dec_ref(solver.ctx.ref())
    work = _Work(solver, assumptions)
    try:
        while not work.done.wait(_OFTEN):
            if budget is not None and budget.spent:
                work.abandon()
    except BaseException:
        work.abandon()
        raise
    return work.result()


def seeded(solver: Any) -> Any:
    """The solver, with the same seed every time: the same questions get the same answers."""
    solver.set("random_seed", 0)
    return solver


def why_unknown(solver: Any, budget: Budget | None = None) -> str:
    """Why the last answer was `unknown`, as the beginning of a sentence."""
    if budget is not None and budget.left() == 0.0:
        return f"out of time after {budget.seconds:g} s"
    if budget is not None and budget.spent:
        return "stopped"
    return f"Z3 gives up ({solver.reason_unknown()})"


class _Work:
    """One check in a thread of its own."""

    def __init__(self, solver: Any, assumptions: tuple[Any, ...]) -> None:
        self.solver = solver
        self.assumptions = assumptions
        self.done = threading.Event()
        self.answer: z3.CheckSatResult = z3.unknown
        self.problem: BaseException | None = None
        self.abandoned = False
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            self.answer = self.solver.check(*self.assumptions)
        except BaseException as problem:
            self.problem = problem
        finally:
            self.done.set()

    def abandon(self) -> None:
        """Make Z3 leave its work, and wait until it has."""
        self.abandoned = True
        while not self.done.is_set():
            # It may not have begun yet, and then it does not hear.
            self.solver.ctx.interrupt()
            self.done.wait(_OFTEN)

    def result(self) -> z3.CheckSatResult:
        if self.problem is None:
            return self.answer
        if self.abandoned and isinstance(self.problem, z3.Z3Exception):
            return z3.unknown
        raise self.problem
