"""Interchangeable parts are found, and the verdicts are the same with one state for each class."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from like_components import Pair
from quotient_explorer import State, claimed_of, compare, found_in, parts, quotient
from symmetric_systems import CHANGES, Symmetric, special

from checker import (
    ANY,
    Array,
    Bool,
    Enum,
    Int,
    Model,
    Optional,
    Param,
    Stale,
    action,
    fault,
    never,
    process,
    when,
)
from checker.explicit.explore import explore
from checker.explicit.unfolding import NoSuchRun, unfold
from checker.reductions.symmetry import Orbit, Symmetry, canonical, symmetry_of
from checker.regimes.regime import FINITELY_MANY, NONE, UNBOUNDED, Regime, at_most
from checker.system.expression import TRUE
from checker.system.sorts import Scalar
from checker.system.transition_system import Hazard
from models.fleet import Fleet
from models.two_phase_commit import TwoPhaseCommit

# ---------------------------------------------------------------- random systems


@given(st.integers(0, 2**32), st.sampled_from([1, 1, 2]), st.sampled_from([NONE, UNBOUNDED, at_most(1)]))
def test_what_does_not_know_one_index_from_another(seed: int, families: int, regime: Regime) -> None:
    """In a system whose arrays are treated alike everywhere, all permutations are found."""
    drawn = Symmetric(Random(seed), families)
    claimed = drawn.claimed()
    symmetry = compare(claimed, regime)
    if symmetry is not None:
        together = 1
        for family in drawn.families:
            together *= Symmetry((Orbit(tuple((v.name,) for v in family.arrays[0])),)).permutations
        assert symmetry.permutations >= together, symmetry.refused


@given(st.integers(0, 2**32), st.sampled_from([1, 2]), st.sampled_from(CHANGES))
def test_one_index_becomes_special(seed: int, families: int, change: str) -> None:
    """After a small change of one index it is left out, or else no verdict is changed by it."""
    random = Random(seed)
    drawn = Symmetric(random, families)
    compare(special(random, drawn, drawn.claimed(), change), random.choice([UNBOUNDED, at_most(1)]))


@pytest.mark.parametrize("change", CHANGES)
def test_changes_are_noticed(change: str) -> None:
    """Most small changes cost permutations: the test above compares different things."""
    fewer = 0
    for seed in range(20):
        random = Random(seed)
        drawn = Symmetric(random)
        claimed = drawn.claimed()
        changed = special(random, drawn, claimed, change)
        before = symmetry_of(claimed.system, claimed.predicates)
        after = symmetry_of(changed.system, changed.predicates)
        fewer += after.permutations < before.permutations
        assert after.permutations == before.permutations or after.refused
    assert fewer >= 10


# ---------------------------------------------------------------- where it is


def test_servers_of_a_fleet() -> None:
    """A server and the view of it move together; every regime's verdicts are kept."""
    blocks = tuple((f"state[{i}]", f"view[{i}]") for i in range(3))
    for regime in (NONE, UNBOUNDED, FINITELY_MANY, at_most(1), at_most(crash=1), at_most(2, crash=1)):
        symmetry = found_in(Fleet(servers=3, faults=2), regime)
        assert symmetry == Symmetry((Orbit(blocks),))
        assert symmetry.permutations == 6


def test_fewer_states() -> None:
    """How many classes the states of two reference models fall into."""
    counts = []
    for model in (Fleet(servers=3, faults=2), TwoPhaseCommit(managers=4)):
        claimed = claimed_of(model)
        graph = explore(UNBOUNDED.apply(claimed.system))
        symmetry = symmetry_of(claimed.system, claimed.predicates)
        counts.append((len(graph), len(quotient(graph, symmetry).states)))
    assert counts == [(2_590, 544), (1_568, 166)]


def test_instances_of_a_process() -> None:
    """Instances of a process are interchangeable with their positions and locals."""

    class Workers(Model):
        todo = Int(0, 2, init=2)
        done = Int(0, 2)

        @process(instances=3, restarts=True)
        def work(self):
            when(self.todo > 0)
            seen = self.todo
            yield "taken"
            assert seen <= self.todo
            self.todo = seen - 1
            self.done = min(self.done + 1, 2)

        @never
        def all_done(self):
            return self.done == 2 and self.todo == 0

    blocks = tuple((f"work[{i}].at", f"work[{i}].seen") for i in range(3))
    assert parts(found_in(Workers())) == {blocks}
    assert parts(found_in(Workers(), at_most(crash=1))) == {blocks}


def test_like_components() -> None:
    """Two components of one class, each with its own budget of faults."""
    assert parts(found_in(Pair())) == {(("left.up", "left.load"), ("right.up", "right.load"))}
    each = Regime.parse("at_most(left.fail=1, right.fail=1)")
    assert parts(found_in(Pair(), each)) == {
        (("left.up", "left.load", "$left.fail"), ("right.up", "right.load", "$right.fail"))
    }
    uneven = found_in(Pair(), Regime.parse("at_most(left.fail=1, right.fail=2)"))
    assert uneven.orbits == ()
    assert "`right.fail` is not the image of `left.fail`" in uneven.refused[0]


def test_two_kinds_of_parts_of_one_number() -> None:
    """Workers and slots, as many of each, are two orbits although each worker meets each slot."""

    class Slots(Model):
        size = Param(3)
        busy = Array(size, Bool())
        waits = Array(size, Int(0, 1))
        taken = Array(size, Bool())

        @action
        def assign(self, i: Int(0, size - 1), j: Int(0, size - 1)):
            when(self.waits[i] == 1 and not self.busy[i] and not self.taken[j])
            self.busy[i] = True
            self.taken[j] = True

        @action
        def ask(self, i: Int(0, size - 1)):
            self.waits[i] = 1

        @fault
        def lose(self, j: Int(0, size - 1)):
            self.taken[j] = False

    workers = tuple((f"busy[{i}]", f"waits[{i}]") for i in range(3))
    slots = tuple((f"taken[{i}]",) for i in range(3))
    symmetry = found_in(Slots())
    assert parts(symmetry) == {workers, slots}
    assert symmetry.permutations == 36


def test_rows_of_a_matrix() -> None:
    """The first index of an array of arrays, or the second one, whichever is interchangeable."""

    class Rows(Model):
        seen = Array(3, Array(2, Bool()))
        known = Array(3, Optional(Int(0, 1)))

        @action
        def see(self, i: Int(0, 2)):
            self.seen[i][0] = True
            self.known[i] = 1

        @action
        def confirm(self, i: Int(0, 2)):
            when(self.seen[i][0] and self.known[i] is not None)
            self.seen[i][1] = True

    class Columns(Model):
        seen = Array(2, Array(2, Bool()))
        ready = Array(2, Bool())

        @action
        def prepare(self, j: Int(0, 1)):
            self.ready[j] = True

        @action
        def see(self, j: Int(0, 1)):
            when(self.ready[j])
            self.seen[0][j] = True

        @action
        def confirm(self, j: Int(0, 1)):
            when(self.seen[0][j])
            self.seen[1][j] = True

    assert parts(found_in(Rows())) == {
        tuple((f"seen[{i}][0]", f"seen[{i}][1]", f"known[{i}]?", f"known[{i}]") for i in range(3))
    }
    assert parts(found_in(Columns())) == {
        tuple((f"seen[0][{j}]", f"seen[1][{j}]", f"ready[{j}]") for j in range(2))
    }


def test_views_move_with_what_they_show() -> None:
    """What a stale view remembers of an element, also on its way, belongs to the element."""

    class Watched(Model):
        up = Array(2, Bool())
        view = Stale(up, at_most=2)

        @action
        def start(self, i: Int(0, 1)):
            when(not self.view[i])
            self.up[i] = True

        @fault
        def crash(self, i: Int(0, 1)):
            self.up[i] = False

    symmetry = found_in(Watched())
    assert len(symmetry.orbits) == 1
    assert set(symmetry.orbits[0].blocks[1]) == {
        "up[1]",
        "view[1]",
        "view.waiting[0][1]",
        "view.waiting[1][1]",
    }


def test_loops_that_count_and_look_for() -> None:
    """A loop over all indices is no order among them, unless the order shows."""

    class Counting(Model):
        full = Array(3, Bool())
        count = Int(0, 3)
        worst = Enum("none", "some")

        @action
        def fill(self, i: Int(0, 2)):
            self.full[i] = True

        @action
        def observe(self):
            total = 0
            found = "none"
            for i in range(3):
                if self.full[i]:
                    total += 1
                    found = "some"
                assert not self.full[i] or self.count < 3
            self.count = total
            self.worst = found

    class First(Counting):
        @action
        def empty_first(self):
            for i in range(3):
                if self.full[i]:
                    self.full[i] = False
                    break

    assert found_in(Counting()).permutations == 6
    symmetry = found_in(First())
    assert symmetry.orbits == ()
    assert "`empty_first` tells 0 from 1" in symmetry.refused[0]


# ---------------------------------------------------------------- the state that stands for a class


def test_blocks_are_sorted() -> None:
    """Blocks in ascending order of their values, the first variable counting most."""
    symmetry = Symmetry((Orbit((("p[0]", "q[0]"), ("p[1]", "q[1]"), ("p[2]", "q[2]"))),))
    state = {"p[0]": True, "p[1]": False, "p[2]": True, "q[0]": 2, "q[1]": 5, "q[2]": -1, "r": 7}
    assert canonical(state, symmetry) == {
        "p[0]": False,
        "q[0]": 5,
        "p[1]": True,
        "q[1]": -1,
        "p[2]": True,
        "q[2]": 2,
        "r": 7,
    }
    assert symmetry.permutations == 6


def test_exchanged_roles_are_a_change() -> None:
    """A step within a class is one: where nothing else is possible, there is no deadlock."""

    class Baton(Model):
        has = Array(2, Bool())
        begun = Bool()

        @action
        def begin(self):
            when(not self.begun)
            self.begun = True
            self.has[0] = True

        @action
        def hand_over(self, i: Int(0, 1)):
            when(self.has[i])
            self.has[i] = False
            self.has[1 - i] = True

    claimed = claimed_of(Baton())
    assert symmetry_of(claimed.system, {}).orbits == ()

    class Anywhere(Baton):
        begun = None
        has = Array(2, Bool(), init=ANY)
        begin = None

    symmetry = found_in(Anywhere())
    assert parts(symmetry) == {(("has[0]",), ("has[1]",))}


def test_unfolding_refuses_what_is_no_path() -> None:
    """A path that the system does not have is an error, never a wrong run."""
    claimed = claimed_of(Fleet())
    symmetry = symmetry_of(claimed.system, {})
    begin = {one.name: one.initial[0] for one in claimed.system.variables}
    far = begin | {"state[2]": 2}

    def reduced(state: Mapping[str, Scalar]) -> State:
        return canonical(state, symmetry)

    near = begin | {"state[1]": 1}
    run = unfold(claimed.system, reduced, [begin, near], ["start"])
    assert [step.arguments for step in run.steps] == [(0,)]
    with pytest.raises(NoSuchRun):
        unfold(claimed.system, reduced, [begin, far], ["start"])
    with pytest.raises(NoSuchRun):
        unfold(claimed.system, reduced, [far], [])
    wrong = Hazard("assert", TRUE, "wrong", "wrong")
    with pytest.raises(NoSuchRun):
        unfold(claimed.system, reduced, [begin], ["start"], wrong)
