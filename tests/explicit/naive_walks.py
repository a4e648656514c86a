"""Random walks by the reference interpreter, state by state: what the fast ones are compared with."""

from __future__ import annotations

from itertools import product

from checker.explicit import walk_kernels as kernels
from checker.explicit.dice import Dice, key_of
from checker.explicit.outcomes import outcomes, values_of
from checker.explicit.watch import Watch
from checker.regimes.regime import UnderRegime
from checker.system.evaluate import evaluate
from checker.system.run import State
from checker.system.transition_system import Hazard, Kind


def initial_states(under: UnderRegime) -> list[State]:
    """Every combination of listed initial values that is well-formed."""
    variables = under.system.variables
    pools = [v.domain.values() if v.initial is None else dict.fromkeys(v.initial) for v in variables]
    states = [dict(zip((v.name for v in variables), values, strict=True)) for values in product(*pools)]
    return [state for state in states if evaluate(under.system.wellformed, state)]


def moves_of(under: UnderRegime, state: State) -> tuple[list[list], list[list]]:
    """What changes something or goes wrong, by action: own, then faults and intents.

    Actions come in the order of their first successor; those that can only go wrong come last.
    """
    good, wrong = {}, {}
    for action in under.system.actions:
        for arguments in product(*(values_of(symbol) for symbol in action.parameters)):
            for choices, result in outcomes(action, arguments, state):
                if isinstance(result, Hazard):
                    wrong.setdefault(action.name, []).append((action.name, arguments, choices, result))
                elif result != state:
                    good.setdefault(action.name, []).append((action.name, arguments, choices, result))
    by_action = {name: good.get(name, []) + wrong.get(name, []) for name in [*good, *wrong]}
    kind = {action.name: action.kind for action in under.system.actions}
    own = [moves for name, moves in by_action.items() if kind[name] is Kind.STEP]
    return own, [moves for name, moves in by_action.items() if kind[name] is not Kind.STEP]


def walk(under: UnderRegime, steps: int, seed: int, run: int) -> tuple[list[State], list[tuple], bool]:
    """States, moves, and whether the last state has moves left."""
    dice = Dice(key_of(seed), run)
    starts = initial_states(under)
    states, taken = [starts[dice.below(len(starts))]], []
    while True:
        own, others = moves_of(under, states[-1])
        if len(taken) == steps or not own + others:
            return states, taken, bool(own + others)
        pool = others if others and (not own or dice.below(5) == 0) else own
        moves = pool[dice.below(len(pool))]
        taken.append(moves[dice.below(len(moves))])
        if isinstance(taken[-1][3], Hazard):
            return states, taken, True
        states.append(taken[-1][3])


def row_of(under: UnderRegime, watch: Watch, steps: int, seed: int, run: int) -> list[int]:
    """What is noted of a run; -2 for the number of a failure, which has no meaning here."""
    states, taken, more = walk(under, steps, seed, run)
    wrong = bool(taken) and isinstance(taken[-1][3], Hazard)
    stuck = [not moves_of(under, state)[0] for state in states]

    def first(truths: list[bool]) -> int:
        return truths.index(True) if True in truths else -1

    def owing(premise, conclusion) -> list[bool]:
        due, result = False, []
        for state in states:
            due = (due or bool(evaluate(premise, state))) and not evaluate(conclusion, state)
            result.append(due)
        return result

    row = [0] * kernels.FIXED
    row[kernels.END] = kernels.WRONG if wrong else kernels.CUT if more else kernels.ENDED
    row[kernels.LENGTH] = len(taken)
    row[kernels.FAILURE] = -2 if wrong else -1
    pairs = [owing(premise, conclusion) for premise, conclusion in watch.owed]
    row[kernels.OWED] = sum(due[-1] << place for place, due in enumerate(pairs))
    row += [first([bool(evaluate(one, state)) for state in states]) for one in watch.bad]
    row += [
        first([False, *(bool(evaluate(one, states[i], states[i + 1])) for i in range(len(states) - 1))])
        for one in watch.changes
    ]
    for one in watch.stuck:
        row.append(first([s and bool(evaluate(one, t)) for s, t in zip(stuck, states, strict=True)]))
    row += [first([s and d for s, d in zip(stuck, due, strict=True)]) for due in pairs]
    for goal in watch.goals:
        holds = [bool(evaluate(goal, state)) for state in states]
        since = len(holds) - first([not one for one in reversed(holds)]) if False in holds else 0
        row += [first(holds), since if holds[-1] else -1]
    return row
