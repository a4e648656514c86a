"""k-induction: proofs over unbounded integers that exploration never contradicts."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from random_systems import Builder, systems
from small_systems import action, hazard, integer, system, under

from checker.explicit.explore import explore
from checker.explicit.safety import hazard_judgements, judge_safety
from checker.regimes.regime import UNBOUNDED, at_most
from checker.symbolic.asking import Budget
from checker.symbolic.k_induction import k_induction
from checker.system.expression import (
    TRUE,
    add,
    conj,
    constant,
    eq,
    floordiv,
    ite,
    le,
    lt,
    ne,
    next_variable,
    sub,
)
from checker.system.run import Judgement, Verdict
from checker.system.sorts import BOOL, INT
from checker.system.transition_system import Property, TransitionSystem

_MOST = 80


def _compatible(proved: Judgement, explored: Judgement) -> None:
    """Neither engine says that something holds which the other one violates or doubts."""
    if proved.verdict is Verdict.HOLDS:
        assert explored.verdict is Verdict.HOLDS, (proved, explored)
    if proved.verdict is Verdict.VIOLATED:
        assert explored.verdict is Verdict.VIOLATED, (proved, explored)
        assert len(proved.run) == len(explored.run)


@settings(max_examples=max(20, settings.default.max_examples // 5), deadline=None)
@given(systems(), st.sampled_from((UNBOUNDED, at_most(1))), st.data())
def test_proofs_are_not_contradicted(drawn: TransitionSystem, regime, data: st.DataObject) -> None:
    """On random systems: what is proved the explorer finds to hold, errors of the model included."""
    allowed = regime.apply(drawn)
    graph = explore(allowed, max_states=_MOST)
    assume(graph.complete)
    builder = Builder(data.draw, list(drawn.variables), [])
    errors = data.draw(st.sampled_from([(), (hazard(builder.any(BOOL, 1)),)]))
    limit = {"most_k": 3, "rlimit": 300_000}
    for kind in ("always", "never"):
        claim = Property("p", kind, builder.any(BOOL, 2), hazards=errors)
        _compatible(k_induction(allowed, claim, **limit), judge_safety(graph, claim))
    judged = hazard_judgements(graph)[-1]
    _compatible(k_induction(allowed, Property("well_defined", "domain"), **limit), judged)
    builder.after = True
    claim = Property("p", "transition", builder.any(BOOL, 2))
    _compatible(k_induction(allowed, claim, **limit), judge_safety(graph, claim))


def _pair():
    x, y = integer("x", 0, None), integer("y", 0, None)
    both = action("both", TRUE, {"x": add(x.node, constant(1)), "y": add(y.node, constant(1))})
    return x, y, under(system([x, y], both))


def test_an_inductive_predicate_is_proved_at_once() -> None:
    """Two counters that move together are equal, however far they count."""
    x, y, together = _pair()
    proved = k_induction(together, Property("p", "always", eq(x.node, y.node)))
    assert proved.verdict is Verdict.HOLDS and proved.metrics["k"] == 1
    broken = k_induction(together, Property("p", "never", eq(x.node, constant(2))))
    assert broken.verdict is Verdict.VIOLATED and len(broken.run) == 2


def test_a_lemma_makes_a_predicate_inductive() -> None:
    """x ≠ 7 where y is 9 is not inductive for any small k, and is with the lemma that x equals y."""
    x, y, together = _pair()
    claim = Property("p", "never", conj(eq(x.node, constant(7)), eq(y.node, constant(9))))
    assert k_induction(together, claim, most_k=3).verdict is Verdict.UNKNOWN
    proved = k_induction(together, claim, lemmas=(eq(x.node, y.node),), most_k=3)
    assert (proved.verdict, proved.metrics["k"]) == (Verdict.HOLDS, 1)


def test_more_steps_prove_what_one_does_not() -> None:
    """A ring of three places: that the fourth is never reached needs its predecessors to be excluded."""
    x = integer("x", 0, 9)
    here = x.node
    following = ite(
        eq(here, constant(2)),
        constant(0),
        ite(eq(here, constant(7)), constant(8), add(here, constant(1))),
    )
    ring = under(system([x], action("go", ne(here, constant(8)), {"x": following})))
    claim = Property("p", "never", eq(here, constant(8)))
    assert k_induction(ring, claim, most_k=1).verdict is Verdict.UNKNOWN
    proved = k_induction(ring, claim, most_k=6)
    # 3, 4, 5, 6, 7 lead to 8, and nothing leads to 3: no chain of six steps ends there.
    assert (proved.verdict, proved.metrics["k"]) == (Verdict.HOLDS, 6)


def test_states_of_a_chain_differ() -> None:
    """An unreachable cycle with a way out to the bad state: excluded by any k, as no chain repeats."""
    x = integer("x", 0, 3)
    steps = [(1, 2), (2, 1), (2, 3)]
    moves = [action(f"{a}to{b}", eq(x.node, constant(a)), {"x": constant(b)}) for a, b in steps]
    around = under(system([x], *moves))
    proved = k_induction(around, Property("p", "never", eq(x.node, constant(3))), most_k=5)
    assert (proved.verdict, proved.metrics["k"]) == (Verdict.HOLDS, 3)


def test_a_bad_step_may_lead_back_into_the_chain() -> None:
    """A step down is found though it leads to a state of the chain itself."""
    x = integer("x", 0, 3)
    up = action("up", lt(x.node, constant(3)), {"x": add(x.node, constant(1))})
    down = action("down", eq(x.node, constant(3)), {"x": sub(x.node, constant(1))})
    rising = Property("p", "transition", le(x.node, next_variable("x", INT)))
    assert k_induction(under(system([x], up)), rising).verdict is Verdict.HOLDS
    for most in range(1, 4):
        found = k_induction(under(system([x], up, down)), rising, most_k=most)
        assert found.verdict is Verdict.UNKNOWN
    found = k_induction(under(system([x], up, down)), rising, most_k=4)
    assert found.verdict is Verdict.VIOLATED and len(found.run) == 4


def test_nothing_holds_of_a_model_that_goes_wrong() -> None:
    """The predicate is inductive; the model goes wrong after two steps, and that is said instead."""
    x = integer("x", 0, None)
    wrong = hazard(eq(x.node, constant(2)))
    up = action("up", TRUE, {"x": add(x.node, constant(1))}, hazards=(wrong,))
    claim = Property("p", "always", le(constant(0), x.node))
    found = k_induction(under(system([x], up)), claim, most_k=5)
    assert found.verdict is Verdict.UNKNOWN
    assert found.reason == "the model itself goes wrong: sound is broken"
    assert k_induction(under(system([x], up)), Property("well_defined", "domain")).verdict is (
        Verdict.HOLDS
    )
    sound = Property("sound", "assert", location=wrong.location)
    assert k_induction(under(system([x], up)), sound, most_k=5).verdict is Verdict.VIOLATED


def test_division_of_negative_numbers_is_python_s() -> None:
    """Trap 13 in a proof: halving a negative number without end never gives 0."""
    x = integer("x", -9, None, (-9,))
    halve = action("halve", lt(x.node, constant(0)), {"x": floordiv(x.node, constant(2))})
    claim = Property("p", "always", lt(x.node, constant(0)))
    assert k_induction(under(system([x], halve)), claim).verdict is Verdict.HOLDS


@pytest.mark.parametrize("kind", ["recurs", "reachable"])
def test_other_kinds_are_refused(kind: str) -> None:
    """What no induction on the steps proves is an error of the caller."""
    _, _, together = _pair()
    with pytest.raises(ValueError, match="is of kind"):
        k_induction(together, Property("p", kind, TRUE))


def test_a_limit_is_unknown() -> None:
    """Without time nothing is proved, and nothing is claimed."""
    x, y, together = _pair()
    found = k_induction(together, Property("p", "always", eq(x.node, y.node)), budget=Budget(0.0))
    assert found.verdict is Verdict.UNKNOWN and found.reason.startswith("out of time")
