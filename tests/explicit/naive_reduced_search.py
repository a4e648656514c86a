"""A deliberately plain search with reductions, on a graph that is explored already."""

from __future__ import annotations

from dataclasses import dataclass, field

from checker.explicit.explore import evaluate_all
from checker.explicit.labels import Mishap
from checker.explicit.reduced_search import Reduction
from checker.explicit.state_graph import StateGraph
from checker.reductions.symmetry import canonical
from checker.system.transition_system import Hazard, Kind


@dataclass
class Mistakes:
    """What may be done wrong on purpose, to see that it is noticed.

    Parameters
    ----------
    proviso : str
        "greater", as it should be; "another": a key has to lead to another state, known or not;
        "none": a key has to be possible.
    keys : bool
        Whether it has to be a key at all that leads on, or any member.
    classes : bool
        Whether what is moving is asked before the class of a successor is taken.
    members : bool
        Whether outcomes that go wrong are noted of members alone, where these are enough.
    forgetful : bool
        Whether what goes wrong is not noted at all where members are enough.
    """

    proviso: str = "greater"
    keys: bool = True
    classes: bool = True
    members: bool = True
    forgetful: bool = False


@dataclass
class Naive:
    """What was followed. States are numbers of the whole graph, in the order they were found."""

    states: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    moving: list[bool] = field(default_factory=list)
    mishaps: list[Mishap] = field(default_factory=list)
    steps: int = 0
    enough: int = 0
    put_off: int = 0

    def stuck(self) -> set[int]:
        """Deadlocks, as numbers of the whole graph."""
        return {state for state, moves in zip(self.states, self.moving, strict=True) if not moves}


class Classes:
    """The number, in a graph, of the state that stands for each state's class."""

    def __init__(self, graph: StateGraph, reduction: Reduction) -> None:
        self.of = list(range(len(graph)))
        if reduction.symmetry.orbits:
            for index in range(len(graph)):
                found = graph.index(canonical(graph.state(index), reduction.symmetry))
                assert found is not None, "what stands for a class can be reached itself"
                self.of[index] = found


def search(
    graph: StateGraph,
    reduction: Reduction,
    classes: Classes | None = None,
    mistakes: Mistakes | None = None,
) -> Naive:
    """Follow what suffices, as `checker.reductions.partial_order` has the rule, class by class."""
    mistakes = mistakes or Mistakes()
    of = (classes or Classes(graph, reduction)).of
    conditions = [evaluate_all(graph, one.condition) for one in reduction.order.candidates]
    names = [(one.action.name, one.arguments) for one in graph.instances]
    members = [
        {n for n, key in enumerate(names) if key in one.instances} for one in reduction.order.candidates
    ]
    keys = [{n for n, key in enumerate(names) if key in one.keys} for one in reduction.order.candidates]
    own = [one.action.kind is Kind.STEP for one in graph.instances]
    wrong: dict[int, list[Mishap]] = {}
    for mishap in graph.mishaps:
        wrong.setdefault(mishap.state, []).append(mishap)
    found = Naive()
    known: dict[int, int] = {}

    def enter(state: int, parent: int, label: int) -> None:
        if known.setdefault(state, len(found.states)) == len(found.states):
            found.states.append(state)
            found.parents.append(parent)
            found.labels.append(label)

    for index in range(graph.initial):
        enter(of[index], -1, -1)
    here = 0
    while here < len(found.states):
        state = found.states[here]
        steps = list(graph.steps_from(state))
        errors = wrong.get(state, [])
        moves = any(own[mishap.label] for mishap in errors)
        for label, target in steps:
            after = target if mistakes.classes else of[target]
            moves |= own[label] and after != state
        found.moving.append(moves)
        chosen = None
        for number, holds in enumerate(conditions):
            relied = keys[number] if mistakes.keys else members[number]
            if holds[state] and any(
                label in relied and _leads_on(here, known.get(of[target]), mistakes.proviso)
                for label, target in steps
            ):
                chosen = number
                found.enough += 1
                break
        followed = None if chosen is None else members[chosen]
        for mishap in errors:
            if followed is None or (
                (mishap.label in followed or not mistakes.members) and not mistakes.forgetful
            ):
                found.mishaps.append(Mishap(here, mishap.label, mishap.choices, mishap.hazard))
        for label, target in steps:
            if followed is None or label in followed:
                found.steps += 1
                enter(of[target], here, label)
            else:
                found.put_off += 1
        here += 1
    return found


def _leads_on(here: int, number: int | None, proviso: str) -> bool:
    if proviso == "none":
        return True
    if proviso == "another":
        return number != here
    return number is None or number > here


def site_of(hazard: Hazard) -> tuple[object, ...]:
    """What a report tells apart: assertions by their place, all other errors are one."""
    return ("assert", hazard.name, hazard.location) if hazard.kind == "assert" else ("other",)
