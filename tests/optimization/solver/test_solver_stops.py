"""What happens when the solver is stopped, by the clock or by the caller."""

import itertools
import threading

import numpy as np
import pytest

from optimization.solver.allocate import SolveInterrupted, allocate
from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.exact_pass import highest_expected_multiple
from optimization.solver.rivals.limit_check import broken_limits
from optimization.solver.stated.problem import AllocationProblem, SolverSettings
from tests.optimization.solver.problems import market_multiples, problem

KEYS = [
    f"{stage}/{sector}"
    for stage in ("seed", "series_a", "series_b")
    for sector in ("bio", "fintech", "health", "saas")
]


def hard_problem(*, max_loss_probability: float, time_limit_seconds: float) -> AllocationProblem:
    """Twelve buckets in 400 scenarios; at .25 a second of search, at .20 far more than a minute."""
    return problem(
        KEYS,
        market_multiples(seed=1, buckets=12, scenarios=400),
        settings=SolverSettings(time_limit_seconds=time_limit_seconds, mip_gap=0.0),
        max_loss_probability=max_loss_probability,
        max_bucket_weight=0.3,
    )


def test_time_limit_returns_an_allocation_with_a_true_bound_and_gap() -> None:
    # The clock is first looked at when the greedy start has been found.
    hard = hard_problem(max_loss_probability=0.26, time_limit_seconds=1e-6)

    allocation = allocate(hard)

    assert allocation.status == "time_limit"
    weights = list(allocation.weights.values())
    assert broken_limits(problem=hard, weights=weights) == ()
    assert allocation.best_bound is not None
    assert allocation.expected_multiple is not None
    assert allocation.best_bound > allocation.expected_multiple
    assert allocation.mip_gap == pytest.approx(
        allocation.best_bound / allocation.expected_multiple - 1, rel=1e-9
    )
    assert allocation.solver.first_pass == "time_limit"
    assert allocation.solver.second_pass is None


@pytest.mark.parametrize("max_iterations", [1, 500, 1_500])
def test_iteration_limit_returns_a_bound_above_the_optimum_of_a_longer_run(
    max_iterations: int,
) -> None:
    hard = hard_problem(max_loss_probability=0.26, time_limit_seconds=600.0)
    optimum = highest_expected_multiple(hard, highs=BudgetedHighs(600.0))

    stopped = highest_expected_multiple(
        hard, highs=BudgetedHighs(600.0), max_iterations=max_iterations, last_nodes=1
    )

    assert optimum.stop is None
    assert optimum.weights is not None
    assert stopped.weights is not None
    assert stopped.bound >= float(optimum.weights @ hard.expected_multiples()) - 1e-9
    assert broken_limits(problem=hard, weights=stopped.weights.tolist()) == ()


def test_iteration_limit_ends_equal_problems_at_the_same_point() -> None:
    hard = hard_problem(max_loss_probability=0.26, time_limit_seconds=600.0)

    first, again = (
        highest_expected_multiple(
            hard, highs=BudgetedHighs(600.0), max_iterations=500, last_nodes=1
        )
        for _ in range(2)
    )

    assert first.stop == again.stop
    assert first.bound == again.bound
    assert first.weights is not None
    assert again.weights is not None
    assert first.weights.tobytes() == again.weights.tobytes()


def test_time_limit_counts_the_seconds_of_the_clock_also_outside_the_solver() -> None:
    # An hour passes before the search begins, in which HiGHS does nothing.
    readings = itertools.chain([100.0], itertools.repeat(3_700.0))
    hard = hard_problem(max_loss_probability=0.26, time_limit_seconds=600.0)

    allocation = allocate(hard, clock=lambda: next(readings))

    assert allocation.status == "time_limit"
    assert allocation.solver.first_pass == "time_limit"
    assert broken_limits(problem=hard, weights=list(allocation.weights.values())) == ()


@pytest.mark.parametrize("seconds_per_reading", [0.0, 1e-3])
def test_answer_that_ends_with_a_proof_does_not_depend_on_the_clock(
    seconds_per_reading: float,
) -> None:
    proved = problem(
        KEYS[:4],
        market_multiples(seed=2, buckets=4, scenarios=60),
        settings=SolverSettings(time_limit_seconds=600.0),
        max_loss_probability=0.25,
        max_bucket_weight=0.5,
    )
    readings = itertools.count()

    timed = allocate(proved, clock=lambda: next(readings) * seconds_per_reading)

    assert timed.status == "optimal"
    assert timed.weights == allocate(proved).weights


def test_bound_at_the_time_limit_is_above_every_allocation_found_otherwise() -> None:
    hard = hard_problem(max_loss_probability=0.25, time_limit_seconds=1.0)
    draw = np.random.default_rng(0)
    means = hard.expected_multiples()
    feasible = [
        float(weights @ means)
        for weights in draw.dirichlet(np.ones(12) * 0.6, size=2_000)
        if not broken_limits(problem=hard, weights=weights.tolist())
    ]

    allocation = allocate(hard)

    assert feasible
    assert allocation.best_bound is not None
    assert allocation.best_bound >= max(feasible)


def test_time_limit_without_an_allocation_still_returns_a_bound() -> None:
    # Nothing keeps this limit, which takes a proof; between two looks a second goes by.
    hard = hard_problem(max_loss_probability=0.18, time_limit_seconds=5.0)
    readings = itertools.count()

    allocation = allocate(hard, clock=lambda: float(next(readings)))

    assert allocation.status == "time_limit"
    assert not allocation.was_found
    assert allocation.expected_multiple is None
    assert allocation.mip_gap is None
    assert allocation.best_bound is not None
    assert 0 < allocation.best_bound <= hard.expected_multiples().max()


def test_should_stop_interrupts_from_the_calling_thread() -> None:
    hard = hard_problem(max_loss_probability=0.20, time_limit_seconds=600.0)
    asked_in: list[int] = []

    def stop_after_30() -> bool:
        asked_in.append(threading.get_ident())
        return len(asked_in) > 30

    with pytest.raises(SolveInterrupted):
        allocate(hard, should_stop=stop_after_30)
    assert set(asked_in) == {threading.get_ident()}


def test_should_stop_that_is_true_at_once_stops_before_any_solve() -> None:
    with pytest.raises(SolveInterrupted):
        allocate(problem(["seed/saas"], [[1.0, 2.0]]), should_stop=lambda: True)


def test_should_stop_that_stays_false_changes_nothing() -> None:
    small = problem(["seed/saas", "seed/bio"], [[1.0, 3.0], [1.5, 1.5]])

    assert allocate(small, should_stop=lambda: False).weights == allocate(small).weights


def test_error_in_should_stop_reaches_the_caller() -> None:
    class ConnectionLost(Exception):
        pass

    asked: list[None] = []

    def fail_in_the_search() -> bool:
        asked.append(None)
        if len(asked) > 30:
            raise ConnectionLost
        return False

    with pytest.raises(ConnectionLost):
        allocate(
            hard_problem(max_loss_probability=0.20, time_limit_seconds=600.0),
            should_stop=fail_in_the_search,
        )
