"""Errors in a model, shown with the author's line, a caret, and what to do about it."""

from __future__ import annotations

import ast
import difflib
import linecache
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

from checker.system.transition_system import Location

__all__ = ["ModelError", "Span", "nearest"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one source line.

    Parameters
    ----------
    file : str
        As the user named it, or as Python knows it.
    line : int
        From 1.
    column, end : int
        Characters from 0; the end is not included.
    """

    file: str
    line: int
    column: int = 0
    end: int = 0

    @staticmethod
    def of(node: ast.AST, file: str) -> Span:
        """The span of a syntax node: the keyword of a block, the name of a definition, or its first line."""
        line = getattr(node, "lineno", 1)
        text = linecache.getline(file, line)
        start = _characters(text, getattr(node, "col_offset", 0))
        opening = _OPENING.match(text, start) if isinstance(node, _BLOCKS) else None
        if opening is not None:
            return Span(file, line, *opening.span(opening.lastindex or 0))
        end = _characters(text, getattr(node, "end_col_offset", 0) or 0)
        if getattr(node, "end_lineno", line) != line:
            end = len(text.rstrip())
        return Span(file, line, start, max(end, start + 1))

    @property
    def location(self) -> Location:
        """The same place without its extent."""
        return Location(self.file, self.line, self.column)


_BLOCKS = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.For, ast.AsyncFor, ast.While),
    *(ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match),
)

# A definition is known by its name, any other block by its keyword.
_OPENING = re.compile(r"(?:async\s+)?(?:def|class)\s+(\w+)|async\s+\w+|\w+")


def _characters(text: str, offset: int) -> int:
    """Python counts columns in UTF-8 bytes; people count characters."""
    return len(text.encode()[:offset].decode(errors="ignore"))


class ModelError(Exception):
    """The model is not one that can be checked.

    Parameters
    ----------
    message : str
        What is wrong; names in backquotes.
    span : Span, optional
        Where.
    note : str
        What stands beside the caret.
    help : str
        What to do.
    """

    def __init__(self, message: str, span: Span | None = None, note: str = "", help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.note = note
        self.help = help

    def __str__(self) -> str:
        lines = [f"error: {self.message}"]
        span = self.span
        if span is not None:
            lines = [f"{_shown(span.file)}:{span.line}:{span.column + 1}: error: {self.message}"]
            text = linecache.getline(span.file, span.line).rstrip()
            if text:
                carets = "^" * max(1, min(span.end, len(text)) - span.column)
                lines.append(f"{span.line:>5} | {text}")
                lines.append(f"      | {' ' * span.column}{carets} {self.note}".rstrip())
            elif self.note:
                lines.append(f"   {self.note}")
        elif self.note:
            lines.append(f"   {self.note}")
        if self.help:
            lines.append(f"   help: {self.help}")
        return "\n".join(lines)

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the author's line, and not ours that found the mistake in it."""
        return str(self).splitlines()


def _shown(file: str) -> str:
    """A path as short as it can be said from here."""
    if file.startswith("<"):
        return file
    relative = os.path.relpath(file)
    return file if relative.startswith("..") else relative


def nearest(word: str, known: Iterable[str]) -> str:
    """` (did you mean …?)` for a misspelt word, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean `{close[0]}`?" if close else ""
