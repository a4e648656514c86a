"""From expressions to their normal forms: symbols filled in, quantifiers written out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checker.reductions.normal_forms import FALSE, TRUE, NormalForms
from checker.system.expression import Expression
from checker.system.sorts import BoolSort, EnumSort, IntSort, Scalar, Sort
from checker.system.walk import topological

__all__ = ["Normaliser"]

_QUANTIFIERS = ("any", "all", "sum")


class Normaliser:
    """Brings expressions into the normal forms of one table.

    Parameters
    ----------
    forms : NormalForms
    """

    def __init__(self, forms: NormalForms) -> None:
        self._forms = forms
        self._free: dict[Expression, tuple[Expression, ...]] = {}
        self._known: dict[tuple[Expression, tuple[Scalar, ...]], int] = {}

    def __call__(self, root: Expression, values: Mapping[Expression, Scalar] | None = None) -> int:
        """The form of an expression.

        Parameters
        ----------
        root : Expression
        values : mapping of Expression to bool or int, optional
            What the symbols that occur free in it (parameters, choices) stand for.

        Raises
        ------
        FormsTooLarge
            If the table's budget is spent.
        """
        values = values or {}
        self._learn(root)
        self._forms.spend()
        known = self._known
        found = known.get(self._key(root, values))
        if found is not None:
            return found
        # An explicit stack instead of recursion: merged `if`s make deep chains.
        stack = [root]
        while stack:
            node = stack[-1]
            key = self._key(node, values)
            if key in known:
                stack.pop()
                continue
            self._forms.spend()
            if node.operator in _QUANTIFIERS:
                known[key] = self._quantified(node, values)
                continue
            keys = [self._key(operand, values) for operand in node.operands]
            missing = [part for part, one in zip(node.operands, keys, strict=True) if one not in known]
            if missing:
                stack.extend(missing)
                continue
            known[key] = self._form(node, [known[one] for one in keys], values)
        return known[self._key(root, values)]

    def _learn(self, root: Expression) -> None:
        """Which symbols occur free in each node: a form depends on their values only."""
        if root in self._free:
            return
        for node in topological([root]):
            if node in self._free:
                continue
            self._forms.spend()
            found: dict[Expression, None] = {}
            if node.operator == "bound":
                found[node] = None
            for operand in node.operands:
                found.update(dict.fromkeys(self._free[operand]))
            if node.operator in _QUANTIFIERS:
                found.pop(node.operands[0], None)
            self._free[node] = tuple(found)

    def _key(
        self, node: Expression, values: Mapping[Expression, Scalar]
    ) -> tuple[Expression, tuple[Scalar, ...]]:
        free = self._free[node]
        return (node, tuple([values[symbol] for symbol in free]) if free else ())

    def _quantified(self, node: Expression, values: Mapping[Expression, Scalar]) -> int:
        symbol, body = node.operands
        _, low, high = symbol.payload
        parts = [self(body, {**values, symbol: value}) for value in range(low, high + 1)]
        if node.operator == "sum":
            return self._forms.weighted(0, ((self._number(part, body.sort), 1) for part in parts))
        join = self._forms.conjunction if node.operator == "all" else self._forms.disjunction
        return join(parts)

    def _form(self, node: Expression, parts: Sequence[int], values: Mapping[Expression, Scalar]) -> int:
        forms, operator = self._forms, node.operator
        if operator == "const":
            return self._constant(node.payload, node.sort)
        if operator == "bound":
            return self._constant(values[node], node.sort)
        if operator == "variable":
            return forms.variable(node.payload)
        if operator == "not":
            return -parts[0]
        if operator == "and":
            return forms.conjunction(parts)
        if operator == "or":
            return forms.disjunction(parts)
        if operator == "ite":
            return forms.ite(_kind(node.sort), *parts)
        if operator == "array":
            return forms.row_of(parts)
        if operator == "select":
            row, index = parts
            return forms.select(row, self._number(index, node.operands[1].sort))
        if operator in ("eq", "lt", "le"):
            return self._comparison(operator, node.operands[0].sort, *parts)
        left, right = map(self._number, parts, (operand.sort for operand in node.operands))
        if operator in ("add", "sub"):
            return forms.weighted(0, ((left, 1), (right, 1 if operator == "add" else -1)))
        if operator == "mul":
            return forms.product((left, right))
        if operator == "floordiv":
            return forms.floordiv(left, right)
        if operator == "mod":
            return forms.modulo(left, right)
        if operator == "min":
            return forms.minimum((left, right))
        if operator == "max":
            return forms.maximum((left, right))
        raise AssertionError(f"no normal form of {operator}")

    def _comparison(self, operator: str, sort: Sort, left: int, right: int) -> int:
        forms = self._forms
        if operator == "eq" and isinstance(sort, BoolSort):
            return forms.iff(left, right)
        if isinstance(sort, EnumSort):
            if operator == "eq":
                return forms.equal(left, right)
            return forms.less(left, right) if operator == "lt" else -forms.less(right, left)
        left, right = self._number(left, sort), self._number(right, sort)
        if operator == "eq":
            return forms.zero(forms.weighted(0, ((left, 1), (right, -1))))
        gap = -1 if operator == "lt" else 0
        return forms.nonnegative(forms.weighted(gap, ((right, 1), (left, -1))))

    def _constant(self, value: Scalar, sort: Sort) -> int:
        if isinstance(sort, BoolSort):
            return TRUE if value else FALSE
        if isinstance(sort, IntSort):
            return self._forms.number(int(value))
        return self._forms.label(int(value))

    def _number(self, form: int, sort: Sort) -> int:
        """A truth value as 0 or 1."""
        if not isinstance(sort, BoolSort):
            return form
        return self._forms.ite("number", form, self._forms.number(1), self._forms.number(0))


def _kind(sort: Sort) -> str:
    if isinstance(sort, BoolSort):
        return "truth"
    return "label" if isinstance(sort, EnumSort) else "number"
