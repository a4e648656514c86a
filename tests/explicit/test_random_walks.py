"""Random walks: three ways to make them that agree, the stated distribution, the same for every thread."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from naive_walks import moves_of, row_of, walk
from random_systems import Builder, systems
from scipy.stats import chisquare
from small_systems import action, fleet, hazard, integer, symbol, system, truth, under

from checker.evidence.simulation import simulate
from checker.explicit import native_walks, walk_kernels
from checker.explicit.dice import GAMMA, Dice, key_of, mixed
from checker.explicit.generated_python import IllFormedSystem
from checker.explicit.native_walks import NativeWalks
from checker.explicit.packing import NotCompilable
from checker.explicit.python_walks import PythonWalks
from checker.explicit.sampling import sample
from checker.explicit.walk_ground import Ground, ground_of
from checker.explicit.walk_starts import NoInitialState
from checker.explicit.watch import Watch
from checker.regimes.regime import at_most
from checker.system import expression as e
from checker.system.sorts import BOOL, INT, Domain
from checker.system.transition_system import Kind, TransitionSystem, Variable

GO_ON = np.zeros(1, dtype=np.int64)


def tallied(sampled):
    """All that a sample has come to, as plain values."""
    tally = sampled.tally
    return (
        (tally.runs, tally.steps, tally.longest, tally.ends, tally.taken.tolist(), tally.owed),
        tally.events,
        tally.joined,
        tally.failures,
        (tally.reached, tally.settled),
        [one.counts.tolist() for one in (*tally.until_reached, *tally.until_settled)],
    )


@st.composite
def watches(draw: st.DrawFn, variables: list[Variable]) -> Watch:
    """Up to two expressions of each kind."""
    states, steps = Builder(draw, variables, []), Builder(draw, variables, [], after=True)

    def some(builder: Builder) -> tuple[e.Expression, ...]:
        return tuple(builder.any(BOOL, 2) for _ in range(draw(st.integers(0, 2))))

    pairs = tuple((states.any(BOOL, 1), states.any(BOOL, 1)) for _ in range(draw(st.integers(0, 2))))
    return Watch(some(states), some(steps), some(states), pairs, some(states))


# ---------------------------------------------------------------- the same walk, three times


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_three_ways_agree(data: st.DataObject) -> None:
    """Machine code, generated Python and the interpreter make the same runs and note the same."""
    built = data.draw(systems(wide=data.draw(st.sampled_from([False, False, True]))))
    watch = data.draw(watches(list(built.variables)))
    seed, steps = data.draw(st.integers(-5, 2**64)), 12
    ground = ground_of(under(built), watch, steps, seed)
    python = PythonWalks(ground)
    rows, taken = python.rows(0, 20, GO_ON)
    for run in range(0, 20, 5):
        noted = rows[run].tolist()
        noted[walk_kernels.FAILURE] = min(noted[walk_kernels.FAILURE], -1) or -2
        expected = row_of(under(built), watch, steps, seed, run)
        if expected[walk_kernels.FAILURE] == -2:
            failure = python.failures[int(rows[run, walk_kernels.FAILURE])]
            assert failure.hazard is walk(under(built), steps, seed, run)[1][-1][3]
            noted[walk_kernels.FAILURE] = -2
        assert noted == expected
    try:
        native = NativeWalks(ground)
    except NotCompilable:
        return
    other_rows, other_taken = native.rows(0, 20, GO_ON)
    assert rows.tolist() == other_rows.tolist() and taken.tolist() == other_taken.tolist()
    assert native.rows(7, 3, GO_ON)[0].tolist() == rows[7:10].tolist()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(systems(), st.integers(0, 100))
def test_a_run_can_be_retraced(built: TransitionSystem, seed: int) -> None:
    """The run that is shown is the run that was counted, choices and hazard included."""
    ground = ground_of(under(built), Watch(), 10, seed)
    python = PythonWalks(ground)
    rows, _ = python.rows(0, 3, GO_ON)
    for number in range(3):
        states, moves, _ = walk(under(built), 10, seed, number)
        run = python.retrace(number, int(rows[number, walk_kernels.LENGTH]))
        assert [dict(state) for state in run.states] == states
        taken = [(step.action, step.arguments) for step in run.steps if step is not None]
        assert taken == [move[:2] for move in moves]
        if rows[number, walk_kernels.END] == walk_kernels.WRONG:
            assert run.hazard is moves[-1][3] and run.steps[-1].choices == moves[-1][2]


def test_the_kernels_dice_are_the_dice() -> None:
    """splitmix64 as published (its first numbers from state 1234567), in Python and in the kernel."""
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    ones = (1 << 64) - 1
    assert [mixed((1234567 + (i + 1) * GAMMA) & ones) for i in range(4)] == published
    dice = np.array([1234567], dtype=np.uint64)
    assert walk_kernels.below(dice, 1 << 32) == published[0] >> 32
    plain, packed = Dice(key_of(5), 3), np.array([Dice(key_of(5), 3).state], dtype=np.uint64)
    bounds = [1, 2, 3, 5, 7, 1000, 2**31 + 1, 2**32 - 1, 2**32] * 50
    assert [plain.below(n) for n in bounds] == [walk_kernels.below(packed, n) for n in bounds]
    assert plain.state == int(packed[0])


@pytest.mark.parametrize("bound", [2, 3, 7, 2**31 + 1, 3 * 2**70])
def test_numbers_below_a_bound_are_equally_likely(bound: int) -> None:
    """Every one of a few numbers, or every sixth of a range."""
    dice = Dice(key_of(1), 0)
    drawn = [dice.below(bound) for _ in range(12_000)]
    assert min(drawn) >= 0 and max(drawn) < bound
    parts = bound if bound < 10 else 6
    counts = Counter(number * parts // bound for number in drawn)
    assert chisquare([counts[part] for part in range(parts)]).pvalue > 1e-4


# ---------------------------------------------------------------- the distribution


def crossing() -> TransitionSystem:
    """Where one step, of two outcomes or of one, decides what `x` becomes."""
    x = integer("x", 0, 9)
    at_start = e.eq(x.node, e.constant(0))
    choice = symbol("c", 1, 2)
    fault = Kind.FAULT
    return system(
        [x],
        action("one", at_start, {"x": choice.node}, choices=(choice,)),
        action("other", at_start, {"x": e.constant(3)}),
        action("idle", at_start, {"x": x.node}),
        action("fault", at_start, {"x": e.constant(4)}, kind=fault),
        action("intent", at_start, {"x": e.constant(5)}, kind=Kind.INTENT),
        action("breaks", at_start, {}, kind=fault, hazards=(hazard(at_start),)),
    )


EXPECTED = {1: 0.2, 2: 0.2, 3: 0.4, 4: 1 / 15, 5: 1 / 15, None: 1 / 15}
"""A fault or an intent in 1 of 5; among actions equal shares; among an action's outcomes, too."""


@pytest.mark.parametrize("tier", ["python", "native"])
def test_the_distribution_is_the_stated_one(tier: str) -> None:
    """First fault or not, then the action, then its outcome; what changes nothing is never taken."""
    x = integer("x", 0, 9).node
    watch = Watch(goals=tuple(e.eq(x, e.constant(k)) for k in range(1, 6)))
    runs = 30_000
    done = sample(under(crossing()), watch, runs=runs, steps=5, seed=8, tier=tier)
    seen = [occurrence.runs for occurrence in done.tally.reached]
    seen.append(done.tally.ends[walk_kernels.WRONG])
    assert sum(seen) == runs and done.tally.steps == runs
    assert chisquare(seen, [runs * share for share in EXPECTED.values()]).pvalue > 1e-4
    assert done.tally.taken.tolist()[2] == 0


def test_it_is_that_of_a_single_simulation() -> None:
    """`simulate` without --runs, an implementation of its own, takes the same steps equally often."""
    runs = [simulate(under(crossing()), 1, seed) for seed in range(3000)]
    ends = Counter(None if run.hazard else run.states[-1]["x"] for run in runs)
    expected = [3000 * share for share in EXPECTED.values()]
    assert chisquare([ends[end] for end in EXPECTED], expected).pvalue > 1e-4


def test_initial_states_are_equally_likely() -> None:
    """Listed or drawn one by one: each combination that is well-formed, equally often."""
    free = [integer("x", 0, 3, None), truth("b", None), integer("y", 0, 5, (1, 5, 3))]
    computed = integer("z", 0, 9, e.add(free[0].node, e.constant(2)))
    few = system([*free, computed])
    fits = e.neg(e.conj(free[1].node, e.lt(free[0].node, e.constant(2))))
    few = TransitionSystem(few.name, (), few.variables, (), wellformed=fits)
    huge = TransitionSystem(
        few.name, (), (*few.variables, integer("big", 0, 2**20, None)), (), wellformed=fits
    )
    for built, is_listed in ((few, True), (huge, False)):
        ground = ground_of(under(built), Watch(), 0, 4)
        assert (ground.starts.listed is not None) == is_listed
        python = PythonWalks(ground)
        states = [python.retrace(run, 0).states[0] for run in range(1800)]
        assert all(state["z"] == state["x"] + 2 for state in states)
        assert all(not state["b"] or state["x"] >= 2 for state in states)
        counts = Counter((state["x"], state["b"], state["y"]) for state in states)
        assert len(counts) == 18 and chisquare(list(counts.values())).pvalue > 1e-4


def test_drawn_initial_states_are_the_same_for_machine_code() -> None:
    """Too many to be listed, and more than one word."""
    wide = [integer(f"w{i}", -3, 2**40, None) for i in range(3)]
    grow = action("grow", e.lt(wide[0].node, wide[1].node), {"w0": e.add(wide[0].node, e.constant(1))})
    watch = Watch(bad=(e.lt(wide[2].node, wide[0].node),), goals=(e.lt(wide[1].node, wide[2].node),))
    ground = ground_of(under(system(wide, grow)), watch, 3, 12)
    rows = [walks.rows(5, 200, GO_ON)[0] for walks in (PythonWalks(ground), NativeWalks(ground))]
    assert (
        rows[0].tolist() == rows[1].tolist() and 20 < (rows[0][:, walk_kernels.FIXED] == 0).sum() < 180
    )


def test_no_initial_state_is_said() -> None:
    """Not a sample of nothing."""
    x = integer("x", 0, 3, None)
    none = TransitionSystem("None", (), (x,), (), wellformed=e.lt(x.node, e.constant(0)))
    with pytest.raises(NoInitialState, match="has no initial state"):
        ground_of(under(none), Watch(), 1, 1)
    many = (x, integer("big", 0, 2**30, None))
    rare = TransitionSystem("Rare", (), many, (), wellformed=e.eq(many[1].node, e.constant(7)))
    with pytest.raises(NoInitialState, match="10000 attempts"):
        PythonWalks(ground_of(under(rare), Watch(), 1, 1)).rows(0, 1, GO_ON)


# ---------------------------------------------------------------- what a walk can do


def test_budgets_of_the_regime_apply() -> None:
    """Never more faults than allowed; each is taken at some time."""
    x = integer("x", 0, 9)
    strike = action("strike", e.TRUE, {"x": e.add(x.node, e.constant(1))}, kind=Kind.FAULT)
    bounded = at_most(3).apply(system([x], strike))
    watch = Watch(goals=tuple(e.eq(x.node, e.constant(k)) for k in (3, 4)))
    done = sample(bounded, watch, runs=100, steps=50, seed=1)
    assert [one.runs for one in done.tally.reached] == [100, 0]
    assert done.tally.ends[walk_kernels.ENDED] == 100 and done.tally.steps == 300


@pytest.mark.parametrize("tier", ["python", "native"])
def test_a_bound_of_an_enumeration_stops_no_walk(tier: str) -> None:
    """A Nat goes on; only what is too large for any machine word is left, and counted by itself."""
    x = integer("x", 0, None, (1,), bound=4)
    y = Variable("y", Domain(INT, 0, None), None)
    double = action("double", e.TRUE, {"x": e.mul(x.node, e.constant(2))})
    far, farther = (e.lt(e.constant(limit), x.node) for limit in (10**6, 2**40))
    watch = Watch(bad=(far,), goals=(far, farther))
    done = sample(under(system([x, y], double)), watch, runs=40, steps=100, seed=1, tier=tier)
    tally = done.tally
    assert (tally.beyond, tally.longest) == (40, 30)
    assert (tally.events[0].runs, tally.events[0].steps, tally.events[0].unknown) == (40, 20, 0)
    assert (tally.reached[1].runs, tally.reached[1].unknown) == (0, 40)
    assert (tally.settled[0].runs, tally.settled[0].unknown) == (0, 40)


def test_an_ill_formed_system_is_refused_in_every_tier() -> None:
    """An update that leaves its domain where no hazard says so is nobody's violation."""
    x = integer("x", 0, 3)
    bad = system([x], action("up", e.TRUE, {"x": e.add(x.node, e.constant(1))}))
    for tier in ("python", "native"):
        with pytest.raises(IllFormedSystem, match="up assigns x"):
            sample(under(bad), Watch(), runs=3, steps=10, seed=1, tier=tier)


def test_more_to_see_than_fits_a_word_goes_to_python() -> None:
    """Seventy properties: the same answer, only slower."""
    x = integer("x", 0, 80)
    up = action("up", e.lt(x.node, e.constant(80)), {"x": e.add(x.node, e.constant(1))})
    watch = Watch(bad=tuple(e.eq(x.node, e.constant(k)) for k in range(70)))
    with pytest.raises(NotCompilable, match="more properties"):
        sample(under(system([x], up)), watch, runs=3, steps=99, seed=1, tier="native")
    done = sample(under(system([x], up)), watch, runs=3, steps=99, seed=1)
    assert [event.steps for event in done.tally.events] == list(range(70))


# ---------------------------------------------------------------- threads, tiers, interruption


@pytest.fixture
def ground() -> Ground:
    built = fleet(3, 2)
    return ground_of(under(built), Watch(goals=(all_running(built),)), 60, 11)


def all_running(built: TransitionSystem) -> e.Expression:
    return e.conj(*(e.eq(v.node, e.constant(2, v.domain.sort)) for v in built.variables[:3]))


def watch_of(built: TransitionSystem) -> Watch:
    goal = all_running(built)
    failed = e.eq(built.variables[0].node, e.constant(3, built.variables[0].domain.sort))
    changed = e.eq(e.next_variable("view[1]", built.variables[4].domain.sort), built.variables[4].node)
    return Watch((failed,), (e.neg(changed),), (e.neg(goal),), ((failed, goal),), (goal,), ((0, 1, 2),))


def test_threads_tiers_and_pieces_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread or three, machine code or Python, large pieces or single runs."""
    built = fleet(3, 2)
    watch = watch_of(built)

    def made(**more):
        return tallied(sample(under(built), watch, runs=3000, steps=40, seed=5, **more))

    one = made(tier="native")
    assert made(tier="native", threads=3) == one == made(tier="python")
    monkeypatch.setattr("checker.explicit.sampling._MOST_RUNS", 7)
    assert made(tier="native", threads=2) == one


def test_fewer_runs_are_the_first_of_many(ground: Ground) -> None:
    """And another seed has other runs."""
    rows = NativeWalks(ground).rows(0, 500, GO_ON)[0]
    assert PythonWalks(ground).rows(0, 40, GO_ON)[0].tolist() == rows[:40].tolist()
    other = ground_of(ground.under, ground.watch, ground.steps, 12)
    assert NativeWalks(other).rows(0, 500, GO_ON)[0].tolist() != rows.tolist()


def test_runs_do_not_repeat_each_other(ground: Ground) -> None:
    """Neighbouring runs and seeds are not correlated: lengths of a thousand runs hardly agree."""
    lengths = [
        NativeWalks(ground_of(ground.under, ground.watch, ground.steps, seed)).rows(0, 4000, GO_ON)[0][
            :, 1
        ]
        for seed in (0, 1)
    ]
    for left, right in ((lengths[0][:-1], lengths[0][1:]), (lengths[0], lengths[1])):
        assert abs(np.corrcoef(left, right)[0, 1]) < 0.06


def test_no_machine_code_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where LLVM cannot be loaded the same numbers come out of generated Python."""
    built = fleet(3, 2)
    expected = tallied(sample(under(built), watch_of(built), runs=1000, steps=30, seed=5))

    def missing(self: NativeWalks) -> None:
        raise NotCompilable("no machine code here")

    monkeypatch.setattr(native_walks.NativeWalks, "_compile", missing)
    assert tallied(sample(under(built), watch_of(built), runs=1000, steps=30, seed=5)) == expected


@pytest.mark.parametrize("threads", [1, 2])
def test_an_interrupted_sample_is_that_of_its_first_runs(threads: int) -> None:
    """Ctrl-C: the runs so far, all of them complete; not a biased choice of the short ones."""
    built = fleet(3, 2)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    seen: list[int] = []

    def progress(runs: int, steps: int) -> None:
        seen.append(runs)
        if not timer.is_alive() and not timer.finished.is_set():
            timer.start()

    done = sample(
        under(built), watch_of(built), runs=10**9, steps=40, seed=5, threads=threads, progress=progress
    )
    timer.cancel()
    runs = done.tally.runs
    assert done.interrupted and 0 < runs < 10**9 and seen == sorted(seen)
    assert tallied(done) == tallied(sample(under(built), watch_of(built), runs=runs, steps=40, seed=5))


def test_a_second_interrupt_leaves_at_once() -> None:
    """Even in the middle of an endless run, and no thread goes on behind one's back."""
    x = integer("x", 0, 1)
    flip = action("flip", e.TRUE, {"x": e.sub(e.constant(1), x.node)})
    begun = time.monotonic()
    seconds = (0.5, 1.5)
    timers = [threading.Timer(after, os.kill, (os.getpid(), signal.SIGINT)) for after in seconds]
    for timer in timers:
        timer.start()
    with pytest.raises(KeyboardInterrupt):
        sample(under(system([x], flip)), Watch(), runs=2, steps=10**12, seed=1, tier="native")
    assert time.monotonic() - begun < 30
    assert not [thread for thread in threading.enumerate() if "_walk" in thread.name]


def test_the_naive_walk_knows_what_is_possible() -> None:
    """The reference itself: six moves of five actions, where one changes nothing."""
    own, others = moves_of(under(crossing()), {"x": 0})
    assert [len(moves) for moves in own] == [2, 1] and [len(moves) for moves in others] == [1, 1, 1]
