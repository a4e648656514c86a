"""Findings in a notebook, in a test and between processes: short to read, equal, picklable."""

from __future__ import annotations

import pickle
import traceback

import pytest

from checker import Bool, Int, Model, action, always, check, converges, explore, fault, when
from checker.findings.selection import UnknownProperty
from checker.language.errors import ModelError


class Breaker(Model):
    """A circuit breaker that nobody closes again."""

    open = Bool(init=False)
    fails = Int(0, 2, init=0)

    @action
    def call(self):
        when(not self.open)
        self.fails = 0

    @fault
    def failure(self):
        when(not self.open)
        if self.fails == 2:
            self.open = True
        else:
            self.fails += 1

    @always
    def few(self):
        return self.fails < 2

    @converges
    def closed(self):
        return not self.open


class Misspelt(Breaker):
    """Its action speaks of a field that is not there."""

    @action
    def call(self):
        self.opened = False


class Printer:
    """What IPython hands to `_repr_pretty_`."""

    def __init__(self, depth: int) -> None:
        self.stack = list(range(depth))
        self.said = ""

    def text(self, text: str) -> None:
        self.said += text


def test_a_representation_is_one_line() -> None:
    """An assertion that fails shows what counts, not every field of every state."""
    found = check(Breaker())
    assert repr(found) == "<Findings of Breaker: 1 holds, 2 violated>"
    assert repr(found["few"]) == "<Finding few (always): violated in 2 steps>"
    assert repr(found["closed"].trace) == "<Trace of Breaker: 4 steps, repeats from step 4>"
    assert repr(check(Breaker(), max_states=1)) == "<Findings of Breaker: 3 unknown>"


def test_printing_tells_the_verdicts_and_the_run() -> None:
    """Plain characters, one line for a verdict and one for a step."""
    found = check(Breaker())
    assert str(found).splitlines() == [
        "Breaker  4 states, 6 steps",
        "  few           always     violated in 2 steps",
        "  closed        converges  violated, lasso",
        "  well_defined  domain     holds",
    ]
    assert str(found["closed"].trace).splitlines() == [
        "  0                                open=False  fails=0",
        "  1  environment  failure          fails 0 -> 1",
        "  2  environment  failure          fails 1 -> 2",
        "  3  environment  failure          open False -> True",
        "  4  nobody       nothing happens",
        "     repeats from step 4 for ever",
    ]


def test_a_notebook_shows_what_stands_alone_in_full() -> None:
    """The last value of a cell is told whole; in a list of findings each is one line."""
    finding = check(Breaker())["few"]
    alone, among = Printer(1), Printer(2)
    finding._repr_pretty_(alone, False)
    finding._repr_pretty_(among, False)
    assert alone.said == str(finding)
    assert among.said == repr(finding)


def test_findings_are_equal_hashed_and_pickled_by_what_they_say() -> None:
    """How long it took is no difference."""
    found, again = check(Breaker()), check(Breaker())
    assert found == again
    assert pickle.loads(pickle.dumps(found)) == found
    assert set(found) == set(again)


def test_holds_is_never_true_for_the_unknown() -> None:
    """`assert check(model).holds` is a test that can be trusted."""
    assert not check(Breaker()).holds
    assert not check(Breaker(), max_states=1, properties=["closed"]).holds
    assert check(Breaker(), properties=["few", "closed"], regime="none").holds


def test_a_name_that_is_not_there_lists_those_that_are() -> None:
    """A misspelt property is a KeyError that helps."""
    with pytest.raises(UnknownProperty, match=r"did you mean 'closed'") as caught:
        check(Breaker())["clozed"]
    assert isinstance(caught.value, KeyError)


@pytest.mark.parametrize("use", [check, explore])
def test_a_mistake_in_a_model_does_not_show_the_translator(use: type) -> None:
    """pytest and IPython show the author's line, and no dozen of frames of ours."""
    with pytest.raises(ModelError, match="opened") as caught:
        use(Misspelt())
    files = [frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert not any("language" in file for file in files)
    assert caught.value._render_traceback_()[0].endswith("Misspelt has no field `opened`")
