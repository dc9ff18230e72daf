"""The least number of losing scenarios, by HiGHS's branch and bound."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pulp

from optimization.solver.budgeted_highs import SolverFailed
from optimization.solver.exact.incremental_lp import Floats
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.exact.weight_polytope import LOST_BELOW
from optimization.solver.model import build_model
from optimization.solver.scenario_bounds import scenario_bounds
from optimization.solver.stated.problem import AllocationProblem

MAX_NODES = 200


@dataclass(frozen=True, slots=True)
class LeastLosses:
    weights: Floats
    losing: frozenset[int]
    certified: int


def least_losses(problem: AllocationProblem, *, budget: SearchBudget) -> LeastLosses | None:
    free = problem.with_limits(replace(problem.limits, max_loss_probability=1.0))
    bounds = scenario_bounds(multiples=problem.multiples, max_bucket_weight=None)
    model = build_model(free, bounds=bounds)
    model.program.sense = pulp.LpMinimize
    model.program.setObjective(
        pulp.LpAffineExpression([(switch, 1) for switch in model.switches.values()])
    )
    run = budget.highs.solve(model.program, max_nodes=MAX_NODES)
    if run.status == "infeasible":
        return None
    if run.values is None:
        raise SolverFailed("no allocation was found under the other limits")
    weights = run.values[[weight.index for weight in model.weights]]
    losing = frozenset(np.flatnonzero(weights @ problem.multiples < LOST_BELOW).tolist())
    return LeastLosses(weights, losing, math.ceil(run.bound - 1e-6))
