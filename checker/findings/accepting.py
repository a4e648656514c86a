"""What has to happen before a proof counts, or a run of a system with symbols is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from checker.evidence.replay import replay
from checker.evidence.trace import Trace, trace_of
from checker.findings.proof import ProofCertificate
from checker.regimes.regime import Regime, UnderRegime
from checker.system.proof import Proof
from checker.system.run import Judgement, Verdict
from checker.system.sorts import Scalar
from checker.system.transition_system import Property

if TYPE_CHECKING:
    from checker.evidence.second_opinion import Opinion
    from checker.language.all_sizes import AllSizes
    from checker.language.model import Model

__all__ = ["Ground", "accepted", "instance_trace"]


@dataclass(frozen=True)
class Ground:
    """What is proved: a claim about a system under a regime, for every value of some parameters.

    Parameters
    ----------
    claim : Property
    under : UnderRegime
    every : tuple of str
        The parameters.
    own : bool
        Whether the system is the model's own with symbols, and not one of counters.
    """

    claim: Property
    under: UnderRegime
    every: tuple[str, ...]
    own: bool = True


def accepted(
    judgement: Judgement, ground: Ground, proof: Proof, tell: Callable[[str], None]
) -> tuple[Judgement, ProofCertificate | None, tuple[Opinion, ...]]:
    """The judgement after a second solver was asked about each condition of the proof.

    Returns
    -------
    judgement : Judgement
        UNKNOWN, with the reason, where the solver rejects a condition or does not decide it.
    certificate : ProofCertificate or None
        None unless all are accepted.
    opinions : tuple of Opinion
    """
    from checker.evidence import second_opinion
    from checker.evidence.certificate import manifest_of
    from checker.evidence.conditions import verification_conditions
    from checker.evidence.proof_form import ProofRefused

    claim, under = ground.claim, ground.under
    try:
        conditions = verification_conditions(under, claim, proof)
    except ProofRefused as problem:
        reason = f"the proof is refused: {problem}"
        return replace(judgement, verdict=Verdict.UNKNOWN, reason=reason), None, ()
    opinions = second_opinion.second_opinion(
        conditions,
        progress=lambda done, name: tell(f"cvc5 on {claim.name}: {done} of {len(conditions)}"),
    )
    rejected = [one.condition for one in opinions if one.verdict == "sat"]
    left = rejected or [one.condition for one in opinions if one.verdict != "unsat"]
    if left or len(opinions) != len(conditions):
        what = "rejects" if rejected else "does not decide"
        some = f"{len(left)} of {len(conditions)} conditions ({', '.join(left[:2])})"
        reason = f"Z3 has a proof, but cvc5 {what} {some}"
        return replace(judgement, verdict=Verdict.UNKNOWN, reason=reason), None, opinions
    manifest = manifest_of(under.system, claim, under.regime, proof, conditions, opinions)
    certificate = ProofCertificate(
        proof,
        len(conditions),
        ("z3", "cvc5"),
        str(judgement.metrics.get("rank", "")),
        manifest["readable"],
        ground.every,
    )
    return judgement, certificate, opinions


def instance_trace(
    judgement: Judgement, claim: Property, regime: Regime, sizes: AllSizes, model: type[Model]
) -> tuple[Trace, tuple[tuple[str, Scalar], ...]]:
    """The run of the instance that a run of all sizes belongs to, repeated by CPython.

    Returns
    -------
    trace : Trace
    parameters : tuple of (str, bool or int)
        Of the instance.
    """
    from checker.language.all_sizes import instance_of
    from checker.language.elaborate import elaborate
    from checker.language.execution import Execution
    from checker.language.instance_runs import run_of_instance

    assert judgement.run is not None
    values = instance_of(sizes, judgement.run.states[0])
    instance = elaborate(model(**values))
    under = regime.apply(instance.system)
    symbolic = regime.apply(sizes.elaborated.system).system
    run = run_of_instance(judgement.run, symbolic, under.system)
    trace = trace_of(
        instance.system, run, claim=judgement.name, kind=judgement.kind, regime=judgement.regime
    )
    own = next((one for one in instance.properties if one.name == claim.name), None)
    replay(Execution(instance), under, trace, own, run)
    return trace, tuple(values.items())
