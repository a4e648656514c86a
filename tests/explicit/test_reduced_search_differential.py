"""On random systems every combination of reductions observes what there is to observe, and no more."""

from __future__ import annotations

import os
from collections import Counter
from random import Random
from typing import Any

import pytest
from agreement_of_reductions import (
    SUBSETS,
    Judged,
    compare,
    compare_as_checked,
    named,
    whole,
)
from ample_explorer import explore_reduced
from careless_systems import FAIR, SAFE, STEPWISE, Careless
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from like_processes import STATES, alike
from loose_systems import loose_system
from quotient_explorer import quotient
from symmetric_systems import CHANGES, Symmetric, special

from checker.explicit import convergence
from checker.explicit.explore import explore
from checker.explicit.reduced_search import Reduction
from checker.findings.judging import resting_place
from checker.reductions import ample_sets
from checker.reductions.partial_order import PartialOrder, partial_order_of
from checker.reductions.symmetry import Symmetry, symmetry_of
from checker.regimes.regime import FINITELY_MANY, NONE, UNBOUNDED, Regime, UnderRegime, at_most
from checker.system.expression import Expression
from checker.system.transition_system import Property

EXAMPLES = int(os.environ.get("RECONVERGE_EXAMPLES", "60"))
MOST_STATES = 400 if EXAMPLES <= 60 else 800
MANY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    # A smaller seed is no smaller system.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
SEEDS = st.integers(0, 2**48)
REGIMES = (UNBOUNDED, FINITELY_MANY, NONE, at_most(1))


def drawn(seed: int) -> tuple[UnderRegime, list[Property], Expression | None]:
    """A system with something to reduce, claims of states, and where it may rest."""
    random = Random(f"drawn {seed}")
    kind = random.choice(
        ["alike", "alike", "alike", "wide", "symmetric", "special", "loose", "careless"]
    )
    event(kind)
    if kind in ("alike", "wide"):
        made = alike(seed, wide=kind == "wide")
        claims = [claim for claim in made.claims if claim.kind in STATES]
        return made.under, some(random, claims), resting_place(made.claims)
    if kind == "loose":
        loose = loose_system(seed, processes=random.choice([2, 3]))
        claims = list(named(loose.predicates))
        claims += [Property("stops", "deadlock_free")] if loose.deadlocks else []
        return UnderRegime(loose.system, frozenset(), UNBOUNDED), claims, None
    if kind == "careless":
        careless = Careless(seed)
        system = careless.system()
        claims = [one for one in careless.claims((*SAFE, *STEPWISE)) if one.kind in STATES]
        return random.choice(REGIMES).apply(system), some(random, claims), None
    family = Symmetric(random, random.choice([1, 1, 2]))
    claimed = family.claimed()
    if kind == "special":
        claimed = special(random, family, claimed, random.choice(CHANGES))
    claims = [*named(claimed.predicates), Property("stops", "deadlock_free")]
    return random.choice(REGIMES).apply(claimed.system), some(random, claims), None


def some(random: Random, claims: list[Property]) -> list[Property]:
    """All of them, or a few: what is judged decides what may be left out."""
    return claims if random.random() < 0.5 else random.sample(claims, random.randint(0, 2))


@pytest.fixture(autouse=True, scope="module")
def _little_effort() -> Any:
    """How long to look for sets that suffice, and for convergence from anywhere, is no matter here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ample_sets, "_MOST_FACTS", 60)
        patch.setattr(convergence, "_MOST_WELLFORMED", 300)
        yield


@MANY
@given(SEEDS)
def test_every_combination_observes_the_same(seed: int) -> None:
    """Predicates, errors and deadlocks, for every subset of symmetry, partial order, dead values.

    One of the subsets is explored by the engine too: state by state what the plain search follows,
    and every verdict, with a run of the system itself for each that has one.
    """
    under, claims, goal = drawn(seed)
    graph = whole(under, MOST_STATES)
    if graph is None:
        event("too many states")
        return
    counts: Counter[str] = Counter()
    native = [Random(seed).choice(SUBSETS)] if Random(seed).random() < 0.35 else []
    compare(Judged(under, graph, claims, goal), counts, native=native, most=MOST_STATES)
    event("smaller" if counts["dead+order+symmetry smaller"] else "as large")


@settings(MANY, max_examples=max(25, EXAMPLES // 3))
@given(SEEDS, st.booleans())
def test_every_kind_of_claim(seed: int, is_careless: bool) -> None:
    """As `check --reduce` explores for them: verdicts, figures that are kept, fair lassos."""
    random = Random(seed)
    if is_careless:
        careless = Careless(seed)
        under = random.choice(REGIMES).apply(careless.system())
        claims = careless.claims((*SAFE, *FAIR, *STEPWISE))
    else:
        made = alike(seed, wide=random.random() < 0.2)
        under, claims = made.under, list(made.claims)
    graph = whole(under, MOST_STATES)
    if graph is None:
        event("too many states")
        return
    if random.random() < 0.4:
        claims = random.sample(claims, random.randint(1, 3))
    counts: Counter[str] = Counter()
    compare_as_checked(under, graph, claims, counts)
    for name in counts:
        event(name)


@settings(MANY, max_examples=max(6, EXAMPLES // 10))
@given(SEEDS, st.sampled_from([1, 1, 2]), st.sampled_from(REGIMES))
def test_classes_are_those_of_the_plain_quotient(seed: int, families: int, regime: Regime) -> None:
    """The same canonical states in the same order, by the same ways."""
    claimed = Symmetric(Random(seed), families).claimed()
    under = regime.apply(claimed.system)
    graph = whole(under, 600)
    if graph is None:
        return
    symmetry = symmetry_of(under.system, claimed.predicates)
    wanted = quotient(graph, symmetry)
    reduction = Reduction(symmetry, PartialOrder((), ()))
    found = explore(under, keep_edges=False, reduction=reduction)
    assert [found.state(index) for index in range(len(found))] == wanted.states
    assert found.parents.tolist() == wanted.parents
    names = [one.action.name for one in found.instances]
    assert [names[label] if label >= 0 else "" for label in found.parent_labels] == wanted.actions
    assert found.depths.tolist() == wanted.depths
    errors = {(one.state, names[one.label], one.hazard) for one in found.mishaps}
    assert errors == set(wanted.mishaps)


@settings(MANY, max_examples=max(6, EXAMPLES // 10))
@given(SEEDS)
def test_what_suffices_is_that_of_the_plain_search(seed: int) -> None:
    """The same states in the same order, by the same ways, with the same sets used."""
    loose = loose_system(seed, processes=2 + seed % 2)
    under = UnderRegime(loose.system, frozenset(), UNBOUNDED)
    graph = explore(under, max_states=400)
    if len(graph) > 400:
        return
    order = partial_order_of(loose.system, loose.predicates, deadlocks=loose.deadlocks)
    initial = [graph.state(index) for index in range(graph.initial)]
    wanted = explore_reduced(loose.system, initial, order.candidates)
    assert wanted is not None
    found = explore(under, keep_edges=False, reduction=Reduction(Symmetry(()), order))
    assert [found.state(index) for index in range(len(found))] == wanted.states
    assert found.parents.tolist() == wanted.parents
    keys = [(one.action.name, one.arguments) for one in found.instances]
    errors = {(one.state, keys[one.label], one.hazard) for one in found.mishaps}
    assert errors == set(wanted.mishaps)
