"""Findings as one JSON object for other programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from checker.findings.findings import Findings
from checker.report.cause import explain
from checker.system.run import Verdict

__all__ = ["check_document", "dump"]


def check_document(found: Sequence[Findings], exit_code: int, version: str) -> dict[str, Any]:
    """What `reconverge check --json` writes.

    Returns
    -------
    dict
        `findings` of all models in order, each with its `cause`; `models` with what was explored.
    """
    findings = []
    for one in found:
        for finding in one:
            entry = finding.as_json()
            if finding.verdict is Verdict.VIOLATED:
                entry["cause"] = explain(one, finding)
            findings.append(entry)
    models = []
    for one in found:
        entry = one.as_json()
        del entry["findings"]
        models.append(entry)
    return {
        "reconverge": version,
        "command": "check",
        "exit_code": exit_code,
        "findings": findings,
        "models": models,
    }


def dump(document: Any) -> str:
    """One JSON object, readable, with a newline at its end."""
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"
