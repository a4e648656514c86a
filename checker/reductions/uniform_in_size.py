"""Two systems of neighbouring sizes as one for every size: equal, but for numbers that grow with it.

Where the two have the same expression, so has the result. Where they differ in a number, a at size n
and b at size n + 1, the result has a + (b - a)·(size - n), if numbers may depend on the size at all;
anything else is refused. Further sizes have to agree with what has been found.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from checker.reductions.part_rows import NotUniform
from checker.system.expression import Expression, add, constant, mul, rebuild
from checker.system.printer import show_expression
from checker.system.sorts import Domain, IntSort
from checker.system.transition_system import Action, Property, Symbol, TransitionSystem, Variable
from checker.system.walk import substitute

__all__ = ["InBothSizes", "filled"]


class InBothSizes:
    """Brings together what a system says at two sizes.

    Parameters
    ----------
    size : Expression
        The variable that stands for the size.
    smaller : int
        The lesser of the two sizes, which differ by one.
    numbers : bool
        Whether numbers may depend on the size.
    """

    def __init__(self, size: Expression, smaller: int, *, numbers: bool) -> None:
        self.size = size
        self.smaller = smaller
        self.numbers = numbers
        self._known: dict[tuple[Expression, Expression], Expression] = {}

    def expression(self, one: Expression, other: Expression) -> Expression:
        """An expression for every size.

        Raises
        ------
        NotUniform
            If they differ in more than numbers.
        """
        known = self._known
        stack = [(one, other)]
        while stack:
            pair = stack[-1]
            left, right = pair
            if pair in known:
                stack.pop()
            elif left is right:
                known[pair] = left
            elif left.is_constant and right.is_constant and isinstance(left.sort, IntSort):
                known[pair] = self._number(left.payload, right.payload)
            elif (left.operator, left.payload, left.sort, len(left.operands)) != (
                right.operator,
                right.payload,
                right.sort,
                len(right.operands),
            ):
                raise NotUniform(f"{_short(left)} becomes {_short(right)} with one part more")
            else:
                pairs = list(zip(left.operands, right.operands, strict=True))
                missing = [part for part in pairs if part not in known]
                if missing:
                    stack.extend(missing)
                else:
                    known[pair] = rebuild(left, tuple(known[part] for part in pairs))
        return known[one, other]

    def _number(self, one: int, other: int) -> Expression:
        if not self.numbers:
            raise NotUniform(f"the number {one} becomes {other} with one part more")
        slope = other - one
        return add(mul(self.size, constant(slope)), constant(one - slope * self.smaller))

    def system(self, one: TransitionSystem, other: TransitionSystem) -> TransitionSystem:
        """A system for every size."""
        self._same("the models", one.name, other.name)
        self._same("the other parameters", one.parameters, other.parameters)
        self._same("the variables", [v.name for v in one.variables], [v.name for v in other.variables])
        self._same("the steps", [a.name for a in one.actions], [a.name for a in other.actions])
        self._same("the fields", [f.name for f in one.fields], [f.name for f in other.fields])
        return replace(
            one,
            variables=tuple(map(self._variable, one.variables, other.variables)),
            actions=tuple(map(self._action, one.actions, other.actions)),
            wellformed=self.expression(one.wellformed, other.wellformed),
        )

    def claim(self, one: Property, other: Property) -> Property:
        """A property for every size."""
        self._same(
            f"`{one.name}`", [one.name, one.kind, one.regime], [other.name, other.kind, other.regime]
        )
        changed: dict[str, Any] = {}
        for name in ("predicate", "premise"):
            mine, theirs = getattr(one, name), getattr(other, name)
            if mine is not None and theirs is not None:
                changed[name] = self.expression(mine, theirs)
        self._same(f"`{one.name}`", len(one.hazards), len(other.hazards))
        hazards = tuple(
            replace(hazard, condition=self.expression(hazard.condition, like.condition))
            for hazard, like in zip(one.hazards, other.hazards, strict=True)
        )
        return replace(one, hazards=hazards, **changed)

    # ------------------------------------------------------------ pieces

    def _variable(self, one: Variable, other: Variable) -> Variable:
        domain = one.domain
        if domain != other.domain:
            domain = self._domain(one, other)
        if one.initial == other.initial:
            return replace(one, domain=domain)
        initial = [self._initial(one), self._initial(other)]
        if None in initial:
            raise NotUniform(f"`{one.name}` begins differently with one part more")
        assert initial[0] is not None and initial[1] is not None
        return replace(one, domain=domain, initial=self.expression(initial[0], initial[1]))

    def _initial(self, one: Variable) -> Expression | None:
        if isinstance(one.initial, Expression):
            return one.initial
        if one.initial is None or len(one.initial) != 1:
            return None
        return constant(one.initial[0], one.domain.sort)

    def _domain(self, one: Variable, other: Variable) -> Domain:
        mine, theirs = one.domain, other.domain
        alike = replace(mine, high=None) == replace(theirs, high=None)
        if not alike or mine.high is None or theirs.high is None or one.initial is None:
            raise NotUniform(f"`{one.name}` has other values with one part more")
        return replace(mine, high=None, most=self._number(mine.high, theirs.high))

    def _action(self, one: Action, other: Action) -> Action:
        facts: list[tuple[Any, ...]] = []
        for action in (one, other):
            symbols = [(s.node, s.domain) for s in (*action.parameters, *action.choices)]
            targets = [name for name, _ in action.updates]
            wrong = [(h.kind, h.name, h.location) for h in action.hazards]
            kinds = (action.kind, action.fairness, action.group, len(action.faults))
            facts.append((*kinds, symbols, targets, wrong))
        self._same(f"`{one.name}`", *facts)
        return replace(
            one,
            guard=self.expression(one.guard, other.guard),
            updates=tuple(
                (name, self.expression(value, like))
                for (name, value), (_, like) in zip(one.updates, other.updates, strict=True)
            ),
            hazards=tuple(
                replace(hazard, condition=self.expression(hazard.condition, like.condition))
                for hazard, like in zip(one.hazards, other.hazards, strict=True)
            ),
        )

    def _same(self, what: str, one: Any, other: Any) -> None:
        if one != other:
            raise NotUniform(f"{what} are different with one part more")


def filled(system: TransitionSystem, size: Expression, value: int) -> TransitionSystem:
    """The system of one size: the variable that stands for it is replaced by a number."""

    def at(*roots: Expression) -> list[Expression]:
        image = substitute(roots, {size: constant(value)})
        return [image[root] for root in roots]

    def domain(one: Domain) -> Domain:
        if one.most is None:
            return one
        (most,) = at(one.most)
        return replace(one, most=None, high=most.payload) if most.is_constant else one

    def variable(one: Variable) -> Variable:
        initial = one.initial
        if isinstance(initial, Expression):
            (found,) = at(initial)
            initial = (found.payload,) if found.is_constant else found
        return replace(one, domain=domain(one.domain), initial=initial)

    def symbol(one: Symbol) -> Symbol:
        return replace(one, domain=domain(one.domain))

    def action(one: Action) -> Action:
        guard, *conditions = at(one.guard, *(hazard.condition for hazard in one.hazards))
        values = at(*(new for _, new in one.updates))
        return replace(
            one,
            guard=guard,
            hazards=tuple(map(lambda h, c: replace(h, condition=c), one.hazards, conditions)),
            updates=tuple((name, new) for (name, _), new in zip(one.updates, values, strict=True)),
            parameters=tuple(map(symbol, one.parameters)),
            choices=tuple(map(symbol, one.choices)),
        )

    return replace(
        system,
        variables=tuple(variable(one) for one in system.variables if one.node is not size),
        actions=tuple(map(action, system.actions)),
        wellformed=at(system.wellformed)[0],
    )


def _short(node: Expression) -> str:
    return f"`{show_expression(node, 60)}`"
