"""Overlap-idempotence: two instances at once leave a world that two passes in turn could leave."""

from __future__ import annotations

from typing import Any

from checker.explicit.judging import held, violated
from checker.explicit.passes import WRONG, Passes
from checker.explicit.undecided import undecided
from checker.system.run import Judgement
from checker.system.transition_system import Kind, Property

__all__ = ["judge_overlap"]

_MOST_PAIRS = 500_000
"""States of two instances up to which all interleavings are followed."""

_DONE = -1

_Pair = tuple[int, int, int]
"""The shared state, and what each instance has for itself (position and memory), or `_DONE`."""


def judge_overlap(passes: Passes, claim: Property) -> Judgement:
    """Two passes that overlap give a world that a serial run of two passes can give.

    Parameters
    ----------
    passes : Passes
        Of a process.
    claim : Property

    Notes
    -----
    From every reachable state with the process at its start a second instance is added, with a
    position and memory of its own, and each runs one pass. The serial worlds are those of one
    instance after the other, and those of f(f(s)). Where the second one would wait for others, the
    world while it waits is a serial one too, and so is every world that two passes of the process
    give when everyone else takes fair steps meanwhile. What is none of these is a violation if the
    process begins its second pass as it began the first; otherwise, or where the first pass itself
    has to wait, it is UNKNOWN.

    Two that wait for each other leave a world too. If a pass alone or two in turn could not have
    been left in it, that is a violation where nobody else could wake them, and UNKNOWN elsewhere.
    """
    graph = passes.graph
    interleavings = _Interleavings(passes)
    others = any(one.kind is Kind.STEP and one.process != passes.name for one in graph.system.actions)
    compared = 0
    unsure: list[str] = []
    for start in passes.starts():
        packed = passes.states[start]
        own = packed & passes.own_mask
        origin = (packed & ~passes.own_mask, own, own)
        together, stuck = interleavings.outcomes(origin)
        if len(interleavings.known) > _MOST_PAIRS:
            reason = f"more than {_MOST_PAIRS:,} states of two instances"
            return undecided(graph, claim, reason, {"pairs": len(interleavings.known)})
        serial, waits = _serial(passes, start)
        new = together - serial
        if new and waits:
            later = _with_others(passes, start)
            new -= later or frozenset()
            alike = later is not None and _begins_alike(passes, start)
            if new and (passes.waits(start) or not alike):
                unsure.append("in turn they would wait for others: nothing to compare with")
                continue
        if new:
            return _violated(passes, claim, start, interleavings, origin, new, serial)
        alone = frozenset(world & interleavings.visible for world in passes.waits(start))
        blocked = stuck - serial - alone
        if blocked and not others:
            return _violated(passes, claim, start, interleavings, origin, blocked, serial, stuck=True)
        if blocked:
            unsure.append("they wait for each other until others act")
        elif serial and not together and not stuck:
            unsure.append("they never both complete")
        compared += bool(together)
    metrics = {"pairs": len(interleavings.known), "compared": compared}
    if unsure:
        reason = f"from {len(unsure)} states two passes are undecided: {unsure[0]}"
        return undecided(graph, claim, reason, metrics)
    if not compared:
        return undecided(graph, claim, "two passes at once never both complete", metrics)
    return held(graph, claim, metrics=metrics)


def _serial(passes: Passes, start: int) -> tuple[frozenset[int], bool]:
    """What the outside may see after two passes in turn, and whether one may have to wait."""
    own = passes.own_mask
    visible = passes.world_mask & ~own
    worlds: set[int] = set()
    waits = bool(passes.waits(start))

    def add(second: int) -> None:
        for last in passes.ends(second):
            worlds.add(WRONG if last == WRONG else passes.states[last] & visible)

    for end in passes.ends(start):
        if end == WRONG:
            worlds.add(WRONG)
            continue
        other = passes.node(passes.states[end] & ~own | passes.states[start] & own)
        for second in (other, end):
            waiting = passes.waits(second)
            waits |= bool(waiting)
            worlds.update(world & visible for world in waiting)
            add(second)
    return frozenset(worlds), waits


def _begins_alike(passes: Passes, start: int) -> bool:
    """Whether every first pass leaves the process with the memory that it began with."""
    own = passes.own_mask
    before = passes.states[start] & own
    return all(end != WRONG and passes.states[end] & own == before for end in passes.ends(start))


def _with_others(passes: Passes, start: int) -> frozenset[int] | None:
    """Worlds at the end of a second pass, with everyone's steps in between, as the graph has them.

    None where a step completes a pass without coming back to the start: then which edges of the
    graph do is not to be told from their ends.
    """
    graph = passes.graph
    own = [one.action.kind is Kind.STEP for one in graph.instances]
    mine = [one.action.process == passes.name for one in graph.instances]
    visible = passes.world_mask & ~passes.own_mask
    worlds: set[int] = set()
    todo, met = [(start, 0)], {(start, 0)}
    while todo:
        here, done = todo.pop()
        if here >= graph.expanded:
            continue
        completing = {target for _, target, completes in passes.moves(here) if completes}
        for label, target in graph.steps_from(here):
            if not own[label]:
                continue
            count = done
            if mine[label]:
                starts = passes.at_start(graph.states[target])
                if not starts and target in completing:
                    return None
                count += starts
            if count == 2:
                worlds.add(graph.states[target] & visible)
            elif (target, count) not in met:
                met.add((target, count))
                todo.append((target, count))
    return frozenset(worlds)


class _Interleavings:
    """The states of two instances, and what may be seen when both are done."""

    def __init__(self, passes: Passes) -> None:
        self.passes = passes
        self.visible = passes.world_mask & ~passes.own_mask
        self.known: dict[_Pair, list[tuple[int, _Pair]]] = {}
        self.results: dict[_Pair, tuple[frozenset[int], frozenset[int]]] = {}

    def outcomes(self, origin: _Pair) -> tuple[frozenset[int], frozenset[int]]:
        """What the outside may see once both are done, and while neither can go on."""
        found: set[int] = set()
        stuck: set[int] = set()
        todo, met = [origin], {origin}
        while todo:
            here = todo.pop()
            if here[1] == here[2] == _DONE:
                found.add(WRONG if here[0] == WRONG else here[0] & self.visible)
                continue
            moves = self.moves(here)
            if not moves:
                stuck.add(here[0] & self.visible)
            for _, after in moves:
                deeper = self.results.get(after)
                if deeper is not None:
                    found |= deeper[0]
                    stuck |= deeper[1]
                elif after not in met:
                    met.add(after)
                    todo.append(after)
        results = self.results[origin] = frozenset(found), frozenset(stuck)
        return results

    def moves(self, pair: _Pair) -> list[tuple[int, _Pair]]:
        """Steps of either instance: (label, pair after). The order of the two does not matter."""
        known = self.known.get(pair)
        if known is not None:
            return known
        passes, own = self.passes, self.passes.own_mask
        shared, *rest = pair
        found: dict[tuple[int, _Pair], None] = {}
        for mine, other in {(rest[0], rest[1]), (rest[1], rest[0])}:
            if mine == _DONE:
                continue
            for label, target, done in passes.moves(passes.node(shared | mine)):
                if target == WRONG:
                    found[label, (WRONG, _DONE, _DONE)] = None
                    continue
                packed = passes.states[target]
                left = _DONE if done else packed & own
                low, high = sorted((left, other))
                found[label, (packed & ~own, low, high)] = None
        moves = self.known[pair] = sorted(found)
        return moves

    def way(self, origin: _Pair, worlds: frozenset[int], stuck: bool) -> list[int]:
        """The labels of a shortest interleaving that ends, or gets stuck, in one of the worlds."""
        ways: dict[_Pair, list[int]] = {origin: []}
        level = [origin]
        while level:
            below = []
            for pair in level:
                done = pair[1] == pair[2] == _DONE
                seen = WRONG if pair[0] == WRONG else pair[0] & self.visible
                if seen in worlds and (not done and not self.moves(pair) if stuck else done):
                    return ways[pair]
                if done:
                    continue
                for label, after in self.moves(pair):
                    if after not in ways:
                        ways[after] = [*ways[pair], label]
                        below.append(after)
            level = below
        raise AssertionError("the worlds are outcomes")


def _violated(
    passes: Passes,
    claim: Property,
    start: int,
    interleavings: _Interleavings,
    origin: _Pair,
    new: frozenset[int],
    serial: frozenset[int],
    stuck: bool = False,
) -> Judgement:
    """The run to where the two begin; what they do then is told, since one of them is not there."""
    world = min(new)
    labels = interleavings.way(origin, frozenset({world}), stuck)
    names = [passes.instances[label].name for label in labels]
    in_turn = sorted(serial - {WRONG})
    metrics: dict[str, Any] = {
        "interleaving": names,
        "in_turn": [passes.show_world(one) for one in in_turn],
    }
    if world == WRONG:
        together = "it goes wrong"
    else:
        metrics["overlapping"] = passes.show_world(world)
        together = passes.tell_world(world)
        if stuck:
            together = f"they wait for each other with {together}"
    usual = " or ".join(passes.tell_world(one) for one in in_turn[:3]) or "no outcome"
    reason = f"two passes that overlap: {together}; in turn: {usual}"
    return violated(passes.graph, claim, passes.graph.run_to(start), reason, metrics)
