"""The allocations with at least some expected multiple, and how low each scenario gets in them.

A slice {E >= X} with the limits on weights and CVaR is a small polytope when X is near the optimum.
In most scenarios all of it gains, or all of it loses; only the rest needs a decision. What is
found holds in this slice and in every higher one, never in a lower one.
"""

from collections.abc import Iterable

import numpy as np

from optimization.solver.budgeted_highs import SolverFailed
from optimization.solver.exact.incremental_lp import Floats
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.exact.slice_minima import SliceMinima
from optimization.solver.exact.tail_cuts import Cut
from optimization.solver.exact.weight_polytope import WeightPolytope
from optimization.solver.scenario_bounds import ScenarioBounds, scenario_bounds
from optimization.solver.stated.problem import AllocationProblem

# Taken off every bound and cut: a hundred times the tolerance of the programs that give them.
MARGIN = 1e-7
# Scenarios below this at a reference point may lose in the slice; others do so only if found to.
MAY_COME_NEAR = 1.4
LOOKED_AT = 500
# A loss range this small would make rows that the solver cannot tell from M_s >= 1.
SMALLEST_RANGE = 1e-4
# Bounds are computed again with the sharper cuts while that decides a tenth of the scenarios.
WORTHWHILE = 0.9
MOST_ROUNDS = 3


def near_a_loss(portfolio: Floats) -> frozenset[int]:
    """The scenarios that may lose near an allocation with this ``portfolio`` (S,), and those next
    to them: to find that one never does takes a tenth of a millisecond.
    """
    below = np.flatnonzero(portfolio < MAY_COME_NEAR)
    lowest = np.argsort(portfolio, kind="stable")[:LOOKED_AT]
    return frozenset(below.tolist()) | frozenset(lowest.tolist())


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
        self._is_open = np.zeros(problem.scenarios, dtype=np.bool_)
        self.always: set[int] = set()
        self.is_empty = False
        if lower is not None:
            self._take_over(lower)
        self._is_open[self.free] = True

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
        minima = SliceMinima(self.polytope, budget=self._budget)
        self.is_empty = minima.is_empty
        for _ in range(MOST_ROUNDS):
            before = len(self.free)
            for s in self.free:
                if self.is_empty:
                    return
                if minima.is_usable and self._budget.used_up() is None:
                    self._bound(s, minima)
            self._is_open[self.free] = False
            self.free = [s for s in self.free if self.lowest[s] < 1 and s not in self.always]
            self._is_open[self.free] = True
            if len(self.free) > WORTHWHILE * before:
                break
        for cut in minima.cuts():
            self.polytope.add_cut(cut)

    def bounds(self) -> ScenarioBounds:
        return ScenarioBounds(lowest=self.lowest, highest=self.highest)

    def largest_loss(self, scenario: int) -> float:
        """A bound on 1 - M_s over the slice, at least `SMALLEST_RANGE`."""
        return max(SMALLEST_RANGE, 1 - float(self.lowest[scenario]))

    def _bound(self, scenario: int, minima: SliceMinima) -> None:
        multiples = self.polytope.scenario(scenario)
        lowest = self._least(multiples, minima)
        self.lowest[scenario] = max(self.lowest[scenario], lowest - MARGIN)
        if self.is_empty or self.lowest[scenario] >= 1 or self._gains_somewhere[scenario]:
            return
        highest = -self._least(-multiples, minima)
        self.highest[scenario] = min(self.highest[scenario], highest + MARGIN)
        if self.highest[scenario] < 1:
            self.always.add(scenario)
            self._is_open[scenario] = False
            self.is_empty |= self.allowed < 0

    def _least(self, costs: Floats, minima: SliceMinima) -> float:
        """A bound below the least value in the slice; infinite when the slice turns out empty."""
        least = minima.least(costs, is_open=self._is_open, lowest=self.lowest, allowed=self.allowed)
        self.is_empty = minima.is_empty
        self._gains_somewhere |= minima.portfolio >= 1
        return least


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
