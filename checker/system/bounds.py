"""Interval analysis: the least and greatest value an integer expression can have.

Sound and cheap, not exact: used to discharge domain checks that cannot fail and to find the
domain of a local that lives across a `yield`. Branches of an `ite` are judged under its test
(x < 3 bounds x by 2 in the first branch), for tests that compare an expression with another.
"""

from __future__ import annotations

from collections.abc import Mapping

from checker.system.expression import Expression
from checker.system.sorts import BoolSort, Domain, EnumSort

__all__ = ["Bounds", "Interval", "bounds"]

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
    return Bounds(domains).of(expression, assuming)


_Facts = tuple[tuple[Expression, bool], ...]

_BUDGET = 4_000
"""Visits that a bound under an assumption may cost; beyond it the assumption is ignored."""

_MOST_FACTS = 16


def _refine(condition: Expression, truth: bool) -> _Facts:
    """Comparisons that must hold for a condition to have a truth value; some of them, if many."""
    facts: list[tuple[Expression, bool]] = []
    stack = [(condition, truth)]
    for _ in range(8 * _MOST_FACTS):
        if not stack or len(facts) == _MOST_FACTS:
            break
        node, wanted = stack.pop()
        if node.operator == "not":
            stack.append((node.operands[0], not wanted))
        elif node.operator == ("and" if wanted else "or"):
            stack.extend((operand, wanted) for operand in node.operands)
        elif node.operator in ("lt", "le", "eq"):
            facts.append((node, wanted))
    return tuple(facts)


class Bounds:
    """Bounds of many expressions over the same domains: what they share is analysed once.

    Parameters
    ----------
    domains : mapping of str to Domain
        Domain of every state variable that occurs.

    Notes
    -----
    A node is judged under the test of the innermost `ite` around it, and under the assumption.
    To keep the tests of all of them would be sharper, and exponential in their number.
    """

    def __init__(self, domains: Mapping[str, Domain]) -> None:
        self._plain = _Analysis(domains, ())

    def of(self, expression: Expression, assuming: Expression | None = None) -> Interval:
        """Least and greatest value, under a condition if one is given."""
        plain = self._plain.bounds(expression)
        assert plain is not None
        facts = () if assuming is None else _refine(assuming, True)
        if not facts:
            return plain
        return _Analysis(self._plain.domains, facts).bounds(expression, _BUDGET) or plain


class _Analysis:
    """One run under fixed facts: memoises per node and the test of the innermost `ite`."""

    def __init__(self, domains: Mapping[str, Domain], facts: _Facts) -> None:
        self.domains = domains
        self.facts = facts
        self.known: dict[tuple[Expression, _Facts], Interval] = {}

    def bounds(self, root: Expression, budget: int | None = None) -> Interval | None:
        """The interval of a node; None where finding it costs more visits than the budget."""
        # An explicit stack instead of recursion: merged `if`s make deep chains.
        stack: list[tuple[Expression, _Facts]] = [(root, ())]
        visits = 0
        while stack:
            node, here = stack[-1]
            if (node, here) in self.known:
                stack.pop()
                continue
            visits += 1
            if budget is not None and visits > budget:
                return None
            needs = self._needs(node, here)
            missing = [need for need in needs if need not in self.known]
            if missing:
                stack.extend(missing)
                continue
            interval = self._combine(node, needs)
            self.known[(node, here)] = self._tighten(node, self.facts + here, interval)
            stack.pop()
        return self.known[(root, ())]

    def _needs(self, node: Expression, here: _Facts) -> list[tuple[Expression, _Facts]]:
        if node.operator == "ite":
            condition, then, otherwise = node.operands
            return [(then, _refine(condition, True)), (otherwise, _refine(condition, False))]
        if node.operator == "sum":
            return [(node.operands[1], ())]
        if node.operator in ("not", "and", "or", "eq", "lt", "le", "any", "all"):
            return []
        return [(operand, here) for operand in node.operands]

    def _combine(self, node: Expression, needs: list[tuple[Expression, _Facts]]) -> Interval:
        parts = [self.known[need] for need in needs]
        operator = node.operator
        if operator == "const":
            return (int(node.payload), int(node.payload))
        if operator in ("variable", "next"):
            domain = self.domains.get(node.payload)
            if domain is None:
                return _ANYTHING
            return domain.reach
        if operator == "bound":
            return _reach(node)
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
            return self.domains[node.payload].reach
        if node.operator == "bound":
            return _reach(node)
        return self.known.get((node, ()))


def _reach(symbol: Expression) -> Interval:
    _, low, high = symbol.payload
    return (-_INFINITY if low is None else low, _INFINITY if high is None else high)


def _compare(operator: str, truth: bool, is_left: bool, interval: Interval, other: Interval) -> Interval:
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
