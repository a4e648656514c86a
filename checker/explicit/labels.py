"""What the labels of edges stand for: instances of actions, and the units of fairness they belong to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checker.system.sorts import Scalar
from checker.system.transition_system import Action, Fairness, Hazard

__all__ = ["Instance", "Mishap", "Unit", "fired_labels", "label_type"]

_PIECE = 1 << 14


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of fairness: an action group with its parameter values.

    Parameters
    ----------
    name : str
        The group, with the arguments in parentheses if there are any.
    fairness : Fairness
        WEAK or STRONG; STRONG if any action of the group is.
    """

    name: str
    fairness: Fairness


@dataclass(frozen=True, slots=True)
class Instance:
    """An action with fixed parameters. Edges are labelled by the index of their instance.

    Parameters
    ----------
    action : Action
    arguments : tuple of bool or int
    unit : int
        Index into `StateGraph.units`; -1 if nothing fair is promised about it.
    """

    action: Action
    arguments: tuple[Scalar, ...]
    unit: int

    @property
    def name(self) -> str:
        """The action's name, with the arguments in parentheses if there are any."""
        shown = (
            symbol.domain.show(value)
            for symbol, value in zip(self.action.parameters, self.arguments, strict=True)
        )
        return f"{self.action.name}({', '.join(shown)})" if self.arguments else self.action.name


@dataclass(frozen=True, slots=True)
class Mishap:
    """An outcome without a successor.

    Parameters
    ----------
    state : int
        Index of the state it happens in.
    label : int
        Index of the action instance.
    choices : tuple of bool or int
        The first choices with which it happens.
    hazard : Hazard or None
        What went wrong; None if nothing did, but the outcome leaves the stated bound of an
        unbounded variable, so exploration does not follow it.
    """

    state: int
    label: int
    choices: tuple[Scalar, ...]
    hazard: Hazard | None


def label_type(count: int) -> type[np.signedinteger]:
    """The smallest type for labels, as there is one for every edge; -1 has to fit too."""
    return np.int8 if count < 128 else np.int16 if count < 32768 else np.int32


def fired_labels(
    count: int,
    offsets: npt.NDArray[np.int64],
    targets: npt.NDArray[np.int32],
    labels: npt.NDArray[np.signedinteger],
) -> npt.NDArray[np.uint8]:
    """What every label does somewhere in a graph.

    Returns
    -------
    ndarray of uint8, shape (count,)
        Bit 0: a step with this label exists; bit 1: one that changes the state does.
    """
    fired = np.zeros(count, dtype=np.uint8)
    # In pieces: there may be little memory left.
    for start in range(0, len(offsets) - 1, _PIECE):
        rows = offsets[start : start + _PIECE + 1]
        first, last = int(rows[0]), int(rows[-1])
        sources = np.repeat(np.arange(start, start + len(rows) - 1, dtype=np.int32), np.diff(rows))
        fired[labels[first:last]] |= 1
        fired[labels[first:last][sources != targets[first:last]]] |= 2
    return fired
