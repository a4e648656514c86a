"""The command `reconverge`; `python -m checker.cli` is the same."""

from __future__ import annotations

import os
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Instead of the process's own.

    Returns
    -------
    int
        0: every property holds. 1: one is violated. 2: a mistake in the use or in the model.
        3: an internal error. 4: inconclusive.
    """
    # Nothing here is linear algebra: threads that wait for some only take time from others.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    from checker.cli.failures import run

    return run(arguments)
