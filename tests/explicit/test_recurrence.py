"""recurs and leads_to: verdicts, lassos, and which faults may be part of them."""

from __future__ import annotations

from systems import action, number, system

from checker.explicit.explore import explore
from checker.explicit.lasso import is_fair_lasso
from checker.explicit.recurrence import judge_leads_to, judge_recurs
from checker.regimes.regime import FINITELY_MANY, UNBOUNDED, Regime
from checker.system.expression import FALSE, Expression, add, constant, eq, le, lt
from checker.system.run import Judgement, Verdict
from checker.system.transition_system import Fairness, Kind, Property, TransitionSystem, Variable


def judged(
    built: TransitionSystem,
    goal: Expression,
    premise: Expression | None = None,
    regime: Regime = UNBOUNDED,
) -> Judgement:
    """The verdict, its lasso re-checked."""
    graph = explore(regime.apply(built))
    kind = "recurs" if premise is None else "leads_to"
    judge = judge_recurs if premise is None else judge_leads_to
    judgement = judge(graph, Property("p", kind, goal, premise=premise))
    if judgement.run is not None:
        assert is_fair_lasso(graph.system, judgement.run, graph.under.recurring) == []
    return judgement


def desk(pace: int) -> tuple[TransitionSystem, Variable]:
    """Things pile up by themselves; cleaning takes so many away at once, if fair."""
    things = number("things", 3)
    more = action(
        "drop", lt(things.node, constant(3)), {"things": add(things.node, constant(1))}, kind=Kind.FAULT
    )
    less = action(
        "clean", le(constant(pace), things.node), {"things": add(things.node, constant(-pace))}
    )
    return system([things], [more, less]), things


def test_faults_may_be_in_the_loop_under_unbounded_only() -> None:
    """Cleaning one at a time, a full desk may stay full for ever, but only as faults go on."""
    built, things = desk(1)
    tidy = eq(things.node, constant(0))
    judgement = judged(built, tidy)
    assert judgement.verdict is Verdict.VIOLATED
    assert judgement.reason == "from some point on never again: `drop` and `clean` repeat for ever"
    assert (len(judgement.run.steps), judgement.run.loop) == (3, 1)
    assert judged(built, tidy, regime=FINITELY_MANY).verdict is Verdict.HOLDS


def test_again_and_again_in_spite_of_faults() -> None:
    """A desk that is seen to be tidy at most one thing away, whatever falls on it."""
    built, things = desk(1)
    assert judged(built, lt(things.node, constant(3))).verdict is Verdict.HOLDS


def test_leads_to_goes_through_any_step_but_loops_in_recurring_ones() -> None:
    """After the premise faults may lead away, as long as the loop needs none."""
    x = number("x", 3)
    edges = {(0, 1): Kind.STEP, (0, 2): Kind.FAULT, (2, 3): Kind.STEP, (3, 2): Kind.STEP}
    moves = [
        action(f"{a}{b}", eq(x.node, constant(a)), {"x": constant(b)}, kind=kind)
        for (a, b), kind in edges.items()
    ]
    built = system([x], moves)
    here, there = eq(x.node, constant(0)), eq(x.node, constant(1))
    judgement = judged(built, there, here, FINITELY_MANY)
    assert judgement.verdict is Verdict.VIOLATED
    assert [state["x"] for state in judgement.run.states] == [0, 2, 3, 2]
    assert judgement.run.loop == 1
    assert judgement.metrics["premises"] == 1


def test_leads_to_is_not_asked_before_its_premise() -> None:
    """A loop that never sees the premise is no violation; after the conclusion it is fulfilled."""
    x = number("x", 4)
    edges = [(0, 1), (1, 0), (0, 2), (2, 3), (3, 4), (4, 3)]
    moves = [
        action(
            f"{a}{b}",
            eq(x.node, constant(a)),
            {"x": constant(b)},
            fairness=None if a == 2 else Fairness.NONE,
        )
        for a, b in edges
    ]
    premise, conclusion = eq(x.node, constant(2)), eq(x.node, constant(3))
    assert judged(system([x], moves), conclusion, premise).verdict is Verdict.HOLDS
    assert judged(system([x], moves), conclusion, eq(x.node, constant(1))).verdict is Verdict.VIOLATED


def test_leads_to_prefix_is_short_even_if_the_premise_comes_late() -> None:
    """The way to the loop counts from the start, through the nearest premise that leads there."""
    x = number("x", 9)
    up = action("up", lt(x.node, constant(9)), {"x": add(x.node, constant(1))})
    judgement = judged(system([x], [up]), FALSE, eq(x.node, constant(4)))
    assert [state["x"] for state in judgement.run.states] == [*range(10), 9]
    assert judgement.run.loop == 9
