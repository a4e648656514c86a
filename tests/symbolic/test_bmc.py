"""Bounded model checking against exploration: the same counterexamples, of the same length."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from random_systems import Builder, systems
from small_systems import action, counter, fleet, hazard, integer, system, under

from checker.explicit.explore import explore
from checker.explicit.safety import hazard_judgements, judge_safety
from checker.regimes.regime import FINITELY_MANY, NONE, UNBOUNDED, at_most
from checker.symbolic.asking import Budget
from checker.symbolic.bmc import bmc_safety
from checker.system.evaluate import evaluate
from checker.system.expression import (
    TRUE,
    add,
    conj,
    constant,
    eq,
    floordiv,
    le,
    lt,
    modulo,
    sub,
)
from checker.system.run import Judgement, Scope, Verdict
from checker.system.sorts import BOOL
from checker.system.transition_system import Property, TransitionSystem

_DEPTH = 5
_MOST = 120


def _agree(found: Judgement, explored: Judgement) -> None:
    """A verdict that the explorer has within the depth, with a run of the same length; or none."""
    told = found.verdict, None if found.run is None else len(found.run)
    run = explored.run
    if run is not None and len(run) <= _DEPTH:
        assert told == (explored.verdict, len(run)), (found, explored)
        if run.hazard is None:
            assert found.run is not None and found.run.hazard is None
            if explored.kind != "transition":
                assert found.reason == explored.reason
    else:
        assert told == (Verdict.UNKNOWN, None), (found, explored)
        assert found.scope == Scope("bounded", _DEPTH)
    assert (found.name, found.kind, found.regime) == (explored.name, explored.kind, explored.regime)


@settings(max_examples=max(20, settings.default.max_examples // 5), deadline=None)
@given(systems(), st.sampled_from((UNBOUNDED, FINITELY_MANY, NONE, at_most(1))), st.data())
def test_the_explorer_has_the_same_shortest_runs(
    drawn: TransitionSystem, regime, data: st.DataObject
) -> None:
    """Every kind of safety property, the assertions of the model and the predicate's own errors."""
    allowed = regime.apply(drawn)
    graph = explore(allowed, max_states=_MOST)
    assume(len(graph) <= 2 * _MOST)
    assume(graph.complete)
    builder = Builder(data.draw, list(drawn.variables), [])
    p, goal = builder.any(BOOL, 2), builder.any(BOOL, 2)
    errors = data.draw(st.sampled_from([(), (hazard(builder.any(BOOL, 1)),)]))
    for kind in ("always", "never"):
        claim = Property("p", kind, p, hazards=errors)
        _agree(bmc_safety(allowed, claim, _DEPTH), judge_safety(graph, claim))
    claim = Property("p", "reachable", p)
    _agree(bmc_safety(allowed, claim, _DEPTH), judge_safety(graph, claim))
    claim = Property("p", "deadlock_free", hazards=errors)
    _agree(bmc_safety(allowed, claim, _DEPTH, goal=goal), judge_safety(graph, claim, goal))
    builder.after = True
    claim = Property("p", "transition", builder.any(BOOL, 2), hazards=errors)
    _agree(bmc_safety(allowed, claim, _DEPTH), judge_safety(graph, claim))
    for judged in hazard_judgements(graph):
        claim = next(
            (
                Property(one.name, "assert", location=one.location)
                for each in allowed.system.actions
                for one in each.hazards
                if one.kind == "assert" and one.name == judged.name
            ),
            Property("well_defined", "domain"),
        )
        _agree(bmc_safety(allowed, claim, _DEPTH), judged)


def test_that_nothing_was_found_is_not_that_it_holds() -> None:
    """Trap 10: no violation within a depth, of a counter without end, is no proof."""
    x = integer("x", 0, None)
    counting = under(system([x], action("count", TRUE, {"x": add(x.node, constant(1))})))
    claim = Property("small", "always", lt(x.node, constant(12)))
    found = bmc_safety(counting, claim, 11)
    assert (found.verdict, found.scope) == (Verdict.UNKNOWN, Scope("bounded", 11)), "the trap"
    assert found.reason == "no counterexample within 11 steps"
    found = bmc_safety(counting, claim, 12)
    assert found.verdict is Verdict.VIOLATED and found.metrics["numbers"] == "integers"
    assert [state["x"] for state in found.run.states] == list(range(13))


@pytest.mark.parametrize("most", [None, 40])
def test_division_rounds_down(most: int | None) -> None:
    """Trap 13: a step that halves a negative number ends at -1 and not at 0, in either theory."""
    x, y = integer("x", -9, 40, (-9,)), integer("y", 0, most)
    halve = action("halve", lt(x.node, constant(0)), {"x": floordiv(x.node, constant(2))})
    halving = under(system([x, y], halve))
    found = bmc_safety(halving, Property("up", "reachable", eq(x.node, constant(0))), 12)
    assert found.verdict is Verdict.UNKNOWN, "the trap: rounding towards zero gets there"
    found = bmc_safety(halving, Property("up", "reachable", eq(x.node, constant(-1))), 12)
    assert [state["x"] for state in found.run.states] == [-9, -5, -3, -2, -1]
    rest = modulo(sub(x.node, constant(1)), constant(3))
    found = bmc_safety(halving, Property("rest", "always", le(constant(0), rest)), 12)
    assert found.verdict is Verdict.UNKNOWN, "the trap: SMT-LIB's mod and Python's agree here"
    rest = modulo(x.node, constant(-4))
    found = bmc_safety(halving, Property("rest", "always", le(rest, constant(0))), 12)
    assert found.verdict is Verdict.UNKNOWN, "the trap: SMT-LIB's mod is never negative"


def test_a_row_longer_than_every_number() -> None:
    """An index of few values into a long row: bit-vectors are wide enough for every position."""
    from checker.system.expression import array, select

    x = integer("x", -3, 1, (-3,))
    row = array([constant(position == 13) for position in range(14)])
    still = under(system([x], action("up", lt(x.node, constant(1)), {"x": add(x.node, constant(1))})))
    found = bmc_safety(still, Property("hit", "reachable", select(row, x.node)), 4)
    assert found.verdict is Verdict.UNKNOWN and "bit-vectors" in found.metrics["numbers"]


def test_a_mishap_may_be_all_that_can_happen() -> None:
    """A step that goes wrong is found also where no step at all leads on."""
    x = integer("x", 0, 2)
    broken = hazard(eq(x.node, constant(1)))
    up = action("up", lt(x.node, constant(2)), {"x": add(x.node, constant(1))}, hazards=(broken,))
    found = bmc_safety(under(system([x], up)), Property("sound", "assert", location=broken.location), 5)
    assert found.verdict is Verdict.VIOLATED and found.reason == "sound is broken"
    assert [state["x"] for state in found.run.states] == [0, 1]
    assert [step.action for step in found.run.steps] == ["up", "up"]
    assert found.run.hazard == broken


def test_a_witness_does_not_excuse_a_predicate_that_goes_wrong() -> None:
    """For `reachable` a predicate that goes wrong anywhere is a violation: none here, perhaps later."""
    x = integer("x", 0, 9)
    up = under(system([x], action("up", lt(x.node, constant(9)), {"x": add(x.node, constant(1))})))
    claim = Property(
        "p", "reachable", eq(x.node, constant(1)), hazards=(hazard(eq(x.node, constant(5))),)
    )
    found = bmc_safety(up, claim, 9)
    assert judge_safety(explore(up), claim).verdict is Verdict.VIOLATED
    assert found.verdict is Verdict.UNKNOWN and "might go wrong" in found.reason
    never = Property("p", "reachable", claim.predicate, hazards=(hazard(lt(x.node, constant(0))),))
    assert bmc_safety(up, never, 9).verdict is Verdict.HOLDS


def test_a_limit_says_how_deep_it_got() -> None:
    """Time that is over and a caller who says stop: UNKNOWN, with what was searched until then."""
    tall = under(counter(6, 10))
    claim = Property("p", "never", conj(*(eq(one.node, constant(9)) for one in tall.system.variables)))
    depths: list[int] = []
    found = bmc_safety(
        tall, claim, 54, budget=Budget(stop=lambda: len(depths) > 4), progress=depths.append
    )
    assert found.verdict is Verdict.UNKNOWN and depths == [0, 1, 2, 3, 4]
    assert found.scope == Scope("bounded", 3)
    assert found.reason == "stopped: no counterexample within 3 steps"
    found = bmc_safety(tall, claim, 54, budget=Budget(0.0))
    assert found.reason == "out of time after 0 s: not even the initial states were looked at"
    found = bmc_safety(tall, claim, 54, rlimit=1_000)
    assert found.verdict is Verdict.UNKNOWN and found.reason.startswith("Z3 gives up (")


def test_seeded_bug_in_a_space_too_large_to_enumerate() -> None:
    """Twelve servers: four of them down at once need three faults and a late view, in few steps."""
    big = under(fleet(12, 3))
    down = [
        eq(big.system.variable[f"state[{i}]"].node, constant(3, big.system.variables[0].domain.sort))
        for i in range(12)
    ]
    claim = Property("p", "never", conj(*down[:3]))
    found = bmc_safety(big, claim, 8)
    assert found.verdict is Verdict.VIOLATED and len(found.run) == 6
    assert evaluate(claim.predicate, found.run.states[-1]) is True
