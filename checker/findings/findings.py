"""All findings about one instance of a model, and the spaces that were explored for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from checker.findings.finding import Finding
from checker.findings.selection import UnknownProperty
from checker.system.run import Verdict
from checker.system.sorts import Scalar
from checker.system.transition_system import Property, TransitionSystem

if TYPE_CHECKING:
    from checker.explicit.vacuity import Vacuity

__all__ = ["Findings", "Space"]


@dataclass(frozen=True, slots=True)
class Space:
    """One exploration.

    Parameters
    ----------
    regimes : tuple of str
        The regimes that it serves: they let the same steps happen, and differ in which may recur.
    states, steps : int
        Distinct states, and enabled outcomes of actions, also those that change nothing.
    digest : str
        Fingerprint of the set of states.
    seconds : float
    complete : bool
    reason : str
        Why it is not complete.
    """

    regimes: tuple[str, ...]
    states: int
    steps: int
    digest: str
    seconds: float = field(compare=False)
    complete: bool = True
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """The exploration as plain JSON values."""
        return {
            "regimes": list(self.regimes),
            "states": self.states,
            "steps": self.steps,
            "digest": self.digest,
            "seconds": round(self.seconds, 6),
            "complete": self.complete,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Findings(Sequence[Finding]):
    """The findings in the order of the properties; a sequence of `Finding`.

    Parameters
    ----------
    findings : tuple of Finding
    vacuity : tuple of Vacuity
        What makes verdicts say less than they seem to: actions that are never enabled, …
    spaces : tuple of Space
    seconds : float
        In all: translation, exploration, judging and replay.
    system : TransitionSystem
        What was checked, before any regime.
    claims : tuple of Property
        The properties that were judged.
    reductions : tuple of str
        What was explored less, what that saved, and what was not possible, for people to read.
    """

    model: str
    parameters: tuple[tuple[str, Scalar | str], ...]
    findings: tuple[Finding, ...]
    vacuity: tuple[Vacuity, ...] = ()
    spaces: tuple[Space, ...] = ()
    seconds: float = field(default=0.0, compare=False)
    system: TransitionSystem = field(repr=False, kw_only=True)
    claims: tuple[Property, ...] = field(default=(), repr=False)
    reductions: tuple[str, ...] = ()

    def __repr__(self) -> str:
        verdicts = [finding.verdict for finding in self.findings]
        counts = [f"{verdicts.count(verdict)} {verdict.value}" for verdict in Verdict]
        told = [count for count in counts if not count.startswith("0 ")]
        return f"<Findings of {self.model}: {', '.join(told) or 'no property'}>"

    def __str__(self) -> str:
        """One line for each verdict, and one for each reason to trust it less."""
        given = "".join(f"  {name}={value}" for name, value in self.parameters)
        spaces = [f"{space.states:,} states, {space.steps:,} steps" for space in self.spaces[:1]]
        lines = ["  ".join([f"{self.model}{given}", *spaces])]
        names = max((len(finding.property) for finding in self.findings), default=0)
        kinds = max((len(finding.kind) for finding in self.findings), default=0)
        for finding in self.findings:
            row = f"  {finding.property:<{names}}  {finding.kind:<{kinds}}  {finding.summary}"
            lines.append(row if finding.verdict is not Verdict.UNKNOWN else f"{row}: {finding.reason}")
        lines += [f"  ! {note}" for note in self.vacuity]
        return "\n".join([*lines, *(f"  {reduction}" for reduction in self.reductions)])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What IPython shows."""
        printer.text(str(self))

    @property
    def holds(self) -> bool:
        """Whether every property holds; what is unknown does not."""
        return bool(self.findings) and all(one.verdict is Verdict.HOLDS for one in self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __getitem__(self, index: Any) -> Any:
        """By position, or the first finding about a property by its name.

        Raises
        ------
        UnknownProperty
            If no finding is about a property of this name.
        """
        if isinstance(index, str):
            for finding in self.findings:
                if finding.property == index:
                    return finding
            raise UnknownProperty(index, [finding.property for finding in self.findings])
        return self.findings[index]

    def claim(self, name: str) -> Property | None:
        """The property of this name; None for what no property states (an assertion)."""
        return next((claim for claim in self.claims if claim.name == name), None)

    def exit_code(self, expected: bool = False) -> int:
        """What a command that shows these findings exits with.

        Parameters
        ----------
        expected : bool
            Compare every verdict with the one that the model's author documents.

        Returns
        -------
        int
            0: every property holds (or every verdict is the documented one). 1: one does not.
            4: inconclusive; never taken for a success.
        """
        unknown = any(finding.verdict is Verdict.UNKNOWN for finding in self.findings)
        if expected:
            wrong = any(f.verdict is not Verdict.UNKNOWN and not f.as_expected for f in self.findings)
        else:
            wrong = any(finding.verdict is Verdict.VIOLATED for finding in self.findings)
        return 1 if wrong else 4 if unknown else 0

    def as_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return {
            "model": self.model,
            "parameters": dict(self.parameters),
            "findings": [finding.as_json() for finding in self.findings],
            "vacuity": [
                {"kind": note.kind, "name": note.name, "message": note.message} for note in self.vacuity
            ],
            "spaces": [space.as_json() for space in self.spaces],
            "reductions": list(self.reductions),
            "seconds": round(self.seconds, 6),
        }
