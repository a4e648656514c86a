"""Whether a certificate is what it says: of this model, unchanged, and accepted by a second solver.

Nothing of the folder is believed. The conditions are generated again from the model and the proof,
and only if they are the ones in the folder is a solver asked about them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.evidence.certificate import (
    FORMAT,
    KIND,
    MANIFEST,
    CertificateError,
    manifest_of,
    own_claims,
)
from checker.evidence.conditions import verification_conditions
from checker.evidence.expression_rows import BadExpression, expressions_of
from checker.evidence.proof_form import ProofRefused
from checker.evidence.second_opinion import Opinion, second_opinion
from checker.regimes.regime import Regime, RegimeError, UnderRegime
from checker.system.digest import SEMANTICS_VERSION, content_hash, property_hash
from checker.system.proof import Helpful, Proof
from checker.system.sorts import Scalar
from checker.system.transition_system import Property, TransitionSystem

__all__ = ["Certificate", "Verification", "read_certificate", "verify"]


@dataclass(frozen=True)
class Certificate:
    """A certificate as it stands in a folder, its form checked and nothing else.

    Parameters
    ----------
    folder : Path
    manifest : dict
        What `manifest.json` says.
    proof : Proof
    texts : mapping of str to str
        The conditions by file.
    """

    folder: Path
    manifest: Mapping[str, Any]
    proof: Proof
    texts: Mapping[str, str]

    @property
    def model(self) -> str:
        """Name of the model's class."""
        return str(self.manifest["model"]["name"])

    @property
    def reference(self) -> str:
        """How the model was named when it was proved; empty if nobody said."""
        return str(self.manifest["model"]["reference"])

    @property
    def fixed(self) -> dict[str, Scalar]:
        """Parameters that have a value in it."""
        return dict(self.manifest["parameters"]["fixed"])

    @property
    def free(self) -> tuple[str, ...]:
        """Parameters for all of whose values it is a proof."""
        return tuple(self.manifest["parameters"]["free"])

    @property
    def claim(self) -> tuple[str, str]:
        """Name and kind of the property."""
        stated = self.manifest["property"]
        return str(stated["name"]), str(stated["kind"])

    @property
    def regime(self) -> str:
        """The regime, as on the command line."""
        return str(self.manifest["regime"])


@dataclass(frozen=True)
class Verification:
    """What became of a certificate.

    Parameters
    ----------
    certificate : Certificate
    verdict : str
        "accepted": every condition is met. "rejected": one is not, or it is no proof at all.
        "undecided": none is refuted, and the solver does not know about some.
    opinions : tuple of Opinion
        Of the conditions that were asked about, in their order.
    reason : str
        Why it is not accepted; names the conditions.
    """

    certificate: Certificate
    verdict: str
    opinions: tuple[Opinion, ...]
    reason: str = ""


def verify(
    certificate: Certificate,
    system: TransitionSystem,
    claims: Sequence[Property],
    *,
    under: UnderRegime | None = None,
    solver: str = "cvc5",
    seconds: float | None = None,
    progress: Callable[[int, str], None] | None = None,
) -> Verification:
    """Check a certificate against a model, and put each condition to a solver.

    Parameters
    ----------
    certificate : Certificate
        From `read_certificate`.
    system : TransitionSystem
        The model's, before any regime is applied.
    claims : sequence of Property
        The model's properties.
    under : UnderRegime, optional
        As in `write_certificate`.
    solver, seconds, progress
        As in `second_opinion`.

    Raises
    ------
    CertificateError
        If it is of another model, another property or another version of either, or if what it says
        is not what the model and the proof in it give.
    """
    claim = _its_claim(certificate, system, claims)
    try:
        regime = Regime.parse(certificate.regime)
        under = under or regime.apply(system)
    except RegimeError as problem:
        raise CertificateError(f"{certificate.folder}: {problem}") from None
    if under.regime != regime:
        raise CertificateError(
            f"{certificate.folder} is a certificate under {regime}, not under {under.regime}"
        )
    try:
        conditions = verification_conditions(under, claim, certificate.proof)
    except ProofRefused as problem:
        return Verification(certificate, "rejected", (), str(problem))
    told = manifest_of(
        system, claim, regime, certificate.proof, conditions, reference=certificate.reference
    )
    for entry, said in zip(told["conditions"], certificate.manifest["conditions"], strict=False):
        entry["accepted_by"] = said["accepted_by"]
    _refuse_changed(certificate, told, {one.name: one.text for one in conditions})
    opinions = second_opinion(conditions, solver=solver, seconds=seconds, progress=progress)
    refuted = [one for one in opinions if one.verdict == "sat"]
    unsure = [one for one in opinions if one.verdict not in ("sat", "unsat")]
    if refuted:
        return Verification(certificate, "rejected", opinions, f"{solver} refutes {_listed(refuted)}")
    if unsure or len(opinions) < len(conditions):
        why = f" ({unsure[0].reason})" if unsure and unsure[0].reason else ""
        reason = f"{solver} does not decide {_listed(unsure)}{why}"
        return Verification(certificate, "undecided", opinions, reason)
    return Verification(certificate, "accepted", opinions)


def _listed(opinions: Sequence[Opinion]) -> str:
    names = [f"`{one.condition}`" for one in opinions[:3]]
    more = len(opinions) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


# ---------------------------------------------------------------- whose it is


def _its_claim(
    certificate: Certificate, system: TransitionSystem, claims: Sequence[Property]
) -> Property:
    """The property it is about, after making sure that it and the model are the ones of then."""
    where, said = certificate.folder, certificate.manifest
    if certificate.model != system.name:
        raise CertificateError(f"{where} is a certificate of {certificate.model}, not of {system.name}")
    if said["semantics"] != SEMANTICS_VERSION:
        raise CertificateError(
            f"{where} was made for version {said['semantics']} of the semantics, and this is version "
            f"{SEMANTICS_VERSION}: prove it again"
        )
    given = dict(system.parameters)
    if certificate.fixed != given:
        of, now = (_instance(certificate.model, one) for one in (certificate.fixed, given))
        raise CertificateError(f"{where} is a certificate of {of}, not of {now}")
    found = content_hash(system)
    if said["model"]["content_hash"] != found:
        raise CertificateError(
            f"{where} is a certificate of another {certificate.model}: its content hash is "
            f"{said['model']['content_hash'][:12]}, this model's is {found[:12]}"
        )
    name, kind = certificate.claim
    known = [*claims, *own_claims(system)]
    claim = next((one for one in known if (one.name, one.kind) == (name, kind)), None)
    if claim is None:
        raise CertificateError(f"{where}: {system.name} has no property {name!r} of kind {kind!r}")
    if said["property"]["hash"] != property_hash(system, claim):
        raise CertificateError(f"{where} is a certificate of another property called {name!r}")
    return claim


def _instance(model: str, parameters: Mapping[str, Scalar]) -> str:
    return f"{model}({', '.join(f'{name}={value}' for name, value in parameters.items())})"


def _refuse_changed(certificate: Certificate, told: Mapping[str, Any], texts: Mapping[str, str]) -> None:
    said = certificate.manifest
    where = certificate.folder
    files = {entry["file"]: texts[entry["name"]] for entry in told["conditions"]}
    for name, text in files.items():
        if name not in certificate.texts:
            raise CertificateError(f"{where}: {name} is missing, which the proof in the manifest needs")
        if certificate.texts[name] != text:
            raise CertificateError(
                f"{where}: {name} is not what the model and the proof in the manifest give: "
                "one of them was changed"
            )
    for name in certificate.texts:
        if name not in files:
            raise CertificateError(f"{where}: {name} is no condition of this proof")
    for key, value in told.items():
        if said.get(key) != value:
            raise CertificateError(
                f"{where / MANIFEST} was changed: `{key}` is not what the model and the proof give"
            )


# ---------------------------------------------------------------- reading


def read_certificate(folder: Path) -> Certificate:
    """Read a certificate, and make sure that it is whole.

    Raises
    ------
    CertificateError
        If the folder or a file is missing, the manifest is no JSON or of another version, the proof
        in it is no proof, or a condition is not the one whose checksum the manifest has.
    """
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise CertificateError(f"{folder} {what}: a certificate is the folder that `prove` wrote")
    manifest = _manifest(folder / MANIFEST)
    try:
        proof = _proof(manifest)
        files = _files(manifest)
    except (BadExpression, CertificateError) as problem:
        raise CertificateError(f"{folder / MANIFEST}: {problem}") from None
    texts = {name: _condition(folder / name, checksum) for name, checksum in files.items()}
    for name in sorted(_present(folder) - set(texts)):
        raise CertificateError(f"{folder / name} is not named in the manifest")
    return Certificate(folder, manifest, proof, texts)


def _manifest(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise CertificateError(f"{path} is missing: {path.parent} is no certificate")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise CertificateError(f"cannot read {path}: {problem.strerror}") from None
    except (ValueError, RecursionError) as problem:
        raise CertificateError(f"{path} is not whole: no JSON ({problem})") from None
    if not isinstance(manifest, dict) or manifest.get("kind") != KIND:
        raise CertificateError(f"{path} is not the manifest of a certificate")
    if manifest.get("format") != FORMAT:
        raise CertificateError(
            f"{path} has version {manifest.get('format')!r} of the format, and this program reads "
            f"version {FORMAT}: prove it again, or use the program that wrote it"
        )
    for place, kind in _SHAPE.items():
        value: Any = manifest
        for key in place.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise CertificateError(f"{path} lacks `{place}`, or it is not what it should be")
    given = manifest["parameters"]
    if not all(isinstance(name, str) for name in given["free"]):
        raise CertificateError(f"{path}: a free parameter has no name")
    if not all(isinstance(value, int) for value in given["fixed"].values()):
        raise CertificateError(f"{path}: a parameter is neither a number nor a truth value")
    return manifest


_SHAPE: dict[str, type] = {
    "semantics": int,
    "model.name": str,
    "model.reference": str,
    "model.content_hash": str,
    "parameters.fixed": dict,
    "parameters.free": list,
    "property.name": str,
    "property.kind": str,
    "property.hash": str,
    "regime": str,
    "readable": dict,
    "conditions": list,
    "proof.invariant": list,
    "proof.rest": int,
    "proof.ranks": list,
    "proof.helpful": list,
    "expressions": list,
}


def _proof(manifest: Mapping[str, Any]) -> Proof:
    nodes = expressions_of(manifest["expressions"])
    said = manifest["proof"]

    def at(place: Any) -> Any:
        if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < len(nodes):
            raise CertificateError(f"the proof names row {place!r}, which there is not")
        return nodes[place]

    helpful = []
    for one in said["helpful"]:
        if not isinstance(one, dict) or not isinstance(one.get("group"), str):
            raise CertificateError("a helpful unit has no group")
        arguments = one.get("arguments")
        if not isinstance(arguments, list) or not all(isinstance(value, int) for value in arguments):
            raise CertificateError(f"the arguments of {one['group']} are no values")
        helpful.append(Helpful(one["group"], tuple(arguments), at(one.get("where"))))
    return Proof(
        tuple(map(at, said["invariant"])),
        at(said["rest"]),
        tuple(map(at, said["ranks"])),
        tuple(helpful),
    )


def _files(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Checksums of the conditions by file; none of them anywhere else than below the folder."""
    files: dict[str, str] = {}
    for entry in manifest["conditions"]:
        named = entry.get("file") if isinstance(entry, dict) else None
        stem, _, name = str(named).partition("/")
        if stem != "conditions" or "/" in name or not name.endswith(".smt2") or "\0" in name:
            raise CertificateError(f"{named!r} is no file of a condition")
        texts = [entry.get(key) for key in ("name", "says", "sha256")]
        if not all(isinstance(one, str) for one in texts):
            raise CertificateError(f"{named} lacks its name, its meaning or its checksum")
        if entry.get("accepted_by") not in ([], ["cvc5"], ["z3"], ["cvc5", "z3"]):
            raise CertificateError(f"{named} is accepted by nobody that is known")
        files[str(named)] = entry["sha256"]
    return files


def _present(folder: Path) -> set[str]:
    try:
        return {f"conditions/{path.name}" for path in (folder / "conditions").iterdir()}
    except OSError as problem:
        raise CertificateError(f"cannot read {folder / 'conditions'}: {problem.strerror}") from None


def _condition(path: Path, checksum: str) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise CertificateError(f"{path} is missing") from None
    except OSError as problem:
        raise CertificateError(f"cannot read {path}: {problem.strerror}") from None
    if hashlib.sha256(data).hexdigest() != checksum:
        raise CertificateError(f"{path} was changed: its SHA-256 is not the one in the manifest")
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        raise CertificateError(f"{path} is no ASCII text") from None
