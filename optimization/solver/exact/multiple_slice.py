"""The allocations with at least some expected multiple, and how low each scenario gets in them.

A slice {E >= X} with the limits on weights and CVaR is a small polytope when X is near the optimum.
In most scenarios all of it gains, or all of it loses; only the rest needs a decision. What is
found holds in this slice and in every higher one, never in a lower one.
"""

from collections.abc import Iterable

import numpy as np

from optimization.solver.budgeted_highs import SolverFailed
from optimization.solver.exact.incremental_lp import Floats, LpOutcome
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.exact.tail_cuts import Cut
from optimization.solver.exact.weight_polytope import WeightPolytope
from optimization.solver.scenario_bounds import ScenarioBounds, scenario_bounds
from optimization.solver.stated.problem import AllocationProblem

# Taken off every bound and cut: a hundred times the tolerance of the programs that give them.
MARGIN = 1e-7
# Scenarios below this at a reference point may lose in the slice; others do so only if found to.
MAY_COME_NEAR = 1.4
# A loss range this small would make rows that the solver cannot tell from M_s >= 1.
SMALLEST_RANGE = 1e-4
# Bounds are computed again with the sharper cuts while that decides a tenth of the scenarios.
WORTHWHILE = 0.9
MOST_ROUNDS = 3
MOST_CUTS = 60
MOST_CUTS_PER_BOUND = 3
TAIL_EXCESS = 1e-3


class MultipleSlice:
    """``near`` are the scenarios that are looked at; what is known of a ``lower`` slice of the same
    problem is taken over. Once `tighten` has run: ``lowest`` and ``highest`` (S,) bound M_s;
    ``free`` are the scenarios that may lose or gain, ``always`` those that lose everywhere;
    ``allowed`` is how many of the free ones may lose.
    ``is_empty`` says that no allocation in the slice has few enough losing scenarios.
    """

    def __init__(
        self,
        problem: AllocationProblem,
        *,
        minimum: float,
        cuts: Iterable[Cut],
        near: Iterable[int],
        budget: SearchBudget,
        lower: "MultipleSlice | None" = None,
    ) -> None:
        self.polytope = WeightPolytope(problem, budget=budget)
        self._lock = self.polytope.add_row(self.polytope.means, lower=minimum)
        self.minimum = minimum
        for cut in cuts:
            self.polytope.add_cut(cut)
        self._limit = problem.allowed_losing_scenarios() or 0
        self.lowest = scenario_bounds(
            multiples=problem.multiples, max_bucket_weight=problem.limits.max_bucket_weight
        ).lowest
        self.highest = np.full(problem.scenarios, np.inf)
        self._gains_somewhere = np.zeros(problem.scenarios, dtype=bool)
        self._budget = budget
        self.free = sorted(near)
        self.always: set[int] = set()
        self.is_empty = False
        if lower is not None:
            self._take_over(lower)

    @property
    def allowed(self) -> int:
        return self._limit - len(self.always)

    def _take_over(self, lower: "MultipleSlice") -> None:
        """What is known of a lower slice that has been tightened: it contains this one."""
        self.lowest = np.maximum(self.lowest, lower.lowest)
        self.highest = np.minimum(self.highest, lower.highest)
        self.always = set(lower.always)
        self.free = [s for s in self.free if self.lowest[s] < 1 and s not in self.always]

    def raise_minimum(self, minimum: float) -> None:
        """Keeps the higher part; all that is known of the slice holds there."""
        self.minimum = minimum
        self.polytope.lp.bound_rows(
            np.array([self._lock], dtype=np.int32), np.array([minimum]), np.array([np.inf])
        )

    def inequalities(self) -> list[Cut]:
        """The slice as coefficients . w >= minimum, but for the budget and w >= 0."""
        return [Cut(self.polytope.means, self.minimum), *self.polytope.inequalities()]

    def tighten(self) -> None:
        """Least M_s, and the greatest where it may be below 1, for every free scenario. Those left
        when the budget runs out keep the bounds they have.
        """
        for _ in range(MOST_ROUNDS):
            before = len(self.free)
            for s in self.free:
                if self._budget.used_up() is None:
                    self._bound(s)
                if self.is_empty:
                    return
            self.free = [s for s in self.free if self.lowest[s] < 1 and s not in self.always]
            if len(self.free) > WORTHWHILE * before:
                break
        self.polytope.lp.set_costs(self.polytope.weights, np.zeros(self.polytope.weights.size))

    def bounds(self) -> ScenarioBounds:
        return ScenarioBounds(lowest=self.lowest, highest=self.highest)

    def largest_loss(self, scenario: int) -> float:
        """A bound on 1 - M_s over the slice, at least `SMALLEST_RANGE`."""
        return max(SMALLEST_RANGE, 1 - float(self.lowest[scenario]))

    def _bound(self, scenario: int) -> None:
        multiples = self.polytope.scenario(scenario)
        lowest = self._least(multiples)
        if lowest is None:
            return
        self.lowest[scenario] = max(self.lowest[scenario], lowest - MARGIN)
        if self.lowest[scenario] >= 1 or self._gains_somewhere[scenario]:
            return
        highest = self._least(-multiples)
        if highest is None:
            return
        self.highest[scenario] = -highest + MARGIN
        if self.highest[scenario] < 1:
            self.always.add(scenario)
            self.is_empty = self.allowed < 0

    def _least(self, costs: Floats) -> float | None:
        """The minimum over the slice, None when that turns out empty."""
        self.polytope.lp.set_costs(self.polytope.weights, costs)
        outcome = self.polytope.lp.solve()
        for _ in range(MOST_CUTS_PER_BOUND):
            if outcome.status != "optimal" or not self._cut_off(outcome):
                break
            outcome = self.polytope.lp.solve()
        if outcome.status != "optimal":
            self.is_empty = True
            return None
        self._gains_somewhere |= self.polytope.portfolio(outcome) >= 1
        return outcome.objective

    def _cut_off(self, outcome: LpOutcome) -> bool:
        """Adds a cut that the point breaks, if one is at hand."""
        if len(self.polytope.cuts()) >= MOST_CUTS:
            self.polytope.drop_slack_cuts()
        portfolio = self.polytope.portfolio(outcome)
        if self.polytope.cut_tail(portfolio, tolerance=TAIL_EXCESS):
            return True
        cut = self._loss_sum_cut(portfolio)
        if cut is None:
            return False
        self.polytope.add_cut(cut)
        return True

    def _loss_sum_cut(self, portfolio: Floats) -> Cut | None:
        """sum over T of (1 - M_s) / (1 - lowest_s) <= allowed, for the free scenarios T that lose
        here: each term is at most 1, and at most 0 where the scenario gains.
        """
        losing = [s for s in self.free if portfolio[s] < 1 and s not in self.always]
        ranges = 1 - np.minimum(self.lowest[losing], 1 - SMALLEST_RANGE)
        if float(((1 - portfolio[losing]) / ranges).sum()) <= self.allowed + SMALLEST_RANGE:
            return None
        coefficients = (self.polytope.problem.multiples[:, losing] / ranges).sum(axis=1)
        return Cut(coefficients, float((1 / ranges).sum()) - self.allowed - MARGIN)


def bounds_above(
    problem: AllocationProblem, *, minimum: float, known: Floats, budget: SearchBudget
) -> ScenarioBounds:
    """Bounds on M_s for allocations within every limit and with at least this expected multiple,
    of which ``known`` (B,) is one.
    """
    piece = MultipleSlice(
        problem, minimum=minimum, cuts=(), near=range(problem.scenarios), budget=budget
    )
    piece.polytope.cut_tail(known @ problem.multiples, tolerance=-np.inf)
    piece.tighten()
    if piece.is_empty:
        raise SolverFailed("a slice with a known allocation was found empty")
    return piece.bounds()
