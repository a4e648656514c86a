"""Horn clauses solved in a process of their own: the same question always gets the same answer.

What Z3 answers depends on what it has been asked before in the same process, and a long question to
Spacer cannot always be interrupted. A fresh process forgets, has its own limit of work and of memory,
and can be ended at any time. It ends by itself when the process that started it is gone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from checker.symbolic.asking import Budget

__all__ = ["Answer", "Question", "solved"]

_OFTEN = 0.05
"""Seconds between two looks at the budget."""


@dataclass(frozen=True, slots=True)
class Question:
    """Constrained Horn clauses with one unknown relation.

    Parameters
    ----------
    clauses : str
        SMT-LIB 2: the declaration of the relation, and assertions.
    relation : str
        Name of the relation.
    options : mapping of str to bool, int or str
        Parameters of Z3's solver for Horn clauses.
    rlimit : int
        Z3's own measure of work, which is the same on every machine and under every load.
    megabytes : int
        Of memory.
    """

    clauses: str
    relation: str
    options: Mapping[str, Any]
    rlimit: int
    megabytes: int = 2_048


@dataclass(frozen=True, slots=True)
class Answer:
    """What Z3 said; to be believed only after it has been checked.

    Parameters
    ----------
    result : str
        "sat" (the clauses have a solution), "unsat", or "unknown".
    solution : str
        For "sat": an SMT-LIB 2 script that asserts the relation of constants `a0`, `a1`, … in the
        place of its arguments. Empty if Z3 did not tell.
    reason : str
        Why the answer is unknown.
    """

    result: str
    solution: str = ""
    reason: str = ""


def solved(question: Question, budget: Budget | None = None) -> Answer:
    """Ask Z3 in a fresh process.

    Parameters
    ----------
    question : Question
    budget : Budget, optional
        Where it is spent the process is ended, and the answer is unknown.

    Raises
    ------
    KeyboardInterrupt
        At Ctrl-C, after the process has been ended.
    """
    if budget is not None and budget.spent:
        return Answer("unknown", reason="out of time")
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        # Ctrl-C is for the one who asked.
        start_new_session=True,
    )
    said: list[str] = []
    assert process.stdin is not None and process.stdout is not None
    reading = threading.Thread(target=lambda out: said.append(out.read()), args=(process.stdout,))
    reading.daemon = True
    try:
        reading.start()
        with suppress(BrokenPipeError):
            # The pipe stays open: its end tells the process that nobody wants to know any more.
            process.stdin.write(json.dumps(asdict(question)) + "\n")
            process.stdin.flush()
        while reading.is_alive():
            reading.join(_OFTEN)
            if reading.is_alive() and budget is not None and budget.spent:
                return Answer("unknown", reason="out of time")
    finally:
        process.kill()
        process.wait()
        reading.join()
        process.stdout.close()
        with suppress(BrokenPipeError):
            process.stdin.close()
    try:
        return Answer(**json.loads(said[0]))
    except (ValueError, TypeError):
        return Answer("unknown", reason="the solver's process broke off (out of memory?)")


# ---------------------------------------------------------------- inside the process


def serve() -> None:
    """Answer the one question on standard input, and end."""
    question = Question(**json.loads(sys.stdin.readline()))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        answer = _answer(question)
    except Exception as problem:  # Z3 raises where it does not know, too
        answer = Answer("unknown", reason=str(problem))
    sys.stdout.write(json.dumps(asdict(answer)))
    sys.stdout.flush()
    # Without taking down what Z3 has built up, which can take long.
    os._exit(0)


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def _answer(question: Question) -> Answer:
    import z3

    z3.set_param("memory_max_size", question.megabytes)
    solver = z3.SolverFor("HORN")
    solver.set("rlimit", question.rlimit)
    for name, value in question.options.items():
        solver.set(name, value)
    solver.add(z3.parse_smt2_string(question.clauses))
    result = solver.check()
    if result == z3.unknown:
        return Answer("unknown", reason=solver.reason_unknown())
    if result == z3.unsat:
        return Answer("unsat")
    model = solver.model()
    for declaration in model.decls():
        if declaration.name() == question.relation:
            return Answer("sat", _script(declaration, model[declaration]))
    return Answer("sat", reason="the solver did not tell the relation")


def _script(declaration: Any, interpretation: Any) -> str:
    import z3

    sorts = [declaration.domain(place) for place in range(declaration.arity())]
    arguments = [z3.Const(f"a{place}", sort) for place, sort in enumerate(sorts)]
    if declaration.arity() == 0:
        value = interpretation
    else:
        value = z3.substitute_vars(interpretation.else_value(), *arguments)
        for number in range(interpretation.num_entries()):
            entry = interpretation.entry(number)
            here = [argument == entry.arg_value(k) for k, argument in enumerate(arguments)]
            value = z3.If(z3.And(*here), entry.value(), value)
    solver = z3.Solver()
    # A constant that the solution does not speak of is declared all the same.
    solver.add(*(argument == argument for argument in arguments), value)
    return str(solver.to_smt2())
