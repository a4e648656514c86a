"""`reconverge simulate`: one random run, repeated by CPython and drawn; or very many, counted."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from checker.cli import arguments
from checker.cli.output import write_file, write_stdout

if TYPE_CHECKING:
    from checker.findings.sample import Sample

__all__ = ["command"]

_HELP = """One random run of MODEL, as a space-time diagram; with --runs, how often
what happens in very many.

The seed is printed; the same seed gives the same run.

\b
examples:
  reconverge simulate taxi::Taxi
  reconverge simulate kuberay::ReplicaController --steps 40 --seed 7
  reconverge simulate kuberay::ReplicaController --runs 1000000 --threads 2
  reconverge simulate taxi::Taxi -p street=50 --runs 100000 --regime none

\b
--runs: what the shares speak of
  Each run begins in an initial state, all equally likely, and goes on until
  nothing can happen, something goes wrong, or N steps are done. It takes
  only steps that change something or go wrong. Where a fault or an intent
  can happen as well as a step, it does 1 time in 5; then each action that
  can is equally likely, then each of its outcomes. This is a scheduler
  chosen here. It is no model of how likely anything is in your world.

\b
  Intervals are exact (Clopper and Pearson 1934), each by itself. Quantiles
  are of all runs. A counterexample is the shortest one that was met; check
  finds the shortest there is.

\b
--runs: exit codes
  1  a property is violated: a run shows it, repeated by CPython
  4  nothing was seen to be violated: a sample proves nothing
  0  only if each property is one that a single run proves (reachable)
"""


@click.command("simulate", help=_HELP)
@arguments.model
@arguments.parameters
@click.option("--runs", type=click.IntRange(min=1), metavar="N", help="Count what happens in N runs.")
@click.option(
    "--steps",
    type=click.IntRange(min=0),
    metavar="N",
    help="At most N steps in a run.  [default: 20; 100 with --runs]",
)
@click.option("--seed", type=int, metavar="N", help="By default a new one each time.")
@click.option(
    "--regime",
    metavar="REGIME",
    help="How much failure: none, at_most(2), ….  [default: unbounded; with --runs the one that "
    "each property states]",
)
@click.option(
    "--property",
    "properties",
    multiple=True,
    metavar="NAME",
    help="With --runs: only this one; may be repeated.",
)
@click.option(
    "--confidence",
    type=click.FloatRange(min=0, max=1, min_open=True, max_open=True),
    metavar="P",
    help="With --runs: of the intervals.  [default: 0.99]",
)
@click.option(
    "--threads",
    type=click.IntRange(1, 256),
    metavar="N",
    help="With --runs: the same result, sooner.  [default: 1]",
)
@click.option(
    "--all-traces",
    "traces",
    flag_value="all",
    help="With --runs: draw every counterexample and witness.",
)
@click.option("--no-trace", "traces", flag_value="none", help="With --runs: draw none.")
@arguments.as_json
@arguments.output
def command(
    model: str,
    parameters: Sequence[tuple[str, int | bool]],
    runs: int | None,
    steps: int | None,
    seed: int | None,
    regime: str | None,
    properties: Sequence[str],
    confidence: float | None,
    threads: int | None,
    traces: str | None,
    as_json: bool,
    output: Path | None,
) -> int:
    """Draw one random run, or count what happens in many."""
    seed = secrets.randbelow(2**32) if seed is None else seed
    if runs is None:
        given = {
            "--property": bool(properties),
            "--confidence": confidence is not None,
            "--threads": threads is not None,
            "--all-traces": traces == "all",
            "--no-trace": traces == "none",
        }
        for option, is_given in given.items():
            if is_given:
                raise click.UsageError(f"{option} needs --runs")
        return _one(
            model,
            parameters,
            20 if steps is None else steps,
            seed,
            regime or "unbounded",
            as_json,
            output,
        )
    from checker.cli.progress import RunProgress
    from checker.explicit.walk_starts import NoInitialState
    from checker.findings.sampling import simulate

    instance = arguments.one_instance(model, parameters)
    try:
        with RunProgress(type(instance).__name__) as progress:
            sample = simulate(
                instance,
                runs=runs,
                steps=100 if steps is None else steps,
                seed=seed,
                properties=properties or None,
                regime=regime,
                confidence=0.99 if confidence is None else confidence,
                threads=threads or 1,
                progress=progress,
            )
    except NoInitialState as nothing:
        print(f"inconclusive: {nothing}", file=sys.stderr)
        return 4
    return _tell(sample, traces or "first", as_json, output)


def _tell(sample: Sample, traces: str, as_json: bool, output: Path | None) -> int:
    """What many runs have shown."""
    code = sample.exit_code()
    if as_json or output is not None:
        from checker import __version__
        from checker.report.json_report import dump

        document = {"reconverge": __version__, "command": "simulate", "exit_code": code}
        text = dump(document | sample.as_json())
        if output is not None:
            write_file(output, text)
        if as_json:
            write_stdout(text)
    if not as_json:
        from checker.report.sampling import sample_lines
        from checker.report.terminal import Terminal

        terminal = Terminal(sys.stdout)
        lines = sample_lines(sample, width=terminal.width, glyphs=terminal.glyphs, traces=traces)
        write_stdout(terminal.render(lines))
    if sample.interrupted:
        made = sum(walks.runs for walks in sample.walks)
        print(f"inconclusive: interrupted after {made:,} runs", file=sys.stderr)
    return code


def _one(
    model: str,
    parameters: Sequence[tuple[str, int | bool]],
    steps: int,
    seed: int,
    regime: str,
    as_json: bool,
    output: Path | None,
) -> int:
    """One random run."""
    from checker.evidence.itf import to_itf
    from checker.evidence.replay import replay
    from checker.evidence.simulation import simulate
    from checker.evidence.trace import trace_of
    from checker.language.elaborate import elaborate
    from checker.language.execution import Execution
    from checker.regimes.regime import Regime

    elaborated = elaborate(arguments.one_instance(model, parameters))
    under = Regime.parse(regime).apply(elaborated.system)
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
