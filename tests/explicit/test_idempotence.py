"""The six levels of idempotence, on processes of two or three steps."""

from __future__ import annotations

import pytest
from systems import Body, action, number, running, system, truth

from checker.explicit.explore import explore
from checker.explicit.idempotence import LEVELS, judge_idempotent
from checker.explicit.outcomes import outcomes
from checker.regimes.regime import FINITELY_MANY, NONE, UNBOUNDED, Regime, at_most
from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    add,
    bound,
    constant,
    eq,
    ite,
    lt,
    minimum,
    ne,
    neg,
    sub,
)
from checker.system.run import Judgement, Run, Verdict
from checker.system.sorts import INT, Domain
from checker.system.transition_system import (
    Effect,
    Kind,
    Property,
    Role,
    Symbol,
    TransitionSystem,
    Variable,
)

HOLDS, VIOLATED, UNKNOWN = "holds", "violated", "unknown"


def judged(
    built: TransitionSystem,
    process: str = "work",
    world: tuple[str, ...] = ("pods",),
    goal: Expression | None = None,
    regime: Regime = FINITELY_MANY,
    levels: tuple[str, ...] = (),
    claims: tuple[Property, ...] = (),
) -> dict[str, Judgement]:
    """The judgement of each level; every run is one of the system."""
    graph = explore(regime.apply(built))
    claim = Property("again", "idempotent", process=process, world=world, levels=levels)
    judgements = judge_idempotent(graph, claim, goal, claims)
    for judgement in judgements:
        assert judgement.name == "again"
        if judgement.run is not None:
            assert is_run(graph.system, judgement.run)
    return {judgement.kind: judgement for judgement in judgements}


def verdicts(found: dict[str, Judgement]) -> dict[str, str]:
    """Just the verdicts."""
    return {kind: judgement.verdict.value for kind, judgement in found.items()}


def is_run(built: TransitionSystem, run: Run) -> bool:
    """Whether every step is an outcome for the reference interpreter."""
    for position, step in enumerate(run.steps):
        before = run.states[position]
        results = dict(outcomes(built.action[step.action], step.arguments, before))
        if position + 1 < len(run.states):
            if results[step.choices] != run.states[position + 1]:
                return False
        elif results[step.choices] != run.hazard:
            return False
    return True


def steps(judgement: Judgement) -> list[str]:
    """The actions of its run."""
    return [step.action for step in judgement.run.steps]


PODS = number("pods", 3)
WANT = number("want", 1, None)


def creator(
    checked: bool, *, named: bool = False, restarts: bool = True, desired: int | None = None
) -> Body:
    """Looks, yields, and creates a pod if it saw too few.

    `checked`: it looks again when it creates, in the same step.
    """
    saw = number("saw", 3, role=Role.LOCAL)
    wanted = WANT.node if desired is None else constant(desired)
    body = Body("work", 2, (saw,))
    body.at(0, 1, {"saw": PODS.node}, writes={})
    few = lt(PODS.node if checked else saw.node, wanted)
    more = wanted if named else minimum(add(PODS.node, constant(1)), constant(3))
    body.at(
        1,
        0,
        {"pods": ite(few, more, PODS.node), "saw": constant(0)},
        writes={"pods": few},
        effects=(Effect("create", few),),
    )
    if restarts:
        body.crash()
    return body


DONE = eq(PODS.node, WANT.node)


def test_a_controller_that_looks_when_it_acts_passes_every_level() -> None:
    """Test and create in one step, and nobody else: nothing can go wrong."""
    found = judged(running([PODS, WANT], creator(checked=True)), goal=DONE)
    assert verdicts(found) == dict.fromkeys(LEVELS[:5], HOLDS)
    assert found["idempotent"].metrics["fixed_point_rounds"] == 1
    assert found["idempotent"].metrics["everywhere"] is True
    assert found["quiescent"].metrics["goal_states"] == 2


def test_acting_on_what_was_seen_before_is_not_overlap_idempotent() -> None:
    """Two instances that both saw none create two; in turn the second one would see the first's."""
    found = judged(running([PODS, WANT], creator(checked=False)), goal=DONE)
    assert found["overlap-idempotent"].verdict is Verdict.VIOLATED
    assert found["overlap-idempotent"].metrics["overlapping"] == {"pods": 2}
    assert found["overlap-idempotent"].metrics["in_turn"] == [{"pods": 1}]
    assert found["idempotent"].verdict is Verdict.HOLDS
    # Created, then asked for again with the old memory: one more.
    assert found["delivery-idempotent"].verdict is Verdict.VIOLATED
    assert found["delivery-idempotent"].metrics["delivered_twice"] == {"pods": 2}
    assert steps(found["delivery-idempotent"]) == ["work@0", "work@1#1"]


def test_a_named_request_may_be_delivered_twice() -> None:
    """Setting to what is wanted instead of adding one, whatever was seen before."""
    found = judged(running([PODS, WANT], creator(checked=False, named=True)), goal=DONE)
    assert verdicts(found) == dict.fromkeys(LEVELS[:5], HOLDS)


def test_delivery_waits_for_what_others_do_meanwhile() -> None:
    """A request that is harmless at once is not harmless later: somebody else undid it."""
    undo = action("undo", eq(PODS.node, constant(1)), {"pods": constant(0)})
    body = creator(checked=False, named=True)
    found = judged(running([PODS, WANT], body, others=(undo,)))["delivery-idempotent"]
    assert found.verdict is Verdict.VIOLATED
    assert steps(found) == ["work@0", "work@1#1", "undo"]
    assert (found.metrics["delivered_once"], found.metrics["delivered_twice"]) == (
        {"pods": 0},
        {"pods": 1},
    )


def test_one_at_a_time_is_not_idempotent_but_comes_to_rest() -> None:
    """f(f(s)) has one pod more than f(s), until there are enough: three rounds."""
    found = judged(running([PODS], creator(checked=False, desired=3)), goal=eq(PODS.node, constant(3)))
    one = found["idempotent"]
    assert one.verdict is Verdict.VIOLATED
    assert one.reason == "after one pass pods = 1, after a second one pods = 2"
    assert steps(one) == ["work@0", "work@1#1"] * 2
    assert (one.metrics["fixed_point_rounds"], one.metrics["everywhere"]) == (3, False)


def test_a_crash_after_the_last_step_repeats_it() -> None:
    """Created, but crashed before anyone noted it: one pod too many, as a run of the system."""
    told = truth("told")
    body = Body("work", 2, (number("note", 1, role=Role.LOCAL),))
    body.at(0, 1, {"pods": minimum(add(PODS.node, constant(1)), constant(3))}, neg(told.node))
    body.at(1, 0, {"told": TRUE})
    body.at(0, 0, {}, told.node)
    body.crash()
    found = judged(running([PODS, told], body))
    crash = found["crash-idempotent"]
    assert crash.verdict is Verdict.VIOLATED
    assert steps(crash) == ["work@0", "work!crash", "work@0", "work@1#1"]
    assert crash.metrics["after_crash"] == {"pods": 2}
    assert crash.metrics["without_crash"] == [{"pods": 1}]
    assert found["idempotent"].verdict is Verdict.HOLDS
    # The last step is repeated without harm, so it is the crash in the middle that matters.
    assert (
        judged(running([PODS, told], body), world=("told",))["crash-idempotent"].verdict is Verdict.HOLDS
    )


def test_a_crash_just_after_the_last_step() -> None:
    """A pass of one step that adds one: no crash in the middle, but one after it."""
    memory = truth("done", role=Role.FIELD)
    body = Body("work", 1, (memory,))
    grow = minimum(add(PODS.node, constant(1)), constant(3))
    body.at(0, 0, {"pods": grow, "done": TRUE}, neg(memory.node))
    body.at(0, 0, {}, memory.node)
    body.crash()
    found = judged(running([PODS], body))
    crash = found["crash-idempotent"]
    assert crash.verdict is Verdict.VIOLATED
    assert crash.reason.startswith(
        "a crash just after `work@0`, before it is recorded, and the world comes to rest with pods = 2"
    )
    assert steps(crash) == ["work@0", "work!crash", "work@0"]
    # Without crashes what it remembers makes it idempotent.
    assert found["idempotent"].verdict is Verdict.HOLDS


def test_a_process_that_waits_has_no_outcome_to_compare_with() -> None:
    """Before the crash it waits for others, after it it goes on: that is unknown, not fine."""
    flag, asked = truth("flag"), truth("asked")
    others = (action("others", updates={"pods": constant(1)}),)

    def waiting(then: dict[str, Expression]) -> TransitionSystem:
        body = Body("work", 2, (asked,))
        body.at(0, 1, {"asked": TRUE}, eq(PODS.node, constant(0)))
        body.at(1, 0, {"asked": FALSE}, flag.node)
        body.at(0, 0, then, ne(PODS.node, constant(0)))
        body.crash()
        return running([PODS, flag], body, others=others)

    calm = judged(waiting({}))["crash-idempotent"]
    assert calm.verdict is Verdict.HOLDS, "after the crash it leaves the world alone, as if it waited"
    busy = judged(waiting({"pods": constant(2)}))["crash-idempotent"]
    assert busy.verdict is Verdict.UNKNOWN
    assert "waits for others" in busy.reason


def test_quiescent_counts_writes_and_not_only_changes() -> None:
    """Writing the same value in the goal is found, also if it depends on a choice."""
    body = Body("work", 1)
    body.at(0, 0, {"pods": WANT.node})
    found = judged(running([PODS, WANT], body), goal=DONE)["quiescent"]
    assert found.verdict is Verdict.VIOLATED
    assert found.reason == "the goal holds, and yet `work@0` writes `pods`, though the same value"
    assert steps(found) == ["work@0"]
    only = Body("work", 1)
    only.at(0, 0, {"pods": WANT.node}, writes={"pods": ne(PODS.node, WANT.node)})
    assert judged(running([PODS, WANT], only), goal=DONE)["quiescent"].verdict is Verdict.HOLDS


def test_quiescent_finds_the_change() -> None:
    """In the goal the process moves away from it."""
    body = Body("work", 2)
    body.at(0, 1)
    body.at(1, 0, {"pods": ite(eq(PODS.node, constant(3)), constant(0), add(PODS.node, constant(1)))})
    found = judged(running([PODS], body), goal=eq(PODS.node, constant(1)))["quiescent"]
    assert found.verdict is Verdict.VIOLATED
    assert found.reason == "the goal holds, and yet `work@1#1` changes it to pods = 2"
    assert steps(found) == ["work@0", "work@1#1"] * 2


def test_the_goal_is_all_that_converges() -> None:
    """Without a goal of its own the claim takes the model's; without any the level does not apply."""
    built = running([PODS, WANT], creator(checked=True))
    claims = (Property("done", "converges", DONE), Property("safe", "always", FALSE))
    assert "quiescent" in judged(built, claims=claims)
    assert "quiescent" not in judged(built)


def test_a_level_that_is_asked_for_and_does_not_apply_is_unknown() -> None:
    """Never HOLDS for lack of anything to judge."""
    body = creator(checked=True, restarts=False)
    found = judged(running([PODS, WANT], body), levels=("crash-idempotent", "effect-once"))
    assert verdicts(found) == {"crash-idempotent": UNKNOWN, "effect-once": UNKNOWN}
    assert found["crash-idempotent"].reason == "the level does not apply: it never crashes"
    crashing = judged(
        running([PODS, WANT], creator(checked=True)), regime=NONE, levels=("crash-idempotent",)
    )
    assert crashing["crash-idempotent"].reason == "the level does not apply: no crash happens under none"


def test_a_process_that_never_completes_is_unknown() -> None:
    """There is no pass to compare, which is no proof."""
    body = Body("work", 2)
    body.at(0, 1)
    body.at(1, 0, {"pods": constant(1)}, FALSE)
    found = judged(running([PODS], body), goal=TRUE)
    assert verdicts(found) == {
        "quiescent": UNKNOWN,
        "idempotent": UNKNOWN,
        "overlap-idempotent": UNKNOWN,
    }
    assert found["idempotent"].reason == "it never completes a pass by itself"


def test_an_unknown_process_is_unknown() -> None:
    """A name that the model does not have."""
    found = judged(
        running([PODS, WANT], creator(checked=True)), process="nobody", levels=("idempotent",)
    )
    assert found["idempotent"].reason == "the model has no process or action 'nobody'"


def test_a_nondeterministic_pass_must_repeat_its_first_result() -> None:
    """Every result of a second pass equals the first one's, for every choice."""
    symbol = Symbol("c", bound("c", 1, 2), Domain(INT, 1, 2))
    fresh = eq(PODS.node, constant(0))
    once = action("set", fresh, {"pods": symbol.node}, choices=(symbol,))
    keep = ite(fresh, symbol.node, PODS.node)
    again = action("set", updates={"pods": symbol.node}, choices=(symbol,))
    same = action("set", updates={"pods": keep}, choices=(symbol,))
    assert judged(system([PODS], [once]), "set")["idempotent"].verdict is Verdict.HOLDS
    assert judged(system([PODS], [same]), "set")["idempotent"].verdict is Verdict.HOLDS
    found = judged(system([PODS], [again]), "set")["idempotent"]
    assert found.verdict is Verdict.VIOLATED
    assert [step.choices for step in found.run.steps] == [(1,), (2,)]
    assert found.metrics["fixed_point_rounds"] is None


def test_an_action_with_parameters_is_repeated_with_the_same_ones() -> None:
    """set(1) twice is set(1), though set(2) in between is not."""
    value = Symbol("v", bound("v", 1, 2), Domain(INT, 1, 2))
    put = action("put", updates={"pods": value.node}, parameters=(value,))
    assert judged(system([PODS], [put]), "put")["idempotent"].verdict is Verdict.HOLDS
    grown = minimum(add(PODS.node, value.node), constant(3))
    more = action("more", updates={"pods": grown}, parameters=(value,))
    found = judged(system([PODS], [more]), "more")
    assert verdicts(found) == {"idempotent": VIOLATED}
    assert len({step.arguments for step in found["idempotent"].run.steps}) == 1


def mailer(recorded: bool) -> tuple[list[Variable], Body]:
    """Sends a letter that cannot be recalled, then notes that it did; `recorded`: in one step."""
    sent = number("sent", 1)
    body = Body("work", 2)
    due = ne(sent.node, WANT.node)
    letter = (Effect("letter", due, irreversible=True),)
    if recorded:
        body.at(0, 0, {"sent": WANT.node}, effects=letter)
        body.position = number("work.at", 1, role=Role.POSITION)
    else:
        body.at(0, 1, effects=letter)
        body.at(1, 0, {"sent": WANT.node})
    body.crash()
    return [sent, WANT], body


@pytest.mark.parametrize(("recorded", "verdict"), [(True, HOLDS), (False, VIOLATED)])
def test_an_irreversible_effect_happens_once_per_change_of_the_setpoint(
    recorded: bool, verdict: str
) -> None:
    """Two letters for one wish after a crash; the user changing the wish allows another one."""
    variables, body = mailer(recorded)
    wish = action("wish", updates={"want": add(constant(1), _minus(WANT))}, kind=Kind.INTENT)
    built = running(variables, body, others=(wish,))
    claims = (Property("p", "converges", TRUE, setpoint=("want",)),)
    found = judged(built, world=("sent",), claims=claims, levels=("effect-once",))["effect-once"]
    assert found.verdict.value == verdict
    if verdict == VIOLATED:
        assert steps(found) == ["work@0", "work!crash", "work@0"]
        assert set(found.run.states[0]) == {"sent", "want", "work.at"}
        assert found.metrics["effect"] == "letter"
        assert (
            judged(built, world=("sent",), claims=claims, levels=("effect-once",), regime=NONE)[
                "effect-once"
            ].verdict
            is Verdict.HOLDS
        )


def _minus(variable: Variable) -> Expression:
    return sub(constant(0), variable.node)


def test_effects_of_a_step_whose_reply_is_lost_count() -> None:
    """The request went out, though the process believes that it failed."""
    sent = number("sent", 1)
    body = Body("work", 1)
    due = eq(sent.node, constant(0))
    letter = (Effect("letter", due, irreversible=True),)
    body.at(0, 0, {"sent": constant(1)}, due, effects=letter)
    lost = action("lost", due, {}, kind=Kind.FAULT, process="work", effects=letter, completes=TRUE)
    found = judged(running([sent], body, others=(lost,)), world=("sent",), levels=("effect-once",))[
        "effect-once"
    ]
    assert found.verdict is Verdict.VIOLATED
    assert steps(found) == ["lost", "work@0"]


def test_an_effect_of_each_of_two_like_processes_happens_twice() -> None:
    """Two workers that both saw an unsent letter send one each: no crash is needed."""
    sent = number("sent", 1)
    bodies = []
    for name in ("work[0]", "work[1]"):
        body = Body(name, 2)
        body.at(0, 1, when=eq(sent.node, constant(0)))
        body.at(1, 0, {"sent": constant(1)}, effects=(Effect("letter", TRUE, irreversible=True),))
        bodies.append(body)
    both = running([sent], *bodies)
    for process in ("work", "work[0]", "work[1]"):
        found = judged(both, process, world=("sent",), levels=("effect-once",))["effect-once"]
        assert found.verdict is Verdict.VIOLATED
        assert len(found.run.steps) == 4
    alone = judged(running([sent], bodies[0]), world=("sent",), levels=("effect-once",))
    assert alone["effect-once"].verdict is Verdict.HOLDS


def test_the_budget_of_a_regime_does_not_change_what_a_crash_does() -> None:
    """What may happen less often is no worse: one pod at a time, and a note that a crash loses."""
    note = truth("note", role=Role.FIELD)
    body = Body("work", 2, (note,))
    body.at(0, 1)
    body.at(1, 0, {"pods": minimum(add(PODS.node, constant(1)), constant(3)), "note": TRUE})
    body.crash()
    regimes = (FINITELY_MANY, UNBOUNDED, at_most(1), at_most(crash=1), at_most(2, crash=1))
    for regime in regimes:
        found = judged(running([PODS], body), regime=regime)["crash-idempotent"]
        assert (found.verdict, found.regime) == (Verdict.HOLDS, str(regime))
    asked = judged(running([PODS], body), regime=at_most(crash=0), levels=("crash-idempotent",))
    assert asked["crash-idempotent"].reason.endswith("no crash happens under at_most(crash=0)")


def test_nothing_holds_in_an_incomplete_graph() -> None:
    """A violation that was found stays one; the rest is unknown."""
    far = number("far", 900)
    grow = action("grow", lt(far.node, constant(900)), {"far": add(far.node, constant(1))})
    for checked, verdict in ((True, Verdict.UNKNOWN), (False, Verdict.VIOLATED)):
        built = running([PODS, WANT, far], creator(checked), others=(grow,))
        graph = explore(FINITELY_MANY.apply(built), max_states=60)
        claim = Property("again", "idempotent", process="work", world=("pods",))
        found = {one.kind: one for one in judge_idempotent(graph, claim, DONE)}
        assert found["overlap-idempotent"].verdict is verdict
        assert found["idempotent"].verdict is Verdict.UNKNOWN
