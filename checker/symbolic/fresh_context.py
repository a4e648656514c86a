"""A Z3 of its own for each question, so that its answer does not depend on the ones before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import z3

__all__ = ["fresh_context"]


@contextmanager
def fresh_context() -> Iterator[None]:
    """Let all terms that are made inside belong to a context that knows no others.

    Z3 orders much by the numbers it gives to terms, in the order in which they are made: among the
    proofs that there are, it finds another one where it has been asked something else before. Terms
    from outside must not be used inside, nor the other way round; engines keep none.
    """
    before = z3.z3._main_ctx
    z3.z3._main_ctx = z3.Context()
    try:
        yield
    finally:
        z3.z3._main_ctx = before
