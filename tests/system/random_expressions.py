"""Random expressions, each built twice: by the constructors, and as a plain Python function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from hypothesis import strategies as st

from checker.system import expression as e
from checker.system.expression import Expression
from checker.system.sorts import BOOL, INT, Domain, EnumSort

__all__ = ["DOMAINS", "PHASE", "Pair", "numbers", "states", "truths"]

Environment = Mapping[Any, Any]
Meaning = Callable[[Environment], Any]

PHASE = EnumSort(("idle", "busy", "gone"))

DOMAINS = {
    "x": Domain(INT, -3, 4),
    "y": Domain(INT, 0, 2),
    "z": Domain(INT, -7, -1),
    "p": Domain(BOOL, 0, 1),
    "q": Domain(BOOL, 0, 1),
    "phase": Domain(PHASE, 0, 2),
}

states = st.fixed_dictionaries(
    {name: st.sampled_from(domain.values()) for name, domain in DOMAINS.items()}
)
"""Every variable with a value of its domain (labels as their index)."""


@dataclass(frozen=True)
class Pair:
    """An expression and what it should mean."""

    expression: Expression
    meaning: Meaning

    def __repr__(self) -> str:
        return repr(self.expression)


def _variable(name: str) -> Pair:
    node = e.variable(name, DOMAINS[name].sort)
    return Pair(node, lambda env: env[name])


def _constant(value: bool | int) -> Pair:
    return Pair(e.constant(value), lambda env: value)


def _apply(build: Callable[..., Expression], meaning: Callable[..., Any], *parts: Pair) -> Pair:
    node = build(*(part.expression for part in parts))
    return Pair(node, lambda env: meaning(*(part.meaning(env) for part in parts)))


_ARITHMETIC: list[tuple[Any, Any]] = [
    (e.add, lambda a, b: a + b),
    (e.sub, lambda a, b: a - b),
    (e.mul, lambda a, b: a * b),
    (e.minimum, min),
    (e.maximum, max),
    (e.floordiv, lambda a, b: a // b if b else 0),
    (e.modulo, lambda a, b: a % b if b else 0),
]

_JUNCTIONS: list[tuple[Any, Any]] = [
    (e.conj, lambda *parts: all(parts)),
    (e.disj, lambda *parts: any(parts)),
]

_COMPARISONS: list[tuple[Any, Any]] = [
    (e.eq, lambda a, b: a == b),
    (e.ne, lambda a, b: a != b),
    (e.lt, lambda a, b: a < b),
    (e.le, lambda a, b: a <= b),
]

_fresh = count()


@st.composite
def numbers(draw: st.DrawFn, depth: int = 4, symbols: tuple[Pair, ...] = ()) -> Pair:
    """A number."""
    if depth == 0 or draw(st.booleans()):
        leaves = [*map(_variable, "xyz"), *map(_constant, range(-3, 4)), *symbols, *symbols]
        return draw(st.sampled_from(leaves))
    inner = numbers(depth - 1, symbols)
    kind = draw(st.sampled_from(["arithmetic", "arithmetic", "ite", "select", "count", "abs", "sum"]))
    if kind == "arithmetic":
        build, meaning = draw(st.sampled_from(_ARITHMETIC))
        return _apply(build, meaning, draw(inner), draw(inner))
    if kind == "ite":
        test = draw(truths(depth - 1, symbols))
        return _apply(e.ite, lambda c, a, b: a if c else b, test, draw(inner), draw(inner))
    if kind == "select":
        row = draw(st.lists(inner, min_size=1, max_size=3))
        return _apply(
            lambda index, *parts: e.select(e.array(parts), index),
            lambda index, *parts: parts[index if 0 <= index < len(parts) else 0],
            draw(inner),
            *row,
        )
    if kind == "count":
        return _apply(e.as_integer, int, draw(truths(depth - 1, symbols)))
    if kind == "abs":
        return _apply(e.absolute, abs, draw(inner))
    return draw(_quantified(depth, symbols, numbers, e.sum_of, sum))


@st.composite
def truths(draw: st.DrawFn, depth: int = 4, symbols: tuple[Pair, ...] = ()) -> Pair:
    """A truth value."""
    if depth == 0:
        return draw(st.sampled_from([*map(_variable, "pq"), _constant(True), _constant(False)]))
    inner = truths(depth - 1, symbols)
    kind = draw(
        st.sampled_from(["compare", "compare", "junction", "not", "ite", "label", "eq", "any", "all"])
    )
    if kind == "compare":
        build, meaning = draw(st.sampled_from(_COMPARISONS))
        below = numbers(depth - 1, symbols)
        return _apply(build, meaning, draw(below), draw(below))
    if kind == "junction":
        build, meaning = draw(st.sampled_from(_JUNCTIONS))
        return _apply(build, meaning, *draw(st.lists(inner, min_size=1, max_size=3)))
    if kind == "not":
        return _apply(e.neg, lambda a: not a, draw(inner))
    if kind == "ite":
        return _apply(e.ite, lambda c, a, b: a if c else b, draw(inner), draw(inner), draw(inner))
    if kind == "label":
        at = draw(st.integers(0, 2))
        node = e.eq(e.variable("phase", PHASE), e.constant(at, PHASE))
        return Pair(node, lambda env: env["phase"] == at)
    if kind == "eq":
        return _apply(e.eq, lambda a, b: a == b, draw(inner), draw(inner))
    build, meaning = (e.any_of, any) if kind == "any" else (e.all_of, all)
    return draw(_quantified(depth, symbols, truths, build, meaning))


@st.composite
def _quantified(
    draw: st.DrawFn, depth: int, symbols: tuple[Pair, ...], body: Any, build: Any, meaning: Any
) -> Pair:
    low = draw(st.integers(-1, 1))
    high = draw(st.integers(low - 1, low + 2))
    node = e.bound(f"i#{next(_fresh)}", low, high)
    part = draw(body(depth - 1, (*symbols, Pair(node, lambda env: env[node]))))
    return Pair(
        build(node, part.expression),
        lambda env: meaning(part.meaning({**env, node: value}) for value in range(low, high + 1)),
    )
