"""Which verdict a model's author documents, and where a finding comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.findings.finding import Provenance
from checker.system.digest import SEMANTICS_VERSION, property_hash
from checker.system.transition_system import Property, TransitionSystem

if TYPE_CHECKING:
    from checker.language.model import Model

__all__ = ["documented", "provenance_of"]


def documented(model: Model, name: str, kind: str, claim: Property | None) -> str:
    """The verdict that the author documents: "holds" or "violated".

    Parameters
    ----------
    model : Model
    name, kind : str
        Of the finding; for idempotence the kind is the level.
    claim : Property or None
        None for what no property states (an assertion).
    """
    listed = "violated" if name in type(model).violates else "holds"
    if claim is None:
        return listed
    if "violates" in vars(type(model)) and claim.name not in vars(type(model)):
        # What this class lists goes for all that it inherits: a fix says `violates = ()`.
        return listed
    return dict(claim.expected_levels).get(kind, claim.expected)


def provenance_of(
    system: TransitionSystem, content_hash: str, claim: Property | None, engine: str
) -> Provenance:
    """What a finding speaks of.

    Parameters
    ----------
    system : TransitionSystem
        Before any regime.
    content_hash : str
        Of the system.
    claim : Property or None
    engine : str
    """
    from checker import __version__

    place = None if claim is None or claim.location is None else str(claim.location)
    return Provenance(
        content_hash=content_hash,
        property_hash="" if claim is None else property_hash(system, claim),
        semantics=SEMANTICS_VERSION,
        location=place,
        engine=engine,
        version=__version__,
    )
