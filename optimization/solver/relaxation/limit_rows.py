"""Limits on weights and winners as rows over the weights, and the slack that weights need."""

from typing import NamedTuple

import numpy as np

from optimization.solver.exact.incremental_lp import Floats
from optimization.solver.model import LARGEST_COEFFICIENT, SMALLEST_WINNERS
from optimization.solver.stated.problem import AllocationProblem
from optimization.solver.stated.single_limits import SingleLimit


class LimitRows(NamedTuple):
    """coefficients (rows, B) . w >= minimum in every row, in units of `slack_unit`."""

    coefficients: Floats
    minimum: float

    def needed(self, weights: Floats) -> float:
        """The slack that ``weights`` (B,) need, at least 0."""
        return max(0.0, self.minimum - float((self.coefficients @ weights).min()))


def slack_unit(limit: SingleLimit) -> float:
    """What a slack of 1 is in the limit's own unit: the slack of the minimum of expected winners is
    relative to it, every other absolute.
    """
    return max(limit.value, SMALLEST_WINNERS) if limit.type == "expected_winners" else 1.0


def limit_rows(problem: AllocationProblem, limit: SingleLimit) -> LimitRows:
    """Of a limit on weights or winners of ``problem``."""
    if limit.type == "bucket_maximum":
        return LimitRows(-np.eye(len(problem.buckets)), -limit.value)
    if limit.type == "expected_winners":
        winners = problem.expected_winners_per_weight() / slack_unit(limit)
        row = np.minimum(winners, LARGEST_COEFFICIENT)
        return LimitRows(row[None, :], limit.value / slack_unit(limit))
    sign = 1.0 if limit.is_minimum else -1.0
    return LimitRows(sign * members(problem, limit)[None, :], sign * limit.value)


def members(problem: AllocationProblem, limit: SingleLimit) -> Floats:
    """(B,): 1 for the buckets of the stage or sector that is limited, 0 for all others."""
    kind, _, rest = limit.id.partition(".")
    name = rest.rpartition(".")[0]
    return np.array(
        [
            float(name == (bucket.stage if kind == "stages" else bucket.sector))
            for bucket in problem.buckets
        ]
    )
