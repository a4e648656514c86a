"""The state that stands for all those which differ from it by permutations of like parts, in machine code.

The definition is that of `checker.reductions.symmetry.canonical`: in each orbit the contents of the
blocks are sorted. Here each block becomes one number, the first variable its highest bits, so that
numbers compare as contents do; the numbers go through a sorting network, and back into their slots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial
from typing import Any

import numpy as np
import numpy.typing as npt

from checker.explicit.packing import WORD, NotCompilable, Packing, Slot
from checker.reductions.symmetry import Orbit

__all__ = ["CanonicalForm", "compile_canonical", "represented"]

_WIDEST = 512
"""Bits of one block that are compared as one number."""

_MOST_BLOCKS = 15
"""Blocks of one orbit whose permutations can be counted in 64 bits with room to spare."""


@dataclass(frozen=True, slots=True)
class CanonicalForm:
    """A compiled function ``canonical(words) -> 0`` that works in place.

    Parameters
    ----------
    address : int
    code : object
        Keeps the function alive.
    """

    address: int
    code: Any


def compile_canonical(packing: Packing, orbits: Sequence[Orbit]) -> CanonicalForm:
    """Compile the canonical form of packed states.

    Raises
    ------
    NotCompilable
        If a block is too wide.
    """
    from llvmlite import ir

    from checker.native.machine import assemble

    i64, pointer = ir.IntType(64), ir.PointerType()
    module = ir.Module(name="canonical")
    function = ir.Function(module, ir.FunctionType(i64, [pointer]), "canonical")
    b = ir.IRBuilder(function.append_basic_block("entry"))
    places = [
        b.gep(function.args[0], [ir.Constant(i64, number)], source_etype=i64)
        for number in range(packing.words)
    ]
    words = [b.load(place, typ=i64) for place in places]
    for orbit in orbits:
        blocks = _slots(packing, orbit)
        width = sum(slot.width for slot in blocks[0])
        if width > _WIDEST:
            raise NotCompilable(f"a part of {width} bits is too wide to be compared")
        if not width:
            continue
        number = ir.IntType(max(8, width))
        keys = [_key(b, ir, number, words, block) for block in blocks]
        _sort(b, keys)
        for block, key in zip(blocks, keys, strict=True):
            _put_back(b, ir, words, block, key)
    for place, word in zip(places, words, strict=True):
        b.store(word, place)
    b.ret(ir.Constant(i64, 0))
    code = assemble(module)
    return CanonicalForm(code.address("canonical"), code)


def represented(packing: Packing, orbits: Sequence[Orbit], words: npt.NDArray[np.uint64]) -> int | None:
    """How many states canonical ones stand for, themselves included; None where that is too many.

    A state with m₁, m₂, … equal blocks among the n of an orbit stands for n! / (m₁! m₂! …).
    """
    if any(len(orbit.blocks) > _MOST_BLOCKS for orbit in orbits):
        return None
    total = 0
    for start in range(0, len(words), 1 << 16):
        rows = words[start : start + (1 << 16)]
        count = np.ones(len(rows), dtype=object)
        for orbit in orbits:
            blocks = _slots(packing, orbit)
            size = np.full(len(rows), factorial(len(blocks)), dtype=np.int64)
            run = np.ones(len(rows), dtype=np.int64)
            before = [_values(rows, slot) for slot in blocks[0]]
            for block in blocks[1:]:
                here = [_values(rows, slot) for slot in block]
                equal = np.ones(len(rows), dtype=np.bool_)
                for one, other in zip(before, here, strict=True):
                    equal &= one == other
                run = np.where(equal, run + 1, 1)
                size //= run
                before = here
            count = count * size
        total += int(count.sum())
    return total


def _slots(packing: Packing, orbit: Orbit) -> list[list[Slot]]:
    slots = {slot.name: slot for slot in packing.slots}
    return [[slots[name] for name in block] for block in orbit.blocks]


def _values(rows: npt.NDArray[np.uint64], slot: Slot) -> npt.NDArray[np.uint64]:
    if not slot.width:
        return np.zeros(len(rows), dtype=np.uint64)
    column = rows[:, slot.offset // WORD] >> np.uint64(slot.offset % WORD)
    return column & np.uint64(slot.mask)


# ---------------------------------------------------------------- instructions


def _key(b: Any, ir: Any, number: Any, words: Sequence[Any], block: Sequence[Slot]) -> Any:
    key = ir.Constant(number, 0)
    shift = sum(slot.width for slot in block)
    for slot in block:
        if not slot.width:
            continue
        shift -= slot.width
        bits = b.lshr(words[slot.offset // WORD], ir.Constant(ir.IntType(64), slot.offset % WORD))
        bits = b.and_(bits, ir.Constant(ir.IntType(64), slot.mask))
        bits = _resized(b, bits, number)
        key = b.or_(key, b.shl(bits, ir.Constant(number, shift)))
    return key


def _put_back(b: Any, ir: Any, words: list[Any], block: Sequence[Slot], key: Any) -> None:
    i64 = ir.IntType(64)
    shift = sum(slot.width for slot in block)
    for slot in block:
        if not slot.width:
            continue
        shift -= slot.width
        bits = _resized(b, b.lshr(key, ir.Constant(key.type, shift)), i64)
        bits = b.shl(b.and_(bits, ir.Constant(i64, slot.mask)), ir.Constant(i64, slot.offset % WORD))
        home = slot.offset // WORD
        others = ~(slot.mask << slot.offset % WORD) & (1 << WORD) - 1
        words[home] = b.or_(b.and_(words[home], ir.Constant(i64, others)), bits)


def _resized(b: Any, value: Any, number: Any) -> Any:
    if value.type.width < number.width:
        return b.zext(value, number)
    return b.trunc(value, number) if value.type.width > number.width else value


def _sort(b: Any, keys: list[Any]) -> None:
    """Odd-even transposition: as many rounds as keys, neighbours exchanged where they are out of order."""
    for phase in range(len(keys)):
        for left in range(phase % 2, len(keys) - 1, 2):
            one, other = keys[left], keys[left + 1]
            swapped = b.icmp_unsigned(">", one, other)
            keys[left] = b.select(swapped, other, one)
            keys[left + 1] = b.select(swapped, one, other)
