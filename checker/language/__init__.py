"""The modelling language: plain Python, executed by CPython and translated to a transition system."""

from checker.language.declarations import (
    action,
    always,
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
    transition,
)
from checker.language.errors import ModelError
from checker.language.model import Model
from checker.language.nondeterminism import choose, strikes, when
from checker.language.parameters import Param
from checker.language.types import ANY, Array, Bool, Enum, Input, Int, Like, Nat, Optional, Record, Set

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
]
