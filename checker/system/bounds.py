"""Interval analysis: the least and greatest value an integer expression can have.

Sound and cheap, not exact: used to discharge domain checks that cannot fail and to find the
domain of a local that lives across a `yield`. Branches of an `ite` are judged under its test
(x < 3 bounds x by 2 in the first branch), for tests that compare an expression with another.
"""

from __future__ import annotations

from collections.abc import Mapping

from checker.system.expression import Expression
from checker.system.sorts import BoolSort, Domain, EnumSort

__all__ = ["Interval", "bounds"]

Interval = tuple[float, float]
"""Least and greatest value, both included; infinities for an unbounded side."""

_INFINITY = float("inf")
_ANYTHING: Interval = (-_INFINITY, _INFINITY)


def bounds(
    expression: Expression,
    domains: Mapping[str, Domain],
    assuming: Expression | None = None,
) -> Interval:
    """Bounds of an expression, given the domains of the variables it reads.

    Parameters
    ----------
    expression : Expression
        An Int, Bool (0..1) or enum expression.
    domains : mapping of str to Domain
        Domain of every state variable that occurs.
    assuming : Expression, optional
        A condition under which the bounds need to hold.

    Returns
    -------
    (low, high)
        An empty interval (low > high) means that the condition is never true.
    """
    return _Analysis(domains).bounds(expression, _refine(assuming, True) if assuming else ())


_Facts = tuple[tuple[Expression, bool], ...]


def _refine(condition: Expression, truth: bool) -> _Facts:
    """The comparisons that must hold for a condition to have a truth value."""
    facts: list[tuple[Expression, bool]] = []
    stack = [(condition, truth)]
    while stack:
        node, wanted = stack.pop()
        if node.operator == "not":
            stack.append((node.operands[0], not wanted))
        elif node.operator == ("and" if wanted else "or"):
            stack.extend((operand, wanted) for operand in node.operands)
        elif node.operator in ("lt", "le", "eq"):
            facts.append((node, wanted))
    return tuple(facts[:16])


class _Analysis:
    """One run: memoises per (node, facts)."""

    def __init__(self, domains: Mapping[str, Domain]) -> None:
        self.domains = domains
        self.known: dict[tuple[Expression, _Facts], Interval] = {}

    def bounds(self, root: Expression, facts: _Facts) -> Interval:
        # An explicit stack instead of recursion: merged `if`s make deep chains.
        stack: list[tuple[Expression, _Facts]] = [(root, facts)]
        while stack:
            node, here = stack[-1]
            if (node, here) in self.known:
                stack.pop()
                continue
            needs = self._needs(node, here)
            missing = [need for need in needs if need not in self.known]
            if missing:
                stack.extend(missing)
                continue
            self.known[(node, here)] = self._tighten(node, here, self._combine(node, needs))
            stack.pop()
        return self.known[(root, facts)]

    def _needs(self, node: Expression, facts: _Facts) -> list[tuple[Expression, _Facts]]:
        if node.operator == "ite":
            condition, then, otherwise = node.operands
            # Deep nests keep the outermost facts only: a bound stays sound with fewer of them.
            room = len(facts) < 12
            yes = facts + _refine(condition, True) if room else facts
            no = facts + _refine(condition, False) if room else facts
            return [(then, yes), (otherwise, no)]
        if node.operator == "sum":
            return [(node.operands[1], ())]
        if node.operator in ("not", "and", "or", "eq", "lt", "le", "any", "all"):
            return []
        return [(operand, facts) for operand in node.operands]

    def _combine(self, node: Expression, needs: list[tuple[Expression, _Facts]]) -> Interval:
        parts = [self.known[need] for need in needs]
        operator = node.operator
        if operator == "const":
            return (int(node.payload), int(node.payload))
        if operator in ("variable", "next"):
            domain = self.domains.get(node.payload)
            if domain is None:
                return _ANYTHING
            return (domain.low, _INFINITY if domain.high is None else domain.high)
        if operator == "bound":
            _, low, high = node.payload
            return (low, high)
        if isinstance(node.sort, BoolSort):
            return (0, 1)
        if any(low > high for low, high in parts) and operator not in ("ite", "array", "select"):
            return (_INFINITY, -_INFINITY)
        if operator in ("ite", "array"):
            return (min(low for low, _ in parts), max(high for _, high in parts))
        if operator == "select":
            return parts[0]
        if operator == "sum":
            _, low, high = node.operands[0].payload
            count = high - low + 1
            return (_times(parts[0][0], count), _times(parts[0][1], count))
        if isinstance(node.sort, EnumSort):
            return (0, len(node.sort.labels) - 1)
        (a, b), (c, d) = parts
        if operator == "add":
            return (a + c, b + d)
        if operator == "sub":
            return (a - d, b - c)
        if operator == "mul":
            corners = [_times(x, y) for x in (a, b) for y in (c, d)]
            return (min(corners), max(corners))
        if operator == "min":
            return (min(a, c), min(b, d))
        if operator == "max":
            return (max(a, c), max(b, d))
        if operator == "floordiv":
            return _floordiv((a, b), (c, d))
        if operator == "mod":
            return _modulo((a, b), (c, d))
        raise AssertionError(f"no bounds for {operator}")

    def _tighten(self, node: Expression, facts: _Facts, interval: Interval) -> Interval:
        low, high = interval
        for fact, truth in facts:
            left, right = fact.operands
            if node is left and right.is_constant:
                value, side = int(right.payload), "left"
            elif node is right and left.is_constant:
                value, side = int(left.payload), "right"
            elif node is left or node is right:
                # The other side is not a number: its own domain still bounds this one.
                other = right if node is left else left
                reach = self._simple(other)
                if reach is None:
                    continue
                low, high = _compare(fact.operator, truth, node is left, (low, high), reach)
                continue
            else:
                continue
            low, high = _compare(fact.operator, truth, side == "left", (low, high), (value, value))
        return (low, high)

    def _simple(self, node: Expression) -> Interval | None:
        if node.operator == "variable" and node.payload in self.domains:
            domain = self.domains[node.payload]
            return (domain.low, _INFINITY if domain.high is None else domain.high)
        if node.operator == "bound":
            return (node.payload[1], node.payload[2])
        return self.known.get((node, ()))


def _compare(
    operator: str, truth: bool, is_left: bool, interval: Interval, other: Interval
) -> Interval:
    """Narrow an interval by one comparison with something inside `other`."""
    low, high = interval
    if operator == "eq":
        if truth:
            return (max(low, other[0]), min(high, other[1]))
        if other[0] == other[1]:
            low = low + 1 if low == other[0] else low
            high = high - 1 if high == other[1] else high
        return (low, high)
    # Bring all to: (is this the lesser side?, by how much at least?)
    lesser = is_left == truth
    gap = 1 if (operator == "lt") == truth else 0
    if lesser:
        return (low, min(high, other[1] - gap))
    return (max(low, other[0] + gap), high)


def _times(a: float, b: float) -> float:
    return 0 if a == 0 or b == 0 else a * b


def _floordiv(left: Interval, right: Interval) -> Interval:
    magnitude = max(abs(left[0]), abs(left[1]))
    if right[0] <= 0 <= right[1] or _INFINITY in (magnitude, abs(right[0]), abs(right[1])):
        # A divisor next to zero gives the greatest quotients: at most the dividend itself,
        # one further down for the rounding towards minus infinity.
        if left[0] >= 0 and right[0] >= 0:
            return (0, left[1])
        return (-magnitude - 1, magnitude)
    corners = [x // y for x in left for y in right]
    return (min(corners), max(corners))


def _modulo(left: Interval, right: Interval) -> Interval:
    low = min(0, right[0] + 1)
    high = max(0, right[1] - 1)
    if left[0] >= 0 and right[0] >= 0:
        return (0, min(left[1], high))
    return (low, high)
