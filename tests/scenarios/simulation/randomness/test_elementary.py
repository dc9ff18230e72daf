"""The exactly-defined elementary functions against scipy and against exact rationals.

Tolerances are relative: 1e-15 is about four units in the last place of a double; tails carry the
rounding of the squared argument, about 40 * 2e-16 at 9 deviations.
"""

from fractions import Fraction

import numpy as np
from scipy import special

from scenarios.simulation.randomness import elementary


def rational_exp(x: Fraction, terms: int = 60) -> Fraction:
    total, term = Fraction(1), Fraction(1)
    for degree in range(1, terms):
        term = term * x / degree
        total += term
    return total


def test_exp_agrees_with_its_series_in_exact_arithmetic() -> None:
    for number in (-2.5, -0.3465735, 1e-9, 0.3465736, 1.0, 3.75):
        exact = float(rational_exp(Fraction(number)))
        np.testing.assert_allclose(elementary.exp(np.array([number])), exact, rtol=5e-16, atol=0)


def test_exp_agrees_with_numpy_over_its_range() -> None:
    x = np.linspace(-700, 700, 20_001)
    np.testing.assert_allclose(elementary.exp(x), np.exp(x), rtol=1e-15, atol=0)


def test_exp_of_very_negative_numbers_is_zero() -> None:
    assert elementary.exp(np.array([-750.0, -1e6, -1e300])).tolist() == [0.0] * 3


def test_log_agrees_with_numpy_over_the_range_of_doubles() -> None:
    x = np.concatenate([np.logspace(-300, 300, 5001), np.linspace(0.5, 2, 5001)])
    np.testing.assert_allclose(elementary.log(x), np.log(x), rtol=1e-15, atol=1e-18)


def test_log_undoes_exp() -> None:
    x = np.linspace(-30, 30, 2001)
    np.testing.assert_allclose(elementary.log(elementary.exp(x)), x, rtol=1e-15, atol=2e-16)


def test_log_of_one_is_exactly_zero() -> None:
    assert elementary.log(np.array([1.0]))[0] == 0.0


def test_power_of_two_cubed_is_eight() -> None:
    np.testing.assert_allclose(
        elementary.power(np.array([1.0, 2.0, 10.0]), 3.0), [1.0, 8.0, 1000.0], rtol=1e-15, atol=0
    )


def test_normal_density_agrees_with_its_formula() -> None:
    x = np.linspace(-9, 9, 3601)
    expected = np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
    np.testing.assert_allclose(elementary.normal_density(x), expected, rtol=2e-14, atol=0)


def test_normal_upper_tail_keeps_its_digits_far_out() -> None:
    x = np.concatenate([np.linspace(-9, 9, 3601), [0.6629, 5.6568, 20.0, 37.0]])
    # At 37 deviations x^2 / 2 = 684 has a rounding error of 1e-13.
    np.testing.assert_allclose(
        elementary.normal_upper_tail(x), special.ndtr(-x), rtol=2e-13, atol=0
    )
    inner = x[np.abs(x) <= 9]
    np.testing.assert_allclose(
        elementary.normal_upper_tail(inner), special.ndtr(-inner), rtol=1e-14, atol=0
    )


def test_normal_upper_tail_and_lower_tail_sum_to_one() -> None:
    x = np.linspace(-6, 6, 1001)
    both = elementary.normal_upper_tail(x) + elementary.normal_upper_tail(-x)
    np.testing.assert_allclose(both, 1.0, rtol=0, atol=3e-16)


def test_normal_quantile_agrees_with_scipy_in_centre_and_tails() -> None:
    p = np.concatenate([np.logspace(-300, -1, 3001), np.linspace(0.05, 0.95, 3001)])
    # Relative to the size of the quantile, which is 0 at one half.
    np.testing.assert_allclose(
        elementary.normal_quantile(p), special.ndtri(p), rtol=2e-15, atol=2e-16
    )


def test_normal_quantile_undoes_the_upper_tail() -> None:
    x = np.linspace(0.5, 8, 1001)
    np.testing.assert_allclose(
        -elementary.normal_quantile(elementary.normal_upper_tail(x)), x, rtol=2e-15, atol=0
    )


def test_normal_quantile_is_symmetric() -> None:
    p = np.array([0.25, 0.125, 2.0**-20])
    np.testing.assert_array_equal(
        elementary.normal_quantile(p), -elementary.normal_quantile(1.0 - p)
    )


def test_tail_and_density_together_have_the_bits_of_each_alone() -> None:
    x = np.linspace(-45, 45, 9001)
    tail, density = elementary.normal_tail_and_density(x)
    assert tail.tobytes() == elementary.normal_upper_tail(x).tobytes()
    assert density.tobytes() == elementary.normal_density(x).tobytes()
