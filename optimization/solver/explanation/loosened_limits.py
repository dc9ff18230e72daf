"""One limit of a problem given up by one step, all others as they are."""

from dataclasses import dataclass

from optimization.solver.stated.problem import AllocationProblem
from optimization.solver.stated.single_limits import SingleLimit, with_values

# One percentage point of fractions; expected winners are counted in tenths.
FRACTION_STEP = 0.01
WINNERS_STEP = 0.1
# 0.29 + 0.01 is 0.3, not its neighbour in binary floating point.
DECIMALS = 12


@dataclass(frozen=True, slots=True)
class LoosenedLimit:
    """``problem`` with one limit at ``loosened_to``, which is ``step`` beyond what it was."""

    problem: AllocationProblem
    loosened_to: float
    step: float


def loosened_limit(problem: AllocationProblem, limit: SingleLimit) -> LoosenedLimit | None:
    """``problem`` with its ``limit`` at the next step: a maximum goes up, a minimum down. None at
    the limit's natural end, where there is nothing beyond.

    A step is 0.01, of expected winners 0.1, and is shorter where it would go beyond 0 or 1. A limit
    on loss probability moves by at least one scenario.
    """
    to = _next_value(problem, limit)
    step = round(abs(to - limit.value), DECIMALS)
    if not step:
        return None
    return LoosenedLimit(problem.with_limits(with_values(problem.limits, {limit.id: to})), to, step)


def _next_value(problem: AllocationProblem, limit: SingleLimit) -> float:
    step = WINNERS_STEP if limit.type == "expected_winners" else FRACTION_STEP
    if limit.is_minimum:
        return max(0.0, round(limit.value - step, DECIMALS))
    higher = round(limit.value + step, DECIMALS)
    if limit.type == "loss_probability":
        one_more = (problem.allowed_losing_scenarios() or 0) + 1
        higher = max(higher, one_more / problem.scenarios)
    return min(1.0, higher)
