"""Breadth-first exploration of a system under a regime: exact, deterministic, interruptible."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from checker.explicit.generated_predicates import edge_function, state_function
from checker.explicit.generated_python import Expander, expander
from checker.explicit.initial_states import InitialStates
from checker.explicit.instances import instances_of
from checker.explicit.interruption import Interruption
from checker.explicit.packing import Packing, packing_of
from checker.explicit.state_graph import Instance, Mishap, StateGraph, Unit
from checker.regimes.regime import UnderRegime
from checker.system.expression import Expression, disj
from checker.system.sorts import BoolSort

__all__ = ["evaluate_all", "evaluate_edges", "explore"]

# States expanded by one call of generated code: some milliseconds between two looks at Ctrl-C.
_CHUNK = 4096

# Guards tested by one such call, where there are very many of them.
_CHUNK_GUARDS = 200_000

_MOST_STATES = 2**31 - 1

Progress = Callable[[int, int, int], None]


def explore(
    under: UnderRegime,
    *,
    keep_edges: bool = True,
    max_states: int | None = None,
    progress: Progress | None = None,
    stop_when: Sequence[Expression] = (),
) -> StateGraph:
    """Every state that a system can reach under a regime, and every step between them.

    Parameters
    ----------
    under : UnderRegime
    keep_edges : bool
        Without edges less memory is needed and only predicates of states can be judged.
    max_states : int, optional
        Stop once there are more states than this.
    progress : callable, optional
        Called every few milliseconds with the number of states, of steps, and of states that are
        not expanded yet.
    stop_when : sequence of Expression
        Stop soon after a state has been found in which one of these holds.

    Returns
    -------
    StateGraph
        If exploration was stopped by Ctrl-C, by `max_states`, for lack of memory or by
        `stop_when`, or if a bound of a `Nat` was left, it is not `complete` and says why.

    Raises
    ------
    NotEnumerable
        If a domain is unbounded and states no bound.
    TooManyOutcomes
        If actions have too many combinations of parameters and choices.
    BadInitialValue
        If initial values depend on each other in a circle, or are outside their domain.
    IllFormedSystem
        If an update leaves its domain where no hazard says so.
    KeyboardInterrupt
        If Ctrl-C is pressed twice.
    """
    system = under.system
    packing = packing_of(system.variables)
    instances, units = instances_of(system)
    compiled = expander(system, packing, instances, keep_edges=keep_edges)
    wanted = disj(*stop_when)
    found = state_function(system, packing, wanted) if stop_when else None
    search = _Search(compiled, packing, keep_edges, max_states, progress, found)
    symbols = (symbol for one in system.actions for symbol in (*one.parameters, *one.choices))
    search.values_beyond = any(symbol.domain.high is None for symbol in symbols)
    cut_short = ""
    with Interruption() as interruption:
        try:
            search.start(InitialStates(system, packing), interruption)
            search.run(interruption)
        except MemoryError:
            cut_short = "out of memory"
        except KeyboardInterrupt:
            if interruption.requested:
                raise
            cut_short = "interrupted"
        # Only here the frames of the error are gone, and with them their hold on the memory.
        if cut_short:
            search.stop(cut_short)
        return search.graph(under, instances, units)


def evaluate_all(graph: StateGraph, expression: Expression) -> npt.NDArray[np.bool_]:
    """The value of an expression in every state.

    Returns
    -------
    ndarray of bool, shape (states,)
        Of int64 if the expression is an integer or a label.
    """
    function = state_function(graph.system, graph.packing, expression)
    return np.fromiter(function(graph.states), _dtype(expression), count=len(graph))


def evaluate_edges(graph: StateGraph, expression: Expression) -> npt.NDArray[np.bool_]:
    """The value of an expression over the states before and after, for every edge.

    Returns
    -------
    ndarray of bool, shape (edges,)
        Of int64 if the expression is an integer or a label.

    Raises
    ------
    IncompleteGraph
        If edges were not kept.
    """
    graph.need_edges()
    function = edge_function(graph.system, graph.packing, expression)
    result = np.empty(len(graph.targets), dtype=_dtype(expression))
    states = graph.states
    size = 1 << 14
    for start in range(0, graph.expanded, size):
        stop = min(start + size, graph.expanded)
        offsets = graph.offsets[start : stop + 1]
        first, last = int(offsets[0]), int(offsets[-1])
        after = [states[target] for target in graph.targets[first:last].tolist()]
        cuts = (offsets - first).tolist()
        rows = (after[i:j] for i, j in pairwise(cuts))
        values = function(states[start:stop], rows)
        result[first:last] = np.fromiter(values, result.dtype, count=last - first)
    return result


def _dtype(expression: Expression) -> type[np.generic]:
    return np.bool_ if isinstance(expression.sort, BoolSort) else np.int64


@dataclass(slots=True)
class _Search:
    """The growing graph. `expanded`, `known` and `linked` tell how much of it is consistent."""

    compiled: Expander
    packing: Packing
    keep_edges: bool
    max_states: int | None
    progress: Progress | None
    found: Callable[[Iterable[int]], Iterator[Any]] | None
    states: list[int] = field(default_factory=list)
    visited: dict[int, int] | set[int] = field(default_factory=dict)
    parents: array[int] = field(default_factory=lambda: array("i"))
    parent_labels: array[int] = field(default_factory=lambda: array("i"))
    targets: array[int] = field(default_factory=lambda: array("i"))
    labels: array[int] = field(default_factory=lambda: array("i"))
    offsets: array[int] = field(default_factory=lambda: array("q", [0]))
    mishaps: list[Mishap] = field(default_factory=list)
    steps: int = 0
    reason: str = ""
    initial: int = 0
    values_beyond: bool = False
    initial_all: bool = False
    expanded: int = 0
    known: int = 0
    linked: int = 0
    torn: bool = False

    # ------------------------------------------------------------ searching

    def start(self, initial: InitialStates, interruption: Interruption) -> None:
        """Enter the initial states."""
        if not self.keep_edges:
            self.visited = set()
        for batch in initial.batches():
            if isinstance(self.visited, set):
                self.visited.update(batch)
            else:
                self.visited.update(zip(batch, range(self.known, self.known + len(batch)), strict=True))
            self.states.extend(batch)
            self.parents.extend([-1] * len(batch))
            self.parent_labels.extend([-1] * len(batch))
            self.initial = len(self.states)
            self._commit(0, 0, [])
            if self._stopped(interruption, batch):
                return
        self.values_beyond |= initial.beyond
        self.initial_all = True

    def run(self, interruption: Interruption) -> None:
        """Expand states until there are none left, or there is a reason to stop."""
        usual = min(_CHUNK, _CHUNK_GUARDS // max(1, self.compiled.outcomes))
        while self.expanded < self.known and not self.reason:
            size = max(1, usual)
            if self.max_states is not None:
                # Smaller and smaller pieces, so as not to overshoot by much.
                size = max(1, min(size, (self.max_states - self.known) // 8))
            stop = min(self.expanded + size, self.known)
            mishaps: list[tuple[int, int]] = []
            steps = self.compiled.expand(
                self.expanded,
                stop,
                self.states,
                self.visited,
                self.parents,
                self.parent_labels,
                self.targets,
                self.labels,
                self.offsets,
                mishaps,
            )
            if self.keep_edges:
                steps = len(self.targets) - self.linked + len(mishaps)
            fresh = self.states[self.known :]
            self._commit(stop, steps, mishaps)
            self._stopped(interruption, fresh)

    def _commit(self, expanded: int, steps: int, mishaps: list[tuple[int, int]]) -> None:
        """Everything so far is consistent."""
        seen = set()
        for state, number in mishaps:
            failure = self.compiled.failures[number]
            key = (state, failure.label, id(failure.hazard))
            if key not in seen:
                seen.add(key)
                self.mishaps.append(Mishap(state, failure.label, failure.choices, failure.hazard))
        self.steps += steps
        self.expanded = expanded
        self.known = len(self.states)
        self.linked = len(self.targets)

    def _stopped(self, interruption: Interruption, fresh: list[int]) -> bool:
        if self.progress is not None:
            self.progress(self.known, self.steps, self.known - self.expanded)
        if interruption.requested:
            self.reason = "interrupted"
        elif self.max_states is not None and self.known > self.max_states:
            self.reason = f"more than {self.max_states} states"
        elif self.known > _MOST_STATES // 2:
            self.reason = f"more than {_MOST_STATES // 2} states"
        elif self.found is not None and any(self.found(fresh)):
            self.reason = "a wanted state was found"
        return bool(self.reason)

    # ------------------------------------------------------------ the result

    def stop(self, reason: str) -> None:
        """Go back to the last consistent point, after an error in the middle of a piece of work."""
        self.reason = reason
        # It may have entries too many. It also makes room: to shorten an array takes memory.
        self.visited = {}
        self.torn = True
        del self.states[self.known :]
        del self.parents[self.known :]
        del self.parent_labels[self.known :]
        del self.targets[self.linked :]
        del self.labels[self.linked :]
        del self.offsets[self.expanded + 1 :]
        self.initial = min(self.initial, self.known)

    def graph(
        self, under: UnderRegime, instances: tuple[Instance, ...], units: tuple[Unit, ...]
    ) -> StateGraph:
        """The graph explored so far."""
        count = len(self.states)
        self.offsets.extend([self.linked] * (count + 1 - len(self.offsets)))
        beyond = self.values_beyond or any(mishap.hazard is None for mishap in self.mishaps)
        if beyond and not self.reason:
            self.reason = "Nat bound: some values lie beyond it"
        graph = StateGraph(
            under=under,
            packing=self.packing,
            states=self.states,
            initial=self.initial,
            expanded=self.expanded,
            offsets=_view(self.offsets, np.int64),
            targets=_view(self.targets, np.int32),
            labels=_view(self.labels, np.int32),
            parents=_view(self.parents, np.int32),
            parent_labels=_view(self.parent_labels, np.int32),
            instances=instances,
            units=units,
            mishaps=self.mishaps,
            steps=self.steps,
            complete=self.initial_all and self.expanded == count and not beyond,
            reason=self.reason,
            has_edges=self.keep_edges,
        )
        if not graph.complete:
            graph.covers = self._covers(graph)
        if isinstance(self.visited, dict) and not self.torn:
            # Already there; otherwise it would be made anew on first use.
            graph.__dict__["positions"] = self.visited
        return graph

    def _covers(self, graph: StateGraph) -> int:
        """The greatest number of steps up to which no run is missing."""
        if not self.initial_all or self.values_beyond:
            return 0
        depths = [int(graph.depths[m.state]) for m in graph.mishaps if m.hazard is None]
        if self.expanded < len(graph):
            depths.append(int(graph.depths[self.expanded]))
        return min(depths)


def _view(numbers: array[int], dtype: type[np.generic]) -> npt.NDArray[Any]:
    # Shares the memory: the edges of a large graph are not held twice. Read-only, because some
    # sparse matrix methods sort the arrays that they are given in place.
    view = np.frombuffer(numbers, dtype=dtype) if numbers else np.empty(0, dtype=dtype)
    view.flags.writeable = False
    return view
