"""What a model says without meaning it: properties true for lack of anything to the contrary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checker.explicit.explore import evaluate_all
from checker.explicit.state_graph import StateGraph
from checker.system.expression import FALSE, Expression
from checker.system.shape import leaves
from checker.system.transition_system import Kind, Property, Role, TransitionSystem
from checker.system.walk import variables_of

__all__ = ["Vacuity", "vacuity_report"]


@dataclass(frozen=True, slots=True)
class Vacuity:
    """One thing that is there in vain.

    Parameters
    ----------
    kind : str
        "no-states", "no-steps", "never-enabled", "never-changes", "impossible-fault",
        "unreachable-goal", "goal-everywhere", "no-premise", "world-untouched" or
        "unused-variable".
    name : str
        The action, fault, property or field.
    message : str
    """

    kind: str
    name: str
    message: str

    def __str__(self) -> str:
        return self.message


def vacuity_report(graph: StateGraph, properties: Sequence[Property]) -> tuple[Vacuity, ...]:
    """What never happens, holds trivially, or is used by nothing.

    Parameters
    ----------
    graph : StateGraph
        With edges. Of an incomplete graph only what does not depend on it is reported.
    properties : sequence of Property
    """
    notes: list[Vacuity] = []
    if graph.complete:
        if not len(graph):
            notes.append(Vacuity("no-states", graph.system.name, "there is no initial state"))
        else:
            notes.extend(_actions(graph))
            for claim in properties:
                notes.extend(_claim(graph, claim))
    notes.extend(_unused(graph.system, properties))
    return tuple(notes)


def _actions(graph: StateGraph) -> Iterator[Vacuity]:
    happens = (graph.fired & 1) != 0
    changes = (graph.fired & 2) != 0
    for mishap in graph.mishaps:
        happens[mishap.label] = changes[mishap.label] = True
    if not changes.any():
        yield Vacuity("no-steps", graph.system.name, "no step ever changes anything")
    enabled: dict[str, bool] = {}
    moving: dict[str, bool] = {}
    for instance, does, moves in zip(graph.instances, happens.tolist(), changes.tolist(), strict=True):
        name = instance.action.name
        enabled[name] = enabled.get(name, False) or does
        moving[name] = moving.get(name, False) or moves
    struck: dict[str, bool] = {}
    for action in graph.system.actions:
        if action.kind is Kind.FAULT:
            # One fault may strike in many places; it is in vain only if it strikes in none.
            for fault in action.faults or (action.name,):
                struck[fault] = struck.get(fault, False) or enabled.get(action.name, False)
        elif not enabled.get(action.name, False):
            yield Vacuity("never-enabled", action.name, f"`{action.name}` is never enabled")
        elif not moving[action.name]:
            yield Vacuity("never-changes", action.name, f"`{action.name}` never changes anything")
    for fault, does in struck.items():
        if not does:
            yield Vacuity("impossible-fault", fault, f"the fault `{fault}` cannot happen")


def _claim(graph: StateGraph, claim: Property) -> Iterator[Vacuity]:
    if claim.kind == "idempotent" and claim.levels != ("effect-once",):
        yield from _untouched(graph.system, claim)
    if claim.predicate is None or claim.kind not in ("converges", "recurs", "leads_to", "recoverable"):
        return
    goal = evaluate_all(graph, claim.predicate)
    if not goal.any():
        text = f"the goal of `{claim.name}` is never reached"
        yield Vacuity("unreachable-goal", claim.name, text)
    elif goal.all():
        text = f"the goal of `{claim.name}` holds in every state anyway"
        yield Vacuity("goal-everywhere", claim.name, text)
    if claim.premise is not None and not evaluate_all(graph, claim.premise).any():
        yield Vacuity("no-premise", claim.name, f"the premise of `{claim.name}` never holds")


def _untouched(system: TransitionSystem, claim: Property) -> Iterator[Vacuity]:
    """A process that writes nothing of its world is idempotent for want of doing anything."""
    world = {leaf.variable for f in system.fields if f.name in claim.world for leaf in leaves(f.shape)}
    own = [action for action in system.actions if claim.process in (action.process, action.name)]
    if not any(name in world and when is not FALSE for action in own for name, when in action.writes):
        shown = ", ".join(f"`{name}`" for name in claim.world)
        text = f"`{claim.process}` never writes {shown}: `{claim.name}` says nothing"
        yield Vacuity("world-untouched", claim.name, text)


def _unused(system: TransitionSystem, properties: Sequence[Property]) -> Iterator[Vacuity]:
    """Fields that nothing reads but the updates of their own variables."""
    read: set[str] = set()
    for action in system.actions:
        decisions = [part for one in action.decisions for part in (one.reached, one.value)]
        hazards = [hazard.condition for hazard in action.hazards]
        effects = [effect.condition for effect in action.effects]
        read |= variables_of([action.guard, action.completes, *hazards, *decisions, *effects])
        for name, value in action.updates:
            read |= variables_of([value]) - {name}
    for variable in system.variables:
        if isinstance(variable.initial, Expression):
            read |= variables_of([variable.initial]) - {variable.name}
    named: set[str] = set()
    for claim in properties:
        parts = (claim.predicate, claim.premise, *(hazard.condition for hazard in claim.hazards))
        read |= variables_of([part for part in parts if part is not None])
        named |= {*claim.setpoint, *claim.output, *claim.world}
    for field in system.fields:
        # A constant (a component's part that is not in use) holds nothing that one could read.
        variables = {leaf.variable for leaf in leaves(field.shape) if leaf.domain.size != 1}
        if field.role is not Role.FIELD or field.name in named or not variables:
            continue
        if not variables & read:
            yield Vacuity("unused-variable", field.name, f"nothing reads `{field.name}`")
