"""Machine code that was compiled before: from a file straight into memory, without loading LLVM.

A file is found by a hash of all that its code depends on: what it was compiled from, the version of
the compiler, the processor. It is checked against a hash of its own, so a damaged one is compiled
again. Nothing here may fail loudly: without a cache everything works, only later.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import platform
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from checker.native.object_file import FlatCode

__all__ = ["MappedCode", "folder", "key_of", "load", "store"]

_MAGIC = b"reconverge code\x00\x01"
_MOST_BYTES = 64_000_000
"""Older files go beyond this."""


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

    memory: Any
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
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        status = place.stat()
    except OSError:
        return None
    # Who writes there runs code as this user.
    safe = status.st_uid == os.getuid() and not status.st_mode & 0o022
    return place if safe else None


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


def key_of(*parts: str) -> str:
    """A name for code that depends on these texts, on this processor and on the compiler."""
    import llvmlite

    python = sys.implementation.cache_tag
    everything = "\0".join((*parts, llvmlite.__version__, python, _processor()))
    return hashlib.sha256(everything.encode()).hexdigest()


def load(key: str) -> MappedCode | None:
    """The code of this name; None if there is none that is whole."""
    place = folder()
    if place is None:
        return None
    try:
        with open(place / f"{key}.code", "rb") as file:
            head = file.read(mmap.PAGESIZE)
            if not head.startswith(_MAGIC):
                return None
            at = len(_MAGIC)
            digest, length = head[at : at + 32], int.from_bytes(head[at + 32 : at + 36], "little")
            header = json.loads(head[at + 36 : at + 36 + length])
            size, offset = int(header["size"]), int(header["offset"])
            file.seek(offset)
            block = file.read(size)
            if len(block) != size or _digest(block, header) != digest:
                return None
            memory = mmap.mmap(
                file.fileno(),
                offset + size,
                flags=mmap.MAP_PRIVATE,
                prot=mmap.PROT_READ | mmap.PROT_EXEC,
            )
            os.utime(place / f"{key}.code")
    except (OSError, ValueError, KeyError, TypeError):
        return None
    start = int(np.frombuffer(memory, dtype=np.uint8).ctypes.data) + offset
    return MappedCode(memory, start, header["entries"])


def store(key: str, code: FlatCode) -> None:
    """Keep code under this name, whole or not at all."""
    place = folder()
    if place is None:
        return
    size = len(code.block)
    header: dict[str, Any] = {"size": size, "entries": code.entries, "offset": 0}
    room = len(_MAGIC) + 36 + len(json.dumps(header)) + 16
    header["offset"] = -(-room // mmap.PAGESIZE) * mmap.PAGESIZE
    if header["offset"] > mmap.PAGESIZE:
        return  # more names than the first page holds
    text = json.dumps(header).encode()
    head = _MAGIC + _digest(code.block, header) + len(text).to_bytes(4, "little") + text
    try:
        _tidy(place)
        handle, temporary = tempfile.mkstemp(dir=place, prefix="new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(head.ljust(header["offset"], b"\0") + code.block)
            os.replace(temporary, place / f"{key}.code")
        except OSError:
            os.unlink(temporary)
    except OSError:
        return


def _digest(block: bytes, header: dict[str, Any]) -> bytes:
    names = json.dumps(header["entries"], sort_keys=True).encode()
    return hashlib.sha256(names + b"\0" + block).digest()


def _tidy(place: Path) -> None:
    """Make room: what has not been used for longest goes first."""
    files = sorted(
        (
            (status.st_mtime, status.st_size, path)
            for path in place.glob("*.code")
            if (status := path.stat())
        ),
        reverse=True,
    )
    total = 0
    for _, size, path in files:
        total += size
        if total > _MOST_BYTES:
            path.unlink(missing_ok=True)
