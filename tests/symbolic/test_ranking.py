"""The parts of the search for ranks: columns, features, levels, helpful units, text."""

from __future__ import annotations

import controllers
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_systems import Builder, systems
from small_systems import action, integer, symbol, system, truth

from checker.explicit.explore import explore
from checker.explicit.outcomes import outcomes
from checker.regimes.regime import FINITELY_MANY, UNBOUNDED
from checker.symbolic.columns import Columns
from checker.symbolic.features import Feature, features
from checker.symbolic.helpful import units_of
from checker.symbolic.rank_search import next_level, rank_of
from checker.symbolic.rank_text import rank_text, sympy_of
from checker.system.evaluate import evaluate
from checker.system.expression import (
    Expression,
    absolute,
    add,
    as_integer,
    constant,
    eq,
    ite,
    lt,
    maximum,
    mul,
    neg,
    sub,
    variable,
)
from checker.system.run import State
from checker.system.sorts import BOOL, INT
from checker.system.transition_system import Fairness, TransitionSystem

X, Y, P = variable("x", INT), variable("y", INT), variable("p", BOOL)
ZERO, ONE = constant(0), constant(1)


@settings(max_examples=30, deadline=None)
@given(systems(), st.data())
def test_columns_are_what_the_interpreter_says(system: TransitionSystem, data: st.DataObject) -> None:
    """Every operator, on many states at once, also after states were added."""
    graph = explore(UNBOUNDED.apply(system), max_states=40)
    states = [graph.state(number) for number in range(len(graph))]
    columns = Columns(system)
    builder = Builder(data.draw, list(system.variables), [])
    several = [builder.any(data.draw(st.sampled_from([BOOL, INT])), 3) for _ in range(3)]
    for state in states[: len(states) // 2]:
        columns.add(state)
    for expression in several[:2]:
        columns(expression)
    numbers = [columns.add(state) for state in states]
    for expression in several:
        assert columns(expression)[numbers].tolist() == [evaluate(expression, one) for one in states]


@settings(max_examples=30, deadline=None)
@given(systems())
def test_a_unit_is_enabled_where_a_step_of_it_changes_the_state(system: TransitionSystem) -> None:
    """In every reachable state, by the reference interpreter."""
    under = FINITELY_MANY.apply(system)
    graph = explore(under, max_states=30)
    for unit in units_of(under):
        for number in range(len(graph)):
            state = graph.state(number)
            assert evaluate(unit.enabled, state) == any(
                isinstance(after, dict) and after != state
                for name in unit.actions
                for _, after in outcomes(system.action[name], unit.arguments, state)
            )


def test_units_are_the_fair_recurring_instances() -> None:
    """Not faults, not what nothing promises; actions of a group together; each argument by itself."""
    i = symbol("i", 0, 1)
    one = system(
        [integer("x", 0, 9)],
        action("first", lt(X, constant(9)), {"x": add(X, ONE)}, group="process"),
        action("second", lt(X, constant(9)), {"x": add(X, ONE)}, group="process"),
        action("each", eq(X, i.node), {"x": add(X, ONE)}, parameters=(i,)),
        action("unpromised", lt(X, constant(9)), {"x": add(X, ONE)}, fairness=Fairness.NONE),
    )
    units = units_of(FINITELY_MANY.apply(one))
    assert [(unit.name, unit.actions) for unit in units] == [
        ("process", ("first", "second")),
        ("each(0)", ("each",)),
        ("each(1)", ("each",)),
    ]
    assert units[1].enabled is eq(X, ZERO)


@pytest.mark.parametrize("richness", [0, 1, 2])
def test_features_are_never_negative(richness: int) -> None:
    """In every state in which each variable is inside its domain."""
    for controller in (controllers.replicas, controllers.queue, controllers.rolling_update):
        made, claim = controller()
        assert claim.predicate is not None
        columns = Columns(made)
        generator = np.random.default_rng(0)
        for _ in range(60):
            columns.add({one.name: _drawn(one.domain, generator) for one in made.variables})
        found = features(made, claim.predicate, richness)
        assert found
        for feature in found:
            assert columns(feature.value).min() >= 0


def _drawn(domain, generator: np.random.Generator):
    if domain.sort is BOOL:
        return bool(generator.integers(0, 2))
    high = 30 if domain.high is None else domain.high
    return int(generator.integers(domain.low, high + 1))


def test_a_level_lowers_as_much_as_one_level_can() -> None:
    """Three of four steps; the fourth goes back, and is neither raised nor lowered."""
    falls = np.array([[1, 0, 0], [-2, 1, 0], [1, -1, 1], [0, 0, 0]], dtype=float)
    level = next_level(falls, [1, 1, 1])
    assert level is not None
    coefficients = np.zeros(3)
    for place, factor in level.terms:
        coefficients[place] = factor
    assert (falls @ coefficients).tolist()[:3] >= [1, 1, 1]
    assert (falls @ coefficients)[:3].min() >= 1


def test_there_is_no_level_for_a_circle() -> None:
    """Steps that undo each other cannot both be lowered, and one alone would raise the other."""
    assert next_level(np.array([[1.0, 0.0], [-1.0, 0.0]]), [1, 1]) is None
    assert next_level(np.zeros((2, 3)), [1, 1, 1]) is None


def test_the_lighter_of_two_equal_features_is_taken() -> None:
    """Both fall alike: what is easier to read is in the rank."""
    level = next_level(np.array([[1.0, 1.0], [2.0, 2.0]]), [5, 2])
    assert level is not None
    assert level.terms == ((1, 1),)
    assert rank_of(level, [Feature(Y, 5), Feature(X, 2)]) is X


@pytest.mark.parametrize(
    ("rank", "text"),
    [
        (absolute(sub(X, Y)), "|x - y|"),
        (add(maximum(sub(X, Y), ZERO), maximum(sub(Y, X), ZERO)), "|x - y|"),
        (add(mul(maximum(sub(X, Y), ZERO), constant(2)), maximum(sub(Y, X), ZERO)),
         "2·max(x - y, 0) + max(y - x, 0)"),
        (add(mul(X, constant(3)), as_integer(P)), "3·x + [p]"),
        (as_integer(neg(P)), "[not p]"),
        (ite(P, sub(X, ONE), ZERO), "[p]·(x - 1)"),
        (ite(P, ite(lt(X, Y), ONE, ZERO), ZERO), "[p]·[x < y]"),
        (sub(constant(2), X), "2 - x"),
        (add(X, ONE), "x + 1"),
        (ite(eq(X, Y), constant(3), ONE), "2·[x = y] + 1"),
        (constant(0), "0"),
    ],
)  # fmt: skip
def test_a_rank_reads_like_one(rank: Expression, text: str) -> None:
    """Magnitudes, multiples and indicators, as in a paper."""
    assert rank_text(rank) == text


@settings(max_examples=40, deadline=None)
@given(st.integers(-4, 4), st.integers(-4, 4), st.booleans())
def test_sympy_computes_the_same(x: int, y: int, p: bool) -> None:
    """Distances, indicators, products and Python's division, at any point."""
    import sympy

    state: State = {"x": x, "y": y, "p": p}
    for expression in (
        absolute(sub(X, Y)),
        add(mul(maximum(sub(X, Y), ZERO), constant(2)), as_integer(P)),
        ite(lt(X, Y), add(X, ONE), sub(Y, X)),
        ite(neg(P), X, ite(eq(X, Y), ONE, Y)),
    ):
        symbols = {
            sympy.Symbol("x", integer=True): x,
            sympy.Symbol("y", integer=True): y,
            sympy.Symbol("p"): sympy.true if p else sympy.false,
        }
        assert int(sympy_of(expression).subs(symbols)) == evaluate(expression, state)


def test_nothing_of_the_environment_is_a_feature() -> None:
    """What no step changes has no distance of its own: it would never fall."""
    made, claim = controllers.counter_to_target()
    assert claim.predicate is not None
    values = [feature.value for feature in features(made, claim.predicate, 0)]
    assert made.variable["target"].node not in values
    assert maximum(sub(made.variable["target"].node, made.variable["x"].node), ZERO) in values
    assert truth("flag").node not in values
