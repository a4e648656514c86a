"""Initial states: products, computed values, circles, and spaces too large to list."""

from __future__ import annotations

from itertools import islice

import pytest
from small_systems import integer, system, truth, under

from checker.explicit.explore import explore
from checker.explicit.initial_states import BadInitialValue, InitialStates
from checker.explicit.packing import packing_of
from checker.system import expression as e
from checker.system.sorts import BOOL, INT, Domain
from checker.system.transition_system import Variable


def initial_of(variables: list[Variable]) -> list[dict]:
    """The initial states, in order."""
    graph = explore(under(system(variables)))
    assert graph.initial == len(graph)
    return [graph.state(index) for index in range(len(graph))]


def test_product_in_ascending_order() -> None:
    """The last variable varies fastest, and every value of a domain is taken where none is given."""
    found = initial_of([integer("x", -1, 5, (4, 2)), truth("f", None), integer("y", 1, 1, None)])
    assert found == [{"x": x, "f": f, "y": 1} for x, f in [(4, False), (4, True), (2, False), (2, True)]]


def test_repeated_values_count_once() -> None:
    """`init=(1, 1)` is one initial state."""
    assert initial_of([integer("x", 0, 5, (1, 1))]) == [{"x": 1}]


def test_computed_from_each_other() -> None:
    """A value computed from a computed value, declared before what it needs."""
    x, y, z = (e.variable(name, INT) for name in "xyz")
    variables = [
        integer("z", 0, 99, e.mul(y, e.constant(2))),
        integer("y", 0, 99, e.add(x, e.constant(10))),
        integer("x", 0, 3, None),
        Variable("f", Domain(BOOL, 0, 1), e.lt(z, e.constant(24))),
    ]
    assert initial_of(variables) == [
        {"z": 2 * (x + 10), "y": x + 10, "x": x, "f": 2 * (x + 10) < 24} for x in range(4)
    ]


def test_circle_is_named() -> None:
    """Initial values that need each other have no value."""
    x, y = e.variable("x", INT), e.variable("y", INT)
    variables = [
        integer("x", 0, 9, e.add(y, e.constant(1))),
        integer("y", 0, 9, e.add(x, e.constant(1))),
    ]
    with pytest.raises(BadInitialValue, match="x → y → x"):
        initial_of(variables)


def test_value_outside_its_domain() -> None:
    """A given or computed value that does not fit is an error, not another state."""
    with pytest.raises(BadInitialValue, match="x cannot be 7"):
        initial_of([integer("x", 0, 5, (7,))])
    x = e.variable("x", INT)
    with pytest.raises(BadInitialValue, match="y is initially outside"):
        initial_of([integer("x", 0, 5, None), integer("y", 0, 5, e.add(x, e.constant(1)))])


def test_beyond_a_bound_is_left_out_and_said() -> None:
    """Where a Nat may start anywhere, a bound leaves initial states out."""
    for initial in (None, (1, 12)):
        graph = explore(under(system([integer("n", 0, None, initial, bound=9)])))
        assert not graph.complete
        assert graph.reason.startswith("Nat bound")
        assert graph.covers == 0
    x = e.variable("x", INT)
    variables = [integer("x", 0, 5, None), integer("n", 0, None, e.mul(x, x), bound=9)]
    graph = explore(under(system(variables)))
    assert (len(graph), graph.complete, graph.covers) == (4, False, 0)
    assert explore(under(system([integer("n", 0, None, (1,), bound=9)]))).complete


def test_enormous_space_is_streamed() -> None:
    """The first of 10^24 initial states come at once, whatever the shape of the domains."""
    for variables in (
        [integer(f"x[{i}]", 0, 9, None) for i in range(24)],
        [integer("x", 0, 10**24, None)],
    ):
        chosen = system(variables)
        states = InitialStates(chosen, packing_of(chosen.variables))
        batches = list(islice(states.batches(), 3))
        assert sum(map(len, batches)) == len({word for batch in batches for word in batch}) > 0
