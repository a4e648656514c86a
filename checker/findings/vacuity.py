"""What a check found to be there in vain, over all the regimes that it looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checker.explicit.state_graph import StateGraph
    from checker.explicit.vacuity import Vacuity
    from checker.system.transition_system import Property, TransitionSystem

__all__ = ["vacuity"]

_OF_ACTIONS = ("never-enabled", "never-changes", "impossible-fault", "no-steps")


def vacuity(
    graphs: Sequence[StateGraph], claims: Sequence[Property], place: Mapping[str, int]
) -> tuple[Vacuity, ...]:
    """What never happens under any regime, and what holds trivially under its own.

    Parameters
    ----------
    graphs : sequence of StateGraph
        One for each regime that lets other steps happen; at least one.
    claims : sequence of Property
    place : mapping of str to int
        Which of the graphs a property is judged on; one that is on none is not reported.

    Notes
    -----
    A regime without faults makes many a step impossible. That says nothing about the model if
    another property is judged with faults: only what happens in no graph is there in vain.
    """
    from checker.explicit.vacuity import vacuity_report

    largest = max(range(len(graphs)), key=lambda number: len(graphs[number]))
    reports = []
    for number, graph in enumerate(graphs):
        here = tuple(claim for claim in claims if place.get(claim.name) == number)
        reports.append(vacuity_report(graph, here))
    in_vain = [
        {note.name for note in report if note.kind in _OF_ACTIONS} | _absent(graph.system, graphs)
        for graph, report in zip(graphs, reports, strict=True)
    ]
    everywhere = frozenset.intersection(*map(frozenset, in_vain))
    # What nothing reads depends on all properties, and on no regime.
    unread = [note for note in vacuity_report(graphs[largest], claims) if note.kind == "unused-variable"]
    notes = [note for report in (reports[largest], *reports) for note in report]
    kept = [
        note
        for note in notes
        if note.kind != "unused-variable" and (note.kind not in _OF_ACTIONS or note.name in everywhere)
    ]
    return tuple(dict.fromkeys([*kept, *unread]))


def _absent(system: TransitionSystem, graphs: Sequence[StateGraph]) -> set[str]:
    """The actions and faults of other regimes that this one leaves out altogether."""
    everything = {name for graph in graphs for name in _names(graph.system)}
    return everything - _names(system)


def _names(system: TransitionSystem) -> set[str]:
    names = {action.name for action in system.actions}
    return names | {fault for action in system.actions for fault in action.faults}
