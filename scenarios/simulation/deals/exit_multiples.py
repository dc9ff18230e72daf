"""The multiple of the initial cheque given exit, as a function of its rank among exits."""

from dataclasses import dataclass

import numpy as np

from scenarios.simulation.configuration.parameters import ExitLaw
from scenarios.simulation.deals.truncated_pareto import TruncatedPareto, truncated_pareto
from scenarios.simulation.randomness.elementary import (
    FloatArray,
    exp,
    log,
    normal_upper_tail,
    power,
)

NORMAL_P90 = 1.2815515655446004
"""The 90 % quantile of the standard normal."""

PARETO_UPPER_TAIL = 0.1
"""Above the 90 % quantile ``lognormal_pareto`` follows a Pareto law."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitMultiples:
    """Exits of one bucket; ``median`` and ``p90`` are hit exactly by every law."""

    law: ExitLaw
    median: float
    p90: float

    def quantile(self, *, rank_normal: FloatArray, upper_tail: FloatArray) -> FloatArray:
        """The multiples at rank v given twice: as its normal quantile and as 1 - v."""
        if self.law.law == "pareto":
            return self._cut_pareto().quantile(upper_tail)
        log_median, spread = self._lognormal()
        multiples = np.empty_like(rank_normal)
        is_pareto = upper_tail <= PARETO_UPPER_TAIL
        if self.law.tail_index is None or self.law.multiple_cap is None:
            is_pareto = np.zeros_like(is_pareto)
        else:
            multiples[is_pareto] = self._pareto(
                upper_tail[is_pareto], self.law.tail_index, self.law.multiple_cap
            )
        multiples[~is_pareto] = exp(log_median + spread * rank_normal[~is_pareto])
        return multiples

    def upper_tail(self, multiples: FloatArray) -> FloatArray:
        """P(exit multiple > x) given exit, for positive x; the inverse of ``quantile``."""
        if self.law.law == "pareto":
            return self._cut_pareto().upper_tail(multiples)
        log_median, spread = self._lognormal()
        tails = normal_upper_tail((log(multiples) - log_median) / spread)
        if self.law.tail_index is None or self.law.multiple_cap is None:
            return tails
        is_pareto = multiples >= self.p90
        at_cap = self._survival_at_cap(self.law.tail_index, self.law.multiple_cap)
        left = power(self.p90 / multiples[is_pareto], self.law.tail_index)
        tails[is_pareto] = PARETO_UPPER_TAIL * np.maximum(left - at_cap, 0.0) / (1.0 - at_cap)
        return tails

    def _cut_pareto(self) -> TruncatedPareto:
        if self.law.multiple_cap is None:
            raise ValueError("the pareto law needs a cap on multiples")
        return truncated_pareto(median=self.median, p90=self.p90, cap=self.law.multiple_cap)

    def _lognormal(self) -> tuple[float, float]:
        """Mean and standard deviation of the logarithm."""
        log_median, log_ratio = log(np.array([self.median, self.p90 / self.median])).tolist()
        return log_median, log_ratio / NORMAL_P90

    def _pareto(self, upper_tail: FloatArray, tail_index: float, cap: float) -> FloatArray:
        # Survival falls from 0.1 at P90 to 0 at the cap; the density below the cap is Pareto's.
        at_cap = self._survival_at_cap(tail_index, cap)
        left = at_cap + (1.0 - at_cap) * (upper_tail / PARETO_UPPER_TAIL)
        return self.p90 * power(left, -1.0 / tail_index)

    def _survival_at_cap(self, tail_index: float, cap: float) -> float:
        """What an uncut Pareto law would leave above the cap, given above P90."""
        return float(power(np.array([self.p90 / cap]), tail_index)[0])
