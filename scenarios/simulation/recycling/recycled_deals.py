"""Matrix entries of a bucket that invests part of its early exits again.

Per allocated dollar, e comes from exits up to the deadline. Of it

    R = min(utilization * e, cost multiple, max_deals / reference deals)

goes into an equal pool of ``max_deals`` fresh deals of the same law and a later vintage, once. The
entry m becomes m - R + R m_new: what is invested again is not distributed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.configuration.parameters import Recycling
from scenarios.simulation.deals.deal_outcomes import DealOutcomes
from scenarios.simulation.deals.pooled_deals import PooledDeals
from scenarios.simulation.pacing.deal_times import outcome_years
from scenarios.simulation.randomness.elementary import FloatArray
from scenarios.simulation.randomness.stream import Stream
from scenarios.simulation.recycling.later_vintage import later_stream


@dataclass(frozen=True, slots=True, kw_only=True)
class RecyclingRule:
    """How much of its early exits a bucket of so many reference deals invests again."""

    recycling: Recycling
    reference_deals: float

    def recycled(self, early_proceeds: NDArray[np.float32]) -> FloatArray:
        """R for each e, both per allocated dollar."""
        cap = min(self.recycling.cost_multiple, self.recycling.max_deals / self.reference_deals)
        return np.minimum(self.recycling.utilization_fraction * early_proceeds.astype(float), cap)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecycledParts:
    """(count,) float64 each: the entry without recycling, R, and what a recycled dollar returns."""

    multiples: FloatArray
    recycled: FloatArray
    new_multiples: FloatArray

    def with_recycling(self) -> NDArray[np.float32]:
        """R is at most what early exits brought, so nothing falls below 0."""
        kept = self.multiples - self.recycled
        return (kept + self.recycled * self.new_multiples).astype(np.float32)

    def gain(self) -> FloatArray:
        """What recycling adds to the entry, before it is rounded to float32."""
        return self.recycled * (self.new_multiples - 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecycledDeals:
    """``early_proceeds`` is the table of the first deals' exits up to the deadline; the new deals
    are looked up in the table of the first."""

    first: PooledDeals
    new: PooledDeals
    early_proceeds: NDArray[np.float32]
    rule: RecyclingRule

    def parts(
        self, *, shared_scores: FloatArray, later_scores: FloatArray, stream: Stream
    ) -> RecycledParts:
        multiples, early = self.first.sums(
            [self.first.table.multiples, self.early_proceeds],
            shared_scores=shared_scores,
            stream=stream,
        )
        new = self.new.multiples(shared_scores=later_scores, stream=later_stream(stream))
        return RecycledParts(
            multiples=multiples.astype(np.float64),
            recycled=self.rule.recycled(early),
            new_multiples=new.astype(np.float64),
        )


def early_proceeds_table(
    *, outcomes: DealOutcomes, reserve_ratio: float, deadline_years: float
) -> NDArray[np.float32]:
    """(cells * SLOTS,) proceeds per allocated dollar of exits within so many years, 0 elsewhere."""
    exits = outcomes.exits
    *_, exit_years = outcome_years(outcomes)
    early = np.where(exit_years <= deadline_years, exits.proceeds / (1.0 + reserve_ratio), 0.0)
    failed = np.zeros((outcomes.lattice.failure_cells, early.shape[1]))
    table = np.concatenate([failed, early]).astype(np.float32).ravel()
    table.flags.writeable = False
    return table
