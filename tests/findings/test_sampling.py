"""`simulate`: what random runs prove, what they do not, and how often what happens."""

from __future__ import annotations

import json
import pickle

import pytest

from checker import (
    ANY,
    Bool,
    Int,
    Model,
    Nat,
    action,
    always,
    check,
    choose,
    converges,
    deadlock_free,
    fault,
    idempotent,
    leads_to,
    load,
    never,
    reachable,
    recoverable,
    recurs,
    simulate,
    transition,
    when,
)
from checker.findings.sample import Sample
from checker.findings.selection import UnknownProperty
from checker.regimes.regime import RegimeError
from checker.system.run import Verdict


class Climber(Model):
    """Goes up to 2 of 3 by itself and stays there; a fault takes it a step further, to where all ends."""

    x = Int(0, 3, init=0)
    slipped = Bool(init=False)

    @action
    def up(self):
        when(self.x < 2)
        self.x += 1

    @fault
    def slip(self):
        when(self.x == 2)
        self.x = 3
        self.slipped = True

    @always
    def low(self):
        return self.x < 3

    @never
    def at_two(self):
        return self.x == 2

    @always
    def sane(self):
        return self.x >= 0

    @transition
    def no_jump_to_two(self, after):
        return after.x != 2

    @converges(regime="none")
    def top(self):
        return self.x == 3

    @recurs(regime="none")
    def start_again(self):
        return self.x == 0

    @leads_to(lambda self: self.x == 1, regime="none")
    def one_then_top(self):
        return self.x == 3

    @recoverable(regime="none")
    def back(self):
        return self.x == 0

    @reachable
    def two(self):
        return self.x == 2

    @reachable(regime="none")
    def top_without_slip(self):
        return self.x == 3

    goes_on = deadlock_free(regime="none")
    again = idempotent("up", world=("x",), levels=("idempotent",))


SHORTEST = {
    # Length of the trace, and whether it is a lasso.
    "low": (3, False),
    "at_two": (2, False),
    "no_jump_to_two": (2, False),
    "top": (3, True),
    "start_again": (3, True),
    "one_then_top": (3, True),
    "back": (2, False),
    "goes_on": (2, False),
}


@pytest.fixture(scope="module")
def climbed() -> Sample:
    return simulate(Climber, runs=500, steps=10, seed=4)


def test_a_violation_that_was_met_is_one(climbed: Sample) -> None:
    """With the shortest run that shows it, replayed by CPython; scope sampled; as `check` says."""
    violated = {one.property: one for one in climbed.findings if one.verdict is Verdict.VIOLATED}
    lengths = {name: (len(one.trace), one.trace.loop is not None) for name, one in violated.items()}
    assert lengths == SHORTEST
    assert {str(one.scope) for one in climbed.findings} == {"sampled(500, 0.99)"}
    known = {one.property: one for one in check(Climber)}
    assert all(known[name].verdict is Verdict.VIOLATED for name in violated)
    assert all(known[name].regime == one.regime for name, one in violated.items())
    assert violated["top"].reason.startswith("stops outside the goal")
    assert violated["no_jump_to_two"].reason == "up breaks it"


def test_a_sample_never_proves(climbed: Sample) -> None:
    """What was not violated is UNKNOWN with a bound; only a state that was reached is reachable."""
    known = {one.property: one for one in climbed.findings}
    assert known["sane"].verdict is Verdict.UNKNOWN
    assert known["sane"].reason == "not violated in 500 runs: in at most 1.1 % of all such runs"
    assert known["sane"].metrics["violating"]["high"] == pytest.approx(0.010541, abs=1e-6)
    assert known["two"].verdict is Verdict.HOLDS and len(known["two"].witness) == 2
    assert known["top_without_slip"].verdict is Verdict.UNKNOWN
    assert known["top_without_slip"].reason.startswith("not reached in 500 runs")
    assert known["again"].verdict is Verdict.UNKNOWN and "check" in known["again"].reason
    assert known["well_defined"].verdict is Verdict.UNKNOWN
    assert not climbed.findings.holds and climbed.exit_code() == 1


def test_every_regime_has_runs_of_its_own(climbed: Sample) -> None:
    """A property is judged under the regime that it states; regimes with the same steps share runs."""
    assert [walks.regimes for walks in climbed.walks] == [("finitely_many",), ("none",)]
    faulty, faultless = climbed.walks
    assert (faulty.runs, faulty.steps, faulty.longest, faulty.ended) == (500, 1500, 3, 500)
    assert (faultless.steps, faultless.ended, faultless.never_taken) == (1000, 500, ())
    asked = simulate(Climber, runs=50, steps=10, seed=4, regime="at_most(1)")
    assert [walks.regimes for walks in asked.walks] == [("at_most(1)",)]
    assert {finding.regime for finding in asked.findings} == {"at_most(1)"}


def test_how_often_and_how_long(climbed: Sample) -> None:
    """Shares with their counts; quantiles are of all runs, the mean of those where it happens."""
    low = next(one for one in climbed.findings if one.property == "low").metrics["violating"]
    assert (low["count"], low["runs"], low["estimate"], low["high"]) == (500, 500, 1.0, 1.0)
    two = next(one for one in climbed.findings if one.property == "two").metrics
    assert two["steps_to_reach"] == {"mean": 2.0, "median": 2, "p90": 2, "p99": 2}
    top = next(one for one in climbed.findings if one.property == "top").metrics
    assert top["reached"]["count"] == 0
    assert top["steps_to_reach"] == {"mean": None, "median": None, "p90": None, "p99": None}
    due = next(one for one in climbed.findings if one.property == "one_then_top").metrics
    assert (due["premise"]["count"], due["unanswered"]["count"]) == (500, 500)


class Gamble(Model):
    """Ends at once in one of four ways, one of which is wrong and one of which takes a second step."""

    way = Int(0, 9, init=0)

    @action
    def draw(self):
        when(self.way == 0)
        chosen = choose(1, 2, 3, 4)
        assert chosen != 4, "drew the four"
        self.way = chosen

    @action
    def move(self):
        when(self.way == 3)
        self.way = 5

    @converges
    def odd(self):
        return self.way == 1 or self.way == 5

    @always
    def divides(self):
        return 6 // (self.way - 2) < 99


def test_shares_and_steps_of_a_gamble() -> None:
    """Each way one in four, inside its interval; what a goal takes; what goes wrong where."""
    sample = simulate(Gamble, runs=8000, steps=10, seed=2)
    known = {one.property: one for one in sample.findings}
    wrong = known["drew the four"]
    assert (wrong.kind, wrong.verdict, len(wrong.trace)) == ("assert", Verdict.VIOLATED, 1)
    assert wrong.trace.mishap.kind == "assert" and wrong.reason == "assertion failed: drew the four"
    odd = known["odd"].metrics
    for share, truth in (
        (wrong.metrics["violating"], 0.25),
        (odd["reached"], 0.5),
        (odd["settled"], 0.5),
    ):
        assert share["low"] < truth < share["high"] and share["high"] - share["low"] < 0.04
    steps = odd["steps_to_reach"]
    assert steps["mean"] == pytest.approx(1.5, abs=0.05) and steps["p90"] is None
    # It stops at 2, outside the goal.
    assert known["odd"].verdict is Verdict.VIOLATED and known["odd"].trace.loop == 1
    # The predicate itself cannot be evaluated there.
    assert known["divides"].trace.mishap.kind == "division"
    assert known["divides"].metrics["violating"]["count"] == known["odd"].metrics["violating"]["count"]
    (walks,) = sample.walks
    assert walks.wrong == wrong.metrics["violating"]["count"]
    assert walks.runs == walks.wrong + walks.ended


class Unbounded(Model):
    """Cannot be explored at all."""

    x = Nat(init=(1, 3))

    @action
    def grow(self):
        self.x = self.x * 2 + 1

    @always
    def small(self):
        return self.x < 1000


def test_what_cannot_be_explored_can_be_sampled() -> None:
    """A Nat without a bound: a run that would leave the machine's words is said to."""
    assert check(Unbounded)["small"].verdict is Verdict.UNKNOWN
    sample = simulate(Unbounded, runs=100, steps=50, seed=1)
    assert sample.findings["small"].verdict is Verdict.VIOLATED
    assert len(sample.findings["small"].trace) in (8, 9)
    assert sample.walks[0].beyond == 100
    assert sample.findings["well_defined"].metrics["violating"]["high"] == 1.0


def test_only_what_is_asked_for() -> None:
    """By name, as for `check`; a name that does not exist is a mistake."""
    sample = simulate(Gamble, runs=50, seed=2, properties=["odd"])
    assert [one.property for one in sample.findings] == ["odd"]
    sample = simulate(Gamble, runs=50, seed=2, properties=["well_defined"])
    assert [one.property for one in sample.findings] == ["well_defined"]
    with pytest.raises(UnknownProperty, match="did you mean 'odd'"):
        simulate(Gamble, runs=5, properties=["od"])
    with pytest.raises(RegimeError):
        simulate(Gamble, runs=5, regime="at_most(flood=1)")
    for wrong in ({"runs": 0}, {"steps": -1}, {"threads": 0}, {"confidence": 1.0}):
        with pytest.raises(ValueError):
            simulate(Gamble, **{"runs": 5, **wrong})


def test_the_same_seed_gives_the_same_sample() -> None:
    """With any number of threads; another seed gives another one."""
    one = simulate(Gamble, runs=3000, steps=30, seed=9)
    again = simulate(Gamble(), runs=3000, steps=30, seed=9, threads=3)
    other = simulate(Gamble, runs=3000, steps=30, seed=10)

    def counted(sample: Sample) -> list:
        return [(f.metrics, f.trace) for f in sample.findings]

    assert counted(one) == counted(again) != counted(other)
    assert (one.walks, one.seed) == (again.walks, again.seed)
    assert simulate(Gamble, runs=5).seed != simulate(Gamble, runs=5).seed


class Rare(Model):
    """Nothing of what it could do is ever needed."""

    x = Int(0, 9, init=ANY)

    @action
    def settle(self):
        when(self.x > 5)
        self.x = 0

    @action
    def idle(self):
        when(self.x == 20)
        self.x = 1

    @always
    def fine(self):
        return self.x < 10


def test_what_is_never_taken_is_said() -> None:
    """A sample says little of what never happens in it."""
    sample = simulate(Rare, runs=200, seed=1)
    assert sample.walks[0].never_taken == ("idle",)
    assert sample.walks[0].longest == 1 and sample.exit_code() == 4


def test_a_sample_is_a_value(climbed: Sample) -> None:
    """It goes to other processes and to other programs, and can be read."""
    assert pickle.loads(pickle.dumps(climbed)).findings == climbed.findings
    document = json.loads(json.dumps(climbed.as_json()))
    assert (document["seed"], document["runs"], document["steps"]) == (4, 500, 10)
    assert document["findings"][0]["scope"] == "sampled(500, 0.99)"
    assert "1 time in 5" in document["scheduler"]
    assert "low (always): violated in 3 steps" in str(climbed)


@pytest.mark.parametrize(
    "reference", ["kuberay::ReplicaController", "moving_friend", "two_phase_commit"]
)
def test_gallery_models_are_never_contradicted(reference: str) -> None:
    """What is violated in a run is violated in the check, by no longer a run."""
    model = load(reference)
    known = {(one.property, one.kind): one for one in check(model)}
    for one in simulate(model, runs=3000, steps=60, seed=6).findings:
        if one.verdict is Verdict.VIOLATED:
            exact = known[one.property, one.kind]
            assert exact.verdict is Verdict.VIOLATED
            assert exact.trace.loop is not None or len(exact.trace) <= len(one.trace)
