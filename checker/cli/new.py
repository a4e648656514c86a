"""`reconverge new`: a small model of one's own, to start from."""

from __future__ import annotations

import keyword
import os
import re
from pathlib import Path

import click

from checker.cli.output import OutputError, write_stdout

__all__ = ["command"]

_HELP = """Write NAME.py: a short, commented model that checks green, to start from.

\b
example:
  reconverge new my_operator
  reconverge check my_operator.py
"""

_TEMPLATE = '''\
"""{title}: keeps as many workers running as are wanted.

Check it with:  reconverge check {file}
"""

from checker import ANY, Int, Model, Param, action, always, converges, fault, intent, when


class {model}(Model):
    limit = Param(3, min=1)                    # try another: -p limit=5

    desired = Int(0, limit, init=ANY)          # checked for every value that it can have
    running = Int(0, limit, init=0)

    @action                                    # an atomic step; it is taken again and again
    def reconcile(self):
        if self.running < self.desired:
            self.running += 1
        elif self.running > self.desired:
            self.running -= 1

    @fault                                     # may happen at any time, but need not
    def crash(self):
        when(self.running > 0)
        self.running -= 1

    @intent                                    # somebody wants another number
    def scale(self, to: Int(0, limit)):
        self.desired = to

    @always                                    # in every state that can be reached
    def within_the_limit(self):
        return 0 <= self.running <= self.limit

    @converges(setpoint="desired", output="running")     # once faults stop: reached, and kept
    def settled(self):
        return self.running == self.desired
'''


@click.command("new", help=_HELP)
@click.argument("name")
def command(name: str) -> int:
    """Write a small model to start from."""
    stem = name.removesuffix(".py")
    path = Path(stem + ".py")
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", path.stem) or not path.stem.strip("_"):
        raise click.UsageError(f"{name!r} is no name for a model: lower-case words, like my_operator")
    if keyword.iskeyword(path.stem) or path.stem == "checker":
        raise click.UsageError(f"{name!r} is a name that Python has taken: try my_{path.stem}")
    words = [word for word in path.stem.split("_") if word]
    model = "".join(word.capitalize() for word in words)
    if not model[0].isalpha():
        model = f"Model{model}"
    if model in ("Model", "Int", "Param", "ANY"):
        model = f"My{model}"
    title = " ".join(words).capitalize()
    text = _TEMPLATE.format(title=title, file=path, model=model)
    try:
        # Exclusive creation: a file that is there is never overwritten, not even in a race.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        raise OutputError(f"{path} is there already; it is not overwritten") from None
    except OSError as problem:
        raise OutputError(f"cannot write {path}: {problem.strerror}") from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as problem:
        path.unlink(missing_ok=True)
        raise OutputError(f"cannot write {path}: {problem.strerror}") from None
    write_stdout(f"wrote {path}; now: reconverge check {path}\n")
    return 0
