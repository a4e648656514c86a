"""A parameter that is a size and nothing else is told from one that the text computes with."""

from __future__ import annotations

import pytest

from checker import Array, Bool, Enum, Int, Model, Param, action, always, converges, process, when
from checker.language.size_parameter import uses_besides_size
from models.fleet import Fleet, UnpromisedStart
from models.two_phase_commit import TwoPhaseCommit


def double(number):
    """What is called from a model without being part of it."""
    return 2 * number


class Sized(Model):
    size = Param(3, min=1)
    on = Array(size, Bool())
    mood = Array(size, Enum("good", "bad"))

    @action
    def turn(self, i: Int(0, size - 1)):
        when(not self.on[i] and sum(on for on in self.on) == 0)
        self.on[i] = True

    @process(instances=size)
    def work(self):
        when(any(self.on[i] for i in range(self.size)))
        yield "done"

    @converges
    def all_on(self):
        return all(self.on) and sum(1 for mood in self.mood if mood == "bad") == 0


class Compared(Sized):
    @always
    def fewer(self):
        return sum(self.on) < self.size


class Named(Sized):
    half = Int(0, Sized.size - 2)


class Measured(Sized):
    @always
    def fewer(self):
        return sum(self.on) < len(self.on)


class Looped(Sized):
    @action
    def all_off(self):
        for i in range(self.size):
            self.on[i] = False


class Counted(Sized):
    @always
    def fewer(self):
        return min(sum(1 for on in self.on), 2) == 2


class Calling(Sized):
    @always
    def fewer(self):
        return double(sum(self.on)) >= 0


@pytest.mark.parametrize(
    ("model", "parameter"),
    [(Fleet, "servers"), (UnpromisedStart, "servers"), (TwoPhaseCommit, "managers"), (Sized, "size")],
)
def test_nothing_but_a_size(model: type[Model], parameter: str) -> None:
    """Lengths of arrays, numbers of instances, ranges of indices; inherited or not."""
    assert uses_besides_size(model, parameter) == ()
    assert uses_besides_size(model(), parameter) == ()


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (Compared, "`size` is used as a number"),
        (Named, "`size` is used as a number"),
        (Measured, "`len` may be the number of parts"),
        (Looped, "a loop may run once for each part"),
        (Counted, "`sum(1 …)` counts parts"),
        (Calling, "the text of `double` is not looked at"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_more_than_a_size(model: type[Model], reason: str) -> None:
    """Whatever the text may compute with the number of parts is named, with its line."""
    (found,) = uses_besides_size(model, "size")
    assert found.endswith(reason)
    assert "test_size_parameter.py:" in found


def test_a_budget_is_no_size() -> None:
    """The number of faults of a fleet bounds a variable and is compared."""
    assert len(uses_besides_size(Fleet, "faults")) >= 2
