"""Random systems of loosely coupled processes: where there is something to leave out."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from checker.regimes.regime import Regime
from checker.system import expression as e
from checker.system.sorts import BOOL, INT, Domain, EnumSort
from checker.system.transition_system import (
    Action,
    Fairness,
    Hazard,
    Kind,
    Location,
    Process,
    Role,
    Symbol,
    TransitionSystem,
    Variable,
)

TRUTH = Domain(BOOL, 0, 1)
SMALL = Domain(INT, 0, 2)


@dataclass(frozen=True)
class Loose:
    """A system under a regime, what is asked of its states, and whether deadlocks are asked for."""

    system: TransitionSystem
    predicates: dict[str, e.Expression]
    deadlocks: bool


def loose_system(seed: int, processes: int | None = None, coupling: float | None = None) -> Loose:
    """One random system.

    Parameters
    ----------
    seed : int
    processes : int, optional
        How many; by default two to four.
    coupling : float, optional
        How often a step has to do with what is shared, from 0 to 1; by default random.
    """
    return _Writer(Random(seed), processes, coupling).loose()


class _Writer:
    def __init__(self, random: Random, processes: int | None, coupling: float | None) -> None:
        self.random = random
        self.coupling = random.choice([0.1, 0.25, 0.5]) if coupling is None else coupling
        self.count = random.choice([2, 3, 3, 4]) if processes is None else processes
        self.errors = random.choice([0.05, 0.15, 0.4])
        self.branches = random.choice([[1, 1, 1, 2], [1, 2, 2, 3]])
        self.actions: list[Action] = []
        self.processes: list[Process] = []
        self.shared = [self._variable(f"shared{i}") for i in range(random.randint(1, 3))]
        if self.chance(0.25):
            self.shared.append(Variable("total", Domain(INT, 0, None, bound=3), (0,)))
        self.row: list[Variable] = []
        if self.chance(0.3):
            self.row = [Variable(f"row[{i}]", SMALL, (0,)) for i in range(random.randint(2, 3))]
        self.own: list[list[Variable]] = []
        self.numbered = 0

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def loose(self) -> Loose:
        for number in range(self.count):
            self._process(number)
        if self.chance(0.4):
            self._intruder()
        if self.row:
            self._family()
        variables = [*self.shared, *self.row, *(v for own in self.own for v in own)]
        self.random.shuffle(self.actions)
        system = TransitionSystem(
            "Loose", (), tuple(variables), tuple(self.actions), (), tuple(self.processes)
        )
        regime = self.random.choice(["unbounded", "unbounded", "at_most(1)", "at_most(2)", "none"])
        predicates = {f"claim{i}": self._claim(variables) for i in range(self.random.randint(0, 3))}
        return Loose(Regime.parse(regime).apply(system).system, predicates, self.chance(0.5))

    def _claim(self, variables: list[Variable]) -> e.Expression:
        if self.chance(0.5):
            # A coincidence: most easily lost where one process is put off for another.
            processes = self.random.sample(self.own, 2)
            return e.conj(*(self._condition(own, 1) for own in processes))
        return self._condition(
            [*self.shared, *self.row] if self.chance(0.3) else variables, self.random.randint(1, 3)
        )

    # ------------------------------------------------------------ parts

    def _variable(self, name: str) -> Variable:
        domain = self.random.choice([TRUTH, TRUTH, SMALL])
        initial: tuple[bool | int, ...] | None = (self.random.choice(domain.values()),)
        if self.chance(0.2):
            initial = None if self.chance(0.5) else domain.values()[-2:]
        return Variable(name, domain, initial)

    def _process(self, number: int) -> None:
        random = self.random
        positions = random.randint(2, 4 if self.count < 4 else 3)
        sort = EnumSort(tuple(f"at{i}" for i in range(positions)))
        at = Variable(f"p{number}.at", Domain(sort, 0, positions - 1), (0,), Role.POSITION, f"p{number}")
        own = [at]
        if self.chance(0.6):
            own.append(self._variable(f"p{number}.x"))
        self.own.append(own)
        key = f"p{number}"
        self.processes.append(Process(key, key, at.name, tuple(v.name for v in own[1:]), True))
        for place in range(positions):
            if self.chance(0.08):
                continue
            for branch in range(random.choice(self.branches)):
                here = e.eq(at.node, e.constant(place, sort))
                going = (place + 1) % positions if self.chance(0.75) else random.randrange(positions)
                if place == positions - 1 and self.chance(0.3):
                    going = place
                self._action(
                    f"{key}@{place}.{branch}", here, {at.name: e.constant(going, sort)}, own[1:], key
                )
        if self.chance(0.3):
            updates = {at.name: e.constant(0, sort)}
            updates |= {v.name: e.constant(v.domain.low, v.domain.sort) for v in own[1:]}
            if self.chance(self.coupling / 2):
                shared = random.choice(self.shared)
                updates[shared.name] = e.constant(shared.domain.low, shared.domain.sort)
            guard = e.ne(at.node, e.constant(0, sort)) if self.chance(0.7) else e.TRUE
            self._add(f"{key}!crash", guard, updates, kind=Kind.FAULT, process=key)

    def _intruder(self) -> None:
        shared = self.random.choice(self.shared)
        kind = self.random.choice([Kind.FAULT, Kind.INTENT, Kind.STEP])
        self._action("intruder", e.TRUE, {}, [shared], None, kind)

    def _family(self) -> None:
        i = self._symbol("i", 0, len(self.row) - 1)
        here = e.select(e.array(v.node for v in self.row), i.node)
        value = e.modulo(e.add(here, e.constant(1)), e.constant(self.random.choice([2, 3])))
        choices: tuple[Symbol, ...] = ()
        if self.chance(0.4):
            choices = (self._symbol("c", 0, 2),)
            value = choices[0].node
        updates = {
            v.name: e.ite(e.eq(i.node, e.constant(k)), value, v.node) for k, v in enumerate(self.row)
        }
        guard = e.TRUE if self.chance(0.3) else e.lt(here, e.constant(self.random.randint(1, 2)))
        if self.chance(self.coupling):
            guard = e.conj(guard, self._condition(self.shared, 1))
        if choices and self.chance(0.5):
            guard = e.conj(guard, e.le(self._number(self.shared), choices[0].node))
        hazards: list[Hazard] = []
        if self.chance(self.coupling):
            shared = self.random.choice(self.shared)
            updates |= [self._update(shared, self.shared)]
            hazards += self._outside(shared, updates[shared.name], guard)
        kind = self.random.choice([Kind.STEP, Kind.STEP, Kind.FAULT])
        self._add("each", guard, updates, parameters=(i,), choices=choices, kind=kind, hazards=hazards)

    def _action(
        self,
        name: str,
        guard: e.Expression,
        updates: dict[str, e.Expression],
        own: list[Variable],
        process: str | None,
        kind: Kind = Kind.STEP,
    ) -> None:
        random = self.random
        choices: tuple[Symbol, ...] = ()
        if self.chance(0.15):
            choices = (self._symbol(f"c{len(self.actions)}", 0, random.randint(1, 2)),)
        if own and self.chance(0.3):
            guard = e.conj(guard, self._condition(own, 1))
        if self.chance(self.coupling):
            guard = e.conj(guard, self._condition([*self.shared, *self.row], 1))
        others = [v for variables in self.own for v in variables]
        if others and self.chance(self.coupling / 2):
            guard = e.conj(guard, self._condition(others, 1))
        if choices and self.chance(0.5):
            guard = e.conj(guard, e.le(choices[0].node, self._number([*own, *self.shared])))
        flags = [v for v in self.shared if v.domain.sort == BOOL]
        if flags and self.chance(self.coupling / 2):
            # Takes a flag that others may take as well, or gives it back.
            flag, taken = random.choice(flags), self.chance(0.5)
            guard = e.conj(guard, e.neg(flag.node) if taken else flag.node)
            updates[flag.name] = e.constant(taken)
        targets = [v for v in own if self.chance(0.5)]
        if self.chance(self.coupling):
            targets.append(random.choice([*self.shared, *self.row]))
        hazards: list[Hazard] = []
        wrong = e.FALSE
        if self.chance(self.errors):
            readable = own if own and self.chance(0.5) else [*own, *self.shared, *self.row]
            hazards.append(self._hazard("assert", guard, self._condition(readable, 2)))
            wrong = hazards[0].condition
        for target in dict.fromkeys(targets):
            sources = [*own, *(self.shared if self.chance(self.coupling) else [target])]
            updates |= [self._update(target, sources, choices)]
            found = self._outside(target, updates[target.name], e.conj(guard, e.neg(wrong)))
            wrong = e.disj(wrong, *(hazard.condition for hazard in found))
            hazards += found
        self._add(name, guard, updates, kind=kind, process=process, choices=choices, hazards=hazards)

    def _update(
        self, target: Variable, sources: list[Variable], choices: tuple[Symbol, ...] = ()
    ) -> tuple[str, e.Expression]:
        random = self.random
        if target.domain.sort == BOOL:
            value = random.choice([e.TRUE, e.FALSE, e.neg(target.node), self._condition(sources, 1)])
        elif target.domain.high is None:
            value = random.choice([e.constant(0), e.add(target.node, e.constant(1))])
            if self.chance(0.3):
                value = e.maximum(e.sub(target.node, e.constant(1)), e.constant(0))
        else:
            value = random.choice(
                [
                    e.constant(random.randint(0, 2)),
                    e.modulo(e.add(target.node, e.constant(1)), e.constant(random.choice([2, 3]))),
                    e.add(target.node, e.constant(1))
                    if self.chance(0.4)
                    else e.minimum(e.add(target.node, e.constant(1)), e.constant(2)),
                    self._number(sources),
                    e.maximum(e.sub(target.node, e.constant(1)), e.constant(0)),
                ]
            )
            if choices and self.chance(0.5):
                value = choices[0].node
        return target.name, value

    def _outside(self, target: Variable, value: e.Expression, guard: e.Expression) -> list[Hazard]:
        """What says that the value leaves its domain."""
        low, high = target.domain.low, target.domain.high
        if target.domain.sort != INT or high is None:
            return []
        inside = e.conj(e.le(e.constant(low), value), e.le(value, e.constant(high)))
        return [self._hazard("domain", guard, e.neg(inside))]

    def _number(self, variables: list[Variable]) -> e.Expression:
        numbers = [v.node for v in variables if v.domain.sort == INT and v.domain.high is not None]
        return self.random.choice([*numbers, e.constant(self.random.randint(0, 2))])

    def _condition(self, variables: list[Variable], depth: int) -> e.Expression:
        random = self.random
        if depth > 1:
            parts = [self._condition(variables, depth - 1) for _ in range(2)]
            return random.choice([e.conj, e.disj])(*parts)
        variable = random.choice(variables)
        domain = variable.domain
        if domain.sort == BOOL:
            return variable.node if self.chance(0.5) else e.neg(variable.node)
        if domain.sort != INT or self.chance(0.5):
            value = e.constant(random.randint(0, domain.top), domain.sort)
            return (e.eq if self.chance(0.6) else e.ne)(variable.node, value)
        if self.row and self.chance(0.2):
            symbol = self._symbol("k", 0, len(self.row) - 1)
            row = e.select(e.array(v.node for v in self.row), symbol.node)
            body = e.lt(row, variable.node)
            return random.choice([e.any_of, e.all_of])(symbol.node, body)
        return random.choice([e.lt, e.le])(variable.node, self._number(variables))

    # ------------------------------------------------------------ pieces

    def _symbol(self, name: str, low: int, high: int) -> Symbol:
        self.numbered += 1
        unique = f"{name}#{self.numbered}"
        return Symbol(unique, e.bound(unique, low, high), Domain(INT, low, high))

    def _hazard(self, kind: str, guard: e.Expression, condition: e.Expression) -> Hazard:
        self.numbered += 1
        return Hazard(
            kind,
            e.conj(guard, condition),
            "wrong",
            f"{kind}{self.numbered}",
            Location("m", self.numbered),
        )

    def _add(
        self,
        name: str,
        guard: e.Expression,
        updates: dict[str, e.Expression],
        *,
        kind: Kind = Kind.STEP,
        process: str | None = None,
        parameters: tuple[Symbol, ...] = (),
        choices: tuple[Symbol, ...] = (),
        hazards: list[Hazard] | None = None,
    ) -> None:
        self.actions.append(
            Action(
                name,
                name,
                process or "environment",
                kind,
                Fairness.NONE,
                process or name,
                guard,
                tuple(updates.items()),
                parameters,
                choices,
                tuple(hazards or ()),
                faults=() if kind is Kind.STEP else (name,),
                process=process,
            )
        )
