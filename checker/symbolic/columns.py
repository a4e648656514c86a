"""Many states as columns of numbers, on which expressions are evaluated all at once.

What is computed here only proposes: a number that does not fit 64 bits wraps around and leads to a
proposal that Z3 refutes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from checker.system.expression import Expression
from checker.system.run import State
from checker.system.sorts import BoolSort, Scalar, Sort
from checker.system.transition_system import TransitionSystem
from checker.system.walk import expand_quantifiers, topological

__all__ = ["Column", "Columns"]

Column = npt.NDArray[Any]
"""One value for each state: bool for truth values, int64 for numbers and labels."""

_FAR = 2**62
"""Numbers beyond it are taken for it."""

_BINARY: dict[str, Callable[[Column, Column], Column]] = {
    "eq": np.equal,
    "lt": np.less,
    "le": np.less_equal,
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "min": np.minimum,
    "max": np.maximum,
}


class Columns:
    """A growing table of different states.

    Parameters
    ----------
    system : TransitionSystem
    """

    def __init__(self, system: TransitionSystem) -> None:
        self.system = system
        self.names = tuple(one.name for one in system.variables)
        self.rows: list[tuple[Scalar, ...]] = []
        self.numbers: dict[tuple[Scalar, ...], int] = {}
        self._known: dict[Expression, Column] = {}
        self._written: dict[Expression, Expression] = {}

    def __len__(self) -> int:
        """How many states there are."""
        return len(self.rows)

    def add(self, state: State) -> int:
        """The number of a state, which is appended if it is new."""
        row = tuple(state[name] for name in self.names)
        number = self.numbers.setdefault(row, len(self.rows))
        if number == len(self.rows):
            self.rows.append(row)
        return number

    def state(self, number: int) -> State:
        """One of the states."""
        return dict(zip(self.names, self.rows[number], strict=True))

    def __call__(self, expression: Expression) -> Column:
        """The value of an expression without symbols in every state."""
        known = self._known.get(expression)
        if known is not None and len(known) == len(self.rows):
            return known
        written = self._written.get(expression)
        if written is None:
            written = self._written[expression] = expand_quantifiers([expression])[expression]
        for node in topological([written]):
            self._extend(node)
        self._known[expression] = self._known[written]
        return self._known[written]

    def _extend(self, node: Expression) -> None:
        """Append the values of one node in the states that are new to it."""
        old = self._known.get(node)
        begin = 0 if old is None else len(old)
        if begin == len(self.rows) and old is not None:
            return
        fresh = self._values(node, begin)
        self._known[node] = fresh if old is None else np.concatenate((old, fresh))

    def _values(self, node: Expression, begin: int) -> Column:
        operator = node.operator
        if operator == "array":
            return np.zeros(len(self.rows) - begin, dtype=np.int64)
        if operator == "variable":
            place = self.names.index(node.payload)
            return _column(node.sort, [row[place] for row in self.rows[begin:]])
        if operator == "const":
            return np.repeat(_column(node.sort, [node.payload]), len(self.rows) - begin)
        if operator == "select":
            return self._selected(node, begin)
        operands = [self._known[operand][begin:] for operand in node.operands]
        if operator == "not":
            return np.logical_not(operands[0])
        if operator == "and":
            return np.asarray(np.logical_and.reduce(operands))
        if operator == "or":
            return np.asarray(np.logical_or.reduce(operands))
        if operator == "ite":
            return np.where(*operands)
        if operator in ("floordiv", "mod"):
            dividend, divisor = operands
            defined = divisor != 0
            safe = np.where(defined, divisor, 1)
            result = dividend // safe if operator == "floordiv" else dividend % safe
            return np.where(defined, result, 0)
        return _BINARY[operator](*operands)

    def _selected(self, node: Expression, begin: int) -> Column:
        row, index = node.operands
        elements = np.stack([self._known[element][begin:] for element in row.operands])
        place = self._known[index][begin:]
        place = np.where((place >= 0) & (place < len(elements)), place, 0)
        return elements[place, np.arange(place.size)]


def _column(sort: Sort, values: list[Scalar]) -> Column:
    if isinstance(sort, BoolSort):
        return np.array(values, dtype=np.bool_)
    return np.array([min(max(int(value), -_FAR), _FAR) for value in values], dtype=np.int64)
