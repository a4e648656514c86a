"""Whether a proof has the form of one: what can be said against it without a solver."""

from __future__ import annotations

from checker.evidence.step_assertions import belongs, called
from checker.regimes.regime import UnderRegime
from checker.system.expression import TRUE, Expression, neg
from checker.system.proof import Helpful, Proof
from checker.system.sorts import BOOL, INT, Sort
from checker.system.transition_system import Fairness, Property, TransitionSystem
from checker.system.walk import topological

__all__ = ["ProofRefused", "refuse_malformed"]

_SAFETY = ("always", "never", "transition", "assert", "domain")


class ProofRefused(ValueError):
    """What is called a proof cannot be one, whatever a solver says; the message says why."""


def refuse_malformed(under: UnderRegime, claim: Property, proof: Proof) -> None:
    """Make sure that a proof speaks of the system, and counts on nothing that is not promised.

    Raises
    ------
    ProofRefused
        If the kind of the property has no such proof; an expression reads what the system does not
        have, or is of the wrong sort; a helpful unit does not exist, is not fair, or does not recur;
        a proof of safety says more than an invariant.
    """
    if claim.kind not in (*_SAFETY, "converges"):
        raise ProofRefused(f"{claim.name} is of kind {claim.kind}, which no invariant or rank proves")
    if claim.predicate is None and claim.kind not in ("assert", "domain"):
        raise ProofRefused(f"{claim.name} states no predicate")
    for action in under.system.actions:
        names = [name for name, _ in action.updates]
        if len(set(names)) < len(names):
            # Two new values of one variable are no step at all, and of no step everything is true.
            raise ProofRefused(f"{action.name} gives a variable two values")
    for number, lemma in enumerate(proof.invariant, 1):
        _over_one_state(under.system, lemma, BOOL, f"lemma {number}")
    _over_one_state(under.system, proof.rest, BOOL, "the rest", after=claim.kind == "transition")
    for number, rank in enumerate(proof.ranks, 1):
        _over_one_state(under.system, rank, INT, f"rank {number}")
    for one in proof.helpful:
        _over_one_state(under.system, one.where, BOOL, f"where {called(one)} is helpful")
        _unit(under, one)
    if claim.kind != "converges":
        said = [TRUE]
        if claim.predicate is not None:
            said += [claim.predicate, neg(claim.predicate)]
        if proof.ranks or proof.helpful or not any(proof.rest is one for one in said):
            raise ProofRefused(
                f"{claim.name} is of kind {claim.kind}: its proof is an invariant and nothing else"
            )


def _over_one_state(
    system: TransitionSystem, expression: Expression, sort: Sort, what: str, after: bool = False
) -> None:
    if expression.operator == "array":
        raise ProofRefused(f"{what} is a row of values")
    if expression.sort != sort:
        raise ProofRefused(f"{what} is of sort {expression.sort}, not {sort}")
    free: dict[Expression, frozenset[Expression]] = {}
    for node in topological([expression]):
        free[node] = frozenset().union(*(free[operand] for operand in node.operands))
        if node.operator in ("any", "all", "sum"):
            free[node] -= {node.operands[0]}
        elif node.operator == "bound":
            free[node] = frozenset((node,))
        elif node.operator == "variable" or (after and node.operator == "next"):
            known = system.variable.get(node.payload)
            if known is None:
                raise ProofRefused(f"{what} reads {node.payload}, which {system.name} does not have")
            if known.domain.sort != node.sort:
                raise ProofRefused(
                    f"{what} reads {node.payload} as {node.sort}, but it is {known.domain.sort}"
                )
        elif node.operator == "next":
            raise ProofRefused(f"{what} speaks of the state after a step")
    if free[expression]:
        name = min(symbol.payload[0] for symbol in free[expression])
        raise ProofRefused(f"{what} reads the symbol {name}, which has no value in a state")


def _unit(under: UnderRegime, one: Helpful) -> None:
    alike = [action for action in under.system.actions if action.group == one.group]
    members = [action for action in alike if belongs(action, one)]
    if not alike:
        raise ProofRefused(f"the proof counts on {called(one)}, which {under.system.name} does not have")
    if not members:
        fair = any(action.fairness is not Fairness.NONE for action in alike)
        why = "no such instance of it exists" if fair else "it is not fair: it may never happen"
        raise ProofRefused(f"the proof counts on {called(one)}, but {why}")
    if not any(action.name in under.recurring for action in members):
        raise ProofRefused(
            f"the proof counts on {called(one)}, which does not go on under {under.regime}"
        )
