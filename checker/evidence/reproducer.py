"""What is needed to look into an internal error: one file with the trace and what differed."""

from __future__ import annotations

import json
import os
import platform
import tempfile
from pathlib import Path
from typing import Any

from checker.evidence.itf import to_itf
from checker.evidence.replay import ReplayMismatch

__all__ = ["write_reproducer"]


def write_reproducer(mismatch: ReplayMismatch, source: str, folder: Path | None = None) -> Path:
    """Write the trace that CPython disagrees with, for `reconverge replay FILE MODEL`.

    Parameters
    ----------
    mismatch : ReplayMismatch
    source : str
        The model's reference or file.
    folder : Path, optional
        Where to; by default the system's folder for temporary files.
    """
    document: dict[str, Any] = to_itf(mismatch.trace)
    document["#meta"]["mismatch"] = {
        "state": mismatch.position,
        "what": mismatch.what,
        "trace": repr(mismatch.expected),
        "cpython": repr(mismatch.got),
        "source": source,
        "python": platform.python_version(),
    }
    handle, name = tempfile.mkstemp(
        prefix="reconverge-mismatch-", suffix=".itf.json", dir=folder, text=True
    )
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1, ensure_ascii=False)
        file.write("\n")
    return Path(name)
