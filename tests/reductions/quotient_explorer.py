"""A deliberately plain search for classes of states, and every verdict with and without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symmetric_systems import Claimed

from checker import Model, elaborate
from checker.explicit.explore import evaluate_all, explore
from checker.explicit.outcomes import outcomes
from checker.explicit.safety import deadlocks
from checker.explicit.state_graph import StateGraph
from checker.explicit.unfolding import unfold
from checker.reductions.symmetry import Symmetry, canonical, symmetry_of
from checker.regimes.regime import UNBOUNDED, Regime
from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.run import Run
from checker.system.sorts import Scalar
from checker.system.transition_system import Hazard, Kind, TransitionSystem

State = dict[str, Scalar]
Key = tuple[tuple[str, int], ...]


def key(state: Mapping[str, Scalar]) -> Key:
    """A state that can be a member of a set."""
    return tuple(sorted((name, int(value)) for name, value in state.items()))


@dataclass
class Quotient:
    """Every class that can be reached, by its canonical state, and the way to it."""

    states: list[State] = field(default_factory=list)
    known: dict[Key, int] = field(default_factory=dict)
    parents: list[int] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    stuck: list[int] = field(default_factory=list)
    mishaps: list[tuple[int, str, Hazard]] = field(default_factory=list)

    def enter(self, state: State, parent: int, name: str) -> None:
        """Note a canonical state, unless it is known."""
        if self.known.setdefault(key(state), len(self.states)) == len(self.states):
            self.states.append(state)
            self.parents.append(parent)
            self.actions.append(name)
            self.depths.append(self.depths[parent] + 1 if parent >= 0 else 0)

    def path_to(self, index: int) -> tuple[list[State], list[str]]:
        """States and names of actions."""
        states, names = [self.states[index]], []
        while self.parents[index] >= 0:
            names.append(self.actions[index])
            index = self.parents[index]
            states.append(self.states[index])
        return states[::-1], names[::-1]


def quotient(graph: StateGraph, symmetry: Symmetry) -> Quotient:
    """Search for classes: whatever is found is replaced by its canonical state at once."""
    found = Quotient()
    for index in range(graph.initial):
        found.enter(canonical(graph.state(index), symmetry), -1, "")
    wrong: dict[int, list[tuple[str, Hazard]]] = {}
    for mishap in graph.mishaps:
        name = graph.instances[mishap.label].action.name
        assert mishap.hazard is not None
        wrong.setdefault(mishap.state, []).append((name, mishap.hazard))
    here = 0
    while here < len(found.states):
        index = graph.index(found.states[here])
        assert index is not None, "what stands for a class can be reached itself"
        own = False
        for name, hazard in wrong.get(index, ()):
            own |= graph.system.action[name].kind is Kind.STEP
            found.mishaps.append((here, name, hazard))
        for label, target in graph.steps_from(index):
            one = graph.instances[label].action
            own |= target != index and one.kind is Kind.STEP
            found.enter(canonical(graph.state(target), symmetry), here, one.name)
        if not own:
            found.stuck.append(here)
        here += 1
    return found


def check_run(system: TransitionSystem, run: Run) -> None:
    """Every step is an outcome of the action that it names, by the reference interpreter."""
    for number, step in enumerate(run.steps):
        assert step is not None
        found = dict(outcomes(system.action[step.action], step.arguments, run.states[number]))
        result = found[step.choices]
        if number + 1 < len(run.states):
            assert result == run.states[number + 1]
        else:
            assert result is run.hazard
    first = run.states[0]
    for variable in system.variables:
        if isinstance(variable.initial, Expression):
            assert evaluate(variable.initial, first) == first[variable.name]
        else:
            assert variable.initial is None or first[variable.name] in variable.initial
    assert evaluate(system.wellformed, first)


def compare(claimed: Claimed, regime: Regime, most: int = 3_000) -> Symmetry | None:
    """The symmetry of a system, with all verdicts compared; None if there are too many states."""
    under = regime.apply(claimed.system)
    graph = explore(under, max_states=most)
    if not graph.complete:
        return None
    symmetry = symmetry_of(under.system, claimed.predicates)
    used = [name for orbit in symmetry.orbits for block in orbit.blocks for name in block]
    assert len(used) == len(set(used))
    found = quotient(graph, symmetry)
    everything = [graph.state(index) for index in range(len(graph))]
    assert {key(canonical(state, symmetry)) for state in everything} == set(found.known)
    assert len(graph) <= symmetry.permutations * len(found.states)

    def reduced(state: Mapping[str, Scalar]) -> State:
        return canonical(state, symmetry)

    for name, predicate in claimed.predicates.items():
        values = evaluate_all(graph, predicate)
        for wanted in (True, False):
            first = next((i for i, value in enumerate(values) if value == wanted), None)
            like = next(
                (i for i, state in enumerate(found.states) if evaluate(predicate, state) == wanted),
                None,
            )
            assert (first is None) == (like is None), name
            if first is None or like is None:
                continue
            assert graph.depths[first] == found.depths[like]
            run = unfold(under.system, reduced, *found.path_to(like))
            check_run(under.system, run)
            assert evaluate(predicate, run.states[-1]) == wanted
    stuck = [int(graph.depths[i]) for i in deadlocks(graph).nonzero()[0]]
    assert min(stuck, default=None) == min((found.depths[i] for i in found.stuck), default=None)
    # Earliest of each error: mishaps are in the order of their distance.
    errors: dict[tuple[str, str], int] = {}
    for mishap in graph.mishaps:
        assert mishap.hazard is not None
        site = (mishap.hazard.kind, mishap.hazard.name)
        errors.setdefault(site, int(graph.depths[mishap.state]))
    like_errors: dict[tuple[str, str], int] = {}
    for index, _, hazard in found.mishaps:
        like_errors.setdefault((hazard.kind, hazard.name), found.depths[index])
    assert errors == like_errors
    for index, name, hazard in found.mishaps[:3]:
        states, names = found.path_to(index)
        run = unfold(under.system, reduced, states, [*names, name], hazard)
        check_run(under.system, run)
        assert run.hazard is not None and run.hazard.name == hazard.name
    return symmetry


def claimed_of(model: Model) -> Claimed:
    """A model and its predicates of states."""
    elaborated = elaborate(model)
    kinds = ("always", "never", "reachable")
    predicates = {
        one.name: one.predicate
        for one in elaborated.properties
        if one.kind in kinds and one.predicate is not None
    }
    return Claimed(elaborated.system, predicates)


def found_in(model: Model, regime: Regime = UNBOUNDED) -> Symmetry:
    """The symmetry of a model, with all verdicts compared."""
    symmetry = compare(claimed_of(model), regime, most=50_000)
    assert symmetry is not None
    return symmetry


def parts(symmetry: Symmetry) -> set[tuple[tuple[str, ...], ...]]:
    """The blocks of each orbit."""
    return {orbit.blocks for orbit in symmetry.orbits}
