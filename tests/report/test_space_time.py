"""The space-time diagram: one lane for each agent, what changed, and what went wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from checker.evidence.trace import Mishap, Trace, TraceStep
from checker.report.cause import cause_of
from checker.report.glyphs import ASCII, UNICODE, glyphs_for
from checker.report.space_time import space_time
from checker.system.transition_system import Property, TransitionSystem


def drawn(trace: Trace, system: TransitionSystem, **options: object) -> list[str]:
    cause = cause_of(system, trace)
    return [line.plain for line in space_time(trace, system, cause=cause, **options)]  # type: ignore[arg-type]


def test_a_finite_trace(surplus: Trace, system: TransitionSystem, no_surplus: Property) -> None:
    """Each row shows its step in the agent's lane, what changed, and what was believed wrongly."""
    assert drawn(surplus, system, claim=no_surplus) == [
        "        reconcile",
        "     0  │                     desired=1  pods=0  view=0",
        "     1  ● start → observed ─▸ missing = 1",
        "     2  ● observed → start ─▸ pods 0 → 1",
        "     3  ● start → observed ─▸  stale: view=0, pods=1   missing = 1",
        "     4  ● observed → start ─▸ pods 1 → 2",
        "     5  ● start → observed ─▸  stale: view=0, pods=2   missing = 1",
        "     6  ● observed → start ─▸ pods 2 → 3",
        "   ✗ no_surplus fails here: desired=1  pods=3",
    ]


def test_a_lasso_has_a_bracket_and_says_where_it_returns(dying: Trace, system: TransitionSystem) -> None:
    """Lanes stand in the order process, component, environment; the loop is drawn at the left."""
    assert drawn(dying, system) == [
        "        reconcile           view       environment",
        "     0  │                   │          │              desired=1  pods=1  view=1",
        " ╭   1  │                   │          ✸ pod_dies ──▸ pods 1 → 0",
        " │   2  │                   ● refresh ──────────────▸ view 1 → 0",
        " │   3  ● start → observed ─────────────────────────▸ missing = 1",
        " │   4  ● observed → start ─────────────────────────▸ pods 0 → 1",
        " │   5  │                   ● refresh ──────────────▸ view 0 → 1",
        " ╰─↺ repeats from step 1 for ever",
    ]


def test_faults_and_stale_reads_stand_out(
    surplus: Trace, dying: Trace, system: TransitionSystem
) -> None:
    """A fault is red and bold, a stale read is on a yellow ground."""
    fault = next(line for line in space_time(dying, system) if "pod_dies" in line.plain)
    assert any("red" in str(span.style) for span in fault.spans)
    cause = cause_of(system, surplus)
    stale = next(line for line in space_time(surplus, system, cause=cause) if "stale" in line.plain)
    assert any("on yellow" in str(span.style) for span in stale.spans)


@pytest.mark.parametrize("width", [40, 44, 60, 80, 120, 200])
@pytest.mark.parametrize("glyphs", [ASCII, UNICODE], ids=["ascii", "unicode"])
def test_no_line_is_wider_than_the_terminal(
    surplus: Trace, dying: Trace, system: TransitionSystem, width: int, glyphs: object
) -> None:
    """Lanes get narrower and changes wrap; the terminal never has to break a line."""
    for trace in (surplus, dying):
        lines = drawn(trace, system, width=width, glyphs=glyphs)
        assert max(map(cell_len, lines)) <= width


def test_many_agents_still_fit(system: TransitionSystem) -> None:
    """Where lanes leave no room beside them, changes go below their step."""
    agents = [f"controller[{number}]" for number in range(12)]
    steps = tuple(TraceStep("act", f"{agent}: act", agent, "step") for agent in agents)
    states = tuple({"pods": number} for number in range(len(steps) + 1))
    trace = Trace("Many", (), "", "", "", states, steps)
    lines = [line.plain for line in space_time(trace, system, width=60)]
    assert max(map(cell_len, lines)) <= 60
    assert sum("→" in line for line in lines) == 12


def test_ascii_has_only_ascii(surplus: Trace, dying: Trace, system: TransitionSystem) -> None:
    """A stream that is not UTF-8 can carry every line."""
    assert glyphs_for("ascii") is ASCII
    assert glyphs_for("latin-1") is ASCII
    assert glyphs_for("no such encoding") is ASCII
    assert glyphs_for("utf-8") is UNICODE
    for trace in (surplus, dying):
        assert all(line.isascii() for line in drawn(trace, system, glyphs=ASCII))


def test_a_step_that_goes_wrong_says_what(surplus: Trace, system: TransitionSystem) -> None:
    """The last step has no successor; its row tells the mishap instead of a change."""
    mishap = Mishap("domain", "pods = 5 is outside Int(0, 4)", "pods")
    trace = replace(surplus, states=surplus.states[:-1], mishap=mishap)
    last = drawn(trace, system)[-1]
    assert last.startswith("     6  ✗ observed → start")
    assert last.endswith("pods = 5 is outside Int(0, 4)")


def test_a_long_trace_is_cut_in_the_middle(dying: Trace, system: TransitionSystem) -> None:
    """Its beginning and its end are what one reads."""
    trace = replace(
        dying, states=(*dying.states[:1], *dying.states[1:] * 100), steps=dying.steps * 100, loop=None
    )
    lines = drawn(trace, system)
    assert len(lines) < 60
    assert any("460 more steps" in line for line in lines)
