"""converges, recurs and leads_to on random systems: against the naive decision and the interpreter."""

from __future__ import annotations

import numpy as np
from graphs import labelled_of
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from naive_reference import fair_cycle_states
from random_systems import Builder, systems

from checker.explicit.convergence import judge_converges, violating_components
from checker.explicit.explore import evaluate_all, explore
from checker.explicit.lasso import is_fair_lasso
from checker.explicit.recurrence import judge_leads_to, judge_recurs
from checker.regimes.regime import FINITELY_MANY, UNBOUNDED
from checker.system.evaluate import evaluate
from checker.system.run import Judgement, Verdict
from checker.system.sorts import BOOL
from checker.system.transition_system import Property, TransitionSystem

_MOST = 120


def _check(judgement: Judgement, violated: bool, graph) -> None:
    """The verdict is the naive one, and a lasso is fair for the interpreter."""
    assert (judgement.verdict is Verdict.VIOLATED) == violated, judgement
    if not violated:
        wrong = any(mishap.hazard is not None for mishap in graph.mishaps)
        sure = graph.complete and not wrong
        assert judgement.verdict is (Verdict.HOLDS if sure else Verdict.UNKNOWN)
        return
    assert judgement.run is not None
    assert is_fair_lasso(graph.system, judgement.run, graph.under.recurring) == []
    first = judgement.run.states[0]
    assert graph.index(first) in range(graph.initial)


@settings(max_examples=max(400, settings.default.max_examples), deadline=None)
@given(systems(), st.sampled_from((FINITELY_MANY, UNBOUNDED)), st.data())
def test_verdicts_are_the_naive_ones(system: TransitionSystem, regime, data: st.DataObject) -> None:
    """Eventually always, again and again, and leads-to: same verdicts, and every lasso is fair."""
    graph = explore(regime.apply(system), max_states=_MOST)
    assume(len(graph) <= 2 * _MOST)
    builder = Builder(data.draw, list(system.variables), [])
    p, q = builder.any(BOOL, 2), builder.any(BOOL, 2)
    goal, premise = evaluate_all(graph, q), evaluate_all(graph, p)
    labelled = labelled_of(graph)
    known = set(range(graph.expanded))
    outside = set(np.flatnonzero(~goal).tolist()) & known

    on_loops = fair_cycle_states(labelled, known)
    avoiding = fair_cycle_states(labelled, outside)
    converges = judge_converges(graph, Property("p", "converges", q))
    _check(converges, bool(on_loops & outside), graph)
    found = {int(s) for members in violating_components(graph, q) for s in members}
    assert (found & outside) == (on_loops & outside)
    if converges.verdict is Verdict.VIOLATED:
        assert converges.metrics["reached"] == (not avoiding)
        loop = converges.run.states[converges.run.loop :]
        values = {evaluate(q, state) for state in loop}
        assert False in values
        assert avoiding == set() or values == {False}

    recurs = judge_recurs(graph, Property("p", "recurs", q))
    _check(recurs, bool(avoiding), graph)

    pending = {s for s in outside if premise[s]}
    todo = list(pending)
    while todo:
        here = todo.pop()
        for _, target in graph.steps_from(here) if here < graph.expanded else ():
            if not goal[target] and target not in pending:
                pending.add(target)
                todo.append(target)
    leads = judge_leads_to(graph, Property("p", "leads_to", q, premise=p))
    _check(leads, bool(fair_cycle_states(labelled, pending & known)), graph)
    if leads.verdict is Verdict.VIOLATED:
        run = leads.run
        loop = run.states[run.loop :]
        assert not any(evaluate(q, state) for state in loop)
        owed = False
        for state in run.states[: run.loop + 1]:
            owed = (owed or bool(evaluate(p, state))) and not evaluate(q, state)
        assert owed or any(evaluate(p, state) for state in loop)
