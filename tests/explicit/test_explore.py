"""Exploration: exact counts, order, what is kept, and every way to stop early."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest
from small_systems import action, counter, fleet, hazard, integer, symbol, system, truth, under

from checker.explicit import interruption
from checker.explicit.explore import explore
from checker.explicit.instances import TooManyOutcomes
from checker.explicit.packing import NotEnumerable
from checker.explicit.state_graph import IncompleteGraph, StateGraph
from checker.regimes.regime import FINITELY_MANY, NONE, at_most
from checker.system import expression as e
from checker.system.sorts import INT, Domain
from checker.system.transition_system import Fairness, Kind, Symbol

# ---------------------------------------------------------------- exactness


def test_counter_counts() -> None:
    """Five digits of base ten: 10^5 states and five times as many steps."""
    graph = explore(under(counter(5, 10)))
    assert (len(graph), graph.steps, len(graph.targets)) == (100_000, 500_000, 500_000)


@pytest.mark.parametrize("keep_edges", [True, False])
def test_fleet_counts(keep_edges: bool) -> None:
    """fleet(4, 6) has the states and steps that TLC, SPIN and Stateright find, with and without edges."""
    graph = explore(under(fleet(4, 6)), keep_edges=keep_edges)
    assert (len(graph), graph.steps, graph.complete) == (103_674, 819_048, True)
    assert len(graph.targets) == (819_048 if keep_edges else 0)
    assert graph.digest == "382b1df68802e8a99bbb186513162fd0"


def test_order_is_by_distance_action_argument_choice() -> None:
    """Edges come in the order of actions, arguments, choices; states in the order they are found."""
    x = integer("x", 0, 9)
    p, c = symbol("p", 0, 1), symbol("c", 1, 2)
    value = e.add(e.mul(p.node, e.constant(4)), c.node)
    at_start = e.eq(x.node, e.constant(0))
    chosen = system(
        [x],
        action("jump", at_start, {"x": value}, parameters=(p,), choices=(c,)),
        action("stay", e.TRUE, {}),
    )
    graph = explore(under(chosen))
    assert [graph.state(index)["x"] for index in range(len(graph))] == [0, 1, 2, 5, 6]
    assert list(graph.steps_from(0)) == [(0, 1), (0, 2), (1, 3), (1, 4), (2, 0)]
    assert [instance.name for instance in graph.instances] == ["jump(0)", "jump(1)", "stay"]
    assert [step.choices for step in graph.run_to(4).steps if step] == [(2,)]
    assert graph.step(0, 0, 2).choices == (2,)
    with pytest.raises(ValueError, match="does not lead"):
        graph.step(0, 0, 4)


def test_stutters_and_parallel_outcomes_are_steps() -> None:
    """An outcome that changes nothing is a step and an edge; so is each of two equal outcomes."""
    x = integer("x", 0, 1)
    c = symbol("c", 0, 2)
    graph = explore(under(system([x], action("same", e.TRUE, {"x": x.node}, choices=(c,)))))
    assert (len(graph), graph.steps, list(graph.labelled_edges())) == (1, 3, [(0, 0, 0)] * 3)
    assert not graph.changing.any()


def test_updates_are_simultaneous() -> None:
    """Two variables swap."""
    x, y = integer("x", 0, 9, (3,)), integer("y", 0, 9, (8,))
    graph = explore(under(system([x, y], action("swap", e.TRUE, {"x": y.node, "y": x.node}))))
    assert [graph.state(index) for index in range(2)] == [{"x": 3, "y": 8}, {"x": 8, "y": 3}]


def test_hazard_takes_the_place_of_the_successor() -> None:
    """Where a hazard holds there is a mishap, once for a state and label, and no edge."""
    x = integer("x", 0, 3)
    c = symbol("c", 1, 2)
    value = e.add(x.node, c.node)
    over = hazard(e.lt(e.constant(3), value), "domain", "x")
    graph = explore(
        under(system([x], action("add", e.TRUE, {"x": value}, choices=(c,), hazards=(over,))))
    )
    assert (len(graph), graph.steps, len(graph.targets), graph.complete) == (4, 8, 5, True)
    found = [(graph.state(m.state)["x"], m.choices, m.hazard) for m in graph.mishaps]
    assert found == [(2, (2,), over), (3, (1,), over)]
    run = graph.run_into(graph.mishaps[0])
    assert [state["x"] for state in run.states] == [0, 2]
    assert len(run.steps) == len(run.states)
    assert (run.steps[-1].choices, run.hazard) == ((2,), over)


def test_index_finds_states() -> None:
    """A state's index, and None for a state that is not reached or not even possible."""
    for keep_edges in (True, False):
        graph = explore(under(fleet(2, 1)), keep_edges=keep_edges)
        assert [graph.index(graph.state(index)) for index in range(len(graph))] == list(
            range(len(graph))
        )
        assert graph.index({**graph.state(0), "budget": 2}) is None
        assert graph.index({**graph.state(0), "view[0]": 2}) is None


def test_without_edges_nothing_is_said_about_steps() -> None:
    """Questions about edges are refused rather than answered from an empty array."""
    graph = explore(under(fleet(2, 1)), keep_edges=False)
    for question in ("sources", "changing", "recurring", "enabled_units"):
        with pytest.raises(IncompleteGraph):
            getattr(graph, question)


# ---------------------------------------------------------------- fairness units


def test_units_of_fairness() -> None:
    """One unit for each instance, shared by the actions of a group; strong wins; faults have none."""
    p = symbol("p", 0, 1)
    x = integer("x", 0, 1)
    graph = explore(
        under(
            system(
                [x],
                action("a", parameters=(p,)),
                action("b", group="process"),
                action("c", group="process", fairness=Fairness.STRONG),
                action("d", fairness=Fairness.NONE),
                action("f", kind=Kind.FAULT),
            )
        )
    )
    assert [(unit.name, unit.fairness) for unit in graph.units] == [
        ("a(0)", Fairness.WEAK),
        ("a(1)", Fairness.WEAK),
        ("process", Fairness.STRONG),
    ]
    assert graph.unit_of_label.tolist() == [0, 1, 2, 2, -1, -1]


def test_enabled_means_able_to_change() -> None:
    """A unit is enabled by a change, a mishap or a way beyond a bound, not by a stutter."""
    x = integer("x", 0, 2)
    n = integer("n", 0, None, (0,), bound=1)
    at = [e.eq(x.node, e.constant(k)) for k in range(3)]
    chosen = system(
        [x, n],
        action("stutter", e.TRUE, {"x": x.node}),
        action("walk", at[0], {"x": e.constant(1)}),
        action("break", at[0], hazards=(hazard(at[0]),)),
        action("grow", at[1], {"n": e.add(n.node, e.constant(1))}),
    )
    graph = explore(under(chosen))
    enabled = [
        [unit.name for k, unit in enumerate(graph.units) if graph.unit_enabled(k)[index]]
        for index in range(len(graph))
    ]
    assert enabled == [["walk", "break"], ["grow"], ["grow"]]
    assert [m.hazard is None for m in graph.mishaps] == [False, True]


def test_more_than_64_units() -> None:
    """Units beyond the first word of bits."""
    p = symbol("p", 0, 99)
    x = integer("x", 0, 100)
    graph = explore(
        under(
            system(
                [x],
                action("a", e.eq(x.node, p.node), {"x": e.add(p.node, e.constant(1))}, parameters=(p,)),
            )
        )
    )
    assert graph.enabled_units.shape == (101, 2)
    for unit in range(100):
        assert np.flatnonzero(graph.unit_enabled(unit)).tolist() == [unit]


def test_recurring_edges() -> None:
    """Under finitely many faults they are edges, but none that recur; under none they are absent."""
    everything = explore(under(fleet(2, 2), FINITELY_MANY))
    names = {one.action.name for one in everything.instances}
    assert names == {"observe", "start", "start_ok", "start_fail", "crash"}
    kinds = np.array([one.action.kind is Kind.STEP for one in everything.instances])
    assert (everything.recurring == kinds[everything.labels]).all()
    assert not everything.recurring.all()
    assert explore(under(fleet(2, 2), NONE)).recurring.all()
    assert len(explore(under(fleet(2, 2), at_most(1)))) < len(everything)


# ---------------------------------------------------------------- stopping early


def assert_consistent(graph: StateGraph, whole: StateGraph) -> None:
    """A partial graph is the beginning of the whole one."""
    count = graph.expanded
    edges = int(graph.offsets[count])
    assert not graph.complete
    assert graph.states == whole.states[: len(graph)]
    assert len(graph.offsets) == len(graph) + 1
    assert graph.offsets[: count + 1].tolist() == whole.offsets[: count + 1].tolist()
    assert (graph.offsets[count:] == edges).all()
    assert len(graph.targets) == len(graph.labels) == edges == graph.steps
    assert graph.targets.tolist() == whole.targets[:edges].tolist()
    assert graph.labels.tolist() == whole.labels[:edges].tolist()
    assert graph.parents.tolist() == whole.parents[: len(graph)].tolist()
    assert graph.index(graph.state(len(graph) - 1)) == len(graph) - 1
    assert graph.covers == graph.depths[count]


@pytest.fixture(scope="module")
def whole() -> StateGraph:
    """fleet(3, 6), all of it."""
    return explore(under(fleet(3, 6)))


def test_most_states(whole: StateGraph) -> None:
    """The limit stops exploration soon after it is passed, and the reason names it."""
    graph = explore(under(fleet(3, 6)), max_states=1000)
    assert_consistent(graph, whole)
    assert 1000 < len(graph) < 1100
    assert graph.reason == "more than 1000 states"
    assert explore(under(fleet(3, 6)), max_states=len(whole)).complete


def test_ctrl_c_gives_the_consistent_part(whole: StateGraph) -> None:
    """SIGINT in the middle of a piece of work takes effect after it; the old handler comes back."""
    before = signal.getsignal(signal.SIGINT)

    def interrupt(states: int, steps: int, frontier: int) -> None:
        if states > 500:
            os.kill(os.getpid(), signal.SIGINT)

    # A limit makes the pieces smaller, so that there is something left to interrupt.
    graph = explore(under(fleet(3, 6)), max_states=20_000, progress=interrupt)
    assert graph.reason == "interrupted"
    assert_consistent(graph, whole)
    assert signal.getsignal(signal.SIGINT) is before


def test_later_ctrl_c_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who presses it again wants to get out."""
    monkeypatch.setattr(interruption, "TOGETHER", -1.0)
    before = signal.getsignal(signal.SIGINT)

    def interrupt(states: int, steps: int, frontier: int) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        explore(under(fleet(2, 2)), progress=interrupt)
    assert signal.getsignal(signal.SIGINT) is before


def test_signals_together_are_one_ctrl_c() -> None:
    """`timeout` sends SIGINT to the process and to its group: that is not pressing it twice."""

    def interrupt(states: int, steps: int, frontier: int) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    assert explore(under(fleet(2, 2)), progress=interrupt).reason == "interrupted"


def test_interrupt_raised_by_someone_else(whole: StateGraph) -> None:
    """A KeyboardInterrupt that is not ours (from a callback) keeps what is consistent, too."""

    def interrupt(states: int, steps: int, frontier: int) -> None:
        if states > 500:
            raise KeyboardInterrupt

    graph = explore(under(fleet(3, 6)), max_states=20_000, progress=interrupt)
    assert graph.reason == "interrupted"
    assert_consistent(graph, whole)


def test_other_threads_explore_without_signals() -> None:
    """Only the main thread may install handlers."""
    found: list[StateGraph] = []
    thread = threading.Thread(target=lambda: found.append(explore(under(fleet(2, 2)))))
    thread.start()
    thread.join()
    assert found[0].complete


def test_trillion_initial_states_can_be_interrupted() -> None:
    """Ctrl-C works while the initial states are still being entered."""
    chosen = system([integer(f"x[{i}]", 0, 9, None) for i in range(12)])
    seen: list[int] = []

    def interrupt(states: int, steps: int, frontier: int) -> None:
        seen.append(states)
        if len(seen) == 3:
            signal.raise_signal(signal.SIGINT)

    graph = explore(under(chosen), progress=interrupt)
    assert (graph.reason, graph.complete, graph.covers) == ("interrupted", False, 0)
    assert len(graph) == graph.initial == seen[-1]


def test_stop_when_a_state_is_found() -> None:
    """Exploration stops after the first piece in which a wanted state appears."""
    budget = e.variable("budget", integer("b", 0, 1).domain.sort)
    graph = explore(under(fleet(4, 6)), stop_when=[e.eq(budget, e.constant(5))])
    assert graph.reason == "a wanted state was found"
    assert len(graph) < 103_674
    assert any(graph.state(index)["budget"] == 5 for index in range(len(graph)))


def test_out_of_memory_gives_the_consistent_part() -> None:
    """Where memory ends in the middle of a piece of work, the part before it is intact."""
    program = """
        import resource
        from small_systems import counter, under
        from checker.explicit.explore import explore
        import numpy
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (used + 90_000_000, hard))
        graph = explore(under(counter(8, 10)))
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
        count = graph.expanded
        assert graph.reason == "out of memory" and not graph.complete, graph.reason
        assert 0 < count < len(graph) < 10**8
        assert graph.targets.max() < len(graph) == len(set(graph.states)) == len(graph.parents)
        assert len(graph.targets) == 8 * count == graph.steps == graph.offsets[-1]
        assert graph.index(graph.state(count)) == count
        print("consistent")
    """
    here = Path(__file__).parent
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parents[1])])},
        capture_output=True,
        text=True,
    )
    assert ran.stdout == "consistent\n", ran.stderr


# ---------------------------------------------------------------- what cannot be enumerated


def test_unbounded_variable_is_refused() -> None:
    """Without a stated bound a Nat is not explored."""
    with pytest.raises(NotEnumerable, match="pods"):
        explore(under(system([integer("pods", 0, None)])))


def test_leaving_a_bound_is_recorded_and_makes_the_graph_incomplete() -> None:
    """What lies beyond the bound is not followed, counted as a step, and said."""
    n = integer("n", 0, None, (0,), bound=3)
    up = action("up", e.TRUE, {"n": e.add(n.node, e.constant(2))})
    graph = explore(under(system([n], up)))
    assert [graph.state(index)["n"] for index in range(len(graph))] == [0, 2]
    assert (graph.steps, len(graph.targets)) == (2, 1)
    assert [(m.state, m.label, m.hazard) for m in graph.mishaps] == [(1, 0, None)]
    assert not graph.complete
    assert graph.reason.startswith("Nat bound")
    assert graph.covers == 1


def test_parameter_beyond_a_bound_leaves_steps_out() -> None:
    """An unbounded parameter is enumerated up to its bound, and that is said."""
    x = integer("x", 0, 9)
    given = Symbol("p", e.bound("p", 0, 3), Domain(INT, 0, None, 3))
    graph = explore(under(system([x], action("set", e.TRUE, {"x": given.node}, parameters=(given,)))))
    assert (len(graph), graph.complete, graph.covers) == (4, False, 0)


def test_too_many_outcomes_is_a_clear_error() -> None:
    """A million combinations of parameters would be compiled for minutes: refused at once."""
    p, q = symbol("p", 0, 0), symbol("q", 0, 999_999)
    with pytest.raises(TooManyOutcomes):
        explore(under(system([truth("f")], action("huger", parameters=(symbol("r", 0, 10**30),)))))
    with pytest.raises(TooManyOutcomes, match="huge the actions have 1,000,000"):
        explore(under(system([truth("f")], action("huge", parameters=(p, q)))))
