"""CPython runs the author's class, one step at a time: the reference that everything is compared with."""

from __future__ import annotations

import pytest

from checker import (
    Array,
    Int,
    Model,
    ModelError,
    Optional,
    Param,
    Record,
    Set,
    Stale,
    action,
    always,
    attempt,
    choose,
    leads_to,
    process,
    transition,
    when,
)
from checker.language.elaborate import elaborate
from checker.language.execution import Execution
from checker.system.transition_system import Call


class Desk(Model):
    """One of everything."""

    size = Param(3)
    n = Int(0, size)
    row = Array(2, Int(0, 3))
    held = Set(3)
    holder = Optional(Int(0, 2))
    pod = Record(node=Int(0, 1))
    view = Stale(n)

    @action
    def set(self, value: Int(0, size)):
        when(self.n != value)
        self.n = value

    @action
    def draw(self):
        self.n = choose(1, 2) + choose(Int(0, 1))

    @action
    def request(self):
        self.row[0] = int(attempt(self.fill, 3))

    def fill(self, value):
        self.row[1] = value

    @action
    def overflow(self):
        self.row = [1, 4]

    @process
    def work(self):
        before = self.n
        yield "read"
        self.row[0] = before

    @always
    def low(self):
        return self.n <= 1

    @leads_to("low")
    def lower(self):
        return self.n == 0

    @leads_to(lambda self: self.n > 1)
    def higher(self):
        return self.n > 0

    @transition
    def by_one(self, after):
        return abs(after.n - self.n) <= 1


START = {
    "n": 0,
    "row": [0, 0],
    "held": frozenset(),
    "holder": None,
    "pod": {"node": 0},
    "view": 0,
    "view.waiting": [],
    "view.behind": 0,
}


@pytest.fixture
def execution() -> Execution:
    """A run of the desk, at its initial state."""
    run = Execution(elaborate(Desk))
    run.reset(START)
    return run


def test_observe_gives_back_what_reset_put(execution: Execution) -> None:
    """Fields as plain values; a process at its start."""
    assert execution.observe() == {**START, "work.at": "start"}


def test_perform_changes_fields(execution: Execution) -> None:
    """A step with its arguments; others follow their own fields."""
    outcome = execution.perform(Call((), "set"), (2,))
    assert outcome.kind == "done"
    assert execution.observe()["n"] == 2
    assert execution.perform(Call(("view",), "refresh")).kind == "done"
    assert execution.observe()["view"] == 2


def test_disabled_step_says_so(execution: Execution) -> None:
    """A `when` that fails is an outcome, not an exception."""
    assert execution.perform(Call((), "set"), (0,)).kind == "disabled"


def test_decisions_answer_what_the_step_asks(execution: Execution) -> None:
    """Choices are answered in the order of the program; the outcome tells what was asked."""
    outcome = execution.perform(Call((), "draw"), (), (1, 1))
    assert execution.observe()["n"] == 3
    assert [(question.options, question.answer) for question in outcome.asked] == [
        ((0, 1), 1),
        ((0, 1), 1),
    ]


def test_first_option_where_answers_end(execution: Execution) -> None:
    """Beyond the answers a step takes the first option: no fault strikes."""
    outcome = execution.perform(Call((), "request"))
    assert execution.observe()["row"] == [1, 3]
    assert [question.fault for question in outcome.asked] == ["refused", "reply_lost"]


def test_answers_that_do_not_fit(execution: Execution) -> None:
    """An answer that is no option, or was not asked for, is an error of the caller."""
    with pytest.raises(LookupError, match="not among"):
        execution.perform(Call((), "draw"), (), (7,))
    execution.reset(START)
    with pytest.raises(LookupError, match="3 answers were given, 2 were asked for"):
        execution.perform(Call((), "draw"), (), (0, 0, 0))


def test_faults_strike_where_they_are_answered(execution: Execution) -> None:
    """A lost reply: the effect happened, the caller does not know."""
    execution.perform(Call((), "request"), (), (False, True))
    assert execution.observe()["row"] == [0, 3]


def test_leaving_a_domain_ends_the_step(execution: Execution) -> None:
    """The message names the variable and its domain."""
    outcome = execution.perform(Call((), "overflow"))
    assert (outcome.kind, outcome.message) == ("domain", "row[1] := 4, not in Int(0, 3)")


def test_process_moves_from_yield_to_yield(execution: Execution) -> None:
    """Position and live locals are observed in the suspended generator; a reset puts it back."""
    call = Call((), "work", "process")
    execution.perform(Call((), "set"), (2,))
    execution.perform(call)
    seen = execution.observe()
    assert (seen["work.at"], seen["work.before"]) == ("read", 2)
    execution.perform(Call((), "set"), (1,))
    execution.perform(call)
    seen = execution.observe()
    assert seen["work.at"] == "start"
    assert "work.before" not in seen
    assert seen["row"] == [2, 0]
    execution.perform(call)
    execution.reset(START)
    assert execution.observe()["work.at"] == "start"


def test_predicates(execution: Execution) -> None:
    """State predicates, premises by name and by lambda, and step predicates."""
    execution.reset({**START, "n": 2})
    assert not execution.holds("low")
    assert not execution.premise_holds("lower")
    assert execution.premise_holds("higher")
    assert execution.holds_between("by_one", {**START, "n": 2}, {**START, "n": 1})
    assert not execution.holds_between("by_one", {**START, "n": 0}, {**START, "n": 2})


def test_nothing_has_a_value_outside_a_step() -> None:
    """A model's instance is not a state: reading gives a reference, writing and choosing are refused."""
    desk = Desk()
    assert desk.size == 3
    with pytest.raises(AttributeError, match="only while the model runs"):
        desk.n = 1
    with pytest.raises(AttributeError, match="constant of the instance"):
        desk.size = 4
    with pytest.raises(ModelError, match="outside a step"):
        choose(1, 2)
    with pytest.raises(ModelError, match="inside a step"):
        when(True)
