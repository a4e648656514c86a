"""Bounded search for fair lassos: a run into a loop that can be repeated for ever.

References
----------
V. Schuppan, A. Biere, "Efficient reduction of finite state model checking to reachability analysis",
STTT 5 (2004): a loop closes where a state equals one that was saved. A. Biere, K. Heljanko, T. Junttila,
T. Latvala, V. Schuppan, "Linear encodings of bounded LTL model checking", LMCS 2 (2006).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import z3

from checker.regimes.regime import UnderRegime
from checker.symbolic.asking import Budget, ask, why_unknown
from checker.symbolic.bmc import expressions_of, instance_name
from checker.symbolic.numbers import Numbers, Term
from checker.symbolic.relation import Relation
from checker.symbolic.replay import outcome, replayed
from checker.symbolic.units import NotWritable, Unit, steps_of, units_of
from checker.symbolic.unrolling import Unrolling, equal, numbers_for, solver_for, told
from checker.system.evaluate import evaluate
from checker.system.expression import disj
from checker.system.run import Judgement, Run, Scope, Verdict
from checker.system.transition_system import Hazard, Kind, Property

__all__ = ["KINDS", "bmc_lasso"]

KINDS = ("converges", "recurs", "leads_to")
"""Kinds of property that a fair run for ever can violate."""


def bmc_lasso(
    under: UnderRegime,
    claim: Property,
    depth: int,
    *,
    budget: Budget | None = None,
    rlimit: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Judgement:
    """Look for a shortest fair lasso against a property.

    Parameters
    ----------
    under : UnderRegime
    claim : Property
        Of one of `KINDS`.
    depth : int
        Most steps of a lasso, its loop counted once and a stutter as one.
    budget : Budget, optional
        Time for all depths together.
    rlimit : int, optional
        Z3's resources for each question; unlike time they are the same on every machine.
    progress : callable, optional
        Told every depth before it is searched.

    Returns
    -------
    Judgement
        VIOLATED with a shortest lasso (or a run to a state in which the predicate itself goes wrong),
        otherwise UNKNOWN, and the scope says up to which length there is none.

    Raises
    ------
    ValueError
        If the property is of another kind.
    KeyboardInterrupt
    WrongRun
        If the interpreter does not confirm the run: an error in this program.

    Notes
    -----
    A *loop* is a closed walk over the recurring steps that change the state, or the stutter in one
    state. It is fair iff every weakly fair unit is taken in it or not enabled in one of its states,
    and every strongly fair unit is taken in it or enabled in none of them. These conditions are
    collected from where the loop begins to where it closes, all of them over the same loop: for each
    of two units there may be a loop that treats it fairly, and no loop that is fair to both.

    ◇□p is violated iff p fails somewhere in the loop, □◇p iff it fails everywhere in it, and
    □(p → ◇q) iff a state in p has been passed since which, loop included, q has not held.
    """
    if claim.kind not in KINDS:
        raise ValueError(f"{claim.name} is of kind {claim.kind}, which is not judged here")
    assert claim.predicate is not None
    search = _Search(under, claim, numbers_for(under.system, *expressions_of(claim)), budget, rlimit)
    try:
        units = units_of(search.relation)
    except NotWritable as problem:
        return search.unknown(-1, str(problem))
    return search.judge(units, depth, progress)


@dataclass(frozen=True)
class _Loop:
    """What has been collected on the way to state k, as truth values of their own.

    Parameters
    ----------
    inside : Term
        The loop has begun, at this state or before.
    met : tuple of Term
        For each unit: in the loop so far it was taken, or was not enabled (weak).
    calm : tuple of Term
        For each unit: in the loop so far it was enabled nowhere (strong).
    failed, always_failed : Term
        The predicate failed somewhere, and everywhere, in the loop so far.
    """

    inside: Term
    met: tuple[Term, ...]
    calm: tuple[Term, ...]
    failed: Term
    always_failed: Term


class _Search:
    """One property, longer and longer."""

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
        self.saved = self.relation.frame(lambda name: f"{name}@loop")
        self.begins: list[Term] = []
        self.enabled: list[tuple[Term, ...]] = []
        self.fails: list[Term] = []
        self.pending: list[Term] = []
        self.units: tuple[Unit, ...] = ()

    def judge(
        self, units: tuple[Unit, ...], depth: int, progress: Callable[[int], None] | None
    ) -> Judgement:
        """Search up to a length."""
        self.units = units
        self.unrolling.begin_initially()
        loop = self._outside()
        wrong = self.relation.read(disj(*(one.condition for one in self.claim.hazards)))
        for k in range(depth + 1):
            if progress is not None:
                progress(k)
            end = self._ask(
                self.unrolling.at(wrong, k), f"wrong@{k}", k - 1, partial(self._goes_wrong, k)
            )
            if end is None and k:
                closes = z3.And(self._fair(loop), equal(self.saved, self.unrolling.frames[k]))
                end = self._ask(closes, f"closes@{k}", k - 1, partial(self._lasso, k))
            if end is None and k < depth:
                self._look_at(k)
                end = self._ask(self._rests(k), f"rests@{k}", k, partial(self._rest, k))
            if end is not None:
                return end
            if k < depth:
                loop = self._go_on(loop, k)
        return self.unknown(depth, self._nothing(depth))

    def _ask(
        self, bad: Term, name: str, covered: int, found: Callable[[], Judgement]
    ) -> Judgement | None:
        here = z3.Bool(name)
        self.solver.add(z3.Implies(here, bad))
        answer = ask(self.solver, here, budget=self.budget)
        if answer == z3.sat:
            return found()
        if answer != z3.unsat:
            reason = f"{why_unknown(self.solver, self.budget)}: {self._nothing(covered)}"
            return self.unknown(covered, reason)
        self.solver.add(z3.Not(bad))
        return None

    # ------------------------------------------------------------ the encoding

    def _outside(self) -> _Loop:
        no, yes = z3.BoolVal(False), z3.BoolVal(True)
        return _Loop(no, (no,) * len(self.units), (yes,) * len(self.units), no, yes)

    def _look_at(self, k: int) -> None:
        """Names for what is asked of state k: which units are enabled, does the predicate fail."""
        claim = self.claim
        at = self.unrolling.at
        self.enabled.append(
            tuple(
                self._named(f"enabled {number}@{k}", at(unit.enabled, k))
                for number, unit in enumerate(self.units)
            )
        )
        assert claim.predicate is not None
        fails = z3.Not(at(self.relation.read(claim.predicate), k))
        self.fails.append(self._named(f"fails@{k}", fails))
        if claim.premise is not None:
            owed = at(self.relation.read(claim.premise), k)
            if k:
                owed = z3.Or(owed, self.pending[k - 1])
            self.pending.append(self._named(f"pending@{k}", z3.And(self.fails[k], owed)))

    def _rests(self, k: int) -> Term:
        """In state k a run may stop, and violates the property by it."""
        bad = self.fails[k] if self.claim.premise is None else self.pending[k]
        return z3.And(bad, *(z3.Not(one) for one in self.enabled[k]))

    def _go_on(self, loop: _Loop, k: int) -> _Loop:
        """Take step k, inside the loop or on the way to it."""
        self.unrolling.extend()
        begins = z3.Bool(f"begins@{k}")
        self.begins.append(begins)
        self.solver.add(z3.Implies(begins, z3.Not(loop.inside)))
        self.solver.add(z3.Implies(begins, equal(self.saved, self.unrolling.frames[k])))
        inside = self._named(f"inside@{k}", z3.Or(loop.inside, begins))
        moves = enumerate(self.relation.moves)
        for position, move in moves:
            if move.action.name not in self.under.recurring:
                self.solver.add(z3.Implies(inside, z3.Not(self.unrolling.takes(position, k))))
        met, calm = [], []
        for number, unit in enumerate(self.units):
            here = self._taken(unit, k)
            if unit.strong:
                quiet = z3.And(loop.calm[number], z3.Implies(inside, z3.Not(self.enabled[k][number])))
                calm.append(self._named(f"calm {number}@{k}", quiet))
            else:
                here = z3.Or(here, z3.Not(self.enabled[k][number]))
                calm.append(loop.calm[number])
            so_far = z3.Or(loop.met[number], z3.And(inside, here))
            met.append(self._named(f"met {number}@{k}", so_far))
        failed = z3.Or(loop.failed, z3.And(inside, self.fails[k]))
        always = z3.And(loop.always_failed, z3.Implies(inside, self.fails[k]))
        return _Loop(
            inside,
            tuple(met),
            tuple(calm),
            self._named(f"failed@{k}", failed),
            self._named(f"always failed@{k}", always),
        )

    def _taken(self, unit: Unit, k: int) -> Term:
        during = self.unrolling.during
        return z3.Or(
            *(
                z3.And(self.unrolling.takes(position, k), during(given, k))
                for position, given in unit.taken
            )
        )

    def _fair(self, loop: _Loop) -> Term:
        """The loop so far is fair to every unit and violates the property."""
        promises = (
            z3.Or(met, calm) if unit.strong else met
            for unit, met, calm in zip(self.units, loop.met, loop.calm, strict=True)
        )
        bad = loop.failed if self.claim.kind == "converges" else loop.always_failed
        if self.claim.premise is not None:
            bad = z3.And(bad, self.pending[-1])
        return z3.And(loop.inside, bad, *promises)

    def _named(self, name: str, meaning: Term) -> Term:
        term = z3.Bool(name)
        self.solver.add(term == meaning)
        return term

    # ------------------------------------------------------------ what was found

    def _goes_wrong(self, k: int) -> Judgement:
        run = replayed(self.under.system, self.unrolling.run(self.solver.model(), k))
        wrong = (one for one in self.claim.hazards if evaluate(one.condition, run.states[-1]))
        hazard = next(wrong)
        return self._judgement(Verdict.VIOLATED, k, hazard.message, replace(run, hazard=hazard))

    def _rest(self, k: int) -> Judgement:
        run = self.unrolling.run(self.solver.model(), k)
        run = Run((*run.states, run.states[-1]), (*run.steps, None), loop=k)
        return self._violated(run, self._tell_rest(run))

    def _lasso(self, k: int) -> Judgement:
        model = self.solver.model()
        run = self.unrolling.run(model, k)
        begun = (
            i for i, one in enumerate(self.begins) if z3.is_true(model.eval(one, model_completion=True))
        )
        start = next(begun)
        done = [instance_name(self.under.system, step) for step in run.steps[start:] if step is not None]
        repeats = "repeats" if len(set(done)) == 1 else "repeat"
        return self._violated(replace(run, loop=start), f"{in_words(done)} {repeats} for ever")

    def _violated(self, run: Run, loop: str) -> Judgement:
        replayed(self.under.system, run)
        metrics: dict[str, Any] = {}
        if self.claim.kind == "converges":
            assert self.claim.predicate is not None and run.loop is not None
            goal = [bool(evaluate(self.claim.predicate, state)) for state in run.states]
            returns = any(goal[run.loop :])
            if returns:
                how = "reaches the goal and leaves it again and again"
            elif run.steps[run.loop] is None:
                how = "stops outside the goal"
            elif any(goal):
                how = "leaves the goal and never comes back"
            else:
                how = "never reaches the goal"
            # Whether there is also a lasso of the other sort was not asked.
            metrics = {"reached": None if returns else False, "stable": False if returns else None}
            metrics |= {"steps": None, "rounds": None}
        elif self.claim.kind == "recurs":
            how = "from some point on never again"
        else:
            how = "the premise holds and the conclusion never follows"
        return self._judgement(Verdict.VIOLATED, len(run), f"{how}: {loop}", run, metrics)

    def _tell_rest(self, run: Run) -> str:
        """Why nothing needs to happen any more, as the end of a sentence."""
        system, state = self.under.system, run.states[-1]
        own: list[str] = []
        others: list[str] = []
        for action in system.actions:
            try:
                possible = steps_of(action)
            except NotWritable:
                return "and nothing promises that it goes on"
            for step in possible:
                result = outcome(system, step, state)
                if isinstance(result, Hazard) or (result is not None and result != state):
                    (own if action.kind is Kind.STEP else others).append(instance_name(system, step))
        if own:
            return f"only {in_words(own)} could go on, and nothing promises that"
        if others:
            return f"deadlock: no step is possible any more, only {in_words(others)}"
        return "deadlock: nothing is possible any more"

    # ------------------------------------------------------------ verdicts

    def unknown(self, depth: int, reason: str) -> Judgement:
        """No lasso of at most so many steps was found; -1 if nothing was looked at."""
        return self._judgement(Verdict.UNKNOWN, max(depth, 0), reason)

    def _nothing(self, depth: int) -> str:
        if depth < 1:
            return "not even the initial states were looked at"
        return f"no counterexample within {depth} step{'' if depth == 1 else 's'}"

    def _judgement(
        self,
        verdict: Verdict,
        depth: int,
        reason: str,
        run: Run | None = None,
        metrics: dict[str, Any] | None = None,
    ) -> Judgement:
        return Judgement(
            self.claim.name,
            self.claim.kind,
            verdict,
            Scope("bounded", depth),
            str(self.under.regime),
            run=run,
            reason=reason,
            metrics={"depth": depth, "numbers": told(self.numbers), **(metrics or {})},
        )


def in_words(items: list[str], most: int = 4) -> str:
    """The different items in their order: "`a`, `b` and `c`"."""
    shown = [f"`{item}`" for item in dict.fromkeys(items)]
    if len(shown) > most:
        shown = [*shown[: most - 1], f"{len(shown) - most + 1} others"]
    return " and ".join(part for part in (", ".join(shown[:-1]), shown[-1]) if part)
