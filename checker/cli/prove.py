"""`reconverge prove`: properties for every size, with certificates."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from checker.cli import arguments
from checker.cli.output import write_file, write_stdout
from checker.cli.progress import Progress

if TYPE_CHECKING:
    from checker.findings.findings import Findings
    from checker.language.model import Model

__all__ = ["command"]

_HELP = """Prove the properties of MODEL for every value of its parameters.

The parameters become symbols wherever no number is needed to build the system; -p gives the value of
the others, and of the instance that is explored first. What holds has a proof that Z3 has found and
cvc5 has accepted; --certificates keeps it, for `reconverge verify`.

\b
examples:
  reconverge prove taxi
  reconverge prove replicas --property settled --certificates proofs
  reconverge prove rolling_update --timeout 120 --json
"""


@click.command("prove", help=_HELP)
@arguments.model
@arguments.parameters
@click.option(
    "--property", "properties", multiple=True, metavar="NAME", help="Only this one; may be repeated."
)
@arguments.regime
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="For each property; what takes longer is unknown.",
)
@click.option(
    "--certificates",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write a certificate for each proof into a folder there.",
)
@click.option(
    "--expected",
    is_flag=True,
    help="Succeed if every verdict is the one that the model documents (expect=...).",
)
@arguments.as_json
@arguments.output
def command(
    model: str,
    parameters: Sequence[tuple[str, int | bool]],
    properties: Sequence[str],
    regime: str | None,
    timeout: float,
    certificates: Path | None,
    expected: bool,
    as_json: bool,
    output: Path | None,
) -> int:
    """Prove every property of a model, or of every model in a file."""
    from checker.evidence.certificate import CertificateError

    instances = arguments.instances(model, parameters)
    wanted = arguments.named(instances, properties) if properties else None
    found: list[Findings] = []
    stopped = False
    for instance in instances:
        names = () if wanted is None else wanted[id(instance)]
        if stopped or (wanted is not None and not names):
            continue
        try:
            one = _proved(instance, names, regime, timeout, certificates, model)
        except CertificateError as problem:
            raise click.ClickException(str(problem)) from None
        found.append(one)
        stopped = any(finding.reason == "interrupted" for finding in one)
        if not as_json:
            _show(one, expected, first=len(found) == 1)
    if stopped:
        print("inconclusive: interrupted, what is undecided is unknown", file=sys.stderr)
    codes = {one.exit_code(expected) for one in found} | ({4} if stopped else set())
    code = 1 if 1 in codes else max(codes, default=0)
    if as_json or output is not None:
        from checker import __version__
        from checker.report.json_report import check_document, dump

        text = dump({**check_document(found, code, __version__), "command": "prove"})
        if output is not None:
            write_file(output, text)
        if as_json:
            write_stdout(text)
    return code


class _Stages(Progress):
    """Called with what is done, in a few words."""

    def __enter__(self) -> _Stages:
        return self

    def __call__(self, what: str) -> None:  # type: ignore[override]
        seconds = self._due()
        if seconds:
            self._tell(f"{self.name}: {what}, {seconds:.0f} s")


def _proved(
    instance: Model,
    names: Sequence[str],
    regime: str | None,
    timeout: float,
    certificates: Path | None,
    model: str,
) -> Findings:
    from checker.findings.proving import prove

    reference = model if "::" in model else f"{model}::{type(instance).__name__}"
    with _Stages(type(instance).__name__) as progress:
        return prove(
            instance,
            *names,
            regime=regime,
            timeout=timeout,
            certificates=certificates,
            reference=reference,
            progress=progress,
        )


def _show(one: Findings, expected: bool, first: bool) -> None:
    from checker.report.proofs import proof_lines
    from checker.report.terminal import Terminal, findings_lines

    terminal = Terminal(sys.stdout)
    lines = [
        *findings_lines(one, width=terminal.width, glyphs=terminal.glyphs, expected=expected),
        *proof_lines(one, width=terminal.width, glyphs=terminal.glyphs),
    ]
    write_stdout(("" if first else "\n") + terminal.render(lines))
