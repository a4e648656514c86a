"""One node of an expression: frozen, hash-consed, so that equal structure is the same object."""

from __future__ import annotations

import weakref
from typing import Any

from checker.system.sorts import Sort

__all__ = ["Expression", "intern"]


class Expression:
    """One node: an operator, its operands, a payload (a value or a name) and its sort.

    ==============  ======================  ==============================================
    operator        operands                payload
    ==============  ======================  ==============================================
    const           –                       bool or int
    variable        –                       name of a state variable
    next            –                       name of a state variable after the step
    bound           –                       (name, low, high): parameter, choice, or index
    not and or      Bool …                  –
    ite             Bool, a, a              –
    eq lt le        a, a                    –
    add sub mul     Int, Int                –
    floordiv mod    Int, Int                – (Python's rounding, towards minus infinity)
    min max         Int, Int                –
    array           a …                     – (only ever an operand of `select`)
    select          array, Int              –
    any all sum     bound, body             – (over every value of the bound symbol)
    ==============  ======================  ==============================================
    """

    __slots__ = ("__weakref__", "operands", "operator", "payload", "sort")

    operator: str
    operands: tuple[Expression, ...]
    payload: Any
    sort: Sort

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("expressions are immutable")

    def __reduce__(self) -> tuple[Any, ...]:
        return (intern, (self.operator, self.operands, self.payload, self.sort))

    def __repr__(self) -> str:
        from checker.system.printer import show_expression

        return f"<{show_expression(self)}>"

    @property
    def is_constant(self) -> bool:
        return self.operator == "const"


_interned: weakref.WeakValueDictionary[tuple[object, ...], Expression] = weakref.WeakValueDictionary()


def intern(operator: str, operands: tuple[Expression, ...], payload: Any, sort: Sort) -> Expression:
    """The one node with this structure; called by the constructors, and by unpickling."""
    # Operands are interned already, so their identity stands for their structure; the type of
    # the payload is part of the key because True == 1 in Python.
    key = (operator, tuple(map(id, operands)), type(payload), payload, sort)
    known = _interned.get(key)
    if known is not None:
        return known
    node = object.__new__(Expression)
    put = object.__setattr__
    put(node, "operator", operator)
    put(node, "operands", operands)
    put(node, "payload", payload)
    put(node, "sort", sort)
    return _interned.setdefault(key, node)
