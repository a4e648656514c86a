"""Crash-idempotence: a pass after a crash ends as the pass without the crash could have ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from heapq import merge
from itertools import product
from typing import Any

import numpy as np

from checker.explicit.judging import held, violated
from checker.explicit.lasso_search import distances
from checker.explicit.outcomes import outcomes, values_of
from checker.explicit.packing import Packing
from checker.explicit.passes import WRONG, Move, Passes
from checker.explicit.settling import Settling, settling, way_to_rest
from checker.explicit.undecided import undecided
from checker.system.evaluate import evaluate
from checker.system.expression import FALSE, Expression, constant
from checker.system.run import Judgement, Run, Step
from checker.system.transition_system import Action, Kind, Property, Role
from checker.system.walk import substitute

__all__ = ["judge_crashes"]


@dataclass(frozen=True, slots=True)
class _Crash:
    """A crash: the pass was at `before`; `last` is a completing step that happened but was lost.

    `label` is the graph's label of a crash that really is a step there, -1 otherwise.
    """

    before: int
    after: int
    label: int
    last: Move | None = None


def judge_crashes(passes: Passes, claim: Property) -> Judgement | str:
    """For every crash s → s′: what the outside sees after a pass from s′, it could see after s.

    Parameters
    ----------
    passes : Passes
        Of a process that restarts.
    claim : Property

    Notes
    -----
    Crashes are the crash steps of the reachable graph, and the crash just after the last step of
    a pass, before it is recorded anywhere: the state after the step with the process's memory
    lost. The condition is local, hence it covers any number of crashes.

    A controller may need several rounds, and a crash may merely cut one round short. So where
    the world comes to rest after the crash and without it, once everyone has done what they will
    do, the worlds at rest are compared (f* of the definition); the outcomes of a single pass are
    where it never does. There, where the pass without
    the crash would wait for others, what it would have done is not known; then a pass after the
    crash that leaves the world alone is fine, and another one makes the verdict UNKNOWN.
    """
    graph = passes.graph
    actions = [
        action
        for action in graph.system.actions
        if _crashes(action, passes) and action.guard is not FALSE
    ]
    if not actions:
        return f"no crash happens under {graph.under.regime}"
    unsure: _Crash | None = None
    compared = settled = 0
    rest = settling(graph, passes.world_mask)
    crashes = merge(_steps(passes), _late(passes, actions), key=lambda crash: crash.before)
    for crash in crashes:
        compared += 1
        if rest is not None and _comes_to_rest(rest, crash, len(graph)):
            settled += 1
            more = rest.worlds(crash.after) - rest.worlds(crash.before)
            if more:
                return _ends_elsewhere(passes, claim, crash, rest, more)
            continue
        new = passes.outcomes(crash.after) - passes.outcomes(crash.before)
        if not new:
            continue
        waiting = passes.waits(crash.before)
        if not waiting:
            return _violated(passes, claim, crash, new)
        if new - waiting and unsure is None:
            unsure = crash
    metrics = {"crashes": compared, "compared_at_rest": settled}
    if unsure is not None:
        reason = (
            "without the crash it waits for others there, and after it it goes on: "
            "which worlds the rest of the pass could give is not known"
        )
        return undecided(graph, claim, reason, metrics)
    if not compared:
        return undecided(graph, claim, "no crash is reachable")
    return held(graph, claim, metrics=metrics)


def _comes_to_rest(rest: Settling, crash: _Crash, states: int) -> bool:
    known = crash.after < states
    return known and bool(rest.rests[crash.before]) and bool(rest.rests[crash.after])


def _ends_elsewhere(
    passes: Passes, claim: Property, crash: _Crash, rest: Settling, more: frozenset[int]
) -> Judgement:
    """A run in which the world comes to rest where it could not have without the crash."""
    graph = passes.graph
    run, where, struck = _up_to_crash(passes, crash)
    ends = [state for world in sorted(more) for state in rest.ends[world]]
    states, labels = way_to_rest(graph, crash.after, ends)
    if struck:
        tail = graph.run_along(states, labels)
        run = Run((*run.states, *tail.states[1:]), (*run.steps, *tail.steps))
    end = passes.tell_world(graph.states[states[-1]])
    usual = sorted(rest.worlds(crash.before))
    without = " or ".join(passes.tell_world(world) for world in usual[:3]) or "nothing"
    metrics = {
        "without_crash": [passes.show_world(world) for world in usual],
        "after_crash": passes.show_world(graph.states[states[-1]]),
    }
    reason = f"{where}, and the world comes to rest with {end}; without the crash with {without}"
    return violated(graph, claim, run, reason, metrics)


def _crashes(action: Action, passes: Passes) -> bool:
    is_crash = action.call is not None and action.call.form == "crash"
    return action.kind is Kind.FAULT and is_crash and action.process == passes.name


def _steps(passes: Passes) -> Iterator[_Crash]:
    """The crash steps of the graph, nearest first."""
    graph = passes.graph
    labels = [_crashes(one.action, passes) for one in graph.instances]
    crashing = np.array(labels, dtype=np.bool_)[graph.labels] & graph.changing
    for edge in np.flatnonzero(crashing).tolist():
        after = passes.node(graph.states[int(graph.targets[edge])])
        yield _Crash(int(graph.sources[edge]), after, int(graph.labels[edge]))


def _late(passes: Passes, actions: list[Action]) -> Iterator[_Crash]:
    """Crashes just after the last step of a pass, where the regime allows one more."""
    forget = [
        (reset, _charge(passes, action)) for action in actions for reset in _resets(passes, action)
    ]
    for before in range(passes.graph.expanded):
        for label, target, done in passes.moves(before):
            if not done or target == WRONG:
                continue
            ended = passes.states[target]
            for reset, charge in forget:
                charged = charge(ended)
                if charged is None:
                    continue
                # Where nothing is left to forget a crash is no step, and costs nothing.
                lost = reset(ended)
                after = target if lost == ended else passes.node(reset(charged))
                yield _Crash(before, after, -1, (before, label, target))


def _charge(passes: Passes, action: Action) -> Callable[[int], int | None]:
    """What a crash takes from the regime's budget; None where nothing is left of it."""
    system, packing = passes.graph.system, passes.packing
    costs = [(name, value) for name, value in action.updates if system.variable[name].role is Role.GHOST]

    def charged(packed: int) -> int | None:
        if not costs:
            return packed
        state = packing.unpack(packed)
        spent = {name: evaluate(value, state) for name, value in costs}
        for name, value in spent.items():
            high = system.variable[name].domain.high
            if high is not None and value > high:
                return None
        return packing.pack({**state, **spent})

    return charged


def _resets(passes: Passes, action: Action) -> Iterator[Callable[[int], int]]:
    """What a crash makes of a packed state, whether or not one is possible there."""
    system, packing = passes.graph.system, passes.packing
    symbols = (*action.parameters, *action.choices)
    # A regime's budget is no memory of the process: see `_charge`.
    updates = [
        (name, value) for name, value in action.updates if system.variable[name].role is not Role.GHOST
    ]
    for values in product(*(values_of(symbol) for symbol in symbols)):
        known = {
            symbol.node: constant(value, symbol.node.sort)
            for symbol, value in zip(symbols, values, strict=True)
        }
        image = substitute([value for _, value in updates], known)
        filled = [(name, image[value]) for name, value in updates]
        if all(value.is_constant for _, value in filled):
            # The usual case: memory goes back to its initial values.
            keep = ~passes.mask(name for name, _ in filled)
            slots = [(passes.slots[name], int(value.payload)) for name, value in filled]
            bits = sum(value - slot.low << slot.offset for slot, value in slots)
            yield partial(_replaced, keep, bits)
        else:
            yield partial(_updated, packing, filled)


def _replaced(keep: int, bits: int, packed: int) -> int:
    return packed & keep | bits


def _updated(packing: Packing, updates: list[tuple[str, Expression]], packed: int) -> int:
    state = packing.unpack(packed)
    return packing.pack({**state, **{name: evaluate(value, state) for name, value in updates}})


def _violated(passes: Passes, claim: Property, crash: _Crash, new: frozenset[int]) -> Judgement:
    usual = sorted(passes.outcomes(crash.before) - {WRONG})
    metrics: dict[str, Any] = {"without_crash": [passes.show_world(world) for world in usual]}
    again = passes.pass_to(crash.after, {e for e in passes.ends(crash.after) if passes.seen(e) in new})
    end = again[-1][2]
    run, where, struck = _up_to_crash(passes, crash)
    if struck:
        run = passes.run(run, again)
    # Otherwise the run ends where the crash would have to strike; the metrics tell the rest.
    return _told(passes, claim, run, where, usual, end, crash.before, metrics)


def _up_to_crash(passes: Passes, crash: _Crash) -> tuple[Run, str, bool]:
    """The run up to and with the crash, what it is called, and whether it is a step of the system."""
    graph = passes.graph
    prefix = graph.run_to(crash.before)
    if crash.last is None:
        target = graph.positions[passes.states[crash.after]]
        step = graph.run_along([crash.before, target], [crash.label])
        return Run((*prefix.states, step.states[1]), (*prefix.steps, *step.steps)), "a crash", True
    run = passes.run(prefix, [crash.last])
    where = f"a crash just after `{passes.instances[crash.last[1]].name}`, before it is recorded"
    if crash.after == crash.last[2]:
        return run, where, True
    crashed = _crash_step(passes, crash)
    if crashed is None:
        return run, where, False
    state = passes.packing.unpack(passes.states[crash.after])
    return Run((*run.states, state), (*run.steps, crashed)), where, True


def _crash_step(passes: Passes, crash: _Crash) -> Step | None:
    """The crash after the last step as a step of the system; None if it is none."""
    assert crash.last is not None
    state = passes.packing.unpack(passes.states[crash.last[2]])
    wanted = passes.packing.unpack(passes.states[crash.after])
    for action in passes.graph.system.actions:
        if not _crashes(action, passes):
            continue
        for arguments in product(*(values_of(symbol) for symbol in action.parameters)):
            for choices, result in outcomes(action, arguments, state):
                if result == wanted:
                    return Step(action.name, arguments, choices)
    return None


def _told(
    passes: Passes,
    claim: Property,
    run: Run,
    where: str,
    usual: list[int],
    end: int,
    before: int,
    metrics: dict[str, Any],
) -> Judgement:
    early = ""
    if end == WRONG:
        then = "the next pass goes wrong"
    else:
        metrics["after_crash"] = passes.show_world(passes.states[end])
        then = f"then a pass: {passes.tell_world(passes.states[end])}"
        metrics["also_later"] = _also_later(passes, before, passes.seen(end))
        early = " (later passes may show that too)" if metrics["also_later"] else ""
    without = " or ".join(passes.tell_world(world) for world in usual[:3]) or "no outcome"
    reason = f"{where}, {then}; without the crash {without}{early}"
    return violated(passes.graph, claim, run, reason, metrics)


def _also_later(passes: Passes, before: int, world: int) -> bool:
    """Whether a run without faults also shows the world, at the end of some later pass.

    It does for a controller that needs several rounds, if the crash only made it go on earlier.
    """
    graph = passes.graph
    steps = np.array([one.action.kind is Kind.STEP for one in graph.instances], dtype=np.bool_)
    kept = steps[graph.labels] & graph.changing
    offsets = np.concatenate(([0], np.cumsum(kept)))[graph.offsets]
    start = np.full(len(graph), -1)
    start[before] = 0
    everywhere = np.ones(len(graph), dtype=np.bool_)
    reached, _ = distances(offsets, graph.targets[kept], start, everywhere)
    reached[graph.expanded :] = -1
    return any(
        done and target != WRONG and passes.seen(target) == world
        for node in np.flatnonzero(reached >= 0).tolist()
        for _, target, done in passes.moves(node)
    )
