"""`reconverge simulate`: one random run, repeated by CPython, drawn."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from checker.cli import arguments
from checker.cli.output import write_file, write_stdout

__all__ = ["command"]

_HELP = """One random run of MODEL, as a space-time diagram.

The seed is printed; the same seed gives the same run.

\b
examples:
  reconverge simulate taxi
  reconverge simulate kuberay --steps 40 --seed 7
"""


@click.command("simulate", help=_HELP)
@arguments.model
@arguments.parameters
@click.option("--steps", type=click.IntRange(min=0), default=20, show_default=True, metavar="N")
@click.option("--seed", type=int, metavar="N", help="By default a new one each time.")
@click.option("--regime", metavar="REGIME", default="unbounded", show_default=True)
@arguments.as_json
@arguments.output
def command(
    model: str,
    parameters: Sequence[tuple[str, int | bool]],
    steps: int,
    seed: int | None,
    regime: str,
    as_json: bool,
    output: Path | None,
) -> int:
    """Draw one random run."""
    from checker.evidence.itf import to_itf
    from checker.evidence.replay import replay
    from checker.evidence.simulation import simulate
    from checker.evidence.trace import trace_of
    from checker.language.elaborate import elaborate
    from checker.language.execution import Execution
    from checker.regimes.regime import Regime

    elaborated = elaborate(arguments.one_instance(model, parameters))
    under = Regime.parse(regime).apply(elaborated.system)
    seed = secrets.randbelow(2**32) if seed is None else seed
    run = simulate(under, steps, seed)
    trace = trace_of(elaborated.system, run, regime=str(under.regime))
    replay(Execution(elaborated), under, trace, run=run)
    if as_json or output is not None:
        from checker.report.json_report import dump

        document = to_itf(trace)
        document["#meta"] |= {"command": "simulate", "seed": seed, "steps": len(trace)}
        text = dump(document)
        if output is not None:
            write_file(output, text)
        if as_json:
            write_stdout(text)
            return 0
    from rich.text import Text

    from checker.report.cause import cause_of
    from checker.report.space_time import space_time
    from checker.report.terminal import Terminal, header

    terminal = Terminal(sys.stdout)
    lines: list[Text | str] = [
        header(trace.model, trace.parameters, f"seed {seed}", terminal.width),
        *space_time(
            trace,
            elaborated.system,
            cause=cause_of(elaborated.system, trace),
            width=terminal.width,
            glyphs=terminal.glyphs,
        ),
    ]
    if trace.mishap is None and len(trace) < steps:
        lines.append(f"   nothing more can happen after {len(trace)} steps")
    write_stdout(terminal.render(lines))
    return 0
