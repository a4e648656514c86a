"""A replica controller with a stale view, written out as a transition system by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from checker.evidence.trace import Trace, run_of, trace_of
from checker.regimes.regime import UNBOUNDED
from checker.system.expression import add, conj, constant, eq, le, lt, ne, sub
from checker.system.run import Run, Step
from checker.system.shape import ScalarShape
from checker.system.sorts import INT, Domain, EnumSort, Scalar
from checker.system.transition_system import (
    Action,
    Fairness,
    Field,
    Kind,
    Process,
    Property,
    Role,
    TransitionSystem,
    Variable,
)

POINTS = EnumSort(("start", "observed"))


def replica_controller() -> TransitionSystem:
    """Reads its view, then acts on what it saw: missing = desired - view."""
    desired = Variable("desired", Domain(INT, 0, 2), None)
    pods = Variable("pods", Domain(INT, 0, 4), (0,))
    view = Variable("view", Domain(INT, 0, 4), (0,), owner="view")
    at = Variable("reconcile.at", Domain(POINTS, 0, 1), (0,), Role.POSITION, "reconcile")
    missing = Variable("reconcile.missing", Domain(INT, -4, 2), (0,), Role.LOCAL, "reconcile")
    variables = (desired, pods, view, at, missing)
    start, observed = constant(0, POINTS), constant(1, POINTS)
    actions = (
        Action(
            "reconcile.0",
            "reconcile: start → observed",
            "reconcile",
            Kind.STEP,
            Fairness.WEAK,
            "reconcile",
            eq(at.node, start),
            (("reconcile.missing", sub(desired.node, view.node)), ("reconcile.at", observed)),
            process="reconcile",
        ),
        Action(
            "reconcile.1",
            "reconcile: observed → start",
            "reconcile",
            Kind.STEP,
            Fairness.WEAK,
            "reconcile",
            conj(eq(at.node, observed), lt(pods.node, constant(4)), lt(constant(0), missing.node)),
            (
                ("pods", add(pods.node, constant(1))),
                ("reconcile.at", start),
                ("reconcile.missing", constant(0)),
            ),
            process="reconcile",
        ),
        Action(
            "view.refresh",
            "refresh",
            "view",
            Kind.STEP,
            Fairness.WEAK,
            "view.refresh",
            ne(view.node, pods.node),
            (("view", pods.node),),
        ),
        Action(
            "pod_dies",
            "pod_dies",
            "environment",
            Kind.FAULT,
            Fairness.NONE,
            "pod_dies",
            lt(constant(0), pods.node),
            (("pods", sub(pods.node, constant(1))),),
            faults=("pod_dies",),
        ),
    )
    return TransitionSystem(
        "ReplicaController",
        (("replicas", 2),),
        variables,
        actions,
        tuple(Field(v.name, ScalarShape(v.name, v.domain), v.role, v.owner) for v in variables),
        (Process("reconcile", "reconcile", "reconcile.at", ("reconcile.missing",), False),),
    )


def run_through(
    system: TransitionSystem, first: dict[str, Scalar], names: Sequence[str], loop: int | None = None
) -> Run:
    """The run that takes these actions one after another."""
    from checker.explicit.outcomes import outcomes

    states = [first]
    for name in names:
        ((_, after),) = outcomes(system.action[name], (), states[-1])
        assert isinstance(after, dict)
        states.append(after)
    return Run(tuple(states), tuple(Step(name) for name in names), loop)


@pytest.fixture
def system() -> TransitionSystem:
    return replica_controller()


@pytest.fixture
def surplus(system: TransitionSystem) -> Trace:
    """Three pods where one is wanted: the view never showed what the controller did itself."""
    first: dict[str, Scalar] = {
        "desired": 1,
        "pods": 0,
        "view": 0,
        "reconcile.at": 0,
        "reconcile.missing": 0,
    }
    run = run_through(system, first, ["reconcile.0", "reconcile.1"] * 3)
    trace = trace_of(system, run, claim="no_surplus", kind="always", regime="finitely_many")
    assert run_of(UNBOUNDED.apply(system), trace) == run
    return trace


@pytest.fixture
def no_surplus(system: TransitionSystem) -> Property:
    pods, desired = system.variable["pods"].node, system.variable["desired"].node
    return Property("no_surplus", "always", le(pods, add(desired, constant(1))))


@pytest.fixture
def dying(system: TransitionSystem) -> Trace:
    """A pod dies, is missed, and is made again, for ever."""
    first: dict[str, Scalar] = {
        "desired": 1,
        "pods": 1,
        "view": 1,
        "reconcile.at": 0,
        "reconcile.missing": 0,
    }
    turn = ["pod_dies", "view.refresh", "reconcile.0", "reconcile.1", "view.refresh"]
    run = run_through(system, first, [*turn], loop=0)
    return trace_of(system, run, claim="settled", kind="recurs", regime="unbounded")
