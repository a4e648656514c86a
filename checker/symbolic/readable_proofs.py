"""A proof of convergence as short as it may be: it is to be read, too."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import z3

from checker.regimes.regime import UnderRegime
from checker.symbolic.asking import Budget, ask
from checker.symbolic.helpful import Unit, units_of
from checker.symbolic.houdini import Inductiveness, fresh_solver
from checker.symbolic.needed_lemmas import needed
from checker.symbolic.numbers import Term
from checker.symbolic.rank_checking import first_failure, obligations
from checker.system.expression import Expression, constant, disj
from checker.system.proof import Proof
from checker.system.transition_system import Property
from checker.system.walk import expand_quantifiers, substitute, topological

__all__ = ["with_few_lemmas", "with_short_conditions"]

_MOST_TRIED = 200
"""Lemmas times obligations up to which each lemma is left out once, to see whether it is missed."""

_MOST_GUARDS = 3
"""Guards up to which each is tried by itself, if they will not do together."""


def with_short_conditions(
    under: UnderRegime, claim: Property, proof: Proof, budget: Budget | None = None
) -> Proof:
    """The same proof with guards instead of "a step is possible and changes something".

    Parameters
    ----------
    under : UnderRegime
    claim : Property
    proof : Proof
    budget : Budget, optional

    Returns
    -------
    Proof
        The proof as it was, if Z3 does not confirm the shorter one.
    """
    units = {(unit.group, unit.arguments): unit for unit in units_of(under)}
    guards: dict[int, Expression] = {}
    for place, one in enumerate(proof.helpful):
        unit = units[one.group, one.arguments]
        guard = _guard(under, unit)
        if guard is not None and guard is not one.where and one.where is unit.enabled:
            guards[place] = guard

    def with_guards(places: Collection[int]) -> Proof:
        helpful = (
            replace(one, where=guards[place]) if place in places else one
            for place, one in enumerate(proof.helpful)
        )
        return replace(proof, helpful=tuple(helpful))

    # All of them, or each by itself where they are few.
    if not guards or first_failure(under, claim, with_guards(guards), budget) is None:
        return with_guards(guards)
    fine: list[int] = []
    for place in guards if 1 < len(guards) <= _MOST_GUARDS else ():
        if first_failure(under, claim, with_guards([*fine, place]), budget) is None:
            fine.append(place)
    return with_guards(fine)


def _guard(under: UnderRegime, unit: Unit) -> Expression | None:
    """Where an action of a unit may be taken; None where that depends on a choice."""
    guards = []
    for name in unit.actions:
        action = under.system.action[name]
        pairs = zip(action.parameters, unit.arguments, strict=True)
        given = {one.node: constant(value, one.domain.sort) for one, value in pairs}
        written = expand_quantifiers([action.guard])[action.guard]
        guards.append(substitute([written], given)[written])
    guard = disj(*guards)
    free = any(node.operator == "bound" for node in topological([guard]))
    return None if free else guard


def with_few_lemmas(
    under: UnderRegime,
    claim: Property,
    proof: Proof,
    steps: Inductiveness,
    budget: Budget | None = None,
) -> Proof:
    """The same proof with fewer lemmas; it is still to be checked.

    Parameters
    ----------
    under : UnderRegime
    claim : Property
    proof : Proof
    steps : Inductiveness
        Of the same system.
    budget : Budget, optional
        Where it is spent, or Z3 does not confirm an obligation, the proof stays as it is.

    Notes
    -----
    Lemmas that an unsatisfiable core of an obligation names, and those that these need to be inductive.
    Those without arithmetic are tried first: they are the ones that people read.
    """
    search = _Search(steps, proof.invariant, budget)
    terms = [term for _, term in obligations(under, claim, replace(proof, invariant=()))]
    if not search.cover(terms):
        return proof
    few = search.used()
    if len(few) * len(terms) <= _MOST_TRIED:
        few = needed(steps, few, terms, budget)
    return replace(proof, invariant=tuple(few))


class _Search:
    def __init__(
        self, steps: Inductiveness, lemmas: Sequence[Expression], budget: Budget | None
    ) -> None:
        self.steps = steps
        self.lemmas = lemmas
        self.budget = budget
        self.marks = [z3.Bool(f"$lemma {place}") for place in range(len(lemmas))]
        self.place = {mark.get_id(): place for place, mark in enumerate(self.marks)}
        self.wanted: dict[int, None] = {}
        self.solver = fresh_solver()
        for mark, lemma in zip(self.marks, lemmas, strict=True):
            self.solver.add(z3.Implies(mark, steps.before(lemma)))

    def used(self) -> tuple[Expression, ...]:
        """The lemmas found so far, in their order."""
        return tuple(self.lemmas[place] for place in sorted(self.wanted))

    def cover(self, terms: Sequence[Term]) -> bool:
        """Find lemmas that exclude all terms, and what keeps them; whether there are such."""
        waiting: list[int] = []
        for term in terms:
            if not self._use(term, waiting):
                return False
        while waiting:
            lemma = self.lemmas[waiting.pop()]
            for number, move in enumerate(self.steps.moves):
                if self.steps.touches(number, lemma):
                    lost = z3.Not(self.steps.after(number, lemma))
                    if not self._use(z3.And(move.possible, lost), waiting):
                        return False
        return True

    def _use(self, term: Term, waiting: list[int]) -> bool:
        """Want what excludes a term, as little as possible of it new."""
        known = [self.marks[place] for place in self.wanted]
        plain = [mark for mark, lemma in zip(self.marks, self.lemmas, strict=True) if _is_plain(lemma)]
        self.solver.push()
        try:
            self.solver.add(term)
            for marks in (known, [*known, *plain], self.marks):
                if ask(self.solver, *marks, budget=self.budget) == z3.unsat:
                    break
            else:
                return False
            for mark in self.solver.unsat_core():
                place = self.place[mark.get_id()]
                if place not in self.wanted:
                    self.wanted[place] = None
                    waiting.append(place)
            return True
        finally:
            self.solver.pop()


def _is_plain(lemma: Expression) -> bool:
    """A comparison or a truth value, without arithmetic."""
    inner = lemma.operands[0] if lemma.operator == "not" else lemma
    return all(not one.operands for one in inner.operands)
