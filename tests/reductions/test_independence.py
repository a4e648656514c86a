"""What is said of two transitions is so in every state: against all of them, and clause by clause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod

from hypothesis import given, settings
from hypothesis import strategies as st
from loose_systems import loose_system
from random_systems import Builder, systems
from small_systems import action, hazard, integer, symbol, system, truth

from checker.explicit.outcomes import outcomes
from checker.reductions.implication import Implications
from checker.reductions.independence import Independence
from checker.reductions.transitions import Facts, Transition, never_changed, transitions_of
from checker.system.evaluate import evaluate
from checker.system.expression import (
    FALSE,
    TRUE,
    Expression,
    add,
    conj,
    constant,
    eq,
    ite,
    le,
    lt,
    maximum,
    ne,
    neg,
    sub,
)
from checker.system.run import State
from checker.system.sorts import BOOL, Scalar
from checker.system.transition_system import Action, Hazard, TransitionSystem

# ---------------------------------------------------------------- against every state

Result = dict[str, Scalar] | Hazard | str


class Oracle:
    """The same questions, answered by the reference interpreter in every state there is."""

    def __init__(self, model: TransitionSystem) -> None:
        self.model = model
        self.unbounded = [one for one in model.variables if one.domain.high is None]
        domains = [one.domain.values() for one in model.variables]
        names = [one.name for one in model.variables]
        self.states = [dict(zip(names, values, strict=True)) for values in product(*domains)]
        self.memo: dict[tuple, dict[tuple[Scalar, ...], Result]] = {}

    def where(self, facts: Facts) -> Iterator[State]:
        """The states in which the facts hold."""
        for state in self.states:
            if all(state[node.payload] == value.payload for node, value in facts):
                yield state

    def results(self, one: Transition, state: State) -> dict[tuple[Scalar, ...], Result]:
        """By its choices, what each enabled outcome comes to."""
        question = (one, tuple(state.values()))
        if question not in self.memo:
            name, arguments = one.key
            self.memo[question] = {
                choices: "beyond" if self._beyond(after) else after
                for choices, after in outcomes(self.model.action[name], arguments, state)
            }
        return self.memo[question]

    def _beyond(self, after: State | Hazard) -> bool:
        return not isinstance(after, Hazard) and any(
            after[one.name] > one.domain.top for one in self.unbounded
        )

    def commutes(self, member: Transition, outsider: Transition, facts: Facts) -> bool:
        """D1."""
        for x in self.where(facts):
            before = self.results(member, x)
            for by, y in self.results(outsider, x).items():
                if not isinstance(y, dict):
                    continue
                for choices, after in self.results(member, y).items():
                    if choices not in before:
                        return False
                    first = before[choices]
                    if isinstance(first, dict) != isinstance(after, dict):
                        return False
                    if not isinstance(first, dict):
                        if first is not after:
                            return False
                    elif self.results(outsider, first).get(by) != after:
                        return False
        return True

    def lasts(self, key: Transition, outsider: Transition, facts: Facts) -> bool:
        """D2 and E."""
        for x in self.where(facts):
            for choices, taken in self.results(key, x).items():
                if not isinstance(taken, dict):
                    continue
                later = self.results(outsider, taken)
                for by, y in self.results(outsider, x).items():
                    if isinstance(y, dict) and not isinstance(self.results(key, y).get(choices), dict):
                        return False
                    if by not in later or isinstance(later[by], dict) != isinstance(y, dict):
                        return False
                    if not isinstance(y, dict) and later[by] is not y:
                        return False
        return True

    def keeps(self, one: Transition, facts: Facts) -> bool:
        """S."""
        return all(
            not isinstance(after, dict)
            or all(after[node.payload] == value.payload for node, value in facts)
            for state in self.where(facts)
            for after in self.results(one, state).values()
        )

    def unseen(self, one: Transition, predicate: Expression, facts: Facts) -> bool:
        """V."""
        return all(
            not isinstance(after, dict) or evaluate(predicate, state) == evaluate(predicate, after)
            for state in self.where(facts)
            for after in self.results(one, state).values()
        )


def unsound(
    model: TransitionSystem, predicates: Sequence[Expression], known: Sequence[Facts]
) -> tuple[list[tuple], int, int]:
    """Answers that are wrong in some state; how many were "yes", and how many could have been."""
    oracle = Oracle(model)
    independence = Independence({one.name: one.domain for one in model.variables})
    transitions = transitions_of(model, {})
    wrong: list[tuple] = []
    said = true = 0
    for facts in known:
        questions = [("keeps", one) for one in transitions]
        questions += [("unseen", one, predicate) for one in transitions for predicate in predicates]
        for which in ("commutes", "lasts"):
            questions += [
                (which, one, other) for one in transitions for other in transitions if one is not other
            ]
        for which, *about in questions:
            answer = getattr(independence, which)(*about, facts)
            truth_of_it = getattr(oracle, which)(*about, facts)
            said += answer
            true += truth_of_it
            if answer and not truth_of_it:
                wrong.append((which, *(getattr(one, "key", one) for one in about), facts))
        for one in transitions:
            enabled = any(oracle.results(one, state) for state in oracle.where(facts))
            if enabled and not independence.possible(one, facts):
                wrong.append(("possible", one.key, facts))
    return wrong, said, true


def some_facts(model: TransitionSystem, number: int) -> list[Facts]:
    """None, and some about one and about two variables."""
    found: list[Facts] = [()]
    chosen = sorted(model.variables, key=lambda one: one.name)
    for step in range(2):
        at = [(chosen[(number + k) % len(chosen)], number >> k) for k in range(step + 1)]
        facts = {}
        for variable, place in at:
            values = variable.domain.values()
            facts[variable.node] = constant(values[place % len(values)], variable.domain.sort)
        found.append(tuple(sorted(facts.items(), key=lambda fact: fact[0].payload)))
    return found


@st.composite
def small(draw: st.DrawFn) -> tuple[TransitionSystem, list[Expression], list[Facts]]:
    """A system of few states, predicates of them, and facts."""
    model = draw(systems().filter(lambda one: prod(v.domain.size for v in one.variables) <= 300))
    builder = Builder(draw, list(model.variables), [])
    predicates = [builder.any(BOOL, 2) for _ in range(2)]
    written = [one for one in predicates if not quantified(one)]
    return model, written, some_facts(model, draw(st.integers(0, 99)))


def quantified(root: Expression) -> bool:
    """Whether a quantifier occurs: they are written out before these questions are asked."""
    stack = [root]
    while stack:
        node = stack.pop()
        if node.operator in ("any", "all", "sum"):
            return True
        stack.extend(node.operands)
    return False


@given(small())
@settings(max_examples=60)
def test_no_answer_is_wrong_where_everything_occurs(drawn: tuple):
    """With every operator, sort, parameter, choice and kind of error."""
    assert unsound(*drawn)[0] == []


def test_no_answer_is_wrong_of_processes():
    """With program counters, flags that are taken, and bounds; and the answer is often "yes"."""
    said = true = 0
    for seed in range(40):
        drawn = loose_system(seed, processes=2)
        if prod(one.domain.size for one in drawn.system.variables) > 400:
            continue
        predicates = [one for one in drawn.predicates.values() if not quantified(one)]
        wrong, yes, could = unsound(drawn.system, predicates, some_facts(drawn.system, seed))
        assert wrong == [], seed
        said += yes
        true += could
    assert said > 0.9 * true, (said, true)


# ---------------------------------------------------------------- clause by clause


FLAG, OTHER, COUNT, PLACE = truth("flag"), truth("other"), integer("count", 0, 3), integer("place", 0, 3)


def asked(first: Action, second: Action, **known: bool | int) -> tuple[bool, bool]:
    """Whether the first, as a member, commutes with the second; and whether, as a key, it lasts."""
    variables = [FLAG, OTHER, COUNT, PLACE, integer("total", 0, None, bound=3)]
    model = system(variables, first, second)
    one, other = transitions_of(model, {})
    facts = tuple((model.variable[name].node, constant(value)) for name, value in sorted(known.items()))
    independence = Independence({variable.name: variable.domain for variable in variables})
    oracle = Oracle(model)
    answers = independence.commutes(one, other, facts), independence.lasts(one, other, facts)
    assert answers == (oracle.commutes(one, other, facts), oracle.lasts(one, other, facts))
    return answers


MOVE = action("move", TRUE, {"place": constant(1)})
RAISE = action("raise", TRUE, {"flag": TRUE})
LOWER = action("lower", TRUE, {"flag": FALSE})
WAIT = action("wait", FLAG.node, {"place": constant(1)})
CHECK = action("check", TRUE, {"place": constant(1)}, hazards=(hazard(neg(FLAG.node)),))


def test_nothing_in_common():
    """What one changes does not occur in the other."""
    assert asked(MOVE, RAISE) == (True, True)


def test_an_outsider_enables_a_member():
    """Then the member cannot be put before it; as a key, if it is possible it stays so."""
    assert asked(WAIT, RAISE) == (False, True)


def test_an_outsider_disables_a_member():
    """Then it can be put before, and cannot be relied upon; the outsider is enabled after it."""
    assert asked(WAIT, LOWER) == (True, False)


def test_a_member_enables_an_outsider():
    """That is no matter: what is possible before it is possible after it."""
    assert asked(RAISE, WAIT) == (True, True)


def test_a_member_disables_an_outsider():
    """Then the outsider cannot follow it."""
    assert asked(LOWER, WAIT) == (False, False)


def test_an_outsider_cures_or_breaks_a_member():
    """Whether it goes wrong must not depend on the outsider, in either direction."""
    assert asked(CHECK, RAISE) == (False, True)
    assert asked(CHECK, LOWER) == (False, False)


def test_a_member_cures_or_breaks_an_outsider():
    """Broken it could not follow; cured, an error would be lost."""
    assert asked(RAISE, CHECK) == (True, False)
    assert asked(LOWER, CHECK) == (False, False)


def test_the_order_gives_different_results():
    """Two ways to change one variable, of which the last counts; or one reads what the other writes."""
    assert asked(RAISE, LOWER) == (False, True)
    copy = action("copy", TRUE, {"other": FLAG.node})
    assert asked(copy, RAISE) == (False, True)
    assert asked(RAISE, copy) == (False, True)


def test_an_update_that_changes_nothing_in_one_order_only():
    """To assign the value that is there already is no change before the other, and one after it."""
    copy = action("copy", TRUE, {"other": FLAG.node})
    turn = action("turn", neg(FLAG.node), {"flag": neg(FLAG.node)})
    assert asked(copy, turn, other=False) == (False, True)
    assert asked(turn, copy, other=False) == (False, True)


def test_the_order_does_not_matter_after_all():
    """Both change the variable alike, or by amounts that are added."""
    again = action("again", TRUE, {"flag": TRUE, "place": constant(2)})
    assert asked(RAISE, again) == (True, True)
    swap = action("swap", TRUE, {"count": ite(eq(COUNT.node, constant(3)), constant(0), constant(3))})
    back = action("back", TRUE, {"count": sub(constant(3), COUNT.node)})
    assert asked(swap, back)[1] is True


def test_paid_from_one_budget():
    """Each may use the budget up for the other: it can go first, but cannot be relied upon."""
    pay = {"count": add(COUNT.node, constant(1))}
    one = action("one", le(COUNT.node, constant(1)), {**pay, "flag": TRUE})
    two = action("two", le(COUNT.node, constant(1)), {**pay, "other": TRUE})
    assert asked(one, two) == (True, False)
    assert asked(one, two, count=0) == (True, True)


def test_beyond_a_bound_in_one_order_only():
    """More and less commute but for the bound."""
    total = integer("total", 0, None, bound=3)
    more = action("more", TRUE, {"total": add(total.node, constant(1))})
    less = action("less", lt(constant(0), total.node), {"total": sub(total.node, constant(1))})
    assert asked(more, less) == (False, True)
    assert asked(less, more) == (False, False)
    floor = action("floor", TRUE, {"total": maximum(constant(0), sub(total.node, constant(1)))})
    assert asked(more, floor, total=1) == (True, True)


def test_what_is_known_decides():
    """A guard that contradicts what is known is no guard; a known value need not be read."""
    assert asked(WAIT, RAISE, flag=True) == (True, True)
    late = action("late", eq(PLACE.node, constant(2)), {"flag": FALSE})
    early = action("early", conj(eq(PLACE.node, constant(1)), FLAG.node), {"other": TRUE})
    assert asked(early, late) == (True, True)


def test_two_instances_choose_for_themselves():
    """A choice that occurs in both has a value in each."""
    i, c = symbol("i", 0, 1), symbol("c", 0, 1)
    model = system(
        [COUNT, PLACE],
        action(
            "choose",
            TRUE,
            {"count": ite(eq(i.node, constant(0)), c.node, COUNT.node)},
            parameters=(i,),
            choices=(c,),
        ),
    )
    assert len(transitions_of(model, {})) == 2
    clash = system([COUNT], action("set", TRUE, {"count": c.node}, parameters=(i,), choices=(c,)))
    one, other = transitions_of(clash, {})
    assert not Independence({"count": COUNT.domain}).commutes(one, other, ())


def test_what_never_changes():
    """Only what starts with one value, and nothing assigns."""
    fixed, either = integer("fixed", 0, 3, (2,)), integer("either", 0, 3, (1, 2))
    model = system(
        [fixed, either, COUNT, FLAG],
        action("stay", TRUE, {"fixed": fixed.node, "count": either.node}),
        action("never", eq(fixed.node, constant(1)), {"flag": TRUE}),
    )
    constants = never_changed(model)
    assert {node.payload: value.payload for node, value in constants.items()} == {"fixed": 2}
    assert [one.key[0] for one in transitions_of(model, constants)] == ["stay"]


def test_follows():
    """By structure, by trying, or not seen because there is too much to try."""
    wide = integer("wide", 0, 10_000)
    domains = {"count": COUNT.domain, "flag": FLAG.domain, "wide": wide.domain}
    follows = Implications(domains).follows
    assert follows([lt(COUNT.node, constant(2))], ne(COUNT.node, constant(2)))
    assert not follows([lt(COUNT.node, constant(3))], ne(COUNT.node, constant(2)))
    assert follows([FALSE], FLAG.node) and follows([FLAG.node, neg(FLAG.node)], FALSE)
    assert follows([conj(FLAG.node, lt(wide.node, constant(3)))], lt(wide.node, constant(3)))
    assert not follows([lt(wide.node, constant(2))], lt(wide.node, constant(3)))
