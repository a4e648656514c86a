"""Random Python expressions over the fields and locals of a model, as text."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

Item = TypeVar("Item")

LABELS = {"A": ("idle", "busy"), "B": ("done", "idle", "busy")}


class Draw(Protocol):
    """Where decisions come from: hypothesis, or a random number generator."""

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        ...


class RandomDraw:
    """Decisions by a seed: faster than hypothesis, for long hunts."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return self.random.randint(low, high)


@dataclass
class Names:
    """What can be read here: expressions by kind. Containers have (text, length)."""

    numbers: list[str] = field(default_factory=list)
    truths: list[str] = field(default_factory=list)
    labels: dict[str, list[str]] = field(default_factory=lambda: {"A": [], "B": []})
    optionals: list[str] = field(default_factory=list)
    rows: list[tuple[str, int]] = field(default_factory=list)  # of numbers
    optional_rows: list[tuple[str, int]] = field(default_factory=list)
    grids: list[tuple[str, int]] = field(default_factory=list)  # rows of two numbers
    record_rows: list[tuple[str, int]] = field(default_factory=list)
    records: list[str] = field(default_factory=list)  # with parts a: Int and b: Bool
    sets: list[tuple[str, int]] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)  # take one number, return one

    def copy(self) -> Names:
        """The same names, to be added to."""
        plain = {name: list(value) for name, value in vars(self).items() if name != "labels"}
        return Names(labels={key: list(value) for key, value in self.labels.items()}, **plain)


class Phrases:
    """Writes expressions; `pure` ones neither write nor choose, and so are fit for properties."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.names = Names()
        self.pure = True
        self.fresh = 0

    # ------------------------------------------------------------ deciding

    def one_of(self, options: Sequence[Item]) -> Item:
        """One of several."""
        return options[self.draw.number(0, len(options) - 1)]

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred cases."""
        return self.draw.number(1, 100) <= percent

    def new(self, stem: str) -> str:
        """A name that is not used yet."""
        self.fresh += 1
        return f"{stem}{self.fresh}"

    @contextmanager
    def knowing(self, **more: Any) -> Iterator[None]:
        """Inside, more can be read."""
        outer, self.names = self.names, self.names.copy()
        for kind, items in more.items():
            getattr(self.names, kind).extend(items)
        yield
        self.names = outer

    # ------------------------------------------------------------ numbers

    def number(self, depth: int = 2) -> str:
        """An expression of a number (sometimes of a truth value, which is one too)."""
        simple: list[Callable[[], str]] = [lambda: str(self.draw.number(-1, 3))]
        names = self.names
        if names.numbers:
            simple += [lambda: self.one_of(names.numbers)] * 4
        mine = [name for name in names.numbers if "." not in name]
        if mine:  # what was remembered is what a translator forgets
            simple += [lambda: self.one_of(mine)] * 5
        if depth <= 0:
            return self.one_of(simple)()
        n = lambda: self.number(depth - 1)  # noqa: E731
        t = lambda: self.truth(depth - 1)  # noqa: E731
        more: list[Callable[[], str]] = [
            lambda: f"({n()} {self.one_of('+-*')} {n()})",
            lambda: f"({n()} {self.one_of(('//', '%'))} {self._divisor()})",
            lambda: f"({n()} {self.one_of(('//', '%'))} {self.one_of(('2', '-2', '3', '-3'))})",
            lambda: f"{self.one_of(('min', 'max'))}({n()}, {n()})",
            lambda: f"abs({n()})",
            lambda: f"-{n()}" if self.chance(50) else f"int({t()})",
            lambda: f"({n()} if {t()} else {n()})",
            lambda: f"({t()} + {n()})",
            lambda: f"({n()} {self.one_of(('and', 'or'))} {n()})",
            lambda: f"TABLE[{self.index(3, depth)}]",
            lambda: f"[{n()}, {n()}][{self.index(2, depth)}]",
            lambda: f"clip({n()})",
            self._sum,
        ]
        if names.optionals:
            opt = self.one_of(names.optionals)
            if self.chance(15):
                more.append(lambda: opt)
            more.append(lambda: f"({opt} if {opt} is not None else {n()})")
            more.append(lambda: f"({opt} or {n()})")
        if names.rows:
            row, length = self.one_of(names.rows)
            more += [lambda: f"{row}[{self.index(length, depth)}]"] * 2
            more += [lambda: f"{row}.count({n()})", lambda: f"len({row})", lambda: f"max({row})"]
        if names.optional_rows:
            some, length = self.one_of(names.optional_rows)
            if self.chance(15):
                more.append(lambda: f"{some}[{self.index(length, depth)}]")
            more.append(lambda: f"sum(x for x in {some} if x is not None)")
            more.append(lambda: f"max((x for x in {some} if x is not None), default={n()})")
        if names.grids:
            grid, length = self.one_of(names.grids)
            more.append(lambda: f"{grid}[{self.index(length, depth)}][{self.index(2, depth)}]")
            more.append(lambda: f"sum(sum(line) for line in {grid})")
        if names.record_rows:
            those, length = self.one_of(names.record_rows)
            more.append(lambda: f"{those}[{self.index(length, depth)}].a")
            more.append(lambda: f"sum(r.a for r in {those} if r.b)")
        if names.records:
            more.append(lambda: f"{self.one_of(names.records)}.a")
        if names.sets:
            group, _ = self.one_of(names.sets)
            more += [
                lambda: f"len({group})",
                lambda: f"min({group}, default={n()})",
                lambda: f"sum({group})",
            ]
        if names.functions and not self.pure:
            more += [lambda: f"{self.one_of(names.functions)}({n()})"] * 2
        if not self.pure:
            more.append(lambda: f"choose({n()}, {n()})")
        return self.one_of(simple * 2 + more)() if self.chance(80) else self.one_of(simple)()

    def _divisor(self) -> str:
        return self.one_of((*self.names.numbers, "2")) if self.chance(20) else "3"

    def index(self, length: int, depth: int) -> str:
        """An index, mostly inside."""
        if self.chance(40):
            return str(self.draw.number(0, length - 1))
        if self.chance(85):
            return f"{self.number(depth - 1)} % {length}"
        # A number that is wrong whatever happens is refused: that would be the end of the model.
        return self.one_of(self.names.numbers) if self.names.numbers else "0"

    def within(self, low: int, high: int, depth: int = 2) -> str:
        """A number, mostly from low to high."""
        style = self.draw.number(0, 29)
        if style < 4:
            return str(self.draw.number(low, high))
        if style < 16:
            return f"max({low}, min({high}, {self.number(depth)}))"
        if style < 28:
            size = high - low + 1
            return f"{self.number(depth)} % {size}" + (f" + {low}" if low else "")
        return self.number(depth)

    def _sum(self) -> str:
        name, over, length = self._range()
        with self.knowing(numbers=[name]):
            test = f" if {self.truth(1)}" if self.chance(50) else ""
            body = self.number(1)
            for row, size in self.names.rows:
                if size >= length and self.chance(50):
                    body = f"{row}[{name}]"
        if self.chance(25):
            return f"len([{body} for {name} in {over}])"
        kind = self.one_of(("sum", "sum", "max", "min"))
        if kind == "sum":
            return f"sum({body} for {name} in {over}{test})"
        return f"{kind}(({body} for {name} in {over}{test}), default={self.number(0)})"

    def _range(self) -> tuple[str, str, int]:
        length = self.draw.number(1, 3)
        name = self.one_of(("i", "j", "i"))
        over = f"range({length})"
        if self.chance(20):
            over = self.one_of(("(0, 2, 1)", "range(2, -1, -1)", "Int(0, 2)", "(1, 1)"))
            length = 3
        elif self.chance(25) and self.names.rows:
            over, _ = self.one_of(self.names.rows)
            length = 9
        return name, over, length

    # ------------------------------------------------------------ truth values

    def truth(self, depth: int = 2) -> str:
        """An expression of a truth value."""
        names = self.names
        simple: list[Callable[[], str]] = [lambda: self.one_of(("True", "False"))]
        simple += [
            lambda: (
                f"{self.number(0)} {self.one_of(('<', '<=', '==', '!=', '>', '>='))} {self.number(0)}"
            )
        ] * 3
        if names.truths:
            simple += [lambda: self.one_of(names.truths)] * 3
        if depth <= 0:
            return f"({self.one_of(simple)()})"
        t = lambda: self.truth(depth - 1)  # noqa: E731
        n = lambda: self.number(depth - 1)  # noqa: E731
        more: list[Callable[[], str]] = [
            lambda: f"({t()} {self.one_of(('and', 'or'))} {t()})",
            lambda: f"({t()} {self.one_of(('and', 'or'))} {t()} {self.one_of(('and', 'or'))} {t()})",
            lambda: f"(not {t()})",
            lambda: (
                f"({n()} {self.one_of(('<', '<=', '=='))} {n()} {self.one_of(('<', '!=', '>='))} {n()})"
            ),
            lambda: f"({n()} {self.one_of(('<', '<=', '==', '!=', '>', '>='))} {n()})",
            lambda: f"({n()} {self.one_of(('in', 'not in'))} ({n()}, {n()}))",
            lambda: f"({n()} in Int(0, 1))",
            lambda: f"({t()} if {t()} else {t()})",
            lambda: f"({t()} == {t()})",
            lambda: f"(({n()}, {t()}) == ({n()}, {t()}))",
            lambda: f"bool({n()})",
            self._quantified,
            self._quantified,
        ]
        for key in LABELS:
            if names.labels[key]:
                one = self.one_of(names.labels[key])
                more.append(lambda one=one, key=key: f"({one} == {self.label(key, 1)})")
                more.append(lambda one=one, key=key: f"({one} in ('idle', {self.label(key, 0)}))")
        if names.labels["A"] and names.labels["B"]:
            more.append(
                lambda: f"({self.one_of(names.labels['A'])} == {self.one_of(names.labels['B'])})"
            )
        if names.optionals:
            opt = self.one_of(names.optionals)
            more.append(lambda: f"({opt} is {self.one_of(('None', 'not None'))})")
            more.append(lambda: f"({opt} == {self.one_of(('None', n()))})")
            more.append(lambda: f"({opt} is not None and {opt} > {n()})")
            if self.chance(15):
                more.append(lambda: f"({opt} > {n()})")
        if names.rows:
            row, length = self.one_of(names.rows)
            more.append(lambda: f"({n()} in {row})")
            more.append(lambda: f"({row} == {self.one_of(([0] * length, [1] * length))})")
        if names.optional_rows:
            some, _ = self.one_of(names.optional_rows)
            more.append(lambda: f"{self.one_of(('any', 'all'))}(x is None for x in {some})")
            more.append(lambda: f"any(x is not None and x > {n()} for x in {some})")
            more.append(lambda: f"(None in {some})")
        if names.record_rows:
            those, length = self.one_of(names.record_rows)
            more.append(lambda: f"{those}[{self.index(length, depth)}].b")
            more.append(lambda: f"{self.one_of(('any', 'all'))}(r.b and r.a == {n()} for r in {those})")
        if names.records:
            more.append(lambda: f"{self.one_of(names.records)}.b")
        if names.sets:
            group, size = self.one_of(names.sets)
            more += [
                lambda: f"({n()} in {group})",
                lambda: f"({group} <= {{{self.draw.number(0, size - 1)}}})",
            ]
            more += [lambda: f"({group} - {{0}} == {{1}})", lambda: f"bool({group})"]
        return self.one_of(simple + more)()

    def _quantified(self) -> str:
        name, over, length = self._range()
        with self.knowing(numbers=[name]):
            body = self.truth(1)
            for row, size in self.names.rows:
                if self.chance(50) and (size >= length or self.chance(10)):
                    body = f"{row}[{name}] {self.one_of(('<', '==', '>'))} {self.number(1)}"
            test = f" if {self.truth(1)}" if self.chance(40) else ""
        second = " for k in range(2)" if self.chance(15) else ""
        text = f"{body} for {name} in {over}{second}{test}"
        return f"{self.one_of(('any', 'all'))}({f'[{text}]' if self.chance(20) else text})"

    # ------------------------------------------------------------ labels

    def label(self, key: str, depth: int = 1) -> str:
        """A label of one of the two enums."""
        simple = [repr(self.one_of(LABELS[key])), *self.names.labels[key]]
        if depth <= 0 or self.chance(60):
            return self.one_of(simple)
        return f"({self.label(key, depth - 1)} if {self.truth(1)} else {self.label(key, depth - 1)})"

    def optional(self, low: int, high: int) -> str:
        """A number or None."""
        if self.chance(35):
            return "None"
        if self.names.optionals and self.chance(30):
            return self.one_of(self.names.optionals)
        if self.chance(30):
            return f"({self.within(low, high, 1)} if {self.truth(1)} else None)"
        return self.within(low, high, 1)
