"""From expressions to Z3: one walker, for whichever theory of numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import z3

from checker.symbolic.numbers import Numbers, Term
from checker.system.expression import Expression
from checker.system.sorts import BoolSort
from checker.system.walk import expand_quantifiers, topological

__all__ = ["Frame", "Reader", "Term"]

Frame = Mapping[str, Term]
"""The term that stands for each state variable at one moment."""


class Reader:
    """Translates expressions over one moment, or over the two moments of a step.

    Parameters
    ----------
    numbers : Numbers
    before : Frame
        What `variable` nodes stand for.
    after : Frame, optional
        What `next` nodes stand for.
    symbols : mapping of Expression to Term
        What parameters and choices stand for.

    Notes
    -----
    Quantifiers are written out first. Division by zero is 0 and an index outside its array reads the
    first element, as everywhere; see `checker.system.expression`.
    """

    def __init__(
        self,
        numbers: Numbers,
        before: Frame,
        after: Frame | None = None,
        symbols: Mapping[Expression, Term] | None = None,
    ) -> None:
        self.numbers = numbers
        self.before = before
        self.after = after
        self.known: dict[Expression, Term] = dict(symbols or {})
        self.rows: dict[Expression, list[Term]] = {}

    def __call__(self, expression: Expression) -> Term:
        """The term of an expression.

        Raises
        ------
        KeyError
            If a variable or a symbol stands for nothing.
        """
        term = self.known.get(expression)
        if term is not None:
            return term
        written = expand_quantifiers([expression])[expression]
        for node in topological([written]):
            if node.operator == "array":
                self.rows[node] = [self.known[operand] for operand in node.operands]
            elif node not in self.known:
                self.known[node] = self._term(node)
        self.known[expression] = self.known[written]
        return self.known[written]

    def _term(self, node: Expression) -> Term:
        operator = node.operator
        if operator == "const":
            if isinstance(node.sort, BoolSort):
                return z3.BoolVal(node.payload)
            return self.numbers.literal(int(node.payload))
        if operator == "variable":
            return self.before[node.payload]
        if operator == "next":
            if self.after is None:
                raise KeyError(f"{node.payload} after the step")
            return self.after[node.payload]
        if operator == "bound":
            raise KeyError(f"the symbol {node.payload[0]} stands for nothing")
        if operator == "select":
            return self._selected(node)
        operands = [self.known[operand] for operand in node.operands]
        return _APPLY[operator](self.numbers, operands)

    def _selected(self, node: Expression) -> Term:
        row, index = self.rows[node.operands[0]], self.known[node.operands[1]]
        # The first element is also what is read outside.
        chosen = row[0]
        for position in range(len(row) - 1, 0, -1):
            chosen = z3.If(index == self.numbers.literal(position), row[position], chosen)
        return chosen


def _minimum(numbers: Numbers, operands: list[Term]) -> Term:
    left, right = operands
    return z3.If(numbers.at_most(left, right), left, right)


def _maximum(numbers: Numbers, operands: list[Term]) -> Term:
    left, right = operands
    return z3.If(numbers.at_most(right, left), left, right)


_APPLY: dict[str, Callable[[Numbers, list[Any]], Term]] = {
    "not": lambda numbers, operands: z3.Not(operands[0]),
    "and": lambda numbers, operands: z3.And(*operands),
    "or": lambda numbers, operands: z3.Or(*operands),
    "ite": lambda numbers, operands: z3.If(*operands),
    "eq": lambda numbers, operands: operands[0] == operands[1],
    "lt": lambda numbers, operands: numbers.less(*operands),
    "le": lambda numbers, operands: numbers.at_most(*operands),
    "add": lambda numbers, operands: operands[0] + operands[1],
    "sub": lambda numbers, operands: operands[0] - operands[1],
    "mul": lambda numbers, operands: operands[0] * operands[1],
    "floordiv": lambda numbers, operands: numbers.floordiv(*operands),
    "mod": lambda numbers, operands: numbers.modulo(*operands),
    "min": _minimum,
    "max": _maximum,
}
