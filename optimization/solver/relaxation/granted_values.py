"""What limits are granted: what an allocation needs, rounded outwards."""

import math
from collections.abc import Mapping, Sequence

from optimization.solver.relaxation.limit_rows import slack_unit
from optimization.solver.report import actual_values
from optimization.solver.stated.limits import Limits
from optimization.solver.stated.problem import AllocationProblem
from optimization.solver.stated.single_limits import SingleLimit, single_limits, with_values

# In units of the limit, relative where that is above 1: an allocation that misses a limit by less
# keeps it as far as the programs can tell, which keep their rows to half of it.
MISSED_BY = 2e-9
# A minimum up to here asks for nothing an analyst would call a share; it is granted as none.
NEARLY_ZERO = 1e-7
# A value this much of a step beyond a multiple of it is that multiple: it comes from rounding.
NO_STEP = 0.01


def loosened(limits: Limits, slacks: Mapping[str, float]) -> Limits:
    """``limits`` with slack, by id and in units of `slack_unit`; a limit that is not named is
    given up, but for the one on loss probability, which stays.
    """
    values = {}
    for limit in single_limits(limits):
        if limit.type == "loss_probability":
            continue
        slack = slacks.get(limit.id, math.inf) * slack_unit(limit)
        sign = -1 if limit.is_minimum else 1
        values[limit.id] = min(max(0.0, limit.value + sign * slack), max(1.0, limit.value))
    return with_values(limits, values)


def rounded_outwards(value: float, *, is_minimum: bool, step: float) -> float:
    """The next multiple of ``step``, at least 1e-9: below for a minimum, above for a maximum."""
    steps = value / step
    whole = math.floor(steps + NO_STEP) if is_minimum else math.ceil(steps - NO_STEP)
    return round(whole * step, 9)


def granted_values(
    problem: AllocationProblem, weights: Sequence[float], *, step: float
) -> dict[str, float]:
    """By id, every limit of ``problem`` but that on loss probability that ``weights`` break, at
    what keeps them within it, rounded to ``step``.
    """
    actual = actual_values(problem, weights)
    return {
        limit.id: _granted(limit, actual[limit.id], step=step)
        for limit in single_limits(problem.limits)
        if limit.type != "loss_probability"
        and limit.slack(actual[limit.id]) < -MISSED_BY * max(1.0, limit.value)
    }


def _granted(limit: SingleLimit, actual: float, *, step: float) -> float:
    if limit.is_minimum and actual <= NEARLY_ZERO:
        return 0.0
    return rounded_outwards(actual, is_minimum=limit.is_minimum, step=step)
