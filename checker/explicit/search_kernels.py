"""The inner loops of exploration: a table of visited states, and expansion in batches.

The table is open addressing with linear probing over 32-bit entries. An entry is 0 or holds the
state's number plus one in its low `bits` bits and, above them, what is left of 32 bits of the
state's hash: few states are compared in vain. States themselves are in the order of their numbers.

References
----------
D. Knuth, The Art of Computer Programming, vol. 3, § 6.4 (open addressing). The idea of fetching a
batch of table entries ahead of their use: S. Chen et al., "Improving hash join performance through
prefetching", ACM Trans. Database Syst. 32 (2007).
"""

from __future__ import annotations

from checker.native.intrinsics import Code, Row, Static, Word, prefetch
from checker.native.kernel import kernel

__all__ = [
    "BATCH",
    "DONE",
    "FULL",
    "LEAVING",
    "MOST",
    "ROOM",
    "enter_all",
    "expand",
    "find",
    "hash_of",
]

BATCH = 16
"""States whose successors are looked up together, if they have few each."""

# What `expand` returns.
DONE = 0  # all that it was asked for
ROOM = 1  # arrays or table need more room
FULL = 2  # more states than wanted
LEAVING = 3  # an update leaves its domain

# Positions in the array `at`.
EXPANDED = 0
KNOWN = 1
EDGES = 2
STEPS = 3
MISHAPS = 4
STOP = 5
STATE_ROOM = 6
EDGE_ROOM = 7
MISHAP_ROOM = 8
MOST_STATES = 9
AT = 10
MOST = MOST_STATES


@kernel
def hash_of(words: Row, first: int, width: Static) -> Word:
    """A state's hash: every bit of the state changes about half of its bits."""
    mixed: Word = 0x9E3779B97F4A7C15
    for k in range(width):
        mixed = (mixed ^ words[first + k]) * 0xD6E8FEB86659FD93
        mixed = mixed ^ (mixed >> 32)
    mixed = mixed * 0xD6E8FEB86659FD93
    return mixed ^ (mixed >> 29)


@kernel
def enter_all(words: Row, width: Static, first: int, count: int, table: Row, bits: int) -> None:
    """Enter states first … count-1 into a table of 2^bits entries that holds none of them."""
    shift = 64 - bits
    mask = (1 << bits) - 1
    start = first
    while start < count:
        stop = min(start + 32, count)
        for i in range(start, stop):
            prefetch(table, int(hash_of(words, i * width, width) >> shift))
        for i in range(start, stop):
            hashed = hash_of(words, i * width, width)
            slot = int(hashed >> shift)
            while table[slot] != 0:
                slot = (slot + 1) & mask
            tag = int(hashed & 0xFFFFFFFF) >> bits
            table[slot] = (tag << bits) | (i + 1)
        start = stop


@kernel
def find(words: Row, width: Static, table: Row, bits: int, wanted: Row) -> int:
    """The number of a state, or -1."""
    mask = (1 << bits) - 1
    hashed = hash_of(wanted, 0, width)
    tag = int(hashed & 0xFFFFFFFF) >> bits
    slot = int(hashed >> (64 - bits))
    while True:
        entry = table[slot]
        if entry == 0:
            return -1
        if entry >> bits == tag:
            number = int(entry & mask) - 1
            same = True
            for k in range(width):
                if words[number * width + k] != wanted[k]:
                    same = False
            if same:
                return number
        slot = (slot + 1) & mask
    return -1


@kernel
def expand(
    successors: Code,
    most: int,
    width: Static,
    keep: Static,
    words: Row,
    table: Row,
    bits: int,
    parents: Row,
    parent_labels: Row,
    targets: Row,
    labels: Row,
    offsets: Row,
    mishaps: Row,
    fired: Row,
    out: Row,
    out_labels: Row,
    failed: Row,
    hashes: Row,
    counts: Row,
    at: Row,
) -> int:
    """Expand states in order until `at[STOP]`, or for as long as there is room.

    Parameters
    ----------
    successors, most
        As in `Successors`.
    width : int
        Words of a state.
    keep : int
        1 to record edges, 0 to count steps.
    words : uint64, width for each state
    table, bits
        The table of visited states, 2^bits entries.
    parents, parent_labels : for each state
    targets, labels : for each edge
    offsets : for each state and one more
    mishaps : int64, two for each: state and failure
    fired : uint8 for each label
        Bit 0: it happened; bit 1: it changed the state, or went wrong.
    out, out_labels, failed, hashes : room for what a batch of states leads to
    counts : int64, two for each state of a batch
    at : int64
        How far it is, and the limits; see above.
    """
    mask = (1 << bits) - 1
    shift = 64 - bits
    expanded = at[EXPANDED]
    known = at[KNOWN]
    edges = at[EDGES]
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
        if keep == 1 and edges + reach > at[EDGE_ROOM]:
            result = ROOM
            break
        # First all candidates, so that their places in the table are on their way.
        total = 0
        total_failed = 0
        for b in range(batch):
            found = successors(
                words[(expanded + b) * width :],
                out[total * width :],
                out_labels[total:],
                failed[total_failed:],
            )
            n = found & 0xFFFFFFFF
            for c in range(total, total + n):
                hashed = hash_of(out, c * width, width)
                hashes[c] = hashed
                prefetch(table, int(hashed >> shift))
            total += n
            total_failed += found >> 32
            counts[2 * b] = n
            counts[2 * b + 1] = found >> 32
        # Then the states that these entries name.
        for c in range(total):
            entry = table[int(hashes[c] >> shift)]
            if entry != 0:
                prefetch(words, ((entry & mask) - 1) * width)
        c = 0
        f = 0
        for b in range(batch):
            source = expanded
            wrong = counts[2 * b + 1]
            for _ in range(wrong):
                if failed[f] < 0:
                    result = LEAVING
                    mishaps[2 * unfortunate] = source
                    mishaps[2 * unfortunate + 1] = failed[f]
                    break
                mishaps[2 * unfortunate] = source
                mishaps[2 * unfortunate + 1] = failed[f]
                unfortunate += 1
                f += 1
            if result == LEAVING:
                break
            steps += counts[2 * b] + wrong
            for _ in range(counts[2 * b]):
                label = out_labels[c]
                hashed = hashes[c]
                tag = int(hashed & 0xFFFFFFFF) >> bits
                slot = int(hashed >> shift)
                # Most are found within three slots. These are looked at together: which of them it
                # is, no processor could foretell.
                entry = 0
                probe2 = table[(slot + 2) & mask]
                entry = probe2 if probe2 >> bits == tag else entry
                probe1 = table[(slot + 1) & mask]
                entry = probe1 if probe1 >> bits == tag else entry
                probe0 = table[(slot + 0) & mask]
                entry = probe0 if probe0 >> bits == tag else entry
                number = int(entry & mask) - 1
                same = number >= 0
                place = max(number, 0) * width
                for k in range(width):
                    same = same & (words[place + k] == out[c * width + k])
                if not same:
                    while True:
                        entry = table[slot]
                        if entry == 0:
                            number = known
                            for k in range(width):
                                words[known * width + k] = out[c * width + k]
                            parents[known] = source
                            parent_labels[known] = label
                            table[slot] = (tag << bits) | (known + 1)
                            known += 1
                            break
                        if entry >> bits == tag:
                            number = int(entry & mask) - 1
                            same = True
                            for k in range(width):
                                if words[number * width + k] != out[c * width + k]:
                                    same = False
                            if same:
                                break
                        slot = (slot + 1) & mask
                fired[label] = fired[label] | (1 + 2 * int(number != source))
                if keep == 1:
                    targets[edges] = number
                    labels[edges] = label
                    edges += 1
                c += 1
            expanded += 1
            if keep == 1:
                offsets[expanded] = edges
            if known > most_states:
                result = FULL
                break
    at[EXPANDED] = expanded
    at[KNOWN] = known
    at[EDGES] = edges
    at[STEPS] = steps
    at[MISHAPS] = unfortunate
    return result
