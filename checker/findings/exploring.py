"""`explore`: the reachable states of a model as a graph to look into."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from checker.findings.limits import Limits
from checker.findings.translating import translated
from checker.regimes.regime import FINITELY_MANY, Regime

if TYPE_CHECKING:
    from checker.explicit.exploration import Progress
    from checker.explicit.state_graph import StateGraph
    from checker.language.model import Model

__all__ = ["explore"]


def explore(
    model: Model | type[Model],
    *,
    regime: str | Regime = FINITELY_MANY,
    max_states: int | None = None,
    progress: Progress | None = None,
    keep_edges: bool = True,
    memory: int | None = None,
    threads: int = 1,
    save: str | Path | None = None,
    resume: bool = False,
    save_every: float | None = None,
) -> StateGraph:
    """Every reachable state and step of a model.

    Parameters
    ----------
    model : Model or its class
        An instance (`Taxi(street=8)`), or the class for its default parameters.
    regime : str or Regime
        Which faults and intents may happen; any number of all of them if not given.
    max_states : int, optional
        Stop there; the graph then says that it is not complete.
    progress : callable, optional
        Called now and then with the states, steps and frontier so far.
    keep_edges : bool
        Without them less memory is needed, and there are only states to look at.
    memory : int, optional
        Bytes that the process may use; by default most of what is free.
    threads : int
        How many may work at a time; the result is the same for any number.
    save : path, optional
        A folder that keeps the exploration as it grows.
    resume : bool
        Go on from there.
    save_every : float, optional
        Seconds between two times that it is saved.

    Returns
    -------
    StateGraph
        Its length is the number of states; networkx functions work on it directly.

    Raises
    ------
    ModelError
        If the model cannot be translated.
    RegimeError
        If there is no such regime or fault.
    CheckpointError
        If `save` holds something else, or cannot be written.
    """
    wanted = Regime.parse(regime) if isinstance(regime, str) else regime
    under = wanted.apply(translated(model).system)
    place = None if save is None else Path(save)
    limits = Limits(max_states, memory, threads, place, resume, save_every)
    return limits.explore(under, keep_edges=keep_edges, progress=progress)
