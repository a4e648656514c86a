"""Lets the tools take turns on one case, and holds every answer against the known one."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.benchmarks.cases import Case
from tests.benchmarks.contenders import Contender, reconverge, spin, tlc
from tests.benchmarks.reports import Report, TooShallow, Unfinished
from tests.benchmarks.whole_process import run

__all__ = ["Attempt", "Conditions", "play"]

# SPIN's own default first; each next one costs a search that stops where it runs into the end of it.
_DEPTHS = tuple(10**power for power in range(4, 10))


@dataclass(frozen=True, slots=True)
class Conditions:
    """How often, and within what.

    Parameters
    ----------
    limit : float
        Seconds for one run, compiling included.
    repeat_below : float
        A run that took longer is not repeated.
    memory : int
        Bytes that SPIN may allocate; the others know the machine themselves.
    pan : sequence of str
        Options for SPIN's stack and hash table instead of the ones that fit the case best.
    """

    repetitions: int
    limit: float
    repeat_below: float
    memory: int
    pan: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of a tool, whole: its answer, seconds of compiling and of the rest, peak bytes."""

    report: Report
    compiling: float
    search: float
    memory: int


class _Over(Unfinished):
    """It took longer than the limit."""


class _Wrong(Unfinished):
    """It came to its end, with another answer than the known one."""


def play(
    case: Case,
    tools: Sequence[str],
    folder: Path,
    conditions: Conditions,
    tell: Callable[[str], None],
) -> list[dict[str, Any]]:
    """Run each tool `repetitions` times, in turns, so that the ratios come from the same minutes.

    Ours is run once more before, unmeasured, since Numba keeps on disk what it compiled; SPIN is, to
    find how deep its stack has to be.

    Returns
    -------
    list of dict
        One record for each tool, in their order: outcome ("finished", "over the limit" or what went
        wrong), verdict, counts, every measurement and the medians.
    """
    ready: dict[str, Contender] = {}
    outcomes = dict.fromkeys(tools, "finished")
    attempts: dict[str, list[Attempt]] = {tool: [] for tool in tools}

    def tried(tool: str, act: Callable[..., Any], *given: Any) -> Any:
        try:
            return act(*given)
        except _Over:
            outcomes[tool] = "over the limit"
        except Unfinished as problem:
            outcomes[tool] = str(problem)
        tell(f"{case}: {tool}: {outcomes[tool].partition(chr(10))[0]}")
        return None

    for tool in tools:
        # The counts of the first run stand for those that nobody has counted yet.
        rehearsed = tried(tool, _rehearsed, tool, case, folder, conditions)
        if rehearsed is not None:
            ready[tool], report = rehearsed
            case = _with_counts(case, ready[tool], report)
    for repetition in range(conditions.repetitions):
        for tool, contender in ready.items():
            before = attempts[tool]
            if outcomes[tool] != "finished":
                continue
            if before and before[-1].compiling + before[-1].search > conditions.repeat_below:
                continue
            attempt = tried(tool, _attempt, contender, case, conditions.limit)
            if attempt is not None:
                before.append(attempt)
                case = _with_counts(case, contender, attempt.report)
                seconds = f"{attempt.compiling:.2f} s + {attempt.search:.2f} s"
                tell(f"{case}: {tool}, run {repetition + 1}: {seconds}, {attempt.memory / 1e6:,.0f} MB")
    return [_record(case, tool, outcomes[tool], attempts[tool], ready.get(tool)) for tool in tools]


def _rehearsed(
    tool: str, case: Case, folder: Path, conditions: Conditions
) -> tuple[Contender, Report | None]:
    if tool == "TLC":
        return tlc(case, folder), None
    if tool == "Reconverge":
        ours = reconverge(case)
        return ours, _attempt(ours, case, conditions.limit).report
    if conditions.pan:
        return spin(case, folder, conditions.memory, pan=conditions.pan), None
    for depth in _DEPTHS:
        try:
            report = _attempt(
                spin(case, folder, conditions.memory, depth), case, conditions.limit
            ).report
        except TooShallow:
            continue
        needed = max(_DEPTHS[0], report.depth + 1_000)
        return spin(case, folder, conditions.memory, min(depth, needed)), report
    raise Unfinished(f"deeper than {_DEPTHS[-1]:,} steps")


def _attempt(contender: Contender, case: Case, limit: float) -> Attempt:
    compiling = 0.0
    for command in contender.preparation:
        step = run(command, contender.folder, limit - compiling)
        compiling += step.seconds
        if step.late:
            raise _Over
        if step.returncode != 0:
            raise Unfinished(f"{command[0]}: exit {step.returncode}\n{step.output}{step.errors}")
    search = run(contender.command, contender.folder, limit - compiling)
    if search.late:
        raise _Over
    if search.returncode < 0:
        raise Unfinished(f"killed by signal {-search.returncode}")
    try:
        report = contender.report(search.output)
    except TooShallow:
        raise
    except Unfinished as problem:
        if str(problem) == "out of memory":
            raise
        raise Unfinished(f"exit {search.returncode}: {problem}\n{search.errors}".strip()) from None
    _compare(contender, case, report)
    return Attempt(report, compiling, search.seconds, search.memory)


def _compare(contender: Contender, case: Case, report: Report) -> None:
    wrong = []
    if case.mode != "explore" and report.verdict != case.verdict:
        wrong.append(f"says {report.verdict}, but it is {case.verdict}")
    if not contender.product:
        for what, counted, known in (
            ("states", report.states, case.states),
            ("steps", report.steps, case.steps),
        ):
            if None not in (counted, known) and abs(counted - known) > report.rounded:
                wrong.append(f"counts {counted:,} {what}, but there are {known:,}")
    if wrong:
        raise _Wrong(f"WRONG: {'; '.join(wrong)}")


def _with_counts(case: Case, contender: Contender, report: Report | None) -> Case:
    if report is None or contender.product or report.rounded or None in (report.states, report.steps):
        return case
    return replace(case, states=case.states or report.states, steps=case.steps or report.steps)


def _record(
    case: Case, tool: str, outcome: str, attempts: Sequence[Attempt], contender: Contender | None
) -> dict[str, Any]:
    record: dict[str, Any] = {
        "case": case.title,
        "model": case.model,
        "parameters": case.parameters,
        "mode": case.mode,
        "properties": list(case.properties),
        "model_states": case.states,
        "model_steps": case.steps,
        "tool": tool,
        "outcome": outcome,
    }
    if contender is not None:
        record["commands"] = [list(command) for command in (*contender.preparation, contender.command)]
        record["product"] = contender.product
    if not attempts or outcome != "finished":
        return record
    whole = [one.compiling + one.search for one in attempts]
    return record | {
        "verdict": attempts[0].report.verdict if case.properties else None,
        "states": attempts[0].report.states,
        "steps": attempts[0].report.steps,
        "seconds": statistics.median(whole),
        "seconds_without_compiling": statistics.median(one.search for one in attempts),
        "peak_bytes": statistics.median(one.memory for one in attempts),
        "runs": [
            {"compiling": one.compiling, "search": one.search, "peak_bytes": one.memory}
            for one in attempts
        ],
    }
