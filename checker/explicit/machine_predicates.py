"""Predicates of states and of steps in bulk, as machine code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from checker.explicit.packing import NotCompilable, Packing
from checker.native.intrinsics import Code, Row, Static
from checker.native.kernel import kernel
from checker.system.expression import Expression, add, constant, ite
from checker.system.sorts import BoolSort
from checker.system.transition_system import TransitionSystem
from checker.system.walk import expand_quantifiers

__all__ = ["MachinePredicate", "compile_bits", "compile_predicate"]


@kernel
def values_in_states(predicate: Code, words: Row, width: Static, count: int, values: Row) -> None:
    """Evaluate in states 0 … count-1."""
    for i in range(count):
        values[i] = predicate(words[i * width :], words[i * width :])


@kernel
def values_on_edges(
    predicate: Code,
    words: Row,
    width: Static,
    offsets: Row,
    targets: Row,
    first: int,
    last: int,
    values: Row,
) -> None:
    """Evaluate for the edges of states first … last-1."""
    for i in range(first, last):
        for edge in range(offsets[i], offsets[i + 1]):
            values[edge] = predicate(words[i * width :], words[targets[edge] * width :])


@dataclass(frozen=True, slots=True)
class MachinePredicate:
    """A compiled expression over the states before and after a step.

    Parameters
    ----------
    address : int
        Of ``predicate(before, after) -> value`` over the words of two states.
    width : int
        Words of a state.
    is_truth : bool
        Whether values are 0 and 1.
    code : object
        Keeps the function alive.
    """

    address: int
    width: int
    is_truth: bool
    code: Any

    @property
    def dtype(self) -> type[np.generic]:
        """Of the values."""
        return np.bool_ if self.is_truth else np.int64

    def in_states(self, words: npt.NDArray[np.uint64]) -> npt.NDArray[Any]:
        """The value in every state, shape (states,)."""
        values = np.empty(len(words), dtype=np.uint8 if self.is_truth else np.int64)
        values_in_states(self, words.reshape(-1), self.width, len(words), values)
        return values.view(np.bool_) if self.is_truth else values

    def on_edges(
        self, words: npt.NDArray[np.uint64], offsets: npt.NDArray[Any], targets: npt.NDArray[Any]
    ) -> npt.NDArray[Any]:
        """The value for every edge of a graph in CSR form, shape (edges,)."""
        values = np.empty(len(targets), dtype=np.uint8 if self.is_truth else np.int64)
        size = 1 << 20
        for first in range(0, len(words), size):
            last = min(first + size, len(words))
            values_on_edges(self, words.reshape(-1), self.width, offsets, targets, first, last, values)
        return values.view(np.bool_) if self.is_truth else values


def compile_predicate(
    system: TransitionSystem, packing: Packing, expression: Expression
) -> MachinePredicate:
    """Compile an expression over variables, and `next` variables for steps.

    Raises
    ------
    NotCompilable
        If its numbers are too large.
    """
    from llvmlite import ir

    from checker.explicit.machine_text import I1, I64, POINTER, MachineWriter
    from checker.explicit.python_text import Block
    from checker.native.machine import assemble

    module = ir.Module(name="predicate")
    function = ir.Function(module, ir.FunctionType(I64, [POINTER, POINTER]), "predicate")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    domains = {variable.name: variable.domain for variable in system.variables}
    writer = MachineWriter(packing, domains, builder, *function.args)
    written = expand_quantifiers([expression])[expression]
    block = Block(Block())
    writer.place([(written, block)])
    writer.load_words(packing.words)
    writer.load_words(packing.words, "next")
    writer.open(block)
    value = writer.values[written]
    if value.type == I1:
        value = builder.zext(value, I64)
    elif value.type != I64:
        raise NotCompilable("a value wider than 63 bits")
    builder.ret(value)
    code = assemble(module)
    is_truth = isinstance(expression.sort, BoolSort)
    return MachinePredicate(code.address("predicate"), packing.words, is_truth, code)


def compile_bits(
    system: TransitionSystem, packing: Packing, expressions: Sequence[Expression]
) -> MachinePredicate:
    """Compile at most 63 truth values into one: bit k is the value of expression k.

    Raises
    ------
    NotCompilable
        If numbers in them are too large.
    """
    total = constant(0)
    for position, expression in enumerate(expressions):
        total = add(total, ite(expression, constant(1 << position), constant(0)))
    return compile_predicate(system, packing, total)
