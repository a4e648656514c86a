"""What variables hold while nothing depends on them, so that a state has one form."""

from __future__ import annotations

from checker.system.expression import FALSE, Expression, conj, constant, eq, implies, neg, variable
from checker.system.shape import OptionalShape, ScalarShape, Shape, leaves
from checker.system.sorts import BOOL, Domain

__all__ = ["defaults", "nothing", "optional_form"]


def nothing(domain: Domain) -> Expression:
    """What a local holds where nothing depends on it."""
    return domain.least or constant(domain.default(), domain.sort)


def defaults(shape: Shape) -> tuple[Expression, ...]:
    """What the variables of a local hold where nothing depends on it, in the order of `leaves`."""
    if isinstance(shape, OptionalShape):
        return (FALSE, *_while_none(shape))
    assert isinstance(shape, ScalarShape)
    return (nothing(shape.domain),)


def optional_form(shape: OptionalShape) -> Expression:
    """While an Optional is None, its content has its default value."""
    default = conj(
        *(
            eq(variable(leaf.variable, leaf.domain.sort), value)
            for leaf, value in zip(leaves(shape.content), _while_none(shape), strict=True)
        )
    )
    return implies(neg(variable(shape.present.variable, BOOL)), default)


def _while_none(shape: OptionalShape) -> list[Expression]:
    held = zip(leaves(shape.content), shape.default, strict=True)
    return [constant(value, leaf.domain.sort) for leaf, value in held]
