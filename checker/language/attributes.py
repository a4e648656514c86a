"""Attributes and subscripts: fields, parts of records, elements of arrays, members of modules."""

from __future__ import annotations

import ast
from types import ModuleType

from checker.language.errors import nearest
from checker.language.merging import merge
from checker.language.model import Model
from checker.language.parameters import Param
from checker.language.terms import MISSING, Terms
from checker.language.types import FieldType, Input
from checker.language.values import (
    Builtin,
    Maybe,
    Method,
    Namespace,
    Place,
    Row,
    Scalar,
    SetMethod,
    Struct,
    Unusable,
    Value,
    element,
    load,
    number,
    part,
    sort_name,
)
from checker.system.expression import (
    TRUE,
    Expression,
    add,
    constant,
    disj,
    eq,
    le,
    lt,
    next_variable,
)
from checker.system.shape import ArrayShape, OptionalShape, RecordShape, ScalarShape

__all__ = ["Attributes"]


class Attributes(Terms):
    """Translates `self.x`, `record.part`, `array[i]` and `module.name`."""

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
        found = getattr(module, node.attr, MISSING)
        if found is MISSING:
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
                f"`{owner.__name__}.{node.attr}` belongs to an instance",
                node,
                help=f"write `self.{node.attr}`",
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
            value = scope.parameters[name]
            return Scalar(value) if isinstance(value, Expression) else number(value)
        if name in scope.components:
            inner = scope.components[name]
            if inner.model.reads_as is not None:
                return self.attribute(Namespace(inner, space.after), inner.model.reads_as, node)
            return Namespace(inner, space.after)
        member = scope.members.get(name, getattr(scope.model, name, MISSING))
        # A member that is None was taken out by a subclass.
        if member is MISSING or member is None or isinstance(member, Input) or name.startswith("__"):
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
            raise self.refuse(
                "slices are not supported", node, help="use a comprehension over the indices"
            )
        if isinstance(base, Place) and isinstance(base.shapes[0], ArrayShape):
            index = self.index(node.slice, len(base.shapes[0].elements), node)
            return self.at(element(base, index))
        if isinstance(base, Row) and base.kind != "iterator":
            return self._element_of_row(base, node)
        self.plain(base, node.value)
        raise self.refuse(
            f"{sort_name(base)} has no elements to index",
            node.value,
            help="arrays and tuples have; a set knows `in`",
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
                        f"index {shown} is outside the tuple",
                        node,
                        f"it has {count} elements",
                        "index what is there",
                    )
                message = f"index `{shown}` is outside the tuple"
                self.recorder.hazard("index", TRUE, message, "well_defined", self.span(node))
                return row.elements[0]
            self._inside(index, 2 * count, node)
            positions = [(i, i % count) for i in range(2 * count)]
        if index.is_constant:
            position: int = index.payload
            return row.elements[position % count]
        value = row.elements[0]
        for i, at in positions[1:]:
            value = merge(eq(index, constant(i)), row.elements[at], value)
        return value

    def _inside(self, index: Expression, length: int, node: ast.Subscript) -> None:
        low, high = self.recorder.bounds(index)
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
            self.recorder.hazard(
                "index", TRUE, f"index {shown} is out of range", "well_defined", self.span(node)
            )
            if length == 0:
                raise self.refuse(
                    "an array without elements is indexed", whole, help="test its length first"
                )
            return constant(0)
        low, high = self.recorder.bounds(index)
        if low < 0 or high >= length:
            outside = disj(lt(index, constant(0)), le(constant(length), index))
            message = f"index `{shown}` is outside 0..{length - 1}"
            self.recorder.hazard("index", outside, message, "well_defined", self.span(node))
        return index
