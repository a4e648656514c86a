"""Dead values: the same verdicts with and without them, and no more is given up than may be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import agreement_with_reduction
import pytest
from agreement_with_reduction import disagreements, judge
from small_systems import action, hazard, integer, symbol, system, truth

from checker import elaborate
from checker.evidence.replay import replay
from checker.evidence.trace import trace_of
from checker.explicit.explore import explore
from checker.explicit.restoring import restored
from checker.findings.selection import regime_of
from checker.language.elaborate import Elaborated
from checker.language.execution import Execution
from checker.language.loader import gallery, load_models
from checker.reductions import dead_values, live_variables
from checker.reductions.dataflow import Flow, Move
from checker.reductions.live_variables import (
    Keeping,
    LiveVariables,
    keeping_for,
    read_by,
    without_dead_values,
)
from checker.regimes.regime import FINITELY_MANY, UNBOUNDED
from checker.system import expression as e
from checker.system.run import Verdict
from checker.system.sorts import INT, Domain
from checker.system.transition_system import Fairness, Kind, Property, TransitionSystem

# ---------------------------------------------------------------- random systems


def test_verdicts_are_the_same_on_random_systems() -> None:
    """Every kind of property, under every regime: same verdict, same measures, a real run."""
    statistics: Counter[str] = Counter()
    for seed in range(200):
        assert list(disagreements(seed, statistics)) == [], f"seed {seed}"
    # It is about something: much is reduced, all verdicts occur, and loops have to be repeated.
    assert statistics["STATES states"] < statistics["STATES of"] / 3
    assert statistics["STEPS states"] < statistics["STEPS of"] * 0.9
    for kind in ("always", "converges", "leads_to", "recurs", "transition", "deadlock_free"):
        assert min(statistics[f"{kind} {verdict.value}"] for verdict in Verdict) >= 3
    assert statistics["longer loops"] > 50


def forgotten(flow: Flow, read: dict[int, set[str]]) -> dict[int, set[str]]:
    """Live variables, but one that is read and not judged is forgotten here and there."""
    live = truly_live(flow, read)
    for value, names in live.items():
        for name in sorted(names - set(read[value])):
            if (len(name) + value) % 3 == 0:
                names.discard(name)
    return live


truly_live = Flow.live


def needless(move: Move, live: dict[int, set[str]]) -> set[str]:
    """What a move needs, without what new values are computed from."""
    return {
        name
        for way in move.ways
        for target in way.targets
        for name in live[target]
        if name not in way.reads
    }


@pytest.mark.parametrize(
    ("place", "name", "instead"),
    [
        (Flow, "live", forgotten),
        (Flow, "_needed", staticmethod(needless)),
        (dead_values, "_invisible", lambda *_: iter(())),
        (dead_values, "_form", lambda *_: iter(())),
        (dead_values, "_beginning", lambda *_: iter(())),
        (dead_values, "_unpromised", lambda table: {m.action.name for m in table.flow.moves[0]}),
    ],
    ids=["live", "computed-from", "invisible-steps", "well-formed", "at-the-start", "fairness"],
)
def test_a_wrong_analysis_is_caught(
    monkeypatch: pytest.MonkeyPatch, place: object, name: str, instead: Callable[..., object]
) -> None:
    """With a piece of the analysis left out the random systems are judged differently."""
    monkeypatch.setattr(place, name, instead)
    assert any(_differs(seed) for seed in range(200))


def _differs(seed: int) -> bool:
    try:
        return next(disagreements(seed, Counter()), None) is not None
    except ValueError:
        return True  # a run that is none of the original system, or a state that is none


# ---------------------------------------------------------------- what may not be given up


def reduced(given: TransitionSystem, *claims: Property, keeping: Keeping | None = None) -> LiveVariables:
    """A system reduced for some claims."""
    least = keeping_for(claims)
    assert least is not None
    return without_dead_values(given, read_by(claims), keeping=keeping or least)


def verdicts(given: TransitionSystem, claim: Property, **options: Keeping) -> tuple[Verdict, Verdict]:
    """The verdict on a system and on what becomes of it."""
    under = UNBOUNDED.apply(given)
    smaller = replace(under, system=reduced(under.system, claim, **options).system)
    return judge(explore(under), claim).verdict, judge(explore(smaller), claim).verdict


def clerk(*, choosing: bool = False, **options: Fairness) -> tuple[TransitionSystem, Property]:
    """Does its work, or else counts to three over and over, as one promise about both."""
    done, count = truth("done"), integer("count", 0, 2)
    counted = e.modulo(e.add(count.node, e.constant(1)), e.constant(3))
    if choosing:
        works = symbol("works", 0, 1)
        here = e.eq(works.node, e.constant(1))
        after = {"done": e.disj(done.node, here), "count": e.ite(here, count.node, counted)}
        moves = [action("act", e.TRUE, after, choices=(works,), **options)]
    else:
        moves = [
            action("work", e.neg(done.node), {"done": e.TRUE}, group="clerk", **options),
            action("count", e.TRUE, {"count": counted}, group="clerk", **options),
        ]
    return system([done, count], *moves), Property("finished", "converges", done.node)


@pytest.mark.parametrize("fairness", [Fairness.WEAK, Fairness.STRONG])
@pytest.mark.parametrize("choosing", [False, True])
def test_half_a_unit_does_not_become_invisible(fairness: Fairness, choosing: bool) -> None:
    """Counting for ever is fair to a unit that may also work: then the work is never done."""
    given, finished = clerk(choosing=choosing, fairness=fairness)
    assert verdicts(given, finished) == (Verdict.VIOLATED, Verdict.VIOLATED)
    name = "act" if choosing else "count"
    assert reduced(given, finished).refused == (f"`count`: a step of `{name}` may change nothing else",)
    # Without a view to fairness it is simply not there.
    reachable = Property("finished", "reachable", finished.predicate)
    assert reduced(given, reachable).touched == {"count"}


def test_a_strong_unit_may_not_count_instead() -> None:
    """One outcome at a time is enough for weak fairness only.

    The clerk can work while the door is open, and count while it is shut: by counting it keeps a
    strong promise, and never works.
    """
    door, done, count = truth("open"), truth("done"), integer("count", 0, 2)
    counted = e.modulo(e.add(count.node, e.constant(1)), e.constant(3))
    swing = action("swing", e.TRUE, {"open": e.neg(door.node)})
    work = {"done": e.disj(done.node, door.node), "count": e.ite(door.node, count.node, counted)}
    finished = Property("finished", "converges", done.node)
    for fairness in (Fairness.STRONG, Fairness.WEAK):
        given = system([door, done, count], swing, action("act", e.TRUE, work, fairness=fairness))
        assert verdicts(given, finished) == (Verdict.VIOLATED, Verdict.VIOLATED)
        assert ("count" in reduced(given, finished).touched) == (fairness is Fairness.WEAK)


def test_a_promise_about_faults_is_kept() -> None:
    """A fair fault that may not recur cannot be put into a loop: no run is fair while it could be."""
    count = integer("count", 0, 2)
    counted = e.modulo(e.add(count.node, e.constant(1)), e.constant(3))
    noise = action("noise", e.TRUE, {"count": counted}, kind=Kind.FAULT, fairness=Fairness.WEAK)
    given = system([truth("done"), count], noise)
    never_done = Property("done", "recurs", given.variable["done"].node)
    under = FINITELY_MANY.apply(given)
    smaller = replace(under, system=reduced(given, never_done).system)
    assert judge(explore(under), never_done).verdict is Verdict.HOLDS
    assert judge(explore(smaller), never_done).verdict is Verdict.HOLDS


def test_an_observer_is_left_out_for_fair_runs() -> None:
    """A fair unit that only moves what nobody reads is dropped, however fair; but not its steps."""
    x, seen = integer("x", 0, 2), integer("seen", 0, 2)
    up = action("up", e.lt(x.node, e.constant(2)), {"x": e.add(x.node, e.constant(1))})
    look = {"seen": x.node}
    watch = action("watch", e.ne(seen.node, x.node), look, fairness=Fairness.STRONG)
    given = system([x, seen], up, watch)
    top = Property("top", "converges", e.eq(x.node, e.constant(2)))
    smaller = reduced(given, top)
    assert (smaller.dropped, smaller.touched) == (("watch",), {"seen"})
    assert verdicts(given, top) == (Verdict.HOLDS, Verdict.HOLDS)
    assert smaller.unmeasured(top) == ("steps", "rounds", "unbounded", "confluent", "different_ends")
    still = Property("still", "deadlock_free")
    assert reduced(given, top, still).touched == set()
    assert "may have been left out" in smaller.obstacle(still)


def test_a_cycle_over_an_unbounded_counter_is_no_cycle() -> None:
    """What has no greatest value is not forgotten where loops are looked for."""
    count = integer("count", 0, None, bound=5)
    busy = integer("busy", 0, 1)
    flip = {"busy": e.sub(e.constant(1), busy.node), "count": e.add(count.node, e.constant(1))}
    given = system([count, busy], action("flip", e.TRUE, flip))
    quiet = Property("quiet", "converges", e.eq(busy.node, e.constant(0)))
    assert reduced(given, quiet).refused == (
        "`count`: it has no greatest value, so a cycle may not close",
    )
    # For states alone it is: the space becomes finite, and exhaustive.
    low = Property("low", "always", e.le(busy.node, e.constant(1)))
    under = UNBOUNDED.apply(reduced(given, low).system)
    assert explore(under).complete and not explore(UNBOUNDED.apply(given)).complete


def test_what_ends_a_pass_is_read() -> None:
    """Rounds are counted by a condition of the step: what it reads matters."""
    at, last = integer("at", 0, 2), truth("last", (False, True))
    onward = action(
        "on",
        e.lt(at.node, e.constant(2)),
        {"at": e.add(at.node, e.constant(1)), "last": e.neg(last.node)},
    )
    process = replace(onward, process="p", completes=last.node)
    there = Property("there", "converges", e.eq(at.node, e.constant(2)))
    read = reduced(system([at, last], process), there, keeping=Keeping.STEPS)
    assert read.resets == ("`last` where `at` is 2",)
    unread = reduced(system([at, last], onward), there, keeping=Keeping.STEPS)
    assert unread.resets == ("`last` everywhere",)


def test_what_a_hazard_reads_is_kept() -> None:
    """An error that could happen is not sliced away, though no property reads anything of it."""
    count = integer("count", 0, 2)
    up = {"count": e.add(count.node, e.constant(1))}
    wrong = hazard(e.eq(count.node, e.constant(2)), "domain", "count")
    given = system([count, truth("x")], action("up", e.TRUE, up, hazards=(wrong,)))
    claim = Property("off", "never", given.variable["x"].node)
    assert verdicts(given, claim) == (Verdict.UNKNOWN, Verdict.UNKNOWN)
    assert reduced(given, claim).touched == set()


def test_kinds_that_are_not_kept_are_refused() -> None:
    """Idempotence always; claims about steps unless all of them are kept; predicates unheard of."""
    given, finished = clerk()
    idempotent = Property("again", "idempotent", process="clerk", world=("done",))
    assert keeping_for([finished, idempotent]) is None
    assert keeping_for([finished]) is Keeping.RUNS
    done = replace(finished, kind="reachable")
    smaller = reduced(given, done)
    assert smaller.obstacle(done) == ""
    assert "not kept" in smaller.obstacle(idempotent)
    assert "left out" in smaller.obstacle(finished)
    count = given.variable["count"].node
    other = Property("one", "always", e.lt(count, e.constant(2)))
    assert smaller.obstacle(other) == "one reads `count`, which is reset"
    step = Property("slow", "transition", e.le(count, e.next_variable("count", INT)))
    assert reduced(given, step).touched == set()


# ---------------------------------------------------------------- what is given up


def test_a_local_is_reset_where_the_program_counter_says_so() -> None:
    """Written at position 0, read at 1, dead at 2 and, as it is written again, at 0."""
    at, held, world = integer("at", 0, 2), integer("held", 0, 2, None), truth("world")
    i = symbol("i", 0, 2)

    def go(here: int, **updates: e.Expression) -> dict[str, e.Expression]:
        return {"at": e.constant((here + 1) % 3), **updates}

    def there(here: int) -> e.Expression:
        return e.eq(at.node, e.constant(here))

    given = system(
        [at, held, world],
        action("look", there(0), go(0, held=i.node), choices=(i,)),
        action("act", there(1), go(1, world=e.eq(held.node, e.constant(2)))),
        action("rest", there(2), go(2)),
    )
    claim = Property("off", "always", e.neg(world.node))
    smaller = reduced(given, claim, keeping=Keeping.STEPS)
    assert smaller.resets == ("`held` where `at` is 0 or 2",)
    # At 1 both are known; before and after that only the world is left, instead of who changed it.
    assert len(explore(UNBOUNDED.apply(given))) == 4 + 6 + 3
    assert len(explore(UNBOUNDED.apply(smaller.system))) == 2 + 6 + 2
    # The step that leaves it behind resets it, and so does the beginning.
    assert dict(smaller.system.action["act"].updates)["held"] is e.constant(0)
    assert smaller.system.variable["held"].initial == (0,)
    assert smaller.system.variable["held"].domain == Domain(INT, 0, 2)


def test_what_is_fixed_takes_no_room() -> None:
    """Outside the cone of influence a number has one value, and no bits in a packed state."""
    x, log = truth("x"), integer("log", 0, 1000, (7,))
    note = {"x": e.neg(x.node), "log": e.modulo(e.add(log.node, e.constant(1)), e.constant(1000))}
    given = system([x, log], action("note", e.TRUE, note))
    smaller = reduced(given, Property("on", "recurs", x.node), keeping=Keeping.STEPS)
    assert smaller.resets == ("`log` everywhere",)
    graph = explore(UNBOUNDED.apply(smaller.system))
    assert (len(graph), graph.packing.bits, graph.state(0)["log"]) == (2, 1, 7)
    assert len(explore(UNBOUNDED.apply(given))) == 1000


def test_order_of_variables_decides_nothing_at_random() -> None:
    """The same reduction each time: names of variables are kept in sets on the way."""
    for seed in range(20):
        careless = agreement_with_reduction.Careless(seed)
        given = careless.system()
        first = without_dead_values(given, {}, keeping=Keeping.RUNS)
        assert first.resets == without_dead_values(given, {}, keeping=Keeping.RUNS).resets
        assert [v.name for v in first.system.variables] == [v.name for v in given.variables]


# ---------------------------------------------------------------- the gallery

EVERY_MODEL = [f"{name}::{model.__name__}" for name, _ in gallery() for model in load_models(name)]


@cache
def elaborated(reference: str) -> Elaborated:
    """A model of the gallery, translated once."""
    name, _, wanted = reference.partition("::")
    return elaborate(next(model for model in load_models(name) if model.__name__ == wanted)())


@pytest.mark.parametrize("reference", EVERY_MODEL)
@pytest.mark.parametrize("keeping", list(Keeping), ids=lambda level: level.name.lower())
def test_gallery_is_judged_alike(reference: str, keeping: Keeping) -> None:
    """Each property by itself: the same verdict, and CPython repeats the restored run."""
    model = elaborated(reference)
    for claim in model.properties:
        least = keeping_for([claim])
        if least is None or least > keeping:
            continue
        under = regime_of(claim, None).apply(model.system)
        reduction = reduced(under.system, claim, keeping=keeping)
        assert reduction.obstacle(claim) == ""
        graph, smaller = explore(under), explore(replace(under, system=reduction.system))
        before, after = judge(graph, claim), judge(smaller, claim)
        assert after.verdict is before.verdict
        assert len(smaller) <= len(graph)
        for name in ("steps", "rounds", "self_stabilising", "reached", "stable"):
            if name not in reduction.unmeasured(claim) and claim.kind == "converges":
                assert after.metrics.get(name) == before.metrics.get(name)
        if after.run is not None:
            run = restored(under.system, reduction.system, after.run)
            trace = trace_of(
                model.system, run, claim=claim.name, kind=claim.kind, regime=str(under.regime)
            )
            replay(Execution(model), under, trace, claim, run)


@pytest.mark.parametrize(("managers", "states", "left"), [(3, 288, 99), (4, 1568, 353), (5, 8832, 1299)])
def test_two_phase_commit_forgets_who_was_heard(managers: int, states: int, left: int) -> None:
    """Once the coordinator has decided it no longer matters who had prepared."""
    (model,) = [one for one in load_models("two_phase_commit") if one.__name__ == "TwoPhaseCommit"]
    given = elaborate(model(managers=managers))
    under = FINITELY_MANY.apply(given.system)
    reduction = reduced(under.system, *given.properties, keeping=Keeping.STEPS)
    assert "`heard[0]` where `coordinator` is 'committed' or 'aborted'" in reduction.resets
    assert len(explore(under)) == states
    assert len(explore(replace(under, system=reduction.system))) == left


def test_effort_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the limit no more controllers are tried; what was found until then is still right."""
    (model,) = load_models("two_phase_commit")[:1]
    system_of = elaborate(model()).system
    monkeypatch.setattr(live_variables, "_MOST_EFFORT", 0)
    untouched = without_dead_values(system_of, {})
    assert untouched.touched == set() and untouched.system is system_of
