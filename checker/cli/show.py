"""`reconverge show`: what a model was translated to."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from checker.cli import arguments
from checker.cli.output import write_stdout

__all__ = ["command"]

_HELP = """Print the transition system of MODEL: variables, actions with guards and
updates, its properties, and which agent reads which variable.

\b
example:
  reconverge show kuberay::WithExpectations
"""


@click.command("show", help=_HELP)
@arguments.model
@arguments.parameters
@click.option("--regime", metavar="REGIME", help="As this regime lets it run.")
def command(model: str, parameters: Sequence[tuple[str, int | bool]], regime: str | None) -> int:
    """Print what a model was translated to."""
    from checker.language.elaborate import elaborate
    from checker.regimes.regime import Regime
    from checker.report.glyphs import glyphs_for
    from checker.system.digest import content_hash
    from checker.system.printer import show_expression, show_system

    glyphs = glyphs_for(sys.stdout.encoding)
    for number, instance in enumerate(arguments.instances(model, parameters)):
        elaborated = elaborate(instance)
        system = elaborated.system
        if regime is not None:
            system = Regime.parse(regime).apply(system).system
        lines = [show_system(system).rstrip(), "", f"properties ({len(elaborated.properties)})"]
        width = max((len(claim.name) for claim in elaborated.properties), default=0)
        kinds = max((len(claim.kind) for claim in elaborated.properties), default=0)
        for claim in elaborated.properties:
            text = f"of {claim.process}" if claim.predicate is None else show_expression(claim.predicate)
            if claim.predicate is None and claim.process is None:
                text = ""
            if claim.premise is not None:
                text = f"{show_expression(claim.premise)} leads to {text}"
            lines.append(f"    {claim.name:<{width}}  {claim.kind:<{kinds}}  {text}".rstrip())
        lines += ["", f"content hash {content_hash(elaborated.system)}"]
        write_stdout(glyphs.plain(("\n\n" if number else "") + "\n".join(lines) + "\n"))
    return 0
