"""What is outside the subset is refused, with the line, and never compiled to something else."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from both_ways import code_kept_in

from checker.native.intrinsics import Row, Static, Word
from checker.native.kernel import Kernel, kernel
from checker.native.translate_expressions import KernelError

REFUSED = [
    ("a = b = n", "one target"),
    ("a, b = n, n", "Tuple is not part of the subset"),
    ("a, b = n", "only names and elements"),
    ("n = 2 ** n", "no Pow of int"),
    ("n = n / 2", "no Div of int"),
    ("n = 5 / 2", "no whole number"),
    ("n = 5 // 0", "zero"),
    ("n = n << 64", "a shift by less than 0 or more than 63"),
    ("n = n >> -1", "a shift by less than 0 or more than 63"),
    ("n = n + 9223372036854775808", "is no 64-bit int"),
    ("w = w & -1", "is no 64-bit Word"),
    ("n = w + n", "Word and int: say which"),
    ("n = w", "Word where int is needed"),
    ("n = n + flag", "int and bool: say which"),
    ("n = x", "float where int is needed"),
    ("flag = n", "int where bool is needed"),
    ("flag = flag + flag", "no Add of bool"),
    ("flag = ~flag", "no Invert of bool"),
    ("n = -flag", "no USub of bool"),
    ("flag = n and w", "the value of `and` or `or` would be int"),
    ("flag = 0 < n < 5", "one comparison at a time"),
    ("flag = n in (1, 2)", "one comparison at a time"),
    ("flag = row == row", "no comparison of array of i8"),
    ("x = x // 2.0", "no FloorDiv of float"),
    ("x = min(x, 1.0)", "no min of float"),
    ("n = min(n, 1, 2)", "min with 3 arguments"),
    ("n = max(n)", "max with 1 arguments"),
    ("n = int(n, 10)", "int with 2 arguments"),
    ("n = abs(n)", "abs is no kernel"),
    ("n = row.sum()", "only plain calls by name"),
    ("n = row.size", "Attribute is not part of the subset"),
    ("n = row[1:2]", "only row[start:]"),
    ("n = row[:2]", "only row[start:]"),
    ("n = row[x]", "float where int is needed"),
    ("n = n[0]", "int has no elements"),
    ("n = len(row)", "len is no kernel"),
    ("n = unknown", "unknown has no value here"),
    ("n = later; later = 3", "later has no value here"),
    ("n = count + 1", "count has no value here"),
    ("k = (i for i in range(3))", "GeneratorExp is not part of the subset"),
    ("k = lambda: 3", "Lambda is not part of the subset"),
    ("k = 'text'", "'text' is no number"),
    ("k = [n]", "List is not part of the subset"),
    ("k = (m := n)", "NamedExpr is not part of the subset"),
    ("assert n", "Assert is not part of the subset"),
    ("del n", "Delete is not part of the subset"),
    ("import math", "Import is not part of the subset"),
    ("raise ValueError", "Raise is not part of the subset"),
    ("if x: n = 2", "float is no condition"),
    ("if row: n = 2", "array of i8 is no condition"),
    ("for n in row: w = w", "only `for name in range"),
    ("for x in range(3): n = 2", "x is float already"),
    ("for k in range(n, 0, -1): n = 2", "a step is a positive number"),
    ("for k in range(0, 3, n): n = 2", "a step is a positive number"),
    ("for k in range(0, 3, 0): n = 2", "a step is a positive number"),
    ("for k in range(): n = 2", "range takes one to three numbers"),
    ("for k in range(w): n = 2", "Word where int is needed"),
    ("n: Word = 3", "n is int already"),
    ("k: str = 3", "annotate with"),
    ("row[0]: int = 3", "only names are annotated"),
    ("row.size += 1", "only names and elements of arrays can be assigned"),
    ("row.size = 1", "only names and elements of arrays can be assigned"),
    ("row[0] = x", "float where int is needed"),
    ("n = other(n)", "other takes 2 arguments, not 1"),
    ("n = other(row, n)", "other: a is int, not array of i8"),
    ("n = other(n, flag)", "other: b is Word, not bool"),
    ("n = other(n, n)", "int where Word is needed"),
    ("n = exact(n)", "exact: count is Static, not int"),
    ("n = effect(row)", "has no value|where int is needed"),
    ("n = nothing_of(row) + 1", "no kernel|None"),
    ("n = popcount(n)", "int where Word is needed"),
    ("n = popcount(w, w)", "popcount with 2 arguments"),
    ("n = add_atomic(reals, 0, 1)", "add_atomic of an element f8"),
    ("n = n(3)", "int cannot be called"),
    ("n = code(x)", "float cannot be given to code"),
    ("return", "the function returns int"),
    ("return x", "float where int is needed"),
    ("return row", "array of i8 where int is needed"),
    ("size = 3", "size is Static and cannot be assigned"),
]

MODULE = """\
from checker.native.intrinsics import Code, Row, Static, Word, add_atomic, popcount
from checker.native.kernel import kernel


@kernel
def other(a: int, b: Word) -> int:
    return a


@kernel
def exact(count: Static) -> int:
    return count


@kernel
def effect(row: Row) -> None:
    row[0] = 1


@kernel
def program(n: int, w: Word, flag: bool, x: float, row: Row, reals: Row, code: Code, size: Static) -> int:
    {statement}
    return n
"""


class _Nowhere:
    """Something with an address that is never called."""

    address = 0


@pytest.fixture(autouse=True)
def _nothing_kept():
    """Every kernel is compiled anew."""
    with code_kept_in(None):
        yield


def program(tmp_path: Path, statement: str) -> Kernel:
    """The kernel of a module that has this statement in it."""
    lines = statement.split("; ")
    path = tmp_path / "refused.py"
    path.write_text(MODULE.format(statement="\n    ".join(lines)), encoding="utf-8")
    names: dict[str, object] = {"__name__": "refused"}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    found = names["program"]
    assert isinstance(found, Kernel)
    return found


def call(chosen: Kernel) -> object:
    row = np.arange(4, dtype=np.int64)
    return chosen(5, 6, True, 1.5, row, np.zeros(4), _Nowhere(), 2)


@pytest.mark.parametrize(("statement", "message"), REFUSED)
def test_refused(tmp_path: Path, statement: str, message: str) -> None:
    """A statement outside the subset is an error that names its line and what is wrong."""
    with pytest.raises(KernelError, match=r"line \d+: ") as caught:
        call(program(tmp_path, statement))
    assert re.search(re.escape(message) if "|" not in message else message, str(caught.value))


def test_the_line_is_that_of_the_function(tmp_path: Path) -> None:
    """Lines are counted from the decorator on."""
    with pytest.raises(KernelError, match=r"^line 5: one comparison"):
        call(program(tmp_path, "n = 1; n = 2; flag = 1 < n < 3"))


def test_what_is_accepted(tmp_path: Path) -> None:
    """The frame around the refused statements is not what is refused."""
    assert call(program(tmp_path, "n = n + size")) == 7


@kernel
def loop_else(n: int) -> int:
    for i in range(n):
        if i == 3:
            break
    else:
        return -1
    return 1


@kernel
def while_else(n: int) -> int:
    while n > 3:
        n -= 1
    else:
        n = 100
    return n


@kernel
def with_default(n: int = 3) -> int:
    return n


@kernel
def by_name(n: int, *, m: int) -> int:
    return n + m


@pytest.mark.parametrize("chosen", [loop_else, while_else, with_default, by_name], ids=repr)
def test_refused_definitions(chosen: Kernel) -> None:
    """`else` of a loop, defaults and parameters by name are not silently left out."""
    with pytest.raises(KernelError):
        chosen(5)


@kernel
def typed(n: int, w: Word, x: float, row: Row, count: Static) -> float:
    return x + float(n) + float(w) + float(row[count])


@kernel
def strange_result(n: int) -> list[int]:
    return [n]


def test_arguments_have_to_fit() -> None:
    """Arguments of another type, and arrays that a kernel would read wrongly, are refused."""
    row = np.arange(6, dtype=np.int64)
    assert typed(1, 2, 0.5, row, 3) == 6.5
    for arguments, message in [
        ((1.0, 2, 0.5, row, 3), "n is int, not float"),
        ((True, 2, 0.5, row, 3), "n is int, not bool"),
        ((1, 2, 1, row, 3), "x is float, not int"),
        ((1, 2, 0.5, 7, 3), "row is Row, not int"),
        ((1, 2, 0.5, row), "takes 5 arguments, not 4"),
        ((1, 2, 0.5, [1, 2], 3), "cannot take list"),
        ((1, 2, 0.5, row[::2], 3), "cannot read an array"),
        ((1, 2, 0.5, row.astype(">i8"), 3), "cannot read an array"),
        ((1, 2, 0.5, row.astype("f4"), 3), "cannot read an array"),
        ((1, 2, 0.5, row.astype("c16"), 3), "cannot read an array"),
        ((1, 2, 0.5, np.frombuffer(bytes(33), dtype=np.int64, count=4, offset=1), 3), "cannot read"),
    ]:
        with pytest.raises(TypeError, match=message):
            typed(*arguments)
    with pytest.raises(OverflowError, match="more than 64 bits"):
        typed(2**64, 2, 0.5, row, 3)
    with pytest.raises(TypeError, match="not int, Word, float or bool"):
        strange_result(3)
