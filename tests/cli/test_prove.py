"""`reconverge prove`, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checker.cli import main


def test_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Verdict, scope, ranking function, and who accepted the proof."""
    assert main(["prove", "taxi::Taxi"]) == 0
    said = capsys.readouterr().out
    assert "street=every" in said and "all sizes" in said
    assert "rank        |position - destination|" in said
    assert "helpful     drive everywhere" in said
    assert "conditions accepted by z3 and cvc5" in said


def test_written_and_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The certificates of one command are what another one checks."""
    document = tmp_path / "proofs.json"
    given = ["prove", "taxi", "--property", "arrives", "--certificates", str(tmp_path / "kept")]
    assert main([*given, "--output", str(document)]) == 0
    told = json.loads(document.read_text())
    assert (told["command"], told["exit_code"]) == ("prove", 0)
    assert [finding["scope"] for finding in told["findings"]] == ["all sizes"] * 2
    capsys.readouterr()
    assert main(["verify", str(tmp_path / "kept" / "SecondCab-arrives")]) == 0
    assert "accepted" in capsys.readouterr().out


def test_violated(capsys: pytest.CaptureFixture[str]) -> None:
    """A buggy variant is refuted in an instance, which is named; and documented, with --expected."""
    assert main(["prove", "replicas::StaleReplicas"]) == 1
    said = capsys.readouterr().out
    assert "violated, lasso" in said and "replicas=" in said.split("\n\n")[1]
    assert main(["prove", "replicas::StaleReplicas", "--expected"]) == 0


def test_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    """What is not proved is not passed."""
    assert main(["prove", "fighting_controllers::FieldOwnership", "--property", "anna_is_content"]) == 4
    assert "no engine proves" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "given",
    [
        ["taxi", "--property", "arives"],
        ["taxi", "--timeout", "0"],
        ["taxi", "--regime", "sometimes"],
        ["nowhere"],
        ["taxi", "--certificates", "/dev/null/proofs"],
    ],
)
def test_mistakes(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """One clear message and exit code 2."""
    assert main(["prove", *given]) == 2
    problem = capsys.readouterr().err
    assert "error" in problem.lower() and "Traceback" not in problem
