"""Every state and step of a model by CPython alone: no expressions, no translator, no packing.

Nondeterminism is enumerated by scripts: a step is repeated with every sequence of answers to what
it asks. A generator cannot be copied, so a state in which one is alive is reached anew each time,
by repeating the steps that led to it. Two states are the same only if the generators' frames are,
dead locals and loop iterators included: finer than the translated system, which must not notice.
"""

from __future__ import annotations

import gc
from collections.abc import Generator, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from checker.language.containers import unbox
from checker.language.declarations import Declaration
from checker.language.elaborate import Elaborated
from checker.language.execution import Execution
from checker.language.parameters import resolve
from checker.system.transition_system import Call, Kind

_KINDS = {"action": Kind.STEP, "fault": Kind.FAULT, "intent": Kind.INTENT}


@dataclass(frozen=True)
class Mover:
    """Something that may happen: a method with its arguments."""

    call: Call
    arguments: tuple[Any, ...]
    kind: Kind
    fairness: str
    faults: tuple[str, ...] = ()

    @property
    def prefix(self) -> str:
        """What the names of its component's members begin with."""
        return "".join(part + "." for part in self.call.path)


@dataclass(frozen=True)
class Outcome:
    """One way in which a mover's step went: "done", or the kind of what went wrong."""

    mover: Mover
    answers: tuple[Any, ...]
    struck: tuple[str, ...]
    kind: str
    after: int | None = None


@dataclass
class Node:
    """A state: how to get there, and what is seen there."""

    fields: Mapping[str, Any]
    way: tuple[tuple[Mover, tuple[Any, ...]], ...]
    seen: dict[str, Any]
    outcomes: list[Outcome] = field(default_factory=list)


def movers_of(elaborated: Elaborated) -> Iterator[Mover]:
    """Yield everything that the classes declare, with every value of its parameters."""
    for scope in elaborated.scope.walk():
        for name, declared in scope.declared.items():
            if not isinstance(declared, Declaration):
                continue
            fair = declared.options.get("fair") or "none"
            if declared.role in _KINDS:
                function = scope.members[name]
                wanted = function.__code__.co_varnames[1 : function.__code__.co_argcount]
                noted = [function.__annotations__[one] for one in wanted]
                space = {**function.__globals__, **scope.members}
                noted = [eval(one, space) if isinstance(one, str) else one for one in noted]
                domains = [one.domain(scope.parameters) for one in noted]
                kind = _KINDS[declared.role]
                faults = () if kind is Kind.STEP else (scope.prefix + name,)
                for values in product(*(domain.values() for domain in domains)):
                    given = tuple(d.decode(v) for d, v in zip(domains, values, strict=True))
                    call = Call(scope.path, name)
                    yield Mover(call, given, kind, fair if kind is Kind.STEP else "none", faults)
            elif declared.role == "process":
                count = resolve(declared.options["instances"], scope.parameters)
                for instance in range(count) if count > 1 else [None]:
                    yield Mover(Call(scope.path, name, "process", instance), (), Kind.STEP, fair)
                    if declared.options["restarts"]:
                        call = Call(scope.path, name, "crash", instance)
                        yield Mover(call, (), Kind.FAULT, "none", (scope.prefix + "crash",))


class CPythonExplorer:
    """Breadth-first, one node at a time; `nodes` grows while nodes are expanded."""

    def __init__(self, elaborated: Elaborated, initial: list[dict[str, Any]]) -> None:
        self.execution = Execution(elaborated)
        self.movers = tuple(movers_of(elaborated))
        self.nodes: list[Node] = []
        self.numbers: dict[Hashable, int] = {}
        for fields in initial:
            self.execution.reset(fields)
            self._here(fields, ())

    def expand(self, number: int) -> list[Outcome]:
        """Every outcome of every mover in a node, those that are disabled left out."""
        node = self.nodes[number]
        for mover in self.movers:
            waiting: list[tuple[Any, ...]] = [()]
            while waiting:
                script = waiting.pop()
                self._go_to(node)
                result = self.execution.perform(mover.call, mover.arguments, script)
                given = tuple(question.answer for question in result.asked)
                for place in range(len(script), len(given)):
                    for other in result.asked[place].options:
                        if other != given[place]:
                            waiting.append((*given[:place], other))
                if result.kind == "disabled":
                    continue
                struck = tuple(q.fault for q in result.asked if q.fault and q.answer)
                after = (
                    self._here(node.fields, (*node.way, (mover, given)))
                    if result.kind == "done"
                    else None
                )
                if mover.call.form == "crash" and after == number:
                    continue  # nothing was lost
                node.outcomes.append(Outcome(mover, given, struck, result.kind, after))
        return node.outcomes

    def value(self, number: int, evaluate: str, name: str) -> bool | str:
        """A predicate in a node (`holds` or `premise_holds`), or the kind of what goes wrong."""
        self._go_to(self.nodes[number])
        return _valued(lambda: getattr(self.execution, evaluate)(name))

    def between(self, name: str, before: int, after: int) -> bool | str:
        """A step predicate between two nodes."""
        left, right = self.nodes[before].seen, self.nodes[after].seen
        return _valued(lambda: self.execution.holds_between(name, left, right))

    def _go_to(self, node: Node) -> None:
        self.execution.reset(node.fields)
        for mover, answers in node.way:
            self.execution.perform(mover.call, mover.arguments, answers)

    def _here(self, fields: Mapping[str, Any], way: tuple[Any, ...]) -> int:
        seen = self.execution.observe()
        generators = self.execution._generators
        identity = [freeze(seen)]
        identity += [(key, _frozen_frame(one)) for key, one in sorted(generators.items(), key=repr)]
        key = tuple(identity)
        if key not in self.numbers:
            self.numbers[key] = len(self.nodes)
            # With no generator alive, the fields are all there is.
            self.nodes.append(Node(fields, way, seen) if generators else Node(seen, (), seen))
        return self.numbers[key]


def _valued(question: Any) -> bool | str:
    from checker.language.execution import _HAZARDS

    try:
        return bool(question())
    except tuple(kind for kind, _ in _HAZARDS) as error:
        return next(name for kind, name in _HAZARDS if isinstance(error, kind))


def freeze(value: Any) -> Hashable:
    """A value that can be compared and hashed, where True is not 1."""
    value = unbox(value)
    if isinstance(value, Mapping):
        return ("dict", tuple((name, freeze(one)) for name, one in sorted(value.items())))
    if isinstance(value, list | tuple):
        return ("list", tuple(map(freeze, value)))
    if isinstance(value, set | frozenset):
        return ("set", frozenset(value))
    plain = value is None or isinstance(value, bool | int | str)
    return (type(value).__name__, value if plain else "")


def _frozen_frame(generator: Generator[Any, None, None]) -> Hashable:
    frame = generator.gi_frame
    # Iterators of the loops that it is in live on the frame's stack, where only gc sees them.
    iterators = [
        (type(one).__name__, one.__reduce__()[-1])
        for one in gc.get_referents(generator)
        if type(one).__name__ in ("range_iterator", "list_iterator", "tuple_iterator")
    ]
    return (frame.f_lasti, freeze(dict(frame.f_locals)), tuple(iterators))
