"""First pass by HiGHS's own branch and bound, on the original formulation or a reduced one."""

import numpy as np

from optimization.solver.budgeted_highs import BudgetedHighs, HighsRun, SolverFailed
from optimization.solver.exact.losing_sets import Incumbent
from optimization.solver.exact.multiple_slice import bounds_above
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.first_pass import FirstPass
from optimization.solver.measures.risk import portfolio_multiples
from optimization.solver.model import (
    NO_LOSS,
    AllocationModel,
    build_model,
    lock_expected_multiple,
    nothing_known,
    switch_values,
)
from optimization.solver.stated.problem import AllocationProblem

# Relative; keeps the incumbent well inside the part of allocations that is searched.
LOCK_MARGIN = 1e-6


def reference_optimum(problem: AllocationProblem, *, highs: BudgetedHighs) -> FirstPass:
    """The original formulation as it stands: nothing known beforehand, nothing to start from."""
    model = build_model(problem, bounds=nothing_known(problem.scenarios))
    run = highs.solve(model.program, mip_gap=problem.settings.mip_gap)
    ceiling = min(float(problem.expected_multiples().max()), run.bound)
    return _first_pass(model, run, bound=ceiling)


def optimum_above(
    incumbent: Incumbent,
    problem: AllocationProblem,
    *,
    ceiling: float,
    highs: BudgetedHighs,
    max_nodes: int | None = None,
) -> FirstPass:
    """The optimum among allocations at least as good as ``incumbent``, from where it starts.

    ``ceiling`` is a bound proved already. In most scenarios all those allocations gain, or all
    lose, and only the others have binaries.
    """
    minimum = incumbent.expected_multiple * (1 - LOCK_MARGIN)
    bounds = bounds_above(
        problem, minimum=minimum, known=incumbent.weights, budget=SearchBudget(highs)
    )
    model = build_model(problem, bounds=bounds)
    lock_expected_multiple(model, minimum=minimum)
    run = highs.solve(
        model.program,
        mip_gap=problem.settings.mip_gap,
        max_nodes=max_nodes,
        start=switch_values(model, incumbent.losing),
    )
    if run.status == "infeasible":
        raise SolverFailed("the search for an allocation lost the one it started from")
    found = _first_pass(model, run, bound=min(ceiling, run.bound))
    if found.weights is None:
        return FirstPass(found.bound, incumbent.weights, incumbent.losing, stop=found.stop)
    return found


def _first_pass(model: AllocationModel, run: HighsRun, *, bound: float) -> FirstPass:
    stop = run.status if run.status in ("time_limit", "node_limit") else None
    if run.values is None:
        return FirstPass(bound, stop=stop)
    weights = run.values[[weight.index for weight in model.weights]]
    if model.switches:
        losing = [s for s, switch in model.switches.items() if run.values[switch.index] > 0.5]
    else:
        portfolio = portfolio_multiples(weights=weights, multiples=model.problem.multiples)
        losing = np.flatnonzero(portfolio < 1 - NO_LOSS).tolist()
    return FirstPass(bound, weights, frozenset(losing), stop=stop)
