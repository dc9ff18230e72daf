"""The multiple of one deal as a table over the lattice of latent scores.

Everything that varies slowly (rank, exit law, recovery, path, follow-ons, dilution, unspent
reserves) is folded into the table once; drawing a deal is then an addition and a look-up.
Exact means come from the same table and the closed-form law of the score.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.elementary import FloatArray, normal_quantile
from scenarios.simulation.exit_multiples import ExitMultiples
from scenarios.simulation.follow_ons import Holding
from scenarios.simulation.latent_law import LatentLaw
from scenarios.simulation.normal_tables import LATTICE_PER_UNIT, SLOTS
from scenarios.simulation.outcome_paths import OutcomePaths, Path
from scenarios.simulation.parameters import FailureRecovery
from scenarios.simulation.path_slots import POSITIONS, path_normals, path_quantiles

WIN_MULTIPLE = 10.0
"""A deal wins if it returns at least this much per allocated dollar (cheque and reserves)."""

# Next to the failure boundary the normal quantile of the rank is too curved to be interpolated.
EXACT_CELLS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class DealLaw:
    """All that decides a deal's multiple given its latent score."""

    latent: LatentLaw
    paths: OutcomePaths
    holdings: tuple[Holding, ...]
    exit_multiples: ExitMultiples
    failure_recovery: FailureRecovery
    value_path_coupling: float
    reserve_ratio: float
    idle_reserves_returned: bool

    def multiples(
        self, *, proceeds: FloatArray, path: NDArray[np.intp], paths: Sequence[Path]
    ) -> FloatArray:
        """Value per allocated dollar of deals that return ``proceeds`` per initial dollar."""
        left = np.array([self.holdings[p.graduations].reserves_left for p in paths])
        returned = left[path] if self.idle_reserves_returned else 0.0
        return (proceeds + returned) / (1.0 + self.reserve_ratio)


@dataclass(frozen=True, slots=True, kw_only=True)
class DealTable:
    """``multiples`` is float32 (cells * SLOTS,): value per allocated dollar in lattice order.

    Cell 0 begins at the score ``origin``; scores beyond the table belong to its end cells.
    ``expected_multiple`` and ``win_probability`` are those of the law, by quadrature.
    """

    origin: float
    multiples: NDArray[np.float32]
    expected_multiple: float
    win_probability: float


def deal_table(law: DealLaw) -> DealTable:
    origin, failure_cells, cells = _lattice(law)
    edges = _edges(origin=origin, failure_cells=failure_cells, cells=cells)
    multiples = np.empty((cells, SLOTS))
    if failure_cells:
        multiples[:failure_cells] = _failure_multiples(law, edges[: failure_cells + 1])
    multiples[failure_cells:] = _exit_multiples(law, edges[failure_cells:], failure_cells)
    mass = _cell_probabilities(law.latent, edges, failure_cells)
    table = multiples.astype(np.float32).ravel()
    table.flags.writeable = False
    return DealTable(
        origin=float(edges[0]),
        multiples=table,
        expected_multiple=_expectation(mass, multiples),
        win_probability=_expectation(mass, (multiples >= WIN_MULTIPLE).astype(np.float64)),
    )


def _lattice(law: DealLaw) -> tuple[float, int, int]:
    """Origin, number of failure cells and number of cells; the failure boundary is an edge."""
    lowest, highest = law.latent.lowest, law.latent.highest
    failure = law.paths.failure_probability
    if failure == 0.0:
        return lowest, 0, math.ceil((highest - lowest) * LATTICE_PER_UNIT)
    boundary = law.latent.quantile(failure)
    # One unit on either side, also where almost no or almost every company fails.
    failure_cells = math.ceil(max(boundary - lowest, 1.0) * LATTICE_PER_UNIT)
    exit_cells = math.ceil(max(highest - boundary, 1.0) * LATTICE_PER_UNIT)
    return boundary, failure_cells, failure_cells + exit_cells


def _edges(*, origin: float, failure_cells: int, cells: int) -> FloatArray:
    return origin + (np.arange(cells + 1, dtype=np.float64) - failure_cells) / LATTICE_PER_UNIT


def _failure_multiples(law: DealLaw, edges: FloatArray) -> FloatArray:
    """(cells, SLOTS) multiples of failed deals; recovery rises with the rank among failures."""
    cells = len(edges) - 1
    rank = _between(law.latent.lower(edges) / law.paths.failure_probability)
    recovery = law.failure_recovery
    above = np.maximum(rank - recovery.threshold, 0.0) / (1.0 - recovery.threshold)
    path = _path_index(path_quantiles(cells), _inner_cumulative(law.paths.failures))
    invested = np.array(
        [1.0 + law.holdings[p.graduations].reserves_spent for p in law.paths.failures]
    )
    proceeds = recovery.maximum * above * invested[path]
    return law.multiples(proceeds=proceeds, path=path, paths=law.paths.failures)


def _exit_multiples(law: DealLaw, edges: FloatArray, failure_cells: int) -> FloatArray:
    """(cells, SLOTS) multiples of exits: one share price for all shares held on the path."""
    cells = len(edges) - 1
    upper_tail, rank_normal = _exit_ranks(law, edges)
    coupling = law.value_path_coupling
    own = math.sqrt(1.0 - coupling * coupling)
    path_normal = coupling * rank_normal + own * path_normals(failure_cells + cells)[failure_cells:]
    thresholds = [_normal_threshold(c) for c in _inner_cumulative(law.paths.exits)]
    path = _path_index(path_normal, thresholds)
    shares = np.array([law.holdings[p.graduations].shares for p in law.paths.exits])
    share_price = law.exit_multiples.quantile(rank_normal=rank_normal, upper_tail=upper_tail)
    return law.multiples(proceeds=share_price * shares[path], path=path, paths=law.paths.exits)


def _exit_ranks(law: DealLaw, edges: FloatArray) -> tuple[FloatArray, FloatArray]:
    """1 - v and the normal quantile of the rank v among exits, at every place of every cell.

    Both are linear between cell edges, except next to the failure boundary, where they are exact.
    """
    exits = law.paths.exit_probability
    upper_tail = law.latent.upper(edges) / exits
    exact_cells = min(EXACT_CELLS, len(edges) - 1)
    rank_normal = np.empty((len(edges) - 1, SLOTS))
    rank_normal[exact_cells:] = _between(-normal_quantile(upper_tail[exact_cells:]))
    near_scores = _between(edges[: exact_cells + 1])
    near_rank = (law.latent.lower(near_scores) - law.paths.failure_probability) / exits
    rank_normal[:exact_cells] = normal_quantile(near_rank)
    return _between(upper_tail), rank_normal


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


def _inner_cumulative(paths: Sequence[Path]) -> list[float]:
    """Cumulative probabilities given the kind of ending, without the last, which is 1."""
    whole = 0.0
    for path in paths:
        whole += path.probability
    cumulative, total = [], 0.0
    for path in paths[:-1]:
        total += path.probability
        cumulative.append(total / whole)
    return cumulative


def _normal_threshold(cumulative: float) -> float:
    # Later paths of less than 1e-16 cannot be reached.
    return float(normal_quantile(np.array([cumulative]))[0]) if cumulative < 1.0 else math.inf


def _cell_probabilities(latent: LatentLaw, edges: FloatArray, failure_cells: int) -> FloatArray:
    """Probability of each cell; the end cells hold all that lies beyond the table."""
    split = max(failure_cells, 1)
    below = latent.lower(edges[: split + 1])
    above = latent.upper(edges[split:])
    below[0], above[-1] = 0.0, 0.0
    return np.concatenate([below[1:] - below[:-1], above[:-1] - above[1:]])


def _expectation(mass: FloatArray, values: FloatArray) -> float:
    """The mean over cells and places, in a fixed order of additions."""
    total = values[:, 0].copy()
    for slot in range(1, SLOTS):
        total += values[:, slot]
    return math.fsum((mass * total / SLOTS).tolist())
