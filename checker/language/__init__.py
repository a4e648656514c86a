"""The modelling language: plain Python, executed by CPython and translated to a transition system.

A model is a class. CPython running it *is* its meaning; what the translator does not understand is
an error with line, caret and help, never a guess.

Fields
    `Bool()`, `Int(low, high)`, `Nat()`, `Enum("idle", "busy")`, `Array(n, of)`, `Set(n)`, `Optional(of)`,
    `Record(a=…)`; each with `init=` a value, `ANY`, or several values in a tuple, and `volatile=True` (lost
    when its agent crashes). `Param(3, min=1)` is a constant of an instance: `Taxi(street=20)`.
Who moves
    `@action` (weakly fair; `fair="strong"`, `fair=None`), `@fault`, `@intent`: one atomic step. A parameter
    with a domain, `def move(self, to: Int(0, 3))`, makes one instance for each value, each with its own
    fairness. `@process(restarts=True, instances=2)`: a generator that others interrupt only at its
    `yield`s; its position and its live locals are state.
Inside a step
    `if`, `match`, `for` over ranges, arrays and sets, early `return`, locals, helpers (inlined),
    `any all sum len min max abs`, comprehensions, `+ - * // %`. `when(condition)` disables the step,
    `choose(a, b)`, `choose(domain)` or `choose(self.a_set)` is nondeterminism, `strikes("fault", effect)` a
    point where a named fault may strike (`attempt` is built on it), `assert` a safety check. A value
    outside its domain, an index outside its array, a division by zero and the use of a missing value
    are errors of the model, reported with a trace.
Components
    A model in another one's class body: `view = Stale(pods)`. Positional arguments connect its `Input`s;
    `Like(source)` is a field of an input's type; `reads_as` names the field that stands for the
    component; `@on_change("source")` is part of every step that changes an input.
Promises
    `@always`, `@never`, `@transition` (over `self, after`), `@converges(setpoint=, output=)`, `@recurs`,
    `@leads_to(premise)`, `@recoverable`, `@reachable`, and by assignment `idempotent("reconcile",
    world=("pods",))` and `deadlock_free()`. `regime=` says how much failure it is judged under,
    `expect="violated"` which verdict is documented; a subclass that fixes a bug says `violates = ()`.

A fix is a subclass that overrides what the real fix changed; methods, fields and parameters are found
by name, and `name = None` takes one away.
"""

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
