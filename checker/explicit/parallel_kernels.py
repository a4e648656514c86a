"""The inner loops of exploration by several threads, with the result of one.

A piece is some states that follow each other and are expanded by one thread. What a piece finds new
it *claims*: it gives it the next number of its own, from a region of numbers that begins above all
committed states and above the regions of earlier pieces, and enters that number into the table that
all threads share. If a later piece was faster, the number there is larger, and is replaced.

Why the result does not depend on timing
----------------------------------------
A place in the table that is taken stays that state's place, and the number in it only ever falls.
Consider a state that was not known, and the earliest piece p whose states lead to it. When p comes
to it first, no smaller number can be there: only p and later pieces ever enter one. So p claims it,
with a number below those of all later pieces, and finds its own number whenever it comes to it
again. Hence the claim that stays is that of the first generation in the order of the pieces and of
what they generate, which is the order in which one thread generates. The claims that stay, in the
order of their numbers, are therefore numbered as one thread numbers them, and each has the parent
and the label that it has there. All else that is recorded belongs to one expanded state.

Memory
------
A claim's words are written before its number is published by `compare_and_swap` (release), and read
after its number was read from the table (acquire). Who replaces a number writes where the replaced
claim has gone to; it is the only one to do so, since a number is replaced once.

References
----------
A. Laarman, J. van de Pol, M. Weber, "Boosting multi-core reachability performance with shared hash
tables", FMCAD 2010: one shared table with compare-and-swap, and places that are never given back.
G. Blelloch et al., "Internally deterministic parallel algorithms can be fast", PPoPP 2012: the
least of the claims wins, whatever the order in which they are made.
"""

from __future__ import annotations

from checker.explicit.search_kernels import BATCH, hash_of
from checker.native.intrinsics import (
    Code,
    Row,
    Static,
    Word,
    add_atomic,
    compare_and_swap,
    load_atomic,
    prefetch,
)
from checker.native.kernel import kernel

__all__ = ["commit", "generate", "settle"]

# Positions in the array `plan`, which all threads share. What is written stands apart, because
# processors exchange memory in lines of 64 bytes.
FIRST = 0  # the first state to expand
STOP = 1  # and the first that is not
SIZE = 2  # states of a piece
PIECES = 3
KNOWN = 4  # committed states: the numbers of claims begin here
ROOM = 5  # numbers of a piece
NEXT = 8  # the next piece that nobody does yet
TROUBLE = 16  # why one thread has to do it
PLAN = 24

# What may stand there.
CLAIMS = 1  # a piece has no numbers left
LEAVING = 2  # an update leaves its domain

# Positions in a row of the array `pieces`, one for each.
CLAIMED = 0
EDGES = 1
STEPS = 2
MISHAPS = 3
NUMBER = 4  # of the first claim that stays
EDGE = 5  # where its edges begin
PIECE = 8


@kernel
def candidates(
    successors: Code,
    width: Static,
    first: int,
    count: int,
    words: Row,
    table: Row,
    bits: int,
    out: Row,
    out_labels: Row,
    failed: Row,
    hashes: Row,
    counts: Row,
) -> None:
    """All that a batch of states leads to; what it will be compared with is on its way."""
    mask = (1 << bits) - 1
    shift = 64 - bits
    total = 0
    total_failed = 0
    for b in range(count):
        found = successors(
            words[(first + b) * width :],
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
    for c in range(total):
        entry = load_atomic(table, int(hashes[c] >> shift))
        if entry != 0:
            prefetch(words, ((entry & mask) - 1) * width)


@kernel
def claim(
    mine: int,
    limit: int,
    known: int,
    width: Static,
    words: Row,
    moves: Row,
    places: Row,
    table: Row,
    bits: int,
    out: Row,
    hashed: Word,
) -> int:
    """The number of a state: what is there, if that is below `mine`; else `mine`, claimed by this.

    -1 if it would have to be claimed, but `mine` has reached `limit`.
    """
    mask = (1 << bits) - 1
    tag = int(hashed & 0xFFFFFFFF) >> bits
    slot = int(hashed >> (64 - bits))
    while True:
        entry = load_atomic(table, slot)
        number = (entry & mask) - 1
        other = False
        if entry != 0:
            other = entry >> bits != tag
            if not other:
                for k in range(width):
                    if words[number * width + k] != out[k]:
                        other = True
        if other:
            slot = (slot + 1) & mask
        elif entry != 0 and number < mine:
            return number
        elif mine == limit:
            return -1
        else:
            for k in range(width):
                words[mine * width + k] = out[k]
            moves[mine - known + 1] = 0
            places[mine - known] = slot
            if compare_and_swap(table, slot, entry, (tag << bits) | (mine + 1)) == entry:
                if entry != 0:
                    moves[number - known + 1] = known - 1 - mine
                return mine
            # Somebody was faster: this place is looked at again.
    return -1


@kernel
def generate(
    successors: Code,
    most: int,
    width: Static,
    keep: Static,
    words: Row,
    table: Row,
    bits: int,
    parents: Row,
    parent_labels: Row,
    offsets: Row,
    targets: Row,
    labels: Row,
    moves: Row,
    places: Row,
    mishaps: Row,
    pieces: Row,
    plan: Row,
    fired: Row,
    out: Row,
    out_labels: Row,
    failed: Row,
    hashes: Row,
    counts: Row,
) -> None:
    """Expand pieces until none is left.

    Parameters
    ----------
    successors, most, width, keep, words, table, bits, parents, parent_labels, offsets
        As in `expand`. States are where their numbers say, those of claims too; offsets are
        counted from the beginning of the piece.
    targets, labels : for each edge of these pieces
    moves : int32, one more than claims
        The first is 0 and stays so. That of a claim is 0, or -1 - i if claim i has taken its place.
    places : uint32 for each claim
        Where in the table it is.
    mishaps : int64, two for each: state and failure
    pieces : int64, `PIECE` for each
        What there is of each of these.
    plan : int64
        See above.
    fired, out, out_labels, failed, hashes, counts
        As in `expand`, for this thread alone.
    """
    known = plan[KNOWN]
    largest = max(1, min(BATCH, 4096 // most))
    piece = add_atomic(plan, NEXT, 1)
    while piece < plan[PIECES]:
        source = plan[FIRST] + piece * plan[SIZE]
        stop = min(source + plan[SIZE], plan[STOP])
        begin = known + piece * plan[ROOM]
        limit = begin + plan[ROOM]
        mine = begin
        begin_edges = piece * plan[SIZE] * most
        edges = begin_edges
        unfortunate = begin_edges
        steps = 0
        trouble = 0
        while source < stop and trouble == 0:
            trouble = load_atomic(plan, TROUBLE)
            batch = min(largest, stop - source)
            candidates(
                successors,
                width,
                source,
                batch,
                words,
                table,
                bits,
                out,
                out_labels,
                failed,
                hashes,
                counts,
            )
            c = 0
            f = 0
            for b in range(batch):
                for _ in range(counts[2 * b + 1]):
                    mishaps[2 * unfortunate] = source
                    mishaps[2 * unfortunate + 1] = failed[f]
                    unfortunate += 1
                    if failed[f] < 0:
                        trouble = LEAVING
                        break
                    f += 1
                steps += counts[2 * b] + counts[2 * b + 1]
                for _ in range(counts[2 * b]):
                    label = out_labels[c]
                    itself = True
                    for k in range(width):
                        if out[c * width + k] != words[source * width + k]:
                            itself = False
                    number = source
                    if itself:
                        fired[label] = fired[label] | 1
                    else:
                        fired[label] = fired[label] | 3
                        number = claim(
                            mine,
                            limit,
                            known,
                            width,
                            words,
                            moves,
                            places,
                            table,
                            bits,
                            out[c * width :],
                            hashes[c],
                        )
                        if number == mine:
                            parents[mine] = source
                            parent_labels[mine] = label
                            mine += 1
                        elif number < 0:
                            trouble = CLAIMS
                    if keep == 1:
                        targets[edges] = number
                        labels[edges] = label
                        edges += 1
                    c += 1
                source += 1
                if keep == 1:
                    offsets[source] = edges - begin_edges
        if trouble != 0:
            compare_and_swap(plan, TROUBLE, 0, trouble)
        pieces[piece * PIECE + CLAIMED] = mine - begin
        pieces[piece * PIECE + EDGES] = edges - begin_edges
        pieces[piece * PIECE + STEPS] = steps
        pieces[piece * PIECE + MISHAPS] = unfortunate - begin_edges
        piece = add_atomic(plan, NEXT, 1)


@kernel
def settle(
    width: Static,
    words: Row,
    parents: Row,
    parent_labels: Row,
    moves: Row,
    pieces: Row,
    plan: Row,
    edges: int,
) -> int:
    """Number the claims that stay, in order, and move them there.

    Parameters
    ----------
    width, words, parents, parent_labels, moves, pieces, plan
        As in `generate`. A claim's move becomes what its number changes by; the number of one whose
        place was taken becomes that of who took it.
    edges : int
        How many there are already.

    Returns
    -------
    int
        How many states are known then.
    """
    known: int = plan[KNOWN]
    number = known
    for piece in range(plan[PIECES]):
        pieces[piece * PIECE + NUMBER] = number
        pieces[piece * PIECE + EDGE] = edges
        edges += pieces[piece * PIECE + EDGES]
        first = piece * plan[ROOM]
        for i in range(first, first + pieces[piece * PIECE + CLAIMED]):
            if moves[i + 1] < 0:
                # Taken by a smaller one, which is settled already.
                taker = -1 - moves[i + 1]
                moves[i + 1] = taker + moves[taker + 1] - i
            else:
                for k in range(width):
                    words[number * width + k] = words[(known + i) * width + k]
                parents[number] = parents[known + i]
                parent_labels[number] = parent_labels[known + i]
                moves[i + 1] = number - (known + i)
                number += 1
    return number


@kernel
def commit(
    most: int,
    keep: Static,
    table: Row,
    bits: int,
    offsets: Row,
    targets: Row,
    labels: Row,
    moves: Row,
    places: Row,
    own_targets: Row,
    own_labels: Row,
    pieces: Row,
    plan: Row,
) -> None:
    """Put edges where they belong and final numbers into the table, piece by piece until none is left.

    Parameters
    ----------
    most, keep
        As in `generate`.
    table, bits, offsets, targets, labels
        As in `expand`, with room for what was generated.
    moves, places, own_targets, own_labels, pieces, plan
        What `generate` and `settle` have made.
    """
    known = plan[KNOWN]
    size = plan[SIZE]
    piece = add_atomic(plan, NEXT, 1)
    while piece < plan[PIECES]:
        first = piece * plan[ROOM]
        end = first + pieces[piece * PIECE + CLAIMED]
        number = pieces[piece * PIECE + NUMBER]
        for i in range(first, end):
            prefetch(table, places[min(i + 8, end - 1)])
            settled = known + i + moves[i + 1]
            # If its place was taken, its number is one of an earlier piece, and smaller.
            if settled >= number:
                table[places[i]] = ((table[places[i]] >> bits) << bits) | (settled + 1)
        if keep == 1:
            own = piece * size * most
            edge = pieces[piece * PIECE + EDGE]
            count = pieces[piece * PIECE + EDGES]
            for i in range(count):
                # Not a branch: which targets are claims cannot be guessed. The others do not move.
                target = own_targets[own + i]
                targets[edge + i] = target + moves[max(target - known + 1, 0)]
            for i in range(count):
                labels[edge + i] = own_labels[own + i]
            source = plan[FIRST] + piece * size
            for i in range(source + 1, min(source + size, plan[STOP]) + 1):
                offsets[i] += edge
        piece = add_atomic(plan, NEXT, 1)
