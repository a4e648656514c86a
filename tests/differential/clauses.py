"""Random Python statements over the fields and locals of a model, as lines of text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from phrases import Draw, Phrases

Lines = list[str]


@dataclass(frozen=True)
class FieldText:
    """A field as it is declared, and the values it may begin with."""

    name: str
    kind: str
    declared: str
    initial: tuple[Any, ...]
    low: int = 0
    high: int = 0
    length: int = 0
    key: str = ""

    @property
    def text(self) -> str:
        """How it is read."""
        return f"self.{self.name}"


@dataclass
class Place:
    """What may stand here."""

    returns: str = "nothing"  # "nothing", "number", or "no" where leaving early is left out
    loop: bool = False
    yields: bool = False
    strikes: int = 0


class Clauses(Phrases):
    """Writes blocks of statements."""

    def __init__(self, draw: Draw) -> None:
        super().__init__(draw)
        self.fields: list[FieldText] = []
        self.effects: list[str] = []
        self.place = Place()

    def block(self, depth: int, most: int = 3, **more: Any) -> Lines:
        """A few statements; locals assigned inside are not known behind it."""
        lines: Lines = []
        with self.knowing(**more):
            for _ in range(self.draw.number(1, most)):
                lines += self.statement(depth)
        return lines

    def statement(self, depth: int) -> Lines:
        """One statement."""
        place = self.place
        choices: list[Callable[[], Lines]] = [self.write] * 6 + [self.local] * 3 + [self.require] * 1
        if self.effects:
            choices += [lambda: [f"{self.one_of(self.effects)}({self.number(1)})"]] * 2
        if place.strikes:
            choices += [self.request] * 3
        if place.yields:
            choices += [self.pause] * 3
        if place.loop:
            choices += [lambda: self.guarded(self.one_of(("break", "continue")), depth)] * 3
        if place.returns != "no":
            choices += [lambda: self.leave(depth)]
        if depth > 0:
            choices += [lambda: self.branch(depth)] * 5
            choices += [lambda: self.cases(depth), lambda: self.loop(depth), lambda: self.loop(depth)]
            if place.yields:
                choices += [lambda: self.turn(depth), lambda: self.loop(depth)] * 2
        return self.one_of(choices)()

    # ------------------------------------------------------------ writing

    def write(self) -> Lines:
        """A field gets a value."""
        field = self.one_of(self.fields)
        return getattr(self, f"_write_{field.kind}")(field)  # type: ignore[no-any-return]

    def _write_number(self, field: FieldText) -> Lines:
        if self.chance(6):
            return [f"{field.text} {self.one_of(('+=', '-=', '*='))} {self.number(1)}"]
        if self.chance(10):
            return [f"{field.text} %= {field.high + 1}"]
        if self.chance(10):
            same = [one for one in self.fields if one.kind == "number" and one is not field]
            if same:
                other = self.one_of(same)
                return [f"{field.text}, {other.text} = {other.text}, {field.text}"]
        return [f"{field.text} = {self.within(field.low, field.high)}"]

    def _write_truth(self, field: FieldText) -> Lines:
        return [f"{field.text} = {self.truth()}"]

    def _write_label(self, field: FieldText) -> Lines:
        return [f"{field.text} = {self.label(field.key, 2)}"]

    def _write_optional(self, field: FieldText) -> Lines:
        return [f"{field.text} = {self.optional(field.low, field.high)}"]

    def _write_row(self, field: FieldText) -> Lines:
        style = self.draw.number(0, 9)
        at = f"{field.text}[{self.index(field.length, 2)}]"
        if style == 0:
            values = ", ".join(self.within(field.low, field.high, 1) for _ in range(field.length))
            return [f"{field.text} = [{values}]"]
        if style == 1:
            return [
                f"{field.text} = [{self.within(field.low, field.high, 0)} for i in range({field.length})]"
            ]
        if style == 2:
            other = f"{field.text}[{self.index(field.length, 1)}]"
            return [f"{at}, {other} = {other}, {at}"]
        if style == 3:
            name = self.new("p")
            return [
                f"{name} = {field.text}",
                f"{name}[{self.index(field.length, 1)}] = {self.within(field.low, field.high, 1)}",
            ]
        if style == 4:
            return [f"{at} {self.one_of(('+=', '-='))} {self.number(1)}"]
        if style == 5:
            return [f"{at} %= {field.high + 1}"]
        return [f"{at} = {self.within(field.low, field.high, 1)}"]

    def _write_optional_row(self, field: FieldText) -> Lines:
        return [f"{field.text}[{self.index(field.length, 2)}] = {self.optional(field.low, field.high)}"]

    def _write_grid(self, field: FieldText) -> Lines:
        style = self.draw.number(0, 4)
        at = f"{field.text}[{self.index(field.length, 1)}]"
        if style == 0:
            return [f"{at} = {field.text}[{self.index(field.length, 1)}]"]
        if style == 1:
            other = f"{field.text}[{self.index(field.length, 1)}]"
            return [f"{at}, {other} = {other}, {at}"]
        if style == 2:
            name = self.new("p")
            return [
                f"{name} = {at}",
                *self.statement(0),
                f"{name}[{self.index(2, 1)}] = {self.within(0, 1, 1)}",
            ]
        return [f"{at}[{self.index(2, 1)}] = {self.within(0, 1, 1)}"]

    def _write_record(self, field: FieldText) -> Lines:
        return self._part(field.text)

    def _write_record_row(self, field: FieldText) -> Lines:
        at = f"{field.text}[{self.index(field.length, 2)}]"
        style = self.draw.number(0, 3)
        if style == 0:
            return [f"{at} = {field.text}[{self.index(field.length, 1)}]"]
        if style == 1:
            name = self.new("p")
            lines = [f"{name} = {at}"]
            with self.knowing(records=[name]):
                return [*lines, *self.statement(0), *self._part(name)]
        return self._part(at)

    def _part(self, text: str) -> Lines:
        if self.chance(50):
            return [f"{text}.a = {self.within(0, 1, 1)}"]
        return [f"{text}.b = {self.truth(1)}"]

    def _write_set(self, field: FieldText) -> Lines:
        style = self.draw.number(0, 6)
        one = self.index(field.length, 1)
        if style == 0:
            return [f"{field.text} = {{i for i in range({field.length}) if {self.truth(1)}}}"]
        if style == 1:
            return [
                f"{field.text} {self.one_of(('|=', '-=', '&='))} {{{self.draw.number(0, field.length - 1)}}}"
            ]
        if style == 2 and not self.pure:
            name = self.new("v")
            self.names.numbers.append(name)
            return [f"{name} = choose({field.text})", f"{field.text}.discard({name})"]
        if style == 3:
            return [f"{field.text}.clear()"]
        known = ("add", "discard", "add", "discard", *(("remove",) if self.chance(20) else ()))
        return [f"{field.text}.{self.one_of(known)}({one})"]

    def local(self) -> Lines:
        """A local variable gets a value."""
        mine = [name for name in self.names.numbers if name[0] in "va"]
        if mine and self.chance(40):
            name = self.one_of(mine)
            if self.chance(20):
                return [f"{name} {self.one_of(('+=', '-='))} {self.number(1)}"]
            return [f"{name} = {self.within(0, 2)}"]
        name = self.new("v")
        if self.chance(20):
            lines = [f"{name} = {self.truth(1)}"]
            self.names.truths.append(name)
            return lines
        if self.chance(20):
            lines = [f"{name} = {self.optional(0, 2)}"]
            self.names.optionals.append(name)
            return lines
        annotation = ": Int(0, 2)" if self.place.yields and self.chance(25) else ""
        lines = [f"{name}{annotation} = {self.within(0, 2)}"]
        self.names.numbers.append(name)
        return lines

    # ------------------------------------------------------------ what may end a step

    def require(self) -> Lines:
        """`assert` or `when`."""
        if self.chance(15):
            return [f"assert {self.truth(1)}, 'a{self.draw.number(0, 9)}'"]
        return [f"when({self.truth(1)} or {self.truth(0)})"]

    def leave(self, depth: int) -> Lines:
        """An early return."""
        gone = f"return {self.number(1)}" if self.place.returns == "number" else "return"
        return self.guarded(gone, depth)

    def guarded(self, statement: str, depth: int) -> Lines:
        """A statement behind an `if`, mostly."""
        if self.chance(5):
            return [statement]
        return [
            f"if {self.truth(1)}:",
            *_in([*self.block(0, 1), statement] if self.chance(40) else [statement]),
        ]

    def request(self) -> Lines:
        """A point where a fault may strike."""
        self.place.strikes -= 1
        if self.effects and self.chance(60):
            self.place.strikes -= 1
            call = f"attempt({self.one_of(self.effects)}, {self.number(0)})"
        else:
            call = f"strikes('{self.one_of(('lost', 'slow'))}')"
        if self.chance(40):
            return [call]
        return [f"if {call}:", *_in(self.block(0, 2))]

    def pause(self) -> Lines:
        """A `yield`."""
        return [self.one_of(("yield", "yield", "yield 'seen'"))]

    # ------------------------------------------------------------ compound statements

    def branch(self, depth: int) -> Lines:
        """`if`, `elif`, `else`; sometimes both sides assign a local that is used behind it."""
        lines = [f"if {self.truth()}:"]
        if self.chance(20):
            name = self.new("v")
            one, other = (f"{name} = {self.within(0, 2, 1)}" for _ in range(2))
            lines += _in([*self.block(depth - 1, 2), one])
            lines += ["else:", *_in([*self.block(depth - 1, 1), other])]
            self.names.numbers.append(name)
            return lines
        lines += _in(self.block(depth - 1))
        if self.chance(30):
            lines += [f"elif {self.truth(1)}:", *_in(self.block(depth - 1))]
        if self.chance(50):
            lines += ["else:", *_in(self.block(depth - 1))]
        return lines

    def cases(self, depth: int) -> Lines:
        """`match`."""
        label = [(key, one) for key, several in self.names.labels.items() for one in several]
        if label and self.chance(40):
            _, subject = self.one_of(label)
            patterns = ["'idle'", "'busy' | 'idle'"]
        elif self.names.optionals and self.chance(40):
            subject = self.one_of(self.names.optionals)
            patterns = ["None", "0 | 1", "None | 2"]
        elif self.chance(30):
            subject = f"({self.number(1)}, {self.truth(1)})"
            patterns = ["(0, True)", "(1, _)", f"({self._capture()}, False)"]
        else:
            subject = self.number(1)
            patterns = ["0", "1 | 2", f"{self._capture()} if {self.truth(1)}", "-1"]
        lines = [f"match {subject}:"]
        for _ in range(self.draw.number(1, 2)):
            lines += _in([f"case {self.one_of(patterns)}:", *_in(self.block(depth - 1, 2))])
        if self.chance(60):
            lines += _in(["case _:", *_in(self.block(depth - 1, 2))])
        return lines

    def _capture(self) -> str:
        mine = [name for name in self.names.numbers if name[0] in "va"]
        return self.one_of(mine) if mine else "w"

    def loop(self, depth: int) -> Lines:
        """A bounded `for`."""
        name = self.one_of(("i", "j", "k"))
        pausing = self.place.yields
        over: list[tuple[str, str]] = [(f"range({self.draw.number(1, 3)})", "numbers")] * 3
        over += [("range(2, -1, -1)", "numbers"), ("(0, 2)", "numbers")]
        over += [(row, "numbers") for row, _ in self.names.rows]
        if not pausing:
            over += [(group, "numbers") for group, _ in self.names.sets]
            over += [(those, "records") for those, _ in self.names.record_rows]
            over += [(some, "optionals") for some, _ in self.names.optional_rows]
        source, kind = self.one_of(over)
        outer, self.place.loop = self.place.loop, True
        body = self.block(depth - 1, 3, **{kind: [name]})
        if kind == "numbers" and self.chance(20):
            body.append(f"{name} = {self.within(0, 2, 0)}")
        if pausing and self.chance(60):
            body += [*self.pause(), *self.block(0, 1, **{kind: [name]})]
        self.place.loop = outer
        other = ["else:", *_in(self.block(0, 1))] if self.chance(15) else []
        return [f"for {name} in {source}:", *_in(body), *other]

    def turn(self, depth: int) -> Lines:
        """A `while` of a process; its body comes to a `yield` in the end."""
        outer, self.place.loop = self.place.loop, self.chance(50)
        body = self.block(depth - 1, 2)
        self.place.loop = outer
        test = "True" if self.chance(25) else self.truth(1)
        first = self.pause() if self.chance(30) else []
        return [f"while {test}:", *_in([*first, *body, *([] if first else self.pause())])]


def _in(lines: Sequence[str]) -> Lines:
    return ["    " + line for line in lines]
