"""Fair lassos by Z3 against exploration: none where there is none, and every one is fair."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from random_systems import Builder, systems
from small_systems import action, hazard, integer, symbol, system, under

from checker.explicit.convergence import judge_converges
from checker.explicit.explore import explore
from checker.explicit.lasso import is_fair_lasso
from checker.explicit.recurrence import judge_leads_to, judge_recurs
from checker.regimes.regime import FINITELY_MANY, UNBOUNDED
from checker.symbolic.asking import Budget
from checker.symbolic.lassos import bmc_lasso
from checker.system.evaluate import evaluate
from checker.system.expression import FALSE, TRUE, add, constant, disj, eq, lt, ne
from checker.system.run import Judgement, Run, Scope, Verdict
from checker.system.sorts import BOOL
from checker.system.transition_system import Fairness, Kind, Property, TransitionSystem, Variable

_DEPTH = 5
_MOST = 80


def _violates(claim: Property, run: Run) -> bool:
    """Whether a lasso violates the property, as the interpreter sees it."""
    assert run.loop is not None and claim.predicate is not None
    goal = [bool(evaluate(claim.predicate, state)) for state in run.states]
    loop = goal[run.loop :]
    if claim.kind == "converges":
        return not all(loop)
    if claim.kind == "recurs":
        return not any(loop)
    owed = False
    assert claim.premise is not None
    for state, met in zip(run.states, goal, strict=True):
        owed = (owed or bool(evaluate(claim.premise, state))) and not met
    return owed and not any(loop)


def _agree(found: Judgement, explored: Judgement, claim: Property, allowed) -> None:
    if found.verdict is Verdict.VIOLATED:
        assert explored.verdict is Verdict.VIOLATED, found
        assert found.run is not None and len(found.run) == found.scope.bound <= _DEPTH
        if found.run.hazard is None:
            assert is_fair_lasso(allowed.system, found.run, allowed.recurring) == []
            assert _violates(claim, found.run), found
        return
    assert (found.verdict, found.run, found.scope) == (
        Verdict.UNKNOWN,
        None,
        Scope("bounded", _DEPTH),
    )
    if explored.verdict is Verdict.VIOLATED:
        assert len(explored.run) > _DEPTH, explored


@settings(max_examples=max(35, settings.default.max_examples // 3), deadline=None)
@given(systems(), st.sampled_from((FINITELY_MANY, UNBOUNDED)), st.data())
def test_lassos_where_the_explorer_has_some(
    drawn: TransitionSystem, regime, data: st.DataObject
) -> None:
    """Eventually always, again and again, and leads-to: a lasso iff there is one that short."""
    allowed = regime.apply(drawn)
    graph = explore(allowed, max_states=_MOST)
    assume(graph.complete)
    builder = Builder(data.draw, list(drawn.variables), [])
    p, q = builder.any(BOOL, 2), builder.any(BOOL, 2)
    errors = data.draw(st.sampled_from([(), (), (hazard(builder.any(BOOL, 1)),)]))
    for judge, claim in (
        (judge_converges, Property("p", "converges", q, hazards=errors)),
        (judge_recurs, Property("p", "recurs", q)),
        (judge_leads_to, Property("p", "leads_to", q, premise=p)),
    ):
        _agree(bmc_lasso(allowed, claim, _DEPTH), judge(graph, claim), claim, allowed)


def _at(variable: Variable, *values: int):
    return disj(*(eq(variable.node, constant(value)) for value in values))


def _edge(variable: Variable, before: int, after: int, name: str = "", **more):
    return action(
        name or f"{before}to{after}", _at(variable, before), {variable.name: constant(after)}, **more
    )


@pytest.mark.parametrize("fairness", [Fairness.WEAK, Fairness.STRONG])
def test_trap_5_promises_of_one_loop_are_kept_by_that_loop(fairness: Fairness) -> None:
    """Two loops, each fair to one unit only: what is collected before the loop does not count in it.

    From 0 the left loop takes one unit and the right loop the other; each of the two units is enabled
    all the time, by a way out to the goal. A run may change from left to right once, and so has taken
    both units, but not in one loop.
    """
    x = integer("x", 0, 4)

    def unit(name: str, before: int, after: int):
        return _edge(x, before, after, f"{name}{before}{after}", group=name, fairness=fairness)

    none = Fairness.NONE
    left = [unit("a", 0, 1), _edge(x, 1, 0, fairness=none)]
    right = [unit("b", 2, 3), _edge(x, 3, 2, fairness=none)]
    ways_out = [unit("b", 0, 4), unit("b", 1, 4), unit("a", 2, 4), unit("a", 3, 4)]
    over = [_edge(x, 0, 2, fairness=none)]
    two = under(system([x], *left, *right, *ways_out, *over))
    claim = Property("p", "converges", _at(x, 4))
    assert judge_converges(explore(two), claim).verdict is Verdict.HOLDS
    assert bmc_lasso(two, claim, 9).verdict is Verdict.UNKNOWN
    # With a way back there is one loop that takes both.
    back = under(system([x], *left, *right, *ways_out, *over, _edge(x, 2, 0, fairness=none)))
    assert judge_converges(explore(back), claim).verdict is Verdict.VIOLATED
    found = bmc_lasso(back, claim, 9)
    assert found.verdict is Verdict.VIOLATED
    assert is_fair_lasso(back.system, found.run, back.recurring) == []
    assert found.reason.startswith("never reaches the goal: ") and len(found.run) == 6


def test_a_step_that_changes_nothing_takes_nothing() -> None:
    """Trap 4: an action that may change nothing is not taken by changing nothing."""
    x = integer("x", 0, 2)
    how = symbol("how", 0, 1)
    from checker.system.expression import ite

    leave = ite(eq(how.node, constant(0)), x.node, constant(2))
    idle = action("idle", lt(x.node, constant(2)), {"x": leave}, choices=(how,))
    none = Fairness.NONE
    built = under(system([x], _edge(x, 0, 1, fairness=none), _edge(x, 1, 0, fairness=none), idle))
    assert bmc_lasso(built, Property("p", "converges", _at(x, 2)), 6).verdict is Verdict.UNKNOWN


def test_a_run_may_stop_where_nothing_is_promised() -> None:
    """A deadlock, and a step without fairness: the run stutters, and the reason says why."""
    x = integer("x", 0, 2)
    claim = Property("p", "converges", _at(x, 2))
    stuck = under(system([x], _edge(x, 0, 1)))
    found = bmc_lasso(stuck, claim, 4)
    assert [state["x"] for state in found.run.states] == [0, 1, 1]
    assert (found.run.loop, found.run.steps[-1]) == (1, None)
    assert found.reason == "stops outside the goal: deadlock: nothing is possible any more"
    unfair = under(system([x], _edge(x, 0, 2, "go", fairness=Fairness.NONE)))
    found = bmc_lasso(unfair, claim, 4)
    assert found.reason == ("stops outside the goal: only `go` could go on, and nothing promises that")
    assert found.reason == judge_converges(explore(unfair), claim).reason


def test_each_instance_is_a_unit() -> None:
    """Of two instances that want to move both are taken in a fair loop, not one of them for ever."""
    flags = [integer(f"flag[{i}]", 0, 1) for i in range(2)]
    from small_systems import put

    from checker.system.expression import array, select, sub

    i = symbol("i", 0, 1)
    here = select(array(one.node for one in flags), i.node)
    flip = action("flip", TRUE, put(flags, i.node, sub(constant(1), here)), parameters=(i,))
    both = under(system(flags, flip))
    found = bmc_lasso(both, Property("p", "recurs", FALSE), 6)
    assert found.verdict is Verdict.VIOLATED and len(found.run) == 4
    assert {step.arguments for step in found.run.steps} == {(0,), (1,)}


def test_faults_may_lead_to_a_loop_but_not_be_in_it() -> None:
    """Under `finitely_many` a fault brings the run there; under `unbounded` it goes on for ever."""
    x = integer("x", 0, 1)
    steps = (_edge(x, 0, 1, "up"), _edge(x, 1, 0, "down", kind=Kind.FAULT))
    claim = Property("p", "converges", _at(x, 1))
    assert bmc_lasso(FINITELY_MANY.apply(system([x], *steps)), claim, 6).verdict is Verdict.UNKNOWN
    found = bmc_lasso(UNBOUNDED.apply(system([x], *steps)), claim, 6)
    assert found.reason.startswith("reaches the goal and leaves it again and again: ")
    assert (found.metrics["reached"], found.metrics["stable"]) == (None, False)


def test_without_end_no_loop_closes() -> None:
    """Trap 10 for lassos: a counter without end never returns, which says nothing about converging."""
    x = integer("x", 0, None)
    counting = under(system([x], action("count", TRUE, {"x": add(x.node, constant(1))})))
    claim = Property("p", "converges", eq(x.node, constant(0)))
    found = bmc_lasso(counting, claim, 8)
    assert (found.verdict, found.scope) == (Verdict.UNKNOWN, Scope("bounded", 8))
    assert found.reason == "no counterexample within 8 steps"


def test_what_cannot_be_written_out_is_unknown() -> None:
    """A fair action with a million choices: that none of them is possible would have to be said."""
    x = integer("x", 0, 1_000_000)
    wide = symbol("wide", 0, 1_000_000)
    jump = action("jump", ne(x.node, wide.node), {"x": wide.node}, choices=(wide,))
    found = bmc_lasso(under(system([x], jump)), Property("p", "recurs", _at(x, 5)), 4)
    assert found.verdict is Verdict.UNKNOWN and "are written out" in found.reason


def test_a_limit_says_how_far_it_got() -> None:
    """Time that is over: UNKNOWN with the length up to which there is no lasso."""
    x = integer("x", 0, 30)
    steps = (_edge(x, i, (i + 1) % 31) for i in range(31))
    claim = Property("p", "converges", _at(x, 5))
    depths: list[int] = []
    found = bmc_lasso(
        under(system([x], *steps)),
        claim,
        40,
        budget=Budget(stop=lambda: len(depths) > 4),
        progress=depths.append,
    )
    assert found.reason == "stopped: no counterexample within 3 steps"
    assert found.scope == Scope("bounded", 3)
