"""Parts that look alike and are not interchangeable: refused, with the reason."""

from __future__ import annotations

from dataclasses import replace

from like_components import Pair
from quotient_explorer import claimed_of, compare, found_in, parts

from checker import Array, Bool, Int, Model, Param, action, always, fault, when
from checker.reductions.symmetry import Symmetry, symmetry_of
from checker.regimes.regime import UNBOUNDED
from checker.system.expression import eq, next_variable
from models.fleet import Fleet
from models.two_reconcilers import WithOwnership


def test_a_fault_is_no_step() -> None:
    """What repairs one part by itself and the other by luck tells them apart."""

    class Lucky(Pair):
        @action
        def reset_left(self):
            when(self.left.load == 2)
            self.left.load = 0

        @fault
        def reset_right(self):
            when(self.right.load == 2)
            self.right.load = 0

    symmetry = found_in(Lucky())
    assert symmetry.orbits == ()
    assert "`reset_left`" in symmetry.refused[0]


def test_an_index_that_is_kept() -> None:
    """Who leads is a number, which a permutation of the parts does not change: refused."""

    class Led(Model):
        size = Param(3)
        voted = Array(size, Bool())
        leader = Int(0, size - 1)

        @action
        def vote(self, i: Int(0, size - 1)):
            self.voted[i] = True

        @action
        def lead(self, i: Int(0, size - 1)):
            when(self.voted[i])
            self.leader = i

        @action
        def serve(self, i: Int(0, size - 1)):
            when(self.leader == i)
            self.voted[i] = False

    symmetry = found_in(Led())
    assert symmetry.orbits == ()
    (reason,) = symmetry.refused
    assert reason == (
        "`voted[…]`: 0 and 1 cannot change places: `lead(1)` is not the image of `lead(0)`: "
        "it does something else to `leader`"
    )


def test_lowest_index_first() -> None:
    """An arbitration that prefers the lowest index is refused."""

    class Granted(Model):
        size = Param(3)
        waits = Array(size, Bool())
        owns = Array(size, Bool())

        @action
        def ask(self, i: Int(0, size - 1)):
            self.waits[i] = True

        @action
        def grant(self, i: Int(0, size - 1)):
            lower = any(j < i and self.waits[j] for j in range(self.size))
            when(self.waits[i] and not lower and not any(self.owns))
            self.owns[i] = True
            self.waits[i] = False

    symmetry = found_in(Granted())
    assert symmetry.orbits == ()
    assert "`grant(1)` is not the image of `grant(0)`: its guard differs" in symmetry.refused[0]


def test_owners_are_indices() -> None:
    """Two reconcilers that write their own number on what they own."""
    symmetry = found_in(WithOwnership())
    assert symmetry.orbits == ()
    assert "`reconcile(1)` is not the image of `reconcile(0)`" in symmetry.refused[0]


def test_a_property_of_one_part() -> None:
    """A property that names one server leaves the others interchangeable."""

    class Watched(Fleet):
        @always
        def first_never_fails(self):
            return self.state[0] != "failed"

    symmetry = found_in(Watched(servers=3, faults=1))
    assert parts(symmetry) == {(("state[1]", "view[1]"), ("state[2]", "view[2]"))}
    (reason,) = symmetry.refused
    assert reason.endswith("0 and 1 cannot change places: `first_never_fails` tells 0 from 1")


def test_one_part_begins_elsewhere() -> None:
    """A part with another initial value, and one with another domain, are left out."""

    class Unlike(Model):
        up = Array(3, Bool())
        slow = Array(3, Int(0, 1))

        @action
        def start(self, i: Int(0, 2)):
            self.up[i] = True

        @action
        def slow_down(self, i: Int(0, 2)):
            self.slow[i] = 1

    claimed = claimed_of(Unlike())
    system = claimed.system
    variables = tuple(
        replace(one, initial=(True,)) if one.name == "up[0]" else one for one in system.variables
    )
    symmetry = compare(replace(claimed, system=replace(system, variables=variables)), UNBOUNDED)
    assert symmetry is not None
    assert parts(symmetry) == {
        (("up[1]",), ("up[2]",)),
        (("slow[0]",), ("slow[1]",), ("slow[2]",)),
    }
    assert "`up[1]` does not begin like `up[0]`" in symmetry.refused[0]


def test_an_assertion_about_one_part() -> None:
    """What may go wrong with one part only tells it from the others."""

    class Checked(Fleet):
        @action(agent="servers")
        def start_ok(self, i: Int(0, Fleet.servers - 1)):
            assert i != 1 or self.left > 0, "the second server starts last"
            super().start_ok(i)

    symmetry = found_in(Checked(servers=3, faults=1))
    assert parts(symmetry) == {(("state[0]", "view[0]"), ("state[2]", "view[2]"))}
    (reason,) = symmetry.refused
    assert reason.endswith(
        "0 and 1 cannot change places: `start_ok(1)` is not the image of `start_ok(0)`: "
        "what can go wrong in it differs"
    )


def test_what_speaks_of_steps_is_refused() -> None:
    """A predicate over the state after a step as well: the two states may have been permuted apart."""
    claimed = claimed_of(Fleet())
    state = claimed.system.variable["state[0]"]
    step = eq(state.node, next_variable("state[0]", state.domain.sort))
    symmetry = symmetry_of(claimed.system, {"keeps": step})
    assert symmetry.orbits == ()
    assert "`keeps` speaks of steps" in symmetry.refused[0]


def test_too_much_to_compare() -> None:
    """Very many outcomes are not compared."""

    class Wide(Model):
        up = Array(3, Bool())
        level = Int(0, 30_000)

        @action
        def start(self, i: Int(0, 2), to: Int(0, 30_000)):
            self.up[i] = True
            self.level = to

    claimed = claimed_of(Wide())
    assert symmetry_of(claimed.system, {}) == Symmetry((), ("there is too much to compare",))


def test_nothing_alike() -> None:
    """Without arrays, instances and like components there is nothing to say."""

    class Single(Model):
        up = Bool()

        @action
        def start(self):
            self.up = True

    assert symmetry_of(claimed_of(Single()).system, {}) == Symmetry(())
