"""`idempotent`: is it harmless to run the process again? Six levels, each with its own verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from math import prod
from typing import Any

import numpy as np

from checker.explicit.crash_idempotence import judge_crashes
from checker.explicit.delivery_idempotence import judge_delivery
from checker.explicit.effect_once import judge_effects
from checker.explicit.explore import evaluate_all
from checker.explicit.generated_predicates import state_function
from checker.explicit.judging import held, violated
from checker.explicit.lasso_run import names
from checker.explicit.longest_way import can_reach, longest_way
from checker.explicit.outcomes import outcomes, values_of
from checker.explicit.overlap_idempotence import judge_overlap
from checker.explicit.passes import WRONG, Move, Passes
from checker.explicit.state_graph import StateGraph
from checker.explicit.undecided import undecided
from checker.system.evaluate import evaluate
from checker.system.expression import Expression, any_of, conj, disj, neg
from checker.system.run import Judgement, Verdict
from checker.system.transition_system import Action, Property, Role

__all__ = ["LEVELS", "judge_idempotent"]

LEVELS = (
    "quiescent",
    "idempotent",
    "crash-idempotent",
    "delivery-idempotent",
    "overlap-idempotent",
    "effect-once",
)

_MOST_WELLFORMED = 20_000
"""States up to which it is tried from every well-formed state."""

_Level = Callable[[], Judgement | str]


def judge_idempotent(
    graph: StateGraph,
    claim: Property,
    goal: Property | Expression | None,
    claims: Sequence[Property] = (),
) -> tuple[Judgement, ...]:
    """Judge each level of idempotence that applies to a process or an action.

    Parameters
    ----------
    graph : StateGraph
        Explored with edges under the regime of the claim.
    claim : Property
        Of kind "idempotent": its process, world and levels.
    goal : Property or Expression, optional
        Where there is nothing to do; all `converges` of the claims together if not given.
    claims : sequence of Property
        All properties of the model.

    Returns
    -------
    tuple of Judgement
        In the order of `LEVELS`; their kind is the level. A level that does not apply is left
        out, or UNKNOWN with the reason if the claim asks for it by name.

    Notes
    -----
    The world W is what the outside can see, f one pass of the process with everyone else at rest,
    O(s) what the outside may see at the end of it. A pass that waits for others has no outcome.
    """
    if goal is None and claim.goal is not None:
        goal = next((one for one in claims if one.name == claim.goal), None)
    if isinstance(goal, Property):
        goal = goal.predicate
    if goal is None:
        goals = [one.predicate for one in claims if one.kind == "converges"]
        goal = conj(*(predicate for predicate in goals if predicate is not None)) if goals else None
    asked = claim.levels or LEVELS
    try:
        each = _each_instance(graph, claim)
    except ValueError as problem:
        return tuple(
            undecided(graph, replace(claim, kind=level), str(problem))
            for level in LEVELS
            if level in asked
        )
    judgements = []
    for level in LEVELS:
        if level not in asked:
            continue
        one = replace(claim, kind=level)
        answers = [_judge(level, passes, one, goal, claims) for passes in each]
        found = [answer for answer in answers if isinstance(answer, Judgement)]
        if found:
            judgements.append(_worst(found))
        elif claim.levels:
            judgements.append(undecided(graph, one, f"the level does not apply: {answers[0]}"))
    return tuple(judgements)


def _each_instance(graph: StateGraph, claim: Property) -> list[Passes]:
    """The process; or the action, once for each value of its parameters."""
    name = claim.process or ""
    system = graph.system
    if name not in system.process and f"{name}[0]" in system.process:
        # Like processes run the same code: what one may do again, each may.
        name = f"{name}[0]"
    action = system.action.get(name)
    if name in system.process or action is None or not action.parameters:
        return [Passes(graph, name, claim.world)]
    arguments = product(*(values_of(symbol) for symbol in action.parameters))
    return [Passes(graph, name, claim.world, values) for values in arguments]


def _judge(
    level: str, passes: Passes, claim: Property, goal: Expression | None, claims: Sequence[Property]
) -> Judgement | str:
    """One level for one process: a judgement, or why the level does not apply."""
    if level == "effect-once":
        return judge_effects(passes, claim, claims)
    if level == "delivery-idempotent":
        return judge_delivery(passes, claim)
    if level == "quiescent" and goal is None:
        return "the model states no goal"
    if level == "crash-idempotent" and (passes.process is None or not passes.process.restarts):
        return "it never crashes"
    if level == "overlap-idempotent" and passes.process is None:
        return "an action is one atomic step"
    if not any(passes.ends(node) for node in passes.starts()):
        return undecided(passes.graph, claim, "it never completes a pass by itself")
    if level == "quiescent":
        assert goal is not None
        return _quiescent(passes, claim, goal)
    if level == "idempotent":
        return _idempotent(passes, claim)
    if level == "crash-idempotent":
        return judge_crashes(passes, claim)
    return judge_overlap(passes, claim)


def _worst(judgements: list[Judgement]) -> Judgement:
    order = (Verdict.VIOLATED, Verdict.UNKNOWN, Verdict.HOLDS)
    return min(judgements, key=lambda judgement: order.index(judgement.verdict))


# ---------------------------------------------------------------- level 0: quiescent


def _quiescent(passes: Passes, claim: Property, goal: Expression) -> Judgement:
    """In the goal a pass neither changes nor writes the world."""
    graph = passes.graph
    good = evaluate_all(graph, goal)
    starts = [node for node in passes.starts() if good[node]]
    if not starts:
        return undecided(graph, claim, "no goal state with the process at its start is reachable")
    writing = _writing(passes)
    restless: set[int] = set()
    todo, met = list(starts), set(starts)
    while todo:
        here = todo.pop()
        for _, target, done in passes.moves(here):
            if passes.seen(target) != passes.seen(here):
                restless.add(here)
            if not done and target not in met:
                met.add(target)
                todo.append(target)
    nodes = sorted(met)
    values = writing([passes.states[node] for node in nodes])
    restless.update(node for node, writes in zip(nodes, values, strict=True) if writes)
    metrics = {"goal_states": len(starts)}
    for start in starts if restless else ():
        try:
            moves = passes.moves_to(start, restless)
        except ValueError:
            continue
        last = moves[-1][2] if moves else start
        move = _touching(passes, last)
        run = passes.run(graph.run_to(start), [*moves, move])
        _, label, target = move
        name = passes.instances[label].name
        if target == WRONG:
            what = f"`{name}` goes wrong"
        elif passes.seen(target) != passes.seen(last):
            what = f"`{name}` changes it to {passes.tell_world(passes.states[target])}"
        else:
            action = passes.instances[label].action
            written = names([one for one, _ in action.writes if one in passes.world_variables])
            what = f"`{name}` writes {written}, though the same value"
        return violated(graph, claim, run, f"the goal holds, and yet {what}", metrics)
    return held(graph, claim, metrics=metrics)


def _touching(passes: Passes, node: int) -> Move:
    """A step there that changes the world, or else one that writes it."""
    moves = [(node, label, target) for label, target, _ in passes.moves(node)]
    changing = [move for move in moves if passes.seen(move[2]) != passes.seen(node)]
    if changing:
        return changing[0]
    state = passes.packing.unpack(passes.states[node])
    for _, label, target in moves:
        action, arguments = passes.instances[label].action, passes.instances[label].arguments
        when = disj(*(when for name, when in action.writes if name in passes.world_variables))
        for choices, result in outcomes(action, arguments, state):
            values = zip((*action.parameters, *action.choices), (*arguments, *choices), strict=True)
            known = {symbol.node: value for symbol, value in values}
            ends = passes.packing.unpack(passes.states[target])
            if result == ends and evaluate(when, state, symbols=known):
                return (node, label, target)
    raise AssertionError("a step that writes has an outcome")


def _writing(passes: Passes) -> Any:
    """Whether some step of the process writes the world, as a function of states."""
    return state_function(
        passes.graph.system,
        passes.packing,
        disj(*(_may_write(action, passes.world_variables) for action in passes.actions)),
    )


def _may_write(action: Action, world: frozenset[str]) -> Expression:
    wrong = disj(*(hazard.condition for hazard in action.hazards))
    writes = disj(*(when for name, when in action.writes if name in world))
    body = conj(action.guard, neg(wrong), writes)
    for symbol in (*action.parameters, *action.choices):
        body = any_of(symbol.node, body)
    return body


# ---------------------------------------------------------------- level 1: idempotent


def _idempotent(passes: Passes, claim: Property) -> Judgement:
    """A second pass leaves the world as the first one left it."""
    graph = passes.graph
    starts = passes.starts()
    ends = {end for start in starts for end in passes.ends(start) if end != WRONG}
    bad = {end for end in ends if passes.outcomes(end) - {passes.seen(end)}}
    metrics: dict[str, Any] = {"fixed_point_rounds": _rounds(passes, starts)}
    for start in starts if bad else ():
        first = passes.ends(start) & bad
        if not first:
            continue
        one = passes.pass_to(start, first)
        middle = one[-1][2]
        different = {end for end in passes.ends(middle) if passes.seen(end) != passes.seen(middle)}
        two = passes.pass_to(middle, different)
        run = passes.run(graph.run_to(start), [*one, *two])
        before, after = passes.tell_world(passes.states[middle]), two[-1][2]
        then = "it goes wrong" if after == WRONG else passes.tell_world(passes.states[after])
        reason = f"after one pass {before}, after a second one {then}"
        return violated(graph, claim, run, reason, {**metrics, "everywhere": False})
    judgement = held(graph, claim)
    if judgement.verdict is Verdict.UNKNOWN:
        return judgement
    metrics["everywhere"] = _everywhere(passes)
    return replace(judgement, metrics={**judgement.metrics, **metrics})


def _rounds(passes: Passes, starts: list[int]) -> int | None:
    """After how many passes at most the world stays as it is; None if it may never."""
    sources: list[int] = []
    targets: list[int] = []
    offsets = [0]
    for node in range(len(passes.states)):
        if passes.at_start(passes.states[node]):
            after = [end for end in sorted(passes.ends(node)) if end != WRONG]
            sources.extend([node] * len(after))
            targets.extend(after)
        offsets.append(len(targets))
    count = len(offsets) - 1
    source, target = np.array(sources, dtype=np.int64), np.array(targets, dtype=np.int64)
    restless = np.zeros(count, dtype=np.bool_)
    for one, other in zip(sources, targets, strict=True):
        restless[one] |= passes.seen(one) != passes.seen(other)
    region = can_reach(count, source, target, restless)
    weights = np.ones(len(source), dtype=np.int64)
    return longest_way(region, np.array(offsets), source, target, weights)


def _everywhere(passes: Passes) -> bool | str:
    """Whether it holds from every well-formed state, reachable or not."""
    system = passes.graph.system
    variables = [one for one in system.variables if one.role is not Role.GHOST]
    if any(one.domain.high is None for one in variables):
        return "not judged: unbounded"
    total = prod(one.domain.size or 0 for one in variables)
    if total > _MOST_WELLFORMED:
        return f"not judged: {total:,} states are too many"
    ghosts = passes.states[0] & ~passes.mask(one.name for one in variables)
    states = [ghosts]
    for one in variables:
        slot = passes.slots[one.name]
        states = [
            packed | value << slot.offset
            for packed in states
            for value in range(slot.top - slot.low + 1)
        ]
    wellformed = state_function(system, passes.packing, system.wellformed)
    kept = [packed for packed, good in zip(states, wellformed(states), strict=True) if good]
    for start in passes.close(packed for packed in kept if passes.at_start(packed)):
        for end in passes.ends(start):
            if end == WRONG or passes.outcomes(end) - {passes.seen(end)}:
                return False
    return True
