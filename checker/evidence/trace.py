"""Traces: runs of a model as its author sees them, independent of any engine."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from checker.regimes.regime import UnderRegime
from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.run import Run, State, Step
from checker.system.shape import encode
from checker.system.sorts import Scalar
from checker.system.transition_system import Action, Role, TransitionSystem

__all__ = ["Mishap", "Trace", "TraceError", "TraceStep", "encoded", "run_of", "symbols_of", "trace_of"]

Named = tuple[tuple[str, Any], ...]
"""Values by name, in the order of their declaration."""


class TraceError(ValueError):
    """The trace does not fit the model: a field, an action or a value that the model lacks."""


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One step, with the values that its author would have to know to repeat it.

    Parameters
    ----------
    action : str
        Name of the action in the system.
    label, agent, kind : str
        What is shown of it, who acts, and "step", "fault" or "intent".
    arguments, choices : tuple of (str, value)
        Values of its parameters, and of its nondeterministic choices.
    faults : tuple of str
        Names of the faults that it consists of.
    """

    action: str
    label: str
    agent: str
    kind: str
    arguments: Named = field(default=(), hash=False)
    choices: Named = field(default=(), hash=False)
    faults: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.arguments:
            return self.label
        return f"{self.label}({', '.join(f'{name}={value!r}' for name, value in self.arguments)})"


@dataclass(frozen=True, slots=True)
class Mishap:
    """What went wrong at the end: an assertion, a value outside its domain, …"""

    kind: str
    message: str
    name: str
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """A finite run or a lasso, in the model's own terms.

    Parameters
    ----------
    model : str
        Name of the model's class.
    parameters : tuple of (str, bool or int)
    property, kind, regime : str
        What it is evidence for; empty for a simulation.
    states : tuple of mapping
        Fields, then positions and live locals of the processes, by name.
    steps : tuple of TraceStep or None
        steps[i] leads from states[i] to states[i+1]; None is a stutter. A trace that ends in a
        mishap inside a step has one more step than it has successors.
    loop : int or None
        For a lasso the position to which the last state returns: states[-1] == states[loop].
    mishap : Mishap or None
    """

    model: str
    parameters: tuple[tuple[str, Scalar], ...]
    property: str
    kind: str
    regime: str
    states: tuple[Mapping[str, Any], ...] = field(hash=False)
    steps: tuple[TraceStep | None, ...]
    loop: int | None = None
    mishap: Mishap | None = None

    def __post_init__(self) -> None:
        extra = len(self.steps) - (len(self.states) - 1)
        if not self.states or extra not in ((0, 1) if self.mishap else (0,)):
            raise TraceError(f"{len(self.states)} states do not fit {len(self.steps)} steps")
        if self.loop is not None and not 0 <= self.loop < len(self.steps):
            raise TraceError(f"the loop starts at {self.loop}, which is before no step of it")

    def __len__(self) -> int:
        """Number of steps, the loop counted once."""
        return len(self.steps)

    def __bool__(self) -> bool:
        """A trace is evidence, also one without any step."""
        return True

    def __repr__(self) -> str:
        steps = f"{len(self):,} step{'' if len(self) == 1 else 's'}"
        loop = "" if self.loop is None else f", repeats from step {self.loop + 1}"
        return f"<Trace of {self.model}: {steps}{loop}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What IPython shows: the run itself, where it stands alone."""
        printer.text(str(self) if len(printer.stack) <= 1 else repr(self))

    def __str__(self) -> str:
        """One line for each step: who does what, and what that changes."""
        first = "  ".join(f"{name}={_written(value)}" for name, value in self.states[0].items())
        rows = [("", "", first)]
        for position, step in enumerate(self.steps):
            changes = "  ".join(
                f"{name} {_written(before)} -> {_written(after)}"
                for name, before, after in self.changes(position)
            )
            if self.mishap is not None and self.fails_in_step and position == len(self.steps) - 1:
                changes = self.mishap.message
            rows.append(
                ("nobody", "nothing happens", "") if step is None else (step.agent, str(step), changes)
            )
        agents, acts = (max(len(row[column]) for row in rows) for column in (0, 1))
        lines = [
            f"{number:>3}  {agent:<{agents}}  {act:<{acts}}  {change}".rstrip()
            for number, (agent, act, change) in enumerate(rows)
        ]
        if self.loop is not None:
            lines.append(f"     repeats from step {self.loop + 1} for ever")
        return "\n".join(lines)

    @builtins.property  # `property` is a field here
    def fails_in_step(self) -> bool:
        """Whether its last step has no successor, because it went wrong."""
        return len(self.steps) == len(self.states)

    def changes(self, position: int) -> Iterator[tuple[str, Any, Any]]:
        """Yield (name, before, after) for what the step at a position changed."""
        if position + 1 >= len(self.states):
            return
        before, after = self.states[position], self.states[position + 1]
        for name in after:
            if before.get(name) != after[name]:
                yield name, before.get(name), after[name]


def _written(value: Any) -> str:
    """A value as in the model; labels as they are."""
    return value if isinstance(value, str) else repr(value)


def trace_of(
    system: TransitionSystem,
    run: Run,
    *,
    claim: str = "",
    kind: str = "",
    regime: str = "",
) -> Trace:
    """A run of a system as its author sees it.

    Bookkeeping of the regime (ghost variables) is left out: it is not in the author's class.
    """
    names = [field.name for field in system.fields if field.role is not Role.GHOST]
    states = []
    for state in run.states:
        seen = system.decode(dict(state))
        states.append({name: seen[name] for name in names})
    mishap = None
    if run.hazard is not None:
        where = run.hazard.location
        mishap = Mishap(
            run.hazard.kind, run.hazard.message, run.hazard.name, str(where) if where else None
        )
    return Trace(
        model=system.name,
        parameters=system.parameters,
        property=claim,
        kind=kind,
        regime=regime,
        states=tuple(states),
        steps=tuple(None if step is None else _step(system, step) for step in run.steps),
        loop=run.loop,
        mishap=mishap,
    )


def _step(system: TransitionSystem, step: Step) -> TraceStep:
    action = system.action[step.action]

    def named(symbols: tuple[Any, ...], values: tuple[Scalar, ...]) -> Named:
        pairs = zip(symbols, values, strict=True)
        return tuple((symbol.name, symbol.domain.decode(value)) for symbol, value in pairs)

    return TraceStep(
        action=action.name,
        label=action.label,
        agent=action.agent,
        kind=action.kind.value,
        arguments=named(action.parameters, step.arguments),
        choices=named(action.choices, step.choices),
        faults=action.faults,
    )


# ---------------------------------------------------------------- back to a run of the system


def run_of(under: UnderRegime, trace: Trace) -> Run:
    """The run of a system that a trace tells; the regime's bookkeeping is worked out anew.

    Raises
    ------
    TraceError
        If the trace names a field, an action or a value that the system does not have.
    """
    states, steps = encoded(under.system, trace)
    hazard = None
    if trace.mishap is not None and trace.fails_in_step:
        hazard = _hazard(under.system, states[-1], steps[-1], trace.mishap)
    return Run(states, steps, trace.loop, hazard)


def encoded(system: TransitionSystem, trace: Trace) -> tuple[tuple[State, ...], tuple[Step | None, ...]]:
    """States and steps of a trace in the terms of a system.

    Raises
    ------
    TraceError
        If the trace names a field, an action or a value that the system does not have.
    """
    steps = tuple(None if step is None else _raw_step(system, step) for step in trace.steps)
    states: list[State] = []
    for position, seen in enumerate(trace.states):
        state = _raw_state(system, seen, position)
        state |= _ghosts(system, states[-1], steps[position - 1]) if states else _first_ghosts(system)
        states.append(state)
    return tuple(states), steps


def symbols_of(action: Action, step: Step) -> dict[Expression, Scalar]:
    """The values of an action's parameters and choices in one step."""
    symbols = (*action.parameters, *action.choices)
    values = (*step.arguments, *step.choices)
    return {symbol.node: value for symbol, value in zip(symbols, values, strict=True)}


def _raw_state(system: TransitionSystem, seen: Mapping[str, Any], position: int) -> dict[str, Scalar]:
    fields = {field.name: field for field in system.fields if field.role is not Role.GHOST}
    missing, surplus = sorted(fields.keys() - seen.keys()), sorted(seen.keys() - fields.keys())
    if missing or surplus:
        lacks = f"lacks {', '.join(missing)}" if missing else f"has {', '.join(surplus)} too many"
        raise TraceError(f"state {position} {lacks}; {system.name} has {', '.join(fields)}")
    state: dict[str, Scalar] = {}
    for name, declared in fields.items():
        try:
            state |= encode(declared.shape, seen[name])
        except (ValueError, TypeError) as problem:
            raise TraceError(f"state {position}, {name}: {problem}") from None
    return state


def _raw_step(system: TransitionSystem, step: TraceStep) -> Step:
    action = system.action.get(step.action)
    if action is None:
        names = ", ".join(sorted(system.action))
        raise TraceError(f"there is no action {step.action!r} under this regime; there are {names}")

    def raw(symbols: tuple[Any, ...], given: Named) -> tuple[Scalar, ...]:
        if [symbol.name for symbol in symbols] != [name for name, _ in given]:
            wanted = ", ".join(symbol.name for symbol in symbols) or "no values"
            raise TraceError(f"step {step.action} needs {wanted}, not {dict(given)}")
        try:
            return tuple(
                symbol.domain.encode(value) for symbol, (_, value) in zip(symbols, given, strict=True)
            )
        except ValueError as problem:
            raise TraceError(f"step {step.action}: {problem}") from None

    return Step(step.action, raw(action.parameters, step.arguments), raw(action.choices, step.choices))


def _first_ghosts(system: TransitionSystem) -> dict[str, Scalar]:
    ghosts: dict[str, Scalar] = {}
    for variable in system.variables:
        if variable.role is Role.GHOST:
            if not isinstance(variable.initial, tuple) or len(variable.initial) != 1:
                raise TraceError(f"the bookkeeping of {variable.name} has no single initial value")
            ghosts[variable.name] = variable.initial[0]
    return ghosts


def _ghosts(
    system: TransitionSystem, before: Mapping[str, Scalar], step: Step | None
) -> dict[str, Scalar]:
    ghosts = {v.name: before[v.name] for v in system.variables if v.role is Role.GHOST}
    if step is not None and ghosts:
        action = system.action[step.action]
        symbols = symbols_of(action, step)
        for name, value in action.updates:
            if name in ghosts:
                ghosts[name] = evaluate(value, before, None, symbols)
    return ghosts


def _hazard(
    system: TransitionSystem, before: Mapping[str, Scalar], step: Step | None, mishap: Mishap
) -> Any:
    if step is None:
        raise TraceError("a trace cannot go wrong in a step where nothing happens")
    action = system.action[step.action]
    symbols = symbols_of(action, step)
    for hazard in action.hazards:
        if (hazard.kind, hazard.name) == (mishap.kind, mishap.name) and evaluate(
            hazard.condition, before, None, symbols
        ):
            return hazard
    raise TraceError(f"step {step.action} does not go wrong with {mishap.message!r} here")
