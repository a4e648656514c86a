"""How many steps enter and leave states: networkx's degree views, on the edges as arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from checker.explicit.networkx_adjacency import piecewise, state_of

if TYPE_CHECKING:
    from checker.explicit.networkx_view import NetworkxView

__all__ = ["Degrees", "Direction"]

Direction = Literal["degree", "in_degree", "out_degree"]


class Degrees:
    """Pairs of states and degrees, and the degree of a state: `G.degree`, `G.in_degree`, `G.out_degree`.

    Every edge counts, parallel ones too; an edge from a state to itself both enters and leaves it.

    Parameters
    ----------
    graph : NetworkxView
    direction : str
        Which edges count: "in_degree", "out_degree", or "degree" for both.
    nodes : list, optional
        Of which states; otherwise of all.
    """

    def __init__(
        self, graph: NetworkxView, direction: Direction, nodes: list[Any] | None = None
    ) -> None:
        self._graph = graph
        self._direction = direction
        self._nodes = nodes

    def __call__(self, nbunch: Any = None, weight: Any = None) -> Any:
        """The degree of a state, or a view of some; weights are those of the converted graph."""
        if weight is not None:
            return getattr(self._graph.networkx(), self._direction)(nbunch, weight)
        if nbunch is None:
            return self
        try:
            if nbunch in (self._graph if self._nodes is None else self._nodes):
                return self[nbunch]
        except TypeError:
            pass
        return type(self)(self._graph, self._direction, list(self._graph.nbunch_iter(nbunch)))

    def __getitem__(self, node: int) -> int:
        rows = self._graph.adjacency_rows
        index = state_of(rows.nodes, node)
        if index is None:
            raise KeyError(node)
        degree = 0
        if self._direction != "in_degree":
            degree += int(rows.offsets[index + 1] - rows.offsets[index])
        if self._direction != "out_degree":
            degree += int(rows.incoming[index])
        return degree

    def __iter__(self) -> Iterator[tuple[Any, int]]:
        if self._nodes is None:
            return zip(range(len(self)), piecewise(self._all()), strict=True)
        return ((node, self[node]) for node in self._nodes)

    def __len__(self) -> int:
        return len(self._graph if self._nodes is None else self._nodes)

    def __str__(self) -> str:
        return str(list(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self)})"

    def _all(self) -> npt.NDArray[np.int64]:
        rows = self._graph.adjacency_rows
        if self._direction == "in_degree":
            return rows.incoming
        leaving = np.diff(rows.offsets)
        return leaving if self._direction == "out_degree" else leaving + rows.incoming
