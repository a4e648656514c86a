"""What is proved of a model for all sizes, looked at state by state in instances that can be explored."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import pytest

from checker import Model, check, load
from checker.explicit.explore import explore
from checker.explicit.state_graph import StateGraph
from checker.language.all_sizes import AllSizes, all_sizes
from checker.language.elaborate import elaborate
from checker.language.loader import load_models
from checker.regimes.regime import FINITELY_MANY, Regime, UnderRegime
from checker.symbolic.convergence_proofs import prove_convergence
from checker.symbolic.safety_proofs import prove_safety
from checker.system.evaluate import evaluate
from checker.system.proof import Proof
from checker.system.run import Judgement, State, Verdict
from checker.system.transition_system import Property, Role

NAMES = ("replicas", "rolling_update", "autoscaler", "owner_chain", "work_queue", "lease", "finalizer")
EVERY_MODEL = [f"{name}::{model.__name__}" for name in NAMES for model in load_models(name)]

HOLD = [
    ("replicas", "never_one_too_many"),
    ("replicas", "settled"),
    ("rolling_update", "no_more_than_the_surge"),
    ("rolling_update", "enough_are_available"),
    ("rolling_update", "takes_only_what_is_spare"),
    ("rolling_update", "rolled_out"),
    ("autoscaler", "fits"),
    ("owner_chain", "as_desired_and_said_so"),
    ("work_queue", "nothing_is_lost"),
    ("work_queue", "all_done"),
    ("lease", "two_leaders"),
    ("lease", "led"),
    ("finalizer", "orphaned"),
    ("finalizer", "as_wanted"),
]

FAIL = [
    ("replicas::StaleReplicas", "never_one_too_many"),
    ("replicas::StaleReplicas", "settled"),
    ("rolling_update::SpecInsteadOfStatus", "takes_only_what_is_spare"),
    ("rolling_update::BlockedByBroken", "rolled_out"),
    ("autoscaler::Flapping", "fits"),
    ("work_queue::ForgottenWhenTaken", "nothing_is_lost"),
    ("work_queue::ForgottenWhenTaken", "all_done"),
    ("lease::WithoutMargin", "two_leaders"),
    ("finalizer::ReleasedFirst", "orphaned"),
    ("finalizer::ReleasedFirst", "as_wanted"),
]

# Instances in which a proof is looked at: the smallest, and one in which everything differs.
INSTANCES: dict[str, tuple[dict[str, int], ...]] = {
    "replicas": ({"replicas": 1}, {"replicas": 4}),
    "rolling_update": (
        {"size": 1, "surge": 0, "unavailable": 0},
        {"size": 3, "surge": 1, "unavailable": 0},
        {"size": 2, "surge": 0, "unavailable": 5},
    ),
    "autoscaler": ({"limit": 2},),
    "owner_chain": ({"replicas": 1}, {"replicas": 2}),
    "work_queue": ({"items": 1, "workers": 3}, {"items": 4, "workers": 2}),
    "lease": ({"deadline": 1, "drift": 3}, {"deadline": 3, "drift": 2}),
    "finalizer": ({"size": 1}, {"size": 3}),
}


@cache
def of_all_sizes(reference: str) -> AllSizes:
    """With every parameter as a symbol."""
    return all_sizes(load(reference))


def stated(reference: str, claim: str) -> tuple[UnderRegime, Property]:
    """A property of the model of all sizes, and the system under the regime of it."""
    return stated_in(of_all_sizes(reference), claim)


def stated_in(sizes: AllSizes, claim: str) -> tuple[UnderRegime, Property]:
    """The same of a model that is no part of the gallery."""
    found = next(one for one in sizes.elaborated.properties if one.name == claim)
    regime = FINITELY_MANY if found.regime is None else Regime.parse(found.regime)
    return regime.apply(sizes.elaborated.system), found


def prove(under: UnderRegime, claim: Property) -> tuple[Judgement, Proof | None]:
    """By the prover for its kind."""
    return (prove_convergence if claim.kind == "converges" else prove_safety)(under, claim)


@cache
def proved(reference: str, claim: str) -> tuple[Judgement, Proof | None]:
    """Each is proved once."""
    return prove(*stated(reference, claim))


@pytest.mark.parametrize("reference", EVERY_MODEL)
def test_every_parameter_is_free(reference: str) -> None:
    """No size is needed to say what the model is."""
    sizes = of_all_sizes(reference)
    symbols = {one.name for one in sizes.elaborated.system.variables if one.role is Role.PARAMETER}
    assert (sizes.fixed, sizes.reasons) == ((), ())
    assert symbols == set(sizes.free) == set(dict(elaborate(load(reference)).system.parameters))


@pytest.mark.parametrize(("reference", "claim"), HOLD)
def test_promise_is_proved_for_all_sizes(reference: str, claim: str) -> None:
    """With a proof that no explored state of a small instance contradicts."""
    judgement, proof = proved(reference, claim)
    assert (judgement.verdict, judgement.reason) == (Verdict.HOLDS, "")
    assert proof is not None
    under, found = stated(reference, claim)
    for size in INSTANCES[reference]:
        instance = elaborate(load(reference)(**size)).system
        graph = explore(under.regime.apply(instance))
        assert graph.complete
        states = [graph.state(index) | size for index in range(len(graph))]
        assert all(evaluate(lemma, state) for state in states for lemma in proof.invariant)
        if found.kind == "converges":
            must_agree(proof, found, graph, states)


def must_agree(proof: Proof, claim: Property, graph: StateGraph, states: Sequence[State]) -> None:
    """Fail where an explored state or step is not as the proof says."""
    assert all(one.arguments == () for one in proof.helpful)  # so that a group is one unit
    rests = [bool(evaluate(proof.rest, state)) for state in states]
    ranks = [tuple(int(evaluate(rank, state)) for rank in proof.ranks) for state in states]
    helps = [[bool(evaluate(one.where, state)) for one in proof.helpful] for state in states]
    assert claim.predicate is not None
    assert all(
        evaluate(claim.predicate, state) for state, rest in zip(states, rests, strict=True) if rest
    )
    assert all(
        min(rank) >= 0 and any(help)
        for rest, rank, help in zip(rests, ranks, helps, strict=True)
        if not rest
    )
    taken: dict[int, set[str]] = {}
    recurring = graph.recurring_labels
    for source, label, target in graph.labelled_edges():
        if not recurring[label] or source == target:
            continue
        action = graph.instances[label].action
        taken.setdefault(source, set()).add(action.group)
        if rests[source]:
            assert rests[target]
        elif not rests[target]:
            assert ranks[target] <= ranks[source]
            for one, before, after in zip(proof.helpful, helps[source], helps[target], strict=True):
                assert not (before and one.group == action.group) or ranks[target] < ranks[source]
                assert not before or after or ranks[target] < ranks[source]
    for source, rest in enumerate(rests):
        for one, here in zip(proof.helpful, helps[source], strict=True):
            assert rest or not here or one.group in taken.get(source, set())


@pytest.mark.parametrize(("reference", "claim"), FAIL)
def test_what_is_wrong_is_not_proved(reference: str, claim: str) -> None:
    """It is refuted by a run of some instance, not merely left open."""
    judgement, proof = proved(reference, claim)
    assert (judgement.verdict, proof) == (Verdict.VIOLATED, None)
    assert judgement.run is not None and len(judgement.run.states) > 1


# ---------------------------------------------------------------- wrong, but only where it is large


class ForgetsToCountBeyondSeven(load("owner_chain")):  # type: ignore[misc]
    """The deployment's status has one digit, octal."""

    def report(self):  # type: ignore[no-untyped-def]
        self.reported = min(self.counted, 7)


class MarginOfAtMostFour(load("lease")):  # type: ignore[misc]
    """The lease is no longer than anybody expects clocks to be wrong."""

    def expired(self):  # type: ignore[no-untyped-def]
        return self.lease_age >= self.deadline + min(self.drift, 4)


LARGE = [
    (ForgetsToCountBeyondSeven, "as_desired_and_said_so", {"replicas": 2}),
    (MarginOfAtMostFour, "two_leaders", {"deadline": 3, "drift": 4}),
]


@pytest.mark.parametrize(("model", "claim", "small"), LARGE)
def test_what_goes_wrong_at_large_sizes_is_not_proved(
    model: type[Model], claim: str, small: dict[str, int]
) -> None:
    """All is well in every instance that anybody would explore, and still nothing is claimed of all."""
    assert check(model(**small))[claim].verdict is Verdict.HOLDS
    under, found = stated_in(all_sizes(model), claim)
    judgement, proof = prove(under, found)
    assert judgement.verdict is not Verdict.HOLDS and proof is None
