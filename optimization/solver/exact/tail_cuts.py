"""A limit on CVaR as inequalities on the weights, made where an allocation breaks it.

CVaR is the largest mean loss over all ways to put the tail's weight on scenarios, so each way gives
an inequality that every allocation within the limit meets (Rockafellar & Uryasev 2002, section 4;
the cutting planes are those of Künzi-Bay & Mayer, Computational Management Science 3, 2006). A
handful of cuts does the work of a row and a column for every scenario.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimization.solver.stated.limits import CvarLimit

# Ten times what the linear programs keep their rows to: a smaller excess could not be cut off.
TAIL_TOLERANCE = 1e-8


class Cut(NamedTuple):
    """coefficients (B,) . w >= minimum."""

    coefficients: NDArray[np.float64]
    minimum: float


class Tail(NamedTuple):
    """The losing ``scenarios`` of the worst part, and the share of the tail that each takes. The
    shares sum to 1 at most.
    """

    scenarios: NDArray[np.intp]
    shares: NDArray[np.float64]

    def mean_loss(self, portfolio: NDArray[np.float64]) -> float:
        """Of a portfolio (S,): its CVaR if the tail is its own, else less."""
        return float(self.shares @ (1 - portfolio[self.scenarios]))

    def cut(self, by_scenario: NDArray[np.float64], *, maximum: float) -> Cut:
        """mean loss <= maximum, as an inequality on the weights; the multiples are (S, B)."""
        coefficients = self.shares @ by_scenario[self.scenarios]
        return Cut(coefficients, math.fsum(self.shares.tolist()) - maximum)


def tail_cut(
    multiples: NDArray[np.float64], portfolio: NDArray[np.float64], limit: CvarLimit
) -> Cut:
    """The inequality that holds wherever CVaR keeps its limit and cuts deepest at ``portfolio``.

    Any weights q on scenarios with 0 <= q_s <= 1 / tail and sum at most 1 give
    sum q_s (1 - M_s) <= CVaR, with equality at ``portfolio`` (S,) for those of its own tail.
    """
    return tail_of(portfolio, confidence=limit.confidence).cut(multiples.T, maximum=limit.maximum)


def excess_over(limit: CvarLimit, portfolio: NDArray[np.float64]) -> float:
    """By how much the CVaR of ``portfolio`` (S,) is above its limit; negative within it."""
    return tail_of(portfolio, confidence=limit.confidence).mean_loss(portfolio) - limit.maximum


def tail_scenarios(*, confidence: float, scenarios: int) -> float:
    """How many scenarios the tail holds, a fraction possibly; at least one."""
    return max((1 - confidence) * scenarios, 1.0)


def tail_of(portfolio: NDArray[np.float64], *, confidence: float) -> Tail:
    """The worst 1 - c of the probability."""
    mass = tail_scenarios(confidence=confidence, scenarios=portfolio.size)
    size = min(portfolio.size, math.ceil(mass))
    worst = np.argpartition(portfolio, size - 1)[:size]
    worst = worst[np.lexsort((worst, portfolio[worst]))]
    shares = np.full(size, 1 / mass)
    shares[-1] = min(1.0, (mass - (size - 1)) / mass)
    loses = portfolio[worst] < 1
    return Tail(worst[loses], shares[loses])
