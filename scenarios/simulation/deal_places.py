"""Draws where the deals of one bucket fall in its table: the inner loop of the simulation."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

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
from scenarios.simulation.stream import Stream

LOWER_HALF = np.uint64(2**32 - 1)
UPPER_HALF_SHIFT = np.uint64(32)

PLACES_AT_ONCE = 8_192
"""Where scenarios are few, several pairs of deals are drawn together: a call of numpy costs as much
as its work on a thousand numbers. Without effect on the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DealPlaces:
    """``origin`` is the score at which cell 0 of the bucket's table begins."""

    key: RandomKey
    role: Role
    name: int
    origin: float
    own_loading: float

    def each(
        self, *, deals: int, shared_scores: FloatArray, stream: Stream
    ) -> Iterator[NDArray[np.int64]]:
        """For one deal after the other its places in the table, (count,) int64 in lattice order.

        Places beyond the table belong to its end cells. An array is only valid until the next.
        """
        cells = np.floor(LATTICE_PER_UNIT * (shared_scores - self.origin))
        shared_places = SLOTS * cells.astype(np.int64)
        pairs = (deals + 1) // 2
        together = max(1, PLACES_AT_ONCE // stream.count)
        for first in range(0, pairs, together):
            words = self._words(range(first, min(first + together, pairs)), stream)
            even_places = self._places(words >> UPPER_HALF_SHIFT, shared_places)
            # With an odd number of deals the last word serves one deal only.
            odd_deals = min(len(words), deals // 2 - first)
            odd_places = self._places(words[:odd_deals] & LOWER_HALF, shared_places)
            for pair in range(len(words)):
                yield even_places[pair]
                if pair < odd_deals:
                    yield odd_places[pair]

    def _words(self, deal_pairs: range, stream: Stream) -> NDArray[np.uint64]:
        """(pairs, count); a Sobol' sequence leaves the deals independent."""
        return np.stack([self._pair_words(pair, stream) for pair in deal_pairs])

    def _pair_words(self, deal_pair: int, stream: Stream) -> NDArray[np.uint64]:
        draw = partial(
            random_words,
            key=self.key,
            purpose=stream.deal_purpose,
            role=self.role,
            name=self.name,
            deal_pair=deal_pair,
        )
        first, count = stream.first_scenario, stream.count
        if stream.sampling == "antithetic":
            return antithetic_words(draw, first_scenario=first, count=count, mirrored_bits=ALL_BITS)
        return draw(first_scenario=first, count=count)

    def _places(
        self, half_words: NDArray[np.uint64], shared_places: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """28 bits of a half word are the deal's own normal, the lowest 4 its place in the cell."""
        normal_bits = half_words.view(np.int64)
        slots = normal_bits & (SLOTS - 1)
        normal_bits -= slots
        lattice = deal_lattice_table(self.own_loading)
        places = np.take(lattice, deal_cells(normal_bits), mode="clip")
        places += slots
        places += shared_places
        return places
