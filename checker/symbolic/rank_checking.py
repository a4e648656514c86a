"""What has to be shown of a proof of convergence, from the proof alone: one query for each obligation.

The rule is Manna and Pnueli's for response under justice, as `checker.system.proof.Proof` states it.
Every obligation is a term that must have no model. Nothing here depends on how the proof was found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import z3

from checker.regimes.regime import UnderRegime
from checker.symbolic.asking import Budget, ask
from checker.symbolic.helpful import Unit, units_of
from checker.symbolic.houdini import fresh_solver
from checker.symbolic.numbers import Term
from checker.symbolic.relation import Move, Relation
from checker.symbolic.terms import Reader
from checker.system.expression import TRUE, Expression
from checker.system.printer import show_expression
from checker.system.proof import Helpful, Proof
from checker.system.transition_system import Property

__all__ = ["first_failure", "lower", "not_higher", "obligations", "successor", "taken_by"]


def obligations(under: UnderRegime, claim: Property, proof: Proof) -> Iterator[tuple[str, Term]]:
    """Yield what must not be satisfiable, each with its name.

    Parameters
    ----------
    under : UnderRegime
        The system under the regime of the claim.
    claim : Property
        Of kind "converges".
    proof : Proof

    Raises
    ------
    KeyError
        If the proof reads a variable that the system does not have, or names a unit that is not one
        of its fair recurring ones.

    Notes
    -----
    Together they are sufficient for ◇□ of the predicate in every fair run (see `Proof`). That a unit
    is enabled is shown from below: of a choice with an unbounded domain only the ends are tried.
    """
    assert claim.kind == "converges" and claim.predicate is not None
    units = {(unit.group, unit.arguments): unit for unit in units_of(under)}
    relation = Relation(under.system)
    here = relation.read
    invariant = z3.And(*(here(lemma) for lemma in proof.invariant))
    yield from _of_the_invariant(relation, claim, proof, invariant)

    recurring = [move for move in relation.moves if move.action.name in under.recurring]
    rest = here(proof.rest)
    yield "the rest is inside the goal", z3.And(invariant, rest, z3.Not(here(claim.predicate)))
    for move in recurring:
        left = z3.Not(successor(relation, move)(proof.rest))
        yield f"{move.action.name} stays in the rest", z3.And(invariant, rest, move.possible, left)

    outside = z3.And(invariant, z3.Not(rest))
    for number, rank in enumerate(proof.ranks):
        yield f"rank {number + 1} is not negative", z3.And(outside, here(rank) < 0)
    for move in recurring:
        step = _outside(relation, move, proof.rest, outside)
        raised = z3.Not(not_higher(relation, move, proof.ranks))
        yield f"{move.action.name} does not raise the rank", z3.And(step, raised)
    where = [here(one.where) for one in proof.helpful]
    yield "outside the rest something helps", z3.And(outside, z3.Not(z3.Or(*where)))
    for one in proof.helpful:
        unit = units[one.group, one.arguments]
        yield from _of_helpful(relation, recurring, proof, one, unit, outside)


def first_failure(
    under: UnderRegime, claim: Property, proof: Proof, budget: Budget | None = None
) -> str | None:
    """The first obligation that Z3 does not confirm, each in a solver of its own; None if it confirms all."""
    for name, term in obligations(under, claim, proof):
        solver = fresh_solver()
        solver.add(term)
        answer = ask(solver, budget=budget)
        if answer != z3.unsat:
            return name if answer == z3.sat else f"{name} (not decided)"
    return None


def _of_the_invariant(
    relation: Relation, claim: Property, proof: Proof, invariant: Term
) -> Iterator[tuple[str, Term]]:
    named = [(show_expression(lemma, 60), lemma) for lemma in proof.invariant]
    for text, lemma in named:
        yield f"initially {text}", z3.And(relation.initial, z3.Not(relation.read(lemma)))
    for move in relation.moves:
        later = successor(relation, move)
        lost = z3.Or(*(z3.Not(later(lemma)) for _, lemma in named))
        yield f"{move.action.name} keeps the invariant", z3.And(invariant, move.possible, lost)
        if move.hazards:
            yield f"{move.action.name} does not go wrong", z3.And(invariant, move.wrong)
    for hazard in claim.hazards:
        wrong = z3.And(invariant, relation.read(hazard.condition))
        yield f"the goal can be evaluated: {hazard.name}", wrong


def _of_helpful(
    relation: Relation,
    recurring: Sequence[Move],
    proof: Proof,
    one: Helpful,
    unit: Unit,
    outside: Term,
) -> Iterator[tuple[str, Term]]:
    where = relation.read(one.where)
    name = unit.name
    yield f"{name} is enabled", z3.And(outside, where, z3.Not(relation.read(unit.enabled)))
    for move in recurring:
        step = z3.And(_outside(relation, move, proof.rest, outside), where)
        lowered = lower(relation, move, proof.ranks)
        if move.action.name in unit.actions:
            taken = taken_by(relation, move, unit)
            yield f"{name} lowers the rank ({move.action.name})", z3.And(step, taken, z3.Not(lowered))
        lost = z3.Not(successor(relation, move)(one.where))
        # Where the rank never rises, what does not lower it leaves it as it is.
        same = z3.And(not_higher(relation, move, proof.ranks), z3.Not(lowered))
        yield f"{move.action.name} leaves {name} helpful", z3.And(step, same, lost)


# ---------------------------------------------------------------- parts of the obligations


def successor(relation: Relation, move: Move) -> Reader:
    """Reads expressions in the state after a move, as terms over the state before it."""
    return Reader(relation.numbers, {**relation.before, **move.updates})


def taken_by(relation: Relation, move: Move, unit: Unit) -> Term:
    """A move is made with the arguments of a unit."""
    pairs = zip(move.action.parameters, unit.arguments, strict=True)
    return z3.And(
        *(move.symbols[one.node] == relation.literal(value, one.domain) for one, value in pairs)
    )


def lower(relation: Relation, move: Move, ranks: Sequence[Expression]) -> Term:
    """The ranks after a move are less than before, in the order of dictionaries."""
    return _compared(relation, move, ranks, z3.BoolVal(False))


def not_higher(relation: Relation, move: Move, ranks: Sequence[Expression]) -> Term:
    """The ranks after a move are at most what they were."""
    return _compared(relation, move, ranks, z3.BoolVal(True))


def _compared(relation: Relation, move: Move, ranks: Sequence[Expression], equal: Term) -> Term:
    later = successor(relation, move)
    for rank in reversed(ranks):
        before, after = relation.read(rank), later(rank)
        equal = z3.Or(after < before, z3.And(after == before, equal))
    return equal


def _outside(relation: Relation, move: Move, rest: Expression, outside: Term) -> Term:
    """A step that changes the state, outside the rest before and after."""
    arrives = z3.BoolVal(False) if rest is TRUE else successor(relation, move)(rest)
    return z3.And(outside, move.possible, move.changes, z3.Not(arrives))
