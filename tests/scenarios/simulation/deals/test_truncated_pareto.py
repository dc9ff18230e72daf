"""The cut Pareto law against scipy's and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.simulation.deals.truncated_pareto import (
    SMALLEST_TAIL_INDEX,
    TruncatedPareto,
    largest_p90,
    truncated_pareto,
)
from tests.scenarios.simulation.plain_law import solved_pareto

RANKS = np.array([1e-9, 0.01, 0.3, 0.5, 0.77, 0.9, 0.99, 1 - 1e-6])


def test_law_worked_by_hand() -> None:
    # From 1 to 100 with tail index 1: 1/X is uniform between 1 and .01, so the value with upper
    # tail w is 1 / (w + .01 (1 - w)): median 1 / .505, P90 1 / .109.
    found = truncated_pareto(median=1 / 0.505, p90=1 / 0.109, cap=100.0)
    assert found.lowest == pytest.approx(1.0, rel=1e-13)
    assert found.tail_index == pytest.approx(1.0, rel=1e-13)
    values = found.quantile(np.array([1.0, 0.25, 0.0]))
    np.testing.assert_allclose(values, [1.0, 1 / 0.2575, 100.0], rtol=1e-13, atol=0)


def test_distant_cap_leaves_the_uncut_law() -> None:
    # Uncut, P90 / median = 5^(1 / index): 4 -> index ln 5 / ln 4, lowest = median / 2^(1 / index).
    index = np.log(5) / np.log(4)
    found = truncated_pareto(median=3.0, p90=12.0, cap=1e15)
    assert found.tail_index == pytest.approx(index, rel=1e-12)
    assert found.lowest == pytest.approx(3.0 / 2 ** (1 / index), rel=1e-12)


@pytest.mark.parametrize(
    ("median", "p90", "cap"),
    [(2.1, 13.5, 300.0), (1.65, 5.5, 300.0), (3.0, 10.0, 15.0), (2.0, 40.0, 100.0), (1, 1.1, 9)],
)
def test_law_is_the_one_scipy_finds(median: float, p90: float, cap: float) -> None:
    found = truncated_pareto(median=median, p90=p90, cap=cap)
    expected = solved_pareto(median, p90, cap)
    # The two nested root searches of the oracle stop at 1e-14 of the index.
    np.testing.assert_allclose(found.quantile(1 - RANKS), expected.ppf(RANKS), rtol=1e-10, atol=0)
    values = np.array([0.5 * median, median, p90, 0.5 * (p90 + cap), cap, 2 * cap])
    np.testing.assert_allclose(
        found.upper_tail(values), expected.sf(values), rtol=1e-10, atol=1e-15
    )


@settings(deadline=None)
@given(
    median=st.floats(0.01, 100),
    cap_over_median=st.floats(1.01, 1e6),
    place=st.floats(0.001, 1.0),
)
def test_median_and_p90_are_hit_wherever_a_law_exists(
    median: float, cap_over_median: float, place: float
) -> None:
    cap = median * cap_over_median
    largest = largest_p90(median=median, cap=cap)
    p90 = min(median + place * (largest - median), largest)
    found = truncated_pareto(median=median, p90=p90, cap=cap)
    assert found.tail_index >= SMALLEST_TAIL_INDEX
    assert 0 < found.lowest < median
    # An index of .01 magnifies the rounding of a probability a hundredfold.
    np.testing.assert_allclose(found.quantile(np.array([0.5, 0.1])), [median, p90], rtol=1e-12)


def test_largest_p90_belongs_to_the_smallest_tail_index() -> None:
    largest = largest_p90(median=1.0, cap=32.0)
    # A law uniform in the logarithm has 32^(4/5) = 16; index .01 takes off a little:
    # (.2 + .8 * 32^-.01)^-100 = 15.8476
    assert largest == pytest.approx(15.8459, abs=1e-4)
    found = truncated_pareto(median=1.0, p90=largest, cap=32.0)
    assert found.tail_index == pytest.approx(SMALLEST_TAIL_INDEX, rel=1e-9)


@pytest.mark.parametrize("p90", [1.0, 0.5, 15.85, 31.0, 40.0, float("nan")])
def test_no_law_is_made_up_where_there_is_none(p90: float) -> None:
    with pytest.raises(ValueError, match="no Pareto law"):
        truncated_pareto(median=1.0, p90=p90, cap=32.0)


def test_tail_is_one_below_the_law_and_zero_beyond_its_cap() -> None:
    law = TruncatedPareto(lowest=1.0, tail_index=2.0, cap=10.0)
    assert law.upper_tail(np.array([1e-6, 0.999, 1.0, 10.0, 11.0, 1e300])).tolist() == [
        1.0,
        1.0,
        1.0,
        0.0,
        0.0,
        0.0,
    ]
