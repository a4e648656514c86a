"""SMT-LIB text means what the expression means: to cvc5, to Z3, and to the other encoder."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import z3
from hypothesis import given, settings
from random_expressions import DOMAINS, Pair, numbers, states, truths

from checker.evidence.smtlib import Assertion, script
from checker.evidence.solver_process import answer
from checker.symbolic.numbers import Integers
from checker.symbolic.terms import Reader
from checker.system import expression as e
from checker.system.domain_ends import inside
from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.sorts import BOOL, INT, EnumSort, Scalar

SOLVERS = ("cvc5", "z3")
ROOT = Path(__file__).parents[2]


def asked(*bodies: Expression, solver: str = "cvc5", every: tuple[Expression, ...] = ()) -> str:
    """What a solver says of the conjunction of some expressions."""
    text = script([], [Assertion(f"part {n}", body, every) for n, body in enumerate(bodies)])
    verdict, reason = answer(solver, text, 20_000, 100_000_000)
    assert verdict != "unknown", (reason, text)
    return verdict


def at(state: Mapping[str, Scalar]) -> list[Expression]:
    """The variables have these values."""
    return [
        e.eq(e.variable(name, domain.sort), e.constant(state[name], domain.sort))
        for name, domain in DOMAINS.items()
    ]


@pytest.mark.parametrize("solver", SOLVERS)
@settings(max_examples=150)
@given(pair=numbers() | truths(), state=states)
def test_a_term_has_the_value_that_python_computes(
    solver: str, pair: Pair, state: Mapping[str, Scalar]
) -> None:
    """In a given state the value can be that of the reference interpreter, and no other."""
    expression = pair.expression
    value = evaluate(expression, state)
    assert value == pair.meaning(state)
    same = e.eq(expression, e.constant(value, expression.sort))
    assert asked(*at(state), same, solver=solver) == "sat"
    assert asked(*at(state), e.neg(same), solver=solver) == "unsat"


@settings(max_examples=100)
@given(pair=numbers() | truths())
def test_both_encoders_write_the_same(pair: Pair) -> None:
    """Z3 finds no state in which the text and the terms of `checker.symbolic` differ."""
    expression = pair.expression
    result = e.variable("result", expression.sort)
    told = e.eq(result, expression)
    solver = z3.Solver()
    solver.set("timeout", 3_000)
    solver.from_string(script([], [Assertion("it", told)]))
    frame = {
        one.payload: Integers().symbol(f"{one.payload} now", one.sort)
        for one in (result, *(e.variable(name, domain.sort) for name, domain in DOMAINS.items()))
    }
    read = Reader(Integers(), frame)
    # In small domains, because products of unknowns are beyond any solver.
    solver.add(*(read(inside(e.variable(name, one.sort), one)) for name, one in DOMAINS.items()))
    solver.add(read(result) != read(expression))
    assert solver.check() != z3.sat


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("written", ["unknown", "number"])
def test_division_rounds_down_whatever_the_signs(solver: str, written: str) -> None:
    """`//` and `%` of everything from -7 to 7, by an unknown and by a number, with 0 among them."""
    x, y = e.variable("x", INT), e.variable("y", INT)
    differs = []
    for left in range(-7, 8):
        for right in range(-7, 8):
            divisor = y if written == "unknown" else e.constant(right)
            quotient, rest = (left // right, left % right) if right else (0, 0)
            wrong = e.disj(
                e.ne(e.floordiv(x, divisor), e.constant(quotient)),
                e.ne(e.modulo(x, divisor), e.constant(rest)),
            )
            here = e.conj(e.eq(x, e.constant(left)), e.eq(y, e.constant(right)))
            differs.append(e.conj(here, wrong))
    assert asked(e.disj(*differs), solver=solver) == "unsat"


@pytest.mark.parametrize("solver", SOLVERS)
def test_any_name_can_be_written_and_none_is_mistaken(solver: str) -> None:
    """Names of theories' own functions, of no ASCII, with bars; before and after; symbols of one name."""
    names = [
        "div",
        "mod",
        "abs",
        "let",
        "true",
        "x",
        "x now",
        "x'",
        "a|b",
        "a\\b",
        "a%7Cb",
        "größe",
        "é",
    ]
    leaves = [e.variable(name, INT) for name in names]
    leaves += [e.next_variable("x", INT), e.next_variable("x now", INT)]
    leaves += [e.bound("i", 0, 3), e.bound("i", 0, 4), e.bound("x", 0, 1)]
    # All of them can differ, so no two are written the same.
    apart = [e.eq(leaf, e.constant(n)) for n, leaf in enumerate(leaves)]
    assert asked(*apart, solver=solver) == "sat"
    assert script([], [Assertion("é", e.conj(*apart))]).isascii()


def test_a_variable_has_one_sort() -> None:
    """One name read as number and as truth value is refused, not written twice."""
    with pytest.raises(ValueError, match="x is read as values of different sorts"):
        script(
            [],
            [
                Assertion(
                    "both", e.conj(e.variable("x", BOOL), e.lt(e.variable("x", INT), e.constant(0)))
                )
            ],
        )


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_is_shared_is_written_once(solver: str) -> None:
    """Doubling a number five hundred times, and a chain of two hundred `if`s, stay small and are read."""
    doubled = e.variable("x", INT)
    for _ in range(500):
        doubled = e.add(doubled, doubled)
    chain = e.variable("x", INT)
    for step in range(200):
        chain = e.ite(e.eq(chain, e.constant(step)), e.constant(step + 1), chain)
    small = e.conj(
        e.eq(e.variable("x", INT), e.constant(0)),
        e.eq(doubled, e.constant(0)),
        e.eq(chain, e.constant(200)),
    )
    text = script([], [Assertion("both", small)])
    assert len(text) < 120_000
    assert max(map(len, text.splitlines())) < 500
    assert answer(solver, text, 20_000, 100_000_000)[0] == "sat"


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_symbol_ranges_over_everything_it_is_claimed_of(solver: str) -> None:
    """`for all c: c <= x` is false; with a premise that bounds c it is true where x is large enough."""
    x, c = e.variable("x", INT), e.bound("c", 0, 0)
    shared = e.add(e.mul(c, e.constant(2)), x)  # used twice: has to be defined inside
    below = e.conj(e.le(c, x), e.le(shared, e.add(shared, e.constant(1))))
    bounded = e.implies(e.le(c, e.constant(5)), below)
    assert asked(below, every=(c,), solver=solver) == "unsat"
    assert asked(bounded, e.eq(x, e.constant(5)), every=(c,), solver=solver) == "sat"
    assert asked(bounded, e.eq(x, e.constant(4)), every=(c,), solver=solver) == "unsat"


def test_a_symbol_is_not_free_in_one_place_and_bound_in_another() -> None:
    """What would mean two things is refused."""
    c = e.bound("c", 0, 3)
    body = e.le(c, e.variable("x", INT))
    with pytest.raises(ValueError, match="free in 'one'"):
        script([], [Assertion("one", body), Assertion("all", body, (c,))])


@pytest.mark.parametrize(
    ("body", "logic"),
    [
        (e.lt(e.mul(e.variable("x", INT), e.constant(-3)), e.constant(0)), "QF_LIA"),
        (e.variable("p", BOOL), "QF_LIA"),
        (e.lt(e.mul(e.variable("x", INT), e.variable("x", INT)), e.constant(0)), "QF_NIA"),
        (e.eq(e.modulo(e.variable("x", INT), e.constant(2)), e.constant(0)), "QF_NIA"),
        (e.eq(e.variable("k", EnumSort(("a", "b"))), e.constant(1, EnumSort(("a", "b")))), "QF_LIA"),
    ],
    ids=["times a number", "truth", "product", "remainder", "label"],
)
def test_the_logic_is_the_least_that_the_standard_allows(body: Expression, logic: str) -> None:
    """Products of unknowns, and `div` and `mod`, need nonlinear arithmetic; nothing else does."""
    assert f"(set-logic {logic})" in script([], [Assertion("it", body)])


def test_the_text_is_the_same_in_every_process() -> None:
    """Neither the order of sets nor addresses of nodes get into it."""
    program = """
import hashlib
from checker.evidence.smtlib import Assertion, script
from checker.system import expression as e
from checker.system.sorts import INT
nodes = [e.variable(f"v{n}", INT) for n in range(30)]
total = nodes[0]
for node in nodes[1:]:
    total = e.minimum(e.add(total, node), e.mul(total, e.bound("i", 0, 3)))
text = script(["heading"], [Assertion("it", e.lt(total, e.constant(0)))])
print(hashlib.sha256(text.encode()).hexdigest())
"""
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(found) == 1
    assert len(found.pop().strip()) == 2 * hashlib.sha256().digest_size
