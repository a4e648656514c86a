"""`reconverge verify`: whether a certificate is of this model, unchanged, and accepted by cvc5."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from checker.cli import arguments
from checker.cli.output import write_stdout
from checker.cli.progress import Progress

if TYPE_CHECKING:
    from checker.evidence.verification import Certificate, Verification
    from checker.language.elaborate import Elaborated

__all__ = ["command"]

_HELP = """Check the proof in the folder CERTIFICATE: that it is of this model and this
property, that nothing in it was changed, and that cvc5 accepts every condition
that the model and the proof give.

MODEL is found by the name in the certificate, unless it is given.

\b
exit codes:
  0  accepted                     2  no certificate, changed, or of another model
  1  rejected: it is no proof     4  cvc5 does not decide some condition

\b
example:
  reconverge verify certificates/Taxi-arrives
"""

_CODES = {"accepted": 0, "rejected": 1, "undecided": 4}


@click.command("verify", help=_HELP)
@click.argument("certificate", type=click.Path(path_type=Path))
@click.argument("model", required=False)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Time for each condition; what takes longer is undecided (exit 4). By default 30.",
)
@arguments.as_json
def command(certificate: Path, model: str | None, timeout: float | None, as_json: bool) -> int:
    """Check a certificate again."""
    from checker.evidence.certificate import CertificateError
    from checker.evidence.verification import read_certificate, verify

    try:
        read = read_certificate(certificate)
        elaborated = _elaborated(read, model)
        with _Conditions(read.model) as progress:
            verification = verify(
                read, elaborated.system, elaborated.properties, seconds=timeout, progress=progress
            )
    except CertificateError as problem:
        raise click.ClickException(str(problem)) from None
    code = _CODES[verification.verdict]
    if as_json:
        from checker.report.json_report import dump

        write_stdout(dump(_document(verification, code)))
    else:
        from checker.report.glyphs import glyphs_for

        write_stdout(glyphs_for(sys.stdout.encoding).plain(_told(verification)) + "\n")
    return code


class _Conditions(Progress):
    """Called with how many conditions are answered, and the name of the next."""

    def __enter__(self) -> _Conditions:
        return self

    def __call__(self, answered: int, following: str) -> None:  # type: ignore[override]
        if self._due():
            self._tell(f"{self.name}: {answered} conditions answered, now {following}")


# ---------------------------------------------------------------- whose it is


def _elaborated(certificate: Certificate, model: str | None) -> Elaborated:
    """The model that a certificate is of, with the same parameters fixed and the same ones free."""
    from checker.evidence.certificate import CertificateError
    from checker.language.elaborate import elaborate
    from checker.language.loader import load_models
    from checker.language.model import members
    from checker.language.parameters import Param
    from checker.language.symbols import NeedsNumber

    reference = model or _in_the_gallery(certificate)
    found = [one for one in load_models(reference) if one.__name__ == certificate.model]
    if not found:
        raise CertificateError(
            f"{certificate.folder} is a certificate of {certificate.model}, which {reference} lacks"
        )
    declared = [name for name, one in members(found[0]).items() if isinstance(one, Param)]
    for name in (*certificate.fixed, *certificate.free):
        if name not in declared:
            raise CertificateError(
                f"{certificate.folder} speaks of a parameter {name!r}, "
                f"which {certificate.model} does not have"
            )
    try:
        return elaborate(found[0](**certificate.fixed), free=certificate.free)
    except NeedsNumber as problem:
        raise CertificateError(
            f"{certificate.folder} speaks of every {' and '.join(sorted(problem.names))}, "
            f"but this {certificate.model} needs a number: {problem.reason}"
        ) from None


def _in_the_gallery(certificate: Certificate) -> str:
    """Where the model is that a certificate names; a file elsewhere is not run because one says so."""
    from checker.evidence.certificate import CertificateError
    from checker.language.loader import gallery

    known = dict(gallery())
    name = certificate.reference.partition("::")[0]
    if name in known:
        return name
    homes = [
        name for name, path in known.items() if f"class {certificate.model}(" in path.read_text("utf-8")
    ]
    if len(homes) == 1 and not certificate.reference:
        return homes[0]
    place = f" in {name}" if name else ""
    raise CertificateError(
        f"{certificate.folder} is a certificate of {certificate.model}{place}, which is not among the "
        f"models that come along: name it, as in reconverge verify {certificate.folder} my_operator.py"
    )


# ---------------------------------------------------------------- what is said


def _told(verification: Verification) -> str:
    certificate = verification.certificate
    name, kind = certificate.claim
    fixed = [f"{key}={value}" for key, value in certificate.fixed.items()]
    sizes = [*fixed, *(f"every {key}" for key in certificate.free)]
    about = " · ".join([f"regime {certificate.regime}", *([", ".join(sizes)] if sizes else [])])
    lines = [f"{certificate.model}  {name}  {kind}", f"  {about}"]
    asked, known = len(verification.opinions), len(certificate.texts)
    if verification.verdict == "accepted":
        seconds = sum(one.seconds for one in verification.opinions)
        lines.append(f"  accepted: cvc5 confirms all {asked} conditions · {seconds:.2f} s")
    else:
        lines.append(f"  {verification.verdict}: {verification.reason}")
        met = sum(one.verdict == "unsat" for one in verification.opinions)
        if asked:
            lines.append(f"  {met} of {known} conditions are met")
        return "\n".join(lines)
    readable = certificate.manifest["readable"]
    if kind == "converges":
        lines += [f"  rank      {rank}" for rank in readable["ranks"]]
        lines += [_helpful(one) for one in readable["helpful"]]
        lines.append(f"  rest      {readable['rest']}")
    lines += [f"  invariant {lemma}" for lemma in readable["invariant"]]
    return "\n".join(lines)


def _helpful(one: Any) -> str:
    group, *arguments = one["unit"]
    shown = f"({', '.join(map(str, arguments))})" if arguments else ""
    return f"  helpful   {group}{shown} where {one['where']}"


def _document(verification: Verification, code: int) -> dict[str, Any]:
    certificate = verification.certificate
    name, kind = certificate.claim
    told = {one.condition: one for one in verification.opinions}
    conditions = []
    for entry in certificate.manifest["conditions"]:
        opinion = told.get(entry["name"])
        conditions.append(
            {
                "file": entry["file"],
                "name": entry["name"],
                "says": entry["says"],
                "verdict": "not asked" if opinion is None else opinion.verdict,
                "reason": "" if opinion is None else opinion.reason,
                "seconds": None if opinion is None else round(opinion.seconds, 4),
            }
        )
    return {
        "command": "verify",
        "exit_code": code,
        "certificate": str(certificate.folder),
        "model": certificate.model,
        "parameters": certificate.manifest["parameters"],
        "property": name,
        "kind": kind,
        "regime": certificate.regime,
        "verdict": verification.verdict,
        "reason": verification.reason,
        "solver": "cvc5",
        "proof": certificate.manifest["readable"],
        "conditions": conditions,
    }
