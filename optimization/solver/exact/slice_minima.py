"""The least values of sums of weights over a slice, one after another, by the compiled kernels."""

import numpy as np
from numpy.typing import NDArray

from optimization.solver.compiled.count_levels import Scenarios
from optimization.solver.compiled.dual_simplex import INFEASIBLE, OPTIMAL, minimise
from optimization.solver.compiled.search_memory import slice_memory
from optimization.solver.compiled.slice_minimum import MOST_PIVOTS, Losses, least_in_slice
from optimization.solver.compiled.switch_rows import SwitchRows, first_row
from optimization.solver.compiled.tableau import begin
from optimization.solver.exact.incremental_lp import Floats
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.exact.tail_cuts import Cut, stated_tail
from optimization.solver.exact.weight_polytope import WeightPolytope

# Rows for cuts that are made on the way.
MOST_CUTS = 60


class SliceMinima:
    """Of what ``polytope`` states now. ``is_empty`` says that nothing is within its rows and the
    cuts made so far, ``portfolio`` (S,) is that of the last minimum. What is empty by a hair, or
    is so but for a hair, has neither a point nor a proof that there is none: it ``is_usable`` for
    no bound then.
    """

    def __init__(self, polytope: WeightPolytope, *, budget: SearchBudget) -> None:
        self._budget = budget
        self._buckets = polytope.weights.size
        self._rows = _rows(polytope)
        self._scenarios = _scenarios(polytope)
        self._memory = slice_memory(self._rows, self._scenarios)
        self.is_empty, self.is_usable = False, True
        self._enter()

    @property
    def portfolio(self) -> Floats:
        return self._memory.point.portfolio

    def least(
        self, costs: Floats, *, is_open: NDArray[np.bool_], lowest: Floats, allowed: int
    ) -> float:
        """A bound below costs . w for the weights w (B,) of the slice in which at most ``allowed``
        of the scenarios lose that ``is_open`` (S,) says of, where ``lowest`` (S,) is how low they
        get. No bound is above a slice that turns out empty.
        """
        memory = self._memory
        of_columns = np.zeros(self._rows.coefficients.shape[1])
        of_columns[: self._buckets] = costs
        losses = Losses(is_open, lowest, np.array([allowed], dtype=np.int64))
        self.is_empty, bound, pivots = least_in_slice(
            memory.tableau,
            self._rows,
            self._scenarios,
            losses,
            memory.point,
            memory.work,
            of_columns,
        )
        self._budget.spend_pivots(pivots)
        if self.is_empty:
            return np.inf
        if bound == -np.inf:
            self._enter()
        return float(bound)

    def cuts(self) -> list[Cut]:
        """Those made on the way that are still stated."""
        first = first_row(self._rows)
        made = range(int(self._rows.kept[0]), int(self._rows.size[0]))
        return [
            Cut(
                self._rows.coefficients[row, : self._buckets].copy(),
                float(self._rows.lower[first + row]),
            )
            for row in made
            if self._memory.tableau.present[first + row]
        ]

    def _enter(self) -> None:
        """Starts anew from a point within all rows."""
        memory = self._memory
        begin(memory.tableau, self._rows)
        status, _, pivots = minimise(memory.tableau, self._rows, memory.work, np.inf, MOST_PIVOTS)
        self._budget.spend_pivots(pivots)
        self.is_empty = status == INFEASIBLE
        self.is_usable = status == OPTIMAL


def _rows(polytope: WeightPolytope) -> SwitchRows:
    stated = polytope.lp.stated()
    count, columns = stated.coefficients.shape
    height = count + MOST_CUTS
    coefficients = np.zeros((height, columns))
    coefficients[:count] = stated.coefficients
    room = np.full(MOST_CUTS, np.inf)
    return SwitchRows(
        coefficients=coefficients,
        by_column=np.ascontiguousarray(coefficients.T),
        switch=np.full(height, -1, dtype=np.int64),
        on_switch=np.zeros(height),
        lower=np.concatenate([stated.column_lower, stated.row_lower, -room]),
        upper=np.concatenate([stated.column_upper, stated.row_upper, room]),
        size=np.array([count], dtype=np.int64),
        kept=np.array([count], dtype=np.int64),
    )


def _scenarios(polytope: WeightPolytope) -> Scenarios:
    problem = polytope.problem
    shares, highest_cvar = stated_tail(problem)
    return Scenarios(
        multiples=np.array(problem.multiples, dtype=np.float64, order="C"),
        switched=np.zeros(0, dtype=np.int64),
        shares=shares,
        highest_cvar=np.array([highest_cvar]),
        most_losing=np.array([problem.scenarios], dtype=np.int64),
    )
