"""Bounded model checking: is there a counterexample of at most so many steps?

References
----------
A. Biere, A. Cimatti, E. Clarke, Y. Zhu, "Symbolic model checking without BDDs", TACAS 1999.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import z3

from checker.regimes.regime import UnderRegime
from checker.symbolic.asking import Budget, ask, why_unknown
from checker.symbolic.numbers import Numbers, Term
from checker.symbolic.obligations import is_own
from checker.symbolic.relation import Move, Relation
from checker.symbolic.replay import WrongRun, outcome, replayed
from checker.symbolic.terms import Reader
from checker.symbolic.units import NotWritable, enabled, some_outcome
from checker.symbolic.unrolling import Unrolling, numbers_for, solver_for, told
from checker.system.evaluate import evaluate
from checker.system.expression import TRUE, Expression, disj, neg
from checker.system.run import Judgement, Run, Scope, State, Step, Verdict
from checker.system.transition_system import Hazard, Kind, Property, TransitionSystem

__all__ = ["KINDS", "Question", "bmc_safety", "expressions_of", "instance_name", "own_wrong"]

KINDS = ("always", "never", "transition", "reachable", "deadlock_free", "assert", "domain")
"""Kinds of property that one finite run can decide."""


def bmc_safety(
    under: UnderRegime,
    claim: Property,
    depth: int,
    *,
    goal: Expression | None = None,
    numbers: Numbers | None = None,
    budget: Budget | None = None,
    rlimit: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Judgement:
    """Look for a shortest run against a property (for "reachable": one that shows it).

    Parameters
    ----------
    under : UnderRegime
    claim : Property
        Of one of `KINDS`. "assert" is an assertion of the model, known by name and location, and
        "domain" stands for all other errors together.
    depth : int
        Most steps of a run.
    goal : Expression, optional
        For "deadlock_free": where nothing needs to happen any more.
    numbers : Numbers, optional
        In which theory; by default bit-vectors where the system is finite.
    budget : Budget, optional
        Time for all depths together.
    rlimit : int, optional
        Z3's resources for each question; unlike time they are the same on every machine.
    progress : callable, optional
        Told every depth before it is searched.

    Returns
    -------
    Judgement
        VIOLATED with a shortest run, or HOLDS with a shortest one where the claim is that some run
        exists; otherwise UNKNOWN, and the scope says up to which depth nothing was found. That no
        short run violates a property never makes it HOLD.

    Raises
    ------
    ValueError
        If the property is of another kind.
    KeyboardInterrupt
    WrongRun
        If the interpreter does not confirm the run: an error in this program.

    Notes
    -----
    A shortest run has no step that leaves the state as it is, so only those that change it are
    unrolled. Each depth is asked in one solver that keeps what it has learned.
    """
    if claim.kind not in KINDS:
        raise ValueError(f"{claim.name} is of kind {claim.kind}, which is not judged here")
    if numbers is None:
        numbers = numbers_for(under.system, *expressions_of(claim, goal))
    search = _Search(under, claim, numbers, budget, rlimit)
    try:
        question = _question(search.relation, claim, goal)
    except NotWritable as problem:
        return search.unknown(-1, str(problem))
    return search.judge(question, depth, progress)


def expressions_of(claim: Property, *more: Expression | None) -> list[Expression]:
    """Everything of a property that is evaluated."""
    parts = [claim.predicate, claim.premise, *(one.condition for one in claim.hazards), *more]
    return [part for part in parts if part is not None]


@dataclass(frozen=True)
class Question:
    """What would be a counterexample.

    Parameters
    ----------
    state : Term, optional
        A state, over `before`.
    step : Term, optional
        A step, over `before` and `after`.
    mishaps : sequence of (Move, Term)
        A step that goes wrong, over `before` and the move's symbols.
    """

    state: Term = None
    step: Term = None
    mishaps: Sequence[tuple[Move, Term]] = ()


def _question(relation: Relation, claim: Property, goal: Expression | None) -> Question:
    if claim.kind in ("assert", "domain"):
        return Question(mishaps=own_wrong(relation, claim))
    predicate = TRUE if claim.predicate is None else claim.predicate
    hazards = [one.condition for one in claim.hazards]
    if claim.kind == "transition":
        read = Reader(relation.numbers, relation.before, relation.after)
        return Question(step=read(disj(*hazards, neg(predicate))))
    if claim.kind == "deadlock_free":
        own = (move for move in relation.moves if move.action.kind is Kind.STEP)
        stuck = z3.Not(some_outcome(relation, own, enabled))
        outside = TRUE if goal is None else neg(goal)
        return Question(z3.Or(relation.read(disj(*hazards)), z3.And(stuck, relation.read(outside))))
    sought = neg(predicate) if claim.kind == "always" else predicate
    return Question(relation.read(disj(*hazards, sought)))


def own_wrong(relation: Relation, claim: Property) -> list[tuple[Move, Term]]:
    """Where the model goes wrong in the way that a claim of kind "assert" or "domain" speaks of.

    Returns
    -------
    list of (Move, Term)
        For every action that can: the condition, over `before` and the move's symbols.
    """
    found = []
    for move in relation.moves:
        own = [where for hazard, where in move.hazards if is_own(claim, hazard)]
        if own:
            found.append((move, z3.And(move.inside, move.guard, z3.Or(*own))))
    return found


class _Search:
    """One property, deeper and deeper."""

    def __init__(
        self,
        under: UnderRegime,
        claim: Property,
        numbers: Numbers,
        budget: Budget | None,
        rlimit: int | None,
    ) -> None:
        self.under = under
        self.claim = claim
        self.numbers = numbers
        self.budget = budget
        self.relation = Relation(under.system, numbers)
        self.solver = solver_for(numbers)
        if rlimit is not None:
            self.solver.set("rlimit", rlimit)
        self.unrolling = Unrolling(self.relation, self.solver)

    def judge(self, question: Question, depth: int, progress: Callable[[int], None] | None) -> Judgement:
        """Search up to a depth."""
        unrolling = self.unrolling
        unrolling.begin_initially()
        for k in range(depth + 1):
            if progress is not None:
                progress(k)
            if question.state is not None:
                end = self._ask(unrolling.at(question.state, k), k, partial(self._state, k))
                if end is not None:
                    return end
            if k == depth:
                break
            if question.mishaps:
                # Before there is a step k: where one goes wrong, no other may be possible.
                bad = z3.Or(*(unrolling.besides(term, k) for _, term in question.mishaps))
                end = self._ask(bad, k + 1, partial(self._mishap, question, k))
                if end is not None:
                    return end
            unrolling.extend()
            if question.step is not None:
                end = self._ask(unrolling.during(question.step, k), k + 1, partial(self._step, k))
                if end is not None:
                    return end
        return self.unknown(depth, self._nothing(depth))

    def _ask(self, bad: Term, length: int, found: Callable[[], Judgement]) -> Judgement | None:
        """Look for a run of this length; None if there is none."""
        here = z3.Bool(f"bad@{length}")
        self.solver.add(z3.Implies(here, bad))
        answer = ask(self.solver, here, budget=self.budget)
        if answer == z3.sat:
            return found()
        if answer != z3.unsat:
            reason = f"{why_unknown(self.solver, self.budget)}: {self._nothing(length - 1)}"
            return self.unknown(length - 1, reason)
        self.solver.add(z3.Not(bad))
        return None

    # ------------------------------------------------------------ what was found

    def _state(self, k: int) -> Judgement:
        run = replayed(self.under.system, self.unrolling.run(self.solver.model(), k))
        hazard = self._hazard(run, None)
        if hazard is None and self.claim.kind == "reachable":
            return self._reached(run)
        reasons = {"never": "holds", "deadlock_free": "deadlock: no step can change anything"}
        return self._violated(run, hazard, reasons.get(self.claim.kind, "does not hold"))

    def _step(self, k: int) -> Judgement:
        run = replayed(self.under.system, self.unrolling.run(self.solver.model(), k + 1))
        last = run.steps[-1]
        assert last is not None
        return self._violated(
            run, self._hazard(run, run.states[-1]), f"{instance_name(self.under.system, last)} breaks it"
        )

    def _mishap(self, question: Question, k: int) -> Judgement:
        model, unrolling = self.solver.model(), self.unrolling
        before = unrolling.run(model, k)
        for move, term in question.mishaps:
            if z3.is_true(model.eval(unrolling.besides(term, k), model_completion=True)):
                symbols = {one: unrolling.besides(term, k) for one, term in move.symbols.items()}
                last = self.relation.taken(model, move, symbols)
                hazard = outcome(self.under.system, last, before.states[-1])
                if not isinstance(hazard, Hazard):
                    raise WrongRun(f"{last} does not go wrong in {dict(before.states[-1])}")
                run = replayed(
                    self.under.system, replace(before, steps=(*before.steps, last), hazard=hazard)
                )
                return self._violated(run, hazard, "")
        raise AssertionError("nothing goes wrong")

    def _hazard(self, run: Run, after: State | None) -> Hazard | None:
        """What goes wrong where the property's own predicate is evaluated at the end of a run."""
        before = run.states[-1] if after is None else run.states[-2]
        held = (one for one in self.claim.hazards if evaluate(one.condition, before, after))
        return next(held, None)

    # ------------------------------------------------------------ verdicts

    def _violated(self, run: Run, hazard: Hazard | None, reason: str) -> Judgement:
        return self.judgement(
            Verdict.VIOLATED,
            len(run),
            hazard.message if hazard else reason,
            replace(run, hazard=hazard),
        )

    def _reached(self, run: Run) -> Judgement:
        if not self._predicate_is_total():
            reason = "it is reached, but elsewhere the predicate itself might go wrong"
            return self.judgement(Verdict.UNKNOWN, len(run), reason, run)
        return self.judgement(Verdict.HOLDS, len(run), "", run)

    def _predicate_is_total(self) -> bool:
        """Whether the predicate goes wrong in no state at all, reachable or not."""
        anywhere = solver_for(self.numbers)
        wrong = disj(*(one.condition for one in self.claim.hazards))
        anywhere.add(self.relation.domains, self.relation.read(wrong))
        return bool(ask(anywhere, budget=self.budget) == z3.unsat)

    def unknown(self, depth: int, reason: str) -> Judgement:
        """Nothing was found in runs of at most so many steps; -1 if nothing was looked at."""
        return self.judgement(Verdict.UNKNOWN, max(depth, 0), reason)

    def _nothing(self, depth: int) -> str:
        if depth < 0:
            return "not even the initial states were looked at"
        what = "witness" if self.claim.kind == "reachable" else "counterexample"
        return f"no {what} within {depth} step{'' if depth == 1 else 's'}"

    def judgement(self, verdict: Verdict, depth: int, reason: str, run: Run | None = None) -> Judgement:
        """What is said of the property."""
        return Judgement(
            self.claim.name,
            self.claim.kind,
            verdict,
            Scope("bounded", depth),
            str(self.under.regime),
            run=run,
            reason=reason,
            metrics={"depth": depth, "numbers": told(self.numbers)},
        )


def instance_name(system: TransitionSystem, step: Step) -> str:
    """The action's name, with the arguments in parentheses if there are any."""
    symbols = system.action[step.action].parameters
    shown = (one.domain.show(value) for one, value in zip(symbols, step.arguments, strict=True))
    return f"{step.action}({', '.join(shown)})" if step.arguments else step.action
