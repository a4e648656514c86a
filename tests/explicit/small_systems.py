"""Transition systems built by hand, without the language: references with known counts."""

from __future__ import annotations

from collections.abc import Iterable

from checker.regimes.regime import UNBOUNDED, Regime
from checker.system.expression import (
    TRUE,
    Expression,
    add,
    array,
    bound,
    conj,
    constant,
    disj,
    eq,
    ite,
    lt,
    modulo,
    ne,
    select,
    sub,
)
from checker.system.sorts import BOOL, INT, Domain, EnumSort, Scalar
from checker.system.transition_system import (
    Action,
    Fairness,
    Hazard,
    Kind,
    Location,
    Symbol,
    TransitionSystem,
    Variable,
)

STATES = EnumSort(("absent", "starting", "running", "failed"))
ABSENT, STARTING, RUNNING, FAILED = (constant(k, STATES) for k in range(4))


def action(
    name: str,
    guard: Expression = TRUE,
    updates: dict[str, Expression] | None = None,
    *,
    kind: Kind = Kind.STEP,
    fairness: Fairness | None = None,
    parameters: tuple[Symbol, ...] = (),
    choices: tuple[Symbol, ...] = (),
    hazards: tuple[Hazard, ...] = (),
    group: str | None = None,
) -> Action:
    """An action with the usual fairness: weak for steps, none for faults."""
    if fairness is None:
        fairness = Fairness.WEAK if kind is Kind.STEP else Fairness.NONE
    return Action(
        name,
        name,
        "agent",
        kind,
        fairness,
        group or name,
        guard,
        tuple((updates or {}).items()),
        parameters,
        choices,
        hazards,
        faults=() if kind is Kind.STEP else (name,),
    )


def integer(
    name: str,
    low: int,
    high: int | None,
    initial: Iterable[Scalar] | Expression | None = (0,),
    **more: int,
) -> Variable:
    """An integer variable."""
    values = initial if initial is None or isinstance(initial, Expression) else tuple(initial)
    return Variable(name, Domain(INT, low, high, **more), values)


def truth(name: str, initial: tuple[Scalar, ...] | None = (False,)) -> Variable:
    """A Boolean variable."""
    return Variable(name, Domain(BOOL, 0, 1), initial)


def system(variables: Iterable[Variable], *actions: Action, name: str = "Small") -> TransitionSystem:
    """A system without fields and processes."""
    return TransitionSystem(name, (), tuple(variables), actions)


def symbol(name: str, low: int, high: int) -> Symbol:
    """A parameter or choice over low..high."""
    return Symbol(name, bound(name, low, high), Domain(INT, low, high))


def put(row: list[Variable], index: Expression, value: Expression) -> dict[str, Expression]:
    """row[index] := value."""
    return {
        element.name: ite(eq(index, constant(place)), value, element.node)
        for place, element in enumerate(row)
    }


def fleet(servers: int, faults: int) -> TransitionSystem:
    """Servers, a controller's stale view of each, and a budget of faults."""
    domain = Domain(STATES, 0, 3)
    state = [Variable(f"state[{i}]", domain, (0,)) for i in range(servers)]
    view = [Variable(f"view[{i}]", domain, (0,)) for i in range(servers)]
    budget = integer("budget", 0, faults, (faults,))
    i = symbol("i", 0, servers - 1)
    here = select(array(one.node for one in state), i.node)
    seen = select(array(one.node for one in view), i.node)
    paid = {"budget": sub(budget.node, constant(1))}
    solvent = lt(constant(0), budget.node)

    def fault(name: str, when: Expression) -> Action:
        updates = {**put(state, i.node, FAILED), **paid}
        return action(name, conj(when, solvent), updates, kind=Kind.FAULT, parameters=(i,))

    return system(
        [*state, *view, budget],
        action("observe", ne(here, seen), put(view, i.node, here), parameters=(i,)),
        action(
            "start",
            disj(eq(seen, ABSENT), eq(seen, FAILED)),
            put(state, i.node, STARTING),
            parameters=(i,),
        ),
        action("start_ok", eq(here, STARTING), put(state, i.node, RUNNING), parameters=(i,)),
        fault("start_fail", eq(here, STARTING)),
        fault("crash", eq(here, RUNNING)),
        name="Fleet",
    )


def counter(digits: int, base: int) -> TransitionSystem:
    """Each step increments one digit, modulo the base."""
    row = [integer(f"digit[{i}]", 0, base - 1) for i in range(digits)]
    i = symbol("i", 0, digits - 1)
    following = modulo(add(select(array(one.node for one in row), i.node), constant(1)), constant(base))
    return system(
        row, action("increment", TRUE, put(row, i.node, following), parameters=(i,)), name="Counter"
    )


def hazard(condition: Expression, kind: str = "assert", name: str = "sound", line: int = 1) -> Hazard:
    """Something that goes wrong."""
    return Hazard(kind, condition, f"{name} is broken", name, Location("model.py", line))


def under(system: TransitionSystem, regime: Regime = UNBOUNDED):
    """The system under a regime."""
    return regime.apply(system)
