"""The encoding in Z3 against the reference interpreter: every operator, both theories, single steps."""

from __future__ import annotations

from itertools import islice, product

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st
from random_systems import Builder, systems

from checker.symbolic.numbers import BitVectors, Integers, NotFinite, Numbers, width_for
from checker.symbolic.relation import Relation, bit_vectors_for
from checker.symbolic.replay import outcome, starts
from checker.symbolic.terms import Reader
from checker.symbolic.units import enabled, some_outcome, steps_of
from checker.symbolic.unrolling import Unrolling, solver_for
from checker.system import expression as e
from checker.system.evaluate import evaluate
from checker.system.run import State
from checker.system.sorts import BOOL, INT, BoolSort, Domain, Sort
from checker.system.transition_system import Hazard, TransitionSystem


def _state(data: st.DataObject, system: TransitionSystem) -> State:
    return {one.name: data.draw(st.sampled_from(one.domain.values())) for one in system.variables}


def _given(relation: Relation, frame, state: State) -> list[tuple]:
    """Literals in the place of a frame's constants."""
    return [
        (frame[one.name], relation.literal(state[one.name], one.domain))
        for one in relation.system.variables
    ]


def _value(relation: Relation, term, sort: Sort) -> bool | int:
    folded = z3.simplify(term)
    if isinstance(sort, BoolSort):
        assert z3.is_true(folded) or z3.is_false(folded), folded
        return z3.is_true(folded)
    return relation.numbers.value(folded)


@settings(max_examples=max(60, settings.default.max_examples), deadline=None)
@given(systems(), st.data())
def test_expressions_have_the_values_that_python_gives_them(
    drawn: TransitionSystem, data: st.DataObject
) -> None:
    """Random expressions over a state and the one after it, as integers and as bit-vectors."""
    builder = Builder(data.draw, list(drawn.variables), [], after=True)
    several = [builder.any(sort, 3) for sort in (BOOL, INT, INT)]
    before, after = _state(data, drawn), _state(data, drawn)
    for numbers in (Integers(), bit_vectors_for(drawn, *several)):
        relation = Relation(drawn, numbers)
        values = [*_given(relation, relation.before, before), *_given(relation, relation.after, after)]
        read = Reader(numbers, relation.before, relation.after)
        for one in several:
            told = _value(relation, z3.substitute(read(one), *values), one.sort)
            assert told == evaluate(one, before, after), one


_SMALL = range(-5, 6)


@pytest.mark.parametrize("numbers", [Integers(), BitVectors(6)], ids=["integers", "bit-vectors"])
@pytest.mark.parametrize("constant_divisor", [True, False])
def test_trap_13_division_and_remainder_are_python_s(numbers: Numbers, constant_divisor: bool) -> None:
    """`//` and `%` for every sign, and for the divisor 0, asked of the solver and not only folded."""
    x, y = e.variable("x", INT), e.variable("y", INT)
    frame = {name: numbers.symbol(name, INT) for name in ("x", "y")}
    solver = solver_for(numbers)
    differs_from_smt = 0
    for left, right in product(_SMALL, _SMALL):
        divisor = e.constant(right) if constant_divisor else y
        read = Reader(numbers, frame)
        solver.push()
        solver.add(frame["x"] == numbers.literal(left), frame["y"] == numbers.literal(right))
        for made, expected in (
            (e.floordiv(x, divisor), left // right if right else 0),
            (e.modulo(x, divisor), left % right if right else 0),
        ):
            assert solver.check(read(made) != numbers.literal(expected)) == z3.unsat, (left, right)
            assert solver.check(read(made) == numbers.literal(expected)) == z3.sat
        solver.pop()
        if right:
            exact = z3.simplify(z3.IntVal(left) / z3.IntVal(right)).as_long()
            differs_from_smt += exact != left // right
    assert differs_from_smt > 0, "the trap: SMT-LIB's div is another function"


def test_bit_vectors_fit_what_they_compute() -> None:
    """The least value divided by -1, products of the extremes, and positions beyond every value."""
    x, y = e.variable("x", INT), e.variable("y", INT)
    domains = {"x": Domain(INT, -8, 7), "y": Domain(INT, -8, 7)}
    row = e.array([e.constant(position) for position in (1, 0)] * 20)
    several = [e.floordiv(x, y), e.mul(x, y), e.sub(x, y), e.absolute(x), e.select(row, y)]
    numbers = BitVectors(width_for(several, domains))
    frame = {name: numbers.symbol(name, INT) for name in domains}
    read = Reader(numbers, frame)
    terms = [read(one) for one in several]
    for left, right in product((-8, -1, 0, 7), range(-8, 8)):
        values = [(frame["x"], numbers.literal(left)), (frame["y"], numbers.literal(right))]
        for one, term in zip(several, terms, strict=True):
            told = numbers.value(z3.simplify(z3.substitute(term, *values)))
            assert told == evaluate(one, {"x": left, "y": right}), (one, left, right)


def test_a_position_that_an_index_cannot_have() -> None:
    """An index of -3..1 into twenty elements: position 13 is not -3 in too few bits."""
    x = e.variable("x", INT)
    row = e.array([e.constant(position == 13) for position in range(20)])
    domains = {"x": Domain(INT, -3, 1)}
    numbers = BitVectors(width_for([e.select(row, x)], domains))
    frame = {"x": numbers.symbol("x", INT)}
    term = Reader(numbers, frame)(e.select(row, x))
    for value in range(-3, 2):
        assert z3.is_false(z3.simplify(z3.substitute(term, (frame["x"], numbers.literal(value)))))


def test_what_has_no_greatest_value_has_no_width() -> None:
    """A number without end is refused, not cut off."""
    with pytest.raises(NotFinite):
        width_for([e.variable("x", INT)], {"x": Domain(INT, 0, None)})


@settings(max_examples=max(30, settings.default.max_examples // 3), deadline=None)
@given(systems(), st.data())
def test_actions_do_what_the_interpreter_does(drawn: TransitionSystem, data: st.DataObject) -> None:
    """Initial states, guards, what goes wrong, what changes, and successors: of every outcome."""
    state = _state(data, drawn)
    for numbers in (Integers(), bit_vectors_for(drawn)):
        relation = Relation(drawn, numbers)
        values = _given(relation, relation.before, state)
        initial = z3.substitute(relation.initial, *values)
        assert _value(relation, initial, BOOL) == starts(drawn, state)
        for move in relation.moves:
            action, possible = move.action, False
            for step in islice(steps_of(action), 64):
                result = outcome(drawn, step, state)
                several = zip(
                    (*action.parameters, *action.choices),
                    (*step.arguments, *step.choices),
                    strict=True,
                )
                symbols = [
                    (move.symbols[one.node], relation.literal(value, one.domain))
                    for one, value in several
                ]

                def told(term, sort: Sort = BOOL, both=tuple(values + symbols), relation=relation):
                    return _value(relation, z3.substitute(term, *both), sort)

                assert told(move.wrong) == isinstance(result, Hazard)
                assert told(move.possible) == isinstance(result, dict)
                if isinstance(result, Hazard):
                    assert next(one for one, where in move.hazards if told(where)) == result
                elif result is not None:
                    assert told(move.changes) == (result != state)
                    for name, term in move.updates.items():
                        assert told(term, drawn.variable[name].domain.sort) == result[name]
                possible |= result is not None and result != state
            anyhow = z3.substitute(some_outcome(relation, [move], enabled), *values)
            assert _value(relation, anyhow, BOOL) == possible


@settings(max_examples=max(30, settings.default.max_examples // 3), deadline=None)
@given(systems(), st.data())
def test_steps_that_z3_finds_are_steps(drawn: TransitionSystem, data: st.DataObject) -> None:
    """From a drawn state Z3 finds exactly the successors of the interpreter that differ from it."""
    state = _state(data, drawn)
    expected = {
        tuple(result.items())
        for action in drawn.actions
        for step in steps_of(action)
        for result in [outcome(drawn, step, state)]
        if isinstance(result, dict) and result != state
    }
    for numbers in (Integers(), bit_vectors_for(drawn)):
        relation = Relation(drawn, numbers)
        solver = solver_for(numbers)
        unrolling = Unrolling(relation, solver)
        unrolling.begin()
        solver.add(*(frame == value for frame, value in _given(relation, unrolling.frames[0], state)))
        unrolling.extend()
        found = set()
        while solver.check() == z3.sat:
            run = unrolling.run(solver.model(), 1)
            (step,) = run.steps
            assert dict(run.states[0]) == state
            assert outcome(drawn, step, state) == run.states[1], step
            found.add(tuple(run.states[1].items()))
            assert len(found) <= len(expected)
            after = _given(relation, unrolling.frames[1], run.states[1])
            solver.add(z3.Or(*(frame != value for frame, value in after)))
        assert found == expected
