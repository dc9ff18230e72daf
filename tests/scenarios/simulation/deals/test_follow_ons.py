"""Follow-ons, dilution and reserves worked by hand."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.simulation.configuration.parameters import Financing
from scenarios.simulation.deals.follow_ons import holdings


def financing(**changes: float) -> Financing:
    values = {
        "dilution_per_round": 0.2,
        "option_pool_refresh": 0.0,
        "pro_rata_participation": 1.0,
        **changes,
    }
    return Financing(max_rounds=8, **values)


def test_full_pro_rata_worked_by_hand() -> None:
    # Price 2 after round 1: keeping 1 share's ownership costs 1 * .25 * 2 = .5 -> .25 shares.
    # Price 3 after round 2 (step-up 1.5): 1.25 * .25 * 3 = .9375 -> .3125 shares.
    after = holdings(step_ups=[2.0, 1.5], financing=financing(), reserve_ratio=2.0)
    assert [held.shares for held in after] == pytest.approx([1, 1.25, 1.5625])
    assert [held.reserves_spent for held in after] == pytest.approx([0, 0.5, 1.4375])
    assert [held.reserves_left for held in after] == pytest.approx([2, 1.5, 0.5625])


def test_reserves_run_out_worked_by_hand() -> None:
    # Round 1 costs .5 of .6; round 2 wants .9375 and gets .1, which buys .1 / 3 shares.
    after = holdings(step_ups=[2.0, 1.5, 2.0], financing=financing(), reserve_ratio=0.6)
    assert [held.shares for held in after] == pytest.approx(
        [1, 1.25, 1.25 + 0.1 / 3, 1.25 + 0.1 / 3]
    )
    assert after[2].reserves_left == 0.0
    assert after[3].reserves_left == 0.0


def test_option_pool_lowers_the_price_that_is_paid() -> None:
    # Price 2 * (1 - .04) = 1.92; half the pro-rata 1 * .25 * 1.92 = .48 is .24 -> .125 shares.
    terms = financing(option_pool_refresh=0.04, pro_rata_participation=0.5)
    after = holdings(step_ups=[2.0], financing=terms, reserve_ratio=1.0)
    assert after[1].reserves_spent == pytest.approx(0.24)
    assert after[1].shares == pytest.approx(1.125)


def test_full_pro_rata_without_option_pool_keeps_the_ownership() -> None:
    # One share of 1 / N; a round that dilutes by d multiplies all shares by 1 / (1 - d).
    after = holdings(step_ups=[2.0, 3.0, 1.1], financing=financing(), reserve_ratio=100.0)
    for rounds, held in enumerate(after):
        assert held.shares * 0.8**rounds == pytest.approx(1.0)


def test_no_participation_leaves_all_reserves() -> None:
    after = holdings(
        step_ups=[2.0, 2.0], financing=financing(pro_rata_participation=0.0), reserve_ratio=1.0
    )
    assert [(held.shares, held.reserves_left) for held in after] == [(1.0, 1.0)] * 3


@given(
    step_ups=st.lists(st.floats(0.2, 10), max_size=5),
    dilution=st.floats(0, 0.6),
    refresh=st.floats(0, 0.3),
    participation=st.floats(0, 1),
    reserve_ratio=st.floats(0, 5),
)
def test_no_reserves_are_created_or_overspent(
    step_ups: list[float],
    dilution: float,
    refresh: float,
    participation: float,
    reserve_ratio: float,
) -> None:
    terms = financing(
        dilution_per_round=dilution,
        option_pool_refresh=refresh,
        pro_rata_participation=participation,
    )
    after = holdings(step_ups=step_ups, financing=terms, reserve_ratio=reserve_ratio)
    assert len(after) == len(step_ups) + 1
    for held in after:
        assert held.reserves_left >= 0.0
        assert held.reserves_spent + held.reserves_left == pytest.approx(reserve_ratio, abs=1e-12)
    assert all(late.shares >= early.shares for early, late in itertools.pairwise(after))
