"""First pass: the highest expected multiple within every limit, with a proved bound."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from optimization.solver.bound_tightening import tightened_bounds
from optimization.solver.budgeted_highs import BudgetedHighs, HighsRun, SolverFailed
from optimization.solver.incumbent import Incumbent, find_incumbent
from optimization.solver.model import (
    NO_LOSS,
    AllocationModel,
    build_model,
    lock_expected_multiple,
    switch_values,
)
from optimization.solver.problem import AllocationProblem
from optimization.solver.risk import LOSS_THRESHOLD, portfolio_multiples
from optimization.solver.scenario_bounds import ScenarioBounds, scenario_bounds

# Relative; two solves of one optimum differ by less.
OBJECTIVE_TOLERANCE = 1e-7
# Relative; keeps the incumbent well inside the part of allocations that is searched.
LOCK_MARGIN = 1e-6


@dataclass(frozen=True, slots=True)
class FirstPass:
    """``weights`` (B,) is None when nothing was found. No allocation within the limits has an
    expected multiple above ``bound``. ``losing`` are the scenarios in which ``weights`` may lose;
    ``loss_limit_costs_multiple`` says that without the limit on loss probability a higher
    expected multiple exists.
    """

    status: Literal["optimal", "infeasible", "time_limit"]
    bound: float
    weights: NDArray[np.float64] | None = None
    losing: frozenset[int] = frozenset()
    loss_limit_costs_multiple: bool = False


def highest_expected_multiple(problem: AllocationProblem, *, highs: BudgetedHighs) -> FirstPass:
    """The optimum over every limit of ``problem``, to the relative gap its settings ask for.

    1. Solve without the limit on loss probability, a linear program.
    2. When its optimum keeps that limit all the same, it is the answer.
    3. Otherwise find a good allocation, keep to what is at least as good, and solve that with
       binaries; the first optimum stays a bound.
    """
    bounds = scenario_bounds(
        multiples=problem.multiples, max_bucket_weight=problem.limits.max_bucket_weight
    )
    without_loss_limit = replace(problem.limits, max_loss_probability=None)
    model = build_model(problem.with_limits(without_loss_limit), bounds=bounds)
    run = highs.solve(model.program)
    ceiling = min(float(problem.expected_multiples().max()), run.bound)
    if run.status == "infeasible":
        return FirstPass("infeasible", ceiling)
    allowed = problem.allowed_losing_scenarios()
    if allowed is None:
        return _found(problem, model, run, ceiling)
    if np.count_nonzero(bounds.highest < LOSS_THRESHOLD) > allowed:
        return FirstPass("infeasible", ceiling)
    start = _found(problem, model, run, ceiling)
    if start.status == "optimal" and len(start.losing) <= allowed:
        return start
    incumbent = None
    if start.weights is not None:
        incumbent = find_incumbent(
            problem, bounds=bounds, start=start.weights, ceiling=ceiling, highs=highs
        )
    return _with_binaries(problem, bounds=bounds, start=start, incumbent=incumbent, highs=highs)


def _with_binaries(
    problem: AllocationProblem,
    *,
    bounds: ScenarioBounds,
    start: FirstPass,
    incumbent: Incumbent | None,
    highs: BudgetedHighs,
) -> FirstPass:
    """The search over which scenarios lose, among allocations as good as ``incumbent``."""
    model = _model_above(problem, bounds=bounds, start=start, incumbent=incumbent, highs=highs)
    run = highs.solve(
        model.program,
        mip_gap=problem.settings.mip_gap,
        start=switch_values(model, incumbent.losing) if incumbent else None,
    )
    if run.status == "infeasible":
        if incumbent is not None:
            raise SolverFailed("the search for an allocation lost the one it started from")
        return FirstPass("infeasible", start.bound)
    found = _found(problem, model, run, min(start.bound, run.bound))
    if found.weights is None and incumbent is not None:
        found = replace(found, weights=incumbent.weights, losing=incumbent.losing)
    costs_multiple = start.bound > found.bound * (1 + OBJECTIVE_TOLERANCE)
    return replace(found, loss_limit_costs_multiple=costs_multiple)


def _model_above(
    problem: AllocationProblem,
    *,
    bounds: ScenarioBounds,
    start: FirstPass,
    incumbent: Incumbent | None,
    highs: BudgetedHighs,
) -> AllocationModel:
    """The model with binaries, of allocations at least as good as the incumbent."""
    if incumbent is None or start.weights is None:
        return build_model(problem, bounds=bounds)
    minimum = incumbent.expected_multiple * (1 - LOCK_MARGIN)
    narrowed = tightened_bounds(
        problem,
        bounds=bounds,
        minimum_expected_multiple=minimum,
        known_weights=[start.weights, incumbent.weights],
        highs=highs,
    )
    model = build_model(problem, bounds=narrowed)
    lock_expected_multiple(model, minimum=minimum)
    return model


def _found(
    problem: AllocationProblem, model: AllocationModel, run: HighsRun, bound: float
) -> FirstPass:
    status: Literal["optimal", "time_limit"] = (
        "optimal" if run.status == "optimal" else "time_limit"
    )
    if run.values is None:
        return FirstPass(status, bound)
    weights = run.values[[weight.index for weight in model.weights]]
    if model.switches:
        losing = [s for s, switch in model.switches.items() if run.values[switch.index] > 0.5]
    else:
        portfolio = portfolio_multiples(weights=weights, multiples=problem.multiples)
        losing = np.flatnonzero(portfolio < 1 - NO_LOSS).tolist()
    return FirstPass(status, bound, weights, frozenset(losing))
