"""Ranks from sampled steps: non-negative whole coefficients, proposed by linear programming.

Level by level, as words in a dictionary: a level must not rise on any step that no earlier level lowers,
and lowers as many of these as possible. The set of steps that one level can lower has a greatest element,
so that taking it first loses nothing.

References
----------
C. Alias, A. Darte, P. Feautrier, L. Gonnord, "Multi-dimensional rankings, program termination, and
complexity bounds of flowchart programs", SAS 2010: the greedy construction is complete for
lexicographic linear ranks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checker.symbolic.features import Feature
from checker.system.expression import Expression, add, constant, mul

__all__ = ["Level", "next_level", "rank_of"]

Matrix = npt.NDArray[np.float64]

_LARGEST = 16
"""Greatest coefficient."""

_NODES = 2000
"""Nodes of the branch and bound tree; a bound that does not depend on how fast the machine is."""


@dataclass(frozen=True, slots=True)
class Level:
    """One component of a rank.

    Parameters
    ----------
    terms : tuple of (int, int)
        Number of a feature and its coefficient, which is positive.
    """

    terms: tuple[tuple[int, int], ...]


def next_level(falls: Matrix, weights: Sequence[int]) -> Level | None:
    """The level that lowers most of the given steps and raises none; None if none can be lowered.

    Parameters
    ----------
    falls : ndarray, shape (steps, features)
        By how much each step lowers each feature; negative where it raises it.
    weights : sequence of int
        How unwelcome each feature is. Of all levels that lower as much the lightest is wanted.
    """
    rows = np.unique(falls, axis=0)
    rows = rows[np.any(rows != 0, axis=1)]
    # Of features that all the steps change alike the lightest is enough.
    order = np.argsort(np.asarray(weights), kind="stable")
    _, first = np.unique(rows[:, order], axis=1, return_index=True)
    kept = np.sort(order[first])
    kept = kept[np.any(rows[:, kept] > 0, axis=0)]
    rows = rows[:, kept]
    rows = rows[np.any(rows != 0, axis=1)]
    if not rows.size:
        return None
    by_how_much = _can_be_lowered(rows)
    light = np.asarray(weights, dtype=np.float64)[kept]
    found: Matrix | None = None
    # What is lowered by a fraction only would need larger coefficients than there are.
    for least in (0.5, 0.999):
        lowered = by_how_much > least
        if found is None and lowered.any():
            found = _lightest(rows, lowered, light)
    if found is None:
        return None
    return Level(tuple((int(kept[place]), int(found[place])) for place in np.flatnonzero(found > 0.5)))


def rank_of(level: Level, among: Sequence[Feature]) -> Expression:
    """The expression of a level."""
    total: Expression = constant(0)
    for number, coefficient in level.terms:
        total = add(total, mul(among[number].value, constant(coefficient)))
    return total


def _can_be_lowered(rows: Matrix) -> Matrix:
    """By how much one level can lower the steps: max Σ δ with rows · c ≥ δ, 0 ≤ δ ≤ 1, 0 ≤ c."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_matrix, hstack, identity

    steps, count = rows.shape
    objective = np.concatenate((np.zeros(count), -np.ones(steps)))
    limits = hstack([csr_matrix(-rows), identity(steps, format="csr")], format="csr")
    answer = linprog(
        objective,
        A_ub=limits,
        b_ub=np.zeros(steps),
        bounds=[(0, _LARGEST)] * count + [(0, 1)] * steps,
        method="highs",
    )
    if answer.x is None:
        return np.zeros(steps)
    found: Matrix = answer.x[count:]
    return found


def _lightest(rows: Matrix, lowered: npt.NDArray[np.bool_], weights: Matrix) -> Matrix | None:
    """Whole coefficients of least weight with rows · c ≥ 1 where lowered and ≥ 0 elsewhere."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    answer = milp(
        weights,
        constraints=LinearConstraint(rows, lb=lowered.astype(np.float64)),
        integrality=np.ones(rows.shape[1]),
        bounds=Bounds(0, _LARGEST),
        options={"node_limit": _NODES, "mip_rel_gap": 0.02},
    )
    if answer.x is None:
        return None
    found: Matrix = np.round(answer.x)
    return found
