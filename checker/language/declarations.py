"""Decorators: what a method of a model is (`action`, `fault`, `always`, …), kept beside the method.

A decorator returns the method itself, so that a decorated predicate can be called by another
method like any helper.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, overload

from checker.language.errors import ModelError, Span, nearest
from checker.system.regime_text import parse_regime

__all__ = [
    "LEVELS",
    "Assigned",
    "Declaration",
    "action",
    "always",
    "converges",
    "deadlock_free",
    "declaration_of",
    "fault",
    "idempotent",
    "intent",
    "irreversible",
    "leads_to",
    "never",
    "on_change",
    "process",
    "reachable",
    "recoverable",
    "recurs",
    "transition",
]

Method = TypeVar("Method", bound=Callable[..., Any])

_MARK = "__reconverge__"
_INCOMPLETE = "__reconverge_incomplete__"

_EXPECTED = ("holds", "violated")

LEVELS = (
    "quiescent",
    "idempotent",
    "crash-idempotent",
    "delivery-idempotent",
    "overlap-idempotent",
    "effect-once",
)


@dataclass(frozen=True)
class Declaration:
    """What a method was declared as, with its options."""

    role: str
    options: dict[str, Any] = field(default_factory=dict)


def declaration_of(function: object) -> Declaration | None:
    """The declaration of a method, or None for a helper."""
    return getattr(function, _MARK, None)


def _declare(function: Method, role: str, options: dict[str, Any]) -> Method:
    if not callable(function):
        raise ModelError(f"@{role} stands above a method", help=f"@{role}(…) takes keyword options only")
    known = declaration_of(function)
    if known is not None:
        raise ModelError(
            f"`{getattr(function, '__name__', 'a method')}` is both @{known.role} and @{role}",
            help="write two methods; one may call the other",
        )
    setattr(function, _MARK, Declaration(role, options))
    return function


def _decorator(role: str, function: Any, options: dict[str, Any]) -> Any:
    if function is None:
        return _awaited(lambda method: _declare(method, role, options), role, "it stands above a method")
    return _declare(function, role, options)


def _awaited(decorate: Any, role: str, help: str) -> Any:
    """A decorator that still has to be applied; where it stays in a class body, it never was."""
    setattr(decorate, _INCOMPLETE, (role, help))
    return decorate


def incomplete(member: object) -> tuple[str, str] | None:
    """The role and what to do, of a decorator that was not applied to a method."""
    found: tuple[str, str] | None = getattr(member, _INCOMPLETE, None)
    return found


# ---------------------------------------------------------------- who moves


@overload
def action(function: Method, /) -> Method: ...
@overload
def action(*, fair: str | None = "weak", agent: str | None = None) -> Callable[[Method], Method]: ...
def action(function: Any = None, /, *, fair: str | None = "weak", agent: str | None = None) -> Any:
    """One atomic step of an agent.

    Parameters
    ----------
    fair : "weak", "strong" or None
        What is promised about it when it could happen for ever; see `semantics`.
    agent : str, optional
        Whose lane it is drawn in; the model's own name if not given.
    """
    if fair not in ("weak", "strong", None):
        raise ModelError(f"fair={fair!r} is no fairness", help="fair='weak', fair='strong' or fair=None")
    return _decorator("action", function, {"fair": fair, "agent": agent})


@overload
def fault(function: Method, /) -> Method: ...
@overload
def fault(*, agent: str = "environment") -> Callable[[Method], Method]: ...
def fault(function: Any = None, /, *, agent: str = "environment") -> Any:
    """Emergent change: never fair, bounded by the regime."""
    return _decorator("fault", function, {"agent": agent})


@overload
def intent(function: Method, /) -> Method: ...
@overload
def intent(*, agent: str = "user") -> Callable[[Method], Method]: ...
def intent(function: Any = None, /, *, agent: str = "user") -> Any:
    """A change of the desired state: never fair, bounded by the regime."""
    return _decorator("intent", function, {"agent": agent})


@overload
def process(function: Method, /) -> Method: ...
@overload
def process(
    *, restarts: bool = False, instances: Any = 1, fair: str | None = "weak"
) -> Callable[[Method], Method]: ...
def process(
    function: Any = None, /, *, restarts: bool = False, instances: Any = 1, fair: str | None = "weak"
) -> Any:
    """A loop with `yield` where others may run; its body runs again when it returns.

    Parameters
    ----------
    restarts : bool
        May crash at any `yield`: its locals and volatile fields are lost.
    instances : int or Param
        How many of them run.
    fair : "weak", "strong" or None
    """
    if fair not in ("weak", "strong", None):
        raise ModelError(f"fair={fair!r} is no fairness", help="fair='weak', fair='strong' or fair=None")
    return _decorator("process", function, {"restarts": restarts, "instances": instances, "fair": fair})


def on_change(*inputs: str) -> Callable[[Method], Method]:
    """Part of every atomic step, whoever makes it, that changes one of the named fields or inputs.

    For components that record history (`Stale(x, at_most=d)`).
    """
    return _awaited(  # type: ignore[no-any-return]
        lambda method: _declare(method, "on_change", {"inputs": inputs}),
        "on_change",
        'name what it watches: @on_change("pods")',
    )


def irreversible(function: Method) -> Method:
    """An effect on the world that must happen at most once per change of the setpoint."""
    function.__reconverge_irreversible__ = True  # type: ignore[attr-defined]
    return function


# ---------------------------------------------------------------- promises


def _promise(role: str, function: Any, options: dict[str, Any]) -> Any:
    if options.get("expect", "holds") not in _EXPECTED:
        wrong = options["expect"]
        raise ModelError(f"expect={wrong!r} is no verdict", help="expect='holds' or expect='violated'")
    _must_be_regime(options.get("regime"))
    for side in ("setpoint", "output"):
        if isinstance(options.get(side), str):
            options[side] = (options[side],)
    return _decorator(role, function, options)


def _must_be_regime(text: object) -> None:
    """Refuse a misspelt regime where it is written, not when it is used."""
    if text is not None:
        try:
            parse_regime(str(text))
        except ValueError as problem:
            raise ModelError(f"regime={text!r} is no regime", help=str(problem)) from None


def always(
    function: Any = None,
    /,
    *,
    by: str | None = None,
    to: str | None = None,
    regime: str | None = None,
    expect: str = "holds",
) -> Any:
    """State invariant: true in every reachable state."""
    return _promise("always", function, {"by": by, "to": to, "regime": regime, "expect": expect})


def never(
    function: Any = None,
    /,
    *,
    by: str | None = None,
    to: str | None = None,
    regime: str | None = None,
    expect: str = "holds",
) -> Any:
    """True in no reachable state."""
    return _promise("never", function, {"by": by, "to": to, "regime": regime, "expect": expect})


def transition(
    function: Any = None,
    /,
    *,
    by: str | None = None,
    to: str | None = None,
    regime: str | None = None,
    expect: str = "holds",
) -> Any:
    """Step invariant over `(self, after)`: what a step that changes the state may change."""
    return _promise("transition", function, {"by": by, "to": to, "regime": regime, "expect": expect})


def converges(
    function: Any = None,
    /,
    *,
    setpoint: str | tuple[str, ...] = (),
    output: str | tuple[str, ...] = (),
    by: str | None = None,
    to: str | None = None,
    regime: str | None = None,
    expect: str = "holds",
) -> Any:
    """Under the regime, every fair run reaches the predicate and stays (◇□).

    Parameters
    ----------
    setpoint, output : str or tuple of str
        Fields that hold the desired and the actual value.
    """
    options = {"by": by, "to": to, "regime": regime, "expect": expect}
    return _promise("converges", function, {**options, "setpoint": setpoint, "output": output})


def recurs(
    function: Any = None,
    /,
    *,
    by: str | None = None,
    to: str | None = None,
    regime: str | None = None,
    expect: str = "holds",
) -> Any:
    """Every fair run satisfies it again and again, faults included (□◇)."""
    return _promise("recurs", function, {"by": by, "to": to, "regime": regime, "expect": expect})


def leads_to(
    premise: Any,
    /,
    *,
    by: str | None = None,
    to: str | None = None,
    regime: str | None = None,
    expect: str = "holds",
) -> Callable[[Method], Method]:
    """Whenever the premise holds, eventually this does.

    Parameters
    ----------
    premise : str or function
        The name of a method of the model, a method defined above, or a lambda of `self`.
    """
    options = {"by": by, "to": to, "regime": regime, "expect": expect, "premise": premise}

    def decorate(method: Method) -> Method:
        promised: Method = _promise("leads_to", method, options)
        return promised

    return _awaited(  # type: ignore[no-any-return]
        decorate, "leads_to", 'name the premise: @leads_to("requested") above the method'
    )


def recoverable(
    function: Any = None,
    /,
    *,
    by: str | None = None,
    to: str | None = None,
    regime: str | None = None,
    expect: str = "holds",
) -> Any:
    """From every reachable state it can still be reached (AG EF), once faults have stopped."""
    return _promise("recoverable", function, {"by": by, "to": to, "regime": regime, "expect": expect})


def reachable(function: Any = None, /, *, regime: str | None = None, expect: str = "holds") -> Any:
    """Sanity: some run gets here."""
    return _promise("reachable", function, {"regime": regime, "expect": expect})


@dataclass
class Assigned:
    """A promise that is not a predicate, declared by assignment in the class body."""

    role: str
    options: dict[str, Any]
    span: Span | None = None


def _caller() -> Span:
    """Where the class body calls a function of this module."""
    frame = sys._getframe(2)
    code = frame.f_code
    line, end_line, start, end = list(code.co_positions())[frame.f_lasti // 2]
    if line is None or start is None or end is None or line != end_line:
        return Span(code.co_filename, frame.f_lineno)
    return Span.of(
        ast.expr(lineno=line, end_lineno=line, col_offset=start, end_col_offset=end), code.co_filename
    )


def idempotent(
    process: str,
    *,
    world: str | tuple[str, ...] = (),
    levels: tuple[str, ...] = (),
    goal: str | None = None,
    expect: str | dict[str, str] = "holds",
    regime: str | None = None,
    by: str | None = None,
    to: str | None = None,
) -> Assigned:
    """Repeating the process does no harm: six levels, each judged apart.

    Parameters
    ----------
    process : str
        A process or an action of the model.
    world : tuple of str
        Fields that the outside can see; at least one.
    levels : tuple of str
        Which levels; every level that applies if not given.
    goal : str, optional
        The property that says when there is nothing to do; all `converges` if not given.
    expect : str or dict
        Documented verdict, for all levels or by level.
    """
    for level in (*levels, *(expect if isinstance(expect, dict) else ())):
        if level not in LEVELS:
            raise ModelError(
                f"no level {level!r} of idempotence",
                help=nearest(level, LEVELS) or f"there are {', '.join(LEVELS)}",
            )
    if not isinstance(process, str):
        raise ModelError(
            "`idempotent` is not a decorator",
            help='assign it: stable = idempotent("reconcile", world=("pods",))',
        )
    if isinstance(world, str):
        world = (world,)
    if not world:
        raise ModelError(
            "`idempotent` needs to know what the outside can see",
            help='name the fields: world=("pods",)',
        )
    options: dict[str, Any] = {
        "process": process,
        "world": tuple(world),
        "levels": tuple(levels),
        "goal": goal,
    }
    options |= {"expect": expect, "regime": regime, "by": by, "to": to}
    _must_be_regime(regime)
    return Assigned("idempotent", options, _caller())


def deadlock_free(*, regime: str | None = None, expect: str = "holds") -> Assigned:
    """No reachable state outside the goal where no agent can take a step that changes anything."""
    _must_be_regime(regime)
    return Assigned("deadlock_free", {"regime": regime, "expect": expect}, _caller())
