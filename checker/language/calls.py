"""Calls in a model: built-in functions, the nondeterminism primitives, and inlined helpers."""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Callable
from functools import reduce
from types import FunctionType
from typing import Any

from checker.language.comprehensions import Comprehensions
from checker.language.errors import ModelError, nearest
from checker.language.nondeterminism import choose, strikes, when
from checker.language.recorder import Frame
from checker.language.source import function_node
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
    equal,
    merge,
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

__all__ = ["Calls"]

_KNOWN = (
    *(abs, all, any, bool, enumerate, frozenset, int, len, list, max, min, range, set, sorted, sum, tuple, zip),
    *(choose, strikes, when),
)


class Calls(Comprehensions):
    """Translates calls; `inline` is provided by the statement translator."""

    stack: tuple[Any, ...]

    def callable_value(self, found: Any, name: str) -> Value:
        if any(found is one for one in _KNOWN):
            return Builtin(found, name)
        if isinstance(found, FunctionType):
            return Method(found, None, name)
        return Builtin(found, name)

    def _Call(self, node: ast.Call) -> Value:
        if _is_super(node):
            raise self.refuse("`super()` is not a value", node, help="call a method of it: super().name(…)")
        if isinstance(node.func, ast.Attribute) and _is_super(node.func.value):
            return self._super_call(node, node.func.attr)
        target = self.value(node.func)
        if isinstance(target, Method):
            return self._inlined(target, node)
        if isinstance(target, SetMethod):
            return self._set_method(target, node)
        if not isinstance(target, Builtin):
            raise self.refuse(
                f"{sort_name(target)} cannot be called", node.func, help="only methods and functions are"
            )
        handler = getattr(self, f"_call_{target.name}", None)
        if handler is not None and any(target.function is one for one in _KNOWN):
            result: Value = handler(node)
            return result
        if isinstance(target.function, type) and hasattr(target.function, "build"):
            return self._type_call(target, node)
        if target.function is print:
            raise self.refuse(
                "input and output have no meaning in a model",
                node,
                help="remove the `print`; a trace shows every change",
            )
        raise self.refuse(
            f"`{ast.unparse(node.func)}` cannot be called in a model",
            node.func,
            help="methods of the model and plain Python functions are inlined; min max abs sum any all len are known",
        )

    def _type_call(self, target: Builtin, node: ast.Call) -> Value:
        """`Int(0, self.size - 1)` inside a method: a domain of constants."""
        arguments: list[Any] = []
        for one in node.args:
            value = self.value(one)
            if isinstance(value, Label):
                arguments.append(value.text)
            elif isinstance(value, Scalar) and value.expression.is_constant:
                arguments.append(value.expression.payload)
            else:
                raise self.refuse("a domain's bounds are constants", one, help="test the value with `if` or when(…)")
        return TypeName(target.function(*arguments))

    def arguments(self, node: ast.Call, least: int, most: int, keywords: tuple[str, ...] = ()) -> list[ast.expr]:
        """The positional arguments, after counting them."""
        name = ast.unparse(node.func)
        if not least <= len(node.args) <= most:
            count = str(least) if least == most else f"{least} to {most}"
            raise self.refuse(
                f"`{name}` takes {count} arguments, {len(node.args)} given", node, help="see its documentation"
            )
        for keyword in node.keywords:
            if keyword.arg not in keywords:
                raise self.refuse(
                    f"`{name}` takes no keyword `{keyword.arg}` in a model",
                    keyword,
                    help="write the loop out, or compute the values in a comprehension",
                )
        return node.args

    # ------------------------------------------------------------ nondeterminism

    def _call_when(self, node: ast.Call) -> Value:
        (condition,) = self.arguments(node, 1, 1)
        self.writable_here(node, "when")
        self.recorder.require(self.truth(condition))
        return Nothing()

    def _call_choose(self, node: ast.Call) -> Value:
        self.writable_here(node, "choose")
        options = self.arguments(node, 1, 1000)
        if len(options) == 1:
            value = self.value(options[0])
            if isinstance(value, TypeName):
                domain = self.domain_of(value, options[0])
                if domain.size is None:
                    raise self.refuse(
                        "a choice needs a domain with a greatest value", options[0], help="choose(Int(0, …))"
                    )
                return Scalar(self.recorder.choice("choose", domain))
            value = self.plain(value, options[0])
            if isinstance(value, Members):
                if not value.bits:
                    self.recorder.require(FALSE)
                    return number(0)
                node_ = self.recorder.choice("choose", Domain(INT, 0, len(value.bits) - 1))
                chosen = FALSE
                for i, bit in enumerate(value.bits):
                    chosen = ite(eq(node_, constant(i)), bit, chosen)
                self.recorder.require(chosen)
                return Scalar(node_)
            elements = list(value.elements) if isinstance(value, Row) else [value]
        else:
            elements = [self._option(one) for one in options]
        if not elements:
            self.recorder.require(FALSE)
            return Nothing()
        pick = self.recorder.choice("choose", Domain(INT, 0, len(elements) - 1))
        result = elements[-1]
        for i in range(len(elements) - 2, -1, -1):
            result = merge(eq(pick, constant(i)), elements[i], result)
        if isinstance(result, Unusable):
            raise self.refuse(
                "the options are different kinds of values", node, help="choose among numbers, or among labels"
            )
        return result

    def _option(self, node: ast.expr) -> Value:
        value = self.value(node)
        if isinstance(value, Place):
            raise self.refuse(
                f"a choice among containers: {sort_name(value)}", node, help="choose a number, and test it"
            )
        return self.plain(value, node)

    def _call_strikes(self, node: ast.Call) -> Value:
        self.writable_here(node, "strikes")
        label, *effect = self.arguments(node, 1, 2)
        fault = self.value(label)
        if not isinstance(fault, Label) or not fault.text.isidentifier():
            raise self.refuse(
                "a fault is named by a text that is an identifier", label, help='for example strikes("timeout")'
            )
        target = ""
        if effect:
            found = self.value(effect[0])
            if isinstance(found, Method):
                target = found.name
        struck = self.recorder.strike(fault.text, target)
        if target:
            # Where the fault does not strike the request goes through (or has gone, before a reply).
            self.recorder.effect(target, False, neg(struck.expression))
        return struck

    def writable_here(self, node: ast.AST, what: str) -> None:
        """Refuse what only a step may do inside a property."""
        if not self.recorder.writable:
            raise self.refuse(f"`{what}` in a property", node, help="a property only reads the state")

    # ------------------------------------------------------------ numbers

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
            self.recorder.hazard("none", neg(some), f"`{text}` of nothing", "well_defined", self.span(node))
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
        raise self.refuse(f"`len` of {sort_name(value)}", argument, help="arrays, sets and tuples have one")

    # ------------------------------------------------------------ collections

    def _call_range(self, node: ast.Call) -> Value:
        numbers = []
        for one in self.arguments(node, 1, 3):
            number_ = self.integer(one)
            if not number_.is_constant:
                raise self.refuse(
                    "a range ends at a constant", one, help="loop over the whole range and test inside: if i < self.n"
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
        raise self.refuse("`sorted` is not supported", node, help="loop over the range in order, and test")

    # ------------------------------------------------------------ methods of containers

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
        bits = tuple(
            ite(eq(member, constant(i)), there, bit) for i, bit in enumerate(before.bits)
        )
        self.store(method.place, Members(bits), node, method.place.name)
        return Nothing()

    def _check_member(self, method: SetMethod, member: Expression, before: Members, node: ast.Call) -> None:
        from checker.system.expression import conj, disj

        count = len(before.bits)
        name = method.place.name
        if member.is_constant and method.name == "add" and not 0 <= member.payload < count:
            raise self.refuse(
                f"{member.payload} cannot be a member of `{name}`", node.args[0], f"members are 0..{count - 1}",
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

    # ------------------------------------------------------------ inlining

    def _super_call(self, node: ast.Call, name: str) -> Value:
        receiver = self.frame.receiver
        if receiver is None:
            raise self.refuse("`super()` outside a method", node, help="call the function by its name")
        defining = getattr(self.frame, "owner", None)
        chain = receiver.scope.model.__mro__
        start = chain.index(defining) + 1 if defining in chain else 1
        for owner in chain[start:]:
            if name in vars(owner):
                return self._inlined(Method(vars(owner)[name], receiver, name), node, owner)
        raise self.refuse(
            f"no base of {receiver.scope.model.__name__} has `{name}`",
            node.func,
            help="remove the call: there is nothing to override",
        )

    def _inlined(self, method: Method, node: ast.Call, owner: type | None = None) -> Value:
        function = method.function
        if method.receiver is None and not isinstance(function, FunctionType):
            function = inspect.unwrap(function)  # `functools.cache` of a plain function
        if not isinstance(function, FunctionType):
            raise self.refuse(
                f"`{method.name}` is a {type(function).__name__}, not a plain function",
                node.func,
                help="write it with def, without decorators that keep values",
            )
        if inspect.isgeneratorfunction(function):
            raise self.refuse(
                f"`{method.name}` has a `yield` and cannot be called", node.func, help="a @process runs by itself"
            )
        if any(function.__code__ is one for one in self.stack):
            raise self.refuse(
                f"`{method.name}` calls itself",
                node,
                "a step must end: recursion cannot be inlined",
                "use a `for` over a fixed range",
            )
        receiver = method.receiver
        bound = self._bind(method, function, node)
        if getattr(function, "__reconverge_irreversible__", False):
            self.recorder.effect(method.name, irreversible=True)
        definition, file = function_node(function)
        assert isinstance(definition, ast.FunctionDef | ast.Lambda)
        frame = Frame(method.name, file, function, receiver, bound)
        frame.owner = owner or _owner(receiver, function)
        try:
            return self.inline(frame, definition, node)
        except ModelError as error:
            # What is wrong inside our own library is wrong where the author calls it.
            if _is_ours(function) and not _is_ours(self.frame.function):
                raise self.refuse(f"`{method.name}`: {error.message}", node, error.note, error.help) from None
            raise

    def inline(self, frame: Frame, definition: ast.FunctionDef | ast.Lambda, node: ast.AST) -> Value:
        """Execute a function's body here; provided by the statement translator."""
        raise AssertionError

    def _bind(self, method: Method, function: FunctionType, node: ast.Call) -> dict[str, Value]:
        signature = inspect.signature(function)
        values: list[Value] = []
        for one in node.args:
            if isinstance(one, ast.Starred):
                row = self.plain(self.value(one.value), one)
                if not isinstance(row, Row):
                    raise self.refuse("`*` needs a tuple", one, help="write the arguments out")
                values.extend(row.elements)
            else:
                values.append(self.value(one))
        named: dict[str, Value] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.refuse("`**` is not supported", node, help="write the arguments out")
            named[keyword.arg] = self.value(keyword.value)
        if method.receiver is not None:
            if not signature.parameters:
                raise self.refuse(
                    f"`{method.name}` has no `self`", node, help=f"define it as def {method.name}(self, …)"
                )
            values.insert(0, method.receiver)
        try:
            bound = signature.bind(*values, **named)
        except TypeError as error:
            raise self.refuse(
                f"`{method.name}`: {error}", node, help=f"it is defined as def {method.name}{signature}"
            ) from None
        result: dict[str, Value] = {}
        for name, parameter in signature.parameters.items():
            if name in bound.arguments:
                given = bound.arguments[name]
                result[name] = Row(tuple(given)) if isinstance(given, tuple) else given
            elif parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                result[name] = Row(())
            elif parameter.default is not inspect.Parameter.empty:
                result[name] = self.lift(parameter.default, node)
        return result


def _is_ours(function: Any) -> bool:
    return str(getattr(function, "__module__", "")).startswith("checker.library")


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def _owner(receiver: Namespace | None, function: FunctionType) -> type | None:
    """The class that defines a method, for `super()`."""
    if receiver is None:
        return None
    for owner in receiver.scope.model.__mro__:
        if any(member is function for member in vars(owner).values()):
            return owner
    return None


