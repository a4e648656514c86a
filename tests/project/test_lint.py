"""The linters, the type checker and the import contract, each as one test."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# `lint-imports` has no `python -m` form; this is what its script does.
LINT_IMPORTS = ["-c", "from importlinter.cli import lint_imports_command as main; main()", "--no-logo"]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["-m", "ruff", "check"], id="ruff-check"),
        pytest.param(["-m", "ruff", "format", "--check"], id="ruff-format"),
        pytest.param(["-m", "mypy"], id="mypy-strict"),
        pytest.param(LINT_IMPORTS, id="import-contract"),
    ],
)
def test_tool_accepts_the_sources(arguments: list[str]) -> None:
    """The tool, configured in pyproject.toml, exits 0; otherwise the test shows what it says."""
    run = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=500
    )
    assert run.returncode == 0, run.stdout + run.stderr
