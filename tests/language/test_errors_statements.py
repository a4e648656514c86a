"""Statements that have no meaning in a model."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistakes import Mistake, assert_refused

UNSUPPORTED_STATEMENTS = [
    Mistake(
        "try",
        """
        @action
        def act(self):
            try:
            ^^^
                self.count += 1
            except ValueError:
                pass
        """,
        "`try` is not supported",
        "an effect that may fail is attempt(effect), which returns whether it worked",
    ),
    Mistake(
        "with",
        """
        @action
        def act(self):
            with open("x") as file:
            ^^^^
                self.count += 1
        """,
        "`with` is not supported",
        "a step is atomic as it is",
    ),
    Mistake(
        "raise",
        """
        @action
        def act(self):
            raise ValueError("no")
            ^^^^^^^^^^^^^^^^^^^^^^
        """,
        "`raise` is not supported",
        "use `assert`, or when(…) to disable the step",
    ),
    Mistake(
        "del",
        """
        @action
        def act(self):
            del self.holder
            ^^^^^^^^^^^^^^^
        """,
        "`del` is not supported",
        "assign None to an Optional, or discard from a Set",
    ),
    Mistake(
        "global",
        """
        @action
        def act(self):
            global HALF
            ^^^^^^^^^^^
            HALF = 1
        """,
        "`global` is not supported",
        "declare a field in the class body",
    ),
    Mistake(
        "import",
        """
        @action
        def act(self):
            import os
            ^^^^^^^^^
        """,
        "`import` inside a step",
        "import at the top of the file",
    ),
    Mistake(
        "import from",
        """
        @action
        def act(self):
            from os import path
            ^^^^^^^^^^^^^^^^^^^
        """,
        "`import` inside a step",
        "import at the top of the file",
    ),
    Mistake(
        "nested def",
        """
        @action
        def act(self):
            def inner(n):
                ^^^^^
                return n
            self.count = inner(1)
        """,
        "a function inside a step",
        "write a method, or a function of the module",
    ),
    Mistake(
        "nonlocal",
        """
        @action
        def act(self):
            n = 0
            def inner():
                ^^^^^
                nonlocal n
                n = 1
        """,
        "a function inside a step",
        "write a method, or a function of the module",
    ),
    Mistake(
        "nested class",
        """
        @action
        def act(self):
            class Inner:
                  ^^^^^
                pass
        """,
        "a class inside a step",
        "define it in the module",
    ),
    Mistake(
        "walrus",
        """
        @action
        def act(self):
            if (n := self.count) > 1:
                ^^^^^^^^^^^^^^^
                self.count = n
        """,
        "`:=` is not supported",
        "assign on a line of its own",
    ),
    Mistake(
        "lambda",
        """
        @action
        def act(self):
            up = lambda n: n + 1
                 ^^^^^^^^^^^^^^^
            self.count = up(1)
        """,
        "a lambda is only possible as the premise of @leads_to",
        "write a method",
    ),
    Mistake(
        "starred name",
        """
        @action
        def act(self):
            first, *rest = self.slots
                           ^^^^^^^^^^
            self.count = first
        """,
        "this cannot be taken apart into 2 parts",
        "a tuple of as many values can; there is no `*rest`",
    ),
    Mistake(
        "starred element",
        """
        @action
        def act(self):
            for one in (1, *self.slots):
                           ^^^^^^^^^^^
                self.count = one
        """,
        "`*` is not supported here",
        "write the elements out",
    ),
    Mistake(
        "slice",
        """
        @action
        def act(self):
            for one in self.slots[1:]:
                       ^^^^^^^^^^^^^^
                self.count = one
        """,
        "slices are not supported",
        "use a comprehension over the indices",
    ),
    Mistake(
        "assigned slice",
        """
        @action
        def act(self):
            self.slots[1:] = [0, 0]
                       ^^
        """,
        "slices are not supported",
        "use a comprehension over the indices",
    ),
    Mistake(
        "class pattern",
        """
        @action
        def act(self):
            match self.phase:
                case str():
                     ^^^^^
                    self.count = 1
        """,
        "this pattern is not supported",
        "use literals, `|`, names, `_` and tuples",
    ),
    Mistake(
        "mapping pattern",
        """
        @action
        def act(self):
            match self.pod:
                case {"node": 1}:
                     ^^^^^^^^^^^
                    self.count = 1
        """,
        "this pattern is not supported",
        "use literals, `|`, names, `_` and tuples",
    ),
    Mistake(
        "statement without effect",
        """
        @action
        def act(self):
            self.count == 3
            ^^^^^^^^^^^^^^^
        """,
        "this statement has no effect",
        "did you mean an assignment, assert, or when(…)?",
    ),
    Mistake(
        "super without a method",
        """
        @action
        def act(self):
            x = super()
                ^^^^^^^
        """,
        "`super()` is not a value",
        "call a method of it: super().name(…)",
    ),
    Mistake(
        "super where there is none",
        """
        @action
        def act(self):
            super().act()
            ^^^^^^^^^^^
        """,
        "no base of Desk has `act`",
        "remove the call: there is nothing to override",
    ),
]


@pytest.mark.parametrize("mistake", UNSUPPORTED_STATEMENTS, ids=lambda mistake: mistake.name)
def test_unsupported_statements(mistake: Mistake, tmp_path: Path) -> None:
    """Statements that have no meaning in a model."""
    assert_refused(mistake, tmp_path / "desk.py")
