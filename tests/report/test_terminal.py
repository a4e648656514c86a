"""The verdict table: one screen, led by what one can act on."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.cells import cell_len

from checker import (
    ANY,
    Int,
    Model,
    Stale,
    action,
    always,
    attempt,
    check,
    converges,
    fault,
    process,
    reachable,
    recoverable,
    when,
)
from checker.findings.findings import Findings
from checker.report.glyphs import ASCII, UNICODE
from checker.report.json_report import check_document
from checker.report.terminal import Terminal, findings_lines


class ReplicaController(Model):
    """The example of the language: it misses its own writes."""

    desired = Int(0, 2, init=ANY)
    pods = Int(0, 4, init=0)
    view = Stale(pods)

    @process(restarts=True)
    def reconcile(self):
        missing = self.desired - self.view
        yield "observed"
        if missing > 0:
            attempt(self.create_pod)
        elif missing < 0:
            attempt(self.delete_pod)

    def create_pod(self):
        self.pods = min(self.pods + 1, 4)

    def delete_pod(self):
        self.pods = max(self.pods - 1, 0)

    @always
    def no_surplus(self):
        return self.pods <= self.desired + 1

    @converges(setpoint="desired", output="pods", expect="violated")
    def settled(self):
        return self.pods == self.desired


class Breaks(Model):
    """Something that breaks for good."""

    n = Int(0, 3, init=0)

    @action
    def count(self):
        when(self.n < 2)
        self.n += 1

    @fault
    def breaks(self):
        self.n = 3

    @recoverable
    def is_two(self):
        return self.n == 2

    @reachable
    def gets_to_two(self):
        return self.n == 2

    @reachable
    def is_negative(self):
        return self.n < 0

    @always
    def is_small(self):
        return self.n < 2


@pytest.fixture(scope="module")
def replica() -> Findings:
    return check(ReplicaController())


def table(found: Findings, width: int = 120, **options: Any) -> list[str]:
    options.setdefault("traces", "none")
    return [line.plain for line in findings_lines(found, width=width, glyphs=UNICODE, **options)]


def test_a_wide_table(replica: Findings) -> None:
    """Mark, property, kind, verdict and cause; scope and size above."""
    first, *rows = (line for line in table(replica) if not line.startswith("  ! "))
    assert first.startswith("ReplicaController ")
    assert "127 states · 418 steps · exhaustive · 0." in first
    assert rows == [
        "  ✗ no_surplus  always     violated in 6 steps              "
        "`reconcile` acted three times on a `view` that never saw its",
        " " * 60 + "own writes",
        "  ✗ settled     converges  violated, lasso, as documented   "
        "`pods` goes 0 → 1 → 2 → 1 → 0 for ever: `view` is refreshed,",
        " " * 60 + "but always 1 behind `pods` when `reconcile` acts",
    ]


def test_a_narrow_table(replica: Findings) -> None:
    """The cause goes below where it has no room beside."""
    assert table(replica, width=80)[1:3] == [
        "  ✗ no_surplus  always     violated in 6 steps",
        "      `reconcile` acted three times on a `view` that never saw its own writes",
    ]


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_no_line_is_too_wide(replica: Findings, width: int) -> None:
    """Table and diagrams keep to the terminal's width."""
    lines = [line for text in table(replica, width=width, traces="all") for line in text.split("\n")]
    assert max(map(cell_len, lines)) <= width


def test_the_shortest_counterexample_is_drawn(replica: Findings) -> None:
    """The others are a flag away."""
    lines = table(replica, traces="first")
    assert "  no_surplus · always · finitely_many" in lines
    assert not any("settled · converges" in line for line in lines)
    assert lines[-1] == "  1 more counterexample: --all-traces shows it"
    assert any("settled · converges" in line for line in table(replica, traces="all"))


def test_what_is_not_documented_is_said(replica: Findings) -> None:
    """With --expected, a verdict that its author did not foresee stands out."""
    lines = table(replica, expected=True)
    assert any("no_surplus" in line and "documented: holds" in line for line in lines)
    assert not any("settled" in line and "documented:" in line for line in lines)


def test_causes_of_other_kinds() -> None:
    """A witness is no counterexample; a way out that is lost says how."""
    rows = " ".join(" ".join(table(check(Breaks()))).split())
    assert "✗ is_two recoverable violated in 1 step from here it cannot be reached" in rows
    assert "any more: `breaks` struck at step 1" in rows
    assert "✓ gets_to_two reachable reached in 2 steps" in rows
    assert "✗ is_negative reachable violated it holds in no reachable state" in rows


def test_unknown_is_no_pass() -> None:
    """It has its own mark, and its reason."""
    rows = table(check(ReplicaController(), properties=["settled"], max_states=5), width=200)
    assert "incomplete" in rows[0]
    assert rows[1].startswith("  ? settled  converges  unknown")
    assert "more than 5 states" in rows[1]


def test_json_has_the_cause(replica: Findings) -> None:
    """What the table says is there for programs, too."""
    document = check_document([replica], 1, "0")
    (entry,) = (one for one in document["findings"] if one["property"] == "no_surplus")
    assert entry["cause"] == "`reconcile` acted three times on a `view` that never saw its own writes"


def test_a_stream_without_colour_or_unicode() -> None:
    """The text fits what the stream can carry."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    terminal = Terminal(stream)
    assert terminal.glyphs is ASCII
    assert terminal.render(["Käldström"]) == "K?ldstr?m\n"
