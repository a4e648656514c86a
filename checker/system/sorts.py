"""Sorts of expressions, and the finite or unbounded domains of variables."""

from __future__ import annotations

from dataclasses import dataclass

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
    """

    sort: Sort
    low: int
    high: int | None
    bound: int | None = None

    @property
    def size(self) -> int | None:
        """How many values there are; None when unbounded and without a stated bound."""
        top = self.top
        return None if top is None else top - self.low + 1

    @property
    def top(self) -> int | None:
        """Greatest value an enumeration visits."""
        return self.high if self.high is not None else self.bound

    def values(self) -> tuple[Scalar, ...]:
        """Every value, in ascending order.

        Raises
        ------
        ValueError
            If the domain is unbounded.
        """
        top = self.top
        if top is None:
            raise ValueError("an unbounded domain has no list of values")
        if isinstance(self.sort, BoolSort):
            return (False, True)
        return tuple(range(self.low, top + 1))

    def default(self) -> Scalar:
        """The least value: what a variable holds while nothing depends on it."""
        return False if isinstance(self.sort, BoolSort) else self.low

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, int):
            return False
        if isinstance(self.sort, BoolSort):
            return isinstance(value, bool)
        return self.low <= value and (self.high is None or value <= self.high)

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
            return f"Int({self.low}, {self.high})" if self.high is not None else "Nat()"
        return str(self.sort)
