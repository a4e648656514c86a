"""The subset of Python that becomes machine code, construct by construct, against CPython."""

from __future__ import annotations

import ctypes
import sys
import threading
from pathlib import Path

import llvmlite
import numpy as np
import pytest
from both_ways import Callback, both_ways, code_kept_in

from checker.native import intrinsics
from checker.native.intrinsics import (
    Code,
    Row,
    Static,
    Word,
    add_atomic,
    compare_and_swap,
    load_atomic,
    popcount,
    prefetch,
    store_atomic,
    trailing_zeros,
    word,
)
from checker.native.kernel import Kernel, kernel

LEAST, MOST = -(2**63), 2**63 - 1
EDGES = (
    0,
    1,
    -1,
    2,
    -2,
    3,
    -3,
    7,
    -8,
    63,
    -64,
    2**31,
    -(2**31),
    2**32 + 1,
    10**15,
    -(10**15),
    MOST,
    LEAST,
)
ELEMENTS = ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8")


@pytest.fixture(autouse=True, params=["kept", "in memory"])
def _both_forms_of_code(request: pytest.FixtureRequest, tmp_path: Path):
    """Code as it comes from a file, and as LLVM has it in memory."""
    for one in globals().values():
        if isinstance(one, Kernel):
            one._compiled.clear()
    with code_kept_in(tmp_path if request.param == "kept" else None):
        yield


# ---------------------------------------------------------------- integers


@kernel
def quotient(a: int, b: int) -> int:
    return a // b


@kernel
def rest(a: int, b: int) -> int:
    return a % b


@pytest.mark.parametrize("operation", [quotient, rest], ids=repr)
def test_division_rounds_down(operation: Kernel) -> None:
    """Quotient and rest of every combination of signs are Python's."""
    for a in EDGES:
        for b in EDGES:
            if b and (a, b) != (LEAST, -1):
                both_ways(operation, a, b)


@kernel
def word_quotient(a: Word, b: Word) -> Word:
    return a // b


@kernel
def word_rest(a: Word, b: Word) -> Word:
    return a % b


@kernel
def word_order(a: Word, b: Word) -> int:
    return int(a < b) + 2 * int(a <= b) + 4 * int(a == b) + 8 * int(a > b) + 16 * int(a >= b)


@kernel
def order(a: int, b: int) -> int:
    return int(a < b) + 2 * int(a <= b) + 4 * int(a != b) + 8 * int(a > b) + 16 * int(a >= b)


def test_words_have_no_sign() -> None:
    """Division and comparison of words treat the highest bit as 2^63."""
    words = [value % 2**64 for value in EDGES]
    for a in words:
        for b in words:
            both_ways(word_order, a, b)
            if b:
                both_ways(word_quotient, a, b)
                both_ways(word_rest, a, b)


def test_integers_have_a_sign() -> None:
    """Comparisons of integers."""
    for a in EDGES:
        for b in EDGES:
            both_ways(order, a, b)


@kernel
def arithmetic(a: int, b: int) -> int:
    return (a + b) * 3 - (a ^ b) + (a & ~b) - (-a | b)


@kernel
def wrapped(a: Word, b: Word) -> Word:
    return word(word(a * b) + word(a - b)) ^ word(~a) ^ word(-b)


def test_arithmetic() -> None:
    """Plain operators; words wrap where they are told to."""
    for a in EDGES[:-4]:
        for b in EDGES[:-4]:
            both_ways(arithmetic, a, b)
    for a in EDGES:
        for b in EDGES:
            both_ways(wrapped, a % 2**64, b % 2**64)


@kernel
def shifted(a: int, w: Word, by: int) -> Word:
    return word(a >> by) ^ (w >> by) ^ word(w << by) ^ word(1 << by) ^ (w >> 3) ^ word(w << word(by))


def test_shifts() -> None:
    """To the right with the sign for integers, with zeros for words; distances are of either kind."""
    for a in EDGES:
        for by in (0, 1, 31, 62, 63):
            both_ways(shifted, a, a % 2**64, by)


@kernel
def signs(a: int) -> int:
    return +5 - (+a) + -3 + ~4 - (2**10 - 7 // 2 - -7 // 2)


@kernel
def extremes(a: int, b: int, v: Word, w: Word) -> Word:
    return word(min(a, b)) ^ word(max(a, 3)) ^ min(v, w) ^ max(v, 3)


def test_signs_of_literals_and_extremes() -> None:
    """A plus before a literal changes nothing; min and max compare by the kind."""
    for a in EDGES[:-2]:
        both_ways(signs, a)
        for b in EDGES:
            both_ways(extremes, a, b, a % 2**64, b % 2**64)


@kernel
def largest() -> Word:
    return 0xFFFFFFFFFFFFFFFF


@kernel
def least() -> int:
    return -0x8000000000000000


def test_literals_at_the_edges() -> None:
    """The largest word and the least integer."""
    assert (both_ways(largest), both_ways(least)) == (2**64 - 1, LEAST)


# ---------------------------------------------------------------- truth values


@kernel
def inverse(flag: bool) -> bool:
    return not flag


@kernel
def mixed_truth(a: int, w: Word, flag: bool) -> bool:
    if (a and not w) or flag:
        flag = flag ^ (a > 3) | (w == 1) & (not flag)
    return flag if w else flag == (a < 0)


def test_truth_values() -> None:
    """They come out as Python's; numbers are conditions."""
    for flag in (True, False):
        assert both_ways(inverse, flag) is (not flag)
        for a in (0, 1, -1, 5):
            for w in (0, 1, 2**63):
                both_ways(mixed_truth, a, w, flag)


@kernel
def noted(row: Row, place: int, result: bool) -> bool:
    row[place] += 1
    return result


@kernel
def short_circuit(row: Row, a: bool, b: bool, c: bool) -> bool:
    one = noted(row, 0, a) and noted(row, 1, b) and noted(row, 2, c)
    other = noted(row, 3, a) or noted(row, 4, b) or noted(row, 5, c)
    return one or (other and noted(row, 6, a))


def test_short_circuit() -> None:
    """The right side of `and` and `or` is evaluated only where it matters."""
    for flags in np.ndindex(2, 2, 2):
        both_ways(short_circuit, np.zeros(7, dtype=np.int64), *map(bool, flags))


@kernel
def careful(row: Row, i: int, b: int) -> int:
    first = row[i] if i < 4 else -1
    return first + (100 // b if b != 0 else 0)


def test_only_one_branch_of_a_conditional_is_evaluated() -> None:
    """The other one may divide by zero, or read beyond the end."""
    for i in (0, 3, 4, 10**9):
        for b in (0, 7, -7):
            both_ways(careful, np.arange(4, dtype=np.int32), i, b)


# ---------------------------------------------------------------- control flow


@kernel
def triangle(rows: int, enough: int) -> int:
    total = 0
    for i in range(rows):
        for j in range(i):
            if j == 3:
                continue
            if total > enough:
                break
            total += i * j
        else_total = total
        while True:
            else_total -= 7
            if else_total < 0:
                break
            if else_total % 5 == 0:
                continue
            total += 1
            if total > 3 * enough:
                return -total
    return total


def test_nested_loops() -> None:
    """`break`, `continue` and `return` leave the loop they stand in."""
    for rows in (0, 1, 2, 5, 9):
        for enough in (0, 5, 40, 300):
            both_ways(triangle, rows, enough)


@kernel
def stepping(start: int, stop: int, row: Row) -> int:
    last = 0
    count = 0
    for i in range(start, stop, 3):
        last = i
        row[count] = i
        count += 1
        i += 100
        row[15] = i
    for _ in range(start, stop):
        count += 1
    for k in range(5, 5):
        count += k + 1000
    return last * 100 + count


def test_ranges() -> None:
    """Start, stop and step; changing the variable inside changes nothing of what follows."""
    for start in (-7, 0, 2):
        for stop in (-8, 0, 1, 9):
            both_ways(stepping, start, stop, np.zeros(16, dtype=np.int16))


@kernel
def classified(a: int) -> int:
    if a < 0:
        return -1
    elif a == 0:
        b = 10
    elif a < 5:
        b = 20
        if a == 2:
            pass
        else:
            b += a
    else:
        b = 30
    return b


def test_elif_and_early_return() -> None:
    """Branches that leave, and branches that meet again."""
    assert [both_ways(classified, a) for a in (-3, 0, 1, 2, 4, 5)] == [-1, 10, 21, 20, 24, 30]


# ---------------------------------------------------------------- arrays


@kernel
def copied(source: Row, target: Row, count: int) -> int:
    total = 0
    for i in range(count):
        value = source[i]
        target[i] = value
        total ^= int(value)
    return total


@pytest.mark.parametrize("source", ELEMENTS)
def test_elements_are_extended_and_cut_off(source: str) -> None:
    """Reading extends by the sign of the type; what does not fit is cut off when it is written."""
    limits = np.iinfo(source)
    values = [limits.min, limits.max, 0, 1, limits.max // 3, 100]
    if source == "u8":
        values[1] = 2**63 - 1  # as a Python integer it would have no sign
    for target in ELEMENTS:
        both_ways(copied, np.array(values, dtype=source), np.zeros(6, dtype=target), 6)


@kernel
def updated(row: Row, by: int) -> None:
    for i in range(4):
        row[i] += by
        row[i] -= 2 * i
        row[i] *= 3
        row[i] ^= by
        row[i] |= 1
        row[i] >>= 1
        row[i] //= 3
        row[i] %= 1000


@pytest.mark.parametrize("code", ELEMENTS[:-1])
def test_elements_are_updated_in_place(code: str) -> None:
    """`row[i] += x` and the like compute with 64 bits and store what fits."""
    both_ways(updated, np.array([1, 2, 3, 100], dtype=code), 77)
    both_ways(updated, np.array([1, 2, 3, 100], dtype=code), -123456789)


@kernel
def from_there(row: Row, start: int) -> int:
    rest = row[start:]
    later = rest[2:]
    later[0] = rest[1] + 1
    return beginning(row[start + 1 :]) + rest[0] + from_static(row[1:], 3)


@kernel
def beginning(row: Row) -> int:
    row[0] = row[0] * 2
    return row[0] + row[1]


@kernel
def from_static(row: Row, count: Static) -> int:
    total = 0
    for i in range(count):
        total += row[i]
    return total


@pytest.mark.parametrize("code", ["i1", "u2", "i4", "i8"])
def test_slices_are_the_array_from_there_on(code: str) -> None:
    """A slice shares the memory, as a local variable and as an argument."""
    for start in (0, 1, 3):
        both_ways(from_there, np.arange(1, 9, dtype=code), start)


@kernel
def flags(row: Row, words: Row, place: Word) -> bool:
    row[0] = row[1] and row[2]
    row[3] = words[place] > words[0]
    row[1] |= row[2]
    return row[3] ^ row[0]


def test_arrays_of_truth_values_and_words() -> None:
    """A truth value is one byte; a word may be an index."""
    for bits in np.ndindex(2, 2, 2, 2):
        row = np.array(bits, dtype=bool)
        both_ways(flags, row, np.array([5, 2**63, 0], dtype=np.uint64), 1)
        both_ways(flags, row, np.array([5, 2**63, 0], dtype=np.uint64), 2)


# ---------------------------------------------------------------- floats


@kernel
def real(x: float, row: Row, n: int, w: Word) -> float:
    y = x * 0.5 - row[0] / 3.0
    row[1] = -y + float(n) + float(w) + 2
    if x < y or x != x:
        return y
    return float(int(row[2])) + (1.5 if x >= 0.0 else -1.5)


@kernel
def float_order(x: float, y: float) -> int:
    return int(x < y) + 2 * int(x == y) + 4 * int(x != y) + 8 * int(x >= y)


def test_floats() -> None:
    """Arithmetic of doubles, conversions, and what is no number is different from itself."""
    special = (0.0, -0.0, 1.5, -2.25, 1e300, float("inf"), float("-inf"))
    for x in special:
        for n, w in ((-3, 2**64 - 1), (2**53 + 1, 0)):
            both_ways(real, x, np.array([0.1, 0.0, -7.9]), n, w)
    for x in (*special, float("nan")):
        for y in (*special, float("nan")):
            both_ways(float_order, x, y)


# ---------------------------------------------------------------- calls


@kernel
def power(base: Word, exponent: Static) -> Word:
    result: Word = 1
    for _ in range(exponent):
        result = word(result * base)
    return result


@kernel
def powers(base: Word) -> Word:
    return power(base, 0) ^ power(base, 3) ^ power(word(base + 1), EXPONENT)


EXPONENT = 11


def test_static_parameters() -> None:
    """A kernel is compiled for each number; from another kernel, it is a literal or a constant."""
    for base in (0, 1, 3, 2**40 + 1):
        both_ways(powers, base)
        for exponent in (0, 1, 5):
            both_ways(power, base, exponent)
    assert len(power._compiled) == 3


@kernel
def even(n: int) -> bool:
    return True if n == 0 else odd(n - 1)


@kernel
def odd(n: int) -> bool:
    return False if n == 0 else even(n - 1)


def test_recursion() -> None:
    """Kernels call themselves and each other."""
    assert [both_ways(even, n) for n in range(5)] == [True, False, True, False, True]


@kernel
def folded(step: Code, times: int, w: Word) -> int:
    total = 0
    for i in range(times):
        total = step(total, i) + int(w & 1)
    return total


@kernel
def through(step: Code, times: int) -> int:
    return folded(step, times, 1) + step(times, 1)


def test_calls_by_address() -> None:
    """Code of which only the address is known, also passed on to another kernel."""
    step = Callback(lambda total, i: 3 * total - i, ctypes.c_int64, ctypes.c_int64)
    for times in (0, 1, 7):
        both_ways(folded, step, times, 2**63 + 1)
        both_ways(through, step, times)


@kernel
def visited(visit: Code, row: Row, count: int) -> int:
    total = 0
    for i in range(count):
        total += visit(row[2 * i :], i)
    return total


def test_calls_by_address_get_arrays() -> None:
    """An array is passed as the address of its first element."""
    row = np.array([5, 6, 7, 8], dtype=np.int64)
    seen: list[int] = []

    def visit(address: int, i: int) -> int:
        seen.append(address - row.ctypes.data)
        return int(ctypes.cast(address, ctypes.POINTER(ctypes.c_int64))[1]) * 10**i

    assert visited(Callback(visit, ctypes.c_void_p, ctypes.c_int64), row, 2) == 6 + 80
    assert seen == [0, 16]


@kernel
def nothing(row: Row) -> None:
    if row[0] == 0:
        return
    row[0] = 0


def test_a_kernel_may_return_nothing() -> None:
    """And leave early."""
    for value in (0, 5):
        assert both_ways(nothing, np.array([value], dtype=np.uint8)) is None


# ---------------------------------------------------------------- intrinsics


@kernel
def bits(w: Word) -> int:
    return popcount(w) * 100 + trailing_zeros(w)


def test_bits() -> None:
    """How many are set, and which is the first; 64 if there is none."""
    for w in (0, 1, 2**63, 2**64 - 1, 0b1011000, 2**40):
        both_ways(bits, w)
    assert trailing_zeros(0) == 64


@kernel
def atomics(row: Row, value: int) -> int:
    prefetch(row, 0)
    store_atomic(row, 0, value)
    before = add_atomic(row, 1, value)
    same = compare_and_swap(row, 2, 7, value)
    different = compare_and_swap(row, 3, 1, value)
    return int(load_atomic(row, 0)) ^ int(before) ^ int(same) ^ int(different)


@pytest.mark.parametrize("code", ELEMENTS)
def test_atomics(code: str) -> None:
    """In one thread they are what they are in CPython, for every type of element."""
    for value in (0, 1, 100, -1, -100) if code[0] == "i" else (0, 1, 100, 200):
        both_ways(atomics, np.array([3, 250 % 128, 7, 9], dtype=code), value)


@kernel
def count_up(row: Row, times: int) -> None:
    for _ in range(times):
        add_atomic(row, 0, 1)
        while compare_and_swap(row, 1, 0, 1) != 0:
            pass
        row[2] = row[2] + 1
        store_atomic(row, 1, 0)


def test_atomics_between_threads() -> None:
    """No addition is lost, and what is done under a lock is done by one at a time."""
    row = np.zeros(3, dtype=np.int64)
    count_up(row, 0)  # compiled before the threads begin
    threads = [threading.Thread(target=count_up, args=(row, 20_000)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert row.tolist() == [60_000, 0, 60_000]


def test_words_of_other_numbers() -> None:
    """`word` is the low 64 bits, in CPython too."""
    assert [word(value) for value in (-1, 2**64, 2**64 + 5)] == [2**64 - 1, 0, 5]
    assert set(intrinsics.__all__) > {"word", "popcount"}


# ---------------------------------------------------------------- compiled code that is kept


def _twins() -> tuple[Kernel, Kernel]:
    @kernel
    def twin(a: int) -> int:
        return a + 1

    first = twin

    @kernel
    def twin(a: int) -> int:
        return a + 2

    return first, twin


def test_kernels_of_one_name_are_not_confused() -> None:
    """What is kept of one is not used for another of the same name in the same file."""
    first, second = _twins()
    assert (first(10), second(10)) == (11, 12)


FACTOR = 3


@kernel
def scaled(a: int) -> int:
    return a * FACTOR


def test_a_changed_constant_is_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept holds for the numbers that the source named then."""
    assert scaled(5) == 15
    monkeypatch.setitem(globals(), "FACTOR", 4)
    again = Kernel(scaled.function)
    assert again(5) == 20


@pytest.mark.parametrize("missing", ["llvmlite", "llvmlite.binding"])
def test_without_llvm(missing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where LLVM cannot be loaded a kernel is run by CPython, on the arrays themselves."""
    row = np.arange(1, 9, dtype=np.int64)
    with code_kept_in(tmp_path / "nothing is kept here"):
        # What a package has as an attribute already is not imported again.
        monkeypatch.delattr(llvmlite, "binding", raising=False)
        monkeypatch.setitem(sys.modules, missing, None)
        assert not from_static.compiles(row, 3)
        assert from_static(row, 3) == 6
    from_static._compiled.clear()
