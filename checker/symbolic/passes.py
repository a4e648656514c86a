"""One pass of a process as expressions over the state in which it begins: symbolic execution.

A pass is what the process does by its own steps, without faults and with everyone else at rest, until a
step completes it. The steps of a process lead from one program point to another, so after each step
there is one symbolic state for each point; where two ways meet their values are merged. Choices become
fresh symbols.

References
----------
J. King, "Symbolic execution and program testing", CACM 19 (1976). V. Kuznetsov et al., "Efficient state
merging in symbolic execution", PLDI 2012.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, count

from checker.system.domain_ends import inside
from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    any_of,
    bound,
    conj,
    constant,
    disj,
    eq,
    ite,
    ne,
    neg,
)
from checker.system.shape import leaves
from checker.system.sorts import INT, Domain
from checker.system.transition_system import Action, Kind, Process, TransitionSystem
from checker.system.walk import substitute

__all__ = ["Ending", "Pass", "Passes", "Taken", "Unfollowed", "Values", "same"]

Values = Mapping[str, Expression]
"""What every variable holds, as expressions over the state in which a pass begins."""

Possible = Callable[[Expression, Mapping[Expression, Domain]], bool]

_MOST_STEPS = 16
"""Steps of a pass beyond which it is not followed."""


class Unfollowed(ValueError):
    """The process does something that cannot be followed from one program point to the next."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Where a pass may end, or wait: under which condition, in which state, after how many steps."""

    when: Expression
    values: Values
    steps: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that a pass may take.

    Parameters
    ----------
    when : Expression
        It is taken (or goes wrong).
    action : Action
    symbols : mapping of Expression to Expression
        What stands for its choices (and its parameters, where these are no arguments of the pass).
    before, after : Values
    wrong : Expression
        It goes wrong, and leads nowhere.
    steps : int
        How many were taken before it.
    """

    when: Expression
    action: Action
    symbols: Mapping[Expression, Expression]
    before: Values
    after: Values
    wrong: Expression
    steps: int


@dataclass
class Pass:
    """All that may happen in one pass.

    Parameters
    ----------
    taken : list of Taken
        In the order of time; at most one for each number of steps is taken at once.
    ended : list of Ending
        Exclude each other.
    waiting : list of Ending
        Where none of its steps is possible.
    unfinished : Expression
        It has not ended after so many steps as are followed.
    symbols : dict of Expression to Domain
        The fresh symbols; nothing else makes the pass nondeterministic.
    """

    taken: list[Taken] = field(default_factory=list)
    ended: list[Ending] = field(default_factory=list)
    waiting: list[Ending] = field(default_factory=list)
    unfinished: Expression = FALSE
    symbols: dict[Expression, Domain] = field(default_factory=dict)

    @property
    def wrong(self) -> Expression:
        """Something goes wrong in it."""
        return disj(*(one.wrong for one in self.taken))

    @property
    def ends(self) -> Expression:
        """It is completed."""
        return disj(*(one.when for one in self.ended))

    @property
    def allowed(self) -> Expression:
        """Every choice is made from what is offered."""
        return conj(*(inside(symbol, domain) for symbol, domain in self.symbols.items()))

    def result(self) -> Values:
        """The state at its end, where it has one."""
        return _merged(self.ended)


def same(one: Values, other: Values, names: Sequence[str]) -> Expression:
    """Some variables hold the same in two states."""
    return conj(*(eq(one[name], other[name]) for name in names))


def _merged(several: Sequence[Ending]) -> Values:
    """The state that holds, of several that exclude each other."""
    values = dict(several[-1].values)
    for one in reversed(several[:-1]):
        for name, value in one.values.items():
            if values[name] is not value:
                values[name] = ite(one.when, value, values[name])
    return values


class Passes:
    """The passes of a process, or the steps of one action, alone in the world.

    Parameters
    ----------
    system : TransitionSystem
    name : str
        Key of a process, or name of an action. The parameters of an action are arguments: they
        remain symbols, the same in every pass.
    world : sequence of str
        Fields that the outside can see.
    most_steps : int
        Steps of a pass beyond which it is not followed.

    Raises
    ------
    ValueError
        If the system has no such process, action or field.
    """

    def __init__(
        self,
        system: TransitionSystem,
        name: str,
        world: Sequence[str],
        most_steps: int = _MOST_STEPS,
    ) -> None:
        if name not in system.process and f"{name}[0]" in system.process:
            # Like processes run the same code: what one may do again, each may.
            name = f"{name}[0]"
        self.system = system
        self.name = name
        self.process: Process | None = system.process.get(name)
        self.most_steps = most_steps
        shapes = {one.name: one.shape for one in system.fields}
        for one in world:
            if one not in shapes:
                raise ValueError(f"the model has no field {one!r}")
        self.fields = {one: tuple(leaf.variable for leaf in leaves(shapes[one])) for one in world}
        self.world = tuple(dict.fromkeys(leaf for row in self.fields.values() for leaf in row))
        self.actions = tuple(one for one in system.actions if self._is_own(one))
        if not self.actions and self.process is None:
            raise ValueError(f"the model has no process or action {name!r}")
        self.here: Values = {one.name: one.node for one in system.variables}
        self._fresh = count()

    def _is_own(self, action: Action) -> bool:
        if self.process is None:
            return action.name == self.name
        return action.kind is Kind.STEP and action.process == self.name

    @property
    def at_start(self) -> Expression:
        """The process is at the start of its body."""
        if self.process is None:
            return TRUE
        node = self.system.variable[self.process.position].node
        return eq(node, constant(0, node.sort))

    def arguments(self) -> dict[Expression, Domain]:
        """Symbols that are the same in every pass: the parameters of the one action."""
        if self.process is not None:
            return {}
        return {one.node: one.domain for action in self.actions for one in action.parameters}

    def started(self) -> Values:
        """Any state with the process at the start of its body."""
        if self.process is None:
            return self.here
        position = self.process.position
        return {**self.here, position: constant(0, self.here[position].sort)}

    # ------------------------------------------------------------ following

    def follow(self, values: Values, possible: Possible | None = None) -> Pass:
        """What a pass does that goes on from a state, wherever in its body the process is.

        Parameters
        ----------
        values : Values
        possible : callable, optional
            Whether a condition over the state and some fresh symbols can hold at all; asked of ways
            that have gone on for long, and of two steps at one program point.

        Raises
        ------
        Unfollowed
            If the next program point is not one of a few that the step names.
        """
        found = Pass()
        layer = self._points(values, TRUE)
        for steps in range(self.most_steps):
            arrivals: dict[int, list[Ending]] = {}
            for one in layer.values():
                self._one_step(one, steps, found, arrivals, possible)
            layer = {}
            for point, several in arrivals.items():
                when = disj(*(one.when for one in several))
                # A loop may end because of what it counts, which only a solver sees.
                if (
                    steps >= self._points_in_body
                    and possible is not None
                    and not possible(when, found.symbols)
                ):
                    continue
                layer[point] = Ending(when, _merged(several), steps + 1)
            if not layer:
                break
        found.unfinished = disj(*(one.when for one in layer.values()))
        return found

    @property
    def _points_in_body(self) -> int:
        if self.process is None:
            return 1
        return self.system.variable[self.process.position].domain.size or 1

    def _points(self, values: Values, when: Expression) -> dict[int, Ending]:
        """A state, told apart by the program point."""
        if self.process is None:
            return {0: Ending(when, values, 0)}
        position = self.process.position
        return {
            int(point.payload): Ending(
                conj(when, eq(values[position], point)), {**values, position: point}, 0
            )
            for point in self._may_be(values[position])
        }

    def _may_be(self, position: Expression) -> list[Expression]:
        """The program points that an expression may stand for."""
        found: dict[Expression, None] = {}
        waiting = [position]
        while waiting:
            node = waiting.pop()
            if node.operator == "ite":
                waiting.extend(node.operands[1:])
            elif node.is_constant:
                found[node] = None
            elif node.operator == "variable":
                domain = self.system.variable[node.payload].domain
                found.update((constant(value, domain.sort), None) for value in domain.values())
            else:
                raise Unfollowed(f"which step of `{self.name}` comes next is computed")
        return sorted(found, key=lambda one: int(one.payload))

    def _one_step(
        self,
        here: Ending,
        steps: int,
        found: Pass,
        arrivals: dict[int, list[Ending]],
        possible: Possible | None,
    ) -> None:
        """Every step that is possible at one program point."""
        offered = [one for one in (self._offer(action, here) for action in self.actions) if one]
        blocked = conj(here.when, neg(disj(*(one.possible for one in offered))))
        if self.process is not None and blocked is not FALSE:
            found.waiting.append(Ending(blocked, here.values, steps))
        for one in offered:
            found.symbols.update(one.domains)
        pick = None
        if not _exclude_each_other(here.when, offered, found.symbols, possible):
            pick = bound(f"$pick {next(self._fresh)}", 0, len(offered) - 1)
            found.symbols[pick] = Domain(INT, 0, len(offered) - 1)
        for number, one in enumerate(offered):
            picked = TRUE if pick is None else eq(pick, constant(number))
            when = conj(here.when, picked, one.guard)
            if when is FALSE:
                continue
            wrong = conj(when, one.wrong)
            taken = Taken(when, one.action, one.symbols, here.values, one.after, wrong, steps)
            found.taken.append(taken)
            fine = conj(when, neg(one.wrong))
            ended = conj(fine, one.completes)
            if ended is not FALSE:
                found.ended.append(Ending(ended, one.after, steps + 1))
            goes_on = conj(fine, neg(one.completes))
            if goes_on is FALSE:
                continue
            for point, next_ in self._points(one.after, goes_on).items():
                if next_.when is not FALSE:
                    arrivals.setdefault(point, []).append(next_)

    def _offer(self, action: Action, here: Ending) -> _Offer | None:
        """What an action would do in a state; None where it is known not to be enabled."""
        named = action.choices if self.process is None else (*action.parameters, *action.choices)
        symbols = {one.node: self._renamed(one.node) for one in named}
        replaced = {self.here[name]: value for name, value in here.values.items()} | symbols
        conditions = [hazard.condition for hazard in action.hazards]
        roots = [action.guard, action.completes, *conditions, *(value for _, value in action.updates)]
        image = substitute(roots, replaced)
        guard = image[action.guard]
        if guard is FALSE:
            return None
        # The quantifiers have symbols of their own: values will be put in the place of the others.
        twins = {one: self._renamed(one) for one in symbols.values()}
        possible = substitute([guard], twins)[guard]
        for twin in twins.values():
            possible = any_of(twin, possible)
        return _Offer(
            action,
            symbols,
            {symbols[one.node]: one.domain for one in named},
            guard,
            possible,
            disj(*(image[condition] for condition in conditions)),
            TRUE if self.process is None else image[action.completes],
            {**here.values, **{name: image[value] for name, value in action.updates}},
        )

    def _renamed(self, symbol: Expression) -> Expression:
        name, low, high = symbol.payload
        return bound(f"{name}${next(self._fresh)}", low, high, symbol.sort)

    # ------------------------------------------------------------ what it does to the world

    def touches_world(self, one: Taken) -> Expression:
        """A step changes what the outside sees, or writes it though it stays the same."""
        changed = disj(*(ne(one.before[name], one.after[name]) for name in self.world))
        replaced = {self.here[name]: value for name, value in one.before.items()} | dict(one.symbols)
        writes = [when for name, when in one.action.writes if name in self.world]
        image = substitute(writes, replaced)
        return conj(one.when, disj(changed, *(image[when] for when in writes)))


@dataclass(frozen=True, slots=True)
class _Offer:
    action: Action
    symbols: Mapping[Expression, Expression]
    domains: Mapping[Expression, Domain]
    guard: Expression
    possible: Expression
    wrong: Expression
    completes: Expression
    after: Values


def _exclude_each_other(
    when: Expression,
    offered: Sequence[_Offer],
    symbols: Mapping[Expression, Domain],
    possible: Possible | None,
) -> bool:
    """Whether at most one of the steps is possible at a time, whatever is chosen in each."""
    for one, other in combinations(offered, 2):
        both = conj(when, one.guard, other.guard)
        if both is not FALSE and (possible is None or possible(both, symbols)):
            return False
    return True
