"""Where a number may leave a domain whose ends depend on parameters.

Intervals say nothing of two numbers that grow together, so differences are looked at: x <= y holds
where y - x, as a sum of terms, cannot be negative once every term is replaced by an end of its own
domain, and perhaps with the help of one comparison on the path. What cannot be excluded in this way
is an error condition of the step, to be proved or refuted by an engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from checker.system.bounds import Bounds
from checker.system.domain_ends import least, most
from checker.system.expression import Expression, add, conj, constant, le, neg
from checker.system.sorts import INT, Domain

__all__ = ["Leaving"]

_MOST_FACTS = 32
_MOST_REPLACED = 8
_BUDGET = 200


@dataclass(frozen=True)
class _Sum:
    """A sum of terms with whole coefficients, none of them 0, and a number."""

    terms: Mapping[Expression, int] = field(default_factory=dict)
    number: int = 0

    def plus(self, other: _Sum, times: int = 1) -> _Sum:
        terms = dict(self.terms)
        for term, count in other.terms.items():
            terms[term] = terms.get(term, 0) + times * count
        kept = {term: count for term, count in terms.items() if count}
        return _Sum(kept, self.number + times * other.number)


class Leaving:
    """Finds where numbers leave such domains.

    Parameters
    ----------
    domains : mapping of str to Domain
        Of the variables, each of which is assumed to be inside.
    ranges : mapping of Expression to Domain
        Of the bound symbols whose ends depend on parameters.
    analysis : Bounds
        Over the same domains.
    """

    def __init__(
        self, domains: Mapping[str, Domain], ranges: Mapping[Expression, Domain], analysis: Bounds
    ) -> None:
        self.domains = domains
        self.ranges = ranges
        self.analysis = analysis
        self.budget = 0

    def of(self, value: Expression, domain: Domain, path: Expression) -> Iterator[Expression]:
        """Yield the conditions under which a number is below, and is above, a domain on a path."""
        self.budget = _BUDGET
        low, high = least(domain), most(domain)
        if low is not None and not self._at_most(low, value, path):
            yield neg(le(low, value))
        if high is not None and not self._at_most(value, high, path):
            yield neg(le(value, high))

    def _at_most(self, left: Expression, right: Expression, path: Expression) -> bool:
        """Whether left <= right is certain where the path leads."""
        self.budget -= 1
        if self.budget < 0:
            return False
        for one, other, is_left in ((left, right, True), (right, left, False)):

            def certain(part: Expression, here: Expression = path) -> bool:
                return self._at_most(part, other, here) if is_left else self._at_most(other, part, here)  # noqa: B023

            if one.operator == "ite":
                condition, then, otherwise = one.operands
                return certain(then, conj(path, condition)) and certain(
                    otherwise, conj(path, neg(condition))
                )
            if one.operator in ("min", "max"):
                both = all if (one.operator == "max") == is_left else any
                return both(certain(part) for part in one.operands)
        gap = _sum_of(right).plus(_sum_of(left), -1)
        return any(self._never_negative(gap.plus(fact, -1)) for fact in (_Sum(), *_facts(path)))

    def _never_negative(self, gap: _Sum) -> bool:
        for _ in range(_MOST_REPLACED):
            if self._least(gap) >= 0:
                return True
            for term, count in gap.terms.items():
                end = self._end(term, count > 0)
                if end is not None:
                    without = _Sum(
                        {one: n for one, n in gap.terms.items() if one is not term}, gap.number
                    )
                    gap = without.plus(_sum_of(end), count)
                    break
            else:
                return False
        return self._least(gap) >= 0

    def _least(self, gap: _Sum) -> float:
        total: float = gap.number
        for term, count in gap.terms.items():
            low, high = self.analysis.of(term)
            total += count * (low if count > 0 else high)
        return total

    def _end(self, term: Expression, lower: bool) -> Expression | None:
        """The least or the greatest value of a term, where it depends on parameters."""
        if term.operator == "mod" and not lower:
            divisor = term.operands[1]
            return add(divisor, constant(-1)) if self.analysis.of(divisor)[0] >= 1 else None
        domain = self.ranges.get(term)
        if term.operator == "variable":
            domain = self.domains.get(term.payload)
        if domain is None:
            return None
        return domain.least if lower else domain.most


def _sum_of(expression: Expression) -> _Sum:
    total = _Sum()
    stack = [(expression, 1)]
    while stack:
        node, times = stack.pop()
        if node.operator == "const":
            total = total.plus(_Sum({}, node.payload), times)
        elif node.operator in ("add", "sub"):
            left, right = node.operands
            stack += [(left, times), (right, times if node.operator == "add" else -times)]
        elif node.operator == "mul" and node.operands[1].is_constant:
            stack.append((node.operands[0], times * node.operands[1].payload))
        else:
            total = total.plus(_Sum({node: 1}), times)
    return total


def _facts(path: Expression) -> list[_Sum]:
    """Sums that are not negative where a condition holds: some of them, if there are many."""
    found: list[_Sum] = []
    stack = [(path, True)]
    for _ in range(8 * _MOST_FACTS):
        if not stack or len(found) >= _MOST_FACTS:
            break
        node, truth = stack.pop()
        if node.operator == "not":
            stack.append((node.operands[0], not truth))
        elif node.operator == ("and" if truth else "or"):
            stack.extend((operand, truth) for operand in node.operands)
        elif node.operator in ("lt", "le", "eq") and node.operands[0].sort == INT:
            left, right = map(_sum_of, node.operands)
            up, down = right.plus(left, -1), left.plus(right, -1)
            if node.operator == "eq":
                found += [up, down] if truth else []
            else:
                strict = _Sum({}, -1) if (node.operator == "lt") == truth else _Sum()
                found.append((up if truth else down).plus(strict))
    return found
