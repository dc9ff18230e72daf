"""Interpolation at even distances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.simulation.randomness.uniform_interpolation import interpolated


@pytest.mark.parametrize("points", [2, 4, 6])
def test_polynomials_of_lower_degree_come_back_exactly(points: int) -> None:
    coefficients = [1.5, -2.0, 0.25, 0.5, -0.125, 0.0625][:points]
    polynomial = np.polynomial.Polynomial(coefficients)
    table = polynomial(np.arange(12.0))
    positions = np.concatenate([np.linspace(0, 11, 89), np.arange(12.0)])
    # Values up to 2e4 are sums of six terms, each with a rounding of 1e-16 of its size.
    np.testing.assert_allclose(
        interpolated(table, positions, points=points), polynomial(positions), rtol=0, atol=1e-9
    )


@given(position=st.integers(0, 19), points=st.sampled_from([2, 4, 6]))
def test_entries_of_the_table_are_kept(position: int, points: int) -> None:
    table = np.sin(np.arange(20.0))
    found = interpolated(table, np.array([float(position)]), points=points)
    assert found[0] == table[position]


def test_error_of_six_points_is_of_sixth_order() -> None:
    step = 0.1
    table = np.exp(step * np.arange(30))
    positions = np.linspace(3, 26, 400)
    error = np.max(np.abs(interpolated(table, positions, points=6) / np.exp(step * positions) - 1))
    # h^6 / 720 times the largest product of distances, 2.25 * .25 * 6.25 = 3.5: 5e-9.
    assert error < 6e-9
