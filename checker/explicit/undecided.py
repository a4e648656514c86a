"""UNKNOWN, with the reason: what was looked at does not settle the question."""

from __future__ import annotations

from typing import Any

from checker.explicit.judging import scope_of
from checker.explicit.state_graph import StateGraph
from checker.system.run import Judgement, Run, Verdict
from checker.system.transition_system import Property

__all__ = ["undecided"]


def undecided(
    graph: StateGraph,
    claim: Property,
    reason: str,
    metrics: dict[str, Any] | None = None,
    run: Run | None = None,
) -> Judgement:
    """UNKNOWN for a reason that has nothing to do with an incomplete graph."""
    return Judgement(
        claim.name,
        claim.kind,
        Verdict.UNKNOWN,
        scope_of(graph),
        str(graph.under.regime),
        run,
        reason,
        {"states": len(graph), **(metrics or {})},
    )
