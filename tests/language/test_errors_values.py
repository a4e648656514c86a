"""Values outside their domain or of another kind, and operators on them."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistakes import Mistake, assert_refused

VALUES = [
    Mistake(
        "number where a truth value is expected",
        """
        @action
        def act(self):
            self.ready = 1
                         ^
        """,
        "`self.ready` is a truth value; a number is assigned",
        "compare it: … > 0",
    ),
    Mistake(
        "number where a label is expected",
        """
        @action
        def act(self):
            self.phase = 1
                         ^
        """,
        "`self.phase` is a label of Enum(idle, busy); a number is assigned",
        "assign one of its labels: 'idle', 'busy'",
    ),
    Mistake(
        "None where there is always a value",
        """
        @action
        def act(self):
            self.count = None
                         ^^^^
        """,
        "`self.count` cannot be None",
        "declare it Optional(Int(0, 3))",
    ),
    Mistake(
        "None in a sum",
        """
        @action
        def act(self):
            self.count = None + 1
                         ^^^^
        """,
        "None is used as a value",
        "test `is not None` first",
    ),
    Mistake(
        "constant above its domain",
        """
        @action
        def act(self):
            self.count = 4
                         ^
        """,
        "4 is outside the domain of `self.count`",
        "declare the field with a larger domain, or assign another value",
        "it is Int(0, 3)",
    ),
    Mistake(
        "constant below its domain",
        """
        @action
        def act(self):
            self.count = -1
                         ^^
        """,
        "-1 is outside the domain of `self.count`",
        "declare the field with a larger domain, or assign another value",
        "it is Int(0, 3)",
    ),
    Mistake(
        "constant outside the domain of an Optional",
        """
        @action
        def act(self):
            self.holder = 7
                          ^
        """,
        "7 is outside the domain of `self.holder`",
        "declare the field with a larger domain, or assign another value",
        "it is Int(0, 2)",
    ),
    Mistake(
        "constant outside the domain of an element",
        """
        @action
        def act(self):
            self.slots[0] = 7
                            ^
        """,
        "7 is outside the domain of `self.slots[0]`",
        "declare the field with a larger domain, or assign another value",
        "it is Int(0, 2)",
    ),
    Mistake(
        "constant index too large",
        """
        @action
        def act(self):
            self.count = self.slots[3]
                                    ^
        """,
        "index 3 is outside the array",
        "indices are 0..2; there are no negative ones",
        "it has 3 elements",
    ),
    Mistake(
        "negative index",
        """
        @action
        def act(self):
            self.count = self.slots[-1]
                                    ^^
        """,
        "index -1 is outside the array",
        "indices are 0..2; there are no negative ones",
        "it has 3 elements",
    ),
    Mistake(
        "negative index assigned",
        """
        @action
        def act(self):
            self.slots[-1] = 0
                       ^^
        """,
        "index -1 is outside the array",
        "indices are 0..2; there are no negative ones",
        "it has 3 elements",
    ),
    Mistake(
        "array gets too few values",
        """
        @action
        def act(self):
            self.slots = [0, 0]
                         ^^^^^^
        """,
        "`self.slots` has 3 elements, 2 are assigned",
        "arrays have a fixed length",
    ),
    Mistake(
        "array gets number",
        """
        @action
        def act(self):
            self.slots = 0
                         ^
        """,
        "`self.slots` is an array; a number is assigned",
        "assign an element: self.slots[i] = …, or a list of 3",
    ),
    Mistake(
        "member outside a set",
        """
        @action
        def act(self):
            self.free.add(5)
                          ^
        """,
        "5 cannot be a member of `free`",
        "declare a larger Set(…)",
        "members are 0..2",
    ),
    Mistake(
        "division by zero",
        """
        @action
        def act(self):
            self.count = self.count // 0
                                       ^
        """,
        "division by zero",
        "divide by something else",
    ),
    Mistake(
        "range without a step",
        """
        @action
        def act(self):
            for i in range(0, 3, 0):
                                 ^
                self.ready = True
        """,
        "a range cannot step by 0",
        "step by 1 or -1",
    ),
]


@pytest.mark.parametrize("mistake", VALUES, ids=lambda mistake: mistake.name)
def test_values(mistake: Mistake, tmp_path: Path) -> None:
    """Values of another kind than is expected, or outside a domain."""
    assert_refused(mistake, tmp_path / "desk.py")


ASSIGNMENTS = [
    Mistake(
        "Param assigned",
        """
        @action
        def act(self):
            self.size = 4
            ^^^^^^^^^
        """,
        "`size` is a parameter: a constant of the instance",
        "what changes is a field: declare an Int(…)",
    ),
    Mistake(
        "component assigned",
        """
        @action
        def act(self):
            self.view = 4
            ^^^^^^^^^
        """,
        "component `view` cannot be assigned",
        "assign its fields",
    ),
    Mistake(
        "method assigned",
        """
        @action
        def act(self):
            self.act = 4
            ^^^^^^^^
        """,
        "Desk has no field `act`",
        "declare it in the class body: act = Int(0, 3, init=0)",
        "fields cannot be created by assignment",
    ),
    Mistake(
        "local list element",
        """
        @action
        def act(self):
            row = [1, 2]
            row[0] = 2
            ^^^^^^
        """,
        "an element of a local list is assigned",
        "use an Array field",
    ),
]


@pytest.mark.parametrize("mistake", ASSIGNMENTS, ids=lambda mistake: mistake.name)
def test_assignments(mistake: Mistake, tmp_path: Path) -> None:
    """What a step cannot assign."""
    assert_refused(mistake, tmp_path / "desk.py")


OPERATORS = [
    Mistake(
        "true division",
        """
        @action
        def act(self):
            self.count = self.count / 2
                         ^^^^^^^^^^^^^^
        """,
        "`/` is not supported on numbers",
        "whole numbers only: use `//`",
    ),
    Mistake(
        "power",
        """
        @action
        def act(self):
            self.count = self.count ** 2
                         ^^^^^^^^^^^^^^^
        """,
        "`**` is not supported on numbers",
        "numbers know + - * // %",
    ),
    Mistake(
        "bitwise and",
        """
        @action
        def act(self):
            self.count = self.count & 1
                         ^^^^^^^^^^^^^^
        """,
        "`&` is not supported on numbers",
        "`and` for conditions; numbers know + - * // %",
    ),
    Mistake(
        "shift",
        """
        @action
        def act(self):
            self.count = self.count << 1
                         ^^^^^^^^^^^^^^^
        """,
        "`<<` is not supported on numbers",
        "numbers know + - * // %",
    ),
    Mistake(
        "invert",
        """
        @action
        def act(self):
            self.count = ~self.count
                         ^^^^^^^^^^^
        """,
        "`~` is not supported",
        "write `not` for a truth value",
    ),
    Mistake(
        "bitwise or of truth values",
        """
        @action
        def act(self):
            self.ready = self.ready | True
                         ^^^^^^^^^^^^^^^^^
        """,
        "`|` is not supported on numbers",
        "`or` for conditions; numbers know + - * // %",
    ),
    Mistake(
        "is with something else than None",
        """
        @action
        def act(self):
            when(self.ready is True)
                               ^^^^
        """,
        "`is` compares with None only",
        "use == and !=",
    ),
    Mistake(
        "in a number",
        """
        @action
        def act(self):
            when(1 in self.count)
                      ^^^^^^^^^^
        """,
        "`in` a number",
        "a tuple, a set, an array, or a domain",
    ),
]


@pytest.mark.parametrize("mistake", OPERATORS, ids=lambda mistake: mistake.name)
def test_operators(mistake: Mistake, tmp_path: Path) -> None:
    """Operators that are not those of whole numbers and truth values."""
    assert_refused(mistake, tmp_path / "desk.py")
