"""The three tools made ready for a case: what they compile, what they run, how their answer is read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.benchmarks.cases import Case
from tests.benchmarks.promela import fairness_bytes, process_per_instance, single_process
from tests.benchmarks.promela_models import promela
from tests.benchmarks.reports import Report, reconverge_report, spin_report, tlc_report

__all__ = ["CHECKOUT", "TOOLS", "Contender", "missing", "reconverge", "spin", "tlc"]

CHECKOUT = Path(__file__).parents[2]

TOOLS = ("Reconverge", "SPIN", "TLC")


@dataclass(frozen=True, slots=True)
class Contender:
    """A tool made ready for one case.

    Parameters
    ----------
    preparation : sequence of commands
        What has to be compiled for the case, each time.
    command : sequence of str
        The run itself.
    report : callable
        Reads what the run printed.
    product : bool
        The graph that it explores is not the model's own, so its counts are not to be compared.
    """

    tool: str
    folder: Path
    command: tuple[str, ...]
    report: Callable[[str], Report]
    preparation: tuple[tuple[str, ...], ...] = ()
    product: bool = False


def missing(tool: str, install: bool = True) -> str | None:
    """Why a tool cannot be used here; None if it can.

    Parameters
    ----------
    install : bool
        Whether SPIN may be installed as a Debian package, which is tried only as root.
    """
    if tool == "SPIN":
        absent = [program for program in ("spin", "gcc") if shutil.which(program) is None]
        if absent and install and os.geteuid() == 0 and shutil.which("apt-get"):
            _install_spin()
            absent = [program for program in absent if shutil.which(program) is None]
        return (
            f"{' and '.join(absent)} not on the PATH (Debian: apt-get install spin gcc)"
            if absent
            else None
        )
    if tool == "TLC":
        jar = os.environ.get("TLA2TOOLS_JAR")
        if not jar:
            return "TLA2TOOLS_JAR does not say where its jar is"
        if not Path(jar).is_file():
            return f"TLA2TOOLS_JAR: no file {jar}"
        return None if shutil.which("java") else "java is not on the PATH"
    return None


def _install_spin() -> None:
    """Try to; whether it was of use is seen by looking again."""
    print("installing SPIN (apt-get install spin gcc libc6-dev)", file=sys.stderr)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["update"],
        ["install", "--yes", "--no-install-recommends", "spin", "gcc", "libc6-dev"],
    ):
        run = subprocess.run(
            ["apt-get", "--quiet", *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if run.returncode != 0:
            print(f"apt-get {command[0]}: exit {run.returncode}\n{run.stderr}", file=sys.stderr)


def reconverge(case: Case) -> Contender:
    """The command of this checkout, run by this interpreter."""
    command = [sys.executable, "-m", "checker.cli"]
    if case.mode == "explore":
        command += ["explore", case.model]
    else:
        command += ["check", case.model]
        command += [part for name in case.properties for part in ("--property", name)]
    command += [part for name, value in case.parameters.items() for part in ("-p", f"{name}={value}")]
    return Contender("Reconverge", CHECKOUT, (*command, "--json"), reconverge_report)


# ---- SPIN -----------------------------------------------------------------------------------------------


def spin(
    case: Case, folder: Path, memory: int, depth: int = 10_000, pan: tuple[str, ...] = ()
) -> Contender:
    """SPIN, exhaustive and without partial-order reduction, so that it visits the same states and steps.

    For liveness its graph is the product of the model with the claim, and unfolded for fairness.

    Parameters
    ----------
    memory : int
        Bytes that it may allocate.
    depth : int
        Size of the stack, in steps. It is touched as a whole at the start, so that a generous one is
        paid for in memory and time.
    pan : sequence of str
        Options of `pan` instead of those for stack and hash table.
    """
    model = promela(case.model, case.parameters)
    fair = case.mode == "liveness"
    text = process_per_instance(model) if fair else single_process(model, case.mode == "safety")
    (folder / "peer.pml").write_text(text)
    options = [f"-DNFAIR={fairness_bytes(model)}"] if fair else ["-DSAFETY", "-DNOFAIR"]
    compiler = ("gcc", "-O2", "-w", "-DNOREDUCE", f"-DMEMLIM={memory // 2**20}", *options)
    # The hash table gets a slot for each state, rounded up to a power of two. The claim has two states,
    # and what is calm is stored besides what is not.
    copies = 1 if not fair else 3 if any(one.disturbance for one in model.instances) else 2
    states = (case.states or 1_000_000) * copies
    # With -b the end of the stack ends the search, which would otherwise go on and be incomplete.
    sizes = pan or (f"-m{depth}", f"-w{max(10, (states - 1).bit_length())}")
    return Contender(
        "SPIN",
        folder,
        (str(folder / "pan"), "-b", *(("-a", "-f") if fair else ()), *sizes),
        partial(spin_report, choices=0 if fair else len(model.choices)),
        (("spin", "-a", "peer.pml"), (*compiler, "-o", "pan", "pan.c")),
        product=fair,
    )


# ---- TLC ------------------------------------------------------------------------------------------------

_MODULES = {
    "counter::Counter": "Counter",
    "fleet::Fleet": "Fleet",
    "fleet::UnpromisedStart": "Fleet",
    "two_phase_commit::TwoPhaseCommit": "TwoPhaseCommit",
    "taxi::Taxi": "Taxi",
    "two_reconcilers::WithOwnership": "TwoReconcilers",
    "two_reconcilers::WithoutOwnership": "TwoReconcilers",
    "kubelet::LevelAndEdge": "Kubelet",
    "kuberay::WithExpectations": "KubeRay",
}


def tlc(case: Case, folder: Path) -> Contender:
    """TLC with one worker; the Java machine has its own defaults, besides the collector that TLC asks for."""
    module = _MODULES[case.model]
    shutil.copy(Path(__file__).with_name("tla") / f"{module}.tla", folder)
    (folder / f"{module}.cfg").write_text(_configuration(case))
    jar = os.path.abspath(os.environ["TLA2TOOLS_JAR"])
    # It unpacks its standard modules there.
    temporary = f"-Djava.io.tmpdir={folder}"
    java = ("java", "-XX:+UseParallelGC", temporary, "-cp", jar, "tlc2.TLC")
    command = (*java, "-workers", "1", "-deadlock", "-metadir", str(folder / "states"), module)
    return Contender("TLC", folder, command, tlc_report)


def _configuration(case: Case) -> str:
    """What TLC is asked; fairness is that of the specification, one WF for each instance of an action."""
    lines = ["CONSTANTS"]
    lines += [f"  {name.capitalize()} = {value}" for name, value in case.parameters.items()]
    if case.model.startswith("two_reconcilers"):
        lines.append(f"  Ownership = {str(case.model.endswith('WithOwnership')).upper()}")
    if case.mode == "liveness":
        fair = "UnpromisedSpec" if case.model == "fleet::UnpromisedStart" else "FairSpec"
        lines += [f"SPECIFICATION {fair}", "PROPERTY Live"]
    else:
        lines.append("SPECIFICATION Spec")
        if case.mode == "safety":
            lines.append("INVARIANT Safe")
    return "\n".join([*lines, ""])
