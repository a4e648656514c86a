"""Processes: where they may be suspended, what they remember there, and what a crash forgets."""

from __future__ import annotations

import pytest
from stepping import walk

from checker import (
    ANY,
    Array,
    Bool,
    Enum,
    Int,
    Model,
    ModelError,
    Optional,
    Param,
    action,
    process,
    when,
)
from checker.language.elaborate import Elaborated, elaborate
from checker.system.transition_system import Role


def remembered(elaborated: Elaborated) -> dict[str, str]:
    """Locals that became state, with their domains."""
    return {
        variable.name: str(variable.domain)
        for variable in elaborated.system.variables
        if variable.role is Role.LOCAL
    }


def test_body_runs_again_when_it_returns() -> None:
    """A process is a loop: behind its last statement it begins anew."""

    class Blink(Model):
        lit = Bool()

        @process
        def blink(self):
            self.lit = True
            yield "on"
            self.lit = False
            yield "off"

    found = walk(Blink)
    assert found.states("blink.at", "lit") == {("start", False), ("on", True), ("off", False)}
    assert [action.name for action in found.system.actions] == ["blink@start", "blink@on", "blink@off"]


def test_process_without_yield_is_one_step() -> None:
    """A body without `yield` is an action that belongs to a process."""

    class Once(Model):
        n = Int(0, 2)

        @process
        def step(self):
            when(self.n < 2)
            self.n += 1

    assert walk(Once).states("n") == {(0,), (1,), (2,)}


def test_others_run_at_a_yield_only() -> None:
    """Between two `yield`s nobody else is seen; at one, everybody may have been."""

    class Race(Model):
        total = Int(0, 2)
        done = Int(0, 2)

        @process(instances=2)
        def add(self):
            when(self.done < 2)
            read = self.total
            yield
            self.total = read + 1
            self.done += 1
            yield "added"
            when(False)

    found = walk(Race)
    assert {total for total, done in found.states("total", "done") if done == 2} == {1, 2}
    assert {process.key for process in found.system.processes} == {"add[0]", "add[1]"}


def test_only_live_locals_are_state() -> None:
    """A local is kept exactly where some continuation reads it, with the domain that it can have."""

    class Live(Model):
        desired = Int(0, 2, init=ANY)
        seen = Int(-2, 2)

        @process
        def work(self):
            used_now = self.desired + 1
            missing = self.desired - 1
            unused = used_now  # noqa: F841
            yield "between"
            if missing > 0:
                self.seen = missing
            yield "after"
            self.seen = 0

    found = walk(Live)
    assert remembered(found.elaborated) == {"work.missing": "Int(-1, 1)"}
    here = {missing for at, missing in found.states("work.at", "work.missing") if at != "between"}
    assert here == {-1}, "where it is not alive it has its default value"


def test_domains_of_locals_grow_with_the_loop() -> None:
    """Interval analysis follows a counter round the loop as far as the tests let it."""

    class Counting(Model):
        n = Int(0, 5)

        @process
        def count(self):
            i = 0
            while i < 4:
                yield
                i += 1
            self.n = i

    found = walk(Counting)
    assert remembered(found.elaborated) == {"count.i": "Int(0, 3)"}
    assert {n for (n,) in found.states("n")} == {0, 4}


def test_annotated_local_is_checked() -> None:
    """A local may be given a domain; leaving it is an error of the model when the process yields."""

    class Annotated(Model):
        limit = Param(2)
        n = Int(0, 9)

        @process
        def work(self):
            i: Int(0, limit) = 0  # noqa: F821
            while True:
                yield
                i += 1
                self.n = i

    found = walk(Annotated)
    assert remembered(found.elaborated) == {"work.i": "Int(0, 2)"}
    assert {n for (n,) in found.states("n")} == {0, 1, 2}
    assert "domain" in {step.ending for steps in found.taken.values() for step in steps}


def test_labels_and_none_across_a_yield() -> None:
    """A local may hold a label, a truth value, or None."""

    class Kinds(Model):
        phase = Enum("idle", "busy", init=ANY)
        holder = Optional(Int(0, 1), init=(None, 0, 1))
        last = Optional(Int(0, 1))
        was = Bool()

        @process
        def copy(self):
            phase = self.phase
            holder = self.holder
            busy = phase == "busy"
            yield
            self.phase = "busy" if phase == "idle" else "idle"
            self.last = holder if busy else None
            self.was = busy

    found = walk(Kinds)
    assert remembered(found.elaborated) == {
        "copy.busy": "Bool",
        "copy.holder": "Int(0, 1)",
        "copy.holder?": "Bool",
        "copy.phase": "Enum(idle, busy)",
    }


def test_yield_in_a_loop_has_a_position_for_each_pass() -> None:
    """A `for` over a range is unrolled: each pass is a position of its own."""

    class Visit(Model):
        seen = Array(3, Bool())

        @process
        def visit(self):
            for i in range(3):
                when(not self.seen[i])
                yield "at"
                self.seen[i] = True

    found = walk(Visit)
    positions = {at for (at,) in found.states("visit.at")}
    assert positions == {"start", "at[0]", "at[1]", "at[2]"}


def test_crash_loses_locals_and_volatile_fields() -> None:
    """At any `yield` a restarting process may lose its position, its locals, and what is volatile."""

    class Crashing(Model):
        kept = Int(0, 1)
        cache = Int(0, 2, init=2, volatile="work")
        other = Int(0, 2, volatile="idle")

        @process(restarts=True)
        def work(self):
            self.cache = 1
            memory = self.kept
            yield "middle"
            self.kept = 1 - memory

        @process(restarts=True)
        def idle(self):
            self.other = 1
            yield

    found = walk(Crashing)
    crash = found.system.action["work!crash"]
    assert crash.faults == ("crash",)
    assert dict(crash.updates).keys() == {"work.at", "work.memory", "cache"}
    assert found.system.process["work"].memory == ("work.memory", "cache")
    assert ("start", 2) in found.states("work.at", "cache")
    assert ("middle", 2) not in found.states("work.at", "cache")
    assert found.system.process["idle"].memory == ("other",)


def test_volatile_field_may_begin_anywhere_again() -> None:
    """Where there are several initial values, a crash chooses among them."""

    class Forgetful(Model):
        seed = Int(0, 2, init=ANY, volatile=True)
        drawn = Int(0, 2)

        @process(restarts=True)
        def draw(self):
            self.drawn = self.seed
            yield
            self.seed = 0

    found = walk(Forgetful)
    crashes = [
        step
        for state, steps in found.taken.items()
        for step in steps
        if step.action.name == "draw!crash" and found.decoded(state)["draw.at"] == "yield 1"
    ]
    assert {found.decoded(step.after)["seed"] for step in crashes} == {0, 1, 2}


def test_steps_of_a_process_share_their_fairness() -> None:
    """The positions of a process are one unit of fairness; its instances are not."""

    class Shared(Model):
        n = Int(0, 1)

        @process(instances=2, fair="strong")
        def work(self):
            self.n = 1
            yield
            self.n = 0

    actions = elaborate(Shared).system.actions
    assert {one.group for one in actions} == {"work[0]", "work[1]"}
    assert {one.fairness.value for one in actions} == {"strong"}


def test_when_after_a_yield_waits_there() -> None:
    """`when` as the first statement behind a `yield` waits at that position."""

    class Handshake(Model):
        asked = Bool()
        answered = Bool()

        @process
        def client(self):
            self.asked = True
            yield "waiting"
            when(self.answered)
            self.asked = self.answered = False

        @action
        def answer(self):
            when(self.asked)
            self.answered = True

    found = walk(Handshake)
    waiting = [state for state in found.paths if found.decoded(state)["client.at"] == "waiting"]
    names = [{step.action.name for step in found.taken[state]} for state in waiting]
    assert {"answer"} in names


def test_moving_code_changes_nothing() -> None:
    """Code in a helper or in a local variable means what it means in place."""

    class Direct(Model):
        n = Int(0, 3)

        @process
        def work(self):
            self.n = (self.n + 1) % 3
            yield
            self.n = self.n + 1

    class Moved(Model):
        n = Int(0, 3)

        def next(self):
            following = self.n + 1
            return following % 3

        @process
        def work(self):
            value = self.next()
            self.n = value
            yield
            one = 1
            self.n = self.n + one

    assert walk(Direct).states("n", "work.at") == walk(Moved).states("n", "work.at")


def test_instances_follow_a_parameter() -> None:
    """How many instances run may be a parameter."""

    class Workers(Model):
        workers = Param(2)
        n = Int(0, 1)

        @process(instances=workers)
        def work(self):
            self.n = 1
            yield

    assert len(elaborate(Workers(workers=3)).system.processes) == 3
    assert [process.key for process in elaborate(Workers(workers=1)).system.processes] == ["work"]
    with pytest.raises(ModelError, match="0 instances"):
        elaborate(Workers(workers=0))
