"""The lattice of latent scores under a deal table, and the ranks at its places.

A cell is a short range of the score and has SLOTS places. The failure boundary, where the rank of
a score is the probability of failure, is an edge of a cell.
"""

import math
from dataclasses import dataclass

import numpy as np

from scenarios.simulation.elementary import FloatArray, normal_quantile
from scenarios.simulation.latent_law import LatentLaw
from scenarios.simulation.normal_tables import LATTICE_PER_UNIT
from scenarios.simulation.outcome_paths import OutcomePaths
from scenarios.simulation.path_slots import POSITIONS

# Next to the failure boundary the normal quantile of the rank is too curved to be interpolated.
EXACT_CELLS = 64

SMALLEST_RANK = 1e-300
LARGEST_RANK = 1.0 - 2.0**-53


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLattice:
    """``edges`` (cells + 1,) of the cells; the first ``failure_cells`` hold all failures."""

    edges: FloatArray
    failure_cells: int

    @property
    def cells(self) -> int:
        return len(self.edges) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitRanks:
    """The rank v among exits at every place, (exit cells, SLOTS) float64 each: as 1 - v, which
    keeps the digits of the best exits, and as normal quantile of v."""

    upper_tail: FloatArray
    normal: FloatArray


def score_lattice(*, latent: LatentLaw, paths: OutcomePaths) -> ScoreLattice:
    """Cells of 1 / LATTICE_PER_UNIT over the reach of the score; the failure boundary is an
    edge, and there is at least one unit on either side of it, however rare failures or exits."""
    failure = paths.failure_probability
    if failure == 0.0:
        boundary, failure_cells = latent.lowest, 0
    else:
        boundary = latent.quantile(failure)
        failure_cells = _cells_over(max(boundary - latent.lowest, 1.0))
    cells = failure_cells + _cells_over(max(latent.highest - boundary, 1.0))
    numbers = np.arange(cells + 1, dtype=np.float64) - failure_cells
    return ScoreLattice(edges=boundary + numbers / LATTICE_PER_UNIT, failure_cells=failure_cells)


def failure_ranks(*, latent: LatentLaw, lattice: ScoreLattice, paths: OutcomePaths) -> FloatArray:
    """(failure cells, SLOTS) ranks among failures at every place, linear between cell edges."""
    edges = lattice.edges[: lattice.failure_cells + 1]
    return _between(latent.lower(edges) / paths.failure_probability)


def exit_ranks(*, latent: LatentLaw, lattice: ScoreLattice, paths: OutcomePaths) -> ExitRanks:
    """Ranks among exits at every place.

    Both forms are linear between cell edges; the quantile is exact next to the failure boundary.
    """
    edges = lattice.edges[lattice.failure_cells :]
    exits = paths.exit_probability
    upper_tail = _inside(latent.upper(edges) / exits)
    near_scores = _between(edges[: EXACT_CELLS + 1])
    near_rank = (latent.lower(near_scores) - paths.failure_probability) / exits
    normal = np.concatenate(
        [normal_quantile(_inside(near_rank)), _between(-normal_quantile(upper_tail[EXACT_CELLS:]))]
    )
    return ExitRanks(upper_tail=_between(upper_tail), normal=normal)


def _cells_over(distance: float) -> int:
    return math.ceil(distance * LATTICE_PER_UNIT)


def _inside(probabilities: FloatArray) -> FloatArray:
    """Kept off 0 and 1, which rounding reaches where the score has hardly any density, as
    between two regimes that lie far apart. Hardly any deal falls there."""
    return np.clip(probabilities, SMALLEST_RANK, LARGEST_RANK)


def _between(at_edges: FloatArray) -> FloatArray:
    """(cells, SLOTS) values at the places of the cells, linear between the edges."""
    low, high = at_edges[:-1, None], at_edges[1:, None]
    return low + (high - low) * POSITIONS
