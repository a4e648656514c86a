"""Where random walks begin, and how far they can go: an enumeration's bound does not stop a walk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from checker.explicit.dice import Dice, key_of
from checker.explicit.generated_predicates import state_function
from checker.explicit.generated_python import completer
from checker.explicit.initial_states import BadInitialValue, InitialStates
from checker.explicit.packing import Packing
from checker.system.expression import TRUE
from checker.system.transition_system import TransitionSystem, Variable

__all__ = ["MOST_LISTED", "NoInitialState", "Starts", "widened"]

_FAR = 2**31 - 1
"""What an unbounded variable may reach in a walk at least."""

_SPREAD = 100
"""An unbounded variable that may begin anywhere begins at most so far above its least value."""

MOST_LISTED = 1_000_000
"""Combinations of initial values up to which they are all written out."""

_ATTEMPTS = 10_000
_BATCH = 4096


class NoInitialState(ValueError):
    """There is none, or none was found."""


def widened(system: TransitionSystem) -> TransitionSystem:
    """The system with unbounded domains as far as a walk may go.

    The bound at which an enumeration stops is no part of a model's behaviour: a walk goes on beyond
    it. Only what leaves the new, far bound cannot be followed, and is counted by itself.
    """
    return replace(system, variables=tuple(map(_widened, system.variables)))


def _widened(variable: Variable) -> Variable:
    domain = variable.domain
    if domain.high is not None:
        return variable
    given = variable.initial if isinstance(variable.initial, tuple) else ()
    far = max(_FAR, domain.bound or 0, *(int(value) for value in given), domain.low)
    return replace(variable, domain=replace(domain, bound=far))


class Starts:
    """The initial states of the runs of one seed.

    Every variable has each of its different initial values equally often, independently of the
    others; what does not fit together is drawn again. Where there are not too many combinations
    they are listed, and one of them is chosen: the same distribution.

    Parameters
    ----------
    system : TransitionSystem
        Before it was widened.
    packing : Packing
        Of the widened system.
    seed : int

    Attributes
    ----------
    listed : ndarray of uint64, shape (states, words), or None
        All initial states; None if there are too many.

    Raises
    ------
    BadInitialValue
        If initial values depend on each other in a circle, or are outside their domain.
    NoInitialState
        If there is none.
    """

    def __init__(self, system: TransitionSystem, packing: Packing, seed: int) -> None:
        self.system = _begun(system)
        self.packing = packing
        self.key = key_of(seed, 1)
        self.states = InitialStates(self.system, packing)
        self.listed: npt.NDArray[np.uint64] | None = None
        if prod(map(_size, self.states.pools)) <= MOST_LISTED:
            found = [packed for batch in self.states.batches() for packed in batch]
            if not found:
                raise NoInitialState(f"{system.name} has no initial state")
            self.listed = packing.matrix(found)
        if self.states.beyond:
            raise BadInitialValue(f"{system.name} has initial values too large for a walk")

    def drawn(self, first: int, count: int) -> list[int]:
        """Packed initial states of runs first … first+count-1, where they are not listed.

        Raises
        ------
        NoInitialState
            If for some run nothing that fits together is found.
        """
        found: list[int] = []
        for start in range(first, first + count, _BATCH):
            found += self._drawn(start, min(_BATCH, first + count - start))
        return found

    def _drawn(self, first: int, count: int) -> list[int]:
        constant = sum(pool[0] for pool in self.states.pools if _size(pool) == 1)
        pools = [(_size(pool), pool) for pool in self.states.pools if _size(pool) > 1]
        dice = [Dice(self.key, run) for run in range(first, first + count)]
        found = [-1] * count
        waiting = list(range(count))
        for _ in range(_ATTEMPTS):
            words = [
                constant + sum(pool[dice[run].below(size)] for size, pool in pools) for run in waiting
            ]
            for run, packed in zip(waiting, words, strict=True):
                found[run] = packed
            self._complete(found, waiting)
            waiting = [
                run for run, good in zip(waiting, self._fit(found, waiting), strict=True) if not good
            ]
            if not waiting:
                return found
        raise NoInitialState(
            f"no initial state of {self.system.name} found in {_ATTEMPTS} attempts: "
            "its initial values hardly ever fit together"
        )

    def _complete(self, found: list[int], runs: Sequence[int]) -> None:
        """Fill in what is computed from other initial values."""
        if not self.states.computed:
            return
        beyond: list[int] = []
        done = list(self._completer([found[run] for run in runs], beyond))
        if beyond:
            raise BadInitialValue(f"{self.system.name} has initial values too large for a walk")
        for run, packed in zip(runs, done, strict=True):
            found[run] = packed

    def _fit(self, found: list[int], runs: Sequence[int]) -> list[bool]:
        if self.system.wellformed is TRUE:
            return [True] * len(runs)
        return [bool(good) for good in self._wellformed(found[run] for run in runs)]

    @cached_property
    def _completer(self) -> Callable[[Iterable[int], list[int]], Iterator[int]]:
        return completer(self.system, self.packing, self.states.computed)

    @cached_property
    def _wellformed(self) -> Callable[[Iterable[int]], Iterator[Any]]:
        return state_function(self.system, self.packing, self.system.wellformed)


def _begun(system: TransitionSystem) -> TransitionSystem:
    """The system with the domains that initial values are drawn from."""
    variables = []
    for variable in system.variables:
        domain = variable.domain
        if domain.high is None and variable.initial is None:
            bound = domain.low + _SPREAD if domain.bound is None else domain.bound
            variables.append(replace(variable, domain=replace(domain, high=bound, bound=None)))
        else:
            variables.append(_widened(variable))
    return replace(system, variables=tuple(variables))


def _size(pool: Sequence[int]) -> int:
    # len() is limited to what an index in C can hold.
    return (pool.stop - pool.start) // pool.step if isinstance(pool, range) else len(pool)
