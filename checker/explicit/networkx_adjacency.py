"""A graph's edges in the form that native networkx functions work on, in both directions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from checker.explicit.graph_kernels import count_incoming, transpose
from checker.explicit.state_numbers import state_of
from checker.native.kernel import Kernel

__all__ = ["Adjacency", "Nodes", "numbers", "piecewise", "state_of"]

_SMALL = 20_000
"""Edges and nodes up to which CPython, on lists, is done before a kernel would be compiled."""

_PIECE = 1 << 16

Nodes: TypeAlias = Any
"""Numbers of nodes, one after the other: a list for small graphs, otherwise an array."""


@dataclass(frozen=True, eq=False)
class Adjacency:
    """Edges as compressed sparse rows: what networkx calls the adjacency of a graph.

    The order within a row is that of the edges, so the distinct nodes of a row are in the order in
    which the converted graph has them, forwards and backwards.

    Parameters
    ----------
    offsets : ndarray of int64, shape (nodes + 1,)
    targets : ndarray of int32, shape (edges,)
    """

    offsets: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int32]

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self.offsets) - 1

    @cached_property
    def is_small(self) -> bool:
        """Whether searches run in CPython."""
        return self.nodes <= _SMALL and len(self.targets) <= _SMALL

    @cached_property
    def rows(self) -> tuple[Any, Any]:
        """Offsets and targets as kernels are to have them."""
        if self.is_small:
            return self.offsets.tolist(), self.targets.tolist()
        return self.offsets, self.targets

    @cached_property
    def backwards(self) -> Adjacency:
        """The edges turned round; as large as the edges themselves, and kept."""
        offsets = np.zeros(self.nodes + 1, dtype=np.int64)
        targets = np.empty(len(self.targets), dtype=np.int32)
        if self.is_small:
            offsets[1:] = np.cumsum(self.incoming)
            order = np.argsort(self.targets, kind="stable")
            targets[:] = np.repeat(np.arange(self.nodes), np.diff(self.offsets))[order]
        else:
            self.run(transpose, self.nodes, offsets, targets)
        return Adjacency(offsets, targets)

    @cached_property
    def incoming(self) -> npt.NDArray[np.int64]:
        """How many edges lead to each node."""
        if self.is_small:
            return np.bincount(self.targets, minlength=self.nodes)
        counts = np.zeros(self.nodes, dtype=np.int64)
        self.run(count_incoming, self.nodes, counts)
        return counts

    def targets_of(self, node: int) -> list[int]:
        """Where the edges of a node lead, one for each edge."""
        span = slice(self.offsets[node], self.offsets[node + 1])
        result: list[int] = self.targets[span].tolist()
        return result

    def row(self, value: int | None = None) -> Nodes:
        """Room for a number for each node, all of this value; None: any, to be written first."""
        if self.is_small:
            return [0 if value is None else value] * self.nodes
        if value is None:
            return np.empty(self.nodes, dtype=np.int32)
        return np.full(self.nodes, value, dtype=np.int32)

    def run(self, kernel: Kernel, *arguments: Any) -> Any:
        """``kernel(offsets, targets, *arguments)``, compiled unless it is not worth while."""
        return (kernel.interpreted if self.is_small else kernel)(*self.rows, *arguments)


def numbers(nodes: Nodes, first: int = 0, last: int | None = None) -> list[int]:
    """A part of them as Python has numbers."""
    part = nodes[first:last]
    result: list[int] = part if isinstance(part, list) else part.tolist()
    return result


def piecewise(array: npt.NDArray[Any]) -> Iterator[int]:
    """The numbers of an array, not all of them at once."""
    pieces = (array[start : start + _PIECE].tolist() for start in range(0, len(array), _PIECE))
    return chain.from_iterable(pieces)
