"""The machine and the versions that a measurement was made with."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import checker

__all__ = ["machine", "memory_available", "versions"]


def machine() -> dict[str, str | int]:
    """Processor, cores, memory, system; nothing that names the machine."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1,
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": platform.system(),
    }


def memory_available() -> int:
    """Bytes that could be had now without swapping; where the system does not say, half of all."""
    information = Path("/proc/meminfo")
    if information.exists():
        found = re.search(r"^MemAvailable:\s+(\d+) kB", information.read_text(), re.M)
        if found:
            return int(found[1]) * 1024
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def versions(tools: Iterable[str]) -> dict[str, str]:
    """What each of the tools, and what they stand on, calls itself."""
    found = {"Reconverge": checker.__version__, "Python": platform.python_version()}
    if "SPIN" in tools:
        found["SPIN"] = _said(["spin", "-V"], r"Version ([\d.]+)")
        found["gcc"] = _said(["gcc", "-dumpfullversion"], r"([\d.]+)")
    if "TLC" in tools:
        jar = os.environ["TLA2TOOLS_JAR"]
        found["TLC"] = _said(["java", "-cp", jar, "tlc2.TLC", "-h"], r"Version (\S+)", r"TLC2? (\S+)")
        found["Java"] = _said(["java", "-version"], r'version "([^"]+)"')
    return found


def _said(command: list[str], *patterns: str) -> str:
    run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    matches = (re.search(pattern, run.stdout + run.stderr) for pattern in patterns)
    return next((match[1] for match in matches if match), "of unknown version")


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        found = re.search(r"^model name\s*:\s*(.+)$", information.read_text(), re.M)
        if found:
            return found[1].strip()
    return platform.processor() or platform.machine()
