"""Guesses: true in every sample, never trivial, the same every time; and the ones that matter are there."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from random_systems import systems
from small_systems import action, fleet, hazard, integer, system, truth, under

from checker.symbolic.affine import equations
from checker.symbolic.candidates import candidates, domain_lemmas
from checker.symbolic.counting import counts, rows_of_like
from checker.symbolic.excluding import Exclusions
from checker.symbolic.mining import mined, of_one_state
from checker.symbolic.monotone_sums import monotone_sums
from checker.symbolic.samples import sampled
from checker.symbolic.vocabulary import Vocabulary
from checker.system import expression as e
from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.printer import show_expression
from checker.system.sorts import INT, Domain, EnumSort
from checker.system.transition_system import Role, TransitionSystem, Variable

ZERO, ONE = e.constant(0), e.constant(1)


@settings(max_examples=40)
@given(systems())
def test_each_is_true_in_every_sample(drawn: TransitionSystem) -> None:
    """By the reference interpreter, for random systems; nothing trivial, nothing twice."""
    samples = sampled(under(drawn), most_states=40)
    found = candidates(drawn, samples)
    assert found[: len(domain_lemmas(drawn))] == domain_lemmas(drawn)
    assert len(set(found)) == len(found)
    for one in found:
        assert of_one_state(one) and not one.is_constant
        assert all(evaluate(one, state) for state in samples.states[::5])


def test_there_is_a_cap() -> None:
    """As many as allowed, the likeliest first: a smaller cap gives the first of them."""
    made = fleet(3, 2)
    samples = sampled(under(made))
    everything = candidates(made, samples)
    assert candidates(made, samples) == everything
    assert candidates(made, samples, most=50) == everything[:50]


def test_bounds_may_be_parameters() -> None:
    """The ends of a domain come first, also where they depend on a size, whatever the samples show."""
    size = Variable("size", Domain(INT, 2, None), None, Role.PARAMETER)
    level = Variable("level", Domain(INT, 0, None, most=e.sub(size.node, ONE)), (0,))
    made = system([size, level], action("stay", e.TRUE, {}))
    shown = [show_expression(one) for one in candidates(made, sampled(under(made)))]
    assert shown[:3] == ["2 <= size", "0 <= level", "level <= size - 1"]


def test_what_depends_on_a_label() -> None:
    """A program counter and what holds there; two labels that exclude each other."""
    sort = EnumSort(("idle", "busy"))
    at = Variable("at", Domain(sort, 0, 1), (0,))
    held, x = truth("held"), integer("x", 0, None)
    idle, busy = (e.eq(at.node, e.constant(k, sort)) for k in range(2))
    made = system(
        [at, held, x],
        action("take", idle, {"at": e.constant(1, sort), "held": e.TRUE, "x": e.constant(3)}),
        action("give", busy, {"at": e.constant(0, sort), "held": e.FALSE, "x": ZERO}),
    )
    found = candidates(made, sampled(under(made)))
    assert e.implies(busy, held.node) in found or e.implies(e.neg(held.node), idle) in found
    values = [one for one in found if one.operator == "or" and "x" in show_expression(one)]
    assert values


def test_sums_that_are_kept() -> None:
    """Linear equations are read off the samples, with their coefficients."""
    a, b, n = integer("a", 0, None), integer("b", 0, None), integer("n", 1, None, None)
    made = system(
        [a, b, n],
        action(
            "one", e.lt(a.node, n.node), {"a": e.add(a.node, ONE), "b": e.add(b.node, e.constant(2))}
        ),
    )
    found = candidates(made, sampled(under(made)))
    assert "a * 2 == b" in [show_expression(one) for one in found]
    table = np.array([[0, 1, 2, 5], [0, 2, 4, 10], [3, 3, 3, 3]])
    shown = [show_expression(one) for one in equations([a.node, b.node, n.node], table)]
    assert sorted(shown) == ["a * 2 == b", "n == 3"]
    assert equations([a.node], np.array([[1, 2]])) == ()


def test_sums_that_never_grow() -> None:
    """What no step raises is bounded by where it begins, also where no equation holds."""
    a, b, n = integer("a", 0, None), integer("b", 0, None), integer("n", 1, None, None)
    begun = Variable("left", Domain(INT, 0, None), n.node)
    made = system(
        [n, begun, a, b],
        action(
            "move",
            e.lt(ZERO, begun.node),
            {"left": e.sub(begun.node, ONE), "a": e.add(a.node, ONE)},
        ),
        action("pass", e.lt(ZERO, a.node), {"a": e.sub(a.node, ONE), "b": e.add(b.node, ONE)}),
        action("lose", e.lt(ZERO, b.node), {"b": e.sub(b.node, ONE)}),
    )
    shown = [show_expression(one) for one in candidates(made, sampled(under(made)))]
    assert "left + a + b <= n" in shown


def test_labels_in_a_row_are_counted() -> None:
    """One count for each label but the first, with the value that the reference gives it."""
    made = fleet(3, 2)
    found = counts(made)
    assert list(rows_of_like(made)) == ["state[]", "view[]"]
    assert len(found) == 6
    words = Vocabulary(made, sampled(under(made), most_states=100))
    for label, one in enumerate(found[:3], 1):
        for number, state in list(enumerate(words.samples.states))[::9]:
            expected = [state[f"state[{k}]"] for k in range(3)].count(label)
            assert evaluate(one, state) == words.columns(one)[number] == expected
    shown = [show_expression(one) for one in monotone_sums(words, counted=True)]
    assert "budget + sum((1 if state[i] == 'failed' else 0) for i in 0..2) <= 2" in shown


def test_what_the_model_compares_is_mined() -> None:
    """Comparisons with an action's symbol are written out for its values; numbers and sums are found."""
    made = fleet(2, 3)
    found = mined(made, [])
    assert {show_expression(one) for one in found.atoms} >= {
        "state[0] == view[0]",
        "state[1] == 'starting'",
        "0 < budget",
    }
    x, y = integer("x", 0, 9), integer("y", 0, 9)
    small = system(
        [x, y],
        action(
            "go",
            e.lt(e.add(x.node, y.node), e.constant(7)),
            {"x": e.floordiv(y.node, e.constant(2))},
            hazards=(hazard(e.eq(y.node, e.constant(5))),),
        ),
    )
    material = mined(small, [e.le(x.node, e.constant(11))])
    assert material.constants == (11, 7, 5)
    assert material.moduli == (2,)
    assert material.terms == (e.add(x.node, y.node), e.floordiv(y.node, e.constant(2)))
    assert material.assigned == (("x", e.floordiv(y.node, e.constant(2))),)


def test_numbers_too_large_for_a_column_are_left_out() -> None:
    """A variable beyond 64 bits is no reason to fail, and its bounds are still there."""
    x = integer("x", 0, 2**80, (2**79,))
    made = system([x, truth("b")], action("up", e.TRUE, {"x": e.sub(x.node, ONE)}))
    assert domain_lemmas(made)[1] in candidates(made, sampled(under(made), most_states=9))


@settings(max_examples=30)
@given(systems())
def test_exclusions_exclude(drawn: TransitionSystem) -> None:
    """Each clause is false in the state that it is made against, and true in every sample."""
    samples = sampled(under(drawn), most_states=30)
    exclusions = Exclusions(Vocabulary(drawn, samples))
    row = tuple(one.domain.values()[0] for one in drawn.variables)
    state = {one.name: value for one, value in zip(drawn.variables, row, strict=True)}
    clauses: tuple[Expression, ...] = exclusions.clauses(row)
    if row in samples.rows:
        assert clauses == ()
    for one in clauses:
        assert not evaluate(one, state)
        assert all(evaluate(one, known) for known in samples.states)
