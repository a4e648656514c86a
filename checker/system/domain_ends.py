"""The ends of a domain as expressions, whether they are numbers or depend on parameters."""

from __future__ import annotations

from checker.system.expression import TRUE, Expression, conj, constant, le
from checker.system.sorts import BoolSort, Domain

__all__ = ["has_values", "inside", "least", "most"]


def least(domain: Domain) -> Expression | None:
    """The least value; None where there is none."""
    if domain.least is not None:
        return domain.least
    return None if domain.below else constant(domain.low, domain.sort)


def most(domain: Domain) -> Expression | None:
    """The greatest value; None where there is none."""
    if domain.most is not None:
        return domain.most
    return None if domain.high is None else constant(domain.high, domain.sort)


def inside(value: Expression, domain: Domain) -> Expression:
    """A number, or a label as its index, is a value of a domain."""
    if isinstance(domain.sort, BoolSort):
        return TRUE
    low, high = least(domain), most(domain)
    return conj(
        TRUE if low is None else le(low, value),
        TRUE if high is None else le(value, high),
    )


def has_values(domain: Domain) -> Expression:
    """There is a value: a condition on the parameters that the ends depend on."""
    low, high = least(domain), most(domain)
    if low is None or high is None or isinstance(domain.sort, BoolSort):
        return TRUE
    return le(low, high)
