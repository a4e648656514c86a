"""A certificate is accepted if it is a proof, and whatever is wrong with one is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from proofs_from_graphs import any_of, proof_of
from random_expressions import Pair, numbers, truths
from random_systems import systems
from small_systems import action, hazard, integer, symbol, system, truth

from checker.evidence.certificate import CertificateError, own_claims, write_certificate
from checker.evidence.conditions import verification_conditions
from checker.evidence.expression_rows import expressions_of, rows_of
from checker.evidence.proof_form import ProofRefused
from checker.evidence.second_opinion import Solver, second_opinion
from checker.evidence.solver_process import answer
from checker.evidence.verification import read_certificate, verify
from checker.explicit.convergence import judge_converges
from checker.explicit.explore import evaluate_all, explore
from checker.explicit.safety import judge_safety
from checker.regimes.regime import FINITELY_MANY, NONE, UNBOUNDED, Regime, UnderRegime, at_most
from checker.system import expression as e
from checker.system.proof import Helpful, Proof
from checker.system.run import Verdict
from checker.system.sorts import BOOL, INT, Domain
from checker.system.transition_system import (
    Fairness,
    Kind,
    Property,
    Role,
    Symbol,
    TransitionSystem,
    Variable,
)

ONE, ZERO = e.constant(1), e.constant(0)


def wrong(
    built: TransitionSystem, claim: Property, proof: Proof, regime: Regime = FINITELY_MANY
) -> list[str]:
    """The conditions that cvc5 does not accept."""
    return list(refuted(regime.apply(built), claim, proof))


def refuted(under: UnderRegime, claim: Property, proof: Proof) -> Iterator[str]:
    """Yield the same, asked in this process: to start another one takes longer than the questions do."""
    for one in verification_conditions(under, claim, proof):
        verdict, reason = answer("cvc5", one.text, 1_000, 100_000_000)
        if verdict == "unknown":
            # Random models have products of unknowns, about which any solver may be at a loss.
            assert "NIA" in one.text, (one.name, reason)
            reject()
        if verdict == "sat":
            yield one.name


# ---------------------------------------------------------------- a counter and its target, any size

SIZE = Variable("size", Domain(INT, 1, None), None, Role.PARAMETER)
AT = integer("at", 0, None)
TARGET = Variable("target", Domain(INT, 0, None, most=e.sub(SIZE.node, ONE)), None)
GO = action("go", e.lt(AT.node, TARGET.node), {"at": e.add(AT.node, ONE)})
BACK = action("back", e.lt(ZERO, AT.node), {"at": e.sub(AT.node, ONE)}, kind=Kind.FAULT)
COUNTER = system([SIZE, AT, TARGET], GO, BACK, name="Counter")
ARRIVES = Property("arrives", "converges", e.eq(AT.node, TARGET.node))
PROOF = Proof(
    (e.le(ZERO, AT.node), e.le(AT.node, TARGET.node), e.lt(TARGET.node, SIZE.node)),
    e.eq(AT.node, TARGET.node),
    (e.sub(e.mul(TARGET.node, e.constant(2)), e.mul(AT.node, e.constant(2))),),
    (Helpful("go", (), e.lt(AT.node, TARGET.node)),),
)


def test_a_counter_reaches_every_target() -> None:
    """Convergence for every size and every target, with a fault that throws it back."""
    assert wrong(COUNTER, ARRIVES, PROOF) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda p: replace(p, invariant=p.invariant[:1]), "somebody is helpful"),
        (lambda p: replace(p, invariant=(*p.invariant, e.le(AT.node, ZERO))), "consecution of go"),
        (lambda p: replace(p, invariant=(*p.invariant, e.lt(ONE, SIZE.node))), "initiation"),
        (lambda p: replace(p, rest=e.TRUE), "predicate at rest"),
        (lambda p: replace(p, rest=e.eq(AT.node, e.constant(3))), "rest kept by go"),
        (lambda p: replace(p, ranks=(e.sub(AT.node, TARGET.node),)), "ranks from zero up"),
        (lambda p: replace(p, ranks=(AT.node,)), "rank not raised by go"),
        (lambda p: replace(p, ranks=()), "helper 1, go: lowered by go"),
        (
            lambda p: replace(p, ranks=(e.sub(TARGET.node, e.mul(AT.node, e.constant(2))),)),
            "ranks from zero up",
        ),
        (lambda p: replace(p, helpful=()), "somebody is helpful"),
        (
            lambda p: replace(p, rest=e.FALSE, helpful=(Helpful("go", (), e.le(AT.node, TARGET.node)),)),
            "helper 1, go: enabled",
        ),
    ],
    ids=[
        "lemma removed",
        "lemma added",
        "lemma not initial",
        "rest too wide",
        "rest left",
        "rank negative",
        "rank raised",
        "no rank",
        "coefficient",
        "no helper",
        "helpful widened",
    ],
)
def test_each_error_in_a_proof_is_named(change: Callable[[Proof], Proof], named: str) -> None:
    """Each obligation is needed: without it this proof would be accepted."""
    assert named in wrong(COUNTER, ARRIVES, change(PROOF))


def test_a_fault_that_recurs_refutes_the_proof() -> None:
    """The same proof is none where the fault may happen for ever; at most twice it is one."""
    assert "rank not raised by back" in wrong(COUNTER, ARRIVES, PROOF, UNBOUNDED)
    assert wrong(COUNTER, ARRIVES, PROOF, NONE) == []
    assert wrong(COUNTER, ARRIVES, PROOF, at_most(2)) == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda p: replace(p, helpful=(Helpful("back", (), e.TRUE),)), "not fair: it may never happen"),
        (lambda p: replace(p, helpful=(Helpful("jump", (), e.TRUE),)), "does not have"),
        (lambda p: replace(p, helpful=(Helpful("go", (1,), e.TRUE),)), "no such instance"),
        (lambda p: replace(p, ranks=(e.variable("speed", INT),)), "rank 1 reads speed"),
        (lambda p: replace(p, ranks=(e.next_variable("at", INT),)), "after a step"),
        (lambda p: replace(p, ranks=(p.rest,)), "rank 1 is of sort Bool"),
        (lambda p: replace(p, rest=e.variable("at", BOOL)), "reads at as Bool, but it is Int"),
        (
            lambda p: replace(p, invariant=(e.le(e.bound("i", 0, 3), AT.node),)),
            "lemma 1 reads the symbol i",
        ),
    ],
    ids=["unfair", "unknown unit", "arguments", "unknown", "next", "sort", "other sort", "symbol"],
)
def test_what_is_no_proof_at_all_is_refused(change: Callable[[Proof], Proof], why: str) -> None:
    """What no solver can repair is refused before one is asked."""
    with pytest.raises(ProofRefused, match=why):
        verification_conditions(FINITELY_MANY.apply(COUNTER), ARRIVES, change(PROOF))


def test_an_action_that_is_no_step_is_not_proved_about() -> None:
    """Two values for one variable would make every condition about the action true."""
    twice = replace(GO, updates=(*GO.updates, ("at", ZERO)))
    with pytest.raises(ProofRefused, match="go gives a variable two values"):
        verification_conditions(NONE.apply(replace(COUNTER, actions=(twice,))), ARRIVES, PROOF)


# ---------------------------------------------------------------- fairness


def test_an_enabled_helper_is_not_enough_if_it_does_not_stay() -> None:
    """Two units that take turns in being enabled: each may wait for ever, though one always could go."""
    x, done = truth("x"), truth("done", (False,))
    flip = action("flip", e.TRUE, {"x": e.neg(x.node)}, fairness=Fairness.NONE)
    first = action("first", e.conj(x.node, e.neg(done.node)), {"done": e.TRUE})
    second = action("second", e.neg(e.disj(x.node, done.node)), {"done": e.TRUE})
    built = system([x, done], flip, first, second)
    waiting = e.neg(done.node)
    proof = Proof(
        (),
        done.node,
        (e.ite(done.node, ZERO, ONE),),
        (
            Helpful("first", (), e.conj(waiting, x.node)),
            Helpful("second", (), e.conj(waiting, e.neg(x.node))),
        ),
    )
    claim = Property("finishes", "converges", done.node)
    assert wrong(built, claim, proof) == [
        "helper 1, first: kept by flip",
        "helper 2, second: kept by flip",
    ]
    assert judge_converges(explore(FINITELY_MANY.apply(built)), claim).verdict is Verdict.VIOLATED


def test_a_step_that_may_change_nothing_does_not_help() -> None:
    """A unit that is enabled only to stutter is not enabled: fairness speaks of changing steps."""
    x = integer("x", 0, 3)
    stay = action("stay", e.TRUE, {"x": e.minimum(x.node, e.constant(2))})
    proof = Proof((), e.eq(x.node, e.constant(3)), (x.node,), (Helpful("stay", (), e.TRUE),))
    claim = Property("top", "converges", proof.rest)
    named = wrong(system([x], stay), claim, proof)
    assert "helper 1, stay: enabled" in named


def test_each_instance_is_a_unit_of_its_own() -> None:
    """Lamps that are switched on one by one: each instance lowers its part of the count."""
    lamps = [truth(f"lamp[{n}]") for n in range(3)]
    i = symbol("i", 0, 2)
    updates = {one.name: e.disj(e.eq(i.node, e.constant(n)), one.node) for n, one in enumerate(lamps)}
    built = system(lamps, action("switch", e.TRUE, updates, parameters=(i,)))
    dark = e.sub(e.constant(3), e.add(e.add(*map(e.as_integer, (a.node for a in lamps[:2]))),
                                      e.as_integer(lamps[2].node)))  # fmt: skip
    helpers = tuple(Helpful("switch", (n,), e.neg(one.node)) for n, one in enumerate(lamps))
    proof = Proof((), e.conj(*(one.node for one in lamps)), (dark,), helpers)
    claim = Property("bright", "converges", proof.rest)
    assert wrong(built, claim, proof) == []
    # Instance 0 is enabled while lamp 0 is dark, and for no other reason.
    mistaken = replace(proof, helpful=(Helpful("switch", (0,), e.TRUE),))
    assert "helper 1, switch(0): enabled" in wrong(built, claim, mistaken)


def test_actions_of_one_group_are_one_unit() -> None:
    """The two steps of a process are fair together: the unit is enabled all along, and each lowers."""
    at, x = integer("at", 0, 1), integer("x", 0, 9)
    first = action(
        "p@0",
        e.conj(e.eq(at.node, ZERO), e.lt(x.node, e.constant(9))),
        {"at": ONE},
        group="p",
    )
    second = action("p@1", e.eq(at.node, ONE), {"at": ZERO, "x": e.add(x.node, ONE)}, group="p")
    built = system([at, x], first, second)
    invariant = (
        e.disj(e.eq(at.node, ZERO), e.eq(at.node, ONE)),
        e.le(x.node, e.constant(9)),
        e.implies(e.eq(at.node, ONE), e.lt(x.node, e.constant(9))),
    )
    claim = Property("full", "converges", e.eq(x.node, e.constant(9)))
    proof = Proof(
        invariant,
        e.conj(e.eq(x.node, e.constant(9)), e.eq(at.node, ZERO)),
        (e.sub(e.constant(9), x.node), e.sub(ONE, at.node)),
        (Helpful("p", (), e.TRUE),),
    )
    assert wrong(built, claim, proof) == []
    # An unfair action of the same name of group is no part of the unit.
    unfair = replace(built, actions=(replace(first, fairness=Fairness.NONE), second))
    assert wrong(unfair, claim, proof) == ["helper 1, p: enabled"]


@pytest.mark.parametrize(("low", "accepted"), [(0, True), (2, False)])
def test_some_choice_is_looked_for_in_the_whole_of_an_unbounded_domain(low: int, accepted: bool) -> None:
    """A step that is only possible with the choice c == x + 1 is, if c may be that."""
    x = integer("x", 0, None)
    c = Symbol("c", e.bound("c", low, None), Domain(INT, low, None))
    guard = e.conj(e.eq(c.node, e.add(x.node, ONE)), e.lt(x.node, e.constant(5)))
    built = system([x], action("up", guard, {"x": c.node}, choices=(c,)))
    proof = Proof(
        (e.le(ZERO, x.node), e.le(x.node, e.constant(5))),
        e.eq(x.node, e.constant(5)),
        (e.sub(e.constant(5), x.node),),
        (Helpful("up", (), e.TRUE),),
    )
    found = wrong(built, Property("five", "converges", proof.rest), proof)
    assert found == ([] if accepted else ["helper 1, up: enabled"])


# ---------------------------------------------------------------- safety


def test_an_invariant_proves_what_is_always_and_what_is_never_so() -> None:
    """`always`, `never` and `transition` for every size."""
    lemmas = Proof(PROOF.invariant)
    inside = e.lt(AT.node, SIZE.node)
    assert wrong(COUNTER, Property("inside", "always", inside), lemmas) == []
    assert wrong(COUNTER, Property("outside", "never", e.neg(inside)), lemmas) == []
    assert wrong(COUNTER, Property("inside", "always", inside), Proof(lemmas.invariant[1:2])) == [
        "predicate"
    ]
    far = e.absolute(e.sub(e.next_variable("at", INT), AT.node))
    steady = Property("steady", "transition", e.le(far, ONE))
    assert wrong(COUNTER, steady, Proof(())) == []
    frozen = Property("frozen", "transition", e.le(AT.node, e.next_variable("at", INT)))
    assert wrong(COUNTER, frozen, lemmas) == ["predicate of back"]
    assert wrong(COUNTER, frozen, lemmas, NONE) == []


def test_a_predicate_that_goes_wrong_is_not_proved() -> None:
    """Where evaluating a property is an error the property does not hold."""
    claim = Property(
        "inside", "always", e.TRUE, hazards=(hazard(e.eq(AT.node, TARGET.node), "division"),)
    )
    assert wrong(COUNTER, claim, Proof(PROOF.invariant)) == ["predicate"]
    assert "predicate without error" in wrong(COUNTER, replace(claim, kind="converges"), PROOF)


def test_what_goes_wrong_in_the_model_itself() -> None:
    """`well_defined` and an assertion are proved each for itself, other properties only without errors."""
    x = integer("x", 0, 3)
    outside = hazard(e.eq(x.node, e.constant(3)), "domain", "x", 1)
    odd = hazard(e.eq(x.node, e.constant(9)), "assert", "small", 2)
    step = action("step", e.TRUE, {"x": e.add(x.node, ONE)}, hazards=(outside, odd))
    built = system([x], step)
    lemma = Proof((e.conj(e.le(ZERO, x.node), e.le(x.node, e.constant(3))),))
    assertion, well_defined = own_claims(built)
    assert (assertion.name, well_defined.name) == ("small", "well_defined")
    assert wrong(built, assertion, lemma) == []
    assert wrong(built, well_defined, lemma) == ["no error in step"]
    always = Property("low", "always", e.le(x.node, e.constant(3)))
    assert wrong(built, always, lemma) == ["no error in step"]


def test_a_kind_without_such_a_proof_is_refused() -> None:
    """`recurs` is not what an invariant or this rule proves; and safety has no ranks."""
    with pytest.raises(ProofRefused, match="of kind recurs"):
        verification_conditions(NONE.apply(COUNTER), replace(ARRIVES, kind="recurs"), PROOF)
    with pytest.raises(ProofRefused, match="an invariant and nothing else"):
        verification_conditions(NONE.apply(COUNTER), replace(ARRIVES, kind="always"), PROOF)


# ---------------------------------------------------------------- against the explorer


@settings(max_examples=40)
@given(built=systems(), data=st.data())
def test_what_is_accepted_is_what_the_explorer_says(
    built: TransitionSystem, data: st.DataObject
) -> None:
    """A proof read off the graph is accepted iff it covers everything; then the verdict is HOLDS.

    Where something is left over it is filled with ranks and units at random, which are never a proof.
    """
    goal_of = data.draw(st.sampled_from(built.variables))
    value = data.draw(st.sampled_from(goal_of.domain.values()))
    goal = e.eq(goal_of.node, e.constant(value, goal_of.domain.sort))
    under = data.draw(st.sampled_from([FINITELY_MANY, UNBOUNDED, NONE])).apply(built)
    graph = explore(under)
    assume(len(graph) <= 40)
    units = [
        (one.action.group, one.arguments)
        for one in graph.instances
        if one.action.fairness is not Fairness.NONE and one.action.name in under.recurring
    ]
    assume(units)
    found = proof_of(graph, goal, lambda state: units[state % len(units)])
    claim = Property("settles", "converges", goal)
    verdict = judge_converges(graph, claim).verdict
    accepted = not any(refuted(under, claim, found.proof))
    goes_wrong = any(mishap.hazard is not None for mishap in graph.mishaps)
    assert accepted == (found.covers and not goes_wrong)
    if accepted:
        assert verdict is Verdict.HOLDS


@settings(max_examples=40)
@given(built=systems(), data=st.data())
def test_reachable_states_are_an_invariant_and_no_fewer(
    built: TransitionSystem, data: st.DataObject
) -> None:
    """All reachable states are accepted as invariant iff nothing goes wrong; without one of them, never."""
    under = FINITELY_MANY.apply(built)
    graph = explore(under)
    assume(2 <= len(graph) <= 40)
    goal_of = data.draw(st.sampled_from(built.variables))
    goal = e.ne(goal_of.node, e.constant(goal_of.domain.values()[0], goal_of.domain.sort))
    claim = Property("apart", "always", goal)
    proof = Proof((any_of(graph, range(len(graph))),))
    accepted = not any(refuted(under, claim, proof))
    assert accepted == (judge_safety(graph, claim).verdict is Verdict.HOLDS)
    goes_wrong = any(mishap.hazard is not None for mishap in graph.mishaps)
    assert accepted == (bool(evaluate_all(graph, goal).all()) and not goes_wrong)
    left_out = data.draw(st.integers(0, len(graph) - 1))
    fewer = Proof((any_of(graph, sorted(set(range(len(graph))) - {left_out})),))
    assert any(refuted(under, claim, fewer))


# ---------------------------------------------------------------- in a folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A certificate of the counter."""
    opinions = second_opinion(verification_conditions(FINITELY_MANY.apply(COUNTER), ARRIVES, PROOF))
    return write_certificate(
        tmp_path / "counter", COUNTER, ARRIVES, FINITELY_MANY, PROOF, opinions, "counter.py::Counter"
    )


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def edited(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change the manifest."""
    manifest = json.loads((folder / "manifest.json").read_text())
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_certificate_is_read_back_and_accepted(folder: Path) -> None:
    """What is read back is the proof that was written, node for node, and cvc5 accepts it."""
    certificate = read_certificate(folder)
    assert certificate.proof == PROOF
    assert (certificate.model, certificate.reference) == ("Counter", "counter.py::Counter")
    assert (certificate.claim, certificate.regime) == (("arrives", "converges"), "finitely_many")
    assert (certificate.fixed, certificate.free) == ({}, ("size",))
    assert all(one["accepted_by"] == ["cvc5"] for one in certificate.manifest["conditions"])
    verification = verify(certificate, COUNTER, [ARRIVES])
    assert (verification.verdict, verification.reason) == ("accepted", "")
    assert len(verification.opinions) == len(certificate.texts) == 11
    assert {one.verdict for one in second_opinion_of(folder)} == {"unsat"}


def second_opinion_of(folder: Path) -> list[Any]:
    """What Z3 says of the files as they are, without this package."""
    import z3

    answers = []
    for path in sorted((folder / "conditions").iterdir()):
        solver = z3.Solver()
        solver.from_file(str(path))
        answers.append(type("Answer", (), {"verdict": str(solver.check())}))
    return answers


def test_the_same_proof_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    """Neither times nor the order of opinions nor what was there before get into a certificate."""
    conditions = verification_conditions(FINITELY_MANY.apply(COUNTER), ARRIVES, PROOF)
    opinions = second_opinion(conditions)[::-1]
    first = contents(folder)
    again = write_certificate(
        tmp_path / "again", COUNTER, ARRIVES, FINITELY_MANY, PROOF, opinions, "counter.py::Counter"
    )
    assert contents(again) == first
    write_certificate(folder, COUNTER, ARRIVES, FINITELY_MANY, PROOF, opinions, "counter.py::Counter")
    assert contents(folder) == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "counter"]


def test_a_certificate_replaces_a_certificate_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    """An older one with more conditions leaves nothing behind; other folders and files stay."""
    claim = Property("inside", "always", e.TRUE)
    write_certificate(folder, COUNTER, claim, NONE, Proof(()))
    assert sorted(contents(folder)) == [
        "conditions/01-initiation.smt2",
        "conditions/02-consecution-of-go.smt2",
        "conditions/03-predicate.smt2",
        "manifest.json",
    ]
    (folder / "notes.txt").write_text("mine")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "manifest.json").write_text("{}")
    (tmp_path / "file").write_text("mine")
    for place in (folder, tmp_path / "other", tmp_path / "file"):
        before = contents(tmp_path)
        with pytest.raises(CertificateError, match="name a new"):
            write_certificate(place, COUNTER, claim, NONE, Proof(()))
        assert contents(tmp_path) == before


def test_what_cannot_be_written_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk in the middle: the old certificate is still there, and no other trace."""
    before = contents(folder)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(CertificateError, match="No space left"):
        write_certificate(folder, COUNTER, ARRIVES, NONE, PROOF)
    assert contents(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def _drop_a_lemma(manifest: dict[str, Any]) -> None:
    del manifest["proof"]["invariant"][1]


def _change_a_number(manifest: dict[str, Any]) -> None:
    row = next(row for row in manifest["expressions"] if row[0] == "const" and row[2] == 2)
    row[2] = 3


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_drop_a_lemma, "is not what the model and the proof in the manifest give"),
        (_change_a_number, "is not what the model and the proof in the manifest give"),
        (lambda m: m["readable"]["ranks"].clear(), "`readable` is not what"),
        (lambda m: m["conditions"].pop(), "is not named in the manifest"),
        (lambda m: m["conditions"][0].update(says="nothing"), "`conditions` is not what"),
        (lambda m: m["conditions"][0].update(accepted_by=["me"]), "accepted by nobody that is known"),
        (lambda m: m["conditions"][0].update(file="conditions/../../secret.smt2"), "no file of a cond"),
        (lambda m: m.update(regime="none"), "is not what the model and the proof in the manifest give"),
        (lambda m: m.update(regime="sometimes"), "unknown regime"),
        (lambda m: m.update(format=2), "version 2 of the format"),
        (lambda m: m.update(semantics=0), "version 0 of the semantics"),
        (lambda m: m.update(kind="recipe"), "not the manifest of a certificate"),
        (lambda m: m["model"].update(name="Fleet"), "of Fleet, not of Counter"),
        (lambda m: m["model"].update(content_hash="0" * 64), "of another Counter"),
        (lambda m: m["property"].update(name="flies"), "no property 'flies'"),
        (lambda m: m["property"].update(hash="0" * 64), "another property called 'arrives'"),
        (lambda m: m["parameters"]["fixed"].update(size=3), "Counter\\(size=3\\)"),
        (lambda m: m.pop("proof"), "lacks `proof.invariant`"),
        (lambda m: m["proof"].update(rest=True), "lacks `proof.rest`"),
        (lambda m: m["proof"].update(rest=99), "row 99, which there is not"),
        (lambda m: m["proof"]["ranks"].append(-1), "row -1, which there is not"),
        (lambda m: m["expressions"].append(["eval", [], "1", "Int"]), "row 13: no operator|payload"),
    ],
    ids=lambda value: value.replace(" ", "-")[:30] if isinstance(value, str) else "",
)
def test_a_changed_manifest_is_refused(
    folder: Path, change: Callable[[dict[str, Any]], Any], why: str
) -> None:
    """Whatever is changed in the manifest is noticed, and said."""
    edited(folder, change)
    with pytest.raises(CertificateError, match=why):
        verify(read_certificate(folder), COUNTER, [ARRIVES])


@given(pairs=st.lists(numbers() | truths(), min_size=1, max_size=3))
def test_expressions_come_back_as_the_same_nodes(pairs: list[Pair]) -> None:
    """Through JSON and back, every operator, sort and quantifier."""
    roots = [pair.expression for pair in pairs]
    rows, places = rows_of(roots)
    nodes = expressions_of(json.loads(json.dumps(rows)))
    assert all(nodes[place] is root for place, root in zip(places, roots, strict=True))


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (["const", [], 1.5, "Int"], "no constant"),
        (["const", [], True, "Int"], "no constant"),
        (["const", [], 1, "Bool"], "no constant"),
        (["const", [], 5, ["a", "b"]], "no constant"),
        (["const", [0], 1, "Int"], "with operands"),
        (["variable", [], 3, "Int"], "no name"),
        (["bound", [], ["i", 0], "Int"], "no symbol"),
        (["bound", [], ["i", 0, "9"], "Int"], "ends that are no numbers"),
        (["add", [0, 10_000], None, "Int"], "does not stand before"),
        (["add", [0, -1], None, "Int"], "does not stand before"),
        (["add", [0], None, "Int"], "do not fit add"),
        (["add", [0, 0], "x", "Int"], "unexpected payload"),
        (["and", [0, 0], None, "Bool"], "do not fit and"),
        (["ite", [0, 0, 0], None, "Int"], "do not fit ite"),
        (["select", [0, 0], None, "Int"], "do not fit select"),
        (["any", [0, 0], None, "Bool"], "do not fit any"),
        (["not", [0], None, "Word"], "no sort"),
        ([["not"], [0], None, "Bool"], "no operator"),
        ("not", "not \\[operator"),
    ],
    ids=str,
)
def test_a_row_that_is_no_expression_is_refused(folder: Path, row: Any, why: str) -> None:
    """Data that no expression gives are refused with their row, before anything is made of them."""
    edited(folder, lambda manifest: manifest["expressions"].append(row))
    with pytest.raises(CertificateError, match=f"row 13: .*{why}"):
        read_certificate(folder)


def test_a_quantifier_over_everything_is_refused(folder: Path) -> None:
    """A few bytes cannot make the reader write out a billion instances."""
    symbol_row = ["bound", [], ["i", 0, 10**9], "Int"]
    rows = [symbol_row, ["const", [], True, "Bool"], ["all", [13, 14], None, "Bool"]]
    edited(folder, lambda manifest: manifest["expressions"].extend(rows))
    with pytest.raises(CertificateError, match="row 15: a quantifier over 1,000,000,001 instances"):
        read_certificate(folder)


def test_a_damaged_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    """A truncated manifest, a changed, missing or additional file, no folder at all: each is said."""
    whole = contents(folder)
    first = folder / "conditions" / "01-initiation.smt2"

    def said() -> str:
        with pytest.raises(CertificateError) as caught:
            read_certificate(folder)
        for name, data in whole.items():
            (folder / name).write_bytes(data)
        return str(caught.value)

    (folder / "manifest.json").write_bytes(whole["manifest.json"][:500])
    assert "manifest.json is not whole: no JSON" in said()
    (folder / "manifest.json").write_text("[" * 100_000)
    assert "manifest.json is not whole: no JSON" in said()
    first.write_bytes(first.read_bytes().replace(b"<=", b"< "))
    assert "01-initiation.smt2 was changed: its SHA-256" in said()
    first.unlink()
    assert "01-initiation.smt2 is missing" in said()
    (folder / "manifest.json").unlink()
    assert "manifest.json is missing" in said()
    (folder / "conditions" / "99-more.smt2").write_text("(check-sat)\n")
    assert "99-more.smt2 is not named in the manifest" in said()
    with pytest.raises(CertificateError, match="nowhere does not exist"):
        read_certificate(tmp_path / "nowhere")
    with pytest.raises(CertificateError, match="is not a folder"):
        read_certificate(folder / "manifest.json")


def test_a_system_that_has_its_regime_already(tmp_path: Path) -> None:
    """Which actions recur is then told by the caller; the regime still has to be the one of then."""
    under = UnderRegime(COUNTER, frozenset({"go"}), UNBOUNDED)
    arguments = (tmp_path / "own", COUNTER, ARRIVES, UNBOUNDED, PROOF)
    certificate = read_certificate(write_certificate(*arguments, under=under))
    assert verify(certificate, COUNTER, [ARRIVES], under=under).verdict == "accepted"
    with pytest.raises(CertificateError, match="is missing, which the proof in the manifest needs"):
        verify(certificate, COUNTER, [ARRIVES])
    with pytest.raises(CertificateError, match="under unbounded, not under none"):
        verify(certificate, COUNTER, [ARRIVES], under=replace(under, regime=NONE))


def test_a_folder_made_up_around_a_wrong_proof_is_rejected(tmp_path: Path) -> None:
    """All checksums right, and still no proof: the condition that cvc5 refutes is named."""
    weak = replace(PROOF, invariant=PROOF.invariant[:1])
    folder = write_certificate(tmp_path / "weak", COUNTER, ARRIVES, FINITELY_MANY, weak)
    verification = verify(read_certificate(folder), COUNTER, [ARRIVES])
    assert verification.verdict == "rejected"
    assert verification.reason == "cvc5 refutes `ranks from zero up`, `somebody is helpful`"


def test_a_certificate_of_one_model_is_none_of_another(folder: Path) -> None:
    """One changed guard is another content hash, also where the proof would go through."""
    other = replace(COUNTER, actions=(replace(GO, guard=e.ne(AT.node, TARGET.node)), BACK))
    assert wrong(other, ARRIVES, PROOF) == []
    with pytest.raises(CertificateError, match="of another Counter: its content hash is"):
        verify(read_certificate(folder), other, [ARRIVES])


# ---------------------------------------------------------------- the solver


def test_a_condition_beyond_the_solver_is_undecided(tmp_path: Path) -> None:
    """Fermat's last theorem for cubes: `unknown` after its time, never accepted."""
    x, y, z = (integer(name, 1, None, None) for name in "xyz")
    cubes = [e.mul(one.node, e.mul(one.node, one.node)) for one in (x, y, z)]
    claim = Property("fermat", "always", e.ne(e.add(cubes[0], cubes[1]), cubes[2]))
    lemmas = Proof(tuple(e.lt(ZERO, one.node) for one in (x, y, z)))
    built = system([x, y, z])
    folder = write_certificate(tmp_path / "fermat", built, claim, NONE, lemmas)
    verification = verify(read_certificate(folder), built, [claim], seconds=0.3)
    assert verification.verdict == "undecided"
    assert verification.reason.startswith("cvc5 does not decide `predicate` (")


def test_a_solver_that_dies_is_started_again() -> None:
    """Its death is `unknown` for one condition; the next one is answered."""
    conditions = verification_conditions(FINITELY_MANY.apply(COUNTER), ARRIVES, PROOF)
    with Solver() as solver:
        assert solver.ask(conditions[0]).verdict == "unsat"
        assert solver._process is not None
        solver._process.kill()
        solver._process.wait()
        died = solver.ask(conditions[0])
        assert (died.verdict, died.reason) == ("unknown", "cvc5 ended without an answer (code -9)")
        assert solver.ask(conditions[0]).verdict == "unsat"


def test_no_other_text_is_an_answer() -> None:
    """A text that is no SMT-LIB, or asks nothing, is undecided."""
    good = verification_conditions(NONE.apply(COUNTER), ARRIVES, PROOF)[0]
    broken = replace(good, text="(set-logic QF_LIA)\n(assert")
    silent = replace(good, text="(set-logic QF_LIA)\n")
    twice = replace(good, text=good.text + "(check-sat)\n")
    said = second_opinion([broken, silent, twice, good])
    assert [one.verdict for one in said] == ["unknown", "unknown", "unknown", "unsat"]
    with pytest.raises(ValueError, match="no solver 'yices'"):
        Solver("yices")


def test_both_solvers_agree() -> None:
    """Z3, asked with the same text, says the same of a proof and of an error in one."""
    for proof in (PROOF, replace(PROOF, ranks=(AT.node,)), replace(PROOF, invariant=())):
        conditions = verification_conditions(FINITELY_MANY.apply(COUNTER), ARRIVES, proof)
        told = [
            [one.verdict for one in second_opinion(conditions, solver=name)] for name in ("cvc5", "z3")
        ]
        assert told[0] == told[1]
