"""One random run of a system: what a user looks at before there is anything to prove."""

from __future__ import annotations

import random
from itertools import product

from checker.explicit.outcomes import outcomes, values_of
from checker.regimes.regime import UnderRegime
from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.run import Run, State, Step
from checker.system.sorts import Scalar
from checker.system.transition_system import Hazard, Kind, TransitionSystem
from checker.system.walk import variables_of

__all__ = ["simulate"]

_MISFORTUNE = 0.2
"""How often a fault or an intent is taken where a step could be taken too."""

_ATTEMPTS = 10_000


def simulate(under: UnderRegime, steps: int, seed: int) -> Run:
    """A random run of at most so many steps; the same seed gives the same run.

    It takes only steps that change something, and ends where nothing can, or something goes wrong.

    Parameters
    ----------
    under : UnderRegime
    steps : int
    seed : int
    """
    system, dice = under.system, random.Random(seed)
    states: list[State] = [_initial(system, dice)]
    taken: list[Step | None] = []
    while len(taken) < steps:
        possible = _possible(system, states[-1])
        own = [one for one in possible if one[0] is Kind.STEP]
        others = [one for one in possible if one[0] is not Kind.STEP]
        if not possible:
            break
        pool = others if others and (not own or dice.random() < _MISFORTUNE) else own
        # First the action, then its outcome: an action with many outcomes is not the likelier.
        name = dice.choice(sorted({step.action for _, step, _ in pool}))
        _, step, result = dice.choice([one for one in pool if one[1].action == name])
        taken.append(step)
        if isinstance(result, Hazard):
            return Run(tuple(states), tuple(taken), hazard=result)
        states.append(result)
    return Run(tuple(states), tuple(taken))


def _possible(system: TransitionSystem, state: State) -> list[tuple[Kind, Step, State | Hazard]]:
    return [
        (action.kind, Step(action.name, arguments, choices), result)
        for action in system.actions
        for arguments in product(*(values_of(symbol) for symbol in action.parameters))
        for choices, result in outcomes(action, arguments, state)
        if isinstance(result, Hazard) or result != state
    ]


def _initial(system: TransitionSystem, dice: random.Random) -> State:
    for _ in range(_ATTEMPTS):
        state = _drawn(system, dice)
        if evaluate(system.wellformed, state):
            return state
    raise ValueError(f"no initial state of {system.name} found in {_ATTEMPTS} attempts")


def _drawn(system: TransitionSystem, dice: random.Random) -> State:
    """Initial values, each drawn by itself; they need not fit together."""
    state: dict[str, Scalar] = {}
    computed: dict[str, Expression] = {}
    for variable in system.variables:
        if isinstance(variable.initial, Expression):
            computed[variable.name] = variable.initial
        elif variable.initial is not None:
            state[variable.name] = dice.choice(variable.initial)
        elif variable.domain.size == 2:
            state[variable.name] = dice.choice(variable.domain.values())
        else:
            # A huge domain is not written out.
            low, top = variable.domain.low, variable.domain.top
            state[variable.name] = dice.randint(low, low + 100 if top is None else top)
    while computed:
        ready = [name for name, value in computed.items() if variables_of([value]) <= state.keys()]
        if not ready:
            raise ValueError(f"initial values depend on each other: {', '.join(computed)}")
        for name in ready:
            state[name] = evaluate(computed.pop(name), state)
    return state
