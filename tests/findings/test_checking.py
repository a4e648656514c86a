"""`check` returns values: verdict, scope, evidence, and where each comes from."""

from __future__ import annotations

import json
import signal
import threading
from typing import Any

import pytest

from checker import (
    ANY,
    Int,
    Model,
    Nat,
    Param,
    action,
    always,
    check,
    converges,
    fault,
    never,
    recurs,
    when,
)
from checker.evidence.replay import ReplayMismatch
from checker.evidence.trace import Trace
from checker.findings.checking import judgeable
from checker.findings.finding import Certificate
from checker.findings.selection import UnknownProperty
from checker.language.execution import Execution
from checker.regimes.regime import RegimeError
from checker.system.run import Verdict


class Taxi(Model):
    """Drives to its destination; the road may be blocked."""

    street = Param(4)

    position = Int(0, street - 1, init=0)
    destination = Int(0, street - 1, init=ANY)

    @action
    def drive(self):
        if self.position < self.destination:
            self.position += 1
        elif self.position > self.destination:
            self.position -= 1

    @fault
    def roadblock(self):
        when(self.position > 0)
        self.position -= 1

    @always
    def on_the_street(self):
        return 0 <= self.position < self.street

    @converges(setpoint="destination", output="position")
    def arrives(self):
        return self.position == self.destination

    @recurs(expect="violated")
    def arrives_again(self):
        return self.position == self.destination

    @never(expect="violated")
    def at_the_end(self):
        return self.position == self.street - 1


class Asserts(Model):
    """An assertion that its author documents to fail."""

    violates = ("at most one",)

    n = Int(0, 2, init=0)

    @action
    def count(self):
        when(self.n < 2)
        self.n += 1
        assert self.n <= 1, "at most one"


class Huge(Model):
    """10^12 states: never explored to the end."""

    a = Int(0, 999, init=0)
    b = Int(0, 999, init=0)
    c = Int(0, 999, init=0)
    d = Int(0, 999, init=0)

    @action
    def one(self):
        self.a = (self.a + 1) % 1000

    @action
    def two(self):
        self.b = (self.b + 1) % 1000

    @action
    def three(self):
        self.c = (self.c + 1) % 1000

    @action
    def four(self):
        self.d = (self.d + 1) % 1000

    @always
    def a_is_small(self):
        return self.a < 3

    @always
    def a_is_a_number(self):
        return self.a >= 0


class Unbounded(Model):
    """A natural number without a bound: not for an engine that enumerates."""

    n = Nat(init=0)

    @action
    def count(self):
        self.n += 1

    @always
    def not_negative(self):
        return self.n >= 0


def verdicts(model: Any, **options: Any) -> dict[str, str]:
    return {finding.property: finding.verdict.value for finding in check(model, **options)}


def test_every_property_gets_a_verdict_with_its_evidence() -> None:
    """What holds rests on all states; what does not has a trace."""
    found = check(Taxi())
    assert [(f.property, f.kind, f.regime, f.verdict.value, str(f.scope)) for f in found] == [
        ("on_the_street", "always", "finitely_many", "holds", "exhaustive"),
        ("arrives", "converges", "finitely_many", "holds", "exhaustive"),
        ("arrives_again", "recurs", "unbounded", "violated", "exhaustive"),
        ("at_the_end", "never", "finitely_many", "violated", "exhaustive"),
        ("well_defined", "domain", "finitely_many", "holds", "exhaustive"),
    ]
    evidence = found["on_the_street"].evidence
    assert isinstance(evidence, Certificate)
    assert (evidence.states, evidence.steps) == (10, 16)
    trace = found["at_the_end"].evidence
    assert isinstance(trace, Trace) and len(trace) == 3


def test_one_exploration_serves_all_regimes_that_reach_the_same_states() -> None:
    """`finitely_many` and `unbounded` differ only in what may happen for ever."""
    (space,) = check(Taxi()).spaces
    assert space.regimes == ("finitely_many", "unbounded")


def test_a_lasso_under_unbounded_faults_holds_only_what_recurs() -> None:
    """The road is blocked again and again: a loop with the fault in it."""
    trace = check(Taxi())["arrives_again"].trace
    assert trace is not None and trace.loop is not None
    assert {step.agent for step in trace.steps[trace.loop :] if step} >= {"environment"}


def test_another_regime_for_everything() -> None:
    """Without faults the taxi arrives again and again."""
    found = check(Taxi(), regime="none")
    assert found["arrives_again"].verdict is Verdict.HOLDS
    assert {finding.regime for finding in found} == {"none"}


def test_exit_codes() -> None:
    """0 holds, 1 violated, 4 undecided; or whether the verdicts are the documented ones."""
    found = check(Taxi())
    assert (found.exit_code(), found.exit_code(expected=True)) == (1, 0)
    assert check(Taxi(), properties=["arrives"]).exit_code() == 0
    undecided = check(Taxi(), properties=["arrives"], max_states=3)
    assert (undecided.exit_code(), undecided.exit_code(expected=True)) == (4, 4)
    documented = check(Taxi(), properties=["arrives_again"], regime="none")
    assert (documented.exit_code(), documented.exit_code(expected=True)) == (0, 1)


def test_an_assertion_is_judged_like_a_property() -> None:
    """By its message, with `violates` for what the author documents."""
    found = check(Asserts)
    finding = found["at most one"]
    assert (finding.verdict, finding.expected) == (Verdict.VIOLATED, "violated")
    assert finding.trace is not None and finding.trace.mishap is not None
    assert finding.trace.mishap.kind == "assert"
    assert found.exit_code(expected=True) == 0


def test_only_some_properties() -> None:
    """In the order of the model; assertions can be asked for, too."""
    assert list(verdicts(Taxi(), properties=["arrives", "on_the_street"])) == [
        "on_the_street",
        "arrives",
    ]
    assert list(verdicts(Asserts, properties=["at most one"])) == ["at most one"]
    assert judgeable(Asserts()) == ("at most one", "well_defined")


def test_an_unknown_property_lists_those_there_are() -> None:
    """With the nearest one."""
    with pytest.raises(UnknownProperty) as caught:
        check(Taxi(), properties=["arives"])
    assert str(caught.value) == (
        "there is no property 'arives' (did you mean 'arrives'?); there are: "
        "on_the_street, arrives, arrives_again, at_the_end, well_defined"
    )


def test_an_unknown_regime_or_fault() -> None:
    """A misspelt fault would otherwise mean: it never happens."""
    with pytest.raises(RegimeError):
        check(Taxi(), regime="sometimes")
    with pytest.raises(RegimeError, match="roadblock"):
        check(Taxi(), regime="at_most(roadblok=1)")


def test_what_is_cut_short_holds_nothing() -> None:
    """A violation that was found is real; all else is unknown, and says why."""
    found = check(Huge(), max_states=2000)
    assert found["a_is_small"].verdict is Verdict.VIOLATED
    assert found["a_is_a_number"].verdict is Verdict.UNKNOWN
    assert "2000" in found["a_is_a_number"].reason.replace(",", "")
    assert found["a_is_a_number"].evidence is None
    assert found.exit_code() == 1


def test_an_interrupted_exploration_still_tells_what_it_found() -> None:
    """Ctrl-C: the violation so far, and UNKNOWN with the number of states."""
    threading.Timer(0.7, signal.raise_signal, (signal.SIGINT,)).start()
    seen: list[int] = []
    found = check(Huge(), progress=lambda states, steps, frontier: seen.append(states))
    assert seen
    assert found["a_is_small"].verdict is Verdict.VIOLATED
    unknown = found["a_is_a_number"]
    assert unknown.verdict is Verdict.UNKNOWN
    assert unknown.reason.startswith("interrupted after ")
    assert found.spaces[0].reason == "interrupted"


def test_what_cannot_be_enumerated_is_unknown() -> None:
    """Not an error, and never a pass: another engine may judge it."""
    found = check(Unbounded())
    assert {finding.verdict for finding in found} == {Verdict.UNKNOWN}
    assert found.exit_code() == 4


def test_findings_know_where_they_come_from() -> None:
    """The same system has the same hash, another instance another one."""
    one, same, other = check(Taxi()), check(Taxi), check(Taxi(street=5))
    hashes = [found["arrives"].provenance.content_hash for found in (one, same, other)]
    assert hashes[0] == hashes[1] != hashes[2]
    provenance = one["arrives"].provenance
    assert (provenance.engine, provenance.semantics) == ("explicit", 1)
    assert provenance.location is not None and "test_checking.py:" in provenance.location


def test_findings_are_json() -> None:
    """Nothing in them needs to be explained to another program."""
    document = json.loads(json.dumps(check(Taxi()).as_json()))
    entry = next(one for one in document["findings"] if one["property"] == "at_the_end")
    assert entry["verdict"] == "violated"
    assert entry["trace_length"] == 3
    assert entry["states"] == 10
    assert entry["trace"]["vars"] == ["position", "destination"]


def test_an_engine_that_lies_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """If CPython does something else than the engine, no finding is given at all."""
    honest = Execution.observe

    def observe(self: Execution) -> dict[str, Any]:
        return {**honest(self), "position": 0}

    monkeypatch.setattr(Execution, "observe", observe)
    with pytest.raises(ReplayMismatch) as caught:
        check(Taxi())
    assert (caught.value.what, caught.value.got) == ("position", 0)


class Repaired(Model):
    """Its first property is judged without faults, where there is nothing to repair."""

    x = Int(0, 3, init=0)

    @action
    def repair(self):
        when(self.x > 0)
        self.x = 0

    @fault
    def hit(self):
        self.x = 3

    @always(regime="none")
    def untouched(self):
        return self.x == 0

    @converges
    def back(self):
        return self.x == 0


def test_what_happens_under_one_regime_is_not_in_vain() -> None:
    """Only what happens under none of the regimes is; a goal is judged under its own."""
    assert check(Repaired).vacuity == ()
    alone = check(Repaired, regime="none")
    assert [(note.kind, note.name) for note in alone.vacuity] == [
        ("no-steps", "Repaired"),
        ("never-enabled", "repair"),
        ("goal-everywhere", "back"),
    ]


class Misspelt(Repaired):
    """States a regime with a fault that the model does not have."""

    @always(regime="at_most(fyre=2)")
    def untouched(self):
        return self.x == 0


def test_a_mistaken_regime_names_the_property_that_states_it() -> None:
    """The command line is not to blame."""
    with pytest.raises(RegimeError, match=r"fyre.*says `untouched` \(.*test_checking\.py:\d+"):
        check(Misspelt)
