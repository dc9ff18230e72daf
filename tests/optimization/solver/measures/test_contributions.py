"""What each bucket adds to return and tail loss."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimization.solver.measures import risk
from optimization.solver.measures.contributions import contributions, tail_weights


def test_parts_of_a_worked_portfolio() -> None:
    # In halves, multiples (.2, .8, 2, 4) and (1, .8, 2, 0) give M = .6, .8, 2, 2.
    # CVaR 62.5 %: 1.5 scenarios, (.4 + .5 * .2) / 1.5 = 1/3.
    # First bucket: .5 * (.8 + .5 * .2) / 1.5 = .3; second: .5 * (0 + .5 * .2) / 1.5 = 1/30.
    parts = contributions(
        weights=np.array([0.5, 0.5]),
        multiples=np.array([[0.2, 0.8, 2.0, 4.0], [1.0, 0.8, 2.0, 0.0]]),
        expected_multiples=np.array([1.75, 0.95]),
        confidence=0.625,
    )
    np.testing.assert_allclose(parts.tail_loss, [0.3, 1 / 30], rtol=1e-12)
    np.testing.assert_allclose(parts.expected_multiple, [0.875, 0.475], rtol=1e-12)


def test_bucket_that_gains_in_the_tail_takes_loss_away() -> None:
    # M = .75 and 3. The tail is the first scenario: .5 * (1 - 0) = .5 and .5 * (1 - 1.5) = -.25.
    parts = contributions(
        weights=np.array([0.5, 0.5]),
        multiples=np.array([[0.0, 3.0], [1.5, 3.0]]),
        expected_multiples=np.array([1.5, 2.25]),
        confidence=0.5,
    )
    np.testing.assert_allclose(parts.tail_loss, [0.5, -0.25], rtol=1e-12)


def test_scenarios_without_a_loss_weigh_nothing() -> None:
    np.testing.assert_array_equal(
        tail_weights(np.array([2.0, 0.5, 1.0, 3.0]), confidence=0.25), [0, 1 / 3, 0, 0]
    )


def test_confidence_of_1_is_refused() -> None:
    with pytest.raises(ValueError, match="confidence is 1"):
        tail_weights(np.array([0.5]), confidence=1.0)


@given(
    seed=st.integers(0, 2**32 - 1),
    buckets=st.integers(1, 6),
    scenarios=st.integers(1, 60),
    confidence=st.floats(0.01, 0.99),
)
def test_parts_sum_to_the_figures_of_the_portfolio(
    seed: int, buckets: int, scenarios: int, confidence: float
) -> None:
    draw = np.random.default_rng(seed)
    multiples = draw.lognormal(-0.3, 0.8, size=(buckets, scenarios))
    weights = draw.dirichlet(np.ones(buckets))
    means = multiples.mean(axis=1)
    parts = contributions(
        weights=weights, multiples=multiples, expected_multiples=means, confidence=confidence
    )
    portfolio = risk.portfolio_multiples(weights=weights, multiples=multiples)
    # Sums of at most 60 terms of order 1, and weights that sum to 1 within a few ulps.
    assert parts.tail_loss.sum() == pytest.approx(
        risk.cvar(portfolio, confidence=confidence), abs=1e-12
    )
    assert parts.expected_multiple.sum() == pytest.approx(float(weights @ means), rel=1e-12)
