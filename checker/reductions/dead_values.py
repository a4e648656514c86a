"""Which values are dead where, such that giving them up changes no verdict: the analysis alone.

A *table* says, for one controller, at which of its values each variable is dead. Tables of several
controllers are used together: a variable is reset where any of them calls it dead. What stands in
the way of a reset (`_obstacles`) is made to matter there, and the analysis is repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property

from checker.reductions.dataflow import Flow, Way
from checker.reductions.decided import facts_of, simplified, surely_differ
from checker.system.expression import FALSE, TRUE, Expression, constant, variable
from checker.system.sorts import Scalar
from checker.system.transition_system import Action, Fairness, Kind, TransitionSystem, Variable
from checker.system.walk import expand_quantifiers, topological, variables_of

__all__ = ["Dead", "Keeping", "Table", "dead_values", "start_for", "value_of"]

Dead = Mapping[str, frozenset[int]]
"""For each variable the values of the controller at which it is dead."""


class Keeping(IntEnum):
    """What a reduction has to keep, weakest first; see `live_variables`.

    STATES: which states can be reached, as far as predicates tell them apart. RUNS: also which runs
    are fair. STEPS: also which steps change the state, hence how many it takes, and deadlocks.
    """

    STATES = 1
    RUNS = 2
    STEPS = 3


@dataclass(frozen=True)
class Table:
    """Where variables are dead, for one controller.

    Parameters
    ----------
    flow : Flow
    dead : dict of str to frozenset of int
        Without the variables that are dead nowhere.
    """

    flow: Flow
    dead: Dead

    def at(self, value: int) -> set[str]:
        """The variables that are dead at one value."""
        return {name for name, where in self.dead.items() if value in where}


def dead_values(
    system: TransitionSystem,
    flows: Sequence[Flow],
    read: Sequence[Expression],
    keeping: Keeping,
    refused: dict[str, str],
) -> tuple[Table, ...]:
    """The greatest tables that nothing stands in the way of.

    Parameters
    ----------
    system : TransitionSystem
    flows : sequence of Flow
        One for each controller; or a single one without a controller.
    read : sequence of Expression
        Everything that is judged.
    keeping : Keeping
    refused : dict of str to str
        Is given the reason for each variable that would be dead if nothing stood in the way.
    """
    analysis = _Analysis(system, flows, read, keeping)
    while True:
        tables = analysis.tables()
        found = False
        for number, value, name, reason in _obstacles(system, tables, keeping):
            refused.setdefault(name, reason)
            analysis.kept[number].setdefault(value, set()).add(name)
            found = True
        if not found:
            return tables


def value_of(system: TransitionSystem, name: str) -> Scalar:
    """What a dead variable is set to: its one initial value, otherwise the least of its domain.

    What well-formedness speaks of gets the latter: so are Optionals without a content, and locals
    that are not alive, written down.
    """
    given = system.variable[name]
    initial = given.initial
    if (
        isinstance(initial, tuple)
        and len(initial) == 1
        and name not in variables_of([system.wellformed])
    ):
        return initial[0]
    return given.domain.default()


def start_for(system: TransitionSystem, given: Variable) -> Scalar | None:
    """An initial value of the given system for a variable that is set at the start in the reduced one.

    None where it is computed from others.
    """
    initial = given.initial
    if isinstance(initial, Expression):
        return None
    value = value_of(system, given.name)
    return value if initial is None or value in initial else initial[0]


# ---------------------------------------------------------------- the analysis


@dataclass
class _Analysis:
    """Live variables under all controllers, which themselves always matter."""

    system: TransitionSystem
    flows: Sequence[Flow]
    read: Sequence[Expression]
    keeping: Keeping
    kept: list[dict[int, set[str]]] = field(init=False)

    def __post_init__(self) -> None:
        self.kept = [{} for _ in self.flows]

    def tables(self) -> tuple[Table, ...]:
        return tuple(
            self._table(flow, kept, reads)
            for flow, kept, reads in zip(self.flows, self.kept, self.reads, strict=True)
        )

    def _table(
        self, flow: Flow, kept: Mapping[int, set[str]], reads: Mapping[int, frozenset[str]]
    ) -> Table:
        live = flow.live({value: reads[value] | kept.get(value, set()) for value in flow.values})
        dead = {
            name: frozenset(value for value in flow.values if name not in live[value])
            for name in self.system.variable
        }
        return Table(flow, {name: where for name, where in dead.items() if where})

    @cached_property
    def reads(self) -> list[dict[int, frozenset[str]]]:
        """What is judged, and the controllers, for each flow and each value."""
        controllers = {flow.controller.name for flow in self.flows if flow.controller is not None}
        written = expand_quantifiers(self.read)
        # A claim about steps reads the values before and after: which positions these are is open.
        steps = [root for root in self.read if any(n.operator == "next" for n in topological([root]))]
        states = [written[root] for root in self.read if root not in steps]
        always = variables_of(steps) | controllers
        return [
            {value: variables_of(flow.at(states, value)) | always for value in flow.values}
            for flow in self.flows
        ]


# ---------------------------------------------------------------- what stands in the way

_Obstacle = tuple[int, int, str, str]
"""Number of the table, value of its controller, variable, and why it may not be reset there."""


def _obstacles(
    system: TransitionSystem, tables: Sequence[Table], keeping: Keeping
) -> Iterator[_Obstacle]:
    yield from _form(system, tables)
    yield from _beginning(system, tables)
    if keeping >= Keeping.RUNS:
        yield from _unbounded(system, tables)
        yield from _invisible(tables, keeping)


def _everywhere(tables: Sequence[Table], name: str, reason: str) -> Iterator[_Obstacle]:
    for number, table in enumerate(tables):
        for value in sorted(table.dead.get(name, ())):
            yield number, value, name, reason


def _form(system: TransitionSystem, tables: Sequence[Table]) -> Iterator[_Obstacle]:
    """A reset must not make an ill-formed state of a well-formed one."""
    for part in _parts(system.wellformed):
        named = variables_of([part])
        for number, table in enumerate(tables):
            for value in table.flow.values:
                dead = sorted(named & table.at(value))
                if not dead:
                    continue
                (here,) = table.flow.at([part], value)
                if _given(system, here, {name: value_of(system, name) for name in dead}) is TRUE:
                    continue
                for name in dead:
                    yield number, value, name, "which states are well-formed depends on it"


def _parts(condition: Expression) -> list[Expression]:
    """Conditions that together are the given one."""
    written = expand_quantifiers([condition])[condition]
    found, stack = [], [written]
    while stack:
        node = stack.pop()
        if node.operator == "and":
            stack.extend(reversed(node.operands))
        else:
            found.append(node)
    return found


def _given(system: TransitionSystem, condition: Expression, values: Mapping[str, Scalar]) -> Expression:
    """A condition where some variables have given values."""
    nodes = {name: system.variable[name].node for name in values}
    facts = {node: constant(values[name], node.sort) for name, node in nodes.items()}
    return simplified([condition], facts)[condition]


def _beginning(system: TransitionSystem, tables: Sequence[Table]) -> Iterator[_Obstacle]:
    """What is dead at the start begins with its fixed value, and still every start is one."""
    collapsed: dict[str, None] = {}
    for number, table in enumerate(tables):
        controller = table.flow.controller
        starts = set(table.flow.values)
        if controller is not None and isinstance(controller.initial, tuple):
            starts = {int(value) for value in controller.initial}
        for name, where in table.dead.items():
            initial = system.variable[name].initial
            if not starts & where or initial == (value_of(system, name),):
                continue
            if not starts <= where or initial == ():
                for value in sorted(starts & where):
                    yield number, value, name, "its initial value matters in some initial states"
            else:
                collapsed[name] = None
    if not collapsed:
        return
    for other in system.variables:
        if other.name not in collapsed and isinstance(other.initial, Expression):
            for name in sorted(variables_of([other.initial]) & collapsed.keys()):
                yield from _everywhere(tables, name, f"`{other.name}` begins with a value made of it")
    chosen = {name: start_for(system, system.variable[name]) for name in collapsed}
    fixed = {name: value for name, value in chosen.items() if value is not None}
    for part in _parts(system.wellformed):
        named = variables_of([part]) & collapsed.keys()
        if named and (named - fixed.keys() or _given(system, part, fixed) is not TRUE):
            for name in sorted(named):
                yield from _everywhere(tables, name, "which states are initial depends on it")


def _unbounded(system: TransitionSystem, tables: Sequence[Table]) -> Iterator[_Obstacle]:
    """A cycle of the reduced system has to be one of the given system too, if run through often."""
    for name in sorted({name for table in tables for name in table.dead}):
        if system.variable[name].domain.high is None:
            yield from _everywhere(tables, name, "it has no greatest value, so a cycle may not close")


def _invisible(tables: Sequence[Table], keeping: Keeping) -> Iterator[_Obstacle]:
    """No step may change dead variables only: the reduced system could not tell that it happened."""
    touched = {name for table in tables for name in table.dead}
    for number, table in enumerate(tables):
        free = _unpromised(table) if keeping is Keeping.RUNS else frozenset[str]()
        for value in table.flow.values:
            dead = table.at(value)
            for move in table.flow.moves[value]:
                if not dead or move.action.name in free:
                    continue
                for way in move.ways:
                    if value in way.targets and not _seen(way, touched):
                        for name in sorted(_changed(way) & dead):
                            reason = f"a step of `{move.action.name}` may change nothing else"
                            yield number, value, name, reason


def _unpromised(table: Table) -> frozenset[str]:
    """Actions whose invisible steps make no unfair run of a fair one.

    Those about which nothing is promised; a weakly fair unit that never has more than one outcome,
    so that it has no other one that it would have to take instead; and, outside the cone of
    influence, all of a unit together. A promise about faults is kept whatever it may mean: they
    cannot be put into a loop later.
    """
    moves = [move for at in table.flow.values for move in table.flow.moves[at]]
    units: dict[str, dict[str, Action]] = {}
    for move in moves:
        if move.action.fairness is not Fairness.NONE:
            units.setdefault(move.action.group, {})[move.action.name] = move.action
    needed = set(units)
    if table.flow.controller is None:
        live = {0: set(table.flow.names) - table.at(0)}
        needed = {move.action.group for move in moves if move.matters(0, live)}
    promised = {
        name
        for group, actions in units.items()
        if any(action.kind is not Kind.STEP for action in actions.values())
        or (group in needed and not _single(list(actions.values())))
        for name in actions
    }
    return frozenset(move.action.name for move in moves if move.action.name not in promised)


def _single(actions: Sequence[Action]) -> bool:
    """Whether a unit is weakly fair and surely never has more than one outcome."""
    if any(action.choices or action.fairness is Fairness.STRONG for action in actions):
        return False
    for i, action in enumerate(actions):
        facts = facts_of(action.guard)
        others = [other.guard for other in actions[i + 1 :]]
        image = simplified(others, facts)
        if any(image[other] is not FALSE for other in others):
            return False
    return True


def _seen(way: Way, touched: set[str]) -> bool:
    """Whether a step on this way surely changes something that is never reset."""
    known = way.facts
    return any(
        surely_differ(variable(name, value.sort), value, known)
        for name, value in way.updates.items()
        if name not in touched
    )


def _changed(way: Way) -> set[str]:
    """The variables that may change on a way."""
    return {
        name
        for name, value in way.updates.items()
        if way.facts.get(variable(name, value.sort)) is not value
    }
