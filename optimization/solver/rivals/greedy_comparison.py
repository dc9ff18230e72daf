"""Holds the optimiser's answer against the greedy one.

An allocation that the greedy rule finds and that keeps every limit can never be better than the
optimum. If it is, the optimiser is wrong.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from optimization.solver.rivals.greedy import greedy_allocation
from optimization.solver.rivals.limit_check import broken_limits
from optimization.solver.stated.problem import AllocationProblem

# Relative; far above the rounding of two sums of products, far below any mip_gap in use.
SUM_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class GreedyComparison:
    """``weights`` are the greedy rule's, by bucket key.

    ``optimum_is_at_least_greedy`` compares the first pass's expected multiple, to within the
    gap that was asked for, and is None when the greedy allocation breaks a limit (all the capital
    not being placed counts as one).
    """

    weights: Mapping[str, float]
    expected_multiple: float
    unallocated_usd: Decimal
    broken_limits: tuple[str, ...]
    optimum_is_at_least_greedy: bool | None

    @property
    def meets_every_limit(self) -> bool:
        return not self.broken_limits

    def as_json(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "weights": dict(self.weights),
            "unallocated_usd": str(self.unallocated_usd),
            "broken_limits": list(self.broken_limits),
            "meets_every_limit": self.meets_every_limit,
        }


def compare_with_greedy(
    *, problem: AllocationProblem, first_pass_expected_multiple: float
) -> GreedyComparison:
    """The greedy allocation of ``problem`` beside the highest expected multiple that was found."""
    greedy = greedy_allocation(problem)
    weights = list(greedy.weights.values())
    broken = tuple(limit.id for limit in broken_limits(problem=problem, weights=weights))
    expected = float(np.array(weights) @ problem.expected_multiples())
    lowest_acceptable = expected * (1 - problem.settings.mip_gap - SUM_TOLERANCE)
    return GreedyComparison(
        weights=greedy.weights,
        expected_multiple=expected,
        unallocated_usd=greedy.unallocated_usd,
        broken_limits=broken,
        optimum_is_at_least_greedy=(
            None if broken else first_pass_expected_multiple >= lowest_acceptable
        ),
    )
