"""Random systems that strain the layout of packed states and the width of integers.

States of one to some ten words, slots that end at the edge of a word, domains of up to 2^63 values
far from zero, arrays that cross words, at equal distances and not, hundreds of outcomes, and every
way in which a step can go wrong. All decisions come from one seed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from small_systems import action, system

from checker.system import expression as e
from checker.system.expression import Expression
from checker.system.sorts import BOOL, INT, Domain, EnumSort, IntSort, Sort
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

__all__ = ["WideSystem", "wide_system"]

LABELS = [EnumSort(tuple(f"label{i}" for i in range(count))) for count in (1, 2, 3, 5, 8, 40)]

_FAR = (
    0,
    0,
    0,
    1,
    -1,
    -3,
    17,
    -(2**31),
    2**40,
    -(2**62),
    2**62 - 5,
    2**63 - 1,
    -(2**63),
    2**90,
    -(2**100),
)
"""Where wide domains begin."""

_NUMBERS = (
    2**31,
    2**32 - 1,
    2**61,
    2**62 - 1,
    2**62,
    -(2**62),
    2**63 - 1,
    2**63,
    -(2**63),
    2**64,
    2**100,
)


@dataclass
class WideSystem:
    """A random system and what goes with it.

    Parameters
    ----------
    seed : int
    system : TransitionSystem
    truths, numbers : list of Expression
        Predicates and integers over its states.
    steps : list of Expression
        Over the states before and after a step.
    """

    seed: int
    system: TransitionSystem
    truths: list[Expression] = field(default_factory=list)
    numbers: list[Expression] = field(default_factory=list)
    steps: list[Expression] = field(default_factory=list)


def wide_system(seed: int) -> WideSystem:
    """The random system of a seed."""
    return _Maker(random.Random(seed)).make(seed)


class _Maker:
    """Draws one system."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.variables: list[Variable] = []
        self.rows: list[list[Variable]] = []
        self.symbols: list[Symbol] = []
        self.starts = 1
        self.far = self.chance(0.4)
        self.after = False
        self.fresh = 0

    def chance(self, probability: float) -> bool:
        return self.draw.random() < probability

    def new(self, stem: str) -> str:
        self.fresh += 1
        return f"{stem}{self.fresh}"

    def make(self, seed: int) -> WideSystem:
        self._variables()
        self._computed_values()
        actions = [self._action(f"a{number}") for number in range(self.draw.randint(1, 5))]
        chosen = system(self.variables, *actions, name="Wide")
        if self.chance(0.1):
            wellformed = self.truth(2)
            chosen = TransitionSystem(
                "Wide", (), chosen.variables, chosen.actions, wellformed=wellformed
            )
        result = WideSystem(seed, chosen)
        result.truths = [self.truth(3) for _ in range(2)]
        result.numbers = [self.number(3) for _ in range(2)]
        self.after = True
        result.steps = [self.truth(3), self.number(3)]
        return result

    # ------------------------------------------------------------ variables

    def _variables(self) -> None:
        wanted = self.draw.choice([8, 20, 40, 64, 64, 65, 100, 128, 192, 300, 512, 576])
        while self._bits() < wanted:
            room = wanted - self._bits()
            kind = self.draw.choice(["scalar", "scalar", "row", "records", "exact"])
            if kind == "scalar":
                self._add(self.new("v"), self._domain())
            elif kind == "exact":
                self._fill_word()
            else:
                self._row(kind == "records", room)
            if self.chance(0.1) and self.variables:
                break
        if not self.variables or self.chance(0.3):
            self._add(self.new("v"), Domain(INT, 0, self.draw.randint(1, 6)))

    def _bits(self) -> int:
        """Of the packed state so far, gaps at the ends of words included."""
        used = 0
        for one in self.variables:
            width = _width(one.domain)
            used = used + width if used % 64 + width <= 64 else used + -used % 64 + width
        return used

    def _fill_word(self) -> None:
        """A slot that ends exactly where a word does."""
        width = 64 - self._bits() % 64
        if width < 64:
            self._add(self.new("edge"), self._wide_domain(width))

    def _add(self, name: str, domain: Domain) -> Variable:
        made = Variable(name, domain, self._initial(domain))
        self.variables.append(made)
        return made

    def _row(self, records: bool, room: int) -> None:
        """An array; among records its elements stand between others."""
        stem, like = self.new("row"), self._domain()
        between = [self._domain() for _ in range(self.draw.randint(1, 2))] if records else []
        size = _width(like) + sum(map(_width, between))
        length = self.draw.randint(2, min(40, max(3, room // max(1, size) + 1)))
        rows: list[list[Variable]] = [[] for _ in range(1 + len(between))]
        unlike = self.chance(0.15)
        for place in range(length):
            domain = self._similar(like) if unlike and self.chance(0.3) else like
            rows[0].append(self._add(f"{stem}[{place}]", domain))
            for number, other in enumerate(between, 1):
                rows[number].append(self._add(f"{stem}.{number}[{place}]", other))
        self.rows.extend(rows)

    def _similar(self, like: Domain) -> Domain:
        if not isinstance(like.sort, IntSort):
            return like
        return Domain(INT, like.low - self.draw.randint(0, 2), like.low + self.draw.randint(0, 9))

    def _domain(self) -> Domain:
        kind = self.draw.randint(0, 11)
        if kind <= 1:
            return Domain(BOOL, 0, 1)
        if kind <= 3:
            sort = self.draw.choice(LABELS)
            return Domain(sort, 0, len(sort.labels) - 1)
        if kind == 4:
            return Domain(INT, 0, None, self.draw.choice([0, 1, 3, 7, 100, 2**20, 2**62]))
        if kind == 5:
            low = self.draw.choice([0, -4, 9, *(_FAR if self.far else ())])
            return Domain(INT, low, low)
        if kind <= 9 or not self.far:
            low = self.draw.choice([0, 0, -1, -5, 3])
            return Domain(INT, low, low + self.draw.choice([1, 2, 3, 4, 6, 7, 8, 15, 30, 255]))
        return self._wide_domain(self.draw.choice([9, 20, 31, 32, 33, 48, 61, 62, 63]))

    def _wide_domain(self, width: int) -> Domain:
        """A domain whose slot has exactly this width."""
        low = self.draw.choice(_FAR if self.far else (0, 0, -1, 5, -(2 ** (width - 1))))
        size = self.draw.choice([2**width - 1, 2 ** (width - 1), 2 ** (width - 1) + 1])
        return Domain(INT, low, low + min(size, 2**width - 1))

    def _initial(self, domain: Domain) -> tuple[int | bool, ...] | None:
        top = domain.top
        assert top is not None
        size = top - domain.low + 1
        if size * self.starts <= 12 and self.chance(0.1) and domain.high is not None:
            self.starts *= size
            return None
        values = [domain.low, top, domain.low + self.draw.randrange(size), domain.low + size // 2]
        values = [bool(value) for value in values] if domain.sort == BOOL else values
        count = 2 if self.chance(0.1) and self.starts <= 8 else 1
        self.starts *= count
        return tuple(self.draw.sample(values, count))

    def _computed_values(self) -> None:
        """Some initial values are expressions over other variables' initial values."""
        if not self.chance(0.2):
            return
        earlier: list[Variable] = []
        everything, self.variables = self.variables, earlier
        rows, self.rows = self.rows, []
        for one in everything:
            if earlier and self.chance(0.2):
                value = self._inside(one.domain, 2)
                one = Variable(one.name, one.domain, value)
                earlier.append(one)
            else:
                earlier.append(one)
        self.rows = rows

    # ------------------------------------------------------------ actions

    def _symbol(self, stem: str, most: int) -> Symbol:
        name, kind = self.new(stem), self.draw.randint(0, 5)
        if kind == 0:
            return Symbol(name, e.bound(name, 0, 1, BOOL), Domain(BOOL, 0, 1))
        if kind == 1:
            sort = self.draw.choice(LABELS[:5])
            high = len(sort.labels) - 1
            return Symbol(name, e.bound(name, 0, high, sort), Domain(sort, 0, high))
        low = self.draw.choice([0, 0, -1, 2])
        high = low + self.draw.randint(0, most)
        if kind == 2 and self.chance(0.1):
            return Symbol(name, e.bound(name, 0, most), Domain(INT, 0, None, most))
        return Symbol(name, e.bound(name, low, high), Domain(INT, low, high))

    def _symbols(self) -> tuple[tuple[Symbol, ...], tuple[Symbol, ...]]:
        size = self.draw.random()
        most = 1 if size < 0.5 else 3 if size < 0.8 else 10
        if size > 0.97 and self._bits() <= 128:
            most = self.draw.choice([40, 130, 255, 300])
        parameters = [self._symbol("p", most) for _ in range(self.draw.choice([0, 0, 1, 1, 2]))]
        choices = [self._symbol("c", min(most, 8)) for _ in range(self.draw.choice([0, 0, 0, 1, 2]))]
        # Compiling many outcomes of wide states takes long.
        limit = 700 if most > 10 else 200 // (1 + self._bits() // 64)
        while _product([*parameters, *choices]) > limit:
            (choices or parameters).pop()
        return tuple(parameters), tuple(choices)

    def _action(self, name: str) -> Action:
        parameters, choices = self._symbols()
        self.symbols = [*parameters, *choices]
        guard = self._guard()
        updates: dict[str, Expression] = {}
        hazards: list[Hazard] = []
        for _ in range(self.draw.choice([0, 1, 1, 2, 2, 3, 5])):
            self._update(updates, hazards, guard)
        for kind in ("assert", "division", "index", "none"):
            if self.chance(0.12):
                hazards.insert(
                    self.draw.randint(0, len(hazards)),
                    self._hazard(e.conj(guard, self.truth(2)), kind),
                )
        if hazards and self.chance(0.05):
            hazards.insert(0, self._hazard(guard, "assert"))
        self.symbols = []
        return action(
            name,
            guard,
            updates,
            kind=self.draw.choice([Kind.STEP, Kind.STEP, Kind.FAULT]),
            fairness=self.draw.choice(list(Fairness)),
            parameters=parameters,
            choices=choices,
            hazards=tuple(hazards),
            group=self.draw.choice([None, "together"]),
        )

    def _guard(self) -> Expression:
        kind = self.draw.randint(0, 7)
        if kind <= 3:
            return e.TRUE
        if kind == 4:
            return self.truth(2)
        # A position, which all outcomes of the action share, as in a process.
        parts = []
        for _ in range(self.draw.randint(1, 2)):
            where = self.draw.choice(self.variables)
            parts.append(
                e.eq(where.node, self._value(where)) if self.chance(0.6) else self._clause(where)
            )
        return e.conj(*parts, self.truth(1) if self.chance(0.5) else e.TRUE)

    def _value(self, one: Variable) -> Expression:
        """A constant of a variable's domain; often an initial value, so that guards hold somewhere."""
        top = one.domain.top
        assert top is not None
        if isinstance(one.initial, tuple) and self.chance(0.7):
            return e.constant(self.draw.choice(one.initial), one.domain.sort)
        return e.constant(self.draw.randint(one.domain.low, top), one.domain.sort)

    def _clause(self, one: Variable) -> Expression:
        if one.domain.sort == BOOL:
            return one.node if self.chance(0.5) else e.neg(one.node)
        made = self.draw.choice([e.eq, e.ne, e.lt, e.le])
        pair = (one.node, self._value(one))
        return made(*(pair if self.chance(0.5) else pair[::-1]))

    def _hazard(self, condition: Expression, kind: str) -> Hazard:
        name = self.new(kind)
        return Hazard(kind, condition, f"{name} happens", name, Location("model.py", 1))

    def _update(self, updates: dict[str, Expression], hazards: list[Hazard], guard: Expression) -> None:
        if self.rows and self.chance(0.4):
            row = self.draw.choice(self.rows)
            index = self.number(1)
            value = self._inside(row[0].domain, 2)
            like = row[0].domain
            for place, element in enumerate(row):
                if element.domain == like:
                    here = e.eq(index, e.constant(place))
                    updates[element.name] = e.ite(here, value, element.node)
            return
        target = self.draw.choice(self.variables)
        style = self.draw.randint(0, 9)
        domain = target.domain
        if not isinstance(domain.sort, IntSort):
            updates[target.name] = (
                e.neg(target.node) if style < 3 and domain.sort == BOOL else self.any(domain.sort, 3)
            )
            return
        if style <= 2:
            updates[target.name] = self._inside(domain, 3)
            return
        if style <= 5 and domain.high is not None:
            # Round and round: what makes many states.
            low, size = e.constant(domain.low), e.constant(domain.high - domain.low + 1)
            pace = self.draw.choice([e.constant(1), e.constant(1), e.constant(3), self.number(1)])
            further = e.add(e.sub(target.node, low), pace)
            updates[target.name] = e.add(e.modulo(further, size), low)
            return
        if style <= 7:
            value = e.add(target.node, e.constant(self.draw.choice([1, 1, -1, 2, -3, 2**20])))
        else:
            value = self.number(3)
        updates[target.name] = value
        if domain.high is None and self.chance(0.7):
            # Above, it leaves the bound and not the domain.
            hazards.append(self._hazard(e.conj(guard, e.lt(value, e.constant(domain.low))), "domain"))
        elif self.chance(0.93):
            top = e.constant(domain.high if domain.high is not None else 2**70)
            inside = e.conj(e.le(e.constant(domain.low), value), e.le(value, top))
            if self.chance(0.3):
                # The update happens only where it fits: no hazard is needed.
                updates[target.name] = e.ite(inside, value, target.node)
            else:
                hazards.append(self._hazard(e.conj(guard, e.neg(inside)), "domain"))

    # ------------------------------------------------------------ expressions

    def _inside(self, domain: Domain, depth: int) -> Expression:
        """A value of a domain."""
        if not isinstance(domain.sort, IntSort):
            return self.any(domain.sort, depth)
        top = domain.top
        assert top is not None
        kind, value = self.draw.randint(0, 4), self.number(depth)
        if kind == 0:
            return e.maximum(e.constant(domain.low), e.minimum(e.constant(top), value))
        if kind == 1:
            return e.constant(self.draw.choice([domain.low, top, self.draw.randint(domain.low, top)]))
        size = self.draw.choice([1, 2, 3, 5, top - domain.low + 1])
        size = max(1, min(size, top - domain.low + 1))
        return e.add(e.modulo(value, e.constant(size)), e.constant(domain.low))

    def any(self, sort: Sort, depth: int) -> Expression:
        """An expression of a sort."""
        if depth <= 0 or self.chance(0.15):
            return self._leaf(sort)
        if sort == BOOL:
            return self.truth(depth)
        if sort == INT:
            return self.number(depth)
        if self.chance(0.3):
            return self._select(sort, depth)
        return e.ite(self.truth(depth - 1), self.any(sort, depth - 1), self.any(sort, depth - 1))

    def _leaf(self, sort: Sort) -> Expression:
        nodes = [self._read(one) for one in self.variables if one.domain.sort == sort]
        nodes = self.draw.sample(nodes, min(4, len(nodes)))
        nodes += [symbol.node for symbol in self.symbols if symbol.node.sort == sort]
        if sort == BOOL:
            nodes.append(e.constant(self.chance(0.5)))
        elif sort == INT:
            nodes.append(e.constant(self.draw.randint(-3, 9)))
            if self.far and self.chance(0.2):
                nodes.append(e.constant(self.draw.choice(_NUMBERS)))
        else:
            assert isinstance(sort, EnumSort)
            nodes.append(e.constant(self.draw.randrange(len(sort.labels)), sort))
        return self.draw.choice(nodes)

    def _read(self, one: Variable) -> Expression:
        if self.after and self.chance(0.5):
            return e.next_variable(one.name, one.domain.sort)
        return one.node

    def truth(self, depth: int) -> Expression:
        """A truth value."""
        if depth <= 0:
            return self._leaf(BOOL)
        kind = self.draw.choice(
            [
                "not",
                "and",
                "or",
                "ite",
                "eq",
                "eq",
                "lt",
                "lt",
                "le",
                "le",
                "any",
                "all",
                "select",
                "clause",
            ]
        )
        depth -= 1
        if kind == "not":
            return e.neg(self.any(BOOL, depth))
        if kind in ("and", "or"):
            parts = [self.any(BOOL, depth) for _ in range(self.draw.randint(2, 4))]
            return e.conj(*parts) if kind == "and" else e.disj(*parts)
        if kind == "ite":
            return e.ite(self.truth(depth), self.any(BOOL, depth), self.any(BOOL, depth))
        if kind == "eq":
            sort = self.draw.choice([BOOL, INT, INT, self.draw.choice(self.variables).domain.sort])
            return e.eq(self.any(sort, depth), self.any(sort, depth))
        if kind in ("lt", "le"):
            made = e.lt if kind == "lt" else e.le
            return made(self.any(INT, depth), self.any(INT, depth))
        if kind == "select":
            return self._select(BOOL, depth)
        if kind == "clause":
            return self._clause(self.draw.choice(self.variables))
        return self._quantified(kind, depth)

    def number(self, depth: int) -> Expression:
        """An integer."""
        if depth <= 0:
            return self._leaf(INT)
        binary = {
            "add": e.add,
            "sub": e.sub,
            "mul": e.mul,
            "floordiv": e.floordiv,
            "mod": e.modulo,
            "min": e.minimum,
            "max": e.maximum,
        }
        kind = self.draw.choice([*binary, "ite", "select", "select", "sum", "truth", "abs", "leaf"])
        depth -= 1
        if self.far and self.chance(0.1):
            kind = "mul"
        if kind == "leaf":
            return self._leaf(INT)
        if kind in binary:
            return binary[kind](self.any(INT, depth), self.any(INT, depth))
        if kind == "ite":
            return e.ite(self.truth(depth), self.any(INT, depth), self.any(INT, depth))
        if kind == "sum":
            return self._quantified("sum", depth)
        if kind == "truth":
            return e.as_integer(self.truth(depth))
        if kind == "abs":
            return e.absolute(self.any(INT, depth))
        return self._select(INT, depth)

    def _select(self, sort: Sort, depth: int) -> Expression:
        """An element at a computed index, sometimes out of range."""
        fitting = [row for row in self.rows if row[0].domain.sort == sort]
        index = self.any(INT, depth)
        if not fitting or self.chance(0.2):
            row = [self.any(sort, depth - 1) for _ in range(self.draw.randint(2, 4))]
            return e.select(e.array(row), index)
        chosen = self.draw.choice(fitting)
        nodes = [one.node for one in chosen]
        if self.after and self.chance(0.5):
            nodes = [e.next_variable(one.name, one.domain.sort) for one in chosen]
        if self.chance(0.6):
            index = e.modulo(index, e.constant(len(nodes)))
        kind = self.draw.randint(0, 9)
        if kind == 0:
            nodes.reverse()
        elif kind == 1:
            nodes = nodes[::2] if len(nodes) > 3 else nodes
        elif kind == 2:
            nodes[self.draw.randrange(len(nodes))] = self.any(sort, 1)
        return e.select(e.array(nodes), index)

    def _quantified(self, kind: str, depth: int) -> Expression:
        name = self.new("q")
        low = self.draw.choice([0, 0, -1])
        symbol = Symbol(
            name, e.bound(name, low, low + self.draw.choice([-1, 0, 2, 3])), Domain(INT, low, 9)
        )
        self.symbols.append(symbol)
        body = self.any(INT if kind == "sum" and self.chance(0.6) else BOOL, depth)
        self.symbols.remove(symbol)
        made = {"any": e.any_of, "all": e.all_of, "sum": e.sum_of}[kind]
        return made(symbol.node, body)


def _width(domain: Domain) -> int:
    top = domain.top
    assert top is not None
    return (top - domain.low).bit_length()


def _product(symbols: list[Symbol]) -> int:
    result = 1
    for one in symbols:
        result *= one.domain.size or 1
    return result
