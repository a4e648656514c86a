"""The re-check of lassos: each way of being wrong is noticed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from systems import action, hazard, number, system

from checker.explicit.lasso import is_fair_lasso
from checker.system.expression import add, constant, eq, ite, lt
from checker.system.run import Run, Step
from checker.system.transition_system import Fairness, Kind, TransitionSystem

STEPS = ("up", "back", "leave")


def ring(fairness: Fairness) -> TransitionSystem:
    """0 → 1 → 2 → 0, a way out at 1 under some fairness, and a fault."""
    x = number("x", 3)
    up = action("up", lt(x.node, constant(2)), {"x": add(x.node, constant(1))})
    back = action("back", eq(x.node, constant(2)), {"x": constant(0)})
    leave = action("leave", eq(x.node, constant(1)), {"x": constant(3)}, fairness=fairness)
    reset = action("reset", updates={"x": constant(0)}, kind=Kind.FAULT)
    return system([x], [up, back, leave, reset])


def run(*values: int, steps: tuple[str | None, ...], loop: int | None = 0) -> Run:
    """A run through values of x."""
    return Run(
        tuple({"x": value} for value in values),
        tuple(None if name is None else Step(name) for name in steps),
        loop,
    )


ROUND = run(0, 1, 2, 0, steps=("up", "up", "back"))


def test_a_fair_lasso_has_no_complaints() -> None:
    """`leave` is disabled at 0 and 2, which weak fairness allows."""
    assert is_fair_lasso(ring(Fairness.WEAK), ROUND, STEPS) == []
    assert is_fair_lasso(ring(Fairness.NONE), ROUND, STEPS) == []


def test_strong_fairness_does_not_allow_it() -> None:
    """`leave` is enabled again and again."""
    complaints = is_fair_lasso(ring(Fairness.STRONG), ROUND, STEPS)
    assert complaints == ["leave is enabled again and again and never taken (strong)"]


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (replace(ROUND, loop=None), "it has no loop"),
        (replace(ROUND, loop=3), "it has no loop"),
        (replace(ROUND, loop=1), "the loop does not close"),
        (replace(ROUND, steps=ROUND.steps[:2]), "it does not have one state more than steps"),
        (run(0, 2, 0, steps=("up", "back")), "step 0 is no outcome of up"),
        (run(0, 1, 0, steps=("up", "nothing")), "step 1 is no outcome of nothing"),
        (run(0, 1, 0, steps=("up", None)), "step 1 stutters, but the state changes"),
        (run(0, 1, 0, steps=("up", "reset")), "reset may not happen for ever"),
        (run(0, 0, steps=(None,)), "up is enabled for ever and never taken (weak)"),
        (run(0, 1, 1, steps=("up", None), loop=1), "up is enabled for ever and never taken (weak)"),
    ],
)
def test_each_complaint(wrong: Run, complaint: str) -> None:
    """Each way of not being a fair lasso is named."""
    assert complaint in is_fair_lasso(ring(Fairness.WEAK), wrong, STEPS)


def test_changing_nothing_takes_nothing() -> None:
    """A step that leaves the state as it is does not count as taking its action."""
    x = number("x", 1)
    choice = ite(eq(x.node, constant(0)), constant(0), constant(1))
    stay = action("stay", updates={"x": choice})
    go = action("go", eq(x.node, constant(0)), {"x": constant(1)}, group="stay")
    complaints = is_fair_lasso(system([x], [stay, go]), run(0, 0, steps=("stay",)), ("stay", "go"))
    assert complaints == ["stay is enabled for ever and never taken (weak)"]


def test_an_action_that_goes_wrong_is_enabled() -> None:
    """Not taking it for ever is unfair, though it has no successor."""
    x = number("x", 1)
    bad = action("bad", updates={"x": constant(1)}, hazards=(hazard(eq(x.node, constant(0))),))
    complaints = is_fair_lasso(system([x], [bad]), run(0, 0, steps=(None,)), ("bad",))
    assert complaints == ["bad is enabled for ever and never taken (weak)"]
