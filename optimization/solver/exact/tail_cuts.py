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

from optimization.solver.stated.problem import AllocationProblem

# Ten times what the linear programs keep their rows to: a smaller excess could not be cut off.
TAIL_TOLERANCE = 1e-8


class Cut(NamedTuple):
    """coefficients (B,) . w >= minimum."""

    coefficients: NDArray[np.float64]
    minimum: float


class Tail(NamedTuple):
    """Losing ``scenarios``, and the share of the tail that each takes: one part in the size of the
    tail at most, and 1 together at most.
    """

    scenarios: NDArray[np.intp]
    shares: NDArray[np.float64]

    def mean_loss(self, portfolio: NDArray[np.float64]) -> float:
        """Of a portfolio (S,): its CVaR if the tail is its own, else less."""
        return float(self.shares @ (1 - portfolio[self.scenarios]))

    def cut(self, by_scenario: NDArray[np.float64], *, maximum: float) -> Cut:
        """mean loss <= maximum, as an inequality on the weights; the multiples are (S, B). It holds
        wherever CVaR keeps ``maximum``: no share is larger than the tail's own.
        """
        coefficients = self.shares @ by_scenario[self.scenarios]
        return Cut(coefficients, math.fsum(self.shares.tolist()) - maximum)


def tail_scenarios(*, confidence: float, scenarios: int) -> float:
    """How many scenarios the tail holds, a fraction possibly; at least one."""
    return max((1 - confidence) * scenarios, 1.0)


def tail_shares(*, confidence: float, scenarios: int) -> NDArray[np.float64]:
    """What each scenario of the tail takes of it, the largest loss first: a fraction of a scenario
    is the last.
    """
    mass = tail_scenarios(confidence=confidence, scenarios=scenarios)
    size = min(scenarios, math.ceil(mass))
    shares = np.full(size, 1 / mass)
    shares[-1] = min(1.0, (mass - (size - 1)) / mass)
    return shares


def stated_tail(problem: AllocationProblem) -> tuple[NDArray[np.float64], float]:
    """The shares of the tail whose mean loss is limited, and the limit, infinite if none is."""
    limit = problem.limits.cvar
    if limit is None:
        return np.ones(1), np.inf
    shares = tail_shares(confidence=limit.confidence, scenarios=problem.scenarios)
    return shares, limit.maximum


def tail_of(portfolio: NDArray[np.float64], *, confidence: float) -> Tail:
    """The worst 1 - c of the probability; its mean loss is the CVaR of ``portfolio`` (S,)."""
    shares = tail_shares(confidence=confidence, scenarios=portfolio.size)
    worst = np.argpartition(portfolio, shares.size - 1)[: shares.size]
    worst = worst[np.lexsort((worst, portfolio[worst]))]
    loses = portfolio[worst] < 1
    return Tail(worst[loses], shares[loses])
