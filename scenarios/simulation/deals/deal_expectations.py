"""Exact mean and win probability of one deal, by quadrature over the rank of exits.

They depend on the marginal law alone: no factor, loading or regime enters.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from scenarios.simulation.deals.deal_law import DealLaw
from scenarios.simulation.randomness.elementary import FloatArray, normal_upper_tail
from scenarios.simulation.randomness.exact_sum import exact_sum

WIN_MULTIPLE = 10.0
"""A deal wins if it returns at least this much per allocated dollar (cheque and reserves)."""

CELLS_PER_UNIT = 512
REACH = 8.5
"""The grid of rank normals; 2e-17 of the ranks lie beyond each end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DealExpectations:
    """Per deal, relative error about 1e-6; ``multiple`` is per allocated dollar."""

    multiple: float
    win_probability: float


@lru_cache(maxsize=1024)
def deal_expectations(law: DealLaw) -> DealExpectations:
    path_probabilities = _path_probabilities(law)
    return DealExpectations(
        multiple=_expected_failure(law) + _expected_exit(law, path_probabilities),
        win_probability=_win_probability(law, path_probabilities),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedProceeds:
    """Expected proceeds per dollar of the initial cheque, path by path in the order of the law's
    paths; over all paths they are what one deal is expected to return besides reserves."""

    exits: tuple[float, ...]
    failures: tuple[float, ...]


def expected_proceeds(law: DealLaw) -> ExpectedProceeds:
    edges_tail, middle_normals, middle_tail = _rank_grid()
    mass = edges_tail[:-1] - edges_tail[1:]
    share_prices = law.exit_multiples.quantile(rank_normal=middle_normals, upper_tail=middle_tail)
    exits = [
        law.paths.exit_probability * shares * math.fsum((mass * path * share_prices).tolist())
        for path, shares in zip(
            _path_probabilities(law), law.money(law.paths.exits).shares.tolist(), strict=True
        )
    ]
    invested = law.money(law.paths.failures).invested.tolist()
    failures = [
        path.probability * _mean_recovery(law) * spent
        for path, spent in zip(law.paths.failures, invested, strict=True)
    ]
    return ExpectedProceeds(exits=tuple(exits), failures=tuple(failures))


def _mean_recovery(law: DealLaw) -> float:
    """Per invested dollar; the rank of a failure is uniform."""
    return law.failure_recovery.maximum * (1.0 - law.failure_recovery.threshold) / 2.0


def _expected_failure(law: DealLaw) -> float:
    """Closed form: the rank of a failure is uniform and its path independent of it."""
    money = law.money(law.paths.failures)
    values = (_mean_recovery(law) * money.invested + money.returned) / (1.0 + law.reserve_ratio)
    return math.fsum(
        path.probability * value
        for path, value in zip(law.paths.failures, values.tolist(), strict=True)
    )


def _expected_exit(law: DealLaw, path_probabilities: Sequence[FloatArray]) -> float:
    edges_tail, middle_normals, middle_tail = _rank_grid()
    mass = edges_tail[:-1] - edges_tail[1:]
    share_prices = law.exit_multiples.quantile(rank_normal=middle_normals, upper_tail=middle_tail)
    money = law.money(law.paths.exits)
    terms = [
        mass * path * (share_prices * shares + returned)
        for path, shares, returned in zip(
            path_probabilities, money.shares, money.returned, strict=True
        )
    ]
    total = exact_sum(np.concatenate(terms))
    return law.paths.exit_probability * total / (1.0 + law.reserve_ratio)


def _win_probability(law: DealLaw, path_probabilities: Sequence[FloatArray]) -> float:
    """Each path wins above its own share price; the cell that holds that rank counts in part."""
    edges_tail, _, _ = _rank_grid()
    money = law.money(law.paths.exits)
    needed = (WIN_MULTIPLE * (1.0 + law.reserve_ratio) - money.returned) / money.shares
    winning_tails = law.exit_multiples.upper_tail(needed)
    terms = []
    for path, winning_tail in zip(path_probabilities, winning_tails, strict=True):
        winning_edges = np.minimum(edges_tail, winning_tail)
        terms.append(path * (winning_edges[:-1] - winning_edges[1:]))
    return law.paths.exit_probability * exact_sum(np.concatenate(terms))


def _path_probabilities(law: DealLaw) -> list[FloatArray]:
    """For each exit path its probability given the rank, at the middle of every cell."""
    _, middle_normals, _ = _rank_grid()
    reached = [np.ones_like(middle_normals)]
    for threshold in law.exit_path_thresholds():
        if math.isinf(threshold):
            reached.append(np.zeros_like(middle_normals))
            continue
        distance = threshold - law.value_path_coupling * middle_normals
        reached.append(normal_upper_tail(distance / law.own_path_loading))
    reached.append(np.zeros_like(middle_normals))
    return [now - later for now, later in pairwise(reached)]


@lru_cache(maxsize=1)
def _rank_grid() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Upper tails at the cell edges; normal and upper tail at the middle of the cells.

    The upper tail 1 - v of an exit's rank v keeps the digits of the best exits.
    """
    cells = int(2 * REACH * CELLS_PER_UNIT)
    edges = (np.arange(cells + 1) - cells / 2) / CELLS_PER_UNIT
    middles = (np.arange(cells) + 0.5 - cells / 2) / CELLS_PER_UNIT
    tails = normal_upper_tail(edges)
    tails[0], tails[-1] = 1.0, 0.0
    return tails, middles, normal_upper_tail(middles)
