"""Keel's exact method; the second pass that follows it is timed beside it."""

import time

import numpy as np

from benchmarks.instance_files import read_problem
from benchmarks.solvers.child import Answer, Taken, asked, tell, timed
from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.exact_pass import highest_expected_multiple
from optimization.solver.first_pass import FirstPass
from optimization.solver.rounding import exact_weights
from optimization.solver.second_pass import closest_to_uniform
from optimization.solver.stated.problem import AllocationProblem


def main() -> None:
    request = asked()
    problem = read_problem(request.folder, gap=request.gap)
    found, taken = timed(lambda: highest_expected_multiple(problem, highs=_highs(request.seconds)))
    second = _second_pass(problem, found, _highs(request.seconds))
    tell(
        answer_of(problem, found),
        taken,
        second_pass_processor_seconds=None if second is None else second.processor_seconds,
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


def _second_pass(
    problem: AllocationProblem, found: FirstPass, highs: BudgetedHighs
) -> Taken | None:
    if found.weights is None or found.stop is not None:
        return None
    weights = np.array(exact_weights(found.weights.tolist()))
    best = float(weights @ problem.expected_multiples())
    _, taken = timed(
        lambda: closest_to_uniform(
            problem,
            minimum_expected_multiple=best * (1 - problem.settings.primary_lock_epsilon),
            first_weights=weights,
            losing=found.losing,
            highs=highs,
        )
    )
    return taken


if __name__ == "__main__":
    main()
