"""The README is true: its model checks green, its Python runs, its console output is what comes out."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", README, re.S | re.M)


MODEL, USE = blocks("python")
SESSIONS = [tuple(block.split("\n", 1)) for block in blocks("console")]


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "100", "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def command(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run `reconverge …` by this interpreter."""
    program, *arguments = line.split()
    assert program == "reconverge", line
    return run("-m", "checker.cli", *arguments, cwd=cwd)


def comparable(output: str) -> list[str]:
    """Output without what differs from run to run: seconds, and spaces at the end of a line."""
    return [re.sub(r"\s*\d+\.\d+ s\b", " … s", line).rstrip() for line in output.strip().splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the first model in it, saved as the README says."""
    (tmp_path / "my_taxi.py").write_text(MODEL, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "line", ["reconverge check my_taxi.py", "reconverge check my_taxi.py -p street=20"]
)
def test_first_model_checks_green(folder: Path, line: str) -> None:
    """A newcomer who copies the first model sees every property hold."""
    check = command(line, folder)
    assert check.returncode == 0, check.stdout + check.stderr


def test_use_from_python(folder: Path) -> None:
    """The Python lines run, print nothing, and give findings and states."""
    check = run("-c", USE + "\nassert list(findings) and len(space)\n", cwd=folder)
    assert (check.returncode, check.stdout) == (0, ""), check.stderr


def test_a_counterexample_is_shown() -> None:
    """The section about counterexamples has one, as a console session."""
    assert SESSIONS


@pytest.mark.parametrize(("line", "shown"), SESSIONS)
def test_console_output_is_real(folder: Path, line: str, shown: str) -> None:
    """What the README shows after `$ reconverge …` is what the command prints, seconds apart."""
    output = command(line.removeprefix("$ "), folder).stdout
    assert comparable(output) == comparable(shown)
