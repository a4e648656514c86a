"""Domains and initial values, from numbers and from parameters, which may be symbols."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from checker.language.errors import ModelError, nearest
from checker.language.parameters import (
    Constant,
    Number,
    ParamExpression,
    Setting,
    value_of,
)
from checker.language.symbols import NeedsNumber
from checker.system.domain_ends import has_values, inside
from checker.system.expression import Expression, as_integer, constant
from checker.system.sorts import INT, BoolSort, Domain, EnumSort, Scalar

__all__ = ["begins", "integers"]


def integers(low: Constant | Expression, high: Constant | Expression, parameters: Setting) -> Domain:
    """The whole numbers from one end to the other.

    Raises
    ------
    ModelError
        If there are none.
    """
    least, most = value_of(low, parameters), value_of(high, parameters)
    reach = (_reach(least, parameters)[0], _reach(most, parameters)[1])
    if reach[0] > reach[1]:
        raise ModelError(
            f"Int({reach[0]}, {reach[1]}) has no value",
            help="the least value comes first; both are included",
        )
    if not isinstance(least, Expression) and not isinstance(most, Expression):
        return Domain(INT, least, most)
    endless = [abs(end) == float("inf") for end in reach]
    top = None if endless[1] else int(reach[1])
    domain = Domain(
        INT,
        min(0, top or 0) if endless[0] else int(reach[0]),
        top,
        least=least if isinstance(least, Expression) else None,
        most=most if isinstance(most, Expression) else None,
        below=endless[0],
    )
    parameters.symbols.require(has_values(domain))
    return domain


def _reach(number: Number, parameters: Setting) -> tuple[float, float]:
    return parameters.symbols.reach(number) if isinstance(number, Expression) else (number, number)


def begins(
    name: str, domain: Domain, several: Iterable[Any], parameters: Setting
) -> tuple[Scalar, ...] | Expression:
    """The initial values that an author gave, each of which must be in the domain.

    Raises
    ------
    ModelError
        If one is not.
    NeedsNumber
        If there are several, and one depends on a parameter that is a symbol.
    """
    given = [value_of(one, parameters) if isinstance(one, ParamExpression) else one for one in several]
    symbols = parameters.symbols
    symbolic = [one for one in given if isinstance(one, Expression)]
    if len(given) == 1 and symbolic:
        (value,) = symbolic
        is_label = isinstance(domain.sort, EnumSort)
        if is_label or (isinstance(domain.sort, BoolSort) and value.sort != domain.sort):
            raise _cannot_begin(name, domain, value)
        if domain.sort == INT:
            value = as_integer(value)
            symbols.require(inside(value, domain))
        return value
    if symbolic:
        raise NeedsNumber(symbols.among(*symbolic), f"`{name}` begins as one of several values")
    values = tuple(_encoded(name, domain, one) for one in given)
    if domain.is_symbolic:
        for value_ in values:
            symbols.require(inside(constant(value_), domain))
    return values


def _encoded(name: str, domain: Domain, value: Any) -> Scalar:
    try:
        return domain.encode(value)
    except ValueError:
        raise _cannot_begin(name, domain, value) from None


def _cannot_begin(name: str, domain: Domain, value: Any) -> ModelError:
    hint = ""
    if isinstance(domain.sort, EnumSort) and isinstance(value, str):
        hint = nearest(value, domain.sort.labels)
    return ModelError(
        f"`{name}` cannot begin as {value!r}: it is {domain}",
        help=hint or "init= a value of the domain, several of them, or ANY",
    )
