"""Parameters as symbols: one system that is every instance at once."""

from __future__ import annotations

import pickle
from dataclasses import replace
from itertools import product
from random import Random
from typing import Any

import pytest
import sized_models as sized
from hypothesis import given
from hypothesis import strategies as st
from instances import Beside, initial_states, outcomes

from checker import Model
from checker.explicit.explore import explore
from checker.explicit.packing import NotEnumerable
from checker.language.all_sizes import AllSizes, all_sizes, instance_of
from checker.language.elaborate import elaborate
from checker.language.errors import ModelError
from checker.language.execution import Execution
from checker.language.instance_runs import NotOfTheInstance, run_of_instance
from checker.language.leaving import Leaving
from checker.language.loader import gallery, load, load_models
from checker.regimes.regime import FINITELY_MANY, at_most
from checker.system import expression as e
from checker.system.bounds import Bounds
from checker.system.digest import content_hash, property_hash
from checker.system.domain_ends import inside
from checker.system.evaluate import evaluate
from checker.system.run import Run, Step
from checker.system.sorts import BOOL, INT, Domain
from checker.system.transition_system import Role

EVERY_MODEL = [
    pytest.param(model, id=f"{name}::{model.__name__}")
    for name, _ in gallery()
    for model in load_models(name)
]
MADE = [sized.Everywhere, sized.Worker, sized.Counting, sized.Structural, sized.OnlyHere]
MADE += [sized.Narrow, sized.Shell]


def numbers_for(sizes: AllSizes, random: Random) -> dict[str, Any]:
    """Small values of the free parameters, within `min` and `max`."""
    found: dict[str, Any] = {}
    for name in sizes.free:
        domain = sizes.elaborated.system.variable[name].domain
        low = domain.low - 3 if domain.below else domain.low
        top = low + 7 if domain.high is None else domain.high
        found[name] = random.randint(low, top)
        if domain.sort == BOOL:
            found[name] = bool(found[name])
    return found


def exists(sizes: AllSizes, numbers: dict[str, Any]) -> bool:
    """Whether the system with symbols says that there is such an instance."""
    system = sizes.elaborated.system
    parts = system.wellformed.operands if system.wellformed.operator == "and" else [system.wellformed]
    for part in parts:
        try:
            if not evaluate(part, numbers):
                return False
        except KeyError:
            continue  # it speaks of more than the parameters
    return True


@pytest.mark.parametrize("model", [*EVERY_MODEL, *MADE])
def test_an_instance_is_the_system_with_numbers_for_the_symbols(model: type[Model]) -> None:
    """Initial states, steps, errors and predicates agree with those of the ordinary elaboration."""
    sizes = all_sizes(model)
    random = Random(model.__name__)
    assert dict(sizes.elaborated.system.parameters) == dict(sizes.fixed)
    wanted = 1 if not sizes.free else 5 if model in MADE else 2
    for _ in range(30 * wanted):
        numbers = numbers_for(sizes, random)
        try:
            instance = elaborate(model(**dict(sizes.fixed), **numbers))
        except ModelError:
            assert not exists(sizes, numbers)
            continue
        assert exists(sizes, numbers)
        beside = Beside(sizes, instance, numbers)
        beside.compare(25)
        wanted -= beside.compared > 0
        if not wanted:
            return
    raise AssertionError("too few instances were compared")


# ---------------------------------------------------------------- which parameters are symbols


def test_what_needs_a_number_keeps_the_instances() -> None:
    """Each kind of structural parameter is fixed with its reason; the one beside them is not."""
    sizes = all_sizes(sized.Structural(length=1, copies=3))
    assert sizes.free == ("limit",)
    assert dict(sizes.fixed)["length"] == 1 and dict(sizes.fixed)["copies"] == 3
    reasons = dict(sizes.reasons)
    assert list(reasons) == [name for name, _ in sizes.fixed]
    assert reasons["length"] == "the length of `row`"
    assert reasons["members"] == "the size of `group`"
    assert reasons["passes"].startswith("`range(self.passes)` in line ")
    assert reasons["workers"] == "the number of instances of `run`"
    assert reasons["several"] == "`begun` begins as one of several values"
    assert reasons["absent"] == "what `missing` holds while it is None"
    assert reasons["lost"] == "what a crash resets `kept` to"
    assert reasons["outer"] == "the length of `view.waiting`"


def test_code_without_meaning_elsewhere_fixes_what_it_depends_on() -> None:
    """What the instance never reaches, and what no other value could mean, is no error of the model."""
    sizes = all_sizes(sized.OnlyHere)
    assert (sizes.free, sizes.fixed) == (("size",), (("kind", 0),))
    assert sizes.reasons == (("kind", "index 0 is outside the array"),)


def test_an_instance_without_meaning_is_refused() -> None:
    """The model's own mistakes are told as they are of the instance."""
    with pytest.raises(ModelError, match="has no value"):
        all_sizes(sized.Narrow(gap=9))


# ---------------------------------------------------------------- the system with symbols


def test_the_taxi_for_every_street() -> None:
    """Domains, the initial condition, arguments and errors of a small model, in full."""
    sizes = all_sizes(load("taxi"))
    system = sizes.elaborated.system
    street = system.variables[0]
    assert (street.name, street.role, street.initial) == ("street", Role.PARAMETER, None)
    assert street.domain == Domain(INT, 1, None)
    end = e.add(street.node, e.constant(-1))
    assert system.variable["position"].domain == Domain(INT, 0, None, most=end)
    assert str(system.variable["position"].domain) == "Int(0, street - 1)"
    assert system.wellformed is e.le(e.constant(1), street.node)
    (hotel,) = system.action["friend_moves"].parameters
    assert hotel.node.payload[1:] == (0, None) and hotel.domain.most is end
    # `position + 1` is at most the destination, and so on the street.
    assert [action.hazards for action in system.actions] == [(), (), ()]
    assert sizes.elaborated.system.parameters == ()


def test_the_engines_that_enumerate_refuse_it() -> None:
    """As they refuse a Nat without a bound: by the name of what has no end."""
    sizes = all_sizes(load("taxi"))
    with pytest.raises(NotEnumerable, match="street is unbounded"):
        explore(FINITELY_MANY.apply(sizes.elaborated.system))
    # Also where the parameter itself could be enumerated, and only another domain depends on it.
    sizes = all_sizes(sized.Everywhere)
    with pytest.raises(NotEnumerable, match="level is unbounded"):
        explore(FINITELY_MANY.apply(sizes.elaborated.system))


def test_python_refuses_it() -> None:
    """CPython computes with numbers, so it runs instances."""
    with pytest.raises(ValueError, match="`street` has no number here"):
        Execution(all_sizes(load("taxi")).elaborated)


def test_a_regime_applies_to_it() -> None:
    """Budgets are counted beside the parameters."""
    system = all_sizes(load("taxi")).elaborated.system
    under = at_most(1).apply(system)
    state = {"street": 4, "position": 2, "destination": 0, "$faults": 0}
    found = [list(outcomes(action, state, state)) for action in under.system.actions]
    assert [len(one) for one in found] == [1, 1, 4]
    spent = {**state, "$faults": 1}
    assert [len(list(outcomes(action, spent, spent))) for action in under.system.actions] == [1, 0, 0]


def test_its_hash_covers_the_ends_of_domains() -> None:
    """Two systems that differ in an end only, whichever it is, have different hashes."""
    system = all_sizes(sized.Everywhere).elaborated.system
    again = all_sizes(sized.Everywhere).elaborated.system
    assert content_hash(system) == content_hash(again)
    assert content_hash(pickle.loads(pickle.dumps(system))) == content_hash(system)
    seen = {content_hash(system)}
    level = system.variable["level"]
    changes = [
        {"least": None},
        {"most": None},
        {"most": e.add(level.domain.most or e.TRUE, e.constant(1))},
        {"below": True},
    ]
    for change in changes:
        other = replace(level, domain=replace(level.domain, **change))
        variables = tuple(other if one is level else one for one in system.variables)
        seen.add(content_hash(replace(system, variables=variables)))
    assert len(seen) == 1 + len(changes)
    for claim in all_sizes(sized.Everywhere).elaborated.properties:
        assert property_hash(system, claim) == property_hash(again, claim)


# ---------------------------------------------------------------- runs


def longest_run(sizes: AllSizes, numbers: dict[str, Any], steps: int, seed: int) -> Run:
    """A random run of the system with symbols, which begins with these numbers."""
    system = sizes.elaborated.system
    random = Random(seed)
    state = random.choice(list(initial_states(system, numbers)))
    states, taken = [state], list[Step | None]()
    for _ in range(steps):
        options = []
        for action in system.actions:
            symbols = (*action.parameters, *action.choices)
            for values in product(*(every(one.domain, numbers) for one in symbols)):
                known = {one.node: value for one, value in zip(symbols, values, strict=True)}
                if evaluate(action.guard, state, symbols=known):
                    count = len(action.parameters)
                    options.append((action, known, Step(action.name, values[:count], values[count:])))
        if not options:
            break
        action, known, step = random.choice(options)
        taken.append(step)
        wrong = [one for one in action.hazards if evaluate(one.condition, state, symbols=known)]
        if wrong:
            return Run(tuple(states), tuple(taken), None, wrong[0])
        updates = {name: evaluate(value, state, symbols=known) for name, value in action.updates}
        state = {**state, **updates}
        states.append(state)
    return Run(tuple(states), tuple(taken))


@pytest.mark.parametrize(
    "model", [load("taxi"), load("kuberay"), load("kuberay::WithExpectations"), *MADE]
)
@pytest.mark.parametrize("seed", range(3))
def test_a_run_belongs_to_an_instance(model: type[Model], seed: int) -> None:
    """Numbers are read out of its states, and the instance takes the same steps in CPython's eyes."""
    sizes = all_sizes(model)
    values = {name: value for name, value in elaborate(model).system.parameters if name in sizes.free}
    run = longest_run(sizes, values, 12, seed)
    numbers = instance_of(sizes, run.states[-1])
    assert numbers == dict(elaborate(model).system.parameters)
    assert all(type(value) is type(getattr(model, name).default) for name, value in numbers.items())
    system = elaborate(model(**numbers)).system
    followed = run_of_instance(run, sizes.elaborated.system, system)
    assert len(followed.steps) == len(run.steps) and len(followed.states) == len(run.states)
    for ours, theirs in zip(followed.states, run.states, strict=True):
        fields = [one.name for one in system.variables if one.role is not Role.LOCAL]
        assert [ours[name] for name in fields] == [theirs[name] for name in fields]
    assert (followed.hazard is None) == (run.hazard is None)


def test_a_run_of_another_instance_is_refused() -> None:
    """What the instance cannot do is an internal error, not evidence."""
    sizes = all_sizes(load("taxi"))
    state = {"street": 9, "position": 0, "destination": 1}
    run = Run((state, {**state, "destination": 8}), (Step("friend_moves", (8,)),))
    nine, three = (elaborate(load("taxi")(street=n)).system for n in (9, 3))
    assert run_of_instance(run, sizes.elaborated.system, nine).steps == run.steps
    with pytest.raises(NotOfTheInstance):
        run_of_instance(run, sizes.elaborated.system, three)


# ---------------------------------------------------------------- what cannot leave a domain


N, M = e.variable("n", INT), e.variable("m", INT)
X, Y = e.variable("x", INT), e.variable("y", INT)
DOMAINS = {
    "n": Domain(INT, 1, None),
    "m": Domain(INT, -2, 2),
    "x": Domain(INT, 0, None, most=e.sub(N, e.constant(1))),
    "y": Domain(INT, -4, None, least=e.mul(M, e.constant(2)), most=e.add(N, e.constant(2))),
}
CHOICE = e.bound("c#1", 0, None)
RANGE = Domain(INT, 0, None, most=N)


def every(domain: Domain, numbers: dict[str, Any]) -> list[Any]:
    """Every value of a domain whose ends may depend on numbers."""
    if domain.sort == BOOL:
        return [False, True]
    low = -5 if domain.below else domain.low
    top = 12 if domain.high is None else domain.high
    bound = e.bound("any#0", None, None)
    fits = inside(bound, domain)
    return [one for one in range(low, top + 1) if evaluate(fits, numbers, symbols={bound: one})]


INTEGERS = st.recursive(
    st.sampled_from([N, M, X, Y, CHOICE, *map(e.constant, (-1, 0, 1, 2))]),
    lambda inner: st.one_of(
        st.builds(e.add, inner, inner),
        st.builds(e.sub, inner, inner),
        st.builds(e.mul, inner, st.integers(-2, 2).map(e.constant)),
        st.builds(e.minimum, inner, inner),
        st.builds(e.maximum, inner, inner),
        st.builds(e.modulo, inner, st.sampled_from([N, e.constant(2), M])),
        st.builds(e.floordiv, inner, st.sampled_from([N, e.constant(2)])),
        st.builds(e.ite, st.builds(e.lt, inner, inner), inner, inner),
    ),
    max_leaves=5,
)
TESTS = st.recursive(
    st.one_of(*(st.builds(build, INTEGERS, INTEGERS) for build in (e.lt, e.le, e.eq))),
    lambda inner: st.one_of(
        st.builds(e.neg, inner), st.builds(e.conj, inner, inner), st.builds(e.disj, inner, inner)
    ),
    max_leaves=3,
)
STATES = [
    {"n": n, "m": m, "x": x, "y": y, "c": c}
    for n in (1, 2, 4)
    for m in (-2, 0, 1)
    for x in every(DOMAINS["x"], {"n": n})[::2]
    for y in every(DOMAINS["y"], {"n": n, "m": m})[::2]
    for c in every(RANGE, {"n": n})[::2]
]


@given(INTEGERS, st.sampled_from([DOMAINS["x"], DOMAINS["y"], RANGE]), TESTS)
def test_nothing_leaves_a_domain_unnoticed(
    value: e.Expression, domain: Domain, path: e.Expression
) -> None:
    """Wherever the path leads and a number is outside its domain, one of the conditions says so."""
    leaving = Leaving(DOMAINS, {CHOICE: RANGE}, Bounds(DOMAINS))
    bad = list(leaving.of(value, domain, path))
    fits = inside(value, domain)
    for state in STATES:
        symbols = {CHOICE: state["c"]}
        if evaluate(path, state, symbols=symbols) and not evaluate(fits, state, symbols=symbols):
            assert any(evaluate(one, state, symbols=symbols) for one in bad)


def test_what_stays_inside_is_seen() -> None:
    """The steps that models take along an end need no proof by an engine."""
    leaving = Leaving(DOMAINS, {CHOICE: RANGE}, Bounds(DOMAINS))
    one = e.constant(1)
    street = DOMAINS["x"]
    assert not list(leaving.of(e.minimum(e.add(X, one), e.sub(N, one)), street, e.TRUE))
    assert not list(leaving.of(e.modulo(e.add(X, one), N), street, e.TRUE))
    assert not list(leaving.of(e.add(X, one), street, e.lt(X, e.sub(N, one))))
    assert not list(leaving.of(e.add(X, one), RANGE, e.TRUE))
    assert not list(leaving.of(e.sub(CHOICE, one), street, e.lt(e.constant(0), CHOICE)))
    assert len(list(leaving.of(e.add(X, one), street, e.TRUE))) == 1
    assert len(list(leaving.of(e.sub(X, one), street, e.TRUE))) == 1
    assert len(list(leaving.of(CHOICE, street, e.TRUE))) == 1
