"""Every step of a small model, twice: as its transition system says, and as CPython executes it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from checker.language import Model
from checker.language.elaborate import Elaborated, elaborate
from checker.language.execution import Execution
from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.sorts import Scalar
from checker.system.transition_system import Action

__all__ = ["Taken", "Walk", "walk"]

State = tuple[Scalar, ...]


@dataclass(frozen=True)
class Taken:
    """One outcome of one action: what it was called with, what it decided, and where it led."""

    action: Action
    symbols: tuple[tuple[Expression, Scalar], ...]
    ending: str
    after: State


class Walk:
    """The reachable states of an elaborated model, by the reference interpreter of expressions."""

    def __init__(self, elaborated: Elaborated) -> None:
        self.elaborated = elaborated
        self.system = elaborated.system
        self.names = [variable.name for variable in self.system.variables]
        self.paths: dict[State, tuple[State, tuple[Taken, ...]]] = {}
        self.taken: dict[State, list[Taken]] = {}

    def explore(self, most: int = 400) -> Walk:
        """Visit every state, shortest ways first."""
        waiting: deque[State] = deque()
        for state in self._initial():
            self.paths[state] = (state, ())
            waiting.append(state)
        while waiting:
            state = waiting.popleft()
            origin, way = self.paths[state]
            self.taken[state] = list(self._steps(state))
            for step in self.taken[state]:
                if step.ending == "done" and step.after not in self.paths:
                    self.paths[step.after] = (origin, (*way, step))
                    waiting.append(step.after)
                    assert len(self.paths) <= most, "a model for this test is small"
        return self

    def decoded(self, state: State) -> dict[str, Any]:
        """The state as its author sees it."""
        return self.system.decode(dict(zip(self.names, state, strict=True)))

    def states(self, *fields: str) -> set[tuple[Any, ...]]:
        """The reachable values of some fields, side by side."""
        return {tuple(self.decoded(state)[name] for name in fields) for state in self.paths}

    def endings(self, name: str) -> set[str]:
        """How the steps of an action end, anywhere: "done", or the kind of a hazard."""
        return {
            step.ending for steps in self.taken.values() for step in steps if step.action.name == name
        }

    def _initial(self) -> Iterator[State]:
        plain = [v for v in self.system.variables if not isinstance(v.initial, Expression)]
        options = [v.domain.values() if v.initial is None else v.initial for v in plain]
        for values in product(*options):  # type: ignore[arg-type]
            state: dict[str, Scalar] = dict(zip((v.name for v in plain), values, strict=True))
            for variable in self.system.variables:
                if isinstance(variable.initial, Expression):
                    state[variable.name] = evaluate(variable.initial, state)
            if evaluate(self.system.wellformed, state):
                yield tuple(state[name] for name in self.names)

    def _steps(self, state: State) -> Iterator[Taken]:
        now = dict(zip(self.names, state, strict=True))
        for action in self.system.actions:
            free = (*action.parameters, *action.choices)
            for values in product(*(symbol.domain.values() for symbol in free)):
                symbols = {symbol.node: value for symbol, value in zip(free, values, strict=True)}
                if not evaluate(action.guard, now, symbols=symbols):
                    continue
                hazard = next(
                    (
                        one.kind
                        for one in action.hazards
                        if evaluate(one.condition, now, symbols=symbols)
                    ),
                    None,
                )
                after = dict(now)
                if hazard is None:
                    for name, value in action.updates:
                        after[name] = evaluate(value, now, symbols=symbols)
                    for variable in self.system.variables:
                        held = after[variable.name]
                        assert variable.domain.low <= held <= (variable.domain.high or held), (
                            variable.name
                        )
                    assert evaluate(self.system.wellformed, after)
                yield Taken(
                    action, tuple(symbols.items()), hazard or "done", tuple(after[n] for n in self.names)
                )

    # ------------------------------------------------------------ CPython

    def agrees_with_python(self) -> None:
        """Repeat the way to every state, and every step from it, with the author's own class."""
        execution = Execution(self.elaborated)
        for state, (origin, way) in self.paths.items():
            for step in self.taken[state]:
                self._begin(execution, origin)
                here = origin
                for before in way:
                    assert self._perform(execution, here, before) == "done"
                    here = before.after
                assert here == state
                assert self._perform(execution, here, step) == step.ending, step.action.name
                if step.ending == "done":
                    self._same(execution, step.after)

    def _begin(self, execution: Execution, origin: State) -> None:
        execution.reset(self.decoded(origin))
        self._same(execution, origin)

    def _same(self, execution: Execution, state: State) -> None:
        seen = execution.observe()
        expected = self.decoded(state)
        assert seen == {name: expected[name] for name in seen}
        for claim in self.elaborated.properties:
            if claim.predicate is not None and claim.kind != "transition":
                now = dict(zip(self.names, state, strict=True))
                assert execution.holds(claim.name) == evaluate(claim.predicate, now), claim.name

    def _perform(self, execution: Execution, state: State, step: Taken) -> str:
        now = dict(zip(self.names, state, strict=True))
        symbols = dict(step.symbols)
        decisions = tuple(
            evaluate(one.value, now, symbols=symbols)
            for one in step.action.decisions
            if evaluate(one.reached, now, symbols=symbols)
        )
        arguments = tuple(
            symbol.domain.decode(symbols[symbol.node]) for symbol in step.action.parameters
        )
        assert step.action.call is not None
        return execution.perform(step.action.call, arguments, decisions).kind


def walk(model: type[Model] | Model, most: int = 400) -> Walk:
    """Visit every state of a small model, and let CPython repeat every step."""
    found = Walk(elaborate(model)).explore(most)
    found.agrees_with_python()
    return found
