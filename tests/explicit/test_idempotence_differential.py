"""Levels of idempotence on random processes, against plain sets over the table of their steps."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st
from systems import Body, action, number, running

from checker.explicit.explore import explore
from checker.explicit.idempotence import judge_idempotent
from checker.regimes.regime import FINITELY_MANY
from checker.system.expression import conj, constant, eq
from checker.system.run import Verdict
from checker.system.transition_system import Effect, Property, Role

State = tuple[int, int, int]
"""Position, world, memory."""

_HIGH = (1, 2, 1)
_ALL = list(product(*(range(high + 1) for high in _HIGH)))
_LEVELS = ("idempotent", "crash-idempotent", "delivery-idempotent", "overlap-idempotent")


class Naive:
    """Passes, crashes and overlaps, straight from their definitions."""

    def __init__(self, rows: list[tuple[State, State]], others: list[tuple[int, int]]) -> None:
        self.rows = rows
        self.others = others
        self.known: dict[State, set[State]] = {}
        self.reachable = {(0, 0, 0)}
        todo = [(0, 0, 0)]
        while todo:
            here = todo.pop()
            fresh = {b for a, b in rows if a == here} | {(0, here[1], 0)}
            fresh |= {(here[0], w, here[2]) for v, w in others if v == here[1]}
            todo.extend(fresh - self.reachable)
            self.reachable |= fresh

    def ends(self, state: State) -> set[State]:
        """Where the pass may end that goes on from a state."""
        inside, ends = {state}, set()
        todo = [state]
        while todo:
            here = todo.pop()
            for before, after in self.rows:
                if before == here and after[0] == 0:
                    ends.add(after)
                elif before == here and after not in inside:
                    inside.add(after)
                    todo.append(after)
        return ends

    def worlds(self, state: State) -> set[int]:
        """What may be seen at the end of the pass."""
        return {end[1] for end in self.ends(state)}

    def waits(self, state: State) -> set[int]:
        """What may be seen where the pass cannot go on to its end."""
        inside, todo = {state}, [state]
        while todo:
            here = todo.pop()
            after = {b for a, b in self.rows if a == here and b[0] != 0} - inside
            inside |= after
            todo.extend(after)
        return {here[1] for here in inside if not self.ends(here)}

    def starts(self) -> set[State]:
        """Reachable states with the process at its start."""
        return {state for state in self.reachable if state[0] == 0}

    def idempotent(self) -> str:
        """f(f(s)) = f(s)."""
        bad = any(self.worlds(t) - {t[1]} for s in self.starts() for t in self.ends(s))
        return "violated" if bad else "holds"

    def crash(self) -> str:
        """O(s') within O(s) for every crash and for the late ones."""
        crashes = {(s, (0, s[1], 0)) for s in self.reachable} - {(s, s) for s in self.reachable}
        crashes |= {(a, (0, b[1], 0)) for a, b in self.rows if a in self.reachable and b[0] == 0}
        verdict = "holds" if crashes else "unknown"
        for before, after in crashes:
            if after in self.reachable and self.rests(before) and self.rests(after):
                if self.at_rest(after) - self.at_rest(before):
                    return "violated"
                continue
            new = self.worlds(after) - self.worlds(before)
            waiting = self.waits(before)
            if new and not waiting:
                return "violated"
            if new - waiting:
                verdict = "unknown"
        return verdict

    # What everyone's fair steps come to: `work` is one promise, each other action one of its own.

    def steps(self, state: State) -> set[tuple[int, State]]:
        """(promise, successor) of every step without faults that changes the state."""
        found = {(0, b) for a, b in self.rows if a == state}
        for unit, (v, w) in enumerate(self.others, 1):
            if v == state[1]:
                found.add((unit, (state[0], w, state[2])))
        return {(unit, after) for unit, after in found if after != state}

    def ahead(self, state: State) -> set[State]:
        """The states that can be reached without faults."""
        if state not in self.known:
            seen, todo = {state}, [state]
            while todo:
                fresh = {after for _, after in self.steps(todo.pop())} - seen
                seen |= fresh
                todo.extend(fresh)
            self.known[state] = seen
        return self.known[state]

    def homes(self, state: State) -> list[set[State]]:
        """The sets of states that a fair run from here may stay in for ever."""
        found = []
        for here in self.ahead(state):
            home = {there for there in self.ahead(here) if here in self.ahead(there)}
            fair = all(
                any(unit not in {u for u, _ in self.steps(s)} for s in home)
                or any(u == unit and after in home for s in home for u, after in self.steps(s))
                for unit in range(len(self.others) + 1)
            )
            if fair:
                found.append(home)
        return found

    def rests(self, state: State) -> bool:
        """Whether every fair run from here ends with the world at rest."""
        return all(len({s[1] for s in home}) == 1 for home in self.homes(state))

    def at_rest(self, state: State) -> set[int]:
        """The worlds it may come to rest in."""
        return {s[1] for home in self.homes(state) for s in home}

    def delivery(self) -> str:
        """Each step a second time, after anything that others do."""
        tried = False
        for before, after in self.rows:
            if before not in self.reachable:
                continue
            tried = True
            later, todo = {after[1]}, [after[1]]
            while todo:
                here = todo.pop()
                fresh = {w for v, w in self.others if v == here} - later
                later |= fresh
                todo.extend(fresh)
            # One row is one action: in another world it is another action, so only where it fits.
            if before[1] in later and after[1] != before[1]:
                return "violated"
        return "holds" if tried else "unknown"

    def overlap(self) -> str:
        """Both done, or both stuck, gives a world of one after the other, or of one twice."""
        verdict, compared = "holds", False
        for start in self.starts():
            serial = {w for t in self.ends(start) for w in self.worlds(t)}
            waits = bool(self.waits(start))
            for t in self.ends(start):
                other = (0, t[1], start[2])
                serial |= self.worlds(other) | self.waits(other) | self.waits(t)
                waits |= bool(self.waits(other)) or bool(self.waits(t))
            together, stuck = self.together(start)
            new = together - serial
            if new and waits:
                new -= self.twice_among_others(start)
                alike = all(t[2] == start[2] for t in self.ends(start))
                if new and (self.waits(start) or not alike):
                    verdict = "unknown"
                    continue
            if new:
                return "violated"
            if stuck - serial - self.waits(start):
                if not self.others:
                    return "violated"
                verdict = "unknown"
            elif serial and not together and not stuck:
                verdict = "unknown"
            compared |= bool(together)
        return verdict if compared else "unknown"

    def twice_among_others(self, start: State) -> set[int]:
        """Worlds at the end of a second pass, while the others act too."""
        seen, todo, worlds = {(start, 0)}, [(start, 0)], set()
        while todo:
            here, done = todo.pop()
            after = {(b, done + (b[0] == 0)) for a, b in self.rows if a == here}
            after |= {((here[0], w, here[2]), done) for v, w in self.others if v == here[1]}
            worlds |= {b[1] for b, count in after if count == 2}
            fresh = {one for one in after if one[1] < 2} - seen
            seen |= fresh
            todo.extend(fresh)
        return worlds

    def together(self, start: State) -> tuple[set[int], set[int]]:
        """Worlds once two instances are done, and where neither can go on."""
        mine = (start[0], start[2])
        origin = (start[1], mine, mine)
        seen, todo, worlds, stuck = {origin}, [origin], set(), set()
        while todo:
            world, *each = todo.pop()
            if each == [None, None]:
                worlds.add(world)
            elif not any(
                (position, world, memory) == before
                for position, memory in filter(None, each)
                for before, _ in self.rows
            ):
                stuck.add(world)
            for which in (0, 1):
                if each[which] is None:
                    continue
                position, memory = each[which]
                for before, after in self.rows:
                    if before == (position, world, memory):
                        left = list(each)
                        left[which] = None if after[0] == 0 else (after[0], after[2])
                        found = (after[1], left[0], left[1])
                        if found not in seen:
                            seen.add(found)
                            todo.append(found)
        return worlds, stuck


@settings(max_examples=max(500, settings.default.max_examples), deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(_ALL), st.sampled_from(_ALL)), min_size=1, max_size=12, unique=True
    ),
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=3, unique=True),
)
def test_levels_are_the_naive_ones(
    rows: list[tuple[State, State]], others: list[tuple[int, int]]
) -> None:
    """Idempotent, crash-, delivery- and overlap-idempotent: the same verdicts."""
    world, memory = number("world", 2), number("memory", 1, role=Role.LOCAL)
    body = Body("work", 2, (memory,))
    effect = (Effect("request", constant(True)),)
    for (at, w, m), (to, v, n) in rows:
        here = conj(eq(world.node, constant(w)), eq(memory.node, constant(m)))
        body.at(at, to, {"world": constant(v), "memory": constant(n)}, here, effects=effect)
    body.crash()
    moves = tuple(
        action(f"other{v}{w}", eq(world.node, constant(v)), {"world": constant(w)}) for v, w in others
    )
    graph = explore(FINITELY_MANY.apply(running([world], body, others=moves)))
    naive = Naive(rows, others)
    assert len(graph) == len(naive.reachable)
    claim = Property("again", "idempotent", process="work", world=("world",))
    found = {one.kind: one for one in judge_idempotent(graph, claim, None)}
    if not any(naive.ends(start) for start in naive.starts()):
        assert found["idempotent"].verdict is Verdict.UNKNOWN
        return
    expected = (naive.idempotent(), naive.crash(), naive.delivery(), naive.overlap())
    assert tuple(found[level].verdict.value for level in _LEVELS) == expected
