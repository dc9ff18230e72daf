"""The Pareto law cut at a cap, found from its median and 90 % quantile."""

from dataclasses import dataclass

import numpy as np

from scenarios.simulation.randomness.elementary import FloatArray, exp, log, power

SMALLEST_TAIL_INDEX = 0.01
"""Flatter laws cannot be told from one that is uniform in the logarithm, and lose digits."""

LOG_FIVE = 1.6094379124341003
SEARCH_SECTIONS = 128
# 1 / 128^8 = 1e-17 of the range that is searched, below the spacing of doubles.
SEARCH_ROUNDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class TruncatedPareto:
    """P(X > x) = (x^-alpha - cap^-alpha) / (lowest^-alpha - cap^-alpha) on [lowest, cap]."""

    lowest: float
    tail_index: float
    cap: float

    def quantile(self, upper_tail: FloatArray) -> FloatArray:
        """The value that is exceeded with probability ``upper_tail`` in [0, 1]."""
        at_cap = self._left_at_cap()
        left = upper_tail + (1.0 - upper_tail) * at_cap
        return self.lowest * power(left, -1.0 / self.tail_index)

    def upper_tail(self, values: FloatArray) -> FloatArray:
        """P(X > x) for positive x: 1 below the lowest value, 0 from the cap on."""
        at_cap = self._left_at_cap()
        inside = np.clip(values, self.lowest, self.cap)
        left = power(self.lowest / inside, self.tail_index)
        tails: FloatArray = np.maximum(left - at_cap, 0.0) / (1.0 - at_cap)
        return tails

    def _left_at_cap(self) -> float:
        """What an uncut Pareto law would leave above the cap."""
        return float(power(np.array([self.lowest / self.cap]), self.tail_index)[0])


def truncated_pareto(*, median: float, p90: float, cap: float) -> TruncatedPareto:
    """The law with this median and 90 % quantile, both hit to rounding.

    X^-alpha is linear in the rank, so median and P90 give
    0.2 (P90 / median)^alpha + 0.8 (P90 / cap)^alpha = 1. The left side is convex in alpha and 1
    at alpha = 0, so at most one alpha above 0 solves it.

    :raises ValueError: unless median < p90 <= ``largest_p90``
    """
    if not median < p90 <= largest_p90(median=median, cap=cap):
        raise ValueError(f"no Pareto law cut at {cap:g} has median {median:g} and P90 {p90:g}")
    log_ratio, log_to_cap = log(np.array([p90 / median, p90 / cap])).tolist()
    # At twice this index (P90 / median)^alpha is 25, so the left side is at least 5.
    low, high = SMALLEST_TAIL_INDEX, max(2.0 * LOG_FIVE / log_ratio, 2.0 * SMALLEST_TAIL_INDEX)
    sections = np.arange(SEARCH_SECTIONS + 1, dtype=np.float64) / SEARCH_SECTIONS
    for _ in range(SEARCH_ROUNDS):
        index = low + (high - low) * sections
        left_side = 0.2 * exp(index * log_ratio) + 0.8 * exp(index * log_to_cap)
        first = int(np.argmax(left_side >= 1.0))
        low, high = float(index[max(first - 1, 0)]), float(index[first])
    return TruncatedPareto(
        lowest=_lowest(median=median, cap=cap, tail_index=high), tail_index=high, cap=cap
    )


def largest_p90(*, median: float, cap: float) -> float:
    """The 90 % quantile of the law with this median and the smallest tail index.

    Laws with heavier spread have no solution. Requires 0 < median < cap.
    """
    to_cap = power(np.array([median / cap]), SMALLEST_TAIL_INDEX)
    return median * float(power(0.2 + 0.8 * to_cap, -1.0 / SMALLEST_TAIL_INDEX)[0])


def _lowest(*, median: float, cap: float, tail_index: float) -> float:
    """lowest^-alpha = 2 median^-alpha - cap^-alpha."""
    to_cap = power(np.array([median / cap]), tail_index)
    return median * float(power(2.0 - to_cap, -1.0 / tail_index)[0])
