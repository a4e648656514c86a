"""What is saved is not believed: damaged, of something else, in use, or impossible to write."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from both_tiers import assert_same
from crashes import IN_MEMORY, in_small_pieces, without_waiting
from small_systems import action, counter, fleet, integer, system, under

from checker.explicit import checkpoint
from checker.explicit.checkpoint import Checkpoint, CheckpointError
from checker.explicit.explore import explore
from checker.regimes.regime import Regime
from checker.system import expression as e
from checker.system.transition_system import Fairness

ARRAYS = ("words", "parents", "parent_labels", "targets", "labels", "offsets")
CHOSEN = under(fleet(2, 1))


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder in memory, if there is such a thing, and no waiting for a disk."""
    with TemporaryDirectory(dir=IN_MEMORY) as folder, without_waiting():
        yield Path(folder)


@pytest.fixture
def saved(place: Path) -> Path:
    """A folder with half of an exploration."""
    half = explore(CHOSEN, save=place / "saved", max_states=40)
    assert 40 < len(half) < len(explore(CHOSEN))
    return place / "saved"


def inside(folder: Path) -> Path:
    (place,) = folder.iterdir()
    return place


def refusal(folder: Path, chosen: Any = CHOSEN, **options: Any) -> str:
    with pytest.raises(CheckpointError) as raised:
        explore(chosen, save=folder, resume=True, **options)
    return str(raised.value)


# ---------------------------------------------------------------- damage


@pytest.mark.parametrize("name", ARRAYS)
def test_a_truncated_array(saved: Path, name: str) -> None:
    """However little is missing, even everything; and then the file itself."""
    path = inside(saved) / f"{name}.bin"
    data = path.read_bytes()
    for length in (len(data) - 1, len(data) // 2, 0):
        path.write_bytes(data[:length])
        assert f"{name}.bin is damaged: remove " in refusal(saved)
    path.unlink()
    assert "cannot read" in refusal(saved) and "No such file" in refusal(saved)
    path.write_bytes(data)
    assert_same(explore(CHOSEN), explore(CHOSEN, save=saved, resume=True))


@pytest.mark.parametrize("name", ARRAYS)
def test_a_flipped_bit(saved: Path, name: str) -> None:
    """Anywhere in what counts."""
    path = inside(saved) / f"{name}.bin"
    data = path.read_bytes()
    for place in {0, len(data) // 2, len(data) - 1}:
        path.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
        assert f"{name}.bin is damaged" in refusal(saved)


def test_whatever_changes_in_the_manifest(saved: Path) -> None:
    """Every digit of it: with one state more expanded, steps would be missing and nobody would know."""
    path = inside(saved) / "manifest.json"
    text = path.read_text()
    said = set()
    for place, sign in enumerate(text):
        if sign.isdigit():
            path.write_text(text[:place] + str(9 - int(sign)) + text[place + 1 :])
            said.add(refusal(saved).replace(str(saved), "").partition("manifest.json is ")[2].split()[0])
    assert said == {"damaged", "of"}


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "17", '"words"', "{}", "[" * 100_000, "\x00" * 4096, '{"format": 1}', "NaN"],
    ids=lambda text: text[:8].replace("\x00", "0"),
)
def test_a_manifest_that_is_none(saved: Path, text: str) -> None:
    """It is never followed, and says which folder to remove."""
    (inside(saved) / "manifest.json").write_text(text)
    assert str(saved) in refusal(saved)


def test_bytes_that_are_no_text(saved: Path) -> None:
    """Nor UTF-8."""
    (inside(saved) / "manifest.json").write_bytes(b"\xff\xfe\x00")
    assert "damaged" in refusal(saved)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("initial", -1),
        ("expanded", 10**6),
        ("expanded", -1),
        ("fired", [1]),
        ("fired", [300] * 12),
        ("mishaps", [[0, 999, [], 0]]),
        ("mishaps", [[0]]),
        ("mishaps", 3),
        ("arrays", {}),
        ("steps", "many"),
    ],
)
def test_a_manifest_that_does_not_fit(saved: Path, key: str, value: Any) -> None:
    """Not even one with the right checksum, as of a program that writes nonsense."""
    path = inside(saved) / "manifest.json"
    manifest = json.loads(path.read_text()) | {key: value}
    del manifest["sha256"]
    manifest["sha256"] = checkpoint._sum(manifest)
    path.write_text(json.dumps(manifest))
    assert "damaged" in refusal(saved)


@pytest.mark.parametrize("dtype", ["|O", "<i8", "<f4", ">i4", "what", 7])
def test_arrays_of_something_else(saved: Path, dtype: Any) -> None:
    """Bytes are never taken for objects, nor for numbers of another width."""
    path = inside(saved) / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["arrays"]["parents"]["dtype"] = dtype
    del manifest["sha256"]
    manifest["sha256"] = checkpoint._sum(manifest)
    path.write_text(json.dumps(manifest))
    assert "damaged" in refusal(saved)


# ---------------------------------------------------------------- of something else


def test_of_another_regime(saved: Path) -> None:
    """The same steps, but judged otherwise."""
    said = refusal(saved, Regime.parse("finitely_many").apply(fleet(2, 1)))
    assert "regime is 'unbounded' there, 'finitely_many' here; save to another folder" in said


def test_of_other_edges(saved: Path) -> None:
    """What was only counted cannot be judged."""
    assert "keep_edges is True there, False here" in refusal(saved, keep_edges=False)


@pytest.mark.parametrize(
    ("key", "value"),
    [("format", 99), ("semantics", 0), ("model", "Taxi"), ("parameters", {"n": 1}), ("layout", "?")],
)
def test_of_another_version_or_model(saved: Path, key: str, value: Any) -> None:
    """A folder may be copied to where another exploration looks for its own."""
    path = inside(saved) / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    assert f"is of another exploration: {key} is {value!r} there" in refusal(saved)


def test_another_model_has_another_place(saved: Path) -> None:
    """It begins beside the first one, and does not touch it."""
    other = under(fleet(2, 2))
    assert_same(explore(other), explore(other, save=saved))
    assert len(list(saved.iterdir())) == 2
    assert_same(explore(CHOSEN), explore(CHOSEN, save=saved, resume=True))


def test_another_model_copied_over_it(saved: Path, place: Path) -> None:
    """Neither the name of the folder nor that of the model is believed."""
    changed = system(fleet(2, 1).variables, *fleet(2, 1).actions[:-1], name="Fleet")
    explore(under(changed), save=place / "other")
    for path in inside(place / "other").iterdir():
        path.replace(inside(saved) / path.name)
    assert "system is" in refusal(saved)


def test_what_is_there_is_not_overwritten(saved: Path) -> None:
    """`resume` has to be said; and what is refused is left as it is."""
    before = {path.name: path.read_bytes() for path in inside(saved).iterdir()}
    with pytest.raises(CheckpointError, match="holds an exploration already: resume it, remove it"):
        explore(CHOSEN, save=saved)
    assert {path.name: path.read_bytes() for path in inside(saved).iterdir()} == before


def test_an_end_that_does_not_count(saved: Path) -> None:
    """What is behind the end of an array is nothing, however long and however odd its length is."""
    for path in inside(saved).glob("*.bin"):
        with open(path, "ab") as file:
            file.write(b"\x07" * 100_003)
    assert_same(explore(CHOSEN), explore(CHOSEN, save=saved, resume=True))
    # Going on has cut it off.
    assert max(path.stat().st_size for path in inside(saved).glob("*.bin")) < 100_000


# ---------------------------------------------------------------- in use


def test_one_process_at_a_time(place: Path) -> None:
    """Who comes second is told so, and the first one does not notice."""
    asked = []

    def progress(states: int, steps: int, waiting: int) -> None:
        if not asked:
            with pytest.raises(CheckpointError, match="another process explores in"):
                explore(CHOSEN, save=place, resume=True)
            asked.append(states)

    with in_small_pieces(5):
        graph = explore(CHOSEN, save=place, save_every=0, progress=progress)
    assert asked and graph.complete
    assert_same(graph, explore(CHOSEN, save=place, resume=True))


def test_it_is_free_after_an_error(place: Path) -> None:
    """Whatever ends an exploration, the next one can begin."""
    x = integer("x", 0, 3)
    leaving = under(system([x], action("up", updates={"x": e.add(x.node, e.constant(1))})))
    for _ in range(2):
        with pytest.raises(ValueError, match="x"):
            explore(leaving, save=place)


# ---------------------------------------------------------------- nowhere to write


def test_places_that_are_none(place: Path) -> None:
    """Said before anything is explored, not after hours of it."""
    looked: list[int] = []
    (place / "file").write_text("")
    places = [place / "file", place / "file" / "below", Path("/proc/nowhere"), Path("/dev/null")]
    for place in places:
        with pytest.raises(CheckpointError, match="cannot save to"):
            explore(CHOSEN, save=place, progress=lambda *counts: looked.append(counts[0]))
    assert looked == []


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to(place: Path) -> None:
    """The message has the system's reason."""
    place.chmod(0o500)
    with pytest.raises(CheckpointError, match="Permission denied"):
        explore(CHOSEN, save=place)


@pytest.mark.parametrize("where", ["write", "fsync", "replace", "manifest"])
def test_a_disk_that_fills_up(where: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the n-th call, for every n: what was saved before can still be gone on from."""
    whole = explore(CHOSEN)
    for number in range(1, 80, 2):
        folder = place / str(number)
        with monkeypatch.context() as patch, in_small_pieces(90):
            calls = _failing(patch, where, number)
            try:
                explore(CHOSEN, save=folder, save_every=0)
            except CheckpointError as problem:
                assert "No space left on device" in str(problem)
            else:
                assert calls[0] < number
                break
        assert_same(whole, explore(CHOSEN, save=folder, resume=True))
    else:
        raise AssertionError("it never came to an end")
    assert number > 3


def _failing(patch: pytest.MonkeyPatch, where: str, number: int) -> list[int]:
    """Let one call fail, as on a full disk."""
    calls = [0]

    def or_fail(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*given: Any, **more: Any) -> Any:
            calls[0] += 1
            if calls[0] == number:
                raise OSError(28, "No space left on device")
            return function(*given, **more)

        return wrapped

    if where == "write":
        patch.setattr(checkpoint.zlib, "crc32", or_fail(checkpoint.zlib.crc32))
    elif where == "manifest":
        patch.setattr(checkpoint.json, "dump", or_fail(json.dump))
    else:
        patch.setattr(os, where, or_fail(getattr(os, where)))
    return calls


FULL = """
import resource, signal, sys
from pathlib import Path
from small_systems import counter, under
from checker.explicit.checkpoint import CheckpointError
from checker.explicit.explore import explore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    explore(under(counter(5, 6)), save=Path(sys.argv[1]), save_every=0, resume=True)
except CheckpointError as problem:
    print(problem)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="needs limits on files")
def test_files_that_may_not_grow(place: Path) -> None:
    """A real write that comes to half of what it should: the same."""
    paths = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]
    for limit in (10_001, 30_011):
        done = subprocess.run(
            [sys.executable, "-c", FULL, str(place), str(limit)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert "cannot save to" in done.stdout and "File too large" in done.stdout, done.stderr
    sizes = [path.stat().st_size for path in place.rglob("*.bin")]
    assert max(sizes) == 30_011
    chosen = under(counter(5, 6))
    assert_same(explore(chosen), explore(chosen, save=place, resume=True))


def test_a_save_that_failed_can_be_tried_again(place: Path) -> None:
    """The same object, once there is room: nothing it remembers is of the failed attempt."""
    from checker.explicit.exploration import Exploration

    def half(most: int) -> Any:
        one = Exploration(CHOSEN, True, most, None, (), 2**40, "python")
        graph = one.search
        one._begin(_Never())
        return one, graph.snapshot(one.packing, len(one.instances), True)

    one, first = half(20)
    _, second = half(60)
    kept = Checkpoint.of(place, CHOSEN, one.instances, True)
    kept.claim()
    kept.save(first)
    for _ in range(7):
        with pytest.MonkeyPatch.context() as patch:
            # Whatever came before the second call need not be done again the next time.
            _failing(patch, "fsync", 2)
            with pytest.raises(CheckpointError):
                kept.save(second)
        again = Checkpoint.of(place, CHOSEN, one.instances, True).load()
        assert again.known in (first.known, second.known)
    kept.save(second)
    kept.release()
    loaded = Checkpoint.of(place, CHOSEN, one.instances, True).load()
    for name in ARRAYS:
        assert np.array_equal(getattr(loaded, name), getattr(second, name))
    assert_same(explore(CHOSEN), explore(CHOSEN, save=place, resume=True))


class _Never:
    requested = False


def test_fairness_is_no_part_of_it_but_the_system_is(saved: Path) -> None:
    """Two systems with the same states, that differ in what is promised, are two explorations."""
    from dataclasses import replace

    unfair = replace(
        fleet(2, 1),
        actions=tuple(replace(one, fairness=Fairness.NONE) for one in fleet(2, 1).actions),
    )
    assert_same(explore(under(unfair)), explore(under(unfair), save=saved))
    assert len(list(saved.iterdir())) == 2
