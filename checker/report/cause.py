"""One sentence that says why: which fault struck, which stale value was believed.

Computed from the trace and the system alone; nothing is known of particular models.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any

from checker.evidence.trace import Trace, TraceStep, encoded
from checker.explicit.outcomes import outcomes, values_of
from checker.findings.finding import Finding
from checker.findings.findings import Findings
from checker.report.stale import StaleRead, copies, stale_reads
from checker.report.wording import count, joined, show_state, show_value, times
from checker.system.run import Verdict
from checker.system.shape import leaves
from checker.system.transition_system import Fairness, Kind, Property, Role, TransitionSystem
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
        sentence = _for_ever(system, trace, reads, faults, watched)
    else:
        sentence = _once(trace, reads, faults, watched)
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
    trace: Trace, reads: tuple[StaleRead, ...], faults: tuple[int, ...], watched: tuple[str, ...]
) -> str:
    why = _struck(trace, reads, faults)
    if trace.mishap is not None and trace.mishap.message:
        return f"{trace.mishap.message}, after {why}" if why else trace.mishap.message
    if not trace.steps:
        return f"already in an initial state: {_held(trace, watched)}".removesuffix(": ")
    if why:
        return why
    agents = _distinct(f"`{step.agent}`" for step in trace.steps if step is not None)
    steps = count(sum(step is not None for step in trace.steps), "step")
    return f"{steps} of {joined(agents)}, without any fault"


def _struck(trace: Trace, reads: tuple[StaleRead, ...], faults: tuple[int, ...]) -> str:
    """What went before: stale reads, else faults, else changed wishes; empty if nothing did."""
    if reads:
        believed = _own_writes(trace, reads) or _believed(reads)
        placed = [_placed(trace, positions) for positions in _alike(trace, faults)]
        return f"{believed}, after {joined(placed)}" if placed else believed
    if faults:
        alike = _alike(trace, faults)
        if len(alike) > 1:
            return joined([_placed(trace, positions) for positions in alike])
        return _told_once(trace, alike[0])
    wishes = tuple(i for i, step in enumerate(trace.steps) if step is not None and step.kind == "intent")
    placed = [_placed(trace, positions) for positions in _alike(trace, wishes)]
    return f"{joined(placed)} changed what is wanted" if placed else ""


def _own_writes(trace: Trace, reads: tuple[StaleRead, ...]) -> str:
    """An agent whose own writes a copy never showed: the classic read-own-write miss."""
    last = reads[-1]
    until = trace.states[: last.position + 2]
    values = [state[last.copy] for state in until if last.copy in state]
    writers = [
        step.agent
        for position, step in enumerate(trace.steps)
        if step is not None and any(name == last.source for name, _, _ in trace.changes(position))
    ]
    if not writers or set(writers) != {last.agent} or any(value != values[0] for value in values):
        return ""
    acts = times(len(writers))
    return f"`{last.agent}` acted {acts} on a `{last.copy}` that never saw its own writes"


def _believed(reads: tuple[StaleRead, ...]) -> str:
    worst = max(reads, key=lambda read: (read.lag or 0, read.position))
    text = (
        f"`{worst.agent}` acted on a stale `{_own(worst)}` = {show_value(worst.seen)} "
        f"while `{worst.source}` was {show_value(worst.actual)} (step {worst.position + 1})"
    )
    others = _distinct(f"`{_own(read)}`" for read in reads if read.copy != worst.copy)
    return f"{text}, and on a stale {joined(others)}" if others else text


def _own(read: StaleRead) -> str:
    """What an agent calls the copy that it acted on."""
    return read.copy.removeprefix(f"{read.agent}.")


def _alike(trace: Trace, positions: Iterable[int]) -> list[list[int]]:
    """Positions of steps with the same name, together, in the order of their first."""
    groups: dict[str, list[int]] = {}
    for position in positions:
        groups.setdefault(_name(trace, position), []).append(position)
    return list(groups.values())


def _placed(trace: Trace, positions: list[int]) -> str:
    if len(positions) > 3:
        return f"`{_name(trace, positions[0])}` ({times(len(positions))})"
    places = joined([str(position + 1) for position in positions])
    return f"`{_name(trace, positions[0])}` (step{'s' if len(positions) > 1 else ''} {places})"


def _told_once(trace: Trace, positions: list[int]) -> str:
    name, first = _name(trace, positions[0]), positions[0]
    if len(positions) > 1:
        return f"`{name}` struck {times(len(positions))}"
    before = next((step for step in trace.steps[:first][::-1] if step is not None), None)
    where = f", right after `{before}`" if before is not None else ""
    return f"`{name}` struck at step {first + 1}{where}"


def _name(trace: Trace, position: int) -> str:
    step = trace.steps[position]
    assert step is not None
    if step.kind == "step" and step.faults:
        return " and ".join(step.faults)
    return str(step)


def _held(trace: Trace, watched: tuple[str, ...]) -> str:
    last = trace.states[-1]
    return show_state({name: last[name] for name in watched if name in last}, ", ")


# ---------------------------------------------------------------- lassos


def _for_ever(
    system: TransitionSystem,
    trace: Trace,
    reads: tuple[StaleRead, ...],
    faults: tuple[int, ...],
    watched: tuple[str, ...],
) -> str:
    assert trace.loop is not None
    loop = trace.loop
    if not any(True for position in range(loop, len(trace)) for _ in trace.changes(position)):
        held = _held(trace, watched)
        ends = "nothing more happens" if any(trace.steps) else "nothing ever happens"
        stuck = f"{ends} while {held}" if held else ends
        why = "; ".join(filter(None, (_struck(trace, reads, faults), _postponed(system, trace))))
        return f"{stuck}: {why}" if why else stuck
    path, name = _path(system, trace, loop, watched)
    within = tuple(read for read in reads if read.position >= loop)
    if within:
        return f"{path}: {_late(system, trace, within)}"
    again = tuple(position for position in faults if position >= loop)
    if again:
        return (
            f"{path}, since {joined([f'`{n}`' for n in _names(trace, again)])} strikes again and again"
        )
    if not name:
        # Nothing of the world moves any more: what went before has brought it there.
        why = _struck(trace, reads, faults)
        return f"{path}: {why}" if why else path
    if faults:
        return f"{path}, since {_struck(trace, (), faults)}"
    wishes = tuple(
        position
        for position in range(loop, len(trace))
        if (step := trace.steps[position]) is not None and step.kind == "intent"
    )
    if wishes:
        wanted = joined(_distinct(f"`{_action(trace, position)}`" for position in wishes))
        return f"{path}, since {wanted} changes what is wanted again and again"
    rivals = _rivals(trace, loop, name)
    return f"{path}: {joined(rivals)} undo each other's work" if len(rivals) > 1 else path


def _postponed(system: TransitionSystem, trace: Trace) -> str:
    """The steps that could still be taken at the end, but that no fairness promises."""
    last = encoded(system, trace)[0][-1]
    possible = [
        f"`{action.label}`"
        for action in system.actions
        if action.kind is Kind.STEP and action.fairness is Fairness.NONE
        for arguments in product(*(values_of(symbol) for symbol in action.parameters))
        if any(result != last for _, result in outcomes(action, arguments, last))
    ]
    return f"{joined(_distinct(possible))} could, but nothing promises it" if possible else ""


def _path(
    system: TransitionSystem, trace: Trace, loop: int, watched: tuple[str, ...]
) -> tuple[str, str]:
    """`pods` goes 1 → 2 → 1 for ever: the first watched field that varies in the loop.

    Where none does: what they stay at, and the first other field of the world that varies.
    """
    copied = {copy.name for copy in copies(system)}
    world = [one.name for one in system.fields if one.role is Role.FIELD and one.name not in copied]
    for name in (*watched, *world):
        values: list[Any] = []
        for state in trace.states[loop:]:
            if name in state and (not values or values[-1] != state[name]):
                values.append(state[name])
        if len(values) > 1:
            shown = [show_value(value) for value in values]
            if len(shown) > 7:
                shown = [*shown[:6], "…", shown[-1]]
            path = f"`{name}` goes {' → '.join(shown)} for ever"
            stays = "" if name in watched else _held(trace, watched)
            return f"it stays at {stays} while {path}" if stays else path, name
    if stays := _held(trace, watched):
        agents = _distinct(f"`{step.agent}`" for step in trace.steps[loop:] if step is not None)
        goes = "goes" if len(agents) == 1 else "go"
        return f"it stays at {stays} for ever, though {joined(agents)} {goes} on", ""
    labels = _distinct(f"`{step}`" for step in trace.steps[loop:] if step is not None)
    shown = labels if len(labels) <= 3 else [*labels[:3], "…"]
    return f"{', '.join(shown)} for ever", ""


def _rivals(trace: Trace, loop: int, name: str) -> list[str]:
    """Who changes a field in the loop: agents, or where that is one, its different steps."""
    steps = [
        step
        for position in range(loop, len(trace))
        if (step := trace.steps[position]) is not None
        and any(changed == name for changed, _, _ in trace.changes(position))
    ]
    agents = _distinct(f"`{step.agent}`" for step in steps)
    return agents if len(agents) > 1 else _distinct(f"`{step}`" for step in steps)


def _late(system: TransitionSystem, trace: Trace, within: tuple[StaleRead, ...]) -> str:
    last = within[-1]
    assert trace.loop is not None
    refreshed = any(
        name == last.copy
        for position in range(trace.loop, len(trace))
        for name, _, _ in trace.changes(position)
    )
    lags = {read.lag for read in within if read.copy == last.copy}
    lag = lags.pop() if len(lags) == 1 else None
    behind = f"behind `{last.source}`" if lag is None else f"{lag} behind `{last.source}`"
    if not refreshed:
        return f"`{last.copy}` stays {behind}"
    is_component = any(
        copy.name == last.copy and last.agent not in copy.keepers for copy in copies(system)
    )
    verb = "refreshed" if is_component else "read again"
    return f"`{last.copy}` is {verb}, but always {behind} when `{last.agent}` acts"


def _names(trace: Trace, positions: Iterable[int]) -> list[str]:
    return _distinct(_name(trace, position) for position in positions)


def _action(trace: Trace, position: int) -> str:
    step = trace.steps[position]
    assert step is not None
    return step.label


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
