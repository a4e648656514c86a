"""Comparisons, `in`, and what a loop over a value runs through."""

from __future__ import annotations

import ast
from typing import Any

from checker.language.equality import equal, subset
from checker.language.errors import ModelError, nearest
from checker.language.operators import Operators
from checker.language.parameters import Setting
from checker.language.values import (
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
    elements,
    labels_of,
    number,
    sort_name,
)
from checker.system.domain_ends import inside
from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    conj,
    constant,
    disj,
    eq,
    le,
    lt,
    neg,
)
from checker.system.shape import ArrayShape, SetShape
from checker.system.sorts import BoolSort, EnumSort

__all__ = ["Comparisons"]


class Comparisons(Operators):
    """Translates comparisons; the last of the plain expressions."""

    def _Compare(self, node: ast.Compare) -> Value:
        return Scalar(
            self._chain(self.value(node.left), node.left, list(node.ops), list(node.comparators))
        )

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
        if isinstance(operator, ast.Gt | ast.GtE):
            a, b = b, a
        ordered = lt(a, b) if isinstance(operator, ast.Lt | ast.Gt) else le(a, b)
        return self.recorder.names.symbols.settled(ordered)

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
            f"{sort_name(left)} is compared with {sort_name(right)}",
            right_node,
            help="they are never equal: compare values of one kind",
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
        literals = (
            one for one in ast.walk(node) if isinstance(one, ast.Constant) and one.value == wrong
        )
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
            if resolved.is_symbolic:
                return inside(one, resolved)
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
        raise self.refuse(
            f"`in` {sort_name(container)}", node, help="a tuple, a set, an array, or a domain"
        )

    def domain_of(self, name: TypeName, node: ast.AST, listed: bool = False) -> Any:
        """The domain that a type stands for, in this instance; perhaps to have every value tried."""
        receiver = self.frame.receiver
        setting = Setting({}, {}, self.recorder.names.symbols)
        if receiver is not None:
            setting = receiver.scope.parameters
        if not hasattr(name.type, "domain"):
            raise self.refuse(
                "this type is no domain of single values",
                node,
                help="Bool(), Int(low, high) and Enum(…) are",
            )
        try:
            return name.type.listed(setting) if listed else name.type.domain(setting)
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
            for end in filter(None, (domain.least, domain.most)):
                self.must_be_number(end, f"a loop over {domain}", node)
            return [(TRUE, number(one)) for one in domain.values()]
        raise self.refuse(
            f"a loop over {sort_name(value)}",
            node,
            help="loop over range(…), an array, a set or a tuple",
        )
