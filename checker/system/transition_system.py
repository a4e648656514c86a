"""The heart: a frozen transition system and the properties stated of it. Knows no engine.

A system is (variables, initial states, actions). An action is one atomic step of one agent: a
guard, simultaneous updates, nondeterministic choices, and what can go wrong in it (its hazards).
See `Action` for how one symbolic action stands for its instances.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import Enum
from functools import cached_property
from typing import Any

from checker.system.expression import TRUE, Expression
from checker.system.expression import variable as variable_node
from checker.system.shape import Shape, decode
from checker.system.sorts import Domain, Scalar
from checker.system.walk import topological

__all__ = [
    "Action",
    "Call",
    "Decision",
    "Effect",
    "Fairness",
    "Field",
    "Hazard",
    "Kind",
    "Location",
    "Process",
    "Property",
    "Role",
    "Symbol",
    "TransitionSystem",
    "Variable",
]


class Kind(Enum):
    """Who moves: an agent by its own behaviour, the world breaking, or a changed wish."""

    STEP = "step"
    FAULT = "fault"
    INTENT = "intent"


class Fairness(Enum):
    """What is promised about an action that could happen again and again.

    WEAK: not enabled for ever without being taken. STRONG: not enabled again and again without
    being taken. In both, "taken" and "enabled" speak of steps that *change* the state.
    """

    NONE = "none"
    WEAK = "weak"
    STRONG = "strong"


class Role(Enum):
    """What a variable is for."""

    FIELD = "field"
    POSITION = "position"  # a process's program counter
    LOCAL = "local"  # a process's local variable that lives across a `yield`
    PARAMETER = "parameter"  # a parameter of the model without a number: any value, which never changes
    GHOST = "ghost"  # bookkeeping of a regime or a monitor; not in the user's class


@dataclass(frozen=True, slots=True)
class Location:
    """Where in the user's source something stands; never part of a system's meaning or hash."""

    file: str
    line: int
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Variable:
    """One scalar state variable.

    Parameters
    ----------
    name : str
        Unique; `pods`, `api.pods`, `slots[2]`, `reconcile.at`.
    domain : Domain
        Values it may hold. Every action keeps it inside, or has a hazard where it does not.
    initial : tuple of bool or int, Expression, or None
        Possible initial values; an expression over other variables' initial values; None for
        every value of the domain.
    role : Role
    owner : str
        The agent it belongs to; empty for the shared world.
    """

    name: str
    domain: Domain
    initial: tuple[Scalar, ...] | Expression | None
    role: Role = Role.FIELD
    owner: str = ""

    @property
    def node(self) -> Expression:
        """The expression that reads this variable."""
        return variable_node(self.name, self.domain.sort)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A parameter of an action, or a choice inside it: a bound symbol and its domain.

    The symbol ranges over domain.low..domain.high (False and True for Bool), or between the ends
    that the domain has as expressions.
    """

    name: str
    node: Expression
    domain: Domain


@dataclass(frozen=True, slots=True)
class Hazard:
    """Something that goes wrong in a step: where the condition holds, the step has no successor.

    Hazards of one action exclude each other, and imply the action's guard.

    Parameters
    ----------
    kind : str
        "assert", "domain", "index", "division", or "none" (a missing Optional value was used).
    condition : Expression
        Over the state before the step, the parameters and the choices.
    message : str
        What went wrong, in the model's terms.
    name : str
        What a report calls it; for an assertion its message.
    """

    kind: str
    condition: Expression
    message: str
    name: str
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the step decided when CPython asked (`choose`, `strikes`): in program order.

    `value` is asked for only where `reached` holds; both are over the state before the step.
    """

    reached: Expression
    value: Expression


@dataclass(frozen=True, slots=True)
class Effect:
    """A request that left the process (`attempt`), or a marked irreversible effect."""

    name: str
    condition: Expression
    irreversible: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """What CPython executes for an action: a method of a (sub-)model.

    `path` names the sub-model from the outside in; `method` its method; `instance` which of
    several like processes; `form` is "action", "process" (advance to the next yield) or "crash".
    """

    path: tuple[str, ...]
    method: str
    form: str = "action"
    instance: int | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """One atomic step of one agent, symbolic in its parameters and choices.

    An *instance* fixes the parameters; fairness is per instance. An *outcome* also fixes the
    choices. Every outcome whose guard holds is one step (also if it changes nothing). Choices
    that are not reached are fixed by the guard, so that each outcome is counted once.

    Parameters
    ----------
    name : str
        Unique within the system.
    label : str
        What a trace shows.
    agent : str
        Who acts: a process, a component, `environment` (faults), `user` (intents).
    group : str
        Unit of fairness: the actions of a process share one; otherwise the action's own name.
        An action with parameters has one unit for each instance.
    updates : tuple of (str, Expression)
        New values of the variables that change; all others keep theirs.
    hazards : tuple of Hazard
        Where one holds the outcome is an error instead of a successor.
    faults : tuple of str
        Names of the faults that this action consists of: its cost under a regime's budget.
    process : str or None
        Key of the process it advances or crashes.
    completes : Expression
        Where true (before the step), the step ends one pass of its process.
    writes : tuple of (str, Expression)
        Variables assigned and when, also if the value stays the same.
    effects : tuple of Effect
    """

    name: str
    label: str
    agent: str
    kind: Kind
    fairness: Fairness
    group: str
    guard: Expression
    updates: tuple[tuple[str, Expression], ...]
    parameters: tuple[Symbol, ...] = ()
    choices: tuple[Symbol, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    decisions: tuple[Decision, ...] = ()
    faults: tuple[str, ...] = ()
    process: str | None = None
    completes: Expression = TRUE
    writes: tuple[tuple[str, Expression], ...] = ()
    effects: tuple[Effect, ...] = ()
    call: Call | None = None
    location: Location | None = None

    def roots(self) -> tuple[Expression, ...]:
        """Every expression of the action, in a fixed order."""
        return (
            self.guard,
            *(value for _, value in self.updates),
            *(hazard.condition for hazard in self.hazards),
            *(part for decision in self.decisions for part in (decision.reached, decision.value)),
            self.completes,
            *(condition for _, condition in self.writes),
            *(effect.condition for effect in self.effects),
        )


@dataclass(frozen=True, slots=True)
class Process:
    """A process: its program counter, and what is lost when it crashes.

    Parameters
    ----------
    key : str
        `reconcile`, `api.serve`, or `reconcile[1]` for one of several instances.
    position : str
        The program counter's variable; value 0 is the start of the body.
    memory : tuple of str
        Its locals and its volatile fields.
    restarts : bool
        Whether it may crash.
    """

    key: str
    agent: str
    position: str
    memory: tuple[str, ...]
    restarts: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A declared field (or a process's position or local) and the variables that make it up."""

    name: str
    shape: Shape
    role: Role = Role.FIELD
    owner: str = ""


@dataclass(frozen=True)
class TransitionSystem:
    """(variables, initial states, actions), and how they look to the model's author.

    Parameters
    ----------
    name : str
        The model's class.
    parameters : tuple of (str, int)
        The instance's parameters, apart from those that are variables (`Role.PARAMETER`).
    wellformed : Expression
        Holds in every state that could be written down at all: what is absent or no longer alive
        has its default value. Every reachable state satisfies it: initial states are those
        combinations of the variables' initial values that satisfy it. Of variables that stand for
        parameters it says for which of their values there is an instance.
    """

    name: str
    parameters: tuple[tuple[str, Scalar], ...]
    variables: tuple[Variable, ...]
    actions: tuple[Action, ...]
    fields: tuple[Field, ...] = ()
    processes: tuple[Process, ...] = ()
    wellformed: Expression = TRUE
    reads: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __getstate__(self) -> dict[str, Any]:
        # Expressions first, operands before their users: whatever pickles this meets no node before
        # its operands, and so never recurses deeper than one node.
        roots = [self.wellformed, *(root for action in self.actions for root in action.roots())]
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        return {"expressions": tuple(topological(roots)), **given}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for one in fields(self):
            object.__setattr__(self, one.name, state[one.name])

    @cached_property
    def variable(self) -> dict[str, Variable]:
        """Variables by name."""
        return {variable.name: variable for variable in self.variables}

    @cached_property
    def action(self) -> dict[str, Action]:
        """Actions by name."""
        return {action.name: action for action in self.actions}

    @cached_property
    def process(self) -> dict[str, Process]:
        """Processes by key."""
        return {process.key: process for process in self.processes}

    def decode(self, state: dict[str, Scalar]) -> dict[str, Any]:
        """The state as its author sees it: fields, then positions and locals of processes."""
        return {field.name: decode(field.shape, state) for field in self.fields}


@dataclass(frozen=True, slots=True)
class Property:
    """A promise stated of a system, not yet judged.

    Parameters
    ----------
    kind : str
        "always", "never", "transition", "converges", "recurs", "leads_to", "recoverable",
        "reachable", "deadlock_free" or "idempotent".
    predicate : Expression or None
        What the author wrote; over `next` variables too for "transition". None for
        "idempotent" and for "deadlock_free".
    premise : Expression or None
        The p of `leads_to(p)`.
    hazards : tuple of Hazard
        Where evaluating the predicate (or premise) itself goes wrong.
    regime : str or None
        The regime it states, as on the command line; None for the kind's default.
    expected : str
        "holds" or "violated": the verdict its author documents.
    by, to : str or None
        Who promises, and to whom.
    setpoint, output : tuple of str
        Fields that hold the desired and the actual value.
    process, world, levels
        For "idempotent": the process or action, the visible fields, the levels wanted.
    goal : str or None
        For "idempotent": the property whose predicate is the goal of level 0.
    """

    name: str
    kind: str
    predicate: Expression | None = None
    premise: Expression | None = None
    hazards: tuple[Hazard, ...] = ()
    regime: str | None = None
    expected: str = "holds"
    by: str | None = None
    to: str | None = None
    setpoint: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    process: str | None = None
    world: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    expected_levels: tuple[tuple[str, str], ...] = ()
    goal: str | None = None
    description: str = ""
    location: Location | None = field(default=None, compare=False)
