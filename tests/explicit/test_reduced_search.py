"""What the engine does with a reduction, where the right answer is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import permutations
from random import Random

import numpy as np
import pytest
from agreement_of_reductions import (
    Differs,
    Judged,
    base,
    compare_naively,
    compare_natively,
    named,
    reduced,
    whole,
)
from naive_reduced_search import Mistakes
from small_systems import action, counter, fleet, hazard, integer, put, symbol, system, truth, under

from checker.explicit.canonical_form import compile_canonical, represented
from checker.explicit.explore import explore
from checker.explicit.packing import NotCompilable, packing_of
from checker.explicit.reduced_kernels import canonical_all
from checker.explicit.reduced_search import ReducedGraph, Reduction
from checker.explicit.safety import always, deadlock_free, deadlocks, hazard_judgements, never, reachable
from checker.reductions.partial_order import Ample, PartialOrder, partial_order_of
from checker.reductions.symmetry import Orbit, Symmetry, canonical, symmetry_of
from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    add,
    array,
    conj,
    constant,
    eq,
    le,
    lt,
    modulo,
    ne,
    neg,
    select,
    sub,
)
from checker.system.run import Verdict
from checker.system.sorts import BOOL, INT, Domain, EnumSort
from checker.system.transition_system import Property, TransitionSystem, Variable

NO_SYMMETRY = Symmetry(())
NO_ORDER = PartialOrder((), ())


def quotient(model: TransitionSystem, predicates: dict[str, Expression] | None = None) -> ReducedGraph:
    """One state of each class of a system."""
    reduction = Reduction(symmetry_of(model, predicates or {}), NO_ORDER)
    graph = explore(under(model), keep_edges=False, reduction=reduction)
    assert isinstance(graph, ReducedGraph)
    return graph


# ---------------------------------------------------------------- the state that stands for a class

DOMAINS = [
    Domain(BOOL, 0, 1),
    Domain(INT, 3, 3),
    Domain(INT, -2, 5),
    Domain(EnumSort(("red", "green", "blue")), 0, 2),
    Domain(INT, -7, 2**33),
    Domain(INT, 0, 2**62),
    Domain(INT, 0, 2**64 - 1),
]


@pytest.mark.parametrize("seed", range(25))
def test_canonical_states(seed: int) -> None:
    """Machine code finds the state that stands for a class as the definition has it.

    Blocks of one bit and of several words, slots that take no room and whole words, several orbits,
    variables in any order; most values are equal or nearly so.
    """
    random = Random(seed)
    variables: list[Variable] = [Variable("alone", random.choice(DOMAINS), None)]
    orbits = []
    for number in range(random.randint(1, 3)):
        width = random.randint(1, 4)
        domains = [random.choice(DOMAINS) for _ in range(width)]
        if sum((domain.size or 1).bit_length() for domain in domains) > 400:
            domains = domains[:2]
        blocks = [
            tuple(f"o{number}[{part}].{place}" for place in range(len(domains)))
            for part in range(random.randint(2, 6))
        ]
        orbits.append(Orbit(tuple(blocks)))
        variables += [
            Variable(name, domain, None)
            for block in blocks
            for name, domain in zip(block, domains, strict=True)
        ]
    random.shuffle(variables)
    packing = packing_of(variables)
    symmetry = Symmetry(tuple(orbits))

    def value(domain: Domain) -> int | bool:
        top = domain.top or 0
        found = random.choice(
            [domain.low, top, min(domain.low + 1, top), random.randint(domain.low, top)]
        )
        return bool(found) if domain.sort == BOOL else found

    states = [{one.name: value(one.domain) for one in variables} for _ in range(200)]
    words = packing.matrix([packing.pack(state) for state in states]).reshape(-1).copy()
    canonical_all(compile_canonical(packing, orbits), words, packing.words, len(states))
    wanted = packing.matrix([packing.pack(canonical(state, symmetry)) for state in states])
    assert words.reshape(-1, packing.words).tolist() == wanted.tolist()
    classes = np.unique(wanted, axis=0)
    assert represented(packing, orbits, classes) == sum(
        _permuted(packing, one, orbits) for one in classes
    )


def _permuted(packing, row, orbits) -> int:
    """How many states differ by permutations of blocks, by trying all of them."""
    state = packing.unpack(sum(int(word) << 64 * place for place, word in enumerate(row)))
    count = 1
    for orbit in orbits:
        contents = [tuple(state[name] for name in block) for block in orbit.blocks]
        count *= len(set(permutations(contents)))
    return count


def test_parts_that_are_too_wide() -> None:
    """More than 512 bits are refused, not compared in part."""
    rows = [[integer(f"x{place}[{part}]", 0, 2**61) for place in range(9)] for part in range(2)]
    packing = packing_of([one for row in rows for one in row])
    orbit = Orbit(tuple(tuple(one.name for one in row) for row in rows))
    with pytest.raises(NotCompilable, match="558 bits is too wide"):
        compile_canonical(packing, [orbit])


# ---------------------------------------------------------------- symmetry alone


def test_one_state_for_each_class() -> None:
    """The numbers of classes of two references, and what they stand for: every state."""
    for model, states, classes in ((fleet(3, 2), 2_590, 544), (counter(5, 4), 1_024, 56)):
        graph = quotient(model)
        assert (len(explore(under(model))), len(graph)) == (states, classes)
        assert represented(graph.packing, graph.reduction.symmetry.orbits, graph.words) == states


def test_wide_states() -> None:
    """Parts of more than 64 bits, in states of several words."""
    broad = [integer(f"broad[{k}]", 0, 2**62, (0,)) for k in range(3)]
    count = [integer(f"count[{k}]", 0, 2) for k in range(3)]
    i = symbol("i", 0, 2)
    here = select(array(one.node for one in count), i.node)
    huge = select(array(one.node for one in broad), i.node)
    grow = add(huge, constant(2**60))
    model = system(
        [*broad, *count],
        action("up", lt(here, constant(2)), put(count, i.node, add(here, constant(1))), parameters=(i,)),
        action("grow", lt(huge, constant(2**61)), put(broad, i.node, grow), parameters=(i,)),
    )
    graph = quotient(model)
    # The three numbers of each kind change places on their own: ten classes of each.
    assert graph.packing.words == 4
    assert (len(graph), len(explore(under(model)))) == (100, 729)
    assert represented(graph.packing, graph.reduction.symmetry.orbits, graph.words) == 729


def test_initial_states_fall_into_classes() -> None:
    """In the order of their first states; runs begin in a state that is initial."""
    up = [truth(f"up[{k}]", None) for k in range(3)]
    i = symbol("i", 0, 2)
    start = action(
        "start", neg(select(array(v.node for v in up), i.node)), put(up, i.node, TRUE), parameters=(i,)
    )
    graph = quotient(system(up, start))
    assert graph.initial == len(graph) == 4
    assert graph.complete and graph.steps == 6
    assert graph.run_to(2).states == (graph.state(2),)


def test_to_change_places_is_no_deadlock() -> None:
    """A step within a class moves, though the class has no other one."""
    has = [truth(f"has[{k}]", None) for k in range(2)]
    model = system(
        has,
        action("swap", ne(has[0].node, has[1].node), {"has[0]": has[1].node, "has[1]": has[0].node}),
    )
    graph = quotient(model)
    assert len(graph) == 3
    stuck = [graph.state(int(index)) for index in np.flatnonzero(deadlocks(graph))]
    assert stuck == [{"has[0]": False, "has[1]": False}, {"has[0]": True, "has[1]": True}]
    same = eq(has[0].node, has[1].node)
    assert deadlock_free(graph, Property("goes_on", "deadlock_free"), same).verdict is Verdict.HOLDS


# ---------------------------------------------------------------- where the rule matters


def turning(parts: int) -> tuple[TransitionSystem, list[Variable], Variable]:
    """Parts that turn for ever, seen by nobody, and one step that is seen."""
    at = [integer(f"at[{k}]", 0, 2) for k in range(parts)]
    seen = truth("seen")
    i = symbol("i", 0, parts - 1)
    here = select(array(one.node for one in at), i.node)
    following = modulo(add(here, constant(1)), constant(3))
    model = system(
        [*at, seen],
        action("turn", TRUE, put(at, i.node, following), parameters=(i,)),
        action("show", neg(seen.node), {"seen": TRUE}),
    )
    return model, at, seen


@pytest.mark.parametrize("ways", [{"order"}, {"order", "symmetry"}])
def test_nothing_is_put_off_for_ever(ways: set[str]) -> None:
    """A loop that nobody sees is left where it closes: what waits for it happens."""
    model, _, seen = turning(3)
    claims = named({"seen": seen.node})
    graph = whole(under(model), 1_000)
    assert graph is not None and len(graph) == 54
    judged = Judged(under(model), graph, claims)
    one = reduced(base(judged, False, 1_000), frozenset(ways))
    naive = compare_naively(judged, one)
    compare_natively(judged, one, naive, Counter())
    assert naive.put_off
    # Without the proviso the loop would be followed and nothing else.
    with pytest.raises(Differs, match="seen"):
        compare_naively(judged, one, Mistakes(proviso="none"))


def test_a_class_is_no_way_on() -> None:
    """A key that leads to the class it comes from leads nowhere, whatever the states are."""
    at = [truth(f"at[{k}]", (k == 0,)) for k in range(2)]
    ready, seen = truth("ready"), truth("seen")
    i = symbol("i", 0, 1)
    here = select(array(one.node for one in at), i.node)
    there = select(array(one.node for one in at), sub(constant(1), i.node))
    both = put(at, i.node, FALSE)
    both |= {
        name: value if name != at[k].name else select(array([FALSE, TRUE]), eq_index(i.node, 1 - k))
        for k, (name, value) in enumerate(both.items())
    }
    hand_over = action("hand_over", conj(here, neg(there)), both, parameters=(i,))
    begin = action("begin", neg(ready.node), {"ready": TRUE})
    show = action("show", conj(ready.node, neg(seen.node)), {"seen": TRUE})
    anywhere = [replace(one, initial=None) for one in at]
    only_one = ne(at[0].node, at[1].node)
    model = replace(system([*anywhere, ready, seen], hand_over, begin, show), wellformed=only_one)
    graph = whole(under(model), 100)
    assert graph is not None and len(graph) == 6
    judged = Judged(under(model), graph, named({"seen": seen.node}))
    both_ways = reduced(base(judged, False, 100), frozenset({"symmetry", "order"}))
    assert both_ways.reduction.symmetry.permutations == 2
    naive = compare_naively(judged, both_ways)
    compare_natively(judged, both_ways, naive, Counter())
    assert len(naive.states) == 3


def eq_index(index: Expression, place: int) -> Expression:
    """0 or 1: whether the index is this place."""
    from checker.system.expression import as_integer

    return as_integer(eq(index, constant(place)))


def test_an_error_that_waits() -> None:
    """What goes wrong in a step that is put off is met later; what goes wrong in a member, at once."""
    at = [integer(f"at[{k}]", 0, 3) for k in range(2)]
    i = symbol("i", 0, 1)
    here = select(array(one.node for one in at), i.node)
    going = lt(here, constant(3))
    other = integer("other", 0, 2)
    fails = hazard(eq(other.node, constant(1)), "assert", "other", 2)
    model = system(
        [*at, other],
        action("go", going, put(at, i.node, add(here, constant(1))), parameters=(i,)),
        action(
            "count",
            lt(other.node, constant(2)),
            {"other": add(other.node, constant(1))},
            hazards=(fails,),
        ),
    )
    order = partial_order_of(model, {}, deadlocks=False)
    assert order.candidates
    for symmetry in (NO_SYMMETRY, symmetry_of(model, {})):
        graph = explore(under(model), keep_edges=False, reduction=Reduction(symmetry, order))
        wrong, well_defined = hazard_judgements(graph)
        assert (wrong.verdict, well_defined.verdict) == (Verdict.VIOLATED, Verdict.HOLDS)
        assert wrong.run is not None and wrong.run.hazard is fails
        assert wrong.run.states[-1]["other"] == 1
        claim = Property("small", "always", le(other.node, constant(2)))
        assert "goes wrong" in always(graph, claim).reason


def test_more_sets_than_bits() -> None:
    """Those that do not fit are not used."""
    model, _, _ = turning(1)
    members = frozenset({("turn", (0,))})
    never_so, so = Ample(FALSE, members, members), Ample(TRUE, members, members)
    for candidates, put_off in (((never_so,) * 61 + (so,), True), ((never_so,) * 62 + (so,), False)):
        reduction = Reduction(NO_SYMMETRY, PartialOrder(candidates, ()))
        graph = explore(under(model), keep_edges=False, reduction=reduction)
        assert isinstance(graph, ReducedGraph)
        assert (graph.postponed[0] > 0) == put_off
        assert len(graph) == 6


# ---------------------------------------------------------------- limits


def test_a_limit_of_states() -> None:
    """Stopped early, it says nothing but what it has found, not even of short runs."""
    model = counter(6, 6)
    digits = [one.node for one in model.variables]
    predicates = {"nine": eq(_sum(digits), constant(9)), "all": eq(_sum(digits), constant(30))}
    reduction = Reduction(symmetry_of(model, predicates), NO_ORDER)
    graph = explore(under(model), keep_edges=False, reduction=reduction, max_states=150)
    assert (graph.complete, graph.covers, graph.reason) == (False, 0, "more than 150 states")
    assert 150 < len(graph) <= 156
    claims = {name: Property(name, "reachable", one) for name, one in predicates.items()}
    assert reachable(graph, claims["nine"]).verdict is Verdict.HOLDS
    assert reachable(graph, claims["all"]).verdict is Verdict.UNKNOWN
    unknown = never(graph, claims["all"])
    assert (unknown.verdict, str(unknown.scope)) == (Verdict.UNKNOWN, "bounded(0)")
    run = reachable(graph, claims["nine"]).run
    assert run is not None and len(run) == 9


def _sum(parts: list[Expression]) -> Expression:
    total = parts[0]
    for part in parts[1:]:
        total = add(total, part)
    return total


def test_it_stops_where_it_is_told_to() -> None:
    """`stop_when` looks at the states that stand for classes."""
    model = counter(6, 6)
    wanted = eq(_sum([one.node for one in model.variables]), constant(4))
    reduction = Reduction(symmetry_of(model, {"wanted": wanted}), NO_ORDER)
    graph = explore(under(model), keep_edges=False, reduction=reduction, stop_when=[wanted])
    assert graph.reason == "a wanted state was found"


def test_not_a_single_state() -> None:
    """Without initial states there is nothing to find a class of."""
    model = replace(counter(3, 2), wellformed=FALSE)
    graph = explore(
        under(model), keep_edges=False, reduction=Reduction(symmetry_of(model, {}), NO_ORDER)
    )
    assert (len(graph), graph.complete) == (0, True)
    assert deadlock_free(graph, Property("goes_on", "deadlock_free")).verdict is Verdict.HOLDS


@pytest.mark.parametrize("memory", [1, 200_000_000])
def test_a_limit_of_memory(memory: int) -> None:
    """Before the first state, or on the way: what is there is consistent."""
    model = counter(40, 10)
    reduction = Reduction(symmetry_of(model, {}), NO_ORDER)
    from checker.explicit.memory import resident_memory

    limit = memory if memory == 1 else resident_memory() + 20_000_000
    graph = explore(under(model), keep_edges=False, reduction=reduction, memory=limit)
    assert not graph.complete and "memory limit" in graph.reason
    assert not deadlocks(graph).any()
    assert deadlock_free(graph, Property("goes_on", "deadlock_free")).verdict is Verdict.UNKNOWN


# ---------------------------------------------------------------- the comparison can fail


@pytest.mark.parametrize(
    ("mistakes", "seeds"),
    [
        (Mistakes(proviso="none"), range(0, 40)),
        (Mistakes(proviso="another"), range(0, 60)),
        (Mistakes(keys=False), range(0, 60)),
        (Mistakes(forgetful=True), range(0, 60)),
        (Mistakes(classes=False), range(0, 60)),
    ],
    ids=str,
)
def test_a_wrong_rule_is_noticed(mistakes: Mistakes, seeds: range) -> None:
    """Each part of the rule is needed: random systems show it."""
