"""`explore`: the reachable states of a model as a graph to look into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.findings.checking import Progress
from checker.findings.translating import translated
from checker.regimes.regime import FINITELY_MANY, Regime

if TYPE_CHECKING:
    from checker.explicit.state_graph import StateGraph
    from checker.language.model import Model

__all__ = ["explore"]


def explore(
    model: Model | type[Model],
    *,
    regime: str | Regime = FINITELY_MANY,
    max_states: int | None = None,
    progress: Progress | None = None,
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
    """
    from checker.explicit.explore import explore as explore_system

    wanted = Regime.parse(regime) if isinstance(regime, str) else regime
    under = wanted.apply(translated(model).system)
    return explore_system(under, keep_edges=True, max_states=max_states, progress=progress)
