"""How much memory there is, and how much of it this process uses."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["MemoryLimit", "available_memory", "default_limit", "resident_memory", "size_text"]

_SHARE = 0.8
"""Part of what is free that an exploration takes if nobody says how much it may."""

_CONTROL_GROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


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
    free = [_system_memory()]
    for limit, usage in _CONTROL_GROUPS:
        try:
            # "max", where there is no limit, is no number.
            free.append(int(Path(limit).read_text()) - int(Path(usage).read_text()))
        except (OSError, ValueError):
            continue
    return max(0, min(free))


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
