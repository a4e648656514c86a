"""What networkx asks of a graph object itself: nodes, degrees and neighbours from the arrays.

Functions that networkx dispatches to backends never come here. The others call methods of the
graph; a `StateGraph` has them by this base class, read-only. The rest (`edges`, `adj`, subgraphs, …)
is answered from the converted graph, made once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import numpy.typing as npt

from checker.explicit.state_numbers import state_of

if TYPE_CHECKING:
    import networkx

    from checker.explicit.networkx_adjacency import Adjacency
    from checker.explicit.networkx_degrees import Degrees
    from checker.system.sorts import Scalar
    from checker.system.transition_system import TransitionSystem

__all__ = ["NetworkxView"]

_CONVERTED = frozenset(
    [
        # What networkx's own functions read of a graph, though it is private.
        "_adj",
        "_pred",
        "_succ",
        "adj",
        "adjacency",
        "copy",
        "edge_subgraph",
        "edges",
        "get_edge_data",
        "in_edges",
        "out_edges",
        "pred",
        "reverse",
        "subgraph",
        "succ",
        "to_directed",
        "to_directed_class",
        "to_undirected",
        "to_undirected_class",
    ]
)


class NetworkxView:
    """The reading half of `networkx.MultiDiGraph`; what would change the graph is not there."""

    offsets: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int32]

    # ------------------------------------------------------------ provided by the graph

    def networkx(self) -> networkx.MultiDiGraph[int]:
        """The converted graph."""
        raise AssertionError("provided by the graph")

    def need_edges(self) -> None:
        """Raise `IncompleteGraph` unless edges were kept."""
        raise AssertionError("provided by the graph")

    def state(self, index: int) -> dict[str, Scalar]:
        """Every variable's value in a state."""
        raise AssertionError("provided by the graph")

    @property
    def system(self) -> TransitionSystem:
        """What was explored."""
        raise AssertionError("provided by the graph")

    def __len__(self) -> int:
        raise AssertionError("provided by the graph")

    # ------------------------------------------------------------ the graph

    def __getattr__(self, name: str) -> Any:
        if name in _CONVERTED:
            return getattr(self.networkx(), name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def name(self) -> str:
        """The system's name."""
        return self.system.name

    @property
    def graph(self) -> dict[str, object]:
        """Attributes of the graph: its name. They cannot be changed."""
        return _Attributes(name=self.name)

    @cached_property
    def adjacency_rows(self) -> Adjacency:
        """The edges, as native functions read them.

        Raises
        ------
        IncompleteGraph
            If edges were not kept.
        """
        self.need_edges()
        from checker.explicit.networkx_adjacency import Adjacency

        return Adjacency(np.ascontiguousarray(self.offsets), np.ascontiguousarray(self.targets))

    # ------------------------------------------------------------ nodes

    @property
    def nodes(self) -> Any:
        """networkx's view of the nodes; a state is decoded when its attributes are asked for."""
        from networkx.classes.reportviews import NodeView

        return NodeView(self)

    @property
    def _node(self) -> _Values:
        """What networkx reads of a graph for that."""
        return _Values(self)

    def order(self) -> int:
        """Number of states."""
        return len(self)

    def has_node(self, n: object) -> bool:
        """Whether there is a state with this number."""
        return n in self

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self)))

    def __contains__(self, node: object) -> bool:
        return state_of(len(self), node) is not None

    def __getitem__(self, node: int) -> Any:
        return self.networkx()[node]

    def nbunch_iter(self, nbunch: Any = None) -> Iterator[Any]:
        """The nodes that are meant by one, by several, or by None.

        Raises
        ------
        networkx.NetworkXError
            If it is neither; one that is no node, where several were expected, is left out.
        """
        import networkx

        nodes: Iterator[Any] = networkx.Graph.nbunch_iter(_Bunch(self), nbunch)
        return nodes

    # ------------------------------------------------------------ edges

    @property
    def degree(self) -> Degrees:
        """How many edges each state has."""
        from checker.explicit.networkx_degrees import Degrees

        return Degrees(self, "degree")

    @property
    def in_degree(self) -> Degrees:
        """How many edges lead to each state."""
        from checker.explicit.networkx_degrees import Degrees

        return Degrees(self, "in_degree")

    @property
    def out_degree(self) -> Degrees:
        """How many edges leave each state."""
        from checker.explicit.networkx_degrees import Degrees

        return Degrees(self, "out_degree")

    def size(self, weight: str | None = None) -> float:
        """Number of edges, or the sum of an attribute of theirs, where missing ones count 1."""
        if weight is not None:
            return float(self.networkx().size(weight))
        return len(self.adjacency_rows.targets)

    def number_of_edges(self, u: int | None = None, v: int | None = None) -> int:
        """How many edges there are, in all or from one state to another."""
        if u is None:
            return len(self.adjacency_rows.targets)
        return self._multiplicity(u, v)

    def has_edge(self, u: int, v: int, key: object = None) -> bool:
        """Whether an edge leads from one state to another; with a key, at least key + 1 of them."""
        multiplicity = self._multiplicity(u, v)
        return multiplicity > 0 if key is None else state_of(multiplicity, key) is not None

    def successors(self, n: int) -> Iterator[int]:
        """The states that edges of one lead to, each once, in the order of the edges."""
        rows = self.adjacency_rows
        return iter(dict.fromkeys(rows.targets_of(self._index(n))))

    def neighbors(self, n: int) -> Iterator[int]:
        """As `successors`."""
        return self.successors(n)

    def predecessors(self, n: int) -> Iterator[int]:
        """The states from which edges lead to one, each once, ascending."""
        rows = self.adjacency_rows.backwards
        return iter(dict.fromkeys(rows.targets_of(self._index(n))))

    def has_successor(self, u: int, v: int) -> bool:
        """Whether an edge leads from u to v."""
        return self._multiplicity(u, v) > 0

    def has_predecessor(self, u: int, v: int) -> bool:
        """Whether an edge leads from v to u."""
        return self._multiplicity(v, u) > 0

    def _multiplicity(self, source: object, target: object) -> int:
        rows = self.adjacency_rows
        first, second = state_of(len(self), source), state_of(len(self), target)
        if first is None or second is None:
            return 0
        return rows.targets_of(first).count(second)

    def _index(self, node: object) -> int:
        index = state_of(len(self), node)
        if index is None:
            import networkx

            raise networkx.NetworkXError(f"The node {node} is not in the digraph.")
        return index


class _Attributes(dict[str, object]):
    """A dictionary that refuses to be changed, because nobody would see it; its copy does not."""

    def _refuse(self, *args: object, **kwargs: object) -> NoReturn:
        raise TypeError("a StateGraph cannot be changed; change a copy of its networkx()")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type[dict[str, object]], tuple[dict[str, object]]]:
        return dict, (self.copy(),)  # a dictionary is put together by changing it


class _Values(Mapping[int, dict[str, object]]):
    """The attributes of every node: the values of the variables, as the model writes them."""

    def __init__(self, graph: NetworkxView) -> None:
        self._graph = graph
        self._domains = [(variable.name, variable.domain) for variable in graph.system.variables]

    def __getitem__(self, node: int) -> dict[str, object]:
        index = state_of(len(self._graph), node)
        if index is None:
            raise KeyError(node)
        state = self._graph.state(index)
        return _Attributes((name, domain.decode(state[name])) for name, domain in self._domains)

    def __contains__(self, node: object) -> bool:
        hash(node)  # as in a dictionary
        return node in self._graph

    def __iter__(self) -> Iterator[int]:
        return iter(self._graph)

    def __len__(self) -> int:
        return len(self._graph)


class _Bunch:
    """The part of a graph that `networkx.Graph.nbunch_iter` reads."""

    def __init__(self, graph: NetworkxView) -> None:
        self._adj = _Values(graph)

    def __contains__(self, node: object) -> bool:
        return node in self._adj._graph
