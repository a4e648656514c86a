"""Explorations on disk: written as they grow, and whole again after a crash at any moment.

A folder holds one file for each array, which is only ever appended to, and a small manifest that
says how much of each counts. The manifest is replaced at once, when everything it speaks of is on
the disk: whatever a killed process has half written is behind the end of what counts.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from checker.explicit.labels import Instance, Mishap
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
        Made when something is saved.
    identity : dict
        What has to be the same for an exploration to go on: model, regime, kept edges.
    instances : sequence of Instance
    """

    folder: Path
    identity: dict[str, Any]
    instances: Sequence[Instance]
    lengths: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_ARRAYS, 0))
    sums: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_ARRAYS, 0))

    @classmethod
    def of(
        cls, folder: Path, under: UnderRegime, instances: Sequence[Instance], keep_edges: bool
    ) -> Checkpoint:
        """The place of an exploration below a folder that may hold several."""
        system = content_hash(under.system)
        identity = {
            "format": _FORMAT,
            "semantics": SEMANTICS_VERSION,
            "model": under.system.name,
            "parameters": {name: int(value) for name, value in under.system.parameters},
            "system": system,
            "regime": str(under.regime),
            "keep_edges": keep_edges,
        }
        return cls(folder / f"{under.system.name}-{system[:16]}", identity, instances)

    # ------------------------------------------------------------ writing

    def save(self, snapshot: Snapshot) -> None:
        """Add what is new.

        Raises
        ------
        CheckpointError
            If it cannot be written; what was saved before is still good.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
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
        path = self.folder / f"{name}.bin"
        with open(path, "r+b" if path.exists() and start else "wb") as file:
            file.truncate(start * array.itemsize)
            file.seek(start * array.itemsize)
            for first in range(start, len(array), _CHUNK):
                piece = array[first : first + _CHUNK].view(np.uint8).data
                file.write(piece)
                self.sums[name] = zlib.crc32(piece, self.sums[name])
            file.flush()
            os.fsync(file.fileno())
        self.lengths[name] = len(array)

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
        which = next((i for i, one in enumerate(hazards) if one is mishap.hazard), -1)
        return [mishap.state, mishap.label, [int(choice) for choice in mishap.choices], which]

    # ------------------------------------------------------------ reading

    @property
    def exists(self) -> bool:
        """Whether something was saved."""
        return (self.folder / "manifest.json").exists()

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
            for key, value in self.identity.items():
                if manifest.get(key) != value:
                    raise CheckpointError(
                        f"{path} is of another exploration: {key} is {manifest.get(key)!r} there, "
                        f"{value!r} here; save to another folder"
                    )
            arrays = {name: self._read(name, manifest["arrays"][name]) for name in _ARRAYS}
            return Snapshot(
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
        except OSError as problem:
            raise CheckpointError(f"cannot read {self.folder}: {problem.strerror}") from None
        except (KeyError, TypeError, IndexError, ValueError) as problem:
            if isinstance(problem, CheckpointError):
                raise
            raise CheckpointError(f"{path} is damaged ({problem}); remove {self.folder}") from None

    def _read(self, name: str, entry: dict[str, Any]) -> npt.NDArray[Any]:
        dtype, length = np.dtype(entry["dtype"]), int(entry["length"])
        path = self.folder / f"{name}.bin"
        # Mapped, not read: it is copied to where it grows on, and should not be there twice.
        array = np.memmap(path, dtype, "r")[:length] if length else np.empty(0, dtype=dtype)
        total = 0
        for first in range(0, len(array), _CHUNK):
            total = zlib.crc32(array[first : first + _CHUNK].view(np.uint8).data, total)
        if len(array) != length or total != entry["crc32"]:
            raise CheckpointError(f"{path} is damaged: remove {self.folder} and begin again")
        self.lengths[name], self.sums[name] = length, total
        return array

    def _mishap(self, row: list[Any]) -> Mishap:
        state, label, choices, which = row
        action = self.instances[label].action
        values = tuple(
            bool(value) if isinstance(symbol.domain.sort, BoolSort) else value
            for symbol, value in zip(action.choices, choices, strict=True)
        )
        return Mishap(state, label, values, None if which < 0 else action.hazards[which])
