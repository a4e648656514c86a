"""Symbolic execution of one atomic step: the state so far, the path here, and what can go wrong.

The size of the result is linear in the source: both branches of an `if` are executed once and
their effects merged variable by variable, and what follows is executed once, on the merged state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from checker.language.errors import ModelError, Span
from checker.language.leaving import Leaving
from checker.language.merging import merge
from checker.language.symbols import Symbols
from checker.language.values import Place, Scalar, Value, alternatives
from checker.system.bounds import Bounds, Interval
from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    bound,
    conj,
    constant,
    disj,
    ite,
    le,
    neg,
    variable,
)
from checker.system.shape import ScalarShape
from checker.system.sorts import BOOL, INT, BoolSort, Domain
from checker.system.transition_system import Decision, Effect, Hazard, Symbol

__all__ = ["Exit", "Frame", "Names", "Recorder", "Strike"]

FLOWS = ("return", "break", "continue", "yield")


class Names:
    """Names in one system: fresh ones for bound symbols, and those of parameters that are symbols."""

    def __init__(self, symbols: Symbols | None = None) -> None:
        self.count = 0
        self.symbols = Symbols() if symbols is None else symbols

    def fresh(self, stem: str) -> str:
        """`stem#7`: the number makes it unique, the stem is what people see."""
        self.count += 1
        return f"{stem}#{self.count}"

    def symbol(self, stem: str, domain: Domain) -> Symbol:
        """A fresh symbol that ranges over a domain, which has ends."""
        low = None if domain.below else domain.low
        high = domain.high if domain.is_symbolic else int(domain.top or 0)
        node = bound(self.fresh(stem), low, high, domain.sort)
        if domain.is_symbolic:
            self.symbols.ranges[node] = domain
        return Symbol(stem, node, domain)


@dataclass
class Frame:
    """One function being executed: its names, and how control left it so far."""

    name: str
    file: str
    function: Any
    receiver: Any
    locals: dict[str, Value]
    flow: dict[str, Expression] = field(default_factory=lambda: dict.fromkeys(FLOWS, FALSE))
    result: Value | None = None
    iteration: tuple[int, ...] = ()
    owner: type | None = None

    @property
    def left(self) -> Expression:
        """Where control does not go on with the next statement."""
        return disj(*self.flow.values())


@dataclass(frozen=True)
class Strike:
    """A point where a named fault may strike."""

    symbol: Symbol
    reached: Expression
    fault: str
    target: str


@dataclass(frozen=True)
class Exit:
    """A way out of a process's step: under `condition` on to `target`, with these locals."""

    condition: Expression
    target: Any
    locals: Mapping[str, Value]
    node: Any


class Recorder:
    """What one step does, collected while its source is walked."""

    def __init__(self, domains: Mapping[str, Domain], names: Names, writable: bool = True) -> None:
        self.domains = domains
        self.analysis = Bounds(domains)
        self.names = names
        self.writable = writable
        self.state: dict[str, Expression] = {}
        self.where: Expression = TRUE
        self.stopped: Expression = FALSE
        self.disabled: Expression = FALSE
        self.hazards: list[Hazard] = []
        self.writes: dict[str, Expression] = {}
        self.effects: list[Effect] = []
        self.choices: list[Symbol] = []
        self.reached: dict[Expression, Expression] = {}
        self.decisions: list[Decision] = []
        self.strikes: list[Strike] = []
        self.exits: list[Exit] = []

    # ------------------------------------------------------------ the path

    @property
    def path(self) -> Expression:
        """Condition, over the state before the step, under which execution is here."""
        return conj(self.where, neg(self.stopped))

    def require(self, condition: Expression) -> None:
        """`when`: the step is disabled where execution is here and the condition is false."""
        fails = conj(self.path, neg(condition))
        if fails is FALSE:
            return
        self.disabled = disj(self.disabled, fails)
        self.stopped = disj(self.stopped, fails)

    def hazard(self, kind: str, bad: Expression, message: str, name: str, span: Span | None) -> None:
        """Something goes wrong where execution is here and `bad` holds."""
        condition = conj(self.path, bad)
        if condition is FALSE:
            return
        location = None if span is None else span.location
        self.hazards.append(Hazard(kind, condition, message, name, location))
        self.stopped = disj(self.stopped, condition)

    # ------------------------------------------------------------ branching

    def branch(
        self,
        frame: Frame,
        condition: Expression,
        then: Callable[[], Value | None],
        otherwise: Callable[[], Value | None] = lambda: None,
    ) -> Value | None:
        """Execute two branches from here and merge what they did; returns their merged value."""
        if condition is TRUE:
            return then()
        if condition is FALSE:
            return otherwise()
        where, entry = self.where, self._snapshot(frame)
        self.where = conj(where, condition)
        first = then()
        after_first = self._snapshot(frame)
        self._restore(frame, entry)
        self.where = conj(where, neg(condition))
        second = otherwise()
        after_second = self._snapshot(frame)
        self.where = where
        self._join(frame, condition, after_first, after_second)
        if first is None or second is None:
            return first if second is None else second
        return merge(condition, first, second)

    def _snapshot(self, frame: Frame) -> tuple[Any, ...]:
        # Dictionaries are replaced, never changed, so a snapshot is a handful of references.
        return (self.state, self.stopped, frame.locals, frame.flow, frame.result)

    def _restore(self, frame: Frame, snapshot: tuple[Any, ...]) -> None:
        self.state, self.stopped, frame.locals, frame.flow, frame.result = snapshot

    def _join(
        self, frame: Frame, condition: Expression, then: tuple[Any, ...], other: tuple[Any, ...]
    ) -> None:
        state_a, stopped_a, locals_a, flow_a, result_a = then
        state_b, stopped_b, locals_b, flow_b, result_b = other
        self.stopped = disj(stopped_a, stopped_b)
        frame.flow = (
            flow_a if flow_a is flow_b else {k: ite(condition, flow_a[k], flow_b[k]) for k in FLOWS}
        )
        if state_a is state_b:
            self.state = state_a
        else:
            self.state = {}
            for name in [*state_a, *(name for name in state_b if name not in state_a)]:
                before = variable(name, self.domains[name].sort)
                a, b = state_a.get(name, before), state_b.get(name, before)
                self.state[name] = a if a is b else ite(condition, a, b)
        frame.locals = self._join_locals(condition, locals_a, locals_b, flow_a, flow_b)
        if result_a is None or result_b is None:
            frame.result = result_a if result_b is None else result_b
        else:
            frame.result = merge(condition, result_a, result_b)

    @staticmethod
    def _join_locals(
        condition: Expression,
        then: dict[str, Value],
        other: dict[str, Value],
        flow_a: dict[str, Expression],
        flow_b: dict[str, Expression],
    ) -> dict[str, Value]:
        if then is other:
            return then
        # After `return` and `yield` nothing of this frame runs on; after `break` the code behind
        # the loop does, and sees the locals as they were.
        if disj(flow_a["return"], flow_a["yield"]) is TRUE:
            return other
        if disj(flow_b["return"], flow_b["yield"]) is TRUE:
            return then
        from checker.language.values import Unusable

        missing = Unusable("not assigned on every path to here", "assign it before the `if`")
        names = [*then, *(name for name in other if name not in then)]
        return {
            name: merge(condition, then.get(name, missing), other.get(name, missing)) for name in names
        }

    @contextmanager
    def trial(self, frame: Frame) -> Iterator[Callable[[], bool]]:
        """Try to evaluate something; the yielded function undoes it unless it was without effect."""
        entry = self._snapshot(frame)
        disabled, counts = self.disabled, self._counts()

        def pure() -> bool:
            changed = (
                self.state is not entry[0]
                or self.stopped is not entry[1]
                or self.disabled is not disabled
                or self._counts() != counts
            )
            if changed:
                self._restore(frame, entry)
                self.disabled = disabled
                hazards, effects, choices, decisions, strikes = counts
                del self.hazards[hazards:], self.effects[effects:], self.choices[choices:]
                del self.decisions[decisions:], self.strikes[strikes:]
            return not changed

        yield pure

    def _counts(self) -> tuple[int, ...]:
        return (
            len(self.hazards),
            len(self.effects),
            len(self.choices),
            len(self.decisions),
            len(self.strikes),
        )

    # ------------------------------------------------------------ the state

    def read(self, shape: ScalarShape) -> Expression:
        """A variable's value at this point of the step."""
        known = self.state.get(shape.variable)
        return variable(shape.variable, shape.domain.sort) if known is None else known

    def assign(self, shape: ScalarShape, value: Expression, span: Span | None, shown: str) -> None:
        """Write a variable, after making sure that the value is inside its domain."""
        self.assign_all([(TRUE, shape)], value, span, shown)

    def assign_all(
        self,
        targets: list[tuple[Expression, ScalarShape]],
        value: Expression,
        span: Span | None,
        shown: str,
    ) -> None:
        """Write the one of several variables whose condition holds."""
        for condition, shape in targets:
            self.check_domain(value, shape.domain, span, shown, condition)
        state = dict(self.state)
        for condition, shape in targets:
            # One variable may be several of the alternatives.
            old = state.get(shape.variable, self.read(shape))
            state[shape.variable] = ite(condition, value, old)
            reached = conj(self.path, condition)
            self.writes[shape.variable] = disj(self.writes.get(shape.variable, FALSE), reached)
        self.state = state

    def bounds(self, value: Expression, condition: Expression = TRUE) -> Interval:
        """Least and greatest value of a number, where execution is here and the condition holds."""
        return self.analysis.of(value, conj(self.path, condition))

    def check_domain(
        self,
        value: Expression,
        domain: Domain,
        span: Span | None,
        shown: str,
        condition: Expression = TRUE,
    ) -> None:
        """A hazard where a number leaves its domain, unless interval analysis excludes it."""
        if isinstance(domain.sort, BoolSort) or value.sort != INT:
            return
        if domain.is_symbolic:
            ranges = self.names.symbols.ranges
            path = conj(self.path, condition)
            bad = list(Leaving(self.domains, ranges, self.analysis).of(value, domain, path))
        else:
            bad = self._leaving(value, domain, condition)
        if bad:
            message = f"`{shown}` leaves its domain {domain}"
            self.hazard("domain", conj(condition, disj(*bad)), message, "well_defined", span)

    def _leaving(self, value: Expression, domain: Domain, condition: Expression) -> list[Expression]:
        """Where a number is outside a domain whose ends are numbers, if anywhere."""
        low, high = self.analysis.of(value)
        if low < domain.low or (domain.high is not None and high > domain.high):
            low, high = self.bounds(value, condition)
        bad = []
        if low < domain.low:
            bad.append(neg(le(constant(domain.low), value)))
        if domain.high is not None and high > domain.high:
            bad.append(neg(le(value, constant(domain.high))))
        return bad

    def place_targets(self, place: Place) -> list[tuple[Expression, Any]]:
        """What a write through a place may hit."""
        return [(c, s) for c, s in alternatives(place) if c is not FALSE]

    # ------------------------------------------------------------ nondeterminism

    def choice(self, stem: str, domain: Domain) -> Expression:
        """A fresh choice among the values of a domain."""
        symbol = self.names.symbol(stem, domain)
        node = symbol.node
        self.choices.append(symbol)
        self.reached[node] = self.path
        self.decisions.append(Decision(self.path, node))
        return node

    def strike(self, fault: str, target: str) -> Scalar:
        """A fresh point where a fault may strike."""
        node = bound(self.names.fresh(fault), 0, 1, BOOL)
        symbol = Symbol(fault, node, Domain(BOOL, 0, 1))
        self.strikes.append(Strike(symbol, self.path, fault, target))
        self.decisions.append(Decision(self.path, node))
        return Scalar(node)

    def effect(self, name: str, irreversible: bool, condition: Expression = TRUE) -> None:
        """A request to the world takes effect here, where the condition holds."""
        here = conj(self.path, condition)
        for position, known in enumerate(self.effects):
            if known.name == name and known.irreversible == irreversible:
                both = disj(known.condition, here)
                self.effects[position] = replace(known, condition=both)
                return
        self.effects.append(Effect(name, here, irreversible))


def refuse(message: str, node: Any, frame: Frame, note: str = "", help: str = "") -> ModelError:
    """An error at a syntax node of the function being translated."""
    return ModelError(message, Span.of(node, frame.file), note, help)
