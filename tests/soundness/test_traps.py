"""The traps that other checkers fell into: each test fails on the algorithm that falls in.

Numbers are those of the project's list. Left out are the traps that explicit search by one thread
without reductions cannot fall into: 5 and 11 (symbolic engines), 7 (symmetry), 9 (workers).
"""

from checker import (
    Bool,
    Enum,
    Int,
    Model,
    Nat,
    action,
    always,
    check,
    choose,
    converges,
    leads_to,
    recurs,
    when,
)
from checker.evidence.trace import Trace


def verdict(model: type[Model], name: str, **options: object) -> str:
    """The verdict of one property, in one word."""
    (finding,) = [one for one in check(model, **options).findings if one.property == name]
    return finding.verdict.value


def trace(model: type[Model], name: str) -> Trace:
    """The counterexample of one property."""
    (finding,) = [one for one in check(model).findings if one.property == name]
    assert isinstance(finding.evidence, Trace)
    return finding.evidence


# ---------------------------------------------------------------- 1 · cycles and joins


class Joins(Model):
    """Two ways lead to `joined`, from where it goes round for ever."""

    at = Enum("begin", "left", "right", "joined", "round", "done")

    @action
    def go(self):
        match self.at:
            case "begin":
                self.at = choose("left", "right", "done")
            case "left" | "right":
                self.at = "joined"
            case "joined":
                self.at = "round"
            case "round":
                self.at = "joined"

    @converges
    def finishes(self):
        return self.at == "done"


def test_trap_1_a_cycle_behind_a_join_is_found():
    """A search that takes a second visit for a safe one sees neither the join nor the cycle."""
    assert verdict(Joins, "finishes") == "violated"
    assert trace(Joins, "finishes").loop is not None


# ---------------------------------------------------------------- 2 · the sub-component counts


class FinishAlwaysPossible(Model):
    """0 ⇄ 1, and `finish` is possible in both; from 2 it begins again."""

    x = Int(0, 2)

    @action
    def spin(self):
        when(self.x < 2)
        self.x = 1 - self.x

    @action
    def finish(self):
        when(self.x < 2)
        self.x = 2

    @action(fair=None)
    def again(self):
        when(self.x == 2)
        self.x = 0

    @recurs
    def finished(self):
        return self.x == 2


class FinishSometimesPossible(FinishAlwaysPossible):
    """The same, but `finish` is possible in 0 only."""

    @action
    def finish(self):
        when(self.x == 0)
        self.x = 2


class FinishStronglyFair(FinishSometimesPossible):
    """Possible again and again, and strongly fair."""

    @action(fair="strong")
    def finish(self):
        when(self.x == 0)
        self.x = 2


def test_trap_2_fairness_is_judged_inside_the_component_that_avoids_the_goal():
    """In {0, 1, 2} `finish` is taken; in {0, 1}, which matters, it is not."""
    assert verdict(FinishAlwaysPossible, "finished") == "holds"
    assert verdict(FinishSometimesPossible, "finished") == "violated"
    assert verdict(FinishStronglyFair, "finished") == "holds"


# ---------------------------------------------------------------- 3 · eventually *always*


class ComesAndGoes(Model):
    """The goal is reached again and again, and never for good."""

    on = Bool()

    @action
    def flip(self):
        self.on = not self.on

    @converges
    def stays_on(self):
        return self.on

    @recurs
    def is_on_again(self):
        return self.on


class NobodyMust(Model):
    """The only way to the goal is an action that is not obliged to happen."""

    done = Bool()

    @action(fair=None)
    def may_finish(self):
        self.done = True

    @converges
    def finishes(self):
        return self.done


def test_trap_3_reaching_is_not_staying_and_every_state_may_stutter():
    """◇□ is not □◇, and a run may stop where nothing is promised."""
    assert verdict(ComesAndGoes, "is_on_again") == "holds"
    assert verdict(ComesAndGoes, "stays_on") == "violated"
    assert verdict(NobodyMust, "finishes") == "violated"


# ---------------------------------------------------------------- 4 · stutter is no progress


class StepsThatDoNothing(Model):
    """`work` could be executed in both states, and changes something in 1 only."""

    x = Int(0, 2)

    @action
    def spin(self):
        when(self.x < 2)
        self.x = 1 - self.x

    @action
    def work(self):
        if self.x == 1:
            self.x = 2

    @converges
    def finishes(self):
        return self.x == 2


class OneOutcomeDoesNothing(Model):
    """`work` may do nothing, but not for ever: fairness is about steps that change the state."""

    x = Int(0, 1)

    @action
    def work(self):
        self.x = choose(self.x, 1)

    @converges
    def finishes(self):
        return self.x == 1


def test_trap_4_a_step_that_changes_nothing_is_neither_enabled_nor_taken():
    """Counted as enabled it would exclude a fair loop; counted as taken it would allow an unfair one."""
    assert verdict(StepsThatDoNothing, "finishes") == "violated"
    assert verdict(OneOutcomeDoesNothing, "finishes") == "holds"


# ---------------------------------------------------------------- 6 · a lasso, not a component


class ManyStates(Model):
    """A component of 100 states, in which two are enough to go round."""

    x = Int(0, 99)

    @action(fair=None)
    def move(self, to: Int(0, 99)):
        self.x = to

    @converges
    def rests_at_zero(self):
        return self.x == 0


def test_trap_6_the_counterexample_is_a_short_lasso():
    """Not the whole component: a stutter outside the goal is enough here."""
    found = trace(ManyStates, "rests_at_zero")
    assert found.loop is not None
    assert found.states[-1] == found.states[found.loop]
    assert len(found.steps) <= 3


# ---------------------------------------------------------------- 8, 10, 12 · what was not seen


class CountsForEver(Model):
    """Grows without end; nothing that was not explored may be claimed of it."""

    n = Nat(explore_to=5)

    @action
    def count(self):
        self.n += 1

    @converges
    def rests(self):
        return self.n >= 3

    @always
    def small(self):
        return self.n <= 5


class CountsUnbounded(CountsForEver):
    """The same without a bound for enumeration."""

    n = Nat()


class Long(Model):
    """A violation behind a thousand steps."""

    x = Int(0, 1000)

    @action
    def walk(self):
        when(self.x < 1000)
        self.x += 1

    @always
    def never_arrives(self):
        return self.x < 1000

    @converges
    def arrives(self):
        return self.x == 1000


def test_trap_8_a_bound_on_the_states_does_not_make_liveness_hold():
    """Beyond the bound anything may happen, so neither property holds of what was seen."""
    assert verdict(CountsForEver, "rests") == "unknown"
    assert verdict(CountsForEver, "small") == "unknown"


def test_trap_10_an_unbounded_counter_is_not_decided_by_enumeration():
    """Enumerating the naturals ends in UNKNOWN, not in a pass and not in an endless search."""
    assert verdict(CountsUnbounded, "small") == "unknown"
    assert check(CountsUnbounded).exit_code() == 4


def test_trap_12_a_search_that_stopped_early_is_not_exhaustive():
    """With room for 100 states nothing is known; with room for all, everything is."""
    assert verdict(Long, "never_arrives", max_states=100) == "unknown"
    assert verdict(Long, "arrives", max_states=100) == "unknown"
    assert verdict(Long, "never_arrives") == "violated"
    assert verdict(Long, "arrives") == "holds"


# ---------------------------------------------------------------- 13 · Python's division


class Divides(Model):
    """Every quotient and remainder of small numbers, also negative ones."""

    a = Int(-7, 7, init=range(-7, 8))
    b = Int(-3, 3, init=(-3, -2, -1, 1, 2, 3))
    quotient = Int(-8, 8)
    remainder = Int(-3, 3)
    done = Bool()

    @action
    def divide(self):
        when(not self.done)
        self.quotient = self.a // self.b
        self.remainder = self.a % self.b
        self.done = True

    @always
    def is_pythons(self):
        if not self.done:
            return True
        whole = self.a == self.b * self.quotient + self.remainder
        sign = 0 <= self.remainder < self.b if self.b > 0 else self.b < self.remainder <= 0
        return whole and sign


def test_trap_13_division_rounds_down_as_pythons_does():
    """The remainder has the sign of the divisor, for every sign of both."""
    assert verdict(Divides, "is_pythons") == "holds"
    for finding in check(Divides).findings:
        assert finding.verdict.value == "holds"


# ---------------------------------------------------------------- 14 · unfair actions may be withheld


class BehindAnUnfairStep(Model):
    """A fair action becomes possible after an unfair one, which nobody has to take."""

    at = Enum("waiting", "offered", "done")

    @action(fair=None)
    def offer(self):
        when(self.at == "waiting")
        self.at = "offered"

    @action
    def accept(self):
        when(self.at == "offered")
        self.at = "done"

    @converges
    def finishes(self):
        return self.at == "done"

    @leads_to("is_offered")
    def is_done(self):
        return self.at == "done"

    def is_offered(self):
        return self.at == "offered"


def test_trap_14_a_fair_action_behind_an_unfair_one_guarantees_nothing():
    """The run that stops in `waiting` is fair: the lasso is a stutter in the initial state."""
    assert verdict(BehindAnUnfairStep, "finishes") == "violated"
    assert verdict(BehindAnUnfairStep, "is_done") == "holds"
    assert trace(BehindAnUnfairStep, "finishes").loop == 0
