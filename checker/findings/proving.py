"""`prove`: properties of a model for every size of it, by proofs that a second solver has accepted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.evidence.certificate import own_claims, write_certificate
from checker.findings.accepting import Ground, accepted, instance_trace
from checker.findings.checking import check
from checker.findings.documented import documented, provenance_of
from checker.findings.finding import Finding
from checker.findings.findings import Findings
from checker.findings.proof import ProofCertificate
from checker.findings.selection import regime_of, select
from checker.findings.translating import translated
from checker.regimes.regime import Regime, RegimeError, UnderRegime
from checker.system.digest import content_hash
from checker.system.proof import Proof
from checker.system.run import Judgement, Scope, Verdict
from checker.system.transition_system import Property

if TYPE_CHECKING:
    from checker.language.all_sizes import AllSizes
    from checker.language.model import Model
    from checker.reductions.counter_abstraction import CounterAbstraction
    from checker.symbolic.asking import Budget
    from checker.symbolic.samples import Samples

__all__ = ["prove"]

_SAFETY = ("always", "never", "transition", "assert", "domain")

_COUNTED = ("always", "never", "converges")
"""What is looked at in counters, where a parameter is the number of like parts."""

_SMALL = 50_000
"""States of the instance that are looked at before anything is proved of all of them."""


def prove(
    model: Model | type[Model],
    *properties: str,
    regime: str | Regime | None = None,
    timeout: float | None = 60.0,
    certificates: str | Path | None = None,
    reference: str = "",
    progress: Callable[[str], None] | None = None,
) -> Findings:
    """Prove the properties of a model for every value of its parameters; prints nothing.

    Parameters
    ----------
    model : Model or its class
        What is asked about all instances. The values of an instance are those of the parameters that
        cannot be symbols, and of the instance that is explored first.
    *properties : str
        Only these; every property, and every error of the model itself, if none is named.
    regime : str or Regime, optional
        Judge everything under this regime instead of the one that each property states.
    timeout : float, optional
        Seconds of searching for each property; then it is UNKNOWN. None: no limit. The second solver
        has 30 seconds for each condition.
    certificates : path, optional
        A folder that gets one certificate for each proof.
    reference : str
        How the model is found again, for the certificates: `taxi`, `my_operator.py::Good`.
    progress : callable, optional
        Told in a few words what is done.

    Returns
    -------
    Findings
        HOLDS with a `ProofCertificate`, of scope "all sizes" where a parameter is free or a variable
        unbounded, only if cvc5 accepts every condition of the proof. VIOLATED with a run of one
        instance, repeated by CPython. UNKNOWN otherwise, with the reason.

    Raises
    ------
    ModelError, RegimeError, UnknownProperty
        As `check`.
    CertificateError
        If a certificate cannot be written.
    """
    asked = Regime.parse(regime) if isinstance(regime, str) else regime
    place = None if certificates is None else Path(certificates)
    return _Proving(model, asked, timeout, place, reference, progress or _silent).run(properties)


def _silent(what: str) -> None:
    """Nobody is told."""


class _Proving:
    """One run of `prove`: an exploration of the instance, then a proof for each property."""

    def __init__(
        self,
        model: Model | type[Model],
        asked: Regime | None,
        timeout: float | None,
        place: Path | None,
        reference: str,
        tell: Callable[[str], None],
    ) -> None:
        from checker.language.all_sizes import all_sizes

        self.begun = time.perf_counter()
        self.instance = translated(model)
        self.sizes: AllSizes = all_sizes(self.instance.model)
        self.system = self.sizes.elaborated.system
        self.hash = content_hash(self.system)
        self.asked = asked
        self.timeout = timeout
        self.place = place
        self.reference = reference
        self.tell = tell
        self.samples: dict[str, Samples] = {}
        self.proved: dict[str, Proof] = {}
        self.counters: dict[str, list[CounterAbstraction]] = {}
        self.uncounted: dict[str, str] = {}
        self.stopped = False

    def run(self, names: Iterable[str]) -> Findings:
        stated = self.sizes.elaborated.properties
        own = own_claims(self.system)
        wanted = tuple(names) or None
        claims = list(select(stated, wanted, [one.name for one in own]))
        claims += [one for one in own if wanted is None or one.name in wanted]
        # What is proved first may help with what comes after it.
        order = sorted(claims, key=lambda claim: claim.kind == "idempotent")
        small = self._explored(claims)
        found: dict[int, list[Finding]] = {}
        for claim in order:
            found[id(claim)] = self._findings(claim, small)
        free = tuple((name, "every") for name in self.sizes.free)
        return Findings(
            model=self.system.name,
            parameters=(*free, *self.system.parameters),
            findings=tuple(one for claim in claims for one in found[id(claim)]),
            seconds=time.perf_counter() - self.begun,
            system=self.instance.system,
            claims=tuple(stated),
            reductions=tuple(self._told()),
        )

    def _told(self) -> Iterator[str]:
        """Which parameters are numbers, and why."""
        for name, reason in self.sizes.reasons:
            value = dict(self.sizes.fixed)[name]
            if any(one.parameter == name for found in self.counters.values() for one in found):
                kept = "" if self.place is None else " (there are no certificates of that)"
                yield f"what is said of every {name} is proved by counting parts{kept}; else {name}={value}"
            else:
                why = self.uncounted.get(name)
                also = "" if why is None else f"; nor can its parts be counted: {why}"
                yield f"{name}={value} stays a number: {reason}{also}"

    # ------------------------------------------------------------ one instance

    def _explored(self, claims: list[Property]) -> list[Finding]:
        """What exploring the instance says: what is violated there is not proved of all."""
        values = ", ".join(f"{name}={value}" for name, value in self.instance.system.parameters)
        self.tell(f"exploring {values}" if values else "exploring")
        names = list(dict.fromkeys(claim.name for claim in claims))
        return list(check(self.instance.model, properties=names, regime=self.asked, max_states=_SMALL))

    def _findings(self, claim: Property, small: list[Finding]) -> list[Finding]:
        here = [one for one in small if one.property == claim.name]
        refuted = [one for one in here if one.verdict is Verdict.VIOLATED]
        if claim.kind != "idempotent" and refuted:
            return refuted
        from checker.symbolic.fresh_context import fresh_context

        regime = self._regime(claim)
        begun = time.perf_counter()
        try:
            if self.stopped:
                raise KeyboardInterrupt
            with fresh_context():
                judged = self._judged(claim, regime, here)
        except KeyboardInterrupt:
            self.stopped = True
            judged = [(self._unknown(claim, regime, "interrupted"), None, self._ground(claim, regime))]
        seconds = time.perf_counter() - begun
        known = {judgement.kind for judgement, _, _ in judged}
        for one in here:
            if one.kind not in known and claim.kind == "idempotent":
                reason = "no engine proves this level; `reconverge check` judges an instance"
                unknown = replace(self._unknown(claim, regime, reason), kind=one.kind)
                judged.append((unknown, None, self._ground(claim, regime)))
        done = []
        for judgement, proof, ground in judged:
            violated = [one for one in refuted if one.kind == judgement.kind]
            done.append(violated[0] if violated else self._finding(judgement, ground, proof, seconds))
        return done

    def _regime(self, claim: Property) -> Regime:
        regime = regime_of(claim, self.asked)
        try:
            regime.apply(self.system)
        except RegimeError as problem:
            if self.asked is not None:
                raise
            raise RegimeError(f"{problem}, says `{claim.name}`") from None
        return regime

    # ------------------------------------------------------------ proofs

    def _ground(self, claim: Property, regime: Regime) -> Ground:
        return Ground(claim, regime.apply(self.system), self.sizes.free)

    def _judged(
        self, claim: Property, regime: Regime, here: list[Finding]
    ) -> list[tuple[Judgement, Proof | None, Ground]]:
        from checker.symbolic.asking import Budget

        self.tell(f"proving {claim.name}")
        ground, budget = self._ground(claim, regime), Budget(self.timeout)
        if claim.kind in _COUNTED:
            for other in self._counted(claim, regime):
                # What is not proved of every number may still be proved of this one.
                left = budget.left()
                judgement, proof = self._proved(other, Budget(None if left is None else left / 2))
                if judgement.verdict is Verdict.HOLDS:
                    return [(judgement, proof, other)]
        if claim.kind in _SAFETY or claim.kind == "converges":
            return [(*self._proved(ground, budget), ground)]
        if claim.kind == "idempotent":
            judged = self._idempotence(claim, ground.under, budget)
            return [(one, None, ground) for one in judged]
        if claim.kind == "reachable" and here and here[0].verdict is Verdict.HOLDS:
            reason = f"it is reached where {_values(here[0])}; whether in every instance is not proved"
        else:
            reason = (
                f"no engine proves {claim.kind!r} for all sizes; `reconverge check` judges an instance"
            )
        return [(self._unknown(claim, regime, reason), None, ground)]

    def _counted(self, claim: Property, regime: Regime) -> Iterator[Ground]:
        """The claim about counters, for each parameter that is a number of like parts."""
        from checker.findings.every_number import counted, under_counters

        key = str(regime)
        if key not in self.counters:
            self.counters[key] = []
            for name, _ in self.sizes.fixed:
                self.tell(f"counting {name}")
                found = counted(self.instance.model, self.sizes, name, regime)
                if isinstance(found, str):
                    self.uncounted[name] = found
                else:
                    self.counters[key].append(found)
        for counters in self.counters[key]:
            about = under_counters(counters, claim, regime)
            if about is not None:
                every = (*self.sizes.free, counters.parameter)
                yield Ground(about[1], about[0], every, own=False)

    def _proved(self, ground: Ground, budget: Budget) -> tuple[Judgement, Proof | None]:
        if ground.claim.kind == "converges":
            return self._convergence(ground, budget)
        return self._safety(ground, budget)

    def _sampled(self, under: UnderRegime) -> Samples:
        from checker.symbolic.samples import sampled

        key = content_hash(under.system)
        if key not in self.samples:
            self.samples[key] = sampled(under)
        return self.samples[key]

    def _lemmas(self, ground: Ground) -> list[Any]:
        """What other proofs needed: guesses, which are proved again wherever they are used."""
        if not ground.own:
            from checker.symbolic.starts import conjuncts

            return list(conjuncts(ground.under.system.wellformed))
        lemmas = [one for proof in self.proved.values() for one in proof.invariant]
        predicates = [
            claim.predicate
            for claim in self.sizes.elaborated.properties
            if claim.kind == "always" and claim.predicate is not None
        ]
        return list(dict.fromkeys([*lemmas, *predicates]))

    def _convergence(self, ground: Ground, budget: Budget) -> tuple[Judgement, Proof | None]:
        from checker.symbolic.convergence_proofs import prove_convergence

        return prove_convergence(
            ground.under,
            ground.claim,
            lemmas=self._lemmas(ground),
            samples=self._sampled(ground.under),
            budget=budget,
            progress=lambda what: self.tell(f"proving {ground.claim.name}: {what}"),
        )

    def _safety(self, ground: Ground, budget: Budget) -> tuple[Judgement, Proof | None]:
        from checker.symbolic.safety_proofs import prove_safety
        from checker.symbolic.spacer import spacer

        lemmas = self._lemmas(ground)
        judgement, proof = prove_safety(
            ground.under,
            ground.claim,
            lemmas=lemmas,
            samples=self._sampled(ground.under),
            budget=budget,
        )
        if judgement.verdict is Verdict.UNKNOWN and ground.own and not budget.spent:
            self.tell(f"proving {ground.claim.name}: Spacer")
            another, found = spacer(ground.under, ground.claim, budget=budget, lemmas=lemmas)
            if another.verdict is not Verdict.UNKNOWN:
                return another, found
        return judgement, proof

    def _idempotence(self, claim: Property, under: UnderRegime, budget: Budget) -> list[Judgement]:
        from checker.findings.judging import resting_place
        from checker.symbolic.idempotence_queries import judge_idempotent_by_query

        stated = self.sizes.elaborated.properties
        named = next((one.predicate for one in stated if one.name == claim.goal), None)
        goal = named if named is not None else resting_place(stated)
        goals = [one for one in stated if one.kind == "converges"]
        regime = str(under.regime)
        rests = bool(goals) and all(
            one.name in self.proved and str(self._regime(one)) == regime for one in goals
        )
        return judge_idempotent_by_query(
            under,
            claim,
            goal,
            lemmas=self._lemmas(self._ground(claim, under.regime)),
            converges=rests and (claim.goal is None or claim.goal in self.proved),
            reachable=True,
            budget=budget,
        )

    def _unknown(self, claim: Property, regime: Regime, reason: str) -> Judgement:
        scope = Scope("bounded", 0)
        return Judgement(claim.name, claim.kind, Verdict.UNKNOWN, scope, str(regime), reason=reason)

    # ------------------------------------------------------------ findings

    def _finding(
        self, judgement: Judgement, ground: Ground, proof: Proof | None, seconds: float
    ) -> Finding:
        evidence: Any = None
        claim = ground.claim
        fixed = [(name, value) for name, value in self.system.parameters if name not in ground.every]
        parameters: tuple[tuple[str, Any], ...] = (*((name, "every") for name in ground.every), *fixed)
        if judgement.verdict is Verdict.VIOLATED and judgement.run is not None:
            evidence, parameters = instance_trace(
                judgement, claim, ground.under.regime, self.sizes, type(self.instance.model)
            )
        elif judgement.verdict is Verdict.HOLDS and proof is not None:
            judgement, evidence = self._accepted(judgement, ground, proof)
        stated = next((one for one in self.sizes.elaborated.properties if one.name == claim.name), None)
        metrics = {**judgement.metrics, "seconds": round(seconds, 3)}
        return Finding(
            property=judgement.name,
            kind=judgement.kind,
            regime=judgement.regime,
            verdict=judgement.verdict,
            scope=judgement.scope,
            evidence=evidence,
            model=self.system.name,
            parameters=parameters,
            provenance=provenance_of(self.system, self.hash, stated or claim, "z3"),
            reason=judgement.reason,
            metrics=metrics,
            expected=documented(
                self.instance.model,
                judgement.name,
                judgement.kind,
                stated,
            ),
        )

    def _accepted(
        self, judgement: Judgement, ground: Ground, proof: Proof
    ) -> tuple[Judgement, ProofCertificate | None]:
        judgement, evidence, opinions = accepted(judgement, ground, proof, self.tell)
        if evidence is None or not ground.own:
            return judgement, evidence
        self.proved[ground.claim.name] = proof
        if self.place is not None:
            home = self.place / f"{self.system.name}-{ground.claim.name}"
            regime = ground.under.regime
            write_certificate(home, self.system, ground.claim, regime, proof, opinions, self.reference)
            evidence = replace(evidence, folder=str(home))
        return judgement, evidence


def _values(finding: Finding) -> str:
    return ", ".join(f"{name}={value}" for name, value in finding.parameters) or "it is explored"
