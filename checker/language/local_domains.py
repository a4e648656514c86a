"""Domains that an author gives to locals of a process: `missing: Int(-2, 4) = …`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from checker.language.equality import as_label
from checker.language.errors import ModelError, Span
from checker.language.types import FieldType, Optional
from checker.language.values import Label, LabelChoice, Maybe, Nothing, Scalar, Value
from checker.system.expression import as_integer
from checker.system.sorts import BOOL, INT, Domain

if TYPE_CHECKING:
    from checker.language.processes import Body

__all__ = ["annotated", "annotated_domains"]


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
