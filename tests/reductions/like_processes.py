"""Random systems of like processes that are loosely coupled, and careless about what they remember.

All three reductions have something to do in them at once: the processes are interchangeable (or all
but one of them are), most steps concern one process alone, and locals keep what nobody will read.
What is drawn depends on the seed alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from checker.regimes.regime import Regime, UnderRegime
from checker.system import expression as e
from checker.system.expression import Expression
from checker.system.sorts import BOOL, INT, BoolSort, Domain, EnumSort
from checker.system.transition_system import (
    Action,
    Fairness,
    Hazard,
    Kind,
    Location,
    Process,
    Property,
    Role,
    Symbol,
    TransitionSystem,
    Variable,
)
from checker.system.walk import substitute

TRUTH = Domain(BOOL, 0, 1)
SMALL = Domain(INT, 0, 2)
SIGNED = Domain(INT, -1, 1)
STATES = ("always", "never", "reachable", "deadlock_free")
RUNS = ("converges", "recurs", "leads_to", "recoverable", "transition")


@dataclass(frozen=True)
class Alike:
    """A system under a regime, and claims about it of every kind but idempotence."""

    under: UnderRegime
    claims: tuple[Property, ...]


def alike(seed: int, *, wide: bool = False, special: float = 0.15) -> Alike:
    """One random system.

    Parameters
    ----------
    seed : int
    wide : bool
        With locals that make a process, or a state, wider than 64 bits.
    special : float
        How often one process differs from the others.
    """
    return _Writer(Random(seed), wide, special).alike()


@dataclass
class _Row:
    """A variable of each process."""

    variables: list[Variable]

    @property
    def domain(self) -> Domain:
        return self.variables[0].domain

    def of(self, index: Expression) -> Expression:
        return e.select(e.array(one.node for one in self.variables), index)


class _Writer:
    def __init__(self, random: Random, wide: bool, special: float) -> None:
        self.random = random
        self.wide = wide
        self.special = special
        self.count = random.choice([2, 2, 3, 3, 4])
        self.positions = random.randint(2, 4 if self.count < 4 else 3)
        self.coupling = random.choice([0.05, 0.15, 0.4])
        self.numbered = 0
        self.actions: list[Action] = []
        self.shared = [self.variable(f"shared{k}") for k in range(random.randint(1, 2))]
        self.at = self.row("at", self.position_domain(), Role.POSITION)
        most = 1 if self.count == 4 else 2
        self.own = [self.row(f"x{k}", None, Role.LOCAL) for k in range(random.randint(0, most))]
        if wide:
            self.own += [
                self.row(f"big{k}", self.big(), Role.LOCAL) for k in range(random.randint(1, 3))
            ]
        self.slots: _Row | None = None
        if self.count < 4 and self.chance(0.25):
            like = self.variable("slot")
            names = [f"slot[{k}]" for k in range(random.randint(2, 3))]
            self.slots = _Row([replace(like, name=name) for name in names])

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    # ------------------------------------------------------------ variables

    def big(self) -> Domain:
        top = self.random.choice([2**20, 2**33 + 5, 2**40, 2**61])
        return Domain(INT, self.random.choice([0, -3]), top)

    def position_domain(self) -> Domain:
        if self.chance(0.7):
            sort = EnumSort(tuple(f"p{k}" for k in range(self.positions)))
            return Domain(sort, 0, self.positions - 1)
        return Domain(INT, 0, self.positions - 1)

    def variable(self, name: str, domain: Domain | None = None) -> Variable:
        domain = domain or self.random.choice([TRUTH, TRUTH, SMALL, SIGNED])
        if (domain.size or 0) > 9:
            return Variable(name, domain, (self.random.choice([domain.low, domain.top or 0]),))
        values = domain.values()
        begins = [(values[0],), (values[0],), (values[-1],), None]
        return Variable(name, domain, self.random.choice(begins))

    def row(self, name: str, domain: Domain | None, role: Role) -> _Row:
        like = self.variable(name, domain)
        if role is Role.POSITION:
            like = replace(like, initial=(0,))
        elif self.count > 2 and like.initial is None:
            like = replace(like, initial=(like.domain.values()[0],))
        like = replace(like, role=role)
        named = [f"w[{k}].{name}" for k in range(self.count)]
        return _Row([replace(like, name=one, owner=f"w[{k}]") for k, one in enumerate(named)])

    # ------------------------------------------------------------ expressions

    def symbol(self, name: str, high: int) -> Symbol:
        self.numbered += 1
        unique = f"{name}#{self.numbered}"
        return Symbol(unique, e.bound(unique, 0, high), Domain(INT, 0, high))

    def label(self, place: int) -> Expression:
        return e.constant(place, self.at.domain.sort)

    def atom(self, among: Sequence[tuple[Expression, Domain]]) -> Expression:
        """A test of one of some values."""
        node, domain = self.random.choice(among)
        if isinstance(domain.sort, BoolSort):
            return node if self.chance(0.5) else e.neg(node)
        top = domain.top or 0
        value = self.random.choice([domain.low, top, min(top, domain.low + 1)])
        if isinstance(domain.sort, EnumSort):
            return self.random.choice([e.eq, e.ne])(node, e.constant(value, domain.sort))
        others = [other for other, its in among if its.sort == INT and other is not node]
        other = self.random.choice(others) if others and self.chance(0.3) else e.constant(value)
        return self.random.choice([e.eq, e.ne, e.lt, e.le])(node, other)

    def truth(self, among: Sequence[tuple[Expression, Domain]], depth: int = 1) -> Expression:
        if depth <= 0:
            return self.atom(among)
        parts = [self.truth(among, depth - 1) for _ in range(2)]
        return self.random.choice([e.conj, e.disj])(*parts)

    def world(self) -> list[tuple[Expression, Domain]]:
        return [(one.node, one.domain) for one in self.shared]

    def mine(self, index: Expression) -> list[tuple[Expression, Domain]]:
        return [(row.of(index), row.domain) for row in self.own]

    def everybody(self) -> Expression:
        """A truth about the processes that does not tell one from another."""
        each = self.symbol("each", self.count - 1).node
        known = [(self.at.of(each), self.at.domain), *self.mine(each)]
        body = self.truth(
            [*known, *(self.world() if self.chance(0.3) else [])], self.random.randint(0, 1)
        )
        kind = self.random.choice(["any", "all", "sum"])
        if kind == "sum":
            many = e.constant(self.random.randint(1, self.count))
            return self.random.choice([e.lt, e.le, e.eq])(e.sum_of(each, body), many)
        return (e.any_of if kind == "any" else e.all_of)(each, body)

    def value(
        self, target: Domain, before: Expression, among: Sequence[tuple[Expression, Domain]]
    ) -> Expression:
        """A new value; an integer mostly stays inside its domain."""
        random = self.random
        like = [node for node, domain in among if domain == target]
        if isinstance(target.sort, BoolSort):
            return random.choice([e.TRUE, e.FALSE, e.neg(before), *like])
        if (target.size or 0) > 9:
            top = target.top or 0
            return random.choice([e.constant(target.low), e.constant(top), e.constant(top // 3), *like])
        size = e.constant(target.size or 1)
        up = e.add(before, e.constant(1))
        wrapped = e.add(e.modulo(e.sub(up, e.constant(target.low)), size), e.constant(target.low))
        clipped = e.minimum(up, e.constant(target.top or 0))
        constants = [e.constant(value) for value in target.values()]
        usual = [wrapped, clipped, random.choice(constants), random.choice(constants), *like]
        return up if self.chance(0.06) else random.choice(usual)

    # ------------------------------------------------------------ actions

    def step(self, name: str, place: int, index: Expression) -> Action:
        """A step of one process from one position."""
        random = self.random
        choices: tuple[Symbol, ...] = ()
        if self.chance(0.12):
            choices = (self.symbol(f"c{name}", 1),)
        at = self.at.of(index)
        guard = e.eq(at, self.label(place))
        mine, world = self.mine(index), self.world()
        if mine and self.chance(0.25):
            guard = e.conj(guard, self.atom(mine))
        if self.chance(self.coupling):
            guard = e.conj(guard, self.atom(world))
        if self.chance(self.coupling / 2):
            guard = e.conj(guard, self.everybody())
        following = (
            (place + 1) % self.positions if self.chance(0.75) else random.randrange(self.positions)
        )
        target = self.label(following)
        if choices and self.chance(0.5):
            target = e.ite(e.eq(choices[0].node, e.constant(1)), target, self.label(place))
        elif mine and self.chance(0.15):
            target = e.ite(self.atom(mine), target, self.label(random.randrange(self.positions)))
        updates = self.put(self.at, index, target)
        wrong: list[Hazard] = []
        if self.chance(0.08):
            wrong.append(self.hazard("assert", guard, self.truth([*mine, *world], 1)))
        fine = e.conj(guard, *(e.neg(one.condition) for one in wrong))
        for row in self.own:
            if self.chance(0.4):
                value = self.value(
                    row.domain, row.of(index), [*mine, *(world if self.chance(self.coupling) else [])]
                )
                updates |= self.put(row, index, value)
                wrong += self.outside(row.domain, value, fine)
                fine = e.conj(guard, *(e.neg(one.condition) for one in wrong))
        for one in self.shared:
            if self.chance(self.coupling):
                value = self.value(one.domain, one.node, [*mine, *world])
                updates[one.name] = value
                wrong += self.outside(one.domain, value, fine)
                fine = e.conj(guard, *(e.neg(one.condition) for one in wrong))
        parameters: tuple[Symbol, ...] = ()
        if self.slots is not None and self.chance(self.coupling):
            place_of = self.symbol("j", len(self.slots.variables) - 1)
            parameters = (place_of,)
            guard = e.conj(guard, self.atom([(self.slots.of(place_of.node), self.slots.domain)]))
            wrong = []
            value = self.value(self.slots.domain, self.slots.of(place_of.node), mine)
            inside = self.slots.domain
            if not isinstance(inside.sort, BoolSort):
                value = e.maximum(e.minimum(value, e.constant(inside.top or 0)), e.constant(inside.low))
            updates |= self.put(self.slots, place_of.node, value)
            updates = {
                name: value
                for name, value in updates.items()
                if name.startswith(("slot", "w[")) and "big" not in name and ".x" not in name
            }
        fairness = random.choice([Fairness.WEAK, Fairness.WEAK, Fairness.STRONG, Fairness.NONE])
        return self.make(name, guard, updates, parameters, choices, wrong, fairness)

    def make(
        self,
        name: str,
        guard: Expression,
        updates: dict[str, Expression],
        parameters: tuple[Symbol, ...] = (),
        choices: tuple[Symbol, ...] = (),
        hazards: Sequence[Hazard] = (),
        fairness: Fairness = Fairness.WEAK,
        kind: Kind = Kind.STEP,
    ) -> Action:
        return Action(
            name,
            name,
            "agent",
            kind,
            fairness if kind is Kind.STEP else Fairness.NONE,
            name,
            guard,
            tuple(updates.items()),
            parameters,
            choices,
            tuple(hazards),
            faults=() if kind is Kind.STEP else (name.partition("[")[0],),
        )

    def put(self, row: _Row, index: Expression, value: Expression) -> dict[str, Expression]:
        return {
            one.name: e.ite(e.eq(index, e.constant(place)), value, one.node)
            for place, one in enumerate(row.variables)
        }

    def hazard(self, kind: str, guard: Expression, condition: Expression) -> Hazard:
        self.numbered += 1
        name = f"{kind}{self.numbered}"
        return Hazard(kind, e.conj(guard, condition), "wrong", name, Location("m", self.numbered))

    def outside(self, domain: Domain, value: Expression, guard: Expression) -> list[Hazard]:
        if domain.sort != INT:
            return []
        inside = e.conj(e.le(e.constant(domain.low), value), e.le(value, e.constant(domain.top or 0)))
        return [] if inside is e.TRUE else [self.hazard("domain", guard, e.neg(inside))]

    def add(self, make, name: str, kind: Kind = Kind.STEP) -> None:
        """One action with the process as its parameter, or one action for each process."""
        i = self.symbol("i", self.count - 1)
        action = make(name, i.node)
        if self.chance(0.6):
            self.actions.append(replace(action, parameters=(i, *action.parameters)))
            return
        for k in range(self.count):
            self.actions.append(self.of_one(action, f"w[{k}]@{name}", i.node, k))

    def of_one(self, action: Action, name: str, symbol: Expression, k: int) -> Action:
        """The action of one process, with parameters and choices of its own."""
        image = {symbol: e.constant(k)}
        renamed = {}
        for one in (*action.parameters, *action.choices):
            renamed[one] = self.symbol(one.name.partition("#")[0], one.domain.top or 0)
            image[one.node] = renamed[one].node

        def of(expression: Expression) -> Expression:
            return substitute([expression], image)[expression]

        updates = ((name, of(value)) for name, value in action.updates)
        kept = ((name, v) for name, v in updates if not (v.operator == "variable" and v.payload == name))
        return replace(
            action,
            name=name,
            group=name,
            guard=of(action.guard),
            updates=tuple(kept),
            parameters=tuple(renamed[one] for one in action.parameters),
            choices=tuple(renamed[one] for one in action.choices),
            hazards=tuple(replace(one, condition=of(one.condition)) for one in action.hazards),
        )

    def crash(self, name: str, index: Expression) -> Action:
        guard = e.ne(self.at.of(index), self.label(0)) if self.chance(0.8) else e.TRUE
        updates = self.put(self.at, index, self.label(0))
        for row in self.own:
            if self.chance(0.5):
                updates |= self.put(row, index, e.constant(row.domain.default(), row.domain.sort))
        return self.make(name, guard, updates, kind=Kind.FAULT)

    def exchange(self) -> None:
        """Two processes change places: to a class of states, nothing happens."""
        i, j = self.symbol("i", self.count - 1), self.symbol("j", self.count - 1)
        one, other = self.random.sample(range(self.positions), 2)
        guard = e.conj(
            e.eq(self.at.of(i.node), self.label(one)), e.eq(self.at.of(j.node), self.label(other))
        )
        updates = {
            variable.name: e.ite(
                e.eq(i.node, e.constant(place)),
                self.label(other),
                e.ite(e.eq(j.node, e.constant(place)), self.label(one), variable.node),
            )
            for place, variable in enumerate(self.at.variables)
        }
        self.actions.append(self.make("exchange", guard, updates, (i, j)))

    def around(self) -> None:
        """What is no process."""
        if self.chance(0.4):
            one = self.random.choice(self.shared)
            value = self.value(one.domain, one.node, self.world())
            guard = self.everybody() if self.chance(0.4) else self.atom(self.world())
            wrong = self.outside(one.domain, value, guard)
            kind = self.random.choice([Kind.STEP, Kind.STEP, Kind.FAULT, Kind.INTENT])
            self.actions.append(self.make("world", guard, {one.name: value}, hazards=wrong, kind=kind))
        if self.slots is not None:
            j = self.symbol("j", len(self.slots.variables) - 1)
            here = self.slots.of(j.node)
            value = e.constant(self.random.choice(self.slots.domain.values()), self.slots.domain.sort)
            guard = self.atom([(here, self.slots.domain)])
            self.actions.append(self.make("turn", guard, self.put(self.slots, j.node, value), (j,)))

    # ------------------------------------------------------------ all of it

    def alike(self) -> Alike:
        for place in range(self.positions):
            if place and self.chance(0.1):
                continue
            for branch in range(self.random.choice([1, 1, 1, 2])):
                self.add(lambda name, index, at=place: self.step(name, at, index), f"go{place}.{branch}")
        if self.chance(0.35):
            self.add(self.crash, "crash")
        if self.chance(0.15):
            self.exchange()
        self.around()
        self.random.shuffle(self.actions)
        rows = [self.at, *self.own, *([self.slots] if self.slots else [])]
        variables = [*self.shared, *(one for row in rows for one in row.variables)]
        if self.chance(0.5):
            self.random.shuffle(variables)
        seen = Variable("seen", SMALL, (0,))
        if self.chance(0.2):
            # What nobody asks for.
            variables.append(seen)
            counted = e.modulo(e.add(seen.node, e.constant(1)), e.constant(3))
            self.actions.append(self.make("observe", self.everybody(), {"seen": counted}))
        system = TransitionSystem(
            "Alike",
            (),
            tuple(variables),
            tuple(self.actions),
            processes=tuple(
                Process(f"w[{k}]", f"w[{k}]", self.at.variables[k].name, (), False)
                for k in range(self.count)
            ),
        )
        if self.chance(self.special):
            system = self.made_special(system)
        regime = self.random.choice(
            ["unbounded", "finitely_many", "finitely_many", "at_most(1)", "none"]
        )
        under = Regime.parse(regime).apply(system)
        return Alike(under, tuple(self.claims(system)))

    def made_special(self, system: TransitionSystem) -> TransitionSystem:
        """One process differs: it begins elsewhere, or has a step of its own."""
        k = self.random.randrange(self.count)
        if self.own and self.chance(0.5):
            one = self.random.choice(self.own).variables[k]
            values = [one.domain.low, one.domain.top or 0]
            begin = (one.domain.default(),) if one.initial is None else None
            initial = begin or (self.random.choice([type(one.initial[0])(v) for v in values]),)
            other = replace(one, initial=initial)
            return replace(
                system, variables=tuple(other if v.name == one.name else v for v in system.variables)
            )
        index = e.constant(k)
        extra = self.step("extra", self.random.randrange(self.positions), index)
        return replace(system, actions=(*system.actions, extra))

    def claims(self, system: TransitionSystem) -> list[Property]:
        found = []
        each = [(one.node, one.domain) for one in system.variables if (one.domain.size or 0) <= 9]
        for kind in (*STATES, *RUNS):
            predicate: Expression | None = self.random.choice(
                [self.everybody, self.everybody, lambda: self.atom(self.world())]
            )()
            if self.chance(0.4):
                other = self.everybody() if self.chance(0.5) else self.atom(self.world())
                predicate = self.random.choice([e.conj, e.disj])(predicate, other)
            if self.chance(0.05):
                predicate = self.atom(each)
            premise = self.atom(self.world()) if kind == "leads_to" else None
            if kind == "transition":
                one = self.random.choice(self.shared)
                after = e.next_variable(one.name, one.domain.sort)
                predicate = e.disj(predicate, self.random.choice([e.eq, e.ne])(after, one.node))
            if kind == "deadlock_free":
                predicate = None
            hazards: tuple[Hazard, ...] = ()
            if kind in ("always", "reachable") and self.chance(0.1):
                self.numbered += 1
                name = f"claim{self.numbered}"
                hazards = (Hazard("domain", e.conj(self.everybody(), self.everybody()), "no", name),)
            found.append(Property(kind, kind, predicate, premise, hazards))
        return found
