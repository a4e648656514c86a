"""Traps that other checkers fell into; beside the verdict each test shows what the trap says."""

from __future__ import annotations

import numpy as np
from graphs import fair_graph_of, labelled_of
from naive_reference import Edge, Labelled
from systems import action, fleet, number, system

from checker.explicit.convergence import judge_converges, violating_components
from checker.explicit.explore import evaluate_all, explore
from checker.explicit.fair_cycles import fair_components
from checker.explicit.lasso import is_fair_lasso
from checker.explicit.lasso_search import shortest_lasso
from checker.explicit.recurrence import judge_leads_to, judge_recurs
from checker.explicit.state_graph import StateGraph
from checker.explicit.strong_components import strong_components
from checker.regimes.regime import FINITELY_MANY
from checker.system.expression import FALSE, add, conj, constant, disj, eq, ite, lt, neg, sub
from checker.system.run import Verdict
from checker.system.sorts import INT, Domain
from checker.system.transition_system import Fairness, Property, TransitionSystem, Variable


def _graph(built: TransitionSystem, **more: int) -> StateGraph:
    return explore(FINITELY_MANY.apply(built), **more)


def _at(variable: Variable, *values: int):
    return disj(*(eq(variable.node, constant(value)) for value in values))


def _edge(variable: Variable, before: int, after: int, **more):
    """An action from one place to another."""
    return action(f"{before}to{after}", _at(variable, before), {variable.name: constant(after)}, **more)


# ---------------------------------------------------------------- trap 1


def test_trap_1_a_cycle_is_a_run_that_never_arrives() -> None:
    """Only looking at the ends of runs misses the cycle that has none."""
    x = number("x", 2)
    graph = _graph(system([x], [_edge(x, 0, 1), _edge(x, 1, 0), _edge(x, 1, 2, fairness=Fairness.NONE)]))
    ends = [s for s in range(len(graph)) if not any(t != s for _, t in graph.steps_from(s))]
    assert [graph.state(s)["x"] for s in ends] == [2], "the trap: every run that ends is at the goal"
    judgement = judge_converges(graph, Property("p", "converges", _at(x, 2)))
    assert judgement.verdict is Verdict.VIOLATED
    assert [state["x"] for state in judgement.run.states] == [0, 1, 0]


def test_trap_1_a_state_where_paths_join_has_two_pasts() -> None:
    """What one path to a state has seen, another one has not: bits kept per state are lost."""
    x = number("x", 3)
    edges = [_edge(x, 0, 1), _edge(x, 0, 2), _edge(x, 1, 3), _edge(x, 2, 3)]
    graph = _graph(system([x], edges))
    seen = {0: False}
    for state in range(1, len(graph)):
        seen[state] = seen[int(graph.parents[state])] or graph.state(state)["x"] == 1
    assert seen[graph.index({"x": 3})], "the trap: the first path to the end has passed 1"
    judgement = judge_leads_to(graph, Property("p", "leads_to", _at(x, 1), premise=_at(x, 0)))
    assert judgement.verdict is Verdict.VIOLATED
    assert [state["x"] for state in judgement.run.states] == [0, 2, 3, 3]


# ---------------------------------------------------------------- trap 2


def test_trap_2_an_action_taken_elsewhere_in_the_component_does_not_excuse_the_loop() -> None:
    """Fairness is judged on the component of ¬goal, not on the one around it."""
    a, other = 0, None
    edges = (Edge(0, 1, other), Edge(1, 0, other), Edge(0, 2, a), Edge(1, 2, a), Edge(2, 0, other))
    graph = fair_graph_of(Labelled(3, edges, ("weak",)))
    outside = np.array([True, True, False])
    outer = fair_components(graph)
    assert outer.count == 1, "the trap: the outer component takes the action, and has a cycle outside"
    assert fair_components(graph, outside).count == 0


def test_trap_2_an_unfair_component_may_have_a_fair_part() -> None:
    """Strong fairness removes the states that enable the action; what remains can be fair."""
    edges = (Edge(0, 1), Edge(1, 0), Edge(1, 2), Edge(2, 1), Edge(2, 3, 0))
    graph = fair_graph_of(Labelled(4, edges, ("strong",)))
    labels = strong_components(graph.offsets, graph.targets)
    component = labels == labels[0]
    enabled = np.unpackbits(graph.enabled, axis=1, bitorder="little")[:, 0].astype(bool)
    inside = [edge for edge in edges if component[edge.source] and component[edge.target]]
    assert enabled[component].any() and all(edge.unit != 0 for edge in inside), "the trap: unfair"
    found = fair_components(graph, component)
    assert [found.members(number).tolist() for number in range(found.count)] == [[0, 1]]


# ---------------------------------------------------------------- trap 3


def test_trap_3_reaching_the_goal_is_not_staying_there() -> None:
    """Every run reaches the goal, again and again; it converges only if it stays."""
    x = number("x", 2)
    graph = _graph(system([x], [_edge(x, 0, 1), _edge(x, 1, 2), _edge(x, 2, 0)]))
    goal = _at(x, 2)
    assert judge_recurs(graph, Property("p", "recurs", goal)).verdict is Verdict.HOLDS, "the trap"
    judgement = judge_converges(graph, Property("p", "converges", goal))
    assert judgement.verdict is Verdict.VIOLATED
    assert (judgement.metrics["reached"], judgement.metrics["stable"]) == (True, False)
    assert judgement.reason.startswith("reaches the goal and leaves it again and again")


def test_trap_3_a_run_may_stop() -> None:
    """A deadlock outside the goal is a run for ever, though the graph has no cycle at all."""
    x = number("x", 2)
    graph = _graph(system([x], [_edge(x, 0, 1), _edge(x, 0, 2)]))
    labels = strong_components(graph.offsets, graph.targets)
    assert len(set(labels.tolist())) == len(graph), "the trap: no cycle, so nothing to find"
    judgement = judge_converges(graph, Property("p", "converges", _at(x, 2)))
    assert judgement.verdict is Verdict.VIOLATED
    assert [state["x"] for state in judgement.run.states] == [0, 1, 1]
    assert judgement.run.steps[-1] is None and "deadlock" in judgement.reason


# ---------------------------------------------------------------- trap 4


def test_trap_4_a_stutter_does_not_take_an_action() -> None:
    """An action that could leave, but also may change nothing, is not taken by changing nothing."""
    edges = (Edge(0, 1), Edge(1, 0), Edge(0, 0, 0), Edge(0, 2, 0), Edge(1, 2, 0))
    graph = fair_graph_of(Labelled(3, edges, ("weak",)))
    outside = np.array([True, True, False])
    assert any(e.unit == 0 and e.source == e.target for e in edges), "the trap: it is taken in the loop"
    assert fair_components(graph, outside).count == 0


def test_trap_4_a_stutter_does_not_enable_an_action() -> None:
    """Where an action changes nothing it is disabled, so that a loop may pass without taking it."""
    edges = (Edge(0, 1), Edge(1, 0), Edge(0, 2, 0), Edge(1, 1, 0))
    graph = fair_graph_of(Labelled(3, edges, ("weak",)))
    outside = np.array([True, True, False])
    sources = {e.source for e in edges if e.unit == 0}
    assert sources == {0, 1}, "the trap: the guard holds in every state of the loop"
    assert fair_components(graph, outside).count == 1


# ---------------------------------------------------------------- trap 6


def test_trap_6_a_lasso_is_shown_and_not_a_component() -> None:
    """Of a component of 400 states the shortest loop that takes all four fair actions is shown."""
    x, y = number("x", 19), number("y", 19)
    step = [
        action(f"{v.name}{d:+}", updates={v.name: _modulo(add(v.node, constant(d % 20)))})
        for v in (x, y)
        for d in (1, -1)
    ]
    graph = _graph(system([x, y], step))
    goal = neg(conj(_at(x, 1), _at(y, 0)))
    sizes = [len(members) for members in violating_components(graph, goal)]
    assert sizes == [400], "the trap: all of it is one fair component"
    judgement = judge_converges(graph, Property("p", "converges", goal))
    assert is_fair_lasso(graph.system, judgement.run, graph.under.recurring) == []
    assert (len(judgement.run.steps), judgement.run.loop) == (4, 0)
    assert (judgement.metrics["reached"], judgement.metrics["stable"]) == (True, False)


def test_trap_6_a_loop_makes_only_the_detours_that_fairness_asks_for() -> None:
    """Three weakly fair actions that each fire somewhere on a ring: exactly one round trip."""
    ring = tuple(Edge(i, (i + 1) % 30, i // 10) for i in range(30))
    chords = tuple(Edge(i, (i + 15) % 30) for i in range(30))
    graph = fair_graph_of(Labelled(30, ring + chords, ("weak", "weak", "weak")))
    everywhere = np.ones(30, dtype=bool)
    loop = shortest_lasso(graph, fair_components(graph), everywhere, np.arange(30))
    # In the states of a third only its own action is enabled, so each sees the others disabled.
    assert loop is not None and len(loop) == 2


def _modulo(value):
    return ite(lt(value, constant(20)), value, add(value, constant(-20)))


# ---------------------------------------------------------------- trap 8


def test_trap_8_a_state_constraint_does_not_make_liveness_true() -> None:
    """Where exploration is cut off, a counter that grows for ever has no cycle: that is no proof."""
    x = number("x", 1000)
    up = action("up", lt(x.node, constant(1000)), {"x": add(x.node, constant(1))})
    graph = _graph(system([x], [up]), max_states=50)
    inside = fair_components(fair_graph_of(labelled_of(graph)), np.arange(len(graph)) < graph.expanded)
    assert inside.count == 0, "the trap: no fair cycle in what was explored"
    for judge, kind in ((judge_converges, "converges"), (judge_recurs, "recurs")):
        judgement = judge(graph, Property("p", kind, FALSE))
        assert judgement.verdict is Verdict.UNKNOWN


def test_trap_8_a_bound_of_nat_does_not_either() -> None:
    """The greatest number that is enumerated is no deadlock, and beyond it nothing is claimed."""
    x = Variable("x", Domain(INT, 0, None, bound=5), (0,))
    graph = _graph(system([x], [action("up", updates={"x": add(x.node, constant(1))})]))
    judgement = judge_converges(graph, Property("p", "converges", FALSE))
    assert judgement.verdict is Verdict.UNKNOWN


def test_trap_8_the_frontier_is_no_deadlock() -> None:
    """States whose steps were not explored seem to have none; they are no counterexample."""
    x = number("x", 1000)
    up = action("up", lt(x.node, constant(1000)), {"x": add(x.node, constant(1))})
    graph = _graph(system([x], [up]), max_states=50)
    last = len(graph) - 1
    assert not list(graph.steps_from(last)), "the trap"
    goal = lt(x.node, constant(graph.state(last)["x"]))
    assert judge_converges(graph, Property("p", "converges", goal)).verdict is Verdict.UNKNOWN


def test_trap_8_a_lasso_in_the_explored_part_is_real() -> None:
    """What was found is found, however little was explored."""
    x, y = number("x", 1), number("y", 1000)
    steps = [
        action("flip", updates={"x": sub(constant(1), x.node)}),
        action(
            "up", lt(y.node, constant(1000)), {"y": add(y.node, constant(1))}, fairness=Fairness.NONE
        ),
    ]
    graph = _graph(system([x, y], steps), max_states=50)
    judgement = judge_converges(graph, Property("p", "converges", _at(x, 1)))
    assert judgement.verdict is Verdict.VIOLATED and not graph.complete
    assert judgement.metrics["reached"] is None, "of runs that were not explored nothing is said"
    assert is_fair_lasso(graph.system, judgement.run, graph.under.recurring) == []


# ---------------------------------------------------------------- trap 14


def test_trap_14_the_fleet_converges() -> None:
    """fleet(3, 3) converges: every start is followed by its success."""
    built, goal = fleet(3, 3)
    judgement = judge_converges(_graph(built), Property("live", "converges", goal))
    assert judgement.verdict is Verdict.HOLDS


def test_trap_14_an_action_that_is_merely_possible_guarantees_nothing() -> None:
    """With an unfair start_ok the fleet (4, 6) has exactly 105 violating components."""
    built, goal = fleet(4, 6, start_ok=Fairness.NONE)
    graph = _graph(built)
    assert (len(graph), graph.steps) == (103_674, 819_048)
    components = violating_components(graph, goal)
    outside = ~evaluate_all(graph, goal)
    assert all(len(members) == 1 for members in components), "stutters only: no cycle is to blame"
    assert all(outside[members].all() for members in components)
    assert len(components) == 105
    judgement = judge_converges(graph, Property("live", "converges", goal))
    assert judgement.verdict is Verdict.VIOLATED
    assert is_fair_lasso(graph.system, judgement.run, graph.under.recurring) == []


def test_trap_14_the_fleet_of_4_converges() -> None:
    """fleet(4, 6), all of its 103,674 states."""
    built, goal = fleet(4, 6)
    judgement = judge_converges(_graph(built), Property("live", "converges", goal))
    assert judgement.verdict is Verdict.HOLDS
    assert judgement.metrics["unbounded"].startswith(
        "without a bound: first `start(0)` and `start_ok(0)`"
    )
