"""The gallery: every model has the verdicts it documents, and the counts and traces that are known."""

from functools import cache
from itertools import product

import pytest

from checker import check, elaborate, explore, load
from checker.explicit.explore import explore as explore_states
from checker.findings.findings import Findings
from checker.language.loader import gallery, load_models
from checker.regimes.regime import FINITELY_MANY
from checker.system.run import Verdict

EVERY_MODEL = [f"{name}::{model.__name__}" for name, _ in gallery() for model in load_models(name)]


@cache
def findings_of(reference: str) -> Findings:
    """Each model is checked once, with its default parameters."""
    return check(load(reference)())


def test_gallery_is_complete() -> None:
    """Nothing has been lost on the way."""
    wanted = {"taxi", "taxi_by_vector", "moving_friend", "desk", "kubelet", "load_balancer"}
    wanted |= {"two_reconcilers", "fighting_controllers"}
    wanted |= {"kuberay", "duplicate_instance", "leaked_volume"}
    wanted |= {"two_phase_commit", "fleet", "counter"}
    assert wanted <= {name for name, _ in gallery()}


# ---------------------------------------------------------------- verdicts


@pytest.mark.parametrize("reference", EVERY_MODEL)
def test_verdicts_are_the_documented_ones(reference: str) -> None:
    """Every property is what its author says, and none is left undecided."""
    findings = findings_of(reference)
    surprises = [(f.property, f.kind, f.verdict.value, f.reason) for f in findings if not f.as_expected]
    assert surprises == []
    assert findings.exit_code(expected=True) == 0


@pytest.mark.parametrize("reference", EVERY_MODEL)
def test_what_is_violated_has_a_trace(reference: str) -> None:
    """Each violation comes with a run that CPython has repeated."""
    violated = [finding for finding in findings_of(reference) if finding.verdict is Verdict.VIOLATED]
    assert [f.property for f in violated if f.trace is None or not f.trace.steps] == []


# What a model says in vain, where that is its point.
IN_VAIN = {
    # Two people who each undo what the other did are never both content.
    "fighting_controllers::WholeKitchen": ("the goal of `peace` is never reached",),
}


@pytest.mark.parametrize("reference", EVERY_MODEL)
def test_nothing_is_vacuous(reference: str) -> None:
    """Every action happens, every goal is reachable, every fault strikes, every field is read."""
    notes = tuple(str(note) for note in findings_of(reference).vacuity)
    assert notes == IN_VAIN.get(reference, ())


FIXES = [
    ("taxi_by_vector", "taxi::Taxi"),
    ("moving_friend", "moving_friend::AskAgain"),
    ("desk::CleanedTooRarely", "desk::Desk"),
    ("kubelet::EdgeTriggered", "kubelet::LevelAndEdge"),
    ("load_balancer", "load_balancer::Bidirectional"),
    ("two_reconcilers", "two_reconcilers::WithOwnership"),
    ("fighting_controllers", "fighting_controllers::FieldOwnership"),
    ("kuberay", "kuberay::WithExpectations"),
    ("duplicate_instance", "duplicate_instance::WithClientToken"),
    ("leaked_volume", "leaked_volume::WithFinalizer"),
]


@pytest.mark.parametrize(("bug", "fix"), FIXES)
def test_fix_keeps_what_the_bug_breaks(bug: str, fix: str) -> None:
    """What the model without the principle violates, the one with it keeps."""
    broken = {(f.property, f.kind) for f in findings_of(bug) if f.verdict is Verdict.VIOLATED}
    kept = {(f.property, f.kind) for f in findings_of(fix) if f.verdict is Verdict.HOLDS}
    assert broken & kept


@pytest.mark.parametrize(("bug", "fix"), FIXES)
def test_fix_faces_at_least_the_same_faults(bug: str, fix: str) -> None:
    """A fix is not verified by leaving out what broke the bug."""

    def faults(reference: str) -> set[str]:
        actions = elaborate(load(reference)()).system.actions
        return {fault for action in actions for fault in action.faults}

    assert faults(bug) <= faults(fix)


# ---------------------------------------------------------------- exact numbers

COUNTS = [
    ("kuberay", {"replicas": 2}, 127, 418),
    ("fleet", {"servers": 4, "faults": 6}, 103_674, 819_048),
    ("counter", {"digits": 5, "base": 10}, 100_000, 500_000),
    ("taxi", {"street": 6}, 36, 282),
    ("two_phase_commit", {"managers": 2}, 56, None),
    ("two_phase_commit", {"managers": 3}, 288, None),
    ("two_phase_commit", {"managers": 4}, 1_568, None),
    ("two_phase_commit", {"managers": 5}, 8_832, None),
]


@pytest.mark.parametrize(("name", "parameters", "states", "steps"), COUNTS)
def test_counts_are_exact(name: str, parameters: dict[str, int], states: int, steps: int | None) -> None:
    """As many states and steps as other tools count, or as can be worked out by hand."""
    space = explore(load(name)(**parameters))
    assert (len(space), space.steps if steps is not None else None) == (states, steps)


LARGE = [
    ("fleet", {"servers": 5, "faults": 6}, 1_119_738, 10_990_050),
    ("fleet", {"servers": 6, "faults": 5}, 8_957_947, 102_363_234),
    ("two_phase_commit", {"managers": 8}, 1_745_408, None),
]


@pytest.mark.parametrize(("name", "parameters", "states", "steps"), LARGE)
def test_large_counts_are_exact(
    name: str, parameters: dict[str, int], states: int, steps: int | None
) -> None:
    """Millions of states, counted without keeping what leads from one to the other."""
    under = FINITELY_MANY.apply(elaborate(load(name)(**parameters)).system)
    space = explore_states(under, keep_edges=False)
    assert (len(space), space.steps if steps is not None else None) == (states, steps)


LENGTHS = [
    ("kuberay", "no_surplus", "always", 6),
    ("taxi_by_vector", "arrives", "converges", 3),
    ("moving_friend", "meet", "converges", 3),
    ("desk::CleanedTooRarely", "bounded", "always", 15),
    ("kubelet::EdgeTriggered", "all_run", "converges", 3),
    ("kubelet::LevelTriggered", "prompt", "always", 2),
    ("two_reconcilers", "as_wanted", "converges", 3),
    ("duplicate_instance", "one_instance", "always", 5),
    ("duplicate_instance::RecordedAtOnce", "one_instance", "always", 4),
    ("leaked_volume", "no_volume_without_a_claim", "converges", 4),
    ("two_phase_commit", "all_abort", "reachable", 3),
    ("counter", "full", "reachable", 27),
]


@pytest.mark.parametrize(("reference", "claim", "kind", "length"), LENGTHS)
def test_trace_is_the_shortest(reference: str, claim: str, kind: str, length: int) -> None:
    """A stutter counts as a step of a lasso."""
    traces = {(f.property, f.kind): f.trace for f in findings_of(reference)}
    trace = traces[claim, kind]
    assert trace is not None and len(trace) == length


# ---------------------------------------------------------------- what each is about


def test_kuberay_acts_on_a_view_that_is_stale() -> None:
    """The surplus is made while the cache still shows no pod at all."""
    trace = findings_of("kuberay")["no_surplus"].trace
    assert trace is not None
    assert {state["view"] for state in trace.states} == {0}
    assert [state["pods"] for state in trace.states] == [0, 0, 1, 1, 2, 2, 3]


@pytest.mark.parametrize("replicas", [1, 2, 3, 4])
def test_expectations_keep_every_promise(replicas: int) -> None:
    """`reconverge check kuberay::WithExpectations` exits 0."""
    assert check(load("kuberay::WithExpectations")(replicas=replicas)).exit_code() == 0


@pytest.mark.parametrize(("arriving", "every"), list(product((1, 2), (1, 2, 3))))
def test_disorder_is_bounded_exactly_if_cleaning_keeps_up(arriving: int, every: int) -> None:
    """The boundary is per_cleaning = arriving * every, and one less overflows any desk."""
    desk = load("desk")
    for per_cleaning in range(1, arriving * every + 2):
        space = arriving * every + 3
        parameters = {"arriving": arriving, "every": every, "per_cleaning": per_cleaning, "space": space}
        verdicts = {f.property: f.verdict for f in check(desk(**parameters))}
        expected = Verdict.HOLDS if per_cleaning >= arriving * every else Verdict.VIOLATED
        assert (verdicts["bounded"], verdicts["well_defined"]) == (expected, expected)


def test_ten_pods_assigned_before_the_start_are_missed_by_events_alone() -> None:
    """The thesis's example is a state of the model: all ten assigned, none running, nothing on its way."""
    trace = findings_of("kubelet::EdgeTriggered")["all_pods_are_old_news"].trace
    assert trace is not None
    last = trace.states[-1]
    assert (last["assigned"], last["running"], last["events"]) == (10, 0, 0)


def test_unidirectional_reconciler_never_notices_a_deletion() -> None:
    """Created, deleted by a human, and believed to exist for ever."""
    trace = findings_of("load_balancer")["as_wanted"].trace
    assert trace is not None
    assert [step.action for step in trace.steps if step is not None] == ["reconcile", "deleted_by_hand"]
    last = trace.states[-1]
    assert (last["wanted"], last["cached"], last["exists"]) == (True, True, False)


def test_fight_goes_on_while_both_are_content() -> None:
    """A livelock of two steps, in which each again and again has what they want."""
    findings = findings_of("fighting_controllers")
    trace = findings["peace"].trace
    assert trace is not None and trace.loop is not None
    assert {step.action for step in trace.steps[trace.loop :] if step} == {"anna_tidies", "ben_tidies"}
    assert findings["anna_is_content"].verdict is findings["ben_is_content"].verdict is Verdict.HOLDS


def test_client_token_is_needed_where_recording_at_once_is_not_enough() -> None:
    """Patching right after the creation still loses the id where the patch is refused."""
    trace = findings_of("duplicate_instance::RecordedAtOnce")["one_instance"].trace
    assert trace is not None
    assert [fault for step in trace.steps if step is not None for fault in step.faults] == ["refused"]
