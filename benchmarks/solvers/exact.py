"""Keel's exact method. Beside it are timed the second pass, and relaxing a limit on CVaR that is
so much tighter that no allocation keeps it.
"""

import time
from dataclasses import replace

import numpy as np

from benchmarks.instance_files import read_problem
from benchmarks.solvers.child import Answer, asked, tell, timed
from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.compiled.warm_up import compile_kernels
from optimization.solver.exact.exact_pass import highest_expected_multiple
from optimization.solver.first_pass import FirstPass
from optimization.solver.relaxation.granted import relaxed
from optimization.solver.rounding import exact_weights
from optimization.solver.second_pass import closest_to_uniform
from optimization.solver.stated.problem import AllocationProblem

TIGHTENED = 0.02


def main() -> None:
    # As a worker does before its first job.
    compile_kernels()
    request = asked()
    problem = read_problem(request.folder, gap=request.gap)
    found, taken = timed(lambda: highest_expected_multiple(problem, highs=_highs(request.seconds)))
    is_proved = found.weights is not None and found.stop is None
    tell(
        answer_of(problem, found),
        taken,
        second_pass_processor_seconds=_second_pass(problem, found, request.seconds)
        if is_proved
        else None,
        relaxation_processor_seconds=_relaxation(problem, request.seconds) if is_proved else None,
        stop=found.stop,
    )


def _highs(seconds: float) -> BudgetedHighs:
    return BudgetedHighs(seconds, clock=time.process_time)


def answer_of(problem: AllocationProblem, found: FirstPass) -> Answer:
    if found.weights is None:
        return Answer(bound=found.bound)
    return Answer(
        objective=float(found.weights @ problem.expected_multiples()),
        bound=found.bound,
        weights=found.weights.tolist(),
    )


def _second_pass(problem: AllocationProblem, found: FirstPass, seconds: float) -> float:
    if found.weights is None:
        raise ValueError("the first pass found nothing")
    weights = np.array(exact_weights(found.weights.tolist()))
    best = float(weights @ problem.expected_multiples())
    _, taken = timed(
        lambda: closest_to_uniform(
            problem,
            minimum_expected_multiple=best * (1 - problem.settings.primary_lock_epsilon),
            first_weights=weights,
            losing=found.losing,
            highs=_highs(seconds),
        )
    )
    return taken.processor_seconds


def _relaxation(problem: AllocationProblem, seconds: float) -> float | None:
    """With the first pass under the granted limits; None when the tightened limit can be kept."""
    cvar = problem.limits.cvar
    if cvar is None:
        return None
    tight = replace(cvar, maximum=cvar.maximum * TIGHTENED)
    tightened = problem.with_limits(replace(problem.limits, cvar=tight))
    failed = highest_expected_multiple(tightened, highs=_highs(seconds))
    if failed.weights is not None:
        return None
    _, taken = timed(lambda: relaxed(tightened, failed, highs=_highs(seconds)))
    return taken.processor_seconds


if __name__ == "__main__":
    main()
