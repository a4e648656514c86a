"""From a live function or class back to its syntax tree, with positions in the author's file."""

from __future__ import annotations

import ast
import inspect
import linecache
from functools import lru_cache
from types import FunctionType
from typing import Any

from checker.language.errors import ModelError, Span

__all__ = ["function_node", "member_span", "tree_of"]


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
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            # Python 3.11 counts a function's first line from its first decorator.
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            if first == line:
                return node, file
        elif isinstance(node, ast.Lambda) and code.co_name == "<lambda>" and node.lineno == line:
            # Two lambdas on one line are told apart by where their bodies begin.
            positions = list(code.co_positions())
            columns = {start for at, _, start, _ in positions if at == node.body.lineno}
            if node.body.col_offset in columns or fallback is None:
                fallback = node
    if fallback is not None:
        return fallback, file
    if code.co_name != "<lambda>" and inspect.iscoroutinefunction(function):
        raise ModelError(f"`{code.co_name}` is `async`", Span(file, line), help="write a plain `def`")
    raise ModelError(f"the definition of `{code.co_name}` is not in {file}", Span(file, line))


def member_span(model: type, name: str) -> Span | None:
    """Where a class (or the base it inherits from) assigns or defines a member."""
    for owner in model.__mro__:
        if name not in vars(owner):
            continue
        try:
            file = inspect.getsourcefile(owner) or ""
            if file.startswith("<") or not file:
                file = _file_of_methods(owner) or file
            tree = tree_of(file)
        except (TypeError, OSError, ModelError):
            return None
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name == owner.__name__:
                for statement in node.body:
                    if name in _defined(statement):
                        return Span.of(statement, file)
        return None
    return None


def _file_of_methods(owner: type) -> str | None:
    for member in vars(owner).values():
        if isinstance(member, FunctionType):
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
    try:
        file = inspect.getsourcefile(model) or _file_of_methods(model) or ""
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.ClassDef) and node.name == model.__name__:
                return Span.of(node, file)
    except (TypeError, OSError, ModelError):
        pass
    return None


def annotations_of(function: Any) -> dict[str, Any]:
    """A function's annotations as written: values, or text under `from __future__ import annotations`."""
    return dict(getattr(function, "__annotations__", {}))
