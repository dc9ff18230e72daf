"""Risk of a portfolio from its multiples in equally likely scenarios.

Sources: Rockafellar & Uryasev, "Optimization of conditional value-at-risk", Journal of Risk 2
(2000), and "Conditional value-at-risk for general loss distributions", Journal of Banking &
Finance 26 (2002), for a tail whose mass is no whole number of scenarios.
"""

import math

import numpy as np
from numpy.typing import NDArray

# A portfolio has lost when it returns less than its cost. The margin is a thousand times the
# solver's feasibility tolerance, so a scenario the solver holds at exactly 1 is never counted.
LOSS_THRESHOLD = 1 - 1e-6


def portfolio_multiples(
    *, weights: NDArray[np.float64], multiples: NDArray[np.floating]
) -> NDArray[np.float64]:
    """(S,): multiple of the portfolio in each scenario, from weights (B,) and multiples (B, S).

    Buckets are added one after another in float64, so the result for a scenario does not depend
    on which other scenarios are computed with it, as it can with a matrix product.
    """
    if weights.shape != multiples.shape[:1]:
        raise ValueError(
            f"{weights.shape[0]} weights do not fit {multiples.shape[0]} rows of multiples"
        )
    total = np.zeros(multiples.shape[1])
    for weight, row in zip(weights.tolist(), multiples, strict=True):
        total += weight * row.astype(np.float64)
    return total


def losing_scenarios(portfolio: NDArray[np.float64]) -> int:
    """The number of scenarios in which the portfolio multiple is below `LOSS_THRESHOLD`."""
    return int(np.count_nonzero(portfolio < LOSS_THRESHOLD))


def loss_probability(portfolio: NDArray[np.float64]) -> float:
    """The share of losing scenarios, 0..1."""
    return losing_scenarios(portfolio) / portfolio.size


def losses(portfolio: NDArray[np.float64]) -> NDArray[np.float64]:
    """(S,): the fraction of the capital lost in each scenario, 0 where there is a gain."""
    return np.maximum(1.0 - portfolio, 0.0)


def cvar(portfolio: NDArray[np.float64], *, confidence: float) -> float:
    """The mean of `losses` over the worst ``1 - confidence`` of the probability, 0..1.

    The tail holds ``(1 - confidence) * S`` scenarios; the one at its edge counts with the
    fraction that falls inside. Four losses .8 .4 .2 0 at confidence .625: the tail is 1.5
    scenarios, (.8 + .5 * .4) / 1.5 = .6667.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}, must be above 0 and below 1")
    tail_scenarios = (1 - confidence) * portfolio.size
    whole = math.floor(tail_scenarios)
    worst = largest(losses(portfolio), count=min(whole + 1, portfolio.size))
    total = math.fsum(worst[:whole].data)
    if whole < portfolio.size:
        total += (tail_scenarios - whole) * float(worst[whole])
    return total / tail_scenarios


def largest(losses: NDArray[np.float64], *, count: int) -> NDArray[np.float64]:
    """The ``count`` largest of losses of at least 0, the largest first.

    Only those above 0 are sorted: they are few, and a search among so many equal ones is slow.
    """
    positive = np.sort(losses[losses > 0])[::-1]
    return np.concatenate([positive[:count], np.zeros(max(0, count - positive.size))])
