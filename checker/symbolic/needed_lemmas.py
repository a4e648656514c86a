"""Few enough lemmas to read: those that a proof of safety rests on, found by unsatisfiable cores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import z3

from checker.symbolic.asking import Budget, ask
from checker.symbolic.houdini import Inductiveness, fresh_solver
from checker.symbolic.numbers import Term
from checker.system.expression import Expression

__all__ = ["needed", "suffices"]

_TRIED = 64
"""Up to so many lemmas each is left out once, to see whether it is missed."""


def needed(
    steps: Inductiveness,
    lemmas: Sequence[Expression],
    bad: Sequence[Term],
    budget: Budget | None = None,
) -> tuple[Expression, ...]:
    """A subset of an inductive invariant that is inductive by itself and excludes the same.

    Parameters
    ----------
    steps : Inductiveness
    lemmas : sequence of Expression
        Together inductive, and together they exclude everything bad. The earlier ones are preferred.
    bad : sequence of Term
        Over `before` and the symbols of a move.
    budget : Budget, optional
        Where it is spent all lemmas are returned.

    Returns
    -------
    tuple of Expression
        In the order given. Nothing that could be left out by itself is in it, unless there are many.
    """
    cores = _Cores(steps, lemmas, budget)
    wanted: dict[int, None] = {}
    for term in bad:
        wanted.update(dict.fromkeys(cores.excluding(term)))
    queue = list(wanted)
    while queue:
        place = queue.pop()
        for number in range(len(steps.moves)):
            for other in cores.keeping(number, place):
                if other not in wanted:
                    wanted[other] = None
                    queue.append(other)
    if cores.failed or (budget is not None and budget.spent):
        return tuple(lemmas)
    kept = [lemmas[place] for place in sorted(wanted)]
    if len(kept) <= _TRIED:
        for one in reversed(list(kept)):
            fewer = [other for other in kept if other is not one]
            if suffices(steps, fewer, bad, budget):
                kept = fewer
    return tuple(kept)


def suffices(
    steps: Inductiveness,
    lemmas: Sequence[Expression],
    bad: Sequence[Term],
    budget: Budget | None = None,
) -> bool:
    """Whether lemmas are an inductive invariant that excludes everything bad, by fresh solvers."""
    given = [steps.before(one) for one in lemmas]
    for term in bad:
        solver = fresh_solver()
        solver.add(*given, term)
        if ask(solver, budget=budget) != z3.unsat:
            return False
    return steps.is_inductive(lemmas, budget)


class _Cores:
    """Which lemmas a single conclusion needs."""

    def __init__(
        self, steps: Inductiveness, lemmas: Sequence[Expression], budget: Budget | None
    ) -> None:
        self.steps = steps
        self.lemmas = lemmas
        self.budget = budget
        self.names = [z3.Bool(f"$needed {place}") for place in range(len(lemmas))]
        self.named = [
            z3.Implies(name, steps.before(lemma)) for name, lemma in zip(self.names, lemmas, strict=True)
        ]
        self.places = {name.get_id(): place for place, name in enumerate(self.names)}
        self.solvers: dict[int, Any] = {}
        self.failed = False

    def excluding(self, bad: Term) -> list[int]:
        """Lemmas that together exclude a condition."""
        return self._core(self._solver(-1), bad)

    def keeping(self, number: int, place: int) -> list[int]:
        """Lemmas from which a move keeps one of them."""
        lemma = self.lemmas[place]
        if not self.steps.touches(number, lemma):
            return []
        return self._core(self._solver(number), z3.Not(self.steps.after(number, lemma)), place)

    def _solver(self, number: int) -> Any:
        if number not in self.solvers:
            solver = fresh_solver()
            solver.set("core.minimize", True)
            solver.add(*self.named)
            if number >= 0:
                solver.add(self.steps.moves[number].possible)
            self.solvers[number] = solver
        return self.solvers[number]

    def _core(self, solver: Any, negated: Term, itself: int | None = None) -> list[int]:
        solver.push()
        solver.add(negated)
        if itself is not None:
            # A lemma that keeps itself needs no other.
            solver.push()
            if ask(solver, self.names[itself], budget=self.budget) == z3.unsat:
                solver.pop(2)
                return [itself]
            solver.pop()
        answer = ask(solver, *self.names, budget=self.budget)
        places = []
        if answer == z3.unsat:
            places = sorted(self.places[name.get_id()] for name in solver.unsat_core())
        else:
            self.failed = True
        solver.pop()
        return places
