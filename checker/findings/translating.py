"""A model's translation, where a mistake in it is told as the author's and not as ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checker.language.elaborate import Elaborated
    from checker.language.model import Model

__all__ = ["translated"]


def translated(model: Model | type[Model]) -> Elaborated:
    """The translation of a model, or of a class with its default parameters.

    Raises
    ------
    ModelError
        If the model cannot be translated. It names the author's line; the way through the
        translator, which would be all that pytest shows of it, is left out.
    """
    from checker.language.elaborate import elaborate
    from checker.language.errors import ModelError

    try:
        return elaborate(model() if isinstance(model, type) else model)
    except ModelError as mistake:
        raise mistake.with_traceback(None) from None
