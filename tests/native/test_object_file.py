"""Code without a linker: the same results as LLVM's own, and refused where it needs more than itself."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from llvmlite import binding, ir

from checker.native import code_cache
from checker.native.code_cache import MappedCode
from checker.native.machine import MachineCode, _machine, _optimise, assemble, host
from checker.native.object_file import NotFlat, flatten

pytestmark = pytest.mark.skipif(code_cache.folder() is None, reason="nothing can be kept on this system")

I8, I32, I64, I128, F64 = (*(ir.IntType(bits) for bits in (8, 32, 64, 128)), ir.DoubleType())
UNARY = ir.FunctionType(I64, [I64])
INPUTS = [*range(-3, 70), 127, 128, 255, 2**31, 2**40 + 7, 2**63 - 1, -(2**63)]


def function(module: ir.Module, name: str = "answer", kind: Any = UNARY) -> tuple[Any, ir.IRBuilder]:
    made = ir.Function(module, kind, name)
    return made, ir.IRBuilder(made.append_basic_block("entry"))


def constant_row(module: ir.Module, name: str, kind: Any, values: Sequence[int]) -> ir.GlobalVariable:
    row = ir.GlobalVariable(module, ir.ArrayType(kind, len(values)), name)
    row.initializer = ir.Constant(row.value_type, list(values))
    row.global_constant, row.linkage = True, "internal"
    return row


def element(b: ir.IRBuilder, row: ir.GlobalVariable, index: Any, kind: Any) -> Any:
    start = b.gep(row, [ir.Constant(I64, 0), index], source_etype=row.value_type)
    return b.load(start, typ=kind)


def object_of(module: ir.Module, level: int = 2) -> bytes:
    """What would be flattened."""
    parsed = binding.parse_assembly(str(module))
    here = host()
    parsed.triple, parsed.data_layout = here.triple, here.layout
    machine = _machine(level, reloc="pic", codemodel="small")
    _optimise(parsed, machine, level)
    data: bytes = machine.emit_object(parsed)
    return data


# ---------------------------------------------------------------- code that needs constants


def table(module: ir.Module) -> None:
    """Elements of a constant row, at an index that is computed."""
    row = constant_row(module, "row", I64, [n * n * n - 7 for n in range(64)])
    made, b = function(module)
    b.ret(element(b, row, b.and_(made.args[0], ir.Constant(I64, 63)), I64))


def tables_of_several_widths(module: ir.Module) -> None:
    """Each row wants to begin at a multiple of something else."""
    made, b = function(module)
    total: Any = ir.Constant(I64, 0)
    for kind, count in ((I8, 37), (I128, 16), (I32, 21), (I64, 19), (I8, 3)):
        row = constant_row(module, f"row{kind.width}x{count}", kind, [5 * n % 101 for n in range(count)])
        index = b.urem(made.args[0], ir.Constant(I64, count))
        value = element(b, row, index, kind)
        value = b.trunc(value, I64) if kind.width > 64 else value
        total = b.add(total, value if value.type == I64 else b.zext(value, I64))
    b.ret(total)


def jump_table(module: ir.Module) -> None:
    """A switch over cases so different that LLVM jumps by a table of places in the code."""
    made, b = function(module)
    other = made.append_basic_block("other")
    # Of some bits of it: the rest of it nobody knows in advance.
    cases = b.switch(b.and_(made.args[0], ir.Constant(I64, 63)), other)
    for number in range(48):
        own, inner = function(module, f"own{number}")
        own.linkage = "internal"
        own.attributes.add("noinline")
        value: Any = own.args[0]
        for turn in range(1 + number % 5):
            value = inner.xor(inner.mul(value, ir.Constant(I64, 3 + number)), ir.Constant(I64, turn))
        inner.ret(inner.add(value, ir.Constant(I64, number << 20)))
        block = made.append_basic_block(f"case{number}")
        cases.add_case(ir.Constant(I64, number), block)
        inner = ir.IRBuilder(block)
        inner.ret(inner.add(inner.call(own, [made.args[0]]), ir.Constant(I64, number)))
    ir.IRBuilder(other).ret(ir.Constant(I64, -1))


def lookup_table(module: ir.Module) -> None:
    """A chain of comparisons that LLVM turns into a row of results."""
    made, b = function(module)
    value: Any = ir.Constant(I64, 99)
    for number in range(30):
        test = b.icmp_signed("==", made.args[0], ir.Constant(I64, number))
        value = b.select(test, ir.Constant(I64, number * 7919 % 1013), value)
    b.ret(value)


def numbers_with_a_point(module: ir.Module) -> None:
    """Constants that do not fit into instructions."""
    made, b = function(module)
    value = b.sitofp(made.args[0], F64)
    value = b.fmul(value, ir.Constant(F64, 0.1))
    value = b.fadd(value, ir.Constant(F64, 3.25))
    value = b.fneg(value)
    b.ret(b.bitcast(value, I64))


def a_loop_over_a_table(module: ir.Module) -> None:
    """Long enough for LLVM to work on many elements at a time, with constants as wide."""
    row = constant_row(module, "row", I64, [n * 31 % 257 for n in range(256)])
    made, b = function(module)
    loop, done = made.append_basic_block("loop"), made.append_basic_block("done")
    entry = b.block
    b.branch(loop)
    b.position_at_end(loop)
    index, total = b.phi(I64), b.phi(I64)
    value = b.mul(element(b, row, index, I64), b.xor(made.args[0], index))
    more = b.add(total, value)
    following = b.add(index, ir.Constant(I64, 1))
    for phi, first, then in ((index, 0, following), (total, 0, more)):
        phi.add_incoming(ir.Constant(I64, first), entry)
        phi.add_incoming(then, loop)
    b.cbranch(b.icmp_unsigned("<", following, ir.Constant(I64, 256)), loop, done)
    ir.IRBuilder(done).ret(more)


def functions_of_its_own(module: ir.Module) -> None:
    """Calls that stay calls, forwards and backwards, one of them of itself."""
    second = ir.Function(module, UNARY, "second")
    made, b = function(module)
    third = ir.Function(module, UNARY, "third")
    for one in (second, third):
        one.linkage = "internal"
        one.attributes.add("noinline")
    b.ret(b.add(b.call(second, [made.args[0]]), b.call(third, [made.args[0]])))
    b = ir.IRBuilder(second.append_basic_block("entry"))
    b.ret(b.mul(b.call(third, [second.args[0]]), ir.Constant(I64, 3)))
    b = ir.IRBuilder(third.append_basic_block("entry"))
    low = b.and_(third.args[0], ir.Constant(I64, 15))
    with b.if_then(b.icmp_signed("==", low, ir.Constant(I64, 0))):
        b.ret(ir.Constant(I64, 5))
    b.ret(b.add(low, b.call(third, [b.sub(low, ir.Constant(I64, 1))])))


def wide_integers(module: ir.Module) -> None:
    """Products of 128 bits."""
    made, b = function(module)
    wide = b.sext(made.args[0], I128)
    product = b.mul(b.mul(wide, wide), ir.Constant(I128, (1 << 90) + 12345))
    b.ret(b.trunc(b.ashr(product, ir.Constant(I128, 57)), I64))


def a_large_constant_far_away(module: ir.Module) -> None:
    """A row of many pages between the code and another row."""
    big = constant_row(module, "big", I64, [n * 2654435761 % 2**32 for n in range(1 << 14)])
    small = constant_row(module, "small", I64, [n ^ 5 for n in range(32)])
    made, b = function(module)
    first = element(b, big, b.and_(made.args[0], ir.Constant(I64, (1 << 14) - 1)), I64)
    b.ret(b.add(first, element(b, small, b.and_(made.args[0], ir.Constant(I64, 31)), I64)))


CODES = [
    table,
    tables_of_several_widths,
    jump_table,
    lookup_table,
    numbers_with_a_point,
    a_loop_over_a_table,
    functions_of_its_own,
    wide_integers,
    a_large_constant_far_away,
]


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("write", CODES, ids=lambda write: write.__name__)
def test_the_same_as_llvm_s_own(
    write: Callable[[ir.Module], None], level: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its code refers to: constants, places in the code, functions of its own."""
    module = ir.Module(name="answers")
    write(module)
    answers = []
    for place, kind in ((None, MachineCode), (tmp_path, MappedCode), (tmp_path, MappedCode)):
        monkeypatch.setattr(code_cache, "folder", lambda place=place: place)
        code = assemble(module, level)
        assert type(code) is kind
        call = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(code.address("answer"))
        answers.append([call(number) for number in INPUTS])
    assert answers[0] == answers[1] == answers[2]
    assert len(set(answers[0])) > 3
    assert len(list(tmp_path.iterdir())) == 1


def relocations(data: bytes) -> set[tuple[str, int]]:
    """(section that refers to something, how) of an object."""
    (start,) = struct.unpack_from("<Q", data, 40)
    size, count, names = struct.unpack_from("<HHH", data, 58)
    headers = [struct.unpack_from("<IIQQQQIIQQ", data, start + k * size) for k in range(count)]

    def name_of(header: Sequence[int]) -> str:
        begin = headers[names][4] + header[0]
        return data[begin : data.index(b"\0", begin)].decode()

    found = set()
    for header in headers:
        if header[1] == 4:
            for offset in range(header[4], header[4] + header[5], 24):
                kind = struct.unpack_from("<QQq", data, offset)[1] & 0xFFFFFFFF
                found.add((name_of(headers[header[7]]), kind))
    return found


def test_these_examples_are_what_they_say() -> None:
    """There is a table of places in the code, there are references to constants and between functions."""

    def of(write: Callable[[ir.Module], None], level: int) -> set[tuple[str, int]]:
        module = ir.Module()
        write(module)
        return {
            (name, kind) for name, kind in relocations(object_of(module, level)) if name != ".eh_frame"
        }

    assert (".text", 2) in of(table, 2)
    assert (".rodata", 2) in of(jump_table, 0) & of(jump_table, 2)
    assert (".text", 2) in of(numbers_with_a_point, 2)
    assert {kind for _, kind in of(functions_of_its_own, 0)} <= {2, 4}


def test_constants_lie_where_they_have_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An instruction that reads 32 bytes at once may want them to begin at a multiple of 32."""
    monkeypatch.setattr(code_cache, "folder", lambda: tmp_path)
    module = ir.Module()
    alignments = (1, 64, 1, 4096, 2, 256)
    for number, alignment in enumerate(alignments):
        row = constant_row(module, f"row{number}", I8, [number + 1] * 5)
        row.align = alignment
        made, b = function(module, f"where{number}")
        b.ret(b.add(b.ptrtoint(row, I64), made.args[0]))
    code = assemble(module)
    assert isinstance(code, MappedCode)
    for number, alignment in enumerate(alignments):
        where = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(code.address(f"where{number}"))
        assert where(0) % alignment == 0
        assert ctypes.string_at(where(0), 5) == bytes([number + 1] * 5)


# ---------------------------------------------------------------- refused


def calls_another(module: ir.Module) -> None:
    outside = ir.Function(module, UNARY, "abs")
    made, b = function(module)
    b.ret(b.call(outside, [made.args[0]]))


def copies_memory(module: ir.Module) -> None:
    """What LLVM makes a call of memset, though there is none in the source."""
    kind = ir.FunctionType(I64, [ir.PointerType(), I64])
    made, b = function(module, kind=kind)
    pointer, count = made.args
    loop, done = made.append_basic_block("loop"), made.append_basic_block("done")
    entry = b.block
    b.branch(loop)
    b.position_at_end(loop)
    index = b.phi(I64)
    index.add_incoming(ir.Constant(I64, 0), entry)
    b.store(ir.Constant(I64, 0), b.gep(pointer, [index], source_etype=I64))
    following = b.add(index, ir.Constant(I64, 1))
    index.add_incoming(following, loop)
    b.cbranch(b.icmp_unsigned("<", following, count), loop, done)
    ir.IRBuilder(done).ret(ir.Constant(I64, 7))


def writes(module: ir.Module) -> None:
    counter = ir.GlobalVariable(module, I64, "counter")
    counter.initializer, counter.linkage = ir.Constant(I64, 5), "internal"
    made, b = function(module)
    value = b.add(b.load(counter, typ=I64), made.args[0])
    b.store(value, counter)
    b.ret(value)


def writes_zeros(module: ir.Module) -> None:
    writes(module)
    module.globals["counter"].initializer = ir.Constant(I64, 0)


def reads_another_s(module: ir.Module) -> None:
    outside = ir.GlobalVariable(module, I64, "environ")
    _, b = function(module)
    b.ret(b.load(outside, typ=I64))


def of_each_thread(module: ir.Module) -> None:
    writes(module)
    module.globals["counter"].storage_class = "thread_local"


def addresses(module: ir.Module) -> None:
    """A row of addresses: they are known only where it lies."""
    one, b = function(module, "one")
    b.ret(ir.Constant(I64, 1))
    two, b = function(module, "two")
    b.ret(ir.Constant(I64, 2))
    row = ir.GlobalVariable(module, ir.ArrayType(one.type, 2), "row")
    row.initializer = ir.Constant(row.value_type, [one, two])
    row.global_constant, row.linkage = True, "internal"
    made, b = function(module)
    index = b.and_(made.args[0], ir.Constant(I64, 1))
    place = b.gep(row, [ir.Constant(I64, 0), index], source_etype=row.value_type)
    b.ret(b.call(b.load(place, typ=UNARY.as_pointer()), [made.args[0]]))


def more_than_a_page(module: ir.Module) -> None:
    row = constant_row(module, "row", I64, range(64))
    row.align = 1 << 13
    made, b = function(module)
    b.ret(element(b, row, b.and_(made.args[0], ir.Constant(I64, 63)), I64))


REFUSED = [
    (calls_another, "abs"),
    (copies_memory, "memset"),
    (writes, "written"),
    (writes_zeros, "written"),
    (reads_another_s, "relocation of type"),
    (of_each_thread, "written"),
    (addresses, "written"),
    (more_than_a_page, "page"),
]


@pytest.mark.parametrize(("write", "said"), REFUSED, ids=lambda what: getattr(what, "__name__", ""))
def test_what_needs_more_than_itself(write: Callable[[ir.Module], None], said: str) -> None:
    """Refused, and said why."""
    module = ir.Module()
    write(module)
    with pytest.raises(NotFlat, match=said):
        flatten(object_of(module))


@pytest.mark.parametrize("write", [calls_another, writes, addresses, more_than_a_page])
def test_what_is_refused_is_compiled_in_memory(
    write: Callable[[ir.Module], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is kept."""
    monkeypatch.setattr(code_cache, "folder", lambda: tmp_path)
    module = ir.Module()
    write(module)
    code = assemble(module)
    assert isinstance(code, MachineCode) and list(tmp_path.iterdir()) == []
    call = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(code.address("answer"))
    wanted = {"calls_another": 1, "writes": 6, "addresses": 2, "more_than_a_page": 1}
    assert call(1) == wanted[write.__name__]
    with pytest.raises(KeyError):
        code.address("question")


def test_what_is_no_such_object() -> None:
    """Another format, another processor, a finished program."""
    module = ir.Module()
    table(module)
    data = object_of(module)
    assert flatten(data).entries.keys() == {"answer"}
    for offset, value in ((0, 0), (4, 1), (5, 2), (16, 2), (18, 183)):
        other = bytearray(data)
        other[offset] = value
        with pytest.raises(NotFlat, match="no relocatable ELF object"):
            flatten(bytes(other))
    with pytest.raises(NotFlat):
        flatten(b"MZ" + bytes(100))
