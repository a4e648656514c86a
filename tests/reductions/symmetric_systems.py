"""Random systems of interchangeable parts, and small changes that make one part special."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from checker.system import expression as e
from checker.system.expression import Expression
from checker.system.sorts import BOOL, INT, BoolSort, Domain, EnumSort, IntSort, Sort
from checker.system.transition_system import (
    Action,
    Fairness,
    Hazard,
    Kind,
    Location,
    Symbol,
    TransitionSystem,
    Variable,
)
from checker.system.walk import substitute

PHASE = EnumSort(("idle", "busy", "done"))
DOMAINS = (Domain(BOOL, 0, 1), Domain(INT, 0, 2), Domain(INT, -1, 1), Domain(PHASE, 0, 2))


@dataclass(frozen=True)
class Claimed:
    """A system and predicates of its states."""

    system: TransitionSystem
    predicates: dict[str, Expression]


@dataclass(frozen=True)
class Family:
    """Arrays of one length whose elements are told apart by one index."""

    length: int
    arrays: tuple[tuple[Variable, ...], ...]

    def read(self, array: int, index: Expression) -> Expression:
        """An element."""
        return e.select(e.array(one.node for one in self.arrays[array]), index)

    def here(self, index: Expression) -> list[Expression]:
        """What belongs to one index."""
        return [self.read(array, index) for array in range(len(self.arrays))]


class Symmetric:
    """Draws systems that do not know one index from another, from one or two independent families."""

    def __init__(self, random: Random, families: int = 1) -> None:
        self.random = random
        self.fresh = 0
        self.shared = [self.variable(name) for name in ("g", "h")[: random.randint(0, 2)]]
        longest = 4 if families == 1 else 3
        length = random.randint(2, longest)
        names = iter("abcd")
        self.families = []
        for _ in range(families):
            most = 2 if families == 1 and length < 4 else 1
            count = random.randint(1, most)
            self.families.append(self.family([next(names) for _ in range(count)], length))

    # ------------------------------------------------------------ variables

    def variable(self, name: str, domain: Domain | None = None) -> Variable:
        """A variable with one initial value, some, or any."""
        domain = domain or self.random.choice(DOMAINS)
        values = domain.values()
        initial = self.random.choice([(values[0],), (values[0],), (values[-1],), values[:2], None])
        return Variable(name, domain, initial)

    def family(self, names: Sequence[str], length: int) -> Family:
        """Arrays of one length; an array may begin as a copy of the first one."""
        arrays: list[tuple[Variable, ...]] = []
        for name in names:
            like = self.variable(name)
            row = [replace(like, name=f"{name}[{i}]") for i in range(length)]
            if arrays and arrays[0][0].domain == like.domain and self.random.random() < 0.7:
                row = [replace(one, initial=arrays[0][i].node) for i, one in enumerate(row)]
            arrays.append(tuple(row))
        return Family(length, tuple(arrays))

    def symbol(self, name: str, high: int, low: int = 0) -> Symbol:
        """A parameter or choice."""
        self.fresh += 1
        return Symbol(name, e.bound(f"{name}#{self.fresh}", low, high), Domain(INT, low, high))

    # ------------------------------------------------------------ expressions

    def leaf(self, sort: Sort, known: Sequence[Expression]) -> Expression:
        """A variable or a constant."""
        nodes = [node for node in known if node.sort == sort]
        if nodes and self.random.random() < 0.75:
            return self.random.choice(nodes)
        if isinstance(sort, BoolSort):
            return e.constant(self.random.random() < 0.5)
        return e.constant(self.random.randint(0, 2), sort)

    def any(self, sort: Sort, known: Sequence[Expression], depth: int) -> Expression:
        """An expression that treats all indices alike, but for what is known of one."""
        if depth == 0 or self.random.random() < 0.15:
            return self.leaf(sort, known)
        if isinstance(sort, BoolSort):
            return self.truth(known, depth - 1)
        if isinstance(sort, IntSort):
            return self.number(known, depth - 1)
        return e.ite(self.any(BOOL, known, depth - 1), *(self.any(sort, known, depth - 1) for _ in "ab"))

    def truth(self, known: Sequence[Expression], depth: int) -> Expression:
        """A compound truth value."""
        kind = self.random.choice(["not", "and", "or", "eq", "eq", "lt", "le", "all", "any", "ite"])
        if kind == "not":
            return e.neg(self.any(BOOL, known, depth))
        if kind in ("all", "any"):
            return self.quantified({"all": e.all_of, "any": e.any_of}[kind], BOOL, known, depth)
        if kind == "eq":
            sort = self.random.choice([BOOL, INT, PHASE])
            return e.eq(self.any(sort, known, depth), self.any(sort, known, depth))
        if kind in ("lt", "le"):
            make = {"lt": e.lt, "le": e.le}[kind]
            return make(self.any(INT, known, depth), self.any(INT, known, depth))
        parts = [self.any(BOOL, known, depth) for _ in range(3)]
        if kind == "ite":
            return e.ite(*parts)
        return e.conj(*parts) if kind == "and" else e.disj(*parts)

    def number(self, known: Sequence[Expression], depth: int) -> Expression:
        """A compound integer."""
        binary = {"add": e.add, "sub": e.sub, "min": e.minimum, "max": e.maximum, "mul": e.mul}
        binary |= {"floordiv": e.floordiv, "mod": e.modulo}
        kind = self.random.choice([*binary, "sum", "sum", "ite", "loop"])
        if kind == "sum":
            return self.quantified(e.sum_of, self.random.choice([BOOL, INT]), known, depth)
        if kind == "loop":
            return self.loop(known, depth)
        if kind == "ite":
            return e.ite(self.any(BOOL, known, depth), *(self.any(INT, known, depth) for _ in "ab"))
        return binary[kind](self.any(INT, known, depth), self.any(INT, known, depth))

    def quantified(
        self, make: Callable, sort: Sort, known: Sequence[Expression], depth: int
    ) -> Expression:
        """Over every index of a family."""
        family = self.random.choice(self.families)
        each = self.symbol("each", family.length - 1).node
        return make(each, self.any(sort, [*known, *family.here(each)], depth))

    def loop(self, known: Sequence[Expression], depth: int) -> Expression:
        """A count as a loop writes it: one `if` after the other."""
        family = self.random.choice(self.families)
        each = self.symbol("each", family.length - 1).node
        body = self.any(BOOL, [*known, *family.here(each)], depth)
        total = e.constant(self.random.randint(0, 1))
        for index in range(family.length):
            total = e.ite(_at(body, each, index), e.add(total, e.constant(1)), total)
        return total

    # ------------------------------------------------------------ actions

    def inside(self, value: Expression, domain: Domain) -> Expression:
        """An integer forced into its domain."""
        if not isinstance(domain.sort, IntSort):
            return value
        if self.random.random() < 0.5:
            return e.minimum(e.maximum(value, e.constant(domain.low)), e.constant(domain.high))
        return e.add(e.modulo(value, e.constant(domain.size)), e.constant(domain.low))

    def action(self, name: str) -> Action:
        """A step or fault of one index, of two, or of none; it may change all elements of an array."""
        parameters: list[Symbol] = []
        owners: list[Family] = []
        for letter in "ij"[: self.random.choice([0, 1, 1, 1, 2])]:
            owners.append(self.random.choice(self.families))
            parameters.append(self.symbol(letter, owners[-1].length - 1))
        choices = [self.symbol("c", 1)] if self.random.random() < 0.3 else []
        known = [one.node for one in self.shared] + [one.node for one in choices]
        for family, parameter in zip(owners, parameters, strict=True):
            known += family.here(parameter.node)
        guard = self.any(BOOL, known, self.random.randint(1, 3))
        updates: dict[str, Expression] = {}
        for one in self.shared:
            if self.random.random() < 0.4:
                updates[one.name] = self.inside(self.any(one.domain.sort, known, 2), one.domain)
        for family, parameter in zip(owners, parameters, strict=True):
            for row in family.arrays:
                if self.random.random() < 0.6:
                    self.put(updates, row, parameter.node, known)
        if self.random.random() < 0.25:
            self.broadcast(updates, known)
        kind = self.random.choice([Kind.STEP, Kind.STEP, Kind.STEP, Kind.FAULT])
        hazards = ()
        if self.random.random() < 0.15:
            wrong = e.conj(guard, self.any(BOOL, known, 2), self.any(BOOL, known, 1))
            hazards = (Hazard("assert", wrong, f"{name} is wrong", name, Location("model.py", 1)),)
        return Action(
            name,
            name,
            "agent",
            kind,
            Fairness.WEAK if kind is Kind.STEP else Fairness.NONE,
            name,
            guard,
            tuple(updates.items()),
            tuple(parameters),
            tuple(choices),
            hazards,
            faults=() if kind is Kind.STEP else (name,),
        )

    def put(
        self,
        updates: dict[str, Expression],
        row: Sequence[Variable],
        index: Expression,
        known: Sequence[Expression],
    ) -> None:
        """row[index] := some value; a second one is put on top of the first."""
        value = self.inside(self.any(row[0].domain.sort, known, 2), row[0].domain)
        for place, one in enumerate(row):
            before = updates.get(one.name, one.node)
            updates[one.name] = e.ite(e.eq(index, e.constant(place)), value, before)

    def broadcast(self, updates: dict[str, Expression], known: Sequence[Expression]) -> None:
        """Every element of an array changes in the same way."""
        family = self.random.choice(self.families)
        row = self.random.choice(family.arrays)
        each = self.symbol("each", family.length - 1).node
        value = self.inside(self.any(row[0].domain.sort, [*known, *family.here(each)], 2), row[0].domain)
        for place, one in enumerate(row):
            updates[one.name] = _at(value, each, place)

    def claimed(self) -> Claimed:
        """A whole system, and predicates that do not know one index from another."""
        variables = [
            *self.shared,
            *(one for family in self.families for row in family.arrays for one in row),
        ]
        actions = tuple(self.action(f"act{number}") for number in range(self.random.randint(1, 4)))
        known = [one.node for one in self.shared]
        predicates = {f"claim{number}": self.any(BOOL, known, 3) for number in range(3)}
        self.random.shuffle(variables)
        return Claimed(TransitionSystem("Random", (), tuple(variables), actions), predicates)


# ---------------------------------------------------------------- one part becomes special


CHANGES = (
    "guard",
    "update",
    "hazard",
    "initial",
    "well-formed",
    "predicate",
    "kind",
    "leader",
    "lowest first",
)


def special(random: Random, drawn: Symmetric, claimed: Claimed, change: str) -> Claimed:
    """A small change after which one part may differ from the others."""
    family = random.choice(drawn.families)
    row = random.choice(family.arrays)
    chosen = random.randrange(family.length)
    one = row[chosen]
    value = e.constant(random.choice(one.domain.values()), one.domain.sort)
    is_so = e.eq(one.node, value)
    system = claimed.system
    action = random.choice(system.actions)
    if change == "guard":
        changed = replace(action, guard=e.conj(action.guard, is_so), hazards=())
        return _acting(claimed, *(changed if one is action else one for one in system.actions))
    if change == "update":
        changed = replace(action, updates=tuple({**dict(action.updates), one.name: value}.items()))
        return _acting(claimed, *(changed if one is action else one for one in system.actions))
    if change == "hazard":
        wrong = Hazard("assert", e.conj(action.guard, is_so), "special", "special", Location("m.py", 2))
        changed = replace(action, hazards=(wrong,))
        return _acting(claimed, *(changed if one is action else one for one in system.actions))
    if change == "initial":
        other = replace(one, initial=(one.domain.values()[1],))
        variables = tuple(other if v.name == one.name else v for v in system.variables)
        return replace(claimed, system=replace(system, variables=variables))
    if change == "well-formed":
        return replace(claimed, system=replace(system, wellformed=e.neg(is_so)))
    if change == "predicate":
        others = (e.ne(v.node, value) for v in row if v.name != one.name)
        predicates = {**claimed.predicates, "special": e.conj(is_so, *others)}
        return replace(claimed, predicates=predicates)
    if change == "kind":
        # What is a step of the others is a fault of this one.
        at = drawn.symbol("at", family.length - 1)
        mine = e.eq(at.node, e.constant(chosen))
        free = e.eq(e.select(e.array(v.node for v in row), at.node), value)
        puts = _put(row, at, e.constant(one.domain.values()[0], one.domain.sort))
        step = _step("clear", e.conj(free, e.neg(mine)), puts, at)
        fault = replace(_step("lose", e.conj(free, mine), puts, at), kind=Kind.FAULT, faults=("lose",))
        return _acting(claimed, *system.actions, step, fault)
    at = drawn.symbol("at", family.length - 1)
    free = e.eq(e.select(e.array(v.node for v in row), at.node), value)
    puts = _put(row, at, e.constant(random.choice(one.domain.values()), one.domain.sort))
    if change == "lowest first":
        earlier = (e.disj(e.le(at.node, e.constant(k)), e.ne(v.node, value)) for k, v in enumerate(row))
        return _acting(claimed, *system.actions, _step("grant", e.conj(free, *earlier), puts, at))
    leader = Variable("leader", Domain(INT, 0, family.length - 1), (chosen,))
    claimed = replace(claimed, system=replace(system, variables=(*system.variables, leader)))
    lead = _step("lead", e.conj(e.eq(leader.node, at.node), free), puts, at)
    elect = _step("elect", free, [("leader", at.node)], at)
    return _acting(claimed, *system.actions, lead, *([elect] if random.random() < 0.7 else []))


def _acting(claimed: Claimed, *actions: Action) -> Claimed:
    return replace(claimed, system=replace(claimed.system, actions=actions))


def _put(row: Sequence[Variable], at: Symbol, value: Expression) -> list[tuple[str, Expression]]:
    return [(v.name, e.ite(e.eq(at.node, e.constant(k)), value, v.node)) for k, v in enumerate(row)]


def _step(
    name: str, guard: Expression, updates: Sequence[tuple[str, Expression]], parameter: Symbol
) -> Action:
    return Action(
        name,
        name,
        "agent",
        Kind.STEP,
        Fairness.WEAK,
        name,
        guard,
        tuple(updates),
        (parameter,),
    )


def _at(body: Expression, symbol: Expression, value: int) -> Expression:
    return substitute([body], {symbol: e.constant(value)})[body]
