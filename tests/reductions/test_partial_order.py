"""What partial order reduction leaves out changes no verdict, and it leaves out a lot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from ample_explorer import Reduced, explore_reduced
from hypothesis import given, settings
from hypothesis import strategies as st
from loose_systems import loose_system
from random_systems import Builder, systems
from small_systems import action, fleet, hazard, integer, symbol, system, truth, under

import checker.reductions.partial_order as partial_order
from checker.explicit.explore import evaluate_all, explore
from checker.explicit.safety import deadlocks
from checker.explicit.state_graph import StateGraph
from checker.reductions.ample_sets import Clusters
from checker.reductions.independence import Independence
from checker.reductions.partial_order import PartialOrder, partial_order_of
from checker.regimes.regime import NONE, Regime, at_most
from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    add,
    conj,
    constant,
    eq,
    lt,
    ne,
    neg,
    next_variable,
)
from checker.system.sorts import BOOL, INT, Domain
from checker.system.transition_system import Action, Kind, Symbol, TransitionSystem, Variable
from checker.system.walk import topological

MOST_STATES = 1_200


def differences(
    graph: StateGraph, predicates: Mapping[str, Expression], stuck: bool, reduced: Reduced
) -> list[str]:
    """What the reduced search found otherwise than the full one."""
    places = {packed: place for place, packed in enumerate(graph.states)}
    kept = [places[graph.packing.pack(state)] for state in reduced.states]
    found = []
    for name, predicate in predicates.items():
        values = evaluate_all(graph, predicate)
        if values.any() != values[kept].any() or values.all() != values[kept].all():
            found.append(name)
    keys = [(instance.action.name, instance.arguments) for instance in graph.instances]
    wrong = {(keys[mishap.label], mishap.hazard) for mishap in graph.mishaps}
    if wrong != {(instance, error) for _, instance, error in reduced.mishaps}:
        found.append("errors")
    if {keys[label] for label in graph.labels} | {key for key, _ in wrong} != reduced.enabled:
        found.append("enabled")
    if stuck:
        full = {graph.states[place] for place in deadlocks(graph).nonzero()[0]}
        if full != {graph.packing.pack(state) for state in reduced.deadlocks(graph.system)}:
            found.append("deadlocks")
    return found


def both(
    model: TransitionSystem,
    predicates: Mapping[str, Expression],
    stuck: bool,
    order: PartialOrder | None = None,
    *,
    proviso: bool = True,
    cautious: bool = False,
) -> tuple[StateGraph, Reduced, list[str]] | None:
    """The full and the reduced search, and what differs; None if there are too many states."""
    order = partial_order_of(model, predicates, deadlocks=stuck) if order is None else order
    graph = explore(under(model), max_states=MOST_STATES)
    if len(graph) > MOST_STATES:
        return None
    initial = [graph.packing.unpack(packed) for packed in graph.states[: graph.initial]]
    reduced = explore_reduced(model, initial, order.candidates, proviso=proviso, cautious=cautious)
    assert reduced is not None
    return graph, reduced, differences(graph, predicates, stuck, reduced)


def counts(model: TransitionSystem, predicates: Mapping[str, Expression], stuck: bool = False):
    """States of the full and of the reduced search, which agree."""
    result = both(model, predicates, stuck)
    assert result is not None
    graph, reduced, differing = result
    assert differing == []
    return len(graph), len(reduced.states)


# ---------------------------------------------------------------- random systems


@pytest.mark.parametrize("block", range(10))
def test_same_verdicts_on_loosely_coupled_processes(block: int):
    """The same predicates hold somewhere, the same things go wrong, the same states are stuck."""
    for seed in range(20 * block, 20 * block + 20):
        drawn = loose_system(seed, processes=2 + seed % 2)
        result = both(drawn.system, drawn.predicates, drawn.deadlocks, cautious=seed % 3 == 0)
        assert result is None or result[2] == [], seed


@st.composite
def unstructured(draw: st.DrawFn) -> tuple[TransitionSystem, dict[str, Expression], bool]:
    """A system without processes, and predicates of its states."""
    model = draw(systems())
    builder = Builder(draw, list(model.variables), [])
    claims = {f"claim{i}": builder.any(BOOL, 2) for i in range(draw(st.integers(0, 2)))}
    return model, claims, draw(st.booleans())


@given(unstructured())
@settings(max_examples=50)
def test_same_verdicts_on_systems_without_structure(drawn: tuple):
    """Also where every operator, sort, parameter and choice occurs, and nothing is a process."""
    result = both(*drawn)
    assert result is None or result[2] == []


def test_much_is_left_out():
    """Of three processes that seldom meet, less than half of the states are visited."""
    full = kept = 0
    for seed in range(30):
        drawn = loose_system(seed, processes=3, coupling=0.1)
        result = both(drawn.system, {}, False)
        if result is not None:
            full += len(result[0])
            kept += len(result[1].states)
    assert kept < full / 2, (kept, full)


# ---------------------------------------------------------------- each condition is needed


def always(*_: object) -> bool:
    """An answer that weakens whatever asks."""
    return True


def without_kinds(patch: pytest.MonkeyPatch) -> None:
    """Faults may be keys even where deadlocks are looked for."""
    original = Clusters.__init__

    def init(self, model, transitions, predicates, steps) -> None:
        original(self, model, transitions, predicates, False)

    patch.setattr(Clusters, "__init__", init)


def any_member(patch: pytest.MonkeyPatch) -> None:
    """It is enough to get on by any member."""
    original = partial_order._ample
    patch.setattr(
        partial_order,
        "_ample",
        lambda group: (ample := original(group)) and replace(ample, keys=ample.instances),
    )


WEAKENED: dict[str, tuple[int, Callable[[pytest.MonkeyPatch], None]]] = {
    "S: the condition lasts": (98, lambda patch: patch.setattr(Independence, "keeps", always)),
    "D1: members commute": (44, lambda patch: patch.setattr(Independence, "commutes", always)),
    "D2, E: keys last": (12, lambda patch: patch.setattr(Independence, "lasts", always)),
    "V: keys are not seen": (36, lambda patch: patch.setattr(Independence, "unseen", always)),
    "only steps end a deadlock": (26, without_kinds),
    "the proviso is on keys": (26, any_member),
    "merged with care": (107, lambda patch: patch.setattr(partial_order, "_adds_nothing", always)),
    "the proviso": (13, lambda patch: None),
}


@pytest.mark.parametrize("condition", WEAKENED)
def test_a_weaker_condition_is_caught(condition: str, monkeypatch: pytest.MonkeyPatch):
    """Without any one of the conditions something is lost: an example from the first hundred or so."""
    seed, weaken = WEAKENED[condition]
    drawn = loose_system(seed, processes=2 + seed % 2)
    sound = both(drawn.system, drawn.predicates, drawn.deadlocks)
    assert sound is not None and sound[2] == []
    weaken(monkeypatch)
    weak = both(drawn.system, drawn.predicates, drawn.deadlocks, proviso=condition != "the proviso")
    assert weak is not None and weak[2] != []


# ---------------------------------------------------------------- by hand


def at(name: str, place: int) -> Expression:
    """Whether the counter of a process has a value."""
    return eq(integer(name, 0, 9).node, constant(place))


def walker(name: str, places: int, **more) -> tuple[Variable, list[Action]]:
    """A process that goes from 0 to the last of its places."""
    counter = integer(name, 0, places - 1)
    moves = [
        action(f"{name}{place}", eq(counter.node, constant(place)), {name: constant(place + 1)}, **more)
        for place in range(places - 1)
    ]
    return counter, moves


def walkers(count: int, places: int, **more) -> TransitionSystem:
    """Several of them, with nothing in common."""
    parts = [walker(f"w{i}", places, **more) for i in range(count)]
    return system([counter for counter, _ in parts], *(move for _, moves in parts for move in moves))


def test_processes_with_nothing_in_common():
    """Of 4⁵ states 5·3 + 1 are left, and the one deadlock is among them."""
    assert counts(walkers(5, 4), {}, stuck=True) == (1024, 16)


def test_only_what_is_judged_is_seen():
    """A predicate of two of four processes keeps what these two can do together."""
    last = constant(2)
    claim = conj(*(eq(integer(name, 0, 2).node, last) for name in ("w0", "w1")))
    full, kept = counts(walkers(4, 3), {"both": claim})
    assert (full, kept < 30) == (81, True)


def test_a_process_that_goes_round_does_not_hide_the_others():
    """The ignoring problem: who has nothing to do with others must not be followed for ever."""
    wheel, done = integer("wheel", 0, 2), truth("done")
    model = system(
        [wheel, done],
        *(
            action(f"turn{i}", eq(wheel.node, constant(i)), {"wheel": constant((i + 1) % 3)})
            for i in range(3)
        ),
        action("finish", TRUE, {"done": TRUE}),
    )
    claims = {"done": done.node}
    order = partial_order_of(model, claims, deadlocks=False)
    result = both(model, claims, False, order)
    assert result is not None and result[2] == []
    assert any(used is not None for used in result[1].used)
    careless = both(model, claims, False, order, proviso=False)
    assert careless is not None and careless[2] == ["done"]


def test_a_member_that_others_enable():
    """Where a step waits for another process, that process goes first."""
    flag, ready, left, right = truth("flag"), truth("ready"), integer("l", 0, 2), integer("r", 0, 2)
    model = system(
        [flag, ready, left, right],
        action("leave", at("l", 0), {"l": constant(1)}),
        action("wait", conj(at("l", 0), flag.node), {"l": constant(2)}),
        action("raise", at("r", 0), {"flag": TRUE, "r": constant(1)}),
        action("rest", at("r", 1), {"r": constant(2)}),
    )
    counts(model, {"waited": at("l", 2), "left": at("l", 1)}, stuck=True)


def test_faults_do_not_end_a_deadlock():
    """A fault that is always possible does not stand for a step that waits."""
    key, door, dust = truth("key"), truth("door"), integer("dust", 0, 2)
    model = system(
        [key, door, dust],
        action(
            "settle", lt(dust.node, constant(2)), {"dust": add(dust.node, constant(1))}, kind=Kind.FAULT
        ),
        action("open", key.node, {"door": TRUE}),
        action("take", conj(neg(door.node), neg(key.node)), {"key": TRUE}),
    )
    result = both(model, {}, True)
    assert result is not None and result[2] == []
    named = {
        name
        for ample in partial_order_of(model, {}, deadlocks=True).candidates
        for name, _ in ample.keys
    }
    assert "settle" not in named


def test_a_budget_of_faults_does_not_tie_the_processes_together():
    """Crashes that are paid from one budget can be put off, although each may use it up."""
    parts = []
    for i in range(3):
        counter, moves = walker(f"w{i}", 4)
        crash = action(
            f"crash{i}", ne(counter.node, constant(0)), {f"w{i}": constant(0)}, kind=Kind.FAULT
        )
        parts.append((counter, [*moves, crash]))
    model = system([counter for counter, _ in parts], *(one for _, moves in parts for one in moves))
    full, kept = counts(at_most(2).apply(model).system, {}, stuck=True)
    assert kept < full / 2


def test_an_error_that_only_one_order_leads_to():
    """What goes wrong only before another process has acted still goes wrong."""
    flag = truth("flag")
    counter, moves = walker("w0", 4)
    other, more = walker("w1", 4)
    guard = eq(other.node, constant(1))
    check = action("check", guard, {"w1": constant(2)}, hazards=(hazard(conj(guard, neg(flag.node))),))
    more[1] = check
    raised = action("raise", eq(counter.node, constant(2)), {"flag": TRUE, "w0": constant(3)})
    moves[2] = raised
    counts(system([flag, counter, other], *moves, *more), {}, stuck=True)


def test_beyond_a_bound():
    """To leave the stated bound of an unbounded variable is something that goes wrong, too."""
    total = integer("total", 0, None, bound=3)
    counter, moves = walker("w0", 3)
    model = system(
        [total, counter],
        action("more", TRUE, {"total": add(total.node, constant(1))}),
        action(
            "less",
            conj(lt(constant(0), total.node), eq(counter.node, constant(0))),
            {"total": add(total.node, constant(-1)), "w0": constant(1)},
        ),
        *moves[1:],
    )
    result = both(model, {}, False)
    assert result is not None and result[2] == [] and result[1].mishaps


# ---------------------------------------------------------------- real models


@pytest.mark.parametrize(
    ("servers", "regime", "expected"),
    [(3, NONE, (216, 16)), (2, at_most(2), (286, 96))],
)
def test_fleet(servers: int, regime: Regime, expected: tuple[int, int]):
    """Servers have nothing in common but the budget of their faults."""
    model = regime.apply(fleet(servers, 2)).system
    assert counts(model, {}, stuck=True) == expected


# ---------------------------------------------------------------- what is returned


def test_candidates_speak_of_states():
    """Conditions are over state variables only, and members are instances of the system's actions."""
    for seed in range(20):
        drawn = loose_system(seed, processes=3)
        names = {one.name: one for one in drawn.system.actions}
        variables = {one.name for one in drawn.system.variables}
        for ample in partial_order_of(drawn.system, drawn.predicates, deadlocks=True).candidates:
            nodes = list(topological([ample.condition]))
            assert {node.payload for node in nodes if node.operator == "variable"} <= variables
            assert not any(node.operator in ("bound", "next", "any", "all", "sum") for node in nodes)
            assert ample.keys <= ample.instances and ample.keys
            for name, arguments in ample.instances:
                assert len(arguments) == len(names[name].parameters)
            assert all(names[name].kind is Kind.STEP for name, _ in ample.keys)


def test_found_the_same_way_every_time():
    """Candidates and their order depend on the system only."""
    drawn = loose_system(7, processes=3)
    first, second = (partial_order_of(drawn.system, drawn.predicates, deadlocks=False) for _ in range(2))
    assert first == second


def test_reasons():
    """Who can never be followed alone is named, with the reason."""
    count, seen, dust = integer("count", 0, 2), truth("seen"), truth("dust")
    model = system(
        [count, seen, dust],
        action("count_up", lt(count.node, constant(2)), {"count": add(count.node, constant(1))}),
        action("look", eq(count.node, constant(1)), {"seen": TRUE}),
        action("settle", TRUE, {"dust": TRUE}, kind=Kind.FAULT),
        action("never", FALSE, {"dust": FALSE}),
    )
    order = partial_order_of(model, {"looked": seen.node}, deadlocks=True)
    # The two agents that have to do with each other need not wait for the dust.
    (ample,) = order.candidates
    assert ample.instances == {("count_up", ()), ("look", ())} and ample.keys == {("count_up", ())}
    assert order.refused == (
        "look: changes `seen`, which looked reads",
        "settle: faults and intents do not end a deadlock, so steps cannot wait for them",
    )


def test_who_depends_on_whom():
    """What is all that can happen leaves nothing to be put off."""
    count = integer("count", 0, 2)
    model = system(
        [count],
        action("up", lt(count.node, constant(2)), {"count": add(count.node, constant(1))}),
        action("down", eq(count.node, constant(2)), {"count": constant(0)}),
    )
    assert partial_order_of(model, {}, deadlocks=False) == PartialOrder(
        (),
        (
            "up: the order matters with down and what that depends on, by `count`",
            "down: the order matters with up and what that depends on, by `count`",
        ),
    )


def test_predicates_of_steps_are_refused():
    """A step that is left out would not be looked at."""
    model = walkers(2, 3)
    claim = eq(next_variable("w0", INT), constant(1))
    order = partial_order_of(model, {"rises": claim}, deadlocks=False)
    assert order == PartialOrder((), ("rises is about steps, some of which would be left out",))


def test_unbounded_choices_are_refused():
    """Without a bound the outcomes cannot be written out, or compared."""
    free = Symbol("k", symbol("k", 0, 9).node, Domain(INT, 0, None))
    model = system([integer("x", 0, 3)], action("put", TRUE, {"x": constant(1)}, choices=(free,)))
    assert partial_order_of(model, {}, deadlocks=False) == PartialOrder((), ("k of put is unbounded",))


def test_too_many_actions_are_refused():
    """To compare thousands of instances with each other would take longer than it saves."""
    i = symbol("i", 0, 4_999)
    model = system([truth("x")], action("put", TRUE, {"x": eq(i.node, constant(1))}, parameters=(i,)))
    assert partial_order_of(model, {}, deadlocks=False).refused == (
        "with put there are 5,000 actions with their arguments; at most 1,000 are compared with each other",
    )
