"""What limits are granted: what an allocation needs, rounded outwards."""

import math
from collections.abc import Sequence

from optimization.solver.report import actual_values
from optimization.solver.stated.problem import AllocationProblem
from optimization.solver.stated.single_limits import single_limits

# In units of the limit, relative where that is above 1: the programs keep their rows to it, so an
# allocation that misses a limit by less keeps it as far as they can tell.
STEP = 1e-9
# A value this much of a step beyond a multiple of it is that multiple: it comes from rounding.
NO_STEP = 0.01


def rounded_outwards(value: float, *, is_minimum: bool) -> float:
    """The next multiple of `STEP`, below for a minimum, above for a maximum."""
    steps = value / STEP
    whole = math.floor(steps + NO_STEP) if is_minimum else math.ceil(steps - NO_STEP)
    return round(whole * STEP, 9)


def granted_values(problem: AllocationProblem, weights: Sequence[float]) -> dict[str, float]:
    """By id, every limit of ``problem`` but that on loss probability that ``weights`` break, at
    what keeps them within it.
    """
    actual = actual_values(problem, weights)
    return {
        limit.id: rounded_outwards(actual[limit.id], is_minimum=limit.is_minimum)
        for limit in single_limits(problem.limits)
        if limit.type != "loss_probability"
        and limit.slack(actual[limit.id]) < -2 * STEP * max(1.0, limit.value)
    }
