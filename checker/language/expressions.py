"""Python expressions of a model, translated to values over the state."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from types import ModuleType
from typing import Any

from checker.language.errors import ModelError, Span, nearest
from checker.language.model import Model
from checker.language.parameters import Param
from checker.language.recorder import Frame, Recorder, refuse
from checker.language.types import FieldType, Input
from checker.language.values import (
    Builtin,
    Label,
    LabelChoice,
    Maybe,
    Members,
    Method,
    Namespace,
    Nothing,
    Place,
    Row,
    Scalar,
    SetMethod,
    Struct,
    TypeName,
    Unusable,
    Value,
    either,
    element,
    elements,
    equal,
    labels_of,
    load,
    merge,
    number,
    padded,
    part,
    sort_name,
    subset,
)
from checker.system.bounds import bounds
from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    add,
    as_integer,
    conj,
    constant,
    disj,
    eq,
    floordiv,
    ite,
    le,
    lt,
    modulo,
    mul,
    neg,
    next_variable,
    sub,
)
from checker.system.shape import ArrayShape, OptionalShape, RecordShape, ScalarShape, SetShape
from checker.system.sorts import BoolSort, EnumSort, IntSort

__all__ = ["Expressions"]

_MISSING = object()

_NOT_ALLOWED = {
    ast.Await: ("`await` has no meaning in a model", "a model is synchronous: use a @process with `yield`"),
    ast.JoinedStr: ("text is not data in a model", "use an Enum for what can be told apart"),
    ast.NamedExpr: ("`:=` is not supported", "assign on a line of its own"),
    ast.Dict: ("a dictionary is not data in a model", "use a Record, or an Array indexed by number"),
    ast.DictComp: ("a dictionary is not data in a model", "use a Record, or an Array indexed by number"),
    ast.Lambda: ("a lambda is only possible as the premise of @leads_to", "write a method"),
    ast.Starred: ("`*` is not supported here", "write the elements out"),
    ast.YieldFrom: ("`yield from` is not supported", "write the body of the sub-process where it is used"),
    ast.Slice: ("slices are not supported", "use a comprehension over the indices"),
    ast.Yield: ("a `yield` has no value", "write it on a line of its own"),
}


class Expressions:
    """Translates expressions of one function; statements and calls build on it.

    Parameters
    ----------
    recorder : Recorder
        The step being recorded.
    frame : Frame
        The function being executed.
    """

    recorder: Recorder
    frame: Frame
    snapshots: set[ast.AST]

    # ------------------------------------------------------------ entry points

    def value(self, node: ast.expr) -> Value:
        """Any value."""
        handler = getattr(self, "_" + type(node).__name__, None)
        if handler is None:
            for kind, (message, help) in _NOT_ALLOWED.items():
                if isinstance(node, kind):
                    raise self.refuse(message, node, help=help)
            raise self.refuse(
                f"`{ast.unparse(node)}` is not supported in a model", node, help="compute it outside the model"
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
            raise self.refuse(
                "a label is always true", node, help="compare it: == 'label'"
            )
        if isinstance(value, Nothing):
            return FALSE
        if isinstance(value, Maybe):
            return conj(value.present, self.truth_of(value.content, node))
        if isinstance(value, Members):
            return disj(*value.bits)
        if isinstance(value, Row):
            return constant(bool(value.elements))
        raise self.refuse(f"{sort_name(value)} is not a condition", node, help="compare it with something")

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

    def span(self, node: ast.AST) -> Span:
        """Where a node stands."""
        return Span.of(node, self.frame.file)

    def refuse(self, message: str, node: ast.AST, note: str = "", help: str = "") -> ModelError:
        """An error at a node."""
        return refuse(message, node, self.frame, note, help)

    # ------------------------------------------------------------ literals and names

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
            low, high = bounds(one, self.recorder.domains, self.recorder.path)
            if low < 0 or high > 4096:
                raise self.refuse(
                    "members of a set are small natural numbers", node, help="0 to 4096, known to be in these bounds"
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
        if found is _MISSING:
            known = {*self.frame.locals, *self._globals(), *dir(builtins)}
            hint = nearest(name, sorted(known)) or "assign it before, or define it in the module"
            scope = self.frame.receiver
            if scope is not None and name in scope.scope.members:
                hint = f"write `self.{name}`"
            elif scope is not None and nearest(name, scope.scope.members) and not nearest(name, sorted(known)):
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
                return _MISSING
        return self._globals().get(name, getattr(builtins, name, _MISSING))

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
            return Row(tuple(self.lift(one, node) for one in found), "list" if isinstance(found, list) else "tuple")
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

    # ------------------------------------------------------------ attributes

    def _Attribute(self, node: ast.Attribute) -> Value:
        module = self._module(node.value)
        if module is not None:
            return self._module_attribute(module, node)
        base = self.value(node.value)
        if isinstance(base, Unusable):
            self.plain(base, node.value)
        if isinstance(base, Maybe):
            base = self.present(base, node.value)
        if isinstance(base, Namespace):
            return self.attribute(base, node.attr, node)
        if isinstance(base, Builtin) and isinstance(base.function, type):
            return self._class_attribute(base.function, node)
        if isinstance(base, Place):
            shape = base.shapes[0]
            if isinstance(shape, RecordShape):
                names = [name for name, _ in shape.parts]
                if node.attr in names:
                    return self.at(part(base, node.attr))
                hint = nearest(node.attr, names) or f"it has {', '.join(names)}"
                raise self.refuse(f"the record has no part `{node.attr}`", node, help=hint)
            return SetMethod(base, node.attr)
        if isinstance(base, Struct):
            parts = dict(base.parts)
            if node.attr in parts:
                return parts[node.attr]
        raise self.refuse(
            f"{sort_name(base)} has no attribute `{node.attr}`",
            node,
            help="fields, records and components have attributes",
        )

    def _module(self, node: ast.expr) -> ModuleType | None:
        """The module that a dotted name begins with: `math` in `math.floor`."""
        if isinstance(node, ast.Name) and node.id not in self.frame.locals:
            found = self.outer_name(node.id)
            return found if isinstance(found, ModuleType) else None
        return None

    def _module_attribute(self, module: ModuleType, node: ast.Attribute) -> Value:
        found = getattr(module, node.attr, _MISSING)
        if found is _MISSING:
            hint = nearest(node.attr, dir(module)) or f"look into {module.__name__} for what there is"
            raise self.refuse(f"{module.__name__} has no `{node.attr}`", node, help=hint)
        return self.lift(found, node)

    def _class_attribute(self, owner: type, node: ast.Attribute) -> Value:
        if node.attr not in dir(owner):
            hint = nearest(node.attr, dir(owner)) or "constants of a class are assigned in its body"
            raise self.refuse(f"{owner.__name__} has no `{node.attr}`", node, help=hint)
        found = getattr(owner, node.attr)
        if isinstance(found, FieldType | Param | Model):
            raise self.refuse(
                f"`{owner.__name__}.{node.attr}` belongs to an instance", node, help=f"write `self.{node.attr}`"
            )
        return self.lift(found, node)

    def attribute(self, space: Namespace, name: str, node: ast.AST) -> Value:
        """`self.name`: a field, input, parameter, component, method, or constant of the class."""
        scope = space.scope
        if name in scope.inputs:
            home, source = scope.inputs[name]
            return self.attribute(Namespace(home, space.after), source, node)
        if name in scope.shapes:
            place = Place((scope.shapes[name],), (), scope.field_name(name))
            return self._after(place) if space.after else self.at(place)
        if name in scope.parameters:
            return number(scope.parameters[name])
        if name in scope.components:
            inner = scope.components[name]
            if inner.model.reads_as is not None:
                return self.attribute(Namespace(inner, space.after), inner.model.reads_as, node)
            return Namespace(inner, space.after)
        member = scope.members.get(name, getattr(scope.model, name, _MISSING))
        # A member that is None was taken out by a subclass.
        if member is _MISSING or member is None or isinstance(member, Input) or name.startswith("__"):
            known = [*scope.shapes, *scope.parameters, *scope.components, *scope.members]
            hint = nearest(name, known) or "fields are declared in the class body: name = Int(0, 3)"
            raise self.refuse(f"{scope.model.__name__} has no field or method `{name}`", node, help=hint)
        if isinstance(member, staticmethod):
            return self.callable_value(member.__func__, name)
        if isinstance(member, classmethod | property):
            raise self.refuse(
                f"`{name}` is a {type(member).__name__}", node, help="write a plain method"
            )
        if callable(member) and not isinstance(member, type):
            return Method(member, space, name)
        return self.lift(member, node)

    def _after(self, place: Place) -> Value:
        return load(place, lambda shape: next_variable(shape.variable, shape.domain.sort))

    def at(self, place: Place) -> Value:
        """What a place means when it is named: containers stay places, the rest is read."""
        if isinstance(place.shapes[0], ScalarShape | OptionalShape):
            return load(place, self.recorder.read)
        return place

    def _Subscript(self, node: ast.Subscript) -> Value:
        base = self.value(node.value)
        if isinstance(base, Maybe):
            base = self.present(base, node.value)
        if isinstance(node.slice, ast.Slice):
            raise self.refuse("slices are not supported", node, help="use a comprehension over the indices")
        if isinstance(base, Place) and isinstance(base.shapes[0], ArrayShape):
            index = self.index(node.slice, len(base.shapes[0].elements), node)
            return self.at(element(base, index))
        if isinstance(base, Row) and base.kind != "iterator":
            return self._element_of_row(base, node)
        self.plain(base, node.value)
        raise self.refuse(
            f"{sort_name(base)} has no elements to index", node.value, help="arrays and tuples have; a set knows `in`"
        )

    def _element_of_row(self, row: Row, node: ast.Subscript) -> Value:
        """An element of a tuple or list: Python counts negative indices from its end."""
        count = len(row.elements)
        if row.kind == "array":
            index, positions = self.index(node.slice, count, node), [(i, i) for i in range(count)]
        else:
            index = add(self.integer(node.slice), constant(count))
            if index.is_constant and not 0 <= index.payload < 2 * count:
                shown = ast.unparse(node.slice)
                if count == 0 or isinstance(node.slice, ast.Constant | ast.UnaryOp):
                    raise self.refuse(
                        f"index {shown} is outside the tuple", node, f"it has {count} elements", "index what is there"
                    )
                message = f"index `{shown}` is outside the tuple"
                self.recorder.hazard("index", TRUE, message, "well_defined", self.span(node))
                return row.elements[0]
            self._inside(index, 2 * count, node)
            positions = [(i, i % count) for i in range(2 * count)]
        if index.is_constant:
            return row.elements[index.payload % count]
        value = row.elements[0]
        for i, at in positions[1:]:
            value = merge(eq(index, constant(i)), row.elements[at], value)
        return value

    def _inside(self, index: Expression, length: int, node: ast.Subscript) -> None:
        low, high = bounds(index, self.recorder.domains, self.recorder.path)
        if low < 0 or high >= length:
            outside = disj(lt(index, constant(0)), le(constant(length), index))
            message = f"index `{ast.unparse(node.slice)}` is outside the tuple"
            self.recorder.hazard("index", outside, message, "well_defined", self.span(node))

    def index(self, node: ast.expr, length: int, whole: ast.AST) -> Expression:
        """An index, with a hazard where it is outside 0..length-1."""
        index = self.integer(node)
        shown = ast.unparse(node)
        if length == 0 or (index.is_constant and not 0 <= index.payload < length):
            if index.is_constant and isinstance(node, ast.Constant | ast.UnaryOp):
                raise self.refuse(
                    f"index {shown} is outside the array",
                    node,
                    f"it has {length} elements",
                    f"indices are 0..{length - 1}; there are no negative ones" if length else "",
                )
            self.recorder.hazard("index", TRUE, f"index {shown} is out of range", "well_defined", self.span(node))
            if length == 0:
                raise self.refuse("an array without elements is indexed", whole, help="test its length first")
            return constant(0)
        low, high = bounds(index, self.recorder.domains, self.recorder.path)
        if low < 0 or high >= length:
            outside = disj(lt(index, constant(0)), le(constant(length), index))
            message = f"index `{shown}` is outside 0..{length - 1}"
            self.recorder.hazard("index", outside, message, "well_defined", self.span(node))
        return index

    # ------------------------------------------------------------ operators

    def _BoolOp(self, node: ast.BoolOp) -> Value:
        return self._junction(node, list(node.values))

    def _junction(self, node: ast.BoolOp, operands: list[ast.expr]) -> Value:
        first = self.value(operands[0])
        if len(operands) == 1:
            return first
        condition = self.truth_of(first, operands[0])
        wanted = condition if isinstance(node.op, ast.And) else neg(condition)
        kept: Value = first

        def rest() -> Value:
            return self._junction(node, operands[1:])

        # The right operand is evaluated, with all that can go wrong in it, only where it matters.
        found = self.recorder.branch(self.frame, wanted, rest, lambda: kept)
        assert found is not None
        if isinstance(first, Scalar) and isinstance(first.expression.sort, BoolSort):
            return found
        if isinstance(found, Unusable):
            raise self.refuse(
                f"`{ast.unparse(node)}` mixes kinds of values", node, help="compare each side: a > 0 and b > 0"
            )
        return found

    def _UnaryOp(self, node: ast.UnaryOp) -> Value:
        if isinstance(node.op, ast.Not):
            return Scalar(neg(self.truth(node.operand)))
        if isinstance(node.op, ast.USub):
            return Scalar(sub(constant(0), self.integer(node.operand)))
        if isinstance(node.op, ast.UAdd):
            return Scalar(self.integer(node.operand))
        raise self.refuse("`~` is not supported", node, help="write `not` for a truth value")

    def _BinOp(self, node: ast.BinOp) -> Value:
        return self.binary(node.op, self.value(node.left), self.value(node.right), node)

    def binary(self, operator: ast.operator, left: Value, right: Value, node: ast.AST) -> Value:
        """`left operator right`, also for `x += y`."""
        left, right = self.plain(left, node), self.plain(right, node)
        if isinstance(left, Members) or isinstance(right, Members):
            return self._set_operation(operator, left, right, node)
        if isinstance(operator, ast.Add | ast.Mult) and (isinstance(left, Row) or isinstance(right, Row)):
            return self._row_operation(operator, left, right, node)
        a, b = self.integer_of(left, _side(node, "left")), self.integer_of(right, _side(node, "right"))
        if isinstance(operator, ast.FloorDiv | ast.Mod):
            low, high = bounds(b, self.recorder.domains, self.recorder.path)
            if b.is_constant and b.payload == 0:
                raise self.refuse("division by zero", _side(node, "right"), help="divide by something else")
            if low <= 0 <= high:
                self.recorder.hazard(
                    "division",
                    eq(b, constant(0)),
                    f"`{ast.unparse(node)}` divides by zero",
                    "well_defined",
                    self.span(node),
                )
            return Scalar(floordiv(a, b) if isinstance(operator, ast.FloorDiv) else modulo(a, b))
        build: dict[type, Callable[[Expression, Expression], Expression]] = {
            ast.Add: add,
            ast.Sub: sub,
            ast.Mult: mul,
        }
        if type(operator) not in build:
            sign = _SIGNS.get(type(operator), "@")
            help = {
                "/": "whole numbers only: use `//`",
                "|": "`or` for conditions; numbers know + - * // %",
                "&": "`and` for conditions; numbers know + - * // %",
            }.get(sign, "numbers know + - * // %")
            raise self.refuse(f"`{sign}` is not supported on numbers", node, help=help)
        return Scalar(build[type(operator)](a, b))

    def _set_operation(self, operator: ast.operator, left: Value, right: Value, node: ast.AST) -> Value:
        if not (isinstance(left, Members) and isinstance(right, Members)):
            other = sort_name(right if isinstance(left, Members) else left)
            raise self.refuse(f"a set is combined with {other}", node, help="write it as a set: {…}")
        pairs = list(padded(left, right))
        if isinstance(operator, ast.BitOr):
            return Members(tuple(disj(a, b) for a, b in pairs))
        if isinstance(operator, ast.BitAnd):
            return Members(tuple(conj(a, b) for a, b in pairs))
        if isinstance(operator, ast.Sub):
            return Members(tuple(conj(a, neg(b)) for a, b in pairs))
        sign = _SIGNS.get(type(operator), "@")
        raise self.refuse(f"`{sign}` is not supported on sets", node, help="sets know `|`, `&` and `-`")

    def _row_operation(self, operator: ast.operator, left: Value, right: Value, node: ast.AST) -> Value:
        if isinstance(operator, ast.Add) and isinstance(left, Row) and isinstance(right, Row):
            return Row(left.elements + right.elements, left.kind)
        if isinstance(operator, ast.Mult):
            row, count = (left, right) if isinstance(left, Row) else (right, left)
            times = self.integer_of(count, node)
            if isinstance(row, Row) and times.is_constant:
                return Row(row.elements * times.payload, row.kind)
        raise self.refuse(
            "a list is combined with something that is none", node, help="lists know list + list and list * number"
        )

    def _IfExp(self, node: ast.IfExp) -> Value:
        condition = self.truth(node.test)
        places: list[Place] = []

        def branch(side: ast.expr) -> Value:
            value = self.value(side)
            if isinstance(value, Place):
                places.append(value)
            return self.plain(value, side)

        found = self.recorder.branch(
            self.frame, condition, lambda: branch(node.body), lambda: branch(node.orelse)
        )
        if len(places) == 2:
            found = either(condition, *places)
        elif places and not condition.is_constant:
            self.snapshots.add(node)
        if found is None or isinstance(found, Unusable):
            raise self.refuse(
                "the two branches are different kinds of values", node, help="both numbers, or both labels"
            )
        return found

    # ------------------------------------------------------------ comparisons

    def _Compare(self, node: ast.Compare) -> Value:
        return Scalar(self._chain(self.value(node.left), node.left, list(node.ops), list(node.comparators)))

    def _chain(
        self, left: Value, left_node: ast.expr, operators: list[ast.cmpop], right_nodes: list[ast.expr]
    ) -> Expression:
        right = self.value(right_nodes[0])
        first = self.compare(operators[0], left, left_node, right, right_nodes[0])
        if len(operators) == 1:
            return first
        rest = self.recorder.branch(
            self.frame,
            first,
            lambda: Scalar(self._chain(right, right_nodes[0], operators[1:], right_nodes[1:])),
            lambda: Scalar(FALSE),
        )
        assert isinstance(rest, Scalar)
        return rest.expression

    def compare(
        self, operator: ast.cmpop, left: Value, left_node: ast.expr, right: Value, right_node: ast.expr
    ) -> Expression:
        """One comparison."""
        if isinstance(operator, ast.In | ast.NotIn):
            inside = self.contains(right, right_node, self.plain(left, left_node), left_node)
            return inside if isinstance(operator, ast.In) else neg(inside)
        left, right = self.plain(left, left_node), self.plain(right, right_node)
        if isinstance(operator, ast.Is | ast.IsNot):
            if not (isinstance(left, Nothing) or isinstance(right, Nothing)):
                raise self.refuse("`is` compares with None only", right_node, help="use == and !=")
            same = self.equality(left, left_node, right, right_node)
            return same if isinstance(operator, ast.Is) else neg(same)
        if isinstance(operator, ast.Eq | ast.NotEq):
            same = self.equality(left, left_node, right, right_node)
            return same if isinstance(operator, ast.Eq) else neg(same)
        if isinstance(left, Members) and isinstance(right, Members):
            return self._set_order(operator, left, right)
        a, b = self.integer_of(left, left_node), self.integer_of(right, right_node)
        if isinstance(operator, ast.Lt):
            return lt(a, b)
        if isinstance(operator, ast.LtE):
            return le(a, b)
        return lt(b, a) if isinstance(operator, ast.Gt) else le(b, a)

    def _set_order(self, operator: ast.cmpop, left: Members, right: Members) -> Expression:
        if isinstance(operator, ast.Gt | ast.GtE):
            left, right = right, left
        inside = subset(left, right)
        if isinstance(operator, ast.Lt | ast.Gt):
            return conj(inside, neg(subset(right, left)))
        return inside

    def equality(self, left: Value, left_node: ast.AST, right: Value, right_node: ast.AST) -> Expression:
        """Python's `==`."""
        same = equal(left, right)
        if same is not None:
            return same
        for label, label_node, other in ((left, left_node, right), (right, right_node, left)):
            while isinstance(other, Maybe):
                other = other.content
            if isinstance(label, Label | LabelChoice) and isinstance(other, Scalar):
                raise self.unknown_label(label, other.expression.sort, label_node)
        raise self.refuse(
            f"{sort_name(left)} is compared with {sort_name(right)}", right_node, help="they are never equal: compare values of one kind"
        )

    def unknown_label(self, label: Label | LabelChoice, sort: Any, node: ast.AST) -> ModelError:
        """A label that the enum does not have."""
        if not isinstance(sort, EnumSort):
            kind = "a truth value" if isinstance(sort, BoolSort) else "a number"
            return self.refuse(
                f"the label {next(labels_of(label))!r} where {kind} is expected",
                node,
                help="texts are labels of an Enum; for other text there is no use in a model",
            )
        wrong = next(text for text in labels_of(label) if text not in sort.labels)
        literals = (one for one in ast.walk(node) if isinstance(one, ast.Constant) and one.value == wrong)
        hint = nearest(wrong, sort.labels) or "add it to the Enum"
        return self.refuse(
            f"no label {wrong!r}", next(literals, node), f"the labels are {', '.join(sort.labels)}", hint
        )

    def contains(self, container: Value, node: ast.expr, item: Value, item_node: ast.expr) -> Expression:
        """Python's `in`."""
        if isinstance(container, Unusable):
            self.plain(container, node)
        if isinstance(container, TypeName):
            resolved = self.domain_of(container, node)
            if isinstance(resolved.sort, EnumSort):
                row: Value = Row(tuple(Label(label) for label in resolved.sort.labels))
                return self.contains(row, node, item, item_node)
            if isinstance(item, Nothing):
                return FALSE
            if isinstance(item, Maybe):
                return conj(item.present, self.contains(container, node, item.content, item_node))
            one = self.integer_of(item, item_node)
            upper = TRUE if resolved.high is None else le(one, constant(resolved.high))
            return conj(le(constant(resolved.low), one), upper)
        if isinstance(container, Place) and isinstance(container.shapes[0], SetShape | ArrayShape):
            container = self.plain(container, node)
        if isinstance(container, Members):
            if isinstance(item, Nothing):
                return FALSE
            if isinstance(item, Maybe):
                # None is a member of no set; asking is no error.
                return conj(item.present, self.contains(container, node, item.content, item_node))
            one = self.integer_of(item, item_node)
            return disj(*(conj(bit, eq(one, constant(i))) for i, bit in enumerate(container.bits)))
        if isinstance(container, Row):
            tests = []
            for one_value in container.elements:
                tests.append(self.equality(item, item_node, self.plain(one_value, node), node))
            return disj(*tests)
        raise self.refuse(f"`in` {sort_name(container)}", node, help="a tuple, a set, an array, or a domain")

    def domain_of(self, name: TypeName, node: ast.AST) -> Any:
        """The domain that a type stands for, in this instance."""
        receiver = self.frame.receiver
        if not hasattr(name.type, "domain"):
            raise self.refuse(
                "this type is no domain of single values", node, help="Bool(), Int(low, high) and Enum(…) are"
            )
        try:
            return name.type.domain(receiver.scope.parameters if receiver is not None else {})
        except ModelError as error:
            error.span = error.span or self.span(node)
            raise

    def each(self, value: Value, node: ast.AST) -> list[tuple[Expression, Value]]:
        """What a loop over a value runs through: (is it there?, the item)."""
        if isinstance(value, Place) and isinstance(value.shapes[0], ArrayShape):
            # Places, not values: each element is read when its turn comes, as Python does.
            return [(TRUE, one) for one in elements(value)]
        value = self.plain(value, node)
        if isinstance(value, Row):
            return [(TRUE, one) for one in value.elements]
        if isinstance(value, Members):
            return [(bit, number(i)) for i, bit in enumerate(value.bits) if bit is not FALSE]
        if isinstance(value, TypeName):
            domain = self.domain_of(value, node)
            if isinstance(domain.sort, EnumSort):
                return [(TRUE, Label(label)) for label in domain.sort.labels]
            return [(TRUE, number(one)) for one in domain.values()]
        raise self.refuse(
            f"a loop over {sort_name(value)}", node, help="loop over range(…), an array, a set or a tuple"
        )

    def conditional(self, condition: Expression, then: Expression, otherwise: Expression) -> Expression:
        """`ite` of numbers or truth values of possibly different sorts."""
        if then.sort != otherwise.sort:
            then, otherwise = as_integer(then), as_integer(otherwise)
        return ite(condition, then, otherwise)


_SIGNS: dict[type[ast.operator], str] = {
    ast.Div: "/",
    ast.Pow: "**",
    ast.BitOr: "|",
    ast.BitAnd: "&",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.Add: "+",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}


def _number_help(value: Value) -> str:
    if isinstance(value, Scalar | Label | LabelChoice):
        return "labels know == and != and `in`; for an order count with Int"
    if isinstance(value, Members | Row):
        return "`len` and `sum` make a number of it"
    return "numbers and truth values can be computed with"


def _side(node: ast.AST, side: str) -> ast.AST:
    if isinstance(node, ast.BinOp):
        return node.left if side == "left" else node.right
    if isinstance(node, ast.AugAssign):
        return node.target if side == "left" else node.value
    return node
