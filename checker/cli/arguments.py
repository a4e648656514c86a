"""Arguments that several subcommands share, and the models that they name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from checker.language.model import Model

__all__ = [
    "as_json",
    "instances",
    "kept",
    "limits",
    "max_states",
    "model",
    "named",
    "one_instance",
    "output",
    "parameters",
    "regime",
]

_LEAST_MEMORY = 64_000_000

Function = TypeVar("Function", bound=Callable[..., Any])

model = click.argument("model")

regime = click.option(
    "--regime",
    metavar="REGIME",
    help="How much failure: none, at_most(2), at_most(crash=1), finitely_many, unbounded. "
    "By default the one that each property states.",
)

max_states = click.option(
    "--max-states",
    type=click.IntRange(min=1),
    metavar="N",
    help="Stop exploring beyond N states; what is undecided then is unknown (exit 4).",
)


def _bytes(context: click.Context, parameter: click.Parameter, given: str | None) -> int | None:
    if given is None:
        return None
    found = re.fullmatch(r"([0-9]{1,18}(?:\.[0-9]{1,9})?)\s*(?:([KMGT])(I?))?B?", given.strip().upper())
    if not found:
        raise click.UsageError(
            f"--memory {given!r} is no size, for example --memory 4G or --memory 512M"
        )
    number, unit, binary = found.groups()
    step = 1024 if binary else 1000
    count = int(float(number) * step ** " KMGT".index(unit or " "))
    if count < _LEAST_MEMORY:
        raise click.UsageError(f"--memory {given}: Python alone takes more; at least 64M")
    return count


def limits(function: Function) -> Function:
    """The options that say how much an exploration may take: `max_states` to `save_every`."""
    for option in reversed(
        [
            max_states,
            click.option(
                "--memory",
                metavar="SIZE",
                callback=_bytes,
                help="Stop before using more than this, as in 4G; by default 80 % of what is free.",
            ),
            click.option(
                "--threads",
                type=click.IntRange(1, 256),
                default=1,
                metavar="N",
                help="Explore with N threads; the result is the same.",
            ),
            click.option(
                "--save",
                type=click.Path(file_okay=False, path_type=Path),
                metavar="DIR",
                help="Keep the exploration in DIR as it grows, to be resumed after whatever happens.",
            ),
            click.option(
                "--resume",
                type=click.Path(file_okay=False, path_type=Path),
                metavar="DIR",
                help="Go on with the exploration in DIR (begin, if there is none), and keep it there.",
            ),
            click.option(
                "--save-every",
                type=click.FloatRange(min=0),
                metavar="SECONDS",
                help="How much work may be lost: by default 60 seconds of it.",
            ),
        ]
    ):
        function = option(function)
    return function


def kept(save: Path | None, resume: Path | None, save_every: float | None) -> dict[str, Any]:
    """`--save` and `--resume` as arguments of `check` and `explore`.

    Raises
    ------
    click.UsageError
        If both are given, or an interval without either.
    """
    if save is not None and resume is not None:
        raise click.UsageError("--save begins anew, --resume goes on: give one of them")
    if save is None and resume is None and save_every is not None:
        raise click.UsageError("--save-every says how often to save: where? give --save DIR")
    return {"save": save or resume, "resume": resume is not None, "save_every": save_every}


as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")

output = click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the JSON object to FILE: whole or not at all.",
)


def _assignments(
    context: click.Context, parameter: click.Parameter, given: Sequence[str]
) -> tuple[tuple[str, int | bool], ...]:
    return tuple(_assignment(text) for text in given)


def _assignment(text: str) -> tuple[str, int | bool]:
    name, separator, value = (part.strip() for part in text.partition("="))
    if not separator or not name.isidentifier():
        raise click.UsageError(f"-p {text!r} is not name=value, for example -p replicas=3")
    if value.lower() in ("true", "false"):
        return name, value.lower() == "true"
    try:
        return name, int(value)
    except ValueError:
        raise click.UsageError(f"-p {name}: {value!r} is neither a number nor true or false") from None


parameters = click.option(
    "-p",
    "parameters",
    multiple=True,
    callback=_assignments,
    metavar="NAME=VALUE",
    help="Give a parameter of the model a value; may be repeated.",
)


def instances(reference: str, given: Sequence[tuple[str, int | bool]]) -> list[Model]:
    """Every model that a reference names, with its parameters.

    In a file with several models each takes the parameters that it has.

    Raises
    ------
    click.UsageError
        If none of them has a parameter of this name.
    ModelError
        If there is no such model, or a value does not fit.
    """
    from checker.language.loader import load_models
    from checker.language.parameters import Param

    classes = load_models(reference)
    known = {one: _declared(one, Param) for one in classes}
    everything = list(dict.fromkeys(name for names in known.values() for name in names))
    values: dict[str, int | bool] = {}
    for name, value in given:
        if name not in everything:
            close = difflib.get_close_matches(name, everything, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            has = ", ".join(everything) or "none"
            raise click.UsageError(f"{reference} has no parameter {name!r}{hint}; there are: {has}")
        values[name] = value
    return [
        one(**{name: value for name, value in values.items() if name in known[one]}) for one in classes
    ]


def one_instance(reference: str, given: Sequence[tuple[str, int | bool]]) -> Model:
    """The only model that a reference names.

    Raises
    ------
    click.UsageError
        If it names several.
    """
    found = instances(reference, given)
    if len(found) > 1:
        stem = reference.split("::")[0]
        names = ", ".join(f"{stem}::{type(one).__name__}" for one in found)
        raise click.UsageError(f"{reference} holds {len(found)} models; name one of them: {names}")
    return found[0]


def _declared(model: type[Model], kind: type) -> list[str]:
    from checker.language.model import members

    return [name for name, member in members(model).items() if isinstance(member, kind)]


def named(instances: Sequence[Model], names: Sequence[str]) -> dict[int, tuple[str, ...]]:
    """For each model the asked-for properties that it has; a name that none has is a mistake."""
    from checker.findings.checking import judgeable
    from checker.findings.selection import UnknownProperty

    has = {id(instance): judgeable(instance) for instance in instances}
    everything = list(dict.fromkeys(name for known in has.values() for name in known))
    for name in names:
        if name not in everything:
            raise UnknownProperty(name, everything)
    return {key: tuple(name for name in names if name in known) for key, known in has.items()}
