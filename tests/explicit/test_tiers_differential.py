"""Generated Python and machine code explore the same graph, on random systems that strain both."""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path
from typing import Any

from both_tiers import (
    Explored,
    assert_same,
    assert_same_edge_predicate,
    assert_same_predicate,
    code_kept_in,
    explored,
    switching_after,
)
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from random_systems import systems
from small_systems import under
from wide_systems import WideSystem, wide_system

from checker.explicit.packing import NotCompilable
from checker.explicit.state_graph import StateGraph
from checker.regimes.regime import FINITELY_MANY, NONE, UNBOUNDED, UnderRegime
from checker.system.transition_system import TransitionSystem

EXAMPLES = int(os.environ.get("RECONVERGE_EXAMPLES", "25"))
MANY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    # A smaller seed is no smaller system.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@MANY
@given(st.integers(0, 2**48))
def test_wide_systems_in_both_tiers(seed: int) -> None:
    """Wide states, huge numbers, many outcomes, everything that can go wrong: no difference."""
    for said in compare_seed(seed):
        event(said)


@settings(MANY, max_examples=max(15, EXAMPLES // 4))
@given(systems(), systems(wide=True))
def test_small_systems_in_both_tiers(narrow: TransitionSystem, wide: TransitionSystem) -> None:
    """The systems that generated Python is compared with the reference interpreter on."""
    for chosen in (narrow, wide):
        system_under = under(chosen)
        python = explored(system_under, "python", max_states=400)
        try:
            assert_same(python, explored(system_under, "native", max_states=400))
        except NotCompilable:
            event("only generated Python")


def compare_seed(seed: int) -> list[str]:
    """Compare the tiers on the random system of a seed, and say what it was like.

    Raises
    ------
    TiersDiffer
    """
    draw = random.Random(f"options {seed}")
    with tempfile.TemporaryDirectory() as folder, code_kept_in(draw.choice([None, Path(folder)])):
        return _compare(wide_system(seed), draw)


def _compare(made: WideSystem, draw: random.Random) -> list[str]:
    chosen = draw.choice([UNBOUNDED, UNBOUNDED, UNBOUNDED, FINITELY_MANY, NONE]).apply(made.system)
    options: dict[str, Any] = {
        "max_states": draw.choice([300, 300, draw.randint(0, 40), draw.randint(0, 900)]),
        "keep_edges": draw.random() < 0.75,
    }
    if draw.random() < 0.1:
        options["stop_when"] = [draw.choice(made.truths)]
    python = explored(chosen, "python", **options)
    said = [_kind_of(python)]
    try:
        assert_same(python, explored(chosen, "native", **options))
        said.append("compiled")
    except NotCompilable as refusal:
        said.append(str(refusal))
        assert_same(python, _switched(chosen, 0, options))
    if draw.random() < 0.35 and isinstance(python, StateGraph):
        patience = draw.random() ** 3 * 2 * python.steps
        assert_same(python, _switched(chosen, patience, options))
        said.append("switched over")
    if draw.random() < 0.35 and isinstance(python, StateGraph) and python.has_edges:
        said.extend(_predicates(python, made))
    return said


def _switched(chosen: UnderRegime, patience: float, options: dict[str, Any]) -> Explored:
    with switching_after(patience):
        return explored(chosen, "auto", **options)


def _predicates(graph: StateGraph, made: WideSystem) -> list[str]:
    done = [assert_same_predicate(graph, one) for one in (*made.truths, *made.numbers)]
    done += [assert_same_edge_predicate(graph, one) for one in made.steps]
    return ["predicates compiled"] if all(done) else ["some predicates not compilable"]


def _kind_of(python: Explored) -> str:
    if isinstance(python, str):
        return python.partition(":")[0]
    if python.complete:
        return "with mishaps" if python.mishaps else "complete"
    return python.reason.partition(" ")[0]
