"""The law of the latent score of a deal, in closed form.

A deal's score is z = a_m G + sqrt(1 - a_m^2) N with the macro factor G (a mixture of uniforms)
and a standard normal N, into which bucket factors and the deal's own normal combine. Mapping z
through its own distribution function gives a uniform rank whatever the loadings are, so the
dependence cannot move a marginal.
"""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import numpy as np

from scenarios.simulation.dependence.macro_law import MacroLaw
from scenarios.simulation.randomness.elementary import (
    FloatArray,
    normal_density,
    normal_tail_and_density,
    normal_upper_tail,
)

# Where N is cut for the purpose of laying out a table: P(|N| > 6.5) is 8e-11.
NORMAL_REACH = 6.5
# Below this width (in units of the normal part) the average over a uniform range is taken by
# Taylor expansion about its middle; the neglected term is width^6 / 322560 < 3e-16, whereas the
# difference of two integrals would lose 1 / width of its digits.
NARROW = 0.02
QUANTILE_SECTIONS = np.arange(129, dtype=np.float64) / 128
# 80 / 128^8 = 1e-15, the spacing of doubles near the answer.
QUANTILE_ROUNDS = 8
QUANTILE_SEARCH_REACH = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentLaw:
    """Quantiles are remembered. Those of ``likely_probabilities`` are searched for together with
    the first that is asked for, which takes hardly longer than one."""

    macro: MacroLaw
    macro_loading: float
    likely_probabilities: Collection[float] = field(default=(), compare=False)
    _quantiles: dict[float, float] = field(default_factory=dict, compare=False, repr=False)

    @property
    def normal_part(self) -> float:
        return math.sqrt(1.0 - self.macro_loading * self.macro_loading)

    @property
    def lowest(self) -> float:
        return self.macro_loading * min(self.macro.lows) - NORMAL_REACH

    @property
    def highest(self) -> float:
        return self.macro_loading * max(self.macro.highs) + NORMAL_REACH

    def lower(self, z: FloatArray) -> FloatArray:
        """P(score <= z), accurate in relative terms in the lower tail."""
        return self._average(z, sign=1.0)

    def upper(self, z: FloatArray) -> FloatArray:
        """P(score > z), accurate in relative terms in the upper tail."""
        return self._average(z, sign=-1.0)

    def quantile(self, probability: float) -> float:
        """The z with P(score <= z) = probability, for probabilities strictly in (0, 1)."""
        if probability not in self._quantiles:
            together = [probability, *self.likely_probabilities]
            self._quantiles.update(zip(together, self._search(together), strict=True))
        return self._quantiles[probability]

    def _search(self, probabilities: Collection[float]) -> list[float]:
        """Each searched for in the tail that keeps its digits."""
        wanted = np.array([*probabilities])[:, None]
        is_lower = wanted <= 0.5
        sign, tail = np.where(is_lower, 1.0, -1.0), np.where(is_lower, wanted, 1.0 - wanted)
        low = np.full_like(wanted, self.macro_loading * min(self.macro.lows))
        high = np.full_like(wanted, self.macro_loading * max(self.macro.highs))
        low, high = low - QUANTILE_SEARCH_REACH, high + QUANTILE_SEARCH_REACH
        for _ in range(QUANTILE_ROUNDS):
            grid = low + (high - low) * QUANTILE_SECTIONS
            reached = self._average(grid, sign=sign)
            first = np.argmax(np.where(is_lower, reached >= tail, reached <= tail), axis=1)[:, None]
            low = np.take_along_axis(grid, np.maximum(first - 1, 0), axis=1)
            high = np.take_along_axis(grid, first, axis=1)
        found: list[float] = high.ravel().tolist()
        return found

    def _average(self, z: FloatArray, *, sign: float | FloatArray) -> FloatArray:
        """Average of P(sign * N <= sign * (z - a_m G) / normal part) over the macro factor."""
        z = np.asarray(z, dtype=np.float64)
        integrals = self._tail_integrals(z, sign=sign)
        total = np.zeros_like(z)
        for probability, low, high in zip(
            self.macro.probabilities, self.macro.lows, self.macro.highs, strict=True
        ):
            width = self.macro_loading * (high - low) / self.normal_part
            if width < NARROW:
                middle = 0.5 * (self._distance(z, low) + self._distance(z, high))
                share = _mean_tail_over_narrow_range(middle, width, sign=sign)
            else:
                share = (integrals[low] - integrals[high]) / (sign * width)
            total = total + probability * share
        return total

    def _distance(self, z: FloatArray, factor: float) -> FloatArray:
        """From the score of this macro factor alone to z, in units of the normal part."""
        return (z - self.macro_loading * factor) / self.normal_part

    def _tail_integrals(
        self, z: FloatArray, *, sign: float | FloatArray
    ) -> dict[float, FloatArray]:
        """``_tail_integral`` at every border of a regime; neighbours share theirs."""
        borders = sorted({*self.macro.lows, *self.macro.highs})
        distances = np.array([sign * self._distance(z, border) for border in borders])
        return dict(zip(borders, _tail_integral(distances), strict=True))


def tail_quantile(
    lower: Callable[[FloatArray], FloatArray],
    upper: Callable[[FloatArray], FloatArray],
    probability: float,
    *,
    low: float,
    high: float,
) -> float:
    """The z in [low, high] with lower(z) = probability, from the tail that keeps its digits."""
    rest = 1.0 - probability
    for _ in range(QUANTILE_ROUNDS):
        grid = low + (high - low) * QUANTILE_SECTIONS
        is_reached = lower(grid) >= probability if probability <= 0.5 else upper(grid) <= rest
        first = int(np.argmax(is_reached))
        low, high = float(grid[max(first - 1, 0)]), float(grid[first])
    return high


def _tail_integral(t: FloatArray) -> FloatArray:
    """The integral of the normal distribution function from minus infinity to t."""
    tail, density = normal_tail_and_density(-t)
    return t * tail + density


def _mean_tail_over_narrow_range(
    middle: FloatArray, width: float, *, sign: float | FloatArray
) -> FloatArray:
    # The second derivative of the distribution function is -t phi(t), the fourth (3t - t^3) phi(t).
    square = width * width
    curvature = -middle * square / 24.0
    higher = (3.0 * middle - middle * middle * middle) * square * square / 1920.0
    density = normal_density(middle)
    return normal_upper_tail(-sign * middle) + sign * density * (curvature + higher)
