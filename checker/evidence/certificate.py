"""Certificates: a proof in a folder, with every question a solver has to answer to accept it.

    manifest.json       whose proof it is (hashes of the model and the property, regime, parameters),
                        the proof to read and the proof as data, and the conditions' checksums
    conditions/*.smt2   one question for each obligation; any SMT solver must answer `unsat`

The same proof gives the same bytes: no times, no versions, no paths. A folder appears whole or not
at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from checker.evidence.conditions import Condition, verification_conditions
from checker.evidence.expression_rows import rows_of
from checker.evidence.second_opinion import Opinion
from checker.regimes.regime import Regime, UnderRegime
from checker.system.digest import SEMANTICS_VERSION, content_hash, property_hash
from checker.system.printer import show_expression
from checker.system.proof import Proof
from checker.system.transition_system import Property, Role, TransitionSystem

__all__ = [
    "FORMAT",
    "KIND",
    "MANIFEST",
    "CertificateError",
    "condition_files",
    "manifest_of",
    "own_claims",
    "write_certificate",
]

FORMAT = 1
"""Raised whenever a certificate of before could not be read any more."""

KIND = "reconverge certificate"
"""What the manifest says first, so that nothing else is mistaken for one."""

MANIFEST = "manifest.json"


class CertificateError(ValueError):
    """A folder is no certificate, or not one of this model; the message says what to do."""


def own_claims(system: TransitionSystem) -> tuple[Property, ...]:
    """What can be proved of a model that states nothing: each assertion in it, and `well_defined`.

    An assertion is meant by its name, wherever it stands; `well_defined` says that nothing else goes
    wrong: no value outside its domain, no index outside its array, no division by zero.
    """
    hazards = (hazard for action in system.actions for hazard in action.hazards)
    names = dict.fromkeys(hazard.name for hazard in hazards if hazard.kind == "assert")
    return (*(Property(name, "assert") for name in names), Property("well_defined", "domain"))


def write_certificate(
    folder: Path,
    system: TransitionSystem,
    claim: Property,
    regime: Regime,
    proof: Proof,
    opinions: Iterable[Opinion] = (),
    reference: str = "",
    under: UnderRegime | None = None,
) -> Path:
    """Write a proof and its conditions into a folder: whole, or not at all.

    Parameters
    ----------
    folder : Path
        A new one, an empty one, or a certificate, which is replaced.
    system : TransitionSystem
        The model's, before the regime is applied.
    claim : Property
        One of the model's properties, or of `own_claims`.
    regime : Regime
    proof : Proof
    opinions : iterable of Opinion
        What solvers said of its conditions; only who accepted which is noted.
    reference : str
        How the model is found again, as on the command line: `taxi`, `my_operator.py::Good`.
    under : UnderRegime, optional
        The system under the regime, where it is not `regime.apply(system)`: a counter system is made
        of a system that has its regime already.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ProofRefused
        If it is no proof of the claim, whatever a solver says.
    CertificateError
        If the folder holds something else, or cannot be written.
    """
    conditions = verification_conditions(under or regime.apply(system), claim, proof)
    manifest = manifest_of(system, claim, regime, proof, conditions, opinions, reference)
    files = {MANIFEST: _text(manifest)}
    for name, one in zip(condition_files(conditions), conditions, strict=True):
        files[name] = one.text
    _refuse_anything_else(folder)
    try:
        _put(folder, files)
    except OSError as problem:
        raise CertificateError(f"cannot write {folder}: {problem.strerror}") from None
    return folder


def condition_files(conditions: Sequence[Condition]) -> tuple[str, ...]:
    """Where each condition stands in the folder."""
    width = max(2, len(str(len(conditions))))
    return tuple(
        f"conditions/{number:0{width}}-{re.sub('[^A-Za-z0-9_]+', '-', one.name)[:60].strip('-')}.smt2"
        for number, one in enumerate(conditions, 1)
    )


def manifest_of(
    system: TransitionSystem,
    claim: Property,
    regime: Regime,
    proof: Proof,
    conditions: Sequence[Condition],
    opinions: Iterable[Opinion] = (),
    reference: str = "",
) -> dict[str, Any]:
    """What the manifest of a certificate says, as JSON knows it."""
    accepted: dict[str, set[str]] = {}
    for opinion in opinions:
        if opinion.verdict == "unsat":
            accepted.setdefault(opinion.condition, set()).add(opinion.solver)
    free = [one.name for one in system.variables if one.role is Role.PARAMETER]
    wheres = [one.where for one in proof.helpful]
    rows, numbers = rows_of([*proof.invariant, proof.rest, *proof.ranks, *wheres])
    place = iter(numbers)
    return {
        "kind": KIND,
        "format": FORMAT,
        "semantics": SEMANTICS_VERSION,
        "model": {
            "name": system.name,
            "reference": reference,
            "content_hash": content_hash(system),
        },
        "parameters": {"fixed": dict(system.parameters), "free": free},
        "property": {
            "name": claim.name,
            "kind": claim.kind,
            "hash": property_hash(system, claim),
        },
        "regime": str(regime),
        "readable": {
            "invariant": [show_expression(one) for one in proof.invariant],
            "rest": show_expression(proof.rest),
            "ranks": [show_expression(one) for one in proof.ranks],
            "helpful": [
                {
                    "unit": [one.group, *one.arguments],
                    "where": show_expression(one.where),
                }
                for one in proof.helpful
            ],
        },
        "conditions": [
            {
                "file": name,
                "name": one.name,
                "says": one.says,
                "sha256": hashlib.sha256(one.text.encode("ascii")).hexdigest(),
                "accepted_by": sorted(accepted.get(one.name, ())),
            }
            for name, one in zip(condition_files(conditions), conditions, strict=True)
        ],
        "proof": {
            "invariant": [next(place) for _ in proof.invariant],
            "rest": next(place),
            "ranks": [next(place) for _ in proof.ranks],
            "helpful": [
                {"group": one.group, "arguments": list(one.arguments), "where": next(place)}
                for one in proof.helpful
            ],
        },
        "expressions": rows,
    }


# ---------------------------------------------------------------- on the disk


def _text(manifest: dict[str, Any]) -> str:
    """Readable JSON; one line for each row of an expression."""
    head = json.dumps({**manifest, "expressions": []}, indent=1, ensure_ascii=True)
    rows = ",\n  ".join(json.dumps(row, ensure_ascii=True) for row in manifest["expressions"])
    before, mark, after = head.rpartition("[]")
    assert mark, "the expressions stand last"
    return f"{before}[\n  {rows}\n ]{after}\n"


def _refuse_anything_else(folder: Path) -> None:
    """What is replaced has to be a certificate and nothing besides."""
    if not os.path.lexists(folder):
        return
    if folder.is_symlink() or not folder.is_dir():
        raise CertificateError(f"{folder} is not a folder: name a new one for the certificate")
    try:
        names = sorted(path.name for path in folder.iterdir())
        inner = folder / "conditions"
        strange = [name for name in names if name not in (MANIFEST, "conditions")]
        if inner.is_dir() and not inner.is_symlink():
            strange += sorted(path.name for path in inner.iterdir() if path.suffix != ".smt2")
        text = (folder / MANIFEST).read_text(encoding="utf-8") if names else ""
    except (OSError, UnicodeDecodeError):
        strange, text = [folder.name], ""
    if names and (strange or f'"{KIND}"' not in text[:200]):
        what = f" ({strange[0]})" if strange else ""
        raise CertificateError(
            f"{folder} holds something else{what}: name a new folder for the certificate"
        )


def _put(folder: Path, files: dict[str, str]) -> None:
    """The folder with these files and no others; on an error what was there before."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        new, old = made / "new", made / "old"
        (new / "conditions").mkdir(parents=True)
        for name, text in files.items():
            with (new / name).open("w", encoding="ascii", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        if folder.exists():
            folder.rename(old)
        try:
            new.rename(folder)
        except BaseException:
            if old.exists():
                old.rename(folder)
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
