"""What one deal returns, as a function of its outcome, rank and path."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scenarios.simulation.configuration.parameters import FailureRecovery
from scenarios.simulation.deals.exit_multiples import ExitMultiples
from scenarios.simulation.deals.follow_ons import Holding
from scenarios.simulation.deals.outcome_paths import OutcomePaths, Path
from scenarios.simulation.randomness.elementary import FloatArray, normal_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class PathMoney:
    """Arrays over the paths of one kind of ending: (paths,) float64 per initial dollar.

    ``returned`` is the unspent reserve handed back, all zero where reserves stay idle.
    """

    shares: FloatArray
    invested: FloatArray
    returned: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class DealLaw:
    """A deal returns, per allocated dollar (cheque and reserves),

    (share price * shares + returned) / (1 + reserve ratio) on an exit and
    (recovery * invested + returned) / (1 + reserve ratio) on a failure.
    """

    paths: OutcomePaths
    holdings: tuple[Holding, ...]
    exit_multiples: ExitMultiples
    failure_recovery: FailureRecovery
    value_path_coupling: float
    reserve_ratio: float
    idle_reserves_returned: bool

    def money(self, paths: Sequence[Path]) -> PathMoney:
        held = [self.holdings[path.graduations] for path in paths]
        is_returned = 1.0 if self.idle_reserves_returned else 0.0
        return PathMoney(
            shares=np.array([holding.shares for holding in held]),
            invested=np.array([1.0 + holding.reserves_spent for holding in held]),
            returned=np.array([is_returned * holding.reserves_left for holding in held]),
        )

    def exit_path_thresholds(self) -> list[float]:
        """Where the path normal of an exit passes from one path to the next."""
        cumulative = np.array(inner_cumulative(self.paths.exits))
        # Later paths of less than 1e-16 together cannot be reached.
        is_reached = cumulative < 1.0
        thresholds = np.full(len(cumulative), math.inf)
        thresholds[is_reached] = normal_quantile(cumulative[is_reached])
        return thresholds.tolist()

    @property
    def own_path_loading(self) -> float:
        """Loading of the path normal on its own draw; the rest is the rank of the exit."""
        return math.sqrt(1.0 - self.value_path_coupling * self.value_path_coupling)


def inner_cumulative(paths: Sequence[Path]) -> list[float]:
    """Cumulative probabilities given the kind of ending, without the last, which is 1."""
    whole = 0.0
    for path in paths:
        whole += path.probability
    cumulative, total = [], 0.0
    for path in paths[:-1]:
        total += path.probability
        cumulative.append(total / whole)
    return cumulative
