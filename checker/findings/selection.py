"""Which properties to judge, and under which regime each one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from checker.regimes.regime import FINITELY_MANY, UNBOUNDED, Regime
from checker.system.transition_system import Property

__all__ = ["UnknownProperty", "regime_of", "select"]


class UnknownProperty(KeyError):
    """There is no property of this name; the message lists those there are."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name = name
        self.known = tuple(known)
        super().__init__(name, self.known)

    def __str__(self) -> str:
        close = difflib.get_close_matches(self.name, self.known, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        has = ", ".join(self.known) or "none"
        return f"there is no property {self.name!r}{hint}; there are: {has}"


def regime_of(claim: Property, asked: Regime | None) -> Regime:
    """The regime to judge a property under: the one asked for, its own, or its kind's default.

    Failure that goes on for ever is the default only of `recurs`, which is about just that. For
    a property of states or steps, `finitely_many` and `unbounded` reach the same states.
    """
    if asked is not None:
        return asked
    if claim.regime is not None:
        return Regime.parse(claim.regime)
    return UNBOUNDED if claim.kind == "recurs" else FINITELY_MANY


def select(
    claims: Sequence[Property], names: Iterable[str] | None, others: Sequence[str] = ()
) -> tuple[Property, ...]:
    """The named properties, in the order of the model; all of them if nothing is named.

    Parameters
    ----------
    claims : sequence of Property
    names : iterable of str, optional
    others : sequence of str
        Names that may be asked for though no property has them: assertions.

    Raises
    ------
    UnknownProperty
        If a name is not among them.
    """
    if names is None:
        return tuple(claims)
    wanted = list(names)
    known = list(dict.fromkeys([*(claim.name for claim in claims), *others]))
    for name in wanted:
        if name not in known:
            raise UnknownProperty(name, known)
    return tuple(claim for claim in claims if claim.name in wanted)
