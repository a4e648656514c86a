"""Safety for all states, by property-directed reachability (Z3's Spacer); its answer is proved again.

Spacer has had wrong answers (Z3 issues 2641, 7554, 7611). So what it says is a suggestion: the relation
it found is read back as lemmas over the model's variables, and these are shown to be an invariant that
implies the property by plain queries, which have nothing to do with how it was found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import z3

from checker.regimes.regime import UnderRegime
from checker.symbolic.asking import Budget, ask
from checker.symbolic.bmc import bmc_safety
from checker.symbolic.candidates import domain_lemmas
from checker.symbolic.fresh_process import Answer, Question, solved
from checker.symbolic.horn_clauses import KINDS, RELATION, horn_clauses, violations
from checker.symbolic.houdini import Inductiveness, fresh_solver
from checker.symbolic.numbers import Term
from checker.symbolic.proof_scope import proof_scope
from checker.symbolic.reading_back import Unreadable, z3_to_expression
from checker.symbolic.starts import conjuncts
from checker.system.expression import TRUE, Expression, conj, neg
from checker.system.proof import Proof
from checker.system.run import Judgement, Verdict
from checker.system.transition_system import Property

__all__ = ["CONFIGURATIONS", "KINDS", "spacer"]

CONFIGURATIONS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("default", {}),
    ("global", {"fp.spacer.global": True}),
    ("lemma_as_cti", {"fp.spacer.use_lemma_as_cti": True}),
    ("euf_gen", {"fp.spacer.use_euf_gen": True}),
)
"""Each fails on something that another one proves at once."""

_EFFORTS = (3_000_000, 40_000_000)
"""Z3's own count of work for one try: every configuration gets little before any gets much."""

_NO_INLINING = {"fp.xform.inline_eager": False, "fp.xform.inline_linear": False}
"""Otherwise the relation may be inlined, and is not told."""

_SEEDS = {"fp.spacer.random_seed": 0}

_LOOK = 24
"""Steps up to which a run is looked for where Spacer says that there is one."""

_EFFORT_OF_LOOKING = 20_000_000


def spacer(
    under: UnderRegime,
    claim: Property,
    *,
    budget: Budget | None = None,
    lemmas: Sequence[Expression] = (),
    efforts: Sequence[int] = _EFFORTS,
) -> tuple[Judgement, Proof | None]:
    """Judge a property of kind always, never, transition, assert or domain by an invariant.

    Parameters
    ----------
    under : UnderRegime
    claim : Property
        "assert" is an assertion of the model, known by name and location; "domain" stands for all
        its other errors together ("well_defined").
    budget : Budget, optional
    lemmas : sequence of Expression
        What may help, if it turns out to be inductive.
    efforts : sequence of int
        Z3's resource limit for one try of one configuration, rising.

    Returns
    -------
    (Judgement, Proof or None)
        HOLDS only with the proof: lemmas that hold initially, that every action keeps, and where
        they hold the claim does and nothing goes wrong, each shown by a fresh solver over
        mathematical integers. VIOLATED only with a run that the interpreter confirms. Otherwise
        UNKNOWN: Spacer gives up, or its answer is refused.

    Raises
    ------
    ValueError
        If the property is of another kind.
    KeyboardInterrupt

    Notes
    -----
    Each try runs in a process of its own with fixed seeds and a limit of work rather than of time,
    so that the same question gets the same answer on every machine, unless the budget ends it.
    """
    search = _Search(under, claim, budget)
    wanted = [*domain_lemmas(under.system), *conjuncts(under.system.wellformed), *lemmas]
    predicate = _state_predicate(claim)
    if predicate is not None:
        wanted.extend(conjuncts(predicate))
    ground = search.steps.largest([one for one in wanted if not one.is_constant], budget)
    if search.excludes(ground):
        return search.held(ground, "without Spacer")
    return search.by_portfolio(ground, efforts)


def _state_predicate(claim: Property) -> Expression | None:
    if claim.kind not in ("always", "never") or claim.predicate is None:
        return None
    return claim.predicate if claim.kind == "always" else neg(claim.predicate)


@dataclass(frozen=True, slots=True)
class _Try:
    """What came of one configuration."""

    name: str
    result: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason or self.result}"


class _Search:
    """One property of one system."""

    def __init__(self, under: UnderRegime, claim: Property, budget: Budget | None) -> None:
        self.under = under
        self.claim = claim
        self.budget = budget
        self.steps = Inductiveness(under)
        self.relation = self.steps.relation
        self.bad: list[Term] = violations(self.relation, claim)

    def excludes(self, lemmas: Sequence[Expression]) -> bool:
        """Whether nothing bad is possible where the lemmas hold; False if Z3 cannot tell."""
        given = [self.relation.read(one) for one in lemmas]
        for term in self.bad:
            solver = fresh_solver()
            solver.add(*given, term)
            if ask(solver, budget=self.budget) != z3.unsat:
                return False
        return True

    def by_portfolio(
        self, ground: Sequence[Expression], efforts: Sequence[int]
    ) -> tuple[Judgement, Proof | None]:
        """Try every configuration with rising effort until one finds a proof."""
        clauses = horn_clauses(self.relation, self.bad, ground)
        tries: dict[str, _Try] = {}
        looked = False
        for effort in efforts:
            for name, options in CONFIGURATIONS:
                chosen = {**_NO_INLINING, **_SEEDS, **options}
                answer = solved(Question(clauses, RELATION, chosen, effort), self.budget)
                if answer.result == "sat":
                    invariant, reason = self.checked(answer, ground)
                    if invariant is not None:
                        return self.held(invariant, name)
                    answer = Answer("unknown", reason=reason)
                elif answer.result == "unsat" and not looked:
                    looked = True
                    found = self.refuted()
                    if found is not None:
                        return found, None
                tries[name] = _Try(name, answer.result, answer.reason)
                if self.budget is not None and self.budget.spent:
                    return self.unknown(tries), None
            if any(one.result == "unsat" for one in tries.values()):
                break  # more work would say the same
        return self.unknown(tries), None

    def checked(
        self, answer: Answer, ground: Sequence[Expression]
    ) -> tuple[tuple[Expression, ...] | None, str]:
        """The invariant, if Spacer's relation is one; otherwise what is wrong with it."""
        if not answer.solution:
            return None, answer.reason
        names = {f"a{place}": one.node for place, one in enumerate(self.under.system.variables)}
        try:
            parts = z3.parse_smt2_string(answer.solution)
            found = conj(*(z3_to_expression(part, names) for part in parts))
        except (Unreadable, z3.Z3Exception) as problem:
            return None, f"its answer cannot be read back: {problem}"
        lemmas = tuple(dict.fromkeys([*ground, *conjuncts(found)]))
        lemmas = tuple(one for one in lemmas if one is not TRUE)
        if self.steps.not_kept(lemmas, self.budget):
            return None, "its answer is not an invariant"
        if not self.excludes(lemmas):
            return None, "its answer does not imply the property"
        return self.fewer(lemmas), ""

    def fewer(self, lemmas: tuple[Expression, ...]) -> tuple[Expression, ...]:
        """As few of the lemmas as still are a proof, by leaving out one after the other."""
        if len(lemmas) > _MOST_TO_THIN:
            return lemmas
        kept = lemmas
        for lemma in lemmas:
            less = tuple(one for one in kept if one is not lemma)
            if self.excludes(less) and not self.steps.not_kept(less, self.budget):
                kept = less
        return kept

    # ------------------------------------------------------------ verdicts

    def held(self, lemmas: tuple[Expression, ...], by: str) -> tuple[Judgement, Proof]:
        """HOLDS, with the proof."""
        lemmas = self.fewer(lemmas)
        predicate = _state_predicate(self.claim)
        proof = Proof(lemmas, TRUE if predicate is None else predicate)
        metrics = {"lemmas": len(lemmas), "configuration": by}
        return self._judgement(Verdict.HOLDS, "", metrics), proof

    def refuted(self) -> Judgement | None:
        """A run against the property, if a short one exists; Spacer says that some run does."""
        found = bmc_safety(self.under, self.claim, _LOOK, budget=self.budget, rlimit=_EFFORT_OF_LOOKING)
        return found if found.verdict is Verdict.VIOLATED else None

    def unknown(self, tries: Mapping[str, _Try]) -> Judgement:
        """Neither a proof nor a run."""
        told = "; ".join(str(one) for one in tries.values())
        if any(one.result == "unsat" for one in tries.values()):
            what = (
                "it violated"
                if self.claim.kind in ("assert", "domain")
                else "it, or the model, going wrong"
            )
            told = f"Spacer finds {what}, but no run of at most {_LOOK} steps was found that violates it"
        elif self.budget is not None and self.budget.spent:
            told = f"out of time ({told})"
        return self._judgement(Verdict.UNKNOWN, told, {})

    def _judgement(self, verdict: Verdict, reason: str, metrics: Mapping[str, Any]) -> Judgement:
        return Judgement(
            self.claim.name,
            self.claim.kind,
            verdict,
            proof_scope(self.under.system),
            str(self.under.regime),
            reason=reason,
            metrics={"engine": "spacer", **metrics},
        )


_MOST_TO_THIN = 40
"""Lemmas up to which it is tried to do without some."""
