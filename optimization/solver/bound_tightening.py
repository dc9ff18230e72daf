"""Bounds on a scenario's portfolio multiple over the allocations that can still matter.

Only allocations at least as good as a known one can be the optimum, and they fill a small part of
all allocations: in most scenarios every one of them gains, or every one loses, and the scenario
needs no binary.
"""

from collections.abc import Sequence
from dataclasses import replace

import highspy
import numpy as np
from numpy.typing import NDArray

from optimization.solver.budgeted_highs import BudgetedHighs, SolverFailed
from optimization.solver.model import NO_LOSS, build_model, lock_expected_multiple, nothing_known
from optimization.solver.problem import AllocationProblem
from optimization.solver.risk import LOSS_THRESHOLD, portfolio_multiples
from optimization.solver.scenario_bounds import ScenarioBounds
from optimization.solver.tail_cuts import tail_cut

# Taken off every bound: a hundred times the tolerance of the linear programs that give them.
BOUND_MARGIN = 1e-7


def tightened_bounds(
    problem: AllocationProblem,
    *,
    bounds: ScenarioBounds,
    minimum_expected_multiple: float,
    known_weights: Sequence[NDArray[np.float64]],
    highs: BudgetedHighs,
) -> ScenarioBounds:
    """``bounds``, narrowed to allocations with at least this expected multiple.

    Two linear programs a scenario, over the limits on weights, expected winners, the expected
    multiple and, when CVaR is limited, one necessary inequality for each of ``known_weights``
    (B,). These are allocations in the narrowed set; a scenario in which one of them gains needs
    no upper bound. Scenarios left when the budget runs out keep the bounds they have.
    """
    columns, loaded = _load(problem, minimum_expected_multiple, highs)
    gains = np.zeros(problem.scenarios, dtype=bool)
    for weights in known_weights:
        if problem.limits.cvar is not None:
            _add_tail_cut(loaded, columns, problem, weights)
        portfolio = portfolio_multiples(weights=weights, multiples=problem.multiples)
        gains |= portfolio >= LOSS_THRESHOLD
    lowest, highest = bounds.lowest.copy(), bounds.highest.copy()
    for s in np.flatnonzero(bounds.lowest < 1 - NO_LOSS).tolist():
        if highs.seconds_left <= 0:
            break
        multiples = problem.multiples[:, s]
        lowest[s] = max(lowest[s], _minimum(loaded, columns, multiples, highs) - BOUND_MARGIN)
        if not gains[s]:
            top = -_minimum(loaded, columns, -multiples, highs) + BOUND_MARGIN
            highest[s] = min(highest[s], top)
    return ScenarioBounds(lowest=lowest, highest=highest)


def _load(
    problem: AllocationProblem, minimum_expected_multiple: float, highs: BudgetedHighs
) -> tuple[NDArray[np.int32], highspy.Highs]:
    weight_limits = replace(problem.limits, max_loss_probability=None, cvar=None)
    model = build_model(problem.with_limits(weight_limits), bounds=nothing_known(problem.scenarios))
    lock_expected_multiple(model, minimum=minimum_expected_multiple)
    highs.solve_to_the_end(model.program)
    columns = np.array([weight.index for weight in model.weights], dtype=np.int32)
    return columns, model.program.solverModel


def _add_tail_cut(
    loaded: highspy.Highs,
    columns: NDArray[np.int32],
    problem: AllocationProblem,
    weights: NDArray[np.float64],
) -> None:
    limit = problem.limits.cvar
    if limit is None:
        return
    portfolio = portfolio_multiples(weights=weights, multiples=problem.multiples)
    coefficients, minimum = tail_cut(problem.multiples, portfolio, limit)
    loaded.addRow(minimum, highspy.kHighsInf, columns.size, columns, coefficients)


def _minimum(
    loaded: highspy.Highs,
    columns: NDArray[np.int32],
    costs: NDArray[np.float64],
    highs: BudgetedHighs,
) -> float:
    loaded.changeColsCost(columns.size, columns, costs)
    run = highs.run(loaded)
    if run.status != "optimal":
        raise SolverFailed(f"no bound on a scenario's multiple: {run.status}")
    return run.bound
