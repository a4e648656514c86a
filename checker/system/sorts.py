"""Sorts of expressions, and the finite or unbounded domains of variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checker.system.node import Expression

__all__ = ["BOOL", "INT", "BoolSort", "Domain", "EnumSort", "IntSort", "Scalar", "Sort"]

Scalar = bool | int
"""What a variable holds: a truth value, an integer, or (for an enum) the index of its label."""


@dataclass(frozen=True, slots=True)
class BoolSort:
    """Truth values."""

    def __str__(self) -> str:
        return "Bool"


@dataclass(frozen=True, slots=True)
class IntSort:
    """Mathematical integers: expressions never wrap and never saturate."""

    def __str__(self) -> str:
        return "Int"


@dataclass(frozen=True, slots=True)
class EnumSort:
    """Labels, coded as their index in `labels`; two enums are the same sort iff their labels are."""

    labels: tuple[str, ...]

    def __str__(self) -> str:
        return "Enum(" + ", ".join(self.labels) + ")"


Sort = BoolSort | IntSort | EnumSort

BOOL = BoolSort()
INT = IntSort()


@dataclass(frozen=True, slots=True)
class Domain:
    """The values a variable may hold.

    Parameters
    ----------
    sort : Sort
        Sort of the values.
    low, high : int
        Least and greatest value, both included; `Bool` is 0..1 and an enum 0..labels-1.
        `high` is None for the unbounded `Nat`.
    bound : int, optional
        Where an enumeration of an unbounded domain stops: beyond it nothing is claimed.
    least, most : Expression, optional
        The ends themselves, where they depend on parameters that are symbols (variables of
        `Role.PARAMETER`, which no step changes). `low` and `high` then only enclose them: no value
        lies outside low..high, but not every number within is a value.
    below : bool
        There is no least number that is known to be one; `low` says nothing then.

    Notes
    -----
    The ends as expressions, whichever way they are given: `checker.system.domain_ends`.
    """

    sort: Sort
    low: int
    high: int | None
    bound: int | None = None
    least: Expression | None = None
    most: Expression | None = None
    below: bool = False

    @property
    def is_symbolic(self) -> bool:
        """Whether an end of it depends on parameters."""
        return self.least is not None or self.most is not None

    @property
    def size(self) -> int | None:
        """How many values there are; None when unbounded and without a stated bound."""
        top = self.top
        return None if top is None else top - self.low + 1

    @property
    def top(self) -> int | None:
        """Greatest value an enumeration visits; None where it would not know where to begin or end."""
        if self.below or self.is_symbolic:
            return None
        return self.high if self.high is not None else self.bound

    @property
    def reach(self) -> tuple[float, float]:
        """Least and greatest number that may be a value; infinities where there is none."""
        return (
            -float("inf") if self.below else self.low,
            float("inf") if self.high is None else self.high,
        )

    def values(self) -> tuple[Scalar, ...]:
        """Every value, in ascending order.

        Raises
        ------
        ValueError
            If the domain is unbounded, or depends on parameters.
        """
        top = self.top
        if top is None:
            raise ValueError(f"{self} has no list of values")
        if isinstance(self.sort, BoolSort):
            return (False, True)
        return tuple(range(self.low, top + 1))

    def default(self) -> Scalar:
        """What a variable holds while nothing depends on it: the least value, if that is a number.

        Otherwise a number within `reach`; whether it is a value then depends on the parameters.
        """
        if isinstance(self.sort, BoolSort):
            return False
        if self.below:
            return 0 if self.high is None else min(0, self.high)
        return self.low

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, int):
            return False
        if isinstance(self.sort, BoolSort):
            return isinstance(value, bool)
        # Where the ends depend on parameters: whether it can be a value for some of them.
        low, high = self.reach
        return low <= value <= high

    def show(self, value: Scalar) -> str:
        """The value as its author wrote it: a label, `True`, or a number."""
        return repr(self.decode(value))

    def decode(self, value: Scalar) -> bool | int | str:
        """The Python value that CPython sees: a label for an enum, otherwise the value itself."""
        if isinstance(self.sort, EnumSort):
            return self.sort.labels[int(value)]
        if isinstance(self.sort, BoolSort):
            return bool(value)
        return int(value)

    def encode(self, value: object) -> Scalar:
        """The inverse of `decode`.

        Raises
        ------
        ValueError
            If the value is not of this domain.
        """
        if isinstance(self.sort, EnumSort):
            if isinstance(value, str) and value in self.sort.labels:
                return self.sort.labels.index(value)
        elif value in self:
            assert isinstance(value, int)
            return value
        raise ValueError(f"{value!r} is not in {self}")

    def __str__(self) -> str:
        if isinstance(self.sort, IntSort):
            if (self.low, self.high, self.is_symbolic, self.below) == (0, None, False, False):
                return "Nat()"
            from checker.system.printer import show_expression

            low, high = (str(end) if abs(end) < float("inf") else "…" for end in self.reach)
            least = low if self.least is None else show_expression(self.least)
            most = high if self.most is None else show_expression(self.most)
            return f"Int({least}, {most})"
        return str(self.sort)
