"""A state as one integer: each variable has its own bits, so that states hash and compare fast."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checker.system.sorts import BoolSort, Scalar
from checker.system.transition_system import Variable

__all__ = ["NotCompilable", "NotEnumerable", "Packing", "Slot", "digest_of", "packing_of"]

WORD = 64

_PIECE = 1 << 14


class NotEnumerable(ValueError):
    """A domain is unbounded and states no bound, so its values cannot be visited one by one.

    Parameters
    ----------
    name : str
        The variable, parameter or choice.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is unbounded: it can be explored only under a stated bound")
        self.name = name


class NotCompilable(ValueError):
    """Something that generated Python can do and machine code cannot; the message says what."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a variable stands in the packed state: bits offset … offset+width-1 hold value - low.

    Parameters
    ----------
    name : str
    offset, width : int
        In bits. A domain of one value has width 0.
    low, top : int
        Least and greatest value that the slot can hold of the variable's domain.
    is_bool : bool
    unbounded : bool
        The domain goes on beyond `top`; `top` is only where the enumeration stops.
    """

    name: str
    offset: int
    width: int
    low: int
    top: int
    is_bool: bool
    unbounded: bool

    @property
    def mask(self) -> int:
        """The slot's bits, at bit 0."""
        return (1 << self.width) - 1


@dataclass(frozen=True, slots=True)
class Packing:
    """The layout of packed states.

    Notes
    -----
    Slots stand in the order of the variables, so the elements of an array are equally far apart
    and a computed index is a shift. A slot never crosses a multiple of 64 bits unless it is wider
    than that: engines that work on 64-bit words read each variable from one of them.
    """

    slots: tuple[Slot, ...]

    @property
    def bits(self) -> int:
        """Bits of a packed state."""
        return max((slot.offset + slot.width for slot in self.slots), default=0)

    @property
    def words(self) -> int:
        """64-bit words of a packed state, at least one."""
        return max(1, -(-self.bits // WORD))

    def pack(self, state: Mapping[str, Scalar]) -> int:
        """The packed form of a state.

        Raises
        ------
        KeyError
            If a variable has no value.
        ValueError
            If a value is outside its domain (or beyond the bound of the enumeration).
        """
        packed = 0
        for slot in self.slots:
            value = int(state[slot.name])
            if not slot.low <= value <= slot.top:
                raise ValueError(f"{slot.name} = {value} is outside {slot.low}..{slot.top}")
            packed |= (value - slot.low) << slot.offset
        return packed

    def unpack(self, packed: int) -> dict[str, Scalar]:
        """The state of a packed form: every variable's value."""
        state: dict[str, Scalar] = {}
        for slot in self.slots:
            value = (packed >> slot.offset & slot.mask) + slot.low
            state[slot.name] = bool(value) if slot.is_bool else value
        return state

    def matrix(self, states: Sequence[int]) -> npt.NDArray[np.uint64]:
        """Packed states as rows of 64-bit words, least significant first.

        Returns
        -------
        ndarray of uint64, shape (len(states), words)
        """
        if self.words == 1:
            return np.fromiter(states, dtype=np.uint64, count=len(states)).reshape(-1, 1)
        size = self.words * 8
        matrix = np.empty((len(states), self.words), dtype=np.uint64)
        # In pieces: as bytes they take far more memory than in the end.
        for start in range(0, len(states), _PIECE):
            data = b"".join(packed.to_bytes(size, "little") for packed in states[start : start + _PIECE])
            matrix[start : start + _PIECE] = np.frombuffer(data, dtype="<u8").reshape(-1, self.words)
        return matrix


def packing_of(variables: Iterable[Variable]) -> Packing:
    """Lay out the variables of a system.

    Raises
    ------
    NotEnumerable
        If a domain is unbounded and states no bound.
    """
    slots: list[Slot] = []
    offset = 0
    for variable in variables:
        domain = variable.domain
        top = domain.top
        if top is None:
            raise NotEnumerable(variable.name)
        width = max(0, top - domain.low).bit_length()
        if offset % WORD + width > WORD:
            offset += -offset % WORD
        slots.append(
            Slot(
                variable.name,
                offset,
                width,
                domain.low,
                top,
                isinstance(domain.sort, BoolSort),
                domain.high is None,
            )
        )
        offset += width
    return Packing(tuple(slots))


# Two unrelated starting points (the fractional parts of the golden ratio and of the square root
# of two): one 64-bit sum over 10^9 states has accidental equals, two have not.
_SEEDS = (0x9E3779B97F4A7C15, 0x6A09E667F3BCC908)


def digest_of(packing: Packing, states: npt.NDArray[np.uint64]) -> str:
    """A fingerprint of a *set* of packed states, given as rows of words: 32 hexadecimal digits.

    Each state's words, least significant first, are folded by h ← splitmix64(h xor word) from two
    seeds; the results are added modulo 2^64. The order of the states does not matter, so every
    engine that finds the same states has the same digest, on any machine.

    References
    ----------
    G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
    """
    sums = [0, 0]
    for start in range(0, len(states), 1 << 16):
        rows = states[start : start + (1 << 16)]
        for which, seed in enumerate(_SEEDS):
            folded = np.full(len(rows), seed, dtype=np.uint64)
            for column in range(packing.words):
                folded = _splitmix64(folded ^ rows[:, column])
            sums[which] += int(folded.sum(dtype=np.uint64))
    return "".join(f"{total % (1 << 64):016x}" for total in sums)


def _splitmix64(value: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    # Array arithmetic on uint64 wraps silently, which is what the definition asks for.
    mixed = value + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
