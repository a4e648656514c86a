"""converges: what is said of how a model converges, or why it does not."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from systems import Body, action, hazard, number, running, system, truth

from checker.explicit.convergence import judge_converges
from checker.explicit.explore import explore
from checker.explicit.lasso import is_fair_lasso
from checker.explicit.longest_way import longest_way
from checker.regimes.regime import FINITELY_MANY, NONE, UNBOUNDED, Regime, at_most
from checker.system.expression import TRUE, Expression, add, conj, constant, disj, eq, ite, lt, ne, neg
from checker.system.run import Judgement, Verdict
from checker.system.transition_system import Fairness, Kind, Property, Role, TransitionSystem


def judged(
    built: TransitionSystem, goal: Expression, regime: Regime = FINITELY_MANY, **more: object
) -> Judgement:
    """The verdict, its lasso re-checked."""
    graph = explore(regime.apply(built))
    judgement = judge_converges(graph, Property("goal", "converges", goal, **more))
    if judgement.run is not None and judgement.run.loop is not None:
        assert is_fair_lasso(graph.system, judgement.run, graph.under.recurring) == []
    return judgement


def taxi(street: int = 6, **kinds: Kind) -> tuple[TransitionSystem, Expression]:
    """The taxi asked for coordinates, with roadblocks and a friend who moves."""
    at = number("position", street - 1)
    to = number("destination", street - 1, None)
    closer = ite(lt(at.node, to.node), add(at.node, constant(1)), add(at.node, constant(-1)))
    drive = action("drive", ne(at.node, to.node), {"position": closer})
    back = {"position": add(at.node, constant(-1))}
    block = action("roadblock", lt(constant(0), at.node), back, kind=Kind.FAULT)
    return system([at, to], [drive, block]), eq(at.node, to.node)


def test_the_taxi_converges_in_as_many_steps_as_the_street_allows() -> None:
    """Exact worst case, from every state, to one end for each destination."""
    judgement = judged(*taxi(), setpoint=("destination",))
    assert judgement.verdict is Verdict.HOLDS
    wanted = {"reached": True, "stable": True, "steps": 5, "rounds": None}
    wanted |= {"self_stabilising": True, "confluent": True}
    assert {name: judgement.metrics[name] for name in wanted} == wanted


def test_a_fault_for_ever_keeps_the_taxi_away() -> None:
    """Under `unbounded` the roadblock may be in the loop: one block forth, one block back."""
    judgement = judged(*taxi(), regime=UNBOUNDED)
    assert judgement.verdict is Verdict.VIOLATED
    assert judgement.reason == "never reaches the goal: `drive` and `roadblock` repeat for ever"
    assert {step.action for step in judgement.run.steps[judgement.run.loop :]} == {"drive", "roadblock"}


@pytest.mark.parametrize("regime", [NONE, at_most(2), FINITELY_MANY], ids=str)
def test_faults_that_stop_do_not_hinder(regime: Regime) -> None:
    """Prefixes may have faults, loops may not."""
    assert judged(*taxi(), regime=regime).verdict is Verdict.HOLDS


def test_fighting_controllers_never_reach_and_the_lasso_says_so() -> None:
    """Two controllers that undo each other: a goal that neither lets be is never reached."""
    x = number("x", 2, (1,))
    up = action("up", lt(x.node, constant(2)), {"x": add(x.node, constant(1))})
    down = action("down", lt(constant(0), x.node), {"x": add(x.node, constant(-1))})
    other = truth("other")
    reach = action("reach", conj(eq(x.node, constant(5)), neg(other.node)), {"other": TRUE})
    judgement = judged(system([x, other], [up, down, reach]), other.node)
    assert judgement.verdict is Verdict.VIOLATED
    assert (judgement.metrics["reached"], judgement.metrics["stable"]) == (False, True)
    assert judgement.reason == "never reaches the goal: `up` and `down` repeat for ever"
    assert (len(judgement.run.steps), judgement.run.loop) == (2, 0)


def test_a_lasso_that_never_reaches_is_preferred() -> None:
    """Both a loop around the goal and one that avoids it: the worse news is told."""
    x = number("x", 4)
    edges = [(0, 1), (1, 0), (0, 2), (2, 3), (3, 4), (4, 3)]
    moves = [
        action(
            f"{a}{b}",
            eq(x.node, constant(a)),
            {"x": constant(b)},
            fairness=Fairness.NONE if a == 0 else None,
        )
        for a, b in edges
    ]
    judgement = judged(system([x], moves), eq(x.node, constant(1)))
    assert (judgement.metrics["reached"], judgement.metrics["stable"]) == (False, False)
    assert eq(x.node, constant(1)) and all(
        s["x"] != 1 for s in judgement.run.states[judgement.run.loop :]
    )


def test_a_deadlock_is_called_one() -> None:
    """Where nothing can happen any more, and where only faults could."""
    x = number("x", 2)
    go = action("go", eq(x.node, constant(0)), {"x": constant(1)})
    goal = eq(x.node, constant(2))
    assert judged(system([x], [go]), goal).reason == (
        "stops outside the goal: deadlock: nothing is possible any more"
    )
    luck = action("luck", eq(x.node, constant(1)), {"x": constant(2)}, kind=Kind.FAULT)
    assert judged(system([x], [go, luck]), goal).reason == (
        "stops outside the goal: deadlock: no step is possible any more, only `luck`"
    )
    may = action("may", eq(x.node, constant(1)), {"x": constant(2)}, fairness=Fairness.NONE)
    assert judged(system([x], [go, may]), goal).reason == (
        "stops outside the goal: only `may` could go on, and nothing promises that"
    )


def test_a_model_that_goes_wrong_does_not_hold() -> None:
    """What comes after an error is not known, so nothing is said to converge."""
    x = number("x", 2)
    bad = hazard(eq(x.node, constant(1)), "too far")
    go = action("go", lt(x.node, constant(2)), {"x": add(x.node, constant(1))}, hazards=(bad,))
    judgement = judged(system([x], [go]), lt(x.node, constant(2)))
    assert judgement.verdict is Verdict.UNKNOWN
    assert judgement.reason == "the model itself goes wrong: too far"
    # The action that goes wrong is enabled there, so stopping before it is no fair run.
    assert judged(system([x], [go]), eq(x.node, constant(2))).verdict is Verdict.UNKNOWN


def test_a_fair_but_unbounded_loop_is_said_to_be_so() -> None:
    """`spin` may happen any number of times before `go`, which fairness brings about."""
    x, y = number("x", 1), truth("y")
    spin = action("spin", eq(x.node, constant(0)), {"y": neg(y.node)}, fairness=Fairness.NONE)
    go = action("go", eq(x.node, constant(0)), {"x": constant(1)})
    judgement = judged(system([x, y], [spin, go]), eq(x.node, constant(1)))
    assert judgement.verdict is Verdict.HOLDS
    assert judgement.metrics["steps"] is None
    unbounded = "without a bound: first `spin` may be repeated any number of times"
    assert judgement.metrics["unbounded"] == unbounded


def test_rounds_count_passes() -> None:
    """A process that needs two steps for each unit: ten steps, five passes."""
    x = number("x", 5)
    body = Body("work", 2)
    body.at(0, 1, when=lt(x.node, constant(5)))
    body.at(1, 0, {"x": add(x.node, constant(1))})
    sense = disj(eq(body.position.node, constant(0)), lt(x.node, constant(5)))
    built = replace(running([x], body), wellformed=sense)
    judgement = judged(built, eq(x.node, constant(5)))
    assert (judgement.metrics["steps"], judgement.metrics["rounds"]) == (10, 5)
    assert judgement.metrics["self_stabilising"] is True


def test_two_ends_for_one_setpoint_are_not_confluent() -> None:
    """A race that decides the end: both ends are shown."""
    x, y = number("x", 2), number("wish", 1, None)
    left = action("left", eq(x.node, constant(0)), {"x": constant(1)})
    right = action("right", eq(x.node, constant(0)), {"x": constant(2)})
    judgement = judged(system([x, y], [left, right]), ne(x.node, constant(0)))
    assert judgement.metrics["confluent"] is False
    assert judgement.metrics["different_ends"] == [{"x": 1, "wish": 0}, {"x": 2, "wish": 0}]


def test_a_latch_that_no_run_sets_is_not_self_stabilising() -> None:
    """From reachable states it converges; from a state with the latch set it does not."""
    x, latch = number("x", 1), truth("latch")
    go = action("go", conj(eq(x.node, constant(0)), neg(latch.node)), {"x": constant(1)})
    goal = eq(x.node, constant(1))
    assert judged(system([x, latch], [go]), goal).metrics["self_stabilising"] is False
    # Unless such a state could not even be written down.
    assert judged(system([x, latch], [go], wellformed=neg(latch.node)), goal).metrics["self_stabilising"]


def test_too_many_states_are_not_judged() -> None:
    """A product of more than 50,000 states is not visited."""
    x, far = number("x", 1), number("far", 200_000)
    go = action("go", eq(x.node, constant(0)), {"x": constant(1)})
    judgement = judged(system([x, far], [go]), eq(x.node, constant(1)))
    assert judgement.metrics["self_stabilising"] == "not judged: 400,002 states are too many"


def test_budgets_do_not_count_as_states_to_start_from() -> None:
    """Self-stabilising is about the model's variables; a regime's counters stay as they are."""
    judgement = judged(*taxi(), regime=at_most(1))
    assert judgement.metrics["self_stabilising"] is True
    assert judgement.metrics["confluent"] is True


@settings(max_examples=max(400, settings.default.max_examples), deadline=None)
@given(st.integers(1, 9), st.randoms(use_true_random=False), st.booleans())
def test_the_longest_way_differential(states: int, chance: random.Random, sparse: bool) -> None:
    """Against depth-first search over walks, with cycles of weight zero and without."""
    count = chance.randint(0, states if sparse else 3 * states)
    edges = sorted(
        (chance.randrange(states), chance.randrange(states), chance.randint(0, 1)) for _ in range(count)
    )
    edges = [edge for edge in edges if edge[0] != edge[1]]
    region = [chance.random() < 0.8 for _ in range(states)]
    counts = np.bincount([a for a, _, _ in edges], minlength=states)
    got = longest_way(
        np.array(region),
        np.concatenate(([0], np.cumsum(counts))),
        np.array([a for a, _, _ in edges], dtype=np.int64),
        np.array([b for _, b, _ in edges], dtype=np.int64),
        np.array([w for _, _, w in edges], dtype=np.int64),
    )
    assert got == _longest(states, edges, region)


def _longest(states: int, edges: list[tuple[int, int, int]], region: list[bool]) -> int | None:
    """Bellman-Ford: a walk of more weight than states has a cycle with weight in it."""
    best = [0] * states
    for _ in range(states * states + states + 1):
        after = list(best)
        for a, b, w in edges:
            if region[a]:
                after[a] = max(after[a], w + (best[b] if region[b] else 0))
        if after == best:
            return max(best)
        best = after
    return None


def test_roles_other_than_fields_do_not_count_for_confluence() -> None:
    """Where a process stands is no part of the end."""
    x = number("x", 1)
    body = Body("idle", 2, (number("note", 1, role=Role.LOCAL),))
    body.at(0, 1, {"x": constant(1), "note": constant(1)})
    body.at(1, 0, {"note": constant(0)})
    assert judged(running([x], body), eq(x.node, constant(1))).metrics["confluent"] is True
