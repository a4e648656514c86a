"""Proofs of convergence for all sizes: what is proved, what must not be, in agreement with the explorer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import controllers
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from random_controllers import random_controller
from random_systems import Builder, systems
from small_systems import hazard

from checker.explicit.convergence import judge_converges
from checker.explicit.explore import explore
from checker.explicit.lasso import is_fair_lasso
from checker.explicit.outcomes import outcomes
from checker.regimes.regime import FINITELY_MANY, NONE, UNBOUNDED, UnderRegime, at_most
from checker.symbolic import convergence_proofs
from checker.symbolic.asking import Budget
from checker.symbolic.convergence_proofs import prove_convergence
from checker.symbolic.rank_bounds import step_bound
from checker.symbolic.rank_checking import first_failure
from checker.system.evaluate import evaluate
from checker.system.expression import (
    constant,
    eq,
    lt,
)
from checker.system.run import Verdict
from checker.system.sorts import BOOL
from checker.system.transition_system import Property, TransitionSystem

Controller = Callable[[], tuple[TransitionSystem, Property]]

PROVED = [
    controllers.taxi,
    controllers.counter_to_target,
    controllers.replicas,
    controllers.rolling_update,
    controllers.queue,
    controllers.owner_chain,
    controllers.leaps,
    controllers.autoscaler,
    controllers.finalizer,
    controllers.lease,
]


def named(controller: Controller) -> str:
    return controller.__name__


def under_faults(controller: Controller) -> tuple[UnderRegime, Property]:
    system, claim = controller()
    return FINITELY_MANY.apply(system), claim


# ---------------------------------------------------------------- what is proved, and what is not


@pytest.mark.parametrize("controller", PROVED, ids=named)
def test_it_is_proved_for_every_size(controller: Controller) -> None:
    """HOLDS for all sizes (or all states, where none is unbounded), with a proof that stands alone."""
    under, claim = under_faults(controller)
    judgement, proof = prove_convergence(under, claim, budget=Budget(30))
    assert judgement.verdict is Verdict.HOLDS, judgement.reason
    unbounded = any(one.domain.high is None for one in under.system.variables)
    assert judgement.scope.kind == ("all sizes" if unbounded else "exhaustive")
    assert proof is not None
    assert first_failure(under, claim, proof) is None
    assert judgement.metrics["rank"]


@pytest.mark.parametrize(
    ("controller", "rank", "gains"),
    [
        (controllers.taxi, "|position - destination|", {"roadblock": "1", "friend_moves": "street"}),
        (controllers.queue, "3·waiting + 2·[worker = busy] + [worker = reporting]", {"retry": "2"}),
        (controllers.rolling_update, "max(desired - new, 0) + old", {"new_dies": "1"}),
    ],
    ids=["taxi", "queue", "rolling update"],
)
def test_the_rank_bounds_the_steps_and_each_fault_adds_a_little(
    controller: Controller, rank: str, gains: dict[str, str]
) -> None:
    """A discrete input-to-state bound: the rank at the start, and so much for each fault."""
    under, claim = under_faults(controller)
    judgement, _ = prove_convergence(under, claim, budget=Budget(30))
    assert judgement.metrics == {"rank": rank, "bound": rank, "gain": gains}


def test_a_unit_helps_where_its_guard_holds() -> None:
    """What is said of a unit is short: not that a step of it would change something."""
    under, claim = under_faults(controllers.autoscaler)
    _, proof = prove_convergence(under, claim, budget=Budget(30))
    assert proof is not None
    guards = [under.system.action[name].guard for name in ("up", "down")]
    assert [one.where for one in proof.helpful] == guards


def test_a_fleet_of_every_size_is_proved_by_counting() -> None:
    """Sixteen counters, one lemma given: that they add up; without it there is a state in the way."""
    system, claim, total = controllers.counted_fleet()
    under = FINITELY_MANY.apply(system)
    judgement, proof = prove_convergence(under, claim, lemmas=(total,), budget=Budget(60))
    assert judgement.verdict is Verdict.HOLDS, judgement.reason
    assert str(judgement.scope) == "all sizes"
    assert proof is not None
    assert total in proof.invariant
    fewer = tuple(one for one in proof.invariant if one is not total)
    assert first_failure(under, claim, replace(proof, invariant=fewer)) is not None


@pytest.mark.parametrize(
    ("controller", "reason"),
    [
        (lambda: controllers.replicas(waits=False), "`act` and `refresh` repeat for ever"),
        (controllers.fighters, "`more` and `fewer` repeat for ever"),
        (controllers.unfair, "only `finish` could go on, and nothing promises that"),
        (lambda: controllers.alternating(counts=False), "`turn` repeats for ever"),
    ],
    ids=["stale", "fighters", "unfair", "alternating"],
)
def test_a_fair_loop_refutes_it(controller: Controller, reason: str) -> None:
    """Not proved, but refuted: by a lasso that the explorer's own check finds fair."""
    under, claim = under_faults(controller)
    judgement, proof = prove_convergence(under, claim, budget=Budget(30))
    assert (judgement.verdict, proof, judgement.reason) == (Verdict.VIOLATED, None, reason)
    run = judgement.run
    assert run is not None
    assert run.loop is not None
    assert is_fair_lasso(under.system, run, under.recurring) == []
    assert claim.predicate is not None
    assert not all(evaluate(claim.predicate, state) for state in run.states[run.loop :])


@pytest.mark.parametrize(
    "controller",
    [controllers.runaway, lambda: controllers.alternating(counts=True), controllers.slow_leak],
    ids=["runaway", "alternating with a clock", "slow leak"],
)
def test_what_no_loop_refutes_is_not_proved_either(controller: Controller) -> None:
    """Traps 10 and 11: no lasso exists, and yet it does not converge; the answer is UNKNOWN, and why."""
    under, claim = under_faults(controller)
    judgement, proof = prove_convergence(under, claim, budget=Budget(30))
    assert (judgement.verdict, proof, judgement.run) == (Verdict.UNKNOWN, None, None)
    assert "nothing is known to help in" in judgement.reason


def test_what_may_go_wrong_is_not_proved() -> None:
    """A step that goes wrong has no successor: a rank would say nothing about what comes after."""
    system, claim = controllers.taxi()
    crash = hazard(lt(constant(20), system.variable["position"].node))
    drive = replace(system.action["drive"], hazards=(crash,))
    under = FINITELY_MANY.apply(replace(system, actions=(drive, *system.actions[1:])))
    judgement, proof = prove_convergence(under, claim, budget=Budget(30))
    assert (judgement.verdict, proof) == (Verdict.UNKNOWN, None)
    assert "is broken" in judgement.reason


def test_a_goal_that_cannot_be_evaluated_is_violated() -> None:
    """As in the explorer: a reachable state in which the predicate itself goes wrong."""
    system, claim = controllers.counter_to_target()
    broken = replace(claim, hazards=(hazard(eq(system.variable["x"].node, constant(2))),))
    judgement, _ = prove_convergence(FINITELY_MANY.apply(system), broken)
    assert judgement.verdict is Verdict.VIOLATED
    assert judgement.run is not None
    assert judgement.run.states[-1]["x"] == 2
    assert judgement.run.hazard == broken.hazards[0]


def test_faults_without_end_are_not_taken_for_finitely_many() -> None:
    """The taxi is proved where roadblocks stop; where they do not it is refuted."""
    system, claim = controllers.taxi()
    judgement, _ = prove_convergence(UNBOUNDED.apply(system), claim, budget=Budget(30))
    assert judgement.verdict is not Verdict.HOLDS


def test_without_time_nothing_is_known() -> None:
    """A spent budget is UNKNOWN, never a verdict."""
    under, claim = under_faults(controllers.rolling_update)
    judgement, proof = prove_convergence(under, claim, budget=Budget(0.0))
    assert (judgement.verdict, proof) == (Verdict.UNKNOWN, None)


def test_the_same_input_gives_the_same_proof() -> None:
    """Twice in a row: ranks, lemmas and words are equal."""
    under, claim = under_faults(controllers.replicas)
    assert prove_convergence(under, claim) == prove_convergence(under, claim)


# ---------------------------------------------------------------- in agreement with the explorer


@settings(max_examples=25, deadline=None)
@given(systems(), st.sampled_from((FINITELY_MANY, NONE, at_most(2), UNBOUNDED)), st.data())
def test_no_verdict_contradicts_the_explorer(
    system: TransitionSystem, regime, data: st.DataObject
) -> None:
    """On random finite systems: the same verdicts, fair lassos, bounds that no run exceeds."""
    under = regime.apply(system)
    graph = explore(under, max_states=200)
    assume(graph.complete)
    claim = Property("p", "converges", Builder(data.draw, list(system.variables), []).any(BOOL, 2))
    known = judge_converges(graph, claim)
    judgement, proof = prove_convergence(under, claim, budget=Budget(5))
    if judgement.verdict is Verdict.UNKNOWN:
        assert proof is None
        return
    assert judgement.verdict is known.verdict
    if judgement.verdict is Verdict.HOLDS:
        assert proof is not None
        assert first_failure(under, claim, proof) is None
        bound = step_bound(under, proof)
        if bound is not None:
            states = (graph.state(number) for number in range(len(graph)))
            longest = max((int(evaluate(bound, state)) for state in states), default=0)
            assert longest >= known.metrics["steps"]
    elif judgement.run is not None and judgement.run.loop is not None:
        assert is_fair_lasso(under.system, judgement.run, under.recurring) == []


@pytest.mark.parametrize("seed", range(24))
def test_a_controller_is_judged_as_by_the_explorer(seed: int) -> None:
    """Random controllers, half of the proved ones with a rank: same verdicts, bounds that hold."""
    system, predicate = random_controller(seed)
    regime = (FINITELY_MANY, NONE, at_most(2), UNBOUNDED)[seed % 4]
    under, claim = regime.apply(system), controllers.goal(predicate)
    graph = explore(under)
    known = judge_converges(graph, claim)
    judgement, proof = prove_convergence(under, claim, budget=Budget(20))
    if judgement.verdict is not Verdict.UNKNOWN:
        assert judgement.verdict is known.verdict
    if proof is not None:
        bound = step_bound(under, proof)
        if bound is not None:
            states = (graph.state(number) for number in range(len(graph)))
            assert max(int(evaluate(bound, state)) for state in states) >= known.metrics["steps"]
        for name, gain in judgement.metrics.get("gain", {}).items():
            rank = proof.ranks[0] if proof.ranks else constant(0)
            for number in range(len(graph) if gain.isdecimal() else 0):
                state = graph.state(number)
                for _, after in outcomes(under.system.action[name], (), state):
                    assert isinstance(after, dict)
                    assert evaluate(rank, after) <= evaluate(rank, state) + int(gain)


@pytest.mark.parametrize("seed", [1003, 2172])
def test_runs_may_rest_where_no_step_leaves_the_goal(seed: int) -> None:
    """The goal itself can be left; where it cannot is a condition that no comparison expresses."""
    system, predicate = random_controller(seed)
    under, claim = FINITELY_MANY.apply(system), controllers.goal(predicate)
    judgement, proof = prove_convergence(under, claim, budget=Budget(20))
    assert judgement.verdict is Verdict.HOLDS, judgement.reason
    assert proof is not None
    assert proof.rest is not predicate
    assert judge_converges(explore(under), claim).verdict is Verdict.HOLDS


@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_proved_of_what_does_not_converge(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the lasso is not looked for, a proof is looked for in vain."""
    system, predicate = random_controller(seed)
    under, claim = FINITELY_MANY.apply(system), controllers.goal(predicate)
    known = judge_converges(explore(under), claim)
    monkeypatch.setattr(convergence_proofs, "fair_lasso", lambda *given: None)
    judgement, _ = prove_convergence(under, claim, budget=Budget(20))
    if known.verdict is not Verdict.HOLDS:
        assert judgement.verdict is Verdict.UNKNOWN
