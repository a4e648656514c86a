"""The signs of a drawing, and what stands for them on a terminal that has only ASCII."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ASCII", "UNICODE", "Glyphs", "glyphs_for"]

_PLAIN = {
    "→": "->",
    "·": "-",
    "…": "...",
    "–": "-",
    "—": "-",
    "’": "'",
    "′": "'",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "↺": "@",
    "✓": "+",
    "✗": "x",
}


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One sign for each part of a drawing; every sign is one column wide."""

    lane: str
    step: str
    fault: str
    intent: str
    wrong: str
    nothing: str
    loop_begin: str
    loop: str
    loop_end: str
    again: str
    ellipsis: str
    message: str
    arrow: str
    holds: str
    violated: str
    unknown: str
    is_unicode: bool

    def plain(self, text: str) -> str:
        """The text with only such characters as the terminal has."""
        if self.is_unicode:
            return text
        for sign, instead in _PLAIN.items():
            text = text.replace(sign, instead)
        return text.encode("ascii", "replace").decode("ascii")


UNICODE = Glyphs(
    lane="│",
    step="●",
    fault="✸",
    intent="◆",
    wrong="✗",
    nothing="○",
    loop_begin="╭",
    loop="│",
    loop_end="╰",
    again="↺",
    ellipsis="…",
    message="─",
    arrow="▸",
    holds="✓",
    violated="✗",
    unknown="?",
    is_unicode=True,
)

ASCII = Glyphs(
    lane="|",
    step="o",
    fault="*",
    intent="#",
    wrong="x",
    nothing=".",
    loop_begin="/",
    loop="|",
    loop_end="\\",
    again="@",
    ellipsis="~",
    message="-",
    arrow=">",
    holds="+",
    violated="x",
    unknown="?",
    is_unicode=False,
)


def glyphs_for(encoding: str | None) -> Glyphs:
    """The signs that a stream of this encoding can carry."""
    try:
        "│●✸◆✗○╭╰↺…─▸✓→".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE
