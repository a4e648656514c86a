"""Values that nobody will read are forgotten: states that differ in nothing else become one.

Two things are done, in this order. What is outside the *cone of influence* of what is judged (no
guard, hazard or predicate depends on it, however indirectly) is fixed for good, and actions that
move nothing else are left out. Then a variable that is *dead* where some controller (a program
counter, a phase, a flag) has a certain value, because every way from there overwrites it before it
is read, is set to a fixed value by every step that leads there.

Soundness
---------
Call two states alike if they agree on all variables but those that are dead in both; controllers
are never dead. Alike states agree on everything that is judged, have the same enabled outcomes and
hazards (apart from steps that lead to an alike state), and their successors are alike again: the
given and the reduced system are bisimilar up to such invisible steps. So with `Keeping.STATES` the
verdicts of always, never, reachable and recoverable are those of the given system.

A run's fairness is about steps that *change* the state, which an invisible step does in the given
system only. With `Keeping.RUNS` steps of a fair unit may become invisible only if it is weakly fair
and never has more than one outcome, or if all that it does is outside the cone of influence. Then a
fair run of the given system is fair without its invisible steps: a unit that takes one has nothing
to do, in the reduced system, in the state where it takes it. And a fair run of the reduced system
becomes fair in the given one by putting invisible steps in, each unit in its turn. So the verdicts of
converges, recurs and leads_to are kept. Without that condition they are not: a process that may
work, or else only count, is fair if it counts for ever, and in the reduced system would have to work.
For a strongly fair unit one outcome at a time is not enough: it may count wherever it can, and never
work, though it could again and again.

With `Keeping.STEPS` every step that changes the given system changes the reduced one. This keeps also
transition, deadlock_free, and the number of steps and rounds that convergence takes. What idempotence
is about (writes, effects, the results of single passes) is never kept.

References
----------
M. Bozga, J.-C. Fernandez, L. Ghirvu, State space reduction based on live variables analysis,
Sci. Comput. Program. 47 (2003), 203-220: reset of dead variables, and the bisimulation.
G. J. Holzmann, The engineering of a model checker: the Gnu i-protocol case study revisited, SPIN
(1999): what it saves. L. I. Millett, T. Teitelbaum, Issues in slicing PROMELA and its applications
to model checking, protocol understanding, and simulation, STTT 2 (2000): the cone of influence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log2

from checker.reductions.dataflow import Flow, instances_of
from checker.reductions.dead_values import Keeping, Table, dead_values
from checker.reductions.resetting import necessary, reset, sliced
from checker.system.expression import Expression
from checker.system.transition_system import Property, Role, TransitionSystem
from checker.system.walk import variables_of

__all__ = ["Keeping", "LiveVariables", "keeping_for", "read_by", "without_dead_values"]

_KEEPING = {
    **dict.fromkeys(("always", "never", "reachable", "recoverable"), Keeping.STATES),
    **dict.fromkeys(("converges", "recurs", "leads_to"), Keeping.RUNS),
    **dict.fromkeys(("transition", "deadlock_free"), Keeping.STEPS),
}

_MOST_POSITIONS = 64
"""Values of a variable that may be a controller."""

_MOST_EFFORT = 10_000
"""Actions specialised to values of controllers, in all: a second or two, then no more are tried."""


@dataclass(frozen=True)
class LiveVariables:
    """A system without dead values, and what was done to it.

    Parameters
    ----------
    system : TransitionSystem
        With the same variables. Those that were fixed for good have one value.
    resets : tuple of str
        What is reset where, for people.
    refused : tuple of str
        What is not, though nobody reads it, and why.
    keeping : Keeping
    touched : frozenset of str
        Variables whose values are not those of the given system.
    dropped : tuple of str
        Names of the actions that were left out.
    read : tuple of Expression
        What may be judged.
    """

    system: TransitionSystem
    resets: tuple[str, ...]
    refused: tuple[str, ...]
    keeping: Keeping
    touched: frozenset[str] = frozenset()
    dropped: tuple[str, ...] = ()
    read: tuple[Expression, ...] = ()

    def obstacle(self, claim: Property) -> str:
        """Why the verdict of a claim on this system need not be that on the given one; or nothing."""
        needed = _KEEPING.get(claim.kind)
        if needed is None:
            return f"{claim.kind} is about what single steps write, which is not kept"
        if needed > self.keeping:
            return f"{claim.kind} is about steps that may have been left out"
        for expression in read_by([claim]).values():
            lost = variables_of([expression]) & self.touched
            if lost and expression not in self.read:
                return f"{claim.name} reads `{min(lost)}`, which is reset"
        return ""

    def unmeasured(self, claim: Property) -> tuple[str, ...]:
        """Metrics of a claim that are not those on the given system, though the verdict is."""
        if not self.touched and not self.dropped:
            return ()
        if claim.kind != "converges":
            return ("premises",) if claim.kind == "leads_to" else ()
        lost = () if self.keeping is Keeping.STEPS else ("steps", "rounds", "unbounded")
        fields = any(self.system.variable[name].role is Role.FIELD for name in self.touched)
        return (*lost, "confluent", "different_ends") if fields else lost


def keeping_for(claims: Iterable[Property]) -> Keeping | None:
    """The least that must be kept for all of the claims; None where that is too much for one."""
    wanted = [_KEEPING.get(claim.kind) for claim in claims]
    return None if None in wanted else max(filter(None, wanted), default=Keeping.STATES)


def read_by(claims: Iterable[Property]) -> dict[str, Expression]:
    """Everything that judging the claims evaluates, by name.

    The goal of deadlock_free, which other properties give, is not among it.
    """
    found: dict[str, Expression] = {}
    for claim in claims:
        parts = {"": claim.predicate, ": premise": claim.premise}
        parts |= {f": hazard {i}": hazard.condition for i, hazard in enumerate(claim.hazards)}
        found |= {claim.name + what: part for what, part in parts.items() if part is not None}
    return found


def without_dead_values(
    system: TransitionSystem,
    predicates: Mapping[str, Expression],
    *,
    keeping: Keeping = Keeping.STEPS,
) -> LiveVariables:
    """The system with every value forgotten that nothing judged depends on.

    Parameters
    ----------
    system : TransitionSystem
        Under a regime, if there is one: what cannot happen reads nothing.
    predicates : mapping of str to Expression
        Everything that will be evaluated in its states or steps, see `read_by`. What hazards of
        the system's own actions read is always kept.
    keeping : Keeping
        How much must stay as it is, for the kinds of properties that will be judged, see
        `keeping_for`.

    Returns
    -------
    LiveVariables
        Of properties of other kinds, or with other predicates, its system says nothing.

    Notes
    -----
    A run of the reduced system is made into one of the given system by `restored`.
    """
    read = tuple(predicates.values())
    refused: dict[str, str] = {}
    instances = instances_of(system)
    (cone,) = dead_values(system, [Flow(system, instances)], read, keeping, refused)
    smaller = sliced(system, cone)
    tables = _tables(smaller, read, keeping, refused)
    fixed = [v.name for v, w in zip(system.variables, smaller.variables, strict=True) if v is not w]
    touched = frozenset([*fixed, *(name for table in tables for name in table.dead)])
    return LiveVariables(
        system=reset(smaller, tables),
        resets=(*(f"`{name}` everywhere" for name in fixed), *_told(tables)),
        refused=tuple(f"`{name}`: {why}" for name, why in refused.items() if name not in touched),
        keeping=keeping,
        touched=touched,
        dropped=tuple(action.name for action in system.actions if action.name not in smaller.action),
        read=read,
    )


def _tables(
    system: TransitionSystem, read: Sequence[Expression], keeping: Keeping, refused: dict[str, str]
) -> tuple[Table, ...]:
    """Where variables are dead by the controllers that give up most."""
    instances = instances_of(system)
    without = Flow(system, instances)
    offers = []
    effort = 0
    # Program counters first: what a process no longer needs is what this is mostly about.
    for variable in sorted(system.variables, key=lambda one: one.role is not Role.POSITION):
        size = variable.domain.size
        if variable.domain.high is None or size is None or not 1 < size <= _MOST_POSITIONS:
            continue
        effort += size * sum(variable.name in instance.mentions for instance in instances)
        if effort > _MOST_EFFORT:
            break
        flow = Flow(system, instances, variable, without)
        table = necessary(system, dead_values(system, [flow], read, keeping, {})[0])
        if table.dead:
            offers.append(table)
    offers.sort(key=lambda table: -_worth(system, table))
    chosen: list[Flow] = []
    controllers: set[str] = set()
    gone: set[str] = set()
    for table in offers:
        controller = table.flow.controller
        assert controller is not None
        # A controller always matters, so what is reset already is none.
        if controller.name in gone or not table.dead.keys() - gone - controllers:
            continue
        chosen.append(table.flow)
        controllers.add(controller.name)
        gone |= table.dead.keys() - controllers
    tables = dead_values(system, chosen, read, keeping, refused)
    return tuple(table for table in (necessary(system, one) for one in tables) if table.dead)


def _worth(system: TransitionSystem, table: Table) -> float:
    """How many bits of a state are given up, if all values of the controller were equally frequent."""
    bits = 0.0
    for name, where in table.dead.items():
        size = system.variable[name].domain.size
        bits += log2(size or 2**32) * len(where)
    return bits / len(table.flow.values)


def _told(tables: Sequence[Table]) -> Iterator[str]:
    """Resets in words."""
    for table in tables:
        controller = table.flow.controller
        assert controller is not None
        for name, where in table.dead.items():
            shown = [controller.domain.show(value) for value in sorted(where)]
            yield f"`{name}` where `{controller.name}` is {' or '.join(shown)}"
