"""What each bucket adds to the expected multiple and to the tail loss of a portfolio.

Both are exact splits: the parts sum to the portfolio's own figure. Source of the split of CVaR:
D. Tasche, "Expected shortfall and beyond", Journal of Banking & Finance 26 (2002).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.solver.measures import risk

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contributions:
    """(B,) float64 each: multiples per allocated dollar, and fractions of the capital lost.

    ``tail_loss`` is negative for a bucket that gains in the tail.
    """

    expected_multiple: FloatArray
    tail_loss: FloatArray


def contributions(
    *,
    weights: FloatArray,
    multiples: NDArray[np.floating],
    expected_multiples: FloatArray,
    confidence: float,
) -> Contributions:
    """The parts of ``weights`` (B,) under ``multiples`` (B, S) and exact means (B,).

    A bucket adds weight * mean to the expected multiple, and to CVaR at ``confidence`` its weight
    times the mean of 1 - its multiple over the scenarios of the tail in which the portfolio loses.

    :raises ValueError: shapes that do not fit, or a confidence outside (0, 1)
    """
    portfolio = risk.portfolio_multiples(weights=weights, multiples=multiples)
    tail = tail_weights(portfolio, confidence=confidence)
    scenarios = np.flatnonzero(tail)
    losses = 1.0 - multiples[:, scenarios].astype(np.float64)
    return Contributions(
        expected_multiple=weights * expected_multiples,
        tail_loss=weights * (losses * tail[scenarios]).sum(axis=1),
    )


def tail_weights(portfolio: FloatArray, *, confidence: float) -> FloatArray:
    """(S,) weights with which CVaR averages the scenarios; the worst come first.

    They sum to 1 unless scenarios without a loss reach into the tail: those weigh 0. Of equal
    scenarios at the edge of the tail the first counts.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}, must be above 0 and below 1")
    tail_scenarios = (1 - confidence) * portfolio.size
    whole = math.floor(tail_scenarios)
    worst_first = np.argsort(portfolio, kind="stable")
    weights = np.zeros(portfolio.size)
    weights[worst_first[:whole]] = 1.0
    if whole < portfolio.size:
        weights[worst_first[whole]] = tail_scenarios - whole
    weights[portfolio >= 1.0] = 0.0
    return weights / tail_scenarios
