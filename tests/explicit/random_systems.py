"""Random small transition systems: every operator, every sort, parameters, choices and hazards."""

from __future__ import annotations

from hypothesis import strategies as st
from small_systems import action, hazard, symbol, system

from checker.system import expression as e
from checker.system.sorts import BOOL, INT, BoolSort, Domain, EnumSort, IntSort, Sort
from checker.system.transition_system import Fairness, Hazard, Kind, Symbol, TransitionSystem, Variable

COLOUR = EnumSort(("red", "green", "blue"))
DOMAINS = [
    Domain(BOOL, 0, 1),
    Domain(INT, 0, 2),
    Domain(INT, -2, 1),
    Domain(INT, 3, 3),
    Domain(COLOUR, 0, 2),
]


@st.composite
def systems(draw: st.DrawFn, wide: bool = False) -> TransitionSystem:
    """A system of two to five variables and up to four actions; more than 64 bits if `wide`."""
    variables = [
        Variable(f"v{i}", domain, draw(st.sampled_from([None, (domain.values()[-1],)])))
        for i, domain in enumerate(draw(st.lists(st.sampled_from(DOMAINS), min_size=2, max_size=4)))
    ]
    # A row, for `select` with a computed index, of equal or of unequal elements.
    like = draw(st.sampled_from([Domain(INT, 0, 2), Domain(INT, -2, 1)]))
    variables += [
        Variable(f"row[{i}]", like, (like.low + i % 2,)) for i in range(draw(st.integers(0, 3)))
    ]
    if wide:
        variables.insert(1, Variable("broad", Domain(INT, -5, 2**40), (2**40,)))
        variables.append(Variable("broader", Domain(INT, 0, 2**70), (0, 2**70)))
    actions = []
    for number in range(draw(st.integers(1, 4))):
        parameters = (symbol(f"p{number}", 0, 1),) if draw(st.booleans()) else ()
        choices = (symbol(f"c{number}", -1, 1),) if draw(st.booleans()) else ()
        builder = Builder(draw, variables, [*parameters, *choices])
        guard = draw(st.sampled_from([e.TRUE, builder.any(BOOL, 1), builder.any(BOOL, 2)]))
        updates = {}
        hazards: list[Hazard] = []
        fine = guard
        for target in draw(st.lists(st.sampled_from(variables), unique=True, max_size=3)):
            value = builder.any(target.domain.sort, 3)
            if isinstance(target.domain.sort, IntSort) and draw(st.integers(0, 2)):
                # Mostly inside its domain, or nearly every run would soon go wrong.
                size = e.constant(draw(st.integers(2, 3)))
                value = e.add(e.modulo(value, size), e.constant(target.domain.low))
            updates[target.name] = value
            if isinstance(target.domain.sort, IntSort):
                top = target.domain.top
                assert top is not None
                inside = e.conj(e.le(e.constant(target.domain.low), value), e.le(value, e.constant(top)))
                hazards.append(hazard(e.conj(fine, e.neg(inside)), "domain", target.name))
                fine = e.conj(fine, inside)
        if draw(st.booleans()):
            hazards.insert(0, hazard(e.conj(guard, builder.any(BOOL, 2)), "assert", f"claim{number}"))
            # Hazards exclude each other.
            hazards[1:] = [
                Hazard(
                    h.kind,
                    e.conj(h.condition, e.neg(hazards[0].condition)),
                    h.message,
                    h.name,
                    h.location,
                )
                for h in hazards[1:]
            ]
        actions.append(
            action(
                f"a{number}",
                guard,
                updates,
                kind=draw(st.sampled_from([Kind.STEP, Kind.STEP, Kind.FAULT])),
                fairness=draw(st.sampled_from(list(Fairness))),
                parameters=parameters,
                choices=choices,
                hazards=tuple(hazards),
                group=draw(st.sampled_from([None, "together"])),
            )
        )
    return system(variables, *actions)


class Builder:
    """Draws expressions over some variables and symbols."""

    def __init__(
        self, draw: st.DrawFn, variables: list[Variable], symbols: list[Symbol], after: bool = False
    ):
        self.draw = draw
        self.variables = variables
        self.symbols = symbols
        self.after = after
        self.quantified = 0

    def any(self, sort: Sort, depth: int) -> e.Expression:
        """An expression of a sort."""
        if depth == 0 or self.draw(st.integers(0, 4)) == 0:
            return self.leaf(sort)
        if isinstance(sort, BoolSort):
            return self.truth(depth - 1)
        if isinstance(sort, IntSort):
            return self.number(depth - 1)
        return e.ite(self.any(BOOL, depth - 1), self.any(sort, depth - 1), self.any(sort, depth - 1))

    def leaf(self, sort: Sort) -> e.Expression:
        """A variable, a symbol or a constant."""
        nodes = [v.node for v in self.variables if v.domain.sort == sort]
        if self.after:
            nodes += [e.next_variable(v.name, sort) for v in self.variables if v.domain.sort == sort]
        nodes += [symbol.node for symbol in self.symbols if symbol.node.sort == sort]
        if isinstance(sort, BoolSort):
            nodes += [e.TRUE, e.FALSE]
        elif isinstance(sort, IntSort):
            nodes.append(e.constant(self.draw(st.integers(-3, 3))))
        else:
            nodes.append(e.constant(self.draw(st.integers(0, 2)), sort))
        return self.draw(st.sampled_from(nodes))

    def truth(self, depth: int) -> e.Expression:
        """A compound truth value."""
        kind = self.draw(
            st.sampled_from(["not", "and", "or", "ite", "eq", "lt", "le", "any", "all", "select"])
        )
        if kind == "not":
            return e.neg(self.any(BOOL, depth))
        if kind in ("and", "or"):
            parts = [self.any(BOOL, depth) for _ in range(self.draw(st.integers(2, 3)))]
            return e.conj(*parts) if kind == "and" else e.disj(*parts)
        if kind == "ite":
            return e.ite(self.any(BOOL, depth), self.any(BOOL, depth), self.any(BOOL, depth))
        if kind == "eq":
            sort = self.draw(st.sampled_from([BOOL, INT, COLOUR]))
            return e.eq(self.any(sort, depth), self.any(sort, depth))
        if kind == "select":
            return self.select(BOOL, depth)
        if kind in ("any", "all"):
            return self.quantifier({"any": e.any_of, "all": e.all_of}[kind], BOOL, depth)
        left, right = self.any(INT, depth), self.any(INT, depth)
        return e.lt(left, right) if kind == "lt" else e.le(left, right)

    def number(self, depth: int) -> e.Expression:
        """A compound integer."""
        binary = {
            "add": e.add,
            "sub": e.sub,
            "mul": e.mul,
            "floordiv": e.floordiv,
            "mod": e.modulo,
            "min": e.minimum,
            "max": e.maximum,
        }
        kind = self.draw(st.sampled_from([*binary, "ite", "select", "sum", "as_integer"]))
        if kind in binary:
            return binary[kind](self.any(INT, depth), self.any(INT, depth))
        if kind == "ite":
            return e.ite(self.any(BOOL, depth), self.any(INT, depth), self.any(INT, depth))
        if kind == "sum":
            return self.quantifier(e.sum_of, self.draw(st.sampled_from([INT, BOOL])), depth)
        return self.select(INT, depth) if kind == "select" else e.as_integer(self.any(BOOL, depth))

    def select(self, sort: Sort, depth: int) -> e.Expression:
        """A computed index, often out of range."""
        row = [v.node for v in self.variables if v.name.startswith("row")]
        if not isinstance(sort, IntSort) or len(row) < 2 or self.draw(st.booleans()):
            row = [self.any(sort, depth) for _ in range(self.draw(st.integers(2, 3)))]
        elif self.after and self.draw(st.booleans()):
            row = [e.next_variable(node.payload, node.sort) for node in row]
        return e.select(e.array(row), self.any(INT, depth))

    def quantifier(self, make, sort: Sort, depth: int) -> e.Expression:
        """any, all or sum over a fresh symbol."""
        self.quantified += 1
        fresh = symbol(f"q{self.quantified}@{len(self.symbols)}", 0, self.draw(st.integers(-1, 2)))
        self.symbols.append(fresh)
        body = self.any(sort, depth)
        self.symbols.remove(fresh)
        return make(fresh.node, body)
