"""Whether CPython, the transition system and the explorer say the same of a model, state by state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from cpython_explorer import CPythonExplorer, Mover, freeze

from checker.explicit.explore import evaluate_all, evaluate_edges, explore
from checker.explicit.state_graph import StateGraph
from checker.language.elaborate import Elaborated
from checker.regimes.regime import FINITELY_MANY
from checker.system.evaluate import evaluate
from checker.system.sorts import EnumSort
from checker.system.transition_system import Action, Hazard, Kind, Property

State = dict[str, Any]


class Disagreement(AssertionError):
    """The three do not say the same."""


def agree(condition: object, what: str, *details: object) -> None:
    """Raise `Disagreement` where the condition is false."""
    if not condition:
        raise Disagreement("\n  ".join([what, *map(str, details)]))


@dataclass(frozen=True)
class SystemOutcome:
    """One outcome of the transition system, by the reference interpreter."""

    action: Action
    arguments: tuple[Any, ...]
    answers: tuple[Any, ...]
    kind: str
    after: State | None


@dataclass(frozen=True)
class Edge:
    """A step that all agree on, between states of the system (by number)."""

    source: int
    mover: Mover
    struck: bool
    target: int | None


@dataclass
class Agreed:
    """What all agree on: the states, one node of CPython for each, the edges and what went wrong."""

    elaborated: Elaborated
    cpython: CPythonExplorer
    graph: StateGraph
    states: list[State] = field(default_factory=list)
    node_of: list[int] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    complete: bool = True


def compare(elaborated: Elaborated, initial: list[State], most: int) -> Agreed:
    """Walk through a model in lockstep, up to `most` states.

    Raises
    ------
    Disagreement
    """
    cpython = CPythonExplorer(elaborated, initial)
    graph = explore(FINITELY_MANY.apply(elaborated.system), max_states=50_000)
    agreed = Agreed(elaborated, cpython, graph)
    _Lockstep(agreed, most).run()
    for claim in elaborated.properties:
        _compare_predicate(agreed, claim)
    return agreed


class _Lockstep:
    def __init__(self, agreed: Agreed, most: int) -> None:
        self.agreed = agreed
        self.most = most
        self.system = agreed.elaborated.system
        self.numbers: dict[Any, int] = {}
        self.state_of_node: dict[int, int] = {}
        self.steps = 0

    def run(self) -> None:
        cpython, graph = self.agreed.cpython, self.agreed.graph
        first = [self._initial(node) for node in range(len(cpython.nodes))]
        agree(
            len(set(first)) == len(first) == graph.initial, "initial states", len(first), graph.initial
        )
        number = 0
        done: set[int] = set()
        while number < len(cpython.nodes):
            if number >= self.most:
                self.agreed.complete = False
                return
            self._node(number, done)
            number += 1
        agree(graph.complete, "the explorer stopped early", graph.reason)
        states, steps = len(self.agreed.states), self.steps
        agree(states == len(graph), "number of states", f"CPython {states}", f"explorer {len(graph)}")
        agree(steps == graph.steps, "number of steps", f"CPython {steps}", f"explorer {graph.steps}")

    def _initial(self, node: int) -> int:
        """The initial state of the explorer that CPython sees as this node."""
        graph, seen = self.agreed.graph, self.agreed.cpython.nodes[node].seen
        for index in range(graph.initial):
            state = graph.state(index)
            if self._looks_like(state, seen):
                return self._number(state, node)
        raise Disagreement(f"an initial state is missing: {seen}")

    def _number(self, state: State, node: int) -> int:
        key = tuple(state.values())
        if key not in self.numbers:
            self.numbers[key] = len(self.agreed.states)
            self.agreed.states.append(state)
            self.agreed.node_of.append(node)
            agree(evaluate(self.system.wellformed, state), "not well-formed", state)
        number = self.numbers[key]
        known = self.state_of_node.setdefault(node, number)
        agree(
            known == number,
            "one state of CPython is two of the system",
            state,
            self.agreed.states[known],
        )
        return number

    def _looks_like(self, state: State, seen: State) -> bool:
        decoded = self.system.decode(state)
        return all(freeze(decoded[name]) == freeze(value) for name, value in seen.items())

    def _node(self, node: int, done: set[int]) -> None:
        number = self.state_of_node[node]
        state = self.agreed.states[number]
        ours = list(system_outcomes(self.agreed.elaborated, state))
        table = {}
        for one in ours:
            key = (one.action.call, freeze(one.arguments), freeze(one.answers))
            agree(key not in table, "two outcomes for the same answers", *self._where(node), one)
            table[key] = one
        found = []
        for outcome in self.agreed.cpython.expand(node):
            mover = outcome.mover
            key = (mover.call, freeze(mover.arguments), freeze(outcome.answers))
            said = (mover, outcome.answers, outcome.kind)
            agree(key in table, "the system has no such outcome", *self._where(node), *said)
            one = table.pop(key)
            agree(one.kind == outcome.kind, "another end", *self._where(node), *said, one.kind)
            faults = (*mover.faults, *(mover.prefix + name for name in outcome.struck))
            agree(
                one.action.faults == faults, "other faults", *self._where(node), *said, one.action.faults
            )
            kind = Kind.FAULT if outcome.struck else mover.kind
            agree(one.action.kind is kind, "another kind of action", *self._where(node), *said)
            target = None
            if outcome.after is not None:
                assert one.after is not None
                seen = self.agreed.cpython.nodes[outcome.after].seen
                decoded = self.system.decode(one.after)
                same = self._looks_like(one.after, seen)
                agree(
                    same,
                    "another successor",
                    *self._where(node),
                    *said,
                    f"CPython {seen}",
                    f"system  {decoded}",
                )
                target = self._number(one.after, outcome.after)
            found.append(Edge(number, mover, bool(outcome.struck), target))
        rest = [
            one
            for one in table.values()
            if one.action.call is None or one.after != state or one.action.call.form != "crash"
        ]
        agree(not rest, "CPython has no such outcome", *self._where(node), *rest)
        if number not in done:
            done.add(number)
            self.agreed.edges.extend(found)
            self.steps += len(ours)
            self._explored(state, ours)

    def _where(self, node: int) -> tuple[object, ...]:
        one = self.agreed.cpython.nodes[node]
        way = [f"{mover.call.method}{mover.arguments} {answers}" for mover, answers in one.way]
        return (f"in {one.seen}", f"after {way}" if way else "")

    def _explored(self, state: State, ours: list[SystemOutcome]) -> None:
        """The explorer's steps from this state are those of the reference interpreter."""
        graph = self.agreed.graph
        index = graph.index(state)
        if index is None or index >= graph.expanded:
            agree(not graph.complete, "a state that the explorer does not have", state)
            return
        told: Counter[Any] = Counter()
        for label, target in graph.steps_from(index):
            instance = graph.instances[label]
            told[(instance.action.name, instance.arguments, tuple(graph.state(target).values()))] += 1
        wanted: Counter[Any] = Counter()
        for one in ours:
            if one.after is not None:
                wanted[(one.action.name, _encoded(one), tuple(one.after.values()))] += 1
        agree(
            told == wanted, "other steps", state, f"explorer {told - wanted}", f"system {wanted - told}"
        )
        wrong = {
            (
                graph.instances[m.label].action.name,
                graph.instances[m.label].arguments,
                m.hazard and m.hazard.kind,
            )
            for m in graph.mishaps
            if m.state == index
        }
        expected = {(one.action.name, _encoded(one), one.kind) for one in ours if one.after is None}
        agree(wrong == expected, "other mishaps", state, f"explorer {wrong}", f"system {expected}")


def _encoded(one: SystemOutcome) -> tuple[Any, ...]:
    pairs = zip(one.action.parameters, one.arguments, strict=True)
    return tuple(symbol.domain.encode(value) for symbol, value in pairs)


def system_outcomes(elaborated: Elaborated, state: State) -> Iterator[SystemOutcome]:
    """Every outcome in a state, by the reference interpreter."""
    for action in elaborated.system.actions:
        symbols = (*action.parameters, *action.choices)
        for values in product(*(symbol.domain.values() for symbol in symbols)):
            known = {symbol.node: value for symbol, value in zip(symbols, values, strict=True)}

            def of(expression: Any, known: Any = known) -> Any:
                return evaluate(expression, state, None, known)

            if not of(action.guard):
                continue
            given = values[: len(action.parameters)]
            pairs = zip(action.parameters, given, strict=True)
            arguments = tuple(symbol.domain.decode(value) for symbol, value in pairs)
            answers = tuple(
                _plain(of(decision.value), decision.value.sort)
                for decision in action.decisions
                if of(decision.reached)
            )
            wrong = [hazard.kind for hazard in action.hazards if of(hazard.condition)]
            agree(len(wrong) < 2, "two hazards at once", action.name, wrong, state)
            if wrong:
                yield SystemOutcome(action, arguments, answers, wrong[0], None)
                continue
            changed = {name: of(value) for name, value in action.updates}
            for name, value in changed.items():
                domain = elaborated.system.variable[name].domain
                agree(value in domain, "outside its domain", action.name, name, value, state)
            yield SystemOutcome(action, arguments, answers, "done", {**state, **changed})


def _plain(value: Any, sort: Any) -> Any:
    return sort.labels[int(value)] if isinstance(sort, EnumSort) else value


def _compare_predicate(agreed: Agreed, claim: Property) -> None:
    """The predicate (and premise) has one value for all three, in every state."""
    if claim.predicate is None:
        return
    if claim.kind == "transition":
        _compare_step_predicate(agreed, claim)
        return
    graph = agreed.graph
    parts = [("holds", claim.predicate)]
    if claim.premise is not None:
        parts.append(("premise_holds", claim.premise))
    columns = {name: evaluate_all(graph, expression) for name, expression in parts}
    errors = [(hazard.kind, evaluate_all(graph, hazard.condition)) for hazard in claim.hazards]
    for number, state in enumerate(agreed.states):
        index = graph.index(state)
        for name, expression in parts:
            said = agreed.cpython.value(agreed.node_of[number], name, claim.name)
            kinds = _wrong(claim.hazards, state, None)
            if isinstance(said, str):
                agree(said in kinds, f"{name} {claim.name} goes wrong", state, said, kinds)
            else:
                agree(
                    kinds == [] or len(parts) > 1, f"{name} {claim.name} does not go wrong", state, kinds
                )
                if not kinds:
                    value = evaluate(expression, state)
                    agree(
                        value == said,
                        f"{name} {claim.name}",
                        state,
                        f"CPython {said}",
                        f"system {value}",
                    )
                    if index is not None:
                        agree(columns[name][index] == said, f"{name} {claim.name} generated", state)
            if index is not None:
                told = [kind for kind, where in errors if where[index]]
                agree(told == kinds, f"generated hazards of {claim.name}", state, told, kinds)


def _wrong(hazards: tuple[Hazard, ...], state: State, after: State | None) -> list[str]:
    return [hazard.kind for hazard in hazards if evaluate(hazard.condition, state, after)]


def _compare_step_predicate(agreed: Agreed, claim: Property) -> None:
    assert claim.predicate is not None
    graph = agreed.graph
    values = evaluate_edges(graph, claim.predicate)
    told = {
        (source, target): values[position]
        for position, (source, _, target) in enumerate(graph.labelled_edges())
    }
    for source, target in sorted({(e.source, e.target) for e in agreed.edges if e.target is not None}):
        before, after = agreed.states[source], agreed.states[target]
        said = agreed.cpython.between(claim.name, agreed.node_of[source], agreed.node_of[target])
        kinds = _wrong(claim.hazards, before, after)
        if isinstance(said, str) or kinds:
            agree([said] == kinds, f"{claim.name} goes wrong", before, after, said, kinds)
            continue
        value = evaluate(claim.predicate, before, after)
        agree(value == said, claim.name, before, after, f"CPython {said}", f"system {value}")
        one, two = graph.index(before), graph.index(after)
        if one is not None and two is not None and one < graph.expanded:
            agree(told[(one, two)] == said, f"{claim.name} generated", before, after)
