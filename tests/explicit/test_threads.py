"""Several threads explore the same graph as one, whatever the order in which they work."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from both_tiers import assert_same, explored
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from random_systems import systems
from small_systems import action, counter, fleet, integer, under
from small_systems import system as made_of
from wide_systems import wide_system

from checker.explicit import parallel_kernels as kernels
from checker.explicit import parallel_search
from checker.explicit import parallel_table_kernels as tables
from checker.explicit.explore import explore
from checker.explicit.packing import NotCompilable
from checker.explicit.parallel_search import ParallelSearch
from checker.explicit.search_kernels import find
from checker.explicit.state_graph import StateGraph
from checker.explicit.team import Team
from checker.regimes.regime import FINITELY_MANY, NONE, UNBOUNDED
from checker.system import expression as e
from checker.system.transition_system import TransitionSystem

EXAMPLES = int(os.environ.get("RECONVERGE_EXAMPLES", "25"))
MANY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    # A smaller seed is no smaller system.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@contextmanager
def willing(guards: int = 400, pieces: int = 3, **others: Any) -> Iterator[list[bool]]:
    """Small systems are worth several threads, in chunks of so many guards for each.

    Yields a list that gets True for each chunk that was explored together, False for each that was
    taken back.
    """
    chunks: list[bool] = []
    together = ParallelSearch._expand_together

    def counted(search: ParallelSearch, count: int) -> bool:
        chunks.append(together(search, count))
        return chunks[-1]

    limits = {
        "_FEW": 0,
        "_LEAST_GUARDS": 1,
        "_ALONE_GUARDS": 1,
        "_MOST_GUARDS": guards,
        "_PIECES": pieces,
        "_ENTERED": 100,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**limits, **others}.items():
            patch.setattr(parallel_search, name, value)
        patch.setattr(ParallelSearch, "_expand_together", counted)
        yield chunks


@contextmanager
def one_after_the_other(order: Callable[[int], list[int]]) -> Iterator[None]:
    """Nobody works at the same time; pieces are done in an order of our choice."""

    def together(team: Team, share: Callable[[int], None]) -> None:
        plan = share.__self__.plan  # type: ignore[attr-defined]
        count = int(plan[kernels.PIECES])
        for piece in order(count):
            plan[kernels.NEXT], plan[kernels.PIECES] = piece, piece + 1
            share(piece % team.size)
        plan[kernels.PIECES] = count

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Team, "together", together)
        yield


def crowded() -> TransitionSystem:
    """Three like counters that also change places: most states are found many times in one level."""
    row = [integer(f"place[{i}]", 0, 13) for i in range(3)]
    steps = [
        action(
            f"up{i}{by}", e.TRUE, {one.name: e.modulo(e.add(one.node, e.constant(by)), e.constant(14))}
        )
        for i, one in enumerate(row)
        for by in (1, 3)
    ]
    a, b, c = row
    steps.append(action("turn", e.TRUE, {a.name: b.node, b.name: c.node, c.name: a.node}))
    steps.append(action("change", e.TRUE, {a.name: b.node, b.name: a.node}))
    return made_of(row, *steps, name="Crowded")


# ---------------------------------------------------------------- the same graph


@pytest.mark.parametrize("keep_edges", [True, False])
@pytest.mark.parametrize("threads", [2, 3, 8])
def test_known_counts(threads: int, keep_edges: bool) -> None:
    """The fleet with its 103,674 states and 819,048 steps, tables rebuilt by all threads on the way."""
    options = {"tier": "native", "keep_edges": keep_edges}
    one = explore(under(fleet(4, 6)), **options)
    with willing(guards=20_000) as chunks:
        graph = explore(under(fleet(4, 6)), threads=threads, **options)
    assert (len(graph), graph.steps) == (103_674, 819_048)
    assert sum(chunks) > 10
    assert_same_arrays(one, graph)


def assert_same_arrays(one: StateGraph, other: StateGraph) -> None:
    """What `assert_same` looks at, faster, without what is computed from it."""
    for name in ("words", "parents", "parent_labels", "offsets", "targets", "labels", "fired"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    for name in ("initial", "expanded", "mishaps", "steps", "complete", "reason", "covers", "digest"):
        assert getattr(one, name) == getattr(other, name), name


@MANY
@given(st.integers(0, 2**48))
def test_wide_systems_with_threads(seed: int) -> None:
    """States of many words, mishaps, ill-formed updates, limits, edges or not: no difference."""
    for said in compare_seed(seed):
        event(said)


@settings(MANY, max_examples=max(10, EXAMPLES // 4))
@given(systems(), systems(wide=True), st.integers(2, 4), st.integers(1, 60))
def test_small_systems_with_threads(
    narrow: TransitionSystem, wide: TransitionSystem, threads: int, guards: int
) -> None:
    """The systems that generated Python is compared with the reference interpreter on."""
    for chosen in (narrow, wide):
        try:
            one = explored(under(chosen), "native", max_states=400)
        except NotCompilable:
            event("only generated Python")
            continue
        with willing(guards) as chunks:
            assert_same(one, explored(under(chosen), "native", max_states=400, threads=threads))
        event("together" if any(chunks) else "alone")


def compare_seed(seed: int) -> list[str]:
    """Compare one and several threads on the random system of a seed, and say what it was like.

    Raises
    ------
    TiersDiffer
    """
    draw = random.Random(f"threads {seed}")
    made = wide_system(seed)
    chosen = draw.choice([UNBOUNDED, UNBOUNDED, FINITELY_MANY, NONE]).apply(made.system)
    options = {
        "max_states": draw.choice([900, draw.randint(0, 40), draw.randint(0, 1500)]),
        "keep_edges": draw.random() < 0.75,
    }
    try:
        one = explored(chosen, "native", **options)
    except NotCompilable as refusal:
        return [str(refusal)]
    said = [one.partition(":")[0] if isinstance(one, str) else one.reason or "complete"]
    limits = {"guards": draw.choice([1, 30, 1000, 20_000]), "pieces": draw.choice([1, 2, 5])}
    if draw.random() < 0.2:
        limits["_SPARE_CLAIMS"] = draw.choice([0.01, 0.5])
    threads = draw.choice([2, 2, 3, 8])
    with willing(**limits) as chunks:
        assert_same(one, explored(chosen, "native", threads=threads, **options))
        with one_after_the_other(lambda count: draw.sample(range(count), count)):
            assert_same(one, explored(chosen, "native", threads=threads, **options))
    said.append(f"{min(9, sum(chunks))} or more chunks, {min(9, chunks.count(False))} taken back")
    return said


@pytest.mark.parametrize(
    "order",
    [
        lambda count: list(range(count)),
        lambda count: list(reversed(range(count))),
        lambda count: [*range(1, count, 2), *range(0, count, 2)],
    ],
)
def test_order_of_the_pieces(order: Callable[[int], list[int]]) -> None:
    """Later pieces before earlier ones: what they claimed is taken from them."""
    chosen = under(crowded())
    one = explore(chosen, tier="native")
    with willing(guards=2000, pieces=8) as chunks, one_after_the_other(order):
        assert_same_arrays(one, explore(chosen, tier="native", threads=2))
    assert sum(chunks) > 3


def test_every_race_ends_the_same() -> None:
    """Hundreds of runs of a system in which most states are found by several threads at once."""
    chosen = under(crowded())
    one = explore(chosen, tier="native")
    for attempt in range(150):
        with willing(guards=500 + attempt, pieces=1 + attempt % 5) as chunks:
            assert_same_arrays(one, explore(chosen, tier="native", threads=2 + attempt % 3))
        assert any(chunks)


def test_a_table_filled_by_all() -> None:
    """States entered at the same time are all there afterwards, each with its number."""
    bits, count = 16, 45_000
    words = np.arange(count, dtype=np.uint64)
    plan = np.zeros(kernels.PLAN, dtype=np.int64)

    def share(number: int) -> None:
        tables.enter_some(words, 1, table, bits, plan)

    with Team(4) as team:
        for _ in range(100):
            table = np.zeros(1 << bits, dtype=np.uint32)
            plan[kernels.STOP], plan[kernels.SIZE], plan[kernels.PIECES] = count, 32, -(-count // 32)
            plan[kernels.NEXT] = 0
            team.together(share)
            numbers = table[table != 0] & ((1 << bits) - 1)
            assert np.array_equal(np.sort(numbers), np.arange(1, count + 1))
    found = [find(words, 1, table, bits, words[i : i + 1]) for i in range(0, count, 97)]
    assert found == list(range(0, count, 97))


# ---------------------------------------------------------------- limits


def test_every_limit() -> None:
    """`max_states` stops after the same state, whichever it is; what lies beyond leaves no trace."""
    chosen = under(marked())
    everything = len(explore(chosen))
    stopped = 0
    for limit in range(everything + 2):
        for keep_edges in (True, False):
            options = {"max_states": limit, "keep_edges": keep_edges}
            one = explored(chosen, "native", **options)
            with willing(guards=60) as chunks:
                assert_same(one, explored(chosen, "native", threads=2 + limit % 2, **options))
            stopped += False in chunks
    assert stopped > everything // 2


def marked() -> TransitionSystem:
    """Five by five states, and on the diagonal an action for each that happens nowhere else."""
    x, y = integer("x", 0, 4), integer("y", 0, 4)
    steps = [
        action(
            f"up_{one.name}", e.TRUE, {one.name: e.modulo(e.add(one.node, e.constant(1)), e.constant(5))}
        )
        for one in (x, y)
    ]
    for number in range(5):
        here = e.conj(e.eq(x.node, e.constant(number)), e.eq(y.node, e.constant(number)))
        steps.append(action(f"at{number}", here, {}))
    return made_of([x, y], *steps, name="Marked")


def test_ill_formed() -> None:
    """An update that leaves its domain is reported of the first state in which it does."""
    row = [integer(f"x{i}", 0, 9) for i in range(3)]
    steps = [action(f"up{i}", e.TRUE, {x.name: e.add(x.node, e.constant(1))}) for i, x in enumerate(row)]
    chosen = under(made_of(row, *steps))
    one = explored(chosen, "native")
    assert isinstance(one, str) and one.startswith("IllFormedSystem")
    for pieces in (1, 2, 7):
        with willing(guards=60, pieces=pieces) as chunks:
            assert explored(chosen, "native", threads=2) == one
        assert chunks.pop() is False and any(chunks)


def test_claims_that_find_no_room() -> None:
    """Where a piece finds more than it has numbers for, one thread does the chunk again."""
    chosen = under(counter(3, 12))
    one = explore(chosen, tier="native")
    with willing(guards=1000, _SPARE_CLAIMS=0.05) as chunks:
        graph = explore(chosen, tier="native", threads=2)
    assert False in chunks
    assert_same(one, graph)


def test_stop_at_the_same_place() -> None:
    """A search for some state stops where one thread stops."""
    chosen = under(counter(4, 12))
    wanted = e.eq(chosen.system.variables[0].node, e.constant(5))
    one = explore(chosen, tier="native", stop_when=[wanted])
    assert one.reason == "a wanted state was found"
    with willing():
        assert_same_arrays(one, explore(chosen, tier="native", stop_when=[wanted], threads=2))


# ---------------------------------------------------------------- interrupted, saved, resumed


def assert_part_of(part: StateGraph, whole: StateGraph) -> None:
    """All that was explored is as it is in the whole."""
    known, expanded = len(part), part.expanded
    assert 0 < expanded < whole.expanded
    assert known <= len(whole)
    edges = int(part.offsets[expanded])
    assert np.array_equal(part.words, whole.words[:known])
    assert np.array_equal(part.offsets[: expanded + 1], whole.offsets[: expanded + 1])
    for name, count in (
        ("parents", known),
        ("parent_labels", known),
        ("targets", edges),
        ("labels", edges),
    ):
        assert np.array_equal(getattr(part, name), getattr(whole, name)[:count]), name
    assert len(part.targets) == len(part.labels) == edges == part.steps - len(part.mishaps)
    assert part.targets.max() < known


def pressing_after(states: int) -> Callable[[int, int, int], None]:
    """Ctrl-C, once, when there are so many."""
    pressed: list[int] = []

    def progress(known: int, steps: int, waiting: int) -> None:
        if known > states and not pressed:
            pressed.append(known)
            signal.raise_signal(signal.SIGINT)

    return progress


def test_interrupted_between_chunks() -> None:
    """Ctrl-C leaves a consistent part of the graph."""
    chosen = under(fleet(3, 5))
    with willing(guards=2000):
        part = explore(chosen, tier="native", threads=2, progress=pressing_after(1000))
    assert part.reason == "interrupted"
    assert_part_of(part, explore(chosen, tier="native"))


@pytest.mark.parametrize("share", ["_generate", "_commit"])
@pytest.mark.parametrize("problem", [MemoryError, KeyboardInterrupt])
def test_a_chunk_that_is_not_finished(share: str, problem: type[BaseException]) -> None:
    """Whatever goes wrong while the threads are at work, there is what there was before."""
    chosen = under(fleet(3, 5))
    calls = 0
    whole = getattr(ParallelSearch, share)

    def failing(search: ParallelSearch, number: int) -> None:
        nonlocal calls
        whole(search, number)
        calls += not number
        if calls == 9 and not number:
            raise problem

    with willing(guards=2000), pytest.MonkeyPatch.context() as patch:
        patch.setattr(ParallelSearch, share, failing)
        part = explore(chosen, tier="native", threads=3)
    assert part.reason == {MemoryError: "out of memory", KeyboardInterrupt: "interrupted"}[problem]
    assert_part_of(part, explore(chosen, tier="native"))


def test_error_in_another_thread() -> None:
    """An exception in any thread is raised where it is seen."""

    def share(number: int) -> None:
        if number == 2:
            raise ZeroDivisionError

    with Team(4) as team, pytest.raises(ZeroDivisionError):
        team.together(share)


@pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 1), (2, 2)])
def test_saved_and_resumed(before: int, after: int, tmp_path: Path) -> None:
    """What some threads have saved, others go on from; the result is that of one, undisturbed."""
    chosen = under(fleet(3, 5))
    with willing(guards=2000):
        part = explore(
            chosen,
            tier="native",
            threads=before,
            max_states=2500,
            save=tmp_path,
            save_every=0.0,
        )
        assert not part.complete
        whole = explore(chosen, tier="native", threads=after, save=tmp_path, resume=True)
    assert_same(explore(chosen, tier="native"), whole)


# ---------------------------------------------------------------- where it gains nothing


def test_a_narrow_system_is_left_to_one_thread() -> None:
    """A few states at a time are not worth calling others for."""
    chosen = under(long())
    one = explore(chosen, tier="native")
    with willing(_LEAST_GUARDS=parallel_search._LEAST_GUARDS) as chunks:
        assert_same_arrays(one, explore(chosen, tier="native", threads=4))
    assert not chunks


def long() -> TransitionSystem:
    """A chain of 5,000 states with a choice of two ways everywhere."""
    at = integer("at", 0, 4999)
    two = e.add(at.node, e.constant(2))
    one = e.add(at.node, e.constant(1))
    return made_of(
        [at],
        action("one", e.lt(one, e.constant(5000)), {"at": one}),
        action("two", e.lt(two, e.constant(5000)), {"at": two}),
        name="Long",
    )


def test_small_systems_start_no_work() -> None:
    """Nothing is shared below some hundred thousand states."""
    chosen = under(fleet(3, 4))
    with willing(_FEW=parallel_search._FEW) as chunks:
        assert_same_arrays(explore(chosen, tier="native"), explore(chosen, tier="native", threads=2))
    assert not chunks


def test_no_threads_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the system gives no more threads, the one that there is does it."""

    def refused(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    chosen = under(fleet(3, 4))
    one = explore(chosen, tier="native")
    monkeypatch.setattr(threading.Thread, "start", refused)
    with willing() as chunks:
        assert_same_arrays(one, explore(chosen, tier="native", threads=4))
    assert any(chunks)


def test_no_machine_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels that CPython has to run are not given to several threads."""
    monkeypatch.setattr(tables.enter_some, "compiles", lambda *arguments: False)
    chosen = under(fleet(3, 4))
    with willing() as chunks:
        assert_same_arrays(explore(chosen, tier="native"), explore(chosen, tier="native", threads=2))
    assert chunks == [False]


def test_no_room_for_a_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no addresses for what the threads need, one thread goes on."""

    def refused(chunk: Any, pieces: int, claims: int, outcomes: int) -> None:
        raise MemoryError

    monkeypatch.setattr(parallel_search._Chunk, "reserve", refused)
    chosen = under(fleet(3, 4))
    with willing() as chunks:
        assert_same_arrays(explore(chosen, tier="native"), explore(chosen, tier="native", threads=2))
    assert chunks == [False]


def test_threads_end_with_the_exploration() -> None:
    """Nobody is left waiting."""
    before = threading.active_count()
    with willing():
        explore(under(fleet(3, 4)), tier="native", threads=8)
    assert threading.active_count() == before
