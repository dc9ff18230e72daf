"""Yearly calls and distributions of buckets and portfolios, as they are handed out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.randomness.elementary import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class CashFlows:
    """``calls`` and ``distributions``: float32 (YEARS, B, count), per allocated dollar, at least 0.

    Over the years distributions less calls sum to the multiple less 1.
    """

    calls: NDArray[np.float32]
    distributions: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioCashFlows:
    """``calls`` and ``distributions``: float64 (YEARS, count), per dollar of capital."""

    calls: FloatArray
    distributions: FloatArray


def check_weights(weights: FloatArray, *, buckets: int) -> None:
    """:raises ValueError: if a number is missing, not finite or below 0"""
    if weights.shape != (buckets,) or not np.all(np.isfinite(weights)) or np.any(weights < 0.0):
        raise ValueError(f"weights must be {buckets} finite numbers of at least 0, one a bucket")
