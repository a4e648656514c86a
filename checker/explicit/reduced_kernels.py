"""The inner loop of a reduced exploration: one state of each class, and only the actions that suffice."""

from __future__ import annotations

from checker.explicit.search_kernels import (
    EXPANDED,
    FULL,
    KNOWN,
    LEAVING,
    MISHAP_ROOM,
    MISHAPS,
    MOST_STATES,
    ROOM,
    STATE_ROOM,
    STEPS,
    STOP,
    find,
    hash_of,
)
from checker.native.intrinsics import Code, Row, Static, trailing_zeros, word
from checker.native.kernel import kernel

__all__ = ["canonical_all", "expand_reduced"]

DONE = 0


@kernel
def canonical_all(canonical: Code, words: Row, width: Static, count: int) -> None:
    """Replace states by those that stand for them."""
    for i in range(count):
        canonical(words[i * width :])


@kernel
def expand_reduced(
    successors: Code,
    most: int,
    width: Static,
    by_class: Static,
    canonical: Code,
    by_order: Static,
    conditions: Code,
    sets: Row,
    labels: int,
    own: Row,
    label_of_failure: Row,
    words: Row,
    table: Row,
    bits: int,
    parents: Row,
    parent_labels: Row,
    moving: Row,
    mishaps: Row,
    fired: Row,
    out: Row,
    out_labels: Row,
    failed: Row,
    changes: Row,
    postponed: Row,
    at: Row,
) -> int:
    """Expand states in order until `at[STOP]`, or for as long as there is room.

    Parameters
    ----------
    by_class : int
        1 to take `canonical` of every successor.
    by_order : int
        1 to look for sets that suffice: bit k of ``conditions(state, state)`` says where set k may
        be used.
    sets : uint8, `labels` for each set
        Bit 0: a member; bit 1: a key. `partial_order` has the rule.
    own : uint8 for each label
        What agents do by themselves: if none of it changes anything, the state is a deadlock.
    moving : uint8 for each state
        Set to 1 if it is none; asked before the class of a successor is taken.
    changes : uint8, room for one state's successors
    postponed : int64, 2
        Counts the states in which a set was enough, and the steps that were not followed.

    The others are those of `search_kernels.expand`.
    """
    mask = (1 << bits) - 1
    shift = 64 - bits
    expanded = at[EXPANDED]
    known = at[KNOWN]
    steps = at[STEPS]
    unfortunate = at[MISHAPS]
    result = DONE
    while expanded < at[STOP] and expanded < known:
        if known + most > at[STATE_ROOM] or unfortunate + most > at[MISHAP_ROOM]:
            result = ROOM
            break
        source = expanded
        found = successors(words[source * width :], out, out_labels, failed)
        count = found & 0xFFFFFFFF
        wrong = found >> 32
        moves = 0
        for f in range(wrong):
            if failed[f] < 0:
                mishaps[2 * unfortunate] = source
                mishaps[2 * unfortunate + 1] = failed[f]
                result = LEAVING
                break
            if own[label_of_failure[failed[f]]] != 0:
                moves = 1
        if result == LEAVING:
            break
        for c in range(count):
            changed = 0
            for k in range(width):
                if out[c * width + k] != words[source * width + k]:
                    changed = 1
            changes[c] = changed
            if changed == 1 and own[out_labels[c]] != 0:
                moves = 1
            if by_class == 1:
                canonical(out[c * width :])
        moving[source] = moves
        chosen = -1
        if by_order == 1:
            usable = word(conditions(words[source * width :], words[source * width :]))
            while usable != 0 and chosen < 0:
                candidate = trailing_zeros(usable)
                usable = usable & (usable - 1)
                for c in range(count):
                    if sets[candidate * labels + out_labels[c]] & 2 != 0:
                        number = find(words, width, table, bits, out[c * width :])
                        if number < 0 or number > source:
                            chosen = candidate
                            break
            if chosen >= 0:
                postponed[0] += 1
        for f in range(wrong):
            if chosen >= 0 and sets[chosen * labels + label_of_failure[failed[f]]] & 1 == 0:
                postponed[1] += 1
                continue
            mishaps[2 * unfortunate] = source
            mishaps[2 * unfortunate + 1] = failed[f]
            unfortunate += 1
            steps += 1
        for c in range(count):
            label = out_labels[c]
            if chosen >= 0 and sets[chosen * labels + label] & 1 == 0:
                postponed[1] += 1
                continue
            steps += 1
            fired[label] = fired[label] | (1 + 2 * changes[c])
            hashed = hash_of(out, c * width, width)
            tag = int(hashed & 0xFFFFFFFF) >> bits
            slot = int(hashed >> shift)
            while True:
                entry = table[slot]
                if entry == 0:
                    for k in range(width):
                        words[known * width + k] = out[c * width + k]
                    parents[known] = source
                    parent_labels[known] = label
                    table[slot] = (tag << bits) | (known + 1)
                    known += 1
                    break
                if entry >> bits == tag:
                    number = (entry & mask) - 1
                    same = True
                    for k in range(width):
                        if words[number * width + k] != out[c * width + k]:
                            same = False
                    if same:
                        break
                slot = (slot + 1) & mask
        expanded += 1
        if known > at[MOST_STATES]:
            result = FULL
            break
    at[EXPANDED] = expanded
    at[KNOWN] = known
    at[STEPS] = steps
    at[MISHAPS] = unfortunate
    return result
