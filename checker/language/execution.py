"""CPython runs the user's own class, step by step: the reference semantics of every model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from checker.language.assembly import Scope
from checker.language.containers import DomainViolation, box, store, unbox
from checker.language.declarations import Declaration
from checker.language.errors import ModelError
from checker.language.model import Model
from checker.language.nondeterminism import Disabled, Question, Script, script
from checker.system.expression import Expression
from checker.system.transition_system import Call

if TYPE_CHECKING:
    from checker.language.elaborate import Elaborated

__all__ = ["Execution", "Outcome", "Running"]

# What CPython raises for what the translator calls a hazard of this kind.
_HAZARDS: tuple[tuple[type[BaseException], str], ...] = (
    (DomainViolation, "domain"),
    (AssertionError, "assert"),
    (IndexError, "index"),
    (ZeroDivisionError, "division"),
    (TypeError, "none"),
    (AttributeError, "none"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step ended: "done", "disabled", or the kind of hazard that it ran into."""

    kind: str
    message: str = ""
    asked: tuple[Question, ...] = ()


class Running:
    """The state of one (sub-)model while it runs; behind the fields of its `self`."""

    def __init__(self, scope: Scope, execution: Execution) -> None:
        self.scope = scope
        self.execution = execution
        self.parameters = scope.parameters
        self.values: dict[str, Any] = {}
        self.components: dict[str, Running] = {}
        self.instance: Any = object.__new__(scope.model)
        self.instance.__dict__["_running"] = self

    def _home(self, name: str) -> tuple[Running, str]:
        if name in self.scope.inputs:
            scope, field = self.scope.inputs[name]
            return self.execution.running[scope], field
        return self, name

    def read(self, name: str) -> Any:
        home, field = self._home(name)
        return home.values[field]

    def write(self, name: str, value: Any) -> None:
        home, field = self._home(name)
        home.values[field] = store(home.scope.shapes[field], home.values[field], value)

    def component(self, name: str) -> Any:
        inner = self.components[name]
        reads_as = inner.scope.model.reads_as
        return inner.instance if reads_as is None else inner.read(reads_as)


class Execution:
    """One run of an elaborated model in CPython.

    Parameters
    ----------
    elaborated : Elaborated
        The model; only its scopes and its table of yield points are used, never its expressions.

    Raises
    ------
    ValueError
        If a parameter of it is a symbol: Python computes with the numbers of an instance.
    """

    def __init__(self, elaborated: Elaborated) -> None:
        for scope in elaborated.scope.walk():
            for name, value in scope.parameters.items():
                if isinstance(value, Expression):
                    raise ValueError(f"`{scope.prefix}{name}` has no number here: run an instance")
        self.elaborated = elaborated
        self.running: dict[Scope, Running] = {}
        self._create(elaborated.scope)
        self._generators: dict[
            tuple[tuple[str, ...], str, int | None], GeneratorType[Any, None, None]
        ] = {}

    def _create(self, scope: Scope) -> Running:
        running = self.running[scope] = Running(scope, self)
        for name, inner in scope.components.items():
            running.components[name] = self._create(inner)
        return running

    # ------------------------------------------------------------ state

    def _fields(self) -> Iterator[tuple[str, Running, str]]:
        for scope, running in self.running.items():
            for name in scope.shapes:
                yield scope.field_name(name), running, name

    def reset(self, fields: Mapping[str, Any]) -> None:
        """Put every field to a value, and every process to its start."""
        for generator in self._generators.values():
            generator.close()
        self._generators.clear()
        for name, running, own in self._fields():
            running.values[own] = box(running.scope.shapes[own], fields[name])

    def observe(self) -> dict[str, Any]:
        """Fields, positions of processes, and those locals that are alive there."""
        seen = {name: unbox(running.values[own]) for name, running, own in self._fields()}
        for key, points in self.elaborated.points.items():
            seen |= points.observe(self._generators.get(key))
        return seen

    # ------------------------------------------------------------ steps

    def perform(
        self, call: Call, arguments: tuple[Any, ...] = (), decisions: tuple[Any, ...] = ()
    ) -> Outcome:
        """Execute one atomic step.

        Parameters
        ----------
        call : Call
            What to execute.
        arguments : tuple
            Values of the action's parameters, as the method receives them.
        decisions : tuple
            Answers to what the step asks, in order; the first option beyond them.

        Raises
        ------
        LookupError
            If the step asks for something that an answer does not fit.
        """
        current = Script(tuple(decisions))
        token = script.set(current)
        try:
            before = self._watched()
            self._execute(call, arguments)
            self._react(before)
            self._check_locals()
        except Disabled:
            return Outcome("disabled", asked=tuple(current.asked))
        except ModelError:
            raise
        except tuple(kind for kind, _ in _HAZARDS) as error:
            found = next(name for kind, name in _HAZARDS if isinstance(error, kind))
            return Outcome(found, str(error), tuple(current.asked))
        finally:
            script.reset(token)
        if len(current.asked) < len(decisions):
            raise LookupError(
                f"{len(decisions)} answers were given, {len(current.asked)} were asked for"
            )
        return Outcome("done", asked=tuple(current.asked))

    def _execute(self, call: Call, arguments: tuple[Any, ...]) -> None:
        running = self.running[self.elaborated.scope.at(call.path)]
        key = (call.path, call.method, call.instance)
        if call.form == "action":
            getattr(running.instance, call.method)(*arguments)
        elif call.form == "process":
            generator = self._generators.get(key)
            if generator is None:
                generator = getattr(running.instance, call.method)()
                if not isinstance(generator, GeneratorType):
                    return  # a body without `yield` has already run, as one step
                self._generators[key] = generator
            try:
                next(generator)
            except StopIteration:
                del self._generators[key]
        elif call.form == "crash":
            generator = self._generators.pop(key, None)
            if generator is not None:
                generator.close()
            self._forget(key, arguments)
        else:
            raise ValueError(f"unknown form of call: {call.form}")

    def _forget(self, key: tuple[tuple[str, ...], str, int | None], arguments: tuple[Any, ...]) -> None:
        """Volatile fields get an initial value again; which one is asked where there are several."""
        for scope, name, options in self.elaborated.volatile[key]:
            answer = options[0]
            if len(options) > 1:
                current = script.get()
                assert current is not None
                answer = options[current.ask(tuple(range(len(options))))]
            self.running[scope].write(name, answer)

    def _hooks(self) -> Iterator[tuple[Running, str, tuple[str, ...]]]:
        for scope, running in self.running.items():
            for name, declared in scope.declared.items():
                if isinstance(declared, Declaration) and declared.role == "on_change":
                    yield running, name, tuple(declared.options["inputs"])

    def _watched(self) -> list[Any]:
        return [[unbox(running.read(name)) for name in inputs] for running, _, inputs in self._hooks()]

    def _react(self, before: list[Any]) -> None:
        for (running, method, inputs), old in zip(self._hooks(), before, strict=True):
            if [unbox(running.read(name)) for name in inputs] != old:
                getattr(running.instance, method)()

    def _check_locals(self) -> None:
        for key, points in self.elaborated.points.items():
            points.check(self._generators.get(key))

    # ------------------------------------------------------------ predicates

    def holds(self, name: str) -> bool:
        """The user's own predicate, in the state that the run is in.

        Raises
        ------
        AssertionError, IndexError, ZeroDivisionError, TypeError
            If evaluating the predicate itself goes wrong.
        """
        running, method = self._predicate(name)
        return bool(getattr(running.instance, method)())

    def premise_holds(self, name: str) -> bool:
        """The premise of a `leads_to` property, in the state that the run is in."""
        running, method = self._predicate(name)
        declared = running.scope.declared[method]
        premise = declared.options["premise"]
        if isinstance(premise, str):
            return bool(getattr(running.instance, premise)())
        return bool(premise(running.instance))

    def holds_between(self, name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """The user's own step predicate, between two states (fields only)."""
        other = Execution(self.elaborated)
        other.reset(after)
        self.reset(before)
        running, method = self._predicate(name)
        return bool(getattr(running.instance, method)(other.running[running.scope].instance))

    def _predicate(self, name: str) -> tuple[Running, str]:
        *path, method = name.split(".")
        return self.running[self.elaborated.scope.at(tuple(path))], method


def is_model(value: object) -> bool:
    """Whether a value is a concrete model class."""
    return isinstance(value, type) and issubclass(value, Model) and value is not Model
