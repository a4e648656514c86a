"""Random kernels as source text: every construct that can be compiled, nested at random.

What would be undefined is avoided by how it is written: a divisor has its lowest bit set, a distance
is masked, a sum is brought back to 64 bits by `signed` or `word`, which change nothing in machine code.
"""

from __future__ import annotations

import random

__all__ = ["ROWS", "random_kernel"]

ROWS = {
    "r0": "i1",
    "r1": "u1",
    "r2": "i2",
    "r3": "u2",
    "r4": "i4",
    "r5": "u4",
    "r6": "i8",
    "r7": "u8",
    "r8": "b1",
    "r9": "f8",
}
"""Parameters that are arrays of `LENGTH` elements, and their element types."""

LENGTH = 8

HEADER = '''\
"""A random kernel."""

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
from checker.native.kernel import kernel

SEVEN = 7
FAR = -(2**63)
WIDE = 2**64 - 1


@kernel
def signed(value: int) -> int:
    """The low 64 bits with a sign: machine code has nothing else."""
    return (value & 0x7FFFFFFFFFFFFFFF) - (((value >> 63) & 1) << 63)


@kernel
def several(row: Row, first: int, count: Static, scale: int) -> int:
    total = 0
    for k in range(count):
        total = signed(total + signed(row[(first + k) & 7] * scale))
    return total


@kernel
def mixed(value: Word, times: int) -> Word:
    for _ in range(times & 3):
        value = word((value ^ (value >> 7)) * 0x9E3779B97F4A7C15)
    return value


@kernel
def nearby(one: int, other: int, flag: bool) -> bool:
    return flag or (one <= other and not one == other)


@kernel
def depth(value: int) -> int:
    if value & 7 == 0:
        return 0
    return depth((value & 7) - 1) + 1


@kernel
def mark(row: Row, place: int, value: int) -> None:
    if value == 0:
        return
    row[place & 7] = value

'''

_INTEGERS = (0, 1, 2, 3, 5, 7, 63, 64, 100, 255, 2**31, 2**32 - 1, 2**62, 2**63 - 1)
_NARROW = ("r0", "r1", "r2", "r3", "r4", "r5", "r6")


def random_kernel(seed: int) -> str:
    """The source of a module whose `program` is a random kernel.

    Its parameters are ``(a: int, b: int, w: Word, flag: bool, x: float, n: Static, rows …)``.
    """
    return _Writer(random.Random(seed)).module()


class _Writer:
    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.indent = 1
        self.lines: list[str] = []
        self.loops = 0
        self.result = draw.choice(["int", "Word", "bool", "None"])
        self.slices = 0

    def one_of(self, *options: str) -> str:
        return self.draw.choice(options)

    def module(self) -> str:
        parameters = ["a: int", "b: int", "w: Word", "flag: bool", "x: float", "n: Static"]
        parameters += [f"{name}: Row" for name in ROWS]
        self.lines = ["@kernel", f"def program({', '.join(parameters)}) -> {self.result}:"]
        for start in (
            "c = a",
            "d = SEVEN",
            "e: int = 0",
            "v = w",
            "u: Word = 5",
            "g = not flag",
            "y = x",
        ):
            self.write(start)
        for number in range(3):
            self.write(f"i{number} = 0")
        for _ in range(self.draw.randint(3, 8)):
            self.statement(3)
        if self.result != "None":
            self.write(f"return {self.expression(self.result, 3)}")
        return HEADER + "\n" + "\n".join(self.lines) + "\n"

    def write(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    # ------------------------------------------------------------ statements

    def block(self, depth: int) -> None:
        self.indent += 1
        for _ in range(self.draw.randint(1, 3)):
            self.statement(depth)
        self.indent -= 1

    def statement(self, depth: int) -> None:
        kind = self.draw.randint(0, 15)
        if depth <= 0 or kind <= 5:
            self.assignment()
        elif kind <= 8:
            self.choice(depth - 1)
        elif kind <= 10 and self.loops < 3:
            self.counted(depth - 1)
        elif kind == 11 and self.loops < 3:
            self.conditional(depth - 1)
        elif kind == 12 and self.loops:
            self.write(f"if {self.truth(2)}:")
            self.indent += 1
            self.write(self.one_of("break", "continue"))
            self.indent -= 1
        elif kind == 13:
            self.write(f"if {self.truth(1)}:")
            self.indent += 1
            ends = "return" if self.result == "None" else f"return {self.expression(self.result, 2)}"
            self.write(ends)
            self.indent -= 1
        else:
            self.effect()

    def assignment(self) -> None:
        kind = self.draw.randint(0, 8)
        if kind == 0:
            self.write(f"{self.one_of('v', 'u')} = {self.word(3)}")
        elif kind == 1:
            self.write(f"g = {self.truth(3)}")
        elif kind == 2:
            self.write(f"y = {self.real(3)}")
        elif kind == 3:
            name = self.one_of("c", "d", "e")
            operator = self.one_of("&", "|", "^", ">>")
            self.write(f"{name} {operator}= {self.distance() if operator == '>>' else self.number(2)}")
        elif kind == 4:
            row = self.one_of(*_NARROW)
            operator = self.one_of("&", "|", "^")
            self.write(f"{row}[{self.index()}] {operator}= {self.number(2)}")
        elif kind == 5:
            row = self.one_of(*ROWS)
            value = {"b1": self.truth, "f8": self.real, "u8": self.word}.get(ROWS[row], self.number)
            self.write(f"{row}[{self.index()}] = {value(2)}")
        elif kind == 6:
            # What does not fit is cut off: a word into a narrow element, a number into a wide one.
            row = self.one_of(*_NARROW, "r7")
            self.write(f"{row}[{self.index()}] = {self.number(2) if row == 'r7' else self.word(2)}")
        else:
            self.write(f"{self.one_of('c', 'd', 'e')} = {self.number(3)}")

    def choice(self, depth: int) -> None:
        self.write(f"if {self.truth(2)}:")
        self.block(depth)
        if self.draw.random() < 0.3:
            self.write(f"elif {self.condition()}:")
            self.block(depth)
        if self.draw.random() < 0.5:
            self.write("else:")
            self.block(depth)

    def condition(self) -> str:
        """Numbers count as true where they are not 0."""
        kind = self.draw.randint(0, 3)
        if kind == 0:
            return self.number(1) if self.draw.random() < 0.5 else self.one_of("v", "u")
        if kind == 1:
            return f"not {self.one_of('c', 'd', 'w')}"
        if kind == 2:
            return f"{self.one_of('c', 'v', 'g')} {self.one_of('and', 'or')} {self.one_of('d', 'u')}"
        return self.truth(2)

    def counted(self, depth: int) -> None:
        name = f"i{self.loops}"
        stop = f"({self.number(1)}) & 7"
        kind = self.draw.randint(0, 2)
        if kind == 0:
            bounds = stop
        elif kind == 1:
            bounds = f"{self.one_of('-2', '3', f'({self.number(1)}) & 3')}, {stop}"
        else:
            bounds = f"{self.one_of('-5', '0', 'b & 3')}, {stop}, {self.draw.randint(1, 4)}"
        self.write(f"for {name} in range({bounds}):")
        self.loops += 1
        self.block(depth)
        if self.draw.random() < 0.3:
            self.indent += 1
            self.write(f"{name} = signed({name} + 3)")
            self.indent -= 1
        self.loops -= 1

    def conditional(self, depth: int) -> None:
        name = f"i{self.loops}"
        self.write(f"{name} = 0")
        self.write(f"while {self.truth(1)} and {name} < {self.draw.randint(1, 6)}:")
        self.indent += 1
        self.write(f"{name} += 1")
        self.indent -= 1
        self.loops += 1
        self.block(depth)
        self.loops -= 1

    def effect(self) -> None:
        kind = self.draw.randint(0, 5)
        row = self.one_of(*_NARROW)
        if kind == 0:
            self.write(f"store_atomic({row}, {self.index()}, {self.number(2)})")
        elif kind == 1:
            self.write(f"prefetch({row}, {self.index()})")
        elif kind == 2:
            self.write(f"mark({row}, {self.number(1)}, {self.number(1)})")
        elif kind == 3:
            self.write("pass")
        elif kind == 4:
            self.slices += 1
            rest = f"s{self.slices}"
            self.write(f"{rest} = {row}[({self.number(1)}) & 3 :]")
            self.write(f"{rest}[({self.number(1)}) & 3] = {self.number(2)}")
        else:
            self.write(f"mark({row}[{self.draw.randint(0, 0)} :], {self.number(1)}, {self.number(2)})")

    # ------------------------------------------------------------ expressions

    def expression(self, kind: str, depth: int) -> str:
        return {"int": self.number, "Word": self.word, "bool": self.truth}[kind](depth)

    def index(self) -> str:
        kind = self.draw.randint(0, 3)
        if kind == 0:
            return str(self.draw.randint(0, 7))
        if kind == 1:
            return f"({self.word(1)}) & 7"
        return f"({self.number(1)}) & {self.one_of('7', 'SEVEN')}"

    def distance(self) -> str:
        return (
            str(self.draw.randint(0, 63)) if self.draw.random() < 0.6 else f"(({self.number(1)}) & 63)"
        )

    def number(self, depth: int) -> str:
        """An int."""
        if depth <= 0:
            literal, sign = self.draw.choice(_INTEGERS), self.one_of("", "-", "+")
            small = f"({sign}{self.draw.randint(0, 9)})"
            names = ["a", "b", "c", "d", "e", "i0", "i1", "i2"]
            return self.one_of(*names, *names, f"int({sign}{literal})", small, "int(FAR)", "int(n)", "n")
        depth -= 1
        one, two = self.number(depth), self.number(depth)
        kind = self.draw.randint(0, 19)
        if kind <= 3:
            return f"signed({one} {self.one_of('+', '-', '*')} {two})"
        if kind == 4:
            return f"({one} {self.one_of('&', '|', '^')} {two})"
        if kind == 5:
            # Half of it, so that the least number is not divided by -1.
            return f"(({one} >> 1) {self.one_of('//', '%')} ({two} | 1))"
        if kind == 6:
            return f"({one} >> {self.distance()})"
        if kind == 7:
            return f"signed({one} << {self.distance()})"
        if kind == 8:
            return self.one_of(f"(~{one})", f"signed(-{one})")
        if kind == 9:
            return f"{self.one_of('min', 'max')}({one}, {two})"
        if kind == 10:
            return f"({one} if {self.truth(depth)} else {two})"
        if kind == 11:
            # Not harmless unless only one branch is evaluated.
            return f"(({one} >> 1) // {self.one_of('c', 'd', 'b')} if {self.guarded()} else {two})"
        if kind == 12:
            return self.one_of(f"int({self.truth(depth)})", f"signed(int({self.word(depth)}))")
        if kind == 13:
            return f"{self.one_of('popcount', 'trailing_zeros')}({self.word(depth)})"
        row = self.one_of(*_NARROW)
        if kind == 14:
            return f"several({row}, {one} & 255, {self.draw.randint(0, 4)}, {two})"
        if kind == 15:
            return f"depth({one})"
        if kind == 16:
            return f"load_atomic({row}, {self.index()})"
        if kind == 17:
            return f"add_atomic({row}, {self.index()}, {one})"
        if kind == 18:
            return f"compare_and_swap(r6, {self.index()}, {self.one_of(one, 'r6[0]')}, {two})"
        return f"{row}[{self.index()}]"

    def guarded(self) -> str:
        self.draw.random()
        return "c > 0 and d > 0 and b > 0"

    def word(self, depth: int) -> str:
        """A Word."""
        if depth <= 0:
            return self.one_of(
                "w", "v", "u", "w", "v", f"word({self.draw.choice(_INTEGERS)})", "word(WIDE)"
            )
        depth -= 1
        one, two = self.word(depth), self.word(depth)
        kind = self.draw.randint(0, 12)
        if kind <= 2:
            return f"word({one} {self.one_of('+', '-', '*')} {two})"
        if kind == 3:
            return f"({one} {self.one_of('&', '|', '^')} {two})"
        if kind == 4:
            return f"({one} {self.one_of('//', '%')} ({two} | 1))"
        if kind == 5:
            return f"({one} >> {self.distance()})"
        if kind == 6:
            return f"word({one} << {self.distance()})"
        if kind == 7:
            return f"word({self.one_of('~', '-')}{one})"
        if kind == 8:
            return f"{self.one_of('min', 'max')}({one}, {two})"
        if kind == 9:
            return f"({one} if {self.truth(depth)} else {two})"
        if kind == 10:
            return self.one_of(f"word({self.number(depth)})", f"word({self.truth(depth)})")
        if kind == 11:
            return f"mixed({one}, {self.number(0)})"
        return f"r7[{self.index()}]"

    def truth(self, depth: int) -> str:
        """A bool."""
        if depth <= 0:
            return self.one_of("flag", "g", "True", "False", "(c < d)", "(v == u)", "(n != 3)")
        depth -= 1
        kind = self.draw.randint(0, 9)
        if kind <= 3:
            side = self.draw.choice([self.number, self.number, self.word, self.real])
            sign = self.one_of("==", "!=", "<", "<=", ">", ">=")
            return f"({side(depth)} {sign} {side(depth)})"
        if kind <= 5:
            parts = [self.truth(depth) for _ in range(self.draw.randint(2, 3))]
            return "(" + f" {self.one_of('and', 'or')} ".join(parts) + ")"
        if kind == 6:
            return f"(not {self.truth(depth)})"
        if kind == 7:
            return f"({self.truth(depth)} {self.one_of('&', '|', '^', '==', '!=')} {self.truth(depth)})"
        if kind == 8:
            return f"nearby({self.number(depth)}, {self.number(depth)}, {self.truth(depth)})"
        return f"r8[{self.index()}]"

    def real(self, depth: int) -> str:
        """A float."""
        if depth <= 0:
            return self.one_of("x", "y", "x", "0.5", "-1.25", "float(n)", "float(3)")
        depth -= 1
        kind = self.draw.randint(0, 4)
        if kind <= 1:
            return f"({self.real(depth)} {self.one_of('+', '-', '*')} {self.real(depth)})"
        if kind == 2:
            return f"(-{self.real(depth)})"
        if kind == 3:
            return self.one_of(f"float({self.number(depth)})", f"float({self.word(depth)})")
        return f"r9[{self.index()}]"
