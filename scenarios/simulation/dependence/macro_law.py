"""The macro factor: one draw of a regime and its shock, standardised to mean 0 and variance 1."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scenarios.simulation.configuration.parameters import Regime
from scenarios.simulation.randomness.elementary import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroLaw:
    """A mixture of uniform ranges [lows[r], highs[r]] with the given probabilities, all above 0.

    Standardising makes probabilities and ranges change the shape of the factor only.
    """

    probabilities: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]

    def factor(self, uniforms: FloatArray) -> FloatArray:
        """The factor for uniforms in (0, 1): label and shock come from the same uniform."""
        below = np.array(_running_sums(self.probabilities)[:-1])
        regime = np.searchsorted(below[1:], uniforms, side="right")
        low = np.array(self.lows)[regime]
        high = np.array(self.highs)[regime]
        within = (uniforms - below[regime]) / np.array(self.probabilities)[regime]
        factors: FloatArray = low + (high - low) * within
        return factors


def shock_moments(regimes: Sequence[Regime]) -> tuple[float, float]:
    """Mean and variance of the shock before it is standardised."""
    mean = math.fsum(r.probability * _middle(r) for r in regimes)
    variance = math.fsum(
        r.probability * (_width(r) * _width(r) / 12.0 + (_middle(r) - mean) * (_middle(r) - mean))
        for r in regimes
    )
    return mean, variance


def macro_law(regimes: Sequence[Regime]) -> MacroLaw:
    """Requires probabilities that sum to 1 and a shock variance above 0."""
    possible = [regime for regime in regimes if regime.probability > 0.0]
    mean, variance = shock_moments(possible)
    deviation = math.sqrt(variance)
    return MacroLaw(
        probabilities=tuple(regime.probability for regime in possible),
        lows=tuple((regime.shock_min - mean) / deviation for regime in possible),
        highs=tuple((regime.shock_max - mean) / deviation for regime in possible),
    )


def _running_sums(values: Sequence[float]) -> list[float]:
    sums = [0.0]
    for value in values:
        sums.append(sums[-1] + value)
    return sums


def _middle(regime: Regime) -> float:
    return 0.5 * (regime.shock_min + regime.shock_max)


def _width(regime: Regime) -> float:
    return regime.shock_max - regime.shock_min
