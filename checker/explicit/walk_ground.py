"""What every random walk of a system needs: where it begins, who acts, and what is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from checker.explicit.dice import key_of
from checker.explicit.instances import instances_of
from checker.explicit.packing import Packing, packing_of
from checker.explicit.state_graph import Instance
from checker.explicit.walk_kernels import FIXED
from checker.explicit.walk_starts import Starts, widened
from checker.explicit.watch import Watch
from checker.regimes.regime import UnderRegime
from checker.system.transition_system import Kind, TransitionSystem

__all__ = ["Ground", "ground_of"]


@dataclass(frozen=True)
class Ground:
    """A system under a regime, ready for random walks.

    Parameters
    ----------
    under : UnderRegime
    system : TransitionSystem
        As far as a walk may go.
    packing : Packing
    instances : tuple of Instance
    watch : Watch
    steps : int
        Of a run at most.
    seed : int
    starts : Starts
    """

    under: UnderRegime
    system: TransitionSystem
    packing: Packing
    instances: tuple[Instance, ...]
    watch: Watch
    steps: int
    seed: int
    starts: Starts

    @property
    def key(self) -> int:
        """Of the streams of random numbers."""
        return key_of(self.seed)

    @property
    def columns(self) -> int:
        """Numbers that are noted of a run; see `walk_kernels`."""
        return FIXED + self.watch.events + 2 * len(self.watch.goals)

    @cached_property
    def action_of(self) -> npt.NDArray[np.int32]:
        """The number of every label's action, shape (labels,)."""
        numbers = {action.name: number for number, action in enumerate(self.system.actions)}
        return np.array([numbers[one.action.name] for one in self.instances], dtype=np.int32)

    @cached_property
    def is_own(self) -> npt.NDArray[np.uint8]:
        """1 for every action that is neither fault nor intent, shape (actions,)."""
        return np.array([action.kind is Kind.STEP for action in self.system.actions], dtype=np.uint8)


def ground_of(under: UnderRegime, watch: Watch, steps: int, seed: int) -> Ground:
    """Make a system ready.

    Raises
    ------
    TooManyOutcomes, NotEnumerable
        As in an exploration; but a variable needs no bound.
    BadInitialValue, NoInitialState
        If a walk has nowhere to begin.
    """
    system = widened(under.system)
    packing = packing_of(system.variables)
    instances, _ = instances_of(system)
    starts = Starts(under.system, packing, seed)
    return Ground(under, system, packing, instances, watch, steps, seed, starts)
