"""Looks for a set of losing scenarios that is small enough, when the greedy choice ends nowhere.

For a target expected multiple it minimises a weighted sum of the scenarios' losses, again and
again, each time weighting a scenario by the inverse of the loss it had: small losses are worth
removing, large ones are given up, and the number of losing scenarios falls (reweighted l1
minimisation; Candes, Wakin & Boyd, Journal of Fourier Analysis and Applications 14, 2008). Nothing
is proved by finding nothing.
"""

import numpy as np

from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.exact.weight_polytope import LOST_BELOW, WeightPolytope
from optimization.solver.stated.problem import AllocationProblem

# Shares of the bound on the expected multiple, tried one after another.
TARGETS = (0.995, 0.98, 0.95, 0.9, 0.8, 0.0)
MOST_STEPS = 30
# Added to a loss before it is inverted: below it, losses are removed all alike.
SMALL_LOSS = 0.02


class LossRemoval:
    """Weights and a loss for every scenario, in one linear program."""

    def __init__(self, problem: AllocationProblem, *, budget: SearchBudget) -> None:
        self._polytope = WeightPolytope(problem, budget=budget)
        self._budget = budget
        lp, scenarios = self._polytope.lp, problem.scenarios
        self._lock = self._polytope.add_row(self._polytope.means, lower=0.0)
        self._losses = lp.add_columns(np.zeros(scenarios), np.ones(scenarios))
        for s in range(scenarios):
            columns = np.append(self._polytope.weights, self._losses[s])
            lp.add_row(columns, np.append(self._polytope.scenario(s), 1.0), 1.0, np.inf)

    def small_enough(self, *, allowed: int, ceiling: float) -> frozenset[int] | None:
        """At most ``allowed`` scenarios in which alone some allocation loses, or None."""
        for share in TARGETS:
            self._polytope.lp.bound_rows(
                np.array([self._lock], dtype=np.int32),
                np.array([share * ceiling]),
                np.array([np.inf]),
            )
            found = self._near(allowed)
            if found is not None:
                return found
        return None

    def _near(self, allowed: int) -> frozenset[int] | None:
        costs = np.ones(self._losses.size)
        before = np.inf
        for _ in range(MOST_STEPS):
            if self._budget.used_up() is not None:
                return None
            self._polytope.lp.set_costs(self._losses, costs)
            outcome = self._polytope.solve_within_tail()
            if outcome.status != "optimal":
                return None
            portfolio = self._polytope.portfolio(outcome)
            lost = np.flatnonzero(portfolio < LOST_BELOW)
            if lost.size <= allowed:
                return frozenset(lost.tolist())
            if outcome.objective == before:
                return None
            before = outcome.objective
            costs = SMALL_LOSS / (np.maximum(0.0, 1 - portfolio) + SMALL_LOSS)
        return None
