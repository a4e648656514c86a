"""`check(reduce=True)` says what `check()` says, having looked at less, and tells what it saved."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from checker import (
    ANY,
    Array,
    Bool,
    Enum,
    Int,
    Model,
    Nat,
    Param,
    action,
    always,
    check,
    converges,
    deadlock_free,
    fault,
    load,
    never,
    reachable,
    recurs,
    when,
)
from checker.explicit import restoring
from checker.explicit.packing import NotCompilable
from checker.explicit.reduced_search import ReducedSearch
from checker.findings.finding import Finding
from checker.findings.findings import Findings
from checker.findings.reduction_text import shortened
from checker.language.loader import gallery, load_models
from checker.report.glyphs import UNICODE
from checker.report.json_report import check_document
from checker.report.terminal import findings_lines
from checker.system.run import Verdict

EVERY_MODEL = [f"{name}::{model.__name__}" for name, _ in gallery() for model in load_models(name)]

SIZES = [
    ("fleet::Fleet", {"servers": 2, "faults": 1}),
    ("fleet::UnpromisedStart", {"servers": 4, "faults": 1}),
    ("counter::Counter", {"digits": 4, "base": 4}),
    ("two_phase_commit::TwoPhaseCommit", {"managers": 2}),
    ("two_phase_commit::TwoPhaseCommit", {"managers": 4}),
    ("taxi::SecondCab", {"street": 4}),
    ("kuberay::ReplicaController", {"replicas": 1}),
    ("kuberay::WithExpectations", {"replicas": 3}),
    ("kubelet::LevelAndEdge", {"pods": 3}),
]

REGIMES = ["none", "at_most(1)", "finitely_many", "unbounded"]

VARIED = [
    "two_phase_commit::TwoPhaseCommit",
    "duplicate_instance::MachineController",
    "leaked_volume::Provisioner",
    "two_reconcilers::WithoutOwnership",
    "desk::Desk",
]


# ---------------------------------------------------------------- what must be the same


def assert_same(before: Findings, after: Findings) -> None:
    """Every verdict, and every figure that is still there."""
    assert list(map(verdict, before)) == list(map(verdict, after))
    for one, other in zip(before, after, strict=True):
        assert (one.trace is None) == (other.trace is None)
        assert one.provenance == other.provenance
        # What was explored is not the same, and of several ends or loops another one may be shown.
        lost = {"states", "digest", "unbounded", "different_ends"}
        lost |= {"steps"} if one.kind != "converges" else set()
        for name, value in other.metrics.items():
            if name not in lost and value != "not judged: reduced":
                assert (name, value) == (name, one.metrics[name])


def verdict(finding: Finding) -> tuple[object, ...]:
    """All that a verdict says."""
    return (
        finding.property,
        finding.kind,
        finding.regime,
        finding.verdict,
        finding.scope,
        finding.expected,
        type(finding.evidence),
    )


def both(model: Any, **options: Any) -> Findings:
    """The findings with reductions, which are the same as those without."""
    before, after = check(model, **options), check(model, reduce=True, **options)
    assert before.reductions == ()
    assert_same(before, after)
    return after


@pytest.mark.parametrize("reference", EVERY_MODEL)
def test_every_model_of_the_gallery(reference: str) -> None:
    """Every verdict of every model; each trace is repeated by CPython on the way."""
    assert both(load(reference)()).reductions


@pytest.mark.parametrize(("reference", "sizes"), SIZES, ids=str)
def test_other_sizes(reference: str, sizes: dict[str, int]) -> None:
    """Also where it is smaller or larger."""
    both(load(reference)(**sizes))


@pytest.mark.parametrize("reference", VARIED)
def test_every_regime(reference: str) -> None:
    """Also where everything is judged under another regime."""
    for regime in REGIMES:
        both(load(reference)(), regime=regime)


def test_a_budget_for_one_fault() -> None:
    """It is one variable for all of the like parts."""
    found = both(load("fleet::Fleet")(), regime="at_most(1, crash=1)")
    assert "symmetry: 3 like parts" in "".join(found.reductions)


@pytest.mark.parametrize("reference", ["fleet::Fleet", "two_phase_commit::TwoPhaseCommit", "desk::Desk"])
def test_each_property_alone(reference: str) -> None:
    """For one property more can be left out, and the verdict is still the same."""
    model = load(reference)()
    for name in dict.fromkeys(finding.property for finding in check(model)):
        both(model, properties=[name])


def test_what_it_saves() -> None:
    """At most so much is explored of two reference models."""

    def states(reference: str, **sizes: int) -> int:
        (space,) = check(load(reference)(**sizes), reduce=True).spaces
        return space.states

    assert states("counter::Counter", digits=4, base=6) <= 126  # of 1,296
    assert states("two_phase_commit::TwoPhaseCommit", managers=4) <= 60  # of 1,568


# ---------------------------------------------------------------- deadlocks, and where they are none


class Handover(Model):
    """Two servers; what is at rest may be told apart by the server."""

    load = Array(2, Int(0, 2))

    @action
    def work(self, i: Int(0, 1)):
        when(self.load[i] < 2 and self.load[1 - i] == 0)
        self.load[i] += 1

    @never
    def both_full(self):
        return self.load[0] == 2 and self.load[1] == 2

    goes_on = deadlock_free(expect="violated")


class SecondRests(Handover):
    """One of the two ways to stop is a goal: the one that stands for both."""

    @converges(expect="violated")
    def second_is_full(self):
        return self.load[1] == 2


class Noted(Model):
    """Its goal is read by nothing else."""

    done = Int(0, 3)
    noted = Int(0, 3)

    @action
    def work(self):
        when(self.done < 3)
        self.done += 1
        self.noted = self.done

    @converges
    def is_noted(self):
        return self.noted == 3

    goes_on = deadlock_free()


@pytest.mark.parametrize("model", [Handover, SecondRests, Noted])
def test_deadlocks(model: type[Model]) -> None:
    """The goal of properties that are not asked for counts too: it keeps parts and values apart."""
    both(model)
    both(model, properties=["goes_on"])


def test_a_goal_tells_parts_apart() -> None:
    """Without regard to it, the deadlock would be found in the goal, and be none."""
    found = check(SecondRests, properties=["goes_on"], reduce=True)
    assert found["goes_on"].verdict is Verdict.VIOLATED
    assert "`the goal of deadlock_free` tells 0 from 1" in "".join(found.reductions)
    assert "2 like parts" in "".join(check(Handover, reduce=True).reductions)


def test_exchanged_roles_are_no_deadlock() -> None:
    """Who changes places with a like part has done something."""

    class Baton(Model):
        has = Array(2, Bool(), init=ANY)

        @action
        def hand_over(self, i: Int(0, 1)):
            when(self.has[i] and not self.has[1 - i])
            self.has[i] = False
            self.has[1 - i] = True

        @converges
        def settled(self):
            return self.has[0] == self.has[1]

        goes_on = deadlock_free()

    found = both(Baton, properties=["goes_on"])
    assert found.holds
    assert "symmetry: 2 like parts (has[0], …): 3 states stand for 4" in found.reductions[1]


# ---------------------------------------------------------------- models with nothing to reduce


class Plain(Model):
    """Nothing alike, nothing to put off, nothing forgotten."""

    x = Int(0, 3, init=0)

    @action
    def go(self):
        when(self.x < 3)
        self.x += 1

    @always
    def small(self):
        return self.x < 4

    ends = deadlock_free(expect="violated")


def test_nothing_to_reduce() -> None:
    """A model of one part is explored as ever, deadlocks included."""
    found = both(Plain)
    assert found.reductions[:2] == ("not reduced for `small`, `ends`", "  no symmetry: no like parts")
    assert both(Plain, properties=["ends"])["ends"].verdict is Verdict.VIOLATED
    # Nothing can go wrong in it: not even its one variable matters.
    (space,) = both(Plain, properties=["well_defined"]).spaces
    assert space.states == 1


def test_no_steps_at_all() -> None:
    """Only initial states: they fall into classes too."""

    class Still(Model):
        up = Array(3, Bool(), init=ANY)

        @always(expect="violated")
        def not_all(self):
            return not all(self.up)

        goes_on = deadlock_free(expect="violated")

    found = both(Still)
    assert [space.states for space in found.spaces] == [4]


class Uncounted(Model):
    """A number without a bound, which one property reads and the other does not."""

    n = Nat(init=0)
    up = Bool()

    @action
    def count(self):
        self.n += 1
        self.up = True

    @never(expect="violated")
    def is_up(self):
        return self.up

    @converges(expect="violated")
    def counted(self):
        return self.n > 3


def test_what_cannot_be_enumerated() -> None:
    """Is unknown where it is read; what does not depend on it can be judged with it forgotten."""
    assert {finding.verdict for finding in check(Uncounted)} == {Verdict.UNKNOWN}
    found = check(Uncounted, reduce=True)
    assert found["is_up"].verdict is Verdict.VIOLATED
    assert found["counted"].verdict is Verdict.UNKNOWN
    assert found["counted"].reason == check(Uncounted)["counted"].reason
    assert found["well_defined"].verdict is Verdict.HOLDS


def test_no_machine_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it cannot be compiled, everything is explored, and it says why."""

    def refuse(*given: Any, **options: Any) -> None:
        raise NotCompilable("a part of 600 bits is too wide to be compared")

    monkeypatch.setattr(ReducedSearch, "__init__", refuse)
    found = both(Handover)
    assert found.reductions[-1] == (
        "  no symmetry or partial order: a part of 600 bits is too wide to be compared"
    )


def test_idempotence_needs_everything() -> None:
    """It is judged on the whole graph, and that is said."""
    found = both(load("duplicate_instance")())
    assert found.reductions[-2:] == (
        "not reduced for `reentrant`",
        "  what single passes write has to be compared in every state",
    )


# ---------------------------------------------------------------- loops that close late


class Forgotten(Model):
    """A loop of two steps, and a number beside it that takes long to come back."""

    at = Int(0, 1)
    beside = Int(0, 40)

    @action
    def turn(self):
        self.at = 1 - self.at
        self.beside = (self.beside + 1) % 41

    @converges(expect="violated")
    def rests(self):
        return self.at == 0

    @recurs
    def comes_back(self):
        return self.at == 0


def test_a_loop_is_repeated_until_it_closes() -> None:
    """The counterexample is one of the model itself."""
    trace = both(Forgotten)["rests"].trace
    assert trace is not None and trace.loop is not None
    assert len(trace) - trace.loop == 82


def test_a_loop_that_would_be_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it takes too many repetitions, the whole graph is judged."""
    monkeypatch.setattr(restoring, "_MOST_ROUNDS", 20)
    found = both(Forgotten)
    assert found.reductions[-1] == (
        "`rests` judged on everything: forgotten values are too long in coming back"
    )
    assert [space.states for space in found.spaces] == [2, 2, 1, 82]


# ---------------------------------------------------------------- limits


class Huge(Model):
    """Far too many states, classes of them too."""

    width = Param(9)
    digits = Array(width, Int(0, 9))
    broken = Bool()

    @action
    def turn(self, which: Int(0, width - 1)):
        when(not self.broken)
        self.digits[which] = (self.digits[which] + 1) % 10

    @fault
    def breaks(self):
        when(sum(self.digits) == 2)
        self.broken = True

    @always(expect="violated")
    def never_broken(self):
        return not self.broken

    @always
    def few(self):
        return sum(self.digits) <= 90

    @reachable
    def all_nine(self):
        return sum(self.digits) == 81

    @converges
    def settles(self):
        return self.broken

    goes_on = deadlock_free(regime="none")


def wrong_verdicts(found: Findings) -> Iterator[Finding]:
    """What is judged though it is not known: all but violations that were met with."""
    for finding in found:
        if finding.verdict is not Verdict.UNKNOWN and finding.property != "never_broken":
            yield finding


@pytest.mark.parametrize("most", [0, 1, 30, 3_000])
def test_a_limit_of_states(most: int) -> None:
    """What is found within it is real, all else is unknown."""
    asked = ["never_broken", "few", "all_nine", "settles"]
    found = check(Huge, properties=asked, reduce=True, max_states=most)
    assert list(wrong_verdicts(found)) == []
    assert found["never_broken"].verdict is (Verdict.VIOLATED if most > 1 else Verdict.UNKNOWN)
    assert found["few"].reason.startswith(f"more than {most} states")
    assert not any(space.complete for space in found.spaces)


def test_what_only_a_reduction_decides() -> None:
    """Within a limit that is far too small without it."""
    options: dict[str, Any] = {"properties": ["goes_on"], "max_states": 3_000}
    assert check(Huge, **options)["goes_on"].verdict is Verdict.UNKNOWN
    found = check(Huge, reduce=True, **options)
    assert (found["goes_on"].verdict, str(found["goes_on"].scope)) == (Verdict.HOLDS, "exhaustive")


def test_a_limit_of_memory() -> None:
    """Nothing fits, nothing is known, nothing is broken."""
    found = check(Huge, reduce=True, memory=1_000)
    assert {finding.verdict for finding in found} == {Verdict.UNKNOWN}
    assert "memory limit" in found["goes_on"].reason


def test_many_initial_states() -> None:
    """Too many even before the first step; without reductions it says the same."""

    class Anywhere(Model):
        load = Array(3, Int(0, 20), init=ANY)

        @action
        def work(self, i: Int(0, 2)):
            when(self.load[i] < 20)
            self.load[i] += 1

        @always
        def positive(self):
            return sum(self.load) >= 0

        ends = deadlock_free(expect="violated")

    assert {finding.verdict for finding in both(Anywhere, max_states=100)} == {Verdict.UNKNOWN}
    assert "1,771 states stand for 9,261" in both(Anywhere).reductions[1]


def test_an_interrupted_exploration() -> None:
    """Ctrl-C: what was found, and nothing else is explored."""
    seen: list[int] = []

    def progress(states: int, steps: int, waiting: int) -> None:
        if states > 5_000 and not seen:
            seen.append(states)
            signal.raise_signal(signal.SIGINT)

    found = check(Huge, reduce=True, progress=progress)
    assert found["never_broken"].verdict is Verdict.VIOLATED
    assert list(wrong_verdicts(found)) == []
    reasons = {finding.reason for finding in found if finding.verdict is Verdict.UNKNOWN}
    assert all(reason.startswith("interrupted after ") for reason in reasons)
    assert [space.reason for space in found.spaces] == ["interrupted"]


def test_not_to_be_saved(tmp_path: Any) -> None:
    """A reduced exploration cannot go on another day."""
    with pytest.raises(ValueError, match="cannot be saved"):
        check(Plain, reduce=True, save=tmp_path)


# ---------------------------------------------------------------- what is told


class Crowd(Model):
    """Many properties and many values that nobody reads."""

    state = Array(6, Enum("idle", "busy", "done"))
    old = Array(6, Int(0, 2))
    total = Int(0, 6)

    @action
    def begin(self, i: Int(0, 5)):
        when(self.state[i] == "idle" and self.total < 2)
        self.state[i] = "busy"

    @action
    def end(self, i: Int(0, 5)):
        when(self.state[i] == "busy")
        self.state[i] = "done"
        self.old[i] = (self.old[i] + 1) % 3
        self.total += 1

    @never(expect="violated")
    def one_done(self):
        return self.total == 1

    @never(expect="violated")
    def two_done(self):
        return self.total == 2

    @never
    def five_done(self):
        return self.total == 5 and all(state == "done" for state in self.state)

    @always
    def counted(self):
        return self.total == sum(state == "done" for state in self.state)

    @reachable
    def third(self):
        return self.total == 3

    @reachable
    def fourth(self):
        return self.total == 4


def test_a_handful_of_lines() -> None:
    """Of many names a few are listed; of many reasons one."""
    lines = both(Crowd).reductions
    assert lines[0] == "reduced for `one_done`, `two_done`, `five_done`, `counted` and 2 more"
    assert lines[1] == (
        "  dead values: forgotten `old[0]`, `old[1]`, `old[2]`, `old[3]` and 2 more everywhere"
    )
    assert lines[2].startswith("  symmetry: 6 like parts (state[0], …): ")
    assert len(lines) <= 6
    assert all(len(line) < 200 for line in lines)


@pytest.mark.parametrize("reference", EVERY_MODEL)
def test_every_model_is_told_in_short(reference: str) -> None:
    """No list of more than four names, no more than six lines for each exploration."""
    lines = check(load(reference)(), reduce=True).reductions
    heads = [number for number, line in enumerate(lines) if not line.startswith(" ")]
    assert heads and heads[0] == 0
    for start, stop in zip(heads, [*heads[1:], len(lines)], strict=True):
        assert 1 < stop - start <= 7
    assert all(line == shortened(line) for line in lines)


def test_the_report_and_the_document() -> None:
    """The table is followed by what was saved; other programs get the same lines."""
    found = check(load("fleet")(), reduce=True)
    lines = [line.plain for line in findings_lines(found, width=200, glyphs=UNICODE)]
    place = lines.index("  reduced for `failures_are_paid_for`, `never_restarted_while_seen_running`")
    assert lines[place + 1].startswith("    symmetry: 3 like parts (state[0], view[0], …): ")
    (model,) = check_document([found], 0, "0")["models"]
    assert json.loads(json.dumps(model))["reductions"] == list(found.reductions)
    assert found.reductions[0] in str(found)
    assert "reduced for" not in str(check(load("fleet")()))
