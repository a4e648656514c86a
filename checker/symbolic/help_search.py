"""Where a fair unit is the one that brings a run on: predicates found on the steps that are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from checker.symbolic.helpful import Unit
from checker.symbolic.known_steps import KnownSteps
from checker.system.expression import Expression, conj, disj
from checker.system.proof import Helpful

__all__ = ["Help", "find_help", "uncovered"]

Bools = npt.NDArray[np.bool_]

_MOST_CUBES = 4000
"""Conjunctions of conditions that are looked at for one unit."""


@dataclass(frozen=True, slots=True)
class Help:
    """What the known steps say of a rank.

    Parameters
    ----------
    outside : ndarray of bool, shape (states,)
        Not at rest.
    steps : ndarray of int, shape (steps, 3)
        Source, target and unit of the steps outside the rest that leave the rank as it is.
    """

    outside: Bools
    steps: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Cube:
    """A conjunction of conditions, and the states outside the rest where it holds."""

    where: Expression
    holds: Bools


def uncovered(known: KnownSteps, units: Sequence[Unit], help: Help) -> npt.NDArray[np.int64]:
    """States in which no unit can be helpful, whatever predicates are chosen.

    Notes
    -----
    The largest sets of states with what the rule asks of helpful predicates are computed on the known
    steps: where they leave something out, the rank lowers too little.
    """
    left = help.outside.copy()
    for number, unit in enumerate(units):
        if not left.any():
            break
        left &= ~_closed(_possible(known, unit, number, help), help)
    return np.flatnonzero(left)


def find_help(
    known: KnownSteps, units: Sequence[Unit], help: Help, conditions: Sequence[Expression]
) -> tuple[Helpful, ...] | None:
    """Helpful predicates for the known steps: unions of conjunctions of up to two conditions.

    Parameters
    ----------
    known : KnownSteps
    units : sequence of Unit
    help : Help
    conditions : sequence of Expression
        What predicates are made of, besides that the unit is enabled.

    Returns
    -------
    tuple of Helpful, or None
        None if such predicates cannot cover every known state outside the rest.
    """
    for most in (0, 1, 2):
        offered = [
            _cubes(known, unit, number, help, conditions, most) for number, unit in enumerate(units)
        ]
        if not (help.outside & ~_union([cube for cubes in offered for cube in cubes], help)).any():
            return _few(units, offered, help)
    return None


def _possible(known: KnownSteps, unit: Unit, number: int, help: Help) -> Bools:
    """Where the unit is enabled and none of its steps leaves the rank as it is."""
    possible: Bools = known.columns(unit.enabled) & help.outside
    idle = help.steps[help.steps[:, 2] == number]
    possible[idle[:, 0]] = False
    return possible


def _closed(states: Bools, help: Help) -> Bools:
    """The largest subset that no step leaves which keeps the rank."""
    states = states.copy()
    source, target = help.steps[:, 0], help.steps[:, 1]
    while True:
        leaving = source[states[source] & ~states[target]]
        if not leaving.size:
            return states
        states[leaving] = False


def _cubes(
    known: KnownSteps,
    unit: Unit,
    number: int,
    help: Help,
    conditions: Sequence[Expression],
    most: int,
) -> list[_Cube]:
    """Conjunctions whose union is closed, without those that lie inside another."""
    possible = _closed(_possible(known, unit, number, help), help)
    if not possible.any():
        return []
    enabled: Bools = known.columns(unit.enabled) & help.outside
    found: dict[bytes, _Cube] = {}

    def offer(parts: tuple[Expression, ...], holds: Bools) -> None:
        if holds.any() and not (holds & ~possible).any():
            found.setdefault(holds.tobytes(), _Cube(conj(unit.enabled, *parts), holds))

    offer((), enabled)
    if not found and most >= 1:
        columns = [(one, enabled & known.columns(one)) for one in conditions]
        columns = [(one, holds) for one, holds in columns if holds.any()]
        for one, holds in columns:
            offer((one,), holds)
        if most >= 2:
            useful = [(one, holds) for one, holds in columns if (holds & possible).any()]
            for (one, first), (other, second) in combinations(useful, 2):
                if len(found) >= _MOST_CUBES:
                    break
                offer((one, other), first & second)
    return _largest(_together(list(found.values()), help))


def _together(cubes: list[_Cube], help: Help) -> list[_Cube]:
    """Those whose union no step leaves that keeps the rank."""
    source, target = help.steps[:, 0], help.steps[:, 1]
    while cubes:
        union = _union(cubes, help)
        leaving = np.unique(source[union[source] & ~union[target]])
        if not leaving.size:
            break
        cubes = [cube for cube in cubes if not cube.holds[leaving].any()]
    return cubes


def _largest(cubes: list[_Cube]) -> list[_Cube]:
    """Without those that lie inside another one; the largest first."""
    kept: list[_Cube] = []
    for cube in sorted(cubes, key=lambda one: -int(one.holds.sum())):
        if not any(not (cube.holds & ~other.holds).any() for other in kept):
            kept.append(cube)
    return kept


def _union(cubes: Sequence[_Cube], help: Help) -> Bools:
    union = np.zeros(help.outside.shape, dtype=np.bool_)
    for cube in cubes:
        union |= cube.holds
    return union


def _few(units: Sequence[Unit], offered: Sequence[list[_Cube]], help: Help) -> tuple[Helpful, ...]:
    """As few of the conjunctions as cover everything: whole units first, then single ones."""
    kept = [list(cubes) for cubes in offered]

    def covers() -> bool:
        return not (help.outside & ~_union([one for cubes in kept for one in cubes], help)).any()

    for number in sorted(range(len(kept)), key=lambda i: int(_union(kept[i], help).sum())):
        before, kept[number] = kept[number], []
        if not covers():
            kept[number] = before
    for number, cubes in enumerate(kept):
        for cube in reversed(cubes):
            before = kept[number]
            kept[number] = [one for one in before if one is not cube]
            if len(_together(kept[number], help)) != len(kept[number]) or not covers():
                kept[number] = before
    return tuple(
        Helpful(unit.group, unit.arguments, disj(*(cube.where for cube in cubes)))
        for unit, cubes in zip(units, kept, strict=True)
        if cubes
    )
