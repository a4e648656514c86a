"""For every number of like parts: an array of processes becomes a counter for each content.

A system in which the parts (servers, replicas, instances of a process) are told apart nowhere is
determined, up to which part is which, by how many parts hold each content. Its *counter system* has
one counter for each content that a part can get, what the parts share, and the number of parts as a
variable that never changes. For each number of parts it is isomorphic to the quotient of the array
model by all permutations, hence bisimilar to the array model (`part_reading` says why):

- `always`, `never`, `reachable` and `recoverable` have the same verdict in both, and so have the
  model's own errors;
- `deadlock_free` has, too, unless some step only lets parts change places;
- `converges`, `recurs` and `leads_to` hold in the array model if they hold in the counter system, under
  the fairness that `counted_fairness` derives. The contrary does not follow: what is violated in the
  counter system has to be looked for in an instance.

What speaks of single parts across steps (`transition`, idempotence) is not translated.

What "for every number" rests on
--------------------------------
The counter system is computed at several sizes, and accepted if they all agree; it speaks of no size
below the least of them, unless the caller says so. That the model's text means the same schema at every
*other* size, too, is not a fact about systems, and cannot be seen here: a text may do something else from
100 parts on, or compute min(size, 2), which is the number 2 wherever there are two parts. Whoever calls
this has to make sure that the text uses the parameter for nothing but lengths of arrays, numbers of
instances and ranges of indices (then every number in the system is the same at all sizes); or adds it,
and multiplies it by constants, besides (then `numbers=True`: every number in the system is a·size + b,
and two sizes determine a and b). `checker.language.size_parameter` says so of a text for the former.
Sizes further away make a mistake in this less likely, not impossible.

References
----------
S. M. German, A. P. Sistla, "Reasoning about systems with many processes", Journal of the ACM 39 (1992),
675-735.
A. Pnueli, J. Xu, L. Zuck, "Liveness with (0,1,∞)-counter abstraction", CAV 2002, LNCS 2404, 107-122.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from checker.reductions.counter_system import EXACT, CounterSystem, Instance
from checker.reductions.part_reading import Local
from checker.reductions.part_rows import NotUniform, Parts, parts_of
from checker.reductions.uniform_in_size import InBothSizes, filled
from checker.system.expression import Expression, constant, variable
from checker.system.sorts import INT, Domain, Scalar
from checker.system.transition_system import Property, TransitionSystem
from checker.system.walk import substitute

__all__ = ["CounterAbstraction", "Instance", "Refusal", "counter_abstraction"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no counter system."""

    reason: str


@dataclass(frozen=True)
class CounterAbstraction:
    """A system for every number of parts.

    Parameters
    ----------
    system : TransitionSystem
        Its variables: the size (`Role.PARAMETER`), a counter for each content, and what is shared.
    recurring : frozenset of str
        Names of the actions that may happen for ever.
    properties : tuple of Property
        Those that could be translated.
    refused : tuple of (str, str)
        Names of the others, and why.
    parameter : str
        The variable that stands for the size.
    least : int
        The least size.
    sizes : tuple of int
        The sizes that have been compared.
    titles : tuple of str
        What a part consists of: `state[…]`.
    domains : tuple of Domain
        Of these.
    counters : tuple of (tuple, str)
        Each content and the variable that counts it.
    notes : tuple of str
        Promises of fairness that are not carried over, and why.
    """

    system: TransitionSystem
    recurring: frozenset[str]
    properties: tuple[Property, ...]
    refused: tuple[tuple[str, str], ...]
    parameter: str
    least: int
    sizes: tuple[int, ...]
    titles: tuple[str, ...]
    domains: tuple[Domain, ...]
    counters: tuple[tuple[Local, str], ...]
    notes: tuple[str, ...]

    def refutes(self, claim: Property) -> bool:
        """Whether a violation in the counter system is one in the array model."""
        return claim.kind in EXACT

    def at(self, size: int) -> tuple[TransitionSystem, tuple[Property, ...]]:
        """The counter system and the properties of one size, with finite counters.

        Raises
        ------
        ValueError
            If the size is less than the least one.
        """
        if size < self.least:
            raise ValueError(f"{self.parameter}={size} is less than {self.least}")
        node = variable(self.parameter, INT)
        system = filled(self.system, node, size)
        names = {name for _, name in self.counters}
        system = replace(
            system,
            parameters=(*system.parameters, (self.parameter, size)),
            variables=tuple(
                replace(one, domain=Domain(INT, 0, size)) if one.name in names else one
                for one in system.variables
            ),
            fields=tuple(one for one in system.fields if one.name != self.parameter),
        )
        return system, tuple(_at(claim, node, size) for claim in self.properties)

    def counted(self, state: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """The state of the counter system (without the size) that an array state belongs to.

        Raises
        ------
        KeyError
            If a part holds what no part can reach.
        """
        names = dict(self.counters)
        counts = dict.fromkeys(names.values(), 0)
        number, used = 0, set()
        while (row := [title.replace("…", str(number)) for title in self.titles])[0] in state:
            counts[names[tuple(state[name] for name in row)]] += 1
            used.update(row)
            number += 1
        rest = {name: value for name, value in state.items() if name not in used}
        return {**rest, **counts}


def counter_abstraction(
    instances: Sequence[Instance],
    parameter: str,
    *,
    least: int | None = None,
    numbers: bool = False,
) -> CounterAbstraction | Refusal:
    """The counter system of a model, from instances of it.

    Parameters
    ----------
    instances : sequence of Instance
        Two or more in ascending order of their sizes, each one next to a size that is one more or one
        less: 3 and 4, or 3, 4, 5, 11 and 12. The first one needs three parts or more for most models,
        so that what is said of the parts an action names can be told from what is said of the others.
    parameter : str
        The name of the parameter that is the number of parts.
    least : int, optional
        The least size that the result speaks of; that of the first instance unless the caller knows
        that the text means the same below.
    numbers : bool
        Whether numbers in the system may depend on the size; see the module.

    Returns
    -------
    CounterAbstraction or Refusal
    """
    try:
        sizes = [_size(instance, parameter) for instance in instances]
        if not sizes:
            raise NotUniform("there is no instance")
        return _abstraction(instances, sizes, parameter, least, numbers)
    except NotUniform as problem:
        return Refusal(str(problem))


def _size(instance: Instance, parameter: str) -> int:
    given = dict(instance.system.parameters)
    if parameter not in given:
        raise NotUniform(f"`{parameter}` is no parameter that has a number in this instance")
    return int(given[parameter])


def _parts(instances: Sequence[Instance], sizes: Sequence[int], place: int) -> Parts:
    """The parts of an instance, as a neighbour tells them."""
    for other in (place + 1, place - 1):
        if 0 <= other < len(sizes) and abs(sizes[other] - sizes[place]) == 1:
            low, high = sorted((place, other))
            found = parts_of(instances[low].system, instances[high].system)[place - low]
            if found.count != sizes[place]:
                raise NotUniform(f"there are {found.count} parts where the size is {sizes[place]}")
            return found
    raise NotUniform(f"size {sizes[place]} has no neighbour that says what depends on it")


def _abstraction(
    instances: Sequence[Instance],
    sizes: Sequence[int],
    parameter: str,
    least: int | None,
    numbers: bool,
) -> CounterAbstraction:
    if list(sizes[1:2]) != [sizes[0] + 1] or list(sizes) != sorted(set(sizes)):
        raise NotUniform("the sizes are not in ascending order, the first two next to each other")
    found = [_parts(instances, sizes, place) for place in range(len(sizes))]
    least = sizes[0] if least is None else max(1, least)
    drafts = [CounterSystem(*pair, parameter, least) for pair in zip(instances, found, strict=True)]
    first, *rest = drafts
    both = InBothSizes(first.size, sizes[0], numbers=numbers)
    system = both.system(first.system, rest[0].system)
    claims: list[Property] = []
    refused = dict(first.refused)
    for name, claim in first.claims.items():
        like = rest[0].claims.get(name)
        try:
            if like is None:
                raise NotUniform(rest[0].refused.get(name, "it is stated of one size only"))
            claims.append(both.claim(claim, like))
        except NotUniform as problem:
            refused[name] = str(problem)
    result = CounterAbstraction(
        system,
        first.recurring,
        tuple(claims),
        tuple(refused.items()),
        parameter,
        least,
        tuple(sizes),
        found[0].titles,
        found[0].domains,
        tuple((content, counter.payload) for content, counter in first.counters.items()),
        first.notes,
    )
    for size, draft in zip(sizes, drafts, strict=True):
        _agrees(result, draft, size)
    return result


def _agrees(result: CounterAbstraction, draft: CounterSystem, size: int) -> None:
    """The result has to be, at each size that was given, what was computed for this size."""
    wanted = filled(draft.system, draft.size, size)
    given = filled(result.system, draft.size, size)
    same = InBothSizes(draft.size, size, numbers=False)
    agreed = same.system(given, wanted)
    if [one.domain for one in given.variables] != [one.domain for one in wanted.variables]:
        raise NotUniform(f"values do not grow in proportion to the size at {size}")
    assert agreed is not None and draft.recurring == result.recurring
    for claim in result.properties:
        like = draft.claims.get(claim.name)
        if like is None:
            raise NotUniform(f"`{claim.name}` cannot be counted at {size}")
        same.claim(_at(claim, draft.size, size), _at(like, draft.size, size))


def _at(claim: Property, size: Expression, value: int) -> Property:
    roots = [one for one in (claim.predicate, claim.premise) if one is not None]
    roots += [hazard.condition for hazard in claim.hazards]
    image = substitute(roots, {size: constant(value)})
    return replace(
        claim,
        predicate=None if claim.predicate is None else image[claim.predicate],
        premise=None if claim.premise is None else image[claim.premise],
        hazards=tuple(replace(one, condition=image[one.condition]) for one in claim.hazards),
    )
