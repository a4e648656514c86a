"""What an expression over arrays says when only the number of parts with each content is known.

A *standing* part is one of which something is said: the i of an action, the index inside a quantifier.
Its content (the values of its local variables) is known, its number is not; several standing parts are
different parts. Expressions are read under such assumptions:

- an element at the index of a standing part is the value in its content;
- two indices are equal iff they are the same standing part;
- `any`, `all` and `sum` over the parts are split into the standing parts, one by one, and the others,
  class by class: there are counter[c] minus (standing parts with content c) others with content c, and
  the body is read with one of them standing in for all. Nested quantifiers work out by themselves;
- an element of an array of expressions (an array after an assignment), and every instance of what the
  elaboration wrote once for each part, is read for *every* number that the part may have: all readings
  must be the same expression, otherwise the system tells one part from another;
- `or`, `and` and `+` of terms that speak of one part each, equally many of each part whose number is not
  assumed, are quantifiers over those parts that were written out, and are split in the same way.

Everything else that depends on the number of a part is refused: comparing indices by size, computing
with them, storing them, reading a part by a number. What is read without being refused has therefore,
in every state and for every assignment of numbers to the standing parts, the value that the original
has: this is an induction over expressions, one case for each line above.

References
----------
S. M. German, A. P. Sistla, "Reasoning about systems with many processes", Journal of the ACM 39 (1992),
675-735: identical finite-state processes as one counter for each local state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from checker.reductions.part_rows import NotUniform, Parts
from checker.system.expression import (
    Expression,
    add,
    conj,
    constant,
    disj,
    eq,
    ite,
    le,
    mul,
    rebuild,
)
from checker.system.printer import show_expression
from checker.system.sorts import Scalar
from checker.system.walk import topological

__all__ = ["NOBODY", "Local", "PartReader", "Standing", "holds_value"]

Local = tuple[Scalar, ...]
"""The values of a part's local variables, in the order of the rows."""


@dataclass(frozen=True)
class Standing:
    """The parts of which something is said.

    Parameters
    ----------
    contents : tuple of Local
        What each of them holds.
    symbols : mapping of Expression to int
        The part that an index stands for.
    numbers : mapping of int to int
        The part with a number, where the number is assumed.
    """

    contents: tuple[Local, ...]
    symbols: Mapping[Expression, int]
    numbers: Mapping[int, int]

    def another(self, content: Local) -> Standing:
        """One more part."""
        return replace(self, contents=(*self.contents, content))

    def called(self, symbol: Expression, part: int) -> Standing:
        """A part gets one more index."""
        return replace(self, symbols={**self.symbols, symbol: part})

    def numbered(self, number: int, part: int) -> Standing:
        """The number of a part is assumed."""
        return replace(self, numbers={**self.numbers, number: part})

    def number_of(self, part: int) -> int | None:
        """The assumed number of a part, if there is one."""
        return next((number for number, one in self.numbers.items() if one == part), None)

    def with_content(self, content: Local) -> int:
        """How many of them hold this."""
        return self.contents.count(content)


NOBODY = Standing((), {}, {})


class PartReader:
    """Reads expressions of one system.

    Parameters
    ----------
    parts : Parts
    counters : mapping of Local to Expression
        How many parts hold this; parts hold nothing else.
    """

    def __init__(self, parts: Parts, counters: Mapping[Local, Expression]) -> None:
        self.parts = parts
        self.counters = counters
        self._home = parts.home
        self._mentioned: dict[Expression, frozenset[int]] = {}

    def __call__(self, root: Expression, standing: Standing = NOBODY) -> Expression:
        """The value of an expression, over counters and what is no part's.

        Raises
        ------
        NotUniform
            If it depends on the number of a part.
        """
        known: dict[Expression, Expression] = {}
        stack = [root]
        while stack:
            node = stack[-1]
            if node in known:
                stack.pop()
                continue
            read = self._at_once(node, standing)
            if read is not None:
                known[node] = read
                continue
            needs: Sequence[Expression] = node.operands
            if node.operator == "ite":
                # The branch that is not taken may speak of numbers that do not arise.
                test = known.get(node.operands[0])
                if test is None:
                    needs = node.operands[:1]
                elif test.is_constant:
                    needs = (node.operands[1] if test.payload else node.operands[2],)
            missing = [one for one in needs if one not in known]
            if missing:
                stack.extend(missing)
            elif node.operator == "ite" and len(needs) == 1:
                known[node] = known[needs[0]]
            else:
                known[node] = rebuild(node, tuple(known[one] for one in node.operands))
        return known[root]

    def everywhere(
        self,
        versions: Sequence[Expression] | Mapping[int, Expression],
        part: int,
        standing: Standing,
    ) -> Expression:
        """What was written once for each part, read for one standing part.

        Parameters
        ----------
        versions : sequence of Expression, or mapping of int to Expression
            By the number of the part.
        part : int
            Which of the standing parts.
        standing : Standing

        Raises
        ------
        NotUniform
            If the versions differ in more than the part they speak of.
        """
        own = standing.number_of(part)
        if own is not None:
            return self(versions[own], standing)
        free = [number for number in range(self.parts.count) if number not in standing.numbers]
        if not free:
            raise NotUniform("too few parts to tell what is said of each: take a larger instance")
        first: Expression | None = None
        for number in free:
            read = self(versions[number], standing.numbered(number, part))
            if first is None:
                first = read
            elif read is not first:
                raise NotUniform(
                    f"part {number} is treated differently from part {free[0]}: "
                    f"`{_short(versions[number])}`"
                )
        assert first is not None
        return first

    def others_at_least(self, content: Local, least: int, standing: Standing) -> Expression:
        """At least so many parts hold this, besides those that stand."""
        return le(constant(standing.with_content(content) + least), self.counters[content])

    def others(self, content: Local, standing: Standing) -> Expression:
        """How many parts hold this, besides those that stand."""
        return add(self.counters[content], constant(-standing.with_content(content)))

    # ------------------------------------------------------------ one node

    def _at_once(self, node: Expression, standing: Standing) -> Expression | None:
        """What is not read by way of its operands."""
        operator = node.operator
        if operator == "variable":
            if node.payload not in self._home:
                return node
            row, number = self._home[node.payload]
            if number not in standing.numbers:
                raise NotUniform(f"`{node.payload}` is read by its number")
            value = standing.contents[standing.numbers[number]][row]
            return constant(value, node.sort)
        if operator == "next":
            if node.payload in self._home:
                raise NotUniform(f"`{node.payload}` is read after the step")
            return node
        if operator == "bound":
            if node in standing.symbols or self.parts.is_index(node):
                raise NotUniform(f"the index `{_short(node)}` is used as a number")
            return node
        if operator == "eq":
            return self._same_part(node, standing)
        if operator == "select" and node.operands[1] in standing.symbols:
            elements = node.operands[0].operands
            if len(elements) != self.parts.count:
                raise NotUniform(f"`{_short(node)}` reads something that has another length")
            return self.everywhere(elements, standing.symbols[node.operands[1]], standing)
        if operator in ("any", "all", "sum") and self.parts.is_index(node.operands[0]):
            return self._quantified(node, standing)
        if operator in _WRITTEN_OUT:
            return self._written_out(node, standing)
        return None

    def _same_part(self, node: Expression, standing: Standing) -> Expression | None:
        left, right = node.operands
        if right in standing.symbols and left not in standing.symbols:
            left, right = right, left
        if left not in standing.symbols:
            return None
        one = standing.symbols[left]
        if right in standing.symbols:
            return constant(one == standing.symbols[right])
        if right.is_constant and right.payload in standing.numbers:
            return constant(standing.numbers[right.payload] == one)
        raise NotUniform(f"`{_short(node)}` asks for the number of a part")

    def _quantified(self, node: Expression, standing: Standing) -> Expression:
        symbol, body = node.operands
        return self._over_parts(
            node.operator,
            standing,
            range(len(standing.contents)),
            lambda part, here: self(body, here.called(symbol, part)),
        )

    def _written_out(self, node: Expression, standing: Standing) -> Expression | None:
        """What was written once for each part and joined; None if it is something else."""
        quantifier, join = _WRITTEN_OUT[node.operator]
        # Terms of the parts whose number is assumed are read as they are.
        free = [number for number in range(self.parts.count) if number not in standing.numbers]
        terms = _flat(node)
        if not free or len(terms) < len(free):
            return None
        found: dict[int, list[Expression]] = {number: [] for number in free}
        rest = []
        for term in terms:
            spoken = self._numbers_in(term) - standing.numbers.keys()
            if len(spoken) == 1:
                found[min(spoken)].append(term)
            else:
                rest.append(term)
        if not found[free[0]] or len({len(one) for one in found.values()}) > 1:
            return None
        unknown = [p for p in range(len(standing.contents)) if standing.number_of(p) is None]
        result = None
        for row in zip(*found.values(), strict=True):
            versions = dict(zip(free, row, strict=True))
            one = self._over_parts(quantifier, standing, unknown, partial(self.everywhere, versions))
            result = one if result is None else join(result, one)
        assert result is not None
        for term in rest:
            result = join(result, self(term, standing))
        return result

    def _over_parts(
        self,
        quantifier: str,
        standing: Standing,
        named: Iterable[int],
        body: Callable[[int, Standing], Expression],
    ) -> Expression:
        """Any, all or the sum of what is said of a part, over some standing parts and all others."""
        read = [body(part, standing) for part in named]
        for content in self.counters:
            value = body(len(standing.contents), standing.another(content))
            if quantifier == "any":
                read.append(conj(self.others_at_least(content, 1, standing), value))
            elif quantifier == "all":
                none = le(self.counters[content], constant(standing.with_content(content)))
                read.append(disj(none, value))
            else:
                read.append(_times(self.others(content, standing), value))
        if quantifier == "any":
            return disj(*read)
        if quantifier == "all":
            return conj(*read)
        total = constant(0)
        for one in read:
            total = add(total, one)
        return total

    def _numbers_in(self, root: Expression) -> frozenset[int]:
        """The numbers of parts that an expression mentions."""
        if root in self._mentioned:
            return self._mentioned[root]
        for node in topological([root]):
            if node in self._mentioned:
                continue
            found = frozenset[int]().union(*(self._mentioned[one] for one in node.operands))
            if node.operator in ("variable", "next") and node.payload in self._home:
                found |= {self._home[node.payload][1]}
            elif node.operator == "eq" and node.operands[1].is_constant:
                asked = node.operands[0]
                if asked.operator == "bound" and self.parts.is_index(asked):
                    found |= {node.operands[1].payload}
            self._mentioned[node] = found
        return self._mentioned[root]


_WRITTEN_OUT: dict[str, tuple[str, Callable[[Expression, Expression], Expression]]] = {
    "or": ("any", disj),
    "and": ("all", conj),
    "add": ("sum", add),
}


def _flat(node: Expression) -> list[Expression]:
    """The terms of a junction or a sum, nested ones too, in their order."""
    terms = []
    stack = [node]
    while stack:
        one = stack.pop()
        if one.operator == node.operator:
            stack.extend(reversed(one.operands))
        else:
            terms.append(one)
    return terms


def holds_value(expression: Expression, value: Scalar) -> Expression:
    """Whether an expression has a value; decided inside of `ite`, so that little is left to decide."""
    answers: dict[Expression, Expression] = {}
    wanted = constant(value, expression.sort)
    for node in topological([expression]):
        if node.operator == "ite" and node.sort == expression.sort:
            test, then, otherwise = node.operands
            answers[node] = ite(test, answers[then], answers[otherwise])
        elif node.sort == expression.sort:
            answers[node] = eq(node, wanted)
    return answers[expression]


def _times(count: Expression, value: Expression) -> Expression:
    """count * value, linear in the counters wherever the value is one of several numbers."""
    if value.operator == "ite":
        test, then, otherwise = value.operands
        if then.is_constant or otherwise.is_constant:
            return ite(test, _times(count, then), _times(count, otherwise))
    return mul(count, value)


def _short(node: Expression) -> str:
    return show_expression(node, 60)
