"""What one process does while nobody else acts: its passes, from any state, reachable or not."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from checker.explicit.generated_predicates import state_function
from checker.explicit.generated_python import expander
from checker.explicit.instances import instances_of
from checker.explicit.outcomes import outcomes
from checker.explicit.state_graph import Instance, StateGraph
from checker.system.expression import Expression, conj, constant, eq
from checker.system.run import Run, State, Step
from checker.system.shape import Shape, decode, leaves
from checker.system.sorts import Scalar
from checker.system.transition_system import Action, Hazard, Kind, Process
from checker.system.value_text import show_value
from checker.system.walk import substitute, topological

__all__ = ["WRONG", "Move", "Passes"]

WRONG = -1
"""Stands for the end of a pass that goes wrong (a hazard)."""

Move = tuple[int, int, int]
"""A step as (node before, label, node after); the node after is `WRONG` if it goes wrong."""


class Passes:
    """The passes of a process, or the outcomes of an action, alone in the world.

    A pass is what the process does by its own steps, without faults and with everyone else at
    rest, until a step completes it. States are numbered as nodes: first those of the graph, as
    there, then others as they turn up.

    Parameters
    ----------
    graph : StateGraph
    name : str
        Key of a process, or name of an action.
    world : sequence of str
        Fields that the outside can see.
    arguments : tuple of bool or int, optional
        For an action with parameters: which instance of it.

    Raises
    ------
    ValueError
        If the system has no such process, action or field.
    """

    def __init__(
        self,
        graph: StateGraph,
        name: str,
        world: Sequence[str],
        arguments: tuple[Scalar, ...] = (),
    ) -> None:
        system = graph.system
        self.graph = graph
        self.packing = graph.packing
        self.process: Process | None = system.process.get(name)
        self.name = name
        self.slots = {slot.name: slot for slot in graph.packing.slots}
        self.world = {field: self._shape(field) for field in world}
        shown = [leaf.variable for shape in self.world.values() for leaf in leaves(shape)]
        self.world_variables = frozenset(shown)
        self.world_mask = self.mask(shown)
        own = [action for action in system.actions if self._is_own(action)]
        if not own and self.process is None:
            raise ValueError(f"the model has no process or action {name!r}")
        self.actions = tuple(own)
        only = tuple(_restricted(action, arguments) for action in own) if arguments else self.actions
        restricted = replace(system, actions=only)
        self.instances: tuple[Instance, ...] = instances_of(restricted)[0]
        self._expander = expander(restricted, self.packing, self.instances)
        self.states: list[int] = []
        self.numbers: dict[int, int] = {}
        self._offsets = array("q", [0])
        self._targets = array("i")
        self._labels = array("i")
        self._parents = array("i")
        self._mishaps: dict[int, list[int]] = {}
        self._completing = bytearray()
        self._expanded = 0
        self._ends: dict[int, frozenset[int]] = {}
        self.close(graph.states[: graph.expanded])

    # ---------------------------------------------------------------- masks

    def _shape(self, name: str) -> Shape:
        for field in self.graph.system.fields:
            if field.name == name:
                return field.shape
        raise ValueError(f"the model has no field {name!r}")

    def _is_own(self, action: Action) -> bool:
        if self.process is None:
            return action.name == self.name
        return action.kind is Kind.STEP and action.process == self.name

    def mask(self, variables: Iterable[str]) -> int:
        """The bits of some variables in a packed state."""
        return sum(self.slots[name].mask << self.slots[name].offset for name in set(variables))

    @cached_property
    def own_mask(self) -> int:
        """The bits that each instance of the process has for itself: its position and memory."""
        if self.process is None:
            return 0
        return self.mask([self.process.position, *self.process.memory])

    def seen(self, node: int) -> int:
        """What the outside sees in a state; `WRONG` for a pass that went wrong."""
        return node if node == WRONG else self.states[node] & self.world_mask

    def at_start(self, packed: int) -> bool:
        """Whether the process is at the start of its body."""
        if self.process is None:
            return True
        slot = self.slots[self.process.position]
        return packed >> slot.offset & slot.mask == -slot.low

    def starts(self) -> list[int]:
        """The reachable states with the process at its start, nearest first."""
        return [node for node in range(self.graph.expanded) if self.at_start(self.states[node])]

    def show_world(self, packed: int) -> dict[str, Any]:
        """The visible fields as their author sees them."""
        state = self.packing.unpack(packed)
        return {name: decode(shape, state) for name, shape in self.world.items()}

    def tell_world(self, packed: int) -> str:
        """The visible fields in words."""
        return ", ".join(
            f"{name} = {show_value(value)}" for name, value in self.show_world(packed).items()
        )

    # ---------------------------------------------------------------- steps

    def node(self, packed: int) -> int:
        """The number of a state, with its steps and all that follow from them known."""
        known = self.numbers.get(packed)
        return self.close([packed])[0] if known is None else known

    def close(self, states: Iterable[int]) -> list[int]:
        """Number states and everything that the process can reach from them."""
        given = list(states)
        for packed in given:
            if packed not in self.numbers:
                self.numbers[packed] = len(self.states)
                self.states.append(packed)
        while self._expanded < len(self.states):
            begin, stop = self._expanded, len(self.states)
            mishaps: list[tuple[int, int]] = []
            self._expander.expand(
                begin,
                stop,
                self.states,
                self.numbers,
                self._parents,
                array("i"),
                self._targets,
                self._labels,
                self._offsets,
                mishaps,
            )
            for node, number in mishaps:
                failure = self._expander.failures[number]
                if failure.hazard is not None:
                    self._mishaps.setdefault(node, []).append(failure.label)
            self._expanded = stop
            self._complete(begin, stop)
        return [self.numbers[packed] for packed in given]

    def _span(self, node: int) -> range:
        return range(self._offsets[node], self._offsets[node + 1])

    def _complete(self, begin: int, stop: int) -> None:
        """Note for the steps of new nodes whether they end a pass."""
        conditions = [
            None if function is None else list(function(self.states[begin:stop]))
            for function in self._completes
        ]
        for node in range(begin, stop):
            for edge in self._span(node):
                values = conditions[self._labels[edge]]
                if values is None:
                    # It depends on a choice, which edges do not tell; that the process is back at
                    # the start of its body says the same.
                    ends = self.at_start(self.states[self._targets[edge]])
                else:
                    ends = bool(values[node - begin])
                self._completing.append(ends)

    @cached_property
    def _completes(self) -> list[Any]:
        """For each label: whether its step ends a pass, as a function of states; None: see there."""
        functions: list[Any] = []
        for instance in self.instances:
            action = instance.action
            condition = _with_arguments(action.completes, instance)
            if self.process is None:
                condition = constant(True)
            if any(node.operator == "bound" for node in topological([condition])):
                functions.append(None)
            else:
                functions.append(state_function(self.graph.system, self.packing, condition))
        return functions

    def moves(self, node: int) -> list[tuple[int, int, bool]]:
        """The steps of a node: (label, node after, whether it ends the pass)."""
        span = self._span(node)
        begin, end = span.start, span.stop
        labels, targets = self._labels[begin:end], self._targets[begin:end]
        steps = [
            (label, target, bool(done))
            for label, target, done in zip(labels, targets, self._completing[begin:end], strict=True)
        ]
        steps.extend((label, WRONG, True) for label in self._mishaps.get(node, ()))
        return steps

    # ---------------------------------------------------------------- passes

    def ends(self, node: int) -> frozenset[int]:
        """Where the pass may end that goes on from a node; empty if it cannot complete alone."""
        known = self._ends.get(node)
        if known is not None:
            return known
        found: set[int] = set()
        todo, met = [node], {node}
        while todo:
            for _, target, done in self.moves(todo.pop()):
                if done:
                    found.add(target)
                elif target not in met:
                    met.add(target)
                    deeper = self._ends.get(target)
                    if deeper is None:
                        todo.append(target)
                    else:
                        found |= deeper
        ends = self._ends[node] = frozenset(found)
        return ends

    def outcomes(self, node: int) -> frozenset[int]:
        """What the outside may see at the end of the pass that goes on from a node."""
        return frozenset(self.seen(end) for end in self.ends(node))

    def waits(self, node: int) -> frozenset[int]:
        """What the outside may see while the pass waits for others, who are at rest, for ever."""
        stuck, todo, met = set(), [node], {node}
        while todo:
            here = todo.pop()
            if not self.ends(here):
                stuck.add(self.seen(here))
            for _, target, done in self.moves(here):
                if not done and target not in met:
                    met.add(target)
                    todo.append(target)
        return frozenset(stuck)

    def pass_to(self, node: int, ends: frozenset[int] | set[int]) -> list[Move]:
        """A shortest pass from a node to one of some ends.

        Raises
        ------
        ValueError
            If there is none.
        """
        arrival: dict[int, Move] = {}
        todo, met = deque([node]), {node}
        while todo:
            here = todo.popleft()
            for label, target, done in self.moves(here):
                if done and target in ends:
                    return [*_trail(arrival, node, here), (here, label, target)]
                if not done and target not in met:
                    met.add(target)
                    arrival[target] = (here, label, target)
                    todo.append(target)
        raise ValueError("no pass ends there")

    def moves_to(self, node: int, goals: set[int]) -> list[Move]:
        """The shortest beginning of a pass from a node to one of some nodes in it.

        Raises
        ------
        ValueError
            If there is none.
        """
        arrival: dict[int, Move] = {}
        todo, met = deque([node]), {node}
        while todo:
            here = todo.popleft()
            if here in goals:
                return _trail(arrival, node, here)
            for label, target, done in self.moves(here):
                if not done and target not in met:
                    met.add(target)
                    arrival[target] = (here, label, target)
                    todo.append(target)
        raise ValueError("no pass comes there")

    # ---------------------------------------------------------------- runs

    def run(self, prefix: Run, moves: Iterable[Move]) -> Run:
        """The run that goes on from a prefix by the process's own moves."""
        states, steps, hazard = list(prefix.states), list(prefix.steps), prefix.hazard
        for before, label, after in moves:
            step, result = self._step(before, label, after)
            steps.append(step)
            if isinstance(result, Hazard):
                hazard = result
            else:
                states.append(result)
        return Run(tuple(states), tuple(steps), None, hazard)

    def _step(self, before: int, label: int, after: int) -> tuple[Step, State | Hazard]:
        instance = self.instances[label]
        wanted = None if after == WRONG else self.packing.unpack(self.states[after])
        state = self.packing.unpack(self.states[before])
        for choices, result in outcomes(instance.action, instance.arguments, state):
            if isinstance(result, Hazard) if wanted is None else result == wanted:
                return Step(instance.action.name, instance.arguments, choices), result
        raise AssertionError(f"{instance.name} does not do in the interpreter what it did before")


def _trail(arrival: Mapping[int, Move], start: int, end: int) -> list[Move]:
    moves = []
    while end != start:
        moves.append(arrival[end])
        end = moves[-1][0]
    return moves[::-1]


def _with_arguments(expression: Expression, instance: Instance) -> Expression:
    known = {
        symbol.node: constant(value, symbol.node.sort)
        for symbol, value in zip(instance.action.parameters, instance.arguments, strict=True)
    }
    return substitute([expression], known)[expression]


def _restricted(action: Action, arguments: tuple[Scalar, ...]) -> Action:
    """The action, enabled for one value of each parameter only."""
    fixed = [
        eq(symbol.node, constant(value, symbol.node.sort))
        for symbol, value in zip(action.parameters, arguments, strict=True)
    ]
    hazards = tuple(
        replace(hazard, condition=conj(hazard.condition, *fixed)) for hazard in action.hazards
    )
    return replace(action, guard=conj(action.guard, *fixed), hazards=hazards)
