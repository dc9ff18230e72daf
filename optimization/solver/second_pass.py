"""Second pass: of the nearly best allocations the one closest to uniform, made unique.

Nearly best means an expected multiple of at least (1 - epsilon) times the first pass's.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

import highspy
import numpy as np
from numpy.typing import NDArray

from optimization.solver.budgeted_highs import (
    FEASIBILITY_TOLERANCE,
    BudgetedHighs,
    HighsRun,
    SolverFailed,
)
from optimization.solver.exact.multiple_slice import bounds_above
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.measures import risk
from optimization.solver.model import (
    AllocationModel,
    build_model,
    fix_losing_scenarios,
    lock_expected_multiple,
    minimise_distance_to_uniform,
    switch_values,
)
from optimization.solver.rounding import exact_weights
from optimization.solver.scenario_bounds import ScenarioBounds, scenario_bounds
from optimization.solver.stated.problem import AllocationProblem

# A budget in nodes rather than seconds, so that equal problems stop at the same point.
MAX_NODES = 200

Search = Literal["optimal", "time_limit", "node_limit"]


@dataclass(frozen=True, slots=True)
class SecondPass:
    """``weights`` (B,) are closest to uniform among the allocations that lose in no scenario
    outside ``losing``, and the smallest in order of bucket among equally close ones.
    ``search`` says how ``losing`` was chosen: ``optimal`` when no other choice comes closer
    (within the relative gap), else which budget ended the search.
    """

    weights: NDArray[np.float64]
    losing: frozenset[int]
    distance: float
    search: Search


def closest_to_uniform(
    problem: AllocationProblem,
    *,
    minimum_expected_multiple: float,
    first_weights: NDArray[np.float64],
    losing: Collection[int],
    highs: BudgetedHighs,
) -> SecondPass:
    """The second pass's answer; ``first_weights`` (B,) are the first's and ``losing`` the
    scenarios in which they may lose.
    """
    unlimited = _closest_without_loss_limit(problem, minimum_expected_multiple, highs)
    if unlimited is not None:
        return unlimited
    bounds = scenario_bounds(
        multiples=problem.multiples, max_bucket_weight=problem.limits.max_bucket_weight
    )
    fixed = _model(problem, bounds, minimum_expected_multiple)
    closest = _solve_fixed(fixed, losing, highs)
    chosen = frozenset(losing)
    search: Search = "optimal"
    if fixed.switches:
        narrowed = bounds_above(
            problem,
            minimum=minimum_expected_multiple,
            known=first_weights,
            budget=SearchBudget(highs),
        )
        searched = _model(problem, narrowed, minimum_expected_multiple)
        chosen, search = _choose_losing(searched, losing=chosen, start=closest, highs=highs)
        closest = _solve_fixed(fixed, chosen, highs)
    weights = _smallest_in_order(fixed, distance=closest.objective, highs=highs)
    return SecondPass(weights, chosen, closest.objective, search)


def _closest_without_loss_limit(
    problem: AllocationProblem, minimum_expected_multiple: float, highs: BudgetedHighs
) -> SecondPass | None:
    """The answer if the loss limit does not matter to it, else None: what is closest and smallest
    among more allocations is so among those inside the limit, if it is one of them."""
    allowed = problem.allowed_losing_scenarios()
    if allowed is None:
        return None
    without = problem.with_limits(replace(problem.limits, max_loss_probability=None))
    bounds = scenario_bounds(
        multiples=without.multiples, max_bucket_weight=without.limits.max_bucket_weight
    )
    model = _model(without, bounds, minimum_expected_multiple)
    closest = _solve_fixed(model, (), highs)
    weights = _smallest_in_order(model, distance=closest.objective, highs=highs)
    losing = _losing_scenarios(problem, weights)
    if len(losing) > allowed:
        return None
    return SecondPass(weights, losing, closest.objective, "optimal")


def _losing_scenarios(problem: AllocationProblem, weights: NDArray[np.float64]) -> frozenset[int]:
    """Of the weights as they will be reported."""
    reported = np.array(exact_weights(weights.tolist()))
    portfolio = risk.portfolio_multiples(weights=reported, multiples=problem.multiples)
    return frozenset(np.flatnonzero(portfolio < risk.LOSS_THRESHOLD).tolist())


def _model(
    problem: AllocationProblem, bounds: ScenarioBounds, minimum_expected_multiple: float
) -> AllocationModel:
    model = build_model(problem, bounds=bounds)
    lock_expected_multiple(model, minimum=minimum_expected_multiple)
    minimise_distance_to_uniform(model)
    return model


def _weights(model: AllocationModel, run: HighsRun) -> NDArray[np.float64]:
    if run.values is None:
        raise SolverFailed("the second pass has no point, the first had an allocation")
    return run.values[[weight.index for weight in model.weights]]


def _solve_fixed(model: AllocationModel, losing: Collection[int], highs: BudgetedHighs) -> HighsRun:
    fix_losing_scenarios(model, losing)
    run = highs.solve_to_the_end(model.program)
    if run.status != "optimal" or run.values is None:
        raise SolverFailed(f"the second pass ended with {run.status}, the first had an allocation")
    return run


def _choose_losing(
    model: AllocationModel, *, losing: frozenset[int], start: HighsRun, highs: BudgetedHighs
) -> tuple[frozenset[int], Search]:
    """The scenarios to let lose so that the allocation comes closest to uniform."""
    run = highs.solve(
        model.program,
        mip_gap=model.problem.settings.mip_gap,
        max_nodes=MAX_NODES,
        start=switch_values(model, losing),
    )
    if run.status == "infeasible":
        raise SolverFailed("the second pass is infeasible, the first had an allocation")
    if run.values is None or run.objective > start.objective - FEASIBILITY_TOLERANCE:
        return losing, run.status
    chosen = {s for s, switch in model.switches.items() if run.values[switch.index] > 0.5}
    return frozenset(chosen), run.status


def _smallest_in_order(
    model: AllocationModel, *, distance: float, highs: BudgetedHighs
) -> NDArray[np.float64]:
    """Of the allocations at this distance the one with the smallest first weight, then the
    smallest second, and so on: one linear program each, each starting from the one before.
    """
    loaded: highspy.Highs = model.program.solverModel
    weight_columns = [weight.index for weight in model.weights]
    distance_columns = [column.index for column in model.distances]
    for column in distance_columns:
        loaded.changeColCost(column, 0.0)
    loaded.addRow(
        -highspy.kHighsInf,
        distance,
        len(distance_columns),
        distance_columns,
        [1.0] * len(distance_columns),
    )
    values = np.array(loaded.getSolution().col_value)
    for column in weight_columns:
        loaded.changeColCost(column, 1.0)
        run = highs.run(loaded)
        if run.status != "optimal" or run.values is None:
            raise SolverFailed(f"the order of weights could not be settled: {run.status}")
        values = run.values
        loaded.changeColCost(column, 0.0)
        loaded.changeColBounds(column, 0.0, max(0.0, float(values[column])))
    return values[weight_columns]
