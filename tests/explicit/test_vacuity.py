"""What is there in vain is named, and nothing else."""

from __future__ import annotations

from systems import action, hazard, number, system, truth

from checker.explicit.explore import explore
from checker.explicit.vacuity import vacuity_report
from checker.regimes.regime import FINITELY_MANY
from checker.system.expression import FALSE, TRUE, add, constant, eq, lt, neg, sub
from checker.system.transition_system import Kind, Property


def report(variables, actions, *properties: Property, **more) -> list[tuple[str, str]]:
    """Kinds and names."""
    graph = explore(FINITELY_MANY.apply(system(variables, actions)), **more)
    return [(note.kind, note.name) for note in vacuity_report(graph, properties)]


def test_a_sound_model_has_nothing_to_report() -> None:
    """Everything happens, every goal is reached and not trivial."""
    x = number("x", 2)
    up = action("up", lt(x.node, constant(2)), {"x": add(x.node, constant(1))})
    fall = action("fall", eq(x.node, constant(2)), {"x": constant(0)}, kind=Kind.FAULT)
    goal = Property("top", "converges", eq(x.node, constant(2)))
    leads = Property("climbs", "leads_to", eq(x.node, constant(2)), premise=eq(x.node, constant(1)))
    assert report([x], [up, fall], goal, leads) == []


def test_actions_and_faults_that_never_happen() -> None:
    """A fault in two places counts as possible if it can strike in one of them."""
    x = number("x", 2)
    dead = action("dead", eq(x.node, constant(2)), {"x": constant(1)})
    idle = action("idle", eq(x.node, constant(0)), {"x": constant(0)})
    go = action("go", eq(x.node, constant(0)), {"x": constant(1)})
    lost = [
        action(
            f"lost{v}", eq(x.node, constant(v)), {"x": constant(0)}, kind=Kind.FAULT, faults=("lost",)
        )
        for v in (1, 2)
    ]
    never = action("never", eq(x.node, constant(2)), {"x": constant(0)}, kind=Kind.FAULT)
    assert report([x], [dead, idle, go, *lost, never]) == [
        ("never-enabled", "dead"),
        ("never-changes", "idle"),
        ("impossible-fault", "never"),
    ]


def test_an_action_that_goes_wrong_does_happen() -> None:
    """An error is not the absence of a step."""
    x = number("x", 1)
    bad = action("bad", updates={"x": constant(1)}, hazards=(hazard(TRUE),))
    assert report([x], [bad], Property("p", "always", eq(x.node, constant(0)))) == []


def test_goals_and_premises() -> None:
    """Never reached, true anyway, and a premise that never holds."""
    x = number("x", 2, (0, 1))
    flip = action("flip", updates={"x": add(constant(1), neg_of(x))})
    claims = [
        Property("never", "converges", eq(x.node, constant(2))),
        Property("anyway", "recurs", lt(x.node, constant(2))),
        Property("idle", "leads_to", eq(x.node, constant(1)), premise=eq(x.node, constant(2))),
        Property("safe", "always", lt(x.node, constant(2))),
    ]
    assert report([x], [flip], *claims) == [
        ("unreachable-goal", "never"),
        ("goal-everywhere", "anyway"),
        ("no-premise", "idle"),
    ]


def neg_of(x):
    return sub(constant(0), x.node)


def test_unused_variables() -> None:
    """Read by nothing but their own update; a property or a world is a use."""
    x, counted, shown, read = number("x", 1), number("counted", 1), number("shown", 1), truth("read")
    flip = action(
        "flip",
        updates={
            "x": add(constant(1), neg_of(x)),
            "counted": add(constant(1), neg_of(counted)),
            "shown": x.node,
            "read": neg(read.node),
        },
        writes=(("shown", TRUE),),
    )
    claims = [
        Property("p", "always", neg(neg(read.node))),
        Property("i", "idempotent", process="flip", world=("shown",)),
    ]
    assert report([x, counted, shown, read], [flip], *claims) == [("unused-variable", "counted")]


def test_an_incomplete_graph_says_nothing_about_what_never_happens() -> None:
    """What was not seen may come later."""
    x = number("x", 900)
    up = action("up", lt(x.node, constant(900)), {"x": add(x.node, constant(1))})
    late = action("late", eq(x.node, constant(900)), {"x": constant(0)})
    goal = Property("p", "converges", FALSE)
    assert report([x], [up, late], goal, max_states=10) == []


def test_no_initial_state() -> None:
    """A model that cannot start satisfies everything."""
    x = number("x", 1, ())
    assert report([x], [action("up", updates={"x": constant(1)})], Property("p", "always", FALSE)) == [
        ("no-states", "Test"),
        ("unused-variable", "x"),
    ]


def test_a_world_that_the_process_never_writes() -> None:
    """Idempotence of what does nothing says nothing; effects are counted without a world."""
    x, shown = number("x", 1), number("shown", 1)
    flip = action("flip", updates={"x": add(constant(1), neg_of(x))}, writes=(("x", TRUE),))
    again = Property("i", "idempotent", process="flip", world=("shown",))
    once = Property("e", "idempotent", process="flip", world=("shown",), levels=("effect-once",))
    used = Property("p", "always", eq(x.node, constant(0)))
    assert report([x, shown], [flip], again, once, used) == [("world-untouched", "i")]


def test_a_model_in_which_nothing_happens() -> None:
    """What holds of a single state holds for lack of any other."""
    x = number("x", 1)
    assert report([x], [], Property("p", "always", eq(x.node, constant(0)))) == [("no-steps", "Test")]
