"""Python that fits into no step, and values that are no data, are refused with a way out."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistakes import Mistake, assert_refused

BEYOND_A_STEP = [
    Mistake(
        "while in an action",
        """
        @action
        def act(self):
            while self.count < 3:
            ^^^^^
                self.count += 1
        """,
        "`while` is only possible in a @process",
        (
            "let the action move one block and stay enabled, or turn it into a @process with "
            "`yield` inside the loop"
        ),
        "an @action is one atomic step",
    ),
    Mistake(
        "while without a yield",
        """
        @process
        def act(self):
            while self.count < 3:
            ^^^^^
                self.count = 0
            yield
        """,
        "this loop can go round without a `yield`",
        "put a `yield` on every path through the body, or loop with `for` over a range",
        "others must be able to run",
    ),
    Mistake(
        "yield in an action",
        """
        @action
        def act(self):
            yield
            ^^^^^
        """,
        "`yield` is only possible in a @process",
        "decorate `act` with @process",
        "an @action is one atomic step",
    ),
    Mistake(
        "yield from",
        """
        @process
        def act(self):
            yield from self.inner()
            ^^^^^^^^^^^^^^^^^^^^^^^
        def inner(self):
            yield
        """,
        "`yield from` is not supported",
        "write the body of the sub-process where it is used",
    ),
    Mistake(
        "yield gives a value",
        """
        @process
        def act(self):
            yield self.count
            ^^^^^^^^^^^^^^^^
        """,
        "a `yield` gives at most a name",
        'write `yield "observed"`',
    ),
    Mistake(
        "value of a yield",
        """
        @process
        def act(self):
            got = yield
                  ^^^^^
        """,
        "a `yield` has no value",
        "write it on a line of its own",
    ),
    Mistake(
        "yield inside an expression",
        """
        @process
        def act(self):
            self.count = 1 + (yield)
                              ^^^^^
        """,
        "a `yield` has no value",
        "write it on a line of its own",
    ),
    Mistake(
        "yield in a helper",
        """
        @process
        def act(self):
            self.inner()
            ^^^^^^^^^^
            yield
        def inner(self):
            yield
        """,
        "`inner` has a `yield` and cannot be called",
        "a @process runs by itself",
    ),
    Mistake(
        "direct recursion",
        """
        @action
        def act(self):
            self.count = self.again(3)
        def again(self, n):
            return self.again(n - 1)
                   ^^^^^^^^^^^^^^^^^
        """,
        "`again` calls itself",
        "use a `for` over a fixed range",
        "a step must end: recursion cannot be inlined",
    ),
    Mistake(
        "mutual recursion",
        """
        @action
        def act(self):
            self.count = self.ping(3)
        def ping(self, n):
            return self.pong(n)
        def pong(self, n):
            return self.ping(n)
                   ^^^^^^^^^^^^
        """,
        "`ping` calls itself",
        "use a `for` over a fixed range",
        "a step must end: recursion cannot be inlined",
    ),
    Mistake(
        "async action",
        """
        @action
        async def act(self):
                  ^^^
            self.count = 1
        """,
        "`act` is `async`",
        "write a plain `def`; a @process waits with `yield`",
        "a model is synchronous",
    ),
    Mistake(
        "async helper",
        """
        @action
        def act(self):
            self.inner()
        async def inner(self):
                  ^^^^^
            self.count = 1
        """,
        "`inner` is `async`",
        "write a plain `def`; a @process waits with `yield`",
        "a model is synchronous",
    ),
    Mistake(
        "async process",
        """
        @process
        async def act(self):
                  ^^^
            yield
        """,
        "`act` is `async`",
        "write a plain `def`; a @process waits with `yield`",
        "a model is synchronous",
    ),
]


@pytest.mark.parametrize("mistake", BEYOND_A_STEP, ids=lambda mistake: mistake.name)
def test_beyond_a_step(mistake: Mistake, tmp_path: Path) -> None:
    """What does not fit into one atomic step."""
    assert_refused(mistake, tmp_path / "desk.py")


NO_DATA = [
    Mistake(
        "float",
        """
        @action
        def act(self):
            self.count = 0.5
                         ^^^
        """,
        "a model has whole numbers only",
        "scale: count tenths, or percent",
    ),
    Mistake(
        "float constant",
        """
        @action
        def act(self):
            self.count = HALF
                         ^^^^
        """,
        "a model has whole numbers only",
        "scale: count tenths, or percent",
    ),
    Mistake(
        "text for a number",
        """
        @action
        def act(self):
            self.count = "three"
                         ^^^^^^^
        """,
        "the label 'three' where a number is expected",
        "texts are labels of an Enum; for other text there is no use in a model",
    ),
    Mistake(
        "joined texts",
        """
        @action
        def act(self):
            self.phase = "id" + "le"
                         ^^^^
        """,
        "expected a number, found the label 'id'",
        "labels know == and != and `in`; for an order count with Int",
    ),
    Mistake(
        "f-string",
        """
        @action
        def act(self):
            self.phase = f"id{self.count}"
                         ^^^^^^^^^^^^^^^^^
        """,
        "text is not data in a model",
        "use an Enum for what can be told apart",
    ),
    Mistake(
        "bytes",
        """
        @action
        def act(self):
            self.phase = b"idle"
                         ^^^^^^^
        """,
        "`b'idle'` is of type bytes, which is not data in a model",
        "constants are whole numbers, truth values, labels, and tuples of these",
    ),
    Mistake(
        "dictionary",
        """
        @action
        def act(self):
            limits = {"a": 1}
                     ^^^^^^^^
        """,
        "a dictionary is not data in a model",
        "use a Record, or an Array indexed by number",
    ),
    Mistake(
        "dictionary comprehension",
        """
        @action
        def act(self):
            limits = {i: 1 for i in range(3)}
                     ^^^^^^^^^^^^^^^^^^^^^^^^
        """,
        "a dictionary is not data in a model",
        "use a Record, or an Array indexed by number",
    ),
    Mistake(
        "dictionary of the module",
        """
        @action
        def act(self):
            self.count = table["a"]
                         ^^^^^
        """,
        "`table` is of type dict, which is not data in a model",
        "constants are whole numbers, truth values, labels, and tuples of these",
    ),
]


@pytest.mark.parametrize("mistake", NO_DATA, ids=lambda mistake: mistake.name)
def test_no_data(mistake: Mistake, tmp_path: Path) -> None:
    """Values that are no data in a model."""
    assert_refused(mistake, tmp_path / "desk.py")
