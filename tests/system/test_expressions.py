"""Expressions: one object for one structure, folded without a change of meaning, true to Python."""

from __future__ import annotations

import copy
import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_expressions import DOMAINS, PHASE, Pair, numbers, states, truths

from checker.system import expression as e
from checker.system.bounds import bounds
from checker.system.evaluate import evaluate
from checker.system.expression import FALSE, TRUE, Expression, constant
from checker.system.printer import show_expression
from checker.system.sorts import BOOL, INT, BoolSort, EnumSort
from checker.system.walk import expand_quantifiers, substitute, topological, variables_of

X, Y = e.variable("x", INT), e.variable("y", INT)
P, Q = e.variable("p", BOOL), e.variable("q", BOOL)


# ---------------------------------------------------------------- one object for one structure


def test_equal_structure_is_the_same_object() -> None:
    """Equality of expressions is identity."""
    assert e.add(e.mul(X, Y), constant(1)) is e.add(e.mul(X, Y), constant(1))
    assert e.variable("x", INT) is X
    assert e.variable("x", BOOL) is not X


def test_true_is_not_one() -> None:
    """Python's True == 1 does not make the constants the same."""
    assert constant(True) is not constant(1)
    assert constant(0) is not FALSE
    assert constant(1, BOOL) is TRUE
    assert constant(1, PHASE) is not constant(1)


def test_nodes_cannot_be_changed() -> None:
    """An expression is shared by everything that contains it, so it is frozen."""
    with pytest.raises(AttributeError):
        X.payload = "y"


def test_copies_and_pickles_are_the_same_object() -> None:
    """Copying and unpickling intern again."""
    node = e.ite(e.lt(X, Y), e.add(X, constant(1)), e.minimum(X, Y))
    assert copy.deepcopy(node) is node
    assert pickle.loads(pickle.dumps(node)) is node


@given(numbers() | truths())
def test_unpickled_expressions_are_the_same(pair: Pair) -> None:
    """Whatever the expression."""
    assert pickle.loads(pickle.dumps(pair.expression)) is pair.expression


# ---------------------------------------------------------------- folding


@pytest.mark.parametrize(
    ("built", "folded"),
    [
        (e.neg(e.neg(P)), P),
        (e.conj(), TRUE),
        (e.disj(), FALSE),
        (e.conj(P, TRUE), P),
        (e.conj(P, FALSE, Q), FALSE),
        (e.conj(P, e.neg(P)), FALSE),
        (e.disj(P, e.neg(P)), TRUE),
        (e.conj(P, Q, P), e.conj(P, Q)),
        (e.ite(TRUE, X, Y), X),
        (e.ite(P, X, X), X),
        (e.ite(e.neg(P), X, Y), e.ite(P, Y, X)),
        (e.ite(P, TRUE, FALSE), P),
        (e.ite(P, FALSE, TRUE), e.neg(P)),
        (e.ite(P, e.ite(P, X, Y), Y), e.ite(P, X, Y)),
        (e.eq(X, X), TRUE),
        (e.eq(P, TRUE), P),
        (e.eq(FALSE, P), e.neg(P)),
        (e.lt(X, X), FALSE),
        (e.le(X, X), TRUE),
        (e.add(e.add(X, constant(1)), constant(1)), e.add(X, constant(2))),
        (e.sub(e.add(X, constant(2)), constant(2)), X),
        (e.sub(X, X), constant(0)),
        (e.mul(X, constant(0)), constant(0)),
        (e.mul(constant(1), X), X),
        (e.floordiv(X, constant(1)), X),
        (e.modulo(X, constant(1)), constant(0)),
        (e.floordiv(constant(-7), constant(2)), constant(-4)),
        (e.modulo(constant(-7), constant(2)), constant(1)),
        (e.floordiv(constant(7), constant(0)), constant(0)),
        (e.minimum(X, X), X),
        (e.select(e.array([X, Y]), constant(1)), Y),
        (e.select(e.array([X, Y]), constant(7)), X),
        (e.select(e.array([X, X]), Y), X),
        (e.any_of(e.bound("i", 0, -1), P), FALSE),
        (e.all_of(e.bound("i", 0, -1), P), TRUE),
        (e.sum_of(e.bound("i", 0, 3), constant(2)), constant(8)),
        (e.as_integer(P), e.ite(P, constant(1), constant(0))),
    ],
    ids=lambda node: show_expression(node),
)
def test_folding(built: Expression, folded: Expression) -> None:
    """What is decided without a state is decided at once."""
    assert built is folded


@pytest.mark.parametrize("build", [e.eq, lambda a, b: e.ite(P, a, b), lambda a, b: e.array([a, b])])
def test_sorts_are_kept_apart(build: object) -> None:
    """A number and a truth value are never mixed silently."""
    with pytest.raises(TypeError):
        build(X, P)  # type: ignore[operator]


# ---------------------------------------------------------------- meaning


@given(numbers() | truths(), states)
def test_evaluation_is_python_s(pair: Pair, state: dict[str, int]) -> None:
    """A folded expression has the value that Python computes from the unfolded one."""
    found = evaluate(pair.expression, state)
    assert found == pair.meaning(state)
    assert isinstance(found, bool) == isinstance(pair.expression.sort, BoolSort)


@given(numbers() | truths(), states)
def test_expanded_quantifiers_mean_the_same(pair: Pair, state: dict[str, int]) -> None:
    """Writing `any`, `all` and `sum` out changes nothing but the size."""
    written_out = expand_quantifiers([pair.expression])[pair.expression]
    assert not {node.operator for node in topological([written_out])} & {"any", "all", "sum"}
    assert evaluate(written_out, state) == pair.meaning(state)


@given(numbers() | truths(), states)
def test_substituted_values_mean_the_same(pair: Pair, state: dict[str, int]) -> None:
    """Putting values in the place of variables evaluates an expression completely."""
    values = {
        e.variable(name, domain.sort): constant(state[name], domain.sort)
        for name, domain in DOMAINS.items()
    }
    image = substitute([pair.expression], values)[pair.expression]
    assert variables_of([image]) == frozenset()
    assert evaluate(image, {}) == pair.meaning(state)


def test_missing_value() -> None:
    """A variable without a value is an error, not a guess."""
    with pytest.raises(KeyError):
        evaluate(X, {})
    with pytest.raises(KeyError, match="after the step"):
        evaluate(e.next_variable("x", INT), {"x": 1})
    with pytest.raises(KeyError, match="symbol"):
        evaluate(e.bound("i", 0, 1), {})


def test_next_reads_the_state_after() -> None:
    """Step invariants read both states."""
    grown = e.lt(X, e.next_variable("x", INT))
    assert evaluate(grown, {"x": 1}, {"x": 2})
    assert not evaluate(grown, {"x": 2}, {"x": 2})


# ---------------------------------------------------------------- bounds


@given(numbers(), states)
def test_bounds_contain_every_value(pair: Pair, state: dict[str, int]) -> None:
    """The value lies in the interval, whatever the state."""
    low, high = bounds(pair.expression, DOMAINS)
    assert low <= pair.meaning(state) <= high


@given(numbers(), truths(), states)
def test_bounds_under_a_condition_contain_every_value(
    pair: Pair, condition: Pair, state: dict[str, int]
) -> None:
    """The value lies in the interval wherever the condition holds; an empty one says it never does."""
    low, high = bounds(pair.expression, DOMAINS, condition.expression)
    if condition.meaning(state):
        assert low <= pair.meaning(state) <= high


@given(numbers(2), numbers(2), st.sampled_from([e.lt, e.le, e.eq, e.ne]), states)
def test_bounds_of_the_compared_sides(
    left: Pair, right: Pair, build: object, state: dict[str, int]
) -> None:
    """Judging an expression under a comparison of itself stays sound."""
    condition = build(left.expression, right.expression)  # type: ignore[operator]
    if evaluate(condition, state):
        for side in (left, right):
            low, high = bounds(side.expression, DOMAINS, condition)
            assert low <= side.meaning(state) <= high


@pytest.mark.parametrize(
    ("expression", "condition", "expected"),
    [
        (e.add(X, Y), None, (-3, 6)),
        (e.sub(X, Y), None, (-5, 4)),
        (e.minimum(X, Y), None, (-3, 2)),
        (e.mul(X, e.variable("z", INT)), None, (-28, 21)),
        (e.modulo(X, constant(3)), None, (0, 2)),
        (e.floordiv(X, constant(2)), None, (-2, 2)),
        (X, e.lt(X, constant(2)), (-3, 1)),
        (X, e.conj(e.le(constant(0), X), e.lt(X, constant(2))), (0, 1)),
        (X, e.neg(e.eq(X, constant(4))), (-3, 3)),
        (X, e.lt(X, Y), (-3, 1)),
        (e.ite(e.lt(X, constant(3)), e.add(X, constant(1)), X), None, (-2, 4)),
        (e.sum_of(e.bound("i", 0, 2), Y), None, (0, 6)),
        (P, None, (0, 1)),
        (e.variable("phase", PHASE), None, (0, 2)),
    ],
)
def test_bounds_are_tight_where_it_matters(
    expression: Expression, condition: Expression | None, expected: tuple[int, int]
) -> None:
    """What loops and guarded increments need is exact."""
    assert bounds(expression, DOMAINS, condition) == expected


# ---------------------------------------------------------------- in print


def readable(pair: Pair) -> bool:
    """Python itself would do something else on a division by zero, or beyond the end of a list."""
    operators = {node.operator for node in topological([pair.expression])}
    return not operators & {"floordiv", "mod", "select"}


@given((numbers() | truths()).filter(readable), states)
def test_printed_expressions_can_be_read_back(pair: Pair, state: dict[str, int]) -> None:
    """What is shown is Python's notation: evaluated by Python it has the expression's value."""
    text = show_expression(pair.expression, limit=10**9)
    # Nested quantifiers may all call their index `i`: then the text alone is ambiguous.
    if len(re.findall(r"for i in", text)) > 1:
        return
    text = re.sub(r"in (-?\d+)\.\.(-?\d+)", r"in range(\1, \2 + 1)", text)
    space = {name: DOMAINS[name].decode(value) for name, value in state.items()}
    assert eval(text, {**space}) == pair.meaning(state)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (e.conj(e.lt(X, Y), e.neg(P)), "x < y and not p"),
        (e.neg(e.le(X, Y)), "x > y"),
        (e.neg(e.eq(X, Y)), "x != y"),
        (e.disj(P, e.conj(P, Q)), "p or p and q"),
        (e.conj(P, e.disj(P, Q)), "p and (p or q)"),
        (e.mul(e.add(X, constant(1)), Y), "(x + 1) * y"),
        (e.sub(X, constant(1)), "x - 1"),
        (e.sub(X, e.sub(X, Y)), "x - (x - y)"),
        (e.eq(e.lt(X, Y), e.lt(Y, X)), "(x < y) == (y < x)"),
        (e.ite(P, X, constant(-1)), "x if p else -1"),
        (e.eq(e.variable("phase", PHASE), constant(1, PHASE)), "phase == 'busy'"),
        (e.select(e.array([e.variable(f"a.row[{i}]", INT) for i in range(2)]), X), "a.row[x]"),
        (e.any_of(e.bound("i#7", 0, 2), e.lt(e.bound("i#7", 0, 2), X)), "any(i < x for i in 0..2)"),
        (e.next_variable("x", INT), "x′"),
        (e.modulo(X, constant(3)), "x % 3"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_printed_form(expression: Expression, text: str) -> None:
    """The notation of the model's author, with as few parentheses as needed."""
    assert show_expression(expression) == text


def test_long_expressions_are_cut() -> None:
    """A text beyond the limit ends in an ellipsis."""
    many = e.conj(*(e.lt(X, e.variable(f"v{i}", INT)) for i in range(1000)))
    text = show_expression(many, limit=100)
    assert len(text) == 100
    assert text.endswith("…")


def test_walkers_do_not_recurse() -> None:
    """A chain of ten thousand nodes is evaluated, printed and bounded like any other."""
    node: Expression = X
    for i in range(10_000):
        node = e.ite(e.eq(node, constant(i)), Y, e.maximum(node, constant(-3)))
    assert evaluate(node, {"x": -1, "y": 2}) in range(-3, 5)
    assert bounds(node, DOMAINS) == (-3, 3), "4 is replaced by y on the way"
    assert show_expression(node).endswith("…")
    assert isinstance(PHASE, EnumSort)
