"""Which state a node of networkx is."""

from __future__ import annotations

__all__ = ["state_of"]


def state_of(count: int, node: object) -> int | None:
    """The state that a node is, of 0 … count-1; None if it is none.

    As in a dictionary, whatever equals a number is that node: True is 1, and so is 1.0.

    Examples
    --------
    >>> state_of(3, 2.0), state_of(3, 3), state_of(3, "2"), state_of(3, [])
    (2, None, None, None)
    """
    if type(node) is int:
        number = node
    else:
        try:
            hash(node)
            number = int(node)  # type: ignore[call-overload]
        except (TypeError, ValueError, OverflowError):
            return None
        if number != node:
            return None
    return number if 0 <= number < count else None
