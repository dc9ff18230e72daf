"""Yearly calls and distributions of a bucket that invests part of its early exits again.

Recycled money is called in the years of the early exits, in proportion to what they distribute,
and then flows like any other: follow-ons and proceeds of the new deals come as many years later as
those of the first deals come after entry. Both exits and later flows are spread over their years,
so the sum of two times falls with equal chances into the year of the sum or the next.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.pacing.cash_flow_years import LAST_YEAR, YEARS
from scenarios.simulation.pacing.pooled_cash_flows import PooledCashFlows, YearlyAmounts
from scenarios.simulation.randomness.elementary import FloatArray
from scenarios.simulation.randomness.stream import Stream
from scenarios.simulation.recycling.later_vintage import later_stream
from scenarios.simulation.recycling.recycled_deals import RecyclingRule

COLUMNS_AT_ONCE = 4_096
"""Scenarios whose years fit the processor's cache together; without effect on the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecycledCashFlows:
    """The cash flows that go with ``RecycledDeals`` of the same bucket."""

    first: PooledCashFlows
    new: PooledCashFlows
    early_proceeds: NDArray[np.float32]
    rule: RecyclingRule

    def flows(
        self, *, shared_scores: FloatArray, later_scores: FloatArray, stream: Stream
    ) -> tuple[YearlyAmounts, YearlyAmounts]:
        """Calls and distributions of each year."""
        first = self.first.pooled_years(
            shared_scores=shared_scores, stream=stream, chosen=self.early_proceeds
        )
        new = self.new.pooled_years(shared_scores=later_scores, stream=later_stream(stream))
        if first.chosen is None:
            raise ValueError("early distributions were not kept apart")
        recycled = self._recycled_by_year(first.chosen)
        calls = first.follow_on_calls.astype(np.float64)
        calls[0] += np.float32(first.entry_call)
        distributions = first.distributions.astype(np.float64)
        calls += new.entry_call * recycled
        calls += years_later(recycled, new.follow_on_calls)
        distributions += years_later(recycled, new.distributions)
        return calls.astype(np.float32), distributions.astype(np.float32)

    def _recycled_by_year(self, early: YearlyAmounts) -> FloatArray:
        """(YEARS, count) float64 of R, by the year of the exits it comes from."""
        total = np.zeros(early.shape[1], dtype=np.float32)
        for in_year in early:
            total += in_year
        part = np.divide(
            self.rule.recycled(total), total, out=np.zeros(len(total)), where=total > 0.0
        )
        recycled: FloatArray = part * early
        return recycled


def years_later(recycled: FloatArray, amounts: YearlyAmounts) -> FloatArray:
    """(YEARS, count) amounts per recycled dollar, counted from the year it is invested; what comes
    later than the last year belongs to it."""
    shifted = np.zeros_like(recycled)
    for first in range(0, recycled.shape[1], COLUMNS_AT_ONCE):
        columns = slice(first, first + COLUMNS_AT_ONCE)
        _add_years_later(recycled[:, columns], amounts[:, columns], into=shifted[:, columns])
    return shifted


def _add_years_later(recycled: FloatArray, amounts: YearlyAmounts, *, into: FloatArray) -> None:
    halves = 0.5 * amounts.astype(np.float64)
    spread = np.zeros((YEARS + 1, amounts.shape[1]))
    spread[:-1] += halves
    spread[1:] += halves
    product = np.empty(amounts.shape[1])
    for year in np.flatnonzero(recycled.any(axis=1)).tolist():
        for delay in range(YEARS + 1):
            np.multiply(recycled[year], spread[delay], out=product)
            into[min(year + delay, LAST_YEAR)] += product
