"""What is decided where a condition holds: against evaluation in every state."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest
from careless_systems import Careless

from checker.reductions.decided import facts_of, simplified, surely_differ, ways_of
from checker.system import expression as e
from checker.system.evaluate import evaluate
from checker.system.sorts import BOOL, INT, Domain, EnumSort
from checker.system.transition_system import Variable

VARIABLES = [
    Variable("a", Domain(BOOL, 0, 1), None),
    Variable("b", Domain(BOOL, 0, 1), None),
    Variable("m", Domain(INT, 0, 2), None),
    Variable("n", Domain(INT, -1, 1), None),
    Variable("k", Domain(EnumSort(("lo", "hi")), 0, 1), None),
]
STATES = [
    dict(zip("abmnk", values, strict=True))
    for values in product(*(variable.domain.values() for variable in VARIABLES))
]


def drawn(seed: int) -> tuple[Random, Careless]:
    """A source of random expressions."""
    careless = Careless(seed)
    return careless.random, careless


def test_facts_follow() -> None:
    """Whatever is known where a condition is true, or false, is so in every such state."""
    for seed in range(300):
        random, careless = drawn(seed)
        condition = careless.value(BOOL, VARIABLES, random.choice([1, 2, 3]))
        for truth in (True, False):
            facts = facts_of(condition, truth)
            for state in STATES:
                if evaluate(condition, state) == truth:
                    wrong = [f for f, value in facts.items() if evaluate(f, state) != value.payload]
                    assert wrong == []


def test_simplified_is_equal_where_the_facts_hold() -> None:
    """An expression and its image have the same value in every state of the condition."""
    for seed in range(200):
        random, careless = drawn(seed)
        condition = careless.noted(VARIABLES)
        sort = random.choice([BOOL, INT])
        value = careless.value(sort, VARIABLES, 3)
        image = simplified([value], facts_of(condition))[value]
        for state in STATES:
            if evaluate(condition, state):
                assert evaluate(image, state) == evaluate(value, state)


def test_ways_cover_every_case() -> None:
    """In each state one of the ways is the one that is taken, and what it knows is so."""
    for seed in range(200):
        random, careless = drawn(seed)
        sort = random.choice([BOOL, INT])
        value = e.ite(
            careless.noted(VARIABLES),
            careless.value(sort, VARIABLES, 3),
            careless.value(sort, VARIABLES, 2),
        )
        ways = ways_of(value)
        for state in STATES:
            taken = [
                target
                for facts, target in ways
                if all(evaluate(fact, state) == known.payload for fact, known in facts.items())
                and (target is None or target.payload == evaluate(value, state))
            ]
            assert taken


def test_what_surely_differs_is_different() -> None:
    """Where two values are said to differ they do, in every state of the condition."""
    for seed in range(400):
        random, careless = drawn(seed)
        condition = careless.noted(VARIABLES)
        sort = random.choice([BOOL, INT])
        left, right = careless.value(sort, VARIABLES, 2), careless.value(sort, VARIABLES, 2)
        if random.random() < 0.3 and sort == INT:
            right = e.add(left, e.constant(random.randint(0, 1)))
        facts = facts_of(condition)
        where = [state for state in STATES if evaluate(condition, state)]
        if surely_differ(left, right, facts):
            assert not any(evaluate(left, state) == evaluate(right, state) for state in where)


@pytest.mark.parametrize(
    ("condition", "left", "right"),
    [
        (e.TRUE, VARIABLES[2].node, e.add(VARIABLES[2].node, e.constant(1))),
        (e.TRUE, VARIABLES[0].node, e.neg(VARIABLES[0].node)),
        (e.ne(VARIABLES[2].node, VARIABLES[3].node), VARIABLES[2].node, VARIABLES[3].node),
        (e.lt(VARIABLES[2].node, VARIABLES[3].node), VARIABLES[3].node, VARIABLES[2].node),
        (e.neg(e.le(VARIABLES[2].node, VARIABLES[3].node)), VARIABLES[3].node, VARIABLES[2].node),
        (e.eq(VARIABLES[2].node, e.constant(1)), VARIABLES[2].node, e.constant(2)),
        (
            e.eq(VARIABLES[2].node, e.constant(1)),
            VARIABLES[2].node,
            e.ite(VARIABLES[0].node, e.constant(0), e.constant(2)),
        ),
    ],
)
def test_usual_differences_are_seen(
    condition: e.Expression, left: e.Expression, right: e.Expression
) -> None:
    """A counted step, a flipped flag, a guard that asks for a difference, a fixed position."""
    assert surely_differ(left, right, facts_of(condition))
