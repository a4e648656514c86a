"""Whether generated Python and machine code say the same of a model: graphs, predicates and findings."""

from __future__ import annotations

import random

from both_tiers import (
    TiersDiffer,
    assert_same,
    assert_same_edge_predicate,
    assert_same_predicate,
    code_kept_in,
    explored,
    judged_by_machine_code,
    switching_after,
)

from checker import check
from checker.explicit.packing import NotCompilable
from checker.explicit.state_graph import StateGraph
from checker.language.elaborate import Elaborated
from checker.regimes.regime import FINITELY_MANY, NONE, UNBOUNDED, at_most
from checker.system.transition_system import Property

MOST_STATES = 20_000


def same_tiers(elaborated: Elaborated, draw: random.Random, findings: bool = True) -> str:
    """Explore in both tiers, under the usual regime and under another one, and judge in both.

    Parameters
    ----------
    elaborated : Elaborated
    draw : random.Random
        Decides about limits, edges and when to go over.
    findings : bool
        Whether to compare what `check` finds, too.

    Returns
    -------
    str
        How they were compared.

    Raises
    ------
    TiersDiffer
    """
    system = elaborated.system
    keep_edges = draw.random() < 0.7
    usual = FINITELY_MANY.apply(system)
    under = draw.choice([NONE, UNBOUNDED, at_most(1), at_most(2)]).apply(system)
    limit = draw.choice([MOST_STATES, draw.randint(1, 60)])
    with code_kept_in(None):
        python = explored(usual, "python", max_states=MOST_STATES)
        try:
            assert_same(python, explored(usual, "native", max_states=MOST_STATES))
        except NotCompilable as refusal:
            return f"only generated Python: {refusal}"
        if not isinstance(python, StateGraph):
            return "both refuse"
        for claim in elaborated.properties:
            _same_predicate(python, claim)
        other = explored(under, "python", max_states=limit, keep_edges=keep_edges)
        patience = draw.choice([0, 0, draw.random() ** 2 * 2 * python.steps])
        with switching_after(patience):
            assert_same(other, explored(under, "auto", max_states=limit, keep_edges=keep_edges))
        if findings and python.complete:
            _same_findings(elaborated)
    return "both tiers"


def _same_predicate(graph: StateGraph, claim: Property) -> None:
    compare = assert_same_edge_predicate if claim.kind == "transition" else assert_same_predicate
    parts = [claim.predicate, claim.premise, *(hazard.condition for hazard in claim.hazards)]
    for part in parts:
        if part is not None:
            assert compare(graph, part)


def _same_findings(elaborated: Elaborated) -> None:
    model = type(elaborated.model)
    python = check(model()).findings
    with switching_after(0), judged_by_machine_code():
        native = check(model()).findings
    for one, other in zip(python, native, strict=True):
        if one != other:
            raise TiersDiffer(f"{one!r}: {one} and {other}")
