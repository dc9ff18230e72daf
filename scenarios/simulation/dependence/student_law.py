"""The law of a deal's score under the t copula.

The score is z = sqrt(nu / W) y: y follows the latent law of the Gaussian copula and W is
chi-squared with nu degrees of freedom, one draw per scenario. F(z) is therefore the average of the
latent law at z sqrt(w / nu) over W. Both tails are tabulated once, as logarithms over ln(1 + |z|),
which keeps their relative accuracy, and read by interpolation.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from scenarios.simulation.dependence.latent_law import LatentLaw, tail_quantile
from scenarios.simulation.randomness.elementary import FloatArray, exp, log
from scenarios.simulation.randomness.uniform_interpolation import interpolated

NODES_PER_UNIT = 96
"""Of ln(1 + |z|)."""

# Natural logarithms of probabilities.
LOG_TABULATED_TAIL = -30.0
"""1e-13. Beyond it tails are taken to fall like |z|^-nu; no deal of a simulation gets there."""
LOG_REACHED_TAIL = -23.0
"""1e-10: what of either tail may lie beyond the cells of a deal table."""

SMALLEST_TAIL = 1e-300

LATENT_NODES_PER_UNIT = 512
LATENT_REACH = 9.5
"""Of the normal part of the latent score: 1e-21 of it lies beyond."""

LOG_CHI_SQUARED_RANGE = (-34.0, 6.0)
LARGEST_LOG_WEIGHT_RATIO = 50.0
"""Nodes of ln W that weigh less than e^-50 of the largest are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentLaw:
    """Offers what ``LatentLaw`` offers."""

    latent: LatentLaw
    degrees_of_freedom: int

    @property
    def lowest(self) -> float:
        return -self._tails().below.reach(LOG_REACHED_TAIL)

    @property
    def highest(self) -> float:
        return self._tails().above.reach(LOG_REACHED_TAIL)

    def lower(self, z: FloatArray) -> FloatArray:
        """P(score <= z), accurate in relative terms in the lower tail."""
        tails = self._tails()
        return _beyond(-np.asarray(z, dtype=np.float64), near=tails.below, other=tails.above)

    def upper(self, z: FloatArray) -> FloatArray:
        """P(score > z), accurate in relative terms in the upper tail."""
        tails = self._tails()
        return _beyond(np.asarray(z, dtype=np.float64), near=tails.above, other=tails.below)

    def quantile(self, probability: float) -> float:
        """The z with P(score <= z) = probability, for probabilities strictly in (0, 1)."""
        log_lower, log_upper = log(np.array([probability, 1.0 - probability])).tolist()
        tails = self._tails()
        return tail_quantile(
            self.lower,
            self.upper,
            probability,
            low=-tails.below.reach(log_lower),
            high=tails.above.reach(log_upper),
        )

    def _tails(self) -> "_Tails":
        return _tails(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tail:
    """``logarithms`` of P(score beyond z) at ln(1 + |z|) = 0, 1 / NODES_PER_UNIT, 2 / ..."""

    logarithms: FloatArray
    degrees_of_freedom: int

    @property
    def end(self) -> float:
        """ln(1 + |z|) at the last node."""
        return (len(self.logarithms) - 1) / NODES_PER_UNIT

    def reach(self, log_tail: float) -> float:
        """A distance, not far from the first, beyond which the tail is below this."""
        is_below = self.logarithms < log_tail
        if is_below[-1]:
            position = float(np.argmax(is_below)) / NODES_PER_UNIT
        else:
            beyond_end = float(self.logarithms[-1]) - log_tail
            position = self.end + (beyond_end + 1.0) / self.degrees_of_freedom
        return float(exp(np.array([position]))[0]) - 1.0

    def at(self, distance: FloatArray) -> FloatArray:
        """P(score beyond) at these |z|."""
        position = log(1.0 + distance)
        inside = np.minimum(position, self.end)
        logarithm = interpolated(self.logarithms, inside * NODES_PER_UNIT, points=6)
        return exp(logarithm - self.degrees_of_freedom * (position - inside))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tails:
    below: _Tail
    above: _Tail


def _beyond(z: FloatArray, *, near: _Tail, other: _Tail) -> FloatArray:
    """P(score beyond z) in the direction of ``near``."""
    distance = np.abs(z)
    return np.where(z < 0.0, 1.0 - other.at(distance), near.at(distance))


@lru_cache(maxsize=32)
def _tails(law: StudentLaw) -> _Tails:
    radii, weights = _chi_squared_nodes(law)
    below, above = (
        _Tail(
            logarithms=_tail_logarithms(_latent_tail(law.latent, sign=sign), radii, weights),
            degrees_of_freedom=law.degrees_of_freedom,
        )
        for sign in (-1.0, 1.0)
    )
    return _Tails(below=below, above=above)


def _chi_squared_nodes(law: StudentLaw) -> tuple[FloatArray, FloatArray]:
    """sqrt(w / nu) and weight of each node of the trapezoid rule in ln w.

    The rule converges geometrically: with steps of 2 pi / k its error is the size of the
    integrand's Fourier transform at k, e^-38 or less here. Steps are also kept below the width of
    what the latent law can have of corners.
    """
    shape = 0.5 * law.degrees_of_freedom
    frequency = 24.0 + 5.5 * math.sqrt(shape)
    step = min(2.0 * math.pi / frequency, 0.8 * law.latent.normal_part)
    first, last = (math.floor(end / step) for end in LOG_CHI_SQUARED_RANGE)
    log_w = np.arange(first, last + 1, dtype=np.float64) * step
    w = exp(log_w)
    log_weight = shape * log_w - 0.5 * w
    log_weight = log_weight - np.max(log_weight)
    kept = log_weight > -LARGEST_LOG_WEIGHT_RATIO
    weights = exp(log_weight[kept])
    return np.sqrt(w[kept] / law.degrees_of_freedom), weights / math.fsum(weights.tolist())


def _latent_tail(latent: LatentLaw, *, sign: float) -> FloatArray:
    """P(sign * latent score > y) at y = 0, 1 / LATENT_NODES_PER_UNIT, 2 / ..."""
    extreme = max(abs(latent.lowest), abs(latent.highest)) + LATENT_REACH
    distance = np.arange(math.ceil(extreme * LATENT_NODES_PER_UNIT)) / LATENT_NODES_PER_UNIT
    return latent.upper(distance) if sign > 0.0 else latent.lower(-distance)


def _tail_logarithms(latent_tail: FloatArray, radii: FloatArray, weights: FloatArray) -> FloatArray:
    """Node by node until less than 1e-13 is left."""
    parts: list[FloatArray] = []
    while not parts or parts[-1][-1] > LOG_TABULATED_TAIL:
        nodes = np.arange(len(parts) * NODES_PER_UNIT, (len(parts) + 1) * NODES_PER_UNIT)
        distance = exp(nodes / NODES_PER_UNIT) - 1.0
        positions = np.minimum(
            distance * LATENT_NODES_PER_UNIT * radii[:, None], len(latent_tail) - 1.0
        )
        total = np.zeros_like(distance)
        # Row by row: numpy's own sum adds in an order that may differ between processors.
        for row, weight in zip(
            interpolated(latent_tail, positions, points=4), weights.tolist(), strict=True
        ):
            total += weight * row
        # Where no node reaches, rounding leaves 0 or a negative number of the smallest size.
        parts.append(log(np.maximum(total, SMALLEST_TAIL)))
    return np.concatenate(parts)
