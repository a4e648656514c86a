"""Comprehensions and `any`, `all`, `sum`: kept as one quantifier node where that is possible.

A quantifier over an index domain stays one node of the system, because symmetry and counter
abstraction read it. Where evaluating its body could go wrong or choose, it is written out with
Python's order of evaluation instead.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from checker.language.comparisons import Comparisons
from checker.language.values import (
    Members,
    Place,
    Row,
    Scalar,
    Value,
    element,
    elements,
)
from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    add,
    all_of,
    any_of,
    bound,
    conj,
    constant,
    disj,
    implies,
    ite,
    neg,
    sum_of,
)
from checker.system.shape import ArrayShape

__all__ = ["Comprehensions"]

Items = list[tuple[Expression, Value]]


class Comprehensions(Comparisons):
    """Translates comprehensions and the functions that consume them."""

    def _ListComp(self, node: ast.ListComp) -> Value:
        items = self._generated(node)
        if any(there is not TRUE for there, _ in items):
            raise self.refuse(
                "the length of this list depends on the state", node, help="use sum(…), any(…) or a Set"
            )
        return Row(tuple(item for _, item in items), "list")

    def _GeneratorExp(self, node: ast.GeneratorExp) -> Value:
        raise self.refuse(
            "a generator on its own is not data in a model",
            node,
            help="put it inside any, all, sum, min, max, set, list or tuple",
        )

    def _SetComp(self, node: ast.SetComp) -> Value:
        bits: dict[int, Expression] = {}
        for there, item in self._generated(node):
            for i, bit in enumerate(self.members([self.integer_of(item, node.elt)], node).bits):
                bits[i] = disj(bits.get(i, FALSE), conj(there, bit))
        return Members(tuple(bits.get(i, FALSE) for i in range(max(bits, default=-1) + 1)))

    def items(self, node: ast.expr) -> Items:
        """What a collection or generator yields: (is it there?, the item), in order."""
        if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp):
            return self._generated(node)
        return self.each(self.value(node), node)

    def numbers(self, node: ast.expr) -> list[tuple[Expression, Expression]]:
        """What a collection or generator of numbers yields: (is it there?, the number), in order."""
        if isinstance(node, ast.GeneratorExp):
            # A generator's consumer sees each item before the next one is evaluated.
            return [(there, _number(item)) for there, item in self._generated(node, numeric=True)]
        where = self.recorder.where
        found = []
        for there, item in self.items(node):
            self.recorder.where = conj(where, there)
            found.append((there, self.integer_of(item, node)))
            self.recorder.where = where
        return found

    def _generated(
        self, node: ast.GeneratorExp | ast.ListComp | ast.SetComp, numeric: bool = False
    ) -> Items:
        state = self.recorder.state
        items = self._loop(node, 0, TRUE, numeric)
        self._must_not_write(state, node)
        return items

    def _must_not_write(self, state: object, node: ast.expr) -> None:
        # A filter narrows the path without forking the state, so nothing may be assigned inside.
        if self.recorder.state is not state:
            raise self.refuse(
                "a comprehension changes the state", node, help="write a `for` loop with an `if`"
            )

    def _loop(
        self,
        node: ast.GeneratorExp | ast.ListComp | ast.SetComp,
        depth: int,
        there: Expression,
        numeric: bool,
    ) -> Items:
        if depth == len(node.generators):
            value = self.value(node.elt)
            if numeric:
                return [(there, Scalar(self.integer_of(value, node.elt)))]
            # A container in a list is the container itself, not what it holds now.
            return [(there, value if isinstance(value, Place) else self.plain(value, node.elt))]
        generator = node.generators[depth]
        found: Items = []
        outer = self.frame.locals
        for present, item in self.each(self.value(generator.iter), generator.iter):
            self.frame.locals = {**outer, **self.unpacked(generator.target, item)}
            where = self.recorder.where
            here = conj(there, present)
            self.recorder.where = conj(where, present)
            for test in generator.ifs:
                condition = self.truth(test)
                here = conj(here, condition)
                self.recorder.where = conj(self.recorder.where, condition)
            if here is not FALSE:
                found.extend(self._loop(node, depth + 1, here, numeric))
            self.recorder.where = where
            self.frame.locals = outer
        return found

    def sequence(self, value: Value, node: ast.AST) -> Value:
        """Something to be taken apart: of an array the places, so that what is inside can be written."""
        if isinstance(value, Place) and isinstance(value.shapes[0], ArrayShape):
            return Row(tuple(elements(value)), "array")
        return self.plain(value, node)

    def unpacked(self, target: ast.expr, value: Value) -> dict[str, Value]:
        """The names that a loop's target binds."""
        if isinstance(target, ast.Name):
            return {target.id: self.at(value) if isinstance(value, Place) else value}
        if isinstance(target, ast.Tuple | ast.List):
            row = self.sequence(value, target)
            if isinstance(row, Row) and len(row.elements) == len(target.elts):
                bound_names: dict[str, Value] = {}
                for one, item in zip(target.elts, row.elements, strict=True):
                    bound_names |= self.unpacked(one, item)
                return bound_names
            raise self.refuse(
                f"the items cannot be taken apart into {len(target.elts)} names",
                target,
                help="loop over one name, and index it",
            )
        raise self.refuse(
            "a loop binds plain names", target, help="loop over a local name, and assign inside"
        )

    # ------------------------------------------------------------ any, all, sum

    def _call_any(self, node: ast.Call) -> Value:
        return Scalar(self._fold(node, "any"))

    def _call_all(self, node: ast.Call) -> Value:
        return Scalar(self._fold(node, "all"))

    def _call_sum(self, node: ast.Call) -> Value:
        return Scalar(self._fold(node, "sum"))

    def _fold(self, node: ast.Call, kind: str) -> Expression:
        if len(node.args) != 1 or node.keywords:
            raise self.refuse(
                f"`{kind}` takes one collection or generator", node, help="add the rest outside"
            )
        (argument,) = node.args
        if isinstance(argument, ast.GeneratorExp | ast.ListComp):
            quantified = self._quantified(argument, kind)
            if quantified is not None:
                return quantified
            return self._in_order(argument, kind)
        if isinstance(argument, ast.Name | ast.Attribute | ast.Subscript):
            quantified = self._quantified(_each_of(argument), kind)
            if quantified is not None:
                return quantified
        if kind == "sum":
            return self._total(argument)
        items = self.items(argument)
        tests = [(there, self.truth_of(item, argument)) for there, item in items]
        if kind == "any":
            return disj(*(conj(there, test) for there, test in tests))
        return conj(*(implies(there, test) for there, test in tests))

    def _quantified(self, node: ast.GeneratorExp | ast.ListComp, kind: str) -> Expression | None:
        """One quantifier node, or None where the body cannot be evaluated for all indices at once."""
        outer = self.frame.locals
        with self.recorder.trial(self.frame) as pure:
            symbols: list[Expression] = []
            condition = TRUE
            result: Expression | None = None
            try:
                for generator in node.generators:
                    found = self._indexed(generator)
                    if found is None:
                        break
                    symbol, names = found
                    symbols.append(symbol)
                    self.frame.locals = {**self.frame.locals, **names}
                    for test in generator.ifs:
                        condition = conj(condition, self.truth(test))
                else:
                    value = self.value(node.elt)
                    if kind == "sum":
                        result = ite(condition, self.integer_of(value, node.elt), constant(0))
                    elif kind == "any":
                        result = conj(condition, self.truth_of(value, node.elt))
                    else:
                        result = implies(condition, self.truth_of(value, node.elt))
            finally:
                self.frame.locals = outer
            if not pure() or result is None:
                return None
        build: Callable[[Expression, Expression], Expression]
        build = {"any": any_of, "all": all_of, "sum": sum_of}[kind]
        for symbol in reversed(symbols):
            result = build(symbol, result)
        return result

    def _indexed(self, generator: ast.comprehension) -> tuple[Expression, dict[str, Value]] | None:
        """A symbol for a loop over consecutive numbers or an array's elements."""
        if not isinstance(generator.target, ast.Name):
            return None
        name = generator.target.id
        over = self.value(generator.iter)
        if isinstance(over, Place) and isinstance(over.shapes[0], ArrayShape):
            count = len(over.shapes[0].elements)
            if count < 2:
                return None
            symbol = bound(self.recorder.names.fresh(name), 0, count - 1)
            return symbol, {name: self.at(element(over, symbol))}
        if isinstance(over, Row) and len(over.elements) >= 2:
            numbers = [
                one.expression.payload
                if isinstance(one, Scalar) and one.expression.is_constant
                else None
                for one in over.elements
            ]
            first = numbers[0]
            if isinstance(first, int) and numbers == list(range(first, first + len(numbers))):
                symbol = bound(self.recorder.names.fresh(name), first, first + len(numbers) - 1)
                return symbol, {name: Scalar(symbol)}
        return None

    def _in_order(self, node: ast.GeneratorExp | ast.ListComp, kind: str) -> Expression:
        """Written out; a generator in `any` and `all` stops at the first item that decides."""
        if kind == "sum":
            return self._total(node)
        if isinstance(node, ast.ListComp):
            tests = [(there, self.truth_of(item, node)) for there, item in self._generated(node)]
            if kind == "any":
                return disj(*(conj(a, b) for a, b in tests))
            return conj(*(implies(a, b) for a, b in tests))
        state = self.recorder.state
        decided = self._until_decided(node, 0, kind)
        self._must_not_write(state, node)
        return decided

    def _total(self, node: ast.expr) -> Expression:
        total = constant(0)
        for there, one in self.numbers(node):
            total = add(total, ite(there, one, constant(0)))
        return total

    def _until_decided(self, node: ast.GeneratorExp | ast.ListComp, depth: int, kind: str) -> Expression:
        if depth == len(node.generators):
            return self.truth(node.elt)
        generator = node.generators[depth]
        outer, where = self.frame.locals, self.recorder.where
        decided = FALSE
        for present, item in self.each(self.value(generator.iter), generator.iter):
            self.frame.locals = {**outer, **self.unpacked(generator.target, item)}
            here = conj(neg(decided), present)
            self.recorder.where = conj(where, here)
            for test in generator.ifs:
                condition = self.truth(test)
                here = conj(here, condition)
                self.recorder.where = conj(self.recorder.where, condition)
            if here is not FALSE:
                inner = self._until_decided(node, depth + 1, kind)
                hit = inner if kind == "any" else neg(inner)
                decided = disj(decided, conj(here, hit))
            self.recorder.where = where
            self.frame.locals = outer
        return decided if kind == "any" else neg(decided)


def _number(value: Value) -> Expression:
    assert isinstance(value, Scalar)
    return value.expression


def _each_of(collection: ast.expr) -> ast.GeneratorExp:
    """`any(self.up)` as `any(each for each in self.up)`."""
    target = ast.copy_location(ast.Name("each", ast.Store()), collection)
    item = ast.copy_location(ast.Name("each", ast.Load()), collection)
    generator = ast.comprehension(target, collection, [], 0)
    return ast.copy_location(ast.GeneratorExp(item, [generator]), collection)
