"""Calls in a model: the nondeterminism primitives, and helpers, which are inlined."""

from __future__ import annotations

import ast
import inspect
from types import FunctionType
from typing import Any

from checker.language.builtin_calls import BuiltinCalls
from checker.language.errors import ModelError
from checker.language.merging import merge
from checker.language.nondeterminism import choose, strikes, when
from checker.language.recorder import Frame
from checker.language.source import function_node
from checker.language.types import Int
from checker.language.values import (
    Builtin,
    Label,
    Members,
    Method,
    Namespace,
    Nothing,
    Place,
    Row,
    Scalar,
    SetMethod,
    TypeName,
    Unusable,
    Value,
    number,
    sort_name,
)
from checker.system.expression import (
    FALSE,
    Expression,
    constant,
    eq,
    ite,
    neg,
)
from checker.system.sorts import INT, Domain

__all__ = ["Calls"]


_KNOWN = (
    *(
        abs,
        all,
        any,
        bool,
        enumerate,
        frozenset,
        int,
        len,
        list,
        max,
        min,
        range,
        set,
        sorted,
        sum,
        tuple,
        zip,
    ),
    *(choose, strikes, when),
)


class Calls(BuiltinCalls):
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
            raise self.refuse(
                "`super()` is not a value", node, help="call a method of it: super().name(…)"
            )
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
            help="methods of the model and plain Python functions are inlined; "
            "min max abs sum any all len are known",
        )

    def _type_call(self, target: Builtin, node: ast.Call) -> Value:
        """`Int(0, self.size - 1)` inside a method: a domain of constants and parameters."""
        arguments: list[Any] = []
        for one in node.args:
            value = self.value(one)
            if isinstance(value, Label):
                arguments.append(value.text)
            elif isinstance(value, Scalar) and value.expression.is_constant:
                arguments.append(value.expression.payload)
            elif isinstance(value, Scalar) and self.recorder.names.symbols.alone(value.expression):
                self._must_be_end(target, value.expression, one)
                arguments.append(value.expression)
            else:
                raise self.refuse(
                    "a domain's bounds are constants", one, help="test the value with `if` or when(…)"
                )
        return TypeName(target.function(*arguments))

    def _must_be_end(self, target: Builtin, value: Expression, node: ast.expr) -> None:
        if target.function is not Int:
            self.must_be_number(value, f"{target.name}(…)", node)

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
                domain = self.domain_of(value, options[0], listed=True)
                if domain.size is None and not domain.is_symbolic:
                    raise self.refuse(
                        "a choice needs a domain with a greatest value",
                        options[0],
                        help="choose(Int(0, …))",
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
                "the options are different kinds of values",
                node,
                help="choose among numbers, or among labels",
            )
        return result

    def _option(self, node: ast.expr) -> Value:
        value = self.value(node)
        if isinstance(value, Place):
            raise self.refuse(
                f"a choice among containers: {sort_name(value)}",
                node,
                help="choose a number, and test it",
            )
        return self.plain(value, node)

    def _call_strikes(self, node: ast.Call) -> Value:
        self.writable_here(node, "strikes")
        label, *effect = self.arguments(node, 1, 2)
        fault = self.value(label)
        if not isinstance(fault, Label) or not fault.text.isidentifier():
            raise self.refuse(
                "a fault is named by a text that is an identifier",
                label,
                help='for example strikes("timeout")',
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
                f"`{method.name}` has a `yield` and cannot be called",
                node.func,
                help="a @process runs by itself",
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
                raise self.refuse(
                    f"`{method.name}`: {error.message}", node, error.note, error.help
                ) from None
            raise

    def inline(self, frame: Frame, definition: ast.FunctionDef | ast.Lambda, node: ast.AST) -> Value:
        """Execute a function's body here; provided by the statement translator."""
        raise AssertionError

    def lasting(self, value: Value, node: ast.AST) -> Value:
        """A value that gets a name; an iterator would be used up by its first use."""
        if isinstance(value, Row) and value.kind == "iterator":
            raise self.refuse(
                "an iterator is kept under a name", node, help="keep a list of it: list(…)"
            )
        return value

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
                values.append(self.lasting(self.value(one), one))
        named: dict[str, Value] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.refuse("`**` is not supported", node, help="write the arguments out")
            named[keyword.arg] = self.lasting(self.value(keyword.value), keyword.value)
        if method.receiver is not None:
            if not signature.parameters:
                raise self.refuse(
                    f"`{method.name}` has no `self`",
                    node,
                    help=f"define it as def {method.name}(self, …)",
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
