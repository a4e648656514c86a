"""Where a sample begins: small values of the parameters, and initial states of each size."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from checker.symbolic.evaluation import Row, row_function
from checker.system.domain_ends import least, most
from checker.system.expression import Expression
from checker.system.sorts import BoolSort, Domain, IntSort, Scalar
from checker.system.transition_system import Role, Symbol, TransitionSystem, Variable
from checker.system.walk import variables_of

__all__ = ["Starts", "conjuncts", "is_parameter", "symbol_values"]

_ALL = 64
"""A domain of at most so many values is tried in full."""

_SYMBOL = 12
"""So many values of an action's parameter or choice are tried in one state."""

_INSTANCES = 32
"""So many combinations of the parameters' values."""

_TRIES = 20_000
"""Values that are tried in search of one batch of combinations."""

Pool = Callable[[list[Scalar]], Sequence[Scalar]]
"""Values of one variable, given those of the variables that it depends on."""


def is_parameter(variable: Variable) -> bool:
    """Whether a variable is one of the instance's sizes: chosen once, then for ever the same."""
    return variable.role is Role.PARAMETER


def conjuncts(condition: Expression) -> tuple[Expression, ...]:
    """The parts of a conjunction, nested ones included, in their order."""
    found: dict[Expression, None] = {}
    stack = [condition]
    while stack:
        node = stack.pop()
        if node.operator == "and":
            stack.extend(reversed(node.operands))
        else:
            found[node] = None
    return tuple(found)


class Starts:
    """Small values of a system's parameters, and the initial states that go with them.

    Parameters
    ----------
    system : TransitionSystem
    most_size : int
        How many of the least values of a domain that is too large are tried.
    seed : int

    Attributes
    ----------
    trimmed : bool
        Whether some initial states are left out; known only after the iteration.
    """

    def __init__(self, system: TransitionSystem, most_size: int, seed: int) -> None:
        self.system = system
        self.most_size = most_size
        self.seed = seed
        self.trimmed = False
        self.order = _ordered(system)
        self.sizes = sum(1 for place in self.order if is_parameter(system.variables[place]))
        self.tests = self._tests()
        self.pools = {place: self._pool(system.variables[place]) for place in self.order}

    def instances(self) -> Iterator[list[Scalar]]:
        """Rows in which only the parameters are set: evenly chosen among the small values."""
        blank: list[Scalar] = [0] * len(self.system.variables)
        size = self.most_size
        while True:
            found = [list(row) for row in self._filled(blank, 0, self.sizes, None)]
            if found or self.most_size >= _ALL or not self.sizes:
                break
            # The least values of several parameters need not go together.
            self.most_size *= 2
        self.most_size = size
        found.sort(key=lambda row: (sum(row[place] for place in self.order[: self.sizes]), row))
        if len(found) > _INSTANCES:
            self.trimmed = True
            last = len(found) - 1
            found = [found[round(k * last / (_INSTANCES - 1))] for k in range(_INSTANCES)]
        yield from found

    def rows(self, instance: list[Scalar], most: int) -> Iterator[Row]:
        """Initial states with these values of the parameters: all, or so many.

        Where there are more, half are the first ones and half are drawn.
        """
        first = self._filled(instance, self.sizes, len(self.order), None)
        seen = dict.fromkeys(islice(first, most))
        if next(first, None) is not None:
            self.trimmed = True
            drawn = random.Random(self.seed)
            kept = dict.fromkeys(list(seen)[: (most + 1) // 2])
            for _ in range(most - len(kept)):
                kept.update(
                    dict.fromkeys(islice(self._filled(instance, self.sizes, len(self.order), drawn), 1))
                )
            seen = kept
        yield from seen

    # ------------------------------------------------------------ combinations

    def _filled(
        self, given: list[Scalar], begin: int, end: int, drawn: random.Random | None
    ) -> Iterator[Row]:
        """Well-formed values of the variables at these places of the order, the others as given."""
        row = list(given)
        if begin == end:
            if begin or self._fine(row, -1):
                yield tuple(row)
            return
        if begin == 0 and not self._fine(row, -1):
            return
        wheels = [self._values(row, begin, drawn)]
        tries = 0
        while wheels:
            tries += 1
            if tries > _TRIES:
                self.trimmed = True
                return
            depth = begin + len(wheels) - 1
            value = next(wheels[-1], None)
            if value is None:
                wheels.pop()
                continue
            row[self.order[depth]] = value
            if not self._fine(row, depth):
                continue
            if depth + 1 < end:
                wheels.append(self._values(row, depth + 1, drawn))
            else:
                yield tuple(row)

    def _values(self, row: list[Scalar], depth: int, drawn: random.Random | None) -> Iterator[Scalar]:
        values = list(self.pools[self.order[depth]](row))
        if drawn is not None:
            drawn.shuffle(values)
        return iter(values)

    def _fine(self, row: list[Scalar], depth: int) -> bool:
        test = self.tests.get(depth)
        return test is None or all(test(tuple(row)))

    def _tests(self) -> dict[int, Callable[[Row], tuple[Scalar, ...]]]:
        """What `wellformed` demands, as soon as all that it speaks of is set."""
        depths = {self.system.variables[place].name: at for at, place in enumerate(self.order)}
        parts: dict[int, list[Expression]] = {}
        for part in conjuncts(self.system.wellformed):
            last = max((depths[name] for name in variables_of([part])), default=-1)
            parts.setdefault(last, []).append(part)
        return {depth: row_function(self.system, several) for depth, several in parts.items()}

    # ------------------------------------------------------------ values of one variable

    def _pool(self, variable: Variable) -> Pool:
        initial = variable.initial
        if isinstance(initial, Expression):
            value = row_function(self.system, [initial])
            return lambda row: value(tuple(row))
        if initial is not None:
            values = tuple(dict.fromkeys(initial))
            return lambda row: values
        within = _within(self.system, variable.domain)

        def pool(row: list[Scalar]) -> Sequence[Scalar]:
            low, high = within(tuple(row))
            values, trimmed = _few(variable.domain, low, high, _ALL, self.most_size)
            self.trimmed |= trimmed
            return values

        return pool


def symbol_values(
    system: TransitionSystem, symbol: Symbol
) -> Callable[[Row], tuple[Sequence[Scalar], bool]]:
    """Values to try for an action's parameter or choice in a state, and whether some are left out.

    Where there are too many these are the ends of the domain and the values of the integer variables,
    one more and one less.
    """
    domain = symbol.domain
    within = _within(system, domain)
    if not isinstance(domain.sort, IntSort):
        every = _few(domain, domain.low, domain.high, _ALL, _ALL)
        return lambda row: every
    places = [k for k, one in enumerate(system.variables) if isinstance(one.domain.sort, IntSort)]

    def values(row: Row) -> tuple[Sequence[Scalar], bool]:
        low, high = within(row)
        if low is not None and high is not None and high - low < _SYMBOL:
            return range(low, high + 1), False
        tried: dict[int, None] = {}
        for end in (low, None if low is None else low + 1, high):
            if end is not None:
                tried[end] = None
        for place in places:
            for value in (row[place], row[place] + 1, row[place] - 1):
                if (low is None or low <= value) and (high is None or value <= high):
                    tried[int(value)] = None
        return sorted(islice(tried, _SYMBOL)) or [0], True

    return values


def _ordered(system: TransitionSystem) -> list[int]:
    """The variables' places: parameters first, and each one after those that its values depend on."""
    names = {one.name: place for place, one in enumerate(system.variables)}
    needs: dict[int, list[int]] = {}
    for place, one in enumerate(system.variables):
        roots = [one.initial] if isinstance(one.initial, Expression) else _ends(one.domain)
        needs[place] = sorted(names[name] for name in variables_of(roots))
    order: dict[int, None] = {}
    first = sorted(needs, key=lambda place: not is_parameter(system.variables[place]))
    stack = list(reversed(first))
    open_: set[int] = set()
    while stack:
        place = stack[-1]
        missing = [other for other in needs[place] if other not in order]
        if place in order or not missing:
            order[stack.pop()] = None
        elif place in open_:
            name = system.variables[place].name
            raise ValueError(f"the initial value of {name} depends on itself")
        else:
            open_.add(place)
            stack.extend(missing)
    return list(order)


def _ends(domain: Domain) -> tuple[Expression, ...]:
    """Those ends of a domain that there are."""
    if isinstance(domain.sort, BoolSort):
        return ()
    return tuple(end for end in (least(domain), most(domain)) if end is not None)


def _within(system: TransitionSystem, domain: Domain) -> Callable[[Row], tuple[int | None, int | None]]:
    """The least and the greatest value in a state."""
    if not domain.is_symbolic:
        fixed = (None if domain.below else domain.low, domain.high)
        return lambda row: fixed
    values = row_function(system, _ends(domain))
    has_low = least(domain) is not None
    has_high = most(domain) is not None

    def within(row: Row) -> tuple[int | None, int | None]:
        computed = [int(value) for value in values(row)]
        return computed[0] if has_low else None, computed[-1] if has_high else None

    return within


def _few(
    domain: Domain, low: int | None, high: int | None, all_of: int, most: int
) -> tuple[Sequence[Scalar], bool]:
    """All values, or some of the least ones and the greatest; and whether some are left out."""
    if isinstance(domain.sort, BoolSort):
        return (False, True), False
    if low is not None and high is not None and high - low < all_of:
        return range(low, high + 1), False
    if low is None:
        nearest = sorted(range(-most, most + 1), key=lambda value: (abs(value), -value))
        return [value for value in nearest if high is None or value <= high][:most], True
    values = list(range(low, low + most))
    if high is not None:
        values += [(low + high) // 2, high]
    return values, True
