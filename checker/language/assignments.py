"""Assignments of a model: to local names, fields, elements and parts, each within its domain."""

from __future__ import annotations

import ast

from checker.language.calls import Calls
from checker.language.equality import as_label
from checker.language.errors import nearest
from checker.language.values import (
    Label,
    LabelChoice,
    Maybe,
    Members,
    Namespace,
    Nothing,
    Place,
    Row,
    Scalar,
    Struct,
    Value,
    element,
    elements,
    part,
    sort_name,
)
from checker.system.expression import FALSE, TRUE, Expression, as_integer, constant, disj
from checker.system.shape import (
    ArrayShape,
    OptionalShape,
    RecordShape,
    ScalarShape,
    SetShape,
    leaves,
)
from checker.system.sorts import BoolSort, EnumSort

__all__ = ["Assignments"]


class Assignments(Calls):
    """Translates assignments of every kind."""

    def _Assign(self, node: ast.Assign) -> None:
        if isinstance(node.value, ast.Yield):
            raise self.refuse("a `yield` has no value", node.value, help="write it on a line of its own")
        value = self.value(node.value)
        for target in node.targets:
            self.assign(target, value, node.value)

    def _AnnAssign(self, node: ast.AnnAssign) -> None:
        if not isinstance(node.target, ast.Name):
            raise self.refuse(
                "only a local variable is annotated",
                node.target,
                help="a field has its type in the class body",
            )
        if node.value is not None:
            self.assign(node.target, self.value(node.value), node.value)

    def _AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            value = self.binary(node.op, self.value(node.target), self.value(node.value), node)
            self.frame.locals = {**self.frame.locals, node.target.id: value}
            return
        self._must_be_writable(node.target)
        # The target is evaluated once, as in Python: its index may hold a choice.
        place = self.place(node.target)
        value = self.binary(node.op, self.at(place), self.value(node.value), node)
        self.store(place, value, node.value, ast.unparse(node.target))

    def assign(self, target: ast.expr, value: Value, node: ast.expr) -> None:
        """Bind a name, or write a field."""
        if isinstance(target, ast.Name):
            if node in self.snapshots:
                raise self.refuse(
                    f"`{target.id}` would be a field's other name on one path only",
                    node,
                    help="use it directly, or in an `if` statement for each",
                )
            self.frame.locals = {**self.frame.locals, target.id: self.lasting(value, node)}
            return
        if isinstance(target, ast.Tuple | ast.List):
            row = self.sequence(value, node)
            starred = any(isinstance(one, ast.Starred) for one in target.elts)
            if not isinstance(row, Row) or len(row.elements) != len(target.elts) or starred:
                raise self.refuse(
                    f"this cannot be taken apart into {len(target.elts)} parts",
                    node,
                    help="a tuple of as many values can; there is no `*rest`",
                )
            items = [self.at(one) if isinstance(one, Place) else one for one in row.elements]
            for one, item in zip(target.elts, items, strict=True):
                self.assign(one, item, node)
            return
        self._must_be_writable(target)
        place = self.place(target)
        literal = isinstance(node, ast.Constant | ast.UnaryOp)
        self.store(place, value, node, ast.unparse(target), literal)

    def _must_be_writable(self, target: ast.expr) -> None:
        if not self.recorder.writable:
            raise self.refuse(
                "a property changes the state", target, help="a property only reads; let an action write"
            )

    def place(self, target: ast.expr) -> Place:
        """The part of the state that an assignment's left side means."""
        if isinstance(target, ast.Attribute):
            base = self.value(target.value)
            if isinstance(base, Maybe):
                base = self.present(base, target.value)
            if isinstance(base, Namespace):
                return self._field(base, target)
            if isinstance(base, Place) and isinstance(base.shapes[0], RecordShape):
                if target.attr not in dict(base.shapes[0].parts):
                    self.value(target)  # the same error as for reading
                return part(base, target.attr)
        elif isinstance(target, ast.Subscript):
            base = self.value(target.value)
            if isinstance(base, Place) and isinstance(base.shapes[0], ArrayShape):
                return element(base, self.index(target.slice, len(base.shapes[0].elements), target))
            if isinstance(base, Row):
                raise self.refuse(
                    "an element of a local list is assigned", target, help="use an Array field"
                )
        raise self.refuse(
            f"`{ast.unparse(target)}` cannot be assigned",
            target,
            help="a step writes local names, fields, and elements and parts of fields",
        )

    def _field(self, space: Namespace, target: ast.Attribute) -> Place:
        scope, name = space.scope, target.attr
        if space.after:
            raise self.refuse("the state after a step is only read", target, help="compare it with self")
        if name in scope.inputs:
            scope, name = scope.inputs[name]
        if name in scope.shapes:
            return Place((scope.shapes[name],), (), scope.field_name(name))
        if name in scope.parameters:
            raise self.refuse(
                f"`{name}` is a parameter: a constant of the instance",
                target,
                help="what changes is a field: declare an Int(…)",
            )
        if name in scope.components:
            raise self.refuse(f"component `{name}` cannot be assigned", target, help="assign its fields")
        hint = nearest(name, scope.shapes) or f"declare it in the class body: {name} = Int(0, 3, init=0)"
        raise self.refuse(
            f"{scope.model.__name__} has no field `{name}`",
            target,
            "fields cannot be created by assignment",
            hint,
        )

    def store(
        self, place: Place, value: Value, node: ast.AST, shown: str, literal: bool = False
    ) -> None:
        """Assign to a place in the state."""
        value = self.plain(value, node)
        shape = place.shapes[0]
        if isinstance(shape, ScalarShape):
            expression = self._fitted(shape, value, node, shown, literal)
            targets = self.recorder.place_targets(place)
            self.recorder.assign_all(targets, expression, self.span(node), shown)
        elif isinstance(shape, OptionalShape):
            self._store_optional(place, value, node, shown, literal)
        elif isinstance(shape, SetShape):
            self._store_set(place, value, node, shown)
        elif isinstance(shape, ArrayShape):
            if not isinstance(value, Row):
                raise self.refuse(
                    f"`{shown}` is an array; {sort_name(value)} is assigned",
                    node,
                    help=f"assign an element: {shown}[i] = …, or a list of {len(shape.elements)}",
                )
            if len(value.elements) != len(shape.elements):
                raise self.refuse(
                    f"`{shown}` has {len(shape.elements)} elements, {len(value.elements)} are assigned",
                    node,
                    help="arrays have a fixed length",
                )
            for target, one in zip(elements(place), value.elements, strict=True):
                self.store(target, one, node, shown, literal)
        else:
            if not isinstance(value, Struct) or {n for n, _ in value.parts} != {
                n for n, _ in shape.parts
            }:
                raise self.refuse(
                    f"`{shown}` is a record; {sort_name(value)} is assigned",
                    node,
                    help=f"assign its parts: {shown}.{shape.parts[0][0]} = …",
                )
            for name, one in value.parts:
                self.store(part(place, name), one, node, f"{shown}.{name}", literal)

    def _fitted(
        self, shape: ScalarShape, value: Value, node: ast.AST, shown: str, literal: bool
    ) -> Expression:
        """A value as an expression of the variable's sort."""
        sort = shape.domain.sort
        if isinstance(value, Nothing):
            raise self.refuse(
                f"`{shown}` cannot be None", node, help=f"declare it Optional({shape.domain})"
            )
        value = self.present(value, node)
        if isinstance(value, Label | LabelChoice):
            typed = as_label(value, sort)
            if typed is None:
                raise self.unknown_label(value, sort, node)
            return typed
        if isinstance(value, Scalar):
            expression = value.expression
            if isinstance(sort, EnumSort):
                if expression.sort == sort:
                    return expression
            elif isinstance(sort, BoolSort):
                if isinstance(expression.sort, BoolSort):
                    return expression
            elif not isinstance(expression.sort, EnumSort):
                expression = as_integer(expression)
                if literal and expression.is_constant and expression.payload not in shape.domain:
                    raise self.refuse(
                        f"{expression.payload} is outside the domain of `{shown}`",
                        node,
                        f"it is {shape.domain}",
                        "declare the field with a larger domain, or assign another value",
                    )
                return expression
        wanted = {"Bool": "a truth value", "Int": "a number"}.get(str(sort), f"a label of {sort}")
        help = "labels and numbers are different things: test with == and assign in an `if`"
        if isinstance(sort, BoolSort):
            help = "compare it: … > 0"
        elif isinstance(sort, EnumSort):
            help = f"assign one of its labels: {', '.join(map(repr, sort.labels))}"
        raise self.refuse(f"`{shown}` is {wanted}; {sort_name(value)} is assigned", node, help=help)

    def _store_optional(
        self, place: Place, value: Value, node: ast.AST, shown: str, literal: bool
    ) -> None:
        presents = tuple(s.present for s in place.shapes)  # type: ignore[union-attr]
        contents = tuple(s.content for s in place.shapes)  # type: ignore[union-attr]
        present = Place(presents, place.indices, shown)
        content = Place(contents, place.indices, shown)
        if isinstance(value, Nothing):
            self.store(present, Scalar(FALSE), node, shown)
            self._store_default(place, node, shown)
        elif isinstance(value, Maybe):
            there = value.present
            kept = value.content

            def put() -> None:
                self.store(content, kept, node, shown)

            self.recorder.branch(self.frame, there, put, lambda: self._store_default(place, node, shown))
            self.store(present, Scalar(there), node, shown)
        else:
            self.store(content, value, node, shown, literal)
            self.store(present, Scalar(TRUE), node, shown)

    def _store_default(self, place: Place, node: ast.AST, shown: str) -> None:
        """While there is no value its variables hold their default, so that a state has one form."""
        shape = place.shapes[0]
        assert isinstance(shape, OptionalShape)
        targets = self.recorder.place_targets(place)
        for position in range(len(shape.default)):
            for condition, one in targets:
                leaf = list(leaves(one.content))[position]
                default = constant(one.default[position], leaf.domain.sort)
                self.recorder.assign_all([(condition, leaf)], default, self.span(node), shown)

    def _store_set(self, place: Place, value: Value, node: ast.AST, shown: str) -> None:
        if not isinstance(value, Members):
            raise self.refuse(
                f"`{shown}` is a set; {sort_name(value)} is assigned",
                node,
                help="write {1, 2}, or set() for none",
            )
        shape = place.shapes[0]
        assert isinstance(shape, SetShape)
        count = len(shape.members)
        beyond = disj(*value.bits[count:])
        message = f"`{shown}` gets a member outside 0..{count - 1}"
        self.recorder.hazard("domain", beyond, message, "well_defined", self.span(node))
        for i in range(count):
            bit = value.bits[i] if i < len(value.bits) else FALSE
            members = tuple(s.members[i] for s in place.shapes)  # type: ignore[union-attr]
            self.store(Place(members, place.indices, shown), Scalar(bit), node, shown)
