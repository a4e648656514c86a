"""What a proof of convergence has to show: each part of one is left out or changed, and it is noticed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import controllers
import pytest
from small_systems import action, integer, system

from checker.regimes.regime import FINITELY_MANY, UnderRegime
from checker.symbolic.asking import Budget
from checker.symbolic.convergence_proofs import prove_convergence
from checker.symbolic.rank_checking import first_failure
from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    add,
    conj,
    constant,
    eq,
    le,
    lt,
    mul,
    ne,
    sub,
)
from checker.system.proof import Helpful, Proof
from checker.system.run import Verdict
from checker.system.transition_system import Property, TransitionSystem

Controller = Callable[[], tuple[TransitionSystem, Property]]


def under_faults(controller: Controller) -> tuple[UnderRegime, Property]:
    system, claim = controller()
    return FINITELY_MANY.apply(system), claim


@pytest.fixture(scope="module")
def proofs() -> dict[str, tuple[UnderRegime, Property, Proof]]:
    """Proofs to be tampered with."""
    found = {}
    for controller in (controllers.taxi, controllers.replicas, controllers.queue):
        under, claim = under_faults(controller)
        _, proof = prove_convergence(under, claim, budget=Budget(30))
        assert proof is not None
        found[controller.__name__] = (under, claim, proof)
    return found


def tampered(under: UnderRegime, claim: Property, proof: Proof, **changes: object) -> str:
    """The first obligation that a changed proof fails; fails itself if there is none."""
    failure = first_failure(under, claim, replace(proof, **changes))  # type: ignore[arg-type]
    assert failure is not None
    return failure


def terms(rank: Expression) -> list[Expression]:
    """The summands of a rank."""
    if rank.operator == "add" and not rank.is_constant:
        return [*terms(rank.operands[0]), *terms(rank.operands[1])]
    return [rank]


@pytest.mark.parametrize("name", ["taxi", "replicas", "queue"])
def test_every_part_of_a_rank_matters(name: str, proofs) -> None:
    """A summand left out, or subtracted instead of added, is noticed; so is a rank left out."""
    under, claim, proof = proofs[name]
    (rank,) = proof.ranks
    for term in terms(rank):
        without = sub(rank, term)
        assert tampered(under, claim, proof, ranks=(without,))
        assert tampered(under, claim, proof, ranks=(sub(without, term),))
    assert tampered(under, claim, proof, ranks=())
    assert first_failure(under, claim, replace(proof, ranks=(mul(rank, constant(2)),))) is None


@pytest.mark.parametrize("name", ["taxi", "replicas", "queue"])
def test_every_helpful_unit_matters(name: str, proofs) -> None:
    """Left out, or said to help everywhere or where it is not enabled."""
    under, claim, proof = proofs[name]
    for one in proof.helpful:
        others = tuple(other for other in proof.helpful if other is not one)
        failure = tampered(under, claim, proof, helpful=others)
        assert failure == "outside the rest something helps"
        everywhere = replace(one, where=TRUE)
        if name == "replicas":
            assert "is enabled" in tampered(under, claim, proof, helpful=(*others, everywhere))


def test_every_lemma_matters(proofs) -> None:
    """Of three proofs no lemma can be left out; what is not inductive cannot be put in."""
    for under, claim, proof in proofs.values():
        for lemma in proof.invariant:
            fewer = tuple(one for one in proof.invariant if one is not lemma)
            assert tampered(under, claim, proof, invariant=fewer)
    under, claim, proof = proofs["taxi"]
    at = under.system.variable["position"].node
    assert tampered(under, claim, proof, invariant=(*proof.invariant, le(at, constant(9)))).endswith(
        "keeps the invariant"
    )
    assert tampered(under, claim, proof, invariant=(*proof.invariant, ne(at, constant(0)))).startswith(
        "initially"
    )


def test_the_rest_is_inside_the_goal_and_closed(proofs) -> None:
    """A rest that is larger than the goal, or that a step leaves, is refused."""
    under, claim, proof = proofs["taxi"]
    assert tampered(under, claim, proof, rest=TRUE) == "the rest is inside the goal"
    larger = le(under.system.variable["position"].node, constant(5))
    wide = replace(claim, predicate=larger)
    assert first_failure(under, wide, replace(proof, rest=larger)) == "drive stays in the rest"
    assert tampered(under, claim, proof, rest=FALSE)


def test_a_negative_rank_is_refused(proofs) -> None:
    """A rank that falls for ever proves nothing."""
    under, claim, proof = proofs["taxi"]
    (rank,) = proof.ranks
    assert tampered(under, claim, proof, ranks=(sub(rank, constant(2)),)) == "rank 1 is not negative"
    system, unreachable = controllers.runaway()
    x = system.variable["x"].node
    falling = Proof((le(constant(0), x),), FALSE, (sub(constant(0), x),), (Helpful("count", (), TRUE),))
    failure = first_failure(FINITELY_MANY.apply(system), unreachable, falling)
    assert failure == "rank 1 is not negative"


def test_a_helpful_unit_stays_helpful_until_it_fires() -> None:
    """Trap 11: one of two units is enabled at any time, and each step of theirs would lower the rank."""
    system, claim = controllers.alternating(counts=True)
    under = FINITELY_MANY.apply(system)
    side, done = (system.variable[name].node for name in ("side", "done"))
    one = constant(1)
    proof = Proof(
        (),
        done,
        (one,),
        (
            Helpful("left", (), conj(side, ne(done, TRUE))),
            Helpful("right", (), conj(ne(side, TRUE), ne(done, TRUE))),
        ),
    )
    assert first_failure(under, claim, proof) == "turn leaves left helpful"


def test_a_lexicographic_rank_is_compared_in_order() -> None:
    """(a, b): `spend` lowers a and raises b at will; the other way round it is no rank."""
    a, b = integer("a", 0, None, None), integer("b", 0, None, None)
    below = lt(constant(0), a.node)
    made = system(
        [a, b],
        action("spend", below, {"a": sub(a.node, constant(1)), "b": add(b.node, a.node)}),
        action("work", lt(constant(0), b.node), {"b": sub(b.node, constant(1))}),
    )
    claim = controllers.goal(conj(eq(a.node, constant(0)), eq(b.node, constant(0))))
    under = FINITELY_MANY.apply(made)
    judgement, proof = prove_convergence(under, claim, budget=Budget(30))
    assert judgement.verdict is Verdict.HOLDS, judgement.reason
    assert proof is not None
    assert len(proof.ranks) == 2
    assert "bound" not in judgement.metrics
    assert tampered(under, claim, proof, ranks=proof.ranks[::-1])
