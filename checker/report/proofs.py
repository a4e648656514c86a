"""Proofs on a screen: the ranking function, who brings the run on, and what never changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from checker.findings.finding import Finding
from checker.findings.findings import Findings
from checker.findings.proof import ProofCertificate
from checker.report.glyphs import Glyphs
from checker.report.wording import count
from checker.report.wrapping import hanging
from checker.system.run import Verdict

__all__ = ["proof_lines"]

_LABEL = 15


def proof_lines(found: Findings, *, width: int, glyphs: Glyphs) -> Iterator[Text]:
    """What each proof says, and who has accepted it."""
    for finding in found:
        # That nothing goes wrong in the model itself is shown by lemmas that nobody reads.
        if isinstance(finding.evidence, ProofCertificate) and finding.kind not in ("domain", "assert"):
            yield Text()
            yield from _one(finding, finding.evidence, width, glyphs)
    alone = [one for one in found if one.verdict is Verdict.HOLDS and one.evidence is None]
    if alone:
        yield Text()
        names = ", ".join(f"{one.property} ({one.kind})" for one in alone)
        yield from hanging(Text("  "), 2, f"by Z3 alone, without a certificate: {names}", width)


def _one(finding: Finding, evidence: ProofCertificate, width: int, glyphs: Glyphs) -> Iterator[Text]:
    title = Text(f"  {finding.property}", style="bold")
    every = f" · every {', '.join(evidence.every)}" if evidence.every else ""
    solvers = " and ".join(evidence.accepted_by)
    said = f" · {finding.kind} · {finding.regime}{every}"
    title.append(glyphs.plain(said), style="not bold dim")
    yield title
    for label, text in _told(finding, evidence):
        start = Text(f"   {label}".ljust(_LABEL), style="dim")
        yield from hanging(start, _LABEL, glyphs.plain(text), width)
    accepted = f"{count(evidence.conditions, 'condition')} accepted by {solvers}"
    where = f", in {evidence.folder}" if evidence.folder else ""
    yield from hanging(Text("   proof".ljust(_LABEL), style="dim"), _LABEL, accepted + where, width)


def _told(finding: Finding, evidence: ProofCertificate) -> Iterator[tuple[str, str]]:
    readable: Any = evidence.readable
    if finding.kind == "converges":
        if evidence.rank:
            yield "rank", evidence.rank
        for one in readable["helpful"]:
            group, *arguments = one["unit"]
            shown = f"({', '.join(map(str, arguments))})" if arguments else ""
            where = "everywhere" if one["where"] == "True" else f"where {one['where']}"
            yield "helpful", f"{group}{shown} {where}"
        bound = finding.metrics.get("bound")
        if bound:
            yield "bound", f"at most {bound} steps that change something, after the last fault"
        gain = finding.metrics.get("gain")
        if isinstance(gain, dict) and gain:
            yield "gain", ", ".join(f"{fault}: {more}" for fault, more in gain.items())
        yield "rests where", readable["rest"]
    for lemma in readable["invariant"]:
        yield "invariant", lemma
