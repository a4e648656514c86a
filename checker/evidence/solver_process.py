"""The other end of `second_opinion`: answers SMT-LIB texts, one after the other, in a process of its own.

It is run as a script and imports nothing of this package: a solver that crashes, eats the memory or
does not listen takes nothing with it, and is ended by ending this process.
"""

from __future__ import annotations

import contextlib
import json
import re
import signal
import sys
from typing import Any

__all__ = ["answer", "serve"]

_MEMORY = 6_000_000_000
"""Bytes of address space; a solver that wants more is as good as undecided."""

_FIRST = 5_000
"""Milliseconds after which cvc5 is asked in another way."""

_LIMIT = re.compile("TIMEOUT|RESOURCEOUT|INCOMPLETE")
"""Reasons of cvc5 for which it may help to ask otherwise."""

_LONGEST = 200
"""Characters of a reason; some exceptions tell everything that would have been possible."""


def answer(solver: str, text: str, milliseconds: int, steps: int) -> tuple[str, str]:
    """What a solver says to a text with one `check-sat`.

    Parameters
    ----------
    solver : str
        "cvc5" or "z3".
    text : str
    milliseconds, steps : int
        At most so much of each; a step is whatever the solver counts as one.

    Returns
    -------
    verdict, reason : str
        "sat", "unsat" or "unknown", and why if unknown.
    """
    return (_cvc5 if solver == "cvc5" else _z3)(text, milliseconds, steps)


def _cvc5(text: str, milliseconds: int, steps: int) -> tuple[str, str]:
    # Measured: what one way of choosing the next decision does not find in seconds the other one
    # often finds at once; with products and remainders of unknowns it is mostly the second.
    ways = ["internal", "justification"]
    if "(set-logic QF_NIA)" in text or "(set-logic NIA)" in text:
        ways.reverse()
    first = min(milliseconds, _FIRST)
    verdict, reason = _cvc5_deciding(ways[0], text, first, steps)
    if verdict == "unknown" and milliseconds > first and _LIMIT.fullmatch(reason):
        return _cvc5_deciding(ways[1], text, milliseconds - first, steps)
    return verdict, reason


def _cvc5_deciding(way: str, text: str, milliseconds: int, steps: int) -> tuple[str, str]:
    import cvc5

    # Terms of its own: what was asked before is forgotten, so no answer depends on it.
    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("decision", way)
    solver.setOption("tlimit-per", str(milliseconds))
    solver.setOption("rlimit-per", str(steps))
    solver.setOption("seed", "0")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "condition")
    symbols = parser.getSymbolManager()
    said: list[str] = []
    while True:
        command = parser.nextCommand()
        if command.isNull():
            break
        output = str(command.invoke(solver, symbols)).strip()
        if command.getCommandName() == "check-sat":
            said.append(output)
        elif output:
            return "unknown", output
    if len(said) != 1:
        return "unknown", f"the text asks {len(said)} questions"
    verdict, _, why = said[0].partition(" ")
    return (verdict, "") if verdict in ("sat", "unsat") else ("unknown", why.strip("()") or said[0])


def _z3(text: str, milliseconds: int, steps: int) -> tuple[str, str]:
    import z3

    solver = z3.Solver()
    solver.set("random_seed", 0)
    solver.set("timeout", milliseconds)
    solver.set("rlimit", steps)
    solver.from_string(text)
    said = solver.check()
    return (str(said), "") if said != z3.unknown else ("unknown", solver.reason_unknown())


def serve() -> None:
    """Read a request from each line of stdin and write its answer as a line, until there are no more."""
    # Ctrl-C ends it at once, also inside a solver.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    # What a solver prints by itself is no answer.
    answers = sys.stdout
    sys.stdout = sys.stderr
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        try:
            verdict, reason = answer(**request)
        except MemoryError:
            verdict, reason = "unknown", "out of memory"
        except Exception as problem:
            verdict, reason = "unknown", f"{type(problem).__name__}: {problem}"[:_LONGEST]
        answers.write(json.dumps([verdict, reason]) + "\n")
        answers.flush()


if __name__ == "__main__":
    serve()
