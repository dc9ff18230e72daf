"""The distance of an allocation to the uniform one, as columns beside the weights.

    sum |w_b - 1/B| = 2 sum over_b,   over_b >= w_b - 1/B,   over_b >= 0

because weights and uniform weights have the same sum: what is above 1/B in one bucket is missing in
others.
"""

import numpy as np

from optimization.solver.exact.weight_polytope import WeightPolytope

# No distance is larger: all of two allocations that share no bucket.
MOST_DISTANCE = 2.0


class DistanceProgram:
    """``polytope`` with its distance to the uniform allocation, to be minimised or limited. Make it
    before any cut is added, so that its rows stay where they are.
    """

    def __init__(self, polytope: WeightPolytope) -> None:
        self.polytope = polytope
        lp, weights = polytope.lp, polytope.weights
        buckets = weights.size
        self._over = lp.add_columns(np.zeros(buckets), np.ones(buckets))
        # Of cost 2, so that the minimum is -(2 - distance): a search for more of something can
        # look for closeness, which is positive.
        self._whole = lp.add_columns(np.ones(1), np.ones(1))
        lp.add_rows(
            np.column_stack([self._over, weights]),
            np.tile([1.0, -1.0], (buckets, 1)),
            np.full(buckets, -1 / buckets),
            np.full(buckets, np.inf),
        )
        doubled = np.full(buckets, 2.0)
        self._limit = lp.add_row(self._over, doubled, -np.inf, MOST_DISTANCE)

    def minimise(self) -> None:
        """The minimum is then the distance less `MOST_DISTANCE`."""
        lp, weights = self.polytope.lp, self.polytope.weights
        lp.set_costs(weights, np.zeros(weights.size))
        lp.set_costs(self._over, np.full(self._over.size, 2.0))
        lp.set_costs(self._whole, np.array([-MOST_DISTANCE]))

    def limit(self, distance: float) -> None:
        """Only allocations up to this distance remain."""
        row = np.array([self._limit], dtype=np.int32)
        self.polytope.lp.bound_rows(row, np.array([-np.inf]), np.array([distance]))
