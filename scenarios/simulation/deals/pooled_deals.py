"""Pools the deals of one bucket into matrix entries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.deals.deal_places import DealPlaces
from scenarios.simulation.deals.deal_table import DealTable
from scenarios.simulation.deals.reference_deals import DealWeights
from scenarios.simulation.randomness.elementary import FloatArray
from scenarios.simulation.randomness.stream import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledDeals:
    places: DealPlaces
    table: DealTable
    weights: DealWeights

    def multiples(self, *, shared_scores: FloatArray, stream: Stream) -> NDArray[np.float32]:
        """(count,) float32 multiples per allocated dollar."""
        (multiples,) = self.sums([self.table.multiples], shared_scores=shared_scores, stream=stream)
        return multiples

    def sums(
        self, tables: Sequence[NDArray[np.float32]], *, shared_scores: FloatArray, stream: Stream
    ) -> list[NDArray[np.float32]]:
        """What the deals have in each of the tables, weighted and added: (count,) float32 each."""
        each_deal = self.places.each(
            deals=self.weights.deals, shared_scores=shared_scores, stream=stream
        )
        return _weighted_sums(tables, each_deal, weights=self.weights, count=stream.count)


def _weighted_sums(
    tables: Sequence[NDArray[np.float32]],
    each_deal: Iterable[NDArray[np.int64]],
    *,
    weights: DealWeights,
    count: int,
) -> list[NDArray[np.float32]]:
    """The deals are added in index order in float32, so a sum does not depend on how many
    scenarios are drawn at once."""
    sums = [np.zeros(count, dtype=np.float32) for _ in tables]
    for index, places in enumerate(each_deal):
        for table, total in zip(tables, sums, strict=True):
            deal = np.take(table, places, mode="clip")
            if index == weights.equal_count:
                total *= np.float32(weights.equal_weight)
                deal *= np.float32(weights.last_weight)
            total += deal
    return sums
