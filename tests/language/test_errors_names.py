"""Mistakes with names and labels inside a step."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistakes import Mistake, assert_refused

NAMES = [
    Mistake(
        "unknown field read",
        """
        @action
        def act(self):
            self.count = self.cuont
                         ^^^^^^^^^^
        """,
        "Desk has no field or method `cuont`",
        "did you mean `count`?",
    ),
    Mistake(
        "unknown field write",
        """
        @action
        def act(self):
            self.cuont = 1
            ^^^^^^^^^^
        """,
        "Desk has no field `cuont`",
        "did you mean `count`?",
        "fields cannot be created by assignment",
    ),
    Mistake(
        "field created by assignment",
        """
        @action
        def act(self):
            self.newly = 1
            ^^^^^^^^^^
        """,
        "Desk has no field `newly`",
        "declare it in the class body: newly = Int(0, 3, init=0)",
        "fields cannot be created by assignment",
    ),
    Mistake(
        "unknown field increased",
        """
        @action
        def act(self):
            self.cuont += 1
            ^^^^^^^^^^
        """,
        "Desk has no field `cuont`",
        "did you mean `count`?",
        "fields cannot be created by assignment",
    ),
    Mistake(
        "unknown name",
        """
        @action
        def act(self):
            self.count = incrased(1)
                         ^^^^^^^^
        """,
        "unknown name `incrased`",
        "did you mean `increased`?",
    ),
    Mistake(
        "forgotten self",
        """
        @action
        def act(self):
            self.count = size
                         ^^^^
        """,
        "unknown name `size`",
        "write `self.size`",
    ),
    Mistake(
        "forgotten self in an assignment",
        """
        @action
        def act(self):
            count += 1
            ^^^^^
        """,
        "`count` has no value here",
        "assign it before",
        "it is a local variable that is assigned further down",
    ),
    Mistake(
        "local used before it is assigned",
        """
        @action
        def act(self):
            self.count = n
                         ^
            n = 1
        """,
        "`n` has no value here",
        "assign it before",
        "it is a local variable that is assigned further down",
    ),
    Mistake(
        "unknown part of a record written",
        """
        @action
        def act(self):
            self.pod.nod = 1
            ^^^^^^^^^^^^
        """,
        "the record has no part `nod`",
        "did you mean `node`?",
    ),
    Mistake(
        "unknown part of a record read",
        """
        @action
        def act(self):
            self.count = self.pod.nod
                         ^^^^^^^^^^^^
        """,
        "the record has no part `nod`",
        "did you mean `node`?",
    ),
    Mistake(
        "field of the class",
        """
        @action
        def act(self):
            self.count = Desk.count
                         ^^^^^^^^^^
        """,
        "`Desk.count` belongs to an instance",
        "write `self.count`",
    ),
]


@pytest.mark.parametrize("mistake", NAMES, ids=lambda mistake: mistake.name)
def test_names(mistake: Mistake, tmp_path: Path) -> None:
    """Names that mean nothing here."""
    assert_refused(mistake, tmp_path / "desk.py")


LABELS = [
    Mistake(
        "misspelt label assigned",
        """
        @action
        def act(self):
            self.phase = "bussy"
                         ^^^^^^^
        """,
        "no label 'bussy'",
        "did you mean `busy`?",
        "the labels are idle, busy",
    ),
    Mistake(
        "misspelt label compared",
        """
        @action
        def act(self):
            when(self.phase == "bussy")
                               ^^^^^^^
        """,
        "no label 'bussy'",
        "did you mean `busy`?",
        "the labels are idle, busy",
    ),
    Mistake(
        "misspelt label on the left",
        """
        @action
        def act(self):
            when("bussy" != self.phase)
                 ^^^^^^^
        """,
        "no label 'bussy'",
        "did you mean `busy`?",
        "the labels are idle, busy",
    ),
    Mistake(
        "misspelt label among several",
        """
        @action
        def act(self):
            when(self.phase in ("idle", "bussy"))
                                        ^^^^^^^
        """,
        "no label 'bussy'",
        "did you mean `busy`?",
        "the labels are idle, busy",
    ),
    Mistake(
        "misspelt label in a case",
        """
        @action
        def act(self):
            match self.phase:
                case "bussy":
                     ^^^^^^^
                    self.count = 1
        """,
        "no label 'bussy'",
        "did you mean `busy`?",
        "the labels are idle, busy",
    ),
    Mistake(
        "misspelt label in choose",
        """
        @action
        def act(self):
            self.phase = choose("idle", "bussy")
                                        ^^^^^^^
        """,
        "no label 'bussy'",
        "did you mean `busy`?",
        "the labels are idle, busy",
    ),
    Mistake(
        "misspelt label in a conditional expression",
        """
        @action
        def act(self):
            self.phase = "bussy" if self.ready else "idle"
                         ^^^^^^^
        """,
        "no label 'bussy'",
        "did you mean `busy`?",
        "the labels are idle, busy",
    ),
    Mistake(
        "label where a number is expected",
        """
        @action
        def act(self):
            self.count = self.phase
                         ^^^^^^^^^^
        """,
        "`self.count` is a number; a label of Enum(idle, busy) is assigned",
        "labels and numbers are different things: test with == and assign in an `if`",
    ),
    Mistake(
        "label in a sum",
        """
        @action
        def act(self):
            self.count = self.phase + 1
                         ^^^^^^^^^^
        """,
        "expected a number, found a label of Enum(idle, busy)",
        "labels know == and != and `in`; for an order count with Int",
    ),
    Mistake(
        "labels have no order",
        """
        @action
        def act(self):
            when(self.phase < "idle")
                 ^^^^^^^^^^
        """,
        "expected a number, found a label of Enum(idle, busy)",
        "labels know == and != and `in`; for an order count with Int",
    ),
    Mistake(
        "label as a condition",
        """
        @action
        def act(self):
            if self.phase:
               ^^^^^^^^^^
                self.count = 1
        """,
        "a label is always true",
        "compare it: == 'label'",
    ),
    Mistake(
        "label compared with a number",
        """
        @action
        def act(self):
            when(self.phase == 1)
                               ^
        """,
        "a label of Enum(idle, busy) is compared with a number",
        "they are never equal: compare values of one kind",
    ),
]


@pytest.mark.parametrize("mistake", LABELS, ids=lambda mistake: mistake.name)
def test_labels(mistake: Mistake, tmp_path: Path) -> None:
    """Labels that an enum does not have, and labels where something else is due."""
    assert_refused(mistake, tmp_path / "desk.py")
