"""Reconverge: controllers as plain Python, checked for safety, convergence and idempotence.

Everything public is a name of this module. Each is imported when it is first used, so that a
command which needs one of them does not wait for all.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__all__ = [
    "ANY",
    "Array",
    "Bool",
    "Enum",
    "Input",
    "Int",
    "Like",
    "Model",
    "ModelError",
    "Nat",
    "Optional",
    "Param",
    "Record",
    "Set",
    "Stale",
    "__version__",
    "action",
    "always",
    "attempt",
    "check",
    "choose",
    "converges",
    "deadlock_free",
    "elaborate",
    "explore",
    "fault",
    "idempotent",
    "intent",
    "irreversible",
    "leads_to",
    "load",
    "never",
    "on_change",
    "process",
    "prove",
    "reachable",
    "recoverable",
    "recurs",
    "simulate",
    "strikes",
    "transition",
    "when",
]

if TYPE_CHECKING:
    from checker.findings.checking import check
    from checker.findings.exploring import explore
    from checker.findings.proving import prove
    from checker.findings.sampling import simulate
    from checker.language import (
        ANY,
        Array,
        Bool,
        Enum,
        Input,
        Int,
        Like,
        Model,
        ModelError,
        Nat,
        Optional,
        Param,
        Record,
        Set,
        action,
        always,
        choose,
        converges,
        deadlock_free,
        fault,
        idempotent,
        intent,
        irreversible,
        leads_to,
        never,
        on_change,
        process,
        reachable,
        recoverable,
        recurs,
        strikes,
        transition,
        when,
    )
    from checker.language.elaborate import elaborate
    from checker.language.loader import load
    from checker.library import Stale, attempt

__version__ = "0.1.0"

_HOMES = {
    "checker.findings.checking": ("check",),
    "checker.findings.exploring": ("explore",),
    "checker.findings.proving": ("prove",),
    "checker.findings.sampling": ("simulate",),
    "checker.language.elaborate": ("elaborate",),
    "checker.language.loader": ("load",),
    "checker.library": ("Stale", "attempt"),
    "checker.language": (
        "ANY",
        "Array",
        "Bool",
        "Enum",
        "Input",
        "Int",
        "Like",
        "Model",
        "ModelError",
        "Nat",
        "Optional",
        "Param",
        "Record",
        "Set",
        "action",
        "always",
        "choose",
        "converges",
        "deadlock_free",
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
        "strikes",
        "transition",
        "when",
    ),
}

_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'checker' has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
