"""What is known of one property, as a value: verdict, scope, evidence, and where it comes from."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from checker.evidence.trace import Trace
from checker.findings.proof import ProofCertificate
from checker.system.run import Scope, Verdict
from checker.system.sorts import Scalar

__all__ = ["Certificate", "Finding", "Provenance"]


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was looked at: a property that holds does so in every one of these states and steps.

    Parameters
    ----------
    states, steps : int
    digest : str
        Fingerprint of the set of states; another engine that explores the same system gets it too.
    """

    states: int
    steps: int
    digest: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a finding speaks of, exactly.

    Parameters
    ----------
    content_hash : str
        Of the elaborated system.
    property_hash : str
        Of the property together with the system; empty for what no property states.
    semantics : int
        Version of the meaning of systems.
    location : str or None
        `file:line` of the property.
    engine : str
    version : str
        Of the checker.
    """

    content_hash: str
    property_hash: str
    semantics: int
    location: str | None
    engine: str
    version: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict on one property of one instance of a model, under one regime.

    Parameters
    ----------
    property, kind : str
        The promise; for idempotence the kind is the level.
    regime : str
        How much failure it was judged under.
    verdict : Verdict
        UNKNOWN is never a pass.
    scope : Scope
        How far the verdict reaches.
    evidence : Trace, Certificate, ProofCertificate or None
        A trace that CPython has replayed, what was explored, or a proof; None where nothing is known.
    explored : Certificate or None
        The states and steps that were looked at, whatever the verdict.
    reason : str
        What is violated, or why the verdict is UNKNOWN, in one sentence.
    metrics : mapping
        What else was measured.
    expected : str
        "holds" or "violated": what the model's author documents.
    witness : Trace or None
        For "reachable": a run that gets there, replayed like every trace.
    """

    property: str
    kind: str
    regime: str
    verdict: Verdict
    scope: Scope
    evidence: Trace | Certificate | ProofCertificate | None
    model: str
    parameters: tuple[tuple[str, Scalar | str], ...]
    provenance: Provenance
    explored: Certificate | None = None
    reason: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict, hash=False)
    expected: str = "holds"
    witness: Trace | None = None

    def __repr__(self) -> str:
        return f"<Finding {self.property} ({self.kind}): {self.summary}>"

    def __str__(self) -> str:
        """What was judged, the verdict and why, and the run that shows it."""
        lines = [f"{self.property} ({self.kind}, {self.regime}): {self.summary}"]
        lines += [f"  {self.reason}"] if self.reason else []
        lines += [f"  {line}" for line in str(self.trace).splitlines()] if self.trace else []
        return "\n".join(lines)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """IPython shows a finding that stands alone in full, and one among others in short."""
        alone = len(printer.stack) <= 1
        printer.text(str(self) if alone else repr(self))

    @builtins.property  # `property` is a field here
    def trace(self) -> Trace | None:
        """The counterexample, or the witness of a reachable state."""
        return self.evidence if isinstance(self.evidence, Trace) else self.witness

    @builtins.property  # `property` is a field here
    def summary(self) -> str:
        """The verdict in a few words: `violated in 3 steps`."""
        trace = self.trace
        if trace is None or self.verdict is Verdict.UNKNOWN:
            return self.verdict.value
        steps = f"{len(trace):,} step{'' if len(trace) == 1 else 's'}"
        if self.verdict is Verdict.HOLDS:
            return f"reached in {steps}"
        if trace.loop is not None:
            return "violated, lasso"
        return f"violated in {steps}" if len(trace) else "violated at once"

    @builtins.property  # `property` is a field here
    def as_expected(self) -> bool:
        """Whether the verdict is the one that the model's author documents."""
        return self.verdict.value == self.expected

    def as_json(self) -> dict[str, Any]:
        """The finding as plain JSON values."""
        from checker.evidence.itf import to_itf

        trace = self.trace
        explored = self.explored
        return {
            "model": self.model,
            "parameters": dict(self.parameters),
            "property": self.property,
            "kind": self.kind,
            "regime": self.regime,
            "verdict": self.verdict.value,
            "expected": self.expected,
            "scope": str(self.scope),
            "reason": self.reason,
            "trace_length": None if trace is None else len(trace),
            "loop": None if trace is None else trace.loop,
            "states": None if explored is None else explored.states,
            "steps": None if explored is None else explored.steps,
            "digest": None if explored is None else explored.digest,
            "metrics": {name: _plain(value) for name, value in self.metrics.items()},
            "trace": None if trace is None else to_itf(trace),
            "proof": self.evidence.as_json() if isinstance(self.evidence, ProofCertificate) else None,
            "provenance": {
                "content_hash": self.provenance.content_hash,
                "property_hash": self.provenance.property_hash,
                "semantics": self.provenance.semantics,
                "location": self.provenance.location,
                "engine": self.provenance.engine,
                "version": self.provenance.version,
            },
        }


def _plain(value: Any) -> Any:
    """A metric as JSON has it."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted((_plain(item) for item in value), key=repr)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):  # a number of numpy's
        return value.item()
    return str(value)
