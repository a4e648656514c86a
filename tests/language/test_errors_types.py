"""Types and initial values of fields that make no sense."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistakes import Mistake, assert_refused

TYPES = [
    Mistake(
        "Int without a value",
        """
        bad = Int(3, 1)
        ^^^^^^^^^^^^^^^
        """,
        "Int(3, 1) has no value",
        "the least value comes first; both are included",
    ),
    Mistake(
        "Int that a parameter makes empty",
        """
        bad = Int(0, size - 5)
        ^^^^^^^^^^^^^^^^^^^^^^
        """,
        "Int(0, -2) has no value",
        "the least value comes first; both are included",
    ),
    Mistake(
        "Int up to a float",
        """
        bad = Int(0, 1.5)
        ^^^^^^^^^^^^^^^^^
        """,
        "a bound is a whole number or a parameter, not 1.5",
        "for example Int(0, 3), or Int(0, size) with size = Param(3)",
    ),
    Mistake(
        "Int with one bound",
        """
        bad = Int(3)
              ^^^^^^
        """,
        "Int needs a least and a greatest value",
        "for example Int(0, 3)",
    ),
    Mistake(
        "unknown option of a type",
        """
        bad = Int(0, 3, inti=0)
              ^^^^^^^^^^^^^^^^^
        """,
        "Int has no option `inti`",
        "did you mean `init`?",
    ),
    Mistake(
        "field as a bound",
        """
        bad = Int(0, count)
        ^^^^^^^^^^^^^^^^^^^
        """,
        "a bound is a whole number or a parameter, not the field `count`",
        "for example Int(0, 3), or Int(0, size) with size = Param(3)",
    ),
    Mistake(
        "initial value outside the domain",
        """
        bad = Int(0, 3, init=4)
        ^^^^^^^^^^^^^^^^^^^^^^^
        """,
        "`bad` cannot begin as 4: it is Int(0, 3)",
        "init= a value of the domain, several of them, or ANY",
    ),
    Mistake(
        "no initial value",
        """
        bad = Int(0, 3, init=())
        ^^^^^^^^^^^^^^^^^^^^^^^^
        """,
        "`bad` has no initial value",
        "init=…, or init=ANY for all",
    ),
    Mistake(
        "misspelt initial label",
        """
        state = Enum("new", "ready", init="redy")
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        """,
        "`state` cannot begin as 'redy': it is Enum(new, ready)",
        "did you mean `ready`?",
    ),
    Mistake(
        "array init wrong length",
        """
        bad = Array(3, Int(0, 1), init=[0, 0])
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        """,
        "`bad` has 3 elements, its `init` 2",
        "one value for each element, or a single one for all",
    ),
    Mistake(
        "initial value of elements",
        """
        bad = Array(3, Int(0, 1), init=2)
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        """,
        "`bad[0]` cannot begin as 2: it is Int(0, 1)",
        "init= a value of the domain, several of them, or ANY",
    ),
    Mistake(
        "type that was not called",
        """
        bad = Array(3, Int)
              ^^^^^^^^^^^^^
        """,
        "Array(n, of) needs a type, not Int",
        "for example Int(0, 3) or Bool()",
    ),
    Mistake(
        "initial member outside",
        """
        bad = Set(3, init={3})
        ^^^^^^^^^^^^^^^^^^^^^^
        """,
        "`bad` cannot begin as {3}: it is a set of numbers below 3",
        "for example init={0, 1}, or ANY",
    ),
    Mistake(
        "duplicate labels",
        """
        bad = Enum("a", "b", "a")
              ^^^^^^^^^^^^^^^^^^^
        """,
        "the label 'a' is there twice",
        "remove one of them",
    ),
    Mistake(
        "labels in a list",
        """
        bad = Enum(["a", "b"])
              ^^^^^^^^^^^^^^^^
        """,
        "Enum needs labels",
        "for example Enum('idle', 'busy')",
    ),
    Mistake(
        "record without parts",
        """
        bad = Record()
              ^^^^^^^^
        """,
        "Record needs parts",
        "for example Record(ready=Bool())",
    ),
    Mistake(
        "unknown part initialised",
        """
        bad = Record(a=Bool(), init={"b": True})
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        """,
        "`bad` has no part `b`",
        "it has a",
    ),
    Mistake(
        "any natural number",
        """
        bad = Nat(init=ANY)
        ^^^^^^^^^^^^^^^^^^^
        """,
        "`bad` cannot begin anywhere: Nat() has no greatest value",
        "name the values: init=(0, 1)",
    ),
    Mistake(
        "field declared by annotation",
        """
        bad: Int(0, 3)
        ^^^^^^^^^^^^^^
        @action
        def act(self):
            self.bad = 1
        """,
        "`bad` is annotated, which declares no field",
        "assign the type: bad = …",
    ),
]


@pytest.mark.parametrize("mistake", TYPES, ids=lambda mistake: mistake.name)
def test_types(mistake: Mistake, tmp_path: Path) -> None:
    """Types and initial values that make no sense."""
    assert_refused(mistake, tmp_path / "desk.py")
