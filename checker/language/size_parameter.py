"""Whether a model's text uses a parameter for nothing but sizes, so that every size means the same.

What is proved for every number of parts (`checker.reductions.counter_abstraction`) is proved of a schema
that was read off a few sizes. That the text is this schema at all other sizes, too, follows from how it
uses the parameter: as the length of an array or a set, as the number of instances of a process, and as
the end of a range of indices that an `Int(0, size - 1)` or a `range(size)` goes through. Then the size
reaches nothing that the text computes with.

The size can also come in without being named: by `len`, by a loop that is run once for each part, by a
sum of what does not depend on the part. These are refused, too, and so is everything that is called
and whose text is not looked at. This is more than is necessary: many a text that is refused does the
same at every size. (One that is not refused may still hide the size in a sum of equal terms that do
mention the part, such as `sum(part == part for …)`.)
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator

from checker.language.model import Model, members
from checker.language.source import class_node

__all__ = ["uses_besides_size"]


def uses_besides_size(model: Model | type[Model], parameter: str) -> tuple[str, ...]:
    """What a model's text does with a parameter, or with the number that it stands for, besides sizing.

    Parameters
    ----------
    model : Model or its class
    parameter : str

    Returns
    -------
    tuple of str
        Each with its file and line; empty if every size means the same.
    """
    found: list[str] = []
    for owner in _classes(model if isinstance(model, type) else type(model)):
        node = class_node(owner)
        if node is None:
            found.append(f"the text of `{owner.__name__}` is not available")
            continue
        definition, file = node
        for place, reason in sorted(_Reader(parameter).read(definition)):
            found.append(f"{file}:{place[0]}: {reason}")
    return tuple(dict.fromkeys(found))


def _classes(model: type[Model]) -> Iterator[type[Model]]:
    """The class, what it inherits from, and the same of its components."""
    stack, seen = [model], set()
    while stack:
        for owner in stack.pop().__mro__:
            if owner in seen or not issubclass(owner, Model) or owner is Model:
                continue
            seen.add(owner)
            yield owner
            parts = (one for one in members(owner).values() if isinstance(one, Model))
            stack.extend(type(one) for one in parts)


_REFLECTION = ("getattr", "vars", "eval", "exec", "locals", "globals")

_Reasons = Iterator[tuple[tuple[int, int], str]]


class _Reader:
    """Looks through the syntax tree of one class."""

    def __init__(self, parameter: str) -> None:
        self.parameter = parameter
        self.sizes: set[ast.AST] = set()
        self.bodies: set[ast.AST] = set()

    def read(self, definition: ast.ClassDef) -> _Reasons:
        """Yield what is more than a size, with its line and column."""
        for node in ast.walk(definition):
            self.sizes.update(self._sizing(node))
            if isinstance(node, ast.FunctionDef):
                self.bodies.update(part for one in node.body for part in ast.walk(one))
        for node in ast.walk(definition):
            reason = self._reason(node)
            if reason:
                # Only expressions and statements give a reason, and these have a place.
                yield (getattr(node, "lineno", 0), getattr(node, "col_offset", 0)), reason

    def _is_size(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Attribute):
            return node.attr == self.parameter and isinstance(node.value, ast.Name)
        if not isinstance(node, ast.Name) or node.id != self.parameter:
            return False
        # Names of a class body are not visible in its methods: there it is a local variable.
        return node not in self.bodies

    def _sizing(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield the places below a node in which the parameter is a size."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            arguments = node.args
            if node.func.id in ("Array", "Set"):
                yield from arguments[:1]
            elif node.func.id == "range":
                if len(arguments) == 1 or (len(arguments) == 2 and _is_number(arguments[0], 0)):
                    yield arguments[-1]
            elif node.func.id == "Int" and len(arguments) == 2 and _is_number(arguments[0], 0):
                last = arguments[1]
                if isinstance(last, ast.BinOp) and _is_number(last.right, 1):
                    yield from (last.left,) if isinstance(last.op, ast.Sub) else ()
            elif node.func.id == "process":
                yield from (one.value for one in node.keywords if one.arg == "instances")
        elif isinstance(node, ast.Assign) and _is_declaration(node.value):
            yield from node.targets

    def _reason(self, node: ast.AST) -> str:
        if self._is_size(node) and node not in self.sizes:
            return f"`{self.parameter}` is used as a number"
        if isinstance(node, ast.For | ast.AsyncFor | ast.While):
            return "a loop may run once for each part"
        if isinstance(node, ast.Call):
            return _called(node)
        return ""


def _called(node: ast.Call) -> str:
    if any(isinstance(one, ast.Name) and one.id == "self" for one in node.args):
        return "`self` is passed on"
    if isinstance(node.func, ast.Attribute):
        owner = node.func.value
        if isinstance(owner, ast.Name) and owner.id != "self":
            return f"the text of `{ast.unparse(node.func)}` is not looked at"
        return ""
    if not isinstance(node.func, ast.Name):
        return ""
    name = node.func.id
    if name == "len":
        return "`len` may be the number of parts"
    if name == "sum" and node.args and isinstance(node.args[0], ast.GeneratorExp | ast.ListComp):
        return _summed(node.args[0])
    if name not in _language() and (not hasattr(builtins, name) or name in _REFLECTION):
        return f"the text of `{name}` is not looked at"
    return ""


def _summed(node: ast.GeneratorExp | ast.ListComp) -> str:
    """A sum of what is the same for every part is the number of parts."""
    for generator in node.generators:
        told = {one.id for one in ast.walk(generator.target) if isinstance(one, ast.Name)}
        asked = [node.elt, *(test for other in node.generators for test in other.ifs)]
        read = {one.id for part in asked for one in ast.walk(part) if isinstance(one, ast.Name)}
        if told.isdisjoint(read):
            return f"`sum({ast.unparse(node.elt)} …)` counts parts"
    return ""


def _is_number(node: ast.AST, value: int) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int and node.value == value


def _is_declaration(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Param"


def _language() -> frozenset[str]:
    """What a model may call without its text being part of the model."""
    return frozenset(sys.modules["checker"].__all__)
