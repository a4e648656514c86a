"""From the source of a kernel to LLVM: expressions and calls."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from checker.native import intrinsics
from checker.native.kinds import BOOL, CODE, FLOAT, INT, LITERAL, NOTHING, WORD, Element, Kind

__all__ = ["Expressions", "KernelError", "Value", "llvm_type"]

_I64 = ir.IntType(64)
_I1 = ir.IntType(1)
_F64 = ir.DoubleType()
_POINTER = ir.PointerType()

_COMPARISONS = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}

_ANNOTATIONS = {"int": INT, "Word": WORD, "float": FLOAT, "bool": BOOL, "Code": CODE, "None": NOTHING}


class KernelError(TypeError):
    """A kernel is written outside the subset that can be compiled."""

    def __init__(self, where: ast.AST, message: str) -> None:
        super().__init__(f"line {getattr(where, 'lineno', 0)}: {message}")


@dataclass(frozen=True, slots=True)
class Value:
    """A computed value; `number` is set for literals only."""

    code: Any
    kind: Kind
    number: int = 0


def llvm_type(kind: Kind) -> Any:
    """The type of a local variable of some kind."""
    if kind.element is not None:
        return _POINTER
    if kind.number is not None:
        return _I64
    return {INT: _I64, WORD: _I64, LITERAL: _I64, CODE: _I64, BOOL: _I1, FLOAT: _F64}[kind]


def _stored(element: Element) -> Any:
    return _F64 if element.code[0] == "f" else ir.IntType(element.bits)


class Expressions:
    """Writes expressions at the builder's position."""

    def __init__(
        self,
        builder: ir.IRBuilder,
        names: dict[str, Any],
        callee: Callable[[Any, tuple[Kind, ...]], tuple[ir.Function, Kind]],
    ) -> None:
        self.builder = builder
        self.names = names
        self.callee = callee
        self.places: dict[str, tuple[Any, Kind]] = {}

    def annotated(self, annotation: ast.expr | None) -> Kind:
        """The kind that an annotation names."""
        if isinstance(annotation, ast.Constant) and annotation.value is None:
            return NOTHING
        if isinstance(annotation, ast.Name) and annotation.id in _ANNOTATIONS:
            return _ANNOTATIONS[annotation.id]
        raise KernelError(annotation or ast.Pass(), "annotate with int, Word, float, bool or Code")

    # ------------------------------------------------------------ values

    def value(self, node: ast.expr) -> Value:
        """Translate an expression."""
        translate = getattr(self, f"of_{type(node).__name__}", None)
        if translate is None:
            raise KernelError(node, f"{type(node).__name__} is not part of the subset")
        result: Value = translate(node)
        return result

    def of_Constant(self, node: ast.Constant) -> Value:
        return self._constant(node.value, node)

    def _constant(self, value: object, node: ast.expr) -> Value:
        if isinstance(value, bool):
            return Value(ir.Constant(_I1, value), BOOL)
        if isinstance(value, int):
            return Value(None, LITERAL, value)
        if isinstance(value, float):
            return Value(ir.Constant(_F64, value), FLOAT)
        raise KernelError(node, f"{value!r} is no number")

    def of_Name(self, node: ast.Name) -> Value:
        if node.id in self.places:
            place, kind = self.places[node.id]
            return Value(self.builder.load(place, typ=llvm_type(kind), name=node.id), kind)
        if node.id not in self.names:
            raise KernelError(node, f"{node.id} has no value here")
        return self._constant(self.names[node.id], node)

    def of_UnaryOp(self, node: ast.UnaryOp) -> Value:
        if isinstance(node.op, ast.Not):
            return Value(self.builder.not_(self.truth(node.operand)), BOOL)
        operand = self.value(node.operand)
        if operand.kind is LITERAL:
            number = ~operand.number if isinstance(node.op, ast.Invert) else -operand.number
            return Value(None, LITERAL, number)
        if isinstance(node.op, ast.Invert):
            return Value(self.builder.not_(operand.code), operand.kind)
        if isinstance(node.op, ast.USub):
            negated = (self.builder.fneg if operand.kind is FLOAT else self.builder.neg)(operand.code)
            return Value(negated, operand.kind)
        raise KernelError(node, "unknown sign")

    def of_BinOp(self, node: ast.BinOp) -> Value:
        return self.operate(node.op, self.value(node.left), self.value(node.right), node)

    def operate(self, operator: ast.operator, left: Value, right: Value, where: ast.AST) -> Value:
        """left operator right."""
        if left.kind is LITERAL and right.kind is LITERAL:
            tree = ast.BinOp(ast.Constant(left.number), operator, ast.Constant(right.number))
            code = compile(ast.fix_missing_locations(ast.Expression(tree)), "<kernel>", "eval")
            return Value(None, LITERAL, int(eval(code)))
        if isinstance(operator, ast.LShift | ast.RShift) and left.kind in (INT, WORD):
            # The distance may be of either kind.
            right = Value(right.code, left.kind, right.number) if right.kind in (INT, WORD) else right
        left, right, kind = self.together(left, right, where)
        name = type(operator).__name__
        b, x, y = self.builder, left.code, right.code
        if kind is FLOAT:
            floating = {"Add": b.fadd, "Sub": b.fsub, "Mult": b.fmul, "Div": b.fdiv}
            if name in floating:
                return Value(floating[name](x, y), FLOAT)
            raise KernelError(where, f"no {name} of floats")
        plain = {
            "Add": b.add,
            "Sub": b.sub,
            "Mult": b.mul,
            "BitAnd": b.and_,
            "BitOr": b.or_,
            "BitXor": b.xor,
            "LShift": b.shl,
            "RShift": b.lshr if kind is WORD else b.ashr,
        }
        if name in plain and kind in (INT, WORD, BOOL):
            return Value(plain[name](x, y), kind)
        if kind is WORD and name in ("FloorDiv", "Mod"):
            return Value((b.udiv if name == "FloorDiv" else b.urem)(x, y), WORD)
        if kind is INT and name in ("FloorDiv", "Mod"):
            return self._floored(name, x, y)
        raise KernelError(where, f"no {name} of {kind}")

    def _floored(self, name: str, x: Any, y: Any) -> Value:
        """Division of signed numbers rounds down, as in Python."""
        b, zero = self.builder, ir.Constant(_I64, 0)
        rest = b.srem(x, y)
        opposite = b.icmp_signed("<", b.xor(rest, y), zero)
        wrong = b.and_(b.icmp_signed("!=", rest, zero), opposite)
        if name == "Mod":
            return Value(b.select(wrong, b.add(rest, y), rest), INT)
        quotient = b.sdiv(x, y)
        return Value(b.select(wrong, b.sub(quotient, ir.Constant(_I64, 1)), quotient), INT)

    def of_Compare(self, node: ast.Compare) -> Value:
        if len(node.ops) != 1 or type(node.ops[0]) not in _COMPARISONS:
            raise KernelError(node, "one comparison at a time")
        left, right, kind = self.together(self.value(node.left), self.value(node.comparators[0]), node)
        sign = _COMPARISONS[type(node.ops[0])]
        if kind is FLOAT:
            return Value(self.builder.fcmp_ordered(sign, left.code, right.code), BOOL)
        compare = self.builder.icmp_signed if kind is INT else self.builder.icmp_unsigned
        return Value(compare(sign, left.code, right.code), BOOL)

    def of_BoolOp(self, node: ast.BoolOp) -> Value:
        """`and` and `or` evaluate their right side only where it matters."""
        builder, function = self.builder, self.builder.function
        after = function.append_basic_block("known")
        ways: list[tuple[Any, Any]] = []
        for operand in node.values[:-1]:
            test = self.truth(operand)
            more = function.append_basic_block("more")
            ways.append((ir.Constant(_I1, isinstance(node.op, ast.Or)), builder.block))
            if isinstance(node.op, ast.And):
                builder.cbranch(test, more, after)
            else:
                builder.cbranch(test, after, more)
            builder.position_at_end(more)
        ways.append((self.truth(node.values[-1]), builder.block))
        builder.branch(after)
        builder.position_at_end(after)
        result = builder.phi(_I1)
        for value, block in ways:
            result.add_incoming(value, block)
        return Value(result, BOOL)

    def of_IfExp(self, node: ast.IfExp) -> Value:
        """Both branches are evaluated: they must be harmless."""
        test = self.truth(node.test)
        then, otherwise, kind = self.together(self.value(node.body), self.value(node.orelse), node)
        return Value(self.builder.select(test, then.code, otherwise.code), kind)

    def truth(self, node: ast.expr) -> Any:
        """A condition as one bit."""
        value = self.value(node)
        if value.kind is BOOL:
            return value.code
        if value.kind in (INT, WORD):
            return self.builder.icmp_signed("!=", value.code, ir.Constant(_I64, 0))
        raise KernelError(node, f"{value.kind} is no condition")

    # ------------------------------------------------------------ kinds

    def together(self, left: Value, right: Value, where: ast.AST) -> tuple[Value, Value, Kind]:
        """Two values of one kind: only a literal adapts itself."""
        if left.kind is LITERAL and right.kind is LITERAL:
            left = self.converted(left, INT, where)
        if left.kind is LITERAL:
            left = self.converted(left, right.kind, where)
        if right.kind is LITERAL:
            right = self.converted(right, left.kind, where)
        if left.kind != right.kind:
            raise KernelError(where, f"{left.kind} and {right.kind}: say which with int() or word()")
        return left, right, left.kind

    def converted(self, value: Value, kind: Kind, where: ast.AST) -> Value:
        """A value as another kind, where nothing can be lost without being written."""
        if value.kind == kind:
            return value
        if value.kind is LITERAL and kind in (INT, WORD, LITERAL):
            return Value(
                ir.Constant(_I64, value.number & (1 << 64) - 1), INT if kind is LITERAL else kind
            )
        if value.kind is LITERAL and kind is FLOAT:
            return Value(ir.Constant(_F64, float(value.number)), FLOAT)
        if value.kind is BOOL and kind in (INT, WORD):
            return Value(self.builder.zext(value.code, _I64), kind)
        raise KernelError(where, f"{value.kind} where {kind} is needed")

    def cast(self, value: Value, kind: Kind, where: ast.AST) -> Value:
        """`int(…)`, `word(…)`, `float(…)`, as written."""
        if {value.kind, kind} == {INT, WORD}:
            return Value(value.code, kind)
        if value.kind is INT and kind is FLOAT:
            return Value(self.builder.sitofp(value.code, _F64), FLOAT)
        if value.kind is WORD and kind is FLOAT:
            return Value(self.builder.uitofp(value.code, _F64), FLOAT)
        if value.kind is FLOAT and kind is INT:
            return Value(self.builder.fptosi(value.code, _I64), INT)
        return self.converted(value, kind, where)

    # ------------------------------------------------------------ arrays

    def of_Subscript(self, node: ast.Subscript) -> Value:
        if isinstance(node.slice, ast.Slice):
            # `row[i:]`: the array from there on.
            if node.slice.upper is not None or node.slice.step is not None or node.slice.lower is None:
                raise KernelError(node, "only row[start:]")
            index = ast.Subscript(node.value, node.slice.lower, ast.Load(), lineno=node.lineno)
            place, kind, _ = self.element(index)
            return Value(place, kind)
        place, kind, element = self.element(node)
        return self.load(place, kind, element)

    def element(self, node: ast.Subscript) -> tuple[Any, Kind, Element]:
        """Where an element of an array is."""
        row = self.value(node.value)
        if row.kind.element is None:
            raise KernelError(node, f"{row.kind} has no elements")
        index = self.value(node.slice)
        if index.kind is not WORD:
            index = self.converted(index, INT, node)
        stored = _stored(row.kind.element)
        place = self.builder.gep(row.code, [index.code], inbounds=True, source_etype=stored)
        return place, row.kind, row.kind.element

    def load(self, place: Any, kind: Kind, element: Element) -> Value:
        """The element at a place."""
        return self._widened(self.builder.load(place, typ=_stored(element)), element)

    def _widened(self, loaded: Any, element: Element) -> Value:
        if element.kind is BOOL:
            return Value(self.builder.icmp_unsigned("!=", loaded, ir.Constant(ir.IntType(8), 0)), BOOL)
        if element.kind is not FLOAT and element.bits < 64:
            extend = self.builder.sext if element.code[0] == "i" else self.builder.zext
            loaded = extend(loaded, _I64)
        return Value(loaded, element.kind)

    def store(self, value: Value, place: Any, kind: Kind, element: Element, where: ast.AST) -> None:
        """Put a value into an element; what does not fit is cut off."""
        self.builder.store(self._narrowed(value, element, where), place)

    def _narrowed(self, value: Value, element: Element, where: ast.AST) -> Any:
        if element.kind in (INT, WORD) and value.kind in (INT, WORD):
            code = value.code
        else:
            code = self.converted(value, element.kind, where).code
        if element.kind is BOOL:
            return self.builder.zext(code, ir.IntType(8))
        if element.kind is not FLOAT and element.bits < 64:
            code = self.builder.trunc(code, ir.IntType(element.bits))
        return code

    # ------------------------------------------------------------ calls

    def of_Call(self, node: ast.Call) -> Value:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise KernelError(node, "only plain calls by name")
        name = node.func.id
        if name in self.places:
            return self._call_code(node)
        if name in ("int", "float", "bool", "word"):
            kind = {"int": INT, "float": FLOAT, "bool": BOOL, "word": WORD}[name]
            return self.cast(self.value(node.args[0]), kind, node)
        if name in ("min", "max"):
            left, right, kind = self.together(self.value(node.args[0]), self.value(node.args[1]), node)
            compare = self.builder.icmp_signed if kind is INT else self.builder.icmp_unsigned
            test = compare("<" if name == "min" else ">", left.code, right.code)
            return Value(self.builder.select(test, left.code, right.code), kind)
        what: Any = self.names.get(name)
        if what is not None and what is getattr(intrinsics, name, None):
            return self._intrinsic(name, node)
        if not hasattr(what, "signature"):
            raise KernelError(node, f"{name} is no kernel")
        values = [self.value(one) for one in node.args]
        kinds = tuple(
            one.kind
            if one.kind is not LITERAL
            else Kind("Static", number=one.number)
            if position in what.static
            else INT
            for position, one in enumerate(values)
        )
        kinds = what.signature(kinds)
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
        types = [llvm_type(one.kind) for one in values]
        function_type = ir.FunctionType(_I64, types)
        target = self.builder.inttoptr(address.code, function_type.as_pointer())
        return Value(self.builder.call(target, [one.code for one in values]), INT)

    def _intrinsic(self, name: str, node: ast.Call) -> Value:
        b = self.builder
        if name in ("popcount", "trailing_zeros"):
            operand = self.converted(self.value(node.args[0]), WORD, node)
            if name == "popcount":
                return Value(b.ctpop(operand.code), INT)
            return Value(b.cttz(operand.code, ir.Constant(_I1, 0)), INT)
        place, _kind, element = self.element(
            ast.Subscript(node.args[0], node.args[1], ast.Load(), lineno=node.lineno)
        )
        if name == "prefetch":
            i32 = ir.IntType(32)
            declared = b.module.globals.get("llvm.prefetch.p0") or ir.Function(
                b.module, ir.FunctionType(ir.VoidType(), [_POINTER, i32, i32, i32]), "llvm.prefetch.p0"
            )
            b.call(declared, [place, ir.Constant(i32, 0), ir.Constant(i32, 3), ir.Constant(i32, 1)])
            return Value(None, NOTHING)
        stored, align = _stored(element), element.bits // 8
        if name == "load_atomic":
            return self._widened(b.load_atomic(place, "acquire", align, typ=stored), element)
        values = [self._narrowed(self.value(one), element, node) for one in node.args[2:]]
        if name == "store_atomic":
            b.store_atomic(values[0], place, "release", align)
            return Value(None, NOTHING)
        if name == "add_atomic":
            return self._widened(b.atomic_rmw("add", place, values[0], "acq_rel"), element)
        if name == "compare_and_swap":
            pair = b.cmpxchg(place, values[0], values[1], "acq_rel", "acquire")
            return self._widened(b.extract_value(pair, 0), element)
        raise KernelError(node, f"{name} is not known")
