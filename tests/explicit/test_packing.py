"""The layout of packed states and the fingerprint of sets of them."""

from __future__ import annotations

import random

import pytest
from small_systems import integer, truth

from checker.explicit.packing import NotEnumerable, digest_of, packing_of
from checker.system.sorts import Domain, EnumSort
from checker.system.transition_system import Variable

WIDE = [
    truth("flag"),
    integer("below", -7, 5),
    Variable("colour", Domain(EnumSort(("red", "green", "blue")), 0, 2), (0,)),
    integer("fixed", 4, 4),
    *(integer(f"row[{i}]", 0, 999) for i in range(12)),
    integer("huge", -1, 2**90),
]


def test_unpack_inverts_pack() -> None:
    """Every value survives, of every sort, also beyond 64 bits."""
    packing = packing_of(WIDE)
    draw = random.Random(1)
    for _ in range(50):
        state = {v.name: draw.randint(v.domain.low, v.domain.top) for v in WIDE}
        state["flag"] = draw.random() < 0.5
        assert packing.unpack(packing.pack(state)) == state
    assert isinstance(packing.unpack(0)["flag"], bool)


def test_no_slot_crosses_a_word() -> None:
    """Engines that work on 64-bit words read each variable from one of them."""
    packing = packing_of(WIDE)
    assert packing.words == 5
    for slot in packing.slots:
        if slot.width <= 64:
            assert slot.offset // 64 == (slot.offset + max(1, slot.width) - 1) // 64
        else:
            assert slot.offset % 64 == 0
    used = [bit for slot in packing.slots for bit in range(slot.offset, slot.offset + slot.width)]
    assert len(used) == len(set(used))


def test_slots_have_the_least_width() -> None:
    """As many bits as the domain needs, none for a constant."""
    widths = [slot.width for slot in packing_of(WIDE).slots]
    assert widths == [1, 4, 2, 0, *[10] * 12, 91]


def test_values_outside_are_refused() -> None:
    """A value that does not fit would change its neighbour."""
    packing = packing_of([integer("x", 0, 5), integer("y", 0, 5)])
    with pytest.raises(ValueError, match="x = 6"):
        packing.pack({"x": 6, "y": 0})


def test_unbounded_variable_is_named() -> None:
    """An unbounded variable has no width, unless a bound is stated."""
    with pytest.raises(NotEnumerable, match="pods is unbounded") as raised:
        packing_of([integer("pods", 0, None)])
    assert raised.value.name == "pods"
    assert packing_of([integer("pods", 0, None, bound=9)]).bits == 4


def plain_digest(words: list[list[int]]) -> str:
    """The definition, without arrays."""

    def splitmix64(value: int) -> int:
        value = value + 0x9E3779B97F4A7C15 & 2**64 - 1
        value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & 2**64 - 1
        value = (value ^ value >> 27) * 0x94D049BB133111EB & 2**64 - 1
        return value ^ value >> 31

    sums = []
    for seed in (0x9E3779B97F4A7C15, 0x6A09E667F3BCC908):
        total = 0
        for row in words:
            folded = seed
            for word in row:
                folded = splitmix64(folded ^ word)
            total += folded
        sums.append(f"{total % 2**64:016x}")
    return "".join(sums)


def test_digest_is_its_definition() -> None:
    """The array computation equals the definition, for one word and for several."""
    narrow = packing_of([integer("x", 0, 2**64 - 1)])
    states = [0, 1, 2**64 - 1, 2**63, 12345]
    assert digest_of(narrow, narrow.matrix(states)) == plain_digest([[state] for state in states])
    wide = packing_of(WIDE)
    states = [random.Random(k).getrandbits(wide.bits) for k in range(100)]
    rows = [[state >> 64 * k & 2**64 - 1 for k in range(wide.words)] for state in states]
    assert digest_of(wide, wide.matrix(states)) == plain_digest(rows)


def test_digest_is_of_the_set() -> None:
    """The order does not matter, every state does; and it is the same on every machine."""
    packing = packing_of([integer("x", 0, 2**20)])
    states = list(range(70_000))
    known = digest_of(packing, packing.matrix(states))
    assert digest_of(packing, packing.matrix(states[::-1])) == known
    assert digest_of(packing, packing.matrix(states[:-1])) != known
    assert digest_of(packing, packing.matrix([*states[:-1], 70_000])) != known
    assert digest_of(packing, packing.matrix([1, 2, 3])) == "6853cc194d818d729c7e1d1f6e067be7"
