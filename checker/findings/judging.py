"""Which engine answers which kind of property, on a graph that is explored already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from checker.system.expression import Expression, conj
from checker.system.run import Judgement, Scope, Verdict
from checker.system.transition_system import Property

if TYPE_CHECKING:
    from checker.explicit.state_graph import StateGraph

__all__ = ["judge", "memory_needed", "needs_edges", "resting_place"]


def judge(graph: StateGraph, claim: Property, claims: Sequence[Property]) -> list[Judgement]:
    """Judge one property.

    Parameters
    ----------
    graph : StateGraph
    claim : Property
    claims : sequence of Property
        All properties of the model: the goal of another one may be among them.

    Returns
    -------
    list of Judgement
        One; for idempotence one for each level. What no engine can judge is UNKNOWN.
    """
    if claim.kind in ("always", "never", "transition", "reachable", "recoverable", "deadlock_free"):
        from checker.explicit.safety import judge_safety

        goal = resting_place(claims) if claim.kind == "deadlock_free" else None
        return [judge_safety(graph, claim, goal)]
    if claim.kind == "converges":
        from checker.explicit.convergence import judge_converges

        return [judge_converges(graph, claim)]
    if claim.kind in ("recurs", "leads_to"):
        from checker.explicit.recurrence import judge_leads_to, judge_recurs

        return [(judge_recurs if claim.kind == "recurs" else judge_leads_to)(graph, claim)]
    if claim.kind == "idempotent":
        from checker.explicit.idempotence import judge_idempotent

        goal = next((other.predicate for other in claims if other.name == claim.goal), None)
        return list(judge_idempotent(graph, claim, goal or resting_place(claims), claims))
    return [
        Judgement(
            claim.name,
            claim.kind,
            Verdict.UNKNOWN,
            Scope("bounded", 0),
            str(graph.under.regime),
            reason=f"explicit search cannot judge {claim.kind!r}",
        )
    ]


def needs_edges(claim: Property) -> bool:
    """Whether steps matter to a property, or only states."""
    return claim.kind not in ("always", "never", "reachable")


def memory_needed(graph: StateGraph, claim: Property) -> int:
    """Bytes that judging takes, about, on top of what exploration has left room for."""
    if claim.kind == "idempotent":
        # Passes are followed state by state, in Python.
        return 500 * len(graph) + 24 * len(graph.targets)
    return len(graph.targets) if claim.kind == "transition" else 0


def resting_place(claims: Sequence[Property]) -> Expression | None:
    """Where nothing needs to happen any more: everything that converges has."""
    goals = [claim.predicate for claim in claims if claim.kind == "converges" and claim.predicate]
    return conj(*goals) if goals else None
