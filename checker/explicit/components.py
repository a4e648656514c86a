"""One depth-first pass over the edges of a large graph, with the arrays that it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Ways", "fair_pass", "in_order", "machine_code_works", "ranks", "ways_pass"]

_NONE8 = np.zeros(1, dtype=np.uint8)
_NONE32 = np.zeros(1, dtype=np.int32)
_NONE64 = np.zeros(1, dtype=np.int64)
_WORDS = np.zeros(1, dtype=np.uint64)

Rows = npt.NDArray[Any]


def machine_code_works() -> bool:
    """Whether kernels run as machine code: not where LLVM cannot be loaded, and nothing is cached."""
    from checker.explicit import component_kernels as kernels

    return kernels.renumber.compiles(_NONE32, 0, _NONE32)


def ranks(
    offsets: Rows, targets: Rows, inside: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.int32]:
    """A number for each strong component; `OUTSIDE` for nodes that are not inside.

    Returns
    -------
    ndarray of int32, shape (nodes,)
    """
    from checker.explicit import component_kernels as kernels

    rank = _ranks(len(offsets) - 1, inside)
    _pass(kernels.PLAIN, offsets, targets, rank)
    return rank


def fair_pass(
    offsets: Rows,
    targets: Rows,
    labels: Rows,
    allowed: npt.NDArray[np.bool_],
    inside: npt.NDArray[np.bool_] | None,
    enabled: npt.NDArray[np.uint64],
    weak: npt.NDArray[np.uint64],
    strong: npt.NDArray[np.uint64],
    unit: Rows,
) -> npt.NDArray[np.int32]:
    """Which components a fair run can stay in.

    Parameters
    ----------
    allowed : ndarray of bool, shape (labels,)
        Edges that may recur.
    enabled : ndarray of uint64, shape (nodes, columns)
    weak, strong : ndarray of uint64, shape (columns,)
    unit : ndarray of int, shape (labels,)
        The fairness unit of each label, -1 for none.

    Returns
    -------
    ndarray of int32, shape (nodes,)
        As `found` of the kernel; `REJECTED` for nodes that are not inside.
    """
    from checker.explicit import component_kernels as kernels

    nodes = len(offsets) - 1
    rank = _ranks(nodes, inside)
    found = np.full(nodes, kernels.REJECTED, dtype=np.int32)
    # A unit without promise is in nobody's way.
    promised = np.repeat((weak | strong)[:, None], 64, axis=1).reshape(-1)
    column_of = np.full(len(allowed), -1, dtype=np.int32)
    bit_of = np.zeros(len(allowed), dtype=np.uint64)
    for label, number in enumerate(unit.tolist()):
        if number >= 0 and int(promised[number]) >> number % 64 & 1:
            column_of[label] = number // 64
            bit_of[label] = 1 << number % 64
    _pass(
        kernels.FAIR,
        offsets,
        targets,
        rank,
        labels=labels,
        allowed=allowed,
        found=found,
        enabled=enabled.reshape(-1),
        columns=enabled.shape[1],
        weak=weak,
        strong=strong,
        column_of=column_of,
        bit_of=bit_of,
    )
    return found


@dataclass(frozen=True, slots=True)
class Ways:
    """What `ways_pass` finds.

    Parameters
    ----------
    best : ndarray of int32, shape (nodes,)
        The greatest weight of a way from each node; -1 outside the region. Not to be relied on if
        there is a loop.
    loop : ndarray of int64 or None
        The nodes of the component with the smallest node, of those in the region that have a cycle
        with weight; None if there is none.
    """

    best: Rows
    loop: Rows | None

    @property
    def longest(self) -> int | None:
        """The greatest weight of all; None if there is no greatest."""
        return None if self.loop is not None else max(0, int(self.best.max(initial=0)))


def ways_pass(
    offsets: Rows,
    targets: Rows,
    labels: Rows,
    allowed: npt.NDArray[np.bool_],
    goal: npt.NDArray[np.bool_],
    weighted: int = 0,
    marks: Rows | None = None,
    row_of: Rows | None = None,
    at_target: Rows | None = None,
) -> Ways:
    """The longest ways inside the region from which a node outside the goal can be reached.

    Parameters are those of the kernel `depth_first`.
    """
    from checker.explicit import component_kernels as kernels

    nodes = len(offsets) - 1
    rank = _ranks(nodes, None)
    found = np.full(nodes, -1, dtype=np.int32)
    sums = np.array([0, nodes, 0], dtype=np.int64)
    _pass(
        kernels.WAYS,
        offsets,
        targets,
        rank,
        labels=labels,
        allowed=allowed,
        found=found,
        goal=goal,
        weighted=weighted,
        marks=marks,
        row_of=row_of,
        at_target=at_target,
        sums=sums,
    )
    looping, _, which = sums.tolist()
    return Ways(found, np.flatnonzero(rank == which) if looping else None)


def in_order(labels: Rows) -> int:
    """Rename labels in place, as `in_order_of_appearance` does; returns how many there are."""
    from checker.explicit import component_kernels as kernels

    known = np.full(int(labels.max(initial=-1)) + 1, -1, dtype=np.int32)
    return int(kernels.renumber(labels, len(labels), known))


def _ranks(nodes: int, inside: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int32]:
    from checker.explicit import component_kernels as kernels

    rank = np.zeros(nodes, dtype=np.int32)
    if inside is not None:
        rank[~inside] = kernels.OUTSIDE
    return rank


def _pass(
    what: int,
    offsets: Rows,
    targets: Rows,
    rank: Rows,
    *,
    labels: Rows | None = None,
    allowed: npt.NDArray[np.bool_] | None = None,
    found: Rows = _NONE32,
    enabled: Rows = _WORDS,
    columns: int = 0,
    weak: Rows = _WORDS,
    strong: Rows = _WORDS,
    column_of: Rows = _NONE32,
    bit_of: Rows = _WORDS,
    goal: Rows | None = None,
    weighted: int = 0,
    marks: Rows | None = None,
    row_of: Rows | None = None,
    at_target: Rows | None = None,
    sums: Rows = _NONE64,
) -> None:
    from checker.explicit import component_kernels as kernels
    from checker.native.waiting import interruptible

    nodes = len(rank)
    # Seconds, for a hundred million steps; all that it writes to is its own, or its caller's.
    interruptible(
        kernels.depth_first,
        what,
        int(labels is not None),
        offsets,
        targets,
        _NONE8 if labels is None else labels,
        _NONE8 if allowed is None else allowed.view(np.uint8),
        nodes,
        rank,
        np.empty(nodes + 1, dtype=np.int32),
        np.empty(nodes + 1, dtype=np.int32),
        np.empty(nodes + 1, dtype=np.int32),
        np.empty(nodes + 1, dtype=np.int64),
        found,
        enabled,
        columns,
        weak,
        strong,
        column_of,
        bit_of,
        _NONE8 if goal is None else goal.view(np.uint8),
        weighted,
        _NONE8 if marks is None else marks,
        _NONE32 if row_of is None else row_of,
        _NONE8 if at_target is None else at_target,
        sums,
    )
