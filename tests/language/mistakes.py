"""A mistake in a model as its author would see it: the source with carets under what is wrong."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from checker.language.elaborate import elaborate
from checker.language.errors import ModelError
from checker.language.loader import load_models

__all__ = ["DESK", "Mistake", "assert_refused", "model_error"]

DESK = '''\
"""What the mistakes are made in."""

import math
from random import random

from checker import (
    ANY, Array, Bool, Enum, Input, Int, Model, Nat, Optional, Param, Record, Set, Stale, action, always,
    attempt, choose, converges, fault, idempotent, leads_to, on_change, process, strikes, transition, when,
)

table = {"a": 1}
HALF = 0.5


def increased(n):
    return n + 1


def countdown(n):
    return countdown(n - 1)


class Desk(Model):
    size = Param(3, min=1, max=9)
    count = Int(0, 3)
    ready = Bool()
    phase = Enum("idle", "busy")
    slots = Array(3, Int(0, 2))
    free = Set(3)
    holder = Optional(Int(0, 2))
    pod = Record(node=Int(0, 1), up=Bool())
    view = Stale(count)

'''


@dataclass(frozen=True)
class Mistake:
    """One mistake and what is said about it.

    Parameters
    ----------
    source : str
        Lines of the class `Desk`; below the wrong characters a line of carets.
    message, help : str
        In full.
    note : str
        What stands beside the caret.
    """

    name: str
    source: str
    message: str
    help: str
    note: str = ""


def model_error(source: str, path: Path) -> ModelError:
    """What is raised when the models of a file are read and translated."""
    path.write_text(source, encoding="utf-8")
    try:
        for model in load_models(str(path)):
            elaborate(model())
    except ModelError as error:
        return error
    raise AssertionError("the mistake went unnoticed")


def assert_refused(mistake: Mistake, path: Path, whole: bool = False) -> None:
    """The error stands at the carets, and says what is wrong and what to do."""
    body = textwrap.dedent(mistake.source).strip("\n") + "\n"
    text = body if whole else DESK + textwrap.indent(body, "    ")
    lines = text.splitlines()
    (marked,) = (i for i, line in enumerate(lines) if re.fullmatch(r"\s*\^+\s*", line))
    carets = lines.pop(marked).rstrip()
    wrong = lines[marked - 1]
    column, end = carets.index("^"), len(carets)
    assert wrong.strip(), "carets stand under something"

    error = model_error("\n".join(lines) + "\n", path)
    assert (error.message, error.help) == (mistake.message, mistake.help)
    shown = [
        f"{path}:{marked}:{column + 1}: error: {mistake.message}",
        f"{marked:>5} | {wrong}",
        f"      | {carets} {mistake.note}".rstrip(),
        f"   help: {mistake.help}",
    ]
    assert str(error) == "\n".join(shown)
    assert error.span is not None
    assert wrong[error.span.column : error.span.end] == wrong[column:end]
