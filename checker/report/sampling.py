"""What random runs have shown, on one screen: how often, how surely, after how many steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from checker.findings.confidence import percentage
from checker.findings.finding import Finding
from checker.findings.sample import Sample, Walks
from checker.report.cause import explain
from checker.report.glyphs import Glyphs
from checker.report.terminal import header, trace_lines
from checker.report.wording import count
from checker.report.wrapping import hanging
from checker.system.run import Verdict
from checker.system.transition_system import Kind

__all__ = ["sample_lines"]

_STYLES = {Verdict.HOLDS: "green", Verdict.VIOLATED: "bold red", Verdict.UNKNOWN: "bold yellow"}

_CAVEAT = "shares of runs under a random scheduler (see --help), not probabilities in your world"


def sample_lines(sample: Sample, *, width: int, glyphs: Glyphs, traces: str = "first") -> Iterator[Text]:
    """What was seen of every property, and the space-time diagram of a counterexample.

    Parameters
    ----------
    sample : Sample
    width : int
    glyphs : Glyphs
    traces : str
        "first" (the shortest counterexample), "all" (also witnesses), or "none".
    """
    found = sample.findings
    yield header(found.model, found.parameters, glyphs.plain(_measured(sample)), width)
    yield from hanging(Text("  ", style="dim"), 2, glyphs.plain(_scope(sample)), width)
    # That the model's own steps are well defined is worth a line only where they are not.
    rows = [one for one in found if one.kind != "domain" or one.verdict is Verdict.VIOLATED]
    rows = rows or list(found)
    names = max((cell_len(finding.property) for finding in rows), default=0)
    kinds = max((cell_len(finding.kind) for finding in rows), default=0)
    for finding in rows:
        regime = f"  under {finding.regime}" if len(sample.walks) > 1 else ""
        yield _row(finding, names, kinds, glyphs).append(regime, style="not bold dim")
        for line in _details(sample, finding):
            yield from hanging(Text(" " * 6), 6, glyphs.plain(line), width)
    for note in _notes(sample):
        yield from hanging(Text("  ! ", style="bold yellow"), 4, glyphs.plain(note), width)
    violated = [one for one in found if one.verdict is Verdict.VIOLATED and one.trace is not None]
    told = violated
    if traces == "all":
        told = [one for one in found if one.trace is not None]
    elif traces == "none":
        told = []
    elif violated:
        told = [min(violated, key=lambda one: len(one.trace or ()))]
    for finding in told:
        assert finding.trace is not None
        yield Text()
        title = Text(f"  {finding.property}", style="bold")
        title.append(glyphs.plain(f" · {finding.kind} · {finding.regime}"), style="not bold dim")
        yield title
        yield from trace_lines(found, finding, finding.trace, width=width, glyphs=glyphs)
    hidden = len(violated) - len(told)
    if traces == "first" and hidden > 0:
        yield Text()
        rest = "it" if hidden == 1 else "them"
        yield Text(f"  {count(hidden, 'more counterexample')}: --all-traces shows {rest}", style="dim")


def _measured(sample: Sample) -> str:
    runs = sum(walks.runs for walks in sample.walks)
    steps = sum(walks.steps for walks in sample.walks)
    parts = [count(runs, "run"), count(steps, "step"), f"seed {sample.seed}", f"{sample.seconds:.2f} s"]
    return " · ".join(parts)


def _scope(sample: Sample) -> str:
    level = percentage(sample.confidence).replace(".0 %", " %")
    return f"sampled: at most {count(sample.steps, 'step')} each, intervals at {level}; {_CAVEAT}"


def _row(finding: Finding, names: int, kinds: int, glyphs: Glyphs) -> Text:
    signs = {
        Verdict.HOLDS: glyphs.holds,
        Verdict.VIOLATED: glyphs.violated,
        Verdict.UNKNOWN: glyphs.unknown,
    }
    style = _STYLES[finding.verdict]
    line = Text(f"  {signs[finding.verdict]} ", style=style)
    line.append(finding.property.ljust(names), style="default not dim")
    line.append(f"  {finding.kind.ljust(kinds)}  ", style="not bold dim")
    line.append(finding.summary, style=style)
    return line


def _details(sample: Sample, finding: Finding) -> Iterator[str]:
    """What was seen, in one sentence each."""
    metrics = finding.metrics
    if finding.verdict is Verdict.VIOLATED:
        yield f"in {_share(metrics['violating'])}: {explain(sample.findings, finding)}"
    elif finding.verdict is Verdict.UNKNOWN:
        yield finding.reason
    if "premise" in metrics:
        yield f"the premise holds somewhere in {_share(metrics['premise'])}"
        yield f"the conclusion is still due at the end of {_share(metrics['unanswered'])}"
    if "reached" in metrics and metrics["reached"]["count"]:
        yield f"reached in {_share(metrics['reached'])}; {_after(metrics['steps_to_reach'])}"
    if "settled" in metrics and metrics["settled"]["count"]:
        if _disturbed(sample, finding):
            yield "faults or intents never stop here; --regime none or at_most(2) shows how it settles"
        else:
            after = _after(metrics["steps_to_settle"])
            yield f"holds for the rest of the run in {_share(metrics['settled'])}; {after}"


def _share(share: dict[str, Any]) -> str:
    """An estimate with its interval."""
    low, high = percentage(share["low"], -1), percentage(share["high"], 1)
    if share["count"] == share["runs"]:
        return f"all runs (at least {low})"
    if not share["count"]:
        return f"no run (at most {high})"
    return f"{percentage(share['estimate'])} ({low.removesuffix(' %')} … {high}) of the runs"


def _after(steps: dict[str, Any]) -> str:
    """How many steps it took: of all runs, so that those where it did not happen are not left out."""
    shares = (("median", "half of the runs"), ("p90", "90 %"), ("p99", "99 %"))
    seen = {steps[name]: share for name, share in shares if steps[name] is not None}
    parts = [f"{share} within {count(number, 'step')}" for number, share in seen.items()]
    where = "" if steps["p99"] is not None else " where it does"
    return ", ".join([*parts, f"{steps['mean']:.1f} on average{where}"])


def _disturbed(sample: Sample, finding: Finding) -> bool:
    """Whether faults or intents go on to the end of every run."""
    if finding.regime not in ("finitely_many", "unbounded"):
        return False
    return any(action.kind is not Kind.STEP for action in sample.findings.system.actions)


def _notes(sample: Sample) -> Iterator[str]:
    if sample.interrupted:
        yield "interrupted: these are the first runs, each of them complete"
    for walks in sample.walks:
        under = f" under {' and '.join(walks.regimes)}" if len(sample.walks) > 1 else ""
        yield from (f"{note}{under}" for note in _note(walks))


def _note(walks: Walks) -> Iterator[str]:
    if walks.runs and walks.never_taken:
        names = [f"`{name}`" for name in walks.never_taken]
        shown = names if len(names) <= 6 else [*names[:5], f"{len(names) - 5} others"]
        yield f"never taken: {', '.join(shown)}"
    if walks.beyond:
        yield f"{count(walks.beyond, 'run')} left the numbers that can be followed; intervals allow for it"
