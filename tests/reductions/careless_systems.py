"""Random systems whose processes carry along what they will never need again.

Each process has a program counter, locals that matter at some of its positions only, and steps that
leave old values behind; around them there are shared fields, faults, an observer that counts what
nobody asks for, and now and then a hazard. What is drawn depends on the seed alone.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from small_systems import action, hazard, symbol, system

from checker.system import expression as e
from checker.system.sorts import BOOL, INT, BoolSort, Domain, EnumSort, Sort
from checker.system.transition_system import (
    Action,
    Fairness,
    Kind,
    Process,
    Property,
    TransitionSystem,
    Variable,
)

WORLD = [Domain(BOOL, 0, 1), Domain(INT, 0, 2), Domain(INT, -1, 1), Domain(EnumSort(("lo", "hi")), 0, 1)]
SAFE = ("always", "never", "reachable", "recoverable")
FAIR = ("converges", "recurs", "leads_to")
STEPWISE = ("transition", "deadlock_free")


class Careless:
    """Draws one system and claims about it."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.fields = [self.field(f"x{i}") for i in range(self.random.randint(1, 3))]
        self.variables = list(self.fields)
        self.conditions: list[e.Expression] = []
        self.positions: list[Variable] = []
        self.symbols: list[e.Expression] = []
        self.shared: list[e.Expression] = []
        self.names = 0
        self.inductive = True

    def coin(self, chance: float = 0.5) -> bool:
        """True so often."""
        return self.random.random() < chance

    def field(self, name: str) -> Variable:
        """A variable with one, some or any initial values."""
        domain = self.random.choice(WORLD)
        values = list(domain.values())
        some = tuple(self.random.sample(values, self.random.randint(1, 2)))
        return Variable(name, domain, self.random.choice([None, some[:1], some[:1], some]))

    # ------------------------------------------------------------ expressions

    def leaf(self, sort: Sort, among: list[Variable]) -> e.Expression:
        """A constant, a symbol or one of some variables."""
        nodes = [v.node for v in among if v.domain.sort == sort]
        nodes += [node for node in self.symbols if node.sort == sort]
        if not nodes or self.coin(0.25):
            if isinstance(sort, EnumSort):
                return e.constant(self.random.randrange(len(sort.labels)), sort)
            return e.constant(self.coin() if isinstance(sort, BoolSort) else self.random.randint(-1, 2))
        return self.random.choice(nodes)

    def value(self, sort: Sort, among: list[Variable], depth: int) -> e.Expression:
        """An expression over some variables."""
        if depth == 0 or self.coin(0.3):
            return self.leaf(sort, among)
        kind = self.random.randrange(4)
        if kind == 0:
            tests = [self.value(BOOL, among, depth - 1), *self.shared]
            return e.ite(
                self.random.choice(tests),
                self.value(sort, among, depth - 1),
                self.value(sort, among, depth - 1),
            )
        if isinstance(sort, BoolSort):
            a, b = self.value(BOOL, among, depth - 1), self.value(BOOL, among, depth - 1)
            other = self.random.choice([v.domain.sort for v in among] or [INT])
            x, y = self.value(other, among, depth - 1), self.value(other, among, depth - 1)
            m, n = self.value(INT, among, depth - 1), self.value(INT, among, depth - 1)
            return self.random.choice([e.conj(a, b), e.disj(a, b), e.neg(a), e.eq(x, y), e.lt(m, n)])
        if sort == INT:
            a, b = self.value(INT, among, depth - 1), self.value(INT, among, depth - 1)
            return self.random.choice([e.add(a, b), e.sub(a, b), e.minimum(a, b), e.maximum(a, b)])
        return self.leaf(sort, among)

    def fitting(self, target: Variable, among: list[Variable]) -> e.Expression:
        """A new value that is always inside the variable's domain."""
        value = self.value(target.domain.sort, among, 2)
        low, high = target.domain.low, target.domain.top
        assert high is not None
        if target.domain.sort != INT:
            return value
        if self.coin():
            return e.minimum(e.maximum(value, e.constant(low)), e.constant(high))
        return e.add(e.modulo(value, e.constant(high - low + 1)), e.constant(low))

    # ------------------------------------------------------------ processes

    def process(self, number: int) -> list[Action]:
        """A program counter, locals, and a step or two from each position."""
        size = self.random.randint(2, 4)
        sort = EnumSort(tuple(f"at{i}" for i in range(size))) if self.coin(0.7) else INT
        at = Variable(f"p{number}.at", Domain(sort, 0, size - 1), (0,))
        if self.coin(0.1):
            at = Variable(at.name, at.domain, tuple(self.random.sample(range(size), 2)))
        own = [self.field(f"p{number}.y{i}") for i in range(self.random.randint(1, 2))]
        tidy = self.tidy(at, own)
        self.positions.append(at)
        self.variables += [at, *own]
        if self.coin(0.15):
            source = self.random.choice(own)
            self.fields.append(Variable(f"p{number}.copy", source.domain, source.node))
            self.variables.append(self.fields[-1])
        fairness = self.random.choice([Fairness.WEAK, Fairness.WEAK, Fairness.STRONG, Fairness.NONE])
        group = f"p{number}" if self.coin(0.7) else None
        steps = []
        for here in range(size):
            for _ in range(self.random.choice([1, 1, 1, 2])):
                steps.append(self.step(number, at, here, own, tidy, fairness, group))
        if self.coin(0.4):
            start = e.constant(0, sort)
            lost = {v.name: e.constant(v.domain.default(), v.domain.sort) for v in own if self.coin(0.7)}
            crash = {at.name: start, **self.tidied(lost, start, at, tidy)}
            steps.append(action(f"p{number}!crash", e.ne(at.node, start), crash, kind=Kind.FAULT))
        return steps

    def tidy(self, at: Variable, own: list[Variable]) -> dict[str, tuple[Variable, set[int]]]:
        """Locals that the steps themselves reset, and the positions at which they are kept."""
        found = {}
        for i, local in enumerate(own):
            if self.coin(0.3):
                top = at.domain.top
                assert top is not None
                kept = set(self.random.sample(range(top + 1), self.random.randint(1, top)))
                default = local.domain.default()
                own[i] = Variable(local.name, local.domain, (default,))
                found[local.name] = (own[i], kept)
                alive = e.disj(*(e.eq(at.node, e.constant(k, at.domain.sort)) for k in sorted(kept)))
                nothing = e.eq(local.node, e.constant(default, local.domain.sort))
                self.conditions.append(e.disj(alive, nothing))
        return found

    def tidied(
        self,
        updates: dict[str, e.Expression],
        target: e.Expression,
        at: Variable,
        tidy: dict[str, tuple[Variable, set[int]]],
    ) -> dict[str, e.Expression]:
        """The updates with resets of the tidy locals that are not kept at the target."""
        for name, (local, kept) in tidy.items():
            alive = e.disj(*(e.eq(target, e.constant(k, at.domain.sort)) for k in sorted(kept)))
            nothing = e.constant(local.domain.default(), local.domain.sort)
            updates[name] = e.ite(alive, updates.get(name, local.node), nothing)
        return updates

    def step(
        self,
        number: int,
        at: Variable,
        here: int,
        own: list[Variable],
        tidy: dict[str, tuple[Variable, set[int]]],
        fairness: Fairness,
        group: str | None,
    ) -> Action:
        """One step from a position."""
        self.names += 1
        name = f"p{number}.step{self.names}"
        sort = at.domain.sort
        top = at.domain.top
        assert top is not None
        near = own + self.fields
        guard = e.eq(at.node, e.constant(here, sort))
        parameters = (symbol(f"a{self.names}", 0, 1),) if group is None and self.coin(0.15) else ()
        choices = (symbol(f"c{self.names}", 0, 1),) if self.coin(0.2) else ()
        self.symbols = [one.node for one in (*parameters, *choices)]
        if self.coin(0.4):
            guard = e.conj(guard, self.noted(near))
        target = e.constant((here + 1) % (top + 1), sort)
        if self.coin(0.3):
            other = e.constant(self.random.randint(0, top), sort)
            target = e.ite(self.noted(near), target, other)
        elif self.coin(0.15):
            target = e.constant(here, sort)
        updates = {v.name: self.fitting(v, near) for v in own if self.coin(0.45)}
        updates |= {v.name: self.fitting(v, near) for v in self.fields if self.coin(0.3)}
        wrong = ()
        if self.coin(0.05):
            wrong = (hazard(e.conj(guard, self.value(BOOL, near, 2)), "assert", f"sane{self.names}"),)
        self.symbols = []
        ends = self.value(BOOL, near, 1) if self.coin(0.3) else e.eq(target, e.constant(0, sort))
        self.shared = []
        updates = self.tidied(updates, target, at, tidy)
        updates[at.name] = target
        step = action(
            name,
            guard,
            {name: value for name, value in updates.items() if value is not self.node(name)},
            fairness=fairness,
            parameters=parameters,
            choices=choices,
            hazards=wrong,
            group=group,
        )
        return replace(step, process=f"p{number}", completes=ends)

    def noted(self, among: list[Variable]) -> e.Expression:
        """A condition that the rest of the step may ask for again, perhaps in other words."""
        condition = self.value(BOOL, among, 2)
        numbers = [v.node for v in among if v.domain.sort == INT]
        if numbers and self.coin():
            x, y = self.random.choice(numbers), self.leaf(INT, among)
            condition = self.random.choice([e.lt(x, y), e.le(x, y), e.lt(y, x), e.eq(x, y)])
            self.shared += [e.lt(x, y), e.lt(y, x), e.le(x, y), e.le(y, x), e.eq(x, y)]
        if self.coin(0.3):
            other = self.value(BOOL, among, 1)
            self.shared.append(other)
            condition = self.random.choice([e.conj, e.disj])(condition, other)
        self.shared.append(condition)
        self.shared = [one for one in self.shared if not one.is_constant]
        return condition

    def node(self, name: str) -> e.Expression | None:
        """The expression that reads a variable."""
        return next((v.node for v in self.variables if v.name == name), None)

    # ------------------------------------------------------------ what is around

    def around(self) -> list[Action]:
        """What is not a process: the world, and observers that nobody reads."""
        found = []
        for i in range(self.random.randint(0, 2)):
            changed = self.random.sample(self.fields, self.random.randint(1, len(self.fields)))
            found.append(
                action(
                    f"world{i}",
                    self.value(BOOL, self.variables, 1),
                    {v.name: self.fitting(v, self.fields) for v in changed},
                    kind=self.random.choice([Kind.STEP, Kind.FAULT, Kind.INTENT]),
                    fairness=self.random.choice([None, None, Fairness.NONE, Fairness.STRONG]),
                    group=self.random.choice([None, None, "p0"]),
                )
            )
        if self.coin(0.7):
            found += self.observers()
        if self.coin(0.3):
            # A copy of something else, from the start on.
            source = self.random.choice(self.variables)
            copy = Variable("copy", source.domain, source.node)
            self.variables.append(copy)
            found.append(action("copy", updates={"copy": source.node}, fairness=Fairness.WEAK))
        return found

    def observers(self) -> list[Action]:
        """Counting what nobody asks for: by itself, instead of some work, or while there is none."""
        count = Variable("seen", Domain(INT, 0, 2), self.random.choice([(0,), (1,), (1, 2)]))
        self.variables.append(count)
        if self.coin(0.2):
            # Who is counted at the start decides what else is: not true for ever.
            known = self.random.choice(self.fields)
            least = e.constant(known.domain.low, known.domain.sort)
            least = e.FALSE if known.domain.sort == BOOL else least
            self.conditions.append(e.disj(e.eq(known.node, least), e.eq(count.node, e.constant(0))))
            self.inductive = False
        counted = e.modulo(e.add(count.node, e.constant(1)), e.constant(3))
        fairness = self.random.choice([Fairness.WEAK, Fairness.STRONG, Fairness.NONE])
        found = []
        if self.coin(0.4):
            kind = Kind.STEP if self.coin(0.7) else Kind.FAULT
            group = "p0" if kind is Kind.STEP and self.coin(0.4) else None
            guard = self.value(BOOL, self.variables, 1)
            found.append(
                action("observe", guard, {"seen": counted}, kind=kind, fairness=fairness, group=group)
            )
        changed = self.random.choice(self.fields)
        if self.coin(0.4):
            works = symbol("works", 0, 1)
            here = e.eq(works.node, e.constant(1))
            if self.coin(0.3):
                works, here = None, self.value(BOOL, self.positions + self.fields, 2)
            found.append(
                action(
                    "hesitate",
                    self.value(BOOL, self.positions + self.fields, 1),
                    {
                        changed.name: e.ite(here, self.fitting(changed, self.fields), changed.node),
                        "seen": e.ite(here, count.node, counted),
                    },
                    fairness=fairness,
                    choices=(works,) if works else (),
                    group=self.random.choice([None, None, "p0"]),
                )
            )
        return found

    # ------------------------------------------------------------ all of it

    def system(self) -> TransitionSystem:
        """The system; draw it before the claims."""
        actions = [one for n in range(self.random.randint(1, 2)) for one in self.process(n)]
        actions += self.around()
        self.random.shuffle(actions)
        drawn = system(self.variables, *actions)
        processes = tuple(Process(at.name[:2], at.name[:2], at.name, (), False) for at in self.positions)
        return replace(drawn, wellformed=e.conj(*self.conditions), processes=processes)

    def claims(self, kinds: tuple[str, ...]) -> list[Property]:
        """A claim of each kind, about a few of the variables."""
        judged = self.fields + self.positions
        if self.coin(0.3):
            judged = self.variables
        judged = self.random.sample(judged, self.random.randint(1, min(2, len(judged))))
        found = []
        for kind in kinds:
            predicate: e.Expression | None = self.value(BOOL, judged, 2)
            premise = self.value(BOOL, judged, 2) if kind == "leads_to" else None
            if kind == "transition":
                one = self.random.choice(judged)
                after = e.next_variable(one.name, one.domain.sort)
                predicate = e.disj(predicate, self.random.choice([e.eq, e.ne])(after, one.node))
            if kind == "deadlock_free":
                predicate = None
            found.append(Property(kind, kind, predicate, premise))
        return found
