"""Successors whose code was kept in a file are those of the code as LLVM has it in memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from both_tiers import assert_same, code_kept_in, explored
from small_systems import action, fleet, integer, put, symbol, system, under
from wide_systems import wide_system

from checker.explicit.packing import NotCompilable
from checker.native import code_cache
from checker.system import expression as e
from checker.system.transition_system import TransitionSystem

pytestmark = pytest.mark.skipif(code_cache.folder() is None, reason="nothing can be kept on this system")


def by_tables() -> TransitionSystem:
    """Every next value comes from a row of constants: numbers, large ones, truth values."""
    row = [integer(f"row[{i}]", 0, 6) for i in range(3)]
    i = symbol("i", 0, 2)
    here = e.select(e.array(one.node for one in row), i.node)
    following = [e.constant(n) for n in (3, 0, 6, 1, 5, 2, 4)]
    far = [e.constant((n * 2**68) % (2**90 + 7)) for n in range(7)]
    allowed = [e.TRUE, e.FALSE, e.TRUE, e.TRUE, e.FALSE, e.TRUE, e.TRUE]
    step = e.select(e.array(following), here)
    turned = e.ite(e.lt(e.select(e.array(far), here), e.constant(2**80)), step, e.constant(0))
    return system(
        row,
        action("turn", e.select(e.array(allowed), here), put(row, i.node, step), parameters=(i,)),
        action("far", e.TRUE, put(row, i.node, turned), parameters=(i,)),
        name="Tables",
    )


def compare(chosen: TransitionSystem, folder: Path) -> None:
    """In memory, just compiled, and read from the file."""
    with code_kept_in(None):
        before = explored(under(chosen), "native", max_states=300)
    for _ in range(2):
        with code_kept_in(folder):
            assert_same(before, explored(under(chosen), "native", max_states=300))


@pytest.mark.parametrize("chosen", [fleet(3, 2), by_tables()], ids=lambda chosen: chosen.name)
def test_systems_with_tables(chosen: TransitionSystem, tmp_path: Path) -> None:
    """Constants are read from where the file was put."""
    compare(chosen, tmp_path)
    assert [*tmp_path.glob("*.code")]


def test_random_systems(tmp_path: Path) -> None:
    """Wide states, huge numbers, everything that can go wrong."""
    compiled = 0
    for seed in range(40):
        try:
            compare(wide_system(seed).system, tmp_path)
            compiled += 1
        except NotCompilable:
            continue
        if compiled == 8:
            break
    assert compiled == 8 and len([*tmp_path.glob("*.code")]) >= 8
