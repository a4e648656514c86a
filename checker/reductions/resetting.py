"""Systems rewritten so that dead values are given up: fixed for good, or reset on arrival."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from checker.reductions.dataflow import Move
from checker.reductions.dead_values import Table, value_of
from checker.reductions.decided import facts_of, simplified
from checker.system.expression import FALSE, TRUE, Expression, conj, constant, disj, eq, ite, neg
from checker.system.sorts import INT, BoolSort, Domain
from checker.system.transition_system import Action, TransitionSystem, Variable
from checker.system.walk import topological

__all__ = ["necessary", "reset", "sliced"]


def sliced(system: TransitionSystem, cone: Table) -> TransitionSystem:
    """The system with everything outside the cone of influence fixed, and idle actions left out.

    Parameters
    ----------
    system : TransitionSystem
    cone : Table
        Without a controller.

    Returns
    -------
    TransitionSystem
        The same object if there is nothing to do. What never changes anyway is left as it is.
    """
    written = {name for action in system.actions for name, _ in action.updates}
    fixed = [
        name
        for name in cone.dead
        if name in written or system.variable[name].initial != (value_of(system, name),)
    ]
    # An action that may go wrong in principle is kept: its assertions are to be judged.
    idle = {
        action.name
        for action in system.actions
        if action.updates and not action.hazards and {name for name, _ in action.updates} <= set(fixed)
    }
    kept = tuple(action for action in system.actions if action.name not in idle)
    return _without(replace(system, actions=kept), fixed) if fixed else system


def _without(system: TransitionSystem, names: Collection[str]) -> TransitionSystem:
    """The system with some variables fixed for good."""
    if not names:
        return system
    fixed = {name: _fixed(system, system.variable[name]) for name in names}
    normal = (eq(v.node, constant(value_of(system, v.name), v.node.sort)) for v in fixed.values())
    actions = (
        replace(action, updates=tuple(pair for pair in action.updates if pair[0] not in fixed))
        for action in system.actions
    )
    return replace(
        system,
        variables=tuple(fixed.get(v.name, v) for v in system.variables),
        actions=tuple(actions),
        wellformed=conj(system.wellformed, *normal),
    )


def _fixed(system: TransitionSystem, variable: Variable) -> Variable:
    """The variable with one value; where that is possible it takes no room in a state."""
    value = value_of(system, variable.name)
    domain = variable.domain
    if domain.sort == INT:
        domain = Domain(INT, int(value), int(value))
    return replace(variable, domain=domain, initial=(value,))


def necessary(system: TransitionSystem, table: Table) -> Table:
    """A table without what the system does by itself: locals that a `yield` has reset already."""
    kept = {}
    for name, where in table.dead.items():
        acts = next(_resetting(system, table, name), None) is not None
        if _begins_live(system, table, name) or (acts and not _constant(system, table, name)):
            kept[name] = where
    return Table(table.flow, kept)


def _constant(system: TransitionSystem, table: Table, name: str) -> bool:
    """Whether a variable has its fixed value at the start, and no action gives it another one."""
    value = value_of(system, name)
    if system.variable[name].initial != (value,):
        return False
    fixed = constant(value, system.variable[name].node.sort)
    ways = (way for moves in table.flow.moves.values() for move in moves for way in move.ways)
    return all(way.updates.get(name, fixed) is fixed for way in ways)


def _begins_live(system: TransitionSystem, table: Table, name: str) -> bool:
    """Whether a variable that is dead at the start has not yet its fixed value there."""
    if system.variable[name].initial == (value_of(system, name),):
        return False
    return bool(_starts(table) & table.dead[name])


def _starts(table: Table) -> set[int]:
    controller = table.flow.controller
    if controller is not None and isinstance(controller.initial, tuple):
        return {int(value) for value in controller.initial}
    return set(table.flow.values)


def _resetting(system: TransitionSystem, table: Table, name: str) -> Iterator[Move]:
    """Moves that lead to where the variable is dead and do not give it its fixed value yet."""
    where = table.dead[name]
    node = system.variable[name].node
    value = constant(value_of(system, name), node.sort)
    for at, moves in table.flow.moves.items():
        for move in moves:
            for way in move.ways:
                if where.isdisjoint(way.targets):
                    continue
                # What is dead before and not written has its fixed value already.
                given = way.updates.get(name, value if at in where else node)
                if given is not value and way.facts.get(given) is not value:
                    yield move


def reset(system: TransitionSystem, tables: Sequence[Table]) -> TransitionSystem:
    """The system in which each step resets what is dead where it leads.

    Parameters
    ----------
    system : TransitionSystem
    tables : sequence of Table
        Each with a controller, and with what is `necessary` only. What is dead at every value of a
        controller is fixed for good.

    Returns
    -------
    TransitionSystem
        The same object if there is nothing to do.
    """
    if not tables:
        return system
    values = {name: value_of(system, name) for table in tables for name in table.dead}
    everywhere = (
        name for one in tables for name, where in one.dead.items() if len(where) == len(one.flow.values)
    )
    fixed = dict.fromkeys(everywhere)
    system = _without(system, fixed)
    updates = {action.name: dict(action.updates) for action in system.actions}
    begin: dict[str, Variable] = {}
    normal: list[Expression] = []
    for table in tables:
        controller = table.flow.controller
        assert controller is not None
        for name, where in table.dead.items():
            if name in fixed:
                continue
            variable = system.variable[name]
            value = constant(values[name], variable.node.sort)
            for action in dict.fromkeys(move.action.name for move in _resetting(system, table, name)):
                there = _arrives(system.action[action], controller, where)
                after = updates[action].get(name, variable.node)
                updates[action][name] = ite(there, value, after)
            normal.append(disj(neg(_among(controller.node, where)), eq(variable.node, value)))
            if _begins_live(system, table, name):
                begin[name] = replace(variable, initial=(values[name],))
    actions = (
        replace(action, updates=tuple(_effective(action, updates[action.name])))
        for action in system.actions
    )
    return replace(
        system,
        variables=tuple(begin.get(v.name, v) for v in system.variables),
        actions=tuple(actions),
        wellformed=conj(system.wellformed, *normal),
    )


def _effective(action: Action, updates: Mapping[str, Expression]) -> Iterator[tuple[str, Expression]]:
    """New updates of an action, without those that have become void."""
    before = dict(action.updates)
    for name, value in updates.items():
        void = value.operator == "variable" and value.payload == name
        if not void or before.get(name) is value:
            yield name, value


def _arrives(action: Action, controller: Variable, where: frozenset[int]) -> Expression:
    """Whether an action leads to one of the controller's values, over the state before it."""
    after = dict(action.updates).get(controller.name, controller.node)
    known = {node: value for node, value in facts_of(action.guard).items() if node is controller.node}
    return _among(simplified([after], known)[after], where)


def _among(value: Expression, wanted: frozenset[int]) -> Expression:
    """Whether a value is one of some constants."""
    if isinstance(value.sort, BoolSort):
        both = TRUE if wanted == {0, 1} else FALSE
        return both if len(wanted) != 1 else value if 1 in wanted else neg(value)
    image: dict[Expression, Expression] = {}
    for node in topological([value]):
        if node.sort != value.sort:
            continue
        if node.is_constant:
            image[node] = constant(int(node.payload) in wanted)
        elif node.operator == "ite":
            condition, then, otherwise = node.operands
            image[node] = ite(condition, image[then], image[otherwise])
        else:
            image[node] = disj(*(eq(node, constant(one, node.sort)) for one in sorted(wanted)))
    return image[value]
