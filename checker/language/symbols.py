"""Parameters that are symbols instead of numbers, and what must hold of them for an instance to exist."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from checker.system.bounds import Interval, bounds
from checker.system.expression import FALSE, TRUE, Expression, sub
from checker.system.sorts import Domain
from checker.system.walk import topological, variables_of

__all__ = ["NeedsNumber", "Symbols"]


class NeedsNumber(Exception):
    """The system cannot be built unless some parameters are numbers.

    Parameters
    ----------
    names : frozenset of str
        The parameters.
    reason : str
        What depends on them.
    """

    def __init__(self, names: Iterable[str], reason: str) -> None:
        super().__init__(reason)
        self.names = frozenset(names)
        self.reason = reason


class Symbols:
    """What is known of the parameters that are symbols, in one elaboration; none in an ordinary one.

    Parameters
    ----------
    domains : mapping of str to Domain
        The values that each of them may have.

    Attributes
    ----------
    conditions : list of Expression
        Over them alone: where one does not hold there is no instance.
    ranges : dict of Expression to Domain
        Bound symbols whose domain has ends that depend on parameters.
    """

    def __init__(self, domains: Mapping[str, Domain] | None = None) -> None:
        self.domains: dict[str, Domain] = dict(domains or {})
        self.conditions: list[Expression] = []
        self.ranges: dict[Expression, Domain] = {}

    def __bool__(self) -> bool:
        return bool(self.domains)

    def among(self, *expressions: Expression | None) -> frozenset[str]:
        """The parameters that expressions read."""
        if not self.domains:
            return frozenset()
        return variables_of(one for one in expressions if one is not None) & self.domains.keys()

    def alone(self, expression: Expression) -> bool:
        """Whether an expression reads parameters, and nothing that a step or a choice decides."""
        return bool(self.domains) and _leaves(expression) <= self.domains.keys()

    def reach(self, expression: Expression) -> Interval:
        """The least and greatest value that an expression over parameters may have."""
        return bounds(expression, self.domains)

    def settled(self, comparison: Expression) -> Expression:
        """A comparison of parameters, decided if it comes out the same for all that they may be."""
        if comparison.operator not in ("lt", "le") or not self.alone(comparison):
            return comparison
        left, right = comparison.operands
        low, high = self.reach(sub(right, left))
        least = 1 if comparison.operator == "lt" else 0
        if low >= least:
            return TRUE
        return FALSE if high < least else comparison

    def require(self, condition: Expression) -> None:
        """There is an instance only where a condition holds."""
        condition = self.settled(condition)
        if condition is not TRUE and condition not in self.conditions:
            self.conditions.append(condition)


def _leaves(expression: Expression) -> frozenset[str]:
    """What an expression reads; a bound symbol counts as something that is no parameter."""
    return frozenset(
        node.payload if node.operator == "variable" else ""
        for node in topological([expression])
        if node.operator in ("variable", "next", "bound")
    )
