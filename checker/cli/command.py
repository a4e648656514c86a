"""The command line: `reconverge` and its subcommands, each in a file of its own."""

from __future__ import annotations

import importlib
from typing import Any

import click

__all__ = ["reconverge"]

_COMMANDS = {
    "check": "Judge every property of a model, or of every model in a file.",
    "explore": "Count the reachable states and steps.",
    "show": "Print the transition system: variables, actions, who reads what.",
    "simulate": "One random run, drawn; or what happens in a million.",
    "replay": "Repeat a saved trace by CPython on the model's own class.",
    "prove": "Prove properties for every size, with certificates.",
    "verify": "Check a proof again: that it is of this model, and that cvc5 accepts it.",
    "models": "List the models that come along.",
    "new": "Write a small model of your own that checks green.",
}

_HELP = """Does a controller converge, stay safe, and bear being run twice?

\b
MODEL is a model that comes along (taxi), a file (my_operator.py), or one
class of either (kuberay::WithExpectations). A file is checked whole.

\b
examples:
  reconverge check taxi
  reconverge check kuberay::WithExpectations -p replicas=3
  reconverge new my_operator && reconverge check my_operator.py

\b
exit codes:
  0  every property holds         3  an internal error
  1  a property is violated       4  inconclusive
  2  a mistake in the use or in the model
"""


class _Lazy(click.Group):
    """Imports a subcommand when it is asked for: the others' imports cost nothing."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"checker.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in _COMMANDS:
            import difflib

            close = difflib.get_close_matches(args[0], _COMMANDS, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise click.UsageError(
                f"there is no command {args[0]!r}{hint}; there are: {', '.join(_COMMANDS)}", ctx
            )
        return super().resolve_command(ctx, args)


def _version(context: click.Context, parameter: click.Parameter, wanted: Any) -> None:
    if wanted and not context.resilient_parsing:
        from checker import __version__
        from checker.cli.output import write_stdout

        write_stdout(f"reconverge {__version__}\n")
        context.exit(0)


@click.group(
    cls=_Lazy,
    help=_HELP,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version and exit.",
)
def reconverge() -> None:
    """The group of all subcommands."""
