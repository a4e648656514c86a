"""How values and changes are written for people: labels without quotes, only what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from checker.system.value_text import show_value

__all__ = ["count", "differences", "joined", "show_state", "show_value", "times"]

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def show_state(state: Mapping[str, Any], separator: str = "  ") -> str:
    """Several variables in one line."""
    return separator.join(f"{name}={show_value(value)}" for name, value in state.items())


def differences(name: str, before: Any, after: Any) -> Iterator[str]:
    """Yield what changed inside a value: the elements of an array, the parts of a record.

    Examples
    --------
    >>> list(differences("slots", [0, 1, 2], [0, 5, 2]))
    ['slots[1] 1 → 5']
    >>> list(differences("seen", frozenset({1}), frozenset({1, 2})))
    ['seen + 2']
    """
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            if old != new:
                yield from differences(f"{name}[{index}]", old, new)
    elif isinstance(before, Mapping) and isinstance(after, Mapping) and set(before) == set(after):
        for key in after:
            if before[key] != after[key]:
                yield from differences(f"{name}.{key}", before[key], after[key])
    elif isinstance(before, frozenset) and isinstance(after, frozenset):
        yield from (f"{name} - {show_value(item)}" for item in sorted(before - after))
        yield from (f"{name} + {show_value(item)}" for item in sorted(after - before))
    else:
        yield f"{name} {show_value(before)} → {show_value(after)}"


def times(number: int) -> str:
    """`once`, `twice`, `three times`."""
    if number in (1, 2):
        return ("once", "twice")[number - 1]
    return f"{_WORDS[number] if number < len(_WORDS) else number} times"


def count(number: int, noun: str) -> str:
    """`1 step`, `12,345 steps`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def joined(parts: list[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"
