"""One exploration from beginning to end: which search does it, within which limits, kept where."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from checker.explicit.generated_predicates import state_function
from checker.explicit.generated_python import expander
from checker.explicit.initial_states import InitialStates
from checker.explicit.instances import instances_of
from checker.explicit.interruption import Interruption
from checker.explicit.memory import MemoryLimit, resident_memory, size_text
from checker.explicit.packing import NotCompilable, Packing, packing_of
from checker.explicit.python_search import PythonSearch
from checker.explicit.snapshot import Snapshot
from checker.explicit.state_graph import StateGraph
from checker.regimes.regime import UnderRegime
from checker.system.expression import Expression, disj

if TYPE_CHECKING:
    from checker.explicit.checkpoint import Checkpoint
    from checker.explicit.native_search import NativeSearch
    from checker.explicit.reduced_search import Reduction

__all__ = ["SAVE_EVERY", "Exploration", "Progress", "Tier"]

Tier = Literal["auto", "python", "native"]
"""How to explore; "auto" is right, the others are for comparing."""

Progress = Callable[[int, int, int], None]
"""Called with the number of states, of steps, and of states that are not expanded yet."""

SAVE_EVERY = 60.0
"""Seconds between two times that an exploration is saved, unless told otherwise."""

_PATIENCE = 80_000
"""Steps and tests, about, that generated Python does in the time that compiling takes."""

_PATIENCE_PER_OUTCOME = 1_000

_RESTORED = 130
"""Bytes for each state, besides its bits, in the list and the dictionary of generated Python."""

_COMPILER = 80_000_000
"""Bytes that LLVM takes, about, and for each outcome."""

_COMPILER_PER_OUTCOME = 150_000


_MANY_INITIAL = 200_000
"""Initial states from which on the others are entered by machine code at once."""


class Exploration:
    """What `explore` has been asked for, and the search that is under way.

    Parameters are those of `explore`.
    """

    def __init__(
        self,
        under: UnderRegime,
        keep_edges: bool,
        max_states: int | None,
        progress: Progress | None,
        stop_when: Sequence[Expression],
        memory: int,
        tier: Tier,
    ) -> None:
        self.under = under
        self.keep_edges = keep_edges
        self.max_states = max_states
        self.progress = progress
        self.stop_when = stop_when
        self.memory = memory
        self.tier = tier
        self.packing: Packing = packing_of(under.system.variables)
        self.instances, self.units = instances_of(under.system)
        self.threads = 1
        self.reduction: Reduction | None = None
        self.checkpoint: Checkpoint | None = None
        self.save_every = SAVE_EVERY
        self.saved = time.monotonic()
        self.search: PythonSearch | NativeSearch = self._python()

    def _python(self) -> PythonSearch:
        system = self.under.system
        wanted = disj(*self.stop_when)
        found = state_function(system, self.packing, wanted) if self.stop_when else None
        compiled = expander(system, self.packing, self.instances)
        search = PythonSearch(compiled, self.max_states, self._enough, found)
        symbols = (symbol for one in system.actions for symbol in (*one.parameters, *one.choices))
        search.values_beyond = any(symbol.domain.high is None for symbol in symbols)
        return search

    def run(self, resume: bool) -> StateGraph:
        """Explore, once; raises what `explore` does."""
        try:
            return self._run(resume)
        finally:
            if self.checkpoint is not None:
                self.checkpoint.release()
            # It knows this object and this object knows it: its tables would stay for long.
            del self.search

    def _run(self, resume: bool) -> StateGraph:
        before = self._saved(resume)
        cut_short = ""
        with Interruption() as interruption:
            try:
                if before is not None:
                    self._go_on(before)
                    before = None  # copied: what is mapped of the files is in the way
                    self.search.run(interruption)
                else:
                    self._begin(interruption)
            except MemoryLimit as problem:
                cut_short = str(problem)
            except MemoryError:
                cut_short = "out of memory"
            except KeyboardInterrupt:
                if interruption.requested:
                    raise
                cut_short = "interrupted"
            # Only here the frames of the error are gone, and with them their hold on the memory.
            if cut_short:
                self.search.stop(cut_short)
            if self.checkpoint is not None:
                self._save()
            return self._graph(self.search)

    def _begin(self, interruption: Interruption) -> None:
        python = self.search
        assert isinstance(python, PythonSearch)
        initial = InitialStates(self.under.system, self.packing)
        batches = initial.batches()
        # A reduction takes all of them at once: several may be in one class.
        most = _MANY_INITIAL if self.tier != "python" and self.reduction is None else float("inf")
        all_in = python.start(batches, interruption, most)
        # Before anything is saved: what is resumed has to know it too.
        python.values_beyond |= initial.beyond
        patience = self._patience(python.compiled.outcomes) if all_in else -1.0
        if not python.run(interruption, patience):
            native = self._native(python.snapshot(self.packing, len(self.instances), self.keep_edges))
            if native is not None:
                self.search = native
                python.release()
            if not all_in:
                self.search.start(batches, interruption)
                self.search.values_beyond |= initial.beyond
            self.search.run(interruption)

    def _go_on(self, before: Snapshot) -> None:
        native = self._native(before)
        if native is not None:
            self.search = native
        else:
            assert isinstance(self.search, PythonSearch)
            self._spare((_RESTORED + 9 * self.packing.words) * before.known)
            self.search.restore(before, self.packing)
        if self.max_states is not None and self.search.known > self.max_states:
            self.search.reason = f"more than {self.max_states} states"

    # ------------------------------------------------------------ between two pieces of work

    def _enough(self, known: int, steps: int, waiting: int) -> str:
        """Tell how far it is; save it if it is time; why to stop, if it is so."""
        if self.progress is not None:
            self.progress(known, steps, waiting)
        if self.checkpoint is not None and time.monotonic() - self.saved >= self.save_every:
            self._save()
        try:
            self._spare(known * self._judging + self.search.leap)
        except MemoryLimit as problem:
            return str(problem)
        return ""

    def _spare(self, count: int) -> None:
        """Raise `MemoryLimit` unless so many more bytes may be used."""
        if resident_memory() + count > self.memory:
            raise MemoryLimit(f"memory limit of {size_text(self.memory)}")

    @property
    def _judging(self) -> int:
        """Bytes for each state that judging will take besides the graph: components, what is enabled."""
        needed = 48 + 16 * (-(-len(self.units) // 64)) if self.keep_edges else 4
        # Offsets, and the states as arrays: machine code has both already.
        return needed + (8 + 8 * self.packing.words if isinstance(self.search, PythonSearch) else 0)

    def _save(self) -> None:
        assert self.checkpoint is not None
        if not self.search.initial_all:
            return  # there is nothing yet that could be gone on from
        if isinstance(self.search, PythonSearch):
            labels = len(self.instances)
            self.checkpoint.save(self.search.snapshot(self.packing, labels, self.keep_edges))
        else:
            self.checkpoint.save(self.search.snapshot())
        self.saved = time.monotonic()

    def _saved(self, resume: bool) -> Snapshot | None:
        return None if self.checkpoint is None else self.checkpoint.begin(resume)

    def _patience(self, outcomes: int) -> float:
        if self.tier == "python":
            return float("inf")
        if self.reduction is not None:
            return -1.0
        return -1.0 if self.tier == "native" else _PATIENCE + _PATIENCE_PER_OUTCOME * outcomes

    def _native(self, before: Snapshot) -> NativeSearch | None:
        """The search as machine code; None if that cannot be."""
        system = self.under.system
        if self.tier == "python":
            return None
        try:
            from checker.explicit.machine_predicates import compile_predicate
            from checker.explicit.machine_successors import compile_successors

            if self.tier == "auto" and self.reduction is None:
                assert isinstance(self.search, PythonSearch)
                outcomes = self.search.compiled.outcomes
                self._spare(_COMPILER + _COMPILER_PER_OUTCOME * outcomes)
            successors = compile_successors(system, self.packing)
            found = None
            if self.stop_when:
                found = compile_predicate(system, self.packing, disj(*self.stop_when))
        except MemoryLimit:
            return None  # the little that is left is enough for some more states
        except NotCompilable:
            if self.tier == "native" or self.reduction is not None:
                raise
            return None
        except (ImportError, OSError) as problem:
            # LLVM itself cannot be loaded: under a tight limit on addresses, for example.
            if self.tier == "native" or self.reduction is not None:
                raise NotCompilable(f"no machine code here: {problem}") from None
            return None
        limits: dict[str, Any] = {
            "max_states": self.max_states,
            "enough": self._enough,
            "spare": self._spare,
            "found": found,
        }
        if self.reduction is not None:
            from checker.explicit.reduced_search import ReducedSearch

            return ReducedSearch(
                successors, self.packing, self.instances, system, before, self.reduction, **limits
            )
        names = tuple(instance.name for instance in self.instances)
        limits["keep_edges"] = self.keep_edges
        if self.threads > 1:
            from checker.explicit.parallel_search import ParallelSearch

            return ParallelSearch(
                successors, self.packing, names, before, threads=self.threads, **limits
            )
        from checker.explicit.native_search import NativeSearch

        return NativeSearch(successors, self.packing, names, before, **limits)

    # ------------------------------------------------------------ the result

    def _graph(self, search: PythonSearch | NativeSearch) -> StateGraph:
        """The graph explored so far."""
        rows = search.rows()
        if isinstance(search, PythonSearch):
            fired = search.fired(len(self.instances))
            if not self.keep_edges:
                rows |= {name: rows[name][:0] for name in ("targets", "labels")}
                rows["offsets"] = np.zeros_like(rows["offsets"])
        else:
            fired = search.fired
        beyond = search.values_beyond or any(mishap.hazard is None for mishap in search.mishaps)
        complete = search.initial_all and search.expanded == search.known and not beyond
        reason = search.reason
        if complete and reason == "interrupted":
            reason = ""  # it came when there was nothing left to do
        if beyond and not reason:
            reason = "Nat bound: some values lie beyond it"
        graph = search.graph(
            under=self.under,
            packing=self.packing,
            states=search.states,
            initial=search.initial,
            expanded=search.expanded,
            offsets=rows["offsets"],
            targets=rows["targets"],
            labels=rows["labels"],
            parents=rows["parents"],
            parent_labels=rows["parent_labels"],
            instances=self.instances,
            units=self.units,
            mishaps=search.mishaps,
            steps=search.steps,
            complete=complete,
            reason=reason,
            has_edges=self.keep_edges,
            fired=fired,
        )
        if not graph.complete:
            graph.covers = _covers(graph, search) if search.keeps_runs else 0
        return graph


def _covers(graph: StateGraph, search: PythonSearch | NativeSearch) -> int:
    """The greatest number of steps up to which no run is missing."""
    if not search.initial_all or search.values_beyond:
        return 0
    depths = [int(graph.depths[m.state]) for m in graph.mishaps if m.hazard is None]
    if graph.expanded < len(graph):
        depths.append(int(graph.depths[graph.expanded]))
    return min(depths)
