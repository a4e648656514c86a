"""What a value stands for as a condition or a number, and the values of literals and names."""

from __future__ import annotations

import ast
import builtins
from typing import Any

from checker.language.errors import ModelError, Span, nearest
from checker.language.model import Model
from checker.language.recorder import Frame, Recorder, refuse
from checker.language.symbols import NeedsNumber
from checker.language.types import FieldType
from checker.language.values import (
    Builtin,
    Label,
    LabelChoice,
    Maybe,
    Members,
    Nothing,
    Place,
    Row,
    Scalar,
    TypeName,
    Unusable,
    Value,
    load,
    number,
    sort_name,
)
from checker.system.expression import (
    FALSE,
    Expression,
    as_integer,
    conj,
    constant,
    disj,
    eq,
    neg,
)
from checker.system.sorts import BoolSort, EnumSort, IntSort

__all__ = ["MISSING", "Terms"]


MISSING = object()

_NOT_ALLOWED = {
    ast.Await: (
        "`await` has no meaning in a model",
        "a model is synchronous: use a @process with `yield`",
    ),
    ast.JoinedStr: ("text is not data in a model", "use an Enum for what can be told apart"),
    ast.NamedExpr: ("`:=` is not supported", "assign on a line of its own"),
    ast.Dict: ("a dictionary is not data in a model", "use a Record, or an Array indexed by number"),
    ast.DictComp: ("a dictionary is not data in a model", "use a Record, or an Array indexed by number"),
    ast.Lambda: ("a lambda is only possible as the premise of @leads_to", "write a method"),
    ast.Starred: ("`*` is not supported here", "write the elements out"),
    ast.YieldFrom: (
        "`yield from` is not supported",
        "write the body of the sub-process where it is used",
    ),
    ast.Slice: ("slices are not supported", "use a comprehension over the indices"),
    ast.Yield: ("a `yield` has no value", "write it on a line of its own"),
}


class Terms:
    """Literals, names, and Python's view of a value; every other kind of expression builds on it.

    Parameters
    ----------
    recorder : Recorder
        The step being recorded.
    frame : Frame
        The function being executed.
    snapshots : set of syntax nodes
        Conditional expressions whose value is a copy of a field on one path only.
    """

    recorder: Recorder
    frame: Frame
    snapshots: set[ast.AST]

    def value(self, node: ast.expr) -> Value:
        """Any value."""
        handler = getattr(self, "_" + type(node).__name__, None)
        if handler is None:
            for kind, (message, help) in _NOT_ALLOWED.items():
                if isinstance(node, kind):
                    raise self.refuse(message, node, help=help)
            raise self.refuse(
                f"`{ast.unparse(node)}` is not supported in a model",
                node,
                help="compute it outside the model",
            )
        found: Value = handler(node)
        return found

    def truth(self, node: ast.expr) -> Expression:
        """A condition, by Python's truth of numbers, sets and Optional values."""
        return self.truth_of(self.value(node), node)

    def integer(self, node: ast.expr) -> Expression:
        """A number; a truth value counts as 0 or 1."""
        return self.integer_of(self.value(node), node)

    def truth_of(self, value: Value, node: ast.AST) -> Expression:
        """Python's truth of a value."""
        value = self.plain(value, node)
        if isinstance(value, Scalar):
            sort = value.expression.sort
            if isinstance(sort, BoolSort):
                return value.expression
            if isinstance(sort, IntSort):
                return neg(eq(value.expression, constant(0)))
            raise self.refuse("a label is always true", node, help="compare it: == 'label'")
        if isinstance(value, Nothing):
            return FALSE
        if isinstance(value, Maybe):
            return conj(value.present, self.truth_of(value.content, node))
        if isinstance(value, Members):
            return disj(*value.bits)
        if isinstance(value, Row):
            return constant(bool(value.elements))
        raise self.refuse(
            f"{sort_name(value)} is not a condition", node, help="compare it with something"
        )

    def integer_of(self, value: Value, node: ast.AST) -> Expression:
        """A number from a value."""
        value = self.present(self.plain(value, node), node)
        if isinstance(value, Scalar) and not isinstance(value.expression.sort, EnumSort):
            return as_integer(value.expression)
        raise self.refuse(f"expected a number, found {sort_name(value)}", node, help=_number_help(value))

    def plain(self, value: Value, node: ast.AST) -> Value:
        """The value itself, read out of the state if it is a place there."""
        if isinstance(value, Place):
            return load(value, self.recorder.read)
        if isinstance(value, Unusable):
            raise self.refuse(f"`{ast.unparse(node)}` has no value here", node, value.reason, value.help)
        return value

    def present(self, value: Value, node: ast.AST) -> Value:
        """The content of an Optional value, with a hazard where it is None."""
        if isinstance(value, Nothing):
            raise self.refuse("None is used as a value", node, help="test `is not None` first")
        if isinstance(value, Maybe):
            text = ast.unparse(node)
            absent = neg(value.present)
            self.recorder.hazard("none", absent, f"`{text}` is None", "well_defined", self.span(node))
            return value.content
        return value

    def must_be_number(self, expression: Expression, what: str, node: ast.AST) -> None:
        """Ask for numbers instead of the parameters that an expression depends on, if there are any.

        Raises
        ------
        NeedsNumber
        """
        depends = self.recorder.names.symbols.among(expression)
        if depends:
            raise NeedsNumber(depends, f"{what} in line {getattr(node, 'lineno', 0)}")

    def span(self, node: ast.AST) -> Span:
        """Where a node stands."""
        return Span.of(node, self.frame.file)

    def refuse(self, message: str, node: ast.AST, note: str = "", help: str = "") -> ModelError:
        """An error at a node."""
        return refuse(message, node, self.frame, note, help)

    def _Constant(self, node: ast.Constant) -> Value:
        return self.lift(node.value, node)

    def _Tuple(self, node: ast.Tuple) -> Value:
        return Row(tuple(self.value(one) for one in node.elts))

    def _List(self, node: ast.List) -> Value:
        return Row(tuple(self.value(one) for one in node.elts), "list")

    def _Set(self, node: ast.Set) -> Value:
        return self.members([self.integer(one) for one in node.elts], node)

    def members(self, numbers: list[Expression], node: ast.AST) -> Members:
        """The set of some numbers, each of which must be bounded and not negative."""
        bits: dict[int, Expression] = {}
        for one in numbers:
            low, high = self.recorder.bounds(one)
            if low < 0 or high > 4096:
                self.must_be_number(one, "a member of a set", node)
                raise self.refuse(
                    "members of a set are small natural numbers",
                    node,
                    help="0 to 4096, known to be in these bounds",
                )
            for i in range(int(low), int(high) + 1):
                bits[i] = disj(bits.get(i, FALSE), eq(one, constant(i)))
        return Members(tuple(bits.get(i, FALSE) for i in range(max(bits, default=-1) + 1)))

    def _Name(self, node: ast.Name) -> Value:
        name = node.id
        if name in self.frame.locals:
            return self.frame.locals[name]
        code = self.frame.function.__code__
        if name in code.co_varnames or name in code.co_cellvars:
            # Python decides by the whole function: an outer name of this kind is out of sight.
            raise self.refuse(
                f"`{name}` has no value here",
                node,
                "it is a local variable that is assigned further down",
                "assign it before",
            )
        found = self.outer_name(name)
        if found is MISSING:
            known = {*self.frame.locals, *self._globals(), *dir(builtins)}
            hint = nearest(name, sorted(known)) or "assign it before, or define it in the module"
            scope = self.frame.receiver
            if scope is not None and name in scope.scope.members:
                hint = f"write `self.{name}`"
            elif (
                scope is not None
                and nearest(name, scope.scope.members)
                and not nearest(name, sorted(known))
            ):
                hint = nearest(f"self.{name}", [f"self.{member}" for member in scope.scope.members])
            raise self.refuse(f"unknown name `{name}`", node, help=hint)
        return self.lift(found, node)

    def _globals(self) -> dict[str, Any]:
        space: dict[str, Any] = self.frame.function.__globals__
        return space

    def outer_name(self, name: str) -> Any:
        """What a name means outside the function: closure, module, builtins."""
        function = self.frame.function
        if name in function.__code__.co_freevars:
            cell = function.__closure__[function.__code__.co_freevars.index(name)]
            try:
                return cell.cell_contents
            except ValueError:
                return MISSING
        return self._globals().get(name, getattr(builtins, name, MISSING))

    def lift(self, found: Any, node: ast.AST) -> Value:
        """A Python object from outside the model as a value."""
        if found is None:
            return Nothing()
        if isinstance(found, bool | int):
            return number(found)
        if isinstance(found, str):
            return Label(found)
        if isinstance(found, float):
            raise self.refuse(
                "a model has whole numbers only", node, help="scale: count tenths, or percent"
            )
        if isinstance(found, range):
            return Row(tuple(number(one) for one in found), "range")
        if isinstance(found, tuple | list):
            return Row(
                tuple(self.lift(one, node) for one in found),
                "list" if isinstance(found, list) else "tuple",
            )
        if isinstance(found, set | frozenset):
            if not all(isinstance(one, int) and one >= 0 for one in found):
                raise self.refuse("a set of anything but natural numbers", node, help="use a tuple")
            top = max(found, default=-1)
            return Members(tuple(constant(i in found) for i in range(top + 1)))
        if isinstance(found, FieldType):
            return TypeName(found)
        if isinstance(found, type) and issubclass(found, Model):
            return Builtin(found, found.__name__)
        if callable(found):
            return self.callable_value(found, getattr(found, "__name__", "function"))
        raise self.refuse(
            f"`{ast.unparse(node)}` is of type {type(found).__name__}, which is not data in a model",
            node,
            help="constants are whole numbers, truth values, labels, and tuples of these",
        )

    def callable_value(self, found: Any, name: str) -> Value:
        """A function from outside the model; overridden where calls are translated."""
        return Builtin(found, name)


def _number_help(value: Value) -> str:
    if isinstance(value, Scalar | Label | LabelChoice):
        return "labels know == and != and `in`; for an order count with Int"
    if isinstance(value, Members | Row):
        return "`len` and `sum` make a number of it"
    return "numbers and truth values can be computed with"
