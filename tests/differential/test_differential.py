"""CPython, the translated system and the explorer's generated code agree on random models."""

from __future__ import annotations

import os
import random
import tempfile
from math import prod
from pathlib import Path
from typing import Any

import pytest
from agreement import Agreed, Disagreement, compare
from generator import RandomModel, models
from hypothesis import HealthCheck, Phase, assume, event, given, settings
from tier_agreement import same_tiers
from verdicts import NaiveVerdicts

from checker import check
from checker.explicit import convergence
from checker.language.elaborate import Elaborated, elaborate
from checker.language.errors import ModelError
from checker.language.loader import load_models

EXAMPLES = int(os.environ.get("RECONVERGE_EXAMPLES", "250"))
MOST_STATES = 40 if EXAMPLES <= 250 else 150
COMPILED = 0.1 if EXAMPLES <= 250 else 1.0
"""Part of the models that is explored in both tiers: compiling takes some tenths of a second."""

THOROUGH = settings(
    max_examples=EXAMPLES,
    deadline=None,
    # A smaller model of the same kind takes minutes to find: only asked for in a long hunt.
    phases=[Phase.explicit, Phase.reuse, Phase.generate] + ([Phase.shrink] if EXAMPLES > 250 else []),
    suppress_health_check=list(HealthCheck),
)


@THOROUGH
@given(models())
def test_all_three_agree(model: RandomModel) -> None:
    """Initial states, successors, what goes wrong and how, predicates, counts, every verdict, both tiers."""
    try:
        elaborated = loaded(model.source)
    except ModelError as error:
        event(f"refused: {error.message.partition('`')[0]}")
        assume(False)
        raise
    assume(outcomes_of(elaborated) <= 500)
    agreed = compare(elaborated, begins(elaborated, model), MOST_STATES)
    event("complete" if agreed.complete else "too many states")
    if agreed.complete:
        same_verdicts(agreed)
    draw = random.Random(model.source)
    if draw.random() < COMPILED:
        event(same_tiers(elaborated, draw))


def loaded(source: str) -> Elaborated:
    """The elaborated model of a file with this text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "random_model.py"
        path.write_text(source, encoding="utf-8")
        model = load_models(str(path))[-1]
    return elaborate(model())


def outcomes_of(elaborated: Elaborated) -> int:
    """How many outcomes the actions have, by their parameters and choices."""
    return sum(
        prod(symbol.domain.size or 1 for symbol in (*action.parameters, *action.choices))
        for action in elaborated.system.actions
    )


def begins(elaborated: Elaborated, model: RandomModel) -> list[dict[str, Any]]:
    """The initial states that the source means: a `Stale` begins as what it looks at."""
    states = model.initial_states()
    for scope in elaborated.scope.components.values():
        home, source = scope.inputs["source"]
        for state in states:
            value = state[home.field_name(source)]
            waiting = [value] * scope.parameters["at_most"]
            began = {"value": value, "behind": 0, "waiting": waiting}
            state |= {scope.field_name(name): began[name] for name in scope.shapes}
    return states


def same_verdicts(agreed: Agreed) -> None:
    """Every verdict is the naive one; `check` itself has every trace repeated by CPython."""
    findings = check(type(agreed.elaborated.model)()).findings
    told = {finding.property: finding.verdict.value for finding in findings}
    naive = NaiveVerdicts(agreed)
    for claim in agreed.elaborated.properties:
        event(f"{claim.kind} {told[claim.name]}")
        assert (claim.name, told[claim.name]) == (claim.name, naive.verdict(claim))
    assert told["well_defined"] == naive.well_defined()


@pytest.fixture(autouse=True, scope="module")
def _small_self_stabilisation() -> Any:
    """Trying every state that could be written down is another test's affair, and takes long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convergence, "_MOST_WELLFORMED", 300)
        yield


# ---------------------------------------------------------------- the comparison can fail

NOT_LIKE_PYTHON = """
from checker import *

class Counter(Model):
    n = Int(-2, 2, init=-1)
    b = Bool()

    @action
    def move(self):
        self.n = {expression}

    @always
    def small(self):
        return self.n < 2
"""


@pytest.mark.parametrize(
    ("expression", "mistaken"),
    [
        ("self.n // 2", "(self.n + 1) // 2"),
        ("self.n % 2", "-(-self.n % 2)"),
        ("2 // (self.n + 1)", "2 // 1"),
        ("choose(0, 1)", "choose(0, 1, 2)"),
        ("min(self.n, 0)", "max(self.n, 0)"),
        ("self.n + 4", "self.n"),
    ],
)
def test_a_mistranslation_is_noticed(expression: str, mistaken: str) -> None:
    """A system that is not what CPython executes is a disagreement: what is compared is independent."""
    said = NOT_LIKE_PYTHON.format(expression=expression)
    right, wrong = loaded(said), loaded(NOT_LIKE_PYTHON.format(expression=mistaken))
    compare(right, [{"n": -1, "b": False}], MOST_STATES)
    object.__setattr__(right, "system", wrong.system)
    with pytest.raises(Disagreement):
        compare(right, [{"n": -1, "b": False}], MOST_STATES)
