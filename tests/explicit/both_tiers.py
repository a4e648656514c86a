"""Whether generated Python and machine code explore the same graph: everything that can be seen of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import checker.explicit.exploration as exploration
import checker.explicit.explore as exploring
from checker.explicit import (
    convergence,
    fair_cycles,
    lasso_search,
    safety,
    state_graph,
    strong_components,
)
from checker.explicit.explore import explore
from checker.explicit.generated_predicates import edge_function, state_function
from checker.explicit.machine_predicates import compile_predicate
from checker.explicit.packing import NotCompilable
from checker.explicit.state_graph import StateGraph
from checker.native import code_cache
from checker.regimes.regime import UnderRegime
from checker.system.expression import Expression
from checker.system.sorts import BoolSort

Explored = StateGraph | str
"""A graph, or the error that took its place: its type and its text."""


class TiersDiffer(AssertionError):
    """The two tiers do not say the same."""


def explored(under: UnderRegime, tier: str, **options: Any) -> Explored:
    """What exploring gives; `NotCompilable` is raised, every other refusal is a value."""
    try:
        return explore(under, tier=tier, **options)
    except NotCompilable:
        raise
    except ValueError as refusal:
        return f"{type(refusal).__name__}: {refusal}"


@contextmanager
def switching_after(patience: float) -> Iterator[None]:
    """Let "auto" go over to machine code after so many guards and steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exploration, "_PATIENCE", patience)
        patch.setattr(exploration, "_PATIENCE_PER_OUTCOME", 0)
        yield


_THRESHOLDS = [
    (convergence, "_MANY"),
    (exploring, "_MANY"),
    (fair_cycles, "_MANY"),
    (lasso_search, "_MANY"),
    (safety, "_MANY"),
    (state_graph, "_MANY"),
    (strong_components, "_SMALL"),
]


@contextmanager
def judged_by_machine_code() -> Iterator[None]:
    """Let everything that large graphs are judged by in another way be judged in that way."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in _THRESHOLDS:
            patch.setattr(module, name, 0)
        yield


@contextmanager
def code_kept_in(folder: Path | None) -> Iterator[None]:
    """Keep compiled code there, or nowhere: then it stays in the form that LLVM has in memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(code_cache, "folder", lambda: folder)
        yield


def assert_same(one: Explored, other: Explored) -> None:
    """Everything that can be seen of two explorations is equal.

    Raises
    ------
    TiersDiffer
        Naming the first thing that is not.
    """
    if isinstance(one, str) or isinstance(other, str):
        if one != other:
            raise TiersDiffer(f"{one!r} and {other!r}")
        return
    for name, mine, theirs in zip(_NAMES, seen_of(one), seen_of(other), strict=True):
        if mine != theirs:
            raise TiersDiffer(f"{name}: {_first_difference(mine, theirs)}")


_NAMES = (
    "states",
    "words",
    "initial",
    "expanded",
    "offsets",
    "targets",
    "labels",
    "parents",
    "parent_labels",
    "mishaps",
    "steps",
    "complete",
    "reason",
    "covers",
    "has_edges",
    "fired",
    "digest",
    "depths",
    "positions",
    "a state that was not reached",
    "instances",
    "units",
    "enabled units",
    "the last run",
)


def seen_of(graph: StateGraph) -> Iterator[Any]:
    """All that can be seen of a graph, in the order of `_NAMES`, as plain values."""
    yield list(graph.states)
    yield graph.words.tolist()
    yield graph.initial
    yield graph.expanded
    for row in (graph.offsets, graph.targets, graph.labels, graph.parents, graph.parent_labels):
        yield row.tolist()
    yield graph.mishaps
    yield graph.steps
    yield graph.complete
    yield graph.reason
    yield graph.covers
    yield graph.has_edges
    yield graph.fired.tolist()
    yield graph.digest
    yield graph.depths.tolist()
    yield [graph.positions[packed] for packed in graph.states]
    yield graph.positions.get(_missing(graph))
    yield graph.instances
    yield graph.units
    yield graph.enabled_units.tolist() if graph.has_edges else None
    last = graph.path_to(len(graph) - 1) if len(graph) else None
    yield last


def _missing(graph: StateGraph) -> int:
    known = set(graph.states)
    return next(packed for packed in range(len(known) + 1) if packed not in known)


def _first_difference(mine: Any, theirs: Any) -> str:
    if isinstance(mine, list) and isinstance(theirs, list):
        for position, (a, b) in enumerate(zip(mine, theirs, strict=False)):
            if a != b:
                return f"number {position} is {a} and {b}"
        return f"{len(mine)} and {len(theirs)} of them"
    return f"{mine!r} and {theirs!r}"


def assert_same_predicate(graph: StateGraph, expression: Expression) -> bool:
    """An expression has the same values in every state in both tiers; False if it is not compilable."""
    try:
        predicate = compile_predicate(graph.system, graph.packing, expression)
    except NotCompilable:
        return False
    generated = list(state_function(graph.system, graph.packing, expression)(graph.states))
    _assert_values(expression, generated, predicate.in_states(graph.words))
    return True


def assert_same_edge_predicate(graph: StateGraph, expression: Expression) -> bool:
    """An expression over two states has the same values on every edge; False if not compilable."""
    try:
        predicate = compile_predicate(graph.system, graph.packing, expression)
    except NotCompilable:
        return False
    after = [
        [graph.states[target] for _, target in graph.steps_from(index)] for index in range(len(graph))
    ]
    function = edge_function(graph.system, graph.packing, expression)
    generated = list(function(graph.states, after))
    _assert_values(expression, generated, predicate.on_edges(graph.words, graph.offsets, graph.targets))
    return True


def _assert_values(expression: Expression, generated: Sequence[Any], compiled: np.ndarray) -> None:
    is_truth = isinstance(expression.sort, BoolSort)
    assert compiled.dtype == (np.bool_ if is_truth else np.int64)
    wanted = [bool(value) if is_truth else int(value) for value in generated]
    if compiled.tolist() != wanted:
        difference = _first_difference(wanted, compiled.tolist())
        raise TiersDiffer(f"{expression!r}: {difference}")
