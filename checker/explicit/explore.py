"""Breadth-first exploration of a system under a regime: exact, deterministic, interruptible.

Every exploration begins as generated Python. Where that takes long it goes on as machine code, from
the same states in the same order: what comes out does not tell which of the two it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from checker.explicit.generated_predicates import edge_function, state_function
from checker.explicit.generated_python import expander
from checker.explicit.initial_states import InitialStates
from checker.explicit.instances import instances_of
from checker.explicit.interruption import Interruption
from checker.explicit.native_search import NativeSearch
from checker.explicit.packing import NotCompilable, Packing, packing_of
from checker.explicit.python_search import Progress, PythonSearch
from checker.explicit.state_graph import Instance, StateGraph, Unit, fired_labels
from checker.regimes.regime import UnderRegime
from checker.system.expression import Expression, disj
from checker.system.sorts import BoolSort

if TYPE_CHECKING:
    from checker.explicit.machine_predicates import MachinePredicate

__all__ = ["Tier", "evaluate_all", "evaluate_edges", "explore"]

Tier = Literal["auto", "python", "native"]
"""How to explore; "auto" is right, the others are for comparing."""

_PATIENCE = 150_000
"""Steps and tests, about, that generated Python does in the time that compiling takes."""

_PATIENCE_PER_OUTCOME = 2_000

_MANY = 20_000
"""States or edges from which on a predicate is worth compiling to machine code."""


def explore(
    under: UnderRegime,
    *,
    keep_edges: bool = True,
    max_states: int | None = None,
    progress: Progress | None = None,
    stop_when: Sequence[Expression] = (),
    tier: Tier = "auto",
) -> StateGraph:
    """Every state that a system can reach under a regime, and every step between them.

    Parameters
    ----------
    under : UnderRegime
    keep_edges : bool
        Without edges less memory is needed and only predicates of states can be judged.
    max_states : int, optional
        Stop after the first state whose expansion makes it more than this.
    progress : callable, optional
        Called every few milliseconds with the number of states, of steps, and of states that are
        not expanded yet.
    stop_when : sequence of Expression
        Stop soon after a state has been found in which one of these holds.
    tier : str
        "auto", or "python" or "native" for one of the two from the beginning.

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
    NotCompilable
        If `tier` is "native" and there is something that machine code cannot do.
    KeyboardInterrupt
        If Ctrl-C is pressed twice.
    """
    return _Exploration(under, keep_edges, max_states, progress, stop_when, tier).run()


def evaluate_all(graph: StateGraph, expression: Expression) -> npt.NDArray[np.bool_]:
    """The value of an expression in every state.

    Returns
    -------
    ndarray of bool, shape (states,)
        Of int64 if the expression is an integer or a label.
    """
    if len(graph) >= _MANY:
        predicate = _compiled(graph, expression)
        if predicate is not None:
            return predicate.in_states(graph.words)
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
    if len(graph.targets) >= _MANY:
        predicate = _compiled(graph, expression)
        if predicate is not None:
            return predicate.on_edges(graph.words, graph.offsets, graph.targets)
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


def _compiled(graph: StateGraph, expression: Expression) -> MachinePredicate | None:
    try:
        from checker.explicit.machine_predicates import compile_predicate

        return compile_predicate(graph.system, graph.packing, expression)
    except (NotCompilable, ImportError, OSError):
        return None  # generated Python can


def _dtype(expression: Expression) -> type[np.generic]:
    return np.bool_ if isinstance(expression.sort, BoolSort) else np.int64


@dataclass(slots=True)
class _Exploration:
    """One call of `explore`."""

    under: UnderRegime
    keep_edges: bool
    max_states: int | None
    progress: Progress | None
    stop_when: Sequence[Expression]
    tier: Tier

    def run(self) -> StateGraph:
        system = self.under.system
        packing = packing_of(system.variables)
        instances, units = instances_of(system)
        wanted = disj(*self.stop_when)
        found = state_function(system, packing, wanted) if self.stop_when else None
        search = PythonSearch(expander(system, packing, instances), self.max_states, self._enough, found)
        symbols = (symbol for one in system.actions for symbol in (*one.parameters, *one.choices))
        search.values_beyond = any(symbol.domain.high is None for symbol in symbols)
        native: NativeSearch | None = None
        cut_short = ""
        with Interruption() as interruption:
            try:
                search.start(InitialStates(system, packing), interruption)
                if not search.run(interruption, self._patience(search.compiled.outcomes)):
                    native = self._native(search, packing, instances)
                    if native is None:
                        search.run(interruption)
                    else:
                        native.run(interruption)
            except MemoryError:
                cut_short = "out of memory"
            except KeyboardInterrupt:
                if interruption.requested:
                    raise
                cut_short = "interrupted"
            # Only here the frames of the error are gone, and with them their hold on the memory.
            if cut_short and native is None:
                search.stop(cut_short)
            elif cut_short and native is not None:
                native.reason = cut_short
            return self._graph(search, native, packing, instances, units)

    def _enough(self, known: int, steps: int, waiting: int) -> str:
        if self.progress is not None:
            self.progress(known, steps, waiting)
        return ""

    def _patience(self, outcomes: int) -> float:
        if self.tier == "python":
            return float("inf")
        return -1.0 if self.tier == "native" else _PATIENCE + _PATIENCE_PER_OUTCOME * outcomes

    def _native(
        self, search: PythonSearch, packing: Packing, instances: tuple[Instance, ...]
    ) -> NativeSearch | None:
        """The search as machine code; None if that cannot be."""
        system = self.under.system
        try:
            from checker.explicit.machine_predicates import compile_predicate
            from checker.explicit.machine_successors import compile_successors

            successors = compile_successors(system, packing)
            found = None
            if self.stop_when:
                found = compile_predicate(system, packing, disj(*self.stop_when))
        except NotCompilable:
            if self.tier == "native":
                raise
            return None
        except (ImportError, OSError) as problem:
            # LLVM itself cannot be loaded: under a tight limit on addresses, for example.
            if self.tier == "native":
                raise NotCompilable(f"no machine code here: {problem}") from None
            return None
        native = NativeSearch(
            successors,
            packing,
            tuple(instance.name for instance in instances),
            search,
            keep_edges=self.keep_edges,
            max_states=self.max_states,
            enough=self._enough,
            found=found,
        )
        search.states.clear()
        search.visited.clear()
        return native

    # ------------------------------------------------------------ the result

    def _graph(
        self,
        search: PythonSearch,
        native: NativeSearch | None,
        packing: Packing,
        instances: tuple[Instance, ...],
        units: tuple[Unit, ...],
    ) -> StateGraph:
        """The graph explored so far."""
        done = search if native is None else native
        rows = done.rows()
        if native is None:
            fired = fired_labels(len(instances), rows["offsets"], rows["targets"], rows["labels"])
            if not self.keep_edges:
                rows |= {name: rows[name][:0] for name in ("targets", "labels")}
                rows["offsets"] = np.zeros_like(rows["offsets"])
        else:
            fired = native.fired
        beyond = search.values_beyond or any(mishap.hazard is None for mishap in done.mishaps)
        reason = done.reason
        if beyond and not reason:
            reason = "Nat bound: some values lie beyond it"
        graph = StateGraph(
            under=self.under,
            packing=packing,
            states=search.states if native is None else native.states(),
            initial=search.initial,
            expanded=done.expanded,
            offsets=rows["offsets"],
            targets=rows["targets"],
            labels=rows["labels"],
            parents=rows["parents"],
            parent_labels=rows["parent_labels"],
            instances=instances,
            units=units,
            mishaps=done.mishaps,
            steps=done.steps,
            complete=search.initial_all and done.expanded == done.known and not beyond,
            reason=reason,
            has_edges=self.keep_edges,
            fired=fired,
        )
        if not graph.complete:
            graph.covers = _covers(graph, search)
        if native is not None:
            graph.__dict__["positions"] = native.positions()
        elif not search.torn:
            # Already there; otherwise it would be made anew on first use.
            graph.__dict__["positions"] = search.visited
        return graph


def _covers(graph: StateGraph, search: PythonSearch) -> int:
    """The greatest number of steps up to which no run is missing."""
    if not search.initial_all or search.values_beyond:
        return 0
    depths = [int(graph.depths[m.state]) for m in graph.mishaps if m.hazard is None]
    if graph.expanded < len(graph):
        depths.append(int(graph.depths[graph.expanded]))
    return min(depths)
