"""`prove`: what is said of every size, with what evidence, and what is not said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checker import (
    Array,
    Bool,
    Int,
    Model,
    Param,
    action,
    always,
    check,
    converges,
    fault,
    load,
    prove,
    recurs,
)
from checker.evidence import second_opinion as opinions
from checker.evidence.second_opinion import Opinion
from checker.evidence.trace import Trace
from checker.evidence.verification import read_certificate, verify
from checker.findings.findings import Findings
from checker.findings.proof import ProofCertificate
from checker.findings.selection import UnknownProperty
from checker.language.elaborate import elaborate
from checker.regimes.regime import RegimeError
from checker.system.run import Verdict


def one(found: Findings, name: str) -> Any:
    """The finding about a property."""
    (finding,) = [finding for finding in found if finding.property == name]
    return finding


class Lift(Model):
    """Goes up to where it is wanted."""

    floors = Param(4, min=1)

    at = Int(0, floors - 1, init=0)
    wanted = Int(0, floors - 1, init=0)

    @action
    def up(self):
        if self.at < self.wanted:
            self.at += 1

    @fault
    def falls(self):
        self.at = 0

    @converges
    def arrives(self):
        return self.at == self.wanted

    @recurs
    def moves(self):
        return True


class Rota(Model):
    """Whose turn it is, by number."""

    people = Param(3, min=1)

    turn = Int(0, people - 1, init=0)
    done = Array(people, Bool())

    @action
    def work(self):
        self.done[self.turn] = True
        self.turn = (self.turn + 1) % self.people

    @always
    def someone(self):
        return self.turn < 7 or any(self.done)


class Asserting(Model):
    """Counts up to its limit."""

    most = Param(2, min=1)

    count = Int(0, most, init=0)

    @action
    def up(self):
        if self.count < self.most:
            self.count += 1
        assert self.count <= self.most, "kept"
        assert self.count <= 30, "small"


class Lamps(Model):
    """Any number of lamps, none included."""

    lamps = Param(3)

    lit = Array(lamps, Bool())
    day = Bool()

    @action
    def dusk(self):
        self.day = not self.day

    @always
    def one_is_out(self):
        return not all(self.lit)


class Overloaded(Model):
    """All is well up to ten."""

    most = Param(2, min=1)

    load = Int(0, most, init=0)

    @action
    def more(self):
        if self.load < self.most:
            self.load += 1

    @always
    def light(self):
        return self.load <= 3


def test_every_size() -> None:
    """The taxi arrives on every street, with the distance as its rank, and both solvers say so."""
    found = prove(load("taxi"))
    finding = one(found, "arrives")
    evidence = finding.evidence
    assert isinstance(evidence, ProofCertificate)
    assert (finding.verdict, str(finding.scope)) == (Verdict.HOLDS, "all sizes")
    assert evidence.rank == "|position - destination|" == finding.metrics["bound"]
    assert evidence.accepted_by == ("z3", "cvc5") and evidence.every == ("street",)
    assert dict(found.parameters) == {"street": "every"}
    assert finding.as_json()["proof"]["conditions"] == evidence.conditions > 5


def test_the_same_every_time() -> None:
    """Proofs do not depend on what was proved before, nor on chance."""
    first, second = (prove(load("replicas")) for _ in range(2))
    assert [finding.evidence for finding in first] == [finding.evidence for finding in second]


@pytest.mark.parametrize("name", ["replicas", "rolling_update", "lease", "finalizer", "kuberay"])
def test_as_the_explorer_says(name: str) -> None:
    """What is proved holds in the instance; what is violated has a run that CPython has repeated."""
    found = prove(load(name))
    explored = {(one.property, one.kind): one.verdict for one in check(load(name))}
    assert len(found) == len(explored)
    for finding in found:
        assert finding.verdict in (explored[finding.property, finding.kind], Verdict.UNKNOWN)
        assert isinstance(finding.evidence, Trace) == (finding.verdict is Verdict.VIOLATED)


def test_refuted_by_another_size() -> None:
    """The instance is fine and another one is not: the run is that one's, with its parameters."""
    assert check(Overloaded).holds
    finding = one(prove(Overloaded), "light")
    assert finding.verdict is Verdict.VIOLATED
    assert isinstance(finding.evidence, Trace)
    assert dict(finding.parameters)["most"] >= 4


def test_assertions() -> None:
    """An assertion in an action is proved, and one that fails in a large instance only is not."""
    kept = one(prove(Asserting, "kept"), "kept")
    assert (kept.verdict, str(kept.scope)) == (Verdict.HOLDS, "all sizes")
    assert kept.evidence.proof.invariant
    assert check(Asserting).holds
    assert one(prove(Asserting, "small"), "small").verdict is not Verdict.HOLDS


def test_no_parts_at_all() -> None:
    """What is counted has one part at least: that an empty array is an instance, too, is not forgotten."""
    found = prove(Lamps)
    assert dict(one(found, "one_is_out").parameters) == {"lamps": 3}
    assert "lamps=0 is an instance" in found.reductions[0]
    assert check(Lamps(lamps=0))["one_is_out"].verdict is Verdict.VIOLATED


def test_not_claimed() -> None:
    """What holds in the instance, and no engine proves of all, is unknown; and why is said."""
    finding = one(prove(Lift), "moves")
    assert finding.verdict is Verdict.UNKNOWN
    assert "no engine proves 'recurs'" in finding.reason


@pytest.mark.parametrize(("answer", "said"), [("sat", "rejects"), ("unknown", "does not decide")])
def test_no_second_opinion(answer: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cvc5 rejects, or does not decide, does not hold."""

    def asked(conditions: Any, **_: Any) -> tuple[Opinion, ...]:
        names = [one.name for one in conditions]
        return tuple(
            Opinion(name, "cvc5", answer if name == names[-1] else "unsat", 0.0) for name in names
        )

    monkeypatch.setattr(opinions, "second_opinion", asked)
    finding = one(prove(Lift, "arrives"), "arrives")
    assert (finding.verdict, finding.evidence) == (Verdict.UNKNOWN, None)
    assert said in finding.reason and "1 of " in finding.reason


def test_every_number_of_servers() -> None:
    """An array of like parts is counted: the proof is one for every length of it."""
    found = prove(load("fleet"))
    for name in ("failures_are_paid_for", "all_running"):
        finding = one(found, name)
        assert (finding.verdict, str(finding.scope)) == (Verdict.HOLDS, "all sizes")
        assert dict(finding.parameters) == {"faults": "every", "servers": "every"}
    assert "#(running, absent)" in one(found, "all_running").evidence.rank
    assert any("every servers" in line for line in found.reductions)


def test_a_number_that_is_not_only_a_size() -> None:
    """Where the text computes with it, the parts are not counted, and the reason is said."""
    found = prove(Rota)
    assert one(found, "someone").verdict is Verdict.HOLDS
    assert dict(one(found, "someone").parameters) == {"people": 3}
    (line,) = found.reductions
    assert line.startswith("people=3 stays a number") and "nor can its parts be counted" in line


def test_certificates(tmp_path: Path) -> None:
    """Each proof is written where it was wanted, and is accepted when it is read back."""
    found = prove(load("taxi"), certificates=tmp_path, reference="taxi")
    folders = sorted(path.name for path in tmp_path.iterdir())
    assert folders == ["Taxi-arrives", "Taxi-stays_on_the_street", "Taxi-well_defined"]
    assert one(found, "arrives").evidence.folder == str(tmp_path / "Taxi-arrives")
    elaborated = elaborate(load("taxi"), free=("street",))
    for name in folders:
        certificate = read_certificate(tmp_path / name)
        assert verify(certificate, elaborated.system, elaborated.properties).verdict == "accepted"


def test_out_of_time() -> None:
    """A limit of time leaves it open."""
    finding = one(prove(load("fleet"), "all_running", timeout=0.01), "all_running")
    assert (finding.verdict, finding.evidence) == (Verdict.UNKNOWN, None)


def test_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C leaves the rest unknown, and what was proved before it stays."""
    from checker.symbolic import convergence_proofs

    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(convergence_proofs, "prove_convergence", interrupt)
    found = prove(load("taxi"))
    assert [(f.property, f.verdict.value, f.reason) for f in found] == [
        ("stays_on_the_street", "holds", ""),
        ("arrives", "unknown", "interrupted"),
        ("well_defined", "unknown", "interrupted"),
    ]


def test_mistakes() -> None:
    """There is no such property, and no such fault."""
    with pytest.raises(UnknownProperty):
        prove(Lift, "arives")
    with pytest.raises(RegimeError):
        prove(Lift, regime="at_most(flies=1)")


def test_under_another_regime() -> None:
    """Faults that never stop are a regime like others: then nothing arrives for good."""
    finding = one(prove(load("taxi"), "arrives", regime="unbounded"), "arrives")
    assert finding.verdict is Verdict.VIOLATED
    assert finding.regime == "unbounded"
