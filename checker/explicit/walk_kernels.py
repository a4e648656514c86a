"""Random walks as machine code: many runs in one call, one row of what was seen for each.

The same walk as in `python_walks`, number for number: which of the two made a run cannot be told.
"""

from __future__ import annotations

from checker.native.intrinsics import Code, Row, Static, Word, load_atomic, trailing_zeros, word
from checker.native.kernel import kernel

__all__ = [
    "BEYOND",
    "CUT",
    "END",
    "ENDED",
    "FAILURE",
    "FAULTS",
    "FIXED",
    "LEAVING",
    "LENGTH",
    "OWED",
    "WRONG",
    "below",
    "walk_runs",
]

# Columns of a row; then one for each event, then two for each goal.
END = 0
LENGTH = 1
FAILURE = 2
OWED = 3
FIXED = 4

# How a run ends.
CUT = 0  # after as many steps as were asked for
ENDED = 1  # nothing more can happen
WRONG = 2  # its last step went wrong
BEYOND = 3  # it would leave the range in which states are packed
LEAVING = 4  # an update leaves its domain, and no hazard says so: an ill-formed system

# Positions in `layout`.
BAD = 0
GOALS = 1
STUCK = 2
OWING = 3
CHANGES = 4

FAULTS = 5
"""A fault or an intent is taken every fifth time, on average, where a step could be taken too."""

_GAMMA = 0x9E3779B97F4A7C15
_OFTEN = 4095


@kernel
def mixed(state: Word) -> Word:
    """The number that splitmix64 makes of a state."""
    once: Word = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9
    twice: Word = (once ^ (once >> 27)) * 0x94D049BB133111EB
    return twice ^ (twice >> 31)


@kernel
def below(dice: Row, bound: int) -> int:
    """A number of 0 … bound-1, all equally likely, for a bound of at most 2^32."""
    if bound <= 1:
        return 0
    size: Word = word(bound)
    while True:
        dice[0] = dice[0] + _GAMMA
        product: Word = (mixed(dice[0]) >> 32) * size
        low: Word = product & 0xFFFFFFFF
        if low >= size:
            return int(product >> 32)
        if low >= (0x100000000 - size) % size:
            return int(product >> 32)
    return 0


@kernel
def walk_runs(
    successors: Code,
    observe: Code,
    compare: Code,
    width: Static,
    compares: Static,
    starts: Row,
    choices: int,
    key: Word,
    first: int,
    count: int,
    most: int,
    action_of: Row,
    is_own: Row,
    failure_action: Row,
    is_beyond: Row,
    layout: Row,
    here: Row,
    out: Row,
    out_labels: Row,
    failed: Row,
    moves: Row,
    groups: Row,
    dice: Row,
    rows: Row,
    columns: int,
    taken: Row,
    stop: Row,
) -> int:
    """Walk runs first … first+count-1; how many were finished before `stop[0]` was set.

    Parameters
    ----------
    successors
        As in `Successors`.
    observe, compare
        The bits of a state, and of a step; see `Watch`.
    width : int
        Words of a state.
    compares : int
        1 if there are bits of steps.
    starts, choices
        Initial states as words: `choices` of them to choose from, or 0 for one for each run.
    key : uint64
        Of the streams of random numbers.
    most : int
        Steps of a run at most.
    action_of : int32 for each label
    is_own : uint8 for each action
        1 if it is of kind step.
    failure_action : int32 for each failure
    is_beyond : uint8 for each failure
        1 if nothing goes wrong, only the range of packed states ends.
    layout : int64
        How many bits of each kind; see above.
    here, out, out_labels, failed : room for a state and what it leads to
    moves : int32, for each outcome
    groups : int32, seven for each action
    dice : uint64, one
    rows : int64, `columns` for each run
    taken : int64 for each action
        How often it was taken is added.
    stop : int64
    """
    bad = layout[BAD]
    goals = layout[GOALS]
    stuck_bits = layout[STUCK]
    owing = layout[OWING]
    changes = layout[CHANGES]
    bad_mask = (1 << bad) - 1
    goal_mask = (1 << goals) - 1
    stuck_mask = (1 << stuck_bits) - 1
    owing_mask = (1 << owing) - 1
    events = bad + changes + stuck_bits + owing
    for number in range(count):
        if load_atomic(stop, 0) != 0:
            return number
        row = number * columns
        for column in range(columns):
            rows[row + column] = -1
        dice[0] = mixed(key + word(first + number + 1) * _GAMMA)
        start = number
        if choices > 0:
            start = below(dice, choices)
        for k in range(width):
            here[k] = starts[start * width + k]
        seen = 0
        held = 0
        owed = 0
        compared = 0
        step = 0
        end = CUT
        while True:
            mask = observe(here, here)
            holds = (mask >> bad) & goal_mask
            differing = holds ^ held
            while differing != 0:
                g = trailing_zeros(word(differing))
                differing = differing & (differing - 1)
                column = row + FIXED + events + 2 * g
                if (holds >> g) & 1 != 0:
                    if rows[column] < 0:
                        rows[column] = step
                    rows[column + 1] = step
                else:
                    rows[column + 1] = -1
            held = holds
            others = mask >> (bad + goals + stuck_bits)
            owed = (owed | others) & ~(others >> owing) & owing_mask
            found = successors(here, out, out_labels, failed)
            n = found & 0xFFFFFFFF
            f = found >> 32
            # What changes something, in groups: outcomes of one action follow each other.
            m = 0
            last = -1
            group = -1
            own = 0
            alien = 0
            for c in range(n):
                differs: Word = 0
                for k in range(width):
                    differs = differs | (out[c * width + k] ^ here[k])
                if differs != 0:
                    action = action_of[out_labels[c]]
                    if action != last:
                        last = action
                        group += 1
                        groups[7 * group] = action
                        groups[7 * group + 1] = m
                        groups[7 * group + 2] = 0
                        groups[7 * group + 3] = 0
                        groups[7 * group + 4] = 0
                        if is_own[action] != 0:
                            groups[7 * own + 5] = group
                            own += 1
                        else:
                            groups[7 * alien + 6] = group
                            alien += 1
                    groups[7 * group + 2] += 1
                    moves[m] = c
                    m += 1
            for c in range(f):
                if failed[c] < 0:
                    rows[row + END] = LEAVING
                    rows[row + LENGTH] = step
                    rows[row + FAILURE] = failed[c]
                    return number
                action = failure_action[failed[c]]
                mine = 0
                while mine <= group and groups[7 * mine] != action:
                    mine += 1
                if mine > group:
                    group += 1
                    groups[7 * group] = action
                    groups[7 * group + 1] = 0
                    groups[7 * group + 2] = 0
                    groups[7 * group + 3] = c
                    groups[7 * group + 4] = 0
                    if is_own[action] != 0:
                        groups[7 * own + 5] = group
                        own += 1
                    else:
                        groups[7 * alien + 6] = group
                        alien += 1
                if groups[7 * mine + 4] == 0:
                    groups[7 * mine + 3] = c
                groups[7 * mine + 4] += 1
            happening = (mask & bad_mask) | (compared << bad)
            if own == 0:
                halted = ((mask >> (bad + goals)) & stuck_mask) | (owed << stuck_bits)
                happening = happening | (halted << (bad + changes))
            fresh = happening & ~seen
            while fresh != 0:
                rows[row + FIXED + trailing_zeros(word(fresh))] = step
                fresh = fresh & (fresh - 1)
            seen = seen | happening
            if own + alien == 0:
                end = ENDED
                break
            if step == most:
                break
            if step & _OFTEN == _OFTEN and load_atomic(stop, 0) > 1:
                return number
            # A fault or an intent, where a step could be taken too, every fifth time.
            size = own
            place = 5
            if alien > 0 and (own == 0 or below(dice, FAULTS) == 0):
                size = alien
                place = 6
            mine = groups[7 * below(dice, size) + place]
            which = below(dice, groups[7 * mine + 2] + groups[7 * mine + 4])
            if which >= groups[7 * mine + 2]:
                failure = failed[groups[7 * mine + 3] + which - groups[7 * mine + 2]]
                rows[row + FAILURE] = failure
                if is_beyond[failure] != 0:
                    end = BEYOND
                    break
                end = WRONG
                taken[groups[7 * mine]] += 1
                step += 1
                break
            taken[groups[7 * mine]] += 1
            chosen = moves[groups[7 * mine + 1] + which] * width
            if compares == 1:
                compared = compare(here, out[chosen:])
            for k in range(width):
                here[k] = out[chosen + k]
            step += 1
        rows[row + END] = end
        rows[row + LENGTH] = step
        rows[row + OWED] = owed
    return count
