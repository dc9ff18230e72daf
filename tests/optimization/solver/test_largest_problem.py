"""The largest problem that is accepted is solved; one bucket or scenario more is refused."""

import numpy as np
import pytest

from optimization.solver.allocate import allocate
from optimization.solver.rivals.limit_check import broken_limits
from optimization.solver.stated.problem import AllocationProblem
from scenarios.simulation.checked_input import InvalidInput
from tests.optimization.solver.problems import market_multiples, problem

BUCKETS, SCENARIOS = 100, 5_000


def large_problem(*, buckets: int, scenarios: int) -> AllocationProblem:
    """Its limit on loss probability is loose, so that the size alone decides."""
    return problem(
        [f"seed/{number:03}" for number in range(buckets)],
        market_multiples(seed=1, buckets=buckets, scenarios=scenarios),
        max_loss_probability=0.9,
        max_bucket_weight=0.1,
    )


def test_hundred_buckets_in_five_thousand_scenarios_are_allocated() -> None:
    largest = large_problem(buckets=BUCKETS, scenarios=SCENARIOS)

    allocation = allocate(largest)

    assert allocation.status == "optimal"
    weights = list(allocation.weights.values())
    assert broken_limits(problem=largest, weights=weights) == ()
    assert len(weights) == BUCKETS


@pytest.mark.parametrize(
    ("buckets", "scenarios", "message"),
    [
        (BUCKETS + 1, 2, "buckets: has 101 entries, at most 100 are allowed"),
        (
            1,
            SCENARIOS + 1,
            "multiples: has shape (1, 5001); at most 5000 scenarios per bucket are allowed",
        ),
    ],
)
def test_one_more_is_refused_in_one_line(buckets: int, scenarios: int, message: str) -> None:
    with pytest.raises(InvalidInput) as error:
        problem([f"seed/{n}" for n in range(buckets)], np.ones((buckets, scenarios)))

    assert str(error.value) == message
