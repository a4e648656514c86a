"""Which step of a trace acted on an outdated copy, and would have acted otherwise on the truth.

Nothing here knows the library: a *copy* is a variable that other agents only ever overwrite with
the value of one other variable (an informer's cache), or a local that a process filled from the
world before a `yield`. A read of it is *stale* if the copy differs from what it copies and, with
the true value in its place, the same step would have had another outcome.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from checker.evidence.trace import Trace, encoded, symbols_of
from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.run import State, Step
from checker.system.shape import decode, leaves
from checker.system.sorts import Scalar
from checker.system.transition_system import Action, Field, Role, TransitionSystem
from checker.system.walk import variables_of

__all__ = ["Copy", "StaleRead", "copies", "stale_reads"]


@dataclass(frozen=True, slots=True)
class Copy:
    """A field (or local) that repeats another one, possibly late.

    Parameters
    ----------
    name, source : str
        As the author calls them: `view`, `pods`.
    pairs : tuple of (str, str)
        Its variables, each with the variable that it copies.
    keepers : frozenset of str
        The agents that refresh it.
    """

    name: str
    source: str
    pairs: tuple[tuple[str, str], ...]
    keepers: frozenset[str]


@dataclass(frozen=True, slots=True)
class StaleRead:
    """At step `position` an agent acted on `copy` = `seen` while `source` was `actual`."""

    position: int
    agent: str
    copy: str
    source: str
    seen: Any
    actual: Any

    @property
    def lag(self) -> int | None:
        """How far behind, where that is a number."""
        if isinstance(self.seen, int) and isinstance(self.actual, int):
            return abs(int(self.actual) - int(self.seen))
        return None


def copies(system: TransitionSystem) -> tuple[Copy, ...]:
    """Every field of a system that is nothing but a copy of another."""
    read: dict[str, set[str]] = {}
    keepers: dict[str, set[str]] = {}
    computed: set[str] = set()
    for action in system.actions:
        for name, value in action.updates:
            sources = _copied(name, value)
            if sources is None:
                computed.add(name)
            else:
                read.setdefault(name, set()).update(sources)
                keepers.setdefault(name, set()).add(action.agent)
    direct = {name: sources for name, sources in read.items() if name not in computed and sources}
    pairs = {}
    for name in direct:
        origins = _origins(system, name, direct)
        if len(origins) == 1 and _worldly(system, origins):
            (pairs[name],) = origins
    found = []
    for field in system.fields:
        held = [leaf.variable for leaf in leaves(field.shape)]
        kept = [name for name in held if name in pairs]
        if field.role in (Role.FIELD, Role.LOCAL) and kept:
            # A component owns its fields, even where every step of others takes part in them.
            own = {system.variable[name].owner for name in kept} - {""}
            found.append(
                Copy(
                    name=_spoken(field, kept),
                    source=_source_name(system, [pairs[name] for name in kept]),
                    pairs=tuple((name, pairs[name]) for name in kept),
                    keepers=frozenset(own or set().union(*(keepers[name] for name in kept))),
                )
            )
    return tuple(found)


def _origins(system: TransitionSystem, name: str, direct: Mapping[str, set[str]]) -> set[str]:
    """Where the values of a copy come from in the end, along copies of copies.

    What a process wrote from its memory is what it decided, and the truth for those who look at it:
    `replicas` that a controller sets to the `wanted` it has seen is no view of `wanted`.
    """
    decided = {
        one
        for one, sources in direct.items()
        if system.variable[one].role is Role.FIELD
        and any(
            variable.role is Role.LOCAL for variable in map(system.variable.get, sources) if variable
        )
    }
    origins: set[str] = set()
    seen, waiting = {name}, [name]
    while waiting:
        for source in direct[waiting.pop()]:
            if source not in direct or source in decided:
                origins.add(source)
            elif source not in seen:
                seen.add(source)
                waiting.append(source)
    return origins


def stale_reads(system: TransitionSystem, trace: Trace) -> tuple[StaleRead, ...]:
    """The steps of a trace that would have gone otherwise with an up-to-date copy."""
    known = copies(system)
    if not known:
        return ()
    states, steps = encoded(system, trace)
    return tuple(
        read
        for position, step in enumerate(steps)
        if step is not None
        for read in _reads(system, known, position, states[position], step)
    )


def _reads(
    system: TransitionSystem, known: tuple[Copy, ...], position: int, state: State, step: Step
) -> Iterator[StaleRead]:
    action = system.action[step.action]
    relevant = variables_of(
        [
            action.guard,
            *(value for _, value in action.updates),
            *(hazard.condition for hazard in action.hazards),
        ]
    )
    symbols = symbols_of(action, step)
    for copy in known:
        own = {name for name, _ in copy.pairs}
        # Refreshing a copy reads no copy; and who keeps it is not deceived by it, unless it is
        # a process's own memory of the world.
        is_memory = all(system.variable[name].role is Role.LOCAL for name in own)
        if not own & relevant or (action.agent in copy.keepers and not is_memory):
            continue
        true = {name: state[source] for name, source in copy.pairs if state[name] != state[source]}
        if true and _outcome(action, state, symbols, own) != _outcome(
            action, {**state, **true}, symbols, own
        ):
            yield StaleRead(
                position,
                action.agent,
                copy.name,
                copy.source,
                _seen(system, state, [name for name, _ in copy.pairs]),
                _seen(system, state, [source for _, source in copy.pairs]),
            )


def _outcome(
    action: Action, state: State, symbols: Mapping[Expression, Scalar], apart_from: set[str]
) -> Any:
    if not evaluate(action.guard, state, None, symbols):
        return None
    wrong = [bool(evaluate(hazard.condition, state, None, symbols)) for hazard in action.hazards]
    return wrong, [
        evaluate(value, state, None, symbols) for name, value in action.updates if name not in apart_from
    ]


def _copied(name: str, value: Expression) -> set[str] | None:
    """The variables that an update copies; empty if it only keeps or resets; None if it computes."""
    found: set[str] = set()
    stack = [value]
    seen: set[Expression] = set()
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if node.operator == "ite":
            stack.extend(node.operands[1:])
        elif node.operator == "variable":
            found |= {node.payload} - {name}
        elif not node.is_constant:
            return None
    return found


def _worldly(system: TransitionSystem, names: set[str]) -> bool:
    """Whether these are fields: a copy of a process's own memory is no view of the world."""
    return all(name in system.variable and system.variable[name].role is Role.FIELD for name in names)


def _spoken(field: Field, kept: list[str]) -> str:
    held = [leaf.variable for leaf in leaves(field.shape)]
    return field.name if held == kept or len(kept) > 1 else kept[0]


def _source_name(system: TransitionSystem, names: list[str]) -> str:
    for field in system.fields:
        if [leaf.variable for leaf in leaves(field.shape)] == names:
            return field.name
    return names[0] if len(names) == 1 else names[0].split("[")[0]


def _seen(system: TransitionSystem, state: State, names: list[str]) -> Any:
    for field in system.fields:
        if [leaf.variable for leaf in leaves(field.shape)] == names:
            return decode(field.shape, state)
    values = [system.variable[name].domain.decode(state[name]) for name in names]
    return values[0] if len(values) == 1 else values
