"""Effect-once: an irreversible effect happens at most once per change of the setpoint."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from checker.explicit.explore import evaluate_all, explore
from checker.explicit.inputs import inputs
from checker.explicit.judging import held, violated
from checker.explicit.passes import Passes
from checker.regimes.regime import UnderRegime
from checker.system.expression import (
    Expression,
    add,
    as_integer,
    constant,
    disj,
    ite,
    le,
    minimum,
    ne,
)
from checker.system.run import Judgement, Run
from checker.system.sorts import INT, Domain
from checker.system.transition_system import Action, Effect, Property, Role, TransitionSystem, Variable

__all__ = ["counting", "judge_effects"]

_TWICE = 2


def judge_effects(passes: Passes, claim: Property, claims: Sequence[Property]) -> Judgement | str:
    """No irreversible effect of the process, or of one like it, happens twice for one value of the setpoint.

    Parameters
    ----------
    passes : Passes
    claim : Property
        Its setpoint, or else those of the `converges` among the claims, or else the fields that
        no step changes.
    claims : sequence of Property

    Notes
    -----
    A ghost counter for each effect goes up where it happens, also in a step that fails after it,
    stops at two, and is reset when the setpoint changes; that system is explored.
    """
    graph = passes.graph
    names = sorted({effect.name for action in graph.system.actions for effect in _own(passes, action)})
    if not names:
        return "it has no irreversible effect"
    setpoint = claim.setpoint or tuple(
        dict.fromkeys(name for one in claims if one.kind == "converges" for name in one.setpoint)
    )
    instrumented, counters = counting(passes, names, inputs(graph.system, setpoint))
    twice = disj(*(le(constant(_TWICE), counter.node) for counter in counters))
    under = UnderRegime(instrumented, graph.under.recurring, graph.under.regime)
    limit = None if graph.complete else len(graph)
    counted = explore(under, keep_edges=False, max_states=limit, stop_when=(twice,))
    found = evaluate_all(counted, twice)
    if not found.any():
        return held(counted, claim)
    nearest = int(found.argmax())
    state = counted.state(nearest)
    name = next(
        effect for effect, counter in zip(names, counters, strict=True) if state[counter.name] == _TWICE
    )
    run = _without(counted.run_to(nearest), {counter.name for counter in counters})
    reason = f"`{name}` cannot be undone and happens twice while the setpoint stays the same"
    # The search stopped at the violation; how far its scope reaches is the graph's to say.
    return violated(graph, claim, run, reason, {"effect": name})


def counting(
    passes: Passes, names: Sequence[str], given: Sequence[str]
) -> tuple[TransitionSystem, list[Variable]]:
    """The system with a counter for each effect.

    Parameters
    ----------
    passes : Passes
        Whose effects are counted.
    names : sequence of str
        The effects.
    given : sequence of str
        The variables whose change resets the counters.
    """
    system = passes.graph.system
    counters = [
        Variable(f"${name} happened", Domain(INT, 0, _TWICE), (0,), Role.GHOST) for name in names
    ]
    actions = []
    for action in system.actions:
        effects = _own(passes, action)
        values = dict(action.updates)
        fresh = disj(*(ne(values[one], system.variable[one].node) for one in given if one in values))
        extra: list[tuple[str, Expression]] = []
        for name, counter in zip(names, counters, strict=True):
            before = ite(fresh, constant(0), counter.node)
            more = before
            for effect in effects:
                if effect.name == name:
                    more = add(more, as_integer(effect.condition))
            if more is not counter.node:
                extra.append((counter.name, minimum(more, constant(_TWICE))))
        actions.append(replace(action, updates=(*action.updates, *extra)))
    variables = (*system.variables, *counters)
    return replace(system, variables=variables, actions=tuple(actions)), counters


def _own(passes: Passes, action: Action) -> list[Effect]:
    """The irreversible effects of the process in an action: also one that is a fault, since a
    request whose reply is lost has happened all the same, and also one of a like process, since
    the effect happens twice where two of them make it happen once each."""
    if passes.process is None:
        own = action.name == passes.name
    else:
        own = action.process is not None and _kind(action.process) == _kind(passes.name)
    return [effect for effect in action.effects if effect.irreversible] if own else []


def _kind(process: str) -> str:
    """What like processes have in common: `worker[0]` and `worker[1]` are both `worker`."""
    return re.sub(r"\[\d+\]$", "", process)


def _without(run: Run, ghosts: set[str]) -> Run:
    states = tuple(
        {name: value for name, value in state.items() if name not in ghosts} for state in run.states
    )
    return replace(run, states=states)
