"""CVaR alone by Keel's cuts at the tail."""

import time

import numpy as np

from benchmarks.instance_files import read_problem
from benchmarks.solvers.child import Answer, asked, tell, timed
from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.compiled.warm_up import compile_kernels
from optimization.solver.exact.exact_pass import highest_expected_multiple


def main() -> None:
    # As a worker does before its first job.
    compile_kernels()
    request = asked()
    problem = read_problem(request.folder, gap=request.gap)
    found, taken = timed(
        lambda: highest_expected_multiple(
            problem, highs=BudgetedHighs(request.seconds, clock=time.process_time)
        )
    )
    if found.weights is None:
        tell(Answer(), taken)
        return
    objective = float(np.asarray(found.weights) @ problem.expected_multiples())
    tell(Answer(objective=objective, weights=found.weights.tolist()), taken)


if __name__ == "__main__":
    main()
