"""Guesses at lemmas: what a small set of templates yields that no sampled state refutes.

Bounds of domains first, then what the model itself compares, then comparisons of like things, then
implications from labels, truth values and program counters. A guess is cheap: whether it is a lemma is
decided by `checker.symbolic.houdini`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from checker.symbolic.affine import equations
from checker.symbolic.mining import of_one_state
from checker.symbolic.monotone_sums import monotone_sums
from checker.symbolic.samples import Samples
from checker.symbolic.starts import conjuncts
from checker.symbolic.vocabulary import Vocabulary, at_most_by
from checker.system.domain_ends import least, most
from checker.system.expression import (
    Expression,
    add,
    as_integer,
    conj,
    constant,
    eq,
    implies,
    le,
    modulo,
    neg,
)
from checker.system.sorts import BoolSort, IntSort
from checker.system.transition_system import TransitionSystem
from checker.system.walk import variables_of

__all__ = ["candidates", "domain_lemmas"]

_LARGEST = 8
"""Differences beyond it are taken for accidents of the sample."""

_SHARES = (300, 200, 300, 150, 150, 100, 200)
"""How many implications of each kind are kept at most, see `_implications`."""


def candidates(
    system: TransitionSystem, samples: Samples, *extra: Expression, most: int = 1600
) -> tuple[Expression, ...]:
    """Lemmas over one state to try, the likeliest first.

    Parameters
    ----------
    system : TransitionSystem
    samples : Samples
        Of that system.
    *extra : Expression
        Predicates of properties: they and their parts are candidates, and what they compare is used.
    most : int
        How many in all. The bounds of domains and what is given come first and always fit.

    Returns
    -------
    tuple of Expression
        Each holds in every sampled state (bounds of domains are not even tested) and is not implied
        by the domains of the variables that it reads. In an order that depends on the arguments only.
    """
    words = Vocabulary(system, samples, extra)
    found: dict[Expression, None] = dict.fromkeys(domain_lemmas(system))
    given = [part for one in (*extra, system.wellformed) for part in (one, *conjuncts(one))]
    for one in given:
        if not one.is_constant and of_one_state(one) and words.is_always(one):
            found[one] = None
    for one in _plain(words):
        if len(found) >= most:
            break
        found[one] = None
    for one in _implications(words):
        if len(found) >= most:
            break
        found[one] = None
    return tuple(found)


def domain_lemmas(system: TransitionSystem) -> tuple[Expression, ...]:
    """Every variable is inside its domain, one lemma for each end."""
    found: dict[Expression, None] = {}
    for one in system.variables:
        if isinstance(one.domain.sort, BoolSort):
            continue
        low, high = least(one.domain), most(one.domain)
        if low is not None:
            found[le(low, one.node)] = None
        if high is not None:
            found[le(one.node, high)] = None
    return tuple(one for one in found if not one.is_constant)


# ---------------------------------------------------------------- what is always so


def _plain(words: Vocabulary) -> Iterator[Expression]:
    """Lemmas without a premise."""
    for one in (*words.literals, *words.conditions):
        if words.is_always(one):
            yield one
    for name, value in words.mined.assigned:
        one = eq(words.system.variable[name].node, value)
        if not one.is_constant and words.column(one) is not None and words.is_always(one):
            yield one
    yield from _equations(words, None)
    for one in monotone_sums(words):
        if words.column(one) is not None and words.is_always(one):
            yield one
    for left, right in words.pairs:
        yield from _differences(words, left, right)
    for number in words.numbers:
        yield from _limits(words, number)
    yield from _remainders(words)
    yield from _sums(words)


def _differences(words: Vocabulary, one: Expression, other: Expression) -> Iterator[Expression]:
    """How much a number exceeds another at most, as far as the samples tell."""
    first, second = words.columns(one), words.columns(other)
    for left, right, gap in (
        (one, other, int((first - second).max(initial=-_LARGEST - 1))),
        (other, one, int((second - first).max(initial=-_LARGEST - 1))),
    ):
        for allowed in dict.fromkeys((gap, max(gap, 0))):
            if abs(allowed) <= _LARGEST and not words.is_trivial(left, right, allowed):
                yield at_most_by(left, right, allowed)


def _limits(words: Vocabulary, number: Expression) -> Iterator[Expression]:
    """How large and how small a number is at most: what the samples say, and what the model mentions."""
    values = words.columns(number)
    if not len(values):
        return
    low, high = int(values.min()), int(values.max())
    known = words.bounds.of(number)
    named = (0, 1, *words.mined.constants)
    for limit in dict.fromkeys([high, *(k for k in named if k >= high)]):
        if limit < known[1]:
            yield le(number, constant(limit))
    for limit in dict.fromkeys([low, *(k for k in named if k <= low)]):
        if limit > known[0]:
            yield le(constant(limit), number)


def _remainders(words: Vocabulary) -> Iterator[Expression]:
    for modulus in words.mined.moduli[:3]:
        for number in words.numbers:
            rest = modulo(number, constant(modulus))
            values = words.column(rest)
            if values is not None and len(values) and (values == values[0]).all():
                yield eq(rest, constant(int(values[0])))


def _sums(words: Vocabulary) -> Iterator[Expression]:
    """Of few variables also the sum of two against a third."""
    plain = [one for one in words.numbers if one.operator == "variable"]
    if len(plain) > 7:
        return
    for one, other in combinations(plain, 2):
        for third in plain:
            if third is not one and third is not other:
                yield from _differences(words, add(one, other), third)


def _equations(words: Vocabulary, where: Expression | None) -> Iterator[Expression]:
    """Linear equations, everywhere or where a condition holds."""
    marks = [one for one in words.literals if one.operator in ("variable", "eq") and not _compares(one)]
    plain = [one for one in words.numbers if one.operator == "variable"]
    terms = [*plain[:20], *map(as_integer, marks[:24])] if where is None else plain[:20]
    if not terms or not len(words.columns):
        return
    values = np.stack([words.columns(one).astype(np.int64) for one in terms])
    if where is not None:
        values = values[:, words.truth(where)]
    for one in equations(terms, values):
        if not variables_of([one]) <= words.frozen and not one.is_constant:
            yield one
            if where is None and isinstance(one.operands[0].sort, IntSort):
                yield le(*one.operands)
                yield le(*reversed(one.operands))


def _compares(literal: Expression) -> bool:
    return literal.operator == "eq" and not literal.operands[1].is_constant


# ---------------------------------------------------------------- what is so wherever something else is


def _implications(words: Vocabulary) -> Iterator[Expression]:
    """Lemmas with one premise or two, kind by kind."""
    literals = _undecided(words, words.literals)
    conditions = _undecided(words, words.conditions)
    comparisons = _undecided(words, words.comparisons)
    seen: set[frozenset[Expression]] = set()
    kinds = [
        (literals, conditions),
        (literals, literals),
        (literals, comparisons),
        (conditions, literals),
        (conditions, conditions),
        (conditions, comparisons),
    ]
    for (premises, conclusions), share in zip(kinds, _SHARES, strict=False):
        count = 0
        for premise, conclusion in _follows(words, premises, conclusions):
            clause = frozenset((neg(premise), conclusion))
            if clause in seen or len(clause) < 2:
                continue
            seen.add(clause)
            one = implies(premise, conclusion)
            if one.is_constant:
                continue
            yield one
            count += 1
            if count >= share:
                break
    for premise in [one for one in literals if one.operator in ("variable", "eq", "not")][:40]:
        for equation in _equations(words, premise):
            if not words.is_always(equation):
                yield implies(premise, equation)
    yield from _of_two(words, literals, [*conditions, *literals], seen, _SHARES[-1])


def _undecided(words: Vocabulary, several: Sequence[Expression]) -> list[Expression]:
    """Those that hold in some samples and not in others."""
    kept = []
    for one in several:
        values = words.truth(one)
        if values.any() and not values.all():
            kept.append(one)
    return kept


def _follows(
    words: Vocabulary, premises: Sequence[Expression], conclusions: Sequence[Expression]
) -> Iterator[tuple[Expression, Expression]]:
    """Pairs where no sample has the premise without the conclusion."""
    if not premises or not conclusions:
        return
    having = words.table(premises).astype(np.float32)
    lacking = (~words.table(conclusions)).astype(np.float32)
    counts = having @ lacking.T
    for row, column in np.argwhere(counts == 0):
        premise, conclusion = premises[row], conclusions[column]
        if not _obvious(premise, conclusion):
            yield premise, conclusion


def _obvious(premise: Expression, conclusion: Expression) -> bool:
    """Whether both speak of the same one variable: x == A implies x != B anyway."""
    reads = variables_of([premise])
    return len(reads) == 1 and reads == variables_of([conclusion])


def _of_two(
    words: Vocabulary,
    premises: Sequence[Expression],
    conclusions: Sequence[Expression],
    seen: set[frozenset[Expression]],
    share: int,
) -> Iterator[Expression]:
    """Implications from two premises, neither of which would do alone."""
    simple = [one for one in premises if one.operator != "not" or one.operands[0].operator != "eq"][:30]
    if not simple or not conclusions:
        return
    having = words.table(simple)
    lacking = ~words.table(conclusions)
    alone = having.astype(np.float32) @ lacking.T.astype(np.float32) == 0
    count = 0
    for one, other in combinations(range(len(simple)), 2):
        both = having[one] & having[other]
        if not both.any():
            continue
        needed = ~(alone[one] | alone[other])
        fits = needed & ~(lacking & both).any(axis=1)
        for place in map(int, np.flatnonzero(fits)):
            clause = frozenset((neg(simple[one]), neg(simple[other]), conclusions[place]))
            if len(clause) < 3 or clause in seen:
                continue
            seen.add(clause)
            lemma = implies(conj(simple[one], simple[other]), conclusions[place])
            if lemma.is_constant:
                continue
            yield lemma
            count += 1
            if count >= share:
                return
