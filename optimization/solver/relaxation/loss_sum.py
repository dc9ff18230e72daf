"""The limit on losing scenarios without switches: a sum of losses that few enough can make up."""

import numpy as np

from optimization.solver.exact.incremental_lp import Floats
from optimization.solver.exact.tail_cuts import Cut
from optimization.solver.measures.risk import LOSS_THRESHOLD
from optimization.solver.scenario_bounds import scenario_bounds
from optimization.solver.stated.problem import AllocationProblem

# A loss range this small would make rows that the solver cannot tell from M_s >= 1.
SMALLEST_RANGE = 1e-4
# A sum that is exceeded by less is kept.
SUM_TOLERANCE = 1e-6


class LossSum:
    """sum over T of (1 - M_s) / (1 - lowest_s) <= allowed, for any scenarios T.

    Each term is at most 1, and at most 0 where the scenario gains; ``lowest`` is over all weights,
    so that it holds whatever other limits give way. This is what the switches of
    `model.build_model` ask for between 0 and 1.
    """

    def __init__(self, problem: AllocationProblem) -> None:
        bounds = scenario_bounds(multiples=problem.multiples, max_bucket_weight=None)
        allowed = problem.allowed_losing_scenarios() or 0
        certain = bounds.highest < LOSS_THRESHOLD
        self._multiples = problem.multiples
        self._ranges = np.maximum(1 - bounds.lowest, SMALLEST_RANGE)
        self._counted = ~certain & (bounds.lowest < 1)
        self._allowed = allowed - int(np.count_nonzero(certain))

    def cut(self, portfolio: Floats) -> Cut | None:
        """The inequality that a portfolio (S,) breaks most; None when it breaks none."""
        lost = np.flatnonzero(self._counted & (portfolio < 1))
        ranges = self._ranges[lost]
        if float(((1 - portfolio[lost]) / ranges).sum()) <= self._allowed + SUM_TOLERANCE:
            return None
        coefficients = (self._multiples[:, lost] / ranges).sum(axis=1)
        return Cut(coefficients, float((1 / ranges).sum()) - self._allowed)
