"""The successors of a system as machine code: all outcomes of one state, without branches.

Every outcome writes its candidate, and the count goes up only where its guard holds: a wrong guess
of a branch costs more than the candidate. Only a test that many neighbouring outcomes share, as the
position of a process, is worth a branch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from llvmlite import ir

from checker.explicit.generated_python import Branch, Failure, arranged
from checker.explicit.instances import Outcome, outcomes_of
from checker.explicit.machine_text import I1, I32, I64, POINTER, MachineWriter
from checker.explicit.packing import WORD, Packing
from checker.explicit.python_text import Block
from checker.explicit.step_plan import Plan, planned
from checker.native.machine import assemble
from checker.system.expression import Expression
from checker.system.transition_system import Hazard, TransitionSystem

__all__ = ["Successors", "compile_successors"]

# Outcomes, and words of their states, in one function: what LLVM takes grows with their square.
_PART = 64
_PART_WORDS = 256
_LEAST_PART = 8

# Outcomes that share a test before it becomes a branch.
_WORTH_A_BRANCH = 8

_QUICK = 600
"""Outcomes beyond which compiling faster matters more than the last of the speed."""


@dataclass(frozen=True, slots=True)
class Successors:
    """A compiled successor function.

    Parameters
    ----------
    address : int
        Of ``successors(state, out, labels, failed) -> n | f << 32``: the n outcomes that lead
        somewhere, as words in `out` and int32 in `labels`, in the order of `outcomes_of`; and the
        numbers of the f failures, as int32 in `failed`. Negative numbers: -1 - i is `leaving[i]`.
    most : int
        How many entries each of the three needs room for.
    failures : tuple of Failure
    leaving : tuple of (int, str)
        Label and variable of updates that leave their domain where no hazard says so.
    code : MachineCode
        Keeps the function alive.
    """

    address: int
    most: int
    failures: tuple[Failure, ...]
    leaving: tuple[tuple[int, str], ...]
    code: Any


def compile_successors(system: TransitionSystem, packing: Packing) -> Successors:
    """Compile the successor function of a system.

    Raises
    ------
    NotCompilable
        If its numbers are too large.
    """
    outcomes = list(outcomes_of(system))
    module = ir.Module(name="successors")
    function_type = ir.FunctionType(I64, [POINTER] * 4)
    failures: list[Failure] = []
    leaving: list[tuple[int, str]] = []
    parts: list[ir.Function] = []
    pending = iter(outcomes)
    size = max(_LEAST_PART, min(_PART, _PART_WORDS // packing.words))
    batch = list(islice(pending, size))
    while batch or not parts:
        function = ir.Function(module, function_type, f"part{len(parts)}")
        function.linkage = "internal"
        if len(outcomes) > size:
            # It is called in one place only, and would become part of it again.
            function.attributes.add("noinline")
        _Part(system, packing, function, failures, leaving).write(batch)
        parts.append(function)
        batch = list(islice(pending, size))
    _whole(module, function_type, parts, packing.words)
    code = assemble(module, level=2 if len(outcomes) <= _QUICK else 1)
    most = max(1, len(outcomes))
    return Successors(code.address("successors"), most, tuple(failures), tuple(leaving), code)


def _whole(module: ir.Module, function_type: Any, parts: Sequence[ir.Function], words: int) -> None:
    """One function that calls the parts one after the other."""
    function = ir.Function(module, function_type, "successors")
    state, out, labels, failed = _arguments(function)
    b = ir.IRBuilder(function.append_basic_block("entry"))
    low = ir.Constant(I64, (1 << 32) - 1)
    total = ir.Constant(I64, 0)
    for part in parts:
        n, f = b.and_(total, low), b.lshr(total, ir.Constant(I64, 32))
        places = (
            b.gep(out, [b.mul(n, ir.Constant(I64, words))], source_etype=I64),
            b.gep(labels, [n], source_etype=I32),
            b.gep(failed, [f], source_etype=I32),
        )
        total = b.add(total, b.call(part, [state, *places]))
    b.ret(total)


def _arguments(function: ir.Function) -> tuple[Any, Any, Any, Any]:
    state, out, labels, failed = function.args
    for argument in function.args:
        # Rows of their own: what is written is never read as the state.
        argument.add_attribute("noalias")
    return state, out, labels, failed


class _Part:
    """Writes one function."""

    def __init__(
        self,
        system: TransitionSystem,
        packing: Packing,
        function: ir.Function,
        failures: list[Failure],
        leaving: list[tuple[int, str]],
    ) -> None:
        self.packing = packing
        self.failures = failures
        self.leaving = leaving
        state, self.out, self.labels, self.failed = _arguments(function)
        self.builder = ir.IRBuilder(function.append_basic_block("entry"))
        domains = {variable.name: variable.domain for variable in system.variables}
        self.writer = MachineWriter(packing, domains, self.builder, state)
        self.plans: dict[int, Plan] = {}
        self.found = self.builder.alloca(I64)
        self.failing = self.builder.alloca(I64)

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """The function's body."""
        b, top = self.builder, Block(Block())
        for place in (self.found, self.failing):
            b.store(ir.Constant(I64, 0), place)
        branches = arranged([(outcome, outcome.guard) for outcome in outcomes], _WORTH_A_BRANCH)
        roots: list[tuple[Expression, Block]] = []
        self._open(branches, top, roots)
        self.writer.place(roots)
        self.writer.load_words(self.packing.words)
        self.writer.open(top)
        self._branches(branches)
        result = b.shl(b.load(self.failing, typ=I64), ir.Constant(I64, 32))
        b.ret(b.or_(result, b.load(self.found, typ=I64)))

    def _open(
        self, branches: Sequence[Branch], block: Block, roots: list[tuple[Expression, Block]]
    ) -> None:
        """Give a block to what is under a branch, plan the outcomes, collect what they need."""
        for branch in branches:
            roots.extend((test, block) for test in branch.guard)
            if branch.outcome is None:
                branch.block = Block(block)
                self._open(branch.inner, branch.block, roots)
            else:
                plan = self.plans[id(branch)] = self._plan(branch.outcome)
                roots.extend((root, block) for root in plan.roots())

    def _plan(self, outcome: Outcome) -> Plan:
        def failure(hazard: Hazard | None) -> int:
            self.failures.append(Failure(outcome.label, outcome.choices, hazard))
            return len(self.failures) - 1

        return planned(outcome, self.packing, self.writer.sharing.interval, failure)

    def _branches(self, branches: Sequence[Branch]) -> None:
        for branch in branches:
            guard = self._all(branch.guard)
            if branch.outcome is not None:
                self._outcome(branch.outcome.label, guard, self.plans[id(branch)])
                continue
            assert branch.block is not None
            with self.builder.if_then(guard):
                self.writer.open(branch.block)
                self._branches(branch.inner)

    def _all(self, tests: Sequence[Expression]) -> Any:
        result: Any = ir.Constant(I1, True)
        for position, test in enumerate(tests):
            value = self.writer.values[test]
            result = value if not position else self.builder.and_(result, value)
        return result

    def _outcome(self, label: int, guard: Any, plan: Plan) -> None:
        b = self.builder
        if plan.tests:
            fails: Any = ir.Constant(I1, False)
            number: Any = ir.Constant(I32, 0)
            # The first test that is true counts, so it is looked at last.
            for test, failure in reversed(plan.tests):
                value = self.writer.values[test]
                number = b.select(value, ir.Constant(I32, self._number(label, failure)), number)
                fails = b.or_(fails, value)
            count = b.load(self.failing, typ=I64)
            b.store(number, b.gep(self.failed, [count], source_etype=I32))
            b.store(b.add(count, b.zext(b.and_(guard, fails), I64)), self.failing)
            guard = b.and_(guard, b.not_(fails))
        count = b.load(self.found, typ=I64)
        words = self.packing.words
        base = b.mul(count, ir.Constant(I64, words)) if words > 1 else count
        for number_of_word in range(words):
            place = b.gep(self.out, [b.add(base, ir.Constant(I64, number_of_word))], source_etype=I64)
            b.store(self._word(plan, number_of_word), place)
        b.store(ir.Constant(I32, label), b.gep(self.labels, [count], source_etype=I32))
        b.store(b.add(count, b.zext(guard, I64)), self.found)

    def _number(self, label: int, failure: int | str) -> int:
        if isinstance(failure, int):
            return failure
        self.leaving.append((label, failure))
        return -len(self.leaving)

    def _word(self, plan: Plan, number: int) -> Any:
        """One word of the successor."""
        b, shift, ones = self.builder, number * WORD, (1 << WORD) - 1
        value = self.writer.word(number)
        keep = ones if plan.keep is None else plan.keep >> shift & ones
        # Bits beyond the last slot are zero and stay so.
        used = (1 << self.packing.bits) - 1 >> shift & ones
        if keep & used != used:
            value = b.and_(value, ir.Constant(I64, keep))
        fixed = plan.fixed >> shift & ones
        if fixed:
            value = b.or_(value, ir.Constant(I64, fixed))
        for part, slot in plan.parts:
            if slot.offset // WORD != number:
                continue
            bits = self._placed(part, slot.low)
            if slot.offset % WORD:
                bits = b.shl(bits, ir.Constant(I64, slot.offset % WORD))
            value = b.or_(value, bits)
        flip = plan.flip >> shift & ones
        if flip:
            value = b.xor(value, ir.Constant(I64, flip))
        delta = sum(
            amount << slot.offset % WORD for slot, amount in plan.added if slot.offset // WORD == number
        )
        return b.add(value, ir.Constant(I64, delta & ones)) if delta else value

    def _placed(self, part: Expression, low: int) -> Any:
        """A value as the bits of its slot; it was tested that it fits where that is not certain."""
        b, value = self.builder, self.writer.values[part]
        if value.type == I1:
            return b.zext(value, I64)
        if low:
            # Modulo 2^64 or 2^128, as the difference is.
            value = b.sub(value, ir.Constant(value.type, low & (1 << value.type.width) - 1))
        return value if value.type == I64 else b.trunc(value, I64)
