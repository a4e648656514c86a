"""Idempotence of a process for every state at once, by a query or two for each level.

With f one complete pass, followed symbolically: is there a state, and are there choices, for which a
second pass leaves another world than the first one did? Where there is none, f is idempotent for all
sizes at once, from every state that the lemmas allow.
"""

from __future__ import annotations

from collections.abc import Sequence

import z3

from checker.regimes.regime import UnderRegime
from checker.symbolic.asking import Budget
from checker.symbolic.crash_queries import judge_crashes_by_query
from checker.symbolic.idempotence_answers import Answers
from checker.symbolic.pass_queries import Found, PassQueries, ground_of
from checker.symbolic.passes import Pass, Passes, Taken, Unfollowed, same
from checker.system.expression import FALSE, Expression, conj, disj, neg
from checker.system.run import Judgement, Run
from checker.system.transition_system import Property

__all__ = ["LEVELS", "judge_idempotent_by_query"]

LEVELS = ("quiescent", "idempotent", "crash-idempotent")
"""The levels that speak of passes alone. The others speak of what happens meanwhile."""


def judge_idempotent_by_query(
    under: UnderRegime,
    claim: Property,
    goal: Property | Expression | None,
    *,
    lemmas: Sequence[Expression] = (),
    every_state: bool = False,
    converges: bool = False,
    reachable: bool = False,
    budget: Budget | None = None,
) -> list[Judgement]:
    """Judge those of `LEVELS` that apply to a process or an action.

    Parameters
    ----------
    under : UnderRegime
        The system under the regime of the claim.
    claim : Property
        Of kind "idempotent": its process, world and levels.
    goal : Property or Expression, optional
        Where there is nothing to do; without one "quiescent" is left out.
    lemmas : sequence of Expression
        Of the reachable states, for instance a proof's invariant. What is not shown to be inductive
        is not used.
    every_state : bool
        Ask about every state that can be written down, reachable or not, and about nothing less.
    converges : bool
        It has been proved elsewhere that every fair run, once faults have stopped, ends in the goal
        and stays there, crashes included in the regime.
    reachable : bool
        Where a state is found that need not be reachable, ask Spacer whether any such state is.
    budget : Budget, optional

    Returns
    -------
    list of Judgement
        In the order of `LEVELS`. HOLDS is said of all states that satisfy the lemmas, hence of all
        reachable ones. If a state is found that breaks it: where it is initial, or shown to be
        reachable, VIOLATED with a run; otherwise UNKNOWN, because it need not be reachable. With
        `every_state` the kind is "… from every state", and such a state makes it VIOLATED as what it
        says. `metrics["state"]` is the state; the run begins in it, unless it leads to it.

    Raises
    ------
    WrongRun
        If the interpreter does not confirm what Z3 found: an error in this program.
    KeyboardInterrupt

    Notes
    -----
    A pass that waits for others has no outcome, as in the explorer. A pass that may take more steps
    than are followed, or may go wrong, makes the verdict UNKNOWN.
    """
    asked = [level for level in LEVELS if not claim.levels or level in claim.levels]
    answers = Answers(under, claim, every_state, reachable)
    try:
        passes = Passes(under.system, claim.process or "", claim.world)
    except ValueError as problem:
        return [answers.unknown(level, str(problem)) for level in asked]
    goal = goal.predicate if isinstance(goal, Property) else goal
    ground = ground_of(under, lemmas, every_state=every_state, budget=budget)
    judgements = []
    for level in asked:
        queries = PassQueries(under, ground, passes.arguments(), budget)
        answers = Answers(under, claim, every_state, reachable)
        try:
            if level == "quiescent":
                answer = _quiescent(passes, queries, answers, goal)
            elif level == "idempotent":
                answer = _idempotent(passes, queries, answers)
            else:
                answer = judge_crashes_by_query(passes, queries, answers, goal, converges)
        except Unfollowed as problem:
            answer = answers.unknown(level, str(problem))
        if isinstance(answer, Judgement):
            judgements.append(answer)
        elif claim.levels:
            judgements.append(answers.unknown(level, f"the level does not apply: {answer}"))
    return judgements


# ---------------------------------------------------------------- level 0: quiescent


def _quiescent(
    passes: Passes, queries: PassQueries, answers: Answers, goal: Expression | None
) -> Judgement | str:
    """In the goal a pass neither changes nor writes the world."""
    if goal is None:
        return "the model states no goal"
    level = "quiescent"
    one = queries.knows(passes.follow(passes.started(), queries.possible))
    here = conj(passes.at_start, goal)
    bad = conj(here, disj(*(_touch(passes, taken) for taken in one.taken)))

    def shown(found: Found) -> tuple[Run, str]:
        moves: list[Taken] = []
        for taken in one.taken:
            if found.holds(taken.when):
                moves.append(taken)
                if found.holds(_touch(passes, taken)):
                    break
        run = queries.run(found, moves)
        what = "goes wrong" if run.hazard else "changes or writes the world"
        return run, f"the goal holds, and yet `{moves[-1].action.name}` {what}"

    found = answers.counterexample(level, queries, bad, shown)
    if found is not None:
        return found
    unsure = _unsure(queries, here, one)
    if unsure:
        return answers.unknown(level, unsure)
    if queries.ask(conj(here, one.ends)) != z3.sat:
        return answers.unknown(level, "no goal state is known from which it completes a pass by itself")
    return answers.held(level, queries)


def _touch(passes: Passes, taken: Taken) -> Expression:
    return disj(taken.wrong, passes.touches_world(taken))


# ---------------------------------------------------------------- level 1: idempotent


def _idempotent(passes: Passes, queries: PassQueries, answers: Answers) -> Judgement:
    """A second pass leaves the world as the first one left it."""
    level = "idempotent"
    first = queries.knows(passes.follow(passes.started(), queries.possible))
    here = passes.at_start
    if not first.ended:
        return answers.unknown(level, "it never completes a pass by itself")
    middle = first.result()
    second = queries.knows(
        passes.follow(
            middle, lambda when, symbols: queries.possible(conj(here, first.ends, when), symbols)
        )
    )
    differs = [conj(end.when, neg(same(middle, end.values, passes.world))) for end in second.ended]
    bad = conj(here, first.ends, disj(second.wrong, *differs))

    def shown(found: Found) -> tuple[Run, str]:
        run = queries.run(found, first.taken, second.taken)
        between = queries.run(found, first.taken).states[-1]
        before = answers.world(passes, between)
        after = "it goes wrong" if run.hazard else answers.world(passes, run.states[-1])
        return run, f"after one pass {before}, after a second one {after}"

    found = answers.counterexample(level, queries, bad, shown)
    if found is not None:
        return found
    unsure = _unsure(queries, here, first) or _unsure(
        queries, conj(here, first.ends), second, go_wrong=False
    )
    if unsure:
        return answers.unknown(level, unsure)
    if queries.ask(conj(here, first.ends)) != z3.sat:
        return answers.unknown(level, "no state is known from which it completes a pass by itself")
    return answers.held(level, queries)


def _unsure(queries: PassQueries, here: Expression, one: Pass, *, go_wrong: bool = True) -> str:
    """Why nothing can be said to hold of a pass, if it cannot."""
    wrong = one.wrong if go_wrong else FALSE
    if wrong is not FALSE and queries.possible(conj(here, wrong)):
        return "the pass itself may go wrong, as far as the lemmas tell"
    if one.unfinished is not FALSE and queries.possible(conj(here, one.unfinished)):
        return "the pass may take more steps than are followed"
    return ""
