"""Pools the cash flows of the deals of one bucket into yearly calls and distributions."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.deals.deal_law import DealLaw
from scenarios.simulation.deals.deal_places import DealPlaces
from scenarios.simulation.deals.reference_deals import DealWeights
from scenarios.simulation.dependence.score_law import ScoreLaw
from scenarios.simulation.pacing.cash_flow_table import CashFlowTable, cash_flow_table
from scenarios.simulation.pacing.cash_flow_years import YEARS
from scenarios.simulation.randomness.elementary import FloatArray
from scenarios.simulation.randomness.stream import Stream

YearlyAmounts = NDArray[np.float32]
"""(YEARS, count) float32 per allocated dollar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledYears:
    """``chosen`` is the part of the distributions that was asked for apart, if any."""

    entry_call: float
    follow_on_calls: YearlyAmounts
    distributions: YearlyAmounts
    chosen: YearlyAmounts | None


@dataclass(frozen=True, slots=True)
class CashFlowTables:
    """Tables made when they are first asked for: a matrix needs none of them."""

    _made: dict[tuple[DealLaw, ScoreLaw], CashFlowTable] = field(default_factory=dict)

    def of(self, *, law: DealLaw, latent: ScoreLaw) -> CashFlowTable:
        if (law, latent) not in self._made:
            self._made[law, latent] = cash_flow_table(law=law, latent=latent)
        return self._made[law, latent]


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledCashFlows:
    """Looks up the same deals at the same places as the pooled multiples of the bucket."""

    places: DealPlaces
    weights: DealWeights
    law: DealLaw
    latent: ScoreLaw
    tables: CashFlowTables

    def flows(
        self, *, shared_scores: FloatArray, stream: Stream
    ) -> tuple[YearlyAmounts, YearlyAmounts]:
        """Calls and distributions of each year."""
        pooled = self.pooled_years(shared_scores=shared_scores, stream=stream)
        calls = pooled.follow_on_calls
        calls[0] += np.float32(pooled.entry_call)
        return calls, pooled.distributions

    def pooled_years(
        self,
        *,
        shared_scores: FloatArray,
        stream: Stream,
        chosen: NDArray[np.float32] | None = None,
    ) -> PooledYears:
        """``chosen`` is a table in lattice order of the proceeds to be kept apart too.

        Deals are added in index order in float32, year by year, so a scenario does not depend on
        how many are drawn at once.
        """
        table = self.tables.of(law=self.law, latent=self.latent)
        amounts = [table.proceeds] if chosen is None else [table.proceeds, chosen]
        calls, *paid = (_Pool.empty(stream.count) for _ in (table, *amounts))
        each_deal = self.places.each(
            deals=self.weights.deals, shared_scores=shared_scores, stream=stream
        )
        for index, places in enumerate(each_deal):
            is_last = index == self.weights.equal_count
            weight = self.weights.last_weight if is_last else 1.0
            if is_last:
                for pool in (calls, *paid):
                    pool.scale(self.weights.equal_weight)
            for round_ in table.follow_ons:
                calls.add(np.float32(weight * round_.call), calls.elements(round_.year, places))
            elements = calls.elements(table.final_year, places)
            for pool, amount in zip(paid, amounts, strict=True):
                proceeds = np.take(amount, places, mode="clip")
                proceeds *= np.float32(weight)
                pool.add(proceeds, elements)
        distributions, *apart = (pool.rows[:YEARS] for pool in paid)
        return PooledYears(
            entry_call=table.entry_call,
            follow_on_calls=calls.rows[:YEARS],
            distributions=distributions,
            chosen=apart[0] if apart else None,
        )


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

    def elements(
        self, year_table: NDArray[np.uint8], places: NDArray[np.int64]
    ) -> NDArray[np.intp]:
        """For each scenario the element of its own column that stands for the deal's year."""
        elements = np.take(year_table, places, mode="clip").astype(np.intp)
        elements *= len(self.columns)
        elements += self.columns
        return elements

    def add(self, amounts: NDArray[np.float32] | np.float32, elements: NDArray[np.intp]) -> None:
        """One amount a scenario; no element is named twice."""
        self.rows.reshape(-1)[elements] += amounts

    def scale(self, weight: float) -> None:
        np.multiply(self.rows, np.float32(weight), out=self.rows)
