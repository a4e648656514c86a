"""Findings on one screen: what holds, what does not and why, how far that reaches, and a picture."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import IO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from checker.evidence.trace import Trace
from checker.findings.finding import Finding
from checker.findings.findings import Findings, Space
from checker.report.cause import cause_of, explain
from checker.report.glyphs import Glyphs, glyphs_for
from checker.report.space_time import space_time
from checker.report.wording import count
from checker.report.wrapping import hanging
from checker.system.run import Verdict
from checker.system.transition_system import Property

__all__ = ["Terminal", "findings_lines", "header", "trace_lines"]

_STYLES = {Verdict.HOLDS: "green", Verdict.VIOLATED: "bold red", Verdict.UNKNOWN: "bold yellow"}
_REPEATED = ("quiescent", "idempotent", "effect-once")
"""How the kinds of idempotence end."""

_CAUSE = 44
"""A cause that gets fewer columns than this stands on lines of its own."""


class Terminal:
    """Turns styled lines into the text for one stream: its colours, its width, its characters.

    Parameters
    ----------
    stream : file
        Where the text will go; nothing is written to it here.
    """

    def __init__(self, stream: IO[str]) -> None:
        is_terminal = hasattr(stream, "isatty") and stream.isatty()
        size = shutil.get_terminal_size((80, 24)).columns
        stated = os.environ.get("COLUMNS", "")
        self.width = size if is_terminal or stated.isdigit() else 80
        self.width = max(self.width, 40)
        self.glyphs = glyphs_for(getattr(stream, "encoding", None))
        self.encoding = getattr(stream, "encoding", None) or "ascii"
        self.buffer = StringIO()
        self.console = Console(
            file=self.buffer,
            force_terminal=True if is_terminal else None,
            width=self.width,
            highlight=False,
            soft_wrap=True,
            legacy_windows=False,
        )

    def render(self, lines: Iterable[Text | str]) -> str:
        """The lines as text, ready to be written at once."""
        for line in lines:
            self.console.print(line, soft_wrap=True, markup=False)
        text = self.buffer.getvalue()
        self.buffer.seek(0)
        self.buffer.truncate()
        # Names in a model may have letters that the terminal has not.
        return text.encode(self.encoding, "replace").decode(self.encoding)


def header(name: str, parameters: Iterable[tuple[str, object]], right: str, width: int) -> Text:
    """The model and its parameters on the left, what it took on the right."""
    line = Text(name, style="bold")
    given = "  ".join(f"{key}={value}" for key, value in parameters)
    if given:
        line.append(f"  {given}", style="not bold")
    gap = width - line.cell_len - cell_len(right)
    if gap >= 2:
        line.append(" " * gap)
        line.append(right, style="not bold dim")
    else:
        line.append(f"\n  {right}", style="not bold dim")
    return line


def findings_lines(
    found: Findings,
    *,
    width: int,
    glyphs: Glyphs,
    traces: str = "first",
    expected: bool = False,
) -> Iterator[Text]:
    """The verdict table, what is vacuous, and the space-time diagram of a counterexample.

    Parameters
    ----------
    traces : str
        "first" (the shortest counterexample), "all" (also witnesses), or "none".
    expected : bool
        Say which verdicts are not the documented ones.
    """
    yield header(found.model, found.parameters, glyphs.plain(_measured(found)), width)
    if not found.findings:
        yield Text("  no property to judge", style="bold yellow")
    # That the model's own steps are well defined is worth a line only where they are not.
    rows = [
        finding for finding in found if finding.kind != "domain" or finding.verdict is not Verdict.HOLDS
    ] or list(found)
    names = max((cell_len(finding.property) for finding in rows), default=0)
    kinds = max((cell_len(finding.kind) for finding in rows), default=0)
    verdicts = {id(finding): _verdict(finding, expected) for finding in rows}
    longest = max((cell_len(text) for text in verdicts.values()), default=0)
    for finding in rows:
        yield from _row(found, finding, verdicts[id(finding)], (names, kinds, longest), width, glyphs)
    for note in found.vacuity:
        yield from hanging(Text("  ! ", style="bold yellow"), 4, glyphs.plain(str(note)), width)
    for reduction in found.reductions:
        start = "    " if reduction.startswith(" ") else "  "
        yield from hanging(Text(start), len(start) + 2, glyphs.plain(reduction.strip()), width)
    told = list(_told(found, traces))
    for finding, trace in told:
        yield Text()
        title = Text(f"  {finding.property}", style="bold")
        about = f" · {finding.kind} · {finding.regime}"
        if finding.parameters != found.parameters:
            # What is violated in one instance is not proved of all.
            about += "".join(f" · {name}={value}" for name, value in finding.parameters)
        title.append(glyphs.plain(about), style="not bold dim")
        yield title
        yield from trace_lines(found, finding, trace, width=width, glyphs=glyphs)
    hidden = sum(1 for finding in found if finding.verdict is Verdict.VIOLATED) - len(told)
    if traces == "first" and hidden > 0:
        yield Text()
        rest = "it" if hidden == 1 else "them"
        yield Text(f"  {count(hidden, 'more counterexample')}: --all-traces shows {rest}", style="dim")


def trace_lines(
    found: Findings, finding: Finding, trace: Trace, *, width: int, glyphs: Glyphs
) -> list[Text]:
    """The space-time diagram of one finding's trace."""
    claim = found.claim(finding.property)
    cause = cause_of(found.system, trace, claim)
    shown = claim if finding.verdict is Verdict.VIOLATED else None
    lines = space_time(trace, found.system, cause=cause, claim=shown, width=width, glyphs=glyphs)
    if finding.verdict is Verdict.VIOLATED and finding.kind.endswith(_REPEATED) and finding.reason:
        mark = Text(f"   {glyphs.violated} ", style="bold red")
        lines += hanging(mark, 5, glyphs.plain(finding.reason), width)
    return lines


# ---------------------------------------------------------------- the table


def _measured(found: Findings) -> str:
    largest: Space | None = max(found.spaces, key=lambda space: space.states, default=None)
    parts = []
    if largest is not None:
        parts = [count(largest.states, "state"), count(largest.steps, "step")]
    scopes = list(dict.fromkeys(str(finding.scope) for finding in found))
    if any(not space.complete for space in found.spaces):
        scopes = ["incomplete"]
    if len(scopes) == 1:
        parts.append(scopes[0])
    return " · ".join([*parts, f"{found.seconds:.2f} s"])


def _verdict(finding: Finding, expected: bool) -> str:
    text = finding.summary
    if expected and not finding.as_expected:
        text += f", documented: {finding.expected}"
    elif finding.verdict is Verdict.VIOLATED and finding.as_expected:
        text += ", as documented"
    return text


def _row(
    found: Findings,
    finding: Finding,
    verdict: str,
    columns: tuple[int, int, int],
    width: int,
    glyphs: Glyphs,
) -> Iterator[Text]:
    names, kinds, verdicts = columns
    signs = {
        Verdict.HOLDS: glyphs.holds,
        Verdict.VIOLATED: glyphs.violated,
        Verdict.UNKNOWN: glyphs.unknown,
    }
    style = _STYLES[finding.verdict]
    line = Text(f"  {signs[finding.verdict]} ", style=style)
    line.append(finding.property.ljust(names), style="default not dim")
    line.append(f"  {finding.kind.ljust(kinds)}  ", style="not bold dim")
    line.append(verdict, style=style)
    holds = finding.verdict is Verdict.HOLDS
    why = glyphs.plain(
        _measures(finding, found.claim(finding.property)) if holds else explain(found, finding)
    )
    start = 4 + names + 2 + kinds + 2 + verdicts + 3
    if not why:
        yield line
    elif width - start >= _CAUSE:
        line.pad_right(start - line.cell_len)
        yield from hanging(line, start, why, width)
    else:
        yield line
        yield from hanging(Text(" " * 6), 6, why, width)


def _measures(finding: Finding, claim: Property | None) -> str:
    """What was measured of a property that holds, where a number says more than the verdict."""
    metrics = finding.metrics
    if finding.kind != "converges":
        return ""
    steps, rounds = metrics.get("steps"), metrics.get("rounds")
    parts = [count(steps, "step")] if isinstance(steps, int) else []
    parts += [count(rounds, "round")] if isinstance(rounds, int) else []
    bound = f"at most {' and '.join(parts)} after the last fault" if parts else metrics.get("unbounded")
    if steps == 0:
        bound = "in every state that can be reached"
    said = [str(bound)] if bound else []
    if metrics.get("self_stabilising") is True:
        said.append("self-stabilising")
    if claim is not None and claim.setpoint and isinstance(metrics.get("confluent"), bool):
        said.append("confluent" if metrics["confluent"] else "not confluent: several final states")
    return " · ".join(said)


# ---------------------------------------------------------------- which traces


def _told(found: Findings, traces: str) -> Iterator[tuple[Finding, Trace]]:
    if traces == "none":
        return
    pairs = [
        (finding, trace)
        for finding in found
        if (trace := finding.trace) is not None
        and (traces == "all" or finding.verdict is Verdict.VIOLATED)
    ]
    if traces == "all":
        yield from pairs
    elif pairs:
        yield min(pairs, key=_telling)


def _telling(pair: tuple[Finding, Trace]) -> tuple[bool, int]:
    """First what shows its violation by itself: one pass repeated is told by the reason beside it."""
    finding, trace = pair
    return finding.kind.endswith(_REPEATED), len(trace)
