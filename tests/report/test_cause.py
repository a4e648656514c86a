"""The sentence that names the cause is computed from the trace, not known beforehand."""

from __future__ import annotations

from dataclasses import replace

from checker.evidence.trace import Mishap, Trace, TraceStep, trace_of
from checker.report.cause import cause_of
from checker.report.stale import StaleRead, copies, stale_reads
from checker.system.expression import add, constant, eq
from checker.system.run import Run
from checker.system.shape import ScalarShape
from checker.system.sorts import INT, Domain
from checker.system.transition_system import Fairness, Field, Property, TransitionSystem, Variable


def test_a_cache_is_recognised_by_what_writes_it(system: TransitionSystem) -> None:
    """`view` is only ever overwritten with `pods`; `pods` and `missing` are computed."""
    (copy,) = copies(system)
    assert (copy.name, copy.source, copy.keepers) == ("view", "pods", frozenset({"view"}))


def test_a_stale_read_is_one_that_would_have_gone_otherwise(
    surplus: Trace, system: TransitionSystem
) -> None:
    """The first read of 0 was true; the next two were not, and the truth would have mattered."""
    assert stale_reads(system, surplus) == (
        StaleRead(2, "reconcile", "view", "pods", 0, 1),
        StaleRead(4, "reconcile", "view", "pods", 0, 2),
    )


def test_an_outdated_copy_that_nobody_reads_is_no_cause(
    surplus: Trace, system: TransitionSystem
) -> None:
    """A controller that ignores its view is not deceived by it."""
    read = system.action["reconcile.0"]
    blind = replace(
        read,
        updates=tuple(
            (name, constant(1) if name == "reconcile.missing" else value) for name, value in read.updates
        ),
    )
    other = replace(
        system, actions=tuple(blind if action is read else action for action in system.actions)
    )
    assert stale_reads(other, surplus) == ()


def test_a_variable_that_is_also_computed_is_no_copy(system: TransitionSystem) -> None:
    """A cache that somebody writes into is a variable of its own."""
    first = system.action["reconcile.1"]
    view = system.variable["view"].node
    writes = replace(first, updates=(*first.updates, ("view", add(view, constant(1)))))
    other = replace(
        system, actions=tuple(writes if action is first else action for action in system.actions)
    )
    assert copies(other) == ()


def test_own_writes_never_seen(surplus: Trace, system: TransitionSystem, no_surplus: Property) -> None:
    """The read-own-write miss is named as what it is, with how often."""
    sentence = cause_of(system, surplus, no_surplus).sentence
    assert sentence == "`reconcile` acted three times on a `view` that never saw its own writes"


def test_a_fault_in_a_loop_is_named(
    dying: Trace, system: TransitionSystem, no_surplus: Property
) -> None:
    """What varies for ever, and what struck."""
    cause = cause_of(system, dying, no_surplus)
    assert cause.sentence == ("`pods` goes 1 → 0 → 1 for ever, since `pod_dies` strikes again and again")
    assert cause.faults == (0,)


def test_nothing_happens_any_more(system: TransitionSystem, no_surplus: Property) -> None:
    """A lasso that stutters says in what state it is stuck."""
    state = {"desired": 2, "pods": 0, "view": 0, "reconcile.at": 0, "reconcile.missing": 0}
    trace = trace_of(system, Run((state, state), (None,), 0))
    sentence = cause_of(system, trace, no_surplus).sentence
    assert sentence == "nothing ever happens while desired=2, pods=0"


def test_a_step_that_nothing_promises_is_named(system: TransitionSystem, no_surplus: Property) -> None:
    """It could be taken, and yet the run that never takes it is fair."""
    actions = tuple(replace(action, fairness=Fairness.NONE) for action in system.actions)
    state = {"desired": 2, "pods": 0, "view": 0, "reconcile.at": 0, "reconcile.missing": 0}
    trace = trace_of(system, Run((state, state), (None,), 0))
    sentence = cause_of(replace(system, actions=actions), trace, no_surplus).sentence
    assert sentence.endswith(": `reconcile: start → observed` could, but nothing promises it")


def test_two_that_undo_each_other_are_named() -> None:
    """A loop without any fault: who changes the watched field in it."""
    anna, ben = (TraceStep(f"{name}_tidies", f"{name}_tidies", name, "step") for name in ("anna", "ben"))
    cups = Field("cups", ScalarShape("cups", Domain(INT, 0, 1)))
    kitchen = TransitionSystem("Kitchen", (), (Variable("cups", Domain(INT, 0, 1), (0,)),), (), (cups,))
    states = ({"cups": 0}, {"cups": 1}, {"cups": 0})
    trace = Trace("Kitchen", (), "peace", "converges", "finitely_many", states, (anna, ben), loop=0)
    peace = Property("peace", "converges", eq(kitchen.variables[0].node, constant(0)))
    expected = "`cups` goes 0 → 1 → 0 for ever: `anna` and `ben` undo each other's work"
    assert cause_of(kitchen, trace, peace).sentence == expected


def test_an_initial_state_may_be_wrong_already(
    surplus: Trace, system: TransitionSystem, no_surplus: Property
) -> None:
    """A violation without any step."""
    trace = replace(surplus, states=surplus.states[:1], steps=())
    assert (
        cause_of(system, trace, no_surplus).sentence == "already in an initial state: desired=1, pods=0"
    )


def test_a_mishap_says_what_it_is(surplus: Trace, system: TransitionSystem) -> None:
    """The message of an assertion leads; what brought it about follows."""
    trace = replace(surplus, states=surplus.states[:-1], mishap=Mishap("assert", "too many pods", "x"))
    sentence = cause_of(system, trace).sentence
    assert sentence.startswith("too many pods, after `reconcile` acted")
