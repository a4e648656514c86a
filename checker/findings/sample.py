"""What random runs have shown of a model: findings with scope `sampled`, and how the runs went."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from checker.findings.findings import Findings
from checker.system.run import Verdict

__all__ = ["SCHEDULER", "Sample", "Walks"]

SCHEDULER = (
    "whatever can change something is taken at random: where a fault or an intent can happen too, it "
    "does 1 time in 5; then each action is equally likely, then each of its outcomes"
)
"""What the shares speak of. It is chosen here, and not a model of anybody's world."""


@dataclass(frozen=True, slots=True)
class Walks:
    """The runs under one regime.

    Parameters
    ----------
    regimes : tuple of str
        The regimes that they serve: they let the same steps happen.
    runs, steps : int
        How many of them are complete, and their steps in all.
    longest : int
        Steps of the longest run.
    ended : int
        Runs that ended because nothing more could happen.
    wrong : int
        Runs that went wrong: an assertion, a value outside its domain, ….
    beyond : int
        Runs that left the range in which unbounded numbers can be followed.
    cut : int
        Runs that could have gone on.
    never_taken : tuple of str
        Actions that were taken in no run.
    """

    regimes: tuple[str, ...]
    runs: int
    steps: int
    longest: int
    ended: int
    wrong: int
    beyond: int
    cut: int
    never_taken: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "regimes": list(self.regimes),
            "runs": self.runs,
            "steps": self.steps,
            "longest": self.longest,
            "ended": self.ended,
            "wrong": self.wrong,
            "beyond": self.beyond,
            "cut": self.cut,
            "never_taken": list(self.never_taken),
        }


@dataclass(frozen=True, slots=True)
class Sample:
    """Random runs of one instance of a model, and what they show of its properties.

    Parameters
    ----------
    findings : Findings
        Scope `sampled`. What was seen to be violated is VIOLATED, with the shortest run that shows
        it; what was seen to be reached HOLDS; all else is UNKNOWN, however many runs there were. The
        metrics tell how often, with confidence intervals.
    walks : tuple of Walks
        One for each set of regimes that let the same steps happen.
    seed : int
        The same seed gives the same runs.
    runs, steps : int
        How many runs were wanted, and of how many steps at most.
    confidence : float
        Of each interval by itself.
    interrupted : bool
        Whether there are fewer runs: the first of them.
    """

    findings: Findings
    walks: tuple[Walks, ...]
    seed: int
    runs: int
    steps: int
    confidence: float
    interrupted: bool = False
    seconds: float = field(default=0.0, compare=False)

    def __str__(self) -> str:
        """The findings, and on what they rest."""
        made = ", ".join(f"{walks.runs:,} runs, {walks.steps:,} steps" for walks in self.walks)
        lines = [f"{self.findings.model}: {made}, seed {self.seed}"]
        for finding in self.findings:
            lines.append(f"  {finding.property} ({finding.kind}): {finding.summary}; {finding.reason}")
        return "\n".join(lines)

    def exit_code(self) -> int:
        """What a command that shows this exits with, as `Findings.exit_code`.

        Returns
        -------
        int
            1: a property is violated. 4: none was seen to be, which proves nothing. 0 only if every
            property is one that a single run proves.
        """
        return 4 if self.interrupted and not self._violated else self.findings.exit_code()

    @property
    def _violated(self) -> bool:
        return any(finding.verdict is Verdict.VIOLATED for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return {
            "model": self.findings.model,
            "parameters": dict(self.findings.parameters),
            "seed": self.seed,
            "runs": self.runs,
            "steps": self.steps,
            "confidence": self.confidence,
            "scheduler": SCHEDULER,
            "interrupted": self.interrupted,
            "findings": [finding.as_json() for finding in self.findings],
            "walks": [walks.as_json() for walks in self.walks],
            "seconds": round(self.seconds, 6),
        }
