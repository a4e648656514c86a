"""`reconverge replay`: repeat a saved trace by CPython on the model's own class."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from checker.cli import arguments
from checker.cli.output import write_stdout

__all__ = ["command"]

_HELP = """Repeat the trace in FILE by CPython on the class of MODEL, state by state.

The parameters are those of the trace unless others are given. Exit 0: it does
what the trace says. Exit 1: it does not, and where.

\b
example:
  reconverge check kuberay --itf traces/
  reconverge replay traces/KubeRay_no_surplus_always.itf.json kuberay::KubeRay
"""


@click.command("replay", help=_HELP)
@click.argument("trace", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@arguments.model
@arguments.parameters
@arguments.as_json
def command(trace: Path, model: str, parameters: Sequence[tuple[str, int | bool]], as_json: bool) -> int:
    """Repeat a saved trace by CPython."""
    from checker.evidence.itf import ItfError, from_itf
    from checker.evidence.replay import ReplayMismatch, replay
    from checker.evidence.trace import TraceError
    from checker.language.elaborate import elaborate
    from checker.language.execution import Execution
    from checker.regimes.regime import UNBOUNDED, Regime

    try:
        told = from_itf(trace.read_text(encoding="utf-8"))
    except ItfError as problem:
        raise ItfError(f"{trace}: {problem}") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise ItfError(f"cannot read {trace}: {problem}") from None
    reference = model
    if "::" not in model:
        names = {type(one).__name__ for one in arguments.instances(model, ())}
        if len(names) > 1 and told.model in names:
            reference = f"{model}::{told.model}"
    given = dict(told.parameters) | dict(parameters)
    elaborated = elaborate(arguments.one_instance(reference, list(given.items())))
    under = (Regime.parse(told.regime) if told.regime else UNBOUNDED).apply(elaborated.system)
    claim = next((one for one in elaborated.properties if one.name == told.property), None)
    answer = {"replayed": True, "model": under.system.name, "states": len(told.states), "reason": ""}
    try:
        replay(Execution(elaborated), under, told, claim)
    except TraceError as problem:
        answer |= {"replayed": False, "reason": str(problem)}
    except ReplayMismatch as problem:
        answer |= {
            "replayed": False,
            "reason": str(problem),
            "state": problem.position,
            "differs": problem.what,
            "expected": repr(problem.expected),
            "got": repr(problem.got),
        }
    if as_json:
        from checker.report.json_report import dump

        write_stdout(dump(answer))
    else:
        write_stdout(_said(answer, told.property) + "\n")
    return 0 if answer["replayed"] else 1


def _said(answer: dict[str, object], claim: str) -> str:
    if answer["replayed"]:
        shown = f", and it shows what it says of {claim}" if claim else ""
        return f"yes: CPython repeats all {answer['states']} states{shown}"
    text = f"no: {answer['reason']}"
    encoding = sys.stdout.encoding or "ascii"
    return text.encode(encoding, "replace").decode(encoding)
