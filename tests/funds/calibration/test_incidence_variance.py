"""Standard errors of incidences and survival: closed forms, exact gradients and simulation."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funds.calibration.aalen_johansen import OPEN, cumulative_incidence
from funds.calibration.confidence import log_log_interval
from tests.funds.calibration.durations import (
    CAUSES,
    estimated,
    moments,
    observations,
    watched_without_gap,
)
from tests.funds.calibration.oracles import Observation, delta_method_variance

# Variances are differences of terms up to 1, each right to 1e-15.
ROUNDING = 1e-12


def test_small_case_worked_by_hand() -> None:
    """Cause 0 after 1 year, one open after 2, cause 1 after 3, one open after 4; both at 1: n = 4.

    h1 = 1/4 (n 4) and g3 = 1/2 (n 2). F1 = (1 - h1) g3 = 3/8, so
    Var = g3^2 h1 (1 - h1) / 4 + (1 - h1)^2 g3 (1 - g3) / 2
        = 1/4 x 3/64 + 9/16 x 1/8 = 3/256 + 18/256 = 21/256.
    F0 = h1, so Var = h1 (1 - h1) / 4 = 3/64. S = 3/4 x 1/2 has F1's variance, for 1 - g3 = g3.
    """
    found = cumulative_incidence(
        durations_years=np.array([1.0, 2.0, 3.0, 4.0]),
        causes=np.array([0, OPEN, 1, OPEN]),
        cause_count=2,
    )

    np.testing.assert_allclose(
        found.incidence_errors_at(9.0) ** 2, [3 / 64, 21 / 256], rtol=0, atol=ROUNDING
    )
    # Greenwood leaves out a product of two variances that are small in large samples:
    # (3/8)^2 x (1 / (4 x 3) + 1 / (2 x 1)) = 9/64 x 7/12 = 21/256, here the same.
    assert found.survival_error_at(9.0) ** 2 == pytest.approx(21 / 256, abs=ROUNDING)


@settings(max_examples=60, deadline=None)
@given(watched_without_gap, moments)
def test_variance_is_that_of_the_exact_gradient(found: list[Observation], until: Fraction) -> None:
    exact = [
        float(delta_method_variance(found, until, cause=cause, cause_count=CAUSES))
        for cause in range(CAUSES)
    ]

    np.testing.assert_allclose(
        estimated(found).incidence_errors_at(float(until)) ** 2, exact, rtol=0, atol=ROUNDING
    )


@settings(max_examples=60, deadline=None)
@given(observations, st.sampled_from([0.5, 2.0, 9.0]))
def test_without_censoring_variance_is_multinomial(found: list[Observation], years: float) -> None:
    result = estimated([(end, abs(cause), start) for end, cause, start in found])
    shares, stay = result.incidence_at(years), result.survival_at(years)

    np.testing.assert_allclose(
        result.incidence_errors_at(years) ** 2,
        shares * (1 - shares) / len(found),
        rtol=0,
        atol=ROUNDING,
    )
    assert result.survival_error_at(years) ** 2 == pytest.approx(
        stay * (1 - stay) / len(found), abs=ROUNDING
    )


def censored_sample(generator: np.random.Generator, *, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Exit slowly (20 %), graduate (50 %) or fail (30 %); censored uniformly within 6 years."""
    causes = generator.choice(3, size=size, p=[0.2, 0.5, 0.3])
    years = generator.exponential(np.array([4.0, 1.5, 2.0])[causes])
    censored = generator.uniform(0.0, 6.0, size)
    return np.minimum(years, censored), np.where(years <= censored, causes, OPEN)


def true_incidences(years: float) -> list[float]:
    return [
        share * (1 - math.exp(-years / mean))
        for share, mean in ((0.2, 4.0), (0.5, 1.5), (0.3, 2.0))
    ]


def test_variance_and_intervals_agree_with_repeated_samples() -> None:
    """2,000 samples of 80 companies, at 2 years.

    A variance from 2,000 normal repeats has a relative standard error of sqrt(2 / 2000) = 3.2 %;
    four of them are allowed. A coverage of 95 % has one of sqrt(.95 x .05 / 2000) = 0.5 %; two
    points are allowed, for the interval holds only in large samples.
    """
    generator = np.random.default_rng(7)
    truth = true_incidences(2.0)
    estimates, variances, covered = [], [], []
    for _ in range(2_000):
        years, causes = censored_sample(generator, size=80)
        found = cumulative_incidence(durations_years=years, causes=causes, cause_count=3)
        shares, errors = found.incidence_at(2.0), found.incidence_errors_at(2.0)
        estimates.append(shares)
        variances.append(errors**2)
        intervals = [
            log_log_interval(estimate=float(share), standard_error=float(error))
            for share, error in zip(shares, errors, strict=True)
        ]
        covered.append(
            [
                interval is not None and interval[0] <= true <= interval[1]
                for interval, true in zip(intervals, truth, strict=True)
            ]
        )

    observed = np.var(np.array(estimates), axis=0, ddof=1)
    np.testing.assert_allclose(
        np.mean(variances, axis=0), observed, rtol=4 * math.sqrt(2 / 2_000), atol=0
    )
    np.testing.assert_allclose(np.mean(covered, axis=0), 0.95, rtol=0, atol=0.02)
    # Unbiased: the mean of the repeats is within four of its standard errors.
    np.testing.assert_array_less(
        np.abs(np.mean(estimates, axis=0) - np.array(truth)), 4 * np.sqrt(observed / 2_000)
    )


# Intervals.


def test_interval_worked_by_hand() -> None:
    # F = e^-1 has ln(-ln F) = 0; with se = e^-1 x ln 2 / 1.959964 the exponents are 2 and 1/2.
    low, high = log_log_interval(
        estimate=math.exp(-1), standard_error=math.exp(-1) * math.log(2) / 1.959963984540054
    ) or (0.0, 0.0)

    assert low == pytest.approx(math.exp(-2), rel=1e-12)
    assert high == pytest.approx(math.exp(-0.5), rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(min_value=1e-4, max_value=1 - 1e-4),
    st.floats(min_value=1e-6, max_value=0.3),
)
def test_interval_holds_its_estimate_and_is_made_of_probabilities(
    estimate: float, standard_error: float
) -> None:
    interval = log_log_interval(estimate=estimate, standard_error=standard_error)

    assert interval is not None
    assert 0 <= interval[0] <= estimate <= interval[1] <= 1


@pytest.mark.parametrize("estimate", [0.0, 1.0, 1 - 1e-16, 1e-17])
def test_all_or_none_has_no_interval(estimate: float) -> None:
    assert log_log_interval(estimate=estimate, standard_error=1e-9) is None
