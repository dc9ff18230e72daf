"""Pools the cash flows of the deals of one bucket into yearly calls and distributions."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.cash_flow_table import CashFlowTable, cash_flow_table
from scenarios.simulation.cash_flow_years import YEARS
from scenarios.simulation.deal_law import DealLaw
from scenarios.simulation.deal_places import DealPlaces
from scenarios.simulation.elementary import FloatArray
from scenarios.simulation.latent_law import LatentLaw
from scenarios.simulation.reference_deals import DealWeights
from scenarios.simulation.stream import Stream

YearlyFlows = NDArray[np.float32]
"""(YEARS, count) float32 per allocated dollar."""


@dataclass(frozen=True, slots=True)
class CashFlowTables:
    """Tables made when they are first asked for: a matrix needs none of them."""

    _made: dict[tuple[DealLaw, LatentLaw], CashFlowTable] = field(default_factory=dict)

    def of(self, *, law: DealLaw, latent: LatentLaw) -> CashFlowTable:
        if (law, latent) not in self._made:
            self._made[law, latent] = cash_flow_table(law=law, latent=latent)
        return self._made[law, latent]


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledCashFlows:
    """Looks up the same deals at the same places as the pooled multiples of the bucket."""

    places: DealPlaces
    weights: DealWeights
    law: DealLaw
    latent: LatentLaw
    tables: CashFlowTables

    def flows(
        self, *, shared_scores: FloatArray, stream: Stream
    ) -> tuple[YearlyFlows, YearlyFlows]:
        """Calls and distributions of each year.

        Deals are added in index order in float32, year by year, so a scenario does not depend on
        how many are drawn at once.
        """
        table = self.tables.of(law=self.law, latent=self.latent)
        calls, distributions = _Pool.empty(stream.count), _Pool.empty(stream.count)
        each_deal = self.places.each(
            deals=self.weights.deals, shared_scores=shared_scores, stream=stream
        )
        for index, places in enumerate(each_deal):
            if index == self.weights.equal_count:
                calls.scale(self.weights.equal_weight)
                distributions.scale(self.weights.equal_weight)
            weight = self.weights.last_weight if index == self.weights.equal_count else 1.0
            for round_ in table.follow_ons:
                calls.add(np.float32(weight * round_.call), _at(round_.year, places))
            proceeds = np.take(table.proceeds, places, mode="clip")
            proceeds *= np.float32(weight)
            distributions.add(proceeds, _at(table.final_year, places))
        called = calls.rows[:YEARS]
        called[0] += np.float32(table.entry_call)
        return called, distributions.rows[:YEARS]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pool:
    """(YEARS + 1, count) float32 sums; the last row takes what belongs to no year."""

    rows: NDArray[np.float32]
    columns: NDArray[np.intp]

    @classmethod
    def empty(cls, count: int) -> "_Pool":
        return cls(
            rows=np.zeros((YEARS + 1, count), dtype=np.float32),
            columns=np.arange(count, dtype=np.intp),
        )

    def add(self, amounts: NDArray[np.float32] | np.float32, years: NDArray[np.intp]) -> None:
        """One amount a scenario, into its year."""
        years *= len(self.columns)
        years += self.columns
        # Every scenario has its own column, so no element is named twice.
        self.rows.reshape(-1)[years] += amounts

    def scale(self, weight: float) -> None:
        np.multiply(self.rows, np.float32(weight), out=self.rows)


def _at(year_table: NDArray[np.uint8], places: NDArray[np.int64]) -> NDArray[np.intp]:
    return np.take(year_table, places, mode="clip").astype(np.intp)
