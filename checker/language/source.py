"""From a live function or class back to its syntax tree, with positions in the author's file."""

from __future__ import annotations

import ast
import inspect
import linecache
from collections.abc import Iterator
from functools import lru_cache
from types import FunctionType

from checker.language.errors import ModelError, Span

__all__ = ["class_node", "class_span", "function_node", "member_span", "tree_of"]


@lru_cache(maxsize=64)
def _parse(file: str, text: str) -> ast.Module:
    try:
        return ast.parse(text, file)
    except SyntaxError as error:
        # Seen when a notebook cell holds magics: the cell itself ran, so its text is not plain Python.
        raise ModelError(
            f"the source of this model cannot be read: {error.msg}",
            Span(file, error.lineno or 1, (error.offset or 1) - 1),
            help="put the model in a cell of its own, or in a file",
        ) from error


def tree_of(file: str) -> ast.Module:
    """The syntax tree of a file or notebook cell as it was when Python last read it.

    Raises
    ------
    ModelError
        If the source is not available (typed into a plain `python` prompt, or compiled away).
    """
    text = "".join(linecache.getlines(file))
    if not text:
        raise ModelError(
            f"the source of {file} is not available",
            help="define the model in a file or a notebook cell, not at a bare prompt",
        )
    return _parse(file, text)


def function_node(function: FunctionType) -> tuple[ast.FunctionDef | ast.Lambda, str]:
    """The definition of a function and the file it stands in.

    Raises
    ------
    ModelError
        If the definition cannot be found.
    """
    code = function.__code__
    file, line = code.co_filename, code.co_firstlineno
    fallback: ast.FunctionDef | ast.Lambda | None = None
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == code.co_name:
            # Python 3.11 counts a function's first line from its first decorator.
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            if first == line and isinstance(node, ast.FunctionDef):
                return node, file
            if first == line:
                raise ModelError(
                    f"`{code.co_name}` is `async`",
                    Span.of(node, file),
                    "a model is synchronous",
                    "write a plain `def`; a @process waits with `yield`",
                )
        elif isinstance(node, ast.Lambda) and code.co_name == "<lambda>" and node.lineno == line:
            # Two lambdas on one line are told apart by where their bodies begin.
            positions = list(code.co_positions())
            columns = {start for at, _, start, _ in positions if at == node.body.lineno}
            if node.body.col_offset in columns or fallback is None:
                fallback = node
    if fallback is not None:
        return fallback, file
    raise ModelError(
        f"the definition of `{code.co_name}` is not in {file}",
        Span(file, line),
        help="the file may have changed since it was read: read it again",
    )


def member_span(model: type, name: str) -> Span | None:
    """Where a class (or the base it inherits from) assigns or defines a member."""
    for owner in model.__mro__:
        if name not in vars(owner):
            continue
        found = class_node(owner)
        if found is None:
            return None
        definition, file = found
        # The last one counts where a name is assigned twice.
        for statement in reversed(definition.body):
            if name in _defined(statement):
                return Span.of(statement, file)
        return None
    # An annotation alone defines nothing, but has a place.
    found = class_node(model)
    if found is not None:
        for statement in found[0].body:
            if name in _defined(statement):
                return Span.of(statement, found[1])
    return None


def class_node(owner: type) -> tuple[ast.ClassDef, str] | None:
    """The definition of a class: the one with its qualified name, of several called the same."""
    try:
        file = _file_of_methods(owner) or inspect.getsourcefile(owner) or ""
        tree = tree_of(file)
    except (TypeError, OSError, ModelError):
        return None
    found = dict(_classes(tree, ""))
    definition = found.get(owner.__qualname__)
    return None if definition is None else (definition, file)


def _classes(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.ClassDef]]:
    """Yield every class below a node with its qualified name, as Python forms it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield prefix + child.name, child
            yield from _classes(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _classes(child, f"{prefix}{child.name}.<locals>.")
        else:
            yield from _classes(child, prefix)


def _file_of_methods(owner: type) -> str | None:
    """Where the class's own methods stand; known in notebooks too."""
    for member in vars(owner).values():
        if (
            isinstance(member, FunctionType)
            and member.__qualname__ == f"{owner.__qualname__}.{member.__name__}"
        ):
            return member.__code__.co_filename
    return None


def _defined(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        return [target.id for target in statement.targets if isinstance(target, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return [statement.target.id]
    return []


def class_span(model: type) -> Span | None:
    """Where a class is defined."""
    found = class_node(model)
    return None if found is None else Span.of(*found)
