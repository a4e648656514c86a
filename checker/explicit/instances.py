"""Actions with their parameters and choices fixed: what exploration executes and fairness names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from checker.explicit.outcomes import values_of
from checker.explicit.packing import NotEnumerable
from checker.explicit.state_graph import Instance, Unit
from checker.system.expression import FALSE, Expression, conj, constant, rebuild
from checker.system.sorts import Scalar
from checker.system.transition_system import Action, Fairness, Hazard, Symbol, TransitionSystem
from checker.system.walk import expand_quantifiers, topological

__all__ = ["MOST_OUTCOMES", "Outcome", "TooManyOutcomes", "conjuncts", "instances_of", "outcomes_of"]

MOST_OUTCOMES = 100_000
"""Each outcome becomes generated code; beyond this compiling it takes longer than is useful."""


class TooManyOutcomes(ValueError):
    """The parameters and choices of the actions have too many combinations to enumerate."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome of one instance, without symbols and quantifiers.

    Parameters
    ----------
    label : int
        Index of the instance.
    choices : tuple of bool or int
    guard : tuple of Expression
        Conjuncts.
    hazards : tuple of (Expression, Hazard)
        Conditions, given the guard.
    updates : tuple of (str, Expression)
        Of the variables that may change.
    """

    label: int
    choices: tuple[Scalar, ...]
    guard: tuple[Expression, ...]
    hazards: tuple[tuple[Expression, Hazard], ...]
    updates: tuple[tuple[str, Expression], ...]


def instances_of(system: TransitionSystem) -> tuple[tuple[Instance, ...], tuple[Unit, ...]]:
    """Every action with every value of its parameters, and the units of fairness they belong to.

    Raises
    ------
    TooManyOutcomes
        If there are more than `MOST_OUTCOMES` combinations of parameters and choices.
    NotEnumerable
        If a parameter or choice is unbounded and states no bound.
    """
    total = 0
    for action in system.actions:
        total += prod(_count(symbol) for symbol in (*action.parameters, *action.choices))
        if total > MOST_OUTCOMES:
            raise TooManyOutcomes(
                f"with {action.name} the actions have {total:,} combinations of parameters and "
                f"choices; at most {MOST_OUTCOMES:,} can be explored"
            )
    instances: list[Instance] = []
    units: dict[tuple[str, tuple[Scalar, ...]], int] = {}
    names: list[str] = []
    fairness: list[Fairness] = []
    for action in system.actions:
        for arguments in _arguments(action):
            unit = -1
            if action.fairness is not Fairness.NONE:
                unit = units.setdefault((action.group, arguments), len(units))
                if unit == len(names):
                    shown = map(_show, action.parameters, arguments)
                    names.append(f"{action.group}({', '.join(shown)})" if arguments else action.group)
                    fairness.append(action.fairness)
                elif action.fairness is Fairness.STRONG:
                    fairness[unit] = Fairness.STRONG
            instances.append(Instance(action, arguments, unit))
    return tuple(instances), tuple(map(Unit, names, fairness))


def outcomes_of(system: TransitionSystem) -> Iterator[Outcome]:
    """Yield every outcome that can be enabled, in the order of actions, arguments and choices."""
    label = 0
    for action in system.actions:
        roots = [
            action.guard,
            *(hazard.condition for hazard in action.hazards),
            *(value for _, value in action.updates),
        ]
        written = expand_quantifiers(roots)
        general = _Template([written[root] for root in roots], action.parameters)
        for arguments in _arguments(action):
            special = _Template(general.filled(arguments), action.choices)
            for choices in product(*(values_of(symbol) for symbol in action.choices)):
                outcome = _outcome(action, label, choices, special.filled(choices))
                if outcome is not None:
                    yield outcome
            label += 1


def conjuncts(expression: Expression) -> tuple[Expression, ...]:
    """The parts that all have to hold for an expression to hold."""
    parts: dict[Expression, None] = {}
    stack = [expression]
    while stack:
        node = stack.pop()
        if node.operator == "and":
            stack.extend(reversed(node.operands))
        elif not (node.is_constant and node.payload):
            parts[node] = None
    return tuple(parts)


def _count(symbol: Symbol) -> int:
    size = symbol.domain.size
    if size is None:
        raise NotEnumerable(symbol.name)
    return size


def _arguments(action: Action) -> Iterator[tuple[Scalar, ...]]:
    return product(*(values_of(symbol) for symbol in action.parameters))


def _show(symbol: Symbol, value: Scalar) -> str:
    return symbol.domain.show(value)


def _outcome(
    action: Action, label: int, choices: tuple[Scalar, ...], filled: Sequence[Expression]
) -> Outcome | None:
    if filled[0] is FALSE:
        return None
    guard = conjuncts(filled[0])
    known = set(guard)
    hazards = []
    for hazard, condition in zip(action.hazards, filled[1:], strict=False):
        # A hazard implies the guard, whose parts need not be tested twice.
        rest = conj(*(part for part in conjuncts(condition) if part not in known))
        if rest is not FALSE and condition is not FALSE:
            hazards.append((rest, hazard))
    values = filled[1 + len(action.hazards) :]
    updates = tuple(
        (name, value)
        for (name, _), value in zip(action.updates, values, strict=True)
        if not (value.operator == "variable" and value.payload == name)
    )
    return Outcome(label, choices, guard, tuple(hazards), updates)


class _Template:
    """Expressions with symbols to be filled in: only what depends on a symbol is built again."""

    def __init__(self, roots: Sequence[Expression], symbols: Sequence[Symbol]) -> None:
        self.roots = list(roots)
        self.symbols = [symbol.node for symbol in symbols]
        self.dependent: list[Expression] = []
        if not symbols:
            return
        found = set(self.symbols)
        for node in topological(self.roots):
            if node not in found and any(operand in found for operand in node.operands):
                found.add(node)
                self.dependent.append(node)

    def filled(self, values: Sequence[Scalar]) -> list[Expression]:
        image = {
            symbol: constant(value, symbol.sort)
            for symbol, value in zip(self.symbols, values, strict=True)
        }
        for node in self.dependent:
            image[node] = rebuild(node, tuple(image.get(part, part) for part in node.operands))
        return [image.get(root, root) for root in self.roots]
