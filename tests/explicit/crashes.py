"""What a folder looks like if the process that writes it is killed: at every moment that could matter."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from checker.explicit import python_search
from checker.explicit.explore import explore
from checker.explicit.native_search import NativeSearch
from checker.regimes.regime import UnderRegime

__all__ = ["IN_MEMORY", "crash_images", "in_small_pieces", "without_waiting"]

IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where files are written fast."""


@contextmanager
def without_waiting() -> Iterator[None]:
    """Do not wait for the disk: no machine loses its power in these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@contextmanager
def in_small_pieces(states: int) -> Iterator[None]:
    """Look at the clock, at limits and at Ctrl-C every few states."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(python_search, "_CHUNK", states)
        patch.setattr(NativeSearch, "_end_of_piece", lambda search: search.expanded + states)
        yield


def crash_images(under: UnderRegime, place: Path, pieces: int, **options: Any) -> list[Path]:
    """Explore, saving as often as possible; copies of the folder, one for each moment.

    A moment is each call that makes something certain: writing an array, or the manifest, through
    to the disk, and giving the manifest its name. To every array of a copy an end is added that is
    no whole element, as of a write that was under way.
    """
    saved = place / "saved"
    images: list[Path] = []

    def image(*_: object) -> None:
        copy = place / f"image{len(images)}"
        shutil.copytree(saved, copy)
        for path in copy.rglob("*.bin"):
            with open(path, "ab") as file:
                file.write(b"\xff" * 5)
        images.append(copy)

    replace = os.replace

    def renamed(source: Path, target: Path) -> None:
        image()
        replace(source, target)
        image()

    with in_small_pieces(pieces), pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", image)
        patch.setattr(os, "replace", renamed)
        explore(under, save=saved, save_every=0, **options)
    return [saved, *images]
