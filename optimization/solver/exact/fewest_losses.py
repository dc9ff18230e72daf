"""Looks for an allocation that loses in few scenarios.

A weighted sum of the scenarios' losses is minimised again and again, each time weighting a scenario
by the inverse of the loss it had: small losses are worth removing, large ones are given up, and the
number of losing scenarios falls (reweighted l1 minimisation; Candes, Wakin & Boyd, Journal of
Fourier Analysis and Applications 14, 2008). It ends where no weight changes any more; from the best
end so far it starts again with weights disturbed at random (iterated local search: Lourenço, Martin
& Stützle, Handbook of Metaheuristics, 2003). Nothing is proved.
"""

from dataclasses import dataclass

import numpy as np

from optimization.solver.exact.incremental_lp import Floats
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.exact.weight_polytope import LOST_BELOW, WeightPolytope
from optimization.solver.stated.problem import AllocationProblem

# Added to a loss before it is inverted: below it, losses are removed all alike.
SMALL_LOSS = 0.02
FIRST_STEPS = 12
STEPS_FROM_DISTURBED = 3
MOST_STARTS = 80
# Standard deviations of the logarithms of what each cost, and the small loss, are disturbed by.
DISTURBANCE = 1.0
SMALL_LOSS_DISTURBANCE = 0.7


@dataclass(frozen=True, slots=True)
class LossPoint:
    """``weights`` (B,) keep every limit but the one on loss probability; ``losses`` (S,) are what
    they lose in each scenario, 0 where they gain."""

    weights: Floats
    losses: Floats

    @property
    def losing(self) -> int:
        return int(np.count_nonzero(self.losses))

    def losing_scenarios(self) -> frozenset[int]:
        return frozenset(np.flatnonzero(self.losses).tolist())


class FewestLosses:
    """Weights and a loss for every scenario, in one linear program."""

    def __init__(self, problem: AllocationProblem, *, budget: SearchBudget) -> None:
        self._budget = budget
        self._polytope = WeightPolytope(problem, budget=budget)
        lp, scenarios = self._polytope.lp, problem.scenarios
        self._losses = lp.add_columns(np.zeros(scenarios), np.ones(scenarios))
        for s in range(scenarios):
            columns = np.append(self._polytope.weights, self._losses[s])
            lp.add_row(columns, np.append(self._polytope.scenario(s), 1.0), 1.0, np.inf)

    def start(self) -> LossPoint | None:
        """From equal weights on all losses; None when the limits contradict one another."""
        best = self._least(np.ones(self._losses.size))
        if best is None:
            return None
        return self._reweighted(best, best, steps=FIRST_STEPS, small_loss=SMALL_LOSS)

    def improve(
        self, start: LossPoint, *, random: np.random.Generator, iterations: int, enough: int = 0
    ) -> LossPoint:
        """The best met in `MOST_STARTS` more starts or about ``iterations`` of the simplex, or the
        first that loses in ``enough`` scenarios or fewer.
        """
        best = start
        last = self._budget.iterations + iterations
        for _ in range(MOST_STARTS):
            stop = self._budget.used_up()
            if best.losing <= enough or self._budget.iterations >= last or stop is not None:
                break
            small_loss = SMALL_LOSS * float(np.exp(SMALL_LOSS_DISTURBANCE * random.normal()))
            noise = np.exp(DISTURBANCE * random.normal(size=self._losses.size))
            moved = self._least(_costs(best, small_loss) * noise)
            if moved is not None:
                best = self._reweighted(
                    best, moved, steps=STEPS_FROM_DISTURBED - 1, small_loss=small_loss
                )
        return best

    def losing_only_in(self, scenarios: frozenset[int]) -> LossPoint | None:
        """An allocation that gains in all other scenarios; None when there is none."""
        costs = np.ones(self._losses.size)
        costs[sorted(scenarios)] = 0.0
        point = self._least(costs)
        if point is None or (point.losing_scenarios() - scenarios):
            return None
        return point

    def _reweighted(
        self, best: LossPoint, point: LossPoint, *, steps: int, small_loss: float
    ) -> LossPoint:
        """The best of ``best`` and what follows from ``point``, the last among equals."""
        for _ in range(steps):
            if point.losing <= best.losing:
                best = point
            following = self._least(_costs(point, small_loss))
            if following is None:
                return best
            point = following
        return point if point.losing <= best.losing else best

    def _least(self, costs: Floats) -> LossPoint | None:
        """The minimum of costs . losses; None when the limits contradict one another."""
        self._polytope.lp.set_costs(self._losses, costs)
        outcome = self._polytope.solve_within_tail()
        if outcome.status != "optimal":
            return None
        portfolio = self._polytope.portfolio(outcome)
        losses = np.where(portfolio < LOST_BELOW, 1 - portfolio, 0.0)
        return LossPoint(outcome.values[self._polytope.weights], losses)


def _costs(point: LossPoint, small_loss: float) -> Floats:
    return small_loss / (point.losses + small_loss)
