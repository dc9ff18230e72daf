"""The original formulation as matrices, through scipy.optimize.milp."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import csr_array

from benchmarks.instance_files import read_problem
from benchmarks.solvers.child import Answer, asked, tell, timed
from benchmarks.solvers.processor_limit import wall_limit
from optimization.solver.model import build_model, nothing_known
from optimization.solver.stated.problem import AllocationProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrices:
    """Minimise costs . x; ``weights`` are the columns of the weights."""

    costs: Any
    integrality: Any
    bounds: Bounds
    constraints: LinearConstraint
    weights: list[int]


def main() -> None:
    request = asked()
    program = matrices(read_problem(request.folder, gap=request.gap))
    seconds = wall_limit(request.seconds)
    solved, taken = timed(lambda: _solve(program, seconds=seconds, gap=request.gap))
    bound = None if solved.mip_dual_bound is None else -float(solved.mip_dual_bound)
    if solved.x is None:
        tell(Answer(bound=bound), taken)
        return
    tell(
        Answer(
            objective=-float(solved.fun), bound=bound, weights=solved.x[program.weights].tolist()
        ),
        taken,
    )


def matrices(problem: AllocationProblem) -> Matrices:
    model = build_model(problem, bounds=nothing_known(problem.scenarios))
    program = model.program
    variables = program.variables()
    column = {variable.name: index for index, variable in enumerate(variables)}
    costs = np.zeros(len(variables))
    for variable, value in program.objective.items():
        costs[column[variable.name]] = -value
    entries, lower, upper = [], [], []
    for row, constraint in enumerate(program.constraints()):
        right = -constraint.constant
        lower.append(right if constraint.sense >= 0 else -np.inf)
        upper.append(right if constraint.sense <= 0 else np.inf)
        entries += [(value, row, column[v.name]) for v, value in constraint.items()]
    values, rows, columns = zip(*entries, strict=True)
    shape = (len(lower), len(variables))
    return Matrices(
        costs=costs,
        integrality=np.array([variable.cat == "Integer" for variable in variables], dtype=int),
        bounds=Bounds([v.lowBound for v in variables], [v.upBound for v in variables]),
        constraints=LinearConstraint(
            csr_array((values, (rows, columns)), shape=shape), lower, upper
        ),
        weights=[column[weight.name] for weight in model.weights],
    )


def _solve(program: Matrices, *, seconds: float, gap: float) -> OptimizeResult:
    return milp(
        program.costs,
        integrality=program.integrality,
        bounds=program.bounds,
        constraints=program.constraints,
        options={"time_limit": seconds, "mip_rel_gap": gap},
    )


if __name__ == "__main__":
    main()
