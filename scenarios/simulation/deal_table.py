"""The multiple of one deal as a table over the lattice of latent scores.

Everything that varies slowly (rank, exit law, recovery, path, follow-ons, dilution, unspent
reserves) is folded into the table once; drawing a deal is then an addition and a look-up.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.deal_law import DealLaw, PathMoney, inner_cumulative
from scenarios.simulation.elementary import FloatArray
from scenarios.simulation.latent_law import LatentLaw
from scenarios.simulation.path_slots import path_normals, path_quantiles
from scenarios.simulation.score_lattice import (
    ExitRanks,
    ScoreLattice,
    exit_ranks,
    failure_ranks,
    score_lattice,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DealTable:
    """``multiples`` is float32 (cells * SLOTS,): value per allocated dollar in lattice order.

    Cell 0 begins at the score ``origin``; scores beyond the table belong to its end cells.
    """

    origin: float
    multiples: NDArray[np.float32]


def deal_table(*, law: DealLaw, latent: LatentLaw) -> DealTable:
    """The table of one deal law under the law of its score."""
    lattice = score_lattice(latent=latent, paths=law.paths)
    ranks = exit_ranks(latent=latent, lattice=lattice, paths=law.paths)
    multiples = _exit_multiples(law, ranks, lattice)
    if lattice.failure_cells:
        rank = failure_ranks(latent=latent, lattice=lattice, paths=law.paths)
        multiples = np.concatenate([_failure_multiples(law, rank), multiples])
    table = multiples.astype(np.float32).ravel()
    table.flags.writeable = False
    return DealTable(origin=float(lattice.edges[0]), multiples=table)


def _failure_multiples(law: DealLaw, rank: FloatArray) -> FloatArray:
    """(failure cells, SLOTS); recovery rises with the rank among failures."""
    recovery = law.failure_recovery
    above = np.maximum(rank - recovery.threshold, 0.0) / (1.0 - recovery.threshold)
    path = _path_index(path_quantiles(len(rank)), inner_cumulative(law.paths.failures))
    money = law.money(law.paths.failures)
    return _per_allocated_dollar(law, recovery.maximum * above * money.invested[path], money, path)


def _exit_multiples(law: DealLaw, ranks: ExitRanks, lattice: ScoreLattice) -> FloatArray:
    """(exit cells, SLOTS); all shares held at the end of the path go at one price."""
    share_price = law.exit_multiples.quantile(rank_normal=ranks.normal, upper_tail=ranks.upper_tail)
    own_normal = path_normals(lattice.cells)[lattice.failure_cells :]
    path_normal = law.value_path_coupling * ranks.normal + law.own_path_loading * own_normal
    path = _path_index(path_normal, law.exit_path_thresholds())
    money = law.money(law.paths.exits)
    return _per_allocated_dollar(law, share_price * money.shares[path], money, path)


def _per_allocated_dollar(
    law: DealLaw, proceeds: FloatArray, money: PathMoney, path: NDArray[np.intp]
) -> FloatArray:
    return (proceeds + money.returned[path]) / (1.0 + law.reserve_ratio)


def _path_index(quantity: FloatArray, thresholds: Sequence[float]) -> NDArray[np.intp]:
    """The number of thresholds below each value: the first path whose cumulative reaches it."""
    index = np.zeros(quantity.shape, dtype=np.intp)
    for threshold in thresholds:
        index += quantity > threshold
    return index
