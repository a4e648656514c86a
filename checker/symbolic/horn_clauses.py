"""A safety question as constrained Horn clauses: is there a relation that contains what is initial,
that every step keeps, and that excludes what must not be?

References
----------
N. Bjørner, A. Gurfinkel, K. McMillan, A. Rybalchenko, "Horn clause solvers for program verification",
2015. K. Hoder, N. Bjørner, "Generalized property directed reachability", SAT 2012. A. Komuravelli,
A. Gurfinkel, S. Chaki, "SMT-based model checking for recursive programs", CAV 2014 (Spacer).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import z3

from checker.symbolic.bmc import own_wrong
from checker.symbolic.numbers import Term
from checker.symbolic.relation import Relation
from checker.symbolic.terms import Reader
from checker.system.expression import TRUE, Expression, disj, neg
from checker.system.transition_system import Property

__all__ = ["KINDS", "RELATION", "horn_clauses", "violations"]

KINDS = ("always", "never", "transition", "assert", "domain")
"""Kinds of property that an invariant can prove."""

RELATION = "Reached"
"""Name of the relation that is sought; its arguments are the variables in the system's order."""


def violations(relation: Relation, claim: Property) -> list[Term]:
    """What an invariant must exclude, each over `before` and perhaps the symbols of one move.

    Parameters
    ----------
    relation : Relation
    claim : Property
        Of one of `KINDS`. "assert" is an assertion of the model, known by name and location, and
        "domain" stands for all other errors together. In the other kinds whatever goes wrong in the
        model is excluded, too: nothing holds of what would come after it.

    Raises
    ------
    ValueError
        If the property is of another kind.
    """
    if claim.kind not in KINDS:
        raise ValueError(f"{claim.name} is of kind {claim.kind}, which an invariant does not prove")
    if claim.kind in ("assert", "domain"):
        return [where for _, where in own_wrong(relation, claim)]
    found = [move.wrong for move in relation.moves if move.hazards]
    predicate = TRUE if claim.predicate is None else claim.predicate
    wrong = [one.condition for one in claim.hazards]
    if claim.kind == "transition":
        bad = disj(*wrong, neg(predicate))
        for move in relation.moves:
            read = Reader(relation.numbers, relation.before, {**relation.before, **move.updates})
            found.append(z3.And(move.possible, move.changes, read(bad)))
        return found
    broken = predicate if claim.kind == "never" else neg(predicate)
    return [*found, relation.read(disj(*wrong, broken))]


def horn_clauses(relation: Relation, bad: Sequence[Term], given: Sequence[Expression]) -> str:
    """The clauses in SMT-LIB 2; they have a solution iff nothing bad is reachable.

    Parameters
    ----------
    relation : Relation
        Over integers.
    bad : sequence of Term
        From `violations`.
    given : sequence of Expression
        An inductive invariant: what is known of every reachable state need not be found again.

    Notes
    -----
    Spacer does not know division by something that is no number. In the clauses such a quotient or
    remainder is any number of which some facts are true. So more seems reachable than is: what solves
    the clauses is an invariant all the same, but that nothing solves them need not mean anything.
    """
    variables = [relation.before[one.name] for one in relation.system.variables]
    reached = z3.Function(RELATION, *(term.sort() for term in variables), z3.BoolSort())
    known = z3.And(*(relation.read(one) for one in given))
    solver = z3.Solver()

    def clause(premise: Term, conclusion: Term, symbols: Sequence[Term] = ()) -> None:
        linear, fresh = _without_unknown_divisors(z3.Implies(premise, conclusion))
        solver.add(z3.ForAll([*variables, *symbols, *fresh], linear))

    clause(relation.initial, reached(*variables))
    here = z3.And(reached(*variables), known)
    for move in relation.moves:
        after = [move.updates.get(name, term) for name, term in relation.before.items()]
        clause(z3.And(here, move.possible), reached(*after), list(move.symbols.values()))
    symbols = [term for move in relation.moves for term in move.symbols.values()]
    for term in bad:
        used = _constants(term)
        own = [one for one in symbols if one.get_id() in used]
        clause(z3.And(here, term), z3.BoolVal(False), own)
    return str(solver.sexpr())


def _constants(term: Term) -> set[int]:
    """Identities of the constants that occur in a term."""
    found: set[int] = set()
    seen: set[int] = set()
    waiting: list[Any] = [term]
    while waiting:
        node = waiting.pop()
        if node.get_id() in seen:
            continue
        seen.add(node.get_id())
        if z3.is_const(node):
            found.add(node.get_id())
        waiting.extend(node.children())
    return found


def _without_unknown_divisors(term: Term) -> tuple[Term, list[Term]]:
    """The term under some premises about fresh constants, which stand for quotients and remainders."""
    image: dict[int, Term] = {}
    premises: list[Term] = []
    fresh: list[Term] = []
    kept: list[Term] = []  # identities are unique only among terms that live
    waiting = [term]
    while waiting:
        node = waiting[-1]
        missing = [child for child in node.children() if child.get_id() not in image]
        if missing:
            waiting.extend(missing)
            continue
        waiting.pop()
        if node.get_id() in image:
            continue
        kept.append(node)
        children = [image[child.get_id()] for child in node.children()]
        kind = node.decl().kind() if z3.is_app(node) else None
        if kind in (z3.Z3_OP_IDIV, z3.Z3_OP_MOD) and not z3.is_int_value(children[1]):
            number = z3.Int(f"$quotient {len(fresh)}")
            fresh.append(number)
            facts = _remainder if kind == z3.Z3_OP_MOD else _quotient
            premises.append(facts(number, *children))
            image[node.get_id()] = number
        elif children:
            image[node.get_id()] = node.decl()(*children)
        else:
            image[node.get_id()] = node
    return z3.Implies(z3.And(*premises), image[term.get_id()]), fresh


def _remainder(rest: Term, dividend: Term, divisor: Term) -> Term:
    """Some facts about SMT-LIB's `mod`."""
    return z3.And(
        z3.Implies(divisor != 0, rest >= 0),
        z3.Implies(divisor > 0, rest < divisor),
        z3.Implies(z3.And(dividend >= 0, dividend < divisor), rest == dividend),
        z3.Implies(
            z3.And(divisor > 0, divisor <= dividend, dividend < divisor + divisor),
            rest == dividend - divisor,
        ),
    )


def _quotient(whole: Term, dividend: Term, divisor: Term) -> Term:
    """Some facts about SMT-LIB's `div`."""
    return z3.And(
        z3.Implies(z3.And(dividend >= 0, divisor > 0), z3.And(whole >= 0, whole <= dividend)),
        z3.Implies(z3.And(dividend >= 0, dividend < divisor), whole == 0),
        z3.Implies(z3.And(divisor > 0, divisor <= dividend, dividend < divisor + divisor), whole == 1),
    )
