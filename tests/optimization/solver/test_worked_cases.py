"""Cases small enough to solve by hand."""

from dataclasses import replace

import pytest

from optimization.solver.allocate import allocate
from optimization.solver.allocation import Relaxation
from optimization.solver.stated.problem import AllocationProblem
from tests.optimization.solver.problems import high_and_low, problem

# The solver keeps its rows to 1e-9 and weights are rounded to 1e-12.
EXACT = 1e-9


def test_without_limits_all_capital_goes_to_the_higher_mean() -> None:
    # Means 2.0 and 1.5. The second pass may give up 0.1 % of 2.0 = 0.002 to come closer to half
    # and half: moving d costs 0.5 d, so d = 0.004.
    allocation = allocate(problem(["seed/saas", "seed/bio"], [[1.0, 3.0], [1.5, 1.5]]))

    assert allocation.status == "optimal"
    assert allocation.first_pass_expected_multiple == pytest.approx(2.0, abs=EXACT)
    assert allocation.weights["seed/saas"] == pytest.approx(0.996, abs=EXACT)
    assert allocation.expected_multiple == pytest.approx(1.998, abs=EXACT)


def test_bucket_maximum_stops_the_higher_mean() -> None:
    # At most .7 in the mean of 2.0, the rest at 1.5: 1.85. Locked at 1.85 - .00185: d = .0037.
    allocation = allocate(
        problem(["seed/saas", "seed/bio"], [[1.0, 3.0], [1.5, 1.5]], max_bucket_weight=0.7)
    )

    assert allocation.first_pass_expected_multiple == pytest.approx(1.85, abs=EXACT)
    assert allocation.weights["seed/saas"] == pytest.approx(0.6963, abs=EXACT)


def test_loss_probability_of_a_mix_is_no_average_of_its_buckets() -> None:
    # All in High loses in 120 of 400. Up to half in High, the 114 scenarios in which only Low
    # wins return 2 (1 - w) >= 1, and the 14 in which only High wins 5 w + .9 (1 - w) >= 1, so
    # only the 6 without a winner lose: 6/400 <= .10. Beyond half, 120 lose. The optimum is
    # w = .5 with .5 * 3.5 + .5 * (.95 * 2 + .05 * .9) = 2.7225, which is also the uniform one.
    allocation = allocate(high_and_low(max_loss_probability=0.10))

    assert allocation.weights["seed/high"] == pytest.approx(0.5, abs=EXACT)
    assert allocation.expected_multiple == pytest.approx(2.7225, abs=EXACT)
    assert allocation.loss_probability == 6 / 400


def one_bucket_with_two_limits_out_of_reach() -> AllocationProblem:
    """It loses in 2 of 10 scenarios; 50 deals with a win probability of .05 are 2.5 winners."""
    return problem(
        ["seed/saas"],
        [[0.5, 0.5, *[2.0] * 8]],
        max_loss_probability=0.10,
        min_expected_winners=3.0,
    )


def test_one_bucket_with_two_limits_out_of_reach_is_infeasible_and_names_both() -> None:
    allocation = allocate(one_bucket_with_two_limits_out_of_reach())

    assert allocation.status == "infeasible"
    assert not allocation.was_found
    assert allocation.infeasibility is not None
    assert "maximum loss probability" in allocation.infeasibility
    assert "expected winners" in allocation.infeasibility


def test_one_bucket_with_two_limits_out_of_reach_is_given_exactly_these_two() -> None:
    allocation = allocate(replace(one_bucket_with_two_limits_out_of_reach(), relax=True))

    assert allocation.status == "relaxed"
    assert allocation.weights == {"seed/saas": 1.0}
    assert allocation.relaxations == (
        Relaxation(
            constraint="max_loss_probability",
            requested=0.10,
            granted=0.20,
            is_minimal=True,
            tightest_possible=0.20,
        ),
        Relaxation(
            constraint="min_expected_winners",
            requested=3.0,
            granted=2.5,
            is_minimal=True,
            tightest_possible=2.5,
        ),
    )
    assert all(row.satisfied and row.relaxed for row in allocation.constraints)
