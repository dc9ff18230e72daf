"""Sobol' points against scipy's, which come in the order of the Gray code."""

import numpy as np
import pytest
from scipy.stats import qmc

from scenarios.simulation.randomness.sobol_sequence import DIMENSIONS, sobol_words


def coordinates(dimension: int, first: int, count: int) -> list[float]:
    words = sobol_words(dimension=dimension, first_point=first, count=count)
    found: list[float] = (words.astype(float) / 2.0**64).tolist()
    return found


def test_first_points_worked_by_hand() -> None:
    # Dimension 0 reverses the bits of the number. Dimension 1 has m = 1, 3, 5: direction numbers
    # .1, .11, .101 in binary; point 3 is .1 ^ .11 = .01, point 5 is .1 ^ .101 = .001.
    assert coordinates(0, 0, 6) == [0, 0.5, 0.25, 0.75, 0.125, 0.625]
    assert coordinates(1, 0, 6) == [0, 0.5, 0.75, 0.25, 0.625, 0.125]


def test_points_of_every_dimension_are_those_of_scipy() -> None:
    points = qmc.Sobol(d=DIMENSIONS, scramble=False).random(2048)
    numbers = np.arange(2048)
    gray = numbers ^ (numbers >> 1)
    for dimension in range(DIMENSIONS):
        found = np.array(coordinates(dimension, 0, 2048))
        # 2,048 points have 11 binary digits: both are exact.
        np.testing.assert_array_equal(found[gray], points[:, dimension])


def test_there_is_a_dimension_for_every_factor_of_the_largest_configuration() -> None:
    # One macro factor, a hundred buckets in a hundred sectors at six stages.
    assert DIMENSIONS == 1 + 100 + 6 + 100


@pytest.mark.parametrize(("first", "count"), [(0, 1), (5, 7), (31, 2), (1000, 24)])
def test_any_range_is_part_of_the_whole(first: int, count: int) -> None:
    assert coordinates(3, first, count) == coordinates(3, 0, 1024)[first : first + count]


@pytest.mark.parametrize("dimension", [0, 1, 5, 50, DIMENSIONS - 1])
@pytest.mark.parametrize("first", [0, 256, 2**40 + 512])
def test_a_block_of_points_has_one_in_every_interval(dimension: int, first: int) -> None:
    found = np.sort(np.floor(256 * np.array(coordinates(dimension, first, 256))))
    np.testing.assert_array_equal(found, np.arange(256))
