"""Small systems built by hand, so that the engine is tested without the language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    add,
    all_of,
    array,
    bound,
    conj,
    constant,
    disj,
    eq,
    ite,
    lt,
    ne,
    select,
)
from checker.system.shape import ArrayShape, ScalarShape
from checker.system.sorts import BOOL, INT, Domain, EnumSort
from checker.system.transition_system import (
    Action,
    Call,
    Fairness,
    Field,
    Hazard,
    Kind,
    Process,
    Role,
    Symbol,
    TransitionSystem,
    Variable,
)

__all__ = ["Body", "action", "fleet", "hazard", "number", "running", "system", "truth"]


def number(
    name: str, high: int, initial: tuple[int, ...] | None = (0,), low: int = 0, **more: Any
) -> Variable:
    """An integer variable."""
    return Variable(name, Domain(INT, low, high), initial, **more)


def truth(name: str, initial: tuple[bool, ...] | None = (False,), **more: Any) -> Variable:
    """A truth value."""
    return Variable(name, Domain(BOOL, 0, 1), initial, **more)


def action(
    name: str,
    guard: Expression = TRUE,
    updates: Mapping[str, Expression] | None = None,
    *,
    kind: Kind = Kind.STEP,
    fairness: Fairness | None = None,
    **more: Any,
) -> Action:
    """An action; steps are weakly fair, faults and intents are not."""
    if fairness is None:
        fairness = Fairness.WEAK if kind is Kind.STEP else Fairness.NONE
    agent = {Kind.STEP: "agent", Kind.FAULT: "environment", Kind.INTENT: "user"}[kind]
    if kind is not Kind.STEP:
        more.setdefault("faults", (name,))
    more.setdefault("group", name)
    return Action(
        name=name,
        label=name,
        agent=agent,
        kind=kind,
        fairness=fairness,
        guard=guard,
        updates=tuple((updates or {}).items()),
        **more,
    )


def system(variables: list[Variable], actions: list[Action], **more: Any) -> TransitionSystem:
    """A system whose fields are its variables of role FIELD."""
    more.setdefault(
        "fields",
        tuple(
            Field(variable.name, ScalarShape(variable.name, variable.domain))
            for variable in variables
            if variable.role is Role.FIELD
        ),
    )
    return TransitionSystem("Test", (), tuple(variables), tuple(actions), **more)


SERVER = EnumSort(("absent", "starting", "running", "failed"))
ABSENT, STARTING, RUNNING, FAILED = range(4)


def fleet(
    servers: int, faults: int, start_ok: Fairness = Fairness.WEAK
) -> tuple[TransitionSystem, Expression]:
    """The reference model `fleet(N, K)` and "all are running"; the budget K is a variable."""
    domain = Domain(SERVER, 0, 3)
    states = [Variable(f"state[{i}]", domain, (ABSENT,)) for i in range(servers)]
    views = [Variable(f"view[{i}]", domain, (ABSENT,)) for i in range(servers)]
    budget = number("budget", faults, (faults,))
    state_row = array(variable.node for variable in states)
    view_row = array(variable.node for variable in views)

    def label(value: int) -> Expression:
        return constant(value, SERVER)

    def one(name: str, **more: Any) -> tuple[Symbol, Expression, Expression]:
        node = bound(f"{name}.i", 0, servers - 1)
        return Symbol("i", node, Domain(INT, 0, servers - 1)), select(state_row, node), node

    def put(row: list[Variable], node: Expression, value: Expression) -> dict[str, Expression]:
        return {v.name: ite(eq(node, constant(i)), value, v.node) for i, v in enumerate(row)}

    actions = []
    i, state, node = one("observe")
    view = select(view_row, node)
    actions.append(action("observe", ne(view, state), put(views, node, state), parameters=(i,)))
    i, state, node = one("start")
    view = select(view_row, node)
    gone = disj(eq(view, label(ABSENT)), eq(view, label(FAILED)))
    actions.append(action("start", gone, put(states, node, label(STARTING)), parameters=(i,)))
    i, state, node = one("start_ok")
    up = put(states, node, label(RUNNING))
    actions.append(
        action("start_ok", eq(state, label(STARTING)), up, fairness=start_ok, parameters=(i,))
    )
    for name, before in (("start_fail", STARTING), ("crash", RUNNING)):
        i, state, node = one(name)
        possible = conj(eq(state, label(before)), lt(constant(0), budget.node))
        down = put(states, node, label(FAILED)) | {"budget": add(budget.node, constant(-1))}
        actions.append(action(name, possible, down, kind=Kind.FAULT, parameters=(i,)))
    fields = (
        Field("state", ArrayShape(tuple(ScalarShape(v.name, v.domain) for v in states))),
        Field("view", ArrayShape(tuple(ScalarShape(v.name, v.domain) for v in views))),
        Field("budget", ScalarShape("budget", budget.domain)),
    )
    index = bound("all.i", 0, servers - 1)
    goal = all_of(index, eq(select(state_row, index), label(RUNNING)))
    return system([*states, *views, budget], actions, fields=fields), goal


def hazard(condition: Expression, message: str = "goes wrong") -> Hazard:
    """Something that goes wrong in a step."""
    return Hazard("assert", condition, message, message)


class Body:
    """A process, step by step: `at(position, next, …)` adds the step from one yield to the next.

    A step to position 0 completes a pass. `crash` adds the crash that loses position and memory.
    """

    def __init__(self, key: str, points: int, memory: tuple[Variable, ...] = ()) -> None:
        self.key = key
        self.memory = memory
        self.position = number(f"{key}.at", points - 1, role=Role.POSITION, owner=key)
        self.actions: list[Action] = []
        self.restarts = False

    @property
    def variables(self) -> list[Variable]:
        """Its program counter and its memory."""
        return [self.position, *self.memory]

    def at(
        self,
        here: int,
        to: int,
        updates: Mapping[str, Expression] | None = None,
        when: Expression = TRUE,
        *,
        writes: Mapping[str, Expression] | None = None,
        **more: Any,
    ) -> None:
        """One step; it writes what it updates, unless told otherwise."""
        updates = dict(updates or {})
        written = dict.fromkeys(updates, TRUE) if writes is None else dict(writes)
        moved = updates if to == here else updates | {self.position.name: constant(to)}
        more.setdefault(
            "name", f"{self.key}@{here}" + (f"#{len(self.actions)}" if len(self.actions) else "")
        )
        self.actions.append(
            action(
                more.pop("name"),
                conj(eq(self.position.node, constant(here)), when),
                moved,
                group=self.key,
                process=self.key,
                completes=TRUE if to == 0 else FALSE,
                writes=tuple(written.items()),
                **more,
            )
        )

    def crash(self) -> None:
        """It may crash anywhere but at its start with nothing to lose."""
        self.restarts = True
        lost = [self.position, *self.memory]
        changes = disj(*(ne(v.node, constant(v.initial[0])) for v in lost))
        self.actions.append(
            action(
                f"{self.key}!crash",
                changes,
                {v.name: constant(v.initial[0]) for v in lost},
                kind=Kind.FAULT,
                process=self.key,
                completes=FALSE,
                faults=("crash",),
                call=Call((), self.key, "crash"),
            )
        )

    @property
    def process(self) -> Process:
        """What the system declares of it."""
        memory = tuple(v.name for v in self.memory)
        return Process(self.key, self.key, self.position.name, memory, self.restarts)


def running(world: list[Variable], *bodies: Body, others: tuple[Action, ...] = ()) -> TransitionSystem:
    """A system of processes over shared variables."""
    variables = [*world, *(v for body in bodies for v in body.variables)]
    actions = [a for body in bodies for a in body.actions] + list(others)
    return system(variables, actions, processes=tuple(body.process for body in bodies))
