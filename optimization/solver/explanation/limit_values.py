"""What each binding limit costs: the expected multiple that one step more of it would give.

Gains are counted from the first pass's expected multiple, the highest found within the limits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimization.solver.budgeted_highs import BudgetedHighs, SolverFailed
from optimization.solver.exact.exact_pass import highest_expected_multiple
from optimization.solver.explanation.explanation import LimitValue
from optimization.solver.explanation.limit_duals import limit_duals, losses_cost_nothing
from optimization.solver.explanation.loosened_limits import LoosenedLimit, loosened_limit
from optimization.solver.first_pass import FirstPass
from optimization.solver.rivals.limit_check import broken_limits
from optimization.solver.rounding import exact_weights
from optimization.solver.stated.problem import AllocationProblem
from optimization.solver.stated.single_limits import SingleLimit

# For all limits together: as many simplex iterations as the allocation took, but at least these.
LEAST_ITERATIONS = 5_000
# Each search starts from the first pass's choice of losing scenarios, which is a good one.
SEARCH_PROGRAMS = 200


@dataclass(frozen=True, slots=True)
class _Optimum:
    """The first pass's answer: ``weights`` (B,) within every limit of ``problem``."""

    problem: AllocationProblem
    first: FirstPass
    expected_multiple: float
    duals: dict[str, float]


def limit_values(
    problem: AllocationProblem,
    *,
    first: FirstPass,
    binding: Sequence[SingleLimit],
    highs: BudgetedHighs,
) -> tuple[LimitValue, ...]:
    """One entry for each limit in ``binding`` that can be loosened, in that order.

    Every gain has an allocation that was found and checked, and a bound that is proved. The budget
    is in simplex iterations, so only the wall clock makes equal problems differ: a search it leaves
    no time for gives None, as everything does when ``first`` is not known to be an optimum.
    """
    steps = [(limit, loosened_limit(problem, limit)) for limit in binding]
    stated = [(limit, loosened) for limit, loosened in steps if loosened is not None]
    unknown = [_unknown(limit, loosened) for limit, loosened in stated]
    if first.weights is None or first.status != "optimal" or not stated:
        return tuple(unknown)
    multiple = float(first.weights @ problem.expected_multiples())
    optimum = _Optimum(problem, first, multiple, limit_duals(problem, first, highs=highs))
    left = max(LEAST_ITERATIONS, highs.iterations)
    values = []
    for done, (value, (_, loosened)) in enumerate(zip(unknown, stated, strict=True)):
        before = highs.iterations
        share = max(1, left // (len(stated) - done))
        values.append(_valued(value, loosened, optimum, max_iterations=share, highs=highs))
        left -= highs.iterations - before
    return tuple(values)


def _unknown(limit: SingleLimit, loosened: LoosenedLimit) -> LimitValue:
    return LimitValue(constraint=limit.id, loosened_to=loosened.loosened_to, step=loosened.step)


def _valued(
    value: LimitValue,
    loosened: LoosenedLimit,
    optimum: _Optimum,
    *,
    max_iterations: int,
    highs: BudgetedHighs,
) -> LimitValue:
    is_linear = losses_cost_nothing(optimum.problem, optimum.first)
    if highs.seconds_left <= 0 and not is_linear:
        return value
    found = highest_expected_multiple(
        loosened.problem,
        highs=highs,
        max_iterations=max_iterations,
        last_nodes=0,
        search_programs=SEARCH_PROGRAMS,
        known_weights=optimum.first.weights,
    )
    # The optimum keeps the looser limit as well, so no gain is below 0.
    best = max(optimum.expected_multiple, _checked_multiple(loosened.problem, found))
    dual = optimum.duals.get(value.constraint)
    is_linear = dual is not None and is_linear and losses_cost_nothing(loosened.problem, found)
    return replace(
        value,
        multiple_gain=best - optimum.expected_multiple,
        gain_at_most=max(best, found.bound) - optimum.expected_multiple,
        dual=dual,
        method="dual" if is_linear else "re-solve",
    )


def _checked_multiple(problem: AllocationProblem, found: FirstPass) -> float:
    """Of an allocation that is held against every limit; 0 when none was found."""
    if found.weights is None:
        return 0.0
    weights = exact_weights(found.weights.tolist())
    broken = broken_limits(problem=problem, weights=weights)
    if broken:
        raise SolverFailed(f"a loosened limit was priced beyond others: {broken[0]}")
    return float(np.array(weights) @ problem.expected_multiples())
