"""Breaking styled text so that no line is wider than its place."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

__all__ = ["broken", "hanging", "wrapped"]


def hanging(line: Text, indent: int, text: str, width: int) -> Iterator[Text]:
    """Text after a beginning, wrapped with its own indentation."""
    room = max(width - indent, 20)
    held = ""
    first = True
    for word in text.split():
        if held and cell_len(held) + 1 + cell_len(word) > room:
            yield Text.assemble(line, held) if first else Text(" " * indent + held)
            held, first = word, False
        else:
            held = f"{held} {word}" if held else word
    yield Text.assemble(line, held) if first else Text(" " * indent + held)


def broken(text: Text, width: int) -> list[Text]:
    """A part that is wider than its column, in pieces."""
    width = max(width, 8)
    pieces, words = [], text.plain.split(" ")
    line = ""
    for word in words:
        while cell_len(word) > width:
            if line:
                pieces.append(line)
                line = ""
            pieces.append(word[:width])
            word = word[width:]
        if line and cell_len(line) + 1 + cell_len(word) > width:
            pieces.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    pieces.append(line)
    return [Text(piece, style=text.style) for piece in pieces if piece.strip()]


def wrapped(line: Text, width: int) -> Iterator[Text]:
    """A line of assignments on as many lines as it takes, cut between them where that is possible."""
    if line.cell_len <= width:
        yield line
        return
    words, held = line.plain.split("  "), ""
    for word in words:
        candidate = f"{held}  {word}" if held else word
        if held and cell_len(candidate) > width:
            yield Text(held)
            held = f"     {word}"
        else:
            held = candidate
    yield from (Text(piece) for piece in _pieces(held, width))


def _pieces(text: str, width: int) -> Iterator[str]:
    while cell_len(text) > width:
        yield text[:width]
        text = "     " + text[width:]
    yield text
