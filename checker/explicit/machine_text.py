"""Expressions over packed states as LLVM instructions: the same meaning as `python_text`.

Integers of an expression are mathematical ones. Interval analysis tells how wide each has to be: 64
bits where that is enough, 128 where it is needed; what might need more is not compiled, and stays
with generated Python. Everything is computed without branches except where a whole group of
outcomes shares a test, so nothing here may trap: a division by zero is 0, an index outside its
array reads the first element.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from llvmlite import ir

from checker.explicit.packing import WORD, NotCompilable, Packing, Slot
from checker.explicit.python_text import Block, Writer
from checker.system.bounds import Bounds
from checker.system.expression import Expression
from checker.system.sorts import BoolSort, Domain, Scalar
from checker.system.walk import topological

__all__ = ["MachineWriter", "bounded_domains"]

I1, I8, I32, I64, I128 = (ir.IntType(bits) for bits in (1, 8, 32, 64, 128))
POINTER = ir.PointerType()


def bounded_domains(packing: Packing, domains: Mapping[str, Domain]) -> dict[str, Domain]:
    """The domains as far as packed states reach: an unbounded one ends where its slot does."""
    return {
        slot.name: replace(domains[slot.name], high=slot.top) if slot.unbounded else domains[slot.name]
        for slot in packing.slots
    }


class MachineWriter:
    """Writes expressions into basic blocks.

    Parameters
    ----------
    packing : Packing
    domains : mapping of str to Domain
        Of the variables.
    builder : ir.IRBuilder
    before, after : ir.Value
        Pointers to the words of the states before and after the step (`after` may be None).

    Raises
    ------
    NotCompilable
        If a variable is wider than a word.
    """

    def __init__(
        self,
        packing: Packing,
        domains: Mapping[str, Domain],
        builder: ir.IRBuilder,
        before: Any,
        after: Any = None,
    ) -> None:
        wide = next((slot.name for slot in packing.slots if slot.width >= WORD), None)
        if wide is not None:
            raise NotCompilable(f"{wide} has more than 2^63 values")
        self.packing = packing
        self.builder = builder
        self.pointers = {"variable": before, "next": after}
        self.slots = {slot.name: slot for slot in packing.slots}
        self.sharing = Writer(packing, domains)
        self.bounds = Bounds(bounded_domains(packing, domains))
        self.words: dict[tuple[str, int], Any] = {}
        self.values: dict[Expression, Any] = {}
        self.written: dict[Block, list[Expression]] = {}

    # ------------------------------------------------------------ what is computed where

    def place(self, roots: Iterable[tuple[Expression, Block]]) -> None:
        """Announce every expression that will be needed, and in which block; once for a writer."""
        roots = list(roots)
        self.sharing.place(roots)
        for node in topological(root for root, _ in roots):
            home = self.sharing.homes.get(node)
            if home is not None:
                self.written.setdefault(home, []).append(node)

    def load_words(self, count: int, which: str = "variable") -> None:
        """Load the words of a state, here, before anything else."""
        for number in range(count):
            place = self.builder.gep(self.pointers[which], [ir.Constant(I64, number)], source_etype=I64)
            self.words[which, number] = self.builder.load(place, typ=I64)

    def open(self, block: Block) -> None:
        """Compute everything whose place is this block."""
        for node in self.written.get(block, ()):
            if node.operator != "array":
                self.values[node] = self._compose(node)

    def word(self, number: int) -> Any:
        """A word of the state before the step."""
        return self.words["variable", number]

    # ------------------------------------------------------------ integers of some width

    def _width(self, node: Expression) -> int:
        low, high = self.bounds.of(node)
        if low > high or (low > -(2**62) and high < 2**62):
            return 64
        if low > -(2**126) and high < 2**126:
            return 128
        raise NotCompilable("an integer of the model may need more than 127 bits")

    def integer(self, node: Expression, width: int) -> Any:
        """The value of an integer or label, at least that many bits wide."""
        value = self.values[node]
        if value.type == I1:
            return self.builder.zext(value, ir.IntType(width))
        if value.type.width < width:
            return self.builder.sext(value, ir.IntType(width))
        if value.type.width > width:
            return self.builder.trunc(value, ir.IntType(width))
        return value

    def _joint(self, *nodes: Expression) -> int:
        return max(64, *(int(self.values[node].type.width) for node in nodes))

    # ------------------------------------------------------------ one node

    def _compose(self, node: Expression) -> Any:
        operator, operands, b = node.operator, node.operands, self.builder
        if operator == "const":
            return self._constant(node, node.payload)
        if operator in ("variable", "next"):
            slot = self.slots[node.payload]
            if not slot.width:
                # The only value of its domain, however far from zero that is.
                return self._constant(node, slot.low)
            return self._field(slot, self.words[operator, slot.offset // WORD])
        if operator == "not":
            return b.not_(self.values[operands[0]])
        if operator in ("and", "or"):
            result = self.values[operands[0]]
            for operand in operands[1:]:
                join = b.and_ if operator == "and" else b.or_
                result = join(result, self.values[operand])
            return result
        if operator == "select":
            return self._select(node)
        if operator == "ite":
            if isinstance(node.sort, BoolSort):
                return b.select(*(self.values[part] for part in operands))
            width = self._width(node)
            return b.select(
                self.values[operands[0]], *(self.integer(one, width) for one in operands[1:])
            )
        if operator in ("eq", "lt", "le"):
            width = self._joint(*operands)
            sign = {"eq": "==", "lt": "<", "le": "<="}[operator]
            return b.icmp_signed(sign, *(self.integer(one, width) for one in operands))
        return self._arithmetic(node)

    def _constant(self, node: Expression, value: Scalar) -> Any:
        if isinstance(node.sort, BoolSort):
            return ir.Constant(I1, bool(value))
        return ir.Constant(ir.IntType(self._width(node)), int(value))

    def _arithmetic(self, node: Expression) -> Any:
        operator, b = node.operator, self.builder
        # Wide enough for the operands too: only what enters exactly comes out exactly.
        width = max(self._width(node), self._joint(*node.operands))
        left, right = (self.integer(one, width) for one in node.operands)
        plain = {"add": b.add, "sub": b.sub, "mul": b.mul}
        if operator in plain:
            return plain[operator](left, right)
        if operator in ("min", "max"):
            test = b.icmp_signed("<" if operator == "min" else ">", left, right)
            return b.select(test, left, right)
        if operator in ("floordiv", "mod"):
            if width > 64:
                raise NotCompilable("a division of integers wider than 63 bits")
            return self._divided(operator, left, right)
        raise TypeError(f"no machine code for {operator}")

    def _divided(self, operator: str, left: Any, right: Any) -> Any:
        """Python's rounding, towards minus infinity; 0 where the divisor is 0."""
        b, zero = self.builder, ir.Constant(I64, 0)
        nothing = b.icmp_signed("==", right, zero)
        divisor = b.select(nothing, ir.Constant(I64, 1), right)
        rest = b.srem(left, divisor)
        opposite = b.icmp_signed("<", b.xor(rest, divisor), zero)
        wrong = b.and_(b.icmp_signed("!=", rest, zero), opposite)
        if operator == "mod":
            result = b.select(wrong, b.add(rest, divisor), rest)
        else:
            quotient = b.sdiv(left, divisor)
            result = b.select(wrong, b.sub(quotient, ir.Constant(I64, 1)), quotient)
        return b.select(nothing, zero, result)

    # ------------------------------------------------------------ variables and arrays

    def _field(self, slot: Slot, word: Any) -> Any:
        b = self.builder
        shift = slot.offset % WORD
        value = b.lshr(word, ir.Constant(I64, shift)) if shift else word
        if slot.is_bool:
            return b.trunc(value, I1)
        return self._lifted(slot, b.and_(value, ir.Constant(I64, slot.mask)))

    def _lifted(self, slot: Slot, value: Any) -> Any:
        b = self.builder
        if slot.low > -(2**62) and slot.top < 2**62:
            return b.add(value, ir.Constant(I64, slot.low)) if slot.low else value
        if slot.low <= -(2**126) or slot.top >= 2**126:
            raise NotCompilable(f"{slot.name} has values of more than 127 bits")
        return b.add(b.zext(value, I128), ir.Constant(I128, slot.low))

    def _select(self, node: Expression) -> Any:
        b, row, index = self.builder, node.operands[0], self.values[node.operands[1]]
        length = len(row.operands)
        size = ir.Constant(index.type, length)
        # Compared without a sign, a negative index is a large one.
        inside = b.icmp_unsigned("<", index, size)
        index = b.select(inside, index, ir.Constant(index.type, 0))
        if index.type != I64:
            index = b.trunc(index, I64)
        shift = self.sharing.shifts.get(node)
        if shift is not None:
            return self._shifted(row, shift, index)
        is_bool = isinstance(row.sort, BoolSort)
        width = 64 if is_bool else max(self._width(one) for one in row.operands)
        parts = [self.integer(one, width) for one in row.operands]
        stored = ir.IntType(width)
        if all(isinstance(part, ir.Constant) for part in parts):
            place = self._table(stored, parts)
        else:
            with b.goto_entry_block():
                place = b.alloca(stored, size=length)
            for position, part in enumerate(parts):
                b.store(part, b.gep(place, [ir.Constant(I64, position)], source_etype=stored))
        value = b.load(b.gep(place, [index], source_etype=stored), typ=stored)
        return b.trunc(value, I1) if is_bool else value

    def _table(self, stored: Any, parts: Sequence[Any]) -> Any:
        module = self.builder.module
        table = ir.GlobalVariable(
            module, ir.ArrayType(stored, len(parts)), module.get_unique_name("table")
        )
        table.initializer = ir.Constant(table.value_type, list(parts))
        table.global_constant = True
        table.linkage = "internal"
        start = [ir.Constant(I64, 0), ir.Constant(I64, 0)]
        return self.builder.gep(table, start, source_etype=table.value_type)

    def _shifted(self, row: Expression, shift: tuple[Slot, int], index: Any) -> Any:
        """An element of variables equally far apart: its word is read from memory if there are many."""
        b, (first, stride) = self.builder, shift
        which = row.operands[0].operator
        distance = b.mul(index, ir.Constant(I64, stride))
        distance = b.add(distance, ir.Constant(I64, first.offset))
        last = first.offset + stride * (len(row.operands) - 1)
        if first.offset // WORD == last // WORD:
            word = self.words[which, first.offset // WORD]
        else:
            number = b.lshr(distance, ir.Constant(I64, 6))
            word = b.load(b.gep(self.pointers[which], [number], source_etype=I64), typ=I64)
        value = b.lshr(word, b.and_(distance, ir.Constant(I64, WORD - 1)))
        if first.is_bool:
            return b.trunc(value, I1)
        return self._lifted(first, b.and_(value, ir.Constant(I64, first.mask)))
