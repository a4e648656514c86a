"""Explorations on disk: written as they grow, and whole again after a crash at any moment.

A folder holds one file for each array, which is only ever appended to, and a small manifest that
says how much of each counts. The manifest is replaced at once, when everything it speaks of is on
the disk: whatever a killed process has half written is behind the end of what counts. A folder is
one process's at a time.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from checker.explicit.labels import Instance, Mishap, label_type
from checker.explicit.packing import packing_of
from checker.explicit.snapshot import Snapshot
from checker.regimes.regime import UnderRegime
from checker.system.digest import SEMANTICS_VERSION, content_hash
from checker.system.sorts import BoolSort

__all__ = ["Checkpoint", "CheckpointError"]

_FORMAT = 1
_ARRAYS = ("words", "parents", "parent_labels", "targets", "labels", "offsets")
_CHUNK = 1 << 24


class CheckpointError(ValueError):
    """A folder does not hold what it should; the message says what to do."""


@dataclass(slots=True)
class Checkpoint:
    """One exploration's folder.

    Parameters
    ----------
    folder : Path
        Made when it is claimed.
    identity : dict
        What has to be the same for an exploration to go on: model, regime, kept edges, and how
        states and labels are written.
    instances : sequence of Instance
    width : int
        Words of a state.
    """

    folder: Path
    identity: dict[str, Any]
    instances: Sequence[Instance]
    width: int
    lengths: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_ARRAYS, 0))
    sums: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_ARRAYS, 0))
    lock: int | None = None

    @classmethod
    def of(
        cls, folder: Path, under: UnderRegime, instances: Sequence[Instance], keep_edges: bool
    ) -> Checkpoint:
        """The place of an exploration below a folder that may hold several."""
        system = content_hash(under.system)
        packing = packing_of(under.system.variables)
        layout = repr((packing.slots, [instance.name for instance in instances]))
        identity = {
            "format": _FORMAT,
            "semantics": SEMANTICS_VERSION,
            "model": under.system.name,
            "parameters": {name: int(value) for name, value in under.system.parameters},
            "system": system,
            "regime": str(under.regime),
            "keep_edges": keep_edges,
            "layout": hashlib.sha256(layout.encode()).hexdigest()[:16],
        }
        place = folder / f"{under.system.name}-{system[:16]}"
        return cls(place, identity, instances, packing.words)

    # ------------------------------------------------------------ whose it is

    def claim(self) -> None:
        """Make the folder, and keep other processes out of it until `release`, or until this one dies.

        Raises
        ------
        CheckpointError
            If it cannot be written to, or another process explores there.
        """
        import fcntl

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as problem:
            raise CheckpointError(f"cannot save to {self.folder}: {problem.strerror}") from None
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise CheckpointError(
                f"another process explores in {self.folder}: wait for it, or save to another folder"
            ) from None
        except OSError:
            pass  # a file system that knows no locks

    def release(self) -> None:
        """Let others have it."""
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None

    # ------------------------------------------------------------ writing

    def save(self, snapshot: Snapshot) -> None:
        """Add what is new.

        Raises
        ------
        CheckpointError
            If it cannot be written; what was saved before is still good.
        """
        try:
            for name in _ARRAYS:
                self._append(name, getattr(snapshot, name))
            self._replace_manifest(snapshot)
        except OSError as problem:
            raise CheckpointError(f"cannot save to {self.folder}: {problem.strerror}") from None

    def _append(self, name: str, array: npt.NDArray[Any]) -> None:
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        start = self.lengths[name]
        if len(array) == start and start:
            return
        total = self.sums[name]
        # What is beyond was never counted: an earlier process did not come to it.
        with open(self.folder / f"{name}.bin", "r+b" if start else "wb") as file:
            file.truncate(start * array.itemsize)
            file.seek(start * array.itemsize)
            for first in range(start, len(array), _CHUNK):
                piece = array[first : first + _CHUNK].view(np.uint8).data
                file.write(piece)
                total = zlib.crc32(piece, total)
            file.flush()
            os.fsync(file.fileno())
        # Only now: a save that failed can be tried again.
        self.lengths[name], self.sums[name] = len(array), total

    def _replace_manifest(self, snapshot: Snapshot) -> None:
        manifest = {
            **self.identity,
            "arrays": {
                name: {
                    "dtype": getattr(snapshot, name).dtype.newbyteorder("<").str,
                    "length": self.lengths[name],
                    "crc32": self.sums[name],
                }
                for name in _ARRAYS
            },
            "initial": snapshot.initial,
            "expanded": snapshot.expanded,
            "steps": snapshot.steps,
            "initial_all": snapshot.initial_all,
            "values_beyond": snapshot.values_beyond,
            "fired": snapshot.fired.tolist(),
            "mishaps": [self._row(mishap) for mishap in snapshot.mishaps],
        }
        manifest["sha256"] = _sum(manifest)
        temporary = self.folder / "manifest.json.new"
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(manifest, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self.folder / "manifest.json")
        # The new name has to be on the disk too.
        directory = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _row(self, mishap: Mishap) -> list[Any]:
        hazards = self.instances[mishap.label].action.hazards
        which = -1
        if mishap.hazard is not None:
            which = next(i for i, one in enumerate(hazards) if one is mishap.hazard)
        return [mishap.state, mishap.label, [int(choice) for choice in mishap.choices], which]

    # ------------------------------------------------------------ reading

    def begin(self, resume: bool) -> Snapshot | None:
        """Claim the folder; what to go on from, None to begin anew.

        Raises
        ------
        CheckpointError
            If there is something that should not be resumed, or cannot be.
        """
        # At once, and not after hours: it may be impossible to write there.
        self.claim()
        if not self.exists:
            return None
        if not resume:
            raise CheckpointError(
                f"{self.folder} holds an exploration already: resume it, remove it, or save to another folder"
            )
        return self.load()

    @property
    def exists(self) -> bool:
        """Whether something was saved."""
        return os.path.lexists(self.folder / "manifest.json")

    def load(self) -> Snapshot:
        """What was saved last.

        Raises
        ------
        CheckpointError
            If it is of another exploration, or damaged.
        """
        path = self.folder / "manifest.json"
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            self._recognise(manifest, path)
            arrays = {name: self._read(name, manifest["arrays"][name]) for name in _ARRAYS}
            snapshot = Snapshot(
                words=arrays["words"],
                parents=arrays["parents"],
                parent_labels=arrays["parent_labels"],
                targets=arrays["targets"],
                labels=arrays["labels"],
                offsets=arrays["offsets"],
                fired=np.array(manifest["fired"], dtype=np.uint8),
                mishaps=tuple(map(self._mishap, manifest["mishaps"])),
                initial=int(manifest["initial"]),
                expanded=int(manifest["expanded"]),
                steps=int(manifest["steps"]),
                initial_all=bool(manifest["initial_all"]),
                values_beyond=bool(manifest["values_beyond"]),
            )
            self._examine(snapshot)
            return snapshot
        except OSError as problem:
            raise CheckpointError(f"cannot read {self.folder}: {problem.strerror}") from None
        except (LookupError, TypeError, ValueError, OverflowError, RecursionError) as problem:
            if isinstance(problem, CheckpointError):
                raise
            raise CheckpointError(
                f"{path} is damaged ({problem}): remove {self.folder} and begin again"
            ) from None

    def _recognise(self, manifest: Any, path: Path) -> None:
        """Raise unless a manifest is of this exploration, and as it was written."""
        if not isinstance(manifest, dict):
            raise ValueError("it is no JSON object")
        for key, value in self.identity.items():
            if manifest.get(key) != value:
                raise CheckpointError(
                    f"{path} is of another exploration: {key} is {manifest.get(key)!r} there, "
                    f"{value!r} here; save to another folder"
                )
        # Nothing else tells a changed number: with too many states expanded, some would be left out.
        if manifest.pop("sha256", None) != _sum(manifest):
            raise ValueError("it is not as it was written")

    def _examine(self, snapshot: Snapshot) -> None:
        """Raise unless the arrays fit each other."""
        known, edges = snapshot.known, len(snapshot.targets)
        rows = snapshot.expanded + 1 if self.identity["keep_edges"] else 1
        fits = (
            len(snapshot.words) == known * self.width
            and len(snapshot.parent_labels) == known
            and 0 <= snapshot.initial <= known
            and 0 <= snapshot.expanded <= known
            and len(snapshot.labels) == edges
            and len(snapshot.offsets) == rows
            and snapshot.offsets[-1] == edges
            and len(snapshot.fired) == len(self.instances)
        )
        if not fits:
            raise ValueError("its arrays do not fit each other")

    def _read(self, name: str, entry: dict[str, Any]) -> npt.NDArray[Any]:
        dtype, length = self._dtype(name), int(entry["length"])
        if entry["dtype"] != dtype.str:
            raise ValueError(f"{name} are {entry['dtype']}, not {dtype.str}")
        path = self.folder / f"{name}.bin"
        total, left = 0, length * dtype.itemsize
        with open(path, "rb") as file:
            while left and (piece := file.read(min(left, _CHUNK))):
                total = zlib.crc32(piece, total)
                left -= len(piece)
        if left or total != entry["crc32"]:
            raise CheckpointError(f"{path} is damaged: remove {self.folder} and begin again")
        self.lengths[name], self.sums[name] = length, total
        # Mapped, not read: it is copied to where it grows on, and should not be there twice. Behind
        # its end may be a part of an element.
        return np.memmap(path, dtype, "r", shape=(length,)) if length else np.empty(0, dtype=dtype)

    def _dtype(self, name: str) -> np.dtype[Any]:
        """What an array consists of, on disk."""
        plain = {"words": np.uint64, "parents": np.int32, "targets": np.int32, "offsets": np.int64}
        return np.dtype(plain.get(name, label_type(len(self.instances)))).newbyteorder("<")

    def _mishap(self, row: list[Any]) -> Mishap:
        state, label, choices, which = row
        action = self.instances[label].action
        values = tuple(
            bool(value) if isinstance(symbol.domain.sort, BoolSort) else value
            for symbol, value in zip(action.choices, choices, strict=True)
        )
        return Mishap(state, label, values, None if which < 0 else action.hazards[which])


def _sum(manifest: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
