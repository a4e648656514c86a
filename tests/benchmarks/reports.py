"""Reads what the tools print at the end of a run: verdict, states, steps.

All three count steps alike where they explore the model itself: every enabled instance of an action,
also one that changes nothing, and not the initial states.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

__all__ = ["Report", "TooShallow", "Unfinished", "reconverge_report", "spin_report", "tlc_report"]


class Unfinished(ValueError):
    """The run did not come to its end, or failed: its numbers are of something else."""


class TooShallow(Unfinished):
    """SPIN's depth-first search ran into the end of the stack that it was given."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one run said.

    Parameters
    ----------
    verdict : "holds", "violated" or None
        None where nothing was asked but the size.
    states, steps : int or None
        Of the graph that the tool explored; None after a violation that ended the search early.
    depth : int
        How deep SPIN's search went; 0 for the others.
    rounded : int
        By how much the counts may be off: pan prints eight digits of a number.
    """

    verdict: str | None
    states: int | None
    steps: int | None
    depth: int = 0
    rounded: int = 0


def reconverge_report(output: str) -> Report:
    """Of `reconverge explore --json` or `reconverge check --json` on one model.

    Raises
    ------
    Unfinished
        If something is left undecided.
    """
    try:
        document = json.loads(output)
    except ValueError:
        raise Unfinished(f"no report:\n{output}") from None
    if document["command"] == "explore":
        if not document["complete"]:
            raise Unfinished(document["reason"])
        return Report(None, document["states"], document["steps"])
    findings = document["findings"]
    for finding in findings:
        if finding["verdict"] not in ("holds", "violated"):
            raise Unfinished(finding["reason"])
    violated = any(finding["verdict"] == "violated" for finding in findings)
    first = findings[0]
    return Report("violated" if violated else "holds", first["states"], first["steps"])


def spin_report(output: str, choices: int = 0) -> Report:
    """Of `pan`.

    Parameters
    ----------
    choices : int
        The steps that only choose an initial state, none of them the model's; they leave one state.

    Raises
    ------
    TooShallow
        If the stack was too small.
    Unfinished
        If the search was cut short otherwise.
    """
    if "max search depth too small" in output or "depth limit reached" in output:
        raise TooShallow("the stack of the depth-first search was too small")
    if re.search(r"out of memory|reached -DMEMLIM bound", output):
        raise Unfinished("out of memory")
    errors = re.search(r"depth reached (\d+), errors: (\d+)", output)
    if errors and int(errors[2]):
        if not re.search(r"acceptance cycle|assertion violated", output):
            raise Unfinished(f"an error that is no verdict:\n{output}")
        return Report("violated", None, None, int(errors[1]))
    stored = re.search(r"(\S+) states, stored(?: \((\S+) visited\))?", output)
    matched = re.search(r"(\S+) states, matched", output)
    if not (errors and stored and matched) or "Search not completed" in output:
        raise Unfinished(f"no report of a search to its end:\n{output}")
    # Every state is come to once, the first without a step, and for a cycle some of them again. The sum
    # with those that were known already is printed as well, but rounded earlier.
    come_to = stored[2] or stored[1]
    states, steps = float(stored[1]), float(come_to) + float(matched[1]) - 1
    rounded = sum(_last_digit(count) for count in (come_to, matched[1]))
    return Report("holds", int(states) - bool(choices), int(steps) - choices, int(errors[1]), rounded)


def _last_digit(text: str) -> int:
    """What the last digit of a count stands for, if it is rounded: 10 in "1.0236323e+08"; 0 otherwise."""
    mantissa, exponential, exponent = text.partition("e")
    return 10 ** (int(exponent) - len(mantissa.partition(".")[2])) if exponential else 0


def tlc_report(output: str) -> Report:
    """Of TLC.

    Raises
    ------
    Unfinished
        If the search was cut short.
    """
    if re.search(r"^Error: (Invariant \w+ is|Temporal properties were) violated", output, re.M):
        return Report("violated", None, None)
    if "OutOfMemoryError" in output:
        raise Unfinished("out of memory")
    found = re.search(
        r"^(\d+) states generated, (\d+) distinct states found, 0 states left", output, re.M
    )
    # "6 distinct states generated at …", or "6 states generated, with 3 of them distinct at …".
    initial = re.search(r"^Finished computing initial states: (\d+) ", output, re.M)
    if not (found and initial) or "No error has been found" not in output:
        raise Unfinished(f"no report of a search to its end:\n{output}")
    return Report("holds", int(found[2]), int(found[1]) - int(initial[1]))
