"""Random walks by generated Python: for a few runs, where there is no machine code, and to retrace one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from checker.explicit import walk_kernels as kernels
from checker.explicit.dice import Dice
from checker.explicit.generated_predicates import edge_function, state_function
from checker.explicit.generated_python import Failure, expander
from checker.explicit.outcomes import outcomes
from checker.explicit.walk_ground import Ground
from checker.system.run import Run, Step

__all__ = ["PythonWalks"]

_REMEMBERED = 50_000
"""States whose steps are kept, as walks come by again and again."""

_OFTEN = 1 << 10

Move = tuple[int, int]
"""A label and the packed state it leads to; or -1 and the number of a failure."""


@dataclass(slots=True)
class _Crossroads:
    """A state: its bits, and its moves by action, own ones and those of faults and intents."""

    bits: int
    own: list[list[Move]]
    alien: list[list[Move]]


class PythonWalks:
    """Walks over one ground.

    Parameters
    ----------
    ground : Ground

    Attributes
    ----------
    failures : tuple of Failure
        What the numbers of failures mean.
    """

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        system, packing, watch = ground.system, ground.packing, ground.watch
        compiled = expander(system, packing, ground.instances)
        self.expand = compiled.expand
        self.failures: tuple[Failure, ...] = compiled.failures
        self.bits_of_state = state_function(system, packing, watch.of_state())
        self.bits_of_step = edge_function(system, packing, watch.of_step()) if watch.changes else None
        listed = ground.starts.listed
        self.listed = None if listed is None else [_packed(row) for row in listed.tolist()]
        self.known: dict[int, _Crossroads] = {}

    def rows(
        self, first: int, count: int, stop: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Walk some runs.

        Parameters
        ----------
        first, count : int
            Runs first … first+count-1.
        stop : ndarray of int64
            Not 0 where another thread wants no further runs; above 1 where this one is to be left, too.

        Returns
        -------
        rows : ndarray of int64, shape (runs, columns)
            What was noted of every run, in order; see `walk_kernels`. Fewer runs if stopped.
        taken : ndarray of int64, shape (actions,)
            How often every action was taken.

        Raises
        ------
        IllFormedSystem
            If an update leaves its domain where no hazard says so.
        NoInitialState
        """
        taken = [0] * len(self.ground.system.actions)
        starts = None if self.listed is not None else self.ground.starts.drawn(first, count)
        table: list[list[int]] = []
        for run in range(first, first + count):
            row = None
            if not stop[0]:
                row = self._row(run, None if starts is None else starts[run - first], taken, stop)
            if row is None:
                break
            table.append(row)
        array = np.array(table, dtype=np.int64).reshape(len(table), self.ground.columns)
        return array, np.array(taken, dtype=np.int64)

    def _row(
        self, run: int, start: int | None, taken: list[int], stop: npt.NDArray[np.int64]
    ) -> list[int] | None:
        """One run; None if it was left early."""
        ground, watch = self.ground, self.ground.watch
        row = [-1] * ground.columns
        bad, goals, stuck = len(watch.bad), len(watch.goals), len(watch.stuck)
        owing, changes = len(watch.owed), len(watch.changes)
        place_of_goals = kernels.FIXED + watch.events
        seen = held = owed = 0
        end, step = kernels.CUT, 0
        for step, (_, here, compared, move) in enumerate(self._states(run, start)):
            bits = here.bits
            holds = bits >> bad & (1 << goals) - 1
            for goal in _ones(holds ^ held):
                place = place_of_goals + 2 * goal
                if holds >> goal & 1:
                    if row[place] < 0:
                        row[place] = step
                    row[place + 1] = step
                else:
                    row[place + 1] = -1
            held = holds
            pairs = bits >> bad + goals + stuck
            owed = (owed | pairs) & ~(pairs >> owing) & (1 << owing) - 1
            happening = bits & (1 << bad) - 1 | compared << bad
            if not here.own:
                halted = bits >> bad + goals & (1 << stuck) - 1 | owed << stuck
                happening |= halted << bad + changes
            for event in _ones(happening & ~seen):
                row[kernels.FIXED + event] = step
            seen |= happening
            if move is None:
                end = kernels.CUT if here.own or here.alien else kernels.ENDED
                break
            label, where = move
            if label < 0:
                row[kernels.FAILURE] = where
                failure = self.failures[where]
                if failure.hazard is None:
                    end = kernels.BEYOND
                    break
                end, label = kernels.WRONG, failure.label
                step += 1
            taken[ground.action_of[label]] += 1
            if end == kernels.WRONG:
                break
            if step % _OFTEN == _OFTEN - 1 and stop[0] > 1:
                return None
        row[kernels.END], row[kernels.LENGTH], row[kernels.OWED] = end, step, owed
        return row

    # ------------------------------------------------------------ the walk itself

    def _states(
        self, run: int, start: int | None
    ) -> Iterator[tuple[int, _Crossroads, int, Move | None]]:
        """Yield every state, its moves, the bits of the step into it, and the move that is chosen."""
        dice = Dice(self.ground.key, run)
        if self.listed is not None:
            state = self.listed[dice.below(len(self.listed))]
        else:
            state = self.ground.starts.drawn(run, 1)[0] if start is None else start
        compared = 0
        for step in range(self.ground.steps + 1):
            here = self._crossroads(state)
            move = None
            if step < self.ground.steps and (here.own or here.alien):
                move = self._chosen(here, dice)
            yield state, here, compared, move
            if move is None or move[0] < 0:
                return
            if self.bits_of_step is not None:
                compared = next(self.bits_of_step([state], [[move[1]]]))
            state = move[1]

    @staticmethod
    def _chosen(here: _Crossroads, dice: Dice) -> Move:
        pool = here.own
        if here.alien and (not here.own or dice.below(kernels.FAULTS) == 0):
            pool = here.alien
        # First the action, then its outcome: an action with many outcomes is not the likelier.
        moves = pool[dice.below(len(pool))]
        return moves[dice.below(len(moves))]

    def _crossroads(self, state: int) -> _Crossroads:
        here = self.known.get(state)
        if here is None:
            if len(self.known) >= _REMEMBERED:
                self.known.clear()
            here = self.known[state] = self._looked_up(state)
        return here

    def _looked_up(self, state: int) -> _Crossroads:
        states, targets, labels, mishaps = [state], list[int](), list[int](), list[tuple[int, int]]()
        self.expand(0, 1, states, {state: 0}, [], [], targets, labels, [], mishaps)
        moves = [(label, states[to]) for label, to in zip(labels, targets, strict=True) if to]
        by_action: dict[int, list[Move]] = {}
        for label, packed in moves:
            by_action.setdefault(int(self.ground.action_of[label]), []).append((label, packed))
        for _, number in mishaps:
            action = int(self.ground.action_of[self.failures[number].label])
            by_action.setdefault(action, []).append((-1, number))
        own = [moves for action, moves in by_action.items() if self.ground.is_own[action]]
        alien = [moves for action, moves in by_action.items() if not self.ground.is_own[action]]
        return _Crossroads(next(self.bits_of_state([state])), own, alien)

    # ------------------------------------------------------------ one run again

    def retrace(self, run: int, steps: int) -> Run:
        """The first steps of a run.

        Parameters
        ----------
        run : int
        steps : int
            How many; if the last of them is the one that goes wrong, the result ends in its hazard.
        """
        ground, packing = self.ground, self.ground.packing
        states: list[dict[str, Any]] = []
        taken: list[Step] = []
        for state, _, _, move in self._states(run, None):
            states.append(packing.unpack(state))
            if len(taken) == steps or move is None:
                break
            label, where = move
            if label < 0:
                failure = self.failures[where]
                instance = ground.instances[failure.label]
                taken.append(Step(instance.action.name, instance.arguments, failure.choices))
                return Run(tuple(states), tuple(taken), hazard=failure.hazard)
            taken.append(self._step(label, states[-1], packing.unpack(where)))
        return Run(tuple(states), tuple(taken))

    def _step(self, label: int, before: dict[str, Any], after: dict[str, Any]) -> Step:
        """A move with the first choices that lead to its result."""
        instance = self.ground.instances[label]
        action, arguments = instance.action, instance.arguments
        if not action.choices:
            return Step(action.name, arguments)
        for choices, result in outcomes(action, arguments, before):
            if result == after:
                return Step(action.name, arguments, choices)
        raise ValueError(f"{instance.name} has no such outcome")


def _ones(bits: int) -> Iterator[int]:
    while bits:
        yield (bits & -bits).bit_length() - 1
        bits &= bits - 1


def _packed(words: list[int]) -> int:
    return sum(word << 64 * place for place, word in enumerate(words))
