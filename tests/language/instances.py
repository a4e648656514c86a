"""An instance beside the system with symbols, both interpreted: do they begin and go on alike?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from checker.language.all_sizes import AllSizes
from checker.language.elaborate import Elaborated
from checker.system.domain_ends import least, most
from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.sorts import BoolSort, Domain, Scalar
from checker.system.transition_system import Action, Hazard, Role, TransitionSystem

State = dict[str, Scalar]


def values(domain: Domain, numbers: State) -> list[Scalar]:
    """Every value of a domain, whose ends may depend on parameters."""
    if isinstance(domain.sort, BoolSort):
        return [False, True]
    low, high = least(domain), most(domain)
    if high is None and domain.bound is not None:
        return list(range(domain.low, domain.bound + 1))
    assert low is not None and high is not None
    return list(range(int(evaluate(low, numbers)), int(evaluate(high, numbers)) + 1))


def initial_states(system: TransitionSystem, numbers: State) -> Iterator[State]:
    """Yield the initial states, the parameters that are symbols left out of none of them."""
    plain: dict[str, list[Scalar]] = {}
    computed: dict[str, Expression] = {}
    for one in system.variables:
        if one.role is Role.PARAMETER:
            plain[one.name] = [numbers[one.name]]
        elif isinstance(one.initial, Expression):
            computed[one.name] = one.initial
        else:
            plain[one.name] = values(one.domain, numbers) if one.initial is None else list(one.initial)
    for combination in product(*plain.values()):
        state = dict(zip(plain, combination, strict=True))
        waiting = dict(computed)
        while waiting:
            for name, value in list(waiting.items()):
                try:
                    state[name] = evaluate(value, state)
                except KeyError:
                    continue
                del waiting[name]
        if evaluate(system.wellformed, state):
            yield state


def outcomes(action: Action, state: State, numbers: State) -> Iterator[tuple[Any, State | Hazard]]:
    """Yield (arguments and decisions, result) for everything that an action may do in a state."""
    symbols = (*action.parameters, *action.choices)
    for taken in product(*(values(symbol.domain, numbers) for symbol in symbols)):
        known = {symbol.node: value for symbol, value in zip(symbols, taken, strict=True)}
        if not evaluate(action.guard, state, symbols=known):
            continue
        decided = tuple(
            evaluate(decision.value, state, symbols=known)
            for decision in action.decisions
            if evaluate(decision.reached, state, symbols=known)
        )
        what = (taken[: len(action.parameters)], decided)
        bad = [one for one in action.hazards if evaluate(one.condition, state, symbols=known)]
        if bad:
            yield what, bad[0]
        else:
            updates = {name: evaluate(value, state, symbols=known) for name, value in action.updates}
            yield what, state | updates


class Beside:
    """An instance and the system with symbols.

    Parameters
    ----------
    sizes : AllSizes
    instance : Elaborated
        With these numbers.
    numbers : dict
        Of the free parameters.
    """

    def __init__(self, sizes: AllSizes, instance: Elaborated, numbers: State) -> None:
        self.sizes = sizes
        self.instance = instance
        self.numbers = numbers
        self.compared = 0

    def seen(self, state: State) -> Any:
        """A state without what nothing depends on, in one of the systems."""
        hidden = set()
        for elaborated in (self.instance, self.sizes.elaborated):
            system = elaborated.system
            locals_ = {one.name for one in system.variables if one.role is Role.LOCAL}
            alive: set[str] = set()
            for points in elaborated.points.values():
                domain = system.variable[points.position].domain
                label = domain.decode(state[points.position])
                for point in points.points:
                    if point.label == label:
                        alive |= {name for _, name, _ in point.locals}
            hidden |= {name for name in locals_ if name.removesuffix("?") not in alive}
        return frozenset(
            (name, value)
            for name, value in state.items()
            if name not in hidden and name in self.instance.system.variable
        )

    def steps(self, elaborated: Elaborated, state: State) -> dict[Any, tuple[Any, State | None]]:
        """What can happen in a state: by call, faults, arguments and decisions, the result."""
        found: dict[Any, tuple[Any, State | None]] = {}
        for action in elaborated.system.actions:
            for what, result in outcomes(action, state, self.numbers):
                key = (action.call, action.kind, action.fairness, action.faults, what)
                assert key not in found
                wrong = isinstance(result, Hazard)
                found[key] = (result.kind, None) if wrong else (self.seen(result), result)
        return found

    def claims(self, elaborated: Elaborated, state: State) -> list[Any]:
        """What the properties say of a state."""
        return [
            [
                claim.name,
                evaluate(claim.predicate, state),
                sorted(one.kind for one in claim.hazards if evaluate(one.condition, state)),
            ]
            for claim in elaborated.properties
            if claim.predicate is not None and claim.kind != "transition"
        ]

    def compare(self, most_states: int) -> None:
        """Both begin alike, and do the same in every state that is reached, up to a number of them."""
        ours, theirs = self.instance, self.sizes.elaborated
        begin = {self.seen(one): one for one in initial_states(ours.system, self.numbers)}
        other = {self.seen(one): one for one in initial_states(theirs.system, self.numbers)}
        assert begin.keys() == other.keys()
        waiting = [(begin[key], other[key]) for key in sorted(begin, key=sorted)]
        known = set(begin)
        while waiting and self.compared < most_states:
            mine, symbolic = waiting.pop(0)
            self.compared += 1
            assert self.claims(ours, mine) == self.claims(theirs, symbolic)
            a, b = self.steps(ours, mine), self.steps(theirs, symbolic)
            assert {key: one[0] for key, one in a.items()} == {key: one[0] for key, one in b.items()}
            for key, (seen, after) in a.items():
                if after is not None and seen not in known:
                    known.add(seen)
                    successor = b[key][1]
                    assert successor is not None
                    waiting.append((after, successor))
