"""Questions to Z3 end when they should: at Ctrl-C, at a time limit, when told to stop."""

from __future__ import annotations

import signal
import threading
import time

import pytest
import z3

from checker.symbolic.asking import Budget, ask, seeded, why_unknown


def _hard() -> z3.Solver:
    """Eleven pigeons and ten holes: out of reach of resolution."""
    solver = seeded(z3.SolverFor("QF_FD"))
    holes = [[z3.Bool(f"in {i} {j}") for j in range(10)] for i in range(11)]
    solver.add(*(z3.Or(*row) for row in holes))
    for j in range(10):
        for i in range(11):
            solver.add(*(z3.Not(z3.And(holes[i][j], holes[k][j])) for k in range(i)))
    return solver


def test_ctrl_c_ends_a_question_and_the_context_still_works() -> None:
    """The signal comes while Z3 works; afterwards the same context answers other questions."""
    solver = _hard()
    timer = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
    begun = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        ask(solver, budget=Budget(30.0))
    assert time.monotonic() - begun < 10
    x = z3.Int("x")
    easy = z3.Solver()
    easy.add(x > 3)
    assert ask(easy) == z3.sat
    assert ask(easy, x < 3) == z3.unsat


def test_a_spent_budget_is_unknown() -> None:
    """Time that runs out in the middle, time that was out before, and a caller who says stop."""
    solver = _hard()
    budget = Budget(0.3)
    begun = time.monotonic()
    assert ask(solver, budget=budget) == z3.unknown
    assert 0.2 < time.monotonic() - begun < 10
    assert budget.left() == 0.0 and budget.spent
    assert why_unknown(solver, budget) == "out of time after 0.3 s"
    assert ask(z3.Solver(), budget=budget) == z3.unknown
    asked: list[int] = []
    stopping = Budget(stop=lambda: asked.append(1) or len(asked) > 3)
    assert ask(solver, budget=stopping) == z3.unknown
    assert why_unknown(solver, stopping) == "stopped"


def test_a_question_in_another_thread() -> None:
    """A budget also holds where no signal arrives."""
    answers: list[z3.CheckSatResult] = []
    solver = _hard()
    thread = threading.Thread(target=lambda: answers.append(ask(solver, budget=Budget(0.2))))
    thread.start()
    thread.join(20)
    assert answers == [z3.unknown]


def test_problems_are_the_caller_s() -> None:
    """What the check raises is raised where it was asked."""
    with pytest.raises(z3.Z3Exception):
        ask(z3.Solver(), z3.Int("x"))
