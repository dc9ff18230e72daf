"""Draws the deals of one bucket and pools them into matrix entries: the inner loop."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.deal_table import DealTable
from scenarios.simulation.elementary import FloatArray
from scenarios.simulation.normal_tables import (
    LATTICE_PER_UNIT,
    SLOTS,
    deal_cells,
    deal_lattice_table,
)
from scenarios.simulation.random_words import (
    ALL_BITS,
    RandomKey,
    Role,
    antithetic_words,
    random_words,
)
from scenarios.simulation.reference_deals import DealWeights
from scenarios.simulation.stream import Stream

SLOT_BITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledDeals:
    key: RandomKey
    name: int
    table: DealTable
    weights: DealWeights
    own_loading: float

    def multiples(self, *, shared_scores: FloatArray, stream: Stream) -> NDArray[np.float32]:
        """(count,) float32 multiples per allocated dollar.

        The deals are added in index order in float32, so the sum does not depend on how many
        scenarios are drawn at once.
        """
        cells = np.floor(LATTICE_PER_UNIT * (shared_scores - self.table.origin))
        shared_index = SLOTS * cells.astype(np.int64)
        equal_sum = np.zeros(stream.count, dtype=np.float32)
        deal = np.zeros(stream.count, dtype=np.float32)
        for index in range(self.weights.deals):
            if index % 2 == 0:
                halves = self._half_words(index // 2, stream)
            # The upper half of a word serves the even deal.
            deal = self._deal(halves[:, 1 - index % 2], shared_index)
            if index < self.weights.equal_count:
                equal_sum += deal
        equal_sum *= np.float32(self.weights.equal_weight)
        deal *= np.float32(self.weights.last_weight)
        equal_sum += deal
        return equal_sum

    def _half_words(self, deal_pair: int, stream: Stream) -> NDArray[np.uint32]:
        """(count, 2) lower and upper halves; a Sobol' sequence leaves the deals independent."""
        draw = partial(
            random_words,
            key=self.key,
            purpose=stream.deal_purpose,
            role=Role.DEAL,
            name=self.name,
            deal_pair=deal_pair,
        )
        first, count = stream.first_scenario, stream.count
        if stream.sampling == "antithetic":
            words = antithetic_words(
                draw, first_scenario=first, count=count, mirrored_bits=ALL_BITS
            )
        else:
            words = draw(first_scenario=first, count=count)
        return words.astype("<u8", copy=False).view("<u4").reshape(-1, 2)

    def _deal(
        self, half_words: NDArray[np.uint32], shared_index: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Multiples of one deal: 28 bits are its own normal, the lowest 4 its place in the cell."""
        lattice = deal_lattice_table(self.own_loading)
        own_integers = np.right_shift(half_words, np.uint32(SLOT_BITS))
        index = np.take(lattice, deal_cells(own_integers), mode="clip")
        index += shared_index
        index += np.bitwise_and(half_words, np.uint32(SLOTS - 1))
        return np.take(self.table.multiples, index, mode="clip")
