"""The import contract refuses what it is there to refuse."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def contract(folder: Path) -> subprocess.CompletedProcess[str]:
    """Judge the packages in a folder by the contract in its pyproject.toml."""
    code = "from importlinter.cli import lint_imports_command as main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "--no-logo", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    """The packages of the checker, empty, under the contract of this project."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in sorted((ROOT / "checker").glob("**/__init__.py")):
        copy = tmp_path / package.relative_to(ROOT)
        copy.parent.mkdir(parents=True)
        copy.touch()
    return tmp_path


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("system", "regimes"),
        ("language", "explicit"),
        ("library", "explicit"),
        ("explicit", "language"),
        ("explicit", "library"),
        ("explicit", "evidence"),
        ("findings", "report"),
        ("report", "cli"),
    ],
)
def test_an_arrow_up_breaks_the_contract(skeleton: Path, source: str, target: str) -> None:
    """One import against the arrows is found; without it the same tree is accepted."""
    assert contract(skeleton).returncode == 0
    (skeleton / "checker" / source / "intruder.py").write_text(f"import checker.{target}\n")
    run = contract(skeleton)
    assert run.returncode == 1, run.stdout
    assert "BROKEN" in run.stdout


def test_a_detour_breaks_the_contract(skeleton: Path) -> None:
    """The engine may not reach the language through a room that lies between them either."""
    (skeleton / "checker" / "explicit" / "intruder.py").write_text("import checker.regimes.detour\n")
    (skeleton / "checker" / "regimes" / "detour.py").write_text("import checker.language\n")
    assert contract(skeleton).returncode == 1


def test_engines_do_not_import_each_other(skeleton: Path) -> None:
    """A second engine stands beside the first, and neither imports the other."""
    engine = skeleton / "checker" / "symbolic"
    engine.mkdir(exist_ok=True)
    (engine / "__init__.py").write_text("")
    assert contract(skeleton).returncode == 0
    (engine / "intruder.py").write_text("import checker.explicit\n")
    assert contract(skeleton).returncode == 1


def test_a_new_package_needs_its_place(skeleton: Path) -> None:
    """A package that the layers do not mention is refused, not ignored."""
    attic = skeleton / "checker" / "attic"
    attic.mkdir()
    (attic / "__init__.py").write_text("")
    assert contract(skeleton).returncode == 1
