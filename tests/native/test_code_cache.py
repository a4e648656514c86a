"""Compiled code that is kept: found again, never believed when it is damaged, and never needed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checker.native import code_cache
from checker.native.code_cache import MappedCode
from checker.native.kernel import Kernel
from checker.native.machine import MachineCode

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(code_cache.folder() is None, reason="nothing can be kept on this system")

SOURCE = """
from checker.native.intrinsics import Row
from checker.native.kernel import kernel

BASE = {base}

@kernel
def inner(number: int) -> int:
    return number * BASE

@kernel
def total(numbers: Row, count: int) -> int:
    result = {start}
    for i in range(count):
        result += inner(numbers[i])
    return result
"""

NUMBERS = np.arange(5, dtype=np.int64)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A cache of its own, and nothing in it."""
    with kept_in(str(tmp_path / "cache")):
        yield tmp_path / "cache"


class kept_in:
    """`$RECONVERGE_CACHE` is this, for as long as it takes."""

    def __init__(self, given: str | None, **more: str | None) -> None:
        self.given = {"RECONVERGE_CACHE": given, **more}
        self.patch = pytest.MonkeyPatch()

    def __enter__(self) -> None:
        for name, value in self.given.items():
            self.patch.delenv(name, raising=False)
            if value is not None:
                self.patch.setenv(name, value)
        code_cache.folder.cache_clear()

    def __exit__(self, *_: object) -> None:
        self.patch.undo()
        code_cache.folder.cache_clear()


def fresh(tmp_path: Path, base: int = 3, start: int = 0) -> Kernel:
    """The kernel of a module that nobody has imported before."""
    number = len(list(tmp_path.glob("module*.py")))
    path = tmp_path / f"module{number}.py"
    path.write_text(SOURCE.format(base=base, start=start))
    spec = importlib.util.spec_from_file_location("kernels_of_a_test", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    kernel: Kernel = module.total
    return kernel


def codes(place: Path) -> list[Path]:
    return sorted(place.glob("*.code"))


def code_of(kernel: Kernel) -> Any:
    (compiled,) = kernel._compiled.values()
    return compiled.code  # type: ignore[attr-defined]


# ---------------------------------------------------------------- a warm run


def test_these_tests_keep_their_code_to_themselves() -> None:
    """Not where the user's own runs look for it."""
    place = code_cache.folder()
    assert place == Path(os.environ["RECONVERGE_CACHE"]).resolve()
    assert place.parent == Path(tempfile.gettempdir()).resolve()


WARM = """
import sys
from checker.explicit.explore import explore
from checker.findings.checking import check
sys.path.insert(0, "models")
from fleet import Fleet
found = check(Fleet(servers=4, faults=6))
print([one.verdict.value for one in found], found.spaces[0].digest)
print("llvmlite.binding" in sys.modules, "llvm" in open("/proc/self/maps").read())
"""


def test_a_warm_run_loads_no_llvm() -> None:
    """Exploration, predicates and liveness of 103,674 states, in the second process and the third."""
    told = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", WARM],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        told.append(done.stdout.splitlines())
    assert told[1] == told[2] and told[0][0] == told[1][0]
    assert told[1][1] == "False False"


def test_found_again(place: Path, tmp_path: Path) -> None:
    """The same source in another file is the same code; it is compiled once."""
    first = fresh(tmp_path)
    assert first(NUMBERS, 5) == 30 and len(codes(place)) == 1
    before = codes(place)[0].stat()
    again = fresh(tmp_path)
    assert again(NUMBERS, 5) == 30
    after = codes(place)[0].stat()
    assert (before.st_ino, before.st_size) == (after.st_ino, after.st_size)
    assert isinstance(code_of(again), MappedCode)


def test_it_can_be_run_and_not_be_written_to(place: Path, tmp_path: Path) -> None:
    """Pages of code are never writable while they can be executed."""
    kernel = fresh(tmp_path)
    kernel(NUMBERS, 5)
    address = code_of(kernel).address("kernel")
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, permissions = line.split()[:2]
        first, last = (int(part, 16) for part in span.split("-"))
        if first <= address < last:
            assert permissions == "r-xp"
            break
    else:
        raise AssertionError("it is nowhere")


def test_it_outlives_its_file(place: Path, tmp_path: Path) -> None:
    """What is emptied, or removed, while it is in use stays in use."""
    fresh(tmp_path)(NUMBERS, 5)
    kernel = fresh(tmp_path)
    kernel(NUMBERS, 1)
    os.truncate(codes(place)[0], 0)
    assert kernel(NUMBERS, 5) == 30
    shutil.rmtree(place)
    assert kernel(NUMBERS, 5) == 30
    assert fresh(tmp_path)(NUMBERS, 5) == 30


# ---------------------------------------------------------------- other code


def test_an_edit_is_other_code(place: Path, tmp_path: Path) -> None:
    """Of the kernel, or of a constant that only one that it calls reads."""
    assert fresh(tmp_path)(NUMBERS, 5) == 30
    assert fresh(tmp_path, start=1000)(NUMBERS, 5) == 1030
    assert fresh(tmp_path, base=7)(NUMBERS, 5) == 70
    assert fresh(tmp_path)(NUMBERS.astype(np.int32), 5) == 30
    assert len(codes(place)) == 4


@pytest.mark.parametrize("what", ["_compiler", "_processor"])
def test_another_compiler_or_processor_is_other_code(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """What one processor can do another may not know."""
    fresh(tmp_path)(NUMBERS, 5)
    monkeypatch.setattr(code_cache, what, lambda: "another")
    assert fresh(tmp_path)(NUMBERS, 5) == 30
    assert len(codes(place)) == 2


def test_every_file_of_the_compiler_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the one that flattens objects: what an older one has got wrong is not used."""
    native = Path(code_cache.__file__).parent
    known = code_cache._compiler()
    for path in native.glob("*.py"):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(code_cache, "__file__", str(tmp_path / "code_cache.py"))
    assert code_cache._compiler.__wrapped__() == known
    for path in sorted(tmp_path.glob("*.py")):
        text = path.read_text()
        path.write_text(text + "\n# changed\n")
        assert code_cache._compiler.__wrapped__() != known
        path.write_text(text)
    assert code_cache._compiler.__wrapped__() == known


# ---------------------------------------------------------------- damage


def replaced(place: Path, tmp_path: Path, damaged: bytes) -> None:
    """A damaged file is not used, and is whole again afterwards."""
    (path,) = codes(place)
    whole = path.read_bytes()
    path.write_bytes(damaged)
    assert code_cache.load(path.stem) is None
    assert fresh(tmp_path)(NUMBERS, 5) == 30
    assert path.read_bytes() == whole
    assert isinstance(code_cache.load(path.stem), MappedCode)


def test_damaged_files(place: Path, tmp_path: Path) -> None:
    """Cut off, emptied, longer than it was, something else entirely."""
    fresh(tmp_path)(NUMBERS, 5)
    whole = codes(place)[0].read_bytes()
    pieces = [whole[:-1], whole[: len(whole) // 2], whole[:60], whole[:10], b"", whole + b"\0"]
    for damaged in [*pieces, whole[::-1], b"\x7fELF" + bytes(5000), b"{" * 9000]:
        replaced(place, tmp_path, damaged)


def test_a_flipped_bit_anywhere(place: Path, tmp_path: Path) -> None:
    """In what it is called, in where it begins, in an instruction."""
    fresh(tmp_path)(NUMBERS, 5)
    (path,) = codes(place)
    whole = path.read_bytes()
    for position in range(len(whole)):
        path.write_bytes(
            whole[:position] + bytes([whole[position] ^ 1 << position % 8]) + whole[position + 1 :]
        )
        assert code_cache.load(path.stem) is None
    path.write_bytes(whole)
    assert code_cache.load(path.stem) is not None


def test_a_file_of_another_name(place: Path, tmp_path: Path) -> None:
    """Whole, but other code: a backup gone wrong."""
    fresh(tmp_path)(NUMBERS, 5)
    (right,) = codes(place)
    assert fresh(tmp_path, base=7)(NUMBERS, 5) == 70
    (other,) = (path for path in codes(place) if path != right)
    replaced_by = other.read_bytes()
    other.unlink()
    replaced(place, tmp_path, replaced_by)


def test_a_file_that_others_can_write(place: Path, tmp_path: Path) -> None:
    """They could put code there that runs as this user."""
    fresh(tmp_path)(NUMBERS, 5)
    (path,) = codes(place)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o620)
    assert code_cache.load(path.stem) is None
    fresh(tmp_path)(NUMBERS, 5)
    assert code_cache.load(path.stem) is not None


def test_a_folder_in_its_place(place: Path, tmp_path: Path) -> None:
    """Nothing can be kept under this name; everything else works."""
    fresh(tmp_path)(NUMBERS, 5)
    (path,) = codes(place)
    path.unlink()
    path.mkdir()
    (path / "file").write_text("")
    assert fresh(tmp_path)(NUMBERS, 5) == 30
    assert list(place.iterdir()) == [path]


# ---------------------------------------------------------------- nowhere


def works_without(tmp_path: Path) -> None:
    assert code_cache.folder() is None
    kernel = fresh(tmp_path)
    assert kernel(NUMBERS, 5) == 30
    assert isinstance(code_of(kernel), MachineCode)


def test_not_wanted(tmp_path: Path) -> None:
    """An empty `$RECONVERGE_CACHE` is nowhere, and nothing is written anywhere else."""
    with kept_in("", HOME=str(tmp_path), XDG_CACHE_HOME=None):
        works_without(tmp_path)
    assert not (tmp_path / ".cache").exists()


@pytest.mark.parametrize("given", ["/proc/nowhere", "/dev/null", "file/below"])
def test_places_that_cannot_be_made(tmp_path: Path, given: str) -> None:
    """As where a home cannot be written to."""
    (tmp_path / "file").write_text("")
    with kept_in(str(tmp_path / given)):
        works_without(tmp_path)


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702, 0o1777])
def test_a_folder_that_others_can_write(tmp_path: Path, mode: int) -> None:
    """Whoever writes there would run code as this user."""
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(mode)
    with kept_in(str(tmp_path / "open")):
        works_without(tmp_path)
    assert list((tmp_path / "open").iterdir()) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_a_folder_of_somebody_else(tmp_path: Path) -> None:
    """As with `sudo`, which keeps the home: root neither runs what is there nor leaves files behind."""
    (tmp_path / "theirs").mkdir(mode=0o700)
    os.chown(tmp_path / "theirs", 12345, 12345)
    with kept_in(str(tmp_path / "theirs")):
        works_without(tmp_path)
    assert list((tmp_path / "theirs").iterdir()) == []


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    """It may still be read."""
    with kept_in(str(tmp_path / "cache")):
        fresh(tmp_path)(NUMBERS, 5)
        (tmp_path / "cache").chmod(0o500)
        kernel = fresh(tmp_path)
        assert kernel(NUMBERS, 5) == 30 and isinstance(code_of(kernel), MappedCode)
        assert fresh(tmp_path, base=7)(NUMBERS, 5) == 70
        (tmp_path / "cache").chmod(0o700)


def test_nobody_s_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user that the system does not know has none: no folder called `~` is made instead."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    with kept_in(None, XDG_CACHE_HOME=None, HOME=None):
        works_without(tmp_path)
    assert not (tmp_path / "~").exists()


def test_where_users_have_theirs(tmp_path: Path) -> None:
    """`$XDG_CACHE_HOME` if it is absolute, else `~/.cache`; and only this user can look into it."""
    with kept_in(None, XDG_CACHE_HOME=str(tmp_path / "xdg"), HOME=str(tmp_path / "home")):
        assert code_cache.folder() == tmp_path.resolve() / "xdg" / "reconverge"
    with kept_in(None, XDG_CACHE_HOME="xdg", HOME=str(tmp_path / "home")):
        place = code_cache.folder()
    assert place == tmp_path.resolve() / "home" / ".cache" / "reconverge"
    assert place.stat().st_mode & 0o777 == 0o700


def test_a_link_is_followed_once(tmp_path: Path) -> None:
    """Where it leads later makes no difference."""
    (tmp_path / "here").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "here")
    with kept_in(str(tmp_path / "link")):
        assert code_cache.folder() == (tmp_path / "here").resolve()


# ---------------------------------------------------------------- what goes wrong meanwhile


@pytest.mark.parametrize("fails", ["mkstemp", "fdopen", "replace"])
def test_a_full_disk(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    """Nothing is kept, nothing is left behind, and the result is the same."""

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    owner = tempfile if fails == "mkstemp" else os
    assert code_cache.folder() == place.resolve()
    monkeypatch.setattr(owner, fails, full)
    kernel = fresh(tmp_path)
    assert kernel(NUMBERS, 5) == 30 and isinstance(code_of(kernel), MachineCode)
    monkeypatch.undo()
    assert codes(place) == [] and [*place.glob("new-*")] == []


def test_code_that_may_not_run(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a system forbids what was just written to be executed, LLVM is asked."""

    def forbidden(block: bytes) -> Any:
        raise PermissionError

    monkeypatch.setattr(code_cache, "_executable", forbidden)
    kernel = fresh(tmp_path)
    assert kernel(NUMBERS, 5) == 30 and isinstance(code_of(kernel), MachineCode)


def test_old_files_go(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has not been used for longest first; and what a killed process has left half written."""
    for base in range(2, 6):
        fresh(tmp_path, base=base)(NUMBERS, 5)
    known = codes(place)
    assert len(known) == 4
    for age, path in enumerate(known):
        os.utime(path, (time.time() - 1000 * (age + 1),) * 2)
    code_cache.load(known[3].stem)  # used just now
    (place / "new-abandoned").write_bytes(b"x")
    os.utime(place / "new-abandoned", (time.time() - 10_000,) * 2)
    (place / "new-growing").write_bytes(b"x")
    (place / "somebody's notes").write_text("not ours")
    size = max(path.stat().st_size for path in known)
    monkeypatch.setattr(code_cache, "_MOST_BYTES", 2 * size)
    fresh(tmp_path, base=9)(NUMBERS, 5)
    left = set(codes(place))
    assert {known[0], known[3]} <= left and not {known[1], known[2]} & left
    assert {path.name for path in place.iterdir() if path.suffix != ".code"} == {
        "new-growing",
        "somebody's notes",
    }


TOGETHER = """
import sys
sys.path[:0] = {paths!r}
from small_systems import fleet, under
from checker.explicit.explore import explore
sys.stdin.readline()
print(explore(under(fleet(3, 3)), tier="native").digest)
"""


def test_several_processes_at_once(place: Path) -> None:
    """Each compiles, each writes; whoever reads finds whole files or none."""
    paths = [str(ROOT), str(ROOT / "tests" / "explicit")]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(TOGETHER).format(paths=paths)],
            env={**os.environ, "RECONVERGE_CACHE": str(place)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    told = {process.communicate(timeout=300)[0] for process in processes}
    assert len(told) == 1 and len(told.pop()) == 33
    assert [*place.glob("new-*")] == [] and codes(place)
    assert all(code_cache.load(path.stem) is not None for path in codes(place))
