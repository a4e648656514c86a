"""State graphs with any edges: what networkx functions and kernels are tested on."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from small_systems import action, integer, system, under

from checker.explicit.explore import explore
from checker.explicit.state_graph import StateGraph

__all__ = ["graph_with", "random_edges"]


def graph_with(states: int, edges: Iterable[tuple[int, int]]) -> StateGraph:
    """A graph of so many states, with these edges in this order, one of two labels on each."""
    x = integer("x", 0, max(states - 1, 0), range(states))
    space = explore(under(system([x], action("even"), action("odd"))))
    rows = sorted(edges, key=lambda edge: edge[0])
    counts = np.bincount([source for source, _ in rows], minlength=states)
    return replace(
        space,
        offsets=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        targets=np.array([target for _, target in rows], dtype=np.int32),
        labels=np.array([number % 2 for number in range(len(rows))], dtype=np.int8),
    )


def random_edges(seed: int) -> tuple[int, list[tuple[int, int]]]:
    """A few states, and edges of every kind: sparse or dense, parallel, loops, without cycles."""
    draw = random.Random(seed)
    states = draw.choice([1, 2, 3, 5, 8, 13, 21])
    density = draw.choice([0.3, 0.8, 1.2, 2.5])
    edges = [(draw.randrange(states), draw.randrange(states)) for _ in range(int(states * density) + 1)]
    if draw.random() < 0.3:
        edges = [(min(edge), max(edge)) for edge in edges if edge[0] != edge[1]]
    edges += draw.choices(edges, k=draw.randrange(3)) if edges else []
    draw.shuffle(edges)
    return states, edges
