"""Breadth-first exploration of a system under a regime: exact, deterministic, interruptible.

Every exploration begins as generated Python. Where that takes long it goes on as machine code, from
the same states in the same order: what comes out does not tell which of the two it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from checker.explicit.exploration import SAVE_EVERY, Exploration, Progress, Tier
from checker.explicit.generated_predicates import edge_function, state_function
from checker.explicit.memory import default_limit
from checker.explicit.packing import NotCompilable
from checker.explicit.state_graph import StateGraph
from checker.regimes.regime import UnderRegime
from checker.system.expression import Expression
from checker.system.sorts import BoolSort

if TYPE_CHECKING:
    from checker.explicit.machine_predicates import MachinePredicate
    from checker.explicit.reduced_search import Reduction

__all__ = ["SAVE_EVERY", "Tier", "evaluate_all", "evaluate_edges", "explore"]

_MANY = 200_000
"""States or edges from which on a predicate is worth compiling to machine code."""


def explore(
    under: UnderRegime,
    *,
    keep_edges: bool = True,
    max_states: int | None = None,
    progress: Progress | None = None,
    stop_when: Sequence[Expression] = (),
    memory: int | None = None,
    threads: int = 1,
    save: Path | None = None,
    resume: bool = False,
    save_every: float = SAVE_EVERY,
    tier: Tier = "auto",
    reduction: Reduction | None = None,
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
    memory : int, optional
        Stop before this process uses more bytes than this; by default most of what is free.
    threads : int
        How many may work at a time; the result is the same for any number.
    save : Path, optional
        A folder in which the exploration is kept as it grows; it may hold several.
    resume : bool
        Go on from what is saved there, if anything is.
    save_every : float
        Seconds of exploration that may be lost if the process is killed.
    tier : str
        "auto", or "python" or "native" for one of the two from the beginning.
    reduction : Reduction, optional
        Explore less, for the properties that it was made for; edges are not kept, and it is done
        by machine code and one thread.

    Returns
    -------
    StateGraph
        If exploration was stopped by Ctrl-C, by `max_states`, by `memory` or by `stop_when`, or if
        a bound of a `Nat` was left, it is not `complete` and says why.

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
        If `tier` is "native", or there is a reduction, and there is something that machine code cannot do.
    CheckpointError
        If what is saved is of another exploration, damaged, or there already and not to be resumed;
        or if it cannot be written.
    KeyboardInterrupt
        If Ctrl-C is pressed twice.
    """
    limit = default_limit() if memory is None else memory
    one = Exploration(under, keep_edges, max_states, progress, stop_when, limit, tier)
    one.threads = threads
    if reduction is not None:
        assert not keep_edges and save is None and tier != "python"
        one.reduction = reduction
    if save is not None:
        from checker.explicit.checkpoint import Checkpoint

        one.checkpoint = Checkpoint.of(save, under, one.instances, keep_edges)
        one.save_every = save_every
    return one.run(resume)


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
