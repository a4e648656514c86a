"""Judgements by kernels are those by numpy and plain Python: verdict, run and every figure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from graphs import fair_graph_of, labelled_graphs
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_reference import Labelled
from random_systems import Builder, systems

from checker.explicit import convergence, explore, fair_cycles, lasso_search, safety, state_graph
from checker.explicit import strong_components as components_module
from checker.explicit.components import ways_pass
from checker.explicit.fair_cycles import fair_components
from checker.explicit.lasso_search import distances
from checker.explicit.longest_way import can_reach, longest_way
from checker.explicit.recurrence import judge_leads_to, judge_recurs
from checker.explicit.safety import judge_safety
from checker.explicit.strong_components import strong_components
from checker.regimes.regime import FINITELY_MANY, UNBOUNDED
from checker.system.sorts import BOOL
from checker.system.transition_system import Property, TransitionSystem

JUDGING = (convergence, fair_cycles, lasso_search, safety, state_graph)


@contextmanager
def always_compiled(*, predicates: bool = False) -> Iterator[None]:
    """Kernels for graphs of any size; compiled predicates too, which takes longer."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (*JUDGING, *((explore,) if predicates else ())):
            patch.setattr(module, "_MANY", -1)
        patch.setattr(components_module, "_SMALL", -1)
        yield


@settings(max_examples=max(150, settings.default.max_examples))
@given(systems(), st.sampled_from((FINITELY_MANY, UNBOUNDED)), st.data())
def test_judgements_are_the_same(system: TransitionSystem, regime, data: st.DataObject) -> None:
    """Liveness, deadlocks, recoverability and distances, with lassos and worst cases."""
    whole = explore.explore(regime.apply(system), max_states=120)
    builder = Builder(data.draw, list(system.variables), [])
    p, q = builder.any(BOOL, 2), builder.any(BOOL, 2)

    def judged() -> list[object]:
        # A new graph each time: it keeps what it has computed.
        graph = replace(whole)
        return [
            convergence.judge_converges(graph, Property("p", "converges", q)),
            judge_recurs(graph, Property("p", "recurs", q)),
            judge_leads_to(graph, Property("p", "leads_to", q, premise=p)),
            judge_safety(graph, Property("p", "deadlock_free"), p),
            judge_safety(graph, Property("p", "recoverable", q)),
            [members.tolist() for members in convergence.violating_components(graph, q)],
            graph.enabled_units.tolist(),
        ]

    plain = judged()
    with always_compiled():
        assert judged() == plain


@settings(max_examples=max(200, settings.default.max_examples))
@given(labelled_graphs(), st.data())
def test_fair_components_are_the_same(graph: Labelled, data: st.DataObject) -> None:
    """With weak and strong fairness, faults, stutters and mishaps, in any part of a graph."""
    fair = fair_graph_of(graph)
    inside = np.array(data.draw(st.lists(st.booleans(), min_size=graph.states, max_size=graph.states)))
    plain = [fair_components(fair), fair_components(fair, inside)]
    with always_compiled():
        for before, after in zip(
            plain, [fair_components(fair), fair_components(fair, inside)], strict=True
        ):
            assert (before.labels.tolist(), before.count) == (after.labels.tolist(), after.count)


@settings(max_examples=max(200, settings.default.max_examples))
@given(st.integers(1, 9), st.data())
def test_passes_over_plain_graphs(nodes: int, data: st.DataObject) -> None:
    """Components, reachability, the longest way and distances on random edges with random weights."""
    node = st.integers(0, nodes - 1)
    edges = sorted(data.draw(st.lists(st.tuples(node, node, st.integers(0, 2)), max_size=3 * nodes)))
    sources = np.array([edge[0] for edge in edges], dtype=np.int64)
    targets = np.array([edge[1] for edge in edges], dtype=np.int32)
    labels = np.array([edge[2] for edge in edges], dtype=np.int8)
    offsets = np.concatenate(([0], np.cumsum(np.bincount(sources, minlength=nodes)))).astype(np.int64)
    goal = np.array(data.draw(st.lists(st.booleans(), min_size=nodes, max_size=nodes)))
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=3, max_size=3)))
    marks = np.array(data.draw(st.lists(st.booleans(), min_size=nodes, max_size=nodes)), dtype=np.uint8)
    start = np.array(data.draw(st.lists(st.integers(-1, 3), min_size=nodes, max_size=nodes)))

    kept = allowed[labels] & (sources != targets)
    kept_offsets = np.concatenate(([0], np.cumsum(kept)))[offsets]
    region = can_reach(nodes, sources[kept], targets[kept], ~goal)
    rows = (region, kept_offsets, sources[kept], targets[kept])
    ones = longest_way(*rows, np.ones(int(kept.sum()), dtype=np.int64))
    at_source = longest_way(*rows, np.where(labels == 1, marks[sources], 0)[kept])

    given_rows = (offsets, targets, labels, allowed, goal)
    assert (ways_pass(*given_rows).best >= 0).tolist() == region.tolist()
    assert ways_pass(*given_rows, 1).longest == ones
    row_of = np.array([-1, 0, -1], dtype=np.int32)
    before = np.zeros(3, dtype=np.uint8)
    assert ways_pass(*given_rows, 2, marks, row_of, before).longest == at_source
    at_target = longest_way(*rows, np.where(labels == 1, marks[targets], 0)[kept])
    assert ways_pass(*given_rows, 2, marks, row_of, before + 1).longest == at_target

    plain = [strong_components(offsets, targets).tolist()]
    plain += [row.tolist() for row in distances(offsets, targets, start, goal)]
    with always_compiled():
        compiled = [strong_components(offsets, targets).tolist()]
        compiled += [row.tolist() for row in distances(offsets, targets, start, goal)]
    assert compiled == plain
