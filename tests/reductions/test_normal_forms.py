"""Normal forms: what has the same form means the same, and much that means the same has one form."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from symmetric_systems import PHASE, Symmetric

from checker.reductions.interchange import Renaming
from checker.reductions.normal_forms import FALSE, TRUE, FormsTooLarge, NormalForms
from checker.reductions.normalising import Normaliser
from checker.system import expression as e
from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.sorts import BOOL, INT, Scalar

P, Q, R = (e.variable(name, BOOL) for name in "pqr")
X, Y, Z = (e.variable(name, INT) for name in "xyz")
RED, GREEN = (e.constant(code, PHASE) for code in range(2))
HUE = e.variable("hue", PHASE)


def value_of(forms: NormalForms, form: int, state: Mapping[str, Scalar]) -> Any:
    """The value of a form in a state, straight from its rows."""
    operator, payload, operands = forms.row(form)
    if operator == "ite":
        # Only the branch that is taken: the other one may be very large.
        test = value_of(forms, operands[0], state)
        found = value_of(forms, operands[1 if test else 2], state)
        return found if form > 0 else not found
    parts = [value_of(forms, operand, state) for operand in operands]
    values = {
        "truth": lambda: True,
        "number": lambda: payload,
        "label": lambda: payload,
        "variable": lambda: state[payload],
        "and": lambda: all(parts),
        "iff": lambda: parts[0] == parts[1],
        "equal": lambda: parts[0] == parts[1],
        "less": lambda: parts[0] < parts[1],
        "zero": lambda: parts[0] == 0,
        "nonnegative": lambda: parts[0] >= 0,
        "sum": lambda: payload[0] + sum(w * part for w, part in zip(payload[1], parts, strict=True)),
        "product": lambda: _product(parts),
        "floordiv": lambda: parts[0] // parts[1] if parts[1] else 0,
        "mod": lambda: parts[0] % parts[1] if parts[1] else 0,
        "min": lambda: min(parts),
        "max": lambda: max(parts),
        "array": lambda: parts,
        "select": lambda: parts[0][parts[1] if 0 <= parts[1] < len(parts[0]) else 0],
    }
    found = values[operator]()
    return found if form > 0 else not found


def _product(parts: list[int]) -> int:
    result = 1
    for part in parts:
        result *= part
    return result


def forms_of(*expressions: Expression) -> list[int]:
    """Their forms in one table."""
    normal = Normaliser(NormalForms(["p", "q", "r", "x", "y", "z", "hue"], 100_000))
    return [normal(one) for one in expressions]


@given(st.integers(0, 2**32), st.sampled_from([1, 2]))
def test_a_form_means_what_the_expression_means(seed: int, families: int) -> None:
    """In every state a form has the value of its expression, and the renamed form the renamed value."""
    random = Random(seed)
    drawn = Symmetric(random, families)
    variables = [one for family in drawn.families for row in family.arrays for one in row]
    variables += drawn.shared
    parameter = drawn.symbol("i", drawn.families[0].length - 1).node
    known = [*(one.node for one in drawn.shared), *drawn.families[0].here(parameter)]
    # Elements outside any quantifier, at any index at all, so that no symmetry helps.
    known += [random.choice(variables).node for _ in range(3)]
    known.append(
        e.select(e.array(one.node for one in drawn.families[0].arrays[0]), drawn.any(INT, known, 2))
    )
    names = [one.name for one in variables]
    forms = NormalForms(names, 1_000_000)
    normal = Normaliser(forms)
    swap = dict(zip(names, random.sample(names, len(names)), strict=True))
    renaming = Renaming(forms, swap)
    for sort in (BOOL, INT, PHASE):
        expression = drawn.any(sort, known, 4)
        value = random.randrange(drawn.families[0].length)
        form = normal(expression, {parameter: value})
        for _ in range(10):
            state = {one.name: random.choice(one.domain.values()) for one in variables}
            wanted = evaluate(expression, state, symbols={parameter: value})
            assert value_of(forms, form, state) == wanted
            moved = {image: state[name] for name, image in swap.items()}
            assert value_of(forms, renaming(form), moved) == wanted


SAME = {
    "order": (e.conj(P, e.disj(Q, R)), e.conj(e.disj(R, Q), P)),
    "grouping": (e.conj(P, e.conj(Q, R)), e.conj(e.conj(P, Q), R)),
    "De Morgan": (e.neg(e.conj(P, Q)), e.disj(e.neg(P), e.neg(Q))),
    "decided": (e.conj(P, e.disj(Q, e.neg(P))), e.conj(P, Q)),
    "absorbed": (e.disj(P, e.conj(P, Q)), P),
    "decided together": (e.conj(P, Q, e.neg(e.conj(P, Q, R))), e.conj(P, Q, e.neg(R))),
    "in common": (e.disj(e.conj(P, Q), e.conj(P, R)), e.conj(P, e.disj(Q, R))),
    "contradiction": (e.conj(P, e.neg(e.disj(P, Q))), e.FALSE),
    "sums": (e.add(e.add(X, Y), e.constant(2)), e.add(e.add(Y, e.constant(2)), X)),
    "differences": (e.sub(X, e.sub(Y, Z)), e.add(e.sub(Z, Y), X)),
    "products": (e.mul(e.mul(X, Y), Z), e.mul(Z, e.mul(Y, X))),
    "strict": (e.lt(X, Y), e.neg(e.le(Y, X))),
    "shifted": (e.lt(X, Y), e.le(e.add(X, e.constant(1)), Y)),
    "equal": (e.eq(e.add(X, e.constant(1)), Y), e.eq(e.sub(Y, e.constant(1)), X)),
    "extremes": (e.minimum(X, e.minimum(Y, Z)), e.minimum(e.minimum(Z, X), Y)),
    "equivalence": (e.eq(P, e.neg(Q)), e.neg(e.eq(Q, P))),
    "branches": (e.ite(e.neg(P), X, Y), e.ite(P, Y, X)),
    "common term": (e.ite(P, e.add(X, Y), e.add(X, Z)), e.add(X, e.ite(P, Y, Z))),
    "branch again": (e.ite(P, RED, e.ite(Q, RED, HUE)), e.ite(Q, RED, e.ite(P, RED, HUE))),
    "labels": (e.eq(e.ite(P, RED, RED), GREEN), e.FALSE),
    "constant index": (e.select(e.array([X, Y]), e.sub(Z, Z)), X),
}


@pytest.mark.parametrize("law", SAME)
def test_one_form_for_what_means_the_same(law: str) -> None:
    """Each law that the module promises."""
    left, right = forms_of(*SAME[law])
    assert left == right


def test_different_forms_for_what_differs() -> None:
    """Truth values, comparisons and branches that differ in some state have different forms."""
    expressions = [P, Q, e.conj(P, Q), e.disj(P, Q), e.eq(P, Q), e.lt(X, Y), e.le(X, Y), e.eq(X, Y)]
    expressions += [e.lt(Y, X), e.ite(P, Q, R), e.ite(Q, P, R), e.neg(P), e.TRUE, e.FALSE]
    assert len(set(forms_of(*expressions))) == len(expressions)
    assert forms_of(e.TRUE, e.FALSE) == [TRUE, FALSE]


def test_loops_in_any_order() -> None:
    """A loop that counts, one that looks for something, one that keeps the first error: any order."""
    counted, sought, wrong = set(), set(), set()
    normal = Normaliser(NormalForms(["p", "q", "r", "x", "hue"], 100_000))
    for order in permutations([P, Q, R]):
        total: Expression = e.constant(3)
        found: Expression = HUE
        first: Expression = e.FALSE
        for test in order:
            total = e.ite(test, e.add(total, e.constant(2)), total)
            found = e.ite(test, RED, found)
            first = e.disj(first, e.conj(e.neg(first), test, e.lt(X, e.constant(2))))
        counted.add(normal(total))
        sought.add(normal(found))
        wrong.add(normal(first))
    assert (len(counted), len(sought), len(wrong)) == (1, 1, 1)


def test_deep_chains() -> None:
    """Thousands of `if`s one after the other, of each sort, are no recursion."""
    names = [f"v{i}" for i in range(2_000)]
    number: Expression = e.constant(0)
    truth: Expression = e.FALSE
    label: Expression = RED
    for place, name in enumerate(names):
        test = e.variable(name, BOOL)
        number = e.ite(test, e.sub(e.constant(place), number), number)
        truth = e.ite(test, e.neg(truth), truth) if place % 2 else e.conj(test, e.neg(truth))
        label = e.ite(test, GREEN if place % 2 else RED, label)
    forms = NormalForms(names, 10_000_000)
    normal = Normaliser(forms)
    swap = Renaming(forms, {"v0": "v1", "v1": "v0"})
    for one in (number, truth, label):
        assert swap(swap(normal(one))) == normal(one)


def test_the_budget_is_kept() -> None:
    """Beyond its budget a table refuses to go on."""
    normal = Normaliser(NormalForms(["x", "y"], 10))
    with pytest.raises(FormsTooLarge):
        normal(e.add(e.mul(X, X), e.mul(e.add(X, Y), e.add(X, e.mul(Y, Y)))))
