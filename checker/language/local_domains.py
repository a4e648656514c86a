"""Domains that an author gives to locals of a process: `missing: Int(-2, 4) = …`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from checker.language.equality import as_label
from checker.language.errors import ModelError, Span
from checker.language.types import FieldType, Optional
from checker.language.values import Label, LabelChoice, Maybe, Nothing, Scalar, Value
from checker.system.bounds import Interval
from checker.system.expression import as_integer
from checker.system.sorts import BOOL, INT, Domain

if TYPE_CHECKING:
    from checker.language.processes import Body

__all__ = ["annotated", "annotated_domains", "hull"]


def annotated_domains(body: Body) -> dict[str, tuple[Domain, bool]]:
    """Domains that the author gave to locals, and whether None is allowed too.

    Raises
    ------
    ModelError
        If an annotation is no domain of single values.
    """
    found: dict[str, tuple[Domain, bool]] = {}
    for node in ast.walk(body.definition):
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
            continue
        span = Span.of(node.annotation, body.file)
        # Python never evaluates such annotations itself, so names of the class body may be used.
        space = {**body.function.__globals__, **body.scope.members}
        code = compile(ast.Expression(node.annotation), body.file, "eval")
        try:
            declared = eval(code, space)
        except ModelError as error:
            error.span = error.span or span
            raise
        except Exception as error:
            raise ModelError(
                f"this annotation has no value: {error}",
                span,
                help="a domain is written with numbers and parameters: Int(0, size - 1)",
            ) from None
        optional = isinstance(declared, Optional)
        inner = declared.of if optional else declared
        if not (isinstance(inner, FieldType) and hasattr(inner, "domain")):
            raise ModelError(
                "a local is annotated with its domain",
                span,
                help="Bool(), Int(low, high), Enum(…) or Optional of these",
            )
        try:
            found[node.target.id] = (inner.domain(body.scope.parameters), optional)
        except ModelError as error:
            error.span = error.span or span
            raise
    return found


def annotated(name: str, value: Value, domain: Domain, optional: bool, span: Span | None) -> Value:
    """A local's value, as its annotation types it.

    Raises
    ------
    ModelError
        If the value is of another kind than the annotation says.
    """
    if isinstance(value, Label | LabelChoice):
        label = as_label(value, domain.sort)
        if label is None:
            raise ModelError(
                f"`{name}` gets a label that its annotation does not have",
                span,
                help="add the label to the annotation: Enum(…)",
            )
        return Scalar(label)
    content = value.content if isinstance(value, Maybe) else value
    if isinstance(value, Scalar) and domain.sort == INT and value.expression.sort == BOOL:
        return Scalar(as_integer(value.expression))
    if isinstance(value, Maybe | Nothing) and not optional:
        wrong, help = "may be None", f"annotate it: {name}: Optional({domain}) = …"
    elif isinstance(content, Scalar) and content.expression.sort != domain.sort:
        wrong, help = "gets a value of another kind", "convert it: int(…), bool(…) or … > 0"
    else:
        return value
    raise ModelError(f"`{name}` is annotated {domain} and {wrong}", span, help=help)


def hull(before: Domain | None, found: Interval, widen: bool, largest: int) -> Domain:
    """The numbers that a local may hold, after it was found to hold some more.

    Parameters
    ----------
    before : Domain or None
        What was known of it.
    found : (low, high)
    widen : bool
        An end that still moves is given up.
    largest : int
        An end beyond it is given up.
    """
    known = found if before is None else before.reach
    low, high = min(known[0], found[0]), max(known[1], found[1])
    if low < -largest or (widen and low < known[0]):
        low = -float("inf")
    if high > largest or (widen and high > known[1]):
        high = float("inf")
    top = None if high == float("inf") else int(high)
    if low == -float("inf"):
        return Domain(INT, min(0, top or 0), top, below=True)
    return Domain(INT, int(low), top)
