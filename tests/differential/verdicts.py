"""Verdicts read off the graph that CPython explored, by the definitions and nothing else."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

from agreement import Agreed, Edge
from naive_reference import Edge as NaiveEdge
from naive_reference import Labelled, fair_cycle_states

from checker.system.transition_system import Kind, Property

Value = bool | str  # a truth value, or the kind of what goes wrong


class NaiveVerdicts:
    """The verdict on each property of a model that was explored completely."""

    def __init__(self, agreed: Agreed) -> None:
        assert agreed.complete
        self.agreed = agreed
        self.states = range(len(agreed.states))
        self.goes_wrong = any(edge.target is None for edge in agreed.edges)

    def verdict(self, claim: Property) -> str:
        """ "holds", "violated" or "unknown"."""
        if claim.kind == "transition":
            moves = {(e.source, e.target) for e in self.agreed.edges if e.target not in (None, e.source)}
            nodes = self.agreed.node_of
            told = [
                self.agreed.cpython.between(claim.name, nodes[source], nodes[target])
                for source, target in moves
                if target is not None
            ]
            return self._unless(any(value is not True for value in told))
        holds = self._values("holds", claim)
        if claim.kind == "always":
            return self._unless(any(value is not True for value in holds))
        if claim.kind == "never":
            return self._unless(any(value is not False for value in holds))
        premise = self._values("premise_holds", claim) if claim.kind == "leads_to" else []
        if any(isinstance(value, str) for value in (*holds, *premise)):
            return "violated"
        good = {state for state in self.states if holds[state]}
        bad = set(self.states) - good
        if claim.kind == "reachable":
            return "holds" if good else "unknown" if self.goes_wrong else "violated"
        if claim.kind == "recoverable":
            able = self._closure(
                good, [(e.target, e.source) for e in self.agreed.edges if not _is_fault(e)]
            )
            return self._unless(len(able) < len(self.states))
        if claim.kind == "converges":
            return self._unless(bool(fair_cycle_states(self._labelled(faults=False)) & bad))
        if claim.kind == "recurs":
            return self._unless(bool(fair_cycle_states(self._labelled(faults=True), bad)))
        assert claim.kind == "leads_to"
        owing = {state for state in bad if premise[state]}
        moves_in_bad = [
            (e.source, e.target) for e in self.agreed.edges if e.source in bad and e.target in bad
        ]
        reached = self._closure(owing, moves_in_bad)
        return self._unless(bool(fair_cycle_states(self._labelled(faults=False), bad) & reached))

    def well_defined(self) -> str:
        """Whether no step goes wrong, other than by a failed assertion."""
        kinds = {outcome.kind for node in self.agreed.cpython.nodes for outcome in node.outcomes}
        return "violated" if kinds - {"done", "assert"} else "holds"

    def _unless(self, violated: bool) -> str:
        # What would come after a step that went wrong is not known.
        return "violated" if violated else "unknown" if self.goes_wrong else "holds"

    def _values(self, evaluate: str, claim: Property) -> list[Value]:
        cpython, nodes = self.agreed.cpython, self.agreed.node_of
        return [cpython.value(nodes[state], evaluate, claim.name) for state in self.states]

    @staticmethod
    def _closure(start: Iterable[int], moves: Iterable[tuple[Any, Any]]) -> set[int]:
        found, moves = set(start), list(moves)
        while True:
            more = {target for source, target in moves if source in found} - found
            if not more:
                return found
            found |= more

    def _labelled(self, faults: bool) -> Labelled:
        units: dict[Hashable, int] = {}
        fairness: list[str] = []

        def unit_of(edge: Edge) -> int | None:
            mover = edge.mover
            if mover.fairness == "none" or _is_fault(edge):
                return None
            key = (mover.call, mover.arguments)
            if key not in units:
                units[key] = len(units)
                fairness.append(mover.fairness)
            return units[key]

        edges, wrong = [], set()
        for edge in self.agreed.edges:
            unit = unit_of(edge)
            if edge.target is not None:
                edges.append(NaiveEdge(edge.source, edge.target, unit, faults or not _is_fault(edge)))
            elif unit is not None:
                wrong.add((edge.source, unit))
        return Labelled(len(self.states), tuple(edges), tuple(fairness), frozenset(wrong))


def _is_fault(edge: Edge) -> bool:
    return edge.struck or edge.mover.kind is not Kind.STEP
