"""The worst scenarios, their mean loss and the row it makes: by numpy's sort and `tail_cuts`."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.solver.compiled.switch_rows import Floats, Numbers
from optimization.solver.compiled.tails import tail_excess, tail_row, worst_scenarios
from optimization.solver.exact.tail_cuts import tail_of, tail_shares

# Sums of some twenty terms of size one in another order.
ROUNDING = 1e-12


def worst_of(portfolio: Floats, most: int) -> Numbers:
    worst = np.full(most, -1, dtype=np.int64)
    found = int(worst_scenarios(portfolio, worst))
    return worst[:found]


# Few values, so that many scenarios tie, also with the multiple that neither gains nor loses.
tied = st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0, 1.1])
portfolios = st.lists(st.one_of(tied, st.floats(0.0, 2.0)), min_size=1, max_size=20).map(np.array)


@settings(max_examples=200, deadline=None)
@given(portfolios, st.integers(1, 25))
def test_worst_scenarios_have_the_lowest_multiples_of_those_that_lose(
    portfolio: Floats, most: int
) -> None:
    worst = worst_of(portfolio, most)

    lowest = np.sort(portfolio[portfolio < 1])[:most]
    assert np.sort(portfolio[worst]).tolist() == lowest.tolist()
    assert np.unique(worst).size == worst.size


@settings(max_examples=200, deadline=None)
@given(portfolios, st.floats(0.0, 0.99), st.floats(0.0, 1.0))
def test_excess_and_row_are_those_of_the_tail(
    portfolio: Floats, confidence: float, maximum: float
) -> None:
    shares = tail_shares(confidence=confidence, scenarios=portfolio.size)
    worst = worst_of(portfolio, shares.size)
    tail = tail_of(portfolio, confidence=confidence)

    excess = tail_excess(portfolio, worst, shares, maximum)
    row = np.empty(1)
    least = tail_row(np.ascontiguousarray(portfolio[None, :]), worst, shares, maximum, row)

    assert excess == pytest.approx(tail.mean_loss(portfolio) - maximum, abs=ROUNDING)
    cut = tail.cut(portfolio[:, None], maximum=maximum)
    assert least == pytest.approx(cut.minimum, abs=ROUNDING)
    assert row == pytest.approx(cut.coefficients, abs=ROUNDING)


def test_last_scenario_of_the_tail_takes_the_part_that_is_left() -> None:
    # 2.5 of 5 scenarios: shares .4, .4, .2 of losses .9, .6 and .1, whatever the order.
    portfolio = np.array([0.9, 2.0, 0.1, 1.0, 0.4])
    shares = tail_shares(confidence=0.5, scenarios=5)

    excess = tail_excess(portfolio, worst_of(portfolio, 3), shares, 0.5)

    assert excess == pytest.approx(0.4 * 0.9 + 0.4 * 0.6 + 0.2 * 0.1 - 0.5, abs=ROUNDING)


def test_fewer_losing_scenarios_than_the_tail_has_leave_its_rest_without_loss() -> None:
    # One loses .5 of a tail of two.
    portfolio = np.array([3.0, 0.5, 1.0, 1.5])

    worst = worst_of(portfolio, 2)

    assert worst.tolist() == [1]
    assert tail_excess(portfolio, worst, np.array([0.5, 0.5]), 0.0) == 0.25


def test_row_for_columns_beside_the_weights_has_nothing() -> None:
    coefficients = np.full(3, 7.0)

    least = tail_row(
        np.array([[0.5, 2.0], [0.25, 2.0]]), np.array([0]), np.ones(1), 0.25, coefficients
    )

    assert coefficients.tolist() == [0.5, 0.25, 0.0]
    assert least == 0.75


def test_portfolio_that_never_loses_has_no_worst_scenario() -> None:
    worst = worst_of(np.array([1.0, 2.0]), 2)

    assert worst.size == 0
    assert tail_excess(np.array([1.0, 2.0]), worst, np.array([0.5, 0.5]), 0.3) == -0.3
