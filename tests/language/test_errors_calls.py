"""Calls that cannot be inlined."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistakes import Mistake, assert_refused

CALLS = [
    Mistake(
        "print",
        """
        @action
        def act(self):
            print(self.count)
            ^^^^^^^^^^^^^^^^^
        """,
        "input and output have no meaning in a model",
        "remove the `print`; a trace shows every change",
    ),
    Mistake(
        "open",
        """
        @action
        def act(self):
            open("x")
            ^^^^
        """,
        "`open` cannot be called in a model",
        (
            "methods of the model and plain Python functions are inlined; min max abs sum "
            "any all len are known"
        ),
    ),
    Mistake(
        "sorted",
        """
        @action
        def act(self):
            for one in sorted(self.slots):
                       ^^^^^^^^^^^^^^^^^^
                self.count = one
        """,
        "`sorted` is not supported",
        "loop over the range in order, and test",
    ),
    Mistake(
        "math.floor",
        """
        @action
        def act(self):
            self.count = math.floor(self.count)
                         ^^^^^^^^^^
        """,
        "`math.floor` cannot be called in a model",
        (
            "methods of the model and plain Python functions are inlined; min max abs sum "
            "any all len are known"
        ),
    ),
    Mistake(
        "random",
        """
        @action
        def act(self):
            self.count = random()
                         ^^^^^^
        """,
        "`random` cannot be called in a model",
        (
            "methods of the model and plain Python functions are inlined; min max abs sum "
            "any all len are known"
        ),
    ),
    Mistake(
        "field called",
        """
        @action
        def act(self):
            self.count()
            ^^^^^^^^^^
        """,
        "a number cannot be called",
        "only methods and functions are",
    ),
    Mistake(
        "argument missing",
        """
        @action
        def act(self):
            self.bump()
            ^^^^^^^^^^^
        def bump(self, n):
            self.count = n
        """,
        "`bump`: missing a required argument: 'n'",
        "it is defined as def bump(self, n)",
    ),
    Mistake(
        "argument too many",
        """
        @action
        def act(self):
            increased(1, 2)
            ^^^^^^^^^^^^^^^
        """,
        "`increased`: too many positional arguments",
        "it is defined as def increased(n)",
    ),
    Mistake(
        "helper without self",
        """
        @action
        def act(self):
            self.inner()
            ^^^^^^^^^^^^
        def inner():
            pass
        """,
        "`inner` has no `self`",
        "define it as def inner(self, …)",
    ),
    Mistake(
        "array append",
        """
        @action
        def act(self):
            self.slots.append(1)
            ^^^^^^^^^^^^^^^^^
        """,
        "an array has no `append` in a model",
        "arrays have a fixed length: assign an element",
    ),
    Mistake(
        "set pop",
        """
        @action
        def act(self):
            self.count = self.free.pop()
                         ^^^^^^^^^^^^^
        """,
        "a set has no `pop` in a model",
        "a set knows add, discard, remove, clear; choose(self.free) picks a member",
    ),
    Mistake(
        "min with a key",
        """
        @action
        def act(self):
            self.count = min(self.slots, key=increased)
                                         ^^^^^^^^^^^^^
        """,
        "`min` takes no keyword `key` in a model",
        "write the loop out, or compute the values in a comprehension",
    ),
    Mistake(
        "sum with a start",
        """
        @action
        def act(self):
            self.count = sum(self.slots, 1)
                         ^^^^^^^^^^^^^^^^^^
        """,
        "`sum` takes one collection or generator",
        "add the rest outside",
    ),
    Mistake(
        "fault without a name",
        """
        @action
        def act(self):
            if strikes("not a name"):
                       ^^^^^^^^^^^^
                self.ready = True
        """,
        "a fault is named by a text that is an identifier",
        'for example strikes("timeout")',
    ),
    Mistake(
        "attempt of a field",
        """
        @action
        def act(self):
            attempt(self.count)
            ^^^^^^^^^^^^^^^^^^^
        """,
        "`attempt`: a number cannot be called",
        "only methods and functions are",
    ),
    Mistake(
        "attempt of a result",
        """
        @action
        def act(self):
            attempt(self.bump(1))
            ^^^^^^^^^^^^^^^^^^^^^
        def bump(self, n):
            self.count = n
        """,
        "`attempt`: None cannot be called",
        "only methods and functions are",
    ),
]


@pytest.mark.parametrize("mistake", CALLS, ids=lambda mistake: mistake.name)
def test_calls(mistake: Mistake, tmp_path: Path) -> None:
    """Calls that cannot be inlined."""
    assert_refused(mistake, tmp_path / "desk.py")
