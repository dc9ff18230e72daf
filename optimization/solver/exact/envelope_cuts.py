"""Valid inequalities z_s >= a . w + b for one scenario that may lose or not.

An allocation of the slice P either gains in the scenario (z = 0, M_s >= 1) or may lose (z = 1). The
convex hull of the two parts is described by writing w as y + (w - y), with y / (1 - z) in the part
that gains and (w - y) / z in P; the least z for a given w is a linear program in y and z, and its
duals give the inequality that holds everywhere and is tight at w (disjunctive programming: Balas,
Discrete Applied Mathematics 89, 1998).
"""

from typing import NamedTuple

import numpy as np

from optimization.solver.exact.incremental_lp import Duals, Floats, IncrementalLp
from optimization.solver.exact.multiple_slice import MARGIN, MultipleSlice
from optimization.solver.exact.search_budget import SearchBudget


class EnvelopeCut(NamedTuple):
    """z >= slope . w + constant over the slice; ``value`` is the right side where it was made."""

    slope: Floats
    constant: float
    value: float


class EnvelopeProgram:
    """min z over y, z with, for every row lower <= a . w <= upper of the slice,

    lower <= a . y + lower z <= a . w  and  a . w <= a . y + upper z <= upper,

    0 <= y <= w, the same for the bounds of w, and m_s . y + z >= 1.
    """

    def __init__(self, piece: MultipleSlice, *, budget: SearchBudget) -> None:
        polytope = piece.polytope
        buckets = polytope.weights.size
        self._lp = IncrementalLp(budget)
        self._y = self._lp.add_columns(np.zeros(buckets), np.ones(buckets))
        z = self._lp.add_columns(np.zeros(1), np.ones(1))
        self._lp.set_costs(z, np.ones(1))
        self._columns = np.append(self._y, z)
        self._budget_row = self._lp.add_row(self._columns, np.ones(buckets + 1), 1.0, 1.0)
        rows = piece.inequalities()
        self._coefficients = np.array([row.coefficients for row in rows])
        self._constants = np.array([row.minimum for row in rows])
        for row in rows:
            self._lp.add_row(self._columns, np.append(row.coefficients, row.minimum), 0.0, 1.0)
        self._gain_row = self._lp.add_row(self._columns, np.ones(buckets + 1), 1.0, np.inf)
        self._rows = np.arange(1, 1 + len(rows), dtype=np.int32)

    def move_to(self, weights: Floats) -> None:
        """The cuts to come are tight at ``weights`` (B,), a point of the slice."""
        values = self._coefficients @ weights
        self._lp.bound_rows(self._rows, self._constants, np.maximum(self._constants, values))
        self._lp.bound_columns(self._y, np.zeros(weights.size), np.maximum(weights, 0.0))

    def cut(self, multiples: Floats) -> EnvelopeCut | None:
        """For the scenario with these ``multiples`` (B,); None without an optimum."""
        for column, value in zip(self._y.tolist(), multiples.tolist(), strict=True):
            self._lp.change_coefficient(self._gain_row, column, value)
        outcome = self._lp.solve()
        if outcome.status != "optimal":
            return None
        return self._from_duals(self._lp.duals(), value=outcome.objective)

    def _from_duals(self, duals: Duals, *, value: float) -> EnvelopeCut:
        """The dual objective as a function of w: it is a lower bound on z wherever w is."""
        prices = duals.rows[self._rows]
        at_point = np.minimum(prices, 0.0)
        slope = self._coefficients.T @ at_point + np.minimum(duals.columns[self._y], 0.0)
        constant = (
            float(duals.rows[self._budget_row])
            + float(np.maximum(prices, 0.0) @ self._constants)
            + max(0.0, float(duals.rows[self._gain_row]))
            + min(0.0, float(duals.columns[-1]))
        )
        return EnvelopeCut(slope, constant - MARGIN, value)
