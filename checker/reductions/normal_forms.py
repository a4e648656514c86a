"""A table of expressions in normal form: what means the same is often the same number.

A form is the number of a row; a truth value's negation is the negative number. Two expressions
with the same form have the same value in every state. The converse does not hold: equivalence is
undecidable where integers are multiplied, and costly elsewhere.

What is recognised: order and grouping of `and`, `or`, `+`, `min`, `max` and `==`; De Morgan's
laws; a part of a condition that the others decide, and one that all alternatives have in common;
`<`, `<=` and `==` of integers by their difference; a term that both branches of an `ite` add, and
a branch that occurs again one `ite` further in. The last two make a loop over an index, which
counts or looks for something, equal to the same loop in another order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

__all__ = ["FALSE", "TRUE", "FormsTooLarge", "NormalForms"]

TRUE = 1
FALSE = -1

_Row = tuple[str, Any, tuple[int, ...]]


class FormsTooLarge(ValueError):
    """More work than may be spent on the table."""


class NormalForms:
    """The table of forms over some variables.

    Parameters
    ----------
    variables : iterable of str
        Names of the state variables, in their order.
    budget : int
        How many nodes may be visited in all before `FormsTooLarge` is raised.

    Notes
    -----
    Rows are numbered from 1, which is the truth. The operands of a row have smaller numbers. A
    conjunction has no conjunction among its operands, so an `or` is a negated conjunction of
    negations, as in an and-inverter graph (Kuehlmann and Krohm, "Equivalence checking using cuts
    and heaps", DAC 1997). Every function below depends on its operands only, never on the order
    in which rows were made, except for choices between forms that mean the same.
    """

    def __init__(self, variables: Iterable[str], budget: int) -> None:
        self._bit = {name: 1 << place for place, name in enumerate(variables)}
        self._rows: list[_Row] = [("", None, ()), ("truth", None, ())]
        self._supports: list[int] = [0, 0]
        self._numbers: dict[_Row, int] = {self._rows[TRUE]: TRUE}
        self._left = budget

    # ------------------------------------------------------------ asking

    def row(self, form: int) -> _Row:
        """Operator, payload and operands of a form; of what is negated for a negated one."""
        return self._rows[abs(form)]

    def support(self, form: int) -> int:
        """The variables that a form reads, as a set of bits in the order of the variables."""
        return self._supports[abs(form)]

    def bits(self, names: Iterable[str]) -> int:
        """Variables as a set of bits."""
        mask = 0
        for name in names:
            mask |= self._bit[name]
        return mask

    def below(self, roots: Iterable[int]) -> Iterator[int]:
        """Yield every row that the roots consist of, once."""
        stack = list({abs(root) for root in roots})
        seen = set(stack)
        while stack:
            form = stack.pop()
            yield form
            fresh = {abs(operand) for operand in self._rows[form][2]} - seen
            seen |= fresh
            stack.extend(fresh)

    def spend(self) -> None:
        """Count one visit.

        Raises
        ------
        FormsTooLarge
            If there have been too many.
        """
        self._left -= 1
        if self._left < 0:
            raise FormsTooLarge

    def rebuilt(self, operator: str, payload: Any, operands: tuple[int, ...]) -> int:
        """A row over other operands, brought into normal form again."""
        if operator == "sum":
            constant, factors = payload
            return self.weighted(constant, zip(operands, factors, strict=True))
        if operator == "ite":
            return self.ite(payload, *operands)
        build: dict[str, Callable[..., int]] = {
            "iff": self.iff,
            "equal": self.equal,
            "nonnegative": self.nonnegative,
            "zero": self.zero,
            "select": self.select,
            "floordiv": self.floordiv,
            "mod": self.modulo,
        }
        if operator in build:
            return build[operator](*operands)
        together: dict[str, Callable[[Iterable[int]], int]] = {
            "and": self.conjunction,
            "product": self.product,
            "min": self.minimum,
            "max": self.maximum,
        }
        if operator in together:
            return together[operator](operands)
        return self._intern(operator, payload, operands)

    # ------------------------------------------------------------ leaves

    def variable(self, name: str) -> int:
        """A state variable."""
        return self._intern("variable", name, ())

    def number(self, value: int) -> int:
        """An integer."""
        return self._intern("number", value, ())

    def label(self, code: int) -> int:
        """A label of an enum, by its index."""
        return self._intern("label", code, ())

    # ------------------------------------------------------------ truth values

    def conjunction(self, parts: Iterable[int]) -> int:
        """Whether all the parts hold."""
        members = set(parts)
        while True:
            flat: set[int] = set()
            for member in members:
                operator, _, operands = self._rows[abs(member)]
                if member > 0 and operator == "and":
                    flat.update(operands)
                elif member != TRUE:
                    flat.add(member)
            if FALSE in flat or any(-member in flat for member in flat):
                return FALSE
            # All at once, against the same set: the result must not depend on the numbering.
            members = {self._undecided(member, flat) for member in flat}
            if members == flat:
                break
        if len(members) < 2:
            return members.pop() if members else TRUE
        return self._factored(members) or self._intern("and", None, tuple(sorted(members)))

    def _factored(self, members: set[int]) -> int:
        """What all alternatives have in common is asked once, outside of them; 0 if they have nothing."""
        alternatives: list[set[int]] = []
        for member in members:
            operator, _, operands = self._rows[abs(member)]
            if member > 0 or operator != "and":
                return 0
            alternatives.append(set(operands))
        common = set.intersection(*alternatives)
        if not common:
            return 0
        rest = self.disjunction(self.conjunction(one - common) for one in alternatives)
        return -self.conjunction((*common, rest))

    def disjunction(self, parts: Iterable[int]) -> int:
        """Whether one of the parts holds."""
        return -self.conjunction(-part for part in parts)

    def _undecided(self, member: int, others: set[int]) -> int:
        """An alternative without those of its parts that the other conditions decide."""
        operator, _, operands = self._rows[abs(member)]
        if member > 0 or operator != "and":
            return member
        if any(self._implied(-part, others) for part in operands):
            return TRUE
        rest = [part for part in operands if part not in others]
        return member if len(rest) == len(operands) else -self.conjunction(rest)

    def _implied(self, form: int, conditions: set[int]) -> bool:
        if form in conditions:
            return True
        operator, _, operands = self._rows[abs(form)]
        return form > 0 and operator == "and" and all(part in conditions for part in operands)

    def iff(self, left: int, right: int) -> int:
        """Whether two truth values are the same."""
        sign = 1 if (left > 0) == (right > 0) else -1
        low, high = sorted((abs(left), abs(right)))
        if low == high:
            return sign * TRUE
        if low == TRUE:
            return sign * high
        return sign * self._intern("iff", None, (low, high))

    def equal(self, left: int, right: int) -> int:
        """Whether two labels are the same."""
        if left == right:
            return TRUE
        if self._rows[left][0] == self._rows[right][0] == "label":
            return FALSE
        return self._intern("equal", None, (min(left, right), max(left, right)))

    def less(self, left: int, right: int) -> int:
        """Whether one label stands before the other."""
        return FALSE if left == right else self._intern("less", None, (left, right))

    def zero(self, difference: int) -> int:
        """Whether an integer is 0."""
        constant, terms = self._terms(difference)
        if not terms:
            return FALSE if constant else TRUE
        if terms[min(terms)] < 0:
            difference = self.weighted(0, ((difference, -1),))
        return self._intern("zero", None, (difference,))

    def nonnegative(self, difference: int) -> int:
        """Whether an integer is at least 0."""
        constant, terms = self._terms(difference)
        if not terms:
            return TRUE if constant >= 0 else FALSE
        if terms[min(terms)] > 0:
            return self._intern("nonnegative", None, (difference,))
        # Either this or the contrary of -difference > 0, so that each is the other's negation.
        return -self._intern("nonnegative", None, (self.weighted(-1, ((difference, -1),)),))

    # ------------------------------------------------------------ integers

    def _terms(self, form: int) -> tuple[int, dict[int, int]]:
        """A form as a constant plus multiples of other forms."""
        operator, payload, operands = self._rows[form]
        if operator == "number":
            return payload, {}
        if operator == "sum":
            return payload[0], dict(zip(operands, payload[1], strict=True))
        return 0, {form: 1}

    def weighted(self, constant: int, parts: Iterable[tuple[int, int]]) -> int:
        """A constant plus parts with their weights."""
        total: dict[int, int] = {}
        for part, weight in parts:
            offset, terms = self._terms(part)
            constant += weight * offset
            for term, factor in terms.items():
                total[term] = total.get(term, 0) + weight * factor
        kept = sorted((term, factor) for term, factor in total.items() if factor)
        if not kept:
            return self.number(constant)
        if constant == 0 and len(kept) == 1 and kept[0][1] == 1:
            return kept[0][0]
        terms_only, factors = zip(*kept, strict=True)
        return self._intern("sum", (constant, factors), terms_only)

    def product(self, parts: Iterable[int]) -> int:
        """The product of integers."""
        weight = 1
        factors: list[int] = []
        for part in parts:
            operator, payload, operands = self._rows[part]
            if operator == "number":
                weight *= payload
            else:
                factors.extend(operands if operator == "product" else (part,))
        if not factors:
            return self.number(weight)
        if len(factors) > 1:
            factors = [self._intern("product", None, tuple(sorted(factors)))]
        return self.weighted(0, ((factors[0], weight),))

    def floordiv(self, left: int, right: int) -> int:
        """The quotient as expressions have it: 0 where the divisor is 0."""
        if right == self.number(1):
            return left
        (above, left_terms), (below, right_terms) = self._terms(left), self._terms(right)
        if left_terms or right_terms:
            return self._intern("floordiv", None, (left, right))
        return self.number(above // below if below else 0)

    def modulo(self, left: int, right: int) -> int:
        """The remainder as expressions have it: 0 where the divisor is 0."""
        if right == self.number(1):
            return self.number(0)
        (above, left_terms), (below, right_terms) = self._terms(left), self._terms(right)
        if left_terms or right_terms:
            return self._intern("mod", None, (left, right))
        return self.number(above % below if below else 0)

    def minimum(self, parts: Iterable[int]) -> int:
        """The least of integers."""
        return self._extreme("min", min, parts)

    def maximum(self, parts: Iterable[int]) -> int:
        """The greatest of integers."""
        return self._extreme("max", max, parts)

    def _extreme(self, operator: str, best: Callable[[list[int]], int], parts: Iterable[int]) -> int:
        members: set[int] = set()
        fixed: list[int] = []
        for part in parts:
            inner, _, operands = self._rows[part]
            for member in operands if inner == operator else (part,):
                if self._rows[member][0] == "number":
                    fixed.append(self._rows[member][1])
                else:
                    members.add(member)
        if fixed:
            members.add(self.number(best(fixed)))
        if len(members) == 1:
            return members.pop()
        return self._intern(operator, None, tuple(sorted(members)))

    # ------------------------------------------------------------ choice

    def row_of(self, elements: Iterable[int]) -> int:
        """A row of elements, to be read by `select`."""
        return self._intern("array", None, tuple(elements))

    def select(self, row: int, index: int) -> int:
        """The element at an index; the first one where it is outside the row."""
        elements = self._rows[row][2]
        operator, place, _ = self._rows[index]
        if operator == "number":
            return elements[place if 0 <= place < len(elements) else 0]
        if len(set(elements)) == 1:
            return elements[0]
        return self._intern("select", None, (row, index))

    def ite(self, kind: str, condition: int, then: int, otherwise: int) -> int:
        """One of two forms by a condition; `kind` is "truth", "number" or "label"."""
        if condition in (TRUE, FALSE):
            return then if condition == TRUE else otherwise
        if then == otherwise:
            return then
        if condition < 0:
            condition, then, otherwise = -condition, otherwise, then
        if kind == "truth":
            return self._truth_ite(condition, then, otherwise)
        if kind == "label":
            return self._nested(kind, condition, then, otherwise)
        # What both branches add is added outside, the constant of the second one too.
        (_, left), (constant, right) = self._terms(then), self._terms(otherwise)
        shared = [(term, factor) for term, factor in left.items() if right.get(term) == factor]
        less = [(term, -factor) for term, factor in shared]
        then = self.weighted(-constant, ((then, 1), *less))
        otherwise = self.weighted(-constant, ((otherwise, 1), *less))
        rest = self._nested(kind, condition, then, otherwise)
        return self.weighted(constant, ((rest, 1), *shared))

    def _truth_ite(self, condition: int, then: int, otherwise: int) -> int:
        if then in (TRUE, condition):
            return self.disjunction((condition, otherwise))
        if then in (FALSE, -condition):
            return self.conjunction((-condition, otherwise))
        if otherwise in (TRUE, -condition):
            return self.disjunction((-condition, then))
        if otherwise in (FALSE, condition):
            return self.conjunction((condition, then))
        if then == -otherwise:
            return self.iff(condition, then)
        if then < 0:
            return -self._nested("truth", condition, -then, -otherwise)
        return self._nested("truth", condition, then, otherwise)

    def _nested(self, kind: str, condition: int, then: int, otherwise: int) -> int:
        """A branch that occurs again inside the other one is taken under the joint condition."""
        for outer, inner, here in ((then, otherwise, condition), (otherwise, then, -condition)):
            operator, _, operands = self._rows[abs(inner)]
            if operator != "ite":
                continue
            # A negated `ite` is one over negated branches.
            sign = 1 if inner > 0 else -1
            test, first, second = operands[0], sign * operands[1], sign * operands[2]
            for same, rest, holds in ((first, second, test), (second, first, -test)):
                if same == outer:
                    return self.ite(kind, self.disjunction((here, holds)), outer, rest)
        return self._intern("ite", kind, (condition, then, otherwise))

    # ------------------------------------------------------------ the table

    def _intern(self, operator: str, payload: Any, operands: tuple[int, ...]) -> int:
        row = (operator, payload, operands)
        known = self._numbers.get(row)
        if known is not None:
            return known
        support = self._bit[payload] if operator == "variable" else 0
        for operand in operands:
            support |= self._supports[abs(operand)]
        self._numbers[row] = len(self._rows)
        self._rows.append(row)
        self._supports.append(support)
        return len(self._rows) - 1
