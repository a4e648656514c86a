"""A canonical content hash of an elaborated system: what a result cites.

Two systems have the same hash iff they have the same variables, domains, initial values and
actions, expression by expression. Where the source stands, comments, docstrings, labels shown in
traces, names of parameters, choices and loop indices, and the Python version do not matter.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from checker.system.expression import Expression
from checker.system.sorts import Domain, EnumSort, Sort
from checker.system.transition_system import Property, TransitionSystem
from checker.system.walk import topological

__all__ = ["SEMANTICS_VERSION", "content_hash", "property_hash"]

SEMANTICS_VERSION = 1
"""Raised whenever the meaning of a system changes, so that old results are not mixed with new."""


def content_hash(system: TransitionSystem) -> str:
    """SHA-256 of the canonical form, as 64 hexadecimal digits."""
    table = _Table()
    form: dict[str, Any] = {
        "semantics": SEMANTICS_VERSION,
        "name": system.name,
        "parameters": [[name, int(value)] for name, value in system.parameters],
        "variables": [
            [
                variable.name,
                _domain(variable.domain, table),
                table.index(variable.initial)
                if isinstance(variable.initial, Expression)
                else None
                if variable.initial is None
                else [int(value) for value in variable.initial],
                variable.role.value,
            ]
            for variable in system.variables
        ],
        "actions": [
            {
                "name": action.name,
                "agent": action.agent,
                "kind": action.kind.value,
                "fairness": action.fairness.value,
                "group": action.group,
                "symbols": [
                    [table.index(symbol.node), _domain(symbol.domain, table)]
                    for symbol in (*action.parameters, *action.choices)
                ],
                "guard": table.index(action.guard),
                "updates": [[name, table.index(value)] for name, value in action.updates],
                "hazards": [[hazard.kind, table.index(hazard.condition)] for hazard in action.hazards],
                "faults": list(action.faults),
                "process": action.process,
                "completes": table.index(action.completes),
                "effects": [
                    [effect.name, table.index(effect.condition), effect.irreversible]
                    for effect in action.effects
                ],
            }
            for action in system.actions
        ],
        "wellformed": table.index(system.wellformed),
        "processes": [[p.key, p.position, list(p.memory), p.restarts] for p in system.processes],
    }
    form["expressions"] = table.rows
    return _sha256(form)


def property_hash(system: TransitionSystem, claim: Property) -> str:
    """SHA-256 of a property together with the system it speaks of."""
    table = _Table()
    form = {
        "system": content_hash(system),
        "kind": claim.kind,
        "predicate": table.index(claim.predicate) if claim.predicate is not None else None,
        "premise": table.index(claim.premise) if claim.premise is not None else None,
        "process": claim.process,
        "world": list(claim.world),
        "goal": claim.goal,
        "expressions": table.rows,
    }
    return _sha256(form)


class _Table:
    """Expressions as rows that refer to earlier rows by number, in order of first use."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self.numbers: dict[Expression, int] = {}
        self.symbols = 0

    def index(self, expression: Expression) -> int:
        for node in self._fresh([expression]):
            payload = node.payload
            if node.operator == "bound":
                # Which symbol it is matters, what it is called does not: it is numbered like a row.
                _, low, high = node.payload
                payload = [self.symbols, low, high]
                self.symbols += 1
            operands = [self.numbers[operand] for operand in node.operands]
            self.numbers[node] = len(self.rows)
            self.rows.append([node.operator, operands, payload, _sort(node.sort)])
        return self.numbers[expression]

    def _fresh(self, roots: Iterable[Expression]) -> Iterable[Expression]:
        return [node for node in topological(roots) if node not in self.numbers]


def _sort(sort: Sort) -> Any:
    return list(sort.labels) if isinstance(sort, EnumSort) else str(sort)


def _domain(domain: Domain, table: _Table) -> Any:
    form = [_sort(domain.sort), domain.low, domain.high, domain.bound]
    if domain.is_symbolic or domain.below:
        ends = (domain.least, domain.most)
        form += [None if end is None else table.index(end) for end in ends]
        form.append(domain.below)
    return form


def _sha256(form: Any) -> str:
    text = json.dumps(form, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
