"""Exploration with reductions: fewer states and steps, for the same verdicts of some properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from checker.explicit import reduced_kernels
from checker.explicit import search_kernels as kernels
from checker.explicit.canonical_form import CanonicalForm, compile_canonical, represented
from checker.explicit.growing import Growing
from checker.explicit.labels import Instance, Mishap
from checker.explicit.machine_predicates import compile_bits
from checker.explicit.native_search import NativeSearch
from checker.explicit.packing import Packing
from checker.explicit.positions import Positions
from checker.explicit.snapshot import Snapshot
from checker.explicit.state_graph import StateGraph
from checker.explicit.unfolding import unfold
from checker.reductions.partial_order import PartialOrder
from checker.reductions.symmetry import Symmetry, canonical
from checker.system.run import Run, State
from checker.system.transition_system import Kind, TransitionSystem

if TYPE_CHECKING:
    from checker.explicit.machine_successors import Successors

__all__ = ["ReducedGraph", "ReducedSearch", "Reduction"]

_MOST_SETS = 62
"""Each is one bit of a number with a sign."""


@dataclass(frozen=True, slots=True)
class Reduction:
    """How to explore less.

    Parameters
    ----------
    symmetry : Symmetry
        Of the system that is explored; without orbits for none.
    order : PartialOrder
        Of that system; without candidates for none.

    Notes
    -----
    Both at once are sound: sets that suffice in a state suffice, permuted, in every state of its
    class, and predicates do not tell the states of a class apart, so that the argument of
    `partial_order` goes through with classes for states.

    References
    ----------
    E. A. Emerson, S. Jha, D. Peled, "Combining partial order and symmetry reductions", TACAS 1997.
    """

    symmetry: Symmetry
    order: PartialOrder

    def __bool__(self) -> bool:
        """Whether there is anything to gain."""
        return bool(self.symmetry.orbits or self.order.candidates)


class ReducedSearch(NativeSearch):
    """A search that follows a reduction; parameters as in `NativeSearch`, edges are not kept."""

    keeps_runs = False
    numbers_needed = True

    def __init__(
        self,
        successors: Successors,
        packing: Packing,
        instances: tuple[Instance, ...],
        system: TransitionSystem,
        before: Snapshot,
        reduction: Reduction,
        **limits: Any,
    ) -> None:
        self.canonical: CanonicalForm | None = None
        if reduction.symmetry.orbits:
            self.canonical = compile_canonical(packing, reduction.symmetry.orbits)
            before = self._begun(packing, before)
        names = tuple(instance.name for instance in instances)
        super().__init__(successors, packing, names, before, keep_edges=False, **limits)
        self.reduction = reduction
        self.moving = Growing(np.uint8, self.known)
        self.changes = np.zeros(self.reach, dtype=np.uint8)
        self.postponed = np.zeros(2, dtype=np.int64)
        self.own = np.array([one.action.kind is Kind.STEP for one in instances], dtype=np.uint8)
        labels = [failure.label for failure in successors.failures]
        self.label_of_failure = np.array([*labels, 0], dtype=np.int32)
        candidates = reduction.order.candidates[:_MOST_SETS]
        self.conditions = compile_bits(system, packing, [one.condition for one in candidates])
        self.sets = np.zeros((max(1, len(candidates)), len(instances)), dtype=np.uint8)
        for row, candidate in enumerate(candidates):
            for label, instance in enumerate(instances):
                key = (instance.action.name, instance.arguments)
                self.sets[row, label] = (key in candidate.instances) + 2 * (key in candidate.keys)

    def _begun(self, packing: Packing, before: Snapshot) -> Snapshot:
        """The classes of the initial states, in the order of their first states."""
        assert not before.expanded
        words = before.words.copy()
        reduced_kernels.canonical_all(self.canonical, words, packing.words, before.known)
        rows = words.reshape(-1, packing.words)
        _, first = np.unique(rows, axis=0, return_index=True)
        kept = np.sort(first)
        return replace(
            before,
            words=np.ascontiguousarray(rows[kept]).reshape(-1),
            parents=before.parents[: len(kept)],
            parent_labels=before.parent_labels[: len(kept)],
            initial=len(kept),
        )

    def graph(self, **fields: Any) -> StateGraph:
        """The graph with these fields, and what the reduction has to say."""
        graph = ReducedGraph(
            **fields,
            moving=self.moving.array[: self.known],
            reduction=self.reduction,
            postponed=self.put_off,
        )
        graph.__dict__["positions"] = Positions(self.states)
        return graph

    @property
    def put_off(self) -> tuple[int, int]:
        """In how many states a set of actions was enough, and how many steps were not followed."""
        where, steps = self.postponed.tolist()
        return where, steps

    def _make_room(self, more: int = 0) -> None:
        super()._make_room(more)
        self.moving.reserve(self.known + more + self.reach + 1)
        self.at[kernels.STATE_ROOM] = min(int(self.at[kernels.STATE_ROOM]), len(self.moving))

    def _expand(self) -> int:
        return int(
            reduced_kernels.expand_reduced(
                self.successors,
                self.successors.most,
                self.width,
                int(self.canonical is not None),
                self.canonical or self.successors,
                int(bool(self.reduction.order.candidates)),
                self.conditions,
                self.sets.reshape(-1),
                len(self.names),
                self.own,
                self.label_of_failure,
                self.words.array,
                self.table.array,
                self.bits,
                self.parents.array,
                self.parent_labels.array,
                self.moving.array,
                self.unfortunate.array,
                self.fired,
                self.out,
                self.out_labels,
                self.failed,
                self.changes,
                self.postponed,
                self.at,
            )
        )


@dataclass(eq=False, repr=False)
class ReducedGraph(StateGraph):
    """States of a reduced exploration, without edges.

    What is found in it is told as a run of the system itself. Parents and labels are those of the
    reduced exploration.

    Parameters
    ----------
    reduction : Reduction
    postponed : tuple of int
        In how many states a set of actions was enough, and how many steps were not followed.
    """

    reduction: Reduction = field(default_factory=lambda: Reduction(Symmetry(()), PartialOrder((), ())))
    postponed: tuple[int, int] = (0, 0)

    def run_to(self, index: int) -> Run:
        """A run to a state of this class: of the system itself, in as many steps as here."""
        if not self.reduction.symmetry.orbits:
            return super().run_to(index)
        states, labels = self.path_to(index)
        return self._unfolded(states, labels)

    def run_into(self, mishap: Mishap) -> Run:
        """A run to a mishap of this kind."""
        if not self.reduction.symmetry.orbits:
            return super().run_into(mishap)
        states, labels = self.path_to(mishap.state)
        return self._unfolded(states, [*labels, mishap.label], mishap)

    def _unfolded(self, states: list[int], labels: list[int], mishap: Mishap | None = None) -> Run:
        def stands_for(state: State) -> Mapping[str, Any]:
            return canonical(state, self.reduction.symmetry)

        actions = [self.instances[label].action.name for label in labels]
        path = [self.state(index) for index in states]
        hazard = None if mishap is None else mishap.hazard
        return unfold(self.system, stands_for, path, actions, hazard)

    def told(self) -> list[str]:
        """What the reduction has saved, a sentence for each."""
        said = []
        # What takes no room has been fixed for good.
        used = {slot.name for slot in self.packing.slots if slot.width}
        orbits = [one for one in self.reduction.symmetry.orbits if not used.isdisjoint(one.blocks[0])]
        if orbits:
            parts = " and ".join(
                f"{len(orbit.blocks)} like parts ({', '.join(orbit.blocks[0])}, …)" for orbit in orbits
            )
            stands = represented(self.packing, orbits, self.words)
            if stands is not None and stands > len(self):
                said.append(f"symmetry: {parts}: {len(self):,} states stand for {stands:,}")
            elif stands is None:
                said.append(f"symmetry: {parts}: {len(self):,} states, each for many")
        where, steps = self.postponed
        if steps:
            said.append(
                f"partial order: in {where:,} of {self.expanded:,} states some actions are enough, "
                f"{steps:,} step{'' if steps == 1 else 's'} put off"
            )
        return said
