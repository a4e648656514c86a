"""Spacer: what it finds is read back and proved again; nothing it says is believed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_systems import DOMAINS, Builder, systems
from small_systems import action, hazard, integer, system, truth, under

from checker.explicit.explore import explore
from checker.explicit.safety import hazard_judgements, judge_safety
from checker.regimes.regime import at_most
from checker.symbolic import spacer as engine
from checker.symbolic.asking import Budget
from checker.symbolic.fresh_process import Answer, Question, solved
from checker.symbolic.numbers import Integers
from checker.symbolic.reading_back import Unreadable, z3_to_expression
from checker.symbolic.spacer import spacer
from checker.symbolic.terms import Reader
from checker.system.evaluate import evaluate
from checker.system.expression import (
    TRUE,
    add,
    conj,
    constant,
    disj,
    eq,
    floordiv,
    le,
    lt,
    modulo,
    ne,
    neg,
    next_variable,
    sub,
)
from checker.system.run import Verdict
from checker.system.sorts import BOOL, INT, Domain
from checker.system.transition_system import Kind, Property, Variable

ENDLESS = """
(declare-fun Reached (Int Int) Bool)
(assert (forall ((x Int) (y Int)) (=> (and (= x 0) (= y 0)) (Reached x y))))
(assert (forall ((x Int) (y Int)) (=> (Reached x y) (Reached (+ x 2) y))))
(assert (forall ((x Int) (y Int)) (=> (Reached x y) (Reached x (- y 2)))))
(assert (forall ((x Int) (y Int)) (=> (and (Reached x y) (= (+ x y) 1)) false)))
"""


def unbounded_race():
    """A hare that moves two at a time while it is behind, and a tortoise with any head start."""
    hare, tortoise = integer("hare", 0, None), integer("tortoise", 0, None, None)
    run = action("run", lt(hare.node, tortoise.node), {"hare": add(hare.node, constant(2))})
    crawl = action("crawl", le(hare.node, tortoise.node), {"tortoise": add(tortoise.node, constant(1))})
    return system([hare, tortoise], run, crawl)


def always(predicate, name="claim", kind="always"):
    """A property without a name worth mentioning."""
    return Property(name, kind, predicate)


# ---------------------------------------------------------------- proofs


def test_an_invariant_that_the_claim_alone_is_not():
    """Every reachable state, of infinitely many: the claim needs a lemma that it does not state."""
    small = unbounded_race()
    hare, tortoise = (one.node for one in small.variables)
    parity = always(neg(eq(add(modulo(hare, constant(2)), constant(-1)), constant(0))))
    for claim in (always(le(hare, add(tortoise, constant(1)))), parity):
        judgement, proof = spacer(under(small), claim)
        assert (judgement.verdict, str(judgement.scope)) == (Verdict.HOLDS, "all sizes")
        assert proof is not None and proof.rest is claim.predicate


def test_it_takes_spacer():
    """Two counters that go up together never differ: the lemma is found, not stated."""
    one, other, turn = integer("one", 0, None), integer("other", 0, None), truth("turn")
    ahead = action("ahead", neg(turn.node), {"one": add(one.node, constant(1)), "turn": constant(True)})
    follow = action(
        "follow", turn.node, {"other": add(other.node, constant(1)), "turn": constant(False)}
    )
    claim = always(disj(turn.node, eq(one.node, other.node)))
    judgement, proof = spacer(under(system([one, other, turn], ahead, follow)), claim)
    assert judgement.verdict is Verdict.HOLDS
    assert judgement.metrics["configuration"] in dict(engine.CONFIGURATIONS)
    assert proof is not None and len(proof.invariant) >= 2


def test_a_divisor_that_is_no_number():
    """A clock of any number of hours never strikes that number: Spacer knows no such remainder."""
    hours, hour = integer("hours", 1, None, None), integer("hour", 0, None)
    turned = modulo(add(hour.node, constant(1)), hours.node)
    tick = action("tick", TRUE, {"hour": turned})
    here = under(system([hours, hour], tick))
    late = action("late", TRUE, {"hour": add(turned, constant(1))})
    assert spacer(here, always(ne(hour.node, add(hours.node, constant(2)))))[0].verdict is Verdict.HOLDS
    claim = always(ne(hour.node, add(hours.node, constant(1))), kind="always")
    assert spacer(under(system([hours, hour], late)), claim)[0].verdict is Verdict.HOLDS
    claim = always(ne(hour.node, hours.node))
    assert spacer(under(system([hours, hour], late)), claim)[0].verdict is Verdict.VIOLATED


def test_the_same_question_gets_the_same_proof():
    """Fresh processes, fixed seeds, limits of work: the lemmas are the same every time."""
    small = unbounded_race()
    hare, tortoise = (one.node for one in small.variables)
    claim = always(ne(hare, add(tortoise, constant(2))))
    answers = [spacer(under(small), claim) for _ in range(2)]
    assert answers[0][0] == answers[1][0]
    assert answers[0][1] == answers[1][1] is not None


def test_steps_and_budgets():
    """A claim about steps, under a regime that allows two faults."""
    water = integer("water", 0, 9, (5,))
    pump = action("pump", lt(water.node, constant(5)), {"water": add(water.node, constant(1))})
    leak = action(
        "leak", lt(constant(0), water.node), {"water": sub(water.node, constant(1))}, kind=Kind.FAULT
    )
    small = system([water], pump, leak)
    later = next_variable("water", INT)
    claim = always(le(constant(3), later), kind="transition")
    assert spacer(at_most(2).apply(small), claim)[0].verdict is Verdict.HOLDS
    judgement, proof = spacer(at_most(3).apply(small), claim)
    assert (judgement.verdict, proof) == (Verdict.VIOLATED, None)
    assert judgement.run is not None and judgement.run.states[-1]["water"] == 2


def test_an_error_in_the_model_is_in_the_way():
    """A predicate that holds everywhere is not proved where the model goes wrong; the error is."""
    x = integer("x", 0, 3)
    wrong = hazard(eq(x.node, constant(2)), "assert", "not two")
    up = action("up", lt(x.node, constant(3)), {"x": add(x.node, constant(1))}, hazards=(wrong,))
    small = under(system([x], up))
    judgement, proof = spacer(small, always(le(x.node, constant(2))))
    assert (judgement.verdict, proof) == (Verdict.UNKNOWN, None)
    assert "the model" in judgement.reason
    assert spacer(small, Property("well_defined", "domain"))[0].verdict is Verdict.HOLDS
    assertion = Property("not two", "assert", location=wrong.location)
    assert spacer(small, assertion)[0].verdict is Verdict.VIOLATED


# ---------------------------------------------------------------- nothing is believed


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer("sat", "(declare-fun a0 () Int) (assert (<= a0 1))"), "not an invariant"),
        (Answer("sat", "(declare-fun a0 () Int) (assert (>= a0 0))"), "does not imply"),
        (Answer("sat", "(declare-fun a0 () Int) (assert (forall ((k Int)) (> k a0)))"), "read back"),
        (Answer("sat", "(declare-fun a0 () Int) (assert"), "read back"),
        (Answer("sat", "", "the solver did not tell"), "did not tell"),
        (Answer("unsat"), "no run"),
    ],
)
def test_a_wrong_answer_is_refused(monkeypatch, answer, why):
    """Whatever Spacer says of a property: without a proof, or a run, the verdict is UNKNOWN."""
    monkeypatch.setattr(engine, "solved", lambda question, budget: answer)
    x = integer("x", 0, None)
    up = action("up", lt(x.node, constant(9)), {"x": add(x.node, constant(3))})
    judgement, proof = spacer(under(system([x], up)), always(ne(x.node, constant(10))))
    assert (judgement.verdict, proof) == (Verdict.UNKNOWN, None)
    assert why in judgement.reason


def test_a_right_answer_to_that_question_is_accepted(monkeypatch):
    """The control of the test above."""
    text = "(declare-fun a0 () Int) (assert (= (mod a0 3) 0))"
    monkeypatch.setattr(engine, "solved", lambda question, budget: Answer("sat", text))
    x = integer("x", 0, None)
    up = action("up", lt(x.node, constant(9)), {"x": add(x.node, constant(3))})
    judgement, proof = spacer(under(system([x], up)), always(ne(x.node, constant(10))))
    assert judgement.verdict is Verdict.HOLDS
    assert proof is not None and eq(modulo(x.node, constant(3)), constant(0)) in proof.invariant


@settings(max_examples=max(15, settings.default.max_examples // 6))
@given(systems(), st.data())
def test_never_another_verdict_than_the_explorer(drawn, data):
    """On random systems: HOLDS and VIOLATED as the explorer has them, for all kinds."""
    here = under(drawn)
    graph = explore(here)
    kind = data.draw(st.sampled_from(["always", "never", "transition", "domain", "assert"]))
    if kind in ("domain", "assert"):
        expected = next((one for one in hazard_judgements(graph) if one.kind == kind), None)
        if expected is None:
            return
        places = [h.location for a in drawn.actions for h in a.hazards if h.name == expected.name]
        claim = Property(expected.name, kind, location=places[0] if places else None)
    else:
        builder = Builder(data.draw, list(drawn.variables), [], after=kind == "transition")
        claim = always(builder.any(BOOL, 3), kind=kind)
        expected = judge_safety(graph, claim)
    judgement, proof = spacer(here, claim, efforts=(400_000,))
    assert (proof is not None) == (judgement.verdict is Verdict.HOLDS)
    if Verdict.UNKNOWN not in (judgement.verdict, expected.verdict):
        assert judgement.verdict is expected.verdict
    if judgement.verdict is Verdict.HOLDS:
        assert expected.verdict is Verdict.HOLDS
        assert all(evaluate(conj(*proof.invariant), graph.state(k)) for k in range(len(graph)))


# ---------------------------------------------------------------- the process


def _children() -> set[str]:
    return {
        one for task in Path("/proc/self/task").glob("*/children") for one in task.read_text().split()
    }


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="lists processes as Linux does")
def test_the_process_is_ended_with_the_budget():
    """A question without an end ends in time, and nobody is left behind."""
    before = _children()
    began = time.monotonic()
    answer = solved(Question(ENDLESS, "Reached", {}, 2_000_000_000), Budget(1.0))
    assert (answer.result, answer.reason) == ("unknown", "out of time")
    assert time.monotonic() - began < 5
    assert _children() == before


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="lists processes as Linux does")
def test_the_process_ends_with_the_one_who_asked():
    """Whoever asked is killed without a chance to tidy up: the solver does not work on."""
    asking = f"from checker.symbolic.fresh_process import Question, solved\nT = {ENDLESS!r}\n"
    asking += "solved(Question(T, 'Reached', {}, 2_000_000_000))"
    parent = subprocess.Popen([sys.executable, "-c", asking])
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    try:
        assert _until(lambda: children.read_text().split() != [])
        child = children.read_text().split()[0]
    finally:
        parent.kill()
        parent.wait()
    # Nobody may be there to take note of its end: what has ended may still be listed.
    assert _until(lambda: _state_of(child) in ("Z", "X", ""))


def _state_of(process: str) -> str:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return ""


def _until(happened, seconds: float = 20.0) -> bool:
    begun = time.monotonic()
    while not happened():
        if time.monotonic() - begun > seconds:
            return False
        time.sleep(0.05)
    return True


def test_ctrl_c_while_it_works():
    """An interruption passes through, and the process is ended."""

    def interrupt() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        solved(Question(ENDLESS, "Reached", {}, 2_000_000_000), _Interrupting(interrupt))


class _Interrupting(Budget):
    """A budget whose second look is where Ctrl-C arrives."""

    def __init__(self, interrupt) -> None:
        super().__init__(None, None)
        object.__setattr__(self, "looks", [interrupt])

    @property
    def spent(self) -> bool:
        if not self.looks[1:]:
            self.looks.append(None)
            return False
        return self.looks[0]()


def test_the_limits_of_work_and_of_memory():
    """Z3 gives up at its limit; a process that breaks off is an unknown answer, too."""
    assert "limit" in solved(Question(ENDLESS, "Reached", {}, 1_000)).reason
    answer = solved(Question(ENDLESS, "Reached", {}, 2_000_000_000, megabytes=1))
    assert answer.result == "unknown" and answer.reason


# ---------------------------------------------------------------- reading back


@settings(max_examples=max(100, settings.default.max_examples))
@given(st.data())
def test_reading_back_keeps_the_meaning(data):
    """Any expression, written in Z3 and simplified there, is read back with the same value."""
    import z3

    domains = data.draw(st.lists(st.sampled_from(DOMAINS), min_size=1, max_size=3))
    variables = [Variable(f"v{n}", domain, None) for n, domain in enumerate(domains)]
    given_ = Builder(data.draw, variables, []).any(BOOL, 4)
    frame = {one.name: Integers().symbol(one.name, one.domain.sort) for one in variables}
    term = Reader(Integers(), frame)(given_)
    form = data.draw(st.sampled_from(["plain", "simplified", "nnf"]))
    if form == "simplified":
        term = z3.simplify(term, som=data.draw(st.booleans()), arith_lhs=data.draw(st.booleans()))
    elif form == "nnf":
        term = z3.Tactic("nnf")(term).as_expr()
    try:
        found = z3_to_expression(term, {one.name: one.node for one in variables})
    except Unreadable:
        return
    for _ in range(5):
        state = {one.name: data.draw(st.sampled_from(one.domain.values())) for one in variables}
        assert evaluate(found, state) == evaluate(given_, state)


def test_what_expressions_cannot_say():
    """A quantifier, an unknown name and a division by a variable are refused."""
    import z3

    x, y = z3.Int("x"), z3.Int("y")
    names = {"x": Variable("x", Domain(INT, 0, 9), None).node}
    for term in (z3.ForAll([y], y >= x), y > x, x / x > 1, z3.ToReal(x) > 0.5):
        with pytest.raises(Unreadable):
            z3_to_expression(term, names)
    assert z3_to_expression(x / -3 < 1, names) is le(constant(0), floordiv(names["x"], constant(3)))
    assert z3_to_expression(x % -3 == 1, names) is eq(modulo(names["x"], constant(3)), constant(1))
