"""The distribution: what is in the wheel, and that it works where there is no checkout."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import checker

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
GALLERY = sorted(path.name for path in (ROOT / "models").glob("*.py"))


def run(*command: str | Path, cwd: Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from this checkout, without a network."""
    folder = tmp_path_factory.mktemp("dist")
    build = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    assert build.returncode == 0, build.stdout + build.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel installed in a folder of its own; its dependencies are those of the tests."""
    folder = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    install = run(*pip, "--target", folder, wheel, cwd=folder)
    assert install.returncode == 0, install.stdout + install.stderr
    return folder


def test_wheel_holds_the_package_and_the_gallery(wheel: Path) -> None:
    """Every module, the marker of inline types and every model are inside, and nothing besides."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "checker").rglob("*.py")}
    gallery = {f"checker/_gallery/{name}" for name in GALLERY}
    assert gallery
    assert names == modules | gallery | {"checker/py.typed"}


def test_wheel_carries_its_licence_and_entry_points(wheel: Path) -> None:
    """The licence text is the one of the checkout; the command and the networkx backend are declared."""
    with zipfile.ZipFile(wheel) as archive:
        inside = {name.partition(".dist-info/")[2]: name for name in archive.namelist()}
        assert archive.read(inside["licenses/LICENSE"]) == (ROOT / "LICENSE").read_bytes()
        entry_points = archive.read(inside["entry_points.txt"]).decode()
    assert "reconverge = checker.cli:main" in entry_points
    assert "[networkx.backends]" in entry_points
    assert "[networkx.backend_info]" in entry_points


def test_installed_package_is_not_the_checkout(installed: Path) -> None:
    """The import finds the installed copy (or the tests below would show nothing)."""
    found = run(
        sys.executable, "-c", "import checker; print(checker.__file__)", cwd=installed, path=installed
    )
    assert Path(found.stdout.strip()) == installed / "checker" / "__init__.py", found.stderr


def test_installed_command_finds_every_model(installed: Path) -> None:
    """`reconverge models`, run from an installed wheel outside any checkout, names the whole gallery."""
    listing = run(installed / "bin" / "reconverge", "models", cwd=installed / "bin", path=installed)
    assert listing.returncode == 0, listing.stdout + listing.stderr
    words = set(re.findall(r"\w+", listing.stdout))
    assert sorted({name.removesuffix(".py") for name in GALLERY} - words) == []


def test_installed_command_checks_a_model_by_name(installed: Path) -> None:
    """`reconverge check taxi` holds, from an installed wheel as from a checkout."""
    check = run(installed / "bin" / "reconverge", "check", "taxi", cwd=installed / "bin", path=installed)
    assert check.returncode == 0, check.stdout + check.stderr


def test_a_neighbour_called_models_does_not_hide_the_gallery(installed: Path, tmp_path: Path) -> None:
    """Another distribution may well install a package `models` beside ours: names still mean our gallery."""
    site = tmp_path / "site"
    shutil.copytree(installed, site)
    (site / "models").mkdir()
    (site / "models" / "customer.py").write_text("")
    listing = run(site / "bin" / "reconverge", "models", cwd=tmp_path, path=site)
    assert "taxi" in listing.stdout, listing.stdout + listing.stderr


def test_networkx_knows_the_backend(installed: Path) -> None:
    """networkx lists our backend by its entry point and can load it."""
    code = "import networkx as nx; print('reconverge' in nx.utils.backends.backends)"
    listing = run(sys.executable, "-c", code, cwd=installed, path=installed)
    assert listing.stdout.strip() == "True", listing.stderr
    code = "import checker.explicit.networkx_backend as b; print(b.backend is not None, bool(b.info()))"
    loading = run(sys.executable, "-c", code, cwd=installed, path=installed)
    assert loading.stdout.strip() == "True True", loading.stderr


def test_versions_agree() -> None:
    """The package and the citation name the version of the distribution; the change log speaks of it."""
    assert checker.__version__ == PROJECT["version"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {PROJECT['version']}\n" in citation
    assert PROJECT["version"] in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_constraints_pin_every_requirement() -> None:
    """Each requirement, of the package and of its tests, has one exact version for CI, and no host."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", pin)] == []
    pinned = {re.sub(r"[-_.]+", "-", pin.partition("==")[0]).lower() for pin in pins}
    wanted = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]
    names = {re.match(r"[\w.-]+", requirement)[0].lower() for requirement in wanted}
    assert sorted(names - pinned) == []
