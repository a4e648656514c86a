"""Actions of which each part has its own, as instances of a process have them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from checker.reductions.part_rows import NotUniform, Parts
from checker.system.transition_system import Action, TransitionSystem

__all__ = ["Family", "facets", "families_of", "faults_of", "group_of"]

# As the language writes the number of an element, of a member of a set, of an instance.
_NUMBER = re.compile(r"(?<=\[)\d+(?=\])|(?<=\{)\d+(?=\})")


@dataclass(frozen=True)
class Family:
    """Actions of which each part has its own: `reconcile[0]@start`, `reconcile[1]@start`, …

    Parameters
    ----------
    title : str
        `reconcile@start`.
    members : tuple of Action
        By the number of the part.
    """

    title: str
    members: tuple[Action, ...]


def families_of(system: TransitionSystem, parts: Parts) -> tuple[Family, ...]:
    """The actions that every part has one of, and every other action as a family of its own.

    Notes
    -----
    Only a guess by names, as for rows: that the members do the same is checked when they are read.
    """
    groups: dict[tuple[str, str], dict[int, Action]] = defaultdict(dict)
    for action in system.actions:
        if any(parts.is_index(one.node) for one in action.parameters):
            continue
        for match in _NUMBER.finditer(action.name):
            before, after = action.name[: match.start()], action.name[match.end() :]
            groups[before, after][int(match.group())] = action
    taken: dict[str, Family] = {}
    for (before, after), members in groups.items():
        if set(members) != set(range(parts.count)):
            continue
        family = Family(before[:-1] + after[1:], tuple(members[k] for k in range(parts.count)))
        for member in family.members:
            if member.name in taken:
                raise NotUniform(f"`{member.name}` belongs to two numbers at once")
            taken[member.name] = family
    result: dict[str, Family] = {}
    for action in system.actions:
        family = taken.get(action.name, Family(action.name, (action,)))
        result.setdefault(family.title, family)
        if result[family.title] is not family:
            raise NotUniform(f"two actions are called `{family.title}`")
    return tuple(result.values())


def facets(action: Action) -> tuple[object, ...]:
    """What the actions of a family have in common."""
    symbols = ((s.name, s.domain) for s in (*action.parameters, *action.choices))
    # Messages name the part; what reports tell apart are kinds, places and names of assertions.
    hazards = ((h.kind, h.location, h.name * (h.kind == "assert")) for h in action.hazards)
    return (
        action.kind,
        action.fairness,
        len(action.parameters),
        tuple(symbols),
        tuple(hazards),
        len(action.faults),
    )


def group_of(family: Family) -> tuple[str, bool]:
    """The group of fairness, without the number of the part; and whether each part has its own."""
    groups = [member.group for member in family.members]
    if len(set(groups)) == 1:
        return groups[0], False
    if groups == [member.name for member in family.members]:
        return family.title, True
    first = groups[0]
    for place in range(len(first)):
        before, after = first[:place], first[place + 1 :]
        if first[place] == "0" and groups == [f"{before}{k}{after}" for k in range(len(groups))]:
            return f"{before}…{after}", True
    raise NotUniform(f"the units of fairness of `{family.title}` are not one for each part")


def faults_of(family: Family) -> tuple[str, ...]:
    """The faults it consists of, without the number of the part."""
    first, *rest = (member.faults for member in family.members)
    if all(other == first for other in rest):
        return first
    return tuple(fault.replace("[0]", "") for fault in first)
