"""Symmetry reduction: parts of a system that are interchangeable, and the state that stands for all.

An *orbit* is two or more blocks of variables, one for each of several like parts, such that any
permutation of the blocks maps the system onto itself; `interchange` says what is checked for
that. States that differ by permutations of blocks are then bisimilar, and satisfy the same of the
predicates that were given, so one state of each class is enough to explore.

What it preserves
-----------------
- whether a state where a given predicate holds is reachable, and in how many steps (`always`,
  `never`, `reachable`), and whether something goes wrong, at which assertion, or otherwise;
- whether a state without steps that change something is reachable (`deadlock_free`), if "changes
  something" is asked of the successor *before* its class is taken: two servers that exchange
  their roles have changed something, and are in the same class as before.

The quotient must not be used as it is for what speaks of *steps* or of *fairness*. An invariant of
steps relates the variables of one part before and after; in the quotient the second state may
have been permuted. And a loop of the quotient may permute the parts each time round, so that a step
of "some part" recurs, although the same part never moves again, or the reverse: fairness of each
instance is lost, and with it every verdict of convergence. The quotient that keeps it carries a
permutation along each edge (Emerson and Sistla 1997). Idempotence compares the worlds after two
passes, which are permuted independently. All these are refused by the caller.

References
----------
C. N. Ip, D. L. Dill, "Better verification through symmetry", Formal Methods in System Design 9
(1996), 41-75: the quotient, and the condition under which it is sound.
E. A. Emerson, A. P. Sistla, "Symmetry and model checking", Formal Methods in System Design 9
(1996), 105-131; "Utilizing symmetry when model-checking under fairness assumptions", ACM TOPLAS 19
(1997), 617-638.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from math import factorial, prod

from checker.reductions.interchange import Interchanges
from checker.reductions.like_parts import MOST_TOGETHER, Row, coupled, rows_of, without_overlap
from checker.reductions.normal_forms import FormsTooLarge
from checker.system.expression import Expression
from checker.system.sorts import Scalar
from checker.system.transition_system import TransitionSystem
from checker.system.walk import topological

__all__ = ["Orbit", "Symmetry", "canonical", "symmetry_of"]


@dataclass(frozen=True, slots=True)
class Orbit:
    """Interchangeable parts.

    Parameters
    ----------
    blocks : tuple of tuple of str
        blocks[k][j] is variable j of part k. All blocks have the same domains and the same initial
        values, position by position.
    """

    blocks: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Symmetry:
    """What is interchangeable in a system.

    Parameters
    ----------
    orbits : tuple of Orbit
        No two have a variable in common.
    refused : tuple of str
        What looked alike and is not, or not entirely, and why.
    """

    orbits: tuple[Orbit, ...]
    refused: tuple[str, ...] = ()

    @property
    def permutations(self) -> int:
        """How many permutations there are: states become fewer by this factor at most."""
        return prod(factorial(len(orbit.blocks)) for orbit in self.orbits)


def canonical(state: Mapping[str, Scalar], symmetry: Symmetry) -> dict[str, Scalar]:
    """The state that stands for all those which differ from this one by permutations of blocks.

    In each orbit the blocks' contents are sorted in ascending order. They are compared value by
    value in the order of the block's variables, the first one most significant; a value counts as
    an integer, a label as its index and False as 0.

    Examples
    --------
    >>> pair = Symmetry((Orbit((("a[0]", "b[0]"), ("a[1]", "b[1]"))),))
    >>> canonical({"a[0]": 2, "b[0]": 0, "a[1]": 1, "b[1]": 5, "c": 7}, pair)
    {'a[0]': 1, 'b[0]': 5, 'a[1]': 2, 'b[1]': 0, 'c': 7}
    """
    result = dict(state)
    for orbit in symmetry.orbits:
        contents = sorted(tuple(state[name] for name in block) for block in orbit.blocks)
        for block, content in zip(orbit.blocks, contents, strict=True):
            result.update(zip(block, content, strict=True))
    return result


def symmetry_of(system: TransitionSystem, predicates: Mapping[str, Expression]) -> Symmetry:
    """The parts of a system that may change places without anybody noticing.

    Parameters
    ----------
    system : TransitionSystem
        Under its regime: a budget for the faults of one part is part of it.
    predicates : mapping of str to Expression
        Everything that is to be judged of states, by a name for the reasons: the predicates of
        properties, conditions under which they go wrong, the goal of a deadlock.

    Returns
    -------
    Symmetry
        Without orbits if there are none, or if finding out would take too long.
    """
    for name, predicate in predicates.items():
        if any(node.operator == "next" for node in topological([predicate])):
            return Symmetry((), (f"`{name}` speaks of steps, in which parts must not change places",))
    rows = rows_of(system)
    if not rows:
        return Symmetry(())
    search = _Search(rows)
    unfinished: tuple[str, ...] = ()
    try:
        search.run(Interchanges(system, predicates))
    except FormsTooLarge:
        # What was found until then has been checked.
        unfinished = ("there is too much to compare",)
    place = {variable.name: number for number, variable in enumerate(system.variables)}
    orbits = sorted(search.orbits, key=lambda orbit: place[orbit.blocks[0][0]])
    return Symmetry(tuple(orbits), search.refused + unfinished)


_MOST_UNIONS = 30
"""Unions of rows that are tried, where none of them may move alone."""

_MOST_CLASSES = 4
"""Classes of parts that a part is compared with before it is left alone."""


class _Search:
    """Finds orbits among rows of like variables, the longest rows first."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.orbits: list[Orbit] = []
        self.reasons: dict[str, list[Row]] = {}
        self.used: set[str] = set()

    @property
    def refused(self) -> tuple[str, ...]:
        """What is not interchangeable, with the same reason for everything that shares it."""
        return tuple(
            ", ".join(f"`{row.title}`" for row in dict.fromkeys(rows)) + f": {reason}"
            for reason, rows in self.reasons.items()
        )

    def run(self, interchanges: Interchanges) -> None:
        """Find the orbits, and the reasons why there are not more."""
        contexts = tuple(interchanges.contexts(MOST_TOGETHER))
        for length in sorted({len(row.names) for row in self.rows}, reverse=True):
            like = [row for row in self.rows if len(row.names) == length]
            # Where two indices have the same range, either may be the one that is permuted.
            first = without_overlap(sorted(like, key=lambda row: row.depth))
            last = without_overlap(sorted(like, key=lambda row: -row.depth))
            self._among(first, contexts, interchanges)
            if set(first) != set(last):
                self._among(last, contexts, interchanges)

    def _among(
        self, rows: Iterable[Row], contexts: Iterable[frozenset[str]], interchanges: Interchanges
    ) -> None:
        """Find the orbits among rows of one length that do not overlap."""
        wanted = set(rows)
        free = [row for row in self.rows if row in wanted and self.used.isdisjoint(row.names)]
        needs = coupled(free, contexts)
        done: set[int] = set()
        failed: dict[frozenset[int], str] = {}

        def attempt(group: frozenset[int]) -> None:
            reason = self._together([free[number] for number in sorted(group)], interchanges)
            if reason:
                failed[group] = reason
            else:
                done.update(group)

        for number in sorted(needs, key=lambda number: (len(needs[number]), number)):
            # What may move alone has been found alone; the others may move without it just as well,
            # since permutations that map the system onto itself can be undone one after the other.
            group = needs[number] - done
            if number not in done and group not in failed:
                attempt(group)
        for union in _unions(tuple(failed)):
            if done.isdisjoint(union):
                attempt(union)
        for group, reason in failed.items():
            # A greater group fails for the reason of the smaller one in it.
            if done.isdisjoint(group) and not any(other < group for other in failed):
                self.reasons.setdefault(reason, []).extend(free[number] for number in sorted(group))

    def _together(self, rows: Sequence[Row], interchanges: Interchanges) -> str:
        """Add the orbits that rows have if they move together; if none, says why."""
        classes, reason = _classes(rows, interchanges)
        orbits = [one for one in classes if len(one) > 1]
        if not orbits:
            return reason
        for one in orbits:
            self.orbits.append(Orbit(tuple(tuple(row.names[part] for row in rows) for part in one)))
        self.used.update(name for row in rows for name in row.names)
        if reason:
            self.reasons.setdefault(reason, []).extend(rows)
        return ""


def _unions(groups: Sequence[frozenset[int]]) -> Iterator[frozenset[int]]:
    """All of them together, then two and two."""
    known: set[frozenset[int]] = {frozenset(), *groups}
    pairs = (one | other for one, other in combinations(groups, 2))
    for union in islice((frozenset().union(*groups), *pairs), _MOST_UNIONS):
        if union not in known:
            known.add(union)
            yield union


def _classes(rows: Sequence[Row], interchanges: Interchanges) -> tuple[list[list[int]], str]:
    """Classes of parts that may change places in all the rows at once, and what keeps others apart.

    To be able to change places is transitive, and the interchanges of one part with each of the
    others generate all permutations.
    """
    classes: list[list[int]] = []
    reason = ""
    for part in range(len(rows[0].names)):
        for one in classes[:_MOST_CLASSES]:
            names = {row.names[one[0]]: row.names[part] for row in rows}
            names |= {image: name for name, image in names.items()}
            labels = (rows[0].parts[one[0]], rows[0].parts[part])
            obstacle = interchanges.obstacle(names, labels)
            if not obstacle:
                one.append(part)
                break
            reason = reason or f"{labels[0]} and {labels[1]} cannot change places: {obstacle}"
        else:
            classes.append([part])
    return classes, reason
