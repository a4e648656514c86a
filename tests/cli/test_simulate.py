"""`reconverge simulate --runs`, as a user runs it: what it says, its exit code, Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MODELS = '''\
"""One that goes wrong, one that does not, one of which nothing but a run is asked."""

from checker import Int, Model, Param, action, always, converges, fault, reachable, when


class Climber(Model):
    top = Param(3, min=2)
    x = Int(0, top, init=0)

    @action
    def up(self):
        when(self.x < 2)
        self.x += 1

    @fault
    def slip(self):
        when(self.x == 2)
        self.x = self.top

    @always
    def low(self):
        return self.x < 3

    @converges(regime="none")
    def two(self):
        return self.x == 2


class Sound(Climber):
    @always
    def low(self):
        return self.x <= self.top


class Reached(Model):
    x = Int(0, 1, init=0)

    @action
    def go(self):
        self.x = 1

    @reachable
    def gone(self):
        return self.x == 1


class Endless(Model):
    x = Int(0, 1, init=0)

    @action
    def flip(self):
        self.x = 1 - self.x

    @always
    def small(self):
        return self.x < 2
'''


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "ops.py").write_text(MODELS)
    return tmp_path


def environment(**more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "FORCE_COLOR")}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "COLUMNS": "100", **more}


def run(place: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "checker.cli", "simulate", *arguments],
        cwd=place,
        env=environment(**more),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def test_a_violation_is_counted_and_drawn(place: Path) -> None:
    """How often, how surely, the shortest run as a picture; exit code 1."""
    done = run(place, "ops.py::Climber", "--runs", "2000", "--seed", "5")
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Climber  top=3") and "4,000 runs · 10,000 steps · seed 5" in lines[0]
    assert "sampled" in lines[1] and "random scheduler" in " ".join(lines[1:3])
    assert "  ✗ low  always     violated in 3 steps  under finitely_many" in lines
    assert "      in all runs (at least 99.73 %): `slip` struck at step 3, right after `up`" in lines
    assert "  ? two  converges  unknown  under none" in lines
    assert "reached in all runs (at least 99.73 %); 99 % within 2 steps, 2.0 on average" in done.stdout
    assert "low · always · finitely_many" in done.stdout and "✸ slip" in done.stdout


def test_no_violation_is_no_pass(place: Path) -> None:
    """Exit code 4 with the bound; 0 only where a run is the proof."""
    done = run(place, "ops.py::Sound", "--runs", "2000", "--seed", "5")
    assert done.returncode == 4
    assert "not violated in 2,000 runs: in at most 0.27 % of all such runs" in done.stdout
    assert "holds for the rest of the run in all runs" in done.stdout
    done = run(place, "ops.py::Reached", "--runs", "50", "--property", "gone")
    assert done.returncode == 0 and "✓ gone  reachable  reached in 1 step" in done.stdout


def test_as_json(place: Path) -> None:
    """Seed, runs, steps, regimes, estimates with their intervals; the same again for the same seed."""
    given = ("ops.py::Climber", "--runs", "1000", "--seed", "5", "--json", "--regime", "at_most(1)")
    first, again = run(place, *given), run(place, *given, "--threads", "2")
    documents = [json.loads(done.stdout) for done in (first, again)]
    assert all(document.pop("seconds") > 0 for document in documents)
    assert documents[0] == documents[1]
    document = documents[0]
    assert first.returncode == document["exit_code"] == 1
    assert (document["command"], document["seed"], document["runs"]) == ("simulate", 5, 1000)
    assert (document["steps"], document["confidence"], document["interrupted"]) == (100, 0.99, False)
    assert document["walks"][0] == {
        "regimes": ["at_most(1)"],
        "runs": 1000,
        "steps": 3000,
        "longest": 3,
        "ended": 1000,
        "wrong": 0,
        "beyond": 0,
        "cut": 0,
        "never_taken": [],
    }
    low = document["findings"][0]
    assert (low["verdict"], low["scope"], low["regime"]) == (
        "violated",
        "sampled(1000, 0.99)",
        "at_most(1)",
    )
    assert low["metrics"]["violating"]["count"] == 1000 and low["trace_length"] == 3


def test_output_and_pictures(place: Path) -> None:
    """The JSON goes to a file beside the table; pictures can be left out, or all be drawn."""
    given = ("ops.py::Climber", "--runs", "100", "--seed", "5")
    done = run(place, *given, "--output", "out.json", "--no-trace", "--confidence", "0.9")
    assert json.loads((place / "out.json").read_text())["confidence"] == 0.9
    assert "violated in 3 steps" in done.stdout and "intervals at 90 %" in done.stdout
    assert "✸" not in done.stdout
    assert "✸" in run(place, *given, "--all-traces").stdout


def test_a_plain_terminal(place: Path) -> None:
    """Nothing but ASCII where that is all there is."""
    done = run(place, "ops.py::Climber", "--runs", "100", PYTHONIOENCODING="ascii")
    assert done.returncode == 1 and done.stdout.isascii() and "x low" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ops.py", "--runs", "5"], "name one of them"),
        (["ops.py::Sound", "--threads", "2"], "--threads needs --runs"),
        (["ops.py::Sound", "--property", "low"], "--property needs --runs"),
        (["ops.py::Sound", "--confidence", "0.9"], "--confidence needs --runs"),
        (["ops.py::Sound", "--no-trace"], "--no-trace needs --runs"),
        (["ops.py::Sound", "--runs", "0"], "0 is not in the range"),
        (["ops.py::Sound", "--runs", "5", "--confidence", "1"], "not in the range"),
        (["ops.py::Sound", "--runs", "5", "--property", "lo"], "did you mean 'low'"),
        (["ops.py::Sound", "--runs", "5", "--regime", "sometimes"], "sometimes"),
    ],
)
def test_mistakes(place: Path, arguments: list[str], said: str) -> None:
    """One message, exit code 2."""
    done = run(place, *arguments)
    assert done.returncode == 2 and said in done.stderr and done.stdout == ""


@pytest.mark.parametrize("more", [[], ["--json"], ["--threads", "2"]])
def test_ctrl_c_tells_what_is_known(place: Path, more: list[str]) -> None:
    """The runs so far count; exit code 4, and the same as if only so many had been asked for."""
    given = ["ops.py::Endless", "--seed", "3", "--steps", "200", *more]
    process = subprocess.Popen(
        [sys.executable, "-m", "checker.cli", "simulate", *given, "--runs", "1000000000"],
        cwd=place,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    # A line of progress says that it is under way.
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "of 1,000,000,000 runs" in line and "steps/s" in line
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 4
    assert "inconclusive: interrupted after " in stderr
    if "--json" in more:
        document = json.loads(stdout)
        (walks,) = document["walks"]
        assert document["interrupted"] and 0 < walks["runs"] < 10**9
        assert walks["steps"] == 200 * walks["runs"]
    else:
        assert "these are the first runs, each of them complete" in stdout
        assert "not violated in" in stdout


def test_a_second_ctrl_c_ends_it(place: Path) -> None:
    """Even a run that would never end."""
    given = ["ops.py::Endless", "--runs", "3", "--steps", str(10**15)]
    process = subprocess.Popen(
        [sys.executable, "-m", "checker.cli", "simulate", *given],
        cwd=place,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    assert process.stderr is not None and "0 of 3 runs" in process.stderr.readline()
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(1.2)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (4, "") and "interrupted" in stderr
