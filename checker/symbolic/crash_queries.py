"""Crash-idempotence by self-composition: the pass that goes on, and the one after a crash, side by side.

That single passes agree is not enough: what matters in the end is the world at rest, and a pass after a
crash may leave something behind that later passes act on, or that others do meanwhile. So more is shown
than that: after a crash the process can only get into states that agree, in everything that the process
reads and in the world, with states that it could have got into without the crash. Then whatever follows
could have followed without the crash, too.

References
----------
G. Barthe, P. D'Argenio, T. Rezk, "Secure information flow by self-composition", CSFW 2004.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import z3

from checker.symbolic.determined_world import undetermined_fields
from checker.symbolic.idempotence_answers import Answers
from checker.symbolic.pass_queries import Found, PassQueries
from checker.symbolic.passes import Ending, Pass, Passes, Values
from checker.symbolic.proof_scope import is_bounded
from checker.system.domain_ends import inside
from checker.system.expression import (
    FALSE,
    Expression,
    conj,
    constant,
    disj,
    eq,
    neg,
)
from checker.system.run import Judgement, Run, Step
from checker.system.sorts import Domain
from checker.system.transition_system import Action, Fairness, Kind
from checker.system.walk import substitute, variables_of

__all__ = ["judge_crashes_by_query"]

_MOST_OUTCOMES = 64
"""Combinations of choices that are written out for "some outcome without the crash is the same"."""


def judge_crashes_by_query(
    passes: Passes,
    queries: PassQueries,
    answers: Answers,
    goal: Expression | None,
    converges: bool,
) -> Judgement | str:
    """For every crash s → s′, from any state that the lemmas allow: nothing new can come of it.

    Parameters
    ----------
    passes : Passes
    queries : PassQueries
    answers : Answers
    goal : Expression, optional
    converges : bool
        The goal is known to be reached for good by every fair run, after any crashes.

    Returns
    -------
    Judgement or str
        HOLDS on one of two grounds, named in `metrics["by"]`.

        "passes": every state in which a pass after a crash s → s′ ends, or waits, agrees with one in
        which the pass from s does, in all that the process reads and in the world; the same for a
        crash right after the last step of a pass, in the world. It needs a process whose own steps
        are all fair, and that nobody else's steps write what it reads or the world.

        "goal": every fair run comes to rest in the goal, and there the world is determined by what
        neither steps nor crashes change.

        A str says why the level does not apply.

    Notes
    -----
    The conditions are local, hence they cover any number of crashes. A state that breaks them makes
    the verdict UNKNOWN, also if it is initial: later passes may make up for the difference.
    """
    level = "crash-idempotent"
    if passes.process is None or not passes.process.restarts:
        return "it never crashes"
    crashes = [one for one in passes.system.actions if _crashes(one, passes)]
    if not crashes:
        return f"no crash happens under {answers.under.regime}"
    if converges and goal is not None and not answers.every_state:
        open_ = undetermined_fields(passes, queries.ground, goal, crashes, queries.budget)
        if not open_:
            return answers.held(level, queries, by="goal")
    obstacle = _obstacle(passes)
    if obstacle:
        return answers.unknown(level, obstacle)
    without = queries.knows(passes.follow(passes.here, queries.possible))
    if without.unfinished is not FALSE and queries.possible(without.unfinished):
        return answers.unknown(level, "the pass may take more steps than are followed")
    comparison = _Comparison(passes, queries, answers, without)
    for crash in crashes:
        found = comparison.of(crash)
        if found is not None:
            return found
    guards = disj(*(conj(one.guard, _allowed(one)) for one in crashes))
    queries.domains.update(
        (symbol.node, symbol.domain) for one in crashes for symbol in (*one.parameters, *one.choices)
    )
    if queries.ask(guards) != z3.sat:
        return answers.unknown(level, "no state is known in which it could crash")
    return answers.held(level, queries, by="passes")


def _crashes(action: Action, passes: Passes) -> bool:
    is_crash = action.call is not None and action.call.form == "crash"
    mine = action.process == passes.name
    return action.kind is Kind.FAULT and is_crash and mine and action.guard is not FALSE


def _allowed(action: Action) -> Expression:
    return conj(
        *(inside(one.node, one.domain) for one in (*action.parameters, *action.choices)),
        *(neg(hazard.condition) for hazard in action.hazards),
    )


def _obstacle(passes: Passes) -> str:
    """Why what happens in the end is not known from passes alone, if it is not."""
    if any(one.fairness is Fairness.NONE for one in passes.actions):
        return "its steps are not fair: it may stop anywhere"
    watched = _read_by(passes.actions) | set(passes.world)
    for action in passes.system.actions:
        if action.kind is not Kind.STEP or action in passes.actions or action.guard is FALSE:
            continue
        for name, _ in action.updates:
            if name in watched:
                return (
                    f"`{action.name}` writes `{name}` meanwhile: where the world comes to rest is a "
                    "question of convergence"
                )
    return ""


def _read_by(actions: Sequence[Action]) -> frozenset[str]:
    """What the steps depend on: a variable that keeps its value is not read for that."""
    roots: list[Expression] = []
    for action in actions:
        roots += [action.guard, action.completes, *(one.condition for one in action.hazards)]
        roots += [value for _, value in action.updates]
    return variables_of(roots)


class _Comparison:
    """The two conditions, for each kind of crash."""

    level = "crash-idempotent"

    def __init__(self, passes: Passes, queries: PassQueries, answers: Answers, without: Pass) -> None:
        self.passes = passes
        self.queries = queries
        self.answers = answers
        self.without = without
        names = _read_by(passes.actions) | set(passes.world)
        self.matters = tuple(one.name for one in passes.system.variables if one.name in names)
        self.choices = _all_values(without.symbols)

    def of(self, crash: Action) -> Judgement | None:
        """Why the conditions are not known to hold, if they are not."""
        if self.choices is None:
            return self.answers.unknown(self.level, "its choices are too many to be compared")
        symbols = (*crash.parameters, *crash.choices)
        self.queries.domains.update((one.node, one.domain) for one in symbols)
        struck = conj(crash.guard, _allowed(crash))
        found = self._compare(crash, struck, self.passes.here, self.matters, late=False)
        for end in self.without.ended:
            if found is None and end.steps == 1:
                found = self._compare(crash, end.when, end.values, self.passes.world, late=True)
        return found

    def _compare(
        self, crash: Action, struck: Expression, values: Values, names: Sequence[str], *, late: bool
    ) -> Judgement | None:
        """A crash in a state, or after the last step from there."""
        passes, queries = self.passes, self.queries
        lost = _crashed(passes, crash, values)
        again = queries.knows(
            passes.follow(lost, lambda when, more: queries.possible(conj(struck, when), more))
        )
        if again.unfinished is not FALSE and queries.possible(conj(struck, again.unfinished)):
            reason = "the pass after a crash may take more steps than are followed"
            return self.answers.unknown(self.level, reason)

        def shown(found: Found) -> tuple[Run, str]:
            return self._shown(found, crash, again, late)

        usual = [*self.without.ended, *self.without.waiting]
        new = [self._new(end, usual, names) for end in (*again.ended, *again.waiting)]
        bad = conj(struck, disj(again.wrong, *new))
        answer, found = queries.find(bad)
        if answer == z3.unsat:
            return None
        if found is None:
            return self.answers.unknown(self.level, queries.reason)
        if self.answers.every_state and not self.without.symbols:
            # The definition of the level itself, for single passes with everyone else at rest.
            goes_on = neg(disj(self.without.wrong, *(end.when for end in self.without.waiting)))
            seen = [self._new(end, self.without.ended, passes.world) for end in again.ended]
            answer, worse = queries.find(conj(struck, goes_on, disj(again.wrong, *seen)))
            if worse is not None:
                return self.answers.violated(self.level, worse, shown)
        return self.answers.not_shown(self.level, found, shown, queries, bad)

    def _new(self, end: Ending, usual: Sequence[Ending], names: Sequence[str]) -> Expression:
        """An end that agrees with none of those without the crash, whatever is chosen there."""
        assert self.choices is not None
        agreeing = []
        for chosen in self.choices:
            for one in usual:
                wanted = [one.when, *(one.values[name] for name in names)]
                image = substitute(wanted, chosen)
                alike = (eq(image[one.values[name]], end.values[name]) for name in names)
                agreeing.append(conj(image[one.when], *alike))
        return conj(end.when, neg(disj(*agreeing)))

    def _shown(self, found: Found, crash: Action, again: Pass, late: bool) -> tuple[Run, str]:
        if late:
            # Where nothing is left to forget a crash is no step: the run ends before it.
            run = self.queries.run(found, [one for one in self.without.taken if not one.steps])
            where = f"a crash just after `{run.steps[-1].action}`" if run.steps[-1] else ""
            return run, f"{where}, before it is recorded, then a pass: the world may be another one"
        step = Step(
            crash.name,
            tuple(found.symbols.get(one.node, one.domain.default()) for one in crash.parameters),
            tuple(found.symbols.get(one.node, one.domain.default()) for one in crash.choices),
        )
        run = self.queries.run(found, step, again.taken)
        if run.hazard:
            return run, "the pass after a crash goes wrong"
        world = self.answers.world(self.passes, run.states[-1])
        return run, f"a crash, then a pass: {world}, and not all is as it could be without the crash"


def _crashed(passes: Passes, crash: Action, values: Values) -> Values:
    """What a crash makes of a state, whether or not one is possible there."""
    replaced = {passes.here[name]: value for name, value in values.items()}
    image = substitute([value for _, value in crash.updates], replaced)
    return {**values, **{name: image[value] for name, value in crash.updates}}


def _all_values(symbols: Mapping[Expression, Domain]) -> list[dict[Expression, Expression]] | None:
    """Every combination of values of some symbols; None if there are too many."""
    combinations: list[dict[Expression, Expression]] = [{}]
    for symbol, domain in symbols.items():
        if not is_bounded(domain) or len(combinations) * (domain.size or 0) > _MOST_OUTCOMES:
            return None
        combinations = [
            {**known, symbol: constant(value, symbol.sort)}
            for known in combinations
            for value in domain.values()
        ]
    return combinations
