"""What a model itself compares and computes: the material that lemmas about it are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from checker.system.expression import Expression, constant
from checker.system.expression import variable as variable_node
from checker.system.sorts import BoolSort, IntSort
from checker.system.transition_system import TransitionSystem
from checker.system.walk import substitute, topological

__all__ = ["Mined", "mined", "of_one_state"]

_INSTANCES = 8
"""A comparison that speaks of an action's symbols is written out for at most so many of their values."""

_LARGEST = 24
"""Nodes of a comparison or of a sum; larger ones make no readable lemma."""

_ARITHMETIC = frozenset(["add", "sub", "mul", "floordiv", "mod", "min", "max", "sum"])


@dataclass(frozen=True, slots=True)
class Mined:
    """What occurs in a model, each thing once, what the properties mention first.

    Parameters
    ----------
    atoms : tuple of Expression
        Comparisons over one state.
    terms : tuple of Expression
        Whole numbers that are computed: sums, counts, the lesser of two.
    constants : tuple of int
        Numbers that something is compared with.
    moduli : tuple of int
        Numbers that something is divided by.
    assigned : tuple of (str, Expression)
        Variables and what they are set to, where that is a number or a label.
    """

    atoms: tuple[Expression, ...]
    terms: tuple[Expression, ...]
    constants: tuple[int, ...]
    moduli: tuple[int, ...]
    assigned: tuple[tuple[str, Expression], ...]


def mined(system: TransitionSystem, extra: Sequence[Expression], most: int = 160) -> Mined:
    """Collect the comparisons, sums and numbers of a model and of some predicates.

    Parameters
    ----------
    system : TransitionSystem
    extra : sequence of Expression
        Predicates of properties; `next` variables are read as the variables themselves.
    most : int
        How many atoms, and how many terms.
    """
    roots = [*extra, system.wellformed]
    roots += [action.guard for action in system.actions]
    roots += [hazard.condition for action in system.actions for hazard in action.hazards]
    roots += [value for action in system.actions for _, value in action.updates]
    roots += [one.initial for one in system.variables if isinstance(one.initial, Expression)]
    plain = _as_one_state(roots)
    free, sizes = _free_and_sizes(plain)
    atoms: dict[Expression, None] = {}
    terms: dict[Expression, None] = {}
    constants: dict[int, None] = {}
    moduli: dict[int, None] = {}

    def put_term(node: Expression) -> None:
        if node.operator in _ARITHMETIC and sizes[node] <= _LARGEST and len(terms) < most:
            terms.update(dict.fromkeys(_instances(node, free[node])))

    for node in topological(plain):
        if node.operator in ("eq", "lt", "le"):
            if sizes[node] <= _LARGEST and len(atoms) < most:
                atoms.update(dict.fromkeys(_instances(node, free[node])))
            for operand in node.operands:
                put_term(operand)
                if operand.is_constant and isinstance(operand.sort, IntSort):
                    constants[int(operand.payload)] = None
        elif node.operator == "select" and isinstance(node.sort, BoolSort):
            atoms.update(dict.fromkeys(_instances(node, free[node])))
        elif node.operator in ("mod", "floordiv") and node.operands[1].is_constant:
            moduli[abs(int(node.operands[1].payload))] = None
    assigned = _assigned(system)
    for _, value in assigned:
        if value in sizes:
            put_term(value)
    return Mined(
        tuple(atom for atom in atoms if not atom.is_constant)[:most],
        tuple(term for term in terms if not term.is_constant)[:most],
        tuple(constants),
        tuple(number for number in moduli if number > 1),
        assigned,
    )


def of_one_state(condition: Expression) -> bool:
    """Whether it reads nothing but state variables before the step."""
    nodes = list(topological([condition]))
    inner = {node.operands[0] for node in nodes if node.operator in ("any", "all", "sum")}
    return not any(
        node.operator == "next" or (node.operator == "bound" and node not in inner) for node in nodes
    )


def _as_one_state(roots: Sequence[Expression]) -> list[Expression]:
    after = {
        node: variable_node(node.payload, node.sort)
        for node in topological(roots)
        if node.operator == "next"
    }
    image = substitute(roots, after) if after else {root: root for root in roots}
    return list(dict.fromkeys(image[root] for root in roots))


def _free_and_sizes(
    roots: Sequence[Expression],
) -> tuple[dict[Expression, frozenset[Expression]], dict[Expression, int]]:
    """The symbols that occur free below each node, and about how many nodes there are."""
    free: dict[Expression, frozenset[Expression]] = {}
    sizes: dict[Expression, int] = {}
    for node in topological(roots):
        below: frozenset[Expression] = frozenset().union(*(free[part] for part in node.operands))
        if node.operator == "bound":
            below = frozenset((node,))
        elif node.operator in ("any", "all", "sum"):
            below -= {node.operands[0]}
        free[node] = below
        # The elements of an array are not written out where it is shown.
        inner = (sizes[part] for part in node.operands if part.operator != "array")
        sizes[node] = min(1 + sum(inner), 2 * _LARGEST)
    return free, sizes


def _instances(node: Expression, free: frozenset[Expression]) -> Iterator[Expression]:
    """The node for each value of the symbols in it; nothing where there are too many."""
    if not free:
        yield node
        return
    symbols = sorted(free, key=lambda symbol: str(symbol.payload))
    ranges = []
    for symbol in symbols:
        _, low, high = symbol.payload
        if low is None or high is None:
            return
        ranges.append(range(low, high + 1))
    if prod(map(len, ranges)) > _INSTANCES:
        return
    for values in product(*ranges):
        given = {
            symbol: constant(value, symbol.sort) for symbol, value in zip(symbols, values, strict=True)
        }
        yield substitute([node], given)[node]


def _assigned(system: TransitionSystem) -> tuple[tuple[str, Expression], ...]:
    """What variables are set to, branches of an `ite` apart; nothing over symbols or over itself."""
    found: dict[tuple[str, Expression], None] = {}
    for action in system.actions:
        for name, update in action.updates:
            stack = [update]
            while stack:
                value = stack.pop()
                if value.operator == "ite":
                    stack.extend(reversed(value.operands[1:]))
                    continue
                nodes = list(topological([value]))
                reads = {node.payload for node in nodes if node.operator == "variable"}
                if name in reads or len(nodes) > _LARGEST:
                    continue
                if not any(node.operator == "bound" for node in nodes):
                    found[(name, value)] = None
    return tuple(found)
