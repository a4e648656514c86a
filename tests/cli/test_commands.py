"""The command, as a user runs it: what it says, on which stream, and its exit code."""

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

OPERATOR = '''\
"""Two operators; the second one never arrives."""

from checker import ANY, Int, Model, Param, action, always, converges, fault, when


class Good(Model):
    limit = Param(3, min=1)
    wanted = Int(0, limit, init=ANY)
    running = Int(0, limit, init=0)

    @action
    def reconcile(self):
        if self.running < self.wanted:
            self.running += 1

    @fault
    def crash(self):
        when(self.running > 0)
        self.running -= 1

    @always
    def within(self):
        return self.running <= self.limit

    @converges
    def settled(self):
        return self.running == self.wanted


class Bad(Good):
    slack = Param(1)

    @action
    def reconcile(self):
        if self.running < self.wanted - self.slack:
            self.running += 1

    @converges(expect="violated")
    def settled(self):
        return self.running == self.wanted
'''

HUGE = """\
from checker import Array, Int, Model, action, always


class Huge(Model):
    digits = Array(12, Int(0, 9), init=0)

    @action
    def turn(self, which: Int(0, 11)):
        self.digits[which] = (self.digits[which] + 1) % 10

    @always
    def digits_are_digits(self):
        return all(digit <= 9 for digit in self.digits)
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "ops.py").write_text(OPERATOR)
    (tmp_path / "huge.py").write_text(HUGE)
    return tmp_path


def environment(**more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "FORCE_COLOR")}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **more}


def run(place: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "checker.cli", *arguments],
        cwd=place,
        env=environment(**more),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )


def test_a_file_is_checked_whole(place: Path) -> None:
    """Every model in it; one violation makes the exit code 1."""
    done = run(place, "check", "ops.py")
    assert (done.returncode, done.stderr) == (1, "")
    assert "Good  limit=3" in done.stdout and "Bad  limit=3" in done.stdout
    assert "nothing ever happens while" in done.stdout
    assert run(place, "check", "ops.py::Good").returncode == 0
    assert run(place, "check", "ops.py", "--expected").returncode == 0


def test_parameters_go_to_the_models_that_have_them(place: Path) -> None:
    """Without slack the second operator is good, too."""
    done = run(place, "check", "ops.py", "-p", "slack=0", "-p", "limit=2")
    assert done.returncode == 0, done.stdout
    assert "Good  limit=2" in done.stdout


def test_check_as_json(place: Path) -> None:
    """One object on stdout, with everything that the table shows."""
    done = run(place, "check", "ops.py", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    document = json.loads(done.stdout)
    assert document["exit_code"] == 1
    assert [model["model"] for model in document["models"]] == ["Good", "Bad"]
    bad = [one for one in document["findings"] if one["verdict"] == "violated"]
    assert [(one["model"], one["property"], one["kind"], one["scope"]) for one in bad] == [
        ("Bad", "settled", "converges", "exhaustive")
    ]
    assert bad[0]["trace_length"] == 1 and bad[0]["states"] > 0 and bad[0]["cause"]
    space = document["models"][0]["spaces"][0]
    assert {"states", "steps", "digest", "seconds"} <= space.keys()


def test_explore_as_json(place: Path) -> None:
    """The keys that other programs rely on."""
    done = run(place, "explore", "ops.py::Good", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert (document["model"], document["parameters"], document["states"]) == ("Good", {"limit": 3}, 10)
    assert {"steps", "digest", "seconds"} <= document.keys()


def test_results_go_to_a_file_whole(place: Path) -> None:
    """`--output` beside the table."""
    done = run(place, "check", "ops.py::Good", "--output", "out.json")
    assert done.returncode == 0 and "settled" in done.stdout
    assert json.loads((place / "out.json").read_text())["exit_code"] == 0


def test_traces_are_saved_and_repeated(place: Path) -> None:
    """What `check --itf` writes, `replay` repeats; and it notices a changed value."""
    run(place, "check", "ops.py", "--itf", "traces", "--no-trace")
    (path,) = (place / "traces").iterdir()
    done = run(place, "replay", str(path), "ops.py")
    assert (done.returncode, done.stdout.startswith("yes: CPython repeats all")) == (0, True)
    document = json.loads(path.read_text())
    document["states"][-1]["running"] = 1
    path.write_text(json.dumps(document))
    done = run(place, "replay", str(path), "ops.py::Bad")
    assert done.returncode == 1 and done.stdout.startswith("no: ")
    path.write_text("{")
    done = run(place, "replay", str(path), "ops.py::Bad")
    assert done.returncode == 2 and "not JSON" in done.stderr


def test_the_same_seed_gives_the_same_run(place: Path) -> None:
    """And the seed is printed, so that a run can be had again."""
    first, again = (run(place, "simulate", "ops.py::Good", "--seed", "7") for _ in range(2))
    assert first.stdout == again.stdout and "seed 7" in first.stdout
    document = json.loads(
        run(place, "simulate", "ops.py::Good", "--json", "--steps", "4", "--seed", "7").stdout
    )
    assert (len(document["states"]), document["#meta"]["seed"]) == (5, 7)


def test_new_writes_a_model_that_checks_green(tmp_path: Path) -> None:
    """And never over something that is there."""
    assert run(tmp_path, "new", "my_operator").returncode == 0
    text = (tmp_path / "my_operator.py").read_text()
    done = run(tmp_path, "check", "my_operator.py")
    assert done.returncode == 0, done.stdout + done.stderr
    done = run(tmp_path, "new", "my_operator")
    assert done.returncode == 2 and "not overwritten" in done.stderr
    assert (tmp_path / "my_operator.py").read_text() == text


@pytest.mark.parametrize("name", ["class", "no/where", "Mine", "1st", "a-b", "checker", "__", ""])
def test_new_refuses_names_that_are_none(tmp_path: Path, name: str) -> None:
    """Nothing is written."""
    done = run(tmp_path, "new", name)
    assert done.returncode == 2 and done.stderr.startswith("error: ")
    assert list(tmp_path.iterdir()) == []


def test_show_and_models(place: Path) -> None:
    """What was translated, and what comes along."""
    done = run(place, "show", "ops.py::Good")
    assert done.returncode == 0
    assert "running := running + 1 if running < wanted else running" in done.stdout
    done = run(place, "models", "--json")
    assert done.returncode == 0 and "models" in json.loads(done.stdout)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chek", "ops.py"], "did you mean 'check'"),
        (["check"], "MODEL"),
        (["check", "nosuch"], "nosuch"),
        (["check", "nosuch.py"], "nosuch.py"),
        (["check", "ops.py::Goood"], "Good"),
        (["check", "ops.py", "-p", "limt=3"], "did you mean 'limit'"),
        (["check", "ops.py", "-p", "limit"], "name=value"),
        (["check", "ops.py", "-p", "limit=x"], "neither a number"),
        (["check", "ops.py", "-p", "limit=0"], "limit"),
        (["check", "ops.py", "--property", "setled"], "did you mean 'settled'"),
        (["check", "ops.py", "--regime", "often"], "unknown regime"),
        (["check", "ops.py", "--regime", "at_most(crsh=1)"], "crash"),
        (["check", "ops.py", "--nosuch"], "--nosuch"),
        (["check", "broken.py"], "broken.py:3"),
        (["check", "leaves.py"], "leaves.py:2"),
        (["check", "./"], "folder"),
        (["replay", "nosuch.itf.json", "ops.py"], "nosuch.itf.json"),
        (["simulate", "ops.py"], "name one of them"),
        (["check", "ops.py", "--output", "no/where.json"], "no/where.json"),
        (["check", "ops.py", "--itf", "ops.py"], "ops.py"),
    ],
)
def test_a_mistake_gets_one_clear_message(place: Path, arguments: list[str], said: str) -> None:
    """On stderr, with exit code 2, and never a traceback."""
    (place / "broken.py").write_text("from checker import Model\n\nclass Broken(Model:\n")
    (place / "leaves.py").write_text("import sys\nsys.exit(0)\n")
    done = run(place, *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr and "INTERNAL" not in done.stderr


def test_nothing_at_all_shows_the_help(tmp_path: Path) -> None:
    """It is a mistake for a script, and a beginning for a person."""
    done = run(tmp_path)
    assert done.returncode == 2 and "reconverge check taxi" in done.stderr
    assert run(tmp_path, "--help").returncode == 0
    assert run(tmp_path, "--version").stdout.startswith("reconverge ")


def test_an_internal_error_leaves_what_is_needed(place: Path) -> None:
    """Exit 3, the command and a file with the details; no traceback on the terminal."""
    (place / "sitecustomize.py").write_text(
        "import checker.findings.judging as judging\n"
        "def fails(*anything): raise RuntimeError('engine on fire')\n"
        "judging.resting_place = fails\n"
        "import checker.explicit.safety as safety\n"
        "safety.judge_safety = fails\n"
    )
    done = run(place, "check", "ops.py", PYTHONPATH=f"{place}{os.pathsep}{ROOT}")
    assert done.returncode == 3
    assert "INTERNAL ERROR: RuntimeError: engine on fire" in done.stderr
    assert "Traceback" not in done.stderr
    details = next(line.split()[1] for line in done.stderr.splitlines() if "details" in line)
    assert "Traceback" in Path(details).read_text()
    Path(details).unlink()


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs the device /dev/full")
@pytest.mark.parametrize("options", [["--json"], []], ids=["json", "table"])
def test_a_full_disk(place: Path, options: list[str]) -> None:
    """One message and exit 2, not the verdict's exit code: nobody has read the verdict."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "checker.cli", "check", "ops.py", *options],
            cwd=place,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=60,
        )
    assert done.returncode == 2
    assert done.stderr == "error: cannot write to stdout: No space left on device\n"


@pytest.mark.parametrize(("command", "code"), [("check", 1), ("show", 0)])
def test_a_reader_that_leaves_early(place: Path, command: str, code: int) -> None:
    """`| head -1` is no error, and makes no violation a success."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "checker.cli", command, "ops.py"],
        cwd=place,
        env=environment(),
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=60,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (code, b"")


@pytest.mark.parametrize("command", ["check", "explore"])
def test_ctrl_c_in_a_huge_model(place: Path, command: str) -> None:
    """10^12 states: it stops at once, says how far it got, and is inconclusive."""
    process = subprocess.Popen(
        [sys.executable, "-m", "checker.cli", command, "huge.py"],
        cwd=place,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    asked = time.monotonic()
    stdout, stderr = process.communicate(timeout=30)
    assert time.monotonic() - asked < 10
    assert process.returncode == 4, stderr
    assert "inconclusive" in stderr and "interrupted" in stderr
    assert "Traceback" not in stderr
    if command == "check":
        assert "interrupted after" in stdout and "unknown" in stdout


def test_colour_only_where_it_belongs(place: Path) -> None:
    """None in a pipe; only ASCII where the stream has nothing else."""
    assert "\x1b" not in run(place, "check", "ops.py").stdout
    assert run(place, "check", "ops.py", PYTHONIOENCODING="ascii").stdout.isascii()
    assert max(map(len, run(place, "check", "ops.py").stdout.splitlines())) <= 80


def test_a_terminal_gets_colour_unless_it_is_not_wanted(place: Path) -> None:
    """NO_COLOR is honoured."""

    def on_a_terminal(**more: str) -> bytes:
        import pty

        parent, child = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "checker.cli", "check", "ops.py"],
            cwd=place,
            env=environment(TERM="xterm-256color", **more),
            stdout=child,
            stderr=subprocess.DEVNULL,
        )
        os.close(child)
        told = b""
        try:
            while piece := os.read(parent, 65536):
                told += piece
        except OSError:
            pass  # how a terminal ends
        os.close(parent)
        process.wait(60)
        return told

    assert b"\x1b[1;31m" in on_a_terminal()
    assert b"31m" not in on_a_terminal(NO_COLOR="1")


def test_nothing_heavy_is_imported(place: Path) -> None:
    """A check of a small model does not wait for libraries that it does not need."""
    code = (
        "import sys\nfrom checker.cli import main\nmain(['check', 'ops.py', '--json'])\n"
        "heavy = {'networkx', 'scipy', 'z3', 'numba', 'sympy', 'matplotlib', 'pandas'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place, env=environment(), capture_output=True, timeout=60
    )
    assert done.stderr.decode() == "[]\n"
