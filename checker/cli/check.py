"""`reconverge check`: judge every property."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from checker.cli import arguments
from checker.cli.output import write_file, write_stdout
from checker.cli.progress import Progress

if TYPE_CHECKING:
    from checker.findings.findings import Findings
    from checker.language.model import Model

__all__ = ["command"]

_HELP = """Judge every property of MODEL; of every model, where MODEL is a file.

\b
examples:
  reconverge check taxi
  reconverge check kuberay::WithExpectations -p replicas=3
  reconverge check my_operator.py --property no_surplus --regime "at_most(1)"
  reconverge check fleet -p servers=8 -p faults=6 --reduce
  reconverge check kuberay --expected          # the documented verdicts?
  reconverge check taxi --json > findings.json
"""


@click.command("check", help=_HELP)
@arguments.model
@arguments.parameters
@click.option(
    "--property", "properties", multiple=True, metavar="NAME", help="Only this one; may be repeated."
)
@arguments.regime
@arguments.limits
@click.option(
    "--reduce",
    is_flag=True,
    help="Explore less where that is sound (symmetry, partial order, dead values), and say what it saved.",
)
@click.option(
    "--expected",
    is_flag=True,
    help="Succeed if every verdict is the one that the model documents (expect=...).",
)
@click.option("--all-traces", "traces", flag_value="all", help="Draw every counterexample and witness.")
@click.option("--no-trace", "traces", flag_value="none", help="Draw none.")
@click.option(
    "--itf",
    "itf_folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Save every trace there in the Informal Trace Format, for `reconverge replay`.",
)
@arguments.as_json
@arguments.output
def command(
    model: str,
    parameters: Sequence[tuple[str, int | bool]],
    properties: Sequence[str],
    regime: str | None,
    max_states: int | None,
    memory: int | None,
    threads: int,
    save: Path | None,
    resume: Path | None,
    save_every: float | None,
    reduce: bool,
    expected: bool,
    traces: str | None,
    itf_folder: Path | None,
    as_json: bool,
    output: Path | None,
) -> int:
    """Judge every property of a model, or of every model in a file."""
    # Measured: it takes 30 ms longer to import after a model was translated than before.
    import numpy  # noqa: F401

    instances = arguments.instances(model, parameters)
    wanted = arguments.named(instances, properties) if properties else None
    limits = {"max_states": max_states, "memory": memory, "threads": threads}
    limits |= arguments.kept(save, resume, save_every)
    if reduce:
        if limits["save"] is not None:
            raise click.UsageError(
                "--reduce explores little: it cannot be combined with --save or --resume"
            )
        limits["reduce"] = True
    found: list[Findings] = []
    stopped = False
    for instance in instances:
        names = None if wanted is None else wanted[id(instance)]
        if names == () or stopped:
            continue
        one = _check(instance, names, regime, limits)
        found.append(one)
        reasons = [*(space.reason for space in one.spaces), *(finding.reason for finding in one)]
        stopped = any(reason in ("interrupted", "interrupted while judging") for reason in reasons)
        if not as_json:
            _show(one, traces or "first", expected, first=len(found) == 1)
    if stopped:
        print(_stopped(instances, found), file=sys.stderr)
    codes = {one.exit_code(expected) for one in found}
    if stopped:
        codes.add(4)
    code = 1 if 1 in codes else max(codes, default=0)
    if itf_folder is not None:
        _export(found, itf_folder)
    if as_json or output is not None:
        from checker import __version__
        from checker.report.json_report import check_document, dump

        text = dump(check_document(found, code, __version__))
        if output is not None:
            write_file(output, text)
        if as_json:
            write_stdout(text)
    return code


def _check(
    instance: Model, names: tuple[str, ...] | None, regime: str | None, limits: dict[str, Any]
) -> Findings:
    from checker.findings.checking import check

    with Progress(type(instance).__name__) as progress:
        return check(instance, properties=names, regime=regime, progress=progress, **limits)


def _show(one: Findings, traces: str, expected: bool, first: bool) -> None:
    from checker.report.terminal import Terminal, findings_lines

    terminal = Terminal(sys.stdout)
    lines = findings_lines(
        one, width=terminal.width, glyphs=terminal.glyphs, traces=traces, expected=expected
    )
    write_stdout(("" if first else "\n") + terminal.render(lines))


def _stopped(instances: Sequence[Model], found: Sequence[Findings]) -> str:
    states = sum(space.states for one in found for space in one.spaces)
    left = len(instances) - len(found)
    rest = f"; {left} more of the models not looked at" if left else ""
    return f"inconclusive: interrupted after {states:,} states, what is undecided is unknown{rest}"


def _export(found: Sequence[Findings], folder: Path) -> None:
    from checker.cli.output import OutputError
    from checker.evidence.itf import to_itf
    from checker.report.json_report import dump

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise OutputError(f"cannot write to {folder}: {problem.strerror}") from None
    for one in found:
        for finding in one:
            if finding.trace is not None:
                name = "_".join(dict.fromkeys((one.model, finding.property, finding.kind)))
                name = "".join(sign if sign.isalnum() or sign in "._-" else "-" for sign in name)
                write_file(folder / f"{name}.itf.json", dump(to_itf(finding.trace)))
