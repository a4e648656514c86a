"""Random systems of parts that walk through few places: what holds of them depends on fairness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from checker.system import expression as e
from checker.system.expression import Expression
from checker.system.sorts import INT, Domain, EnumSort
from checker.system.transition_system import (
    Action,
    Fairness,
    Hazard,
    Kind,
    Location,
    Property,
    Symbol,
    TransitionSystem,
    Variable,
)
from checker.system.walk import substitute

PLACE = EnumSort(("p", "q", "r", "s"))


class Walkers:
    """Each part is at a place; a switch and a flag are shared. From one seed the same at every size."""

    def __init__(self, seed: int, size: int) -> None:
        self.random = Random(seed)
        self.size = size
        self.symbols = 0
        kinds = self.random.choice([3, 3, 4])
        self.places = range(kinds)
        self.row = [Variable(f"at[{k}]", Domain(PLACE, 0, kinds - 1), (0,)) for k in range(size)]
        self.switch = Variable("switch", Domain(INT, 0, 1), (0,))

    def symbol(self, name: str) -> Symbol:
        """An index of a part."""
        self.symbols += 1
        node = e.bound(f"{name}#{self.symbols}", 0, self.size - 1)
        return Symbol(name, node, Domain(INT, 0, self.size - 1))

    def at(self, index: Expression, places: Sequence[int]) -> Expression:
        """A part is at one of some places."""
        here = e.select(e.array(one.node for one in self.row), index)
        return e.disj(*(e.eq(here, e.constant(place, PLACE)) for place in places))

    def some(self) -> list[int]:
        """A few places."""
        return self.random.sample(self.places, self.random.randint(1, 2))

    def action(self, number: int) -> Action:
        """A step of one part, of two, or of none, which may depend on the switch or on the others."""
        chance = self.random.random
        name = f"go{number}"
        first, second = self.symbol("i"), self.symbol("j")
        pair = chance() < 0.25
        used = [first, second] if pair else [first]
        chosen = int(chance() < 0.2)
        guard = self.at(first.node, self.some())
        if pair:
            guard = e.conj(guard, self.at(second.node, self.some()))
            if chance() < 0.7:
                guard = e.conj(guard, e.ne(first.node, second.node))
        if chance() < 0.25:
            guard = e.conj(guard, e.eq(self.switch.node, e.constant(self.random.randint(0, 1))))
        if chance() < 0.15:
            each = self.symbol("each")
            make = self.random.choice([e.any_of, e.all_of])
            guard = e.conj(guard, make(each.node, self.at(each.node, self.some())))
        if chance() < 0.15:
            # Some other part, or how many others: written out, as for sets.
            places = self.some()
            others = [
                e.conj(
                    e.ne(first.node, e.constant(k)),
                    e.disj(*(e.eq(one.node, e.constant(place, PLACE)) for place in places)),
                )
                for k, one in enumerate(self.row)
            ]
            total = e.as_integer(others[0])
            for one in others[1:]:
                total = e.add(total, e.as_integer(one))
            guard = e.conj(guard, self.random.choice([e.disj(*others), e.lt(total, e.constant(2))]))
        updates: dict[str, Expression] = {}
        for one in used:
            target = e.constant(self.random.choice(self.places), PLACE)
            if chance() < 0.2:
                other = e.constant(self.random.choice(self.places), PLACE)
                target = e.ite(e.eq(self.switch.node, e.constant(0)), target, other)
            if chance() < 0.9:
                for place, variable in enumerate(self.row):
                    before = updates.get(variable.name, variable.node)
                    updates[variable.name] = e.ite(e.eq(one.node, e.constant(place)), target, before)
        if chance() < 0.25:
            value = self.random.choice(
                [e.constant(0), e.constant(1), e.sub(e.constant(1), self.switch.node)]
            )
            updates["switch"] = value
        kind = Kind.FAULT if chance() < 0.15 else Kind.STEP
        weak, strong = Fairness.WEAK, Fairness.STRONG
        fairness = self.random.choice([weak, weak, weak, weak, strong, Fairness.NONE])
        hazards = ()
        if chance() < 0.05:
            wrong = e.conj(guard, e.eq(self.switch.node, e.constant(1)))
            hazards = (Hazard("assert", wrong, f"{name} is wrong", name, Location("model.py", 1)),)
        return Action(
            name,
            name,
            "agent",
            kind,
            Fairness.NONE if kind is Kind.FAULT else fairness,
            name,
            guard,
            tuple(updates.items()),
            tuple(used[: len(used) - chosen]),
            tuple(used[len(used) - chosen :]),
            hazards,
            faults=() if kind is Kind.STEP else (name,),
        )

    def drawn(self) -> tuple[TransitionSystem, tuple[Property, ...]]:
        """The system, and what may be promised of it."""
        actions = tuple(self.action(number) for number in range(self.random.randint(2, 5)))
        system = TransitionSystem("Walkers", (("size", self.size),), (*self.row, self.switch), actions)
        claims = [Property("free", "deadlock_free")]
        for number in range(3):
            each, other = self.symbol("each"), self.symbol("other")
            somewhere = self.at(each.node, self.some())
            everybody = e.all_of(each.node, somewhere)
            somebody = e.any_of(each.node, somewhere)
            both = e.conj(e.ne(each.node, other.node), somewhere, self.at(other.node, self.some()))
            two = e.any_of(each.node, e.any_of(other.node, both))
            states = [everybody, somebody, two]
            for kind in ("always", "reachable", "recoverable", "converges", "recurs", "leads_to"):
                goal = e.disj(*self.random.sample(states, self.random.randint(1, 2)))
                claims.append(Property(f"{kind}{number}", kind, goal, self.random.choice(states)))
        return system, tuple(claims)


def as_processes(system: TransitionSystem, size: int) -> TransitionSystem:
    """Each part gets its own actions, in one unit of fairness for each part, as processes have them."""
    actions: list[Action] = []
    for action in system.actions:
        if len(action.parameters) != 1:
            actions.append(action)
            continue
        for number in range(size):
            image = substitute(action.roots(), {action.parameters[0].node: e.constant(number)})
            own = replace(
                action,
                name=f"walk[{number}]@{action.name}",
                group=f"walk[{number}]",
                parameters=(),
                guard=image[action.guard],
                updates=tuple((name, image[value]) for name, value in action.updates),
                hazards=tuple(replace(one, condition=image[one.condition]) for one in action.hazards),
            )
            actions.append(own)
    return replace(system, actions=tuple(actions))
