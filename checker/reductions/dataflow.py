"""What each action reads and writes at each value of one variable, and what matters there.

The variable is the *controller*: a process's program counter, a phase, a flag. At each of its
values the actions are specialised to it, and a variable *matters* at a value if some way from
there reads it before it is overwritten: the live variables of a flow graph whose nodes are the
controller's values. Without a controller there is one node, and what does not matter there is
outside the cone of influence.

References
----------
A. V. Aho, M. S. Lam, R. Sethi, J. D. Ullman, Compilers: Principles, Techniques, and Tools, 2nd ed.
(2006), §9.2.5: live-variable analysis.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod

from checker.reductions.decided import Facts, facts_of, simplified, ways_of
from checker.system.expression import FALSE, Expression, constant
from checker.system.transition_system import Action, TransitionSystem, Variable
from checker.system.walk import expand_quantifiers, substitute, variables_of

__all__ = ["Flow", "Instance", "Move", "Way", "instances_of"]

_MOST_INSTANCES = 256
"""Parameters of an action are told apart while there are no more combinations of them."""


@dataclass(frozen=True, slots=True)
class Instance:
    """An action with its parameters filled in (or all at once, if they are too many).

    Parameters
    ----------
    action : Action
    guard, completes : Expression
    hazards : tuple of Expression
    updates : dict of str to Expression
    mentions : frozenset of str
        Every variable that it reads or writes.
    """

    action: Action
    guard: Expression
    completes: Expression
    hazards: tuple[Expression, ...]
    updates: Mapping[str, Expression]
    mentions: frozenset[str]

    def roots(self) -> tuple[Expression, ...]:
        """Every expression."""
        return (self.guard, self.completes, *self.hazards, *self.updates.values())


@dataclass(frozen=True, slots=True)
class Way:
    """One way that an instance may take from one value of the controller.

    Parameters
    ----------
    targets : tuple of int
        Values that the controller may have afterwards.
    updates : dict of str to Expression
        Of the other variables, where they may change.
    reads : dict of str to frozenset of str
        What each of these is computed from.
    facts : dict of Expression to Expression
        What is known where it is taken.
    """

    targets: tuple[int, ...]
    updates: Mapping[str, Expression]
    reads: Mapping[str, frozenset[str]]
    facts: Facts


@dataclass(frozen=True, slots=True)
class Move:
    """What an instance may do at one value of the controller.

    Parameters
    ----------
    reads : frozenset of str
        What decides whether it can happen, goes wrong, completes a pass, and where it leads.
    fails : bool
        Whether it may go wrong.
    """

    action: Action
    reads: frozenset[str]
    fails: bool
    ways: tuple[Way, ...]

    def matters(self, at: int, live: Mapping[int, set[str]]) -> bool:
        """Whether anything comes of it that matters: otherwise nobody could tell that it happened."""
        if self.fails:
            return True
        for way in self.ways:
            for target in way.targets:
                if target != at or not live[target].isdisjoint(way.reads):
                    return True
        return False


def instances_of(system: TransitionSystem) -> list[Instance]:
    """The actions of a system, parameters filled in and quantifiers written out."""
    return [one for action in system.actions for one in _instances(action)]


class Flow:
    """The flow graph over the values of a controller.

    Parameters
    ----------
    system : TransitionSystem
    instances : sequence of Instance
    controller : Variable, optional
        With a finite domain. Without one there is a single node, 0.
    without : Flow, optional
        The flow graph of the same instances without a controller, which saves work.
    """

    def __init__(
        self,
        system: TransitionSystem,
        instances: Sequence[Instance],
        controller: Variable | None = None,
        without: Flow | None = None,
    ) -> None:
        self.controller = controller
        self.names = frozenset(variable.name for variable in system.variables)
        if controller is None:
            self.values: tuple[int, ...] = (0,)
        else:
            self.values = tuple(int(value) for value in controller.domain.values())
        self.moves: dict[int, list[Move]] = {value: [] for value in self.values}
        self._plain: dict[int, Move | None] = {} if without is None else without._plain
        for number, instance in enumerate(instances):
            self._enter(number, instance)

    def live(self, read: Mapping[int, Iterable[str]]) -> dict[int, set[str]]:
        """The variables that matter at each value: the least solution.

        Parameters
        ----------
        read : mapping of int to names
            What is read at each value by anybody but the actions.
        """
        live = {value: set(read[value]) for value in self.values}
        changed = True
        while changed:
            changed = False
            for at in reversed(self.values):
                here = live[at]
                size = len(here)
                for move in self.moves[at]:
                    if move.matters(at, live):
                        here |= move.reads
                        here |= self._needed(move, live)
                changed |= len(here) > size
        return live

    @staticmethod
    def _needed(move: Move, live: Mapping[int, set[str]]) -> set[str]:
        """What has to be known before a move for what matters after it."""
        needed: set[str] = set()
        for way in move.ways:
            for target in way.targets:
                for name in live[target]:
                    reads = way.reads.get(name)
                    if reads is None:
                        needed.add(name)
                    else:
                        needed |= reads
        return needed

    def at(self, roots: Sequence[Expression], value: int) -> list[Expression]:
        """Expressions over one state, as they read where the controller has a value."""
        if self.controller is None:
            return list(roots)
        node = self.controller.node
        image = simplified(roots, {node: constant(value, node.sort)})
        return [image[root] for root in roots]

    # ------------------------------------------------------------ moves

    def _enter(self, number: int, instance: Instance) -> None:
        """Specialise an instance to every value; once for all of them where that makes no difference."""
        controller = self.controller
        if controller is not None and controller.name in instance.mentions:
            node = controller.node
            for value in self.values:
                move = self._move(instance, {node: constant(value, node.sort)}, value)
                if move is not None:
                    self.moves[value].append(move)
            return
        if number not in self._plain:
            self._plain[number] = self._move(instance, {}, 0)
        plain = self._plain[number]
        for value in self.values if plain is not None else ():
            assert plain is not None
            ways = tuple(replace(way, targets=(value,)) for way in plain.ways)
            self.moves[value].append(replace(plain, ways=ways))

    def _move(self, instance: Instance, known: Facts, at: int) -> Move | None:
        """What an instance may do at one value; None if it is never enabled there."""
        guard = simplified([instance.guard], known)[instance.guard]
        if guard is FALSE:
            return None
        facts = {**facts_of(guard), **known}
        image = simplified(instance.roots(), facts)
        hazards = [image[hazard] for hazard in instance.hazards if image[hazard] is not FALSE]
        updates = {name: image[value] for name, value in instance.updates.items()}
        # Not the image of the guard, which is true where it holds: whether it holds is read.
        reads = variables_of([guard, image[instance.completes], *hazards])
        after = None if self.controller is None else updates.pop(self.controller.name, None)
        if after is None:
            ways = [_way((at,), updates, facts)]
        else:
            reads |= variables_of([after])
            ways = list(self._ways(guard, after, updates, facts))
        return Move(instance.action, reads & self.names, bool(hazards), tuple(ways))

    def _ways(
        self, guard: Expression, after: Expression, updates: Mapping[str, Expression], facts: Facts
    ) -> Iterator[Way]:
        """One way for each value that the controller may be given."""
        for more, target in ways_of(after):
            if simplified([guard], more)[guard] is FALSE:
                continue
            targets = self.values
            if target is not None:
                # A value outside its domain is a hazard, or an error in the system: no step.
                targets = tuple(value for value in self.values if value == int(target.payload))
            image = simplified(updates.values(), more)
            here = {name: image[value] for name, value in updates.items()}
            yield _way(targets, here, {**facts, **more})


def _way(targets: tuple[int, ...], updates: Mapping[str, Expression], facts: Facts) -> Way:
    """A way with those updates that may change something."""
    kept = {
        name: value
        for name, value in updates.items()
        if not (value.operator == "variable" and value.payload == name)
    }
    return Way(targets, kept, {name: variables_of([value]) for name, value in kept.items()}, facts)


def _instances(action: Action) -> Iterator[Instance]:
    hazards = [hazard.condition for hazard in action.hazards]
    updates = [value for _, value in action.updates]
    roots = [action.guard, action.completes, *hazards, *updates]
    written = expand_quantifiers(roots)
    plain = [written[root] for root in roots]
    names = [name for name, _ in action.updates]
    for guard, completes, *rest in _filled(action, plain):
        after = dict(zip(names, rest[len(hazards) :], strict=True))
        mentions = variables_of([guard, completes, *rest]) | after.keys()
        yield Instance(action, guard, completes, tuple(rest[: len(hazards)]), after, mentions)


def _filled(action: Action, roots: list[Expression]) -> Iterator[list[Expression]]:
    sizes = [symbol.domain.size for symbol in action.parameters]
    if not sizes or None in sizes or prod(size or 0 for size in sizes) > _MOST_INSTANCES:
        yield roots
        return
    for values in product(*(symbol.domain.values() for symbol in action.parameters)):
        chosen = {
            symbol.node: constant(value, symbol.node.sort)
            for symbol, value in zip(action.parameters, values, strict=True)
        }
        image = substitute(roots, chosen)
        yield [image[root] for root in roots]
