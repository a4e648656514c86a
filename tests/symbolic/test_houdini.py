"""Houdini: what it returns is inductive, by brute force; what some reachable state refutes is gone."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st
from random_systems import Builder, systems
from small_systems import action, counter, integer, system, truth, under

from checker.explicit.explore import explore
from checker.regimes.regime import NONE
from checker.symbolic.asking import Budget
from checker.symbolic.candidates import candidates
from checker.symbolic.houdini import Inductiveness, inductive
from checker.symbolic.samples import sampled
from checker.system import expression as e
from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.run import State
from checker.system.sorts import BOOL, INT, Domain
from checker.system.transition_system import Kind, Role, Symbol, TransitionSystem, Variable
from checker.system.walk import variables_of

ZERO, ONE = e.constant(0), e.constant(1)


def _successors(system: TransitionSystem, state: State) -> list[State]:
    """Where a state leads to, by the reference interpreter; errors have no successor."""
    found = []
    for one in system.actions:
        symbols = (*one.parameters, *one.choices)
        for values in product(*(symbol.domain.values() for symbol in symbols)):
            given = {symbol.node: value for symbol, value in zip(symbols, values, strict=True)}
            if not evaluate(one.guard, state, symbols=given):
                continue
            if any(evaluate(hazard.condition, state, symbols=given) for hazard in one.hazards):
                continue
            found.append({**state, **{n: evaluate(v, state, symbols=given) for n, v in one.updates}})
    return found


def _grid(system: TransitionSystem) -> list[State]:
    """Every state of the domains, and a little beyond."""
    pools = []
    for one in system.variables:
        values = list(one.domain.values())
        pools.append(values if one.domain.sort == BOOL else [values[0] - 1, *values, values[-1] + 1])
    names = [one.name for one in system.variables]
    return [dict(zip(names, row, strict=True)) for row in list(product(*pools))[::3][:400]]


@settings(max_examples=25)
@given(systems(), st.data())
def test_what_is_kept_is_inductive(drawn: TransitionSystem, data) -> None:
    """Random guesses: no state where all lemmas hold, reachable or not, leads to one where one fails."""
    builder = Builder(data.draw, list(drawn.variables), [])
    guesses = [builder.any(BOOL, 2) for _ in range(12)]
    low = [e.le(e.constant(v.domain.low), v.node) for v in drawn.variables if v.domain.sort == INT]
    lemmas = inductive(under(drawn), [*low, *guesses])
    graph = explore(under(drawn))
    for index in range(graph.initial):
        assert all(evaluate(one, graph.state(index)) for one in lemmas)
    for state in _grid(drawn):
        if all(evaluate(one, state) for one in lemmas):
            for after in _successors(drawn, state):
                assert all(evaluate(one, after) for one in lemmas)


@settings(max_examples=25)
@given(systems(), st.data())
def test_every_reachable_state_satisfies_what_is_kept(drawn: TransitionSystem, data) -> None:
    """Guesses from few samples, most of them wrong: what is left holds in everything explored."""
    few = sampled(under(drawn), most_states=3)
    builder = Builder(data.draw, list(drawn.variables), [])
    lemmas = inductive(under(drawn), [*candidates(drawn, few), builder.any(BOOL, 3)])
    graph = explore(under(drawn))
    for index in range(len(graph)):
        state = graph.state(index)
        assert [one for one in lemmas if not evaluate(one, state)] == []


@settings(max_examples=15)
@given(systems())
def test_the_largest_subset_is_found(drawn: TransitionSystem) -> None:
    """One more guess back in, alone or with the other dropped ones, and it is not inductive any more."""
    guesses = list(candidates(drawn, sampled(under(drawn), most_states=4), most=60))
    steps = Inductiveness(under(drawn))
    lemmas = steps.largest(guesses)
    dropped = [one for one in guesses if one not in lemmas]
    assert steps.is_inductive(lemmas)
    for one in dropped[:5]:
        assert not steps.is_inductive([*lemmas, one])


def test_a_wrong_guess_is_never_kept() -> None:
    """x goes up by two: odd numbers, bounds and a wrong equality are dropped, parity stays."""
    x, y = integer("x", 0, None), integer("y", 0, None)
    up = action("up", e.TRUE, {"x": e.add(x.node, e.constant(2)), "y": e.add(y.node, ONE)})
    even = e.eq(e.modulo(x.node, e.constant(2)), ZERO)
    twice = e.eq(x.node, e.mul(y.node, e.constant(2)))
    wrong = [
        e.eq(x.node, ZERO),
        e.le(x.node, e.constant(1000)),
        e.eq(x.node, y.node),
        e.neg(even),
        e.lt(ZERO, y.node),
    ]
    guesses = [e.le(ZERO, x.node), *wrong, even, twice]
    assert inductive(under(system([x, y], up)), guesses) == (guesses[0], even, twice)


def test_lemmas_that_need_each_other_stay_together() -> None:
    """Neither x == y nor y == z is inductive by itself; what one more action breaks takes both along."""
    x, y, z = (integer(name, 0, None) for name in "xyz")
    turn = action("turn", e.TRUE, {"x": y.node, "y": z.node, "z": x.node})
    both = [e.eq(x.node, y.node), e.eq(y.node, z.node)]
    assert inductive(under(system([x, y, z], turn)), both) == tuple(both)
    assert inductive(under(system([x, y, z], turn)), both[:1]) == ()
    bump = action("bump", e.TRUE, {"z": e.add(z.node, ONE)})
    assert inductive(under(system([x, y, z], turn, bump)), both) == ()


def test_faults_count_as_far_as_the_regime_has_them() -> None:
    """A lemma that only a fault breaks is one where faults do not occur."""
    x = integer("x", 0, 5)
    made = system([x, truth("b")], action("break", e.TRUE, {"x": ONE}, kind=Kind.FAULT))
    calm = e.eq(x.node, ZERO)
    assert inductive(NONE.apply(made), [calm]) == (calm,)
    assert inductive(under(made), [calm]) == ()


def test_lemmas_speak_of_every_size() -> None:
    """With a symbol for the size: a level stays below it, and not below what samples happen to show."""
    size = Variable("size", Domain(INT, 1, None), None, Role.PARAMETER)
    level = integer("level", 0, None)
    below = e.lt(level.node, size.node)
    up = action("up", below, {"level": e.add(level.node, ONE)})
    made = system([size, level], up)
    guesses = candidates(made, sampled(under(made)))
    lemmas = inductive(under(made), guesses)
    assert e.le(level.node, size.node) in lemmas
    assert e.le(ZERO, level.node) in lemmas
    assert any(one not in lemmas for one in guesses)
    for level_value, size_value in ((5, 1), (-1, 3)):
        state = {"size": size_value, "level": level_value}
        assert not all(evaluate(one, state) for one in lemmas)
    assert all(evaluate(one, {"size": 90, "level": 90}) for one in lemmas)


def test_what_z3_cannot_decide_is_not_kept() -> None:
    """Fermat's last theorem for cubes, as a lemma that happens to be true: dropped, not believed."""
    a, b, c = (integer(name, 1, None, (1,)) for name in "abc")

    def cube(node: Expression) -> Expression:
        return e.mul(node, e.mul(node, node))

    lemma = e.ne(e.add(cube(a.node), cube(b.node)), cube(c.node))
    symbols = [Symbol(name, e.bound(name, 1, None), Domain(INT, 1, None)) for name in "pqr"]
    anything = {one.name: symbol.node for one, symbol in zip((a, b, c), symbols, strict=True)}
    made = system([a, b, c], action("jump", e.TRUE, anything, parameters=tuple(symbols)))
    low = e.le(ONE, a.node)
    assert inductive(under(made), [low, lemma]) == (low,)


def test_nothing_is_claimed_when_the_time_is_over() -> None:
    """Half a result is not inductive: with no time there are no lemmas."""
    made = counter(3, 4)
    low = [e.le(ZERO, one.node) for one in made.variables]
    assert inductive(under(made), low, budget=Budget(0.0)) == ()
    assert inductive(under(made), low, budget=Budget(30)) == tuple(low)


def test_the_same_again() -> None:
    """The same lemmas in the same order, every time."""
    made = counter(2, 3)
    guesses = candidates(made, sampled(under(made)))
    assert inductive(under(made), guesses) == inductive(under(made), guesses)
    kept = inductive(under(made), guesses)
    assert list(kept) == [one for one in guesses if one in kept]
    assert all(variables_of([one]) <= {"digit[0]", "digit[1]"} for one in kept)
