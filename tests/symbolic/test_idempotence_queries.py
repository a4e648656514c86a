"""Idempotence by query: what holds of every state holds of the reachable ones, and sizes do not matter."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from random_processes import processes
from systems import Body, action, hazard, number, running, truth

from checker.explicit.explore import explore
from checker.explicit.idempotence import judge_idempotent
from checker.regimes.regime import FINITELY_MANY, NONE
from checker.symbolic.determined_world import goal_determines_world
from checker.symbolic.idempotence_queries import LEVELS, judge_idempotent_by_query
from checker.symbolic.replay import outcome
from checker.system.expression import add, conj, constant, disj, eq, ite, le, lt, neg, sub
from checker.system.run import Verdict
from checker.system.shape import ArrayShape, ScalarShape
from checker.system.sorts import INT, Domain
from checker.system.transition_system import Effect, Fairness, Field, Hazard, Property, Role, Variable

CLAIM = Property("again", "idempotent", process="work", world=("world",))
DECIDED = (Verdict.HOLDS, Verdict.VIOLATED)


def judged(system, goal=None, claim=CLAIM, regime=FINITELY_MANY, **more):
    """The judgements by their level."""
    found = judge_idempotent_by_query(regime.apply(system), claim, goal, **more)
    return {one.kind.removesuffix(" from every state"): one for one in found}


def natural(name, **more):
    """A variable without a greatest value."""
    return Variable(name, Domain(INT, 0, None), None, **more)


# ---------------------------------------------------------------- against the explorer


@settings(max_examples=max(40, settings.default.max_examples))
@given(processes())
def test_never_another_verdict_than_the_explorer(drawn):
    """HOLDS is never VIOLATED there, VIOLATED never HOLDS; from every state, as the explorer tries."""
    system, goal = drawn
    under = FINITELY_MANY.apply(system)
    expected = {one.kind: one for one in judge_idempotent(explore(under), CLAIM, goal)}
    for one in judge_idempotent_by_query(under, CLAIM, goal):
        known = expected[one.kind].verdict
        if one.verdict is Verdict.HOLDS:
            assert known is not Verdict.VIOLATED
        if one.verdict is Verdict.VIOLATED:
            assert known is not Verdict.HOLDS
            assert one.run is not None
        if one.run is not None:
            assert_run(system, one.run)
    everywhere = expected["idempotent"].metrics.get("everywhere")
    for one in judge_idempotent_by_query(under, CLAIM, goal, every_state=True):
        assert one.kind.endswith("from every state")
        if one.verdict is Verdict.HOLDS:
            level = one.kind.removesuffix(" from every state")
            assert expected[level].verdict is not Verdict.VIOLATED
        if one.kind.startswith("idempotent") and isinstance(everywhere, bool):
            assert one.verdict is not (Verdict.VIOLATED if everywhere else Verdict.HOLDS)


def assert_run(system, run):
    """Every step leads where the run says, by the interpreter."""
    for number_, step in enumerate(run.steps):
        result = outcome(system, step, run.states[number_])
        assert result == (run.hazard if isinstance(result, Hazard) else run.states[number_ + 1])


@settings(max_examples=max(8, settings.default.max_examples // 12))
@given(processes())
def test_with_spacer_it_decides_of_reachable_states(drawn):
    """Where a state is found, whether it is reachable is asked, too: still never another verdict."""
    system, goal = drawn
    under = FINITELY_MANY.apply(system)
    expected = {one.kind: one.verdict for one in judge_idempotent(explore(under), CLAIM, goal)}
    for one in judge_idempotent_by_query(under, CLAIM, goal, reachable=True):
        if one.verdict in DECIDED and expected[one.kind] in DECIDED:
            assert one.verdict is expected[one.kind]
        if one.run is not None:
            assert_run(system, one.run)


# ---------------------------------------------------------------- for all sizes


def setter(target):
    """Reads what is wished, then writes it."""
    wish, world = natural("wish"), natural("world")
    seen = natural("seen", role=Role.LOCAL)
    seen = replace(seen, initial=(0,))
    body = Body("work", 2, (seen,))
    body.at(0, 1, {"seen": wish.node})
    body.at(1, 0, {"world": target(seen.node, world.node), "seen": constant(0)})
    body.crash()
    return running([wish, world], body)


def test_a_level_triggered_process_for_all_sizes():
    """Setting the world to what is wished may be repeated, and interrupted: for every number."""
    system = setter(lambda seen, world: seen)
    at, wish, seen = (system.variable[name].node for name in ("work.at", "wish", "seen"))
    fresh = disj(eq(at, constant(0)), eq(seen, wish))
    assert judged(system)["crash-idempotent"].verdict is Verdict.UNKNOWN
    found = judged(system, lemmas=[fresh])
    assert [(one.verdict, str(one.scope)) for one in found.values()] == [
        (Verdict.HOLDS, "all sizes")
    ] * 2
    assert found["crash-idempotent"].metrics["by"] == "passes"
    every = judged(system, every_state=True)
    assert every["idempotent"].verdict is Verdict.HOLDS


def test_an_edge_triggered_process():
    """Adding what is wished adds it twice; already in an initial state, so that it is VIOLATED."""
    found = judged(setter(lambda seen, world: add(world, seen)))["idempotent"]
    assert found.verdict is Verdict.VIOLATED
    assert found.run is not None and len(found.run) == 4
    assert found.run.states[2]["world"] != found.run.states[4]["world"]
    assert found.metrics["initial"] is True


def test_one_at_a_time_is_not_idempotent_in_one_pass():
    """Up to the wish by one: a second pass goes on, and a crash after the last step does, too."""
    step = setter(lambda seen, world: ite(lt(world, seen), add(world, constant(1)), world))
    found = judged(step)
    assert found["idempotent"].verdict is Verdict.VIOLATED
    assert found["crash-idempotent"].verdict is Verdict.UNKNOWN
    assert "not for every state" in found["crash-idempotent"].reason


def test_quiescent_counts_writes():
    """In the goal the process of above writes what is there already."""
    wish, world = natural("wish"), natural("world")
    goal = eq(wish.node, world.node)
    assert judged(setter(lambda seen, world: seen), goal)["quiescent"].verdict is not Verdict.HOLDS
    body = Body("work", 1)
    body.at(0, 0, {"world": wish.node}, neg(goal))
    body.at(0, 0, {}, goal)
    found = judged(running([wish, world], body), goal)
    assert found["quiescent"].verdict is Verdict.HOLDS


def test_the_size_of_the_world_does_not_matter():
    """256 slots that are all filled in one pass: a question or two, well under a few seconds."""
    slots = [truth(f"world[{n}]", None) for n in range(256)]
    wish = [truth(f"wish[{n}]", None) for n in range(256)]
    body = Body("work", 1)
    body.at(0, 0, {one.name: disj(one.node, other.node) for one, other in zip(slots, wish, strict=True)})
    system = running([*slots, *wish], body)
    shape = ArrayShape(tuple(ScalarShape(one.name, one.domain) for one in slots))
    system = replace(system, fields=(Field("world", shape),))
    found = judged(system)["idempotent"]
    assert (found.verdict, str(found.scope)) == (Verdict.HOLDS, "exhaustive")
    assert found.metrics["queries"] <= 2


# ---------------------------------------------------------------- reachable or not


def drift():
    """Adds `more` to the world, and `more` is 0 in every reachable state."""
    world, more = natural("world"), natural("more")
    more = replace(more, initial=(0,))
    body = Body("work", 1)
    body.at(0, 0, {"world": add(world.node, more.node)})
    return running([world, more], body), more


def test_a_state_that_is_not_reachable_decides_nothing():
    """UNKNOWN with the state; VIOLATED only as a statement about every state; HOLDS given a lemma."""
    system, more = drift()
    found = judged(system)["idempotent"]
    assert found.verdict is Verdict.UNKNOWN and found.reason.startswith("not for every state: ")
    assert found.metrics["state"]["more"] > 0
    (every, *_) = judge_idempotent_by_query(
        FINITELY_MANY.apply(system), replace(CLAIM, levels=("idempotent",)), None, every_state=True
    )
    assert (every.kind, every.verdict) == ("idempotent from every state", Verdict.VIOLATED)
    assert "need not be reachable" in every.reason
    given_ = judged(system, lemmas=[eq(more.node, constant(0))])["idempotent"]
    assert given_.verdict is Verdict.HOLDS
    assert judged(system, reachable=True)["idempotent"].verdict is Verdict.HOLDS


def test_a_lemma_is_not_taken_on_trust():
    """What is not inductive is not used, however convenient."""
    system, more = drift()
    raise_ = action("raise", eq(more.node, constant(0)), {"more": constant(1)})
    system = replace(system, actions=(*system.actions, raise_))
    assert judged(system, lemmas=[eq(more.node, constant(0))])["idempotent"].verdict is Verdict.UNKNOWN
    found = judged(system, lemmas=[eq(more.node, constant(0))], reachable=True)["idempotent"]
    assert found.verdict is Verdict.VIOLATED
    assert found.run is not None and found.run.steps[0].action == "raise"


# ---------------------------------------------------------------- crashes


def test_a_crash_that_makes_others_act():
    """Single passes agree, and yet a crash gives the other agent another chance: never HOLDS."""
    phase, done, world = number("phase", 2), truth("done"), number("world", 1)
    body = Body("work", 3)
    body.at(0, 1, {"phase": constant(1)}, neg(done.node))
    body.at(1, 2, {"phase": constant(2)})
    body.at(2, 0, {"phase": constant(0), "done": constant(True)})
    body.crash()
    bell = action("bell", eq(phase.node, constant(1)), {"world": constant(1)})
    found = judged(running([world, phase, done], body, others=(bell,)))["crash-idempotent"]
    assert found.verdict is Verdict.UNKNOWN and "bell" in found.reason


def test_a_crash_that_leaves_something_behind():
    """The world agrees after one pass, but what was left behind makes a later pass differ."""
    world, tries = number("world", 1), number("tries", 2)
    body = Body("work", 2)
    body.at(0, 1, {"tries": ite(lt(tries.node, constant(2)), add(tries.node, constant(1)), tries.node)})
    body.at(1, 0, {"world": ite(eq(tries.node, constant(2)), constant(1), world.node)})
    body.crash()
    found = judged(running([world, tries], body))["crash-idempotent"]
    assert found.verdict is Verdict.UNKNOWN


def test_a_crash_after_which_it_waits_for_ever():
    """No pass after the crash ends in another world, because none ends: the work is never done."""
    world, begun = number("world", 1), truth("begun")
    body = Body("work", 2)
    body.at(0, 1, {"begun": constant(True)}, neg(begun.node))
    body.at(1, 0, {"world": constant(1)})
    body.crash()
    system = running([world, begun], body)
    lemma = disj(begun.node, eq(body.position.node, constant(0)))
    found = judged(system, lemmas=[lemma])["crash-idempotent"]
    assert found.verdict is Verdict.UNKNOWN and found.reason.startswith("not for every state: ")
    (expected,) = (
        one
        for one in judge_idempotent(explore(FINITELY_MANY.apply(system)), CLAIM, None)
        if one.kind == "crash-idempotent"
    )
    assert expected.verdict is Verdict.VIOLATED


def test_an_unfair_process_may_stop_anywhere():
    """Then worlds on the way are ends, too, and passes alone do not tell."""
    world = number("world", 1)
    body = Body("work", 2)
    body.at(0, 1, fairness=Fairness.NONE)
    body.at(1, 0, {"world": constant(1)})
    body.crash()
    found = judged(running([world], body))["crash-idempotent"]
    assert found.verdict is Verdict.UNKNOWN and "fair" in found.reason


def test_without_crashes_the_level_does_not_apply():
    """Left out, or UNKNOWN with the reason if it is asked for by name."""
    system = setter(lambda seen, world: seen)
    assert "crash-idempotent" not in judged(system, regime=NONE)
    claim = replace(CLAIM, levels=("crash-idempotent",))
    found = judged(system, claim=claim, regime=NONE)["crash-idempotent"]
    assert found.verdict is Verdict.UNKNOWN and "does not apply" in found.reason


def test_where_the_goal_determines_the_world():
    """With convergence given, crashes are harmless although others act; not if the goal is lax."""
    wish, world, view = natural("wish"), natural("world"), natural("view")
    body = Body("work", 1)
    body.at(0, 0, {"world": ite(lt(view.node, wish.node), add(world.node, constant(1)), world.node)})
    lost = natural("lost", role=Role.LOCAL)
    body.memory = (replace(lost, initial=(0,)),)
    body.crash()
    refresh = action("refresh", neg(eq(view.node, world.node)), {"view": world.node})
    system = running([wish, world, view], body, others=(refresh,))
    goal = eq(world.node, wish.node)
    found = judged(system, goal)["crash-idempotent"]
    assert found.verdict is Verdict.UNKNOWN and "refresh" in found.reason
    found = judged(system, goal, converges=True)["crash-idempotent"]
    assert (found.verdict, found.metrics["by"]) == (Verdict.HOLDS, "goal")
    lax = judged(system, le(wish.node, world.node), converges=True)["crash-idempotent"]
    assert lax.verdict is Verdict.UNKNOWN
    under = FINITELY_MANY.apply(system)
    assert goal_determines_world(under, CLAIM, goal).verdict is Verdict.HOLDS
    loose = goal_determines_world(under, CLAIM, le(wish.node, world.node))
    assert loose.verdict is Verdict.UNKNOWN and set(loose.metrics["undetermined"]) == {"world"}


# ---------------------------------------------------------------- what cannot be followed


@pytest.mark.parametrize("bounded", [True, False])
def test_a_loop_inside_a_pass(bounded):
    """Followed to its end if what it counts has one that Z3 sees; otherwise UNKNOWN."""
    world = number("world", 3, None) if bounded else natural("world")
    body = Body("work", 2)
    body.at(0, 1)
    body.at(1, 1, {"world": sub(world.node, constant(1))}, lt(constant(0), world.node))
    body.at(1, 0, {}, eq(world.node, constant(0)))
    found = judged(running([world], body))["idempotent"]
    assert found.verdict is (Verdict.HOLDS if bounded else Verdict.UNKNOWN)
    assert bounded or "more steps" in found.reason


def test_a_pass_that_may_go_wrong():
    """An error in the second pass is a violation, one in the first leaves it open."""
    world = number("world", 2)
    body = Body("work", 1)
    body.at(0, 0, {"world": constant(2)}, hazards=(hazard(eq(world.node, constant(2))),))
    found = judged(running([world], body))["idempotent"]
    assert found.verdict is Verdict.VIOLATED and found.run is not None and found.run.hazard
    body = Body("work", 1)
    body.at(0, 0, {"world": constant(2)}, hazards=(hazard(eq(world.node, constant(1))),))
    assert "go wrong" in judged(running([world], body))["idempotent"].reason


def test_nothing_holds_of_a_process_that_never_ends():
    """Vacuity: without a state from which a pass completes the verdict is UNKNOWN."""
    world = number("world", 2)
    body = Body("work", 2)
    body.at(0, 1)
    found = judged(running([world], body), eq(world.node, constant(0)))
    assert {level: one.verdict for level, one in found.items()} == {
        "quiescent": Verdict.UNKNOWN,
        "idempotent": Verdict.UNKNOWN,
    }


def test_an_action_with_a_parameter():
    """Each instance of an action by itself: to set is idempotent, to toggle is not."""
    from small_systems import symbol

    which = symbol("which", 0, 2)
    world = number("world", 2)
    put = action("work", updates={"world": which.node}, parameters=(which,))
    assert judged(running([world], others=(put,)))["idempotent"].verdict is Verdict.HOLDS
    shift = ite(eq(world.node, which.node), constant(0), which.node)
    toggle = action("work", updates={"world": shift}, parameters=(which,))
    found = judged(running([world], others=(toggle,)))["idempotent"]
    assert found.verdict is Verdict.VIOLATED
    assert found.run is not None
    assert found.run.steps[0].arguments == found.run.steps[1].arguments != (0,)


def test_unknown_names():
    """A process or a field that does not exist is no pass."""
    for claim in (replace(CLAIM, process="idle"), replace(CLAIM, world=("moon",))):
        found = judged(setter(lambda seen, world: seen), claim=claim)
        assert {one.verdict for one in found.values()} == {Verdict.UNKNOWN}
        assert set(found) == set(LEVELS)


def test_a_nondeterministic_pass():
    """Any result may do once; a second pass must leave it: choosing again is not idempotent."""
    from small_systems import symbol

    which = symbol("which", 1, 2)
    world = number("world", 2)
    effect = (Effect("request", constant(True)),)
    for when, verdict in (
        (constant(True), Verdict.VIOLATED),
        (eq(world.node, constant(0)), Verdict.HOLDS),
    ):
        body = Body("work", 1)
        value = ite(when, which.node, world.node)
        body.at(0, 0, {"world": value}, choices=(which,), effects=effect)
        found = judged(running([world], body))
        assert found["idempotent"].verdict is verdict
    assert conj() is constant(True)
