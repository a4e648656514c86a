"""One random system judged with and without dead values: everything that must not differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from careless_systems import FAIR, SAFE, STEPWISE, Careless

from checker.explicit.convergence import judge_converges
from checker.explicit.explore import explore
from checker.explicit.lasso import is_fair_lasso
from checker.explicit.outcomes import outcomes
from checker.explicit.recurrence import judge_leads_to, judge_recurs
from checker.explicit.restoring import restored
from checker.explicit.safety import hazard_judgements, judge_safety
from checker.explicit.state_graph import StateGraph
from checker.reductions.live_variables import Keeping, LiveVariables, read_by, without_dead_values
from checker.regimes.regime import FINITELY_MANY, NONE, UNBOUNDED, at_most
from checker.system.evaluate import evaluate
from checker.system.run import Judgement, Run, Verdict
from checker.system.transition_system import Hazard, Property

LEVELS = {Keeping.STATES: SAFE, Keeping.RUNS: SAFE + FAIR, Keeping.STEPS: SAFE + FAIR + STEPWISE}
REGIMES = (FINITELY_MANY, UNBOUNDED, NONE, at_most(1))
_MOST = 1500


def disagreements(seed: int, statistics: Counter[str]) -> Iterator[str]:
    """What is different on the reduced system, in words; nothing if the reduction is right."""
    careless = Careless(seed)
    system = careless.system()
    claims = careless.claims(SAFE + FAIR + STEPWISE)
    under = REGIMES[seed % 4].apply(system)
    graph = explore(under, max_states=_MOST)
    if not graph.complete:
        statistics["too many states"] += 1
        return
    for keeping, kinds in LEVELS.items():
        judged = [claim for claim in claims if claim.kind in kinds]
        reduction = without_dead_values(under.system, read_by(judged), keeping=keeping)
        smaller = explore(replace(under, system=reduction.system))
        statistics[f"{keeping.name} states"] += len(smaller)
        statistics[f"{keeping.name} of"] += len(graph)
        statistics[f"{keeping.name} reduced"] += bool(reduction.touched or reduction.dropped)
        ignored = set() if careless.inductive else {"self_stabilising"}
        for problem in _differences(graph, smaller, reduction, judged, ignored, statistics):
            yield f"{keeping.name} {under.regime}: {problem}"


def _differences(
    graph: StateGraph,
    smaller: StateGraph,
    reduction: LiveVariables,
    claims: list[Property],
    ignored: set[str],
    statistics: Counter[str],
) -> Iterator[str]:
    if not smaller.complete:
        yield f"the reduced space is not complete: {smaller.reason}"
        return
    same = [name for name in graph.system.variable if name not in reduction.touched]
    if _seen(graph, same) != _seen(smaller, same):
        yield "what is not reset reaches other values"
    if len(smaller) > len(graph):
        yield "there are more states than before"
    wrong = [one.verdict for one in hazard_judgements(graph)]
    if wrong != [one.verdict for one in hazard_judgements(smaller)]:
        yield "other hazards are met"
    for claim in claims:
        reason = reduction.obstacle(claim)
        if reason:
            yield f"{claim.kind} is refused: {reason}"
            continue
        before, after = judge(graph, claim), judge(smaller, claim)
        statistics[f"{claim.kind} {before.verdict.value}"] += 1
        if before.verdict is not after.verdict:
            yield f"{claim.kind}: {before.verdict.value}, reduced {after.verdict.value}"
            continue
        lost = {"states", "digest", "different_ends", "unbounded", *reduction.unmeasured(claim)}
        lost |= ignored
        if claim.kind != "converges" or before.verdict is not Verdict.HOLDS:
            lost |= {"steps"}
        for name, value in before.metrics.items():
            # In fewer variables there may be few enough states to judge.
            open_before = str(value).startswith("not judged")
            if name not in lost and not open_before and after.metrics[name] != value:
                yield f"{claim.kind}: {name} is {value}, reduced {after.metrics[name]}"
        if after.run is not None:
            run = restored(graph.system, reduction.system, after.run)
            statistics["restored"] += 1
            statistics["restored lassos"] += run.loop is not None
            statistics["longer loops"] += len(run.steps) > len(after.run.steps)
            for problem in complaints(graph, claim, run):
                yield f"{claim.kind}: the restored run {problem}"


def _seen(graph: StateGraph, names: list[str]) -> set[tuple]:
    return {tuple(state[name] for name in names) for state in map(graph.state, range(len(graph)))}


def judge(graph: StateGraph, claim: Property) -> Judgement:
    """The verdict of the engine."""
    if claim.kind in FAIR:
        judges = {"converges": judge_converges, "recurs": judge_recurs, "leads_to": judge_leads_to}
        return judges[claim.kind](graph, claim)
    return judge_safety(graph, claim)


def complaints(graph: StateGraph, claim: Property, run: Run) -> Iterator[str]:
    """Why a run is no evidence for a claim on the given graph, by the interpreter."""
    if graph.index(run.states[0]) not in range(graph.initial):
        yield "does not begin in an initial state"
    for number, step in enumerate(run.steps):
        here = run.states[number]
        after = run.states[number + 1] if number + 1 < len(run.states) else run.hazard
        if step is None:
            if here != after:
                yield f"changes something in stutter {number}"
            continue
        results = outcomes(graph.system.action[step.action], step.arguments, here)
        if not any(
            choices == step.choices
            and (result is after if isinstance(after, Hazard) else result == after)
            for choices, result in results
        ):
            yield f"has no such step as number {number}"
    values = [bool(evaluate(claim.predicate, s)) for s in run.states] if _of_states(claim) else []
    if claim.kind in ("always", "recoverable") and values[-1]:
        yield "ends where the predicate holds"
    if claim.kind in ("never", "reachable") and not values[-1]:
        yield "ends where the predicate does not hold"
    if claim.kind == "transition" and evaluate(claim.predicate, run.states[-2], run.states[-1]):
        yield "ends with a step that is allowed"
    if claim.kind in FAIR:
        assert run.loop is not None
        yield from is_fair_lasso(graph.system, run, graph.under.recurring)
        again = values[run.loop :]
        if claim.kind == "converges" and all(again):
            yield "stays in the goal"
        if claim.kind == "recurs" and any(again):
            yield "comes back to the goal"
        if claim.kind == "leads_to" and not any(
            evaluate(claim.premise, state) and not any(values[i:] + again)
            for i, state in enumerate(run.states)
        ):
            yield "keeps the promise"


def _of_states(claim: Property) -> bool:
    return claim.kind not in STEPWISE
