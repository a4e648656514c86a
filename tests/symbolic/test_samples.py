"""Samples: compiled evaluation agrees with the reference, and every sampled step is a real one."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from random_systems import Builder, systems
from small_systems import action, counter, fleet, hazard, integer, symbol, system, truth, under

from checker.explicit.explore import explore
from checker.regimes.regime import FINITELY_MANY, NONE
from checker.symbolic.evaluation import row_function, stepper
from checker.symbolic.samples import sampled
from checker.system import expression as e
from checker.system.evaluate import evaluate
from checker.system.run import Run
from checker.system.sorts import BOOL, INT, Domain
from checker.system.transition_system import Role, Symbol, TransitionSystem, Variable


def _holds(system: TransitionSystem, run: Run) -> None:
    """Every state of the run follows from the one before, by the reference interpreter."""
    assert evaluate(system.wellformed, run.states[0])
    for number, step in enumerate(run.steps):
        assert step is not None
        before, taken = run.states[number], system.action[step.action]
        symbols = dict(
            zip(
                [one.node for one in (*taken.parameters, *taken.choices)],
                (*step.arguments, *step.choices),
                strict=True,
            )
        )
        assert all(
            value in one.domain for one, value in zip(taken.parameters, step.arguments, strict=True)
        )
        assert evaluate(taken.guard, before, symbols=symbols) is True
        wrong = [one for one in taken.hazards if evaluate(one.condition, before, symbols=symbols)]
        if number == len(run.states) - 1:
            assert wrong == [run.hazard]
            continue
        assert not wrong
        updates = {name: evaluate(value, before, symbols=symbols) for name, value in taken.updates}
        assert run.states[number + 1] == {**before, **updates}


@settings(max_examples=60)
@given(systems(), st.data())
def test_compiled_expressions_agree_with_the_reference(drawn: TransitionSystem, data) -> None:
    """Random expressions, on random rows, inside their domains or not."""
    builder = Builder(data.draw, list(drawn.variables), [])
    roots = [builder.any(data.draw(st.sampled_from([BOOL, INT])), 4) for _ in range(3)]
    values = row_function(drawn, roots)
    for _ in range(4):
        row = tuple(
            data.draw(st.booleans() if one.domain.sort == BOOL else st.integers(-4, 4))
            for one in drawn.variables
        )
        state = {one.name: value for one, value in zip(drawn.variables, row, strict=True)}
        found = values(row)
        expected = tuple(evaluate(root, state) for root in roots)
        assert found == expected
        assert [type(value) is bool for value in found] == [root.sort == BOOL for root in roots]


@settings(max_examples=60)
@given(systems())
def test_every_sampled_run_is_one_of_the_system(drawn: TransitionSystem) -> None:
    """The run to a sampled state or step can be repeated by the reference interpreter."""
    samples = sampled(under(drawn), most_states=60)
    for index in range(0, len(samples), 7):
        _holds(drawn, samples.run_to(index))
    for number in range(0, len(samples.steps), 11):
        _holds(drawn, samples.run_along(number))


@settings(max_examples=60)
@given(systems())
def test_what_is_called_complete_is_what_the_explorer_finds(drawn: TransitionSystem) -> None:
    """The same states, steps and errors as an exhaustive exploration."""
    samples = sampled(under(drawn), most_states=10_000)
    assert samples.complete
    graph = explore(under(drawn))
    explored = {tuple(graph.state(index).items()) for index in range(len(graph))}
    assert {tuple(state.items()) for state in samples.states} == explored
    assert len(samples.steps) == graph.steps
    wrong = {
        (step.source, step.action, step.arguments, step.hazard)
        for step in samples.steps
        if step.hazard >= 0
    }
    assert len(wrong) == len(graph.mishaps)


def test_the_same_again() -> None:
    """A sample is a value: equal for equal arguments, also where it is drawn."""
    one = sampled(under(fleet(3, 4)), most_states=200)
    assert one == sampled(under(fleet(3, 4)), most_states=200)
    assert not one.complete
    assert one.rows != sampled(under(fleet(3, 4)), most_states=200, seed=1).rows


def test_the_regime_decides_what_may_happen() -> None:
    """Without faults there are fewer states."""
    assert len(sampled(NONE.apply(fleet(2, 2)))) < len(sampled(FINITELY_MANY.apply(fleet(2, 2))))


def test_too_many_states_are_cut_off() -> None:
    """About as many states as asked for, the initial one first, walks far from it included."""
    samples = sampled(under(counter(6, 10)), most_states=300)
    assert 300 <= len(samples) <= 320
    assert set(samples.rows[0]) == {0}
    assert max(map(sum, samples.rows)) > 12


def _sized() -> TransitionSystem:
    """Every size from two on, and a level that may start and go anywhere up to it."""
    size = integer("size", 2, None, None)
    limit = integer("limit", 0, None, None)
    level = integer("level", 0, None, None)
    below = e.conj(e.le(limit.node, size.node), e.le(level.node, size.node))
    anywhere = Symbol("to", e.bound("to", 0, 0), Domain(INT, 0, None))
    made = system(
        [size, limit, level],
        action("jump", e.le(anywhere.node, size.node), {"level": anywhere.node}, parameters=(anywhere,)),
    )
    return TransitionSystem("Sized", (), made.variables, made.actions, wellformed=below)


def test_unbounded_values_are_tried_from_the_least_on() -> None:
    """Unbounded initial values and arguments: a few, all of them well-formed, none called complete."""
    samples = sampled(under(_sized()))
    assert not samples.complete
    assert all(evaluate(_sized().wellformed, state) for state in samples.states)
    assert {state["size"] for state in samples.states} == {2, 3, 4, 5}
    assert {state["level"] for state in samples.states} == {0, 1, 2, 3, 4, 5}


def test_each_size_gets_its_share() -> None:
    """Of a hundred states each of four sizes gets about a quarter."""
    size = Variable("size", Domain(INT, 1, None), None, Role.PARAMETER)
    x = integer("x", 0, None)
    growing = system([size, x], action("grow", e.TRUE, {"x": e.add(x.node, size.node)}))
    samples = sampled(under(growing), most_states=100)
    counts = [sum(state["size"] == k for state in samples.states) for k in (1, 2, 3, 4)]
    assert counts == [25, 25, 25, 25]


def test_domains_may_end_at_a_parameter() -> None:
    """Initial values and arguments are tried up to where the domain ends for this size."""
    size = Variable("size", Domain(INT, 1, None), None, Role.PARAMETER)
    ending = Domain(INT, 0, None, most=size.node)
    level = Variable("level", ending, None)
    to = Symbol("to", e.bound("to", 0, None), ending)
    made = system([level, size], action("jump", e.TRUE, {"level": to.node}, parameters=(to,)))
    samples = sampled(under(made))
    assert set(samples.rows) == {(level, size) for size in (1, 2, 3, 4) for level in range(size + 1)}
    assert {step.arguments[0] for step in samples.steps} == {0, 1, 2, 3, 4}


def test_a_hazard_ends_a_run() -> None:
    """The step that goes wrong has no successor, and is the last of its run."""
    x = integer("x", 0, 3)
    wrong = e.eq(x.node, e.constant(2))
    made = system(
        [x, truth("b")],
        action("up", e.TRUE, {"x": e.add(x.node, e.constant(1))}, hazards=(hazard(wrong),)),
    )
    samples = sampled(under(made))
    (number,) = (n for n, step in enumerate(samples.steps) if step.hazard >= 0)
    run = samples.run_along(number)
    assert (len(run.states), len(run.steps), run.hazard) == (3, 3, made.actions[0].hazards[0])
    _holds(made, run)


def test_steps_know_their_arguments() -> None:
    """Arguments and choices in the order of the action's symbols, as the explorer has them."""
    x = integer("x", 0, 9)
    p, c = symbol("p", 0, 1), symbol("c", 1, 2)
    value = e.add(e.mul(p.node, e.constant(4)), c.node)
    made = system(
        [x],
        action("jump", e.eq(x.node, e.constant(0)), {"x": value}, parameters=(p,), choices=(c,)),
    )
    taken = [(step.arguments, step.choices) for step in sampled(under(made)).steps]
    assert taken == [((0,), (1,)), ((0,), (2,)), ((1,), (1,)), ((1,), (2,))]
    assert stepper(made, made.actions[0])((0,), (1, 2)) == (6,)
