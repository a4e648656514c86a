"""Z3 against a proposed rank: steps and states that refute it, general ones first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import z3

from checker.regimes.regime import UnderRegime
from checker.symbolic.asking import Budget, ask
from checker.symbolic.helpful import Unit
from checker.symbolic.houdini import fresh_solver
from checker.symbolic.known_steps import KnownSteps
from checker.symbolic.numbers import Term
from checker.symbolic.rank_checking import lower, not_higher, successor, taken_by
from checker.symbolic.relation import Move, Relation
from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.proof import Helpful
from checker.system.run import State
from checker.system.sorts import IntSort, Scalar

__all__ = ["NotDecided", "Refutation"]

_LARGE = (12, 5)
"""Numbers without an end should be at least this in a counterexample, if they can."""

_READABLE = 60
"""And at most this."""


class NotDecided(Exception):
    """Z3 does not answer one of the queries, or the budget is spent."""


class Refutation:
    """Looks for what refutes a proposal; keeps one solver for each recurring action.

    Parameters
    ----------
    under : UnderRegime
    invariant : sequence of Expression
    rest : Expression
    budget : Budget, optional
    """

    def __init__(
        self,
        under: UnderRegime,
        invariant: Sequence[Expression],
        rest: Expression,
        budget: Budget | None,
    ) -> None:
        self.under = under
        self.relation = Relation(under.system)
        self.budget = budget
        read = self.relation.read
        outside = [*(read(lemma) for lemma in invariant), z3.Not(read(rest))]
        self.states = _solver(outside)
        self.steps: list[tuple[Move, z3.Solver]] = []
        for move in self.relation.moves:
            if move.action.name in under.recurring and move.updates:
                arrives = successor(self.relation, move)(rest)
                solver = _solver([*outside, move.possible, move.changes, z3.Not(arrives)])
                self.steps.append((move, solver))
        unbounded = [
            self.relation.before[one.name]
            for one in under.system.variables
            if isinstance(one.domain.sort, IntSort)
        ]
        self.wishes: list[list[Term]] = [
            [*(term >= large for term in unbounded), *(term <= _READABLE for term in unbounded)]
            for large in _LARGE
        ]

    def refute(
        self,
        ranks: Sequence[Expression],
        helpful: Sequence[Helpful],
        units: Mapping[tuple[str, tuple[Scalar, ...]], Unit],
        known: KnownSteps,
    ) -> str | None:
        """Add to the known steps what refutes a proposal, at most one for each obligation.

        Returns
        -------
        str or None
            The first obligation that fails, in words; None if the proposal stands.

        Raises
        ------
        NotDecided
        """
        read = self.relation.read
        failed: list[str] = []
        nothing = [z3.Not(read(one.where)) for one in helpful]
        model = self._model(self.states, nothing)
        if model is not None:
            known.meet(self._state(model))
            failed.append("nothing is known to help")
        for move, solver in self.steps:
            lowered, kept = lower(self.relation, move, ranks), not_higher(self.relation, move, ranks)
            name = move.action.name
            if self._refuted(move, solver, [z3.Not(kept)], known):
                failed.append(f"{name} raises the rank")
            for one in helpful:
                unit = units[one.group, one.arguments]
                where = read(one.where)
                if name in unit.actions:
                    taken = taken_by(self.relation, move, unit)
                    if self._refuted(move, solver, [where, taken, z3.Not(lowered)], known):
                        failed.append(f"{name} does not lower the rank")
                lost = z3.Not(successor(self.relation, move)(one.where))
                if self._refuted(move, solver, [where, kept, z3.Not(lowered), lost], known):
                    failed.append(f"{name} ends the turn of {unit.name}")
        return failed[0] if failed else None

    def _refuted(self, move: Move, solver: z3.Solver, query: Sequence[Term], known: KnownSteps) -> bool:
        model = self._model(solver, query)
        if model is None:
            return False
        before = self._state(model)
        step = self.relation.taken(model, move)
        symbols = {
            one.node: value
            for several, values in (
                (move.action.parameters, step.arguments),
                (move.action.choices, step.choices),
            )
            for one, value in zip(several, values, strict=True)
        }
        after = dict(before)
        for name, value in move.action.updates:
            after[name] = evaluate(value, before, symbols=symbols)
        known.step(before, move.action.name, step.arguments, after)
        return True

    def _model(self, solver: z3.Solver, query: Sequence[Term]) -> z3.ModelRef | None:
        """A model, if there is one: with large numbers, if there are such."""
        solver.push()
        try:
            solver.add(*query)
            model = self._answer(solver)
            if model is None:
                return None
            for wishes in self.wishes:
                # As many of the wishes as go together, in their order.
                granted: list[Term] = []
                for wish in wishes:
                    if z3.is_true(model.eval(wish, True)):
                        granted.append(wish)
                        continue
                    answer = ask(solver, *granted, wish, budget=self.budget)
                    if answer == z3.sat:
                        granted.append(wish)
                        model = solver.model()
            return model
        finally:
            solver.pop()

    def _answer(self, solver: z3.Solver) -> z3.ModelRef | None:
        answer = ask(solver, budget=self.budget)
        if answer == z3.unknown:
            raise NotDecided(solver.reason_unknown() or "the time is up")
        return solver.model() if answer == z3.sat else None

    def _state(self, model: z3.ModelRef) -> State:
        return self.relation.state(model, self.relation.before)


def _solver(assertions: Sequence[Term]) -> z3.Solver:
    solver: z3.Solver = fresh_solver()
    solver.add(*assertions)
    return solver
