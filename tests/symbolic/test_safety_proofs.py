"""Proofs of safety: never against the explorer, small enough to read, and for every size."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_systems import Builder, systems
from small_systems import FAILED, action, fleet, hazard, integer, system, truth, under

from checker.explicit.explore import explore
from checker.explicit.safety import hazard_judgements, judge_safety
from checker.regimes.regime import NONE, at_most
from checker.symbolic.asking import Budget
from checker.symbolic.houdini import Inductiveness
from checker.symbolic.needed_lemmas import suffices
from checker.symbolic.obligations import error_claims, obligations
from checker.symbolic.replay import replayed
from checker.symbolic.safety_proofs import prove_safety
from checker.symbolic.samples import sampled
from checker.system import expression as e
from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.printer import show_expression
from checker.system.proof import Proof
from checker.system.run import Judgement, Scope, Verdict
from checker.system.sorts import BOOL, INT, Domain, EnumSort
from checker.system.transition_system import Kind, Property, Role, TransitionSystem, Variable

ZERO, ONE = e.constant(0), e.constant(1)


def _agree(proved: Judgement, explored: Judgement) -> None:
    """An unknown verdict contradicts nothing; two known ones are the same."""
    if Verdict.UNKNOWN in (proved.verdict, explored.verdict):
        assert proved.reason or proved.verdict is not Verdict.UNKNOWN
        return
    assert proved.verdict is explored.verdict


def _stands(drawn: TransitionSystem, claim: Property, judged: Judgement, proof: Proof | None) -> None:
    """A proof comes with HOLDS and satisfies its definition; a run comes with VIOLATED and is real."""
    assert (judged.verdict is Verdict.HOLDS) == (proof is not None)
    assert (judged.verdict is Verdict.VIOLATED) == (judged.run is not None)
    if judged.run is not None:
        run = judged.run
        replayed(drawn, run if len(run.steps) == len(run.states) else replace(run, hazard=None))
    if proof is not None:
        steps = Inductiveness(under(drawn))
        bad = [one.bad for one in obligations(steps.relation, claim)]
        assert suffices(steps, proof.invariant, bad)
        graph = explore(under(drawn))
        for index in range(len(graph)):
            assert all(evaluate(one, graph.state(index)) for one in proof.invariant)


@settings(max_examples=35)
@given(systems(), st.data())
def test_always_never_and_transition_agree_with_the_explorer(drawn: TransitionSystem, data) -> None:
    """Random properties of random systems, some of whose predicates go wrong themselves."""
    kind = data.draw(st.sampled_from(["always", "never", "transition"]))
    builder = Builder(data.draw, list(drawn.variables), [], after=kind == "transition")
    wrong = (hazard(builder.any(BOOL, 2), "division"),) if data.draw(st.integers(0, 4)) == 0 else ()
    claim = Property("claim", kind, builder.any(BOOL, 3), hazards=wrong)
    few = sampled(under(drawn), most_states=data.draw(st.sampled_from([2, 8, 1000])))
    judged, proof = prove_safety(under(drawn), claim, samples=few)
    _agree(judged, judge_safety(explore(under(drawn)), claim))
    _stands(drawn, claim, judged, proof)


@settings(max_examples=20)
@given(systems())
def test_errors_of_the_model_agree_with_the_explorer(drawn: TransitionSystem) -> None:
    """Assertions one by one, and all other errors together, named as the explorer names them."""
    explored = hazard_judgements(explore(under(drawn)))
    claims = error_claims(drawn)
    assert [(one.name, one.kind) for one in claims] == [(one.name, one.kind) for one in explored]
    for claim, other in zip(claims, explored, strict=True):
        judged, proof = prove_safety(under(drawn), claim, samples=sampled(under(drawn), most_states=5))
        _agree(judged, other)
        _stands(drawn, claim, judged, proof)


# ---------------------------------------------------------------- by hand


def _proved(made: TransitionSystem, kind: str, predicate: Expression) -> list[str]:
    """The lemmas of a proof for all sizes, as text."""
    judged, proof = prove_safety(under(made), Property("claim", kind, predicate))
    assert (judged.verdict, judged.scope, judged.reason) == (Verdict.HOLDS, Scope("all sizes"), "")
    assert proof is not None and proof.rest is predicate and not proof.ranks and not proof.helpful
    return [show_expression(one) for one in proof.invariant]


def test_a_number_that_only_grows_is_never_negative() -> None:
    """x := x + 1, one lemma."""
    x = integer("x", 0, None)
    made = system([x], action("up", e.TRUE, {"x": e.add(x.node, ONE)}))
    assert _proved(made, "always", e.le(ZERO, x.node)) == ["0 <= x"]
    assert _proved(made, "never", e.lt(x.node, ZERO)) == ["0 <= x"]
    assert _proved(made, "transition", e.lt(x.node, e.next_variable("x", INT))) == []


def test_a_lock_excludes() -> None:
    """Two processes that count without end while they hold the lock: never both inside."""
    sort = EnumSort(("out", "waits", "in"))
    out, waits, inside = (e.constant(k, sort) for k in range(3))
    places = [Variable(f"at{k}", Domain(sort, 0, 2), (0,)) for k in (1, 2)]
    count, locked = integer("count", 0, None), truth("locked")
    actions = []
    for one in places:
        here = one.node
        takes = {one.name: inside, "locked": e.TRUE, "count": e.add(count.node, ONE)}
        actions += [
            action(f"wait_{one.name}", e.eq(here, out), {one.name: waits}),
            action(f"take_{one.name}", e.conj(e.eq(here, waits), e.neg(locked.node)), takes),
            action(f"leave_{one.name}", e.eq(here, inside), {one.name: out, "locked": e.FALSE}),
        ]
    made = system([*places, count, locked], *actions)
    both = e.conj(*(e.eq(one.node, inside) for one in places))
    lemmas = _proved(made, "never", both)
    assert len(lemmas) <= 5
    # Without looking at the lock both get in.
    careless = replace(
        actions[4], guard=e.eq(places[1].node, waits), updates=((places[1].name, inside),)
    )
    broken = system([*places, count, locked], *actions[:4], careless, actions[5])
    judged, proof = prove_safety(under(broken), Property("claim", "never", both))
    assert (judged.verdict, proof) == (Verdict.VIOLATED, None)
    assert judged.run is not None and len(judged.run) == 4


def test_a_difference_stays_bounded() -> None:
    """A producer is at most `size` ahead of a consumer, and never behind, for every size."""
    size = Variable("size", Domain(INT, 1, None), None, Role.PARAMETER)
    put, got = integer("put", 0, None), integer("got", 0, None)
    ahead = e.sub(put.node, got.node)
    made = system(
        [size, put, got],
        action("produce", e.lt(ahead, size.node), {"put": e.add(put.node, ONE)}),
        action("consume", e.lt(got.node, put.node), {"got": e.add(got.node, ONE)}),
    )
    claim = e.conj(e.le(ZERO, ahead), e.le(ahead, size.node))
    assert len(_proved(made, "always", claim)) <= 4
    judged, _ = prove_safety(under(made), Property("claim", "always", e.lt(ahead, size.node)))
    assert judged.verdict is Verdict.VIOLATED
    assert judged.run is not None
    # A shortest run is one of the smallest size, whose value is part of every state.
    assert [state["size"] for state in judged.run.states] == [1, 1]
    assert evaluate(e.lt(ahead, size.node), judged.run.states[-1]) is False


def test_the_sum_is_found_that_the_model_keeps() -> None:
    """Requests move between three queues: none is invented, although no comparison mentions the sum."""
    n = Variable("n", Domain(INT, 0, None), None, Role.PARAMETER)
    left = Variable("left", Domain(INT, 0, None), n.node)
    busy, done = integer("busy", 0, None), integer("done", 0, None)

    def move(name: str, source: Variable, target: Variable) -> tuple[str, Expression, dict]:
        return (
            name,
            e.lt(ZERO, source.node),
            {
                source.name: e.sub(source.node, ONE),
                target.name: e.add(target.node, ONE),
            },
        )

    made = system(
        [n, left, busy, done],
        action(*move("take", left, busy)),
        action(*move("finish", busy, done)),
        action(*move("retry", busy, left)),
    )
    lemmas = _proved(made, "always", e.le(done.node, n.node))
    assert any("left + busy + done" in one for one in lemmas)


def test_a_bound_that_depends_on_a_label() -> None:
    """A lease outlives the leader's own deadline by what the clock may lose, while there is a leader."""
    drift = Variable("drift", Domain(INT, 1, None), None, Role.PARAMETER)
    deadline = Variable("deadline", Domain(INT, 1, None), None, Role.PARAMETER)
    leads, expires, lost = (integer(name, 0, None) for name in ("leads", "expires", "lost"))

    def less(one: Variable) -> Expression:
        return e.maximum(e.sub(one.node, ONE), ZERO)

    made = system(
        [drift, deadline, leads, expires, lost],
        action(
            "renew",
            e.disj(e.lt(ZERO, leads.node), e.eq(expires.node, ZERO)),
            {
                "leads": deadline.node,
                "expires": e.add(deadline.node, drift.node),
                "lost": ZERO,
            },
        ),
        action("tick", e.TRUE, {"leads": less(leads), "expires": less(expires)}),
        action(
            "stall",
            e.conj(e.lt(lost.node, drift.node), e.lt(ZERO, expires.node)),
            {"lost": e.add(lost.node, ONE), "expires": e.sub(expires.node, ONE)},
            kind=Kind.FAULT,
        ),
    )
    taken_over = e.conj(e.lt(ZERO, leads.node), e.eq(expires.node, ZERO))
    lemmas = _proved(made, "never", taken_over)
    assert any("lost" in one and "drift" in one for one in lemmas)


def test_like_machines_are_counted() -> None:
    """With two faults to spend not all of five servers have failed: by counting, in two lemmas."""
    made = fleet(5, 2)
    states = [made.variable[f"state[{k}]"].node for k in range(5)]
    everything = e.conj(*(e.eq(one, FAILED) for one in states))
    judged, proof = prove_safety(under(made), Property("claim", "never", everything))
    assert (judged.verdict, judged.scope) == (Verdict.HOLDS, Scope("exhaustive"))
    assert proof is not None and len(proof.invariant) == 2
    assert "sum(" in show_expression(proof.invariant[1])


def test_a_wrong_claim_beyond_the_sample_is_unknown() -> None:
    """Only after three thousand steps does it break: no run is at hand, so nothing is claimed."""
    x = integer("x", 0, None)
    made = system([x], action("up", e.TRUE, {"x": e.add(x.node, ONE)}))
    claim = Property("claim", "always", e.le(x.node, e.constant(3000)))
    judged, proof = prove_safety(under(made), claim)
    assert (judged.verdict, proof) == (Verdict.UNKNOWN, None)
    assert "no inductive invariant" in judged.reason


def test_where_the_model_goes_wrong_nothing_else_is_proved() -> None:
    """After an error the run has no successor: `always` is unknown, the error itself is violated."""
    x = integer("x", 0, 3)
    wrong = hazard(e.eq(x.node, e.constant(2)), "domain", "x")
    made = system([x], action("up", e.TRUE, {"x": e.add(x.node, ONE)}, hazards=(wrong,)))
    judged, proof = prove_safety(under(made), Property("claim", "always", e.le(x.node, e.constant(2))))
    assert (judged.verdict, proof) == (Verdict.UNKNOWN, None)
    assert judged.reason == "the model itself goes wrong: x is broken"
    (claim,) = error_claims(made)
    judged, _ = prove_safety(under(made), claim)
    assert judged.verdict is Verdict.VIOLATED
    assert judged.run is not None and judged.run.hazard is wrong and len(judged.run) == 3


def test_an_error_that_no_sample_shows_prevents_a_proof() -> None:
    """The model goes wrong later than the sample reaches: still not proved."""
    x, y = integer("x", 0, None), integer("y", 0, 9)
    wrong = hazard(e.le(e.constant(3000), x.node), "domain", "x")
    made = system([x, y], action("up", e.TRUE, {"x": e.add(x.node, ONE)}, hazards=(wrong,)))
    judged, proof = prove_safety(under(made), Property("claim", "always", e.eq(y.node, ZERO)))
    assert (judged.verdict, proof) == (Verdict.UNKNOWN, None)
    assert "x is broken" in judged.reason


def test_the_regime_counts() -> None:
    """With at most two faults the damage is at most two; without a limit it is not."""
    x = integer("x", 0, None)
    made = system([x], action("hit", e.TRUE, {"x": e.add(x.node, ONE)}, kind=Kind.FAULT))
    claim = Property("claim", "always", e.le(x.node, e.constant(2)))
    assert prove_safety(NONE.apply(made), claim)[0].verdict is Verdict.HOLDS
    judged, proof = prove_safety(at_most(2).apply(made), claim)
    assert judged.verdict is Verdict.HOLDS and judged.regime == "at_most(2)"
    assert proof is not None
    assert prove_safety(at_most(3).apply(made), claim)[0].verdict is Verdict.VIOLATED
    assert prove_safety(under(made), claim)[0].verdict is Verdict.VIOLATED


def test_a_finite_system_is_proved_exhaustively() -> None:
    """No symbol and no unbounded number: the scope is all states of this instance."""
    made = fleet(2, 2)
    budget = made.variable["budget"].node
    judged, proof = prove_safety(under(made), Property("paid", "always", e.le(budget, e.constant(2))))
    assert (judged.verdict, judged.scope) == (Verdict.HOLDS, Scope("exhaustive"))
    assert proof is not None and [show_expression(one) for one in proof.invariant] == ["budget <= 2"]


def test_the_same_again() -> None:
    """The same proof, lemma by lemma."""
    x, y = integer("x", 0, None), integer("y", 0, None)
    made = system([x, y], action("up", e.TRUE, {"x": e.add(x.node, ONE), "y": e.add(y.node, ONE)}))
    claim = Property("claim", "always", e.eq(x.node, y.node))
    assert prove_safety(under(made), claim) == prove_safety(under(made), claim)


def test_without_time_nothing_is_claimed() -> None:
    """A budget that is spent from the start: unknown, with the reason."""
    x = integer("x", 0, None)
    made = system([x], action("up", e.TRUE, {"x": e.add(x.node, ONE)}))
    claim = Property("claim", "always", e.le(ZERO, x.node))
    judged, proof = prove_safety(under(made), claim, budget=Budget(0.0))
    assert (judged.verdict, proof) == (Verdict.UNKNOWN, None)
    assert judged.reason.startswith("out of time")


def test_other_kinds_are_refused() -> None:
    """An invariant proves no convergence."""
    with pytest.raises(ValueError, match="converges"):
        prove_safety(under(fleet(1, 1)), Property("settles", "converges", e.TRUE))
