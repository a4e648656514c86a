"""Exploration where no edge is kept: a table that holds the states themselves, in half of their bits.

Whether a state was met before is all that has to be known then, not which one it is. A state of k bits
is scattered by a bijection of k bits, and its place is the first b of them: an entry need hold only the
k - b others, and how far it was pushed from its place. That is 32 bits where k - b is at most 23, and
one place in memory to look at, where a table of numbers takes two.

References
----------
J. Cleary, Compact hash tables using bidirectional linear probing, IEEE Trans. Computers C-33 (1984).
D. Knuth, The Art of Computer Programming, vol. 3, § 6.4, exercise 13 (quotients in place of keys).
"""

from __future__ import annotations

from checker.explicit.search_kernels import (
    BATCH,
    DONE,
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
)
from checker.native.intrinsics import Code, Row, Word, prefetch
from checker.native.kernel import kernel

__all__ = ["CROWDED", "MOST_LEFT", "enter_keys", "expand_keys", "scatter"]

MOST_LEFT = 23
"""Bits of a state besides those of its place; the others of an entry tell how far it was pushed."""

CROWDED = 4
"""What the kernels return besides: an entry would be pushed too far, a larger table has room."""


@kernel
def scatter(state: Word, size: int) -> Word:
    """A bijection of the numbers of so many bits: each bit of the state changes about half of them.

    Multiplying by an odd number modulo 2^size and adding a shifted copy (without carry) can both be
    undone.
    """
    ones: Word = 0xFFFFFFFFFFFFFFFF
    ones = ones >> (64 - size)
    half = (size + 1) >> 1
    mixed: Word = state ^ (state >> half)
    mixed = (mixed * 0xD6E8FEB86659FD93) & ones
    mixed = mixed ^ (mixed >> half)
    mixed = (mixed * 0x9E3779B97F4A7C15) & ones
    return mixed


@kernel
def enter_keys(words: Row, size: int, first: int, count: int, table: Row, bits: int) -> int:
    """Enter states first … count-1 into a table of 2^bits entries that holds none of them.

    Returns
    -------
    int
        `DONE` or `CROWDED`, in which case the table is of no use.
    """
    left = size - bits
    mask = (1 << bits) - 1
    ones = (1 << left) - 1
    farthest = (1 << (32 - left)) - 1
    start = first
    while start < count:
        stop = min(start + 32, count)
        for i in range(start, stop):
            prefetch(table, int(scatter(words[i], size) >> left))
        for i in range(start, stop):
            scattered = scatter(words[i], size)
            slot = int(scattered >> left)
            pushed = 1
            while table[slot] != 0:
                slot = (slot + 1) & mask
                pushed += 1
            if pushed > farthest:
                return CROWDED
            table[slot] = (pushed << left) | (int(scattered) & ones)
        start = stop
    return DONE


@kernel
def expand_keys(
    successors: Code,
    most: int,
    size: int,
    words: Row,
    table: Row,
    bits: int,
    parents: Row,
    parent_labels: Row,
    mishaps: Row,
    fired: Row,
    out: Row,
    out_labels: Row,
    failed: Row,
    hashes: Row,
    counts: Row,
    at: Row,
) -> int:
    """Expand states of one word as `expand` does where it keeps no edges.

    Parameters
    ----------
    size : int
        Bits of a state, of which the upper ones may be 0; at least `bits`, and at most `MOST_LEFT` more.

    Notes
    -----
    Where it returns `CROWDED`, some steps of a state have been made and not counted. Made again they
    lead to states that are known: numbers, parents and counts are as if there had been room.
    """
    left = size - bits
    mask = (1 << bits) - 1
    ones = (1 << left) - 1
    farthest = (1 << (32 - left)) - 1
    expanded = at[EXPANDED]
    known = at[KNOWN]
    steps = at[STEPS]
    unfortunate = at[MISHAPS]
    most_states = at[MOST_STATES]
    largest = max(1, min(BATCH, 4096 // most))
    result = DONE
    while expanded < at[STOP] and result == DONE:
        batch = min(largest, min(known, at[STOP]) - expanded)
        if batch <= 0:
            break
        reach = batch * most
        if known + reach > at[STATE_ROOM] or unfortunate + reach > at[MISHAP_ROOM]:
            result = ROOM
            break
        # First all candidates, so that their places in the table are on their way.
        total = 0
        total_failed = 0
        for b in range(batch):
            found = successors(
                words[expanded + b :], out[total:], out_labels[total:], failed[total_failed:]
            )
            n = found & 0xFFFFFFFF
            for c in range(total, total + n):
                scattered = scatter(out[c], size)
                hashes[c] = scattered
                prefetch(table, int(scattered >> left))
            total += n
            total_failed += found >> 32
            counts[2 * b] = n
            counts[2 * b + 1] = found >> 32
        c = 0
        f = 0
        for b in range(batch):
            before = unfortunate
            wrong = counts[2 * b + 1]
            for _ in range(wrong):
                mishaps[2 * unfortunate] = expanded
                mishaps[2 * unfortunate + 1] = failed[f]
                if failed[f] < 0:
                    result = LEAVING
                    break
                unfortunate += 1
                f += 1
            if result == LEAVING:
                break
            for _ in range(counts[2 * b]):
                label = out_labels[c]
                scattered = hashes[c]
                slot = int(scattered >> left)
                entry = (1 << left) | (int(scattered) & ones)
                # Most are found within three slots. These are looked at together: which of them it
                # is, no processor could foretell. What is 0 is negative when 1 is taken from it.
                here = (int(table[slot]) ^ entry) - 1
                here = here | ((int(table[(slot + 1) & mask]) ^ (entry + (1 << left))) - 1)
                here = here | ((int(table[(slot + 2) & mask]) ^ (entry + (2 << left))) - 1)
                if here >= 0:
                    pushed = 1
                    while int(table[slot]) != 0 and int(table[slot]) != entry:
                        slot = (slot + 1) & mask
                        entry += 1 << left
                        pushed += 1
                    if table[slot] == 0:
                        if pushed > farthest:
                            result = CROWDED
                            break
                        words[known] = out[c]
                        parents[known] = expanded
                        parent_labels[known] = label
                        table[slot] = entry
                        known += 1
                fired[label] = fired[label] | (1 + 2 * int(out[c] != words[expanded]))
                c += 1
            if result == CROWDED:
                unfortunate = before
                break
            steps += counts[2 * b] + wrong
            expanded += 1
            if known > most_states:
                result = FULL
                break
    at[EXPANDED] = expanded
    at[KNOWN] = known
    at[STEPS] = steps
    at[MISHAPS] = unfortunate
    return result
