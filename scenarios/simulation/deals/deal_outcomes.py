"""What happens to a deal at every place of the lattice of scores: its path and its proceeds.

Tables of multiples, cash flows and recycling are made from this and read at the same places.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.deals.deal_law import DealLaw, inner_cumulative
from scenarios.simulation.deals.outcome_paths import Path
from scenarios.simulation.deals.path_slots import path_normals, path_quantiles
from scenarios.simulation.deals.score_lattice import (
    ExitRanks,
    ScoreLattice,
    exit_ranks,
    failure_ranks,
    score_lattice,
)
from scenarios.simulation.dependence.score_law import ScoreLaw
from scenarios.simulation.randomness.elementary import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOutcomes:
    """Endings of one kind, (cells, SLOTS) each: which of ``paths``, and what is paid at its end.

    ``proceeds`` is float64 per dollar of the initial cheque, follow-ons included.
    """

    paths: tuple[Path, ...]
    path: NDArray[np.intp]
    proceeds: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class DealOutcomes:
    """``failures`` hold the first cells of the lattice, ``exits`` the others; either the first is
    None or both have cells."""

    lattice: ScoreLattice
    failures: PlaceOutcomes | None
    exits: PlaceOutcomes

    def by_cell(self) -> tuple[PlaceOutcomes, ...]:
        """In the order of the cells."""
        return (self.exits,) if self.failures is None else (self.failures, self.exits)


def deal_outcomes(*, law: DealLaw, latent: ScoreLaw) -> DealOutcomes:
    """The outcomes of one deal law under the law of its score."""
    lattice = score_lattice(latent=latent, paths=law.paths)
    ranks = exit_ranks(latent=latent, lattice=lattice, paths=law.paths)
    failures = None
    if lattice.failure_cells:
        rank = failure_ranks(latent=latent, lattice=lattice, paths=law.paths)
        failures = _failure_outcomes(law, rank)
    return DealOutcomes(
        lattice=lattice, failures=failures, exits=_exit_outcomes(law, ranks, lattice)
    )


def _failure_outcomes(law: DealLaw, rank: FloatArray) -> PlaceOutcomes:
    """Recovery rises with the rank among failures."""
    recovery = law.failure_recovery
    above = np.maximum(rank - recovery.threshold, 0.0) / (1.0 - recovery.threshold)
    path = _path_index(path_quantiles(len(rank)), inner_cumulative(law.paths.failures))
    invested = law.money(law.paths.failures).invested[path]
    return PlaceOutcomes(
        paths=law.paths.failures, path=path, proceeds=recovery.maximum * above * invested
    )


def _exit_outcomes(law: DealLaw, ranks: ExitRanks, lattice: ScoreLattice) -> PlaceOutcomes:
    """All shares held at the end of the path go at one price."""
    share_price = law.exit_multiples.quantile(rank_normal=ranks.normal, upper_tail=ranks.upper_tail)
    own_normal = path_normals(lattice.cells)[lattice.failure_cells :]
    path_normal = law.value_path_coupling * ranks.normal + law.own_path_loading * own_normal
    path = _path_index(path_normal, law.exit_path_thresholds())
    shares = law.money(law.paths.exits).shares[path]
    return PlaceOutcomes(paths=law.paths.exits, path=path, proceeds=share_price * shares)


def _path_index(quantity: FloatArray, thresholds: Sequence[float]) -> NDArray[np.intp]:
    """The number of thresholds below each value: the first path whose cumulative reaches it."""
    index = np.zeros(quantity.shape, dtype=np.uint8)
    for threshold in thresholds:
        index += (quantity > threshold).view(np.uint8)
    return index.astype(np.intp)
