"""The space-time diagram of a trace: one lane for each agent, time downwards, only what changed.

```
        reconcile               environment
   0    │                       │            desired=1  pods=0  view=0
   1    ● start → observed ────────────────▸ missing 0 → 1
   2    │                       ✸ crash ───▸ missing 1 → 0
```

Faults stand out in the environment's colour. A step that acted on an outdated copy is marked with
what it believed and what was true. A lasso has a bracket down its left side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from checker.evidence.trace import Trace, TraceStep
from checker.report.cause import Cause, fields_of
from checker.report.glyphs import UNICODE, Glyphs
from checker.report.memory import Memory
from checker.report.wording import differences, show_state, show_value
from checker.report.wrapping import broken, wrapped
from checker.system.shape import leaves
from checker.system.transition_system import Property, Role, TransitionSystem

__all__ = ["space_time"]

_COLOURS = ("cyan", "green", "blue", "magenta", "bright_cyan", "bright_green")
_FAULT = "bold red"
_INTENT = "bold yellow"
_STALE = "bold black on yellow"
_GUTTER = 8
_CHANGES = 24
"""The changes get at least this many columns before lanes are made narrower."""

_LONGEST = 40
"""Rows of a diagram: what is longer is left out in the middle (and whole in the ITF file)."""


@dataclass(frozen=True, slots=True)
class _Lane:
    agent: str
    start: int
    width: int
    style: str


def space_time(
    trace: Trace,
    system: TransitionSystem,
    *,
    cause: Cause | None = None,
    claim: Property | None = None,
    width: int = 80,
    glyphs: Glyphs = UNICODE,
) -> list[Text]:
    """The diagram as styled lines, none wider than `width` (from 40 columns on).

    Parameters
    ----------
    trace : Trace
    system : TransitionSystem
        The model's system: it knows which agents are processes and what is bookkeeping.
    cause : Cause, optional
        Which steps to highlight.
    claim : Property, optional
        What the trace breaks: its variables are named in the last line.
    """
    return list(_Diagram(trace, system, cause or Cause(""), claim, max(width, 40), glyphs).lines())


class _Diagram:
    def __init__(
        self,
        trace: Trace,
        system: TransitionSystem,
        cause: Cause,
        claim: Property | None,
        width: int,
        glyphs: Glyphs,
    ) -> None:
        self.trace = trace
        self.cause = cause
        self.claim = claim
        self.width = width
        self.glyphs = glyphs
        self.watched = fields_of(system, claim)
        self.roles = {field.name: field.role for field in system.fields}
        self.memory = Memory(system)
        self.processes = system.processes
        self.constant = {
            field.name
            for field in system.fields
            if all(leaf.domain.size == 1 for leaf in leaves(field.shape))
        }
        # A lasso that only stutters: there is no loop to draw, the run just ends.
        self.rests = trace.loop is not None and trace.steps[trace.loop :] == (None,)
        self.lanes = self._lay_out(_in_order(trace, system))
        end = self.lanes[-1].start + self.lanes[-1].width if self.lanes else _GUTTER
        # Where the lanes leave no room beside them, changes go below their step.
        self.beside = width - end >= 16
        self.changes_at = end if self.beside else _GUTTER + 2

    # ------------------------------------------------------------ layout

    def _lay_out(self, agents: Sequence[str]) -> list[_Lane]:
        if not agents:
            return []
        labels: dict[str, int] = {agent: cell_len(agent) for agent in agents}
        for position, step in enumerate(self.trace.steps):
            if step is not None:
                labels[step.agent] = max(labels[step.agent], cell_len(self._label(step, position)) + 2)
        room = self.width - _GUTTER - _CHANGES
        wide = {agent: length + 2 for agent, length in labels.items()}
        if sum(wide.values()) > room:
            # A label may run over the lanes to its right; only names need their own space,
            # and the last lane its label.
            wide = {agent: cell_len(agent) + 2 for agent in agents}
            reach = _GUTTER
            for agent in agents:
                reach = max(reach + wide[agent], min(reach + labels[agent] + 2, _GUTTER + room))
            spare = reach - _GUTTER - sum(wide.values())
            wide[agents[-1]] += max(0, spare)
        elif agents:
            # Room for an arrow from the last lane, too.
            wide[agents[-1]] += 2
        if sum(wide.values()) > room:
            each = max(4, room // len(agents))
            wide = {agent: min(columns, each) for agent, columns in wide.items()}
        lanes, start = [], _GUTTER
        styles = iter(_COLOURS * len(agents))
        for agent in agents:
            style = {"environment": "red", "user": "yellow"}.get(agent) or next(styles)
            lanes.append(_Lane(agent, start, wide[agent], style))
            start += wide[agent]
        return lanes

    def _label(self, step: TraceStep, position: int) -> str:
        """What the cell shows: the lane says already who acts."""
        label = str(step)
        for prefix in (f"{step.agent}: ", f"{step.agent}."):
            label = label.removeprefix(prefix)
        moved = self._moved(step, position)
        if moved and label == moved[0]:
            # A step with several ends: this one is known.
            label = f"{label} → {moved[1]}"
        return self.glyphs.plain(label)

    def _moved(self, step: TraceStep, position: int) -> tuple[str, str] | None:
        """From which point to which one a step has brought its process."""
        if position + 1 >= len(self.trace.states):
            return None
        before, after = self.trace.states[position], self.trace.states[position + 1]
        for process in self.processes:
            if process.agent == step.agent and process.position in after:
                return str(before[process.position]), str(after[process.position])
        return None

    # ------------------------------------------------------------ rows

    def lines(self) -> Iterator[Text]:
        if self.lanes:
            yield self._heading()
        yield from self._first()
        rows = range(len(self.trace.steps))
        skipped = range(0)
        if len(rows) > _LONGEST:
            skipped = range(_LONGEST // 2, len(rows) - _LONGEST // 2)
        for position in rows:
            if self.rests and position == len(rows) - 1:
                continue
            if position in skipped:
                if position == skipped.start:
                    yield Text(self.glyphs.plain(f"   … {len(skipped)} more steps …"), style="dim")
                continue
            yield from self._row(position)
        yield from self._last()

    def _heading(self) -> Text:
        line = Text(" " * _GUTTER)
        for lane in self.lanes:
            line.append(self._fit(lane.agent, lane.width), style=f"bold {lane.style}")
        line.rstrip()
        return line

    def _first(self) -> Iterator[Text]:
        fields = {
            name: value
            for name, value in self.trace.states[0].items()
            if self.roles.get(name, Role.FIELD) is Role.FIELD and name not in self.constant
        }
        parts = show_state(fields).split("  ") if fields else []
        yield from self._with_changes(self._lanes(0), 0, [Text(self.glyphs.plain(p)) for p in parts])

    def _row(self, position: int) -> Iterator[Text]:
        step = self.trace.steps[position]
        wrong = self.trace.fails_in_step and position == len(self.trace.steps) - 1
        believed = [read for read in self.cause.stale if read.position == position]
        parts = [
            Text(self.glyphs.plain(part), style=self._change_style(name))
            for name, before, after in self._news(position)
            for part in self._told(name, before, after, position, step)
        ]
        if step is None:
            parts = [Text("nothing happens", style="dim")]
        if wrong and self.trace.mishap is not None:
            parts = [Text(self.glyphs.plain(self.trace.mishap.message), style=_FAULT)]
        for read in believed:
            seen, actual = show_value(read.seen), show_value(read.actual)
            copy = read.copy.removeprefix(f"{read.agent}.")
            note = f" stale: {copy}={seen}, {read.source}={actual} "
            parts.insert(0, Text(self.glyphs.plain(note), style=_STALE))
        line = self._lanes(position + 1)
        if step is not None:
            line = self._act(line, step, position, wrong, bool(parts))
        yield from self._with_changes(line, position + 1, parts)

    def _act(self, line: Text, step: TraceStep, position: int, wrong: bool, tells: bool) -> Text:
        """Put the step's sign and label into its agent's lane, over the lanes to the right."""
        lane = next(lane for lane in self.lanes if lane.agent == step.agent)
        sign, style = self.glyphs.step, lane.style
        if step.kind == "fault" or step.faults:
            sign, style = self.glyphs.fault, _FAULT
        if step.kind == "intent":
            sign, style = self.glyphs.intent, _INTENT
        if wrong:
            sign, style = self.glyphs.wrong, _FAULT
        limit = self.changes_at if self.beside else self.width
        label = self._label(step, position)
        room = limit - lane.start - 3
        if cell_len(label) > room:
            label = self._fit(label, max(room, 1)).rstrip()
        cell = Text(f"{sign} ", style=style)
        cell.append(label, style=style)
        used = lane.start + cell.cell_len
        if tells and self.beside and limit - used >= 4:
            # The arrow of the step's effect, to where the change is told.
            arrow = f" {self.glyphs.message * (limit - used - 3)}{self.glyphs.arrow} "
            cell.append(arrow, style="dim")
        after = (
            line[lane.start + cell.cell_len :] if line.cell_len > lane.start + cell.cell_len else Text()
        )
        return Text.assemble(line[: lane.start], cell, after)

    def _with_changes(self, line: Text, row: int, parts: list[Text]) -> Iterator[Text]:
        """The line with what changed, on as many lines as that takes."""
        held: list[Text] = []
        room = self.width - self.changes_at
        for part in parts:
            pieces = [part] if part.cell_len <= room else broken(part, room)
            for piece in pieces:
                if held and held[-1].cell_len + 2 + piece.cell_len <= room:
                    held[-1] = Text.assemble(held[-1], "  ", piece)
                else:
                    held.append(piece)
        if not self.beside:
            line.rstrip()
            yield line
            for changed in held:
                yield Text.assemble(self._between(row), changed)
            return
        for index, changed in enumerate(held or [Text()]):
            start = line if index == 0 else self._between(row)
            start.pad_right(max(0, self.changes_at - start.cell_len))
            whole = Text.assemble(start, changed)
            whole.rstrip()
            yield whole

    def _last(self) -> Iterator[Text]:
        trace, glyphs = self.trace, self.glyphs
        if self.rests:
            line = Text(f"   {glyphs.again} ", style="bold magenta")
            line.append("stays like this for ever")
            yield line
        elif trace.loop is not None:
            line = Text(f" {glyphs.loop_end}{glyphs.message}{glyphs.again} ", style="bold magenta")
            line.append(f"repeats from step {trace.loop + 1} for ever")
            yield line
        last = trace.states[-1]
        held = {name: last[name] for name in self.watched if name in last}
        fails = {
            "always": "fails here",
            "never": "holds here",
            "transition": "fails in this step",
            "recoverable": "can not be reached from here any more",
            "deadlock_free": "fails: no step can change anything here",
        }
        if self.claim is not None and self.claim.kind in fails and trace.mishap is None:
            line = Text(f"   {glyphs.violated} ", style=_FAULT)
            line.append(f"{self.claim.name} {fails[self.claim.kind]}", style="bold")
            if held:
                line.append(glyphs.plain(f": {show_state(held)}"))
            yield from wrapped(line, self.width)

    # ------------------------------------------------------------ pieces

    def _lanes(self, row: int) -> Text:
        """The gutter with the loop's bracket and the row's number, then every lane empty."""
        line = self._gutter(row, f"{row:>3}")
        for lane in self.lanes:
            line.append(self.glyphs.lane.ljust(lane.width), style="dim")
        return line

    def _between(self, row: int) -> Text:
        line = self._gutter(row, "   ", continues=True)
        if not self.beside:
            line.append("  ")
            return line
        for lane in self.lanes:
            line.append(self.glyphs.lane.ljust(lane.width), style="dim")
        return line

    def _gutter(self, row: int, number: str, continues: bool = False) -> Text:
        loop, sign = self.trace.loop, " "
        if loop is not None and row > loop and not self.rests:
            begins = row == loop + 1 and not continues
            sign = self.glyphs.loop_begin if begins else self.glyphs.loop
        line = Text(f" {sign}", style="bold magenta")
        line.append(f"{number:>4}".ljust(_GUTTER - 2), style="dim")
        return line

    def _short(self, name: str, step: TraceStep | None) -> str:
        return name.removeprefix(f"{step.agent}.") if step is not None else name

    def _told(
        self, name: str, before: Any, after: Any, position: int, step: TraceStep | None
    ) -> Iterator[str]:
        short = self._short(name, step)
        if self.memory.begins(name, *self.trace.states[position : position + 2]):
            yield f"{short} = {show_value(after)}"
            return
        yield from differences(short, before, after)

    def _tells(self, name: str, row: int) -> bool:
        """Whether a change is news: the label tells positions, and a local's end is none."""
        role = self.roles.get(name, Role.FIELD)
        return role is not Role.POSITION and self.memory.tells(name, self.trace.states[row])

    def _news(self, position: int) -> Iterator[tuple[str, Any, Any]]:
        """What a step changed, and the locals that it gave their first value."""
        if position + 1 >= len(self.trace.states):
            return
        before, after = self.trace.states[position : position + 2]
        for name in after:
            changed = before.get(name) != after[name] and self._tells(name, position + 1)
            if changed or self.memory.begins(name, before, after):
                yield name, before.get(name), after[name]

    def _change_style(self, name: str) -> str:
        if name in self.watched:
            return "bold"
        return "dim" if self.roles.get(name) is Role.LOCAL else ""

    def _fit(self, text: str, width: int) -> str:
        if cell_len(text) <= width:
            return text.ljust(width)
        if width < 3:
            return text[: max(0, width - 1)].ljust(width)
        return (text[: width - 2] + self.glyphs.ellipsis).ljust(width)


def _in_order(trace: Trace, system: TransitionSystem) -> list[str]:
    """The agents that act: processes, then components and the model itself, then those outside."""
    acting = dict.fromkeys(step.agent for step in trace.steps if step is not None)
    processes = {process.agent: None for process in system.processes}
    known = dict.fromkeys(action.agent for action in system.actions)
    outside = ("environment", "user")
    ordered: dict[str, Any] = {}
    for group in (processes, known, acting):
        ordered |= {agent: None for agent in group if agent in acting and agent not in outside}
    return [*ordered, *(agent for agent in outside if agent in acting)]
