"""A deliberately plain exploration by the reference interpreter: what generated code must equal."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

from checker.explicit.outcomes import outcomes, values_of
from checker.system.run import State
from checker.system.transition_system import Hazard, TransitionSystem


@dataclass
class Interpreted:
    """States, edges and mishaps in the order of a breadth-first search."""

    states: list[dict] = field(default_factory=list)
    edges: list[tuple[int, int, int]] = field(default_factory=list)
    mishaps: list[tuple[int, int, Hazard | None]] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    steps: int = 0


def interpret(system: TransitionSystem, initial: list[dict], most: int = 400) -> Interpreted | None:
    """The reachable graph; None if there are more states than wanted."""
    result = Interpreted(list(initial), parents=[-1] * len(initial))
    known = {_key(state): index for index, state in enumerate(initial)}
    instances = [
        (action, arguments)
        for action in system.actions
        for arguments in product(*(values_of(symbol) for symbol in action.parameters))
    ]
    index = 0
    while index < len(result.states):
        if len(result.states) > most:
            return None
        for label, (action, arguments) in enumerate(instances):
            for _, after in outcomes(action, arguments, result.states[index]):
                result.steps += 1
                if isinstance(after, Hazard) or _beyond(system, after):
                    wrong = (index, label, after if isinstance(after, Hazard) else None)
                    if wrong not in result.mishaps:
                        result.mishaps.append(wrong)
                    continue
                target = known.setdefault(_key(after), len(result.states))
                if target == len(result.states):
                    result.states.append(dict(after))
                    result.parents.append(index)
                result.edges.append((index, label, target))
        index += 1
    return result


def _beyond(system: TransitionSystem, state: State) -> bool:
    return any(state[v.name] > v.domain.top for v in system.variables if v.domain.high is None)


def _key(state: State) -> tuple:
    return tuple(sorted((name, int(value)) for name, value in state.items()))
