"""Liveness as safety: a system that remembers one of its states, and notices when it comes back to it.

At any moment the state is saved, once; from then on no fault happens, and what a fair loop has to have
seen is noted. If the system comes back to the saved state with all of it noted, it has found a fair loop
that breaks the promise. In a finite system a promise that some fair run breaks is broken by such a run.

References
----------
A. Biere, C. Artho, V. Schuppan, "Liveness checking as safety checking", FMICS 2002.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count, product
from math import prod

from checker.regimes.regime import UnderRegime
from checker.symbolic.asking import Budget
from checker.symbolic.proof_scope import is_bounded
from checker.symbolic.replay import replayed
from checker.symbolic.spacer import spacer
from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    any_of,
    bound,
    conj,
    constant,
    disj,
    eq,
    ne,
    neg,
)
from checker.system.proof import Proof
from checker.system.run import Judgement, Run, Scope, State, Verdict
from checker.system.sorts import BOOL, Domain, Scalar
from checker.system.transition_system import (
    Action,
    Fairness,
    Kind,
    Property,
    Role,
    Symbol,
    TransitionSystem,
    Variable,
)
from checker.system.walk import substitute

__all__ = ["KINDS", "AsSafety", "NotFiniteState", "judge_by_safety", "liveness_to_safety"]

KINDS = ("converges", "recurs")

SAVE = "$save"
"""The step that saves the state."""

_MOST_OUTCOMES = 4_096
"""Combinations of parameters and choices of the fair actions that are written out."""


class NotFiniteState(ValueError):
    """Liveness is no matter of loops here: a run need not ever come back to a state."""


@dataclass(frozen=True)
class AsSafety:
    """A promise about fair runs, as one about reachable states of another system.

    Parameters
    ----------
    original : UnderRegime
    under : UnderRegime
        The system that remembers. Its variables are those of the original one and ghosts.
    claim : Property
        Of kind "always": no fair loop that breaks the promise is closed.
    """

    original: UnderRegime
    under: UnderRegime
    claim: Property

    def lasso(self, run: Run) -> Run:
        """The run of the original system that a violation of the claim stands for.

        Raises
        ------
        WrongRun
            If it is none.
        """
        names = [one.name for one in self.original.system.variables]
        if run.hazard is not None:
            shorter = [step for step in run.steps if step is None or step.action != SAVE]
            kept = _unsaved(run)
            return Run(_only(kept, names), tuple(shorter), None, run.hazard)
        saved = next(k for k, step in enumerate(run.steps) if step is not None and step.action == SAVE)
        states = _only([*run.states[: saved + 1], *run.states[saved + 2 :]], names)
        steps = (*run.steps[:saved], *run.steps[saved + 1 :])
        if len(steps) == saved:
            # The loop has no steps: whoever is fair has nothing to do.
            steps, states = (*steps, None), (*states, states[-1])
        return replayed(self.original.system, Run(states, steps, saved))


def _unsaved(run: Run) -> list[State]:
    """The states of a run without the one after saving, which differs in nothing else."""
    after = {k + 1 for k, step in enumerate(run.steps) if step is not None and step.action == SAVE}
    return [state for k, state in enumerate(run.states) if k not in after]


def _only(states: list[State], names: list[str]) -> tuple[State, ...]:
    return tuple({name: state[name] for name in names} for state in states)


def liveness_to_safety(under: UnderRegime, claim: Property) -> AsSafety:
    """The system that remembers one of its states, and what must never happen in it.

    Parameters
    ----------
    under : UnderRegime
    claim : Property
        Of kind "converges" (in no fair loop the predicate fails somewhere) or "recurs" (in no fair
        loop it fails everywhere).

    Raises
    ------
    NotFiniteState
        If a variable, a parameter or a choice has unboundedly many values, or a parameter of the
        model is a symbol. Where a run need not come back to a state, that no loop exists shows
        nothing: `x := x + 1` has none, and never comes to rest.
    ValueError
        If the property is of another kind.

    Notes
    -----
    A loop is a closed walk over recurring steps, or the stutter in one state. A weakly fair unit must
    be taken in it, or disabled in one of its states; a strongly fair one taken in it, or enabled in
    none. "Taken" and "enabled" speak of steps that change the state; to go wrong counts as enabled.
    What has been noted belongs to the loop: it is forgotten while the state is not saved.
    """
    if claim.kind not in KINDS or claim.predicate is None:
        raise ValueError(f"{claim.name} is of kind {claim.kind}, which is not about loops")
    _need_finite(under.system)
    return _Building(under, claim, claim.predicate).whole()


def judge_by_safety(
    under: UnderRegime, claim: Property, *, budget: Budget | None = None
) -> tuple[Judgement, AsSafety | None, Proof | None]:
    """Judge a property of kind converges or recurs by Spacer, in the system that remembers.

    Returns
    -------
    (Judgement, AsSafety or None, Proof or None)
        HOLDS with the proof that the claim always holds in the system that remembers. VIOLATED with
        a fair lasso that the interpreter confirms. UNKNOWN if the system is not finite, or Spacer
        gives up.
    """
    try:
        question = liveness_to_safety(under, claim)
    except NotFiniteState as problem:
        plain = Judgement(
            claim.name,
            claim.kind,
            Verdict.UNKNOWN,
            Scope("exhaustive"),
            str(under.regime),
            reason=str(problem),
        )
        return plain, None, None
    judgement, proof = spacer(question.under, question.claim, budget=budget)
    run, reason = None, judgement.reason
    if judgement.run is not None:
        run = question.lasso(judgement.run)
        what = "fails in" if claim.kind == "converges" else "holds nowhere in"
        reason = run.hazard.message if run.hazard else f"the predicate {what} a fair loop"
    answer = replace(judgement, kind=claim.kind, run=run, reason=reason)
    return answer, question, proof


def _need_finite(system: TransitionSystem) -> None:
    for one in system.variables:
        if one.role is Role.PARAMETER:
            raise NotFiniteState(f"the parameter `{one.name}` is a symbol: a loop is one of an instance")
        if not is_bounded(one.domain):
            raise NotFiniteState(f"`{one.name}` has no bound: a run need not come back to a state")
    for action in system.actions:
        for symbol in (*action.parameters, *action.choices):
            if not is_bounded(symbol.domain):
                raise NotFiniteState(f"`{symbol.name}` of `{action.name}` has no bound")


# ---------------------------------------------------------------- the system that remembers


@dataclass(frozen=True)
class _Unit:
    """A unit of fairness, and where it has something to do."""

    group: str
    arguments: tuple[Scalar, ...]
    strong: bool
    enabled: Expression
    met: Variable  # weak: seen taken or disabled; strong: seen taken
    tempted: Variable | None  # strong: seen enabled

    def done(self) -> Expression:
        """The loop is fair to it, if it closes here."""
        if self.tempted is None:
            return disj(self.met.node, neg(self.enabled))
        return disj(self.met.node, neg(disj(self.tempted.node, self.enabled)))


class _Building:
    def __init__(self, under: UnderRegime, claim: Property, predicate: Expression) -> None:
        self.under = under
        self.system = under.system
        self.claim = claim
        # What must be seen somewhere in the loop, or not be seen anywhere in it.
        self.sought = neg(predicate) if claim.kind == "converges" else predicate
        self.numbers = count()
        self.saved = _bit("$saved")
        self.seen = _bit("$seen")
        recurring = [one for one in self.system.actions if one.name in under.recurring]
        moved = {name for action in recurring for name, _ in action.updates}
        self.copies = {
            one.name: replace(
                one,
                name=f"$saved {one.name}",
                initial=(one.domain.default(),),
                role=Role.GHOST,
                owner="",
            )
            for one in self.system.variables
            if one.name in moved
        }
        self.units = tuple(self._units())

    def whole(self) -> AsSafety:
        """The system and the claim."""
        noted = [bit for unit in self.units for bit in (unit.met, unit.tempted) if bit is not None]
        ghosts = [self.saved, self.seen, *self.copies.values(), *noted]
        actions = [self._remembering(action) for action in self.system.actions]
        system = replace(
            self.system,
            variables=(*self.system.variables, *ghosts),
            actions=(*actions, self._save()),
        )
        under = UnderRegime(system, self.under.recurring, self.under.regime)
        claim = Property(
            self.claim.name,
            "always",
            neg(self._closes()),
            hazards=self.claim.hazards,
            regime=self.claim.regime,
            location=self.claim.location,
        )
        return AsSafety(self.under, under, claim)

    def _save(self) -> Action:
        updates = [(copy.name, self.system.variable[name].node) for name, copy in self.copies.items()]
        return Action(
            SAVE,
            "save the state",
            "monitor",
            Kind.STEP,
            Fairness.NONE,
            SAVE,
            neg(self.saved.node),
            ((self.saved.name, TRUE), *updates),
        )

    def _closes(self) -> Expression:
        """The saved state is back, and the loop is fair and breaks the promise."""
        back = (eq(self.system.variable[name].node, copy.node) for name, copy in self.copies.items())
        broken = disj(self.seen.node, self.sought)
        if self.claim.kind == "recurs":
            broken = neg(broken)
        return conj(self.saved.node, *back, broken, *(unit.done() for unit in self.units))

    def _remembering(self, action: Action) -> Action:
        """The action, with what is noted of its steps; only before saving if it does not recur."""
        saved = self.saved.node
        if action.name not in self.under.recurring:
            hazards = tuple(
                replace(one, condition=conj(one.condition, neg(saved))) for one in action.hazards
            )
            return replace(action, guard=conj(action.guard, neg(saved)), hazards=hazards)
        notes = [(self.seen.name, conj(saved, disj(self.seen.node, self.sought)))]
        changes = disj(*(ne(self.system.variable[name].node, value) for name, value in action.updates))
        for unit in self.units:
            taken = conj(self._belongs(action, unit), changes)
            if unit.tempted is None:
                notes.append((unit.met.name, conj(saved, disj(unit.done(), taken))))
            else:
                notes.append((unit.met.name, conj(saved, disj(unit.met.node, taken))))
                tempted = disj(unit.tempted.node, unit.enabled)
                notes.append((unit.tempted.name, conj(saved, tempted)))
        return replace(action, updates=(*action.updates, *notes))

    # ------------------------------------------------------------ fairness

    def _units(self) -> Iterator[_Unit]:
        fair = [one for one in self.system.actions if one.fairness is not Fairness.NONE]
        symbols = [[one.domain for one in (*action.parameters, *action.choices)] for action in fair]
        if sum(prod(domain.size or 0 for domain in domains) for domains in symbols) > _MOST_OUTCOMES:
            raise NotFiniteState("the fair actions have too many combinations of parameters and choices")
        members: dict[tuple[str, tuple[Scalar, ...]], list[Action]] = {}
        for action in fair:
            for arguments in product(*(one.domain.values() for one in action.parameters)):
                members.setdefault((action.group, arguments), []).append(action)
        for number, ((group, arguments), actions) in enumerate(members.items()):
            strong = any(action.fairness is Fairness.STRONG for action in actions)
            enabled = disj(*(self._can_change(action, arguments) for action in actions))
            met, tempted = _bit(f"$met {number}"), _bit(f"$tempted {number}") if strong else None
            yield _Unit(group, arguments, strong, enabled, met, tempted)

    def _can_change(self, action: Action, arguments: tuple[Scalar, ...]) -> Expression:
        """Some outcome of an instance changes the state, or goes wrong."""
        changes = disj(*(ne(self.system.variable[name].node, value) for name, value in action.updates))
        wrong = disj(*(hazard.condition for hazard in action.hazards))
        known = _given(action.parameters, arguments)
        free = {one.node: self._twin(one) for one in action.choices}
        whole = conj(action.guard, disj(wrong, changes))
        possible = substitute([whole], {**known, **free})[whole]
        for twin in free.values():
            possible = any_of(twin, possible)
        return possible

    def _twin(self, symbol: Symbol) -> Expression:
        """A symbol for the same values: what a quantifier binds must not be free in the same step."""
        domain = symbol.domain
        assert domain.high is not None
        return bound(f"$choice {next(self.numbers)}", domain.low, domain.high, symbol.node.sort)

    def _belongs(self, action: Action, unit: _Unit) -> Expression:
        """A step of the action is one of the unit."""
        if action.fairness is Fairness.NONE or action.group != unit.group:
            return FALSE
        if len(action.parameters) != len(unit.arguments):
            return FALSE
        known = _given(action.parameters, unit.arguments)
        if any(
            value not in one.domain for one, value in zip(action.parameters, unit.arguments, strict=True)
        ):
            return FALSE
        return conj(*(eq(symbol, value) for symbol, value in known.items()))


def _given(symbols: tuple[Symbol, ...], values: tuple[Scalar, ...]) -> Mapping[Expression, Expression]:
    return {one.node: constant(value, one.node.sort) for one, value in zip(symbols, values, strict=True)}


def _bit(name: str) -> Variable:
    return Variable(name, Domain(BOOL, 0, 1), (False,), Role.GHOST)
