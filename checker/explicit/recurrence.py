"""`recurs` (infinitely often) and `leads_to` (whenever p, eventually q) on the explored graph."""

from __future__ import annotations

import numpy as np

from checker.explicit.explore import evaluate_all
from checker.explicit.fair_cycles import expanded, fair_components, fair_graph
from checker.explicit.judging import goes_wrong, held, violated
from checker.explicit.lasso_run import lasso_run, tell_loop
from checker.explicit.lasso_search import Loop, distances, shortest_lasso
from checker.explicit.state_graph import StateGraph
from checker.explicit.strong_components import Ints
from checker.system.run import Judgement
from checker.system.transition_system import Property

__all__ = ["judge_leads_to", "judge_recurs"]


def judge_recurs(graph: StateGraph, claim: Property) -> Judgement:
    """Whether every fair run satisfies the predicate again and again.

    Parameters
    ----------
    graph : StateGraph
        Explored with edges under the regime of the claim.
    claim : Property
        Of kind "recurs".

    Notes
    -----
    □◇G is violated iff a fair run stays in ¬G for ever from some point on: iff the subgraph of ¬G
    has a fair component.
    """
    assert claim.predicate is not None
    wrong = goes_wrong(graph, claim)
    if wrong is not None:
        return wrong
    goal = evaluate_all(graph, claim.predicate)
    fair = fair_graph(graph)
    components = fair_components(fair, ~goal & expanded(graph))
    loop = shortest_lasso(fair, components, ~goal, graph.depths)
    if loop is None:
        return held(graph, claim)
    run = lasso_run(graph, *graph.path_to(loop.entry), loop)
    return violated(graph, claim, run, f"from some point on never again: {tell_loop(graph, loop)}")


def judge_leads_to(graph: StateGraph, claim: Property) -> Judgement:
    """Whether every state of the premise is followed by one of the conclusion in every fair run.

    Parameters
    ----------
    graph : StateGraph
        Explored with edges under the regime of the claim.
    claim : Property
        Of kind "leads_to": its premise p and predicate q.

    Notes
    -----
    □(p → ◇q) is violated iff from a state in p ∧ ¬q a run through ¬q, by any steps, comes to a fair
    component of ¬q. The metric `premises` counts the reachable states in p.
    """
    assert claim.predicate is not None and claim.premise is not None
    wrong = goes_wrong(graph, claim)
    if wrong is not None:
        return wrong
    conclusion = evaluate_all(graph, claim.predicate)
    premise = evaluate_all(graph, claim.premise)
    metrics: dict[str, object] = {"premises": int(premise.sum())}
    start = np.where(premise & ~conclusion, graph.depths, -1)
    fair = fair_graph(graph)
    depth, arrival = distances(graph.offsets, graph.targets, start, ~conclusion)
    pending = (depth >= 0) & expanded(graph)
    components = fair_components(fair, pending)
    loop = shortest_lasso(fair, components, pending, depth)
    if loop is None:
        return held(graph, claim, metrics=metrics)
    run = lasso_run(graph, *_way(graph, loop, arrival), loop)
    reason = f"the premise holds and the conclusion never follows: {tell_loop(graph, loop)}"
    return violated(graph, claim, run, reason, metrics)


def _way(graph: StateGraph, loop: Loop, arrival: Ints) -> tuple[list[int], list[int]]:
    """A shortest run to the loop that has had the premise and, since then, not the conclusion."""
    states: list[int] = []
    labels: list[int] = []
    here = loop.entry
    while arrival[here] >= 0:
        edge = int(arrival[here])
        states.append(here)
        labels.append(int(graph.labels[edge]))
        here = int(graph.sources[edge])
    before, by = graph.path_to(here)
    return before + states[::-1], by + labels[::-1]
