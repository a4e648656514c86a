"""Expressions over packed states as Python source: shared parts once, nothing nested too deeply.

The text computes with plain integers only. What is used more than once becomes a local variable
in the innermost block that encloses all its uses; no expression can raise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from checker.explicit.packing import Packing, Slot
from checker.system.bounds import bounds
from checker.system.expression import Expression
from checker.system.sorts import Domain
from checker.system.walk import topological

__all__ = ["Block", "Text", "Writer", "compiled"]

# Python's parser gives up at about a hundred nested parentheses, and its compiler recurses.
_DEEPEST = 16

# Interval analysis of larger expressions costs more than the test that it saves.
_ANALYSED = 60

_INFIX = {"eq": "==", "lt": "<", "le": "<=", "add": "+", "sub": "-", "mul": "*"}


class Block:
    """Lines of source at one level of indentation, inside another block."""

    __slots__ = ("depth", "indent", "lines", "parent")

    def __init__(self, parent: Block | None = None) -> None:
        self.parent = parent
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.indent = " " * (self.depth + 1)
        self.lines: list[str] = []

    def write(self, line: str) -> None:
        """Append a line."""
        self.lines.append(self.indent + line)

    def close(self, header: str) -> None:
        """Append this block to the one around it, under a header such as `if x:`."""
        assert self.parent is not None
        self.parent.write(header)
        self.parent.lines.extend(self.lines)

    def common(self, other: Block) -> Block:
        """The innermost block that encloses both."""
        one, two = self, other
        while one is not two:
            if one.depth >= two.depth:
                assert one.parent is not None
                one = one.parent
            else:
                assert two.parent is not None
                two = two.parent
        return one


@dataclass(frozen=True, slots=True)
class Text:
    """An expression's source.

    Parameters
    ----------
    value : str
        Computes the value: an integer, or 0, 1, False or True for a truth value.
    truth : str
        Cheaper, and as true as the value.
    depth : int
        How deeply parentheses nest; 0 for names and numbers.
    """

    value: str
    truth: str
    depth: int


class Writer:
    """Writes expressions into blocks.

    All expressions have to be announced with `place` before any is written, so that shared parts
    are known.

    Parameters
    ----------
    packing : Packing
    domains : mapping of str to Domain
        Of the variables, to see which tests can be left out.
    """

    def __init__(self, packing: Packing, domains: Mapping[str, Domain]) -> None:
        self.packing = packing
        self.domains = domains
        self.slots = {slot.name: slot for slot in packing.slots}
        self.texts: dict[Expression, Text] = {}
        self.uses: dict[Expression, int] = {}
        self.homes: dict[Expression, Block] = {}
        self.atoms: set[Expression] = set()
        self.shifts: dict[Expression, tuple[Slot, int]] = {}
        self.unguarded: set[Expression] = set()

    # ------------------------------------------------------------ what is shared where

    def place(self, roots: Iterable[tuple[Expression, Block]]) -> None:
        """Announce every expression that will be written, and in which block; once for a writer."""
        expressions = []
        for root, block in roots:
            expressions.append(root)
            self._use(root, block)
        # Users come before what they use, so a node's home is final when it is visited.
        for node in reversed(list(topological(expressions))):
            if node in self.homes:
                for operand in self._operands(node):
                    self._use(operand, self.homes[node])

    def _use(self, node: Expression, block: Block) -> None:
        self.uses[node] = self.uses.get(node, 0) + 1
        home = self.homes.get(node)
        self.homes[node] = block if home is None else home.common(block)

    def _operands(self, node: Expression) -> Sequence[Expression]:
        """What the text of a node is made of; decides how the node will be written."""
        operator, operands = node.operator, node.operands
        if operator in ("min", "max"):
            self.atoms.update(operands)
        elif operator in ("floordiv", "mod"):
            self.atoms.add(operands[1])
        elif operator == "select":
            row, index = operands
            low, high = self.interval(index)
            if low >= 0 and high < len(row.operands):
                self.unguarded.add(node)
            else:
                self.atoms.add(index)
            shift = self._shift(row.operands)
            if shift is not None:
                self.shifts[node] = shift
                return (index,)
        return operands

    def _shift(self, row: Sequence[Expression]) -> tuple[Slot, int] | None:
        """The first slot and the distance, if a row is variables equally far apart."""
        if len(row) < 2 or any(element.operator != row[0].operator for element in row):
            return None
        if row[0].operator not in ("variable", "next"):
            return None
        slots = [self.slots[element.payload] for element in row]
        stride = slots[1].offset - slots[0].offset
        regular = stride > 0 and all(
            slot.offset == slots[0].offset + position * stride
            and (slot.width, slot.low) == (slots[0].width, slots[0].low)
            for position, slot in enumerate(slots)
        )
        return (slots[0], stride) if regular else None

    def interval(self, node: Expression, assuming: Expression | None = None) -> tuple[float, float]:
        """Bounds of an expression if it is small, and infinities otherwise."""
        count = sum(1 for _ in islice(topological([node]), _ANALYSED))
        if count >= _ANALYSED:
            return (-float("inf"), float("inf"))
        return bounds(node, self.domains, assuming)

    # ------------------------------------------------------------ writing

    def text(self, root: Expression) -> Text:
        """The source of a placed expression, after writing the variables that it needs."""
        stack = [root]
        while stack:
            node = stack[-1]
            if node in self.texts:
                stack.pop()
                continue
            missing = [part for part in self._parts(node) if part not in self.texts]
            if missing:
                stack.extend(reversed(missing))
                continue
            text = self._compose(node)
            shared = self.uses[node] > 1 or node in self.atoms
            if text.depth > _DEEPEST or (shared and text.depth > 0):
                name = f"x{len(self.texts)}"
                self.homes[node].write(f"{name} = {text.value}")
                text = Text(name, name, 0)
            self.texts[node] = text
            stack.pop()
        return self.texts[root]

    def _parts(self, node: Expression) -> Sequence[Expression]:
        return node.operands[1:] if node in self.shifts else node.operands

    def _compose(self, node: Expression) -> Text:
        operator = node.operator
        if operator == "const":
            number = int(node.payload)
            return _atom(str(number) if number >= 0 else f"({number})")
        if operator in ("variable", "next"):
            return self._field(self.slots[node.payload], "w" if operator == "variable" else "t")
        if node in self.shifts:
            return self._shifted(node)
        parts = [self.texts[operand] for operand in node.operands]
        depth = 1 + max(part.depth for part in parts)
        if operator in ("and", "or", "not", "ite"):
            return _logical(operator, parts, depth)
        if operator == "array":
            return Text(f"({', '.join(part.value for part in parts)},)", "True", depth)
        if operator == "select":
            index = self._index(node, parts[1].value)
            return _same(f"{parts[0].value}[{index}]", depth)
        left, right = parts[0].value, parts[1].value
        if operator == "eq":
            return _same(self._equality(node, left, right), depth)
        if operator in _INFIX:
            return _same(f"({left} {_INFIX[operator]} {right})", depth)
        if operator in ("floordiv", "mod"):
            symbol = "//" if operator == "floordiv" else "%"
            divisor = node.operands[1]
            if not divisor.is_constant:
                return _same(f"({left} {symbol} {right} if {right} else 0)", depth)
            return _same(f"({left} {symbol} {right})", depth) if divisor.payload else _atom("0")
        if operator in ("min", "max"):
            symbol = "<" if operator == "min" else ">"
            return _same(f"({left} if {left} {symbol} {right} else {right})", depth)
        raise TypeError(f"no Python for {operator}")

    def _field(self, slot: Slot, word: str) -> Text:
        if slot.width == 0:
            return _atom(str(slot.low) if slot.low >= 0 else f"({slot.low})")
        value = word
        if slot.offset:
            value += f" >> {slot.offset}"
        if slot.offset + slot.width < self.packing.bits:
            value += f" & {slot.mask}"
        if slot.low:
            return _same(f"(({value}) + {slot.low})" if value != word else f"({word} + {slot.low})", 1)
        if slot.is_bool:
            return Text(f"({value})", f"({word} & {1 << slot.offset})", 1)
        return _same(f"({value})", 1)

    def _shifted(self, node: Expression) -> Text:
        first, stride = self.shifts[node]
        index = self.texts[node.operands[1]]
        word = "w" if node.operands[0].operands[0].operator == "variable" else "t"
        place = self._index(node, index.value)
        distance = place if stride == 1 else f"({place}) * {stride}"
        if first.offset:
            distance = f"{first.offset} + ({distance})"
        value = f"({word} >> ({distance}) & {first.mask})"
        if first.low:
            value = f"({value} + {first.low})"
        return _same(value, index.depth + 3)

    def _index(self, node: Expression, index: str) -> str:
        if node in self.unguarded:
            return index
        length = len(node.operands[0].operands)
        return f"{index} if 0 <= {index} < {length} else 0"

    def _equality(self, node: Expression, left: str, right: str) -> str:
        field, other = node.operands
        if field.operator == "variable" and other.is_constant and self.texts[field].depth > 0:
            # One `and` with a mask in place of a shift and an `and`.
            slot = self.slots[field.payload]
            code = int(other.payload) - slot.low
            if 0 <= code <= slot.mask:
                return f"(w & {slot.mask << slot.offset} == {code << slot.offset})"
            return "False"
        return f"({left} == {right})"


def _logical(operator: str, parts: Sequence[Text], depth: int) -> Text:
    if operator == "not":
        return _same(f"(not {parts[0].truth})", depth)
    if operator == "ite":
        test, then, otherwise = parts
        return Text(
            f"({then.value} if {test.truth} else {otherwise.value})",
            f"({then.truth} if {test.truth} else {otherwise.truth})",
            depth,
        )
    joint = f" {operator} "
    return Text(
        f"({joint.join(part.value for part in parts)})",
        f"({joint.join(part.truth for part in parts)})",
        depth,
    )


def _atom(text: str) -> Text:
    return Text(text, text, 0)


def _same(text: str, depth: int) -> Text:
    return Text(text, text, depth)


def compiled(source: str, name: str, leaves: Callable[..., None] | None = None) -> Any:
    """The function of this name that the source defines; `leaves` is what it may call."""
    scope: dict[str, Any] = {"leaves": leaves}
    exec(compile(source, "<generated by checker.explicit>", "exec"), scope)
    return scope[name]
