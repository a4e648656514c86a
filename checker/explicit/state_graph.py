"""The explored states and labelled steps of a system, in the form that every judgement reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from checker.explicit.components import machine_code_works
from checker.explicit.labels import Instance, Mishap, Unit, fired_labels
from checker.explicit.networkx_view import NetworkxView
from checker.explicit.outcomes import outcomes
from checker.explicit.packed_states import PackedStates
from checker.explicit.packing import Packing, digest_of
from checker.regimes.regime import UnderRegime
from checker.system.run import Run, Step
from checker.system.sorts import Scalar
from checker.system.transition_system import TransitionSystem

if TYPE_CHECKING:
    import networkx

__all__ = ["IncompleteGraph", "Instance", "Mishap", "StateGraph", "Unit", "fired_labels"]

_MANY = 20_000
"""Edges from which on it is worth compiling."""


class IncompleteGraph(ValueError):
    """Exploration stopped early or kept no edges, and the question needs all of them."""


@dataclass(eq=False, repr=False)
class StateGraph(NetworkxView):
    """States in breadth-first order, and their outgoing steps as compressed sparse rows.

    The edges of state i are ``targets[offsets[i]:offsets[i+1]]`` with ``labels`` alongside: one
    edge for each outcome of each enabled action instance, in the order of the system's actions,
    arguments and choices. Steps that change nothing are edges from a state to itself. Outcomes
    that went wrong are no edges but `mishaps`.

    Parameters
    ----------
    under : UnderRegime
    packing : Packing
    states : sequence of int
        Packed; the initial states first. A list, or `PackedStates` over an array.
    initial : int
        How many of them are initial.
    expanded : int
        The first so many states have all their edges; the others (the frontier of an exploration
        that stopped early) have none here, whatever the system does in them.
    offsets : ndarray of int64, shape (states + 1,)
    targets : ndarray of int32, shape (edges,)
    labels : ndarray of int8, int16 or int32, shape (edges,)
        Both empty if `has_edges` is False.
    parents, parent_labels : ndarray of int, shape (states,)
        The step by which a state was first found, hence a shortest run; -1 for initial states.
    instances : tuple of Instance
        What labels stand for.
    units : tuple of Unit
        The units of fairness.
    mishaps : list of Mishap
        One for each distinct (state, label, hazard), in breadth-first order.
    steps : int
        Enabled outcomes, with those that change nothing and those that went wrong.
    complete : bool
        Whether these are all reachable states and steps. Where it is False, what is found is
        real, and nothing may be said to hold.
    reason : str
        Why not: "interrupted", "more than 1000 states", …
    has_edges : bool
        Whether edges were kept.
    covers : int or None
        All runs of at most so many steps are in the graph; None if all runs are.
    fired : ndarray of uint8, shape (labels,)
        Of every instance, as `fired_labels` has it.
    moving : ndarray of uint8, shape (states,), or None
        Where it is known without edges: whether an agent's own step changes the state.
    """

    __networkx_backend__: ClassVar[str] = "reconverge"

    under: UnderRegime
    packing: Packing
    states: Sequence[int]
    initial: int
    expanded: int
    offsets: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int32]
    labels: npt.NDArray[np.signedinteger]
    parents: npt.NDArray[np.int32]
    parent_labels: npt.NDArray[np.signedinteger]
    instances: tuple[Instance, ...]
    units: tuple[Unit, ...]
    mishaps: list[Mishap] = field(default_factory=list)
    steps: int = 0
    complete: bool = True
    reason: str = ""
    has_edges: bool = True
    covers: int | None = None
    fired: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, dtype=np.uint8))
    moving: npt.NDArray[np.uint8] | None = None
    _converted: networkx.MultiDiGraph[int] | None = field(default=None, init=False)

    @property
    def system(self) -> TransitionSystem:
        """The system that was explored: the regime's, with its budgets as ghost variables."""
        return self.under.system

    def __len__(self) -> int:
        """Number of states."""
        return len(self.states)

    def __repr__(self) -> str:
        stopped = "" if self.complete else f", stopped: {self.reason}"
        return f"<StateGraph of {self.system.name}: {len(self)} states, {self.steps} steps{stopped}>"

    def seen_under(self, under: UnderRegime) -> StateGraph:
        """The same graph for another regime of the same system; what is known of its states is kept."""
        other = replace(self, under=under)
        kept = ("words", "positions", "digest", "depths", "enabled_units")
        other.__dict__.update({name: self.__dict__[name] for name in kept if name in self.__dict__})
        return other

    def need_edges(self) -> None:
        """Raise `IncompleteGraph` unless edges were kept."""
        if not self.has_edges:
            raise IncompleteGraph("explored without keeping the edges")

    # ------------------------------------------------------------ states

    def state(self, index: int) -> dict[str, Scalar]:
        """Every variable's value in a state."""
        return self.packing.unpack(self.states[index])

    def index(self, state: Mapping[str, Scalar]) -> int | None:
        """The index of a state; None if it was not reached."""
        try:
            packed = self.packing.pack(state)
        except ValueError:
            return None
        return self.positions.get(packed)

    @cached_property
    def words(self) -> npt.NDArray[np.uint64]:
        """The states as rows of 64-bit words, least significant first."""
        if isinstance(self.states, PackedStates):
            return self.states.words
        return self.packing.matrix(self.states)

    @cached_property
    def positions(self) -> Mapping[int, int]:
        """The index of every packed state."""
        return {packed: index for index, packed in enumerate(self.states)}

    @cached_property
    def digest(self) -> str:
        """A fingerprint of the set of states, see `digest_of`."""
        return digest_of(self.packing, self.words)

    @cached_property
    def depths(self) -> npt.NDArray[np.int32]:
        """Least number of steps from an initial state, for every state, ascending."""
        # Parents ascend too (breadth-first), so that each level is one slice.
        depths = np.zeros(len(self), dtype=np.int32)
        start, stop, depth = 0, self.initial, 0
        while start < stop:
            depths[start:stop] = depth
            # Of the same type: otherwise all of them would be copied each time.
            first = self.parents.dtype.type(stop)
            start, stop = stop, int(np.searchsorted(self.parents, first, side="left"))
            depth += 1
        return depths

    # ------------------------------------------------------------ edges

    @cached_property
    def sources(self) -> npt.NDArray[np.int32]:
        """The source of every edge, shape (edges,)."""
        self.need_edges()
        return np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.offsets))

    @cached_property
    def changing(self) -> npt.NDArray[np.bool_]:
        """True for the edges that change the state, shape (edges,)."""
        changing: npt.NDArray[np.bool_] = np.not_equal(self.sources, self.targets)
        return changing

    @cached_property
    def recurring_labels(self) -> npt.NDArray[np.bool_]:
        """True for the labels whose action may happen for ever under the regime."""
        recurring = self.under.recurring
        return np.array([one.action.name in recurring for one in self.instances], dtype=np.bool_)

    @cached_property
    def recurring(self) -> npt.NDArray[np.bool_]:
        """True for the edges whose action may happen for ever under the regime, shape (edges,)."""
        self.need_edges()
        recurring: npt.NDArray[np.bool_] = self.recurring_labels[self.labels]
        return recurring

    @cached_property
    def unit_of_label(self) -> npt.NDArray[np.int32]:
        """The unit of fairness of every label, -1 for none."""
        return np.array([instance.unit for instance in self.instances], dtype=np.int32)

    @cached_property
    def enabled_units(self) -> npt.NDArray[np.uint64]:
        """Which units of fairness can change something in which state.

        A unit is enabled where it has an outcome that changes the state; an outcome that goes
        wrong, or leaves the bound of the enumeration, is one.

        Returns
        -------
        ndarray of uint64, shape (states, ceil(units / 64))
            Bit u % 64 of column u // 64 is set where unit u is enabled. Unions and intersections
            over sets of states are bitwise_or and bitwise_and (`reduceat` for many sets at once).
            Zero for states that are not expanded.
        """
        self.need_edges()
        columns = -(-len(self.units) // 64)
        enabled = np.zeros((len(self), columns), dtype=np.uint64)
        if len(self.targets) > _MANY and machine_code_works():
            return self._enabled_by_machine_code(enabled)
        nonempty = np.flatnonzero(np.diff(self.offsets))
        for column in range(columns):
            bit_of_label = np.zeros(len(self.instances), dtype=np.uint64)
            for label, unit in enumerate(self.unit_of_label.tolist()):
                if unit >= 0 and unit // 64 == column:
                    bit_of_label[label] = 1 << unit % 64
            if len(nonempty):
                bits = bit_of_label[self.labels]
                bits[~self.changing] = 0
                enabled[nonempty, column] = np.bitwise_or.reduceat(bits, self.offsets[nonempty])
            for mishap in self.mishaps:
                enabled[mishap.state, column] |= bit_of_label[mishap.label]
        return enabled

    def _enabled_by_machine_code(self, enabled: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
        from checker.explicit.edge_kernels import enable

        units = self.unit_of_label
        column_of = np.where(units >= 0, units // 64, -1).astype(np.int32)
        bit_of = np.uint64(1) << (units % 64).astype(np.uint64)
        rows = (self.offsets, self.targets, self.labels)
        enable(*rows, len(self), column_of, bit_of, enabled.shape[1], enabled.reshape(-1))
        for mishap in self.mishaps:
            if column_of[mishap.label] >= 0:
                enabled[mishap.state, column_of[mishap.label]] |= bit_of[mishap.label]
        return enabled

    def unit_enabled(self, unit: int) -> npt.NDArray[np.bool_]:
        """Where one unit of fairness can change something, shape (states,)."""
        bit = np.uint64(1 << unit % 64)
        enabled: npt.NDArray[np.bool_] = np.not_equal(self.enabled_units[:, unit // 64] & bit, 0)
        return enabled

    def steps_from(self, index: int) -> Iterator[tuple[int, int]]:
        """Yield (label, target) for every edge of a state, in order."""
        self.need_edges()
        span = slice(self.offsets[index], self.offsets[index + 1])
        return zip(self.labels[span].tolist(), self.targets[span].tolist(), strict=True)

    def labelled_edges(self) -> Iterator[tuple[int, int, int]]:
        """Yield (source, label, target) for every edge, in order."""
        for index in range(self.expanded):
            for label, target in self.steps_from(index):
                yield index, label, target

    # ------------------------------------------------------------ runs

    def step(self, source: int, label: int, target: int) -> Step:
        """An edge as a step, with the first choices that lead to its target.

        Raises
        ------
        ValueError
            If the instance has no such outcome.
        """
        instance = self.instances[label]
        action, arguments = instance.action, instance.arguments
        if not action.choices:
            return Step(action.name, arguments)
        wanted = self.state(target)
        for choices, result in outcomes(action, arguments, self.state(source)):
            if result == wanted:
                return Step(action.name, arguments, choices)
        raise ValueError(f"{instance.name} does not lead from state {source} to state {target}")

    def path_to(self, index: int) -> tuple[list[int], list[int]]:
        """States and labels of a shortest run to a state; one label less than states."""
        states, labels = [index], []
        while self.parents[index] >= 0:
            labels.append(int(self.parent_labels[index]))
            index = int(self.parents[index])
            states.append(index)
        return states[::-1], labels[::-1]

    def run_along(self, states: list[int], labels: list[int], loop: int | None = None) -> Run:
        """The run through given states by given labels.

        Parameters
        ----------
        states : list of int
            Where it goes.
        labels : list of int
            One less than states; -1 is a stutter.
        loop : int, optional
            For a lasso, the position to which the last state returns.
        """
        steps = [
            None if label < 0 else self.step(source, label, target)
            for source, label, target in zip(states, labels, states[1:], strict=False)
        ]
        return Run(tuple(map(self.state, states)), tuple(steps), loop)

    def run_to(self, index: int) -> Run:
        """A shortest run from an initial state."""
        return self.run_along(*self.path_to(index))

    def run_into(self, mishap: Mishap) -> Run:
        """A shortest run to a mishap; its last step is the one that went wrong."""
        before = self.run_to(mishap.state)
        instance = self.instances[mishap.label]
        last = Step(instance.action.name, instance.arguments, mishap.choices)
        return Run(before.states, (*before.steps, last), hazard=mishap.hazard)

    # ------------------------------------------------------------ networkx

    def networkx(self) -> networkx.MultiDiGraph[int]:
        """The graph as networkx has it: a copy, made once.

        Nodes are state indices and carry the variables' values; every edge has the name of its
        action instance as `label`.
        """
        if self._converted is None:
            from checker.explicit.networkx_backend import convert

            self._converted = convert(self)
        return self._converted

    def is_directed(self) -> bool:
        """True; networkx asks."""
        return True

    def is_multigraph(self) -> bool:
        """True: two actions may lead to the same state. networkx asks."""
        return True

    def number_of_nodes(self) -> int:
        """Number of states; networkx asks."""
        return len(self)
