"""Machine code that was compiled before: from a file straight into memory, without loading LLVM.

A file is found by a hash of all that its code depends on: what it was compiled from, the version of
the compiler, the processor. It is checked against a hash of its own, so a damaged one is compiled
again. It is copied before it runs: whatever happens to the file afterwards, the code stays whole.
Nothing here may fail loudly: without a cache everything works, only later.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import platform
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from checker.native.object_file import FlatCode

__all__ = ["MappedCode", "folder", "key_of", "load", "store"]

_MAGIC = b"reconverge code\x00\x03"
_MOST_BYTES = 64_000_000
"""Older files go beyond this."""

_ABANDONED = 3600.0
"""Seconds after which a file that is still being written has nobody who writes it."""


@dataclass(frozen=True, slots=True)
class MappedCode:
    """Code in memory; it stays there as long as this object.

    Parameters
    ----------
    memory : mmap
    start : int
        Address of the block.
    entries : dict of str to int
    """

    memory: mmap.mmap
    start: int
    entries: dict[str, int]

    def address(self, name: str) -> int:
        """Where a function begins; raises KeyError if there is none of this name."""
        return self.start + self.entries[name]


@cache
def folder() -> Path | None:
    """Where compiled code is kept: `$RECONVERGE_CACHE`, or below the user's cache; None for nowhere.

    Nowhere, if it cannot be made, if somebody else could write there, or on systems whose objects
    cannot be read here.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64" or not _processor():
        return None
    given = os.environ.get("RECONVERGE_CACHE")
    if given == "":
        return None
    place = Path(given) if given else _user_cache() / "reconverge"
    if not given and not place.is_absolute():
        return None  # nobody's home is known
    try:
        # As it is now: where a link leads can be changed later.
        place = place.resolve()
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        return place if _only_mine(place.stat()) else None
    except (OSError, ValueError, RuntimeError):
        return None


def _only_mine(status: os.stat_result) -> bool:
    """Whether nobody else could have written it: who writes there runs code as this user."""
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _user_cache() -> Path:
    given = os.environ.get("XDG_CACHE_HOME", "")
    return Path(given) if os.path.isabs(given) else Path(os.path.expanduser("~")) / ".cache"


@cache
def _processor() -> str:
    """What this processor can do; empty if the system does not tell."""
    try:
        first = Path("/proc/cpuinfo").read_text().split("\n\n")[0]
    except OSError:
        return ""
    said: dict[str, str] = {}
    for line in first.splitlines():
        name, _, value = line.partition(":")
        said[name.strip()] = value.strip()
    wanted = ("vendor_id", "cpu family", "model", "stepping", "flags")
    return "\n".join(said.get(name, "") for name in wanted) if "flags" in said else ""


@cache
def _compiler() -> str:
    """A hash of the compiler itself: what another version has compiled is not used."""
    everything = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        everything.update(path.read_bytes())
    return everything.hexdigest()


def key_of(*parts: str) -> str:
    """A name for code that depends on these texts, on this processor and on the compiler."""
    import llvmlite

    python = sys.implementation.cache_tag
    everything = "\0".join((*parts, _compiler(), llvmlite.__version__, python, _processor()))
    return hashlib.sha256(everything.encode()).hexdigest()


def load(key: str) -> MappedCode | None:
    """The code of this name; None if there is none that is whole."""
    place = folder()
    if place is None:
        return None
    try:
        with open(place / f"{key}.code", "rb") as file:
            if not _only_mine(os.fstat(file.fileno())):
                return None
            data = file.read()
        with suppress(OSError):  # it may be there to be read only
            os.utime(place / f"{key}.code")
        begin = len(_MAGIC) + 32
        if data[:begin] != _MAGIC + _digest(key, data[begin:]):
            return None
        length = int.from_bytes(data[begin : begin + 4], "little")
        entries: dict[str, int] = json.loads(data[begin + 4 : begin + 4 + length])
        memory = _executable(data[begin + 4 + length :])
    except (OSError, ValueError):
        return None
    return MappedCode(memory, _address(memory), entries)


def store(key: str, code: FlatCode) -> None:
    """Keep code under this name, whole or not at all."""
    place = folder()
    if place is None:
        return
    text = json.dumps(code.entries).encode()
    body = len(text).to_bytes(4, "little") + text + code.block
    try:
        _tidy(place)
        handle, temporary = tempfile.mkstemp(dir=place, prefix="new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC + _digest(key, body) + body)
            os.replace(temporary, place / f"{key}.code")
        except OSError:
            os.unlink(temporary)
    except OSError:
        return


def _digest(key: str, body: bytes) -> bytes:
    # Of the name too: a file that was given another name has other code.
    return hashlib.sha256(key.encode() + b"\0" + body).digest()


def _executable(block: bytes) -> mmap.mmap:
    """A copy that can be run, and not be written to any more."""
    import ctypes

    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    memory = mmap.mmap(-1, max(1, len(block)), flags=flags, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    memory[: len(block)] = block
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    protect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    if protect(_address(memory), len(memory), mmap.PROT_READ | mmap.PROT_EXEC):
        raise OSError(ctypes.get_errno(), "not allowed to run it")
    return memory


def _address(memory: mmap.mmap) -> int:
    return int(np.frombuffer(memory, dtype=np.uint8).ctypes.data)


def _tidy(place: Path) -> None:
    """Make room: what has not been used for longest goes first."""
    files: list[tuple[float, int, Path]] = []
    for path in place.iterdir():
        try:
            status = path.stat()
        except OSError:
            continue  # another process has tidied up as well
        if path.suffix == ".code":
            files.append((status.st_mtime, status.st_size, path))
        elif path.name.startswith("new-") and status.st_mtime < time.time() - _ABANDONED:
            path.unlink(missing_ok=True)
    total = 0
    for _, size, path in sorted(files, reverse=True):
        total += size
        if total > _MOST_BYTES:
            path.unlink(missing_ok=True)
