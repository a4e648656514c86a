"""Whether parts of a system may change places: a permutation of variables that maps it onto itself.

A permutation of variables is an automorphism of the system if

- each variable has the domain and the possible initial values of its image, and what is
  well-formed is mapped onto itself: initial states are mapped to initial states;
- the outcomes of all action instances are mapped onto the outcomes of all action instances, one to
  one: guard, updates and hazards, and kind, fairness and number of faults. The instance may be
  another one, of another action too;
- each predicate that is to be judged is mapped onto itself.

Agents, groups of fairness, effects and passes of processes are not compared: no reachable state
depends on them.

Outcomes and predicates are compared in normal form (`normal_forms`), which may miss that two of
them mean the same, but never takes for the same what differs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from checker.reductions.normal_forms import FALSE, FormsTooLarge, NormalForms
from checker.reductions.normalising import Normaliser
from checker.system.expression import Expression
from checker.system.sorts import BoolSort, Scalar
from checker.system.transition_system import Action, Hazard, Symbol, TransitionSystem

__all__ = ["Interchanges", "Renaming"]

_BUDGET = 500_000
"""Visits to nodes: about two seconds. What takes longer is left as it is."""

_MOST_OUTCOMES = 20_000

_Form = tuple[Any, int, tuple[tuple[Any, int], ...], tuple[tuple[str, int], ...]]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """One outcome in normal form.

    `facets` are the kind of action, its fairness and the number of its faults; hazards of one
    site are one.
    """

    action: Action
    arguments: tuple[Scalar, ...]
    facets: tuple[Any, ...]
    guard: int
    hazards: tuple[tuple[Any, int], ...]
    updates: tuple[tuple[str, int], ...]
    support: int

    @property
    def shown(self) -> list[str]:
        """The arguments, as a trace shows them."""
        given = zip(self.action.parameters, self.arguments, strict=True)
        return [symbol.domain.show(value) for symbol, value in given]

    @property
    def name(self) -> str:
        """The action instance, as a trace shows it."""
        return f"{self.action.name}({', '.join(self.shown)})" if self.arguments else self.action.name

    @property
    def form(self) -> _Form:
        """What outcomes that do the same have in common."""
        return (self.facets, self.guard, self.hazards, self.updates)

    def under(self, renaming: Renaming) -> _Form:
        """The form of its image."""
        hazards = tuple((site, renaming(condition)) for site, condition in self.hazards)
        updates = sorted(
            (renaming.names.get(name, name), renaming(value)) for name, value in self.updates
        )
        return (self.facets, renaming(self.guard), hazards, tuple(updates))


class Interchanges:
    """The permutations of a system's variables that map it onto itself.

    Parameters
    ----------
    system : TransitionSystem
    predicates : mapping of str to Expression
        What is to be judged, by name.

    Raises
    ------
    FormsTooLarge
        If there is too much to compare.
    """

    def __init__(self, system: TransitionSystem, predicates: Mapping[str, Expression]) -> None:
        self._forms = NormalForms((variable.name for variable in system.variables), _BUDGET)
        normal = Normaliser(self._forms)
        self._domains = {one.name: one.domain for one in system.variables}
        self._initial: dict[str, Any] = {
            one.name: normal(one.initial) if isinstance(one.initial, Expression) else one.initial
            for one in system.variables
        }
        self._computed = {one.name for one in system.variables if isinstance(one.initial, Expression)}
        self._wellformed = normal(system.wellformed)
        self._predicates = {name: normal(one) for name, one in predicates.items()}
        self._outcomes = list(_outcomes(system, self._forms, normal))

    def obstacle(self, names: Mapping[str, str], parts: tuple[str, str]) -> str:
        """Why a permutation of variables does not map the system onto itself; empty if it does.

        Parameters
        ----------
        names : mapping of str to str
            The image of each variable that has another one.
        parts : (str, str)
            What the parts that change places are called.

        Raises
        ------
        FormsTooLarge
            If there is too much to compare.
        """
        renaming = Renaming(self._forms, names)
        return (
            self._initial_obstacle(renaming)
            or self._step_obstacle(renaming, parts)
            or self._predicate_obstacle(renaming, parts)
        )

    def contexts(self, most: int) -> Iterator[frozenset[str]]:
        """Yield each set of at most so many variables that occur together in the system."""
        forms = self._forms
        masks: set[int] = set()
        roots = [self._wellformed, *self._predicates.values()]
        for name in self._computed:
            roots.append(self._initial[name])
            masks.add(forms.bits([name]) | forms.support(self._initial[name]))
        for outcome in self._outcomes:
            masks.add(outcome.support)
            roots.append(outcome.guard)
            roots.extend(condition for _, condition in outcome.hazards)
            for name, value in outcome.updates:
                target = forms.bits([name])
                masks.update((target | forms.support(value), target | forms.support(outcome.guard)))
                roots.append(value)
        masks.update(forms.support(form) for form in forms.below(roots))
        names = list(self._domains)
        for mask in masks:
            if 1 < mask.bit_count() <= most:
                yield frozenset(names[place] for place in _places(mask))

    # ------------------------------------------------------------ what may differ

    def _initial_obstacle(self, renaming: Renaming) -> str:
        for name, image in renaming.names.items():
            if self._domains[name] != self._domains[image]:
                return f"`{image}` has other values than `{name}`"
            if not self._begins_alike(renaming, name, image):
                return f"`{image}` does not begin like `{name}`"
        for name in self._computed - renaming.names.keys():
            if not self._begins_alike(renaming, name, name):
                return f"the initial `{name}` tells them apart"
        if renaming(self._wellformed) != self._wellformed:
            return "what their variables hold while they are not in use differs"
        return ""

    def _begins_alike(self, renaming: Renaming, name: str, image: str) -> bool:
        begins, wanted = self._initial[name], self._initial[image]
        if (name in self._computed) != (image in self._computed):
            return False
        if name in self._computed:
            return bool(renaming(begins) == wanted)
        if begins is None or wanted is None:
            return begins is wanted
        return set(map(int, begins)) == set(map(int, wanted))

    def _step_obstacle(self, renaming: Renaming, parts: tuple[str, str]) -> str:
        # An outcome that has nothing to do with what moves is its own image.
        moved = [one for one in self._outcomes if one.support & renaming.moved]
        left = Counter(one.form for one in moved)
        for one in moved:
            image = one.under(renaming)
            if left[image] == 0:
                candidates = [other for other in moved if left[other.form]]
                return _difference(one, image, candidates, renaming.names, parts)
            left[image] -= 1
        return ""

    def _predicate_obstacle(self, renaming: Renaming, parts: tuple[str, str]) -> str:
        for name, form in self._predicates.items():
            if renaming(form) != form:
                return f"`{name}` tells {parts[0]} from {parts[1]}"
        return ""


class Renaming:
    """The forms of expressions after their variables have been renamed.

    Parameters
    ----------
    forms : NormalForms
    names : mapping of str to str
        The new name of each variable that gets one: a permutation of its keys.
    """

    def __init__(self, forms: NormalForms, names: Mapping[str, str]) -> None:
        self.names = names
        self.moved = forms.bits(names)
        self._forms = forms
        self._image: dict[int, int] = {}

    def __call__(self, form: int) -> int:
        """The image of a form."""
        forms, image = self._forms, self._image
        stack = [abs(form)]
        while stack:
            one = stack[-1]
            if one in image:
                stack.pop()
                continue
            forms.spend()
            if not forms.support(one) & self.moved:
                image[one] = one
                continue
            operator, payload, operands = forms.row(one)
            if operator == "variable":
                image[one] = forms.variable(self.names[payload])
                continue
            missing = [abs(part) for part in operands if abs(part) not in image]
            if missing:
                stack.extend(missing)
                continue
            renamed = tuple(image[part] if part > 0 else -image[-part] for part in operands)
            image[one] = forms.rebuilt(operator, payload, renamed)
        return image[form] if form > 0 else -image[-form]


# ---------------------------------------------------------------- outcomes in normal form


def _outcomes(system: TransitionSystem, forms: NormalForms, normal: Normaliser) -> Iterator[_Outcome]:
    """Every outcome that can be enabled."""
    total = sum(
        prod(len(_values(symbol)) for symbol in (*action.parameters, *action.choices))
        for action in system.actions
    )
    if total > _MOST_OUTCOMES:
        raise FormsTooLarge
    for action in system.actions:
        symbols = [symbol.node for symbol in (*action.parameters, *action.choices)]
        for arguments in product(*map(_values, action.parameters)):
            for choices in product(*map(_values, action.choices)):
                values = dict(zip(symbols, (*arguments, *choices), strict=True))
                outcome = _outcome(action, arguments, values, forms, normal)
                if outcome is not None:
                    yield outcome


def _outcome(
    action: Action,
    arguments: tuple[Scalar, ...],
    values: Mapping[Expression, Scalar],
    forms: NormalForms,
    normal: Normaliser,
) -> _Outcome | None:
    guard = normal(action.guard, values)
    if guard == FALSE:
        return None
    # Hazards exclude each other; if they did not, the first one would count.
    fine = guard
    wrong: dict[Any, list[int]] = {}
    for hazard in action.hazards:
        condition = normal(hazard.condition, values)
        found = forms.conjunction((fine, condition))
        if found != FALSE:
            wrong.setdefault(_site(hazard), []).append(found)
            fine = forms.conjunction((fine, -condition))
    hazards = [(site, forms.disjunction(found)) for site, found in wrong.items()]
    updates = [(name, normal(value, values)) for name, value in action.updates]
    kept = [(name, value) for name, value in updates if value != forms.variable(name)]
    support = forms.support(guard) | forms.bits(name for name, _ in kept)
    for _, form in (*hazards, *kept):
        support |= forms.support(form)
    return _Outcome(
        action,
        arguments,
        (action.kind, action.fairness, len(action.faults)),
        guard,
        tuple(sorted(hazards, key=lambda found: repr(found[0]))),
        tuple(sorted(kept)),
        support,
    )


def _site(hazard: Hazard) -> tuple[Any, ...]:
    """What reports tell apart: assertions by where they stand, all other errors by their kind."""
    place = hazard.location if hazard.kind == "assert" else None
    return (hazard.kind, hazard.name, place)


def _values(symbol: Symbol) -> Sequence[Scalar]:
    domain = symbol.domain
    if domain.top is None:
        raise FormsTooLarge
    return (False, True) if isinstance(domain.sort, BoolSort) else range(domain.low, domain.top + 1)


def _places(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


# ---------------------------------------------------------------- what to say of a difference


def _difference(
    one: _Outcome,
    image: _Form,
    candidates: Sequence[_Outcome],
    names: Mapping[str, str],
    parts: tuple[str, str],
) -> str:
    """Which instance is not the image of which, and in what it differs."""
    action = _acting(one.action.name, names)
    there = [other for other in candidates if other.action.name == action]
    swap = dict(zip(parts, reversed(parts), strict=True))
    expected = [swap.get(value, value) for value in one.shown]
    other = next((other for other in there if other.shown == expected), None)
    if other is None:
        # A parameter that means something else stays as it is.
        known = [set(pair) for pair in zip(one.shown, expected, strict=True)]
        other = next((other for other in there if _all_in(other.shown, known)), None)
    if other is None:
        return f"nothing is the image of `{one.name}`"
    if other.name == one.name:
        return f"`{one.name}` tells {parts[0]} from {parts[1]}"
    facets, guard, hazards, updates = image
    if other.facets != facets:
        what = "it differs in kind, fairness or faults"
    elif _sites(other.hazards) != _sites(hazards):
        what = "what can go wrong in it differs"
    elif other.guard != guard:
        what = "its guard differs"
    elif other.hazards != hazards:
        what = "when it goes wrong differs"
    else:
        changed = min(name for name, _ in set(other.updates).symmetric_difference(updates))
        what = f"it does something else to `{changed}`"
    return f"`{other.name}` is not the image of `{one.name}`: {what}"


def _acting(action: str, names: Mapping[str, str]) -> str:
    """The action of the part that takes the place: `work[1]@start` for `work[0]@start`."""
    for name, image in names.items():
        for dot in re.finditer(r"\.", name):
            owner, rest = name[: dot.start()], name[dot.start() :]
            if re.match(re.escape(owner) + r"[.@!]", action) and image.endswith(rest):
                return image.removesuffix(rest) + action.removeprefix(owner)
    return action


def _sites(hazards: Sequence[tuple[Any, int]]) -> list[Any]:
    return [site for site, _ in hazards]


def _all_in(shown: Sequence[str], known: Sequence[set[str]]) -> bool:
    return all(value in values for value, values in zip(shown, known, strict=True))
