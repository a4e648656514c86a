"""An exploration between two pieces of work: what the next engine, or another day, goes on from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from checker.explicit.labels import Mishap

__all__ = ["Snapshot"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The growing graph, consistent up to here. Arrays only ever get longer.

    Parameters
    ----------
    words : ndarray of uint64, shape (states * words,)
    parents : ndarray of int32, shape (states,)
    parent_labels : ndarray of int, shape (states,)
    targets, labels : ndarray of int, shape (edges,)
        Empty if edges are not kept.
    offsets : ndarray of int64, shape (expanded + 1,)
        One zero if edges are not kept.
    fired : ndarray of uint8, shape (labels,)
    mishaps : tuple of Mishap
    initial, expanded, steps : int
    initial_all, values_beyond : bool
        Whether all initial states are there; whether some values lie beyond a bound.
    """

    words: npt.NDArray[np.uint64]
    parents: npt.NDArray[Any]
    parent_labels: npt.NDArray[Any]
    targets: npt.NDArray[Any]
    labels: npt.NDArray[Any]
    offsets: npt.NDArray[Any]
    fired: npt.NDArray[np.uint8]
    mishaps: tuple[Mishap, ...]
    initial: int
    expanded: int
    steps: int
    initial_all: bool
    values_beyond: bool

    @property
    def known(self) -> int:
        """Number of states."""
        return len(self.parents)
