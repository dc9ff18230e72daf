import numpy as np
import pytest

from optimization.solver.scenario_bounds import scenario_bounds


def test_without_a_maximum_the_bounds_are_the_worst_and_best_bucket() -> None:
    bounds = scenario_bounds(multiples=np.array([[0.0, 2.0], [1.0, 5.0]]), max_bucket_weight=None)

    assert bounds.lowest.tolist() == [0.0, 2.0]
    assert bounds.highest.tolist() == [1.0, 5.0]


def test_with_a_maximum_the_worst_buckets_are_filled_one_after_another() -> None:
    # At most .4 each: .4 * 0 + .4 * 1 + .2 * 3 = 1.0 and .4 * 3 + .4 * 1 + .2 * 0 = 1.6.
    bounds = scenario_bounds(multiples=np.array([[0.0], [3.0], [1.0]]), max_bucket_weight=0.4)

    assert bounds.lowest == pytest.approx([1.0])
    assert bounds.highest == pytest.approx([1.6])
