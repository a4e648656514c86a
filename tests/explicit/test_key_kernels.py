"""A table of the states themselves tells the known from the new, also where they crowd together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from both_tiers import assert_same, explored
from small_systems import action, hazard, integer, symbol, system, under

from checker.explicit import key_kernels, search_kernels
from checker.explicit.explore import explore
from checker.explicit.native_search import NativeSearch
from checker.system.expression import array, constant, eq, select
from checker.system.transition_system import TransitionSystem, Variable

SIZE = 39
"""Bits of a state of which the first table holds 23, and 9 for how far it was pushed."""

FACTORS = (0xD6E8FEB86659FD93, 0x9E3779B97F4A7C15)


def scatter(state: int, size: int) -> int:
    """The kernel, run by CPython on numbers that wrap like machine words."""
    with np.errstate(over="ignore"):
        return int(key_kernels.scatter.interpreted(np.uint64(state), size))


def unscatter(mixed: int, size: int) -> int:
    """What is scattered to this, worked out backwards."""
    ones = (1 << size) - 1
    half = (size + 1) >> 1
    for factor in reversed(FACTORS):
        mixed = mixed * pow(factor, -1, 1 << size) & ones
        mixed ^= mixed >> half
    return mixed


@pytest.mark.parametrize("size", range(1, 65))
def test_no_two_states_are_scattered_to_the_same(size: int) -> None:
    """It can be undone, at every size, so different states stay different."""
    draw = np.random.default_rng(size)
    some = draw.integers(0, 1 << min(size, 63), 100, dtype=np.uint64, endpoint=size > 63)
    for state in {0, 1, (1 << size) - 1, *map(int, some)}:
        state &= (1 << size) - 1
        mixed = scatter(state, size)
        assert mixed < 1 << size
        assert unscatter(mixed, size) == state


def crowd(count: int, bits: int = 16) -> list[int]:
    """States whose place in a table of 2^bits entries is the same, the last one."""
    left = SIZE - bits
    place = ((1 << bits) - 1) << left
    return sorted(unscatter(place | rest, SIZE) for rest in range(0, 7 * count, 7))


def entered(states: list[int], bits: int) -> tuple[int, np.ndarray]:
    """What entering them returns, and the table."""
    table = np.zeros(1 << bits, dtype=np.uint32)
    words = np.array(states, dtype=np.uint64)
    return key_kernels.enter_keys(words, SIZE, 0, len(states), table, bits), table


def test_crowded() -> None:
    """So many as can be told apart find room, over the table's end as well; one more does not."""
    most = (1 << 9) - 1
    done, table = entered(crowd(most), 16)
    assert done == search_kernels.DONE
    assert np.count_nonzero(table) == len(set(table[table > 0].tolist())) == most
    assert np.count_nonzero(table[:most]) == most - 1
    assert entered(crowd(most + 1), 16)[0] == key_kernels.CROWDED
    assert entered(crowd(most + 1), 17)[0] == search_kernels.DONE


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The sizes of the tables that a native search makes, as powers of two."""
    made: list[int] = []
    original = NativeSearch._rebuild

    def rebuild(self: NativeSearch, states: int, bits: int = 0) -> None:
        original(self, states, bits)
        made.append(self.bits)

    monkeypatch.setattr(NativeSearch, "_rebuild", rebuild)
    yield made


def large(initial: list[int]) -> Variable:
    """A variable that needs all the bits."""
    return integer("x", 0, (1 << SIZE) - 1, initial)


def leap(states: list[int]) -> TransitionSystem:
    """From 0 to any of these states, and from each of them to itself, to 0, or nowhere for an error."""
    x, i = large([0]), symbol("i", 0, len(states) - 1)
    there = select(array([constant(state) for state in states]), i.node)
    wrong = hazard(eq(x.node, constant(states[5])), "assert", "not here", 3)
    home = action("home", eq(x.node, there), {"x": constant(0)}, parameters=(i,))
    stay = action("stay", eq(x.node, constant(states[3])), {"x": x.node}, hazards=(wrong,))
    look = action("look", eq(x.node, constant(0)), {"x": there}, parameters=(i,), hazards=(wrong,))
    fail = action("fail", eq(x.node, constant(states[5])), {"x": constant(0)}, hazards=(wrong,))
    return system([x], look, home, stay, fail, name="Leap")


def test_initial_states_that_crowd(tables: list[int]) -> None:
    """A larger table is made, and nothing is lost."""
    states = crowd(600)
    model = system(
        [large(states)], action("go", eq(large([0]).node, constant(states[1])), {"x": constant(9)})
    )
    assert_same(
        explored(under(model), "python", keep_edges=False),
        explored(under(model), "native", keep_edges=False),
    )
    assert tables[-1] == 17


def test_successors_that_crowd(tables: list[int]) -> None:
    """Steps, labels and errors are counted once, though some are made twice."""
    model = leap(crowd(600))
    python = explored(under(model), "python", keep_edges=False)
    assert_same(python, explored(under(model), "native", keep_edges=False))
    assert tables[-1] == 17
    graph = explore(under(model), tier="native", keep_edges=False)
    assert len(graph) == 601 and len(graph.mishaps) == 1
    for most in (1, 300, 510, 511, 512, 513, 600):
        assert_same(
            explored(under(model), "python", keep_edges=False, max_states=most),
            explored(under(model), "native", keep_edges=False, max_states=most),
        )


def test_no_numbers_where_they_are_not_needed(tables: list[int]) -> None:
    """With edges the table is one of numbers, to which a crowd does no harm."""
    model = leap(crowd(600))
    assert_same(explored(under(model), "python"), explored(under(model), "native"))
    assert set(tables) == {16}
