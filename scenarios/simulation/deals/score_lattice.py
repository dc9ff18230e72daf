"""The lattice of latent scores under a deal table, and the ranks at its places.

A cell is a short range of the score and has SLOTS places. The failure boundary, where the rank of
a score is the probability of failure, is an edge of a cell. Under the t copula scores reach far out
and cells grow with their distance from a centre.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from scenarios.simulation.deals.outcome_paths import OutcomePaths
from scenarios.simulation.deals.path_slots import POSITIONS
from scenarios.simulation.dependence.score_law import ScoreLaw
from scenarios.simulation.dependence.student_law import StudentLaw
from scenarios.simulation.randomness.elementary import FloatArray, normal_quantile
from scenarios.simulation.randomness.normal_tables import LATTICE_PER_UNIT

# Next to the failure boundary the normal quantile of the rank is too curved to be interpolated.
EXACT_CELLS = 64

LARGEST_CENTRE = 2.0

SMALLEST_RANK = 1e-300
LARGEST_RANK = 1.0 - 2.0**-53


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLattice:
    """``edges`` (cells + 1,) of the cells; the first ``failure_cells`` hold all failures.

    Cells are narrowest at the centre, with ``cells_below_centre`` of them below it.
    """

    edges: FloatArray
    failure_cells: int
    cells_below_centre: int

    @property
    def cells(self) -> int:
        return len(self.edges) - 1

    @property
    def centre(self) -> float:
        return float(self.edges[self.cells_below_centre])


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitRanks:
    """The rank v among exits at every place, (exit cells, SLOTS) float64 each: as 1 - v, which
    keeps the digits of the best exits, and as normal quantile of v."""

    upper_tail: FloatArray
    normal: FloatArray


@lru_cache(maxsize=64)
def score_lattice(*, latent: ScoreLaw, paths: OutcomePaths) -> ScoreLattice:
    """Cells over the reach of the score; the failure boundary is an edge, and there is at least
    one unit on either side of it, however rare failures or exits. Buckets that differ in what their
    exits return share it."""
    failure = paths.failure_probability
    boundary = latent.quantile(failure) if failure > 0.0 else latent.lowest
    steps = _steps_from_centre(boundary) if isinstance(latent, StudentLaw) else 0
    centre = boundary - _growing_distance(steps)
    reach_below = centre - latent.lowest
    if failure > 0.0:
        reach_below = max(reach_below, (centre - boundary) + 1.0)
    reach_above = max(latent.highest - centre, (boundary - centre) + 1.0)
    below = _edge_distances(latent, reach_below)[:0:-1]
    above = _edge_distances(latent, reach_above)
    edges = centre + np.concatenate([-below, above])
    edges.flags.writeable = False
    return ScoreLattice(
        edges=edges,
        failure_cells=len(below) + steps if failure > 0.0 else 0,
        cells_below_centre=len(below),
    )


def failure_ranks(*, latent: ScoreLaw, lattice: ScoreLattice, paths: OutcomePaths) -> FloatArray:
    """(failure cells, SLOTS) ranks among failures at every place, linear between cell edges."""
    edges = lattice.edges[: lattice.failure_cells + 1]
    return _between(latent.lower(edges) / paths.failure_probability)


def exit_ranks(*, latent: ScoreLaw, lattice: ScoreLattice, paths: OutcomePaths) -> ExitRanks:
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


def _steps_from_centre(boundary: float) -> int:
    """Where the failure boundary lies on a lattice that grows from its centre, in cells.

    The centre is the boundary itself unless that is far from 0, the middle of the scores: there
    cells would be too wide for the bulk of deals.
    """
    if abs(boundary) <= LARGEST_CENTRE:
        return 0
    mantissa, exponent = math.frexp(1.0 + abs(boundary))
    octave = exponent - 1
    steps = octave * LATTICE_PER_UNIT + round((2.0 * mantissa - 1.0) * LATTICE_PER_UNIT)
    return steps if boundary > 0.0 else -steps


def _growing_distance(steps: int) -> float:
    """From the centre to the edge so many cells above, or below, it."""
    octave, place = divmod(abs(steps), LATTICE_PER_UNIT)
    distance = math.ldexp(1.0 + place / LATTICE_PER_UNIT, octave) - 1.0
    return distance if steps >= 0 else -distance


def _edge_distances(law: ScoreLaw, reach: float) -> FloatArray:
    """Of cell edges from the centre: 0, then on until ``reach`` is covered.

    Under the t copula 1 + distance is even within an octave, LATTICE_PER_UNIT cells in each.
    """
    if not isinstance(law, StudentLaw):
        return np.arange(math.ceil(reach * LATTICE_PER_UNIT) + 1) / LATTICE_PER_UNIT
    octaves = math.frexp(1.0 + reach)[1] + 1  # The last holds the edge that covers the reach.
    starts = 1.0 + np.arange(LATTICE_PER_UNIT) / LATTICE_PER_UNIT
    distances = np.ldexp(starts, np.arange(octaves)[:, None]).ravel() - 1.0
    return distances[: int(np.argmax(distances >= reach)) + 1]


def _inside(probabilities: FloatArray) -> FloatArray:
    """Kept off 0 and 1, which rounding reaches where the score has hardly any density, as
    between two regimes that lie far apart. Hardly any deal falls there."""
    return np.clip(probabilities, SMALLEST_RANK, LARGEST_RANK)


def _between(at_edges: FloatArray) -> FloatArray:
    """(cells, SLOTS) values at the places of the cells, linear between the edges."""
    low, high = at_edges[:-1, None], at_edges[1:, None]
    return low + (high - low) * POSITIONS
