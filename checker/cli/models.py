"""`reconverge models`: the models that come along, each with its one-line story."""

from __future__ import annotations

import sys

import click

from checker.cli import arguments
from checker.cli.output import write_stdout

__all__ = ["command"]


@click.command("models", help="List the models that come along, each with its one-line story.")
@arguments.as_json
def command(as_json: bool) -> int:
    """List the models that come along."""
    from checker.language.loader import gallery, story

    stories = [(name, story(path), str(path)) for name, path in gallery()]
    if as_json:
        from checker.report.json_report import dump

        entries = [{"model": name, "story": told, "path": path} for name, told, path in stories]
        write_stdout(dump({"command": "models", "models": entries}))
        return 0
    from rich.text import Text

    from checker.report.terminal import Terminal
    from checker.report.wrapping import hanging

    terminal = Terminal(sys.stdout)
    width = max((len(name) for name, _, _ in stories), default=0)
    lines = [
        line
        for name, told, _ in stories
        for line in hanging(
            Text(f"  {name:<{width}}  ", style="bold"),
            width + 4,
            terminal.glyphs.plain(told),
            terminal.width,
        )
    ]
    write_stdout(terminal.render(lines))
    return 0
