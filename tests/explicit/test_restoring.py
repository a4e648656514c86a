"""Runs of reduced systems become runs of the given ones: fair, closed, and really possible."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_systems import action, hazard, integer, system, truth

from checker.explicit import restoring
from checker.explicit.convergence import judge_converges
from checker.explicit.explore import explore
from checker.explicit.lasso import is_fair_lasso
from checker.explicit.restoring import LoopTooLong, Unrestorable, restored
from checker.explicit.safety import always, hazard_judgements
from checker.reductions.live_variables import Keeping, read_by, without_dead_values
from checker.regimes.regime import UNBOUNDED
from checker.system.expression import (
    TRUE,
    Expression,
    add,
    conj,
    constant,
    eq,
    le,
    minimum,
    modulo,
    neg,
)
from checker.system.run import Run, Step
from checker.system.transition_system import Fairness, Property, TransitionSystem, Variable

BUSY, FREE = truth("busy"), truth("free")
QUIET = Property("quiet", "converges", neg(BUSY.node))


def following(variable: Variable, base: int) -> Expression:
    """One more, modulo the base."""
    return modulo(add(variable.node, constant(1)), constant(base))


def lasso(given: TransitionSystem, keeping: Keeping = Keeping.RUNS) -> tuple[Run, Run]:
    """The lasso of the reduced system that breaks QUIET, and what is restored of it."""
    smaller = without_dead_values(given, read_by([QUIET]), keeping=keeping).system
    run = judge_converges(explore(UNBOUNDED.apply(smaller)), QUIET).run
    assert run is not None
    again = restored(given, smaller, run)
    assert is_fair_lasso(given, again, [one.name for one in given.actions]) == []
    return run, again


def test_a_loop_is_repeated_until_what_was_forgotten_is_back() -> None:
    """Two steps around the flag, three values of the counter: the loop takes six."""
    count = integer("count", 0, 2)
    flip = action("flip", TRUE, {"busy": neg(BUSY.node), "count": following(count, 3)})
    run, again = lasso(system([BUSY, count], flip), Keeping.STEPS)
    assert (len(run.steps), run.loop) == (2, 0)
    assert (len(again.steps), again.loop) == (6, 0)
    assert [state["count"] for state in again.states] == [0, 1, 2, 0, 1, 2, 0]


def test_a_transient_of_forgotten_values_comes_first() -> None:
    """What grows and then stays is not back in the first rounds: the loop begins later."""
    count = integer("count", 0, 4)
    grown = minimum(add(count.node, constant(1)), constant(4))
    flip = action("flip", TRUE, {"busy": neg(BUSY.node), "count": grown})
    run, again = lasso(system([BUSY, count], flip), Keeping.STEPS)
    assert (len(run.steps), run.loop) == (2, 0)
    assert (len(again.steps), again.loop) == (6, 4)


def test_a_wrong_reduction_is_refuted() -> None:
    """A run that the given system does not have is not made one of it."""
    count = integer("count", 0, 2)
    flip = action("flip", TRUE, {"busy": neg(BUSY.node), "count": following(count, 3)})
    given = system([BUSY, count], replace(flip, guard=le(count.node, constant(0))))
    states = ({"busy": False, "count": 0}, {"busy": True, "count": 0}, {"busy": False, "count": 0})
    with pytest.raises(Unrestorable, match="`flip` is not possible"):
        restored(given, system([BUSY, count], flip), Run(states, (Step("flip"), Step("flip"))))
    later = system([BUSY, integer("count", 0, 2, (1,))], flip)
    with pytest.raises(Unrestorable, match="initial state"):
        restored(replace(given, wellformed=neg(BUSY.node)), later, Run(states[1:2], ()))


def test_who_was_left_out_is_put_in() -> None:
    """A fair unit that the reduced system does not have would be wronged by the bare loop."""
    seen = truth("seen")
    flip = action("flip", TRUE, {"busy": neg(BUSY.node)})
    for fairness in (Fairness.WEAK, Fairness.STRONG):
        watch = action("watch", TRUE, {"seen": neg(seen.node)}, fairness=fairness)
        run, again = lasso(system([BUSY, seen], flip, watch))
        assert {step.action for step in run.steps} == {"flip"}
        assert {step.action for step in again.steps} == {"flip", "watch"}
    watch = action("watch", TRUE, {"seen": neg(seen.node)}, fairness=Fairness.NONE)
    run, again = lasso(system([BUSY, seen], flip, watch))
    assert again.steps == run.steps


def test_who_waits_for_the_same_has_its_turn() -> None:
    """Two strong units of which only one can act in each round: they take turns."""
    flip = action("flip", TRUE, {"busy": neg(BUSY.node), "free": TRUE})
    first, second = truth("first"), truth("second")

    def take(name: str, mark: Variable) -> object:
        after = {"free": constant(False), mark.name: neg(mark.node)}
        return action(name, conj(FREE.node, BUSY.node), after, fairness=Fairness.STRONG)

    given = system([BUSY, FREE, first, second], flip, take("one", first), take("two", second))
    smaller = without_dead_values(given, read_by([QUIET]), keeping=Keeping.RUNS)
    assert set(smaller.dropped) == {"one", "two"}
    _, again = lasso(given)
    assert {step.action for step in again.steps[again.loop :]} == {"flip", "one", "two"}


def test_standing_still_may_be_going_round() -> None:
    """Where the reduced system stops outside the goal, units that were left out go on."""
    on, seen = truth("busy", (True,)), truth("seen")
    watch = action("watch", TRUE, {"seen": neg(seen.node)})
    run, again = lasso(system([on, seen], watch))
    assert run.steps == (None,)
    assert [step.action for step in again.steps] == ["watch", "watch"]
    run, again = lasso(system([on, seen], replace(watch, guard=neg(seen.node))))
    assert [step and step.action for step in again.steps] == ["watch", None]
    assert again.loop == 1


def test_it_begins_where_the_given_system_does() -> None:
    """Forgotten initial values are found again: the first of several, or computed from others."""
    x, some = integer("x", 0, 3, (2,)), integer("some", 0, 3, (3, 1))
    copy = Variable("copy", some.domain, add(some.node, constant(-1)))
    twice = Variable("twice", some.domain, copy.node)
    up = {
        "x": add(x.node, constant(1)),
        "some": constant(0),
        "copy": some.node,
        "twice": copy.node,
    }
    given = system([x, twice, copy, some], action("up", le(x.node, constant(2)), up))
    claim = Property("low", "always", le(x.node, constant(2)))
    smaller = without_dead_values(given, read_by([claim])).system
    run = always(explore(UNBOUNDED.apply(smaller)), claim).run
    assert run is not None and run.states[0]["some"] == 0
    again = restored(given, smaller, run)
    assert [tuple(state.values()) for state in again.states] == [(2, 2, 2, 3), (3, 2, 3, 0)]


def test_an_error_is_the_error_of_the_given_system() -> None:
    """A run that ends in a hazard still does."""
    x, log = integer("x", 0, 1), integer("log", 0, 5, (4,))
    wrong = hazard(eq(x.node, constant(1)), "domain", "x")
    up = {"x": add(x.node, constant(1)), "log": following(log, 6)}
    given = system([x, log], action("up", TRUE, up, hazards=(wrong,)))
    smaller = without_dead_values(given, {}).system
    (judged,) = [
        one for one in hazard_judgements(explore(UNBOUNDED.apply(smaller))) if one.run is not None
    ]
    again = restored(given, smaller, judged.run)
    assert again.hazard == wrong and len(again.steps) == len(again.states) == 2
    assert [state["log"] for state in again.states] == [4, 5]


def test_a_loop_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather no evidence than a wait without end."""
    count = integer("count", 0, 99)
    flip = action("flip", TRUE, {"busy": neg(BUSY.node), "count": following(count, 100)})
    given = system([BUSY, count], flip)
    lasso(given)
    monkeypatch.setattr(restoring, "_MOST_ROUNDS", 40)
    with pytest.raises(LoopTooLong, match="40 rounds"):
        lasso(given)
