"""Models whose promises do not depend on how large they are: explored at several sizes, the same verdicts."""

from __future__ import annotations

from functools import cache
from math import comb

import pytest

from checker import Param, check, elaborate, explore, load
from checker.findings.findings import Findings
from checker.system.run import Verdict

Sizes = tuple[tuple[str, int], ...]


def sizes(**parameters: int) -> Sizes:
    """Parameters of an instance, as something that can be looked up."""
    return tuple(parameters.items())


@cache
def findings_of(reference: str, size: Sizes = ()) -> Findings:
    """Each instance is checked once."""
    return check(load(reference)(**dict(size)))


OF_THE_MODELS = {
    "replicas": [sizes(replicas=n) for n in (1, 2, 3, 5)],
    "rolling_update": [
        sizes(size=size, surge=surge, unavailable=unavailable)
        for size in (1, 2, 3)
        for surge in (0, 1, 2)
        for unavailable in (0, 1, 4)
    ],
    "autoscaler": [sizes(limit=n) for n in (2, 3, 4)],
    "owner_chain": [sizes(replicas=n) for n in (1, 2, 3)],
    "work_queue": [sizes(items=n, workers=w) for n in (1, 2, 3, 4) for w in (1, 2, 5)],
    "lease": [sizes(deadline=n, drift=d) for n in (1, 2, 3, 5) for d in (1, 2, 3)],
    "finalizer": [sizes(size=n) for n in (1, 2, 3)],
}
CORRECT = [(name, size) for name, several in OF_THE_MODELS.items() for size in ((), *several)]

# What goes wrong, and from which size on there is enough of everything for it to go wrong.
VARIANTS = {
    "replicas::StaleReplicas": OF_THE_MODELS["replicas"],
    "rolling_update::SpecInsteadOfStatus": [
        sizes(size=size, surge=surge, unavailable=1) for size in (2, 3, 4) for surge in (0, 1, 2)
    ],
    "rolling_update::BlockedByBroken": [
        sizes(size=size, surge=surge, unavailable=unavailable)
        for size in (1, 2, 3)
        for surge in (0, 1, 2)
        for unavailable in (0, 1)
    ],
    "autoscaler::Flapping": OF_THE_MODELS["autoscaler"],
    "work_queue::ForgottenWhenTaken": OF_THE_MODELS["work_queue"],
    "lease::WithoutMargin": OF_THE_MODELS["lease"],
    "finalizer::ReleasedFirst": OF_THE_MODELS["finalizer"],
}
WRONG = [(name, size) for name, several in VARIANTS.items() for size in ((), *several)]


@pytest.mark.parametrize(("reference", "size"), CORRECT)
def test_every_promise_is_kept_at_every_size(reference: str, size: Sizes) -> None:
    """`reconverge check` exits 0, and nothing is there in vain."""
    findings = findings_of(reference, size)
    assert [(f.property, f.verdict.value) for f in findings if f.verdict is not Verdict.HOLDS] == []
    assert [str(note) for note in findings.vacuity] == []


@pytest.mark.parametrize(("reference", "size"), WRONG)
def test_what_is_wrong_is_wrong_at_every_size(reference: str, size: Sizes) -> None:
    """The documented properties are violated, with a trace, and no others."""
    findings = findings_of(reference, size)
    assert [(f.property, f.verdict.value) for f in findings if not f.as_expected] == []
    violated = [f for f in findings if f.verdict is Verdict.VIOLATED]
    assert violated and all(f.trace is not None and f.trace.steps for f in violated)


@pytest.mark.parametrize("reference", VARIANTS)
def test_variant_breaks_what_the_model_keeps_under_the_same_faults(reference: str) -> None:
    """What makes the difference is the controller, not the world around it."""
    base = reference.partition("::")[0]
    broken = {f.property for f in findings_of(reference) if f.verdict is Verdict.VIOLATED}
    kept = {f.property for f in findings_of(base) if f.verdict is Verdict.HOLDS}
    assert broken and broken <= kept

    def faults(name: str) -> set[str]:
        actions = elaborate(load(name)()).system.actions
        return {fault for action in actions for fault in action.faults}

    assert faults(reference) == faults(base)


@pytest.mark.parametrize("reference", [*OF_THE_MODELS, *VARIANTS])
def test_sizes_bound_values_and_not_variables(reference: str) -> None:
    """An instance that is twice as large has the same variables and actions, so that one proof fits all."""
    model = load(reference)
    small = elaborate(model()).system
    large = elaborate(model(**{name: 2 * value for name, value in small.parameters})).system
    assert [one.name for one in small.variables] == [one.name for one in large.variables]
    assert [one.name for one in small.actions] == [one.name for one in large.actions]


# ---------------------------------------------------------------- exact numbers


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_owner_chain_gets_everywhere(n: int) -> None:
    """Five numbers of 0..n, in every combination."""
    assert len(explore(load("owner_chain")(replicas=n))) == (n + 1) ** 5


@pytest.mark.parametrize("n", [2, 3, 4])
def test_autoscaler_gets_everywhere(n: int) -> None:
    """Any load, any measurement of it, any number of replicas."""
    assert len(explore(load("autoscaler")(limit=n))) == (5 * n + 1) ** 2 * n


@pytest.mark.parametrize(("items", "workers"), [(1, 1), (4, 2), (5, 3), (6, 1)])
def test_work_queue_splits_its_items_in_every_way(items: int, workers: int) -> None:
    """As many ways to split 0..items keys in four, as leave no more than `workers` in progress."""
    # Four parts that add up to n, less those in which one of them is workers + 1 or more.
    ways = sum(comb(n + 3, 3) - comb(max(n - workers + 2, 0), 3) for n in range(items + 1))
    assert len(explore(load("work_queue")(items=items, workers=workers))) == ways


LENGTHS = [
    ("replicas::StaleReplicas", "never_one_too_many", 2),
    ("replicas::StaleReplicas", "settled", 6),
    ("rolling_update::SpecInsteadOfStatus", "takes_only_what_is_spare", 2),
    ("rolling_update::BlockedByBroken", "rolled_out", 5),
    ("autoscaler::Flapping", "fits", 2),
    ("work_queue::ForgottenWhenTaken", "nothing_is_lost", 3),
    ("work_queue::ForgottenWhenTaken", "all_done", 4),
    ("lease::WithoutMargin", "two_leaders", 4),
    ("finalizer::ReleasedFirst", "orphaned", 5),
    ("finalizer::ReleasedFirst", "as_wanted", 7),
]


@pytest.mark.parametrize(("reference", "claim", "length"), LENGTHS)
def test_trace_is_the_shortest(reference: str, claim: str, length: int) -> None:
    """A stutter counts as a step of a lasso."""
    trace = findings_of(reference)[claim].trace
    assert trace is not None and len(trace) == length


# ---------------------------------------------------------------- what each is about


def test_stale_replicas_create_and_delete_without_any_fault() -> None:
    """Seeing its own writes one too late is enough for a limit cycle."""
    trace = findings_of("replicas::StaleReplicas")["settled"].trace
    assert trace is not None and trace.loop is not None
    assert {step.action for step in trace.steps if step} == {"reconcile", "watch"}
    assert not any(step.faults for step in trace.steps if step)


def test_rolling_update_without_slack_takes_one_pod_at_a_time() -> None:
    """With surge = unavailable = 0 nothing could ever move: Kubernetes then takes one to be unavailable."""
    findings = findings_of("rolling_update", sizes(size=3, surge=0, unavailable=0))
    assert findings["rolled_out"].verdict is Verdict.HOLDS
    without_faults = check(load("rolling_update")(size=3, surge=0, unavailable=0), regime="none")
    assert without_faults["enough_are_available"].verdict is Verdict.HOLDS


@pytest.mark.parametrize(
    ("margin", "verdict"), [(0, Verdict.VIOLATED), (1, Verdict.VIOLATED), (2, Verdict.HOLDS)]
)
def test_lease_is_safe_exactly_if_its_margin_covers_the_drift(margin: int, verdict: Verdict) -> None:
    """Where a leader's clock may lose two ticks, a margin of one is not enough."""

    class Margin(load("lease")):  # type: ignore[misc]
        def expired(self):  # type: ignore[no-untyped-def]
            return self.lease_age >= self.deadline + margin

    assert check(Margin(deadline=3, drift=2))["two_leaders"].verdict is verdict


def test_autoscaler_needs_a_band_as_wide_as_one_step() -> None:
    """The second replica comes with the 6th request: each has 3 then, which must not be too few."""

    class Threshold(load("autoscaler")):  # type: ignore[misc]
        too_few = Param(2)

        def idle(self):  # type: ignore[no-untyped-def]
            return self.too_few

    verdicts = [check(Threshold(too_few=few))["fits"].verdict for few in (1, 2, 3, 4, 5)]
    assert verdicts == [Verdict.HOLDS] * 3 + [Verdict.VIOLATED] * 2
