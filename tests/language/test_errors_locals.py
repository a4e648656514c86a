"""Loops and locals whose size or kind depends on the state."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistakes import Mistake, assert_refused

CONTAINERS = [
    Mistake(
        "name for a set on one path only",
        """
        @action
        def act(self):
            held = self.free if self.ready else {1}
                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            self.ready = 1 in held
        """,
        "`held` would be a field's other name on one path only",
        "use it directly, or in an `if` statement for each",
    ),
    Mistake(
        "choice among sets",
        """
        @action
        def act(self):
            self.free = choose(self.free, set())
                               ^^^^^^^^^
        """,
        "a choice among containers: a set",
        "choose a number, and test it",
    ),
    Mistake(
        "one of two containers of different forms",
        """
        others = Set(2)
        @action
        def act(self):
            self.ready = 1 in (self.free if self.ready else self.others)
                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        """,
        "the two branches are different kinds of values",
        "both numbers, or both labels",
    ),
]


@pytest.mark.parametrize("mistake", CONTAINERS, ids=lambda mistake: mistake.name)
def test_containers(mistake: Mistake, tmp_path: Path) -> None:
    """A local name for one of several containers must mean what it means in Python."""
    assert_refused(mistake, tmp_path / "desk.py")


LOOPS_AND_LOCALS = [
    Mistake(
        "range over a state-dependent bound",
        """
        @action
        def act(self):
            for i in range(self.count):
                           ^^^^^^^^^^
                self.ready = True
        """,
        "a range ends at a constant",
        "loop over the whole range and test inside: if i < self.n",
    ),
    Mistake(
        "huge range",
        """
        @action
        def act(self):
            for i in range(1000000):
                     ^^^^^^^^^^^^^^
                self.ready = True
        """,
        "a range of 1000000 is too long to write out",
        "at most 100000 passes",
    ),
    Mistake(
        "loop over a number",
        """
        @action
        def act(self):
            for i in self.count:
                     ^^^^^^^^^^
                self.ready = True
        """,
        "a loop over a number",
        "loop over range(…), an array, a set or a tuple",
    ),
    Mistake(
        "enumerate of a set",
        """
        @action
        def act(self):
            for i, j in enumerate(self.free):
                        ^^^^^^^^^^^^^^^^^^^^
                self.ready = True
        """,
        "the number of items depends on the state here",
        "loop over the whole range, and test `i in …` inside",
    ),
    Mistake(
        "list of state-dependent length",
        """
        @action
        def act(self):
            row = [i for i in range(3) if self.slots[i] > 0]
                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        """,
        "the length of this list depends on the state",
        "use sum(…), any(…) or a Set",
    ),
    Mistake(
        "comprehension that changes the state",
        """
        @action
        def act(self):
            n = sum(self.bump(i) for i in range(3) if self.ready)
                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        def bump(self, i):
            self.count = i
            return 1
        """,
        "a comprehension changes the state",
        "write a `for` loop with an `if`",
    ),
    Mistake(
        "local assigned on one path only",
        """
        @action
        def act(self):
            if self.ready:
                n = 1
            self.count = n
                         ^
        """,
        "`n` has no value here",
        "assign it before the `if`",
        "not assigned on every path to here",
    ),
    Mistake(
        "local of mixed kinds",
        """
        @action
        def act(self):
            n = "idle"
            if self.ready:
                n = 1
            self.count = n
                         ^
        """,
        "`n` has no value here",
        "give it a value of one kind on every path",
        "a label on one path only",
    ),
    Mistake(
        "local of mixed kinds across a yield",
        """
        @process
        def act(self):
            if self.ready:
                n = 1
            else:
                n = (1, 2)
            yield
            self.count = n
                         ^
        """,
        "`n` has no value here",
        "make it a field with volatile=True; a label needs an annotation: phase: Enum(…) = …",
        "not kept across a `yield`: only numbers, truth values and labels are",
    ),
    Mistake(
        "label across a yield",
        """
        @process
        def act(self):
            n = "idle"
            yield
            self.phase = n
                         ^
        """,
        "`n` has no value here",
        "make it a field with volatile=True; a label needs an annotation: phase: Enum(…) = …",
        "not kept across a `yield`: only numbers, truth values and labels are",
    ),
    Mistake(
        "set across a yield",
        """
        @process
        def act(self):
            n = self.free
            yield
            if 1 in n:
                    ^
                self.count = 0
        """,
        "`n` has no value here",
        "make it a field with volatile=True; a label needs an annotation: phase: Enum(…) = …",
        "not kept across a `yield`: only numbers, truth values and labels are",
    ),
    Mistake(
        "array across a yield",
        """
        @process
        def act(self):
            n = self.slots
            yield
            self.count = n[0]
                         ^
        """,
        "`n` has no value here",
        "make it a field with volatile=True; a label needs an annotation: phase: Enum(…) = …",
        "not kept across a `yield`: only numbers, truth values and labels are",
    ),
    Mistake(
        "local without bounds across a yield",
        """
        @process
        def act(self):
            n = 0
            ^
            while True:
                yield
                n += 1
                if n > self.count:
                    self.ready = True
        """,
        "no bounds can be found for `n`, which is kept across a `yield`",
        "annotate it: n: Int(0, 10) = …",
    ),
    Mistake(
        "annotation that has no value",
        """
        @process
        def act(self):
            n: Int(0, cont) = 0
               ^^^^^^^^^^^^
            yield
            self.count = n
        """,
        "this annotation has no value: name 'cont' is not defined",
        "a domain is written with numbers and parameters: Int(0, size - 1)",
    ),
    Mistake(
        "annotation that is no domain",
        """
        @process
        def act(self):
            n: int = 0
               ^^^
            yield
            self.count = n
        """,
        "a local is annotated with its domain",
        "Bool(), Int(low, high), Enum(…) or Optional of these",
    ),
    Mistake(
        "too many faults in one step",
        """
        @action
        def act(self):
            ^^^
            for i in range(11):
                attempt(self.bump)
        def bump(self):
            self.count = 0
        """,
        "faults may strike at 22 points of one atomic step",
        "put a `yield` between the calls, so that they are steps of their own",
    ),
]


@pytest.mark.parametrize("mistake", LOOPS_AND_LOCALS, ids=lambda mistake: mistake.name)
def test_loops_and_locals(mistake: Mistake, tmp_path: Path) -> None:
    """Loops and locals whose size or kind depends on the state."""
    assert_refused(mistake, tmp_path / "desk.py")
