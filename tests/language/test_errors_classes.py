"""Mistakes in parameters and components, and in files as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistakes import Mistake, assert_refused

PARAMETERS_AND_COMPONENTS = [
    Mistake(
        "default outside its own bounds",
        """
        bad = Param(0, min=1)
              ^^^^^^^^^^^^^^^
        """,
        "`parameter=0` is outside its bounds",
        "at least 1",
    ),
    Mistake(
        "fractional parameter",
        """
        bad = Param(0.5)
              ^^^^^^^^^^
        """,
        "a parameter is a whole number or a truth value, not 0.5",
        "choices are numbered, and fractions scaled: count tenths, or percent",
    ),
    Mistake(
        "parameter tested in the class body",
        """
        if size > 2:
           ^^^^^^^^
            bad = Bool()
        """,
        "a parameter has no value yet while the class is being defined",
        "use it in a domain such as Int(0, size - 1), or inside a method as self.size",
    ),
    Mistake(
        "parameter counted in the class body",
        """
        for i in range(size):
                 ^^^^^^^^^^^
            pass
        """,
        "a parameter has no value yet while the class is being defined",
        "use it in a domain such as Int(0, size - 1), or inside a method as self.size",
    ),
    Mistake(
        "choose at class level",
        """
        bad = Int(0, choose(1, 2))
                     ^^^^^^^^^^^^
        """,
        "`choose` has no value outside a step",
        "put it into the method of an action, a fault, an intent or a process",
    ),
    Mistake(
        "when at class level",
        """
        when(True)
        ^^^^^^^^^^
        """,
        "`when` stands inside a step",
        "put it into the method of an action, a fault, an intent or a process",
    ),
    Mistake(
        "input left open",
        """
        other = Stale()
                ^^^^^^^
        """,
        "Stale is connected to 0 fields; its inputs are source",
        "connect each to a field: Stale(source)",
    ),
    Mistake(
        "input that is no field",
        """
        other = Stale(3)
                ^^^^^^^^
        """,
        "Stale: input `source` needs a field of the model, not 3",
        "name a field that is declared above it in the class body",
    ),
    Mistake(
        "unknown parameter of a component",
        """
        other = Stale(count, at_mos=2)
                ^^^^^^^^^^^^^^^^^^^^^^
        """,
        "Stale has no parameter `at_mos`; it has at_most",
        "did you mean `at_most`?",
    ),
    Mistake(
        "parameter of a component outside its bounds",
        """
        other = Stale(count, at_most=-1)
                ^^^^^^^^^^^^^^^^^^^^^^^^
        """,
        "`at_most=-1` is outside its bounds",
        "at least 0",
    ),
]


@pytest.mark.parametrize("mistake", PARAMETERS_AND_COMPONENTS, ids=lambda mistake: mistake.name)
def test_parameters_and_components(mistake: Mistake, tmp_path: Path) -> None:
    """Constants without a value and inputs without a field."""
    assert_refused(mistake, tmp_path / "desk.py")


WHOLE_FILES = [
    Mistake(
        "input from another class",
        """
        from checker import *
        class A(Model):
            x = Int(0, 3)
        class B(Model):
            view = Stale(A.x)
            ^^^^^^^^^^^^^^^^^
        """,
        "the input is connected to `x`, which is not a field declared above",
        "declare `x` in this class, above the component",
    ),
    Mistake(
        "one type under two names",
        """
        from checker import *
        small = Int(0, 3)
        class A(Model):
            x = small
            y = small
            ^^^^^^^^^
            @action
            def act(self):
                self.y = 1
        """,
        "`y` and `x` are one and the same object",
        "write the type out for each of them",
    ),
    Mistake(
        "two methods of one name",
        """
        from checker import *
        class Desk(Model):
            x = Int(0, 3)
            @action
            def act(self):
                self.x = 1
            @action
            def act(self):
                ^^^
                self.x = 2
        """,
        "`act` is defined twice",
        "give each method its own name",
        "only this one would count",
    ),
    Mistake(
        "mistake inside a component",
        """
        from checker import *
        class Part(Model):
            y = Int(0, 1, init=3)
            ^^^^^^^^^^^^^^^^^^^^^
        class Desk(Model):
            part = Part()
        """,
        "`y` cannot begin as 3: it is Int(0, 1)",
        "init= a value of the domain, several of them, or ANY",
    ),
    Mistake(
        "bracket never closed",
        """
        from checker import Model
        class Desk(Model):
            x = (1
                ^
        """,
        "not valid Python: '(' was never closed",
        "Python itself cannot read this line, or the one before it",
    ),
    Mistake(
        "! exception at import",
        """
        from checker import Model
        limit = 1 // 0
                ^^^^^^
        """,
        "ZeroDivisionError: integer division or modulo by zero",
        "the file must be importable: python -c 'import …' shows the whole traceback",
    ),
    Mistake(
        "exception in a function at import",
        """
        from checker import *
        def broken(n):
            raise ValueError("no: " + str(n))
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        class Desk(Model):
            x = Int(0, broken(3))
        """,
        "ValueError: no: 3",
        "the file must be importable: python -c 'import …' shows the whole traceback",
    ),
    Mistake(
        "misspelt import",
        """
        from checker import Modle
        ^^^^^^^^^^^^^^^^^^^^^^^^^
        """,
        "ImportError: cannot import name 'Modle' from 'checker'",
        "did you mean `Model`?",
    ),
    Mistake(
        "forgotten import",
        """
        from checker import Model
        class Desk(Model):
            x = Int(0, 3)
                ^^^
        """,
        "NameError: name 'Int' is not defined",
        "from checker import Int",
    ),
    Mistake(
        "misspelt type",
        """
        from checker import Model
        class Desk(Model):
            x = Itn(0, 3)
                ^^^
        """,
        "NameError: name 'Itn' is not defined",
        "did you mean `Int`?",
    ),
    Mistake(
        "file that exits",
        """
        import sys
        sys.exit(3)
        ^^^^^^^^^^^
        """,
        "SystemExit: 3",
        "a model's file is imported: keep what it runs under if __name__ == '__main__':",
    ),
]


@pytest.mark.parametrize("mistake", WHOLE_FILES, ids=lambda mistake: mistake.name)
def test_whole_files(mistake: Mistake, tmp_path: Path) -> None:
    """Mistakes that take more than one class."""
    assert_refused(mistake, tmp_path / "desk.py", whole=True)
