"""The recurring steps that are known so far: sampled ones, and those with which Z3 refuted a proposal."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from checker.regimes.regime import UnderRegime
from checker.symbolic.columns import Columns
from checker.symbolic.evaluation import Row, stepper
from checker.symbolic.helpful import Unit
from checker.symbolic.samples import Samples
from checker.symbolic.starts import symbol_values
from checker.system.run import State

__all__ = ["KnownSteps"]

_MOST_OUTCOMES = 128
"""Combinations of parameters and choices that are tried of one action in one state."""


class KnownSteps:
    """States, and the recurring steps between them that change the state.

    Parameters
    ----------
    under : UnderRegime
    units : tuple of Unit
    samples : Samples

    Attributes
    ----------
    columns : Columns
        The states; those that Z3 gave need not be reachable, but satisfy the invariant.
    """

    def __init__(self, under: UnderRegime, units: tuple[Unit, ...], samples: Samples) -> None:
        self.under = under
        self.columns = Columns(under.system)
        self._unit = {
            (action, unit.arguments): number
            for number, unit in enumerate(units)
            for action in unit.actions
        }
        self._steps: dict[tuple[int, int, int], None] = {}
        self._arrays: npt.NDArray[np.int64] = np.zeros((0, 3), dtype=np.int64)
        self.expanded: set[int] = set()
        self._ways = [
            (
                action,
                stepper(under.system, action),
                [symbol_values(under.system, one) for one in (*action.parameters, *action.choices)],
            )
            for action in under.system.actions
            if action.name in under.recurring
        ]
        numbers = [self.columns.add(samples.state(index)) for index in range(len(samples))]
        for step in samples.steps:
            action = under.system.actions[step.action]
            if step.target >= 0 and action.name in under.recurring:
                self._put(numbers[step.source], action.name, step.arguments, numbers[step.target])
        self.expanded.update(
            number for number, expanded in zip(numbers, samples.expanded, strict=True) if expanded
        )

    @property
    def table(self) -> npt.NDArray[np.int64]:
        """Of each step the source, the target and the unit (-1 for none), shape (steps, 3)."""
        if len(self._arrays) != len(self._steps):
            self._arrays = np.array(list(self._steps), dtype=np.int64).reshape(-1, 3)
        return self._arrays

    def meet(self, state: State) -> None:
        """A state that Z3 found, with all its steps and those of its successors."""
        first = self.columns.add(state)
        for number in (first, *self._expand(first)):
            self._expand(number)

    def step(self, before: State, action: str, arguments: tuple[Any, ...], after: State) -> None:
        """A step that Z3 found, with what else is possible before and after it."""
        source, target = self.columns.add(before), self.columns.add(after)
        self._put(source, action, arguments, target)
        self._expand(source)
        self._expand(target)

    def _put(self, source: int, action: str, arguments: tuple[Any, ...], target: int) -> None:
        if source != target:
            self._steps[(source, target, self._unit.get((action, arguments), -1))] = None

    def _expand(self, number: int) -> list[int]:
        """Try every recurring step from a state; what it leads to."""
        if number in self.expanded:
            return []
        self.expanded.add(number)
        row: Row = self.columns.rows[number]
        following: dict[int, None] = {}
        for action, step, pools in self._ways:
            values = [pool(row)[0] for pool in pools]
            split = len(action.parameters)
            for tried, symbols in enumerate(product(*values)):
                if tried == _MOST_OUTCOMES:
                    break
                after = step(row, symbols)
                if after is None or isinstance(after, int):
                    continue
                target = self.columns.add(dict(zip(self.columns.names, after, strict=True)))
                self._put(number, action.name, symbols[:split], target)
                following[target] = None
        return list(following)
