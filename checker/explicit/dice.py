"""Random numbers of a walk: a stream for each run, the same on every machine and in every order.

A run's stream is splitmix64, begun at a place that is drawn by another splitmix64 from the seed and
the run's number. No two runs share anything, so it does not matter which thread makes which run.
`walk_kernels` has the same as machine code.

References
----------
G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014
(splitmix64). D. Lemire, "Fast random integer generation in an interval", ACM Trans. Model. Comput.
Simul. 29 (2019): numbers below a bound, each exactly as likely as the others.
"""

from __future__ import annotations

__all__ = ["GAMMA", "Dice", "beginning", "key_of", "mixed"]

GAMMA = 0x9E3779B97F4A7C15
"""What splitmix64 adds from one number to the next: odd, and near 2^64 divided by the golden ratio."""

_ONES = (1 << 64) - 1
_HALF = 1 << 32


def mixed(state: int) -> int:
    """The number that splitmix64 makes of a state."""
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _ONES
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _ONES
    return state ^ (state >> 31)


def key_of(seed: int, purpose: int = 0) -> int:
    """Where the runs of a seed begin to be drawn from; another place for each purpose.

    Parameters
    ----------
    seed : int
        Of which the low 64 bits count.
    purpose : int
    """
    return mixed((mixed((seed + GAMMA) & _ONES) + purpose) & _ONES)


def beginning(key: int, run: int) -> int:
    """The state in which a run's stream begins."""
    return mixed((key + (run + 1) * GAMMA) & _ONES)


class Dice:
    """The stream of one run.

    Parameters
    ----------
    key : int
        As from `key_of`.
    run : int
        Its number.
    """

    __slots__ = ("state",)

    def __init__(self, key: int, run: int) -> None:
        self.state = beginning(key, run)

    def word(self) -> int:
        """The next 64 bits."""
        self.state = (self.state + GAMMA) & _ONES
        return mixed(self.state)

    def below(self, bound: int) -> int:
        """A number of 0 … bound-1, all equally likely; nothing is drawn where there is only one."""
        if bound <= 1:
            return 0
        if bound > _HALF:
            return self._far_below(bound)
        while True:
            product = (self.word() >> 32) * bound
            low = product & (_HALF - 1)
            # The few values that would make some results likelier are drawn again.
            if low >= bound or low >= (_HALF - bound) % bound:
                return product >> 32

    def _far_below(self, bound: int) -> int:
        bits = (bound - 1).bit_length()
        while True:
            number = 0
            for _ in range(-(-bits // 64)):
                number = number << 64 | self.word()
            number &= (1 << bits) - 1
            if number < bound:
                return number
