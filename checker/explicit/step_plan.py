"""How an outcome's successor is computed from the packed state: as few operations as possible."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from checker.explicit.instances import Outcome
from checker.explicit.packing import Packing, Slot
from checker.system.expression import TRUE, Expression, conj, constant, lt, neg
from checker.system.transition_system import Hazard

__all__ = ["Plan", "planned"]


@dataclass(slots=True)
class Plan:
    """The successor is ((w & keep | fixed | parts …) ^ flip) + delta, unless a test is true.

    Parameters
    ----------
    tests : list of (Expression, int or str)
        In this order. With each, what happens where it is true: the number of a failure, or the
        name of the variable that leaves its domain though no hazard says so.
    keep : int or None
        Mask of the bits that keep their values; None for all.
    fixed : int
        Constants, in their slots.
    parts : list of (Expression, Slot)
        Values to be put into slots.
    flip : int
        Bits that are negated.
    added : list of (Slot, int)
        What is added to slots that keep their values: it never carries into the next slot.
    changes : bool
        Whether the successor may differ from the state.
    """

    tests: list[tuple[Expression, int | str]] = field(default_factory=list)
    keep: int | None = None
    fixed: int = 0
    parts: list[tuple[Expression, Slot]] = field(default_factory=list)
    flip: int = 0
    added: list[tuple[Slot, int]] = field(default_factory=list)
    changes: bool = False

    @property
    def delta(self) -> int:
        """The sum of what is added, each at its slot."""
        return sum(amount << slot.offset for slot, amount in self.added)

    def roots(self) -> Iterator[Expression]:
        """Yield every expression that has to be computed."""
        for test, _ in self.tests:
            yield test
        for value, _ in self.parts:
            yield value


def planned(
    outcome: Outcome,
    packing: Packing,
    interval: Callable[[Expression, Expression], tuple[float, float]],
    failure: Callable[[Hazard | None], int],
) -> Plan:
    """The plan of an outcome.

    Parameters
    ----------
    outcome : Outcome
    packing : Packing
    interval : callable
        Bounds of an expression where another one holds.
    failure : callable
        Registers what may go wrong and returns its number; None for leaving a bound.
    """
    plan = Plan()
    for condition, hazard in outcome.hazards:
        plan.tests.append((condition, failure(hazard)))
        if condition is TRUE:
            return plan
    slots = {slot.name: slot for slot in packing.slots}
    facts = _facts(outcome.guard)
    assuming = conj(*outcome.guard, *(neg(condition) for condition, _ in outcome.hazards))
    cleared = 0
    for name, value in outcome.updates:
        slot = slots[name]
        _test_fit(plan, slot, value, interval(value, assuming), failure)
        kind, amount = _change(name, value, facts)
        if kind == "add":
            if amount:
                plan.added.append((slot, amount))
                plan.changes = True
            continue
        plan.changes |= slot.width > 0
        if kind == "flip":
            plan.flip |= 1 << slot.offset
        elif slot.width:
            cleared |= slot.mask << slot.offset
            if value.is_constant:
                # Outside the domain a test is true first, but the text must still be an int.
                plan.fixed |= (int(value.payload) - slot.low & slot.mask) << slot.offset
            else:
                plan.parts.append((value, slot))
    if cleared:
        plan.keep = ((1 << packing.bits) - 1) & ~cleared
    return plan


def _test_fit(
    plan: Plan,
    slot: Slot,
    value: Expression,
    reach: tuple[float, float],
    failure: Callable[[Hazard | None], int],
) -> None:
    """Add tests that the value fits its slot, unless it always does."""
    if slot.is_bool:
        return
    if reach[0] < slot.low:
        plan.tests.append((lt(value, constant(slot.low, value.sort)), slot.name))
    if reach[1] > slot.top:
        beyond = lt(constant(slot.top, value.sort), value)
        plan.tests.append((beyond, failure(None) if slot.unbounded else slot.name))


def _facts(guard: Iterable[Expression]) -> dict[str, int]:
    """Variables whose value the guard fixes."""
    facts = {}
    for test in guard:
        if test.operator == "eq":
            left, right = test.operands
            if left.operator == "variable" and right.is_constant:
                facts[left.payload] = int(right.payload)
        elif test.operator == "variable":
            facts[test.payload] = 1
        elif test.operator == "not" and test.operands[0].operator == "variable":
            facts[test.operands[0].payload] = 0
    return facts


def _change(name: str, value: Expression, facts: Mapping[str, int]) -> tuple[str, int]:
    """Whether a value is the variable itself plus a known amount ("add"), or its "flip"."""
    if value.is_constant and name in facts:
        return "add", int(value.payload) - facts[name]
    own = bool(value.operands) and _reads(value.operands[0], name)
    if own and value.operator == "add" and value.operands[1].is_constant:
        return "add", int(value.operands[1].payload)
    return ("flip", 0) if own and value.operator == "not" else ("other", 0)


def _reads(node: Expression, name: str) -> bool:
    return node.operator == "variable" and bool(node.payload == name)
