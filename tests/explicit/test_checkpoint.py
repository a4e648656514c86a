"""An exploration that was stopped, killed or interrupted goes on as if nothing had been."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from both_tiers import Explored, assert_same, explored
from crashes import IN_MEMORY, crash_images, in_small_pieces, without_waiting
from hypothesis import event, given, settings
from hypothesis import strategies as st
from random_systems import systems
from small_systems import action, counter, fleet, hazard, integer, put, symbol, system, truth, under
from wide_systems import wide_system

from checker.explicit.explore import explore
from checker.explicit.packing import NotCompilable
from checker.explicit.python_search import PythonSearch
from checker.explicit.state_graph import StateGraph
from checker.regimes.regime import FINITELY_MANY, UNBOUNDED, UnderRegime
from checker.system import expression as e
from checker.system.sorts import INT, Domain
from checker.system.transition_system import TransitionSystem, Variable

TIERS = ("python", "native")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder in memory, if there is such a thing, and no waiting for a disk."""
    with TemporaryDirectory(dir=IN_MEMORY) as folder, without_waiting():
        yield Path(folder)


def growing() -> TransitionSystem:
    """Grows beyond its bound, some steps go wrong, others change nothing, choices matter."""
    amount = Variable("amount", Domain(INT, 0, None, 6), (0, 2))
    row = [integer(f"row[{i}]", 0, 3) for i in range(3)]
    broken = truth("broken")
    i, more = symbol("i", 0, 2), symbol("more", -1, 1)
    here = e.select(e.array(one.node for one in row), i.node)
    sum_of_row = e.add(e.add(row[0].node, row[1].node), row[2].node)
    wrong = hazard(e.eq(sum_of_row, e.constant(7)), "assert", "few")
    outside = e.disj(
        e.lt(e.add(here, more.node), e.constant(0)), e.lt(e.constant(3), e.add(here, more.node))
    )
    beyond = hazard(e.conj(outside, e.neg(wrong.condition)), "domain", "row")
    return system(
        [amount, *row, broken],
        action("order", e.lt(sum_of_row, e.constant(4)), {"amount": e.add(amount.node, e.constant(1))}),
        action(
            "turn",
            e.neg(broken.node),
            put(row, i.node, e.add(here, more.node)),
            parameters=(i,),
            choices=(more,),
            hazards=(wrong, beyond),
        ),
        action("idle"),
        action("break", e.eq(sum_of_row, e.constant(5)), {"broken": e.TRUE}),
        name="Growing",
    )


def wide() -> TransitionSystem:
    """Three words."""
    far = [Variable(f"far[{i}]", Domain(INT, 2**70, 2**70 + 2**40), (2**70 + i,)) for i in range(4)]
    few = integer("few", 0, 3)
    i = symbol("i", 0, 3)
    here = e.select(e.array(one.node for one in far), i.node)
    low, one = e.constant(2**70), e.constant(1)
    further = e.ite(e.lt(here, e.add(low, few.node)), e.add(here, one), low)
    return system(
        [*far, few],
        action("turn", updates=put(far, i.node, further), parameters=(i,)),
        action("more", e.lt(few.node, e.constant(3)), {"few": e.add(few.node, one)}),
        name="Wide",
    )


def beyond_at_once() -> TransitionSystem:
    """All that can be explored is closed; but some initial values are beyond the bound."""
    amount = Variable("amount", Domain(INT, 0, None, 3), (0, 1, 9))
    down = {"amount": e.maximum(e.constant(0), e.sub(amount.node, e.constant(1)))}
    return system([amount, truth("lit", None)], action("down", updates=down), name="Beyond")


SYSTEMS = {
    "fleet": fleet(2, 1),
    "counter": counter(3, 3),
    "growing": growing(),
    "wide": wide(),
    "beyond at once": beyond_at_once(),
    "one state": system([truth("lit")], name="Dark"),
    "no state": system([truth("lit", ())], action("light", updates={"lit": e.TRUE}), name="None"),
}


def resumed(chosen: UnderRegime, folder: Path, tier: str, **options: Any) -> Explored:
    """What comes out of going on."""
    return explored(chosen, tier, save=folder, resume=True, **options)


@pytest.mark.parametrize("keep_edges", [True, False], ids=["edges", "counts"])
@pytest.mark.parametrize("name", SYSTEMS)
def test_stopped_after_every_state(name: str, keep_edges: bool, place: Path) -> None:
    """From limit to limit, by both tiers in turn: every time the graph is that of one undisturbed run."""
    chosen = under(SYSTEMS[name])
    whole = explored(chosen, "python", keep_edges=keep_edges)
    assert isinstance(whole, StateGraph)
    limits = range(1, len(whole) + 1, 1 + len(whole) // 30)
    for most, tier in zip(limits, itertools.cycle(TIERS), strict=False):
        now = resumed(chosen, place, tier, keep_edges=keep_edges, max_states=most)
        assert_same(now, explored(chosen, "python", keep_edges=keep_edges, max_states=most))
    for tier in (*TIERS, "auto"):
        assert_same(whole, resumed(chosen, place, tier, keep_edges=keep_edges))


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("keep_edges", [True, False], ids=["edges", "counts"])
@pytest.mark.parametrize("name", ["growing", "wide", "beyond at once"])
def test_killed_at_every_moment(name: str, keep_edges: bool, tier: str, place: Path) -> None:
    """Whatever is half written when a process dies, the next one finds something to go on from."""
    chosen = under(SYSTEMS[name])
    whole = explored(chosen, "python", keep_edges=keep_edges)
    assert isinstance(whole, StateGraph)
    images = crash_images(chosen, place, 1 + len(whole) // 3, tier=tier, keep_edges=keep_edges)
    assert len(images) > 10
    for image, then in zip(images[:: 1 + len(images) // 30], itertools.cycle(TIERS), strict=False):
        assert_same(whole, resumed(chosen, image, then, keep_edges=keep_edges))
    # What has been finished is only read.
    assert_same(whole, resumed(chosen, images[0], tier, keep_edges=keep_edges))


@settings(max_examples=15)
@given(systems(), systems(wide=True), st.sampled_from(TIERS), st.booleans(), st.randoms())
def test_random_systems_killed(
    narrow: TransitionSystem, wide: TransitionSystem, tier: str, keep_edges: bool, draw: random.Random
) -> None:
    """The same for random systems, at some of the moments, by whatever tier."""
    for chosen in (narrow, wide):
        _compare(UNBOUNDED.apply(chosen), tier, keep_edges, draw, most=150)


@settings(max_examples=15)
@given(st.integers(0, 2**48))
def test_random_wide_systems_killed(seed: int) -> None:
    """States of many words, numbers far from zero, everything that can go wrong."""
    draw = random.Random(f"killed {seed}")
    chosen = draw.choice([UNBOUNDED, FINITELY_MANY]).apply(wide_system(seed).system)
    _compare(chosen, draw.choice(TIERS), draw.random() < 0.7, draw, most=draw.choice([40, 150]))


def _compare(chosen: UnderRegime, tier: str, keep_edges: bool, draw: random.Random, most: int) -> None:
    whole = explored(chosen, "python", keep_edges=keep_edges, max_states=most)
    if not isinstance(whole, StateGraph):
        event("refused")
        return
    options: dict[str, Any] = {"keep_edges": keep_edges, "max_states": most}
    with TemporaryDirectory(dir=IN_MEMORY) as place, without_waiting():
        try:
            images = crash_images(chosen, Path(place), 1 + len(whole) // 3, tier=tier, **options)
        except NotCompilable:
            event("only generated Python")
            tier = "python"
            images = crash_images(chosen, Path(place) / "again", 1 + len(whole) // 3, **options)
        for image in draw.sample(images, min(4, len(images))):
            then = draw.choice(TIERS) if tier == "native" else "python"
            assert_same(whole, resumed(chosen, image, then, **options))
    event("compared")


# ---------------------------------------------------------------- interrupted


@pytest.mark.parametrize("tier", TIERS)
def test_interrupted_at_every_look(tier: str, place: Path) -> None:
    """A progress that raises `KeyboardInterrupt` is Ctrl-C; what was explored is kept, and gone on from."""
    chosen = under(counter(4, 3))
    whole = explore(chosen)
    looks = 0

    def progress(states: int, steps: int, waiting: int) -> None:
        nonlocal looks
        looks += 1
        if looks % 2 == 0:
            raise KeyboardInterrupt

    graphs = []
    with in_small_pieces(5):
        while not graphs or graphs[-1].reason:
            assert len(graphs) < 100
            graphs.append(
                explore(chosen, tier=tier, progress=progress, save=place, resume=True, save_every=60)
            )
    assert len(graphs) > 2
    assert {graph.reason for graph in graphs[:-1]} == {"interrupted"}
    assert [graph.expanded for graph in graphs] == sorted({graph.expanded for graph in graphs})
    assert_same(whole, graphs[-1])


def test_interrupted_before_it_began(place: Path) -> None:
    """Among the initial states there is nothing to go on from yet: it begins again."""
    chosen = under(system([integer(f"x{i}", 0, 9, None) for i in range(4)], name="Many"))

    def progress(states: int, steps: int, waiting: int) -> None:
        raise KeyboardInterrupt

    stopped = explore(chosen, progress=progress, save=place, save_every=0)
    assert (stopped.reason, stopped.complete) == ("interrupted", False)
    again = explore(chosen, save=place)
    assert_same(explore(chosen), again)


def test_out_of_memory_while_resuming(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there stays there, though it does not fit any more."""
    chosen = under(counter(3, 3))
    explore(chosen, save=place, max_states=9)
    with monkeypatch.context() as patch:

        def fails(*_: object) -> None:
            raise MemoryError

        patch.setattr(PythonSearch, "restore", fails)
        stopped = explore(chosen, save=place, resume=True, tier="python")
    assert (stopped.complete, stopped.reason, len(stopped)) == (False, "out of memory", 0)
    assert_same(explore(chosen), explore(chosen, save=place, resume=True))


def test_several_in_one_folder(place: Path) -> None:
    """Each system under each budget of faults has its own place."""
    from checker.regimes.regime import Regime

    chosen = [Regime.parse(text).apply(fleet(2, 2)) for text in ("none", "at_most(1)", "unbounded")]
    for one in chosen:
        explore(one, save=place, max_states=20)
    assert len(list(place.iterdir())) == 3
    for one in chosen:
        assert_same(explore(one), explore(one, save=place, resume=True))


def test_the_search_is_given_back(place: Path) -> None:
    """With the result there is no table of visited states any more, which nobody needs for judging."""
    import gc
    import weakref

    from checker.explicit import exploration
    from checker.explicit.checkpoint import Checkpoint

    chosen = under(counter(3, 3))
    gc.disable()
    try:
        one = exploration.Exploration(chosen, True, None, None, (), 2**40, "native")
        one.checkpoint = Checkpoint.of(place, chosen, one.instances, True)
        graph = one.run(resume=False)
        alive = weakref.ref(one)
        del one
        assert alive() is None and len(graph) == 27
    finally:
        gc.enable()


# ---------------------------------------------------------------- kill -9

CHILD = """
import sys
import time
from pathlib import Path
from small_systems import fleet, under
from checker.explicit import native_search
from checker.explicit.explore import explore
native_search._CHUNK_GUARDS = 40_000
# Slow enough to be killed ten times, however fast the machine is.
slow = lambda *seen: time.sleep(0.01)
graph = explore(under(fleet(4, 6)), save=Path(sys.argv[1]), resume=True, save_every=0.02, progress=slow)
print(graph.digest, len(graph), graph.steps, graph.complete)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_kill_minus_nine(tmp_path: Path) -> None:
    """Ten processes are killed at random moments, and the eleventh has the same graph as if none had."""
    folder = tmp_path / "saved"
    paths = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    draw = random.Random(9)

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", CHILD, str(folder)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    killed, expanded = 0, [0]
    while killed < 10:
        process = start()
        begun = _manifest(folder)
        deadline = time.monotonic() + 60
        # Killed before or after it has begun to go on, and a while later.
        if draw.random() < 0.8:
            while _manifest(folder) == begun and process.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.002)
        time.sleep(draw.random() * 0.06)
        process.kill()
        process.communicate()
        killed += 1
        if process.returncode == 0:
            break  # it was faster
        manifest = _manifest(folder)
        expanded.append(json.loads(manifest)["expanded"] if manifest else 0)
    assert killed > 3 and expanded == sorted(expanded) and expanded[-1] > 0
    last = start()
    told, _ = last.communicate(timeout=120)
    whole = explore(under(fleet(4, 6)))
    assert told.split() == [whole.digest, "103674", "819048", "True"]
    assert_same(whole, explore(under(fleet(4, 6)), save=folder, resume=True))


def _manifest(folder: Path) -> str:
    paths = list(folder.glob("*/manifest.json"))
    return paths[0].read_text() if paths else ""
