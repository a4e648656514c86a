"""How a regime is written, on the command line and in a property: the grammar, not the meaning."""

from __future__ import annotations

import re

__all__ = ["parse_regime"]


def parse_regime(text: str) -> tuple[str, int | None, tuple[tuple[str, int], ...]]:
    """Kind, total and number of each named fault.

    Raises
    ------
    ValueError
        If the text is no regime.

    Examples
    --------
    >>> parse_regime("at_most(3, crash=1)")
    ('at_most', 3, (('crash', 1),))
    """
    text = text.strip()
    if text in ("none", "finitely_many", "unbounded"):
        return text, None, ()
    match = re.fullmatch(r"at_most\s*\((.*)\)", text)
    if match is None:
        raise ValueError(
            f"unknown regime {text!r}: expected none, at_most(2), at_most(crash=1), "
            "finitely_many or unbounded"
        )
    total: int | None = None
    each: list[tuple[str, int]] = []
    for part in filter(None, (part.strip() for part in match[1].split(","))):
        item = re.fullmatch(r"(?:([\w.]+)\s*=\s*)?(\d+)", part)
        if item is None or (item[1] is None and total is not None):
            raise ValueError(f"in {text!r}: expected a number or fault=number, not {part!r}")
        if item[1] is None:
            total = int(item[2])
        elif item[1] in dict(each):
            raise ValueError(f"{text!r} says twice how many times {item[1]!r} may happen")
        else:
            each.append((item[1], int(item[2])))
    if total is None and not each:
        raise ValueError(f"{text!r} says no number: for example at_most(2)")
    return "at_most", total, tuple(each)
