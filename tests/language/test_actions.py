"""What happens inside one atomic step."""

from __future__ import annotations

from stepping import walk

from checker import (
    ANY,
    Array,
    Bool,
    Enum,
    Int,
    Model,
    Optional,
    Param,
    Record,
    Set,
    action,
    choose,
    fault,
    intent,
    when,
)
from checker.language.elaborate import elaborate
from checker.system.transition_system import Fairness, Kind


def increased(n):
    return n + 1


def sign(n):
    if n < 0:
        return -1
    if n > 0:
        return 1
    return 0


def test_reads_see_earlier_writes() -> None:
    """Inside a method `self.x` has the value written last; others see the result only."""

    class Swap(Model):
        a = Int(0, 9, init=1)
        b = Int(0, 9, init=5)

        @action
        def swap(self):
            self.a = self.a + self.b
            self.b = self.a - self.b
            self.a = self.a - self.b

    assert walk(Swap).states("a", "b") == {(1, 5), (5, 1)}


def test_when_disables_the_whole_step() -> None:
    """A `when` in the middle of a step undoes what stands before it."""

    class Door(Model):
        open = Bool()
        tries = Int(0, 3)

        @action
        def push(self):
            self.tries += 1
            when(self.tries < 3)
            self.open = self.tries == 2

    assert walk(Door).states("open", "tries") == {(False, 0), (False, 1), (True, 2)}


def test_parameters_make_one_instance_for_each_value() -> None:
    """An action with a domain is taken for every value of it."""

    class Lamp(Model):
        lamps = Param(3)
        lit = Array(lamps, Bool())

        @intent
        def switch(self, lamp: Int(0, lamps - 1), on: Bool()):
            self.lit[lamp] = on

    found = walk(Lamp)
    assert len(found.paths) == 8
    (switch,) = found.system.actions
    assert [symbol.domain.size for symbol in switch.parameters] == [3, 2]
    assert (switch.kind, switch.fairness, switch.agent) == (Kind.INTENT, Fairness.NONE, "user")


def test_choices_are_taken_every_way() -> None:
    """`choose` among values, a domain, a range and a set; an empty set disables the step."""

    class Dice(Model):
        thrown = Int(0, 9)
        side = Enum("left", "right")
        left = Set(3, init={0, 2})

        @action
        def throw(self):
            self.thrown = choose(1, choose(range(4, 6)), 9)

        @action
        def turn(self):
            self.side = choose(Enum("left", "right"))

        @action
        def take(self):
            self.left.discard(choose(self.left))

    found = walk(Dice)
    assert {value for (value,) in found.states("thrown")} == {0, 1, 4, 5, 9}
    assert {frozenset(held) for (held,) in found.states("left")} == {
        frozenset({0, 2}),
        frozenset({0}),
        frozenset({2}),
        frozenset(),
    }


def test_choice_that_is_not_reached_is_made_once() -> None:
    """A `choose` behind a condition does not multiply the steps where it is not reached."""

    class Maybe(Model):
        n = Int(0, 3)

        @action
        def act(self):
            if self.n == 0:
                self.n = choose(1, 2, 3)

    found = walk(Maybe)
    counts = {found.decoded(state)["n"]: len(steps) for state, steps in found.taken.items()}
    assert counts == {0: 3, 1: 1, 2: 1, 3: 1}


def test_everything_that_goes_wrong_has_a_kind() -> None:
    """Overflow, assertion, index, division and None end a step; nothing wraps or saturates."""

    class Wrong(Model):
        n = Int(0, 2, init=ANY)
        row = Array(2, Int(0, 2))
        holder = Optional(Int(0, 2))

        @action
        def overflow(self):
            self.n += 1

        @action
        def claim(self):
            assert self.n < 2, "small"

        @action
        def index(self):
            self.row[self.n] = 1

        @action
        def divide(self):
            self.row[0] = 2 // self.n

        @action
        def use_none(self):
            self.n = self.holder

        @action
        def negative_index(self):
            self.row[self.n - 1] = 2

    found = walk(Wrong)
    assert found.endings("overflow") == {"done", "domain"}
    assert found.endings("claim") == {"done", "assert"}
    assert found.endings("index") == {"done", "index"}
    assert found.endings("divide") == {"done", "division"}
    assert found.endings("use_none") == {"none"}
    assert found.endings("negative_index") == {"done", "index"}


def test_division_rounds_like_python() -> None:
    """`//` and `%` of negative numbers are Python's."""

    class Division(Model):
        n = Int(-5, 5, init=ANY)
        by = Int(-2, 3, init=(-2, 3))
        quotient = Int(-9, 9)
        rest = Int(-9, 9)

        @action
        def divide(self):
            self.quotient = self.n // self.by
            self.rest = self.n % self.by

    found = walk(Division)
    assert (-5, 3, -2, 1) in found.states("n", "by", "quotient", "rest")
    assert (5, -2, -3, -1) in found.states("n", "by", "quotient", "rest")


def test_helpers_are_inlined() -> None:
    """Methods, functions of the module and closures are called like in Python, early returns included."""
    step = 2

    def stepped(n):
        return n + step

    class Helped(Model):
        n = Int(-3, 9, init=(-3, 0, 4))

        def nearer(self, by=1):
            return self.n - sign(self.n) * by

        @action
        def approach(self):
            self.n = self.nearer()

        @action
        def leap(self):
            when(self.n < 5)
            self.n = stepped(increased(n=self.n))

    assert {n for (n,) in walk(Helped).states("n")} == set(range(-3, 8))


def test_comprehensions_and_matches() -> None:
    """`match`, comprehensions, `for` with `break` and `else` mean what Python means."""

    class Queue(Model):
        slots = Array(3, Enum("free", "waiting", "done"))
        served = Int(0, 3)
        full = Bool()

        @action
        def arrive(self):
            for i in range(3):
                if self.slots[i] == "free":
                    self.slots[i] = "waiting"
                    break
            else:
                self.full = True

        @action
        def serve(self, at: Int(0, 2)):
            match self.slots[at]:
                case "waiting":
                    self.slots[at] = "done"
                    self.served = sum(1 for slot in self.slots if slot == "done")
                case "done" if all(slot == "done" for slot in self.slots):
                    self.slots = ["free"] * 3
                    self.served = 0
                    self.full = False
                case _:
                    return

    found = walk(Queue)
    assert found.endings("serve") == {"done"}
    for state in found.paths:
        seen = found.decoded(state)
        assert seen["served"] == seen["slots"].count("done")


def test_one_of_two_containers_under_one_name() -> None:
    """A local name for one of two sets, arrays or records reads and writes the one it means."""

    class Either(Model):
        here = Bool(init=ANY)
        left = Set(2)
        right = Set(2)
        row = Array(2, Record(n=Int(0, 2)))

        @action
        def put(self):
            chosen = self.left if self.here else self.right
            chosen.add(1)
            if 1 in self.left:  # noqa: SIM108 (both ways of writing it)
                one = self.row[0]
            else:
                one = self.row[1]
            one.n = 2

    found = walk(Either)
    seen = {
        (here, tuple(sorted(left)), tuple(sorted(right)), tuple(part["n"] for part in row))
        for here, left, right, row in (
            [found.decoded(state)[name] for name in ("here", "left", "right", "row")]
            for state in found.paths
        )
    }
    assert seen == {
        (False, (), (), (0, 0)),
        (True, (), (), (0, 0)),
        (False, (), (1,), (0, 2)),
        (True, (1,), (), (2, 0)),
    }


def test_wrapped_helper_is_called_with_its_wrapper() -> None:
    """A decorator of the author's own is part of what is executed."""
    import functools

    def twice(method):
        @functools.wraps(method)
        def wrapper(self):
            method(self)
            return method(self)

        return wrapper

    class Counter(Model):
        n = Int(0, 4)

        @twice
        def up(self):
            self.n = min(self.n + 1, 4)

        @action
        def act(self):
            self.up()

    assert {n for (n,) in walk(Counter).states("n")} == {0, 2, 4}


def test_fairness_and_agents() -> None:
    """Steps are weakly fair unless said otherwise; faults and intents never are."""

    class Kinds(Model):
        n = Int(0, 1)

        @action
        def weak(self):
            self.n = 0

        @action(fair="strong", agent="cook")
        def strong(self):
            self.n = 0

        @action(fair=None)
        def unfair(self):
            self.n = 0

        @fault
        def breaks(self):
            self.n = 1

    actions = elaborate(Kinds).system.action
    assert {name: one.fairness.value for name, one in actions.items()} == {
        "weak": "weak",
        "strong": "strong",
        "unfair": "none",
        "breaks": "none",
    }
    assert [one.agent for one in actions.values()] == ["kinds", "cook", "kinds", "environment"]
    assert actions["breaks"].faults == ("breaks",)


def test_property_without_a_value_on_some_path_is_false_there() -> None:
    """Where a predicate returns nothing, Python's None counts as false."""
    from checker import always

    class Half(Model):
        n = Int(0, 2, init=ANY)

        @always
        def small(self):
            if self.n < 2:
                return self.n < 1

    walk(Half)  # compares every predicate in every state with CPython
