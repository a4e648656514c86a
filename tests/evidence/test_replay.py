"""CPython repeats every trace, and notices every lie in one."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checker.evidence.itf import from_itf, to_itf
from checker.evidence.replay import Replayed, ReplayMismatch, replay
from checker.evidence.reproducer import write_reproducer
from checker.evidence.simulation import simulate
from checker.evidence.trace import Trace, TraceError, run_of, trace_of
from checker.explicit.explore import explore
from checker.explicit.safety import judge_safety
from checker.findings.checking import check
from checker.language.elaborate import Elaborated, elaborate
from checker.language.execution import Execution
from checker.regimes.regime import FINITELY_MANY, UNBOUNDED, Regime, UnderRegime


def _models() -> Any:
    path = Path(__file__).with_name("small_models.py")
    spec = importlib.util.spec_from_file_location("models_to_replay", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


models = _models()


@pytest.fixture(scope="module")
def controller() -> tuple[Elaborated, UnderRegime, Trace]:
    """The counterexample to no_surplus: six steps."""
    elaborated = elaborate(models.Controller())
    under = FINITELY_MANY.apply(elaborated.system)
    claim = next(one for one in elaborated.properties if one.name == "no_surplus")
    run = judge_safety(explore(under), claim).run
    assert run is not None
    trace = trace_of(elaborated.system, run, claim="no_surplus", kind="always", regime="finitely_many")
    return elaborated, under, trace


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("model", ["Everything", "Controller", "EveryPromise", "GoesWrong"])
def test_random_runs_are_repeated(model: str, seed: int) -> None:
    """Whatever the system does at random, CPython does too: values of every type, choices, crashes."""
    elaborated = elaborate(getattr(models, model)())
    under = UNBOUNDED.apply(elaborated.system)
    run = simulate(under, 25, seed)
    trace = trace_of(elaborated.system, run)
    expected = Replayed(len(run.states), False)
    assert replay(Execution(elaborated), under, trace, run=run) == expected
    # Through a file, without the engine's own run, it is the same.
    again = from_itf(json.dumps(to_itf(trace)))
    assert again == trace
    assert replay(Execution(elaborated), under, again) == expected


def test_a_run_and_its_trace_are_two_views_of_one_thing() -> None:
    """What is lost on the way to the author's view can be worked out again, budgets included."""
    elaborated = elaborate(models.Everything())
    under = Regime.parse("at_most(3)").apply(elaborated.system)
    run = simulate(under, 40, seed=5)
    assert any(name.startswith("$") for name in run.states[0])
    assert run_of(under, trace_of(elaborated.system, run)) == run


def test_every_kind_of_promise_is_replayed() -> None:
    """One violation of each kind, by the author's own predicate; `check` replays them all."""
    found = check(models.EveryPromise())
    verdicts = {finding.property: finding.verdict.value for finding in found}
    assert verdicts == {
        "small": "violated",
        "three": "violated",
        "upwards": "violated",
        "rests": "violated",
        "starts_again": "violated",
        "then_two": "violated",
        "can_count": "violated",
        "gets_to_two": "holds",
        "well_defined": "holds",
    }
    assert all(finding.trace is not None for finding in found if finding.property != "well_defined")


def test_a_step_that_goes_wrong_goes_wrong_in_cpython() -> None:
    """The last step has no successor, and CPython raises where the engine says."""
    trace = check(models.GoesWrong())["well_defined"].trace
    assert trace is not None and trace.mishap is not None
    assert (len(trace), trace.fails_in_step, trace.mishap.kind) == (3, True, "domain")


def lying(trace: Trace, position: int, **values: Any) -> Trace:
    """The trace with other values in one state."""
    states = list(trace.states)
    states[position] = {**states[position], **values}
    return replace(trace, states=tuple(states))


def refused(
    case: tuple[Elaborated, UnderRegime, Trace], trace: Trace, claim: str | None = "no_surplus"
) -> ReplayMismatch:
    elaborated, under, _ = case
    promise = next((one for one in elaborated.properties if one.name == claim), None)
    with pytest.raises(ReplayMismatch) as caught:
        replay(Execution(elaborated), under, trace, promise)
    return caught.value


def test_a_wrong_value_is_noticed(controller: tuple[Elaborated, UnderRegime, Trace]) -> None:
    """The state, the variable, what was told and what CPython did."""
    lie = refused(controller, lying(controller[2], 4, pods=3))
    assert (lie.position, lie.what, lie.expected, lie.got) == (4, "pods", 3, 2)


def test_a_wrong_local_is_noticed(controller: tuple[Elaborated, UnderRegime, Trace]) -> None:
    """Locals that live across a `yield` are state, and compared."""
    lie = refused(controller, lying(controller[2], 3, **{"reconcile.missing": 2}))
    assert (lie.position, lie.what, lie.got) == (3, "reconcile.missing", 1)


def test_a_start_that_is_none_is_noticed(controller: tuple[Elaborated, UnderRegime, Trace]) -> None:
    """A trace may begin only where the model does."""
    lie = refused(controller, lying(controller[2], 0, pods=1))
    assert (lie.position, lie.what, lie.got) == (0, "pods", "not an initial value")


def test_a_step_that_was_not_possible_is_noticed(
    controller: tuple[Elaborated, UnderRegime, Trace],
) -> None:
    """The same step twice: the process stands elsewhere by then."""
    trace = controller[2]
    assert trace.steps[0] is not None
    steps = (trace.steps[0], trace.steps[0], *trace.steps[2:])
    assert refused(controller, replace(trace, steps=steps)).position in (1, 2)


def test_a_promise_that_is_kept_is_noticed(controller: tuple[Elaborated, UnderRegime, Trace]) -> None:
    """A true run that does not break the property is no counterexample."""
    trace = controller[2]
    shorter = replace(trace, states=trace.states[:-1], steps=trace.steps[:-1])
    lie = refused(controller, shorter)
    assert (lie.what, lie.expected, lie.got) == ("the predicate no_surplus", False, True)


def test_a_finite_run_breaks_no_promise_of_convergence(
    controller: tuple[Elaborated, UnderRegime, Trace],
) -> None:
    """Only a lasso can show that something never happens."""
    assert refused(controller, controller[2], "settled").expected == "a lasso"


def test_a_lasso_that_does_not_close_is_noticed(
    controller: tuple[Elaborated, UnderRegime, Trace],
) -> None:
    """The last state has to be the one where the loop begins."""
    lie = refused(controller, replace(controller[2], loop=0), "settled")
    assert lie.what == "the loop"


def test_an_unfair_lasso_is_noticed(controller: tuple[Elaborated, UnderRegime, Trace]) -> None:
    """Doing nothing for ever is no fair run of a controller that could act."""
    trace = controller[2]
    idle = replace(trace, states=(trace.states[0],) * 2, steps=(None,), loop=0)
    lie = refused(controller, idle, None)
    assert lie.expected == "a fair lasso"


def test_an_invented_mishap_is_noticed(controller: tuple[Elaborated, UnderRegime, Trace]) -> None:
    """A step that CPython carries out did not go wrong."""
    elaborated = elaborate(models.GoesWrong())
    under = UNBOUNDED.apply(elaborated.system)
    trace = check(models.GoesWrong())["well_defined"].trace
    assert trace is not None
    early = replace(trace, states=trace.states[:2], steps=trace.steps[:2])
    with pytest.raises(TraceError, match="does not go wrong"):
        replay(Execution(elaborated), under, early)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"states": ({"pods": 0},)}, "state 0 lacks desired"),
        ({"regime": "none"}, None),
    ],
)
def test_a_trace_of_another_model_is_refused(
    controller: tuple[Elaborated, UnderRegime, Trace], change: dict[str, Any], reason: str | None
) -> None:
    """What does not fit is said, not guessed."""
    elaborated, under, trace = controller
    other = replace(trace, **{**change, **({"steps": ()} if "states" in change else {})})
    if reason is None:
        assert replay(Execution(elaborated), under, other).states == 7
    else:
        with pytest.raises(TraceError, match=reason):
            replay(Execution(elaborated), under, other)


def test_a_mismatch_leaves_a_reproducer(
    controller: tuple[Elaborated, UnderRegime, Trace], tmp_path: Path
) -> None:
    """One file: the trace, what differed, and where it came from."""
    lie = refused(controller, lying(controller[2], 4, pods=3))
    path = write_reproducer(lie, "check kuberay", tmp_path)
    document = json.loads(path.read_text())
    assert document["#meta"]["mismatch"] | {"python": ""} == {
        "state": 4,
        "what": "pods",
        "trace": "3",
        "cpython": "2",
        "source": "check kuberay",
        "python": "",
    }
    assert from_itf(document) == lie.trace
