"""Runs of a transition system, and what an engine says of a property: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from checker.system.sorts import Scalar
from checker.system.transition_system import Hazard

__all__ = ["Judgement", "Run", "Scope", "State", "Step", "Verdict"]

State = Mapping[str, Scalar]
"""Every variable's value (labels as their index)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One outcome of one action instance: values of its parameters and choices, in their order."""

    action: str
    arguments: tuple[Scalar, ...] = ()
    choices: tuple[Scalar, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A finite run, or a lasso.

    Parameters
    ----------
    states : tuple of State
        From an initial state on.
    steps : tuple of Step or None
        steps[i] leads from states[i] to states[i+1]; None is a stutter (nothing happens). A run
        that ends in a hazard has one more step than it has successors: the step that went wrong.
    loop : int or None
        For a lasso the position to which the last state returns: states[-1] == states[loop], and
        steps[loop:] repeat for ever.
    hazard : Hazard or None
        What went wrong in the last step.
    """

    states: tuple[State, ...]
    steps: tuple[Step | None, ...]
    loop: int | None = None
    hazard: Hazard | None = None

    def __len__(self) -> int:
        """Number of steps, the loop counted once."""
        return len(self.steps)


class Verdict(Enum):
    """What is known of a property. UNKNOWN is never a pass."""

    HOLDS = "holds"
    VIOLATED = "violated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Scope:
    """How far a verdict reaches.

    `exhaustive` (all states of this instance), `bounded` (up to `bound`), `all sizes` (a proof
    over unbounded parameters) or `sampled` (`bound` runs at `confidence`). Never blurred.
    """

    kind: str
    bound: int | None = None
    confidence: float | None = None

    def __str__(self) -> str:
        if self.kind == "bounded":
            return f"bounded({self.bound})"
        if self.kind == "sampled":
            return f"sampled({self.bound}, {self.confidence})"
        return self.kind


@dataclass(frozen=True, slots=True)
class Judgement:
    """An engine's answer about one property.

    Parameters
    ----------
    name, kind : str
        The property, and its kind; for idempotence the kind is the level ("crash-idempotent").
    verdict : Verdict
    scope : Scope
    regime : str
        The regime under which it was judged, in the notation of the command line.
    run : Run or None
        The counterexample, or for "reachable" the witness of HOLDS.
    reason : str
        Why the verdict is UNKNOWN, or what is violated, in one sentence.
    metrics : mapping
        What else was measured (steps and rounds to converge, confluence, …).
    """

    name: str
    kind: str
    verdict: Verdict
    scope: Scope
    regime: str
    run: Run | None = None
    reason: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)
