"""The factor of a correlation matrix by hand, against numpy, and at the edge of possibility."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scenarios.simulation.dependence.correlation_root import (
    CorrelationRows,
    NotPositiveSemidefinite,
    correlation_root,
)

Floats = NDArray[np.float64]


def square(rows: CorrelationRows) -> Floats:
    """The lower triangle filled up with zeros."""
    return np.array([[*row, *[0.0] * (len(rows) - len(row))] for row in rows])


def lifted(matrix: Floats) -> Floats:
    lift = 1e-6 * len(matrix)
    found: Floats = (matrix + lift * np.eye(len(matrix))) / (1 + lift)
    return found


def random_correlation(size: int, rank: int, seed: int) -> Floats:
    """Of ``size`` random mixtures of ``rank`` independent variables."""
    mixture = np.random.default_rng(seed).standard_normal((size, rank))
    mixture /= np.sqrt((mixture**2).sum(axis=1))[:, None]
    return mixture @ mixture.T


def test_two_buckets_worked_by_hand() -> None:
    # Correlation .6 shrinks to .6 / (1 + 2e-6): L = [[1], [.6, .8]] to within 2e-6.
    (first,), (common, own) = correlation_root([[1.0, 0.6], [0.6, 1.0]])
    assert first == 1.0
    assert common == pytest.approx(0.6 / 1.000002, rel=1e-15)
    assert own == pytest.approx(0.8, abs=2e-6)


def test_independent_buckets_keep_their_own_factors_alone() -> None:
    assert square(correlation_root(np.eye(5).tolist())).tolist() == np.eye(5).tolist()


@settings(deadline=None, max_examples=50)
@given(size=st.integers(1, 30), rank=st.integers(1, 40), seed=st.integers(0, 10**6))
def test_factor_multiplies_out_to_the_lifted_matrix(size: int, rank: int, seed: int) -> None:
    # Rounded to 1e-6 like a configuration, which leaves a low rank with eigenvalues below 0.
    matrix = random_correlation(size, rank, seed).round(6)
    np.fill_diagonal(matrix, 1.0)
    root = square(correlation_root(matrix.tolist()))
    # Cholesky is backward stable: an error of about size * 1e-16, however near to singular.
    np.testing.assert_allclose(root @ root.T, lifted(matrix), rtol=0, atol=1e-14)
    np.testing.assert_allclose(root @ root.T, matrix, rtol=0, atol=1.01e-6 * size)


def test_factor_of_a_hundred_buckets_agrees_with_numpy() -> None:
    matrix = random_correlation(100, 300, 5)
    np.fill_diagonal(matrix, 1.0)
    root = square(correlation_root(matrix.tolist()))
    # A condition number of about 10 leaves a few 1e-15.
    np.testing.assert_allclose(root, np.linalg.cholesky(lifted(matrix)), rtol=0, atol=1e-13)


@pytest.mark.parametrize("size", [2, 12, 100])
def test_buckets_may_move_as_one(size: int) -> None:
    root = square(correlation_root(np.ones((size, size)).tolist()))
    np.testing.assert_allclose(root @ root.T, np.ones((size, size)), rtol=0, atol=1.01e-6 * size)


def test_opposites_may_move_against_each_other() -> None:
    (_, (common, own)) = correlation_root([[1.0, -1.0], [-1.0, 1.0]])
    assert common == pytest.approx(-1.0, abs=3e-6)
    assert 0.0 < own < 0.003


@pytest.mark.parametrize(
    "matrix",
    [
        # Two that go with the third cannot go against each other: eigenvalue 1 - 2 * .9.
        [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]],
        # Three cannot be more than half opposed: eigenvalue 1 - 2 * .50001 = -2e-5.
        [[1, -0.50001, -0.50001], [-0.50001, 1, -0.50001], [-0.50001, -0.50001, 1]],
    ],
)
def test_impossible_correlations_are_refused(matrix: list[list[float]]) -> None:
    with pytest.raises(NotPositiveSemidefinite):
        correlation_root(matrix)


def test_three_may_be_half_opposed() -> None:
    # Eigenvalue exactly 0.
    matrix = [[1.0, -0.5, -0.5], [-0.5, 1.0, -0.5], [-0.5, -0.5, 1.0]]
    root = square(correlation_root(matrix))
    np.testing.assert_allclose(root @ root.T, matrix, rtol=0, atol=3e-6)
