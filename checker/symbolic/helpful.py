"""Units of fairness: which there are, and where each is enabled, as expressions over one state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from checker.regimes.regime import UnderRegime
from checker.system.domain_ends import inside, least, most
from checker.system.expression import (
    FALSE,
    Expression,
    conj,
    constant,
    disj,
    eq,
    ite,
    ne,
    neg,
    rebuild,
    variable,
)
from checker.system.sorts import BoolSort, Domain, Scalar
from checker.system.transition_system import Action, Fairness, Symbol
from checker.system.walk import expand_quantifiers, substitute, topological

__all__ = ["Unit", "every_value", "units_of"]

_MOST_INSTANCES = 256
"""Values of an action's parameters that are each made a unit."""

_MOST_CHOICES = 64
"""Combinations of choices that are written out; of more only the ends of each domain."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The fair recurring actions of one group, with one value for each of their parameters.

    Parameters
    ----------
    group : str
    arguments : tuple of bool or int
    actions : tuple of str
        Names of its actions.
    enabled : Expression
        Holds only where a step of it is possible that changes the state. Exact where the choices are
        finite and few.
    """

    group: str
    arguments: tuple[Scalar, ...]
    actions: tuple[str, ...]
    enabled: Expression

    @property
    def name(self) -> str:
        """How it is called in a sentence."""
        return f"{self.group}({', '.join(map(str, self.arguments))})" if self.arguments else self.group


def units_of(under: UnderRegime) -> tuple[Unit, ...]:
    """The units that may be helpful, in the order of the actions.

    Notes
    -----
    Actions whose parameters have an unbounded or very large domain make no units: nothing is then
    proved by their fairness. A strongly fair unit is one, too: strong fairness implies weak.
    """
    found: dict[tuple[str, tuple[Scalar, ...]], list[Action]] = {}
    for action in under.system.actions:
        if action.fairness is not Fairness.NONE and action.name in under.recurring:
            for arguments in _instances(action.parameters):
                found.setdefault((action.group, arguments), []).append(action)
    return tuple(
        Unit(
            group,
            arguments,
            tuple(action.name for action in actions),
            disj(*(_enabled(action, arguments) for action in actions)),
        )
        for (group, arguments), actions in found.items()
    )


def _instances(parameters: Sequence[Symbol]) -> Iterator[tuple[Scalar, ...]]:
    sizes = [_size(one.domain) for one in parameters]
    if all(size is not None for size in sizes) and prod(filter(None, sizes)) <= _MOST_INSTANCES:
        yield from product(*(one.domain.values() for one in parameters))


def _enabled(action: Action, arguments: Sequence[Scalar]) -> Expression:
    values = {
        one.node: constant(value, one.domain.sort)
        for one, value in zip(action.parameters, arguments, strict=True)
    }
    changes = disj(*(ne(variable(name, value.sort), value) for name, value in action.updates))
    possible = conj(
        *(inside(one.node, one.domain) for one in (*action.parameters, *action.choices)),
        action.guard,
        *(neg(hazard.condition) for hazard in action.hazards),
        changes,
    )
    written = expand_quantifiers([possible])[possible]
    outcomes = []
    for chosen in _choices(action.choices):
        replaced = {**values, **chosen}
        outcomes.append(substitute([written], replaced)[written])
    return disj(*(_folded(outcome) for outcome in outcomes))


def every_value(symbols: Sequence[Symbol]) -> list[dict[Expression, Expression]] | None:
    """Each combination of values of some symbols; None where they are many, or not known."""
    sizes = [_size(one.domain) for one in symbols]
    if any(size is None for size in sizes) or prod(filter(None, sizes)) > _MOST_CHOICES:
        return None
    several = product(*(_values(one.domain) for one in symbols))
    return [dict(zip((one.node for one in symbols), values, strict=True)) for values in several]


def _choices(choices: Sequence[Symbol]) -> Iterator[dict[Expression, Expression]]:
    every = every_value(choices)
    if every is not None:
        yield from every
        return
    for values in product(*(_ends(one.domain) for one in choices)):
        yield dict(zip((one.node for one in choices), values, strict=True))


def _size(domain: Domain) -> int | None:
    """How many values there are; None where they are not known or have no end."""
    return None if domain.high is None or domain.is_symbolic or domain.below else domain.size


def _values(domain: Domain) -> list[Expression]:
    return [constant(value, domain.sort) for value in domain.values()]


def _ends(domain: Domain) -> list[Expression]:
    if isinstance(domain.sort, BoolSort):
        return _values(domain)
    ends = [end for end in (least(domain), most(domain)) if end is not None]
    return ends or [constant(0)]


def _folded(expression: Expression) -> Expression:
    """The same, with what is certain left out: x == x + 1, and an `ite` on one side of a comparison.

    Then a condition is about as long as one would write it.
    """
    image: dict[Expression, Expression] = {}
    for node in topological([expression]):
        built = rebuild(node, tuple(image[operand] for operand in node.operands))
        if built.operator == "eq":
            built = _equal(*built.operands)
        elif built.operator == "and":
            built = _without_certain(built.operands)
        image[node] = built
    return image[expression]


def _equal(left: Expression, right: Expression) -> Expression:
    """left == right."""
    for one, other in ((left, right), (right, left)):
        if other.operator == "add" and other.operands[0] is one and other.operands[1].is_constant:
            return FALSE
        if other.operator == "ite":
            test, then, otherwise = other.operands
            if (_is_leaf(then) and _is_leaf(otherwise)) or one in _first(then, otherwise):
                return ite(test, _equal(one, then), _equal(one, otherwise))
    return eq(left, right)


def _first(*several: Expression) -> tuple[Expression, ...]:
    return tuple(one.operands[0] if one.operator == "add" else one for one in several)


def _is_leaf(node: Expression) -> bool:
    return not node.operands


def _without_certain(parts: Sequence[Expression]) -> Expression:
    """A conjunction, without inequalities that an equality among its parts implies."""
    flat: dict[Expression, None] = {}
    stack = list(reversed(parts))
    while stack:
        part = stack.pop()
        if part.operator == "and":
            stack.extend(reversed(part.operands))
        else:
            flat[part] = None
    values = {
        part.operands[0]: part.operands[1]
        for part in flat
        if part.operator == "eq" and part.operands[1].is_constant
    }
    kept = []
    for part in flat:
        inner = part.operands[0] if part.operator == "not" else None
        if inner is not None and inner.operator == "eq" and inner.operands[1].is_constant:
            known = values.get(inner.operands[0])
            if known is not None and known is not inner.operands[1]:
                continue
        kept.append(part)
    return conj(*kept)
