"""Patterns of `match`: a condition, and the names that they bind."""

from __future__ import annotations

import ast

from checker.language.assignments import Assignments
from checker.language.values import (
    Maybe,
    Row,
    Scalar,
    Value,
)
from checker.system.expression import TRUE, Expression, conj, disj
from checker.system.sorts import BoolSort

__all__ = ["Patterns"]


class Patterns(Assignments):
    """Translates the patterns of a `case`."""

    def pattern(
        self, pattern: ast.pattern, subject: Value, node: ast.expr
    ) -> tuple[Expression, dict[str, Value]]:
        """When a pattern fits, and the names that it then binds."""
        if isinstance(pattern, ast.MatchValue):
            value = self.plain(self.value(pattern.value), pattern.value)
            return self.equality(self.plain(subject, node), node, value, pattern.value), {}
        if isinstance(pattern, ast.MatchSingleton):
            value, asked = self.lift(pattern.value, pattern), self.plain(subject, node)
            inner = asked.content if isinstance(asked, Maybe) else asked
            truth = isinstance(inner, Scalar) and isinstance(inner.expression.sort, BoolSort)
            if pattern.value is not None and not truth:
                # Python asks whether it is the very object True, which no number is.
                raise self.refuse(
                    f"`case {pattern.value}` for what is no truth value",
                    pattern,
                    help="write the number",
                )
            return self.equality(asked, node, value, pattern), {}
        if isinstance(pattern, ast.MatchOr):
            found = [self.pattern(one, subject, node) for one in pattern.patterns]
            if any(names for _, names in found):
                raise self.refuse(
                    "alternatives of a pattern bind no names", pattern, help="write a case for each"
                )
            return disj(*(condition for condition, _ in found)), {}
        if isinstance(pattern, ast.MatchAs):
            condition: Expression = TRUE
            names: dict[str, Value] = {}
            if pattern.pattern is not None:
                condition, names = self.pattern(pattern.pattern, subject, node)
            if pattern.name is not None:
                names = {**names, pattern.name: subject}
            return condition, names
        if isinstance(pattern, ast.MatchSequence):
            row = self.plain(subject, node)
            fits = isinstance(row, Row) and row.kind != "iterator"
            if fits and isinstance(row, Row) and len(row.elements) == len(pattern.patterns):
                parts = [
                    self.pattern(one, item, node)
                    for one, item in zip(pattern.patterns, row.elements, strict=True)
                ]
                joined = {name: value for _, names in parts for name, value in names.items()}
                return conj(*(condition for condition, _ in parts)), joined
        raise self.refuse(
            "this pattern is not supported", pattern, help="use literals, `|`, names, `_` and tuples"
        )
