"""Confidence intervals: published values, the definition itself, and that they cover the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from checker.findings.confidence import clopper_pearson, percentage, share_of


@pytest.mark.parametrize(
    ("count", "runs", "confidence", "low", "high"),
    [
        # R 4: binom.test(count, runs, conf.level = confidence)$conf.int
        (0, 10, 0.95, 0.0, 0.3084971),
        (1, 10, 0.95, 0.002528579, 0.4450161),
        (5, 10, 0.95, 0.1870860, 0.8129140),
        (10, 10, 0.95, 0.6915029, 1.0),
        (682, 925, 0.95, 0.7076683, 0.7654066),
    ],
)
def test_published_values(count: int, runs: int, confidence: float, low: float, high: float) -> None:
    """What other programs say, the example of R's manual (Conover's) among it."""
    assert clopper_pearson(count, runs, confidence) == pytest.approx((low, high), abs=1e-7)


@given(st.integers(1, 2000), st.data(), st.sampled_from([0.9, 0.99, 0.9999]))
def test_it_is_the_definition(runs: int, data: st.DataObject, confidence: float) -> None:
    """At each bound the observation, or one farther out, has just half of what is left over."""
    count = data.draw(st.integers(0, runs))
    low, high = clopper_pearson(count, runs, confidence)
    beside = (1 - confidence) / 2
    assert low <= count / runs <= high
    if count:
        assert binom.sf(count - 1, runs, low) == pytest.approx(beside, rel=1e-6)
    else:
        assert low == 0
    if count < runs:
        assert binom.cdf(count, runs, high) == pytest.approx(beside, rel=1e-6)
    else:
        assert high == 1


@pytest.mark.parametrize("truth", [0.002, 0.3, 0.9])
def test_the_truth_is_covered(truth: float) -> None:
    """The chance of an interval around the truth is at least the confidence, summed exactly."""
    runs = 200
    covered = sum(
        binom.pmf(count, runs, truth)
        for count in range(runs + 1)
        if clopper_pearson(count, runs, 0.95)[0] <= truth <= clopper_pearson(count, runs, 0.95)[1]
    )
    assert covered >= 0.95


def test_never_seen_has_a_bound() -> None:
    """5.3 divided by the runs at 99 %; and the rule of three, which is one-sided at 95 %."""
    assert clopper_pearson(0, 10**6)[1] == pytest.approx(5.2983 / 10**6, rel=1e-4)
    assert clopper_pearson(0, 1000, 0.90)[1] == pytest.approx(3 / 1000, rel=5e-3)
    assert clopper_pearson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("count", "runs", "confidence"), [(-1, 5, 0.9), (6, 5, 0.9), (1, 5, 1.0), (1, 5, 0.0)]
)
def test_nonsense_is_refused(count: int, runs: int, confidence: float) -> None:
    """More than all, less than none, certainty."""
    with pytest.raises(ValueError):
        clopper_pearson(count, runs, confidence)


def test_what_is_not_known_widens_the_interval() -> None:
    """Runs that could not be followed may all be such runs, or none."""
    share = share_of(10, 100, 0.99, unknown=5)
    assert (share.low, share.high) == (clopper_pearson(10, 100)[0], clopper_pearson(15, 100)[1])
    assert share.estimate == 0.1 and share_of(0, 0, 0.99).estimate is None


@given(st.floats(0, 1))
def test_percentages_are_rounded_outwards(share: float) -> None:
    """A lower bound is never shown larger than it is, an upper one never smaller."""
    shown = [float(percentage(share, towards).removesuffix(" %")) / 100 for towards in (-1, 0, 1)]
    slack = 1e-15
    assert shown[0] <= share + slack and share - slack <= shown[2]
    assert shown[0] <= shown[1] <= shown[2]
    # And never as certainty where it is none.
    assert (shown[0] < 1 or share == 1) and (shown[2] > 0 or share == 0)
    assert np.isclose(shown[1], share, atol=6e-4)
