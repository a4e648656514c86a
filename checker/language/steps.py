"""From a recorded step to actions of the system: one fault-free, and one for each way faults strike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from checker.language.errors import ModelError
from checker.language.recorder import Recorder, Strike
from checker.system.expression import FALSE, TRUE, Expression, conj, constant, disj, eq, neg
from checker.system.transition_system import Action, Decision, Effect, Fairness, Hazard, Kind
from checker.system.walk import substitute

__all__ = ["MOST_STRIKES", "Template", "actions_of"]

MOST_STRIKES = 10
"""Points in one atomic step where a fault may strike; each doubles the number of actions."""


@dataclass(frozen=True)
class Template:
    """An action without its expressions, and what the process around it adds to them."""

    action: Action
    condition: Expression = TRUE
    updates: tuple[tuple[str, Expression], ...] = ()
    prefix: str = ""


def actions_of(recorder: Recorder, template: Template) -> Iterator[Action]:
    """Yield the fault-free action first, then its faulty variants, fewest faults first.

    Raises
    ------
    ModelError
        If faults may strike at more points of one step than can be told apart.
    """
    if len(recorder.strikes) > MOST_STRIKES:
        raise ModelError(
            f"faults may strike at {len(recorder.strikes)} points of one atomic step",
            help="put a `yield` between the calls, so that they are steps of their own",
        )
    plain = _plain(recorder, template)
    combinations = sorted(product((False, True), repeat=len(recorder.strikes)), key=sum)
    seen: dict[str, int] = {}
    for struck in combinations:
        variant = _variant(plain, recorder.strikes, struck, template.prefix)
        if variant is None:
            continue
        seen[variant.name] = seen.get(variant.name, 0) + 1
        if seen[variant.name] > 1:
            variant = replace(variant, name=f"{variant.name} ({seen[variant.name]})")
        yield variant


def _plain(recorder: Recorder, template: Template) -> Action:
    guard = conj(template.condition, neg(recorder.disabled))
    for symbol in recorder.choices:
        # A choice that is not reached has one value only, so that each outcome counts once.
        least = constant(symbol.domain.low, symbol.domain.sort)
        first = eq(symbol.node, symbol.domain.least or least)
        guard = conj(guard, disj(first, recorder.reached[symbol.node]))
    written = [
        (name, value)
        for name, value in recorder.state.items()
        if not (value.operator == "variable" and value.payload == name)
    ]
    return replace(
        template.action,
        guard=guard,
        updates=(*written, *template.updates),
        choices=tuple(recorder.choices),
        hazards=tuple(recorder.hazards),
        decisions=tuple(recorder.decisions),
        writes=tuple(recorder.writes.items()),
        effects=tuple(recorder.effects),
    )


def _atoms(guard: Expression) -> dict[Expression, Expression] | None:
    """What a guard decides: its conjuncts, each with its truth value; None if they contradict."""
    known: dict[Expression, Expression] = {}
    stack = [guard]
    while stack:
        node = stack.pop()
        if node.operator == "and":
            stack.extend(node.operands)
            continue
        atom, value = (node.operands[0], FALSE) if node.operator == "not" else (node, TRUE)
        if known.setdefault(atom, value) is not value:
            return None
        if value is FALSE and atom.operator == "or":
            stack.extend(neg(operand) for operand in atom.operands)
    return known


def _variant(
    plain: Action, strikes: list[Strike], struck: tuple[bool, ...], prefix: str
) -> Action | None:
    """The action with every strike decided, or None where that combination cannot be.

    Whatever the guard decides is decided in the updates too: they matter only where it holds.
    """
    decided = {strike.symbol.node: constant(hit) for strike, hit in zip(strikes, struck, strict=True)}
    reached = [strike.reached for strike, hit in zip(strikes, struck, strict=True) if hit]
    chosen = substitute([plain.guard, *reached], decided)
    guard = conj(chosen[plain.guard], *(chosen[condition] for condition in reached))
    known = None if guard is FALSE else _atoms(guard)
    if known is None:
        return None
    known = {atom: value for atom, value in known.items() if atom.operator != "const"}
    first = substitute(plain.roots(), decided)
    second = substitute(first.values(), known)
    image = {root: second[first[root]] for root in plain.roots()}
    hits = [strike for strike, hit in zip(strikes, struck, strict=True) if hit]
    variant = replace(
        plain,
        guard=guard,
        updates=tuple(
            (name, image[value])
            for name, value in plain.updates
            if not (image[value].operator == "variable" and image[value].payload == name)
        ),
        hazards=tuple(_hazards(plain, image, guard)),
        decisions=tuple(
            Decision(image[decision.reached], image[decision.value]) for decision in plain.decisions
        ),
        completes=image[plain.completes],
        writes=tuple((n, image[c]) for n, c in plain.writes if image[c] is not FALSE),
        effects=tuple(
            Effect(effect.name, image[effect.condition], effect.irreversible)
            for effect in plain.effects
            if image[effect.condition] is not FALSE
        ),
    )
    if not hits:
        return variant
    what = ", ".join(f"{strike.target} {strike.fault}".strip().replace("_", " ") for strike in hits)
    name = "+".join(f"{strike.target} {strike.fault}".strip() for strike in hits)
    return replace(
        variant,
        name=f"{plain.name}!{name}",
        label=f"{plain.label.split(':')[0]}: {what}",
        kind=Kind.FAULT,
        fairness=Fairness.NONE,
        group=f"{plain.name}!{name}",
        faults=plain.faults + tuple(prefix + strike.fault for strike in hits),
    )


def _hazards(plain: Action, image: dict[Expression, Expression], guard: Expression) -> Iterator[Hazard]:
    for hazard in plain.hazards:
        condition = conj(guard, image[hazard.condition])
        if condition is not FALSE:
            yield replace(hazard, condition=condition)
