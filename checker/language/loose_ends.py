"""What a model says in vain: hooks of fields that do not exist, and losses where nothing can crash."""

from __future__ import annotations

from checker.language.assembly import Scope
from checker.language.declarations import Declaration
from checker.language.errors import ModelError, nearest
from checker.language.source import member_span

__all__ = ["refuse_pointless_volatile", "refuse_unknown_watches"]


def refuse_unknown_watches(scope: Scope) -> None:
    """An `on_change` hook of a field that does not exist."""
    for name, declared in scope.declared.items():
        if isinstance(declared, Declaration) and declared.role == "on_change":
            known = [*scope.shapes, *scope.inputs]
            for watched in declared.options["inputs"]:
                if watched not in known:
                    raise ModelError(
                        f"`{name}` watches `{watched}`, which is no field or input",
                        member_span(scope.model, name),
                        help=nearest(watched, known) or f"there are {', '.join(known) or 'none'}",
                    )


def refuse_pointless_volatile(scope: Scope) -> None:
    """A field that is marked to be lost in crashes, where nothing can crash."""
    crashing = [
        name
        for name, declared in scope.declared.items()
        if isinstance(declared, Declaration) and declared.options.get("restarts")
    ]
    for name, mark in scope.volatile.items():
        if mark is False or (crashing and mark is True) or mark in crashing:
            continue
        hint = nearest(str(mark), crashing)
        what = (
            "no process of the model restarts"
            if mark is True
            else f"`{mark}` is no process that restarts"
        )
        raise ModelError(
            f"`{name}` is volatile, but {what}",
            member_span(scope.model, name),
            help=hint or "@process(restarts=True) may crash; without it remove volatile",
        )
