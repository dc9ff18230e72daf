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


def tail_cut(
    multiples: NDArray[np.float64], portfolio: NDArray[np.float64], limit: CvarLimit
) -> Cut:
    """The inequality that holds wherever CVaR keeps its limit and cuts deepest at ``portfolio``.

    Any weights q on scenarios with 0 <= q_s <= 1 / tail and sum at most 1 give
    sum q_s (1 - M_s) <= CVaR, with equality at ``portfolio`` (S,) for those of its own tail.
    """
    scenarios, shares = _tail(portfolio, limit)
    return Cut(multiples[:, scenarios] @ shares, math.fsum(shares.tolist()) - limit.maximum)


def excess_over(limit: CvarLimit, portfolio: NDArray[np.float64]) -> float:
    """By how much the CVaR of ``portfolio`` (S,) is above its limit; negative within it."""
    scenarios, shares = _tail(portfolio, limit)
    return float(shares @ (1 - portfolio[scenarios])) - limit.maximum


def _tail(
    portfolio: NDArray[np.float64], limit: CvarLimit
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The losing scenarios of the worst 1 - c, and the share of the tail that each takes."""
    tail_scenarios = max((1 - limit.confidence) * portfolio.size, 1.0)
    size = min(portfolio.size, math.ceil(tail_scenarios))
    worst = np.argpartition(portfolio, size - 1)[:size]
    worst = worst[np.lexsort((worst, portfolio[worst]))]
    shares = np.full(size, 1 / tail_scenarios)
    shares[-1] = min(1.0, (tail_scenarios - (size - 1)) / tail_scenarios)
    loses = portfolio[worst] < 1
    return worst[loses], shares[loses]
