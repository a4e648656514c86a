"""What has to be true for a proof to be one: a question in SMT-LIB for each obligation.

Nothing here knows how the proof was found; it is written a second time, apart from the search.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from checker.evidence.proof_form import ProofRefused, refuse_malformed
from checker.evidence.smtlib import Assertion, script
from checker.evidence.step_assertions import Step, belongs, blocked, called, instance
from checker.regimes.regime import UnderRegime
from checker.system.domain_ends import inside
from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    conj,
    constant,
    disj,
    eq,
    lt,
    neg,
)
from checker.system.proof import Helpful, Proof
from checker.system.transition_system import Hazard, Property

__all__ = ["Condition", "ProofRefused", "verification_conditions"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One obligation, as a question that must be answered with `unsat`.

    Parameters
    ----------
    name : str
        Unique among the conditions of a proof.
    says : str
        What is shown if nothing satisfies it.
    text : str
        A complete SMT-LIB 2 file.
    """

    name: str
    says: str
    text: str


def verification_conditions(under: UnderRegime, claim: Property, proof: Proof) -> tuple[Condition, ...]:
    """Everything that has to be shown of a proof, in a fixed order.

    Parameters
    ----------
    under : UnderRegime
        The system under the regime of the claim.
    claim : Property
        Of kind "always", "never", "transition", "converges"; or of kind "assert" (one named
        assertion of the model), or "domain" (nothing else goes wrong in it).
    proof : Proof

    Raises
    ------
    ProofRefused
        If no condition could make the proof one: it reads what the system does not have, counts on
        a unit that is not fair, or speaks of a kind of property that has no such proof.

    Notes
    -----
    Sufficient, if all are unsatisfiable. For safety: the invariant holds initially, every action
    keeps it, nothing goes wrong where it holds, and it implies the predicate. For `converges` the
    rule is Manna and Pnueli's for response under justice, in the form that `Proof` gives it.

    A step assumes of its parameters and choices that they are in their domains, and nothing of the
    variables but what the invariant says: not their domains, not that the state is well-formed.
    Fairness is counted on per unit, which are the fair recurring actions of one group with one
    value for each parameter (strong fairness implies weak); that a unit is enabled means that some
    choice, of those that are offered, leads to a successor other than the state itself.
    """
    refuse_malformed(under, claim, proof)
    return tuple(_Conditions(under, claim, proof).all())


class _Conditions:
    def __init__(self, under: UnderRegime, claim: Property, proof: Proof) -> None:
        self.under = under
        self.system = under.system
        self.claim = claim
        self.proof = proof
        self.recurring = [one for one in self.system.actions if one.name in under.recurring]
        self.invariant = conj(*proof.invariant)
        self.here = [Assertion(f"lemma {n} of the invariant", one) for n, one in self._lemmas()]
        # For a run that has not come to rest.
        self.outside = [*self.here, Assertion("outside the rest", neg(proof.rest))]

    def _lemmas(self) -> Iterator[tuple[int, Expression]]:
        yield from enumerate(self.proof.invariant, 1)

    def all(self) -> Iterator[Condition]:
        yield from self._invariance()
        yield from self._soundness()
        yield from self._convergence() if self.claim.kind == "converges" else self._safety()

    def _condition(self, name: str, says: str, *assertions: Assertion) -> Condition:
        about = f"{self.system.name}, {self.claim.kind} {self.claim.name}, regime {self.under.regime}"
        heading = [f"{about}: {name}", f"shown by unsat: {says}"]
        told = [one for one in assertions if one.body is not TRUE]
        return Condition(name, says, script(heading, told))

    # ------------------------------------------------------------ the invariant

    def _invariance(self) -> Iterator[Condition]:
        yield self._condition(
            "initiation",
            "the invariant holds in every initial state",
            *self._initial(),
            Assertion("the invariant fails", neg(self.invariant)),
        )
        for action in self.system.actions:
            step = Step(action)
            yield self._condition(
                f"consecution of {action.name}",
                "a step of it keeps the invariant",
                *self.here,
                *step.taken,
                Assertion("the invariant fails after it", neg(step.after(self.invariant))),
            )

    def _initial(self) -> Iterator[Assertion]:
        yield Assertion("the state is well-formed", self.system.wellformed)
        for one in self.system.variables:
            if isinstance(one.initial, Expression):
                value = eq(one.node, one.initial)
            elif one.initial is None:
                value = inside(one.node, one.domain)
            else:
                sort = one.domain.sort
                value = disj(*(eq(one.node, constant(number, sort)) for number in one.initial))
            if value is not TRUE:
                yield Assertion(f"initially, {one.name}", value)

    def _soundness(self) -> Iterator[Condition]:
        for action in self.system.actions:
            wrong = [hazard.condition for hazard in action.hazards if self._matters(hazard)]
            if wrong:
                yield self._condition(
                    f"no error in {action.name}",
                    "where the invariant holds nothing goes wrong in it",
                    *self.here,
                    *Step(action).tried,
                    Assertion("something goes wrong", disj(*wrong)),
                )

    def _matters(self, hazard: Hazard) -> bool:
        """Whether a property of this kind excludes an error: one of the model's own, only itself."""
        if self.claim.kind == "domain":
            return hazard.kind != "assert"
        if self.claim.kind == "assert":
            place = self.claim.location
            here = hazard.name == self.claim.name and (place is None or place == hazard.location)
            return hazard.kind == "assert" and here
        return True

    # ------------------------------------------------------------ safety

    def _safety(self) -> Iterator[Condition]:
        if self.claim.kind in ("assert", "domain"):
            return
        assert self.claim.predicate is not None
        wrong = disj(*(hazard.condition for hazard in self.claim.hazards))
        if self.claim.kind == "transition":
            for action in self.system.actions:
                step = Step(action)
                broken = disj(neg(self.claim.predicate), wrong)
                yield self._condition(
                    f"predicate of {action.name}",
                    "a step of it satisfies the predicate",
                    *self.here,
                    *step.taken,
                    step.changes,
                    Assertion("the predicate fails", step.between(broken)),
                )
            return
        good = self.claim.predicate if self.claim.kind == "always" else neg(self.claim.predicate)
        yield self._condition(
            "predicate",
            "the invariant implies what is claimed, and that it can be evaluated",
            *self.here,
            Assertion("the claim fails", disj(neg(good), wrong)),
        )

    # ------------------------------------------------------------ convergence

    def _convergence(self) -> Iterator[Condition]:
        assert self.claim.predicate is not None
        rest = Assertion("at rest", self.proof.rest)
        if self.claim.hazards:
            yield self._condition(
                "predicate without error",
                "where the invariant holds the predicate can be evaluated",
                *self.here,
                Assertion(
                    "evaluating it goes wrong",
                    disj(*(hazard.condition for hazard in self.claim.hazards)),
                ),
            )
        yield self._condition(
            "predicate at rest",
            "at rest the predicate holds",
            *self.here,
            rest,
            Assertion("the predicate fails", neg(self.claim.predicate)),
        )
        for action in self.recurring:
            step = Step(action)
            yield self._condition(
                f"rest kept by {action.name}",
                "a step of it does not leave the rest",
                *self.here,
                rest,
                *step.taken,
                Assertion("not at rest after it", neg(step.after(self.proof.rest))),
            )
        yield self._condition(
            "ranks from zero up",
            "outside the rest no rank is negative",
            *self.outside,
            Assertion("a rank is negative", disj(*(lt(one, constant(0)) for one in self.proof.ranks))),
        )
        for action in self.recurring:
            step = Step(action)
            yield self._condition(
                f"rank not raised by {action.name}",
                "a step of it from outside the rest to outside the rest does not raise the rank",
                *self._moving(step),
                Assertion("the rank is higher after it", neg(self._compared(step, TRUE))),
            )
        yield self._condition(
            "somebody is helpful",
            "outside the rest there is a helpful unit everywhere",
            *self.outside,
            Assertion("none is", neg(disj(*(one.where for one in self.proof.helpful)))),
        )
        for number, one in enumerate(self.proof.helpful, 1):
            yield from self._helpful(f"helper {number}, {called(one)}", one)

    def _helpful(self, called: str, one: Helpful) -> Iterator[Condition]:
        where = Assertion("the unit is helpful", one.where)
        members = [action for action in self.recurring if belongs(action, one)]
        yield self._condition(
            f"{called}: enabled",
            "where the unit is helpful a step of it is possible that changes the state",
            *self.outside,
            where,
            *(part for action in members for part in blocked(action, one)),
        )
        for action in members:
            step = Step(action)
            yield self._condition(
                f"{called}: lowered by {action.name}",
                "where the unit is helpful a step of it lowers the rank or comes to rest",
                *self._moving(step),
                where,
                *instance(action, one),
                Assertion("the rank is not lower after it", neg(self._compared(step, FALSE))),
            )
        for action in self.recurring:
            step = Step(action)
            if step.after(one.where) is one.where:
                continue  # reads nothing that the action changes
            yield self._condition(
                f"{called}: kept by {action.name}",
                "a step that leaves the rank as it is leaves the unit helpful",
                *self._moving(step),
                where,
                Assertion("the rank is the same after it", self._same(step)),
                Assertion("the unit is not helpful any more", neg(step.after(one.where))),
            )

    def _moving(self, step: Step) -> list[Assertion]:
        arrived = Assertion("outside the rest after it", neg(step.after(self.proof.rest)))
        return [*self.outside, *step.taken, step.changes, arrived]

    def _compared(self, step: Step, if_same: Expression) -> Expression:
        """The ranks after a step are less than before, as in a dictionary; or what is given if equal."""
        result = if_same
        for rank in reversed(self.proof.ranks):
            later = step.after(rank)
            result = disj(lt(later, rank), conj(eq(later, rank), result))
        return result

    def _same(self, step: Step) -> Expression:
        return conj(*(eq(step.after(rank), rank) for rank in self.proof.ranks))
