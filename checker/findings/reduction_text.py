"""What a reduced exploration has saved, and what was refused, in a handful of lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checker.reductions.live_variables import LiveVariables
    from checker.reductions.partial_order import PartialOrder
    from checker.reductions.symmetry import Symmetry

__all__ = ["dead_lines", "group", "order_refused", "shortened", "symmetry_refused"]

_MOST_NAMES = 4
"""Names that are listed; more of them are counted."""

_MOST_RESETS = 3
"""Places where values are forgotten that are told."""

_LIST = re.compile(r"`[^`]*`(?:, `[^`]*`)+")
_SUBJECT = re.compile(r"(`[^`]*`(?:, `[^`]*`)*)(: | where | everywhere)", re.DOTALL)


def group(names: Sequence[str], saved: Sequence[str], refused: Sequence[str]) -> list[str]:
    """The lines about one exploration: what it was for, then, indented, what was saved and what not.

    Parameters
    ----------
    names : sequence of str
        Properties that were judged on it; none if it was for the errors of the model alone.
    saved, refused : sequence of str
    """
    about = listed([f"`{name}`" for name in names]) or "errors of the model"
    heading = f"reduced for {about}" if saved else f"not reduced for {about}"
    return [heading, *(f"  {shortened(line)}" for line in (*saved, *refused))]


def dead_lines(live: LiveVariables) -> tuple[list[str], list[str]]:
    """Which values were forgotten, and which were not though nobody reads them."""
    forgotten = _by_reason(live.resets)
    kept = _by_reason(live.refused)
    saved = [f"dead values: forgotten {_few(forgotten, _MOST_RESETS, 'place')}"] if forgotten else []
    refused = [f"dead values: kept {_few(kept, 1, 'reason')}"] if kept else []
    return saved, refused


def symmetry_refused(symmetry: Symmetry) -> list[str]:
    """What looks alike and is not."""
    if not symmetry.refused:
        return [] if symmetry.orbits else ["no symmetry: no like parts"]
    about = " of" if _SUBJECT.match(symmetry.refused[0]) else ":"
    return [f"no symmetry{about} {_few(symmetry.refused, 1, 'reason')}"]


def order_refused(order: PartialOrder) -> list[str]:
    """For which actions others cannot wait."""
    if not order.refused:
        return []
    names, colon, reason = order.refused[0].partition(": ")
    if not colon:
        return [f"no partial order: {names}"]
    actions = listed(names.split(", "))
    told = f"partial order: nothing waits for {actions}: {reason}"
    return [told + _more(len(order.refused) - 1, "reason")]


def listed(names: Sequence[str]) -> str:
    """Names one after the other; where they are many, the first of them and how many more.

    Examples
    --------
    >>> listed(["a", "b", "c"]), listed(["a", "b", "c", "d", "e", "f"])
    ('a, b, c', 'a, b, c, d and 2 more')
    """
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def shortened(text: str) -> str:
    """A sentence with no long list of quoted names in it.

    Examples
    --------
    >>> shortened("by `a`, `b`, `c`, `d`, `e`, `f`")
    'by `a`, `b`, `c`, `d` and 2 more'
    """
    return _LIST.sub(lambda found: listed(found.group().split(", ")), text)


def _by_reason(sentences: Iterable[str]) -> list[str]:
    """Sentences that begin with a quoted name, joined where the rest is the same."""
    subjects: dict[str, list[str]] = {}
    for sentence in sentences:
        found = _SUBJECT.match(sentence)
        name, rest = (found[1], sentence[found.end(1) :]) if found else (sentence, "")
        subjects.setdefault(rest, []).append(name)
    return [listed(names) + rest for rest, names in subjects.items()]


def _few(sentences: Sequence[str], most: int, noun: str) -> str:
    return "; ".join(sentences[:most]) + _more(len(sentences) - most, noun)


def _more(count: int, noun: str) -> str:
    return f" (and {count} more {noun}{'' if count == 1 else 's'})" if count > 0 else ""
