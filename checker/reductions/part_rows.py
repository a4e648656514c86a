"""Which variables belong to the parts whose number is the size: found by comparing two sizes.

The rows of like variables (`state[…]`, `reconcile[…].at`) that are one longer in the system of the
next size are what the parts are made of; everything else must be there in both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from checker.reductions.like_parts import Row, rows_of
from checker.system.expression import Expression
from checker.system.sorts import Domain, IntSort, Scalar
from checker.system.transition_system import TransitionSystem
from checker.system.walk import topological

__all__ = ["NotUniform", "Parts", "parts_of"]


class NotUniform(ValueError):
    """The system is not a set of like parts around what they share; the message says why."""


@dataclass(frozen=True)
class Parts:
    """The parts of one system.

    Parameters
    ----------
    count : int
        How many there are.
    titles : tuple of str
        `state[…]`: one for each local variable of a part.
    rows : tuple of tuple of str
        rows[j][k] is local variable j of part k.
    domains : tuple of Domain
        One for each row.
    fixed : frozenset of (str, int, int)
        Bound symbols whose range does not change with the size, by their payload.
    """

    count: int
    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    domains: tuple[Domain, ...]
    fixed: frozenset[tuple[str, int, int]]

    @property
    def home(self) -> Mapping[str, tuple[int, int]]:
        """The row and the part of each variable that belongs to a part."""
        return {name: (j, k) for j, row in enumerate(self.rows) for k, name in enumerate(row)}

    def is_index(self, symbol: Expression) -> bool:
        """Whether a bound symbol ranges over the parts."""
        payload = symbol.payload
        if not isinstance(symbol.sort, IntSort) or payload in self.fixed:
            return False
        return bool(payload[1:] == (0, self.count - 1))

    def show(self, local: Sequence[Scalar]) -> str:
        """The local values of a part as people read them."""
        return ", ".join(
            str(domain.decode(value)) for domain, value in zip(self.domains, local, strict=True)
        )


def parts_of(system: TransitionSystem, larger: TransitionSystem) -> tuple[Parts, Parts]:
    """The parts of a system, and of the system that has one part more.

    Raises
    ------
    NotUniform
        If there are none, or if more than the number of like parts is different.
    """
    mine = {(row.title, row.depth): row for row in rows_of(system)}
    theirs = {(row.title, row.depth): row for row in rows_of(larger)}
    grown = [key for key, row in mine.items() if key in theirs and _grows(row, theirs[key])]
    if not grown:
        raise NotUniform("no array has one element more in the larger system (two at least in both)")
    counts = sorted({len(mine[key].names) for key in grown})
    if len(counts) > 1:
        raise NotUniform(f"arrays of different lengths grow together: {', '.join(map(str, counts))}")
    found = (
        _parts(system, [mine[key] for key in grown]),
        _parts(larger, [theirs[key] for key in grown]),
    )
    rest = []
    for one, parts in zip((system, larger), found, strict=True):
        home = parts.home
        rest.append({variable.name for variable in one.variables if variable.name not in home})
    missing = sorted(rest[0] ^ rest[1])
    if missing:
        raise NotUniform(f"`{missing[0]}` exists in one size only, and belongs to no part")
    symbols = (_symbols(system), _symbols(larger))
    fixed = symbols[0] & symbols[1]
    first, second = (
        Parts(one.count, one.titles, one.rows, one.domains, frozenset(fixed)) for one in found
    )
    if first.domains != second.domains:
        title = next(
            title
            for title, one, other in zip(first.titles, first.domains, second.domains, strict=True)
            if one != other
        )
        raise NotUniform(f"the values of `{title}` depend on the number of parts")
    return first, second


def _grows(row: Row, other: Row) -> bool:
    return len(other.names) == len(row.names) + 1


def _parts(system: TransitionSystem, rows: Iterable[Row]) -> Parts:
    titles, names, domains = [], [], []
    used: set[str] = set()
    for row in rows:
        if not used.isdisjoint(row.names):
            raise NotUniform(f"`{row.title}` has the number of parts in two of its indices")
        used.update(row.names)
        domain = {system.variable[name].domain for name in row.names}
        if len(domain) > 1:
            raise NotUniform(f"not all elements of `{row.title}` have the same values")
        titles.append(row.title)
        names.append(row.names)
        domains.append(domain.pop())
        # Where an enumeration of an unbounded domain would stop does not matter here.
        if domains[-1].high is None or domains[-1].below or domains[-1].is_symbolic:
            raise NotUniform(f"the values of `{row.title}` cannot be listed")
    return Parts(len(names[0]), tuple(titles), tuple(names), tuple(domains), frozenset())


def _symbols(system: TransitionSystem) -> set[tuple[str, int, int]]:
    """Every bound symbol: parameters, choices, and indices of quantifiers."""
    found = set()
    roots = [system.wellformed]
    for action in system.actions:
        roots += action.roots()
        roots += [one.node for one in (*action.parameters, *action.choices)]
    for node in topological(roots):
        if node.operator == "bound":
            found.add(node.payload)
    return found
