"""Generated code against the reference interpreter, and the shapes that Python itself limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from interpreted_graph import interpret
from random_systems import Builder, systems
from small_systems import action, integer, symbol, system, truth, under

from checker.explicit.explore import evaluate_all, evaluate_edges, explore
from checker.explicit.generated_python import IllFormedSystem, expander
from checker.explicit.instances import instances_of
from checker.explicit.packing import packing_of
from checker.explicit.state_graph import StateGraph
from checker.system import expression as e
from checker.system.evaluate import evaluate
from checker.system.sorts import BOOL, INT
from checker.system.transition_system import TransitionSystem


def assert_same_graph(chosen: TransitionSystem) -> StateGraph | None:
    """The explored graph, after comparing all of it with the interpreted one."""
    graph = explore(under(chosen), max_states=400)
    if not graph.complete:
        return None
    initial = [graph.state(index) for index in range(graph.initial)]
    expected = interpret(chosen, initial)
    assert expected is not None
    assert [graph.state(index) for index in range(len(graph))] == expected.states
    assert list(graph.labelled_edges()) == expected.edges
    assert [(m.state, m.label, m.hazard) for m in graph.mishaps] == expected.mishaps
    assert graph.parents.tolist() == expected.parents
    assert graph.steps == expected.steps
    counted = explore(under(chosen), keep_edges=False)
    assert (counted.states, counted.steps, counted.mishaps) == (graph.states, graph.steps, graph.mishaps)
    assert counted.parents.tolist() == graph.parents.tolist()
    assert counted.parent_labels.tolist() == graph.parent_labels.tolist()
    return graph


@given(systems())
def test_graph_is_what_the_interpreter_finds(chosen: TransitionSystem) -> None:
    """States, edges, labels, order, parents, mishaps and steps agree on random systems."""
    graph = assert_same_graph(chosen)
    if graph is not None:
        for index in range(0, len(graph), 7):
            run = graph.run_to(index)
            assert run.states[-1] == graph.state(index)
            assert len(run) == graph.depths[index]


@given(systems(wide=True))
def test_wide_states_are_what_the_interpreter_finds(chosen: TransitionSystem) -> None:
    """The same for states of more than 64 bits."""
    assert_same_graph(chosen)


@given(systems(), st.data())
def test_predicates_are_what_the_interpreter_finds(
    chosen: TransitionSystem, data: st.DataObject
) -> None:
    """A random predicate agrees in every state, and on every edge with `next` variables."""
    graph = explore(under(chosen), max_states=60)
    of_state = Builder(data.draw, list(chosen.variables), []).any(BOOL, 3)
    number = Builder(data.draw, list(chosen.variables), []).any(INT, 3)
    of_step = Builder(data.draw, list(chosen.variables), [], after=True).any(BOOL, 3)
    states = [graph.state(index) for index in range(len(graph))]
    assert evaluate_all(graph, of_state).tolist() == [evaluate(of_state, state) for state in states]
    assert evaluate_all(graph, number).tolist() == [evaluate(number, state) for state in states]
    assert evaluate_edges(graph, of_step).tolist() == [
        evaluate(of_step, states[source], states[target]) for source, _, target in graph.labelled_edges()
    ]


def test_chain_of_five_thousand_ites() -> None:
    """A value merged from thousands of `if`s neither nests too deeply for Python nor takes long."""
    x, flags = integer("x", 0, 7), [truth(f"f{i}", None) for i in range(3)]
    value = x.node
    for step in range(5000):
        flag = flags[step % 3].node
        value = e.ite(flag, e.modulo(e.add(value, e.constant(step % 7)), e.constant(8)), value)
    chosen = system([x, *flags], action("go", e.TRUE, {"x": value}))
    assert_same_graph(chosen)


def test_long_sums_and_conjunctions() -> None:
    """A sum over 2,000 elements and a conjunction of 2,000 parts are compiled."""
    x = integer("x", 0, 3)
    i = e.bound("i", 0, 1999)
    total = e.sum_of(i, e.modulo(e.add(x.node, i), e.constant(3)))
    everywhere = e.all_of(i, e.lt(e.modulo(e.mul(x.node, i), e.constant(5)), e.constant(9)))
    chosen = system([x], action("go", everywhere, {"x": e.modulo(total, e.constant(4))}))
    assert_same_graph(chosen)


def test_many_outcomes() -> None:
    """Thousands of combinations of parameters and choices become code that is still right."""
    x = integer("x", 0, 59)
    p, c = symbol("p", 0, 59), symbol("c", 0, 59)
    chosen = system(
        [x],
        action("jump", e.eq(x.node, p.node), {"x": c.node}, parameters=(p,), choices=(c,)),
    )
    graph = explore(under(chosen))
    assert (len(graph), graph.steps) == (60, 3600)
    assert graph.targets.reshape(60, 60)[0].tolist() == list(range(60))
    assert graph.step(0, 0, 17).choices == (graph.state(17)["x"],)


def test_shared_parts_are_computed_once() -> None:
    """A subexpression used in two actions is one local variable."""
    x, y = integer("x", 0, 9), integer("y", 0, 9)
    shared = e.modulo(e.mul(e.add(x.node, y.node), e.constant(7)), e.constant(10))
    chosen = system([x, y], action("a", e.TRUE, {"x": shared}), action("b", e.TRUE, {"y": shared}))
    source = expander(chosen, packing_of(chosen.variables), instances_of(chosen)[0]).source
    assert source.count("* 7") == 1


def test_unchanged_variables_cost_nothing() -> None:
    """Writing what is there already is no lookup, and a known change is one addition."""
    x = integer("x", 0, 9)
    at_three = e.eq(x.node, e.constant(3))
    chosen = system(
        [x],
        action("keep", at_three, {"x": e.constant(3)}),
        action("same", e.TRUE, {"x": x.node}),
        action("up", at_three, {"x": e.constant(5)}),
    )
    source = expander(chosen, packing_of(chosen.variables), instances_of(chosen)[0]).source
    assert source.count("see(t, n)") == 1
    assert "t = (w) + 2" in source


def test_update_outside_its_domain_is_never_packed() -> None:
    """A system whose hazards forget an overflow is refused, not explored wrongly."""
    x = integer("x", 0, 5)
    chosen = system([x], action("up", e.TRUE, {"x": e.add(x.node, e.constant(1))}))
    with pytest.raises(IllFormedSystem, match="up assigns x"):
        explore(under(chosen))


def test_total_operators() -> None:
    """Division by zero is zero and an index out of range reads the first element."""
    x = integer("x", -2, 2, range(-2, 3))
    row = e.array([e.constant(10), e.constant(20), e.constant(30)])
    graph = explore(under(system([x])))
    seven = e.constant(7)
    assert evaluate_all(graph, e.floordiv(seven, x.node)).tolist() == [-4, -7, 0, 7, 3]
    assert evaluate_all(graph, e.modulo(seven, x.node)).tolist() == [-1, 0, 0, 0, 1]
    assert evaluate_all(graph, e.select(row, x.node)).tolist() == [10, 10, 10, 20, 30]
    assert evaluate_all(graph, e.select(row, x.node)).dtype == np.int64
