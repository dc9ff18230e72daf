"""The sampler's own probability of each cell of a deal table, without drawing anything.

Worked out from the number of integers behind each entry of the table of normals and the law of
the shared score.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from scenarios.simulation.model import ScenarioModel
from scenarios.simulation.randomness.normal_tables import (
    DEAL_CELL_BITS,
    DEAL_NORMAL_BITS,
    LATTICE_PER_UNIT,
    SLOTS,
    deal_lattice_table,
)
from tests.scenarios.simulation.plain_law import SQUARED_LOADINGS, standardised_regimes

Floats = NDArray[np.float64]
SHARED_REACH = 4.0
"""The shared part of a score is a_m G + a_b H with a_m |G| below 0.6 and a_b below 0.34 in every
preset: beyond this its normal would have to exceed 10."""


def integers_behind_entries() -> Floats:
    """How many of the 2^28 integers use each entry of the deal lattice table."""
    octaves = np.arange(DEAL_NORMAL_BITS)[:, None]
    places = 1 + np.arange(2**DEAL_CELL_BITS + 1) / 2**DEAL_CELL_BITS
    starts = np.ceil(np.ldexp(places, octaves))
    zero = np.zeros(2**DEAL_CELL_BITS)
    zero[0] = 1
    return np.concatenate([zero, np.diff(starts, axis=1).ravel()])


def shared_score_distribution(data: dict[str, Any], scores: Floats) -> Floats:
    """P(a_m G + a_b H <= z) by quadrature over the shock ranges."""
    macro, bucket = np.sqrt(SQUARED_LOADINGS[data["dependence"]["variance_shares"]])
    nodes, weights = np.polynomial.legendre.leggauss(64)
    total = np.zeros_like(scores)
    for probability, low, high in standardised_regimes(data):
        factor = low + (high - low) * (nodes + 1) / 2
        inside = stats.norm.cdf((scores[:, None] - macro * factor) / bucket)
        total += probability * (inside @ weights) / 2
    return total


def cell_probabilities(model: ScenarioModel, data: dict[str, Any]) -> Floats:
    """The sampler's probability of each cell of the first bucket's table."""
    deals = model.pooled[0]
    own_cells = deal_lattice_table(deals.places.own_loading) // SLOTS
    lowest_own = int(own_cells.min())
    own = np.bincount(own_cells - lowest_own, integers_behind_entries())
    reach = np.array([-SHARED_REACH, SHARED_REACH]) - deals.table.origin
    lowest_shared, highest_shared = np.floor(reach * LATTICE_PER_UNIT).astype(int).tolist()
    numbers = np.arange(lowest_shared, highest_shared + 1)
    below = shared_score_distribution(data, deals.table.origin + numbers / LATTICE_PER_UNIT)
    sums = np.convolve(own / 2**DEAL_NORMAL_BITS, np.diff(below))
    # The ends of the table take what lies beyond.
    cells = len(deals.table.multiples) // SLOTS
    index = np.clip(np.arange(len(sums)) + lowest_own + lowest_shared, 0, cells - 1)
    return np.bincount(index, sums, minlength=cells).astype(np.float64)
