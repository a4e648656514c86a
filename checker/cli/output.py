"""Writing results: whole or not at all, to a file or to stdout."""

from __future__ import annotations

import io
import os
import stat
import sys
import tempfile
from pathlib import Path

__all__ = ["OutputError", "drop_stdout", "write_file", "write_stdout"]


class OutputError(Exception):
    """A result could not be written; nothing half-written is left."""


def write_stdout(text: str) -> None:
    """Write a result to stdout, and take it back if not all of it can be written.

    A reader that has gone is no error, and changes no exit code: what else is written is dropped.

    Raises
    ------
    OutputError
        If stdout cannot take it; a regular file is cut back to what it held before.
    """
    stream = sys.stdout
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError, AttributeError, io.UnsupportedOperation):
        stream.write(text)  # replaced by a caller, for example a test
        return
    stream.flush()
    before = _length(descriptor)
    data = text.encode(stream.encoding or "utf-8", stream.errors or "strict")
    written = 0
    try:
        while written < len(data):
            written += os.write(descriptor, data[written:])
        if before is not None:
            os.fsync(descriptor)
    except BrokenPipeError:
        drop_stdout()
    except OSError as problem:
        if before is not None:
            os.ftruncate(descriptor, before)
            os.lseek(descriptor, before, os.SEEK_SET)
        raise OutputError(f"cannot write to stdout: {problem.strerror}") from None


def drop_stdout() -> None:
    """Let stdout lead nowhere, so that nothing fails there any more: not even Python's exit."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):
        pass


def _length(descriptor: int) -> int | None:
    """Where the next byte goes, if stdout is a regular file."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        return None
    return os.lseek(descriptor, 0, os.SEEK_CUR)


def write_file(path: Path, text: str) -> None:
    """Write a file atomically: readers see the old content or the new, never a part.

    A link stays a link, and what is no regular file (a device, a pipe) is written to and not replaced.

    Raises
    ------
    OutputError
        If it cannot be written; what was there before is still there.
    """
    temporary = None
    try:
        place = Path(os.path.realpath(path))
        if path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8") as stream:
                stream.write(text)
            return
        handle, temporary = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(place))
        os.replace(temporary, place)
    except OSError as problem:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise OutputError(f"cannot write {path}: {problem.strerror}") from None


def _mode(path: Path) -> int:
    """The permissions of what is replaced, or those of a new file."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
