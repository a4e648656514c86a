"""How many elements of a row have a label: what stays true of like parts, whichever of them it is.

Counting is what a proof about a cluster of like machines usually needs, and comparisons of single
elements do not express it.
"""

from __future__ import annotations

import re

from checker.system.expression import (
    Expression,
    array,
    as_integer,
    bound,
    constant,
    eq,
    select,
    sum_of,
)
from checker.system.sorts import BoolSort, EnumSort
from checker.system.transition_system import TransitionSystem, Variable

__all__ = ["counts", "rows_of_like"]

_ELEMENT = re.compile(r"^(?P<stem>.*)\[(?P<place>\d+)\](?P<rest>.*)$")


def rows_of_like(system: TransitionSystem) -> dict[str, tuple[Variable, ...]]:
    """The variables `x[0]`, `x[1]`, … (or `x[0].y`, …) of one domain, by the name that they share."""
    found: dict[str, list[Variable]] = {}
    for one in system.variables:
        match = _ELEMENT.match(one.name)
        if match is not None:
            found.setdefault(f"{match['stem']}[]{match['rest']}", []).append(one)
    return {
        name: tuple(row)
        for name, row in found.items()
        if len(row) > 1 and all(one.domain == row[0].domain for one in row)
    }


def counts(system: TransitionSystem) -> tuple[Expression, ...]:
    """For each row of labels or truth values and each label how many elements have it.

    Not of the first label: those are all that have none of the others.
    """
    found: list[Expression] = []
    for name, row in rows_of_like(system).items():
        sort = row[0].domain.sort
        # No symbol of a model is called so: names of symbols are unique within a system.
        index = bound(f"i#count of {name}", 0, len(row) - 1)
        element = select(array(one.node for one in row), index)
        if isinstance(sort, BoolSort):
            found.append(sum_of(index, element))
        elif isinstance(sort, EnumSort):
            for label in range(1, len(sort.labels)):
                found.append(sum_of(index, as_integer(eq(element, constant(label, sort)))))
    return tuple(found)
