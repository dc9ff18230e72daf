"""95 % intervals around figures estimated from independent scenarios."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from optimization.solver.measures import risk

CONFIDENCE_LEVEL = 0.95
FEWEST_TAIL_SCENARIOS = 20
# Two-sided 95 % of the standard normal distribution.
_NORMAL_QUANTILE = 1.959963984540054


class Estimate(NamedTuple):
    """A figure and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def clopper_pearson(*, successes: int, trials: int) -> Estimate:
    """The share of successes with the exact interval of Clopper & Pearson (Biometrika 26, 1934).

    It covers the true probability in at least 95 of 100 samples, whatever that probability is.
    """
    if not 0 <= successes <= trials or trials == 0:
        raise ValueError(f"{successes} successes in {trials} trials")
    tail = (1 - CONFIDENCE_LEVEL) / 2
    failures = trials - successes
    low = 0.0 if successes == 0 else float(betaincinv(successes, failures + 1, tail))
    high = 1.0 if failures == 0 else float(betaincinv(successes + 1, failures, 1 - tail))
    return Estimate(successes / trials, low, high)


def mean_interval(values: NDArray[np.float64]) -> Estimate:
    """The mean of two or more values with its normal interval.

    It needs a finite variance, which multiples have because they are capped.
    """
    return _normal(float(values.mean()), float(values.var(ddof=1)) / values.size)


def cvar_interval(losses: NDArray[np.float64], *, confidence: float, cvar: float) -> Estimate:
    """``cvar`` of ``losses`` with the normal interval from the asymptotic variance of a tail mean.

    With q the edge of the tail and c the confidence,
    n (1 - c) Var = Var(L | tail) + c (CVaR - q)^2
    (Manistre & Hancock, "Variance of the CTE estimator", North American Actuarial Journal 9,
    2005; Trindade et al., Journal of Banking & Finance 31, 2007), cut to the range of a loss,
    0..1. With fewer than `FEWEST_TAIL_SCENARIOS` in the tail that approximation means nothing and
    the interval is the whole range.
    """
    tail_scenarios = (1 - confidence) * losses.size
    if tail_scenarios < FEWEST_TAIL_SCENARIOS:
        return Estimate(cvar, 0.0, 1.0)
    in_tail = risk.largest(losses, count=math.floor(tail_scenarios))
    edge = float(in_tail[-1])
    spread = float(in_tail.var()) + confidence * (cvar - edge) ** 2
    estimate = _normal(cvar, spread / tail_scenarios)
    return Estimate(cvar, max(0.0, estimate.low), min(1.0, estimate.high))


def _normal(value: float, variance: float) -> Estimate:
    half = _NORMAL_QUANTILE * math.sqrt(variance)
    return Estimate(value, value - half, value + half)
