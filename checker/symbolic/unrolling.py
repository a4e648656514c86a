"""A run of k steps as a formula: the one-step relation once, and a copy of it for every step."""

from __future__ import annotations

from typing import Any

import z3

from checker.symbolic.asking import seeded
from checker.symbolic.numbers import BitVectors, Integers, NotFinite, Numbers, Term
from checker.symbolic.relation import Relation, bit_vectors_for
from checker.symbolic.terms import Frame
from checker.system.expression import Expression
from checker.system.run import Run, State, Step
from checker.system.transition_system import TransitionSystem

__all__ = ["Unrolling", "numbers_for", "solver_for", "told"]


class Unrolling:
    """States 0..k of a run, and the k steps between them, each of which changes the state.

    Parameters
    ----------
    relation : Relation
    solver : z3.Solver
        To which the steps are added.

    Attributes
    ----------
    frames : list of Frame
        Constants for the variables' values in state 0, 1, …

    Notes
    -----
    Every step takes exactly one action: of the truth values in `takes` one is true. A shortest run
    to anywhere has no step that leaves the state as it is, and the loop of a lasso can do without.
    Step k is a copy of the relation between `x` and `x'` with other constants, not translated again.
    """

    def __init__(self, relation: Relation, solver: Any) -> None:
        self.relation = relation
        self.solver = solver
        moves = relation.moves
        self._takes = [z3.Bool(f"takes {move.action.name}") for move in moves]
        self._step = self._one_step()
        self._symbols = [term for move in moves for term in move.symbols.values()]
        self.frames: list[Frame] = []
        self._renamed: list[list[tuple[Term, Term]]] = []
        self._at_step: list[list[tuple[Term, Term]]] = []

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return len(self._at_step)

    def begin(self) -> None:
        """Add state 0, of which nothing is said."""
        assert not self.frames
        self._frame()

    def begin_initially(self) -> None:
        """Add state 0, which is initial."""
        self.begin()
        self.solver.add(self.at(self.relation.initial, 0))

    def extend(self) -> None:
        """Add one more step."""
        k = self.steps
        self._frame()
        takes = [(one, z3.Bool(f"{one.decl().name()}@{k}")) for one in self._takes]
        symbols = [(one, _renamed(one, k)) for one in self._symbols]
        after = [(old, self.frames[k + 1][name]) for name, old in self.relation.after.items()]
        self._at_step.append([*self._renamed[k], *after, *takes, *symbols])
        self.solver.add(z3.substitute(self._step, *self._at_step[k]))

    def at(self, term: Term, k: int) -> Term:
        """What the relation says of `x`, said of state k."""
        return z3.substitute(term, *self._renamed[k])

    def during(self, term: Term, k: int) -> Term:
        """What the relation says of `x`, `x'`, parameters and choices, said of step k."""
        return z3.substitute(term, *self._at_step[k])

    def besides(self, term: Term, k: int) -> Term:
        """What the relation says of `x`, parameters and choices, said of state k and of symbols of its own.

        So it can speak of a step that is not taken.
        """
        symbols = [(one, _renamed(one, f"{k}'")) for one in self._symbols]
        return z3.substitute(term, *self._renamed[k], *symbols)

    def takes(self, position: int, k: int) -> Term:
        """Step k is one of the action at this position in the system."""
        return self.during(self._takes[position], k)

    def same(self, one: int, other: int) -> Term:
        """Two states are equal."""
        return equal(self.frames[one], self.frames[other])

    # ------------------------------------------------------------ reading back

    def run(self, model: Any, last: int) -> Run:
        """The states up to `last` and the steps between them, as a Z3 model has them."""
        states = tuple(self.relation.state(model, frame) for frame in self.frames[: last + 1])
        return Run(states, tuple(self.step(model, k) for k in range(last)))

    def state(self, model: Any, k: int) -> State:
        """State k."""
        return self.relation.state(model, self.frames[k])

    def step(self, model: Any, k: int) -> Step:
        """Step k."""
        for position, move in enumerate(self.relation.moves):
            if z3.is_true(model.eval(self.takes(position, k), model_completion=True)):
                symbols = {one: self.during(term, k) for one, term in move.symbols.items()}
                return self.relation.taken(model, move, symbols)
        raise AssertionError("a step takes no action")

    # ------------------------------------------------------------ the relation

    def _one_step(self) -> Term:
        relation, takes = self.relation, self._takes
        parts = [z3.Or(*takes), z3.AtMost(*takes, 1)] if takes else [z3.BoolVal(False)]
        for taken, move in zip(takes, relation.moves, strict=True):
            parts.append(z3.Implies(taken, z3.And(move.possible, move.changes)))
        for one in relation.system.variables:
            value = relation.before[one.name]
            for taken, move in reversed(list(zip(takes, relation.moves, strict=True))):
                if one.name in move.updates:
                    value = z3.If(taken, move.updates[one.name], value)
            parts.append(relation.after[one.name] == value)
        return z3.And(*parts)

    def _frame(self) -> None:
        k = len(self.frames)
        frame = self.relation.frame(lambda name: f"{name}@{k}")
        self.frames.append(frame)
        self._renamed.append([(old, frame[name]) for name, old in self.relation.before.items()])


def equal(one: Frame, other: Frame) -> Term:
    """Every variable has the same value in two frames."""
    return z3.And(*(here == other[name] for name, here in one.items()))


def _renamed(constant: Term, k: int | str) -> Term:
    return z3.Const(f"{constant.decl().name()}@{k}", constant.sort())


def numbers_for(system: TransitionSystem, *more: Expression) -> Numbers:
    """Bit-vectors where some are wide enough for the system and the expressions, else integers."""
    if any(
        one.domain.high is None
        for action in system.actions
        for one in (*action.parameters, *action.choices)
    ):
        return Integers()
    try:
        return bit_vectors_for(system, *more)
    except NotFinite:
        return Integers()


def solver_for(numbers: Numbers) -> Any:
    """An incremental solver for questions in which only numbers of this theory occur."""
    return seeded(z3.SolverFor("QF_BV") if isinstance(numbers, BitVectors) else z3.Solver())


def told(numbers: Numbers) -> str:
    """A theory in words, for the metrics."""
    return f"bit-vectors({numbers.width})" if isinstance(numbers, BitVectors) else "integers"
