"""Every choice of losing scenarios, one linear program each: what allocations there are at all.

Written with scipy's linprog and plain arrays, CVaR in the extended form of Rockafellar & Uryasev
(2000): mean loss of the tail = min over tau of tau + sum of max(0, 1 - M_s - tau) / mass.
"""

from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

Floats = NDArray[np.float64]


class Market(NamedTuple):
    """Weights w (B,) of 1 together, each at most ``most``, with means . w >= ``minimum``, a loss in
    ``allowed`` scenarios at most and a mean loss of the tail of at most ``highest_cvar``.
    ``multiples`` (B, S).
    """

    multiples: Floats
    most: float
    minimum: float
    allowed: int
    confidence: float
    highest_cvar: float

    @property
    def means(self) -> Floats:
        return np.asarray(self.multiples.mean(axis=1))

    @property
    def shape(self) -> tuple[int, int]:
        buckets, scenarios = self.multiples.shape
        return buckets, scenarios


def least_of_allocations(market: Market, costs: Floats, *, slack: float = 0.0) -> float:
    """The least costs . w with every limit kept to ``slack``; infinite when there is none."""
    _, scenarios = market.shape
    allowed = min(market.allowed, scenarios)
    return min(
        _least(market, costs, losing=losing, slack=slack)
        for losing in combinations(range(scenarios), allowed)
    )


def _least(market: Market, costs: Floats, *, losing: tuple[int, ...], slack: float) -> float:
    """The variables are w, tau and one u for each scenario."""
    buckets, scenarios = market.shape
    size = buckets + 1 + scenarios
    gains = np.zeros((scenarios, size))
    gains[:, :buckets] = market.multiples.T
    tail_rows = gains.copy()
    tail_rows[:, buckets] = 1.0
    tail_rows[:, buckets + 1 :] = np.eye(scenarios)
    required = np.delete(gains, losing, axis=0)
    minimum = np.concatenate([market.means, np.zeros(1 + scenarios)])[None, :]
    at_least = [tail_rows, required, minimum]
    ends = [
        np.ones(scenarios),
        np.full(required.shape[0], 1 - slack),
        np.array([market.minimum - slack]),
    ]
    if np.isfinite(market.highest_cvar):
        mass = max((1 - market.confidence) * scenarios, 1.0)
        tail = np.concatenate([np.zeros(buckets), np.ones(1), np.full(scenarios, 1 / mass)])
        at_least.append(-tail[None, :])
        ends.append(np.array([-market.highest_cvar - slack]))
    solved = linprog(
        np.concatenate([costs, np.zeros(1 + scenarios)]),
        A_ub=-np.concatenate(at_least),
        b_ub=-np.concatenate(ends),
        A_eq=np.concatenate([np.ones(buckets), np.zeros(1 + scenarios)])[None, :],
        b_eq=[1.0],
        bounds=[(0.0, market.most)] * buckets + [(0.0, None)] * (1 + scenarios),
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10},
    )
    if solved.status == 2:
        return np.inf
    assert solved.status == 0, solved.message
    assert solved.fun is not None
    return float(solved.fun)
