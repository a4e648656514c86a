"""Calls of functions that the translator knows itself: numbers, collections, methods of sets and arrays."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import reduce

from checker.language.comprehensions import Comprehensions
from checker.language.equality import equal
from checker.language.errors import nearest
from checker.language.values import (
    Members,
    Nothing,
    Place,
    Row,
    Scalar,
    SetMethod,
    Value,
    number,
    sort_name,
)
from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    absolute,
    add,
    as_integer,
    conj,
    constant,
    eq,
    ite,
    maximum,
    minimum,
    neg,
)
from checker.system.shape import ArrayShape, SetShape
from checker.system.sorts import INT, Domain

__all__ = ["BuiltinCalls"]


class BuiltinCalls(Comprehensions):
    """Translates `min`, `len`, `range`, `self.free.add` and their like."""

    def arguments(
        self, node: ast.Call, least: int, most: int, keywords: tuple[str, ...] = ()
    ) -> list[ast.expr]:
        """The positional arguments, after counting them."""
        name = ast.unparse(node.func)
        if not least <= len(node.args) <= most:
            count = str(least) if least == most else f"{least} to {most}"
            raise self.refuse(
                f"`{name}` takes {count} arguments, {len(node.args)} given",
                node,
                help="see its documentation",
            )
        for keyword in node.keywords:
            if keyword.arg not in keywords:
                raise self.refuse(
                    f"`{name}` takes no keyword `{keyword.arg}` in a model",
                    keyword,
                    help="write the loop out, or compute the values in a comprehension",
                )
        return node.args

    def writable_here(self, node: ast.AST, what: str) -> None:
        """Refuse what only a step may do inside a property."""
        if not self.recorder.writable:
            raise self.refuse(f"`{what}` in a property", node, help="a property only reads the state")

    def _call_abs(self, node: ast.Call) -> Value:
        return Scalar(absolute(self.integer(self.arguments(node, 1, 1)[0])))

    def _call_int(self, node: ast.Call) -> Value:
        return Scalar(self.integer(self.arguments(node, 1, 1)[0]))

    def _call_bool(self, node: ast.Call) -> Value:
        return Scalar(self.truth(self.arguments(node, 1, 1)[0]))

    def _call_min(self, node: ast.Call) -> Value:
        return self._extreme(node, minimum)

    def _call_max(self, node: ast.Call) -> Value:
        return self._extreme(node, maximum)

    def _extreme(self, node: ast.Call, pick: Callable[[Expression, Expression], Expression]) -> Value:
        arguments = self.arguments(node, 1, 1000, ("default",))
        if len(arguments) > 1:
            # All arguments are evaluated before the first two are compared.
            values = [self.value(one) for one in arguments]
            several = [self.integer_of(v, one) for v, one in zip(values, arguments, strict=True)]
            return Scalar(reduce(pick, several))
        default = next((self.value(k.value) for k in node.keywords if k.arg == "default"), None)
        items = self.numbers(arguments[0])
        # Absent items (of a set, or filtered) do not take part: fold with "is there one yet?".
        found, some = constant(0), FALSE
        for there, one in items:
            both = ite(some, pick(found, one), one)
            found = ite(there, both, found)
            some = ite(there, TRUE, some)
        if default is not None:
            return Scalar(ite(some, found, self._fallback(default, some, node)))
        if some is not TRUE:
            text = ast.unparse(node)
            self.recorder.hazard(
                "none", neg(some), f"`{text}` of nothing", "well_defined", self.span(node)
            )
        return Scalar(found)

    def _fallback(self, default: Value, some: Expression, node: ast.Call) -> Expression:
        where = self.recorder.where
        self.recorder.where = conj(where, neg(some))
        found = self.integer_of(default, node)
        self.recorder.where = where
        return found

    def _call_len(self, node: ast.Call) -> Value:
        (argument,) = self.arguments(node, 1, 1)
        value = self.value(argument)
        if isinstance(value, Place) and isinstance(value.shapes[0], ArrayShape):
            return number(len(value.shapes[0].elements))
        value = self.plain(value, argument)
        if isinstance(value, Row):
            return number(len(value.elements))
        if isinstance(value, Members):
            total = constant(0)
            for bit in value.bits:
                total = add(total, as_integer(bit))
            return Scalar(total)
        raise self.refuse(
            f"`len` of {sort_name(value)}", argument, help="arrays, sets and tuples have one"
        )

    def _call_range(self, node: ast.Call) -> Value:
        numbers = []
        for one in self.arguments(node, 1, 3):
            number_ = self.integer(one)
            if not number_.is_constant:
                self.must_be_number(number_, f"`{ast.unparse(node)}`", node)
                raise self.refuse(
                    "a range ends at a constant",
                    one,
                    help="loop over the whole range and test inside: if i < self.n",
                )
            numbers.append(number_.payload)
        if len(numbers) == 3 and numbers[2] == 0:
            raise self.refuse("a range cannot step by 0", node.args[2], help="step by 1 or -1")
        span = range(*numbers)
        if len(span) > 100_000:
            raise self.refuse(
                f"a range of {len(span)} is too long to write out", node, help="at most 100000 passes"
            )
        return Row(tuple(number(i) for i in span), "range")

    def _call_enumerate(self, node: ast.Call) -> Value:
        items = self.items(self.arguments(node, 1, 1)[0])
        self.all_there(items, node)
        return Row(tuple(Row((number(i), item)) for i, (_, item) in enumerate(items)), "iterator")

    def _call_zip(self, node: ast.Call) -> Value:
        rows = [self.items(one) for one in self.arguments(node, 1, 10)]
        for row in rows:
            self.all_there(row, node)
        columns = (tuple(item for _, item in column) for column in zip(*rows, strict=False))
        return Row(tuple(map(Row, columns)), "iterator")

    def all_there(self, items: list[tuple[Expression, Value]], node: ast.AST) -> None:
        """Refuse a collection whose length is not known in advance."""
        if any(there is not TRUE for there, _ in items):
            raise self.refuse(
                "the number of items depends on the state here",
                node,
                help="loop over the whole range, and test `i in …` inside",
            )

    def _call_list(self, node: ast.Call) -> Value:
        (argument,) = self.arguments(node, 1, 1)
        items = self.items(argument)
        self.all_there(items, node)
        return Row(tuple(self._now(item) for _, item in items), "list")

    def _call_tuple(self, node: ast.Call) -> Value:
        row = self._call_list(node)
        assert isinstance(row, Row)
        return Row(row.elements)

    def _now(self, item: Value) -> Value:
        """What a place holds now, also inside a tuple; a container stays itself."""
        if isinstance(item, Row):
            return Row(tuple(self._now(one) for one in item.elements), item.kind)
        return self.at(item) if isinstance(item, Place) else item

    def _call_set(self, node: ast.Call) -> Value:
        arguments = self.arguments(node, 0, 1)
        if not arguments:
            return Members(())
        value = self.plain(self.value(arguments[0]), node)
        if isinstance(value, Members):
            return value
        items = self.items(arguments[0])
        self.all_there(items, node)
        return self.members([self.integer_of(item, node) for _, item in items], node)

    _call_frozenset = _call_set

    def _call_sorted(self, node: ast.Call) -> Value:
        raise self.refuse(
            "`sorted` is not supported", node, help="loop over the range in order, and test"
        )

    def _set_method(self, method: SetMethod, node: ast.Call) -> Value:
        shape = method.place.shapes[0]
        if isinstance(shape, ArrayShape) and method.name == "count":
            wanted = self.plain(self.value(self.arguments(node, 1, 1)[0]), node)
            total = constant(0)
            for _, item in self.each(method.place, node):
                same = equal(self.plain(item, node), wanted)
                if same is None:
                    same = self.equality(self.plain(item, node), node, wanted, node.args[0])
                total = add(total, as_integer(same))
            return Scalar(total)
        known = ("add", "discard", "remove", "clear") if isinstance(shape, SetShape) else ("count",)
        if method.name not in known:
            what = "a set" if isinstance(shape, SetShape) else "an array"
            hint = nearest(method.name, known) or (
                f"a set knows {', '.join(known)}; choose({ast.unparse(node.func.value)}) picks a member"
                if isinstance(shape, SetShape) and isinstance(node.func, ast.Attribute)
                else "arrays have a fixed length: assign an element"
            )
            raise self.refuse(f"{what} has no `{method.name}` in a model", node.func, help=hint)
        self.writable_here(node, method.name)
        if method.name == "clear":
            self.arguments(node, 0, 0)
            self.store(method.place, Members(()), node, method.place.name)
            return Nothing()
        member = self.integer(self.arguments(node, 1, 1)[0])
        assert isinstance(shape, SetShape)
        before = self.plain(method.place, node)
        assert isinstance(before, Members)
        self._check_member(method, member, before, node)
        there = constant(method.name == "add")
        bits = tuple(ite(eq(member, constant(i)), there, bit) for i, bit in enumerate(before.bits))
        self.store(method.place, Members(bits), node, method.place.name)
        return Nothing()

    def _check_member(
        self, method: SetMethod, member: Expression, before: Members, node: ast.Call
    ) -> None:
        from checker.system.expression import conj, disj

        count = len(before.bits)
        name = method.place.name
        if member.is_constant and method.name == "add" and not 0 <= member.payload < count:
            raise self.refuse(
                f"{member.payload} cannot be a member of `{name}`",
                node.args[0],
                f"members are 0..{count - 1}",
                "declare a larger Set(…)",
            )
        if method.name == "add":
            self.recorder.check_domain(member, Domain(INT, 0, count - 1), self.span(node), name)
        elif method.name == "remove":
            held = disj(*(conj(bit, eq(member, constant(i))) for i, bit in enumerate(before.bits)))
            message = f"`{ast.unparse(node)}` removes what is not a member"
            self.recorder.hazard("index", neg(held), message, "well_defined", self.span(node))

    def store(self, place: Place, value: Value, node: ast.AST, shown: str) -> None:
        """Assign to a place in the state; provided by the statement translator."""
        raise AssertionError
