"""Does the goal say what the world looks like? Two states in it, with the same inputs, side by side.

Where it does, and every run ends in the goal, every run ends with the same world: whatever happened on
the way, crashes included. What it does not determine is worth knowing: there two runs may differ.
"""

from __future__ import annotations

from collections.abc import Sequence

import z3

from checker.regimes.regime import UnderRegime
from checker.symbolic.asking import Budget, ask, why_unknown
from checker.symbolic.houdini import fresh_solver
from checker.symbolic.idempotence_answers import Answers
from checker.symbolic.pass_queries import ground_of
from checker.symbolic.passes import Passes
from checker.symbolic.relation import Relation
from checker.symbolic.terms import Reader
from checker.system.expression import Expression
from checker.system.run import Judgement
from checker.system.transition_system import Action, Kind, Property

__all__ = ["goal_determines_world", "undetermined_fields"]

LEVEL = "determined"


def goal_determines_world(
    under: UnderRegime,
    claim: Property,
    goal: Property | Expression,
    *,
    lemmas: Sequence[Expression] = (),
    budget: Budget | None = None,
) -> Judgement:
    """Whether two states in the goal with the same inputs show the same world.

    Parameters
    ----------
    under : UnderRegime
    claim : Property
        Of kind "idempotent": its process and world.
    goal : Property or Expression
    lemmas : sequence of Expression
        Of the reachable states; those that are not shown to be inductive are not used.
    budget : Budget, optional

    Returns
    -------
    Judgement
        Of kind "determined". HOLDS, or UNKNOWN with the fields that are not known to be determined in
        `metrics["undetermined"]`: the two states that differ need not be reachable.

    Notes
    -----
    Inputs are the variables that no step changes, and no crash of the process.
    """
    answers = Answers(under, claim, every_state=False)
    predicate = goal.predicate if isinstance(goal, Property) else goal
    if predicate is None:
        return answers.unknown(LEVEL, "the goal has no predicate")
    try:
        passes = Passes(under.system, claim.process or "", claim.world)
    except ValueError as problem:
        return answers.unknown(LEVEL, str(problem))
    ground = ground_of(under, lemmas, every_state=False, budget=budget)
    crashes = [
        one for one in under.system.actions if one.process == passes.name and one.kind is Kind.FAULT
    ]
    open_ = undetermined_fields(passes, ground, predicate, crashes, budget)
    return answers.determined(LEVEL, open_, len(ground))


def undetermined_fields(
    passes: Passes,
    ground: Sequence[Expression],
    goal: Expression,
    crashes: Sequence[Action],
    budget: Budget | None = None,
) -> dict[str, str]:
    """The visible fields that the goal is not known to determine, and why.

    Parameters
    ----------
    passes : Passes
    ground : sequence of Expression
        Holds in every state that matters.
    goal : Expression
    crashes : sequence of Action
        What they change is no input.
    budget : Budget, optional
    """
    relation = Relation(passes.system)
    later = Reader(relation.numbers, relation.after)
    moving = [one for one in passes.system.actions if one.kind is Kind.STEP] + list(crashes)
    changed = {name for action in moving for name, _ in action.updates}
    both = [*ground, goal]
    given = [relation.read(one) for one in both] + [later(one) for one in both]
    given += [
        relation.before[one.name] == relation.after[one.name]
        for one in passes.system.variables
        if one.name not in changed
    ]
    found = {}
    for field, names in passes.fields.items():
        solver = fresh_solver()
        solver.add(*given, z3.Or(*(relation.before[name] != relation.after[name] for name in names)))
        answer = ask(solver, budget=budget)
        if answer == z3.sat:
            model = solver.model()
            one, other = relation.state(model, relation.before), relation.state(model, relation.after)
            differing = next((name for name in names if one[name] != other[name]), names[0])
            domain = passes.system.variable[differing].domain
            values = f"{domain.show(one[differing])} or {domain.show(other[differing])}"
            found[field] = f"`{differing}` may be {values} for the same inputs"
        elif answer != z3.unsat:
            found[field] = why_unknown(solver, budget)
    return found
