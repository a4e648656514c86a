"""Progress is told on stderr, only for what takes long, and only now and then."""

from __future__ import annotations

import io

import pytest

from checker.cli import progress as module
from checker.cli.progress import Progress


class Stream(io.StringIO):
    """A stderr that is a terminal, or is not."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


class Clock:
    """A clock that a test turns."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_short_work_is_silent(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing within two seconds."""
    stream = Stream(terminal=True)
    monkeypatch.setattr("sys.stderr", stream)
    with Progress("Taxi") as progress:
        clock.now += 1.9
        progress(10, 20, 5)
    assert stream.getvalue() == ""


def test_plain_lines_are_few(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal a line every ten seconds, with the rate."""
    stream = Stream(terminal=False)
    monkeypatch.setattr("sys.stderr", stream)
    with Progress("Taxi") as progress:
        for _ in range(300):
            clock.now += 0.1
            progress(1000, 2000, 5)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3
    assert "1,000 states" in lines[0] and "states/s" in lines[0]


def test_a_terminal_line_is_rewritten_and_wiped(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """It never scrolls, and nothing of it remains."""
    stream = Stream(terminal=True)
    monkeypatch.setattr("sys.stderr", stream)
    with Progress("Taxi") as progress:
        clock.now += 3
        progress(1000, 2000, 5)
    told = stream.getvalue()
    assert "\n" not in told
    assert told.endswith("\r") and told.split("\r")[-2].isspace()


def test_a_closed_stderr_stops_nothing(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who closes stderr still gets a verdict."""
    stream = Stream(terminal=False)
    monkeypatch.setattr("sys.stderr", stream)
    progress = Progress("Taxi")
    stream.close()
    clock.now += 3
    progress(1, 1, 1)
