"""Which tier explores cannot be told from what comes out: layouts, numbers, limits, and going over."""

from __future__ import annotations

import ctypes
import pickle
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from both_tiers import (
    TiersDiffer,
    assert_same,
    assert_same_edge_predicate,
    assert_same_predicate,
    code_kept_in,
    explored,
    switching_after,
)
from interpreted_graph import interpret
from small_systems import action, counter, fleet, hazard, integer, put, symbol, system, truth, under

from checker.explicit import (
    exploration,
    key_kernels,
    machine_predicates,
    machine_successors,
    search_kernels,
)
from checker.explicit import explore as exploring
from checker.explicit.explore import evaluate_all, evaluate_edges, explore
from checker.explicit.generated_predicates import edge_function, state_function
from checker.explicit.generated_python import IllFormedSystem
from checker.explicit.machine_predicates import compile_predicate
from checker.explicit.machine_successors import compile_successors
from checker.explicit.native_search import NativeSearch
from checker.explicit.packed_states import PackedStates
from checker.explicit.packing import NotCompilable, packing_of
from checker.explicit.state_graph import StateGraph
from checker.system import expression as e
from checker.system.sorts import BOOL, INT, Domain, EnumSort
from checker.system.transition_system import Symbol, TransitionSystem, Variable


@pytest.fixture(autouse=True, scope="module")
def _keep_code_here(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Compiled code is kept, but only for these tests."""
    with code_kept_in(tmp_path_factory.mktemp("code")):
        yield


def same_in_both(chosen: TransitionSystem, **options: Any) -> StateGraph:
    """The graph by machine code, after comparing it with that by generated Python."""
    python = explored(under(chosen), "python", **options)
    native = explored(under(chosen), "native", **options)
    assert_same(python, native)
    assert isinstance(python, StateGraph) and isinstance(native, StateGraph)
    assert isinstance(native.states, PackedStates) and not isinstance(python.states, PackedStates)
    return native


def wide(name: str, width: int, low: int) -> Variable:
    """An integer whose slot is that wide, which begins three below its greatest value."""
    high = low + 2**width - 1
    return Variable(name, Domain(INT, low, high), (max(low, high - 3),))


def turning(variables: list[Variable]) -> TransitionSystem:
    """Each step moves one variable on by one, around the end of its domain; of very many, some."""
    actions = []
    for number, one in enumerate(variables[:: 1 + len(variables) // 40]):
        if one.domain.sort == BOOL:
            following = e.neg(one.node)
        elif isinstance(one.domain.sort, EnumSort):
            labels = [e.constant(k, one.domain.sort) for k in range(one.domain.high + 1)]
            following = labels[0]
            for k, label in enumerate(labels[:-1]):
                following = e.ite(e.eq(one.node, label), labels[k + 1], following)
        else:
            low, high = e.constant(one.domain.low), e.constant(one.domain.high)
            following = e.ite(e.lt(one.node, high), e.add(one.node, e.constant(1)), low)
        actions.append(action(f"turn{number}", e.TRUE, {one.name: following}))
    return system(variables, *actions)


# ---------------------------------------------------------------- the comparison can fail


@pytest.mark.parametrize(
    "changed",
    [
        {"steps": 7},
        {"initial": 2},
        {"expanded": 3},
        {"complete": False},
        {"reason": "bored"},
        {"covers": 2},
        {"mishaps": []},
        {"states": [0, 1, 2, 3]},
        {"parents": np.zeros(4, dtype=np.int32)},
        {"labels": np.ones(3, dtype=np.int8)},
        {"fired": np.zeros(1, dtype=np.uint8)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_difference_is_noticed(changed: dict[str, Any]) -> None:
    """Every part of a graph is compared."""
    x = integer("x", 0, 3)
    over = hazard(e.eq(x.node, e.constant(3)), "domain", "x")
    up = action("up", e.TRUE, {"x": e.add(x.node, e.constant(1))}, hazards=(over,))
    graph = explore(under(system([truth("f"), x], up)))
    assert_same(graph, replace(graph))
    with pytest.raises(TiersDiffer):
        assert_same(graph, replace(graph, **changed))
    with pytest.raises(TiersDiffer):
        assert_same(graph, "IllFormedSystem: x")


# ---------------------------------------------------------------- layouts of states

LAYOUTS = {
    "one bit": [truth("f")],
    "nothing": [integer("x", 5, 5, (5,)), integer("y", -(2**90), -(2**90), (-(2**90),))],
    "63 bits": [wide("x", 63, 0)],
    "63 bits below zero": [wide("x", 63, -(2**63) + 1)],
    "63 bits far away": [wide("x", 63, 2**90)],
    "64 bits": [wide("x", 63, -(2**62)), truth("f")],
    "65 bits": [wide("x", 63, -5), truth("f"), truth("g")],
    "edge of a word": [wide("x", 40, -7), wide("y", 24, 3), wide("z", 1, 9), wide("t", 63, 0)],
    "gap at the end of a word": [wide("x", 40, 0), wide("y", 40, 0), wide("z", 40, -1)],
    "128 bits": [wide("x", 32, 0), wide("y", 32, -3), wide("z", 63, 5), truth("f")],
    "512 bits": [wide(f"x[{i}]", 32, -i) for i in range(16)],
    "577 bits": [*(wide(f"x[{i}]", 63, i) for i in range(9)), truth("f"), truth("g")],
    "600 truth values": [truth(f"f[{i}]") for i in range(600)],
    "labels": [Variable(f"l[{i}]", Domain(EnumSort(tuple("abcde")), 0, 4), (i % 5,)) for i in range(30)],
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts(name: str) -> None:
    """States of one word and of many, slots up to the last bit of a word, values far from zero."""
    variables = LAYOUTS[name]
    graph = same_in_both(turning(variables), max_states=700)
    bits = {"512 bits": 512, "577 bits": 577, "64 bits": 64, "128 bits": 128, "nothing": 0}
    assert graph.packing.bits == bits.get(name, graph.packing.bits)
    first = {one.name: one.initial[0] for one in variables}
    assert graph.state(0) == first


@pytest.mark.parametrize("width", [1, 2, 4, 5, 7, 13, 16, 31, 32, 33, 48, 63])
@pytest.mark.parametrize(("low", "apart"), [(0, False), (-3, False), (-3, True)])
def test_computed_index(width: int, low: int, apart: bool) -> None:
    """A row is read and written at a computed index, within a word and across words, and beyond it."""
    length = max(3, min(30, 150 // width))
    at = integer("at", -2, length + 1, (-2,))
    between = truth("between")
    row = [
        Variable(f"row[{i}]", Domain(INT, low, low + 2**width - 1), (low + i % 2**width,))
        for i in range(length)
    ]
    read = e.select(e.array(one.node for one in row), at.node)
    middle = e.constant(low + 2 ** (width - 1))
    chosen = system(
        [between, *row[:2], at, *row[2:]] if apart else [between, at, *row],
        action("on", e.lt(at.node, e.constant(length + 1)), {"at": e.add(at.node, e.constant(1))}),
        action("write", e.TRUE, put(row, at.node, e.constant(low))),
        action("copy", e.lt(read, middle), {"row[0]": read, "between": e.le(middle, read)}),
    )
    graph = same_in_both(chosen, max_states=250)
    assert assert_same_predicate(graph, e.lt(read, middle))
    later = [e.next_variable(one.name, INT) for one in row]
    assert assert_same_edge_predicate(graph, e.lt(read, e.select(e.array(later), at.node)))


def test_rows_without_a_stride() -> None:
    """Elements of different types, in any order, and constants, are read at a computed index."""
    at = integer("at", -1, 5, range(-1, 6))
    x, y, z = wide("x", 20, 0), wide("y", 63, -(2**62)), wide("z", 3, 100)
    f, g = truth("f", (True,)), truth("g")
    numbers = e.array([z.node, x.node, y.node, e.constant(7), e.constant(-(2**40))])
    truths = e.array([g.node, f.node, e.lt(x.node, z.node), e.TRUE])
    constants = e.array([e.constant(k * k - 5) for k in range(5)])
    graph = same_in_both(
        system(
            [f, at, y, g, x, z],
            action("flip", e.select(truths, at.node), {"g": e.neg(g.node)}),
            action(
                "fill",
                e.TRUE,
                {"z": e.add(e.modulo(e.select(constants, at.node), e.constant(8)), e.constant(100))},
            ),
        )
    )
    for expression in (
        e.lt(e.select(numbers, at.node), e.mul(x.node, e.constant(2**42))),
        e.select(truths, at.node),
        e.select(constants, at.node),
    ):
        assert assert_same_predicate(graph, expression)
    assert len(graph) == 14


# ---------------------------------------------------------------- integers


@pytest.fixture(scope="module")
def extremes() -> StateGraph:
    """Every combination of extreme values of two wide variables, and a small one."""
    a = Variable("a", Domain(INT, 2 - 2**62, 2**62 - 2), (2 - 2**62, -1, 0, 3, 2**62 - 2))
    b = Variable("b", Domain(INT, 2**61, 2**62 - 1), (2**61, 2**61 + 1, 2**62 - 1))
    c = integer("c", -3, 3, range(-3, 4))
    return explore(under(system([a, b, c])), tier="native")


A, B, C = (e.variable(name, INT) for name in "abc")
NUMBER = e.constant


@pytest.mark.parametrize(
    "expression",
    [
        e.lt(e.mul(A, B), NUMBER(-(2**123))),
        e.eq(e.mul(A, A), NUMBER((2**62 - 2) ** 2)),
        e.le(e.sub(e.mul(A, B), e.mul(B, A)), C),
        e.lt(e.add(e.mul(A, B), A), e.mul(A, e.add(B, NUMBER(1)))),
        e.lt(e.maximum(e.mul(A, B), e.mul(C, B)), e.minimum(A, NUMBER(2**100))),
        e.lt(e.absolute(e.mul(A, NUMBER(2**60))), e.mul(B, NUMBER(2**60))),
        e.eq(e.ite(e.lt(A, C), e.mul(A, B), e.mul(B, C)), NUMBER(3 * 2**62)),
        e.ite(e.lt(e.mul(A, B), NUMBER(9)), C, e.mul(C, NUMBER(2))),
        e.select(e.array([C, e.minimum(e.maximum(e.mul(A, B), NUMBER(-5)), NUMBER(5))]), C),
        e.lt(e.select(e.array([e.mul(A, B), A, C]), C), e.mul(C, C)),
        e.floordiv(A, C),
        e.modulo(A, C),
        e.floordiv(A, B),
        e.modulo(C, A),
        e.floordiv(e.sub(C, NUMBER(1)), C),
        e.modulo(e.mul(C, NUMBER(7)), e.sub(NUMBER(0), C)),
        e.add(e.mul(C, NUMBER(2**59)), C),
        e.le(e.add(A, NUMBER(2**63)), NUMBER(2**63 - 1)),
    ],
    ids=repr,
)
def test_wide_numbers(extremes: StateGraph, expression: e.Expression) -> None:
    """Products of more than 64 bits, divisions of either sign and by zero are exact."""
    assert assert_same_predicate(extremes, expression)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        (e.eq(e.mul(e.mul(A, B), A), C), "more than 127 bits"),
        (e.eq(e.add(A, NUMBER(2**127)), C), "more than 127 bits"),
        (e.eq(e.floordiv(e.mul(A, B), C), C), "a division of integers wider than 63 bits"),
        (e.mul(A, B), "a value wider than 63 bits"),
    ],
    ids=repr,
)
def test_numbers_that_machine_code_leaves_to_python(
    extremes: StateGraph, expression: e.Expression, why: str
) -> None:
    """What may need more than 127 bits is refused, whatever its value is."""
    with pytest.raises(NotCompilable, match=why):
        compile_predicate(extremes.system, extremes.packing, expression)


def enormous(low: int, high: int, limit: int) -> TransitionSystem:
    """A variable is multiplied by itself twice, in a guard."""
    x = Variable("x", Domain(INT, low, high), (low,))
    cube = e.mul(e.mul(x.node, x.node), x.node)
    following = e.ite(e.lt(x.node, e.constant(low + 5)), e.add(x.node, e.constant(1)), e.constant(low))
    return system([x], action("up", e.lt(cube, e.constant(limit)), {"x": following}))


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        (enormous(2**50, 2**50 + 9, 2**151), "more than 127 bits"),
        (turning([wide("x", 64, 0)]), "x has more than 2.63 values"),
        (turning([wide("x", 5, 2**126)]), "x has values of more than 127 bits|more than 127 bits"),
    ],
    ids=["cube", "64 bits", "far away"],
)
def test_auto_stays_with_python(chosen: TransitionSystem, why: str) -> None:
    """Asked for machine code, it says why that cannot be; by itself it goes on in Python."""
    with pytest.raises(NotCompilable, match=why):
        explore(under(chosen), tier="native", max_states=50)
    python = explored(under(chosen), "python", max_states=50)
    for patience in (0, 3, 11):
        with switching_after(patience):
            auto = explored(under(chosen), "auto", max_states=50)
        assert isinstance(auto, StateGraph) and isinstance(auto.states, list)
        assert_same(python, auto)
    assert len(auto) > 5


def test_auto_without_llvm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where LLVM cannot be loaded, generated Python goes on."""

    def broken(*_: Any) -> None:
        raise OSError("cannot map the library")

    python = explored(under(fleet(2, 2)), "python")
    monkeypatch.setattr(machine_successors, "compile_successors", broken)
    with switching_after(5):
        assert_same(python, explored(under(fleet(2, 2)), "auto"))
    with pytest.raises(NotCompilable, match="cannot map the library"):
        explore(under(fleet(2, 2)), tier="native")


def test_division_by_zero_and_below() -> None:
    """Rounds towards minus infinity, and is 0 where the divisor is 0: in guards and in updates."""
    n, d, q = integer("n", -7, 7, range(-7, 8)), integer("d", -3, 3, range(-3, 4)), integer("q", -9, 9)
    quotient, rest = e.floordiv(n.node, d.node), e.modulo(n.node, d.node)
    graph = same_in_both(
        system(
            [n, d, q],
            action("divide", e.le(e.constant(-1), rest), {"q": quotient}),
            action("rest", e.lt(quotient, rest), {"q": rest}),
        )
    )
    for index in range(len(graph)):
        state = graph.state(index)
        for label, target in graph.steps_from(index):
            python = (state["n"] // state["d"], state["n"] % state["d"]) if state["d"] else (0, 0)
            assert graph.state(target)["q"] == python[label]


# ---------------------------------------------------------------- what goes wrong


def test_mishaps_with_choices() -> None:
    """The first choice of each hazard, the first hazard that holds, in order, and counted each time."""
    x = integer("x", 0, 20)
    c, d = symbol("c", -1, 3), symbol("d", 0, 2)
    value = e.add(x.node, e.mul(c.node, d.node))
    hazards = (
        hazard(e.eq(value, e.constant(7)), "assert", "seven"),
        hazard(e.lt(value, e.constant(0)), "domain", "below"),
        hazard(e.lt(e.constant(20), value), "domain", "above"),
        hazard(e.eq(e.modulo(value, e.constant(5)), e.constant(2)), "index", "two"),
    )
    p = symbol("p", 0, 1)
    add = action("add", e.TRUE, {"x": value}, choices=(c, d), hazards=hazards)
    give_up = action("give up", e.eq(x.node, p.node), parameters=(p,), hazards=(hazard(e.TRUE),))
    chosen = system([x], add, give_up)
    graph = same_in_both(chosen)
    reference = interpret(chosen, [{"x": 0}])
    assert reference is not None
    assert [(m.state, m.label, m.hazard) for m in graph.mishaps] == reference.mishaps
    assert (graph.steps, list(graph.labelled_edges())) == (reference.steps, reference.edges)
    assert len({m.hazard.name for m in graph.mishaps if m.hazard}) == 5


def test_bound_is_left() -> None:
    """What lies beyond the bound of a Nat is not followed, in both."""
    n = integer("n", 0, None, (0, 3), bound=40)
    m = integer("m", 0, None, bound=2**62)
    c = symbol("c", 0, 5)
    below = hazard(e.lt(e.sub(n.node, c.node), e.constant(0)), "domain", "n")
    graph = same_in_both(
        system(
            [n, truth("f"), m],
            action("up", e.TRUE, {"n": e.add(n.node, c.node)}, choices=(c,)),
            action("down", e.TRUE, {"n": e.sub(n.node, c.node)}, choices=(c,), hazards=(below,)),
            action(
                "far",
                e.lt(n.node, e.constant(4)),
                {"m": e.mul(e.add(n.node, m.node), e.constant(2**30))},
            ),
        ),
        max_states=2000,
    )
    assert graph.reason.startswith("Nat bound") and graph.covers == 2
    assert {m.hazard is None for m in graph.mishaps} == {True, False}


def test_unbounded_symbols() -> None:
    """A parameter beyond its bound leaves steps out, which both say."""
    x = integer("x", 0, 9)
    given = Symbol("p", e.bound("p", 0, 3), Domain(INT, 0, None, 3))
    graph = same_in_both(system([x], action("set", e.TRUE, {"x": given.node}, parameters=(given,))))
    assert (len(graph), graph.complete, graph.covers) == (4, False, 0)


def leaving(at: int) -> TransitionSystem:
    """Leaves its domain, without a hazard, in the state number `at`."""
    x, y = integer("x", 0, 300), integer("y", 0, 5)
    return system(
        [x, y],
        action("on", e.lt(x.node, e.constant(300)), {"x": e.add(x.node, e.constant(1))}),
        action("off", e.eq(x.node, e.constant(at)), {"y": e.sub(x.node, e.constant(at + 1))}),
    )


@pytest.mark.parametrize("at", [0, 1, 15, 16, 200])
def test_ill_formed(at: int) -> None:
    """An update that leaves its domain is refused with the same words."""
    python = explored(under(leaving(at)), "python")
    assert python == explored(under(leaving(at)), "native")
    assert str(python).startswith(
        f"IllFormedSystem: off assigns y a value outside its domain in state {at},"
    )
    with switching_after(at):
        assert python == explored(under(leaving(at)), "auto")


@pytest.mark.parametrize("limit", [198, 199, 200, 201, 202])
def test_ill_formed_beyond_the_limit(limit: int) -> None:
    """Whether it is reached before there are too many states does not depend on the tier."""
    python = explored(under(leaving(200)), "python", max_states=limit)
    assert_same(python, explored(under(leaving(200)), "native", max_states=limit))
    assert isinstance(python, str) == (limit > 200)


def test_ill_formed_says_which_variable() -> None:
    """The error carries the name."""
    with pytest.raises(IllFormedSystem) as caught:
        explore(under(leaving(3)), tier="native")
    assert caught.value.variable == "y"


# ---------------------------------------------------------------- many outcomes


@pytest.mark.parametrize("count", [7, 8, 9, 63, 64, 65, 255, 256, 257, 512, 601])
def test_many_outcomes(count: int) -> None:
    """Outcomes under a shared guard, in several functions, up to where compiling is done in haste."""
    x, at = integer("x", 0, 99), integer("at", 0, 2)
    p = symbol("p", 0, count - 1)
    third = e.constant(7)
    over = hazard(e.eq(e.add(x.node, p.node), third), "assert", "seven")
    chosen = system(
        [x, at],
        action(
            "on", e.lt(x.node, third), {"at": e.modulo(e.add(at.node, e.constant(1)), e.constant(3))}
        ),
        action(
            "many",
            e.conj(e.eq(at.node, e.constant(1)), e.lt(x.node, e.constant(50))),
            {"x": e.modulo(e.add(x.node, p.node), e.constant(100)), "at": e.constant(2)},
            parameters=(p,),
            hazards=(over,),
        ),
    )
    graph = same_in_both(chosen)
    assert len(graph.mishaps) > 0 and len(graph) > 5


@pytest.mark.parametrize("count", [1, 126, 127, 32_767])
def test_many_labels(count: int) -> None:
    """Labels take one, two or four bytes; a label whose guard can never hold is counted too."""
    x = integer("x", 0, 9)
    p = symbol("p", 0, count - 1)
    up = {"x": e.modulo(e.add(x.node, e.constant(1)), e.constant(10))}
    last = e.eq(p.node, e.constant(count - 1))
    chosen = system(
        [x], action("never", last, up, parameters=(p,)), action("back", e.TRUE, {"x": e.constant(0)})
    )
    graph = same_in_both(chosen)
    assert set(graph.labels.tolist()) == {count - 1, count}
    assert graph.labels.dtype == graph.parent_labels.dtype
    assert graph.fired.tolist() == [0] * (count - 1) + [3, 3]


# ---------------------------------------------------------------- where it begins, and where it stops


def test_initial_states() -> None:
    """Several, computed from others, and only those that are well-formed."""
    x, f = integer("x", -3, 3, None), truth("f", None)
    y = integer("y", 0, 9, e.mul(x.node, x.node))
    z = integer("z", -9, 20, e.sub(y.node, x.node))
    made = turning([x, f, y])
    chosen = TransitionSystem(
        "Begun",
        (),
        (*made.variables, z),
        made.actions,
        wellformed=e.disj(f.node, e.lt(x.node, e.constant(2))),
    )
    graph = same_in_both(chosen)
    assert graph.initial == 12
    nowhere = replace(chosen, wellformed=e.FALSE)
    assert_same(explored(under(nowhere), "python"), explored(under(nowhere), "native"))


@pytest.mark.parametrize("width", [8, 70])
def test_many_initial_states(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many that machine code enters them: all, as many as wanted, or up to one that is wanted."""
    x, y = integer("x", 0, 99, None), integer("y", 0, 89, None)
    z = integer("z", 0, 2**width - 1, e.add(x.node, y.node))
    turn = action("turn", e.TRUE, {"y": e.ite(e.lt(y.node, e.constant(70)), y.node, e.constant(0))})
    uneven = e.eq(e.modulo(z.node, e.constant(2)), e.constant(1))
    chosen = TransitionSystem("Many", (), (x, y, z), (turn,), wellformed=uneven)
    monkeypatch.setattr(exploration, "_MANY_INITIAL", 1000)
    late = e.conj(e.eq(x.node, e.constant(95)), e.eq(y.node, e.constant(0)))
    cases: list[dict[str, Any]] = [{}, {"max_states": 3000}, {"max_states": 10}, {"stop_when": [late]}]
    for options in cases:
        python = explored(under(chosen), "python", **options)
        auto = explored(under(chosen), "auto", **options)
        assert_same(python, auto)
        assert isinstance(auto, StateGraph)
        by_machine = width == 8 and options != {"max_states": 10}
        assert isinstance(auto.states, PackedStates) == by_machine
    assert len(explore(under(chosen))) > auto.initial


@pytest.mark.parametrize("keep_edges", [True, False])
@pytest.mark.parametrize("limit", [0, 1, 2, 15, 16, 17, 250, 4095])
def test_most_states(limit: int, keep_edges: bool) -> None:
    """It stops after the same state."""
    native = explored(under(fleet(3, 6)), "native", max_states=limit, keep_edges=keep_edges)
    python = explored(under(fleet(3, 6)), "python", max_states=limit, keep_edges=keep_edges)
    assert_same(python, native)
    assert isinstance(python, StateGraph) and python.reason == f"more than {limit} states"


@pytest.mark.parametrize("limit", [2**31 - 2, 2**31, 10**30])
def test_a_limit_that_is_never_reached(limit: int) -> None:
    """More states than can be numbered is no limit at all."""
    assert same_in_both(fleet(2, 2), max_states=limit).complete


@pytest.mark.parametrize("digits", [2, 3, 60])
def test_stop_when(digits: int) -> None:
    """It stops after the same piece of work, however many outcomes there are."""
    chosen = counter(digits, 4)
    nodes = [one.node for one in chosen.variables]
    for wanted in (
        e.eq(nodes[0], e.constant(0)),
        e.eq(nodes[-1], e.constant(3)),
        e.conj(*(e.eq(node, e.constant(2)) for node in nodes[:2])),
        e.lt(nodes[0], e.constant(0)),
    ):
        options: dict[str, Any] = {"stop_when": [wanted], "max_states": 3000}
        python = explored(under(chosen), "python", **options)
        assert_same(python, explored(under(chosen), "native", **options))
        with switching_after(40):
            assert_same(python, explored(under(chosen), "auto", **options))


def test_going_over_anywhere() -> None:
    """From generated Python to machine code after any piece of work."""
    python = explored(under(fleet(2, 3)), "python")
    assert isinstance(python, StateGraph)
    went_over = set()
    for patience in range(0, 4 * python.steps, 60):
        with switching_after(patience):
            auto = explored(under(fleet(2, 3)), "auto")
        assert_same(python, auto)
        assert isinstance(auto, StateGraph)
        went_over.add(isinstance(auto.states, PackedStates))
    assert went_over == {True, False}


# ---------------------------------------------------------------- large ones


@pytest.fixture(scope="module")
def many() -> StateGraph:
    """So many states that arrays and table are made larger more than once."""
    return same_in_both(counter(5, 9))


def test_growth(many: StateGraph) -> None:
    """59,049 states, also without edges, and with generated Python for the first half."""
    assert (len(many), many.steps) == (59_049, 295_245)
    without = explore(under(counter(5, 9)), tier="native", keep_edges=False)
    assert (without.steps, without.digest, len(without.targets)) == (295_245, many.digest, 0)
    assert without.parents.tolist() == many.parents.tolist()
    with switching_after(150_000):
        auto = explored(under(counter(5, 9)), "auto")
    assert isinstance(auto, StateGraph) and isinstance(auto.states, PackedStates)
    assert_same(many, auto)


class Counted:
    """A function that counts its calls."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.calls = 0

    def __call__(self, *arguments: Any) -> Any:
        self.calls += 1
        return self.function(*arguments)


def test_predicates_of_many_states(many: StateGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above some number of states or edges predicates are machine code, and say the same."""
    graph = many
    digits = [one.node for one in graph.system.variables]
    total = digits[0]
    for digit in digits[1:]:
        total = e.add(e.mul(total, e.constant(-10)), digit)
    later = e.next_variable(digits[2].payload, INT)
    monkeypatch.setattr(exploring, "_MANY", len(graph))
    monkeypatch.setattr(machine_predicates, "compile_predicate", counted := Counted(compile_predicate))
    of_state = evaluate_all(graph, total)
    of_edge = evaluate_edges(graph, e.lt(digits[2], later))
    assert counted.calls == 2
    assert of_state.tolist() == list(state_function(graph.system, graph.packing, total)(graph.states))
    after = (
        [graph.states[target] for _, target in graph.steps_from(index)] for index in range(len(graph))
    )
    generated = edge_function(graph.system, graph.packing, e.lt(digits[2], later))(graph.states, after)
    assert of_edge.tolist() == [bool(value) for value in generated]
    assert of_state.dtype == np.int64 and of_edge.dtype == np.bool_


def test_positions(many: StateGraph) -> None:
    """States are found by their value, and nothing else is."""
    graph = many
    for index in (0, 1, 777, 59_048):
        assert graph.positions[graph.states[index]] == index
        assert graph.index(graph.state(index)) == index
    for packed in (-1, 9, 2**64 - 1, 2**64, 2**200):
        assert packed not in graph.positions
    assert len(graph.positions) == len(graph) == len(set(graph.positions))


@pytest.mark.parametrize("tier", ["python", "native"])
def test_graphs_are_copied_and_pickled(tier: str) -> None:
    """Whatever explored it, and whatever has been asked of it."""
    graph = explored(under(fleet(2, 2)), tier)
    assert isinstance(graph, StateGraph)
    assert graph.index(graph.state(3)) == 3
    assert_same(graph, pickle.loads(pickle.dumps(graph)))
    assert_same(graph, deepcopy(graph))


# ---------------------------------------------------------------- kernels, in CPython


class Bounded:
    """An array that is only read and written inside, and as a kernel sees it."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Bounded(self.array[index.start :])
        assert 0 <= index < len(self.array)
        return self.array[index].item()

    def __setitem__(self, index: int, value: int) -> None:
        assert 0 <= index < len(self.array)
        bits = 8 * self.array.dtype.itemsize
        self.array[index] = np.array([value % 2**bits], dtype=np.uint64).view(self.array.dtype)[0]


class ByAddress:
    """Compiled successors, called from CPython."""

    def __init__(self, address: int) -> None:
        self.function = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_void_p] * 4)(address)

    def __call__(self, *rows: Bounded) -> int:
        return int(self.function(*(row.array.ctypes.data for row in rows)))


@pytest.mark.parametrize("keep_edges", [True, False])
def test_search_by_the_same_kernels_in_cpython(
    keep_edges: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loops of the search never leave their arrays, and do in CPython what they do compiled."""
    chosen = counter(7, 3)
    compiled = explored(under(chosen), "native", keep_edges=keep_edges)
    code = compile_successors(chosen, packing_of(chosen.variables))

    def expand(self: NativeSearch) -> int:
        search = Interpretable(self, ByAddress(code.address))
        return search.expand()

    monkeypatch.setattr(NativeSearch, "_expand", expand)
    assert_same(compiled, explored(under(chosen), "native", keep_edges=keep_edges))


class Interpretable:
    """The arguments of `expand`, or of `expand_keys`, for CPython."""

    def __init__(self, search: NativeSearch, successors: ByAddress) -> None:
        self.search = search
        self.successors = successors

    def expand(self) -> int:
        """One piece of work."""
        given: list[Any] = []
        monitored = search_kernels.expand if self.search.keep_edges else key_kernels.expand_keys

        def gather(*arguments: Any) -> int:
            given.extend(arguments)
            return 0

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(search_kernels, "expand", gather)
            patch.setattr(key_kernels, "expand_keys", gather)
            ORIGINAL_EXPAND(self.search)
        rows = [Bounded(one) if isinstance(one, np.ndarray) else one for one in given[1:]]
        with pytest.MonkeyPatch.context() as patch:
            # Words wrap, in machine code.
            patch.setattr(search_kernels.hash_of, "function", hash_in_cpython)
            return int(monitored.interpreted(self.successors, *rows))


ORIGINAL_EXPAND = NativeSearch._expand


def hash_in_cpython(words: Bounded, first: int, width: int) -> int:
    """`hash_of`, modulo 2^64."""
    most, mixed = 2**64 - 1, 0x9E3779B97F4A7C15
    for k in range(width):
        mixed = (mixed ^ words[first + k]) * 0xD6E8FEB86659FD93 & most
        mixed ^= mixed >> 32
    mixed = mixed * 0xD6E8FEB86659FD93 & most
    return mixed ^ (mixed >> 29)
