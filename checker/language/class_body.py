"""Mistakes that show as soon as a model's class body has been executed."""

from __future__ import annotations

import ast
import inspect
import re
from types import FunctionType
from typing import Any

from checker.language.declarations import incomplete
from checker.language.errors import ModelError, Span
from checker.language.parameters import Param
from checker.language.source import class_node, function_node, member_span
from checker.language.types import FieldType

__all__ = ["refuse_misuse"]

_TYPE_AS_TEXT = re.compile(r"(Bool|Int|Nat|Enum|Array|Set|Optional|Record|Like|Input)\(")


def refuse_misuse(model: type) -> None:
    """Refuse a class whose body would be taken for something else than its author meant.

    Raises
    ------
    ModelError
        For `__init__`, a field declared by annotation, one object under two names, and a
        decorator that was not called.
    """
    body = vars(model)
    constructor = body.get("__init__")
    if isinstance(constructor, FunctionType):
        definition, file = function_node(constructor)
        raise ModelError(
            f"{model.__name__} defines `__init__`",
            Span.of(definition, file),
            help="declare fields with init=…, and constants with Param(…)",
        )
    for name, annotation in _annotations(model).items():
        if name not in body and _is_type(annotation):
            raise ModelError(
                f"`{name}` is annotated, which declares no field",
                member_span(model, name),
                help=f"assign the type: {name} = …",
            )
    for name, member in body.items():
        # Descriptors answer by the name that they were given first.
        known = getattr(member, "name" if isinstance(member, FieldType | Param) else "_name", name)
        if known != name and not isinstance(member, FunctionType | type):
            raise ModelError(
                f"`{name}` and `{known}` are one and the same object",
                member_span(model, name),
                help="write the type out for each of them",
            )
        missing = incomplete(member)
        if missing is not None:
            raise ModelError(
                f"`@{missing[0]}` of `{name}` is not complete", member_span(model, name), help=missing[1]
            )
    _refuse_repetition(model)


def _refuse_repetition(model: type) -> None:
    """Two methods of one name: Python keeps the last and says nothing."""
    found = class_node(model)
    seen: set[str] = set()
    for statement in found[0].body if found is not None else ():
        if isinstance(statement, ast.FunctionDef) and found is not None:
            if statement.name in seen:
                raise ModelError(
                    f"`{statement.name}` is defined twice",
                    Span.of(statement, found[1]),
                    "only this one would count",
                    "give each method its own name",
                )
            seen.add(statement.name)


def _annotations(model: type) -> dict[str, Any]:
    try:
        return inspect.get_annotations(model)
    except NameError:
        return {}


def _is_type(annotation: object) -> bool:
    return isinstance(annotation, FieldType) or (
        isinstance(annotation, str) and _TYPE_AS_TEXT.match(annotation) is not None
    )
