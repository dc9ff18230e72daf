"""The multiple of one deal as a table over the lattice of latent scores.

Everything that varies slowly (rank, exit law, recovery, path, follow-ons, dilution, unspent
reserves) is folded into the table once; drawing a deal is then an addition and a look-up.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.deals.deal_law import DealLaw
from scenarios.simulation.deals.deal_outcomes import PlaceOutcomes, deal_outcomes
from scenarios.simulation.deals.score_lattice import ScoreLattice
from scenarios.simulation.dependence.score_law import ScoreLaw
from scenarios.simulation.randomness.elementary import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class DealTable:
    """``multiples`` is float32 (cells * SLOTS,): value per allocated dollar in lattice order.

    Scores beyond the lattice belong to its end cells.
    """

    lattice: ScoreLattice
    multiples: NDArray[np.float32]

    @property
    def origin(self) -> float:
        """The score at which cell 0 begins."""
        return float(self.lattice.edges[0])


@lru_cache(maxsize=32)
def deal_table(*, law: DealLaw, latent: ScoreLaw) -> DealTable:
    """The table of one deal law under the law of its score, half a megabyte.

    A session builds the model of its law several times, and every part of a large validation does.
    """
    outcomes = deal_outcomes(law=law, latent=latent)
    multiples = np.concatenate([_multiples(law, part) for part in outcomes.by_cell()])
    table = multiples.astype(np.float32).ravel()
    table.flags.writeable = False
    return DealTable(lattice=outcomes.lattice, multiples=table)


def _multiples(law: DealLaw, outcomes: PlaceOutcomes) -> FloatArray:
    """(cells, SLOTS) proceeds and returned reserves per allocated dollar."""
    returned = law.money(outcomes.paths).returned[outcomes.path]
    multiples: FloatArray = (outcomes.proceeds + returned) / (1.0 + law.reserve_ratio)
    return multiples
