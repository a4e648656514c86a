"""Values of fields as people read them, the same in every report and reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["show_value"]


def show_value(value: Any) -> str:
    """A value as short as it can be read.

    Examples
    --------
    >>> show_value(["idle", None, frozenset({2, 0}), {"a": True}])
    '[idle, none, {0, 2}, (a=true)]'
    """
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(map(show_value, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(show_value, value)) + ")"
    if isinstance(value, frozenset):
        return "{" + ", ".join(map(show_value, sorted(value))) + "}"
    if isinstance(value, Mapping):
        return "(" + ", ".join(f"{key}={show_value(item)}" for key, item in value.items()) + ")"
    return str(value)
