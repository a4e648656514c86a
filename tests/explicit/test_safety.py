"""Safety, reachability, recoverability, deadlock and hazards: verdicts, shortest runs, honesty."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from interpreted_graph import interpret
from random_systems import Builder, systems
from small_systems import action, fleet, hazard, integer, system, truth, under

from checker.explicit.explore import explore
from checker.explicit.outcomes import outcomes
from checker.explicit.safety import deadlocks, hazard_judgements, judge_safety
from checker.explicit.state_graph import IncompleteGraph, StateGraph
from checker.regimes.regime import FINITELY_MANY, NONE, UNBOUNDED, at_most
from checker.system import expression as e
from checker.system.evaluate import evaluate
from checker.system.run import Judgement, Run, Scope, Verdict
from checker.system.sorts import BOOL, INT
from checker.system.transition_system import Hazard, Kind, Property, TransitionSystem

X = e.variable("x", INT)
NEXT_X = e.next_variable("x", INT)


def at(*values: int) -> e.Expression:
    """x is one of these values."""
    return e.disj(*(e.eq(X, e.constant(value)) for value in values))


def move(name: str, *ways: tuple[int, int], kind: Kind = Kind.STEP) -> list:
    """Actions that lead x from one value to another."""
    return [
        action(f"{name}{source}{target}", at(source), {"x": e.constant(target)}, kind=kind)
        for source, target in ways
    ]


def walk(*ways: tuple[int, int], faults: tuple[tuple[int, int], ...] = ()) -> TransitionSystem:
    """A system that is just a graph over the values of x."""
    return system([integer("x", 0, 9)], *move("step", *ways), *move("fault", *faults, kind=Kind.FAULT))


def judge(graph: StateGraph, kind: str, predicate: e.Expression | None = None, **more) -> Judgement:
    """Judge one property."""
    goal = more.pop("goal", None)
    return judge_safety(graph, Property("it", kind, predicate, **more), goal)


def xs(run: Run | None) -> list[int]:
    """The values of x along a run."""
    assert run is not None
    return [state["x"] for state in run.states]


def assert_real(chosen: TransitionSystem, run: Run) -> None:
    """Every step of a run is one that the interpreter takes."""
    successors = list(pairwise(run.states))
    for (before, after), step in zip(successors, run.steps, strict=False):
        assert step is not None
        results = dict(outcomes(chosen.action[step.action], step.arguments, before))
        assert results[step.choices] == after
    if len(run.steps) > len(successors):
        step = run.steps[-1]
        results = dict(outcomes(chosen.action[step.action], step.arguments, run.states[-1]))
        assert results[step.choices] is run.hazard


# ---------------------------------------------------------------- verdicts

LADDER = walk((0, 1), (1, 2), (2, 3), (0, 4), (4, 3))


def test_always_and_never() -> None:
    """Violations come with a shortest run, what holds with the number of states and their digest."""
    graph = explore(under(LADDER))
    broken = judge(graph, "always", e.neg(at(3)))
    assert (broken.verdict, broken.scope, xs(broken.run)) == (
        Verdict.VIOLATED,
        Scope("exhaustive"),
        [0, 4, 3],
    )
    assert [step.action for step in broken.run.steps] == ["step04", "step43"]
    assert xs(judge(graph, "never", at(2)).run) == [0, 1, 2]
    for held in (judge(graph, "always", e.lt(X, e.constant(5))), judge(graph, "never", at(5))):
        assert (held.verdict, held.run) == (Verdict.HOLDS, None)
        assert held.metrics == {"states": 5, "steps": 5, "digest": graph.digest}
        assert (held.name, held.regime) == ("it", "unbounded")


def test_transition_speaks_of_steps_that_change_something() -> None:
    """A step invariant is broken by a step; a stutter, which breaks `x′ = x + 1`, does not count."""
    chosen = system(
        [integer("x", 0, 9)], *move("step", (0, 1), (1, 2), (2, 5)), action("rest", at(1), {"x": X})
    )
    graph = explore(under(chosen))
    grows_by_one = e.eq(NEXT_X, e.add(X, e.constant(1)))
    broken = judge(graph, "transition", grows_by_one)
    assert (broken.verdict, xs(broken.run)) == (Verdict.VIOLATED, [0, 1, 2, 5])
    assert "step25" in broken.reason
    assert judge(graph, "transition", e.lt(X, NEXT_X)).verdict is Verdict.HOLDS


def test_reachable() -> None:
    """Reachable comes with a witness; unreachable is a violation of all states."""
    graph = explore(under(LADDER))
    found = judge(graph, "reachable", at(3))
    assert (found.verdict, xs(found.run)) == (Verdict.HOLDS, [0, 4, 3])
    missing = judge(graph, "reachable", at(7))
    assert (missing.verdict, missing.run) == (Verdict.VIOLATED, None)


def test_deadlock_outside_the_goal() -> None:
    """A state in which nothing can change is an error only outside the goal."""
    graph = explore(under(LADDER))
    stuck = judge(graph, "deadlock_free")
    assert (stuck.verdict, xs(stuck.run)) == (Verdict.VIOLATED, [0, 4, 3])
    assert judge(graph, "deadlock_free", goal=at(3)).verdict is Verdict.HOLDS


def test_stutters_faults_and_mishaps_in_a_deadlock() -> None:
    """Only a stutter or a fault left: deadlock. A step that goes wrong: an error of its own."""
    resting = system([integer("x", 0, 9)], action("rest", e.TRUE, {"x": X}))
    assert judge(explore(under(resting)), "deadlock_free").verdict is Verdict.VIOLATED
    waiting = explore(under(walk(faults=((0, 1), (1, 0)))))
    assert judge(waiting, "deadlock_free").verdict is Verdict.VIOLATED
    wrong = explore(under(system([integer("x", 0, 9)], action("go", e.TRUE, hazards=(hazard(e.TRUE),)))))
    assert not deadlocks(wrong).any()


def test_recoverable_needs_a_way_back_without_faults() -> None:
    """The lost state is found, and a fault is no way back, whatever the regime."""
    chosen = walk((0, 1), (1, 0), (1, 2), faults=((0, 3), (3, 0), (2, 0)))
    for regime in (FINITELY_MANY, UNBOUNDED):
        graph = explore(under(chosen, regime))
        lost = judge(graph, "recoverable", at(0))
        assert (lost.verdict, xs(lost.run)) == (Verdict.VIOLATED, [0, 3])
        assert judge(graph, "recoverable", at(0, 2, 3)).verdict is Verdict.HOLDS
    lost = judge(explore(under(chosen, NONE)), "recoverable", at(0))
    assert (lost.verdict, xs(lost.run)) == (Verdict.VIOLATED, [0, 1, 2])


def test_fleet_promises() -> None:
    """The promises of the reference model, and its one false claim with the known shortest run."""
    chosen = fleet(3, 2)
    graph = explore(under(chosen, FINITELY_MANY))
    budget = chosen.variable["budget"].node
    states = [chosen.variable[f"state[{i}]"].node for i in range(3)]
    sort = states[0].sort
    running = e.conj(*(e.eq(one, e.constant(2, sort)) for one in states))
    assert judge(graph, "always", e.le(e.constant(0), budget)).verdict is Verdict.HOLDS
    assert judge(graph, "recoverable", running).verdict is Verdict.HOLDS
    assert judge(graph, "deadlock_free", goal=running).verdict is Verdict.HOLDS
    spent = judge(graph, "never", e.conj(e.eq(budget, e.constant(0)), running))
    # Start three, lose two (starting already), start them again, see them run.
    assert (spent.verdict, len(spent.run)) == (Verdict.VIOLATED, 10)
    assert_real(chosen, spent.run)


def test_other_kinds_are_refused() -> None:
    """Liveness is judged elsewhere; a wrong kind is an error, not a pass."""
    with pytest.raises(ValueError, match="converges"):
        judge(explore(under(LADDER)), "converges", at(3))


def test_questions_about_steps_need_edges() -> None:
    """Without edges states are judged, steps are not."""
    graph = explore(under(LADDER), keep_edges=False)
    assert xs(judge(graph, "never", at(2)).run) == [0, 1, 2]
    assert judge(graph, "reachable", at(3)).verdict is Verdict.HOLDS
    for kind in ("transition", "deadlock_free", "recoverable"):
        with pytest.raises(IncompleteGraph):
            judge(graph, kind, at(3))


# ---------------------------------------------------------------- hazards


def test_predicate_that_goes_wrong() -> None:
    """A property whose own evaluation fails in a reachable state is violated by that."""
    graph = explore(under(LADDER))
    wrong = hazard(at(2), "division", "x - 2")
    for kind in ("always", "never", "reachable", "recoverable"):
        predicate = e.FALSE if kind == "never" else e.TRUE
        found = judge(graph, kind, predicate, hazards=(wrong,))
        assert (found.verdict, xs(found.run), found.run.hazard) == (Verdict.VIOLATED, [0, 1, 2], wrong)
    after = hazard(e.eq(NEXT_X, e.constant(2)), "division", "x′ - 2")
    found = judge(graph, "transition", e.TRUE, hazards=(after,))
    assert (found.verdict, xs(found.run), found.run.hazard) == (Verdict.VIOLATED, [0, 1, 2], after)
    never_so = hazard(at(8), "division", "x - 8")
    assert judge(graph, "always", e.TRUE, hazards=(never_so,)).verdict is Verdict.HOLDS


def wrong_walk() -> TransitionSystem:
    """x counts up; an assertion fails at 2, an index is out of range at 3, another never fails."""
    claims = (
        hazard(at(2), "assert", "not two", 10),
        hazard(at(3), "index", "slots[x]", 11),
        hazard(at(9), "assert", "not nine", 12),
    )
    return system(
        [integer("x", 0, 9)],
        *move("step", (0, 1), (1, 2), (2, 3)),
        action("check", e.TRUE, hazards=claims),
        action("again", e.TRUE, hazards=claims[:1]),
    )


def test_one_judgement_for_each_assertion_and_one_for_the_rest() -> None:
    """Assertions by their place in the source, whoever runs them; other errors together."""
    graph = explore(under(wrong_walk()))
    judged = hazard_judgements(graph)
    assert [(one.name, one.kind, one.verdict) for one in judged] == [
        ("not two", "assert", Verdict.VIOLATED),
        ("not nine", "assert", Verdict.HOLDS),
        ("well_defined", "domain", Verdict.VIOLATED),
    ]
    two, _, rest = judged
    assert (xs(two.run), two.run.steps[-1].action, two.reason) == (
        [0, 1, 2],
        "check",
        "not two is broken",
    )
    assert (xs(rest.run), rest.run.steps[-1].action, rest.reason) == (
        [0, 1, 2, 3],
        "check",
        "slots[x] is broken",
    )
    assert_real(graph.system, two.run)
    clean = hazard_judgements(explore(under(LADDER)))
    assert [(one.name, one.verdict) for one in clean] == [("well_defined", Verdict.HOLDS)]


def test_model_that_goes_wrong_holds_nothing() -> None:
    """After an error there is no successor, so nothing universal is said; what was found is real."""
    graph = explore(under(wrong_walk()))
    for kind, predicate in (
        ("always", e.TRUE),
        ("never", e.FALSE),
        ("transition", e.TRUE),
        ("recoverable", e.TRUE),
    ):
        unsure = judge(graph, kind, predicate)
        assert (unsure.verdict, unsure.reason) == (
            Verdict.UNKNOWN,
            "the model itself goes wrong: not two is broken",
        )
    assert judge(graph, "reachable", at(7)).verdict is Verdict.UNKNOWN
    assert judge(graph, "reachable", at(3)).verdict is Verdict.HOLDS
    assert judge(graph, "never", at(3)).verdict is Verdict.VIOLATED


# ---------------------------------------------------------------- incomplete graphs


def test_incomplete_graph_never_holds() -> None:
    """What was found is real; the rest is unknown, with the reason and what was covered."""
    long = system(
        [integer("x", 0, 10**9)],
        action("up", e.TRUE, {"x": e.minimum(e.add(X, e.constant(1)), e.constant(10**9))}),
    )
    graph = explore(under(long), max_states=100)
    for kind, predicate in (
        ("always", e.TRUE),
        ("never", e.FALSE),
        ("transition", e.TRUE),
        ("reachable", e.FALSE),
        ("deadlock_free", None),
        ("recoverable", e.FALSE),
    ):
        unsure = judge(graph, kind, predicate)
        assert (kind, unsure.verdict, unsure.run) == (kind, Verdict.UNKNOWN, None)
        assert unsure.reason.startswith("more than 100 states: nothing found in 101 states")
        assert unsure.scope == Scope("bounded", graph.covers)
        assert "digest" not in unsure.metrics
    assert hazard_judgements(graph)[0].verdict is Verdict.UNKNOWN
    assert len(judge(graph, "always", e.lt(X, e.constant(50))).run) == 50
    assert len(judge(graph, "reachable", at(7)).run) == 7


def test_way_out_may_lie_beyond_what_was_explored() -> None:
    """A state is lost only if all that it leads to was explored."""
    n = integer("n", 0, None, (0,), bound=5)
    trapped = truth("trapped")
    up = action("up", e.neg(trapped.node), {"n": e.add(n.node, e.constant(1))})
    far = e.lt(e.constant(9), n.node)
    graph = explore(under(system([n, trapped], up)))
    assert judge(graph, "recoverable", far).verdict is Verdict.UNKNOWN
    fall = action("fall", e.eq(n.node, e.constant(3)), {"trapped": e.TRUE})
    lost = judge(explore(under(system([n, trapped], up, fall))), "recoverable", far)
    assert lost.verdict is Verdict.VIOLATED
    assert lost.run.states[-1] == {"n": 3, "trapped": True}


def test_budget_of_faults_bounds_what_is_reached() -> None:
    """Two faults are needed to get there, and at most one happens."""
    chosen = walk(faults=((0, 1), (1, 2)))
    assert judge(explore(under(chosen, at_most(1))), "never", at(2)).verdict is Verdict.HOLDS
    assert judge(explore(under(chosen, at_most(2))), "never", at(2)).verdict is Verdict.VIOLATED


# ---------------------------------------------------------------- against a naive judge


def naive_lost(chosen: TransitionSystem, edges: list, good: list[bool], labels: list[str]) -> list[bool]:
    """States without a way into the good ones, by repeating until nothing changes."""
    way = list(good)
    while True:
        more = [
            way[state]
            or any(
                source == state and way[target] and chosen.action[labels[label]].kind is Kind.STEP
                for source, label, target in edges
            )
            for state in range(len(way))
        ]
        if more == way:
            return [not one for one in way]
        way = more


@given(systems(), st.data())
def test_verdicts_are_those_of_a_naive_judge(chosen: TransitionSystem, data: st.DataObject) -> None:
    """Every kind agrees with definitions spelled out on the interpreted graph; runs are real and shortest."""
    graph = explore(under(chosen), max_states=100)
    assume(graph.complete)
    plain = interpret(chosen, [graph.state(index) for index in range(graph.initial)])
    assert plain is not None
    variables = list(chosen.variables)
    predicate = Builder(data.draw, variables, []).any(BOOL, 3)
    relation = Builder(data.draw, variables, [], after=True).any(BOOL, 3)
    labels = [instance.action.name for instance in graph.instances]
    good = [bool(evaluate(predicate, state)) for state in plain.states]
    changing = [edge for edge in plain.edges if edge[0] != edge[2]]
    related = [evaluate(relation, plain.states[s], plain.states[t]) for s, _, t in changing]
    moving = {s for s, k, _ in changing if chosen.action[labels[k]].kind is Kind.STEP}
    moving |= {s for s, k, _ in plain.mishaps if chosen.action[labels[k]].kind is Kind.STEP}
    stuck = [state not in moving and not good[state] for state in range(len(good))]
    bad = {
        "always": any(not one for one in good),
        "never": any(good),
        "transition": not all(related),
        "deadlock_free": any(stuck),
        "recoverable": any(naive_lost(chosen, plain.edges, good, labels)),
    }
    wrong = any(isinstance(hazard, Hazard) for _, _, hazard in plain.mishaps)
    for kind, is_bad in bad.items():
        found = judge(graph, kind, relation if kind == "transition" else predicate, goal=predicate)
        expected = Verdict.VIOLATED if is_bad else Verdict.UNKNOWN if wrong else Verdict.HOLDS
        assert (kind, found.verdict) == (kind, expected)
        if found.run is not None:
            assert_real(chosen, found.run)
            if kind in ("always", "never"):
                wanted = [graph.depths[i] for i, one in enumerate(good) if one == (kind == "never")]
                assert len(found.run) == min(wanted)
    witness = judge(graph, "reachable", predicate)
    if any(good):
        assert witness.verdict is Verdict.HOLDS
        assert evaluate(predicate, witness.run.states[-1])
    else:
        assert witness.verdict is (Verdict.UNKNOWN if wrong else Verdict.VIOLATED)
    for one in hazard_judgements(graph):
        if one.run is not None:
            assert_real(chosen, one.run)
