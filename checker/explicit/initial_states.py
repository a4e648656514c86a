"""The initial states of a system, streamed: there may be more than could ever be visited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from checker.explicit.generated_predicates import state_function
from checker.explicit.generated_python import IllFormedSystem, completer
from checker.explicit.packing import Packing
from checker.system.expression import TRUE, Expression
from checker.system.sorts import BoolSort
from checker.system.transition_system import TransitionSystem, Variable
from checker.system.walk import expand_quantifiers, substitute, variables_of

__all__ = ["BadInitialValue", "InitialStates"]

# Combinations of the last variables that are written out, to be added to those of the others.
_BATCH = 4096


class BadInitialValue(ValueError):
    """Initial values depend on each other in a circle, or are outside their domain."""


class InitialStates:
    """Every well-formed combination of the variables' initial values, in ascending order of the variables.

    Parameters
    ----------
    system : TransitionSystem
    packing : Packing

    Attributes
    ----------
    beyond : bool
        Whether some initial values lie beyond the bound of an enumeration, and are left out; for
        computed values known only after the iteration.

    Raises
    ------
    BadInitialValue
    """

    def __init__(self, system: TransitionSystem, packing: Packing) -> None:
        self.system = system
        self.packing = packing
        self.beyond = False
        self.pools: list[Sequence[int]] = []
        for variable, slot in zip(system.variables, packing.slots, strict=True):
            if isinstance(variable.initial, Expression):
                continue
            pool = self._pool(variable)
            offset, low = slot.offset, slot.low
            if isinstance(pool, range):
                self.pools.append(range(0, _size(pool) << offset, 1 << offset))
            else:
                self.pools.append(tuple((value - low) << offset for value in pool))
        self.computed = _closed(system)

    def _pool(self, variable: Variable) -> Sequence[int]:
        domain, initial = variable.domain, variable.initial
        top = domain.top
        assert top is not None and not isinstance(initial, Expression)
        if initial is None:
            self.beyond |= domain.high is None
            return range(domain.low, top + 1)
        values = [int(value) for value in dict.fromkeys(initial)]
        for value in values:
            if value < domain.low or (domain.high is not None and value > domain.high):
                shown = value if isinstance(domain.sort, BoolSort) else domain.show(value)
                raise BadInitialValue(f"{variable.name} cannot be {shown} initially: it is {domain}")
        kept = tuple(value for value in values if value <= top)
        self.beyond |= len(kept) < len(values)
        return kept

    def batches(self) -> Iterator[list[int]]:
        """Yield packed initial states, a few thousand at a time."""
        if self.system.wellformed is TRUE:
            yield from self._combinations()
            return
        wellformed = state_function(self.system, self.packing, self.system.wellformed)
        for words in self._combinations():
            yield [word for word, good in zip(words, wellformed(words), strict=True) if good]

    def _combinations(self) -> Iterator[list[int]]:
        if not self.computed:
            yield from self._products()
            return
        complete = completer(self.system, self.packing, self.computed)
        for words in self._products():
            beyond: list[int] = []
            try:
                yield list(complete(words, beyond))
            except IllFormedSystem as error:
                raise BadInitialValue(f"{error.variable} is initially outside its domain") from error
            self.beyond |= bool(beyond)

    def _products(self) -> Iterator[list[int]]:
        if not all(self.pools):
            return
        tail = [0]
        split = len(self.pools)
        while split and len(tail) * _size(self.pools[split - 1]) <= _BATCH:
            split -= 1
            tail = [value + rest for value in self.pools[split] for rest in tail]
        # An odometer over the other variables: itertools.product would first copy their domains.
        heads = self.pools[:split]
        wheel = [0] * split
        while True:
            head = sum(pool[at] for pool, at in zip(heads, wheel, strict=True))
            yield [head + rest for rest in tail]
            place = split - 1
            while place >= 0 and wheel[place] + 1 == _size(heads[place]):
                wheel[place] = 0
                place -= 1
            if place < 0:
                return
            wheel[place] += 1


def _size(pool: Sequence[int]) -> int:
    # len() is limited to what an index in C can hold.
    return (pool.stop - pool.start) // pool.step if isinstance(pool, range) else len(pool)


def _closed(system: TransitionSystem) -> list[tuple[str, Expression]]:
    """Computed initial values, over variables that are not computed."""
    given: dict[str, Expression] = {
        variable.name: variable.initial
        for variable in system.variables
        if isinstance(variable.initial, Expression)
    }
    images: dict[str, Expression] = {}
    path: list[str] = []
    stack = list(reversed(given))
    while stack:
        name = stack[-1]
        if name in images:
            stack.pop()
            continue
        if path and path[-1] == name:
            images[name] = _substituted(system, given[name], images)
            path.pop()
            stack.pop()
            continue
        path.append(name)
        for other in sorted(variables_of([given[name]]) & given.keys() - images.keys()):
            if other in path:
                circle = " → ".join([*path[path.index(other) :], other])
                raise BadInitialValue(f"initial values depend on each other in a circle: {circle}")
            stack.append(other)
    return [(name, images[name]) for name in given]


def _substituted(
    system: TransitionSystem, value: Expression, images: Mapping[str, Expression]
) -> Expression:
    written = expand_quantifiers([value])[value]
    replacement = {system.variable[name].node: image for name, image in images.items()}
    return substitute([written], replacement)[written]
