"""Where a process may be suspended, and how to recognise it in a live CPython generator."""

from __future__ import annotations

from dataclasses import dataclass
from types import GeneratorType
from typing import Any

from checker.language.containers import DomainViolation, unbox
from checker.system.sorts import Domain, EnumSort

__all__ = ["START", "YieldPoint", "YieldPoints"]

START = "start"


@dataclass(frozen=True)
class YieldPoint:
    """One place where a process waits.

    Parameters
    ----------
    label : str
        The position's name in the system.
    line : int
        Line of the `yield`.
    loops : tuple of (str, value)
        Loop variables that tell apart the passes of an unrolled loop.
    locals : tuple of (str, str, bool)
        Locals that are alive here: (name in the function, name of the field in the system, whether
        it is a number there: Python's True is then 1).
    annotated : tuple of (str, Domain, bool)
        Declared domains of such locals, and whether None is allowed too.
    """

    label: str
    line: int
    loops: tuple[tuple[str, Any], ...]
    locals: tuple[tuple[str, str, bool], ...]
    annotated: tuple[tuple[str, Domain, bool], ...]


@dataclass(frozen=True)
class YieldPoints:
    """All places where one process may wait."""

    position: str
    points: tuple[YieldPoint, ...]

    def _at(self, generator: GeneratorType[Any, None, None] | None) -> YieldPoint | None:
        if generator is None or generator.gi_frame is None:
            return None
        frame = generator.gi_frame
        found = [
            point
            for point in self.points
            if point.line == frame.f_lineno
            and all(frame.f_locals.get(name) == value for name, value in point.loops)
        ]
        # Two yields on one line cannot be told apart from outside.
        return found[0] if len(found) == 1 else None

    def observe(self, generator: GeneratorType[Any, None, None] | None) -> dict[str, Any]:
        """The position and the live locals, as far as they can be seen."""
        if generator is None:
            return {self.position: START}
        point = self._at(generator)
        if point is None:
            return {}
        held = _locals(generator)
        return {self.position: point.label} | {
            field: _seen(held[name], number) for name, field, number in point.locals if name in held
        }

    def check(self, generator: GeneratorType[Any, None, None] | None) -> None:
        """Refuse an annotated local that is outside its domain at a `yield`.

        Raises
        ------
        DomainViolation
        """
        if generator is None or generator.gi_frame is None:
            return
        line = generator.gi_frame.f_lineno
        passes = [point for point in self.points if point.line == line]
        held = _locals(generator)
        for name, domain, optional in dict.fromkeys(one for point in passes for one in point.annotated):
            if name not in held:
                continue
            value = held[name]
            if value is None and optional:
                continue
            inside = (
                value in domain.sort.labels if isinstance(domain.sort, EnumSort) else value in domain
            )
            if not inside:
                raise DomainViolation(f"{name} = {value!r}, not in {domain}")


def _locals(generator: GeneratorType[Any, None, None]) -> dict[str, Any]:
    frame = generator.gi_frame
    return {} if frame is None else frame.f_locals


def _seen(value: Any, number: bool) -> Any:
    return int(value) if number and isinstance(value, bool) else unbox(value)
