"""Looks for a good allocation within every limit before the search with binaries starts.

For a target expected multiple it minimises a weighted sum of the scenarios' losses, again and
again, each time weighting a scenario by the inverse of the loss it had: small losses are worth
removing, large ones are given up, and the number of losing scenarios falls (reweighted l1
minimisation; Candes, Wakin & Boyd, Journal of Fourier Analysis and Applications 14, 2008). Nothing
is proved by finding nothing.
"""

from dataclasses import dataclass, replace

import highspy
import numpy as np
from numpy.typing import NDArray

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.model import NO_LOSS, build_model, fix_losing_scenarios
from optimization.solver.problem import AllocationProblem
from optimization.solver.risk import losses, portfolio_multiples
from optimization.solver.scenario_bounds import ScenarioBounds

# Budgets in linear programs, so that equal problems search alike.
MAX_TARGETS = 14
MAX_STEPS_PER_TARGET = 30
# Relative to the ceiling: how far below it the first target lies, and how fine the last ones.
FIRST_STEP = 0.002
FINEST_STEP = 2e-4
# Added to a loss before it is inverted: below it, losses are removed all alike.
SMALL_LOSS = 0.02
_SAME_WEIGHTS = 1e-9


@dataclass(frozen=True, slots=True)
class Incumbent:
    """``weights`` (B,) keep every limit and lose at most in the scenarios ``losing``."""

    weights: NDArray[np.float64]
    losing: frozenset[int]
    expected_multiple: float


def find_incumbent(
    problem: AllocationProblem,
    *,
    bounds: ScenarioBounds,
    start: NDArray[np.float64],
    ceiling: float,
    highs: BudgetedHighs,
) -> Incumbent | None:
    """The best allocation met on the way from ``start`` (B,), the optimum ``ceiling`` without the
    limit on loss probability, down to targets at which that limit can be kept.
    """
    search = _LossSearch(problem, bounds, highs)
    best: Incumbent | None = None
    failed_at, step = ceiling, FIRST_STEP
    for _ in range(MAX_TARGETS):
        target = (best.expected_multiple + failed_at) / 2 if best else ceiling * (1 - step)
        found = search.near(best.weights if best else start, target=target)
        if found is None:
            failed_at = target
            step *= 2
        else:
            best = found
        exhausted = highs.seconds_left <= 0 or step > 1
        if exhausted or (best and failed_at - best.expected_multiple < FINEST_STEP * ceiling):
            break
    return best


class _LossSearch:
    """One loaded linear program, whose costs and bounds change from step to step."""

    def __init__(
        self, problem: AllocationProblem, bounds: ScenarioBounds, highs: BudgetedHighs
    ) -> None:
        # A limit of 1 gives every scenario its loss variable and forbids nothing.
        all_may_lose = replace(problem.limits, max_loss_probability=1.0)
        model = build_model(problem.with_limits(all_may_lose), bounds=bounds)
        fix_losing_scenarios(model, range(problem.scenarios))
        highs.solve_to_the_end(model.program)
        self._problem = problem
        self._highs = highs
        self._loaded: highspy.Highs = model.program.solverModel
        self._means = problem.expected_multiples()
        self._weight_columns = _indices([weight.index for weight in model.weights])
        self._loss_columns = _indices([loss.index for loss in model.losses.values()])
        self._loss_scenarios = np.array(list(model.losses), dtype=np.int64)
        self._largest_losses = np.array([float(loss.upBound) for loss in model.losses.values()])
        self._loaded.addRow(
            0.0,
            highspy.kHighsInf,
            self._weight_columns.size,
            self._weight_columns,
            self._means,
        )
        self._target_row = self._loaded.getNumRow() - 1

    def near(self, weights: NDArray[np.float64], *, target: float) -> Incumbent | None:
        """An allocation with at least the target, reached from ``weights``, or None."""
        self._loaded.changeRowBounds(self._target_row, target, highspy.kHighsInf)
        self._set_costs(self._weight_columns, np.zeros(self._weight_columns.size))
        allowed = self._problem.allowed_losing_scenarios() or 0
        for _ in range(MAX_STEPS_PER_TARGET):
            moved = self._with_fewer_losses_than(weights)
            if moved is None or np.abs(moved - weights).max() < _SAME_WEIGHTS:
                return None
            weights = moved
            losing = self._losing(weights)
            if len(losing) <= allowed:
                return self._best_that_loses_only_in(losing)
        return None

    def _with_fewer_losses_than(self, weights: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Weights that minimise the losses, each counted by the inverse of what it is now."""
        portfolio = portfolio_multiples(weights=weights, multiples=self._problem.multiples)
        now = losses(portfolio)[self._loss_scenarios]
        self._set_costs(self._loss_columns, SMALL_LOSS / (now + SMALL_LOSS))
        run = self._highs.run(self._loaded)
        if run.status != "optimal" or run.values is None:
            return None
        return run.values[self._weight_columns]

    def _best_that_loses_only_in(self, losing: frozenset[int]) -> Incumbent | None:
        """The highest expected multiple with losses in ``losing`` alone."""
        may_lose = np.isin(self._loss_scenarios, sorted(losing))
        self._set_costs(self._loss_columns, np.zeros(self._loss_columns.size))
        self._set_costs(self._weight_columns, -self._means)
        self._bound_losses(np.where(may_lose, self._largest_losses, 0.0))
        run = self._highs.run(self._loaded)
        self._bound_losses(self._largest_losses)
        if run.status != "optimal" or run.values is None:
            return None
        weights = run.values[self._weight_columns]
        return Incumbent(weights, losing, float(self._means @ weights))

    def _losing(self, weights: NDArray[np.float64]) -> frozenset[int]:
        portfolio = portfolio_multiples(weights=weights, multiples=self._problem.multiples)
        return frozenset(np.flatnonzero(portfolio < 1 - NO_LOSS).tolist())

    def _set_costs(self, columns: NDArray[np.int32], costs: NDArray[np.float64]) -> None:
        self._loaded.changeColsCost(columns.size, columns, costs)

    def _bound_losses(self, highest: NDArray[np.float64]) -> None:
        columns = self._loss_columns
        self._loaded.changeColsBounds(columns.size, columns, np.zeros(columns.size), highest)


def _indices(columns: list[int]) -> NDArray[np.int32]:
    return np.array(columns, dtype=np.int32)
