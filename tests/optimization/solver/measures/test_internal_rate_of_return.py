"""Internal rates of return by hand, and against two other ways of finding the root.

Everything but the calls of year 0 falls in the middle of its year: year t is at t + 1/2.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import brentq

from optimization.solver.measures.internal_rate_of_return import (
    SEARCH_STEPS,
    half_yearly_flows,
    internal_rates_of_return,
)

Floats = NDArray[np.float64]


def rate(calls: list[float], distributions: list[float]) -> float:
    """The rate of one scenario; lists may be of different length."""
    years = max(len(calls), len(distributions))
    columns = [[*flows, *[0.0] * (years - len(flows))] for flows in (calls, distributions)]
    called, distributed = (np.array(column)[:, None] for column in columns)
    (found,) = internal_rates_of_return(calls=called, distributions=distributed).tolist()
    return float(found)


def from_net(flows: list[float]) -> float:
    """The rate of net flows at the times 0, 1/2, 3/2, 5/2, ... years."""
    first, *others = flows
    return rate([-first, *[max(0.0, -flow) for flow in others[1:]]], [max(0.0, f) for f in others])


def present_values(flows: Floats, rates: Floats) -> Floats:
    """Of each scenario, as a part of all money that moves (discounted too)."""
    discounts = (1 + rates[:, None]) ** (-np.arange(flows.shape[1]) / 2)
    return np.asarray((flows * discounts).sum(axis=1) / (np.abs(flows) * discounts).sum(axis=1))


def test_money_doubled_in_year_5_grows_for_five_and_a_half_years() -> None:
    assert rate([1], [0, 0, 0, 0, 0, 2]) == pytest.approx(2 ** (1 / 5.5) - 1, rel=1e-12)


def test_return_in_year_0_comes_after_half_a_year() -> None:
    # 1 becomes 1.1 in half a year: 1.1 * 1.1 - 1 a year.
    assert rate([1], [1.1]) == pytest.approx(0.21, rel=1e-12)


def test_later_calls_are_discounted_too() -> None:
    # 15 % a year: .5 + .5 / 1.15^2.5 is worth at 6.5 years .5 * 1.15^6.5 + .5 * 1.15^4.
    back = 0.5 * 1.15**6.5 + 0.5 * 1.15**4
    assert rate([0.5, 0, 0.5], [0, 0, 0, 0, 0, 0, back]) == pytest.approx(0.15, rel=1e-11)


def test_half_of_the_money_back_is_a_loss_each_year() -> None:
    assert rate([1], [0, 0, 0.5]) == pytest.approx(0.5 ** (1 / 2.5) - 1, rel=1e-12)


def test_nothing_back_is_a_total_loss() -> None:
    assert rate([0.5, 0.1], [0, 0, 0]) == -1.0


def test_exactly_the_money_back_is_a_rate_of_0() -> None:
    assert rate([0.5, 0.25], [0, 0, 0, 0.75]) == 0.0


def test_tiny_and_huge_returns_have_their_rates() -> None:
    assert rate([1], [0] * 15 + [1e-9]) == pytest.approx(1e-9 ** (1 / 15.5) - 1, rel=1e-12)
    assert rate([1e-3], [300]) == pytest.approx(300_000**2 - 1, rel=1e-12)


def test_scale_of_the_money_changes_nothing() -> None:
    calls, distributions = [0.6, 0.1, 0.05], [0.0, 0.0, 0.3, 0.9]
    cents = [[flow / 128 for flow in flows] for flows in (calls, distributions)]
    assert rate(*cents) == pytest.approx(rate(calls, distributions), rel=1e-12)


def with_roots(discount_factors: list[float], times: list[int]) -> list[float]:
    """Net flows with -1 first and others at the given places that are worth 0 at the factors.

    Place k >= 1 is k - 1/2 years away, 2 k - 1 halves.
    """
    powers = np.array([[x ** (2 * k - 1) for k in times] for x in discount_factors])
    flows = [-1.0] + [0.0] * max(times)
    for place, flow in zip(times, np.linalg.solve(powers, np.ones(len(times))), strict=True):
        flows[place] = float(flow)
    return flows


def test_of_three_positive_rates_the_smallest_is_reported() -> None:
    # Worth 0 at the half-year factors .9, .75 and .6, so at 23.5 %, 77.8 % and 177.8 % a year:
    # -1, then 2.596, then a call of 3.180, then 1.663, which is .079 more than is paid.
    flows = with_roots([0.9, 0.75, 0.6], [1, 2, 3])
    assert np.sign(flows).tolist() == [-1, 1, -1, 1]
    assert flows == pytest.approx([-1, 2.5960, -3.1799, 1.6627], abs=1e-4)
    assert sum(flows) > 0
    assert from_net(flows) == pytest.approx(1 / 0.9**2 - 1, rel=1e-10)


def test_of_two_negative_rates_the_one_nearest_to_0_is_reported() -> None:
    # Factors above 1 are negative rates: 1 / 1.1^2 - 1 = -17.4 % and 1 / 1.3^2 - 1 = -40.8 %.
    # The last flow is a call that nothing follows.
    flows = with_roots([1.1, 1.3], [3, 5])
    assert np.sign(flows).tolist() == [-1, 0, 0, 1, 0, -1]
    assert sum(flows) < 0
    assert from_net(flows) == pytest.approx(1 / 1.1**2 - 1, rel=1e-10)


def test_money_that_is_lost_has_no_positive_rate() -> None:
    # -1, 2.397 after half a year, -1.587 after one and a half: worth 0 at the factors .9 and .5,
    # yet .19 is lost. Kept for the call, .8095 is left after half a year: .8095^2 - 1 = -34.5 %.
    flows = with_roots([0.9, 0.5], [1, 2])
    assert flows == pytest.approx([-1, 2.396825, -1.587302], rel=1e-6)
    assert from_net(flows) == pytest.approx((flows[1] + flows[2]) ** 2 - 1, rel=1e-12)


def test_calls_at_the_end_that_use_up_what_came_back_are_a_total_loss() -> None:
    # 1.1 after two and a half years, of which 1.2 is called again two years later.
    assert rate([1, 0, 0, 0, 1.2], [0, 0, 1.1]) == -1.0


def test_call_after_the_last_distribution_is_taken_out_of_it() -> None:
    # Whatever the rate, -1 + 1.1 x^5 - .5 x^9 is negative. 1.1 - .5 = .6 after 2.5 years is left.
    assert rate([1, 0, 0, 0, 0.5], [0, 0, 1.1]) == pytest.approx(0.6 ** (1 / 2.5) - 1, rel=1e-12)


def test_gain_keeps_its_rate_when_a_call_comes_last() -> None:
    # -1, 3 after 1.5 years, a call of .5 after 4.5 years: 1.5 more than was paid.
    found = rate([1, 0, 0, 0, 0.5], [0, 3])
    expected = brentq(lambda r: -1 + 3 * (1 + r) ** -1.5 - 0.5 * (1 + r) ** -4.5, 0, 5)
    assert found == pytest.approx(expected, rel=1e-10)


@st.composite
def flows_of_one_scenario(draw: st.DrawFn) -> tuple[list[float], list[float]]:
    years = draw(st.integers(1, 8))
    amounts = st.one_of(st.just(0.0), st.floats(0.01, 2))
    calls = [draw(st.floats(0.05, 1)), *[draw(amounts) for _ in range(years - 1)]]
    return calls, [draw(amounts) for _ in range(years)]


def all_rates(flows: Floats) -> Floats:
    """Every rate, from the eigenvalues of the companion matrix."""
    roots = np.polynomial.polynomial.polyroots(np.trim_zeros(flows, "b"))
    real = roots[np.abs(roots.imag) < 1e-7].real
    return np.asarray(1 / real[real > 1e-7] ** 2 - 1)


@settings(max_examples=300, deadline=None)
@given(flows=flows_of_one_scenario())
def test_reported_rate_is_the_nearest_on_its_side_of_0(
    flows: tuple[list[float], list[float]],
) -> None:
    calls, distributions = (np.array(column)[:, None] for column in flows)
    net = half_yearly_flows(calls=calls, distributions=distributions)
    (found,) = internal_rates_of_return(calls=calls, distributions=distributions)
    total = net.sum()
    assert -1 <= found < np.inf
    if found == -1 or abs(total) < 1e-6:
        return
    assert found * total > 0
    candidates = all_rates(net[0]) if np.any(distributions > 0) else np.array([])
    same_side = candidates[candidates * total > 0]
    is_a_rate = abs(present_values(net, np.array([found]))[0]) < 1e-9
    if not is_a_rate:
        # Then a call comes last, and no rate lies below 0, or two that hardly differ.
        assert total < 0
        assert net[0, np.flatnonzero(net[0])[-1]] < 0
        assert np.all(np.abs(np.diff(np.sort(np.sqrt(1 + same_side)))) < 2 / SEARCH_STEPS)
        return
    nearer = same_side[np.abs(same_side) < abs(found) * (1 - 1e-4)]
    factors = 1 / np.sqrt(1 + nearer) if total > 0 else np.sqrt(1 + nearer)
    assert len(factors) % 2 == 0
    assert np.all(np.diff(np.sort(factors))[::2] < 2 / SEARCH_STEPS)


@settings(max_examples=100, deadline=None)
@given(
    calls=st.lists(st.floats(0.01, 1), min_size=1, max_size=4),
    distributions=st.lists(st.floats(0.01, 3), min_size=1, max_size=6),
)
def test_conventional_flows_agree_with_a_bracketing_root_finder(
    calls: list[float], distributions: list[float]
) -> None:
    # All calls before all distributions: one change of sign, one rate.
    padded = [0.0] * len(calls) + distributions
    times = [0.0, *[t + 0.5 for t in range(1, len(calls))]]

    def worth(log_growth: float) -> float:
        paid = sum(c * np.exp(-log_growth * t) for c, t in zip(calls, times, strict=True))
        back = sum(d * np.exp(-log_growth * (t + 0.5)) for t, d in enumerate(padded))
        return float(back - paid)

    expected = np.expm1(brentq(worth, -20, 20, xtol=1e-14))
    assert rate(calls, padded) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_many_scenarios_are_each_their_own() -> None:
    generator = np.random.default_rng(3)
    calls = generator.uniform(0, 0.05, (16, 20_000))
    calls[0] = generator.uniform(0.3, 0.8, 20_000)
    distributions = generator.exponential(0.08, (16, 20_000))
    rates = internal_rates_of_return(calls=calls, distributions=distributions)
    net = half_yearly_flows(calls=calls, distributions=distributions)
    may_have_none = (net[:, -1] < 0) & (net.sum(axis=1) < 0)
    assert np.count_nonzero(may_have_none) < 2_000
    assert np.all(np.abs(present_values(net, rates)[~may_have_none]) < 1e-12)
    assert np.all(rates[may_have_none] < 0)
    for scenario in (0, 8191, 8192, 19_999):
        alone = internal_rates_of_return(
            calls=calls[:, [scenario]], distributions=distributions[:, [scenario]]
        )
        assert rates[scenario] == alone[0]


@pytest.mark.parametrize(
    ("calls", "distributions", "message"),
    [
        (np.ones(3), np.ones(3), "same shape"),
        (np.ones((3, 2)), np.ones((2, 2)), "same shape"),
        (np.ones((3, 0)), np.ones((3, 0)), "same shape"),
        (np.ones((3, 1)), np.full((3, 1), np.nan), "finite"),
        (np.ones((3, 1)), np.full((3, 1), -1.0), "at least 0"),
        (np.zeros((3, 1)), np.ones((3, 1)), "year 0"),
    ],
)
def test_flows_of_another_form_are_refused(
    calls: Floats, distributions: Floats, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        internal_rates_of_return(calls=calls, distributions=distributions)
