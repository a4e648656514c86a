"""Every trace is repeated by CPython on the author's own class before anyone sees it.

The engines run code generated from the translated model; CPython runs the model itself. Where the
two differ, one of them is wrong, and the trace is not evidence of anything: that is an internal
error, said loudly, with what is needed to reproduce it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from checker.evidence.trace import Trace, run_of, symbols_of
from checker.regimes.regime import UnderRegime
from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.run import Run, Step
from checker.system.sorts import BoolSort, EnumSort, Scalar, Sort
from checker.system.transition_system import (
    Action,
    Decision,
    Kind,
    Property,
    Role,
    TransitionSystem,
)

if TYPE_CHECKING:
    from checker.language.execution import Execution

__all__ = ["ReplayMismatch", "Replayed", "replay"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A trace that CPython agrees with."""

    states: int
    lasso: bool


class ReplayMismatch(Exception):
    """CPython and the engines disagree: an internal error, whose trace is the reproducer.

    Parameters
    ----------
    trace : Trace
    position : int
        Of the state where they differ.
    what : str
        Variable, predicate or step that differs.
    expected, got : object
        What the trace says, and what CPython did.
    """

    def __init__(self, trace: Trace, position: int, what: str, expected: object, got: object) -> None:
        self.trace = trace
        self.position = position
        self.what = what
        self.expected = expected
        self.got = got
        super().__init__(
            f"the replay of {trace.property or 'a run'} of {trace.model} by CPython differs at state "
            f"{position}, {what}: the trace says {expected!r}, CPython says {got!r}"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return (
            type(self),
            (self.trace, self.position, self.what, self.expected, self.got),
        )


def replay(
    execution: Execution,
    under: UnderRegime,
    trace: Trace,
    claim: Property | None = None,
    run: Run | None = None,
) -> Replayed:
    """Repeat a trace by CPython, state by state, and see that it shows what it claims.

    Parameters
    ----------
    execution : Execution
        CPython with the author's own model.
    under : UnderRegime
        The system as the trace's regime lets it run.
    trace : Trace
    claim : Property, optional
        What it is evidence for; without it only the run itself is repeated.
    run : Run, optional
        The engine's own run, where there is one: otherwise worked out from the trace.

    Raises
    ------
    ReplayMismatch
        At the first difference.
    TraceError
        If the trace names what the model does not have.
    """
    if run is None:
        run = run_of(under, trace)
    _starts_initially(under.system, trace, run)
    kept = {field.name for field in under.system.fields if field.role is Role.FIELD}
    execution.reset({name: value for name, value in trace.states[0].items() if name in kept})
    _compare(trace, 0, execution.observe())
    failing = _Promise(execution, trace, claim) if claim is not None else None
    if failing is not None:
        failing.note(0)
    for position, step in enumerate(run.steps):
        if step is None:
            if position + 1 >= len(trace.states) or dict(run.states[position]) != dict(
                run.states[position + 1]
            ):
                raise ReplayMismatch(trace, position, "a stutter", "nothing changes", "a change")
        else:
            _perform(execution, under.system, trace, run, position, step)
        if position + 1 < len(trace.states):
            _compare(trace, position + 1, execution.observe())
            if failing is not None:
                failing.note(position + 1)
    if trace.loop is not None:
        _closes(under, trace, run)
    if failing is not None:
        failing.check(under.system, run)
    return Replayed(len(trace.states), trace.loop is not None)


# ---------------------------------------------------------------- the run


def _starts_initially(system: TransitionSystem, trace: Trace, run: Run) -> None:
    state = run.states[0]
    for variable in system.variables:
        value, initial = state[variable.name], variable.initial
        if initial is None:
            fits = value in variable.domain
        elif isinstance(initial, tuple):
            fits = value in initial
        else:
            fits = value == evaluate(initial, state)
        if not fits:
            shown = variable.domain.decode(value)
            raise ReplayMismatch(trace, 0, variable.name, shown, "not an initial value")
    if not evaluate(system.wellformed, state):
        raise ReplayMismatch(trace, 0, "the state", "initial", "not well-formed")


def _perform(
    execution: Execution,
    system: TransitionSystem,
    trace: Trace,
    run: Run,
    position: int,
    step: Step,
) -> None:
    action, state = system.action[step.action], run.states[position]
    if action.call is None:
        raise ReplayMismatch(trace, position, step.action, "a method of the model", "none")
    symbols = symbols_of(action, step)
    _interpreted(system, trace, run, position, symbols)
    arguments = tuple(
        symbol.domain.decode(value)
        for symbol, value in zip(action.parameters, step.arguments, strict=True)
    )
    decided = tuple(_decided(action.decisions, state, symbols))
    try:
        outcome = execution.perform(action.call, arguments, decided)
    except LookupError as problem:
        raise ReplayMismatch(
            trace, position, f"step {action.name}", f"the choices {decided}", str(problem)
        ) from None
    goes_wrong = trace.fails_in_step and position == len(run.steps) - 1
    assert trace.mishap is not None or not goes_wrong
    expected = trace.mishap.kind if goes_wrong and trace.mishap is not None else "done"
    if outcome.kind != expected:
        said = f"{outcome.kind}: {outcome.message}" if outcome.message else outcome.kind
        raise ReplayMismatch(trace, position, f"step {action.name}", expected, said)


def _interpreted(
    system: TransitionSystem,
    trace: Trace,
    run: Run,
    position: int,
    symbols: Mapping[Expression, Scalar],
) -> None:
    """The step is one of this action also by the reference interpreter of the system.

    CPython cannot tell: to it, any two steps of a process are "go on from where you are".
    """
    state, step = run.states[position], run.steps[position]
    assert step is not None
    action = system.action[step.action]
    if not evaluate(action.guard, state, None, symbols):
        raise ReplayMismatch(trace, position, f"step {action.name}", "enabled", "not enabled")
    if position + 1 < len(run.states):
        after = dict(state)
        after |= {name: evaluate(value, state, None, symbols) for name, value in action.updates}
        for name, value in run.states[position + 1].items():
            if after[name] != value:
                show = system.variable[name].domain.decode
                raise ReplayMismatch(trace, position + 1, name, show(value), show(after[name]))


def _decided(
    decisions: tuple[Decision, ...], state: Mapping[str, Scalar], symbols: Mapping[Expression, Scalar]
) -> Iterator[Any]:
    """What CPython is told when it asks, in program order."""
    for decision in decisions:
        if evaluate(decision.reached, state, None, symbols):
            yield _plain(evaluate(decision.value, state, None, symbols), decision.value.sort)


def _plain(value: Scalar, sort: Sort) -> bool | int | str:
    if isinstance(sort, EnumSort):
        return sort.labels[int(value)]
    return bool(value) if isinstance(sort, BoolSort) else int(value)


def _compare(trace: Trace, position: int, seen: Mapping[str, Any]) -> None:
    told = trace.states[position]
    for name, value in seen.items():
        if name not in told:
            raise ReplayMismatch(trace, position, name, "no such variable", value)
        # True == 1 in Python, but a truth value where a number is due is a difference.
        if told[name] != value or type(told[name]) is not type(value):
            raise ReplayMismatch(trace, position, name, told[name], value)


def _closes(under: UnderRegime, trace: Trace, run: Run) -> None:
    from checker.explicit.lasso import is_fair_lasso

    assert trace.loop is not None
    last = len(trace.states) - 1
    if dict(run.states[-1]) != dict(run.states[trace.loop]):
        raise ReplayMismatch(trace, last, "the loop", f"back in state {trace.loop}", "another state")
    complaints = is_fair_lasso(under.system, run, under.recurring)
    if complaints:
        raise ReplayMismatch(trace, last, "the loop", "a fair lasso", "; ".join(complaints))


# ---------------------------------------------------------------- what the trace shows


class _Promise:
    """The author's predicate along a trace, and whether the trace breaks it (or witnesses it)."""

    def __init__(self, execution: Execution, trace: Trace, claim: Property) -> None:
        self.execution = execution
        self.trace = trace
        self.claim = claim
        self.held: list[bool] = []
        self.begun: list[bool] = []

    def note(self, position: int) -> None:
        """Evaluate the predicate in the state where the execution stands."""
        wants = self.claim.predicate is not None and self.claim.kind not in ("transition", "idempotent")
        if not wants or self._spoils(position):
            return
        try:
            self.held.append(self.execution.holds(self.claim.name))
            if self.claim.kind == "leads_to":
                self.begun.append(self.execution.premise_holds(self.claim.name))
        except Exception as problem:
            what = f"the predicate {self.claim.name}"
            raise ReplayMismatch(
                self.trace, position, what, "a truth value", f"{type(problem).__name__}: {problem}"
            ) from None

    def _spoils(self, position: int) -> bool:
        """Whether evaluating the predicate here is itself what goes wrong."""
        trace = self.trace
        return trace.mishap is not None and position == len(trace.states) - 1

    def check(self, system: TransitionSystem, run: Run) -> None:
        if self.trace.mishap is not None:
            if not self.trace.fails_in_step:
                self._predicate_fails(run)
            return
        kind, held, trace = self.claim.kind, self.held, self.trace
        last = len(trace.states) - 1
        if kind == "transition":
            kept = self.execution.holds_between(
                self.claim.name, dict(trace.states[-2]), dict(trace.states[-1])
            )
            self._expect(last, False, kept)
        elif kind in ("always", "recoverable"):
            self._expect(last, False, held[-1])
        elif kind in ("never", "reachable"):
            self._expect(last, True, held[-1])
        elif kind == "converges":
            self._expect(last, False, all(held[self._loop() :]))
        elif kind == "recurs":
            self._expect(last, False, any(held[self._loop() :]))
        elif kind == "leads_to":
            again = held[self._loop() :]
            owed = [i for i, begins in enumerate(self.begun) if begins and not any(held[i:] + again)]
            self._expect(last, True, bool(owed), "the premise, then never the conclusion")
        elif kind == "deadlock_free":
            own = [action for action in system.actions if action.kind is Kind.STEP]
            moves = [action.name for action in own if _moves(action, run.states[-1])]
            self._expect(last, [], moves, "what can still move")

    def _loop(self) -> int:
        if self.trace.loop is None:
            raise ReplayMismatch(self.trace, 0, "the trace", "a lasso", "a finite run")
        return self.trace.loop

    def _expect(self, position: int, expected: object, got: object, what: str = "") -> None:
        if expected != got:
            what = what or f"the predicate {self.claim.name}"
            raise ReplayMismatch(self.trace, position, what, expected, got)

    def _predicate_fails(self, run: Run) -> None:
        """The predicate cannot be evaluated in the last state, by CPython's account too."""
        last = len(self.trace.states) - 1
        mishap = self.trace.mishap
        assert mishap is not None
        try:
            if self.claim.kind == "transition":
                value = self.execution.holds_between(
                    self.claim.name, dict(self.trace.states[-2]), dict(self.trace.states[-1])
                )
            else:
                value = self.execution.holds(self.claim.name)
                if self.claim.kind == "leads_to":
                    value = self.execution.premise_holds(self.claim.name)
        except Exception:
            return
        raise ReplayMismatch(self.trace, last, f"the predicate {self.claim.name}", mishap.kind, value)


def _moves(action: Action, state: Mapping[str, Scalar]) -> bool:
    """Whether some outcome of an action changes the state (or goes wrong) here."""
    symbols = (*action.parameters, *action.choices)
    for values in product(*(symbol.domain.values() for symbol in symbols)):
        given = {symbol.node: value for symbol, value in zip(symbols, values, strict=True)}
        if not evaluate(action.guard, state, None, given):
            continue
        if any(evaluate(hazard.condition, state, None, given) for hazard in action.hazards):
            return True
        if any(evaluate(value, state, None, given) != state[name] for name, value in action.updates):
            return True
    return False
