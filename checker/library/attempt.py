"""A request to something that may refuse it, or carry it out and lose the reply."""

from __future__ import annotations

from typing import Any

from checker.language import strikes

__all__ = ["attempt"]


def attempt(effect: Any, *arguments: Any) -> Any:
    """Call an effect on the world across an unreliable connection.

    Faults: `refused` (no effect, an error comes back) and `reply_lost` (the effect happened, an
    error comes back all the same). The caller cannot tell the two apart, which is what makes
    retrying dangerous for effects that are not idempotent.

    Parameters
    ----------
    effect : method of the model
        What the request does.
    arguments
        Passed on to it.

    Returns
    -------
    bool
        Whether the reply said that it worked: what the effect returns, or True if it returns nothing.
    """
    if strikes("refused", effect):
        return False
    worked = effect(*arguments)
    if strikes("reply_lost", effect):
        return False
    return worked is None or worked
