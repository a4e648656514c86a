"""What random runs show of random models never contradicts what an exhaustive check finds."""

from __future__ import annotations

from generator import RandomModel, models
from hypothesis import assume, given, settings
from test_differential import EXAMPLES, THOROUGH, loaded

from checker import check, simulate
from checker.explicit.walk_starts import NoInitialState
from checker.findings.finding import Finding
from checker.language.errors import ModelError
from checker.language.model import Model
from checker.system.run import Verdict


def contradictions(model: Model) -> list[tuple[Finding, Finding]]:
    """Pairs of findings of which at most one can be right."""
    sampled = simulate(model, runs=60, steps=20, seed=1)
    known = check(model, max_states=5000)
    found = []
    for one in sampled.findings:
        others = [other for other in known if (other.property, other.kind) == (one.property, one.kind)]
        assert others or one.kind == "idempotent"
        for other in others:
            assert (one.regime, one.expected) == (other.regime, other.expected)
            if Verdict.UNKNOWN in (one.verdict, other.verdict):
                continue
            finite = one.trace is not None and one.trace.loop is None
            shorter = finite and other.trace is not None and len(one.trace or ()) < len(other.trace)
            if one.verdict is not other.verdict or (shorter and other.trace.loop is None):
                found.append((one, other))
    return found


@settings(THOROUGH, max_examples=50 if EXAMPLES <= 250 else EXAMPLES)
@given(models())
def test_a_sample_never_contradicts_a_check(model: RandomModel) -> None:
    """A violation that was met is one (and CPython repeats it), and none is shorter than the shortest."""
    try:
        instance = loaded(model.source).model
        assert contradictions(instance) == []
    except (ModelError, NoInitialState):
        assume(False)
