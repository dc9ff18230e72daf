"""Draws where the deals of one bucket fall in its table: the inner loop of the simulation."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.deals.score_lattice import ScoreLattice
from scenarios.simulation.dependence.scenario_scale import scenario_scale
from scenarios.simulation.dependence.score_law import ScoreLaw
from scenarios.simulation.dependence.student_law import StudentLaw
from scenarios.simulation.randomness.elementary import FloatArray
from scenarios.simulation.randomness.normal_tables import (
    FLOAT_EXPONENT_BIAS,
    FLOAT_MANTISSA_BITS,
    LATTICE_BITS,
    LATTICE_PER_UNIT,
    SLOT_BITS,
    SLOTS,
    deal_cells,
    deal_lattice_table,
    deal_normal_table,
)
from scenarios.simulation.randomness.random_words import (
    ALL_BITS,
    RandomKey,
    Role,
    antithetic_words,
    name_word,
    random_words,
)
from scenarios.simulation.randomness.stream import Stream

LOWER_HALF = np.uint64(2**32 - 1)
UPPER_HALF_SHIFT = np.uint64(32)

PLACES_AT_ONCE = 8_192
"""Where scenarios are few, several pairs of deals are drawn together: a call of numpy costs as much
as its work on a thousand numbers. Without effect on the result."""


HalfWords = NDArray[np.uint64]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeavyTail:
    """The t copula and its lattice, with ``cells_below`` the score ``centre``."""

    degrees_of_freedom: int
    centre: float
    cells_below: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DealPlaces:
    """``origin`` is the score at which cell 0 of the bucket's table begins.

    ``heavy_tail`` is None under the Gaussian copula, whose cells are all of one width.
    """

    key: RandomKey
    role: Role
    name: int
    origin: float
    own_loading: float
    heavy_tail: HeavyTail | None = None

    def each(
        self, *, deals: int, shared_scores: FloatArray, stream: Stream
    ) -> Iterator[NDArray[np.int64]]:
        """For one deal after the other its places in the table, (count,) int64 in lattice order.

        Places beyond the table belong to its end cells. An array is only valid until the next.
        """
        places_of = self._placing(shared_scores, stream)
        pairs = (deals + 1) // 2
        together = max(1, PLACES_AT_ONCE // stream.count)
        for first in range(0, pairs, together):
            words = self._words(range(first, min(first + together, pairs)), stream)
            even_places = places_of(words >> UPPER_HALF_SHIFT)
            # With an odd number of deals the last word serves one deal only.
            odd_deals = min(len(words), deals // 2 - first)
            odd_places = places_of(words[:odd_deals] & LOWER_HALF)
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

    def _placing(self, shared_scores: FloatArray, stream: Stream) -> Callable[[HalfWords], Places]:
        """The places of deals with these half words in the scenarios of the stream."""
        if self.heavy_tail is not None:
            scale = scenario_scale(
                key=self.key,
                degrees_of_freedom=self.heavy_tail.degrees_of_freedom,
                stream=stream,
            )
            return partial(
                _far_reaching_places,
                tail=self.heavy_tail,
                shared_distances=scale * shared_scores - self.heavy_tail.centre,
                own_loadings=scale * self.own_loading,
            )
        cells = np.floor(LATTICE_PER_UNIT * (shared_scores - self.origin))
        return partial(
            _even_places,
            lattice=deal_lattice_table(self.own_loading),
            shared_places=SLOTS * cells.astype(np.int64),
        )


def bucket_places(
    *,
    key: RandomKey,
    bucket: str,
    lattice: ScoreLattice,
    law: ScoreLaw,
    own_loading: float,
) -> DealPlaces:
    """Where the deals of the named bucket fall in tables over the lattice of this law."""
    heavy_tail = None
    if isinstance(law, StudentLaw):
        heavy_tail = HeavyTail(
            degrees_of_freedom=law.degrees_of_freedom,
            centre=lattice.centre,
            cells_below=lattice.cells_below_centre,
        )
    return DealPlaces(
        key=key,
        role=Role.DEAL,
        name=name_word(role=Role.BUCKET, name=bucket),
        origin=float(lattice.edges[0]),
        own_loading=own_loading,
        heavy_tail=heavy_tail,
    )


def _even_places(half_words: HalfWords, *, lattice: Places, shared_places: Places) -> Places:
    """28 bits of a half word are the deal's own normal, the lowest 4 its place in the cell."""
    normal_bits = half_words.view(np.int64)
    slots = normal_bits & (SLOTS - 1)
    normal_bits -= slots
    places = np.take(lattice, deal_cells(normal_bits), mode="clip")
    places += slots
    places += shared_places
    return places


def _far_reaching_places(
    half_words: HalfWords,
    *,
    tail: HeavyTail,
    shared_distances: FloatArray,
    own_loadings: FloatArray,
) -> Places:
    """Like ``_even_places``; the cell follows from the score's distance d to the centre.

    The leading bits of the float 1 + |d| count cells that are even within an octave.
    """
    normal_bits = half_words.view(np.int64)
    slots = normal_bits & (SLOTS - 1)
    normal_bits -= slots
    distances = np.take(deal_normal_table(), deal_cells(normal_bits), mode="clip")
    distances *= own_loadings
    distances += shared_distances
    is_below = distances.view(np.int64) >> 63  # All bits of it, or none.
    places = (1.0 + np.abs(distances)).view(np.int64)
    places >>= FLOAT_MANTISSA_BITS - LATTICE_BITS
    places -= FLOAT_EXPONENT_BIAS << LATTICE_BITS
    # Of n cells below the centre the nearest is n - 1, then n - 2, ...: n + ~cell.
    places ^= is_below
    places += tail.cells_below
    places <<= SLOT_BITS
    places += slots
    return places
