"""Regimes: how they are written, and what they let a small model reach."""

from __future__ import annotations

import pytest

from checker import Int, Model, Stale, action, attempt, elaborate, fault, intent, process, when
from checker.explicit.explore import explore
from checker.regimes.regime import FINITELY_MANY, NONE, UNBOUNDED, Regime, RegimeError, at_most
from checker.system.transition_system import Kind, Role


class Street(Model):
    """Steps go up; one fault and one intent go elsewhere."""

    position = Int(0, 9)
    wish = Int(0, 1)

    @action
    def forward(self):
        when(self.position % 3 < 2)
        self.position += 1

    @fault
    def jump(self):
        when(self.position % 3 == 2)
        when(self.position < 9)
        self.position += 1

    @intent
    def change(self):
        self.wish = 1 - self.wish


class Client(Model):
    """A request that can be refused, or whose reply can be lost."""

    made = Int(0, 9)
    tries = Int(0, 4)
    view = Stale(made)

    @process(restarts=True)
    def work(self):
        when(self.tries < 4)
        self.tries += 1
        yield
        attempt(self.make)

    def make(self):
        self.made = min(self.made + 1, 9)


def positions(regime: Regime) -> set[int]:
    """Where the street's car may be."""
    graph = explore(regime.apply(elaborate(Street).system))
    return {int(graph.state(index)["position"]) for index in range(len(graph))}


def test_none_leaves_steps_only() -> None:
    """Without faults and intents the car stops before the first jump."""
    assert positions(NONE) == {0, 1, 2}
    under = NONE.apply(elaborate(Street).system)
    assert [action.name for action in under.system.actions] == ["forward"]
    assert under.recurring == {"forward"}


@pytest.mark.parametrize("budget", [0, 1, 2])
def test_at_most_counts_jumps(budget: int) -> None:
    """Each jump of the budget leads three blocks further."""
    assert positions(at_most(jump=budget)) == set(range(3 * budget + 3))


def test_total_counts_intents_too() -> None:
    """In all, faults and intents share one budget."""
    graph = explore(at_most(1).apply(elaborate(Street).system))
    reached = {
        (int(state["position"]), int(state["wish"])) for state in map(graph.state, range(len(graph)))
    }
    assert reached == {(n, 0) for n in range(6)} | {(n, 1) for n in range(3)}


def test_fault_that_is_not_named_does_not_occur() -> None:
    """Under a budget for each fault, the others are out; in total, all are in."""
    graph = explore(at_most(jump=1).apply(elaborate(Street).system))
    assert {int(graph.state(index)["wish"]) for index in range(len(graph))} == {0}


def test_total_and_each_together() -> None:
    """`at_most(3, jump=1)`: three in all, at most one of them a jump."""
    assert positions(at_most(3, jump=1)) == set(range(6))
    assert positions(at_most(0, jump=1)) == {0, 1, 2}


@pytest.mark.parametrize("regime", [FINITELY_MANY, UNBOUNDED])
def test_unlimited_regimes_reach_everything(regime: Regime) -> None:
    """Any number of faults: every block."""
    assert positions(regime) == set(range(10))


def test_recurring_actions() -> None:
    """Only `unbounded` lets faults and intents go on for ever."""
    system = elaborate(Street).system
    assert UNBOUNDED.apply(system).recurring == {"forward", "jump", "change"}
    for regime in (NONE, FINITELY_MANY, at_most(2)):
        assert regime.apply(system).recurring == {"forward"}


def test_budget_is_kept_in_ghost_variables() -> None:
    """Counters go from 0 up to the budget, and are no part of what the author sees."""
    under = at_most(2, jump=1).apply(elaborate(Street).system)
    ghosts = {
        v.name: (v.domain.low, v.domain.high, v.initial)
        for v in under.system.variables
        if v.role is Role.GHOST
    }
    assert ghosts == {"$faults": (0, 2, (0,)), "$jump": (0, 1, (0,))}
    assert [field.name for field in under.system.fields] == ["position", "wish"]


def test_faults_inside_steps_are_charged() -> None:
    """A refused request costs a `refused`, a crash a `crash`; steps cost nothing."""
    system = elaborate(Client).system
    offered = {name for action in system.actions for name in action.faults}
    assert offered == {"refused", "reply_lost", "crash"}
    under = at_most(refused=1).apply(system)
    kinds = {action.name: action.kind for action in under.system.actions}
    assert [name for name, kind in kinds.items() if kind is Kind.FAULT] == ["work@yield 1!make refused"]


def test_name_of_a_component_s_fault() -> None:
    """`crash` names the fault of any component, `inner.crash` that of one."""

    class House(Model):
        inner = Client()
        other = Client()

    system = elaborate(House).system
    short, full = at_most(crash=1).apply(system), Regime.parse("at_most(inner.crash=1)").apply(system)
    crashes = [
        [one.name for one in under.system.actions if one.kind is Kind.FAULT] for under in (short, full)
    ]
    assert crashes == [["inner.work!crash", "other.work!crash"], ["inner.work!crash"]]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("none", "none"),
        (" finitely_many ", "finitely_many"),
        ("unbounded", "unbounded"),
        ("at_most(2)", "at_most(2)"),
        ("at_most (crash=1)", "at_most(crash=1)"),
        ("at_most( 3 , api.crash = 1,lost=2)", "at_most(3, api.crash=1, lost=2)"),
    ],
)
def test_parse(text: str, shown: str) -> None:
    """What is written on the command line is read back as it is shown."""
    regime = Regime.parse(text)
    assert str(regime) == shown
    assert Regime.parse(shown) == regime


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("never", "unknown regime 'never'"),
        ("", "unknown regime ''"),
        ("at_most", "unknown regime 'at_most'"),
        ("at_most()", "says no number"),
        ("at_most(-1)", "not '-1'"),
        ("at_most(many)", "not 'many'"),
        ("at_most(1, 2)", "not '2'"),
        ("at_most(crash=)", "not 'crash='"),
    ],
)
def test_texts_that_are_no_regime(text: str, message: str) -> None:
    """A regime that cannot be read says what is expected."""
    with pytest.raises(RegimeError) as caught:
        Regime.parse(text)
    assert message in str(caught.value)


def test_unknown_fault() -> None:
    """A fault that the model does not have is refused, with those that it has."""
    with pytest.raises(RegimeError) as caught:
        at_most(crash=1).apply(elaborate(Street).system)
    assert str(caught.value) == (
        "at_most(crash=1): this model has no fault 'crash'; it has change, jump"
    )


def test_a_fault_is_named_once() -> None:
    """Two numbers for one fault are a mistake, not two budgets."""
    with pytest.raises(RegimeError, match="says twice"):
        Regime.parse("at_most(crash=1, crash=2)")
