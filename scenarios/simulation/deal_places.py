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

SLOT_BITS = 4


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
        for index in range(deals):
            if index % 2 == 0:
                halves = self._half_words(index // 2, stream)
            # The upper half of a word serves the even deal.
            yield self._places(halves[:, 1 - index % 2], shared_places)

    def _half_words(self, deal_pair: int, stream: Stream) -> NDArray[np.uint32]:
        """(count, 2) lower and upper halves; a Sobol' sequence leaves the deals independent."""
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
            words = antithetic_words(
                draw, first_scenario=first, count=count, mirrored_bits=ALL_BITS
            )
        else:
            words = draw(first_scenario=first, count=count)
        return words.astype("<u8", copy=False).view("<u4").reshape(-1, 2)

    def _places(
        self, half_words: NDArray[np.uint32], shared_places: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """28 bits of a half word are the deal's own normal, the lowest 4 its place in the cell."""
        lattice = deal_lattice_table(self.own_loading)
        own_integers = np.right_shift(half_words, np.uint32(SLOT_BITS))
        places = np.take(lattice, deal_cells(own_integers), mode="clip")
        places += shared_places
        places += np.bitwise_and(half_words, np.uint32(SLOTS - 1))
        return places
