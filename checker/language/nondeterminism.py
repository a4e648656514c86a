"""`when`, `choose` and `strikes`: what a step asks of the world while CPython executes it."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from checker.language.errors import ModelError

__all__ = ["Disabled", "Question", "Script", "choose", "strikes", "when"]


class Disabled(Exception):
    """The step cannot be taken here."""


@dataclass(frozen=True, slots=True)
class Question:
    """One decision a step asked for: the possible answers, and which was given.

    `fault` names the fault that the answer True means; None for a plain choice.
    """

    options: tuple[Any, ...]
    answer: Any
    fault: str | None = None


@dataclass
class Script:
    """Answers for a step's questions, in order; the first option where the script has ended."""

    answers: tuple[Any, ...] = ()
    asked: list[Question] = field(default_factory=list)

    def ask(self, options: tuple[Any, ...], fault: str | None = None) -> Any:
        """Answer the next question.

        Raises
        ------
        LookupError
            If the scripted answer is not one of the options.
        """
        position = len(self.asked)
        answer = self.answers[position] if position < len(self.answers) else options[0]
        if answer not in options:
            raise LookupError(f"answer {answer!r} is not among {options!r}")
        self.asked.append(Question(options, answer, fault))
        return answer


script: ContextVar[Script | None] = ContextVar("script", default=None)


def _ask(what: str, options: tuple[Any, ...], fault: str | None = None) -> Any:
    current = script.get()
    if current is None:
        raise ModelError(
            f"`{what}` has no value outside a step",
            help="put it into the method of an action, a fault, an intent or a process",
        )
    return current.ask(options, fault)


def when(condition: object) -> None:
    """Disable the step where the condition is false."""
    if script.get() is None:
        raise ModelError(
            "`when` stands inside a step",
            help="put it into the method of an action, a fault, an intent or a process",
        )
    if not condition:
        raise Disabled


def choose(*options: Any) -> Any:
    """One of several values, or of a domain, a range or a set: nobody says which.

    Examples
    --------
    `choose(1, 2, 3)` · `choose(Int(0, 3))` · `choose(range(n))` · `choose(self.free)`, which
    disables the step while the set is empty.
    """
    if len(options) == 1:
        members = getattr(options[0], "_choices", None)
        if members is not None:
            # A set of the model: every possible member is asked for, absent ones disable the step,
            # so that an answer means the same whatever the set holds.
            answer = _ask("choose", members())
            when(answer in options[0])
            return answer
        domain = getattr(options[0], "domain", None)
        if domain is not None:
            resolved = domain(_OuterParameters())
            return resolved.decode(_ask("choose", resolved.values()))
        if isinstance(options[0], set | frozenset):
            held = tuple(sorted(options[0]))
            when(held)
            return _ask("choose", held)
        if isinstance(options[0], Iterable) and not isinstance(options[0], str):
            options = tuple(options[0])
    if not options:
        raise Disabled
    return options[_ask("choose", tuple(range(len(options))))]


class _OuterParameters(dict[str, int]):
    def __missing__(self, key: str) -> int:
        raise ModelError(
            f"parameter `{key}` is not known here", help="write a range over self.… instead"
        )


def strikes(fault: str, effect: object = None) -> bool:
    """Whether a named fault strikes at this point: False in fault-free steps.

    Each True is one fault under the regime's budget, and is never fair. `effect` is the call that
    the fault befalls; a trace names it.
    """
    return bool(_ask("strikes", (False, True), fault))
