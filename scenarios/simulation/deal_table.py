"""The multiple of one deal as a table over the lattice of latent scores.

Everything that varies slowly (rank, exit law, recovery, path, follow-ons, dilution, unspent
reserves) is folded into the table once; drawing a deal is then an addition and a look-up.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.deal_law import DealLaw, PathMoney, inner_cumulative
from scenarios.simulation.elementary import FloatArray, normal_quantile
from scenarios.simulation.latent_law import LatentLaw
from scenarios.simulation.normal_tables import LATTICE_PER_UNIT
from scenarios.simulation.outcome_paths import OutcomePaths
from scenarios.simulation.path_slots import POSITIONS, path_normals, path_quantiles

# Next to the failure boundary the normal quantile of the rank is too curved to be interpolated.
EXACT_CELLS = 64

SMALLEST_RANK = 1e-300
LARGEST_RANK = 1.0 - 2.0**-53


@dataclass(frozen=True, slots=True, kw_only=True)
class DealTable:
    """``multiples`` is float32 (cells * SLOTS,): value per allocated dollar in lattice order.

    Cell 0 begins at the score ``origin``; scores beyond the table belong to its end cells.
    """

    origin: float
    multiples: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lattice:
    """``edges`` (cells + 1,) of the cells; the first ``failure_cells`` hold all failures."""

    edges: FloatArray
    failure_cells: int


def deal_table(*, law: DealLaw, latent: LatentLaw) -> DealTable:
    """The table of one deal law under the law of its score."""
    lattice = _lattice(latent, law.paths)
    multiples = _exit_multiples(law, latent, lattice)
    if lattice.failure_cells:
        multiples = np.concatenate([_failure_multiples(law, latent, lattice), multiples])
    table = multiples.astype(np.float32).ravel()
    table.flags.writeable = False
    return DealTable(origin=float(lattice.edges[0]), multiples=table)


def _lattice(latent: LatentLaw, paths: OutcomePaths) -> _Lattice:
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
    return _Lattice(edges=boundary + numbers / LATTICE_PER_UNIT, failure_cells=failure_cells)


def _cells_over(distance: float) -> int:
    return math.ceil(distance * LATTICE_PER_UNIT)


def _failure_multiples(law: DealLaw, latent: LatentLaw, lattice: _Lattice) -> FloatArray:
    """(failure cells, SLOTS); recovery rises with the rank among failures."""
    edges = lattice.edges[: lattice.failure_cells + 1]
    rank = _between(latent.lower(edges) / law.paths.failure_probability)
    recovery = law.failure_recovery
    above = np.maximum(rank - recovery.threshold, 0.0) / (1.0 - recovery.threshold)
    path = _path_index(path_quantiles(lattice.failure_cells), inner_cumulative(law.paths.failures))
    money = law.money(law.paths.failures)
    return _per_allocated_dollar(law, recovery.maximum * above * money.invested[path], money, path)


def _exit_multiples(law: DealLaw, latent: LatentLaw, lattice: _Lattice) -> FloatArray:
    """(exit cells, SLOTS); all shares held at the end of the path go at one price."""
    upper_tail, rank_normal = _exit_ranks(law.paths, latent, lattice)
    share_price = law.exit_multiples.quantile(rank_normal=rank_normal, upper_tail=upper_tail)
    own_normal = path_normals(len(lattice.edges) - 1)[lattice.failure_cells :]
    path_normal = law.value_path_coupling * rank_normal + law.own_path_loading * own_normal
    path = _path_index(path_normal, law.exit_path_thresholds())
    money = law.money(law.paths.exits)
    return _per_allocated_dollar(law, share_price * money.shares[path], money, path)


def _per_allocated_dollar(
    law: DealLaw, proceeds: FloatArray, money: PathMoney, path: NDArray[np.intp]
) -> FloatArray:
    return (proceeds + money.returned[path]) / (1.0 + law.reserve_ratio)


def _exit_ranks(
    paths: OutcomePaths, latent: LatentLaw, lattice: _Lattice
) -> tuple[FloatArray, FloatArray]:
    """1 - v and the normal quantile of the rank v among exits, at every place of every cell.

    Both are linear between cell edges; the quantile is exact next to the failure boundary.
    """
    edges = lattice.edges[lattice.failure_cells :]
    exits = paths.exit_probability
    upper_tail = _inside(latent.upper(edges) / exits)
    near_scores = _between(edges[: EXACT_CELLS + 1])
    near_rank = (latent.lower(near_scores) - paths.failure_probability) / exits
    rank_normal = np.concatenate(
        [normal_quantile(_inside(near_rank)), _between(-normal_quantile(upper_tail[EXACT_CELLS:]))]
    )
    return _between(upper_tail), rank_normal


def _inside(probabilities: FloatArray) -> FloatArray:
    """Kept off 0 and 1, which rounding reaches where the score has hardly any density, as
    between two regimes that lie far apart. Hardly any deal falls there."""
    return np.clip(probabilities, SMALLEST_RANK, LARGEST_RANK)


def _between(at_edges: FloatArray) -> FloatArray:
    """(cells, SLOTS) values at the places of the cells, linear between the edges."""
    low, high = at_edges[:-1, None], at_edges[1:, None]
    return low + (high - low) * POSITIONS


def _path_index(quantity: FloatArray, thresholds: Sequence[float]) -> NDArray[np.intp]:
    """The number of thresholds below each value: the first path whose cumulative reaches it."""
    index = np.zeros(quantity.shape, dtype=np.intp)
    for threshold in thresholds:
        index += quantity > threshold
    return index
