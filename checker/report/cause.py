"""One sentence that says why: which fault struck, which stale value was believed.

Computed from the trace and the system alone; nothing is known of particular models.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from checker.evidence.trace import Trace, TraceStep
from checker.findings.finding import Finding
from checker.findings.findings import Findings
from checker.report.stale import StaleRead, copies, stale_reads
from checker.report.wording import count, joined, show_state, show_value, times
from checker.system.run import Verdict
from checker.system.shape import leaves
from checker.system.transition_system import Property, TransitionSystem
from checker.system.walk import variables_of

__all__ = ["Cause", "cause_of", "explain", "fields_of"]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a trace goes as it goes.

    Parameters
    ----------
    sentence : str
    stale : tuple of StaleRead
        Steps that acted on an outdated copy.
    faults : tuple of int
        Positions of the steps that are faults.
    """

    sentence: str
    stale: tuple[StaleRead, ...] = ()
    faults: tuple[int, ...] = ()


def cause_of(system: TransitionSystem, trace: Trace, claim: Property | None = None) -> Cause:
    """The cause of a counterexample.

    Parameters
    ----------
    system : TransitionSystem
        The model's system, before any regime.
    trace : Trace
    claim : Property, optional
        What the trace breaks: its predicate says which variables matter.
    """
    reads = stale_reads(system, trace)
    faults = tuple(i for i, step in enumerate(trace.steps) if step is not None and _is_fault(step))
    watched = fields_of(system, claim)
    if trace.loop is not None:
        sentence = _for_ever(system, trace, reads, watched)
    else:
        sentence = _once(system, trace, reads, faults, watched)
    return Cause(sentence, reads, faults)


def explain(found: Findings, finding: Finding) -> str:
    """Why a property is violated, or why that is not known, in one sentence.

    Where the trace alone does not say what is wrong with its end, the engine's reason leads.
    """
    trace, claim = finding.trace, found.claim(finding.property)
    if finding.verdict is Verdict.UNKNOWN or trace is None:
        return finding.reason
    if claim is not None and claim.kind == "idempotent" and finding.reason:
        return finding.reason
    sentence = cause_of(found.system, trace, claim).sentence
    if claim is not None and claim.kind in ("recoverable", "deadlock_free", "transition"):
        return ": ".join(part for part in (finding.reason, sentence) if part)
    return sentence or finding.reason


def fields_of(system: TransitionSystem, claim: Property | None) -> tuple[str, ...]:
    """The fields that a property speaks of, as the author named them; setpoint and output first."""
    if claim is None:
        return ()
    roots = [root for root in (claim.predicate, claim.premise) if root is not None]
    read = variables_of(roots) | set(claim.world)
    names = [*claim.output, *claim.setpoint]
    for field in system.fields:
        touched = field.name in read or any(leaf.variable in read for leaf in leaves(field.shape))
        if touched and field.name not in names:
            names.append(field.name)
    known = {field.name for field in system.fields}
    return tuple(name for name in dict.fromkeys(names) if name in known)


def _is_fault(step: TraceStep) -> bool:
    return step.kind == "fault" or bool(step.faults and step.kind != "intent")


# ---------------------------------------------------------------- finite traces


def _once(
    system: TransitionSystem,
    trace: Trace,
    reads: tuple[StaleRead, ...],
    faults: tuple[int, ...],
    watched: tuple[str, ...],
) -> str:
    if trace.mishap is not None and trace.mishap.message:
        why = _struck(trace, reads, faults)
        return f"{trace.mishap.message}, after {why}" if why else trace.mishap.message
    if not trace.steps:
        held = {name: trace.states[0][name] for name in watched if name in trace.states[0]}
        return f"already in an initial state: {show_state(held)}".rstrip(": ")
    why = _struck(trace, reads, faults)
    if why:
        return why
    agents = list(dict.fromkeys(step.agent for step in trace.steps if step is not None))
    steps = count(sum(step is not None for step in trace.steps), "step")
    return f"{steps} of {joined([f'`{agent}`' for agent in agents])}, without any fault"


def _struck(trace: Trace, reads: tuple[StaleRead, ...], faults: tuple[int, ...]) -> str:
    """What went before: stale reads, else faults and changed wishes; empty if nothing did."""
    struck = joined(_faults(trace, faults))
    if reads:
        believed = _own_writes(trace, reads) or _believed(reads)
        return f"{believed}, after {struck}" if struck else believed
    if struck:
        return struck
    wishes = [f"`{step}`" for step in trace.steps if step is not None and step.kind == "intent"]
    return f"{joined(_distinct(wishes))} changed the wish midway" if wishes else ""


def _own_writes(trace: Trace, reads: tuple[StaleRead, ...]) -> str:
    """An agent whose own writes a copy never showed: the classic read-own-write miss."""
    last = reads[-1]
    values = [state[last.copy] for state in trace.states if last.copy in state]
    writers = [
        step.agent
        for position, step in enumerate(trace.steps)
        if step is not None and any(name == last.source for name, _, _ in trace.changes(position))
    ]
    if not writers or set(writers) != {last.agent} or any(value != values[0] for value in values):
        return ""
    acts = len(writers)
    return f"`{last.agent}` acted {times(acts)} on a `{last.copy}` that never saw its own writes"


def _believed(reads: tuple[StaleRead, ...]) -> str:
    worst = max(reads, key=lambda read: (read.lag or 0, read.position))
    text = (
        f"`{worst.agent}` acted on a stale `{worst.copy}` = {show_value(worst.seen)} "
        f"while `{worst.source}` was {show_value(worst.actual)} (step {worst.position + 1})"
    )
    others = [read.copy for read in reads if read.copy != worst.copy]
    return text + (f", and on a stale {joined([f'`{o}`' for o in _distinct(others)])}" if others else "")


def _faults(trace: Trace, faults: Iterable[int]) -> list[str]:
    """The faults in order, equal ones counted, the first of each placed."""
    struck: dict[str, list[int]] = {}
    for position in faults:
        step = trace.steps[position]
        assert step is not None
        struck.setdefault(_fault_name(step), []).append(position)
    if len(struck) == 1:
        ((name, positions),) = struck.items()
        first = positions[0]
        if len(positions) > 1:
            return [f"`{name}` struck {times(len(positions))}"]
        before = next((s for s in trace.steps[:first][::-1] if s is not None), None)
        where = f", right after `{before}`" if before is not None else ""
        return [f"`{name}` struck at step {first + 1}{where}"]
    return [
        f"`{name}` (step {', '.join(str(position + 1) for position in positions)})"
        for name, positions in struck.items()
    ]


def _fault_name(step: TraceStep) -> str:
    if step.kind == "fault" and len(step.faults) <= 1:
        return str(step)
    return " and ".join(step.faults)


# ---------------------------------------------------------------- lassos


def _for_ever(
    system: TransitionSystem, trace: Trace, reads: tuple[StaleRead, ...], watched: tuple[str, ...]
) -> str:
    assert trace.loop is not None
    loop = trace.loop
    path = _path(trace, loop, watched)
    turning = [step for step in trace.steps[loop:] if step is not None]
    if not any(True for position in range(loop, len(trace.steps)) for _ in trace.changes(position)):
        held = {name: trace.states[-1][name] for name in watched if name in trace.states[-1]}
        stuck = f"nothing more happens while {show_state(held)}" if held else "nothing more happens"
        why = _struck(trace, reads, tuple(i for i, s in enumerate(trace.steps) if s and _is_fault(s)))
        return f"{stuck}: {why}" if why else stuck
    if not path:
        labels = _distinct([f"`{step}`" for step in turning])
        shown = joined(labels) if len(labels) <= 3 else ", ".join(labels[:3]) + ", …"
        path = f"{shown} for ever"
    within = tuple(read for read in reads if read.position >= loop)
    if within:
        return f"{path}: {_late(system, trace, within)}"
    struck = _faults(trace, (i for i, step in enumerate(trace.steps) if step and _is_fault(step)))
    return f"{path}, since {joined(struck)}" if struck else path


def _path(trace: Trace, loop: int, watched: tuple[str, ...]) -> str:
    """`pods` goes 1 → 2 → 1 for ever: the first watched field that varies in the loop."""
    for name in watched:
        values: list[Any] = []
        for state in trace.states[loop:]:
            if name in state and (not values or values[-1] != state[name]):
                values.append(state[name])
        if len(values) > 1:
            shown = [show_value(value) for value in values]
            if len(shown) > 7:
                shown = [*shown[:6], "…", shown[-1]]
            return f"`{name}` goes {' → '.join(shown)} for ever"
    return ""


def _late(system: TransitionSystem, trace: Trace, within: tuple[StaleRead, ...]) -> str:
    last = within[-1]
    assert trace.loop is not None
    refreshed = any(
        name == last.copy
        for position in range(trace.loop, len(trace.steps))
        for name, _, _ in trace.changes(position)
    )
    lags = {read.lag for read in within if read.copy == last.copy}
    if len(lags) == 1 and None not in lags:
        behind = f"{show_value(lags.pop())} behind `{last.source}`"
    else:
        behind = f"behind `{last.source}`"
    if not refreshed:
        return f"`{last.copy}` stays {behind}"
    is_component = any(
        copy.name == last.copy and last.agent not in copy.keepers for copy in copies(system)
    )
    verb = "refreshed" if is_component else "read again"
    return f"`{last.copy}` is {verb}, but always {behind} when `{last.agent}` acts"


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
