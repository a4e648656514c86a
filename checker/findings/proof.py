"""A proof as the evidence of a finding: what it says, and who has checked it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from checker.system.proof import Proof

__all__ = ["ProofCertificate"]


@dataclass(frozen=True, slots=True)
class ProofCertificate:
    """A proof whose every condition a second solver has accepted.

    Parameters
    ----------
    proof : Proof
    conditions : int
        How many formulas had to be shown unsatisfiable.
    accepted_by : tuple of str
        The solvers that answered so to all of them.
    rank : str
        The ranking function in words; empty for safety.
    readable : mapping
        Invariant, place of rest, ranks and helpful units as text.
    every : tuple of str
        Parameters for every value of which it is a proof.
    folder : str
        Where it was written, if it was.
    """

    proof: Proof
    conditions: int
    accepted_by: tuple[str, ...]
    rank: str = ""
    readable: Mapping[str, Any] = field(default_factory=dict, hash=False)
    every: tuple[str, ...] = ()
    folder: str = ""

    def as_json(self) -> dict[str, Any]:
        """The proof as plain JSON values."""
        return {
            "conditions": self.conditions,
            "accepted_by": list(self.accepted_by),
            "rank": self.rank,
            "every": list(self.every),
            "folder": self.folder,
            **self.readable,
        }
