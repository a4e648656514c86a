"""Whether one condition follows from others: by their structure, else by trying every value.

Sound and deliberately weak: what would take more than a few hundred valuations is not shown.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from checker.reductions.transitions import conjuncts
from checker.system.expression import FALSE, Expression
from checker.system.sorts import BoolSort, Domain, Scalar
from checker.system.walk import topological

__all__ = ["Implications"]

_MOST_VALUATIONS = 128
"""Combinations of values that are tried for one question."""

_MOST_NODES = 400
"""Nodes of an expression that is evaluated so often."""

_Leaves = frozenset[Expression]


class Implications:
    """Answers questions about conditions over the same variables, each question once.

    Parameters
    ----------
    domains : mapping of str to Domain
        Of every variable. An unbounded one with a stated bound has the values up to that bound.
    """

    def __init__(self, domains: Mapping[str, Domain]) -> None:
        self.domains = domains
        self.known: dict[tuple[tuple[Expression, ...], Expression], bool] = {}
        self.read: dict[Expression, _Leaves | None] = {}

    def follows(self, premises: Iterable[Expression], conclusion: Expression) -> bool:
        """Whether the conclusion holds for all values of the variables for which the premises hold.

        Parameters
        ----------
        premises : iterable of Expression
        conclusion : Expression
            All without quantifiers; free symbols are taken for every one of their values.

        Returns
        -------
        bool
            False also where it is not seen.
        """
        given = tuple(dict.fromkeys(part for premise in premises for part in conjuncts(premise)))
        return FALSE in given or all(self._part(given, part) for part in conjuncts(conclusion))

    def _part(self, premises: tuple[Expression, ...], conclusion: Expression) -> bool:
        if conclusion in premises:
            return True
        question = (premises, conclusion)
        if question not in self.known:
            self.known[question] = self._tried(premises, conclusion)
        return self.known[question]

    def _tried(self, premises: Sequence[Expression], conclusion: Expression) -> bool:
        leaves = self._leaves(conclusion)
        if leaves is None or self._size(leaves) > _MOST_VALUATIONS:
            return False
        # Premises that need the fewest further values come first; to leave some out only makes the
        # question harder.
        chosen = []
        for premise in sorted(premises, key=lambda premise: self._more(premise, leaves)):
            read = self._leaves(premise)
            if read is not None and self._size(leaves | read) <= _MOST_VALUATIONS:
                leaves |= read
                chosen.append(premise)
        return self._everywhere(chosen, conclusion, list(leaves))

    def _more(self, premise: Expression, leaves: _Leaves) -> int:
        read = self._leaves(premise)
        return _MOST_VALUATIONS + 1 if read is None else self._size(read - leaves)

    def _everywhere(
        self, premises: Sequence[Expression], conclusion: Expression, leaves: Sequence[Expression]
    ) -> bool:
        valuations = zip(*product(*(self._values(leaf) for leaf in leaves)), strict=True)
        columns = dict(zip(leaves, map(list, valuations), strict=True))
        count = prod(self._count(leaf) for leaf in leaves)
        given = [True] * count
        for premise in premises:
            given = list(map(_both, given, _column(premise, columns, count)))
        return all(map(_implies, given, _column(conclusion, columns, count)))

    def _leaves(self, expression: Expression) -> _Leaves | None:
        """Variables and free symbols; None if the expression is too large to be tried."""
        if expression not in self.read:
            nodes = list(topological([expression]))
            leaves = frozenset(node for node in nodes if node.operator in ("variable", "bound"))
            self.read[expression] = leaves if len(nodes) <= _MOST_NODES else None
        return self.read[expression]

    def _size(self, leaves: Iterable[Expression]) -> int:
        sizes = [self._count(leaf) for leaf in leaves]
        return prod(sizes) if all(sizes) else _MOST_VALUATIONS + 1

    def _count(self, leaf: Expression) -> int:
        """How many values there are; 0 if there is no end to them."""
        if leaf.operator == "bound":
            return int(leaf.payload[2]) - int(leaf.payload[1]) + 1
        return self.domains[leaf.payload].size or 0

    def _values(self, leaf: Expression) -> Sequence[Scalar]:
        if leaf.operator == "variable":
            return self.domains[leaf.payload].values()
        _, low, high = leaf.payload
        return (False, True) if isinstance(leaf.sort, BoolSort) else range(low, high + 1)


# ---------------------------------------------------------------- expressions under many valuations

_Column = list[Any]
"""The value of an expression under each valuation."""

_OPERATIONS: dict[str, Callable[..., Any]] = {
    "not": operator.not_,
    "and": lambda *parts: all(parts),
    "or": lambda *parts: any(parts),
    "ite": lambda test, then, otherwise: then if test else otherwise,
    "eq": operator.eq,
    "lt": operator.lt,
    "le": operator.le,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "floordiv": lambda left, right: left // right if right else 0,
    "mod": lambda left, right: left % right if right else 0,
    "min": min,
    "max": max,
    "array": lambda *elements: elements,
    "select": lambda row, index: row[index if 0 <= index < len(row) else 0],
}


def _column(root: Expression, known: dict[Expression, _Column], count: int) -> _Column:
    """The values of an expression; those of all expressions below it are added to the known ones."""
    for node in topological([root]):
        if node not in known:
            if node.is_constant:
                known[node] = [node.payload] * count
            else:
                operands = (known[operand] for operand in node.operands)
                known[node] = list(map(_OPERATIONS[node.operator], *operands))
    return known[root]


def _both(left: bool, right: bool) -> bool:
    return left and right


def _implies(left: bool, right: bool) -> bool:
    return right or not left
