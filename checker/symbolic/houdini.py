"""Which of many guesses are lemmas: the largest subset that is initial and that every action keeps.

C. Flanagan, K. R. M. Leino, "Houdini, an annotation assistant for ESC/Java", FME 2001. The subset is
unique: the union of two inductive subsets is inductive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import z3

from checker.regimes.regime import UnderRegime
from checker.symbolic.asking import Budget, ask, seeded
from checker.symbolic.evaluation import Row, row_function, stepper
from checker.symbolic.numbers import Term
from checker.symbolic.relation import Move, Relation
from checker.symbolic.terms import Reader
from checker.system.expression import Expression
from checker.system.walk import variables_of

__all__ = ["Inductiveness", "fresh_solver", "inductive"]

_EFFORT = 12_000_000
"""Z3's own count of its work for one question about many lemmas; the same on every machine."""

_EFFORT_FOR_ONE = 3_000_000

_MOST_UNDECIDED = 8
"""After so many candidates that Z3 cannot decide the others in the same question are not asked about."""


def inductive(
    under: UnderRegime,
    candidates: Sequence[Expression],
    *,
    budget: Budget | None = None,
    relation: Relation | None = None,
) -> tuple[Expression, ...]:
    """The largest subset of the candidates that is an inductive invariant.

    Parameters
    ----------
    under : UnderRegime
        All actions of its system count: faults and intents, too, as the regime has them.
    candidates : sequence of Expression
        Over one state.
    budget : Budget, optional
        Where it is spent there are no lemmas at all: half a result is not inductive.
    relation : Relation, optional
        Of the system, over integers, if there is one already.

    Returns
    -------
    tuple of Expression
        In the order of the candidates. Their conjunction holds in every initial state and after every
        step from a state where it holds; asked again of fresh solvers before it is returned. Fewer
        than there could be where Z3 gives up.

    Notes
    -----
    A candidate is dropped for a reason only: a state that Z3 has found, or that Z3 cannot decide it.
    States found are evaluated by compiled Python on all candidates at once.
    """
    return Inductiveness(under, relation).largest(candidates, budget)


def fresh_solver(effort: int = _EFFORT) -> Any:
    """A solver that gives the same answers every time, and gives up after so much work."""
    solver = seeded(z3.Solver())
    solver.set("rlimit", effort)
    return solver


class Inductiveness:
    """Questions about one system: what is initial, what its actions keep.

    Parameters
    ----------
    under : UnderRegime
    relation : Relation, optional
        Over integers.
    """

    def __init__(self, under: UnderRegime, relation: Relation | None = None) -> None:
        self.system = under.system
        self.relation = Relation(under.system) if relation is None else relation
        self.moves = self.relation.moves
        self._after = [self._reader_after(move) for move in self.moves]
        self._steps = [stepper(self.system, move.action) for move in self.moves]

    def _reader_after(self, move: Move) -> Reader:
        """Reads an expression in the state that the move leads to."""
        frame = {**self.relation.before, **move.updates}
        return Reader(self.relation.numbers, frame)

    def before(self, lemma: Expression) -> Term:
        """A lemma where a step begins."""
        return self.relation.read(lemma)

    def after(self, number: int, lemma: Expression) -> Term:
        """A lemma where the move leads to."""
        return self._after[number](lemma)

    def touches(self, number: int, lemma: Expression) -> bool:
        """Whether the move sets a variable that the lemma reads."""
        return not variables_of([lemma]).isdisjoint(self.moves[number].updates)

    # ------------------------------------------------------------ the largest subset

    def largest(
        self, candidates: Sequence[Expression], budget: Budget | None = None
    ) -> tuple[Expression, ...]:
        """See `inductive`."""
        search = _Search(self, tuple(dict.fromkeys(candidates)), budget)
        search.drop_not_initial()
        while search.active:
            search.drop_not_kept()
            if budget is not None and budget.spent:
                return ()
            lost = self.not_kept(search.lemmas(), budget)
            if not lost:
                break
            search.active.difference_update(
                number for number in list(search.active) if search.candidates[number] in lost
            )
            search.proved.clear()
        if budget is not None and budget.spent:
            return ()
        return search.lemmas()

    def is_inductive(self, lemmas: Sequence[Expression], budget: Budget | None = None) -> bool:
        """Whether all hold initially and every move keeps all of them, as far as Z3 can tell."""
        given = [self.before(one) for one in lemmas]
        initial = fresh_solver()
        initial.add(self.relation.initial, z3.Not(z3.And(*given)))
        if ask(initial, budget=budget) != z3.unsat:
            return False
        for number, move in enumerate(self.moves):
            goals = [self.after(number, one) for one in lemmas if self.touches(number, one)]
            if goals:
                solver = fresh_solver()
                solver.add(*given, move.possible, z3.Not(z3.And(*goals)))
                if ask(solver, budget=budget) != z3.unsat:
                    return False
        return True

    def not_kept(
        self, lemmas: Sequence[Expression], budget: Budget | None = None
    ) -> frozenset[Expression]:
        """Those lemmas that are not shown to be initial, or to be kept by every move where all hold.

        Each question goes to a solver of its own, which knows nothing else.
        """
        lost: set[Expression] = set()
        open_ = self._open([self.relation.initial], {one: self.before(one) for one in lemmas}, budget)
        lost.update(open_)
        given = [self.before(one) for one in lemmas]
        for number, move in enumerate(self.moves):
            goals = {one: self.after(number, one) for one in lemmas if self.touches(number, one)}
            lost.update(self._open([*given, move.possible], goals, budget))
        return frozenset(lost)

    def _open(
        self, given: Sequence[Term], goals: dict[Expression, Term], budget: Budget | None
    ) -> list[Expression]:
        """Goals that do not follow, as far as Z3 can tell."""
        if not goals:
            return []
        solver = fresh_solver()
        solver.add(*given, z3.Not(z3.And(*goals.values())))
        if ask(solver, budget=budget) == z3.unsat:
            return []
        left = []
        for lemma, goal in goals.items():
            solver = fresh_solver(_EFFORT_FOR_ONE)
            solver.add(*given, z3.Not(goal))
            if ask(solver, budget=budget) != z3.unsat:
                left.append(lemma)
        return left

    # ------------------------------------------------------------ states that Z3 finds

    def row(self, model: Any) -> Row:
        """The state where the step begins in a model."""
        state = self.relation.state(model, self.relation.before)
        return tuple(state[one.name] for one in self.system.variables)

    def row_after(self, number: int, model: Any) -> Row | None:
        """The state that the move leads to in a model; None if Python finds that there is none."""
        taken = self.relation.taken(model, self.moves[number])
        after = self._steps[number](self.row(model), (*taken.arguments, *taken.choices))
        return after if isinstance(after, tuple) else None


class _Search:
    """One run of Houdini over numbered candidates."""

    def __init__(
        self, steps: Inductiveness, candidates: tuple[Expression, ...], budget: Budget | None
    ) -> None:
        self.steps = steps
        self.candidates = candidates
        self.budget = budget
        self.active = set(range(len(candidates)))
        self.values = row_function(steps.system, candidates)
        self.known = [z3.Bool(f"$lemma {number}") for number in range(len(candidates))]
        self.broken = [z3.Bool(f"$broken {number}") for number in range(len(candidates))]
        self.numbers = {term.get_id(): number for number, term in enumerate(self.known)}
        self.solvers: dict[int, Any] = {}
        self.touched: dict[int, list[int]] = {}
        self._named: list[Term] = []
        # Which candidates the last proof for a move rests on: it stands for as long as they do.
        self.proved: dict[int, frozenset[int]] = {}

    def lemmas(self) -> tuple[Expression, ...]:
        """What is left, in order."""
        return tuple(one for number, one in enumerate(self.candidates) if number in self.active)

    def drop_not_initial(self) -> None:
        """Drop what some initial state refutes."""
        solver = fresh_solver()
        solver.add(self.steps.relation.initial)
        everyone = sorted(self.active)
        for number in everyone:
            term = self.steps.before(self.candidates[number])
            solver.add(z3.Implies(self.broken[number], z3.Not(term)))

        def refuted(model: Any) -> Row | None:
            return self.steps.row(model)

        self._until_none_is_broken(solver, everyone, [], refuted)

    def drop_not_kept(self) -> None:
        """Drop what some move breaks, until no move breaks any."""
        changed = True
        while changed and self.active:
            changed = False
            for number in range(len(self.steps.moves)):
                if self.budget is not None and self.budget.spent:
                    return
                rests_on = self.proved.get(number)
                if rests_on is not None and rests_on <= self.active:
                    continue
                count = len(self.active)
                self._move(number)
                changed |= len(self.active) < count

    def _move(self, number: int) -> None:
        if number not in self.solvers:
            self.solvers[number] = self._solver(number)

        def refuted(model: Any) -> Row | None:
            return self.steps.row_after(number, model)

        core = self._until_none_is_broken(
            self.solvers[number], self.touched[number], self.known, refuted
        )
        self.proved[number] = core

    def _solver(self, number: int) -> Any:
        """Knows the move, and for each candidate two names: that it holds before, and not after."""
        steps = self.steps
        solver = fresh_solver()
        solver.add(steps.moves[number].possible)
        if not self._named:
            self._named = [
                z3.Implies(self.known[place], steps.before(self.candidates[place]))
                for place in sorted(self.active)
            ]
        solver.add(*self._named)
        touched = []
        for place in sorted(self.active):
            lemma = self.candidates[place]
            if steps.touches(number, lemma):
                touched.append(place)
                solver.add(z3.Implies(self.broken[place], z3.Not(steps.after(number, lemma))))
        self.touched[number] = touched
        return solver

    def _until_none_is_broken(
        self, solver: Any, concerned: Sequence[int], known: Sequence[Term], state_of: Any
    ) -> frozenset[int]:
        """Drop candidates until the solver finds no state that breaks one; what the proof rests on."""
        while True:
            left = [place for place in concerned if place in self.active]
            if not left:
                return frozenset()
            given = [known[place] for place in sorted(self.active)] if known else []
            solver.push()
            solver.add(z3.Or(*(self.broken[place] for place in left)))
            answer = ask(solver, *given, budget=self.budget)
            dropped: set[int] = set()
            core: frozenset[int] = frozenset()
            if answer == z3.unsat:
                used = solver.unsat_core()
                core = frozenset(self.numbers[term.get_id()] for term in used)
            elif answer == z3.sat:
                dropped = self._refuted(solver.model(), left, state_of)
            solver.pop()
            if answer == z3.unsat:
                return core
            if answer == z3.unknown and not (self.budget is not None and self.budget.spent):
                dropped = self._one_by_one(solver, left, given)
                if not dropped:
                    return frozenset(self.active)
            elif not dropped:
                # The budget is spent, or a state that shows nothing: nothing is claimed then.
                dropped = set(left)
            self.active -= dropped

    def _refuted(self, model: Any, left: Sequence[int], state_of: Any) -> set[int]:
        """The candidates that the state of a model breaks."""
        row = state_of(model)
        if row is not None:
            values = self.values(row)
            dropped = {place for place in left if not values[place]}
            if dropped:
                return dropped
        return {place for place in left if z3.is_true(model.eval(self.broken[place]))}

    def _one_by_one(self, solver: Any, left: Sequence[int], given: Sequence[Term]) -> set[int]:
        """The candidates that are broken, or that Z3 cannot decide."""
        dropped: set[int] = set()
        undecided = 0
        solver.set("rlimit", _EFFORT_FOR_ONE)
        for place in left:
            answer = z3.unknown
            if undecided < _MOST_UNDECIDED:
                answer = ask(solver, *given, self.broken[place], budget=self.budget)
            undecided += answer == z3.unknown
            if answer != z3.unsat:
                dropped.add(place)
        solver.set("rlimit", _EFFORT)
        return dropped
