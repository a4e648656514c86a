"""From the source of a kernel to LLVM: conversions, intrinsics, other kernels, code known by address."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from llvmlite import ir

from checker.native import intrinsics
from checker.native.kinds import BOOL, CODE, FLOAT, INT, LITERAL, NOTHING, WORD, Kind
from checker.native.translate_expressions import Expressions, KernelError, Value, llvm_type, stored_type

__all__ = ["Calls"]

_I1, _I32, _I64 = (ir.IntType(bits) for bits in (1, 32, 64))
_POINTER = ir.PointerType()

_CONVERSIONS = {"int": INT, "float": FLOAT, "bool": BOOL, "word": WORD}

_INTRINSICS = {
    "popcount": 1,
    "trailing_zeros": 1,
    "prefetch": 2,
    "load_atomic": 2,
    "store_atomic": 3,
    "add_atomic": 3,
    "compare_and_swap": 4,
}
"""How many arguments each has."""


class Calls(Expressions):
    """Writes expressions, calls included, at the builder's position."""

    def __init__(
        self,
        builder: ir.IRBuilder,
        names: dict[str, Any],
        callee: Callable[[Any, tuple[Kind, ...]], tuple[ir.Function, Kind]],
    ) -> None:
        super().__init__(builder, names)
        self.callee = callee

    def of_Call(self, node: ast.Call) -> Value:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise KernelError(node, "only plain calls by name")
        name = node.func.id
        if name in self.places:
            return self._call_code(node)
        if name in _CONVERSIONS:
            self._count(node, 1)
            return self.cast(self.value(node.args[0]), _CONVERSIONS[name], node)
        if name in ("min", "max"):
            return self._extreme(name, node)
        what: Any = self.names.get(name)
        if what is not None and what is getattr(intrinsics, name, None):
            return self._intrinsic(name, node)
        if not hasattr(what, "signature"):
            raise KernelError(node, f"{name} is no kernel")
        return self._call_kernel(what, node)

    def _count(self, node: ast.Call, wanted: int) -> None:
        if len(node.args) != wanted:
            raise KernelError(node, f"{ast.unparse(node.func)} with {len(node.args)} arguments")

    def _extreme(self, name: str, node: ast.Call) -> Value:
        self._count(node, 2)
        left, right, kind = self.together(self.value(node.args[0]), self.value(node.args[1]), node)
        if kind not in (INT, WORD):
            raise KernelError(node, f"no {name} of {kind}")
        compare = self.builder.icmp_signed if kind is INT else self.builder.icmp_unsigned
        test = compare("<" if name == "min" else ">", left.code, right.code)
        return Value(self.builder.select(test, left.code, right.code), kind)

    def _call_kernel(self, what: Any, node: ast.Call) -> Value:
        values = [self.value(one) for one in node.args]
        kinds = tuple(
            one.kind
            if one.kind is not LITERAL
            else Kind("Static", number=one.number)
            if position in what.static
            else INT
            for position, one in enumerate(values)
        )
        try:
            kinds = what.signature(kinds)
        except KernelError:
            raise
        except TypeError as problem:
            raise KernelError(node, str(problem)) from None
        codes = [
            self.converted(value, INT if kind.number is not None else kind, node).code
            for value, kind in zip(values, kinds, strict=True)
        ]
        function, result = self.callee(what, kinds)
        return Value(self.builder.call(function, codes), result)

    def _call_code(self, node: ast.Call) -> Value:
        """A call by address: rows and integers in, an integer out."""
        address = self.value(node.func)
        if address.kind is not CODE:
            raise KernelError(node, f"{address.kind} cannot be called")
        values = [self.value(one) for one in node.args]
        values = [self.converted(v, INT, node) if v.kind is LITERAL else v for v in values]
        for one in values:
            if one.kind.element is None and one.kind not in (INT, WORD, CODE):
                raise KernelError(node, f"{one.kind} cannot be given to code known by its address")
        types = [llvm_type(one.kind) for one in values]
        function_type = ir.FunctionType(_I64, types)
        target = self.builder.inttoptr(address.code, function_type.as_pointer())
        return Value(self.builder.call(target, [one.code for one in values]), INT)

    # ------------------------------------------------------------ intrinsics

    def _intrinsic(self, name: str, node: ast.Call) -> Value:
        b = self.builder
        if name not in _INTRINSICS:
            raise KernelError(node, f"{name} is not known")
        self._count(node, _INTRINSICS[name])
        if name in ("popcount", "trailing_zeros"):
            operand = self.converted(self.value(node.args[0]), WORD, node)
            if name == "popcount":
                return Value(b.ctpop(operand.code), INT)
            return Value(b.cttz(operand.code, ir.Constant(_I1, 0)), INT)
        subscript = ast.Subscript(node.args[0], node.args[1], ast.Load(), lineno=node.lineno)
        place, _, element = self.element(subscript)
        if name == "prefetch":
            self._prefetch(place)
            return Value(None, NOTHING)
        if element.kind not in (INT, WORD):
            raise KernelError(node, f"{name} of an element {element.code}")
        stored, align = stored_type(element), element.bits // 8
        if name == "load_atomic":
            return self.widened(b.load_atomic(place, "acquire", align, typ=stored), element)
        values = [self.narrowed(self.value(one), element, node) for one in node.args[2:]]
        if name == "store_atomic":
            # llvmlite wants to know what the pointer points to.
            typed = b.inttoptr(b.ptrtoint(place, _I64), stored.as_pointer())
            b.store_atomic(values[0], typed, "release", align)
            return Value(None, NOTHING)
        if name == "add_atomic":
            return self.widened(b.atomic_rmw("add", place, values[0], "acq_rel"), element)
        pair = b.cmpxchg(place, values[0], values[1], "acq_rel", "acquire")
        return self.widened(b.extract_value(pair, 0), element)

    def _prefetch(self, place: Any) -> None:
        b, name = self.builder, "llvm.prefetch.p0"
        declared = b.module.globals.get(name) or ir.Function(
            b.module, ir.FunctionType(ir.VoidType(), [_POINTER, _I32, _I32, _I32]), name
        )
        b.call(declared, [place, *(ir.Constant(_I32, number) for number in (0, 3, 1))])
