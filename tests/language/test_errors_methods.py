"""Methods and properties that are not what their decorator says."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistakes import Mistake, assert_refused

METHODS = [
    Mistake(
        "missing self",
        """
        @action
        def act():
            ^^^
            pass
        """,
        "`act` has no `self`",
        "write def act(self)",
        "a method's first parameter is the model",
    ),
    Mistake(
        "action parameter without a domain",
        """
        @action
        def act(self, n):
                      ^
            self.count = n
        """,
        "parameter `n` has no domain",
        "annotate it: n: Int(0, 3)",
        "an action is taken for every value of its parameters",
    ),
    Mistake(
        "action parameter with a Python type",
        """
        @action
        def act(self, n: int):
                      ^^^^^^
            self.count = n
        """,
        "parameter `n` needs a domain of single values",
        "Bool(), Int(low, high) or Enum(…); for None as well write an action of its own",
    ),
    Mistake(
        "action parameter with a default",
        """
        @action
        def act(self, n: Int(0, 1) = 0):
            ^^^
            self.count = n
        """,
        "`act` takes plain parameters only",
        "an action's parameter is given with its domain: def move(self, to: Int(0, 3))",
    ),
    Mistake(
        "action with any number of parameters",
        """
        @action
        def act(self, *n):
            ^^^
            self.count = 0
        """,
        "`act` takes plain parameters only",
        "an action's parameter is given with its domain: def move(self, to: Int(0, 3))",
    ),
    Mistake(
        "process with a parameter",
        """
        @process
        def act(self, n: Int(0, 1)):
                      ^^^^^^^^^^^^
            yield
        """,
        "process `act` takes no parameters",
        "what it works on is a field, or choose(…) in its first step",
    ),
    Mistake(
        "two decorators",
        """
        @fault
         ^^^^^
        @action
        def act(self):
            self.count = 0
        """,
        "`act` is both @action and @fault",
        "write two methods; one may call the other",
    ),
    Mistake(
        "static action",
        """
        @action
        @staticmethod
        def up():
            ^^
            pass
        """,
        "`up` is a staticmethod, not a plain method",
        "write def up(self) without further decorators",
    ),
    Mistake(
        "decorator with a positional argument",
        """
        @action("weak")
         ^^^^^^^^^^^^^^
        def act(self):
            self.count = 0
        """,
        "@action stands above a method",
        "@action(…) takes keyword options only",
    ),
    Mistake(
        "misspelt fairness",
        """
        @action(fair="wek")
         ^^^^^^^^^^^^^^^^^^
        def act(self):
            self.count = 0
        """,
        "fair='wek' is no fairness",
        "fair='weak', fair='strong' or fair=None",
    ),
    Mistake(
        "no instances",
        """
        @process(instances=0)
        def act(self):
            ^^^
            yield
        """,
        "`act` has 0 instances",
        "at least 1 runs",
    ),
    Mistake(
        "volatile without restarts",
        """
        bad = Int(0, 3, volatile=True)
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        @process
        def act(self):
            self.bad = 1
            yield
        """,
        "`bad` is volatile, but no process of the model restarts",
        "@process(restarts=True) may crash; without it remove volatile",
    ),
    Mistake(
        "volatile for an unknown process",
        """
        bad = Int(0, 3, volatile="other")
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        @process(restarts=True)
        def act(self):
            self.bad = 1
            yield
        """,
        "`bad` is volatile, but `other` is no process that restarts",
        "@process(restarts=True) may crash; without it remove volatile",
    ),
    Mistake(
        "on_change of an unknown field",
        """
        @on_change("cuont")
        def hook(self):
            ^^^^
            self.ready = True
        """,
        "`hook` watches `cuont`, which is no field or input",
        "did you mean `count`?",
    ),
    Mistake(
        "model __init__",
        """
        def __init__(self):
            ^^^^^^^^
            self.count = 0
        """,
        "Desk defines `__init__`",
        "declare fields with init=…, and constants with Param(…)",
    ),
]


@pytest.mark.parametrize("mistake", METHODS, ids=lambda mistake: mistake.name)
def test_methods(mistake: Mistake, tmp_path: Path) -> None:
    """Methods that are not what their decorator says."""
    assert_refused(mistake, tmp_path / "desk.py")
