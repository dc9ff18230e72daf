"""Row statistics of a matrix by hand."""

import numpy as np

from scenarios.simulation.deals.bucket_statistics import LOSS_THRESHOLD, bucket_statistics


def test_median_p90_and_loss_of_five_scenarios_worked_by_hand() -> None:
    # Sorted .5 .9 1 2 4: median 1; the 90 % quantile lies .6 of the way from 2 to 4: 3.2.
    # Two of five are below 1.
    found = bucket_statistics(np.array([[2.0, 0.5, 1.0, 4.0, 0.9]], dtype=np.float32))
    np.testing.assert_allclose(found.medians, [1.0], rtol=1e-7)
    np.testing.assert_allclose(found.p90s, [3.2], rtol=1e-6)
    np.testing.assert_array_equal(found.loss_probabilities, [0.4])


def test_money_back_is_no_loss() -> None:
    just_below = np.float32(1.0) - np.float32(2.0**-24)
    found = bucket_statistics(np.array([[1.0, just_below, 0.99999]], dtype=np.float32))
    assert found.loss_probabilities[0] == 1 / 3


def test_loss_threshold_is_that_of_the_allocation() -> None:
    from optimization.solver.measures.risk import LOSS_THRESHOLD as ALLOCATION_THRESHOLD

    assert LOSS_THRESHOLD == ALLOCATION_THRESHOLD
