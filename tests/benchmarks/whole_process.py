"""Runs a command as a whole process and measures it: seconds by the wall clock, peak memory, a time limit."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FLOOR", "Run", "run"]

FLOOR = 14_000_000
"""Bytes below which a peak says nothing: the small process that measures has about as much itself."""


@dataclass(frozen=True, slots=True)
class Run:
    """One process from its start to its end.

    Parameters
    ----------
    seconds : float
        By the wall clock.
    memory : int
        Peak resident bytes of the largest process of it.
    late : bool
        It was killed at the time limit.
    """

    returncode: int
    output: str
    errors: str
    seconds: float
    memory: int
    late: bool


# A process is measured from a small one of its own: the peak that the system keeps for "children" is of
# all of them so far, and a child begins with the peak of the one that it was forked from. The measured
# process leads a session of its own, so that at the limit its children end with it.
_MEASURE = """
import json, os, resource, signal, subprocess, sys, time
limit, command = float(sys.argv[1]), sys.argv[2:]
begin = time.perf_counter()
process = subprocess.Popen(
    command,
    stdin=subprocess.DEVNULL,
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
    errors="replace",
    start_new_session=True,
)
late, output, errors = False, "", ""
try:
    output, errors = process.communicate(timeout=limit)
except subprocess.TimeoutExpired:
    late = True
finally:
    seconds = time.perf_counter() - begin
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
unit = 1 if sys.platform == "darwin" else 1024
print(json.dumps([process.returncode, output, errors, seconds, peak * unit, late]))
"""


def run(command: Sequence[str], folder: Path, limit: float) -> Run:
    """Run a command in a folder for at most `limit` seconds.

    Raises
    ------
    OSError
        If it cannot be started.
    """
    measuring = subprocess.run(
        [sys.executable, "-S", "-c", _MEASURE, str(limit), *command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if measuring.returncode != 0:
        raise OSError(f"cannot measure {' '.join(command)}:\n{measuring.stderr}")
    return Run(*json.loads(measuring.stdout))
