"""Liveness as safety: the system that remembers one of its states, judged by the explorer and by Spacer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_systems import Builder, systems
from small_systems import action, fleet, hazard, integer, symbol, system, truth, under

from checker.explicit.convergence import judge_converges
from checker.explicit.explore import explore
from checker.explicit.recurrence import judge_recurs
from checker.explicit.safety import always
from checker.regimes.regime import FINITELY_MANY, NONE, UNBOUNDED, at_most
from checker.symbolic.asking import Budget
from checker.symbolic.liveness_to_safety import (
    NotFiniteState,
    judge_by_safety,
    liveness_to_safety,
)
from checker.symbolic.replay import replayed
from checker.system.expression import (
    TRUE,
    add,
    all_of,
    array,
    bound,
    conj,
    constant,
    eq,
    le,
    lt,
    modulo,
    ne,
    neg,
    select,
    sub,
)
from checker.system.run import Verdict
from checker.system.sorts import BOOL
from checker.system.transition_system import Fairness, Kind, Property, Role


def converges(predicate, kind="converges"):
    """A promise about fair runs."""
    return Property("settles", kind, predicate)


def both(here, claim):
    """The explorer's verdict of the promise, and its verdict of the claim about the other system."""
    judge = judge_converges if claim.kind == "converges" else judge_recurs
    question = liveness_to_safety(here, claim)
    judged = always(explore(question.under), question.claim)
    if judged.run is not None:
        run = question.lasso(judged.run)
        assert (run.loop is None) == (run.hazard is not None)
    return judge(explore(here), claim).verdict, judged.verdict


# ---------------------------------------------------------------- the transformation is exact


@settings(max_examples=max(60, settings.default.max_examples))
@given(systems(), st.data())
def test_the_explorer_says_the_same_of_both(drawn, data):
    """On random systems with faults, weak, strong and no fairness, choices, parameters and errors."""
    regime = data.draw(st.sampled_from([FINITELY_MANY, NONE, UNBOUNDED, at_most(1)]))
    here = regime.apply(drawn)
    if len(explore(here)) > 60:
        return
    predicate = Builder(data.draw, list(drawn.variables), []).any(BOOL, 2)
    kind = data.draw(st.sampled_from(["converges", "converges", "recurs"]))
    expected, found = both(here, converges(predicate, kind))
    assert found is expected


def toggle(*fair, start=(False,)):
    """Two lamps that are switched by two agents; each agent with its own fairness."""
    one, other = truth("one", start), truth("other", start)
    first = action("first", TRUE, {"one": neg(one.node)}, fairness=fair[0])
    second = action("second", neg(other.node), {"other": constant(True)}, fairness=fair[1])
    return system([one, other], first, second), other.node


@pytest.mark.parametrize(
    ("fair", "verdict"),
    [
        ((Fairness.WEAK, Fairness.WEAK), Verdict.HOLDS),
        ((Fairness.NONE, Fairness.WEAK), Verdict.HOLDS),
        ((Fairness.WEAK, Fairness.NONE), Verdict.VIOLATED),
        ((Fairness.NONE, Fairness.NONE), Verdict.VIOLATED),
    ],
)
def test_two_promises_of_fairness(fair, verdict):
    """What is noted belongs to the loop: with two fair agents each must have its turn in it."""
    small, goal = toggle(*fair)
    assert both(under(small), converges(goal)) == (verdict, verdict)


def test_weak_and_strong():
    """Enabled again and again is enough for strong fairness only."""
    for fair, verdict in ((Fairness.WEAK, Verdict.VIOLATED), (Fairness.STRONG, Verdict.HOLDS)):
        turn, done = integer("turn", 0, 2), truth("done")
        spin = action("spin", TRUE, {"turn": modulo(add(turn.node, constant(1)), constant(3))})
        end = action("end", eq(turn.node, constant(1)), {"done": constant(True)}, fairness=fair)
        claim = converges(done.node)
        assert both(under(system([turn, done], spin, end)), claim) == (verdict, verdict)


def test_fairness_of_each_instance():
    """An action with a parameter is one unit for each value: none may be forgotten."""
    row = [truth(f"lamp[{n}]") for n in range(3)]
    which, dark = symbol("which", 0, 2), symbol("dark", 0, 2)
    lit = {one.name: neg(conj(neg(one.node), ne(which.node, constant(n)))) for n, one in enumerate(row)}
    light = action("light", TRUE, lit, parameters=(which,))
    shade = {one.name: conj(one.node, ne(dark.node, constant(n))) for n, one in enumerate(row)}
    fault = action("shade", TRUE, shade, kind=Kind.FAULT, parameters=(dark,))
    index = bound("n", 0, 2)
    goal = all_of(index, select(array(one.node for one in row), index))
    small = system(row, light, fault)
    assert both(FINITELY_MANY.apply(small), converges(goal)) == (Verdict.HOLDS,) * 2
    assert both(UNBOUNDED.apply(small), converges(goal)) == (Verdict.VIOLATED,) * 2
    unfair = replace(small, actions=(replace(light, fairness=Fairness.NONE), fault))
    assert both(FINITELY_MANY.apply(unfair), converges(goal)) == (Verdict.VIOLATED,) * 2


def test_a_deadlock_is_a_loop():
    """Where nobody has anything to do the run stays for ever: the loop is a stutter."""
    x = integer("x", 0, 2)
    up = action("up", lt(x.node, constant(1)), {"x": add(x.node, constant(1))})
    claim = converges(eq(x.node, constant(2)))
    judgement, question, proof = judge_by_safety(under(system([x], up)), claim)
    assert (judgement.verdict, judgement.kind, proof) == (Verdict.VIOLATED, "converges", None)
    assert judgement.run is not None and judgement.run.loop is not None
    assert judgement.run.steps[judgement.run.loop :] == (None,)
    assert question is not None


def test_the_fleet_comes_up():
    """The reference model, with its parametrised actions and a budget of faults."""
    small = fleet(1, 1)
    goal = eq(small.variable["state[0]"].node, constant(2, small.variable["state[0]"].domain.sort))
    assert both(under(small), converges(goal)) == (Verdict.HOLDS,) * 2


# ---------------------------------------------------------------- where it shows nothing


def test_a_counter_that_never_comes_back():
    """x := x + 1 has no loop at all, and is not proved to converge: it is refused."""
    x = integer("x", 0, None)
    up = action("up", TRUE, {"x": add(x.node, constant(1))})
    here = under(system([x], up))
    claim = converges(eq(x.node, constant(0)))
    with pytest.raises(NotFiniteState, match="no bound"):
        liveness_to_safety(here, claim)
    judgement, question, proof = judge_by_safety(here, claim)
    assert (judgement.verdict, question, proof) == (Verdict.UNKNOWN, None, None)
    assert "`x` has no bound" in judgement.reason


def test_other_things_that_are_refused():
    """A bound for exploration only, a symbolic parameter, and properties that are not about loops."""
    x = integer("x", 0, None, bound=3)
    with pytest.raises(NotFiniteState):
        liveness_to_safety(under(system([x])), converges(TRUE))
    size = replace(integer("size", 1, 9, None), role=Role.PARAMETER)
    with pytest.raises(NotFiniteState, match="symbol"):
        liveness_to_safety(under(system([size])), converges(TRUE))
    with pytest.raises(ValueError, match="not about loops"):
        liveness_to_safety(under(system([truth("b")])), Property("p", "always", TRUE))


# ---------------------------------------------------------------- with Spacer


def test_spacer_proves_convergence():
    """A countdown with a fault that winds it up again: proved, with an invariant of the other system."""
    x = integer("x", 0, 6, (6,))
    down = action("down", lt(constant(0), x.node), {"x": sub(x.node, constant(1))})
    wind = action("wind", TRUE, {"x": constant(6)}, kind=Kind.FAULT)
    here = FINITELY_MANY.apply(system([x], down, wind))
    judgement, question, proof = judge_by_safety(here, converges(eq(x.node, constant(0))))
    assert judgement.verdict is Verdict.HOLDS
    assert question is not None and proof is not None and proof.rest is question.claim.predicate
    judgement, _, proof = judge_by_safety(
        UNBOUNDED.apply(here.system), converges(le(x.node, constant(5)))
    )
    assert (judgement.verdict, proof) == (Verdict.VIOLATED, None)


@settings(max_examples=max(10, settings.default.max_examples // 10))
@given(systems(), st.data())
def test_spacer_never_contradicts_the_explorer(drawn, data):
    """HOLDS, and VIOLATED with a lasso that is one, only where the explorer says so, too."""
    here = FINITELY_MANY.apply(drawn)
    if len(explore(here)) > 60:
        return
    claim = converges(Builder(data.draw, list(drawn.variables), []).any(BOOL, 2))
    expected = judge_converges(explore(here), claim).verdict
    judgement, _, _ = judge_by_safety(here, claim, budget=Budget(1.0))
    if judgement.verdict is not Verdict.UNKNOWN and expected is not Verdict.UNKNOWN:
        assert judgement.verdict is expected
    if judgement.run is not None:
        assert judgement.run.hazard or judgement.run.loop is not None
        assert replayed(drawn, judgement.run) is judgement.run


def test_an_error_on_the_way():
    """A predicate that goes wrong is reported as that, with the run that leads there."""
    x = integer("x", 0, 2)
    up = action("up", lt(x.node, constant(2)), {"x": add(x.node, constant(1))})
    claim = replace(converges(TRUE), hazards=(hazard(eq(x.node, constant(1))),))
    judgement, _, _ = judge_by_safety(under(system([x], up)), claim)
    assert judgement.verdict is Verdict.VIOLATED
    assert judgement.run is not None and judgement.run.hazard is claim.hazards[0]
    assert len(judgement.run.states) == 2
