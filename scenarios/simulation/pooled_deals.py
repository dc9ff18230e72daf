"""Pools the deals of one bucket into matrix entries."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.deal_places import DealPlaces
from scenarios.simulation.deal_table import DealTable
from scenarios.simulation.elementary import FloatArray
from scenarios.simulation.reference_deals import DealWeights
from scenarios.simulation.stream import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledDeals:
    places: DealPlaces
    table: DealTable
    weights: DealWeights

    def multiples(self, *, shared_scores: FloatArray, stream: Stream) -> NDArray[np.float32]:
        """(count,) float32 multiples per allocated dollar.

        The deals are added in index order in float32, so the sum does not depend on how many
        scenarios are drawn at once.
        """
        each_deal = self.places.each(
            deals=self.weights.deals, shared_scores=shared_scores, stream=stream
        )
        equal_sum = np.zeros(stream.count, dtype=np.float32)
        deal = np.zeros(stream.count, dtype=np.float32)
        for index, places in enumerate(each_deal):
            deal = np.take(self.table.multiples, places, mode="clip")
            if index < self.weights.equal_count:
                equal_sum += deal
        equal_sum *= np.float32(self.weights.equal_weight)
        deal *= np.float32(self.weights.last_weight)
        equal_sum += deal
        return equal_sum
