"""Weights of the deals pooled in one matrix entry."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.simulation.deals.reference_deals import deal_weights, effective_deals


def weights_of(effective: float) -> list[float]:
    weights = deal_weights(effective=effective)
    return [weights.equal_weight] * weights.equal_count + [weights.last_weight]


def test_one_deal_has_all_the_weight() -> None:
    assert weights_of(1.0) == [1.0]


def test_whole_numbers_of_deals_are_equal() -> None:
    # The smaller deal equals the others; the square root of a rounding error of 1e-16 is 1e-8.
    assert weights_of(10.0) == pytest.approx([0.1] * 10, abs=1e-8)


def test_two_and_a_half_deals_worked_by_hand() -> None:
    # a, a, b with 2a + b = 1 and 2a^2 + b^2 = .4: 6a^2 - 4a + .6 = 0, a = (4 + sqrt(1.6)) / 12.
    a = (4 + math.sqrt(1.6)) / 12
    assert weights_of(2.5) == pytest.approx([a, a, 1 - 2 * a], rel=1e-14)


@given(effective=st.floats(1, 1000))
def test_weights_sum_to_one_and_diversify_as_asked(effective: float) -> None:
    weights = weights_of(effective)
    assert math.fsum(weights) == pytest.approx(1, abs=1e-12)
    assert 1 / math.fsum(w * w for w in weights) == pytest.approx(effective, rel=1e-12)


@given(effective=st.floats(1, 1000))
def test_last_deal_is_the_smallest_and_none_is_negative(effective: float) -> None:
    weights = deal_weights(effective=effective)
    assert weights.last_weight >= 0.0
    if weights.equal_count:
        assert weights.last_weight <= weights.equal_weight * (1 + 1e-12)


def test_just_above_a_whole_number_the_last_deal_is_not_negative() -> None:
    for deals in range(1, 200):
        assert deal_weights(effective=math.nextafter(float(deals), math.inf)).last_weight >= 0.0


def test_number_of_deals_is_rounded_up() -> None:
    assert deal_weights(effective=8.0).deals == 8
    assert deal_weights(effective=8.01).deals == 9


def test_varying_cheques_count_as_fewer_equal_deals() -> None:
    # 10 / (1 + .35^2) = 8.908686
    assert effective_deals(reference_deals=10, cheque_variation=0.35) == pytest.approx(8.908686)


def test_effective_deals_never_fall_below_one() -> None:
    assert effective_deals(reference_deals=1, cheque_variation=2.0) == 1.0
