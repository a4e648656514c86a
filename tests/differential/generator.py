"""Random models as source text, with the initial values that each field was given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

from clauses import Clauses, FieldText, Lines, Place
from hypothesis import strategies as st
from phrases import LABELS, Draw

HEADER = '''\
"""A random model."""
from checker import *
from checker import on_change, strikes

TABLE = (2, 0, 1)


def clip(value, low=0, high=2):
    if value < low:
        return low
    return min(value, high)

'''


@dataclass(frozen=True)
class RandomModel:
    """Source text of a file with one model, and the initial values of every field."""

    source: str
    initial: tuple[tuple[str, tuple[Any, ...]], ...]

    def initial_states(self) -> list[dict[str, Any]]:
        """Every combination, by names of fields."""
        names = [name for name, _ in self.initial]
        states = product(*(values for _, values in self.initial))
        return [dict(zip(names, state, strict=True)) for state in states]

    def __repr__(self) -> str:
        return "\n" + self.source


class HypothesisDraw:
    """Decisions by hypothesis, which makes what it finds smaller."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return self.draw(st.integers(low, high))


@st.composite
def models(draw: st.DrawFn) -> RandomModel:
    """Random models."""
    return random_model(HypothesisDraw(draw))


def random_model(draw: Draw) -> RandomModel:
    """One random model."""
    return _Writer(draw).model()


class _Writer(Clauses):
    def __init__(self, draw: Draw) -> None:
        super().__init__(draw)
        self.starts = 1
        self.crashes = self.chance(20)
        self.stale: list[tuple[str, FieldText, bool]] = []

    def model(self) -> RandomModel:
        for _ in range(self.draw.number(2, 4)):
            self.fields.append(self._field())
        lines = ["class Random(Model):", "    size = Param(2)"]
        lines += [f"    {field.name} = {field.declared}" for field in self.fields]
        for field in [f for f in self.fields if f.kind in ("number", "optional", "row")][:1]:
            if self.chance(20):
                bound = ", at_most=1" if self.chance(50) else ""
                lines.append(f"    view = Stale({field.name}{bound})")
                self.stale.append(("view", field, bool(bound)))
        self._learn()
        members = self._helpers()
        movers = self._movers()
        override = self._override()
        self.pure, self.names.functions = True, []
        members += movers + self._properties()
        for member in members:
            lines += ["", *("    " + line for line in member)]
        lines += override
        return RandomModel(HEADER + "\n" + "\n".join(lines) + "\n", tuple(self._initial()))

    # ------------------------------------------------------------ fields

    def _field(self) -> FieldText:
        kinds = ("number",) * 4 + ("truth", "label", "optional", "row", "row", "optional_row")
        kind = self.one_of((*kinds, "grid", "record", "record_row", "set"))
        low = self.one_of((0, 0, 0, -1))
        high = low + self.draw.number(1, 3)
        make: Callable[[str, int, int], FieldText] = getattr(self, f"_{kind}_field")
        made = make(self.new("f"), low, high)
        self.starts *= len(made.initial)
        return made

    def _begin(self, values: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
        """`init` of a scalar: one value, several, or any."""
        style = self.draw.number(0, 5)
        if style == 0 and self.starts * len(values) <= 12:
            return "ANY", values
        first, second = self.one_of(values), self.one_of(values)
        if style == 1 and first != second and self.starts <= 6:
            return repr((first, second)), (first, second)
        return repr(first), (first,)

    def _volatile(self) -> str:
        return ", volatile=True" if self.crashes and self.chance(40) else ""

    def _number_field(self, name: str, low: int, high: int) -> FieldText:
        init, begins = self._begin(tuple(range(low, high + 1)))
        top = "size" if high == 2 and self.chance(50) else str(high)
        return FieldText(
            name, "number", f"Int({low}, {top}, init={init}{self._volatile()})", begins, low, high
        )

    def _truth_field(self, name: str, low: int, high: int) -> FieldText:
        init, begins = self._begin((False, True))
        return FieldText(name, "truth", f"Bool(init={init}{self._volatile()})", begins)

    def _label_field(self, name: str, low: int, high: int) -> FieldText:
        key = self.one_of(("A", "B"))
        init, begins = self._begin(LABELS[key])
        labels = ", ".join(map(repr, LABELS[key]))
        return FieldText(
            name, "label", f"Enum({labels}, init={init}{self._volatile()})", begins, key=key
        )

    def _optional_field(self, name: str, low: int, high: int) -> FieldText:
        init, begins = self._begin((None, *range(low, high + 1)))
        text = f"Optional(Int({low}, {high}), init={init}{self._volatile()})"
        return FieldText(name, "optional", text, begins, low, high)

    def _row_field(self, name: str, low: int, high: int) -> FieldText:
        length, high = self.draw.number(2, 3), min(high, low + 2)
        if self.chance(15) and self.starts == 1 and (high - low + 1) ** length <= 12:
            several = tuple(list(one) for one in product(range(low, high + 1), repeat=length))
            return FieldText(
                name, "row", f"Array({length}, Int({low}, {high}), init=ANY)", several, low, high, length
            )
        first = [self.draw.number(low, high) for _ in range(length)]
        text = f"Array({length}, Int({low}, {high}), init={first})"
        return FieldText(name, "row", text, (first,), low, high, length)

    def _optional_row_field(self, name: str, low: int, high: int) -> FieldText:
        first = [self.one_of((None, 0, 1)) for _ in range(2)]
        text = f"Array(2, Optional(Int(0, 1)), init={first})"
        return FieldText(name, "optional_row", text, (first,), 0, 1, 2)

    def _grid_field(self, name: str, low: int, high: int) -> FieldText:
        first = [[self.draw.number(0, 1) for _ in range(2)] for _ in range(2)]
        return FieldText(name, "grid", f"Array(2, Array(2, Int(0, 1)), init={first})", (first,), 0, 1, 2)

    def _record_field(self, name: str, low: int, high: int) -> FieldText:
        first = {"a": self.draw.number(0, 1), "b": self.chance(50)}
        return FieldText(name, "record", f"Record(a=Int(0, 1), b=Bool(), init={first})", (first,))

    def _record_row_field(self, name: str, low: int, high: int) -> FieldText:
        first = [{"a": self.draw.number(0, 1), "b": self.chance(50)} for _ in range(2)]
        text = f"Array(2, Record(a=Int(0, 1), b=Bool()), init={first})"
        return FieldText(name, "record_row", text, (first,), 0, 1, 2)

    def _set_field(self, name: str, low: int, high: int) -> FieldText:
        first = frozenset(i for i in range(3) if self.chance(40))
        return FieldText(name, "set", f"Set(3, init={set(first) or '()'})", (first,), 0, 2, 3)

    def _initial(self) -> list[tuple[str, tuple[Any, ...]]]:
        return [(field.name, field.initial) for field in self.fields]

    def _learn(self) -> None:
        """What fields add to what can be read."""
        kinds = {"number": "numbers", "truth": "truths", "optional": "optionals", "record": "records"}
        sized = {
            "row": "rows",
            "optional_row": "optional_rows",
            "grid": "grids",
            "record_row": "record_rows",
        }
        sized["set"] = "sets"
        for field in self.fields:
            if field.kind == "label":
                self.names.labels[field.key].append(field.text)
            elif field.kind in kinds:
                getattr(self.names, kinds[field.kind]).append(field.text)
            else:
                getattr(self.names, sized[field.kind]).append((field.text, field.length))
        for name, field, _ in self.stale:
            if field.kind == "row":
                self.names.rows.append((f"self.{name}", field.length))
            else:
                getattr(self.names, kinds[field.kind]).append(f"self.{name}")
        self.names.numbers.append("self.size")

    # ------------------------------------------------------------ methods

    def _method(self, head: str, depth: int, place: Place, end: Lines, **more: Any) -> Lines:
        self.place, self.pure = place, False
        with self.knowing(**more):
            body = [*self.local(), *self.pause()] if place.yields and self.chance(70) else []
            body += self.statement(depth)
            for _ in range(self.draw.number(0, 3)):
                body += self.statement(depth)
            body += [line.replace("NUMBER", self.number(1)) for line in end]
        return [head, *("    " + line for line in body)]

    def _helpers(self) -> list[Lines]:
        """Methods that are called: each calls only earlier ones."""
        members = []
        for _ in range(self.draw.number(0, 2)):
            name = self.new("h")
            if self.chance(50):
                end = ["return NUMBER"]
                members.append(
                    self._method(f"def {name}(self, a):", 1, Place("number"), end, numbers=["a"])
                )
                self.names.functions.append(f"self.{name}")
            else:
                end = [f"return {self.truth(1)}"] if self.chance(30) else []
                place = Place("no") if end else Place()
                members.append(self._method(f"def {name}(self, a=1):", 1, place, end, numbers=["a"]))
                self.effects.append(f"self.{name}")
        return members

    def _movers(self) -> list[Lines]:
        members = []
        processes = self.one_of((1, 1, 2)) if self.crashes else self.one_of((0, 0, 0, 1, 2))
        for number in range(self.one_of((1, 2, 2, 3)) if not processes else self.draw.number(0, 2)):
            kind = self.one_of(("action", "action", "action", "fault", "intent"))
            fair = self.one_of(("", "", "(fair='strong')", "(fair=None)")) if kind == "action" else ""
            members.append([f"@{kind}{fair}", *self._action(f"move{number}")])
        if self.chance(12):
            watched = self.one_of(self.fields).name
            members.append(
                [f"@on_change('{watched}')", *self._method("def hook(self):", 1, Place(), [])]
            )
        for number in range(processes):
            options = ["restarts=True"] if self.crashes and (number == 0 or self.chance(30)) else []
            options += ["instances=2"] if processes == 1 and self.chance(15) else []
            options += ["fair='strong'"] if self.chance(10) else []
            mark = f"@process({', '.join(options)})" if options else "@process"
            target = next((f for f in self.fields if f.kind == "number"), None)
            fits = target and f"{target.text} = max({target.low}, min({target.high}, NUMBER))"
            end = [*self.pause(), *([fits] if fits else [])] if self.chance(60) else []
            place = Place(yields=True, strikes=2 if self.chance(30) else 0)
            members.append([mark, *self._method(f"def run{number}(self):", 2, place, end)])
        return members

    def _action(self, name: str) -> Lines:
        place = Place(strikes=3 if self.chance(20) else 0)
        more: dict[str, Any] = {}
        head = f"def {name}(self):"
        if self.chance(35):
            domain, kind = self.one_of(
                (("Int(0, 2)", "numbers"), ("Bool()", "truths"), ("Int(0, size - 1)", "numbers"))
            )
            head, more = f"def {name}(self, to: {domain}):", {kind: ["to"]}
        return self._method(head, 2, place, [], **more)

    def _properties(self) -> list[Lines]:
        members = []
        for kind in (
            "always",
            "never",
            "converges",
            "recurs",
            "recoverable",
            "reachable",
            "leads_to",
            "transition",
        ):
            if not self.chance(45):
                continue
            name = f"{kind}_{self.fresh}"
            if kind == "leads_to":
                mark, head = f"@leads_to(lambda self: {self.truth(1)})", f"def {name}(self):"
            elif kind == "transition":
                mark, head = "@transition", f"def {name}(self, after):"
            else:
                mark, head = f"@{kind}", f"def {name}(self):"
            body = self.truth(2)
            if kind == "transition":
                later = self.truth(1).replace("self.", "after.")
                body = f"{body} {self.one_of(('or', 'and', '=='))} ({later})"
            members.append([mark, head, f"    return {body}"])
        return members

    def _override(self) -> Lines:
        """Sometimes a subclass is the model: it calls the method that it overrides."""
        names = [one.removeprefix("self.") for one in self.names.functions]
        if not names or not self.chance(40):
            return []
        name = self.one_of(names)
        self.place = Place("number")
        with self.knowing(numbers=["a"]):
            self.names.functions = [f"super().{name}"]
            body = self.block(1, 2)
            end = f"return super().{name}({self.number(1)}) + {self.number(0)}"
        body = ["    " + line for line in (*body, end)]
        text = [f"def {name}(self, a):", *body]
        return ["", "", "class Changed(Random):", *("    " + line for line in text)]
