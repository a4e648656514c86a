"""How far a share of random runs can be off: exact confidence intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

__all__ = ["Share", "clopper_pearson", "percentage", "share_of"]


@dataclass(frozen=True, slots=True)
class Share:
    """In how many runs something happened, and what that says of all runs.

    Parameters
    ----------
    count, runs : int
    low, high : float
        Confidence interval of the probability that a run is such a one.
    """

    count: int
    runs: int
    low: float
    high: float

    @property
    def estimate(self) -> float | None:
        """The share; None without any run."""
        return self.count / self.runs if self.runs else None

    def as_json(self) -> dict[str, int | float | None]:
        """As plain JSON values."""
        return {
            "count": self.count,
            "runs": self.runs,
            "estimate": self.estimate,
            "low": self.low,
            "high": self.high,
        }


def clopper_pearson(count: int, runs: int, confidence: float = 0.99) -> tuple[float, float]:
    """The exact two-sided confidence interval of a probability.

    Parameters
    ----------
    count, runs : int
        In how many of how many independent runs something happened.
    confidence : float
        Between 0 and 1: the interval covers the true probability at least so often.

    Returns
    -------
    (low, high)
        Each bound is passed with probability at most (1 - confidence) / 2. Where it never
        happened, low is 0 and high is 1 - ((1 - confidence) / 2)^(1 / runs), about 5.3 / runs at
        99 %. (The "rule of three", 3 / runs, is the one-sided bound at 95 %.)

    Raises
    ------
    ValueError
        If the numbers make no sense.

    References
    ----------
    C. Clopper and E. Pearson, "The use of confidence or fiducial limits illustrated in the case of
    the binomial", Biometrika 26 (1934). The rule of three: J. Hanley and A. Lippman-Hand, "If
    nothing goes wrong, is everything all right?", JAMA 249 (1983).

    Examples
    --------
    >>> low, high = clopper_pearson(0, 1_000_000)
    >>> low, f"{high:.2e}"
    (0.0, '5.30e-06')
    """
    if not 0 <= count <= runs:
        raise ValueError(f"{count} of {runs} runs")
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is not between 0 and 1")
    if not runs:
        return 0.0, 1.0
    beside = (1 - confidence) / 2
    # Where all or none are such runs there is a closed form, and scipy can stay where it is.
    edge = -math.expm1(math.log(beside) / runs)
    if count == 0:
        return 0.0, edge
    if count == runs:
        return 1 - edge, 1.0
    from scipy.special import betaincinv

    low = float(betaincinv(count, runs - count + 1, beside))
    high = float(betaincinv(count + 1, runs - count, 1 - beside))
    return low, high


def share_of(count: int, runs: int, confidence: float, unknown: int = 0) -> Share:
    """The share of such runs with its interval.

    Parameters
    ----------
    count, runs : int
    confidence : float
    unknown : int
        Runs of which it is not known whether they are such: the interval covers both cases.
    """
    low, _ = clopper_pearson(count, runs, confidence)
    _, high = clopper_pearson(count + unknown, runs, confidence)
    return Share(count, runs, low, high)


def percentage(share: float, towards: int = 0) -> str:
    """A share in percent, to a tenth, or to two digits of what it is away from 0 or from 100.

    Parameters
    ----------
    share : float
        Between 0 and 1.
    towards : int
        -1 to round down, 1 to round up, 0 to the nearest: a bound is never made to say more.

    Examples
    --------
    >>> percentage(0.25), percentage(0.0000053, 1), percentage(0.9999947, -1)
    ('25.0 %', '0.00053 %', '99.99947 %')
    """
    # As Python writes it: the exact value of a binary fraction is not what anybody means.
    percent = Decimal(repr(share)) * 100
    away = min(percent, 100 - percent)
    if away <= 0:
        return f"{percent.normalize():f} %"
    digits = max(1, 1 - away.adjusted())
    rounding = {-1: ROUND_FLOOR, 0: ROUND_HALF_EVEN, 1: ROUND_CEILING}[towards]
    return f"{percent.quantize(Decimal(1).scaleb(-digits), rounding):f} %"
