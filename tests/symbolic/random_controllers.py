"""Random small controllers: counters with targets, a phase and a flag; a good part of them converges."""

from __future__ import annotations

import random

from small_systems import action, integer, system, truth

from checker.system.expression import Expression, add, conj, constant, eq, ite, lt, ne, neg, sub
from checker.system.sorts import Domain, EnumSort
from checker.system.transition_system import Action, Fairness, Kind, TransitionSystem, Variable

PHASES = EnumSort(("look", "act", "wait"))
MOST = 3
EFFECTS = ("up", "down", "follow", "follow", "copy", "phase", "flag")
FAIRNESS = (*[Fairness.WEAK] * 5, Fairness.STRONG, Fairness.NONE)


def random_controller(seed: int) -> tuple[TransitionSystem, Expression]:
    """Two counters, a target that never changes, a phase and a flag; and a goal that is not all there is."""
    return _Drawn(random.Random(seed)).system()


class _Drawn:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.x, self.y = (integer(name, 0, MOST, chance.choice([(0,), None])) for name in "xy")
        self.target = integer("target", 0, MOST, None)
        self.phase = Variable("phase", Domain(PHASES, 0, 2), (0,))
        self.flag = truth("flag")
        self.counters = [self.x.node, self.y.node]
        self.numbers = [*self.counters, self.target.node, constant(0)]
        self.labels = [constant(place, PHASES) for place in range(3)]

    def system(self) -> tuple[TransitionSystem, Expression]:
        """The system and its goal."""
        chance = self.chance
        first = self.action("step0", Kind.STEP, ["follow"])
        steps = [self.action(f"step{number}", Kind.STEP) for number in range(1, chance.randint(2, 4))]
        faults = [self.action(f"fault{number}", Kind.FAULT) for number in range(chance.randint(0, 1))]
        wanted = [eq(self.x.node, chance.choice([self.target.node, self.target.node, self.y.node]))]
        if chance.random() < 0.3:
            wanted.append(chance.choice([self.flag.node, eq(self.phase.node, self.labels[1])]))
        variables = [self.x, self.y, self.target, self.phase, self.flag]
        return system(variables, first, *steps, *faults), conj(*wanted)

    def condition(self) -> Expression:
        """What a guard may ask for."""
        kind = self.chance.choice(["phase", "flag", "compare", "compare"])
        if kind == "phase":
            return eq(self.phase.node, self.chance.choice(self.labels))
        if kind == "flag":
            return self.chance.choice([self.flag.node, neg(self.flag.node)])
        left = self.chance.choice(self.counters)
        right = self.chance.choice([one for one in self.numbers if one is not left])
        return self.chance.choice([lt(left, right), lt(right, left), ne(left, right)])

    def action(self, name: str, kind: Kind, effects: list[str] | None = None) -> Action:
        """A step of a process or of its own, or a fault; its updates stay inside the domains."""
        chance = self.chance
        guard = conj(*(self.condition() for _ in range(chance.choice([0, 1, 1, 2]))))
        updates: dict[str, Expression] = {}
        for effect in [
            *(effects or []),
            *chance.sample(EFFECTS, chance.randint(0 if effects else 1, 2)),
        ]:
            counter = chance.choice(self.counters) if updates else self.x.node
            if effect == "up":
                guard = conj(guard, lt(counter, constant(MOST)))
                updates[counter.payload] = add(counter, constant(1))
            elif effect == "down":
                guard = conj(guard, lt(constant(0), counter))
                updates[counter.payload] = sub(counter, constant(1))
            elif effect == "follow":
                ahead = chance.choice([one for one in self.numbers if one is not counter])
                guard = conj(guard, ne(counter, ahead))
                nearer = ite(lt(counter, ahead), add(counter, constant(1)), sub(counter, constant(1)))
                updates[counter.payload] = nearer
            elif effect == "copy":
                updates[counter.payload] = chance.choice(self.numbers)
            elif effect == "phase":
                updates["phase"] = chance.choice(self.labels)
            else:
                updates["flag"] = constant(chance.random() < 0.5)
        if kind is Kind.FAULT:
            return action(name, guard, updates, kind=kind)
        group = chance.choice([None, None, "process"])
        return action(name, guard, updates, fairness=chance.choice(FAIRNESS), group=group)
