"""From a loop in the graph to the lasso that is shown, and to a sentence about it."""

from __future__ import annotations

from checker.explicit.lasso_search import Loop
from checker.explicit.state_graph import StateGraph
from checker.system.run import Run
from checker.system.transition_system import Kind

__all__ = ["lasso_run", "names", "tell_loop"]


def lasso_run(graph: StateGraph, states: list[int], labels: list[int], loop: Loop) -> Run:
    """The lasso with a given prefix.

    Parameters
    ----------
    graph : StateGraph
    states, labels : list of int
        The prefix, as from `StateGraph.path_to`; it ends where the loop is entered.
    loop : Loop
    """
    entered = len(labels)
    states, labels = list(states), list(labels)
    for edge in loop.edges:
        labels.append(int(graph.labels[edge]))
        states.append(int(graph.targets[edge]))
    if not loop.edges:
        labels.append(-1)
        states.append(loop.entry)
    return graph.run_along(states, labels, entered)


def tell_loop(graph: StateGraph, loop: Loop) -> str:
    """What happens for ever in a loop, as the end of a sentence."""
    if loop.edges:
        done = [graph.instances[int(graph.labels[edge])].name for edge in loop.edges]
        return f"{names(done)} {'repeats' if len(set(done)) == 1 else 'repeat'} for ever"
    possible = {label for label, target in graph.steps_from(loop.entry) if target != loop.entry}
    possible |= {mishap.label for mishap in graph.mishaps if mishap.state == loop.entry}
    offered = [graph.instances[label] for label in sorted(possible)]
    steps = [one.name for one in offered if one.action.kind is Kind.STEP]
    if steps:
        return f"only {names(steps)} could go on, and nothing promises that"
    if offered:
        others = names([one.name for one in offered])
        return f"deadlock: no step is possible any more, only {others}"
    return "deadlock: nothing is possible any more"


def names(items: list[str], most: int = 4) -> str:
    """The different items in their order, in words: "`a`, `b` and `c`"."""
    shown = [f"`{item}`" for item in dict.fromkeys(items)]
    if len(shown) > most:
        shown = [*shown[: most - 1], f"{len(shown) - most + 1} others"]
    return " and ".join(part for part in (", ".join(shown[:-1]), shown[-1]) if part)
