"""Times `reconverge explore` as whole processes, beside SPIN and TLC where they are installed.

Run by `make bench`. Tools take turns, so that the ratios come from one and the same run; every run's
counts are compared with the known ones. SPIN is used where `spin` and `gcc` are on the PATH, TLC where
`java` is and `TLA2TOOLS_JAR` says where its jar is.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.peers import promela, spin_counts, tla, tlc_counts

__all__ = ["main"]

REPETITIONS = 3

Counts = tuple[int, int]
"""States, and steps without the initial state."""


@dataclass(frozen=True, slots=True)
class Case:
    """A model at one size, and its exact counts where they are known."""

    model: str
    parameters: dict[str, int]
    states: int | None = None
    steps: int | None = None

    def __str__(self) -> str:
        return f"{self.model}({', '.join(f'{name}={value}' for name, value in self.parameters.items())})"


CASES = (
    Case("fleet::Fleet", {"servers": 4, "faults": 6}, 103_674, 819_048),
    Case("counter", {"digits": 5, "base": 10}, 100_000, 500_000),
    Case("two_phase_commit", {"managers": 5}, 8_832),
    Case("fleet::Fleet", {"servers": 5, "faults": 6}, 1_119_738, 10_990_050),
)


@dataclass(frozen=True, slots=True)
class Contender:
    """A tool made ready for one case.

    Parameters
    ----------
    prepared : float
        Seconds of compiling beforehand, not part of the run.
    """

    tool: str
    command: tuple[str, ...]
    counts: Callable[[str], Counts]
    folder: Path
    prepared: float = 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """One whole process: its counts, wall-clock seconds and peak resident memory in bytes."""

    counts: Counts
    seconds: float
    memory: int


# A process is measured from a small one of its own: the peak that the system keeps for "children" is of
# all of them so far. (It is never below that small process itself, some 10 MB.)
MEASURE = """
import json, resource, subprocess, sys, time
begin = time.perf_counter()
run = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, capture_output=True, text=True)
seconds = time.perf_counter() - begin
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
unit = 1 if sys.platform == "darwin" else 1024
print(json.dumps([run.returncode, run.stdout, run.stderr, seconds, peak * unit]))
"""


def main() -> int:
    """Measure every case and print a Markdown table."""
    print(
        f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, medians of {REPETITIONS} whole processes\n"
    )
    print("| model | tool | states | steps | seconds | steps/s | peak MB | compiled in, s | ÷ ours |")
    print("|---|---|--:|--:|--:|--:|--:|--:|--:|", flush=True)
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            for row in rows(case, contenders(case, Path(folder))):
                print("| " + " | ".join(row) + " |", flush=True)
    return 0


def rows(case: Case, ready: list[Contender]) -> list[list[str]]:
    """One table row per contender, ours first."""
    runs: dict[str, list[Run]] = {contender.tool: [] for contender in ready}
    for _ in range(REPETITIONS):
        for contender in ready:
            runs[contender.tool].append(measured(case, contender))
    ours = statistics.median(run.seconds for run in runs[ready[0].tool])
    table = []
    for contender in ready:
        seconds = statistics.median(run.seconds for run in runs[contender.tool])
        memory = statistics.median(run.memory for run in runs[contender.tool])
        states, steps = runs[contender.tool][0].counts
        table.append(
            [
                str(case),
                contender.tool,
                f"{states:,}",
                f"{steps:,}",
                f"{seconds:.2f}",
                f"{steps / seconds:,.0f}",
                f"{memory / 1e6:,.0f}",
                f"{contender.prepared:.2f}",
                f"{seconds / ours:.2f}",
            ]
        )
    return table


def measured(case: Case, contender: Contender) -> Run:
    """Run a contender once and hold its counts against the known ones."""
    measuring = subprocess.run(
        [sys.executable, "-c", MEASURE, *contender.command],
        cwd=contender.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    returncode, output, errors, seconds, memory = json.loads(measuring.stdout)
    if returncode != 0:
        raise SystemExit(f"{contender.tool} on {case}: exit {returncode}\n{output}{errors}")
    states, steps = contender.counts(output)
    if case.states not in (None, states) or case.steps not in (None, steps):
        raise SystemExit(
            f"{contender.tool} on {case}: {states} states and {steps} steps,"
            f" but {case.states} and {case.steps} are known to be right"
        )
    return Run((states, steps), seconds, memory)


def contenders(case: Case, folder: Path) -> list[Contender]:
    """Ours, then each peer that is installed and has the model."""
    candidates = [reconverge(case, folder), spin(case, folder), tlc(case, folder)]
    return [candidate for candidate in candidates if candidate is not None]


def reconverge(case: Case, folder: Path) -> Contender:
    """The command of this environment."""
    command = Path(sys.executable).with_name("reconverge")
    if not command.exists():
        raise SystemExit(f"no {command}: install the package first (make bench does)")
    settings = [part for name, value in case.parameters.items() for part in ("-p", f"{name}={value}")]

    def counts(output: str) -> Counts:
        result = json.loads(output)
        return result["states"], result["steps"]

    return Contender(
        "reconverge", (str(command), "explore", case.model, *settings, "--json"), counts, folder
    )


def spin(case: Case, folder: Path) -> Contender | None:
    """SPIN, exhaustive and without partial-order reduction, so that it visits the same states and steps."""
    text = promela(case.model.partition("::")[0], case.parameters)
    if text is None or shutil.which("spin") is None or shutil.which("gcc") is None:
        return None
    (folder / "peer.pml").write_text(text)
    begin = time.perf_counter()
    subprocess.run(["spin", "-a", "peer.pml"], cwd=folder, check=True, capture_output=True)
    options = ["-O2", "-w", "-DNOREDUCE", "-DSAFETY", "-DNOFAIR"]
    subprocess.run(["gcc", *options, "-o", "pan", "pan.c"], cwd=folder, check=True, capture_output=True)
    prepared = time.perf_counter() - begin
    # The stack of a depth-first search holds every state at worst; the hash table gets a slot for each.
    states = case.states or 10_000_000
    limits = (f"-m{states + 1000}", f"-w{states.bit_length() + 1}")
    return Contender("SPIN", (str(folder / "pan"), *limits), spin_counts, folder, prepared)


def tlc(case: Case, folder: Path) -> Contender | None:
    """TLC with one worker, safety only."""
    text = tla(case.model.partition("::")[0], case.parameters)
    jar = os.environ.get("TLA2TOOLS_JAR")
    if text is None or not jar or shutil.which("java") is None:
        return None
    module, configuration = text
    (folder / "Peer.tla").write_text(module)
    (folder / "Peer.cfg").write_text(configuration)
    java = ("java", "-XX:+UseParallelGC", "-cp", os.path.abspath(jar), "tlc2.TLC")
    command = (*java, "-workers", "1", "-deadlock", "-metadir", str(folder / "tlc"), "Peer")
    return Contender("TLC", command, tlc_counts, folder)


if __name__ == "__main__":
    sys.exit(main())
