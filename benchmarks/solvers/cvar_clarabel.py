"""CVaR alone through cvxpy and Clarabel; runs where they are installed."""

import cvxpy as cp
import numpy as np

from benchmarks.solvers.child import Answer, asked, tell, timed
from benchmarks.solvers.cvar_program import CvarProgram, read_cvar_program
from benchmarks.solvers.processor_limit import wall_limit


def main() -> None:
    request = asked()
    program = read_cvar_program(request.folder / "cvar.npz")
    seconds = wall_limit(request.seconds)
    answer, taken = timed(lambda: solve(program, seconds=seconds))
    tell(answer, taken)


def solve(program: CvarProgram, *, seconds: float) -> Answer:
    buckets, scenarios = program.multiples.shape
    weights = cp.Variable(buckets, nonneg=True)
    edge, excess = cp.Variable(nonneg=True), cp.Variable(scenarios, nonneg=True)
    capped, floored = np.isfinite(program.upper), np.isfinite(program.lower)
    stated = cp.Problem(
        cp.Maximize(program.means @ weights),
        [
            cp.sum(weights) == 1,
            weights <= program.highest,
            program.groups[capped] @ weights <= program.upper[capped],
            program.groups[floored] @ weights >= program.lower[floored],
            excess >= 1 - program.multiples.T @ weights - edge,
            edge + cp.sum(excess) / program.tail_scenarios <= program.maximum,
        ],
    )
    stated.solve(solver=cp.CLARABEL, time_limit=seconds, max_threads=1)
    if stated.status != cp.OPTIMAL or weights.value is None:
        return Answer()
    return Answer(objective=float(program.means @ weights.value), weights=weights.value.tolist())


if __name__ == "__main__":
    main()
