"""From an object file to one block of code that runs wherever it is put, without a linker.

Only what the kernels need: ELF for x86-64, code and constants that refer to each other and to nothing
else. Whatever is different is refused, and is then compiled in memory as usual.

References
----------
System V Application Binary Interface, AMD64 Architecture Processor Supplement, § 4.4 (relocation).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

__all__ = ["FlatCode", "NotFlat", "flatten"]

_RELATIVE = (2, 4)  # R_X86_64_PC32, R_X86_64_PLT32: both S + A - P within one block
_ALLOCATED = 2
_WRITABLE = 1
_X86_64 = 62
_PROGBITS, _SYMBOLS, _RELOCATIONS, _NOTHING = 1, 2, 4, 8
_PAGE = 4096


class NotFlat(ValueError):
    """The object needs more than its own bytes: another function, writable data, another processor."""


@dataclass(frozen=True, slots=True)
class FlatCode:
    """Code and constants in one block.

    Parameters
    ----------
    block : bytes
    entries : dict of str to int
        Where its functions begin.
    """

    block: bytes
    entries: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Section:
    kind: int
    flags: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int


def flatten(data: bytes) -> FlatCode:
    """Lay out the sections of a relocatable object one after the other, and resolve what they refer to.

    Raises
    ------
    NotFlat
        If that cannot be done.
    """
    sections = _sections(data)
    block = bytearray()
    places: dict[int, int] = {}
    for number, section in enumerate(sections):
        if not section.flags & _ALLOCATED or not section.size or _is_unwinding(section):
            continue
        if section.flags & _WRITABLE or section.kind == _NOTHING:
            raise NotFlat("it has data that can be written")
        if section.kind != _PROGBITS:
            continue
        if section.alignment > _PAGE:
            raise NotFlat("it wants to begin at more than a page")
        block += bytes(-len(block) % max(1, section.alignment))
        places[number] = len(block)
        block += data[section.offset : section.offset + section.size]
    table = next((one for one in sections if one.kind == _SYMBOLS), None)
    if table is None:
        raise NotFlat("it has no symbols")
    symbols = _symbols(data, sections, table)
    for section in sections:
        if section.kind == _RELOCATIONS and section.info in places:
            _relocate(data, section, places, symbols, block)
    entries = {
        name: places[home] + value
        for name, home, value, is_global in symbols
        if name and is_global and home in places
    }
    return FlatCode(bytes(block), entries)


def _sections(data: bytes) -> list[_Section]:
    # 64 bits, little-endian, relocatable, for this processor.
    if data[:6] != b"\x7fELF\x02\x01" or struct.unpack_from("<HH", data, 16) != (1, _X86_64):
        raise NotFlat("it is no relocatable ELF object for x86-64")
    (start,) = struct.unpack_from("<Q", data, 40)
    size, count = struct.unpack_from("<HH", data, 58)
    found = []
    for number in range(count):
        _, kind, flags, _, offset, length, link, info, alignment, _ = struct.unpack_from(
            "<IIQQQQIIQQ", data, start + number * size
        )
        found.append(_Section(kind, flags, offset, length, link, info, alignment))
    return found


def _is_unwinding(section: _Section) -> bool:
    # .eh_frame: how to unwind the stack for an exception, of which there are none.
    return section.kind == 0x70000001


def _symbols(data: bytes, sections: list[_Section], table: _Section) -> list[tuple[str, int, int, bool]]:
    """(name, section, value, whether it is global) of every symbol."""
    names = sections[table.link]
    found = []
    for offset in range(table.offset, table.offset + table.size, 24):
        name, info, _, home, value, _ = struct.unpack_from("<IBBHQQ", data, offset)
        begin = names.offset + name
        text = data[begin : data.index(b"\0", begin)].decode()
        found.append((text, home, value, info >> 4 == 1))
    return found


def _relocate(
    data: bytes,
    section: _Section,
    places: dict[int, int],
    symbols: list[tuple[str, int, int, bool]],
    block: bytearray,
) -> None:
    base = places[section.info]
    for offset in range(section.offset, section.offset + section.size, 24):
        where, info, addend = struct.unpack_from("<QQq", data, offset)
        name, home, value, _ = symbols[info >> 32]
        if info & 0xFFFFFFFF not in _RELATIVE:
            raise NotFlat(f"it has a relocation of type {info & 0xFFFFFFFF}")
        if home not in places:
            raise NotFlat(f"it refers to {name or 'something'} outside")
        place = base + where
        struct.pack_into("<i", block, place, places[home] + value + addend - place)
