"""Results are written whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from checker.cli.output import OutputError, write_file

ROOT = Path(__file__).parents[2]


def writer(size: int) -> list[str]:
    """A command that writes so many bytes to its stdout, like a report."""
    code = (
        "import sys; from checker.cli.output import *\n"
        f"try: write_stdout('x' * {size})\n"
        "except OutputError as problem: print(problem, file=sys.stderr); sys.exit(2)\n"
    )
    return [sys.executable, "-c", code]


def test_a_file_is_replaced_at_once(tmp_path: Path) -> None:
    """The new content, the old permissions, and no temporary file left."""
    path = tmp_path / "out.json"
    path.write_text("old")
    path.chmod(0o640)
    write_file(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fills up while writing: the old result is still whole."""
    path = tmp_path / "out.json"
    path.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        write_file(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_and_a_device_stay_what_they_are(tmp_path: Path) -> None:
    """`--output /dev/full` must not put a file in the place of the device, nor cut a link."""
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("old")
    link.symlink_to(target)
    write_file(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_file(pipe, "through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert pipe.is_fifo()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(OutputError, match=r"nowhere/out\.json"):
        write_file(tmp_path / "nowhere" / "out.json", "new")


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs the device /dev/full")
def test_a_full_disk_on_stdout() -> None:
    """One line on stderr, exit code 2, and no second complaint when Python exits."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(writer(10), stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert done.returncode == 2
    assert done.stderr == "cannot write to stdout: No space left on device\n"


def test_a_regular_file_is_cut_back(tmp_path: Path) -> None:
    """When the file may not grow to the whole result, it holds what it held before."""
    path = tmp_path / "out"
    path.write_text("before\n")
    limited = ["sh", "-c", 'ulimit -f 8; trap "" XFSZ; exec "$@"', "sh", *writer(100_000)]
    with open(path, "a") as file:
        done = subprocess.run(limited, stdout=file, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert done.returncode == 2, done.stderr
    assert path.read_text() == "before\n"


def test_stdout_that_is_appended_to_keeps_its_place(tmp_path: Path) -> None:
    """Two commands write one after another into the same file."""
    path = tmp_path / "out"
    with open(path, "w") as file:
        for _ in range(2):
            subprocess.run(writer(3), stdout=file, check=True, cwd=ROOT)
    assert path.read_text() == "xxxxxx"
