"""Everything that must not differ between a system and what is explored of it with reductions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

from agreement_with_reduction import complaints
from naive_reduced_search import Classes, Mistakes, Naive, search, site_of

from checker.explicit.canonical_form import represented
from checker.explicit.explore import evaluate_all, explore
from checker.explicit.outcomes import outcomes
from checker.explicit.reduced_search import ReducedGraph, Reduction
from checker.explicit.restoring import restored
from checker.explicit.safety import deadlocks, hazard_judgements, judge_safety
from checker.explicit.state_graph import StateGraph
from checker.findings.judging import judge, resting_place
from checker.findings.limits import Limits
from checker.findings.reducing import Reducing, way_of
from checker.reductions.live_variables import Keeping, LiveVariables, read_by, without_dead_values
from checker.reductions.partial_order import PartialOrder, partial_order_of
from checker.reductions.symmetry import Symmetry, symmetry_of
from checker.regimes.regime import UnderRegime
from checker.system.evaluate import evaluate
from checker.system.expression import Expression
from checker.system.run import Run
from checker.system.transition_system import Action, Hazard, Property, TransitionSystem

WAYS = ("symmetry", "order", "dead")
SUBSETS = [frozenset(some) for size in (1, 2, 3) for some in combinations(WAYS, size)]
STATES = ("always", "never", "reachable", "deadlock_free")


class Differs(AssertionError):
    """What is explored with a reduction says something else."""


def agree(same: object, what: str, *details: object) -> None:
    """Raise `Differs` unless it is so."""
    if not same:
        raise Differs("\n  ".join([what, *map(str, details)]))


@dataclass
class Judged:
    """A system, all of its states, and what is asked of them.

    Parameters
    ----------
    under : UnderRegime
    graph : StateGraph
        All of it, with edges.
    claims : sequence of Property
        Of states.
    goal : Expression, optional
        Where a deadlock is none.
    """

    under: UnderRegime
    graph: StateGraph
    claims: Sequence[Property]
    goal: Expression | None = None

    @property
    def stops(self) -> bool:
        """Whether deadlocks are asked for."""
        return any(claim.kind == "deadlock_free" for claim in self.claims)

    @property
    def read(self) -> dict[str, Expression]:
        """Everything that is evaluated of states, but the goal."""
        return read_by(self.claims)

    @property
    def read_with_goal(self) -> dict[str, Expression]:
        """The goal too."""
        goal = {} if self.goal is None or not self.stops else {"the goal": self.goal}
        return self.read | goal


@dataclass
class Base:
    """A system as it is explored, before symmetry and partial order: with dead values or without.

    Parameters
    ----------
    live : LiveVariables or None
        How dead values were forgotten.
    under : UnderRegime
    graph : StateGraph
        All of it, with edges.
    symmetry, order
        What can be reduced of it.
    """

    live: LiveVariables | None
    under: UnderRegime
    graph: StateGraph
    symmetry: Symmetry
    order: PartialOrder


@dataclass
class Reduced:
    """One combination of reductions."""

    ways: frozenset[str]
    base: Base
    reduction: Reduction
    classes: Classes


def whole(under: UnderRegime, most: int) -> StateGraph | None:
    """All of a system; None if it is too large or leaves the bound of an enumeration."""
    graph = explore(under, max_states=most, tier="python")
    return graph if graph.complete else None


def base(judged: Judged, dead: bool, most: int) -> Base:
    """What can be reduced of a system.

    Parameters
    ----------
    dead : bool
        Whether dead values are forgotten first.
    """
    live, under, graph = None, judged.under, judged.graph
    if dead:
        keeping = Keeping.STEPS if judged.stops else Keeping.STATES
        live = without_dead_values(under.system, judged.read_with_goal, keeping=keeping)
        under = replace(under, system=live.system)
        found = whole(under, most)
        agree(found is not None, "there are more states without dead values", live.resets)
        assert found is not None
        graph = found
    symmetry = symmetry_of(under.system, judged.read_with_goal)
    order = partial_order_of(under.system, judged.read, deadlocks=judged.stops)
    return Base(live, under, graph, symmetry, order)


def reduced(of: Base, ways: frozenset[str]) -> Reduced:
    """How it is explored with some reductions."""
    reduction = Reduction(
        of.symmetry if "symmetry" in ways else Symmetry(()),
        of.order if "order" in ways else PartialOrder((), ()),
    )
    return Reduced(ways, of, reduction, Classes(of.graph, reduction))


# ---------------------------------------------------------------- by the naive search


def compare_naively(judged: Judged, one: Reduced, mistakes: Mistakes | None = None) -> Naive:
    """The naive search observes everything that can be observed in all of the system.

    Raises
    ------
    Differs
    """
    found = search(one.base.graph, one.reduction, one.classes, mistakes)
    states = found.states
    for name, predicate in judged.read.items():
        before = set(evaluate_all(judged.graph, predicate).tolist())
        after = set(evaluate_all(one.base.graph, predicate)[states].tolist())
        agree(before == after, f"{name} is {before}, {set(one.ways)} {after}", predicate)
    before = _sites(mishap.hazard for mishap in judged.graph.mishaps)
    after = _sites(mishap.hazard for mishap in found.mishaps)
    agree(before == after, "other things go wrong", *(before ^ after))
    if judged.stops:
        stuck = set(deadlocks(one.base.graph).nonzero()[0].tolist())
        agree({one.classes.of[i] for i in stuck} == found.stuck(), "other deadlocks")
        if judged.goal is not None:
            for_all = deadlocks(judged.graph) & ~evaluate_all(judged.graph, judged.goal)
            outside = ~evaluate_all(one.base.graph, judged.goal)
            agree(for_all.any() == any(outside[i] for i in found.stuck()), "deadlocks outside the goal")
        else:
            agree(deadlocks(judged.graph).any() == bool(found.stuck()), "whether there are deadlocks")
    if "order" not in one.ways:
        agree(set(states) == set(one.classes.of), "not one state of each class")
    return found


def _sites(hazards: Iterator[Hazard | None]) -> set[object]:
    return {None if hazard is None else site_of(hazard) for hazard in hazards}


# ---------------------------------------------------------------- by the engine


def compare_natively(judged: Judged, one: Reduced, naive: Naive, counts: Counter[str]) -> None:
    """The engine's search is the naive one, state by state; its verdicts are those on everything.

    Raises
    ------
    Differs
    """
    graph = explore(one.base.under, keep_edges=False, reduction=one.reduction)
    agree(graph.complete == one.base.graph.complete, "complete", graph.reason)
    if len(naive.states):
        agree(isinstance(graph, ReducedGraph), "no reduced graph")
    packed = [one.base.graph.states[index] for index in naive.states]
    agree(list(graph.states) == packed, "other states", len(graph), len(packed))
    agree(graph.parents.tolist() == naive.parents, "other parents")
    agree(graph.parent_labels.tolist() == naive.labels, "other labels of parents")
    agree(graph.mishaps == naive.mishaps, "other mishaps", graph.mishaps, naive.mishaps)
    # Of several outcomes that go wrong in the same way the whole graph knows one.
    alike = not one.base.graph.mishaps
    agree(not alike or graph.steps == naive.steps, "other steps", graph.steps, naive.steps)
    if isinstance(graph, ReducedGraph):
        assert graph.moving is not None
        agree([bool(one) for one in graph.moving] == naive.moving, "moves elsewhere")
        agree(graph.postponed[0] == naive.enough, "puts off elsewhere")
        agree(not alike or graph.postponed[1] == naive.put_off, "puts off something else")
        if one.ways == {"symmetry"}:
            stands = represented(graph.packing, one.reduction.symmetry.orbits, graph.words)
            agree(stands == len(judged.graph), "stands for other states", stands, len(judged.graph))
        counts["words"] = max(counts["words"], graph.packing.words)
    _verdicts(judged, one, graph, counts)


def _verdicts(judged: Judged, one: Reduced, graph: StateGraph, counts: Counter[str]) -> None:
    pairs = list(zip(hazard_judgements(judged.graph), hazard_judgements(graph), strict=True))
    wanted: list[Property | None] = [None] * len(pairs)
    for claim in judged.claims:
        goal = judged.goal if claim.kind == "deadlock_free" else None
        wanted.append(claim)
        pairs.append((judge_safety(judged.graph, claim, goal), judge_safety(graph, claim, goal)))
    for claim, (before, after) in zip(wanted, pairs, strict=True):
        counts[f"{before.kind} {before.verdict.value}"] += 1
        agree(
            before.verdict is after.verdict,
            f"{before.name}: {before.verdict.value}, {set(one.ways)} {after.verdict.value}",
        )
        agree((before.run is None) == (after.run is None), f"a run of {before.name}")
        if after.run is None or before.run is None:
            continue
        if not one.reduction.order.candidates and one.base.live is None:
            agree(len(before.run) == len(after.run), f"the run of {before.name} is longer")
        run = after.run
        if one.base.live is not None:
            run = restored(judged.under.system, one.base.live.system, run)
        counts["runs"] += 1
        check_run(judged.under.system, run)
        check_end(judged, claim, before.run, run)


def check_run(system: TransitionSystem, run: Run) -> None:
    """It begins in an initial state, and each step is an outcome of the action that it names."""
    first = run.states[0]
    for variable in system.variables:
        begins, value = variable.initial, first[variable.name]
        if isinstance(begins, Expression):
            agree(evaluate(begins, first) == value, "begins elsewhere", variable.name)
        else:
            agree(begins is None or value in begins, "begins elsewhere", variable.name)
    agree(evaluate(system.wellformed, first), "begins ill-formed")
    for number, step in enumerate(run.steps):
        here = run.states[number]
        last = number + 1 == len(run.states)
        if step is None:
            agree(not last and here == run.states[number + 1], "a stutter changes something")
            continue
        action = system.action[step.action]
        results = [
            result
            for choices, result in outcomes(action, step.arguments, here)
            if choices == step.choices
        ]
        agree(len(results) == 1, "no such step", step, dict(here))
        if last:
            agree(
                isinstance(results[0], Hazard) and results[0] == run.hazard, "does not go wrong so", step
            )
        else:
            agree(results[0] == run.states[number + 1], "leads elsewhere", step, dict(here))
    if run.loop is not None:
        agree(run.states[-1] == run.states[run.loop], "does not come back")


def check_end(judged: Judged, claim: Property | None, before: Run, run: Run) -> None:
    """A run of states ends with what it is shown for."""
    last = run.states[-1]
    agree((before.hazard is None) == (run.hazard is None), "another end", before.hazard, run.hazard)
    if run.hazard is not None:
        assert before.hazard is not None
        if claim is None:
            agree(site_of(before.hazard) == site_of(run.hazard), "another error", run.hazard)
        else:
            agree(evaluate(run.hazard.condition, last), "the predicate does not go wrong there")
        return
    assert claim is not None
    if claim.kind == "deadlock_free":
        moves = [
            (action.name, result)
            for action in judged.under.system.actions
            for arguments in _arguments(action)
            for _, result in outcomes(action, arguments, last)
            if action.kind.value == "step" and (isinstance(result, Hazard) or result != last)
        ]
        agree(not moves, "no deadlock", dict(last), moves[:1])
        agree(judged.goal is None or not evaluate(judged.goal, last), "a deadlock in the goal")
        return
    assert claim.predicate is not None
    wanted = claim.kind in ("never", "reachable")
    agree(bool(evaluate(claim.predicate, last)) == wanted, f"no evidence for {claim.kind}", dict(last))


def _arguments(action: Action) -> Iterator[tuple[object, ...]]:
    return product(*(symbol.domain.values() for symbol in action.parameters))


# ---------------------------------------------------------------- both, for one system


def compare(
    judged: Judged,
    counts: Counter[str],
    subsets: Sequence[frozenset[str]] = SUBSETS,
    native: Sequence[frozenset[str]] = (),
    most: int = 1_000,
) -> None:
    """Compare a system with every combination of reductions, some of them by the engine too.

    Raises
    ------
    Differs
    """
    counts["systems"] += 1
    bases: dict[bool, Base] = {}
    for ways in subsets:
        dead = "dead" in ways
        if dead not in bases:
            bases[dead] = base(judged, dead, most)
        one = reduced(bases[dead], ways)
        naive = compare_naively(judged, one)
        name = "+".join(sorted(ways))
        counts[f"{name} of"] += len(judged.graph)
        counts[f"{name} states"] += len(naive.states)
        counts[f"{name} smaller"] += len(naive.states) < len(judged.graph)
        both = one.reduction.symmetry.orbits and naive.put_off
        counts[f"{name} both"] += bool(both and len(naive.states) < len(judged.graph))
        if ways in native:
            counts["native"] += 1
            compare_natively(judged, one, naive, counts)


def named(predicates: Mapping[str, Expression]) -> tuple[Property, ...]:
    """Claims of states about predicates."""
    kinds = ("always", "never", "reachable")
    return tuple(
        Property(f"{kind} {name}", kind, predicate)
        for name, predicate in predicates.items()
        for kind in kinds
    )


# ---------------------------------------------------------------- as `check --reduce` does it


def compare_as_checked(
    under: UnderRegime, graph: StateGraph, claims: Sequence[Property], counts: Counter[str]
) -> None:
    """Every claim, of states and of runs, on the explorations that `check --reduce` makes for them.

    Raises
    ------
    Differs
    """
    regimes = {claim.name: under.regime for claim in claims}
    reducing = Reducing(claims, regimes, resting_place(claims), Limits(), None)
    for claim in claims:
        space = reducing.space(under, way_of(claim))
        agree(not space.live.obstacle(claim), f"{claim.kind} is refused", space.live.obstacle(claim))
        (before,) = judge(graph, claim, claims)
        (found,) = judge(space.graph, claim, claims)
        after = space.real(found, claim)
        name = f"{claim.kind} is {before.verdict.value}, as checked {after.verdict.value}"
        agree(before.verdict is after.verdict, name)
        counts[f"checked {claim.kind} {before.verdict.value}"] += 1
        counts["checked smaller"] += len(space.graph) < len(graph)
        _same_metrics(claim, before.metrics, after.metrics)
        agree((before.run is None) == (after.run is None), f"a run of {claim.kind}")
        if after.run is None or before.run is None:
            continue
        counts["checked lassos"] += after.run.loop is not None
        check_run(under.system, after.run)
        if way_of(claim) == "states":
            judged = Judged(under, graph, [claim], resting_place(claims))
            check_end(judged, claim, before.run, after.run)
        elif after.run.hazard is None:
            wrong = list(complaints(graph, claim, after.run))
            agree(not wrong, f"no evidence against {claim.kind}", *wrong)


def _same_metrics(claim: Property, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    # What was explored is not the same, and of several ends or loops another one may be shown.
    lost = {"states", "digest", "unbounded", "different_ends"}
    lost |= {"steps"} if claim.kind != "converges" else set()
    for name, value in after.items():
        if name not in lost and not str(value).startswith("not judged"):
            agree(before.get(name) == value, f"{name} of {claim.kind}", before.get(name), value)
