"""Random walks by machine code, from generated Python's ground: ten million steps a second and more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from checker.explicit import walk_kernels as kernels
from checker.explicit.generated_python import Failure, IllFormedSystem
from checker.explicit.packing import NotCompilable
from checker.explicit.walk_ground import Ground

if TYPE_CHECKING:
    from checker.explicit.machine_predicates import MachinePredicate

__all__ = ["NativeWalks"]


class NativeWalks:
    """Walks over one ground, as in `PythonWalks`; several threads may call it at once.

    Parameters
    ----------
    ground : Ground

    Attributes
    ----------
    failures : tuple of Failure
        What the numbers of failures mean.

    Raises
    ------
    NotCompilable
        If machine code cannot do it, or there is none here.
    """

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        watch = ground.watch
        if not watch.fits:
            raise NotCompilable("more properties than fit a number of the machine's")
        self.observe, self.compare = self._compile()
        self.failures: tuple[Failure, ...] = self.successors.failures
        actions = ground.action_of
        self.failure_action = np.array(
            [actions[failure.label] for failure in self.failures] or [0], dtype=np.int32
        )
        self.is_beyond = np.array(
            [int(failure.hazard is None) for failure in self.failures] or [0], dtype=np.uint8
        )
        self.layout = np.array(
            [len(part) for part in (watch.bad, watch.goals, watch.stuck, watch.owed, watch.changes)],
            dtype=np.int64,
        )
        listed = ground.starts.listed
        self.listed = None if listed is None else np.ascontiguousarray(listed).reshape(-1)
        # Compiles the kernel here, once, and not in several threads at the same time.
        self.rows(0, 0, np.zeros(1, dtype=np.int64))

    def _compile(self) -> tuple[MachinePredicate, MachinePredicate]:
        system, packing, watch = self.ground.system, self.ground.packing, self.ground.watch
        try:
            from checker.explicit.machine_predicates import compile_predicate
            from checker.explicit.machine_successors import compile_successors

            self.successors = compile_successors(system, packing)
            observe = compile_predicate(system, packing, watch.of_state())
            if not watch.changes:
                return observe, observe
            return observe, compile_predicate(system, packing, watch.of_step())
        except (ImportError, OSError) as problem:
            # LLVM itself cannot be loaded: under a tight limit on addresses, for example.
            raise NotCompilable(f"no machine code here: {problem}") from None

    def rows(
        self, first: int, count: int, stop: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Walk some runs; as `PythonWalks.rows`."""
        ground, most = self.ground, self.successors.most
        width, columns = ground.packing.words, ground.columns
        actions = len(ground.system.actions)
        rows = np.empty(count * columns, dtype=np.int64)
        taken = np.zeros(actions, dtype=np.int64)
        if self.listed is not None:
            starts, choices = self.listed, len(self.listed) // width
        else:
            starts = ground.packing.matrix(ground.starts.drawn(first, count)).reshape(-1)
            choices = 0
        done = kernels.walk_runs(
            self.successors,
            self.observe,
            self.compare,
            width,
            int(bool(ground.watch.changes)),
            starts,
            choices,
            ground.key,
            first,
            count,
            ground.steps,
            ground.action_of,
            ground.is_own,
            self.failure_action,
            self.is_beyond,
            self.layout,
            np.empty(width, dtype=np.uint64),
            np.empty(most * width, dtype=np.uint64),
            np.empty(most, dtype=np.int32),
            np.empty(most, dtype=np.int32),
            np.empty(most, dtype=np.int32),
            np.empty(7 * max(1, actions), dtype=np.int32),
            np.empty(1, dtype=np.uint64),
            rows,
            columns,
            taken,
            stop,
        )
        table = rows.reshape(count, columns)
        if done < count and table[done, kernels.END] == kernels.LEAVING:
            label, variable = self.successors.leaving[-1 - int(table[done, kernels.FAILURE])]
            name = ground.instances[label].name
            raise IllFormedSystem(name, variable, int(table[done, kernels.LENGTH]))
        return table[:done], taken
