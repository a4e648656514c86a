"""Delivery-idempotence: a request that is delivered twice does what it does once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from checker.explicit.explore import evaluate_all
from checker.explicit.judging import held, violated
from checker.explicit.outcomes import outcomes
from checker.explicit.passes import WRONG, Passes
from checker.explicit.strong_components import gather
from checker.explicit.undecided import undecided
from checker.system.evaluate import evaluate
from checker.system.expression import Expression, any_of, conj, disj
from checker.system.run import Judgement, Run, State, Step
from checker.system.sorts import Scalar
from checker.system.transition_system import Action, Hazard, Kind, Property

__all__ = ["judge_delivery"]

_MOST_PAIRS = 200_000
"""Combinations of a request and a later moment up to which all are tried."""


@dataclass(frozen=True, slots=True)
class _Request:
    """A step that sent something: from state `before` to state `after` of the graph."""

    before: int
    label: int
    choices: tuple[Scalar, ...]
    after: int


def judge_delivery(passes: Passes, claim: Property) -> Judgement | str:
    """Performing a step with an effect a second time, at any later moment, changes nothing.

    Parameters
    ----------
    passes : Passes
    claim : Property

    Notes
    -----
    For each reachable step s → s1 with an effect, and each s2 that others can reach from s1 while
    the process is frozen (s2 = s1 included): the same step, in the world of s2 and with the
    position and memory that the process had in s, leaves the world as it is. That is a reply lost
    and the request repeated, or a message delivered twice.
    """
    graph = passes.graph
    acting = [action for action in passes.actions if action.effects]
    if not acting:
        return "it sends nothing (no effects)"
    later = _others(passes)
    tried = 0
    for request in _requests(passes, acting):
        seen = {request.after}
        frontier = np.array([request.after])
        way: dict[int, tuple[int, int]] = {}
        while frontier.size:
            tried += frontier.size
            if tried > _MOST_PAIRS:
                reason = f"more than {_MOST_PAIRS:,} combinations of a request and a later moment"
                return undecided(graph, claim, reason, {"combinations": tried})
            for moment in frontier.tolist():
                again = _repeat(passes, request, moment)
                if again is not None:
                    return _violated(passes, claim, request, moment, way, again)
            frontier = later.step(frontier, seen, way)
    if not tried:
        return undecided(graph, claim, "no step with an effect is reachable")
    return held(graph, claim, metrics={"combinations": tried})


# ---------------------------------------------------------------- requests


def _requests(passes: Passes, acting: list[Action]) -> Iterator[_Request]:
    """The reachable steps that have an effect, nearest first."""
    graph = passes.graph
    may_send = np.zeros(len(graph), dtype=np.bool_)
    for action in acting:
        may_send |= evaluate_all(graph, _may_send(action))
    may_send[graph.expanded :] = False
    for node in np.flatnonzero(may_send).tolist():
        state = graph.state(node)
        for label, instance in enumerate(passes.instances):
            if instance.action.effects:
                for choices, result in outcomes(instance.action, instance.arguments, state):
                    if isinstance(result, Hazard):
                        continue
                    after = graph.index(result)
                    if after is not None and _sends(instance.action, instance.arguments, choices, state):
                        yield _Request(node, label, choices, after)


def _may_send(action: Action) -> Expression:
    body = conj(action.guard, disj(*(effect.condition for effect in action.effects)))
    for symbol in (*action.parameters, *action.choices):
        body = any_of(symbol.node, body)
    return body


def _sends(
    action: Action, arguments: tuple[Scalar, ...], choices: tuple[Scalar, ...], state: State
) -> bool:
    values = zip((*action.parameters, *action.choices), (*arguments, *choices), strict=True)
    known = {symbol.node: value for symbol, value in values}
    return any(evaluate(effect.condition, state, symbols=known) for effect in action.effects)


def _repeat(passes: Passes, request: _Request, moment: int) -> State | Hazard | None:
    """What the same step does at a later moment to the world; None if nothing."""
    graph = passes.graph
    now = graph.states[moment]
    then = now & ~passes.own_mask | graph.states[request.before] & passes.own_mask
    instance = passes.instances[request.label]
    visible = passes.world_mask & ~passes.own_mask
    if not instance.action.choices:
        # The generated code is quick to say that nothing happens, which is the usual case.
        ends = [end for label, end, _ in passes.moves(passes.node(then)) if label == request.label]
        if not any(end == WRONG or (passes.states[end] ^ now) & visible for end in ends):
            return None
    results = dict(outcomes(instance.action, instance.arguments, passes.packing.unpack(then)))
    # What was chosen stays chosen; where that choice does not come up now, every other one may.
    results = {request.choices: results[request.choices]} if request.choices in results else results
    for result in results.values():
        if isinstance(result, Hazard) or (passes.packing.pack(result) ^ now) & visible:
            return result
    return None


# ---------------------------------------------------------------- what others do meanwhile


@dataclass(frozen=True)
class _Others:
    """The steps of everyone else."""

    offsets: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int32]
    labels: npt.NDArray[np.int32]
    sources: npt.NDArray[np.int32]

    def step(
        self, frontier: npt.NDArray[np.int64], seen: set[int], way: dict[int, tuple[int, int]]
    ) -> npt.NDArray[np.int64]:
        """The states that are new after one more step; notes how they were reached."""
        fresh = []
        for edge in gather(self.offsets, frontier)[0].tolist():
            target = int(self.targets[edge])
            if target not in seen:
                seen.add(target)
                way[target] = (int(self.sources[edge]), int(self.labels[edge]))
                fresh.append(target)
        return np.array(fresh, dtype=np.int64)


def _others(passes: Passes) -> _Others:
    graph, own = passes.graph, {action.name for action in passes.actions}
    theirs = np.array(
        [one.action.kind is Kind.STEP and one.action.name not in own for one in graph.instances],
        dtype=np.bool_,
    )
    kept = theirs[graph.labels] & graph.changing
    offsets = np.concatenate(([0], np.cumsum(kept)))[graph.offsets]
    return _Others(offsets, graph.targets[kept], graph.labels[kept], graph.sources[kept])


# ---------------------------------------------------------------- the counterexample


def _violated(
    passes: Passes,
    claim: Property,
    request: _Request,
    moment: int,
    way: dict[int, tuple[int, int]],
    again: State | Hazard,
) -> Judgement:
    """The run to the moment of the second delivery; what it does then is told, not run."""
    graph = passes.graph
    prefix = graph.run_to(request.before)
    instance = passes.instances[request.label]
    step = Step(instance.action.name, instance.arguments, request.choices)
    states, labels = [moment], []
    while states[-1] != request.after:
        before, label = way[states[-1]]
        states.append(before)
        labels.append(label)
    rest = graph.run_along(states[::-1], labels[::-1])
    run = Run((*prefix.states, *rest.states), (*prefix.steps, step, *rest.steps))
    metrics: dict[str, Any] = {
        "repeated": instance.name,
        "delivered_once": passes.show_world(graph.states[moment]),
    }
    once = passes.tell_world(graph.states[moment])
    if isinstance(again, Hazard):
        twice = f"goes wrong: {again.message}"
    else:
        packed = passes.packing.pack(again)
        metrics["delivered_twice"] = passes.show_world(packed)
        twice = f"{passes.tell_world(packed)}"
    reason = f"`{instance.name}` delivered once: {once}; delivered twice: {twice}"
    return violated(graph, claim, run, reason, metrics)
