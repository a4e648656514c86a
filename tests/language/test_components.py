"""Components: models inside models, their inputs, and the first two of the library."""

from __future__ import annotations

import pytest
from stepping import walk

from checker import (
    ANY,
    Array,
    Bool,
    Int,
    Like,
    Model,
    ModelError,
    Param,
    Stale,
    action,
    attempt,
    converges,
    fault,
    process,
    when,
)
from checker.language import Input, on_change
from checker.language.elaborate import elaborate
from checker.system.transition_system import Kind


class Store(Model):
    """Something that holds a number."""

    most = Param(2)
    value = Int(0, most)

    def put(self, value):
        self.value = min(value, self.most)

    @fault
    def loses(self):
        self.value = 0


def test_fields_and_actions_are_namespaced() -> None:
    """A component's fields and actions carry its name; it is an agent; its helpers can be called."""

    class Shop(Model):
        size = Param(3)
        store = Store(most=size)

        @action
        def fill(self):
            when(self.store.value < self.size)
            self.store.put(self.store.value + 1)

    found = walk(Shop)
    assert found.states("store.value") == {(0,), (1,), (2,), (3,)}
    loses = found.system.action["store.loses"]
    assert (loses.agent, loses.faults, loses.call.path) == ("environment", ("store.loses",), ("store",))
    assert found.system.variable["store.value"].owner == "store"


def test_components_nest() -> None:
    """A component may have components; a field is reached through all of them."""

    class Pair(Model):
        first = Store()
        second = Store(most=1)

        @action
        def move(self):
            when(self.first.value > 0)
            self.second.put(self.first.value)
            self.first.put(0)

    class House(Model):
        pair = Pair()

        @action
        def begin(self):
            self.pair.first.value = 2

    found = walk(House)
    assert tuple(found.names) == ("pair.first.value", "pair.second.value")
    assert (0, 1) in found.states("pair.first.value", "pair.second.value")


def test_inputs_are_windows_on_fields() -> None:
    """Reads and writes of an input pass through to the field that it is connected to."""

    class Valve(Model):
        level = Input()

        @action
        def drain(self):
            when(self.level > 0)
            self.level -= 1

    class Tank(Model):
        water = Int(0, 3, init=3)
        store = Store()
        valve = Valve(water)
        other = Valve(store.value)

        @action
        def fill(self):
            self.store.value = 2

    found = walk(Tank)
    assert found.names == ["water", "store.value"]
    assert len(found.paths) == 12


def test_like_begins_as_its_input_does() -> None:
    """`Like(source)` has the type and the initial value of the field behind the input."""

    class Copy(Model):
        reads_as = "value"
        source = Input()
        value = Like(source)

    class Origin(Model):
        row = Array(2, Int(0, 1), init=ANY)
        copy = Copy(row)

        @action
        def check(self):
            assert self.copy == self.row

    found = walk(Origin)
    assert len(found.paths) == 4
    assert found.endings("check") == {"done"}


def test_on_change_follows_every_step_that_changes_its_field() -> None:
    """A hook runs at the end of whichever step changed what it watches, and not otherwise."""

    class Counter(Model):
        source = Input()
        changes = Int(0, 3)

        @on_change("source")
        def count(self):
            self.changes = min(self.changes + 1, 3)

    class Watched(Model):
        n = Int(0, 1)
        other = Bool()
        counter = Counter(n)

        @action
        def flip(self):
            self.n = 1 - self.n
            self.n = 1 - self.n
            self.n = 1 - self.n

        @action
        def elsewhere(self):
            self.other = not self.other

    found = walk(Watched)
    assert found.states("n", "counter.changes") == {(0, 0), (1, 1), (0, 2), (1, 3), (0, 3)}


# ---------------------------------------------------------------- Stale


class Source(Model):
    """A number that only grows, and a view of it."""

    n = Int(0, 3)
    view = Stale(n)

    @action
    def grow(self):
        when(self.n < 3)
        self.n += 1


def test_unbounded_view_lags_by_any_number_and_shows_the_present_at_once() -> None:
    """A plain view is any earlier value; one refresh brings it up to date."""
    found = walk(Source)
    assert found.states("n", "view") == {(n, seen) for n in range(4) for seen in range(n + 1)}
    for state, steps in found.taken.items():
        for step in steps:
            if step.action.name == "view.refresh":
                after = found.decoded(step.after)
                assert after["view"] == after["n"] == found.decoded(state)["n"]


@pytest.mark.parametrize("lag", [1, 2])
def test_bounded_view_shows_every_change_in_order(lag: int) -> None:
    """A view that is at most so many changes behind moves by one change at a time."""

    class Bounded(Source):
        view = Stale(Source.n, at_most=lag)

    found = walk(Bounded)
    assert found.states("n", "view") == {
        (n, seen) for n in range(4) for seen in range(max(0, n - lag), n + 1)
    }
    for state, steps in found.taken.items():
        for step in steps:
            before, after = found.decoded(state), found.decoded(step.after)
            assert after["view"] - before["view"] in (0, 1)
            assert after["view.behind"] == after["n"] - after["view"]


def test_equal_histories_are_equal_states() -> None:
    """What is on its way is kept in one form, so that no state is counted twice."""

    class Back(Model):
        n = Int(0, 1)
        view = Stale(n, at_most=2)

        @action
        def flip(self):
            self.n = 1 - self.n

    found = walk(Back)
    # (n, how far behind): with two values, what is on its way is determined by both.
    assert len(found.paths) == len(found.states("n", "view.behind")) == 6


def test_refresh_is_a_fair_step_of_the_component() -> None:
    """The refresh is not a fault: it happens eventually."""
    refresh = elaborate(Source).system.action["view.refresh"]
    assert (refresh.kind, refresh.fairness.value, refresh.agent) == (Kind.STEP, "weak", "view")


# ---------------------------------------------------------------- attempt


class Client(Model):
    """A request with every possible answer."""

    made = Int(0, 2)
    answer = Bool()
    asked = Bool()

    def make(self):
        self.made = min(self.made + 1, 2)

    @process
    def work(self):
        when(not self.asked)
        self.asked = True
        self.answer = attempt(self.make)


def test_attempt_has_three_outcomes() -> None:
    """It works, is refused (no effect), or its reply is lost (effect, but an error comes back)."""
    found = walk(Client)
    assert found.states("asked", "made", "answer") == {
        (False, 0, False),
        (True, 1, True),
        (True, 0, False),
        (True, 1, False),
    }
    assert {one.name: one.faults for one in found.system.actions} == {
        "work@start": (),
        "work@start!make refused": ("refused",),
        "work@start!make reply_lost": ("reply_lost",),
    }
    assert [effect.name for effect in found.system.actions[0].effects] == ["make"]


def test_attempt_passes_arguments_and_answers_on() -> None:
    """Arguments reach the effect; an effect that returns a truth value has the last word."""

    class Picky(Model):
        made = Int(0, 5)
        answer = Bool(init=True)

        def make(self, number, twice):
            self.made = number * (2 if twice else 1)
            return number > 1

        @action
        def work(self, number: Int(0, 2)):
            self.answer = attempt(self.make, number, True)

    found = walk(Picky)
    worked = {(found.decoded(s.after)["made"], found.decoded(s.after)["answer"])
              for steps in found.taken.values() for s in steps if not s.action.faults}  # fmt: skip
    assert worked == {(0, False), (2, False), (4, True)}


def test_two_attempts_in_one_step_fail_independently() -> None:
    """Each fault that is possible is a step of its own, with its own cost."""

    class Twice(Client):
        @process
        def work(self):
            when(not self.asked)
            self.asked = True
            self.answer = attempt(self.make) and attempt(self.make)

    found = walk(Twice)
    costs = sorted(len(one.faults) for one in found.system.actions)
    assert costs == [0, 1, 1, 1, 1], "after a failure the second request is not made"
    assert {made for made, asked in found.states("made", "asked") if asked} == {0, 1, 2}


# ---------------------------------------------------------------- subclasses


class Base(Model):
    """What the subclasses below change."""

    most = Param(2)
    n = Int(0, most)

    def step(self):
        return 1

    @action
    def up(self):
        self.n = min(self.n + self.step(), self.most)

    @action
    def down(self):
        self.n = 0

    @converges
    def full(self):
        return self.n == self.most


def test_subclass_overrides_a_helper_a_parameter_and_a_field() -> None:
    """The rest of the model sees what the subclass says."""

    class Faster(Base):
        most = Param(4)
        n = Int(0, Base.most + 1, init=1)

        def step(self):
            return super().step() + 1

    assert walk(Faster).states("n") == {(0,), (1,), (2,), (3,), (4,)}
    assert walk(Faster(most=2)).states("n") == {(0,), (1,), (2,)}


def test_subclass_overrides_an_action_and_keeps_its_declaration() -> None:
    """An action that is overridden without a decorator stays one; `super()` reaches what it was."""

    class Careful(Base):
        def down(self):
            when(self.n == self.most)
            super().down()

    found = walk(Careful)
    assert list(found.system.action) == ["up", "down"]
    downs = [state for state in found.paths for s in found.taken[state] if s.action.name == "down"]
    assert {found.decoded(state)["n"] for state in downs} == {2}


def test_super_through_several_classes() -> None:
    """Each `super()` goes on from the class that it is written in."""

    class Middle(Base):
        def step(self):
            return super().step() + 1

    class Last(Middle):
        most = Param(9)

        def step(self):
            return super().step() + 2

    assert walk(Last).states("n") == {(0,), (4,), (8,), (9,)}


def test_none_removes_what_is_inherited() -> None:
    """`name = None` takes an action, or a property, out."""

    class Rising(Base):
        down = None
        full = None

    elaborated = elaborate(Rising)
    assert list(elaborated.system.action) == ["up"]
    assert elaborated.properties == ()


def test_removed_field_is_unknown() -> None:
    """What still uses a removed field is refused."""

    class Broken(Base):
        n = None

    with pytest.raises(ModelError, match="has no field"):
        elaborate(Broken)
