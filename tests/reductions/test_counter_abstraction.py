"""What is proved of counters is true of the parts that they count, whatever their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from counted_models import (
    Elected,
    FirstThree,
    Lock,
    Lowest,
    Meetings,
    Pairs,
    Relay,
    Repairs,
    RoundedVotes,
    Sets,
    Special,
    Turns,
    Votes,
    Workers,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from systems_of_size import compared, disagreements, drawn, judge, processing, walking

from checker import Model, elaborate
from checker.explicit.explore import explore
from checker.reductions.counter_abstraction import CounterAbstraction, Refusal, counter_abstraction
from checker.reductions.counter_system import Instance
from checker.regimes.regime import FINITELY_MANY, NONE, UNBOUNDED, Regime, UnderRegime, at_most
from checker.system.run import Verdict
from checker.system.transition_system import Fairness, Role
from models.fleet import Fleet, UnpromisedStart
from models.two_phase_commit import TwoPhaseCommit

REGIMES = (FINITELY_MANY, NONE, UNBOUNDED, at_most(1))


def counted(
    model: type[Model],
    parameter: str,
    regime: Regime = FINITELY_MANY,
    sizes: tuple[int, ...] = (3, 4),
    *,
    numbers: bool = False,
    least: int | None = 1,
) -> CounterAbstraction | Refusal:
    """The counters of a model, from instances of some sizes."""
    found = [elaborate(model(**{parameter: size})) for size in sizes]
    instances = [Instance(regime.apply(one.system), one.properties) for one in found]
    return counter_abstraction(instances, parameter, numbers=numbers, least=least)


def verdicts(
    model: type[Model], parameter: str, size: int, regime: Regime = FINITELY_MANY
) -> list[tuple[str, Verdict, Verdict]]:
    """Name, verdict in parts and verdict in counters; fails where they must not differ."""
    abstraction = counted(model, parameter, regime)
    assert isinstance(abstraction, CounterAbstraction), abstraction
    one = elaborate(model(**{parameter: size}))
    parts = explore(regime.apply(one.system))
    problems = compared(abstraction, parts, one.properties, regime, size, Counter())
    assert list(problems) == []
    system, claims = abstraction.at(size)
    counters = explore(UnderRegime(system, abstraction.recurring, regime))
    known = {claim.name: claim for claim in one.properties}
    return [
        (claim.name, judge(parts, known[claim.name]).verdict, judge(counters, claim).verdict)
        for claim in claims
    ]


# ---------------------------------------------------------------- random systems


@settings(max_examples=8)
@given(st.integers(0, 2**32), st.sampled_from(REGIMES))
def test_systems_that_do_not_know_one_part_from_another(seed: int, regime: Regime) -> None:
    """States, errors and verdicts are the same; what is promised of runs only if it holds in counters."""
    assert list(disagreements(partial(drawn, seed), regime, (2, 3), Counter())) == []


@settings(max_examples=16)
@given(st.integers(0, 2**32), st.sampled_from(REGIMES), st.sampled_from([walking, processing]))
def test_systems_in_which_fairness_matters(seed: int, regime: Regime, draw: Callable) -> None:
    """Nothing converges in counters that does not converge in parts."""
    assert list(disagreements(partial(draw, seed), regime, (1, 3), Counter())) == []


def test_random_systems_are_counted() -> None:
    """Hardly any is refused, and both verdicts occur: the tests above compare something."""
    statistics: Counter[str] = Counter()
    for seed in range(6):
        assert list(disagreements(partial(walking, seed), FINITELY_MANY, (2,), statistics)) == []
    assert statistics["counted"] == 6
    for kind in ("always", "reachable", "converges", "recurs"):
        for verdict in ("holds", "violated"):
            assert statistics[f"{kind}: {verdict}, counted {verdict}"] > 0


# ---------------------------------------------------------------- models


def test_fleet() -> None:
    """One state of counters for each class of states under permutations; the same verdicts."""
    abstraction = counted(Fleet, "servers")
    assert isinstance(abstraction, CounterAbstraction)
    assert abstraction.notes == () and abstraction.refused == ()
    assert len(abstraction.counters) == 12
    assert abstraction.system.variable["servers"].role is Role.PARAMETER
    states = []
    for size in (1, 2, 3, 4):
        system, _ = abstraction.at(size)
        states.append(len(explore(UnderRegime(system, abstraction.recurring, FINITELY_MANY))))
    # 544 classes of the 2,590 states of fleet(3, 2), as symmetry reduction finds them.
    assert states == [28, 154, 544, 1_489]
    found = verdicts(Fleet, "servers", 2)
    assert [one[1:] for one in found] == [(Verdict.HOLDS, Verdict.HOLDS)] * 3


def test_fleet_with_an_unpromised_start() -> None:
    """What nobody promises is not promised in counters either."""
    assert verdicts(UnpromisedStart, "servers", 2)[2] == (
        "all_running",
        Verdict.VIOLATED,
        Verdict.VIOLATED,
    )


@pytest.mark.parametrize("regime", [FINITELY_MANY, at_most(1)], ids=str)
def test_instances_of_a_process(regime: Regime) -> None:
    """Positions and locals are what a part holds; actions of each instance are one in counters."""
    for size in (2, 3):
        found = {name: one for name, *one in verdicts(Workers, "workers", size, regime)}
        assert found["all_done"] == [Verdict.VIOLATED, Verdict.VIOLATED]


def test_two_indices() -> None:
    """Who asks for two different parts asks for two in one counter, or one in each of two."""
    for size in (1, 2, 3):
        found = {name: one for name, *one in verdicts(Lock, "clients", size)}
        assert set(found) == {"two_hold_it", "free_or_held", "is_used"}
        assert all(one == [Verdict.HOLDS, Verdict.HOLDS] for one in found.values())


def test_sets_of_parts() -> None:
    """What the elaboration writes out for each part is a quantifier over parts again."""
    for size in (1, 2, 3):
        found = {name: one for name, *one in verdicts(Sets, "size", size)}
        assert found == {
            "only_guests": [Verdict.HOLDS, Verdict.HOLDS],
            "nobody_is_late": [Verdict.VIOLATED, Verdict.VIOLATED],
            "all_there": [Verdict.HOLDS, Verdict.HOLDS],
        }


def test_all_of_them() -> None:
    """A guard over all parts, and messages: two-phase commit."""
    found = verdicts(TwoPhaseCommit, "managers", 3)
    assert found and all(parts is counters for _, parts, counters in found)


# ---------------------------------------------------------------- fairness


def test_nobody_has_to_stay() -> None:
    """A class that is never empty need not contain anybody who stays: alone it holds, with two not."""
    assert verdicts(Relay, "runners", 1)[0][1:] == (Verdict.HOLDS, Verdict.HOLDS)
    for size in (2, 3):
        assert verdicts(Relay, "runners", size)[0][1:] == (Verdict.VIOLATED, Verdict.VIOLATED)


def test_change_of_places() -> None:
    """A step that no counter tells takes away what was promised to those who change places."""
    assert verdicts(Turns, "runners", 2)[0][1:] == (Verdict.VIOLATED, Verdict.VIOLATED)
    abstraction = counted(Turns, "runners")
    assert isinstance(abstraction, CounterAbstraction)
    assert any("change places" in note and "`go" in note for note in abstraction.notes)


def test_two_have_to_stay() -> None:
    """What is promised to two parts needs both of them to stay where they are."""
    assert verdicts(Meetings, "guests", 3)[0][1:] == (Verdict.VIOLATED, Verdict.VIOLATED)


def test_interrupted_for_ever() -> None:
    """Faults that stop take no promise away; faults that do not stop take that of whom they meet."""
    for regime, verdict in ((FINITELY_MANY, Verdict.HOLDS), (UNBOUNDED, Verdict.VIOLATED)):
        assert verdicts(Repairs, "machines", 2, regime)[0][1:] == (verdict, verdict)
    abstraction = counted(Repairs, "machines", UNBOUNDED)
    assert isinstance(abstraction, CounterAbstraction)
    assert any("interrupted by `breaks`" in note for note in abstraction.notes)
    finishing = abstraction.system.action["finish(in_repair)"]
    assert finishing.fairness is Fairness.NONE
    # Nothing is known of a system without a regime: everything may happen for ever.
    found = [elaborate(Repairs(machines=size)) for size in (3, 4)]
    plain = counter_abstraction([Instance(one.system, one.properties) for one in found], "machines")
    assert isinstance(plain, CounterAbstraction) and plain.notes == abstraction.notes


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (Elected, "the index `i` is used as a number"),
        (Lowest, "the index `j` is used as a number"),
        (Special, "`ready[0]` is read by its number"),
        (FirstThree, "`ready[2]` is read by its number"),
        (Pairs, "has the number of parts in two of its indices"),
        (Votes, "the number 3 becomes 4"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_refused(model: type[Model], reason: str) -> None:
    """Whatever depends on which part it is has a reason that names it."""
    parameter = next(iter(dict(elaborate(model).system.parameters)))
    refusal = counted(model, parameter)
    assert isinstance(refusal, Refusal)
    assert reason in refusal.reason


def test_refused_where_it_stands() -> None:
    """The reason names the action and its line."""
    refusal = counted(Special, "nodes")
    assert isinstance(refusal, Refusal)
    assert refusal.reason.startswith("in `go` (") and "counted_models.py:" in refusal.reason


def test_promises_of_single_steps() -> None:
    """A property that follows one part is not translated; the others are."""
    abstraction = counted(Lock, "clients")
    assert isinstance(abstraction, CounterAbstraction)
    assert dict(abstraction.refused) == {"kept": "`transition` speaks of single parts across steps"}


# ---------------------------------------------------------------- numbers and sizes


def test_numbers_that_grow() -> None:
    """With leave, a number that is in proportion to the size becomes an expression over it."""
    abstraction = counted(Votes, "voters", sizes=(3, 4, 5, 9, 10), numbers=True)
    assert isinstance(abstraction, CounterAbstraction)
    assert abstraction.sizes == (3, 4, 5, 9, 10)
    for size in (1, 2, 6):
        system, claims = abstraction.at(size)
        one = elaborate(Votes(voters=size))
        parts = explore(FINITELY_MANY.apply(one.system))
        assert list(compared(abstraction, parts, one.properties, FINITELY_MANY, size, Counter())) == []
        assert claims and system.parameters == (("voters", size),)


def test_numbers_that_do_not_grow_in_proportion() -> None:
    """A third size shows that what two of them suggest is wrong."""
    refusal = counted(RoundedVotes, "voters", sizes=(3, 4, 5), numbers=True)
    assert isinstance(refusal, Refusal)
    assert "becomes" in refusal.reason


def test_sizes() -> None:
    """Nothing is said of sizes below the least one that was compared, unless somebody says so."""
    abstraction = counted(Fleet, "servers", least=None)
    assert isinstance(abstraction, CounterAbstraction)
    assert abstraction.least == 3
    with pytest.raises(ValueError, match="less than 3"):
        abstraction.at(2)
    for sizes, reason in [
        ((3,), "next to"),
        ((3, 5), "next to"),
        ((4, 3), "ascending"),
        ((3, 4, 9), "neighbour"),
    ]:
        refusal = counted(Fleet, "servers", sizes=sizes)
        assert isinstance(refusal, Refusal) and reason in refusal.reason
    assert isinstance(counted(Fleet, "faults", sizes=(2, 3)), Refusal)


def test_parts_of_different_models() -> None:
    """Two instances that differ in more than their size are refused."""
    small, large = elaborate(Fleet(servers=3, faults=2)), elaborate(UnpromisedStart(servers=4, faults=2))
    other = elaborate(Fleet(servers=4, faults=3))
    for second, reason in ((large, "the models"), (other, "the other parameters")):
        instances = [Instance(one.system, one.properties) for one in (small, second)]
        refusal = counter_abstraction(instances, "servers", numbers=True)
        assert isinstance(refusal, Refusal) and reason in refusal.reason


def test_large_sizes() -> None:
    """Counters make sizes explorable at which the array model has more states than anybody can store."""
    abstraction = counted(Lock, "clients")
    assert isinstance(abstraction, CounterAbstraction)
    system, claims = abstraction.at(60)
    graph = explore(UnderRegime(system, abstraction.recurring, FINITELY_MANY))
    # How many wait, from 0 to all, and whether one of the others holds the lock.
    assert len(graph) == 61 + 60
    assert all(judge(graph, claim).verdict is Verdict.HOLDS for claim in claims)


def test_proved_for_every_size() -> None:
    """Promises of a fleet hold for every number of servers, by induction over its counters."""
    from checker.symbolic.safety_proofs import prove_safety

    abstraction = counted(Fleet, "servers")
    assert isinstance(abstraction, CounterAbstraction)
    under = UnderRegime(abstraction.system, abstraction.recurring, FINITELY_MANY)
    for claim in abstraction.properties:
        if claim.kind == "always":
            judgement, proof = prove_safety(under, claim)
            assert judgement.verdict is Verdict.HOLDS and proof is not None
            assert str(judgement.scope) == "all sizes"
