"""Which parts of a system look alike by their names: elements of arrays, instances, components.

A guess, to be checked: `state[0]`, `state[1]`, … are one row of like variables, the positions of
`reconcile[0]` and `reconcile[1]` are another, and so are `left.up` and `right.up` of two components
whose variables have the same names. Rows of the same length may have to change places together.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from checker.system.sorts import Domain
from checker.system.transition_system import TransitionSystem

__all__ = ["MOST_TOGETHER", "Row", "coupled", "rows_of", "without_overlap"]

# An element of an array or a set, an instance of a process.
_INDEX = re.compile(r"(?<=\[)\d+(?=\])|(?<=\{)\d+(?=\})")

MOST_TOGETHER = 12
"""Only what so few variables have to do with each other tells which of them belong together."""


@dataclass(frozen=True, slots=True)
class Row:
    """Like variables, one for each of several like parts.

    Parameters
    ----------
    title : str
        `state[…]`, `reconcile[…].at`, `(left, right).up`.
    parts : tuple of str
        What the parts are called: the indices, or the components.
    names : tuple of str
        A variable of each part.
    depth : int
        Which index of the variables' names tells the parts apart, counted from the left.
    """

    title: str
    parts: tuple[str, ...]
    names: tuple[str, ...]
    depth: int


def rows_of(system: TransitionSystem) -> tuple[Row, ...]:
    """Every row of two or more variables, in the order of the system's variables.

    An element of an array of arrays is in two rows: with those that differ in the first index,
    and with those that differ in the second.
    """
    domains = {variable.name: variable.domain for variable in system.variables}
    found: dict[tuple[str, ...], Row] = {}
    for row in (*_indexed(domains), *_components(domains)):
        found.setdefault(row.names, row)
    place = {name: number for number, name in enumerate(domains)}
    return tuple(sorted(found.values(), key=lambda row: (place[row.names[0]], row.depth)))


def without_overlap(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The first rows of those that have a variable in common."""
    kept: list[Row] = []
    used: set[str] = set()
    for row in rows:
        if used.isdisjoint(row.names):
            kept.append(row)
            used.update(row.names)
    return tuple(kept)


def coupled(rows: Sequence[Row], contexts: Iterable[frozenset[str]]) -> dict[int, frozenset[int]]:
    """For each row, those that have to change places with it (itself too).

    Parameters
    ----------
    rows : sequence of Row
        Of one length, without overlap.
    contexts : iterable of frozenset of str
        Variables that occur in one expression or one outcome, at most `MOST_TOGETHER`; each set
        once.

    Returns
    -------
    dict of int to frozenset of int
        By the rows' numbers.

    Notes
    -----
    If all elements of row r may be permuted while row q stays as it is, then each element of q
    occurs together with all elements of r equally often. Where it does not, q has to move with r.
    This is necessary only; what is not seen here is left to the check.
    """
    row_of = {name: number for number, row in enumerate(rows) for name in row.names}
    together: dict[tuple[int, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for context in contexts:
        names = [name for name in context if name in row_of]
        for one, other in product(names, names):
            if row_of[one] != row_of[other]:
                together[row_of[one], other][one] += 1
    needs: dict[int, set[int]] = {number: set() for number in range(len(rows))}
    for (number, other), counts in together.items():
        if len(counts) < len(rows[number].names) or len(set(counts.values())) > 1:
            needs[number].add(row_of[other])
    return {number: _reachable(number, needs) for number in needs}


def _reachable(start: int, needs: Mapping[int, Iterable[int]]) -> frozenset[int]:
    seen, stack = {start}, [start]
    while stack:
        for other in needs[stack.pop()]:
            if other not in seen:
                seen.add(other)
                stack.append(other)
    return frozenset(seen)


def _indexed(names: Iterable[str]) -> Iterator[Row]:
    """Names that differ in one index."""
    elements: dict[tuple[str, str, int], dict[int, str]] = defaultdict(dict)
    for name in names:
        for depth, match in enumerate(_INDEX.finditer(name)):
            before, after = name[: match.start()], name[match.end() :]
            elements[before, after, depth][int(match.group())] = name
    for (before, after, depth), found in elements.items():
        count = len(found)
        if count > 1 and all(index in found for index in range(count)):
            parts = tuple(map(str, range(count)))
            yield Row(f"{before}…{after}", parts, tuple(found[i] for i in range(count)), depth)


def _components(domains: Mapping[str, Domain]) -> Iterator[Row]:
    """Names that differ in the name of a component, where components have like variables."""
    members: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for name in domains:
        segments = name.split(".")
        for depth, segment in enumerate(segments[:-1]):
            if _INDEX.search(segment) is None:
                before = "".join(part + "." for part in segments[:depth])
                after = "".join("." + part for part in segments[depth + 1 :])
                members[before, segment][after] = name
    alike: dict[tuple[str, frozenset[tuple[str, Domain]]], list[str]] = defaultdict(list)
    for (before, segment), found in members.items():
        kind = frozenset((after, domains[name]) for after, name in found.items())
        alike[before, kind].append(segment)
    for (before, _), segments in alike.items():
        if len(segments) > 1:
            for after in members[before, segments[0]]:
                names = tuple(members[before, segment][after] for segment in segments)
                title = f"{before}({', '.join(segments)}){after}"
                yield Row(title, tuple(segments), names, before.count("."))
