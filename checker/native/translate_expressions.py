"""From the source of a kernel to LLVM: expressions; calls are in `translate_calls`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from checker.native.kinds import BOOL, CODE, FLOAT, INT, LITERAL, NOTHING, WORD, Element, Kind

__all__ = ["Expressions", "KernelError", "Value", "llvm_type", "stored_type"]

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


def stored_type(element: Element) -> Any:
    """The type of an element in memory."""
    return _F64 if element.code[0] == "f" else ir.IntType(element.bits)


class Expressions:
    """Writes expressions at the builder's position."""

    def __init__(self, builder: ir.IRBuilder, names: dict[str, Any]) -> None:
        self.builder = builder
        self.names = names
        self.places: dict[str, tuple[Any, Kind]] = {}
        self.assigned: frozenset[str] = frozenset()

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
        if node.id not in self.names or node.id in self.assigned:
            # As in CPython: a name that is assigned anywhere is local everywhere.
            raise KernelError(node, f"{node.id} has no value here")
        return self._constant(self.names[node.id], node)

    def of_UnaryOp(self, node: ast.UnaryOp) -> Value:
        if isinstance(node.op, ast.Not):
            return Value(self.builder.not_(self.truth(node.operand)), BOOL)
        operand = self.value(node.operand)
        kind = operand.kind
        if kind not in (INT, WORD, FLOAT, LITERAL) or (
            kind is FLOAT and isinstance(node.op, ast.Invert)
        ):
            raise KernelError(node, f"no {type(node.op).__name__} of {kind}")
        if isinstance(node.op, ast.UAdd):
            return operand
        if kind is LITERAL:
            number = ~operand.number if isinstance(node.op, ast.Invert) else -operand.number
            return Value(None, LITERAL, number)
        if isinstance(node.op, ast.Invert):
            return Value(self.builder.not_(operand.code), kind)
        return Value((self.builder.fneg if kind is FLOAT else self.builder.neg)(operand.code), kind)

    def of_BinOp(self, node: ast.BinOp) -> Value:
        return self.operate(node.op, self.value(node.left), self.value(node.right), node)

    def operate(self, operator: ast.operator, left: Value, right: Value, where: ast.AST) -> Value:
        """left operator right."""
        if left.kind is LITERAL and right.kind is LITERAL:
            return Value(None, LITERAL, self._folded(operator, left.number, right.number, where))
        if isinstance(operator, ast.LShift | ast.RShift) and left.kind in (INT, WORD):
            # The distance may be of either kind.
            right = Value(right.code, left.kind, right.number) if right.kind in (INT, WORD) else right
        left, right, kind = self.together(left, right, where)
        name = type(operator).__name__
        b, x, y = self.builder, left.code, right.code
        if name in ("LShift", "RShift") and isinstance(y, ir.Constant) and not 0 <= y.constant < 64:
            raise KernelError(where, "a shift by less than 0 or more than 63")
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
        if name in plain and (kind in (INT, WORD) or (kind is BOOL and name.startswith("Bit"))):
            return Value(plain[name](x, y), kind)
        if kind is WORD and name in ("FloorDiv", "Mod"):
            return Value((b.udiv if name == "FloorDiv" else b.urem)(x, y), WORD)
        if kind is INT and name in ("FloorDiv", "Mod"):
            return self._floored(name, x, y)
        raise KernelError(where, f"no {name} of {kind}")

    def _folded(self, operator: ast.operator, left: int, right: int, where: ast.AST) -> int:
        tree = ast.BinOp(ast.Constant(left), operator, ast.Constant(right))
        code = compile(ast.fix_missing_locations(ast.Expression(tree)), "<kernel>", "eval")
        try:
            result = eval(code)
        except (ArithmeticError, ValueError, TypeError) as problem:
            raise KernelError(where, str(problem)) from None
        if not isinstance(result, int):
            raise KernelError(where, f"{result!r} is no whole number")
        return result

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
            # Only "different" is true of what is no number.
            compare = self.builder.fcmp_unordered if sign == "!=" else self.builder.fcmp_ordered
            return Value(compare(sign, left.code, right.code), BOOL)
        if kind not in (INT, WORD, BOOL):
            raise KernelError(node, f"no comparison of {kind}")
        compare = self.builder.icmp_signed if kind is INT else self.builder.icmp_unsigned
        return Value(compare(sign, left.code, right.code), BOOL)

    def of_BoolOp(self, node: ast.BoolOp) -> Value:
        return Value(self._junction(node, self._truth_value), BOOL)

    def _truth_value(self, node: ast.expr) -> Any:
        value = self.value(node)
        if value.kind is not BOOL:
            raise KernelError(node, f"the value of `and` or `or` would be {value.kind}: compare it")
        return value.code

    def _junction(self, node: ast.BoolOp, truth: Callable[[ast.expr], Any]) -> Any:
        """`and` and `or` evaluate their right side only where it matters."""
        builder, function = self.builder, self.builder.function
        after = function.append_basic_block("known")
        ways: list[tuple[Any, Any]] = []
        for operand in node.values[:-1]:
            test = truth(operand)
            more = function.append_basic_block("more")
            ways.append((ir.Constant(_I1, isinstance(node.op, ast.Or)), builder.block))
            if isinstance(node.op, ast.And):
                builder.cbranch(test, more, after)
            else:
                builder.cbranch(test, after, more)
            builder.position_at_end(more)
        ways.append((truth(node.values[-1]), builder.block))
        builder.branch(after)
        builder.position_at_end(after)
        result = builder.phi(_I1)
        for value, block in ways:
            result.add_incoming(value, block)
        return result

    def of_IfExp(self, node: ast.IfExp) -> Value:
        """Only the branch that counts is evaluated, as in CPython: the other one may divide by zero."""
        if all(isinstance(branch, ast.Name | ast.Constant) for branch in (node.body, node.orelse)):
            test = self.truth(node.test)
            one, other, kind = self.together(self.value(node.body), self.value(node.orelse), node)
            return Value(self.builder.select(test, one.code, other.code), kind)
        builder, function = self.builder, self.builder.function
        then, otherwise, after = (
            function.append_basic_block(name) for name in ("then", "else", "either")
        )
        builder.cbranch(self.truth(node.test), then, otherwise)
        builder.position_at_end(then)
        one, left = self.value(node.body), builder.block
        builder.position_at_end(otherwise)
        other, right = self.value(node.orelse), builder.block
        # A literal becomes a constant here, for which it does not matter where that is.
        one, other, kind = self.together(one, other, node)
        for block in (left, right):
            builder.position_at_end(block)
            builder.branch(after)
        builder.position_at_end(after)
        result = builder.phi(llvm_type(kind))
        result.add_incoming(one.code, left)
        result.add_incoming(other.code, right)
        return Value(result, kind)

    def truth(self, node: ast.expr) -> Any:
        """A condition as one bit."""
        if isinstance(node, ast.BoolOp):
            return self._junction(node, self.truth)
        value = self.value(node)
        if value.kind is BOOL:
            return value.code
        if value.kind is LITERAL:
            return ir.Constant(_I1, bool(value.number))
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
        if left.kind != right.kind or left.kind is NOTHING:
            raise KernelError(where, f"{left.kind} and {right.kind}: say which with int() or word()")
        return left, right, left.kind

    def converted(self, value: Value, kind: Kind, where: ast.AST) -> Value:
        """A value as another kind, where nothing can be lost without being written."""
        if value.kind == kind:
            return value
        if value.kind is LITERAL and kind in (INT, WORD, LITERAL):
            kind = INT if kind is LITERAL else kind
            low, high = (0, 1 << 64) if kind is WORD else (-(1 << 63), 1 << 63)
            if not low <= value.number < high:
                raise KernelError(where, f"{value.number} is no 64-bit {kind}")
            return Value(ir.Constant(_I64, value.number & (1 << 64) - 1), kind)
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
        stored = stored_type(row.kind.element)
        place = self.builder.gep(row.code, [index.code], inbounds=True, source_etype=stored)
        return place, row.kind, row.kind.element

    def load(self, place: Any, kind: Kind, element: Element) -> Value:
        """The element at a place."""
        return self.widened(self.builder.load(place, typ=stored_type(element)), element)

    def widened(self, loaded: Any, element: Element) -> Value:
        """What was read from an element, as a value of 64 bits or one bit."""
        if element.kind is BOOL:
            return Value(self.builder.icmp_unsigned("!=", loaded, ir.Constant(ir.IntType(8), 0)), BOOL)
        if element.kind is not FLOAT and element.bits < 64:
            extend = self.builder.sext if element.code[0] == "i" else self.builder.zext
            loaded = extend(loaded, _I64)
        return Value(loaded, element.kind)

    def store(self, value: Value, place: Any, kind: Kind, element: Element, where: ast.AST) -> None:
        """Put a value into an element; what does not fit is cut off."""
        self.builder.store(self.narrowed(value, element, where), place)

    def narrowed(self, value: Value, element: Element, where: ast.AST) -> Any:
        """A value as it is written to an element."""
        if element.kind in (INT, WORD) and value.kind in (INT, WORD):
            code = value.code
        else:
            code = self.converted(value, element.kind, where).code
        if element.kind is BOOL:
            return self.builder.zext(code, ir.IntType(8))
        if element.kind is not FLOAT and element.bits < 64:
            code = self.builder.trunc(code, ir.IntType(element.bits))
        return code
