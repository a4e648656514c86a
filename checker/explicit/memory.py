"""How much memory there is, and how much of it this process uses."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["MemoryLimit", "available_memory", "default_limit", "resident_memory", "size_text"]

_SHARE = 0.8
"""Part of what is free that an exploration takes if nobody says how much it may."""

_CONTROL_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")
_FILES = (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes"))
"""What a control group may use, and what it uses; of version 2 and of version 1."""


class MemoryLimit(MemoryError):
    """The next piece of work would need more memory than it may use; the message says what for."""


def resident_memory() -> int:
    """Bytes of memory that this process uses now (its peak, where the system does not tell)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return int(peak) * (1 if sys.platform == "darwin" else 1024)
    return pages * os.sysconf("SC_PAGE_SIZE")


def available_memory() -> int:
    """Bytes that could be used without making the system swap, or a container be killed."""
    return max(0, min([_system_memory(), *_left_by_groups()]))


def _left_by_groups() -> Iterator[int]:
    """Bytes that are left in each control group that this process is in, and that has a limit."""
    try:
        lines = _OWN_GROUPS.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, place = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        top = _CONTROL_GROUPS / "memory" if controllers else _CONTROL_GROUPS
        group = top / place.lstrip("/")
        # Inside a container the path may be the host's, of which only the top is there.
        for one in (group, *group.parents):
            for limit, usage in _FILES:
                try:
                    # "max", where there is no limit, is no number.
                    left = int((one / limit).read_text()) - int((one / usage).read_text())
                    yield left + _cached_files(one)
                except (OSError, ValueError):
                    continue
            if one == top:
                break


def _cached_files(group: Path) -> int:
    """Bytes that a group is charged for copies of files: they go when memory is needed."""
    lines = (line.split() for line in (group / "memory.stat").read_text().splitlines())
    told = {name: int(value) for name, value in lines}
    names = ("active_file", "inactive_file")
    # In version 1 the groups below are counted apart.
    return sum(told.get(f"total_{name}", told.get(name, 0)) for name in names)


def _system_memory() -> int:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass  # not Linux
    # All that there is: what is free would take another program to find out.
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def default_limit() -> int:
    """Bytes that this process may use if nobody says: what it has, and most of what is free."""
    return resident_memory() + int(_SHARE * available_memory())


def size_text(count: int) -> str:
    """A number of bytes for people to read.

    Examples
    --------
    >>> size_text(4_000_000_000), size_text(1_500_000)
    ('4.0 GB', '1.5 MB')
    """
    return f"{count / 1e9:.1f} GB" if count >= 10**9 else f"{count / 1e6:.1f} MB"
