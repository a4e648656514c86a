"""`reconverge explore`: count the reachable states and steps."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from checker.cli import arguments
from checker.cli.output import write_file, write_stdout
from checker.cli.progress import Progress

__all__ = ["command"]

_HELP = """Count the reachable states and steps of MODEL.

\b
examples:
  reconverge explore taxi -p street=20
  reconverge explore fleet -p servers=4 -p faults=6 --json
  reconverge explore fleet -p servers=7 -p faults=6 --memory 8G --save fleet-7
  reconverge explore fleet -p servers=7 -p faults=6 --memory 16G --resume fleet-7
"""


@click.command("explore", help=_HELP)
@arguments.model
@arguments.parameters
@arguments.regime
@arguments.limits
@arguments.as_json
@arguments.output
def command(
    model: str,
    parameters: Sequence[tuple[str, int | bool]],
    regime: str | None,
    max_states: int | None,
    memory: int | None,
    threads: int,
    save: Path | None,
    resume: Path | None,
    save_every: float | None,
    as_json: bool,
    output: Path | None,
) -> int:
    """Count the reachable states and steps."""
    limits = {"max_states": max_states, "memory": memory, "threads": threads}
    limits |= arguments.kept(save, resume, save_every)
    explored = []
    for instance in arguments.instances(model, parameters):
        explored.append(_explored(instance, regime, limits))
        if not as_json:
            _show(explored[-1])
        if explored[-1]["reason"] == "interrupted":
            break
    complete = all(one["complete"] for one in explored)
    if as_json or output is not None:
        from checker import __version__
        from checker.report.json_report import dump

        document: dict[str, Any] = {"reconverge": __version__, "command": "explore"}
        # The first model's numbers on top, as nearly every file has one; all of them in `models`.
        document |= explored[0]
        document["models"] = explored
        text = dump(document)
        if output is not None:
            write_file(output, text)
        if as_json:
            write_stdout(text)
    for one in explored:
        if not one["complete"]:
            name = "" if len(explored) == 1 else f"{one['model']}: "
            print(f"inconclusive: {name}{one['reason']}", file=sys.stderr)
    return 0 if complete else 4


def _explored(instance: Any, regime: str | None, limits: dict[str, Any]) -> dict[str, Any]:
    from checker.findings.exploring import explore
    from checker.regimes.regime import FINITELY_MANY, Regime

    wanted = FINITELY_MANY if regime is None else Regime.parse(regime)
    begun = time.perf_counter()
    with Progress(type(instance).__name__) as progress:
        # What is counted needs no edges, and without them there is room for more states.
        graph = explore(instance, regime=wanted, keep_edges=False, progress=progress, **limits)
    seconds = time.perf_counter() - begun
    return {
        "model": graph.system.name,
        "parameters": dict(graph.system.parameters),
        "regime": str(wanted),
        "states": len(graph),
        "initial_states": graph.initial,
        "steps": graph.steps,
        "digest": graph.digest,
        "complete": graph.complete,
        "reason": graph.reason,
        "seconds": round(seconds, 6),
    }


def _show(explored: dict[str, Any]) -> None:
    from checker.report.terminal import Terminal, header
    from checker.report.wording import count

    terminal = Terminal(sys.stdout)
    rate = explored["states"] / max(explored["seconds"], 1e-9)
    measured = f"{count(explored['states'], 'state')} · {count(explored['steps'], 'step')}"
    measured += f" · {explored['seconds']:.2f} s"
    lines = [
        header(
            explored["model"],
            explored["parameters"].items(),
            terminal.glyphs.plain(measured),
            terminal.width,
        )
    ]
    details = [
        ("regime", explored["regime"]),
        ("initial", count(explored["initial_states"], "state")),
        ("speed", f"{rate:,.0f} states/s"),
        ("digest", explored["digest"]),
    ]
    if not explored["complete"]:
        details.insert(0, ("stopped", f"{explored['reason']}: these are not all states"))
    write_stdout(terminal.render([*lines, *(f"  {name:<8} {value}" for name, value in details)]))
